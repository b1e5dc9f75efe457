-- The state, version 3: heals that people took back.

-- The cells of the rows that an undo took out of their targets. Of these rows the clause of the heal repairs nothing again
-- while it reads as it did, and their entries in the ledger are undone.
create table undone (
  heal  integer not null references heal (id),
  batch integer not null references batch (seq), -- of the undo
  file  text not null,
  row   integer not null,
  col   text not null,
  old   text                                      -- null: the cell was NULL
) strict;
create index undone_heal on undone (heal);
