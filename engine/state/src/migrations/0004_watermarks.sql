-- How far a load has come in a source that goes forward by a column. The latest one counts.
create table watermark (
  load   text not null,
  col    text not null,
  value  text not null,           -- the greatest value read, as text
  batch  integer not null references batch (seq),
  primary key (load, batch)
) strict, without rowid;
