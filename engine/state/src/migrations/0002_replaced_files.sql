-- A changed file replaces its rows: which published files hold rows of it alone, and which entries of the ledger are about rows that are gone.

-- The one source file whose rows a published file holds, as its load names it; null: of several, or of none.
alter table publish_step add column source text;

create table ledger_superseded (
  file   integer not null references ledger_file (id),
  source text not null,           -- the source file whose cells are gone; '': all of the ledger file
  batch  integer not null references batch (seq),
  primary key (file, source)
) strict, without rowid;
