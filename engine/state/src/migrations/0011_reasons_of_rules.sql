-- A result carries why its rule is there, and the groups that fail or are warned of.
alter table rule_result add column because text;
alter table rule_result add column groups text;       -- JSON, [] for none
