-- What the columns of a batch's rows look like, as states that merge; of the latest batches of a table.
create table column_state (
  tbl   text not null,
  batch integer not null references batch (seq),
  place integer not null,
  col   text not null,
  state blob not null,
  primary key (tbl, batch, place)
) strict;
