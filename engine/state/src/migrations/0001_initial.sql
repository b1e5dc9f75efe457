-- The state, version 1. Paths are relative to the folder that holds the state's folder where they lie in it, else absolute.

create table run (
  seq         integer primary key,
  id          text not null unique,
  command     text not null,
  started_at  text not null,
  finished_at text,
  outcome     text,               -- null: still running; killed: ended without a word
  exit_code   integer,
  fingerprint text not null,
  targets     text not null,      -- JSON array
  params      text not null,      -- JSON object
  report      text                -- JSON object
) strict;

-- What was staged and may be deleted when its batch has no record, or is published.
create table staging (
  run   text not null references run (id),
  batch text not null,
  path  text not null,
  primary key (path, batch)
) strict, without rowid;

-- A commit. Its row is the truth about the batch.
create table batch (
  seq          integer primary key,
  id           text not null,
  run          text not null references run (id),
  tbl          text not null,
  committed_at text not null,
  published    integer not null default 0
) strict;
create index batch_unpublished on batch (published) where published = 0;

-- A batch lands once in each load, unless a full refresh forgets it. A batch of no load stands under the load ''.
create table batch_load (
  batch        integer not null references batch (seq),
  batch_id     text not null,
  load         text not null,
  rows         integer not null,
  forgotten_by integer references batch (seq)
) strict;
create unique index batch_load_once on batch_load (batch_id, load) where forgotten_by is null;
create index batch_load_batch on batch_load (batch);

create table publish_step (
  batch      integer not null references batch (seq),
  step       integer not null,
  load       text,                -- null: quarantine, ledger
  staged     text not null,
  target     text not null,
  replaces   integer not null,
  rows       integer not null,
  bytes      integer not null,
  removed_by integer references batch (seq),
  primary key (batch, step)
) strict, without rowid;
create index publish_step_target on publish_step (target) where removed_by is null;
create index publish_step_load on publish_step (load) where removed_by is null;

create table removal (
  batch integer not null references batch (seq),
  path  text not null,
  primary key (batch, path)
) strict, without rowid;

create table taken (
  batch        integer not null references batch (seq),
  load         text not null,
  path         text not null,     -- as the user would name it
  size         integer not null,
  modified_ns  integer not null,
  hash         text not null,
  rows         integer not null,
  forgotten_by integer references batch (seq)
) strict;
create unique index taken_once on taken (load, path) where forgotten_by is null;
create index taken_batch on taken (batch);

create table baseline (
  source   text not null,
  version  integer not null,
  batch    integer not null references batch (seq),
  at       text not null,
  schema   text not null,         -- JSON
  pinned   integer not null,
  profiles blob not null,
  primary key (source, version)
) strict;

-- A table's account in a run. Without a batch nothing of it was committed.
create table account (
  run                text not null references run (id),
  batch              integer references batch (seq),
  tbl                text not null,
  outcome            text not null,
  read_rows          integer not null,
  committed          integer not null,
  quarantined        integer not null,
  waiting            integer not null,
  dropped            integer not null,
  duplicates_removed integer not null,
  kept               integer not null,
  healed_cells       integer not null,
  healed_rows        integer not null,
  unhealed           integer not null,
  files              integer not null,
  bytes              integer not null,
  without            text not null -- JSON array
) strict;
create index account_history on account (tbl, batch) where batch is not null;

create table rule_result (
  run              text not null references run (id),
  batch            integer references batch (seq),
  tbl              text not null,
  rule             text not null,
  check_name       text not null,
  severity         text not null,
  dimension        text not null,
  passed           integer not null,
  violations       integer not null,
  violations_after integer not null,
  rows             integer not null,
  ratio            real not null,
  observed         text,
  expected         text,
  value            real,
  samples          text not null  -- JSON array
) strict;
create index rule_history on rule_result (tbl, rule, batch) where batch is not null;

create table failure (
  run     text not null references run (id),
  batch   integer references batch (seq),
  tbl     text not null,
  failure text not null,
  fields  text not null,          -- JSON object
  rows    integer not null,
  handled text not null,
  clause  integer,
  samples text not null,          -- JSON array
  help    text
) strict;

create table heal (
  id          integer primary key autoincrement,
  run         text not null references run (id),
  batch       integer references batch (seq),
  number      integer not null,   -- as the ledger's rows name it, within the run and table
  tbl         text not null,
  clause      integer not null,
  text        text not null,
  clause_hash text not null,
  col         text not null,      -- '' when it is about no single column
  action      text not null,
  failure     text not null,
  cells       integer not null,
  rows        integer not null,
  confidence  real not null,
  arithmetic  text not null,      -- JSON array
  state       text not null,      -- applied, waiting, refused, withdrawn, undone
  reason      text,
  detail      text not null       -- JSON: what is needed to apply or undo it
) strict;
create unique index heal_number on heal (run, tbl, number);

create table ledger_file (
  id    integer primary key,
  batch integer not null references batch (seq),
  tbl   text not null,
  path  text not null unique,
  cells integer not null
) strict;

create table quarantine_file (
  id      integer primary key,
  batch   integer not null references batch (seq),
  tbl     text not null,
  path    text not null unique,
  rows    integer not null,
  reasons text not null           -- JSON object: rule or failure -> rows
) strict;
create index quarantine_file_table on quarantine_file (tbl);

-- The source files whose rows a quarantine file holds.
create table quarantine_source (
  file   integer not null references quarantine_file (id),
  source text not null,
  hash   text not null,
  rows   integer not null,
  primary key (file, source, hash)
) strict, without rowid;
create index quarantine_source_path on quarantine_source (source);

-- The states of a quarantine file's rows, as ranges that cover [0, rows) without overlap. A file whose rows share a
-- state is one range, so a million rows cost one row here until a person decides about some of them.
create table quarantine_range (
  file  integer not null references quarantine_file (id),
  first integer not null,
  rows  integer not null,
  state text not null,
  at    text not null,
  run   text not null,
  primary key (file, first)
) strict, without rowid;

-- Approvals, rejections and undos by people; never the engine's own acts.
create table act (
  seq         integer primary key,
  at          text not null,
  kind        text not null,      -- approve, reject, undo
  clause_hash text not null,
  clause      text not null,
  col         text not null,
  source      text not null,
  who         text not null,
  heal        integer references heal (id),
  runs_before integer not null
) strict;
create index act_clause on act (clause_hash, col, source);
