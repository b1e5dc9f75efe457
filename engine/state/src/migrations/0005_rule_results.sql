-- A result carries its level, its verdict, its thresholds, its queries, and its number before and after healing.
alter table rule_result add column level text;
alter table rule_result add column verdict text;      -- pass, warn, fail, skipped
alter table rule_result add column col text;          -- null: it is about no single column
alter table rule_result add column tolerate text;
alter table rule_result add column warn_above text;
alter table rule_result add column exact integer;
alter table rule_result add column sql text;
alter table rule_result add column failing_rows_sql text;
alter table rule_result add column numerator integer; -- as read, as `value` is
alter table rule_result add column denominator integer;
alter table rule_result add column value_after real;  -- of what commits: what later runs compare with

-- Until here `value` was that of what commits.
update rule_result set value_after = value, verdict = case when passed then 'pass' else 'fail' end;
