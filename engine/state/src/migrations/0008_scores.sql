-- What the rules of a run make of the quality of what they judged.
create table score (
  run     text not null references run (id),
  level   text not null,          -- project, table, dimension, column, rule
  tbl     text not null,          -- '': of all tables
  name    text not null,          -- of the dimension, the column, the rule; else the table's, or ''
  score   real not null,          -- of the rows as read, 0 to 100
  after   real not null,          -- of what commits
  weight  integer not null,
  rules   integer not null,
  primary key (run, level, tbl, name)
) strict, without rowid;
