//! Rules: E04xx.

codes! {
    NAME_NEEDED = "E0400", "a rule over an expression has no name",
        why: "Reports, clauses and the history of a rule call it by its name. Rules over columns are `column.predicate` by themselves.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { (total >= 0); }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { not_negative: (total >= 0); }";
    DUPLICATE_RULE = "E0401", "two rules of a table have the same name",
        why: "Unnamed rules are called `column.predicate`, so two alike on a column need a name, and a name stands once.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { total > 0; total > 10 severity warning; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { total > 0; large: total > 10 severity warning; }";
    UNKNOWN_FORMAT = "E0402", "no format has this name",
        why: "`is` takes a format: email, url, uuid, ip, ipv4, ipv6, date, json and others.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { email is emial; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { email is email; }";
    FORMAT_ARGUMENT = "E0403", "a format takes no argument, or needs one",
        why: "Some formats have a form or a country behind them, as `is date '%d.%m.%Y'` or `is postal_code 'DE'`; the others have nothing to be told.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { email is email 'strict'; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { email is email; }";
    AGGREGATE = "E0404", "an aggregate where rows are judged",
        why: "A predicate on rows judges each row by itself. Over the whole table there are `between`, comparisons, `within …`, `same as …` and booleans.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { count_there: (count(*)) not null; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { volume: (count(*)) between 1 and 1000; }";
    NEEDS_AGGREGATE = "E0405", "a column where the table is judged",
        why: "What is compared with earlier runs or with `same as …` is a number of the table as a whole, so the subject is an aggregate, a subquery, or a column with a statistic such as `mean`.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { total within 20% of last run; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { steady: (sum(total)) within 20% of last run; }";
    REGEX = "E0406", "a regular expression does not compile",
        why: "The syntax is that of Rust's `regex`, which runs in linear time: there is no look-around and no back-reference.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { email matches '[a-z'; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { email matches '[a-z]'; }";
    BOUNDS = "E0407", "the lower bound is above the upper one",
        why: "`between a and b` holds from `a` to `b`, both included: with the bounds swapped nothing passes.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { total between 100 and 1; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { total between 1 and 100; }";
    ARITY = "E0408", "a key is looked up in a key of another length",
        why: "`references` compares the columns in front of it with the columns behind it, one by one.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { (order_id, email) references customers (id); }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { (order_id, email) references customers (id, email); }";
    DUPLICATE_OPTION = "E0409", "an option of a rule is given twice",
        why: "One of the two would be ignored.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { total > 0 severity warning severity error; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { total > 0 severity warning; }";
    TOLERATE_ON_TABLE = "E0410", "`tolerate` on a rule over the whole table",
        why: "`tolerate` is a share or a number of rows, and no row is to blame for a rule over the table. Widen its bounds instead; to be warned first, write a second rule with narrower ones and `severity warning`.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { volume: (count(*)) between 1 and 1000 tolerate 1%; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { volume: (count(*)) between 1 and 1010; }";
    TOLERATE_RANGE = "E0411", "a tolerance above all rows",
        why: "A share of the rows lies between 0% and 100%.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { total > 0 tolerate 101%; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { total > 0 tolerate 1%; }";
    UNKNOWN_SEVERITY = "E0412", "no severity has this name",
        why: "A rule is `info`, `warning`, `error` or `critical`; without a word it is `error`.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { total > 0 severity warn; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { total > 0 severity warning; }";
    UNKNOWN_DIMENSION = "E0413", "no dimension has this name",
        why: "The dimensions are accuracy, completeness, consistency, timeliness, uniqueness and validity. A rule has one by its predicate.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { total > 0 dimension acuracy; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { total > 0 dimension accuracy; }";
    NO_EFFECT = "E0414", "an option changes nothing",
        why: "`null fails` means nothing where NULL violates anyway or no row is judged; `where` means nothing to a rule about columns.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { total not null null fails; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { total > 0 null fails; }";
    MEASURE = "E0415", "a number is judged by what is not for numbers",
        why: "`length` and `distinct` give a number: it is between bounds, or compared.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { email length in (5, 6); }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { email length between 5 and 6; }";
    SCHEMA_SUBJECT = "E0416", "a predicate without its subject, or with one too many",
        why: "`columns` and `closed` are about the table, `type` is about a column, all others need a subject.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { shape: (total + 1) type decimal(12, 2); }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { total type decimal(12, 2); }";
    DETERMINES_ITSELF = "E0417", "a column stands on both sides of `determines`",
        why: "A column always determines itself; on the right stand the others.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { email determines (email); }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { email determines (order_id); }";
    ONE_EXPRESSION = "E0418", "several expressions where one is judged",
        why: "Expressions with commas between are taken together by `unique`, `references` and `determines` only.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { (order_id, email) not null; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { order_id, email not null; }";
    CLOSED = "E0419", "`closed` without a declared schema",
        why: "`closed` says that a source has no column but the declared ones.",
        bad: "pipe 1;\nsource events from csv 'data/events.csv';\nrules events { closed; }",
        good: "pipe 1;\nsource events from csv 'data/events.csv' schema (id bigint);\nrules events { closed; }";
    HISTORY_RANGE = "E0420", "a comparison with earlier runs that cannot be made",
        why: "A spread needs at least 2 runs and is taken more than 0 times; a forecast by season needs two seasons of at least 2 runs, and runs of every day of the week; a share is of at least 1 run and is compared by `<`, `<=`, `>=` or `>`.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { usual: (count(*)) within 3 sigma over last 1 runs; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { usual: (count(*)) within 3 sigma over last 14 runs; }";
    STATISTIC = "E0421", "a statistic that cannot be computed",
        why: "A statistic is a number computed of one value a row. A `quantile` is of a share from 0 to 1; those that compare with another column, such as `psi`, name it with `from`, and the others do not.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { total quantile 99 < 1000; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { total quantile 0.99 < 1000; }";
    PARTS = "E0422", "parts that cannot be joined",
        why: "`all of` and `any of` join what is said of a row, or numbers of the table: all of one kind. What is judged over other rows, over columns or over earlier runs stands on a line of its own.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { r: any of (order_id unique, email not null); }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { r: any of (order_id duplicates = 0, email completeness >= 99%); }";
    THRESHOLDS = "E0423", "a rule that fails before it can warn",
        why: "`warn above` is the lower of two thresholds: beyond it there is a warning, beyond that of `fail above` or `tolerate` a failure. Without one a rule fails at the first violation.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { email not null warn above 5% fail above 1%; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { email not null warn above 1% fail above 5%; }";
    RANGE_SUBJECT = "E0424", "ranges without a beginning and an end",
        why: "`not overlapping` and `contiguous` compare ranges: two expressions in parentheses, the beginning and the end.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { ordered_at contiguous; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { days: (ordered_at, ordered_at) contiguous; }";
    REFUSED_KIND = "E0425", "a kind of check that the language does not have",
        why: "The field's kinds of check are predicates, recipes of SQL, or refused with a reason: calling a language model for each row, geometry, code of other languages, trained models, and checks of files that are no data. `pipe explain geometry` and the like say why.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { email is geometry; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nrules orders { email matches '^POINT'; }";
    JSON_SCHEMA = "E0426", "a JSON Schema that is none",
        why: "Behind `is json_schema` stands a schema, `'{…}'`, or the path of its file from the folder of this one. Its draft is the one that `$schema` names, 2020-12 without one. References lead into the schema or to other files of the project; nothing is fetched.",
        bad: "pipe 1;\nsource events from csv 'data/events.csv' schema (id bigint, payload text);\nrules events { payload is json_schema '{\"type\": \"objekt\"}'; }",
        good: "pipe 1;\nsource events from csv 'data/events.csv' schema (id bigint, payload text);\nrules events { payload is json_schema '{\"type\": \"object\"}'; }";
    UNORDERED = "E0427", "an order of rows that have none",
        why: "`increasing`, `decreasing`, `sequential` and `transitions` compare a row with the one before it; so does `fill with previous`, and `dedupe keep first` keeps one that comes before others. Rows of a source are in the order of their files and lines; the rows of a model come in no order, whatever its query says, so it takes a column that orders them: `order by …`.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nmodel daily as select date_trunc('day', ordered_at) as day, count(*) as orders from orders group by 1;\nrules daily { orders increasing; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nmodel daily as select date_trunc('day', ordered_at) as day, count(*) as orders from orders group by 1;\nrules daily { orders increasing order by day; }";
}
