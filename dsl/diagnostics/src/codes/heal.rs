//! Heal clauses: E05xx.

codes! {
    SECOND_BLOCK = "E0500", "a table has two heal blocks",
        why: "The order of the clauses decides, so they stand in one block. `heal *` may stand once too; its clauses come after each table's own.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nheal orders { on new_column => keep; }\nheal orders { on bad_record => quarantine; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nheal orders { on new_column => keep; on bad_record => quarantine; }";
    UNKNOWN_FAILURE = "E0501", "no failure has this name",
        why: "A clause begins with a failure: source_error, load_error, model_error, missing_column, new_column, type_changed, bad_record, cast_failed, rule_failed, table_failed or structural.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nheal orders { on bad_recrod => quarantine; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nheal orders { on bad_record => quarantine; }";
    UNKNOWN_FIELD = "E0502", "the failure has no such field",
        why: "Each failure has its fields; a pattern names some of them, and what it leaves out matches anything.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nheal orders { on missing_column(colum: total) => rename; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nheal orders { on missing_column(column: total) => rename; }";
    FIELD_VALUE = "E0503", "a field is never this",
        why: "A pattern compares a field with a value of its kind: a word, a text, a whole number. Ratios and scores are compared in a guard.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nheal orders { on source_error(kind: time_out) => retry 5 times; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nheal orders { on source_error(kind: timeout) => retry 5 times; }";
    UNKNOWN_RULE = "E0504", "the table has no such rule",
        why: "Unnamed rules are called `column.predicate`, as reports name them.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { order_id unique; }\nheal orders { on rule_failed(rule: order_id.uniq) => quarantine; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { order_id unique; }\nheal orders { on rule_failed(rule: order_id.unique) => quarantine; }";
    WRONG_FAILURE = "E0505", "a rule does not raise this failure",
        why: "A rule over rows raises `rule_failed`, a rule over the whole table `table_failed`.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { volume: (count(*)) > 0; }\nheal orders { on rule_failed(rule: volume) => warn; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { volume: (count(*)) > 0; }\nheal orders { on table_failed(rule: volume) => warn; }";
    GUARD_COLUMN = "E0506", "a guard names a column",
        why: "A guard judges the failure as a whole, by its fields: `$ratio`, `$score`, `$column`. Rows are picked by `set … where (…)`.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nheal orders { on rule_failed where (ratio < 0.05) => quarantine; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nheal orders { on rule_failed where ($ratio < 0.05) => quarantine; }";
    FIELD_TWICE = "E0507", "a field stands twice in a pattern",
        why: "Alternatives are written with `|`.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nheal orders { on source_error(kind: timeout, kind: throttled) => retry 5 times; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nheal orders { on source_error(kind: timeout | throttled) => retry 5 times; }";
    NOT_FOR_FAILURE = "E0508", "an action cannot answer the failure",
        why: "Each action says which failures it answers: `rename` a missing column, `cast` values that do not convert.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nheal orders { on new_column => rename; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nheal orders { on missing_column => rename; }";
    NOT_FOR_CHECK = "E0509", "an action cannot answer the rule",
        why: "`dedupe` answers `unique`, `majority` answers `determines`, `clip` answers bounds, `snap` answers lists and references, `fill` answers `not null`.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { total > 0; order_id unique; }\nheal orders { on rule_failed(rule: total.gt) => dedupe keep first; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { total > 0; order_id unique; }\nheal orders { on rule_failed(rule: order_id.unique) => dedupe keep first; }";
    UNREACHABLE = "W0511", "a clause is never reached",
        why: "The first clause whose pattern and guard match decides. A clause behind a more general one without a guard is never asked.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { order_id unique; }\nheal orders { on rule_failed => quarantine; on rule_failed(check: unique) => dedupe keep first; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { order_id unique; }\nheal orders { on rule_failed(check: unique) => dedupe keep first; on rule_failed => quarantine; }";
    GUARD_FALSE = "W0512", "a guard never holds",
        why: "Ratios, scores and margins lie between 0 and 1.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nheal orders { on missing_column where ($score >= 80) => rename; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nheal orders { on missing_column where ($score >= 0.8) => rename; }";
    RETRY_UNBOUNDED = "W0513", "retries without a bound",
        why: "A retry without a number goes on until the budget of the run is used up.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nheal orders { on source_error => retry; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nheal orders { on source_error => retry 5 times backoff 1s up to 60s; }";
    DROP = "W0514", "rows are dropped",
        why: "`drop` is the one act that cannot be undone: the rows are only counted. `quarantine` takes them out as well, and keeps them.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nheal orders { on bad_record => drop; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nheal orders { on bad_record => quarantine; }";
    NEVER = "W0515", "a clause that nothing can match",
        why: "No rule of the table fails like this, or the table cannot have the failure. Without a severity, a clause is for `error` and `critical`.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { email is email severity warning; }\nheal orders { on rule_failed(rule: email.email) => quarantine; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { email is email severity warning; }\nheal orders { on rule_failed(rule: email.email, severity: warning) => quarantine; }";
    SETS_KEY = "W0516", "a clause writes a key or an immutable column",
        why: "A clause that names such a column may write it; changing what tells rows apart is seldom meant.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nrules orders { order_id > 0; }\nheal orders with (immutable = [order_id]) { on rule_failed(rule: order_id.gt) => set order_id = (1); }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nrules orders { order_id > 0; }\nheal orders with (immutable = [order_id]) { on rule_failed(rule: order_id.gt) => quarantine; }";
    USE_SOURCE = "E0517", "what is named is not a source that can stand in",
        why: "`use source` names another declared source with the same columns; `prefer source in (…)` names declared sources.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nheal orders { on source_error => use source orders; }",
        good: "pipe 1;\nsource orders_copy from csv 'data/orders_copy.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nheal orders { on source_error => use source orders_copy; }";
    UNKNOWN_FORM = "E0518", "no form has this name",
        why: "`normalize … as` takes date, number, unit, case or blanks.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nheal orders { on cast_failed => normalize as dates; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nheal orders { on cast_failed => normalize as date; }";
    FILL_TYPE = "E0519", "a column that is no number has no mean",
        why: "`fill` with `mean` or `median` needs numbers; `mode`, `previous` and expressions fill anything.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { email not null; }\nheal orders { on rule_failed(rule: email.not_null) => fill with mean; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { email not null; }\nheal orders { on rule_failed(rule: email.not_null) => fill with mode; }";
    BACKOFF = "E0520", "the first wait is longer than the longest",
        why: "`backoff a up to b` waits `a` at first and doubles until `b`.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nheal orders { on source_error => retry 5 times backoff 60s up to 1s; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nheal orders { on source_error => retry 5 times backoff 1s up to 60s; }";
    NEEDLESS_ELSE = "W0521", "an `else` is never reached",
        why: "`else` takes what the steps before it left unhealed. `quarantine`, `drop`, `keep`, `ignore` and `fail` leave nothing.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nrules orders { total > 0; }\nheal orders { on rule_failed => quarantine else warn 'odd total'; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nrules orders { total > 0; }\nheal orders { on rule_failed => quarantine then warn 'odd total'; }";
}
