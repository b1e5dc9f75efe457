-- The data contract that a source named when a run last committed.
alter table baseline add column contract text;
