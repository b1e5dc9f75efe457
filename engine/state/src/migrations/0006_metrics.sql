-- What tables measured in each run: what rules on earlier runs compare with.

create table metric (
  run           text not null references run (id),
  batch         integer references batch (seq),  -- null: nothing of the table was committed
  tbl           text not null,
  scope         text not null,    -- batch: of the rows that were new; whole: of the table
  grp           text not null,    -- `shop = b`; '': of all rows
  col           text,             -- null: of no single column
  name          text not null,    -- `count(*)`, `email completeness where …`
  value         real not null,
  state         text not null,    -- committed, healed, failed
  objected      text not null,    -- JSON array: the rules on earlier runs that it was far off for
  superseded_by integer references batch (seq)
) strict;
create index metric_history on metric (tbl, name, scope, batch) where batch is not null;
create index metric_batch on metric (batch);

-- As metrics count now: a heal of the batch that was undone, or rows that replace its own, come later than its commit.
create view measured as
select m.rowid as seq, m.run, r.started_at as at, m.batch, m.tbl, m.scope, m.grp, m.col, m.name, m.value,
       case when m.superseded_by is not null then 'superseded'
            when exists (select 1 from heal h where h.batch = m.batch and h.state = 'undone') then 'undone'
            when m.state = 'committed' and m.objected <> '[]' then 'anomalous'
            else m.state end as state,
       m.objected
from metric m join run r on r.id = m.run;
