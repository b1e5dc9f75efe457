-- What was measured of each partition of a batch, beside what was measured of all of it; and of which types columns were.

alter table metric add column part text not null default '';       -- `day=2026-01-31`; '': of all rows

drop view measured;
create view measured as
select m.rowid as seq, m.run, r.started_at as at, m.batch, m.tbl, m.scope, m.part, m.grp, m.col, m.name, m.value,
       case when m.superseded_by is not null then 'superseded'
            when exists (select 1 from heal h where h.batch = m.batch and h.state = 'undone') then 'undone'
            when m.state = 'committed' and m.objected <> '[]' then 'anomalous'
            else m.state end as state,
       m.objected
from metric m join run r on r.id = m.run;

alter table column_state rename to column_state_before;
create table column_state (
  tbl   text not null,
  batch integer not null references batch (seq),
  part  text not null,            -- '': of all rows
  place integer not null,
  col   text not null,
  ty    text not null,            -- as the language writes it; '': not known
  state blob not null,
  primary key (tbl, batch, part, place)
) strict;
insert into column_state (tbl, batch, part, place, col, ty, state)
  select tbl, batch, '', place, col, '', state from column_state_before;
drop table column_state_before;
