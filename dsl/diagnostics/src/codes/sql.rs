//! Embedded SQL: E03xx.

codes! {
    SYNTAX = "E0300", "SQL that cannot be read",
        why: "SQL stands after `as` up to the `;`, and in parentheses elsewhere. It is DataFusion's generic dialect and is read as it stands: there is no templating. The message names what would have fitted at the place that is underlined; a misspelt keyword is often the word before it, read as an alias.",
        bad: "model a as select 1 as x;\nmodel daily as select x form a where x > 0;",
        good: "model a as select 1 as x;\nmodel daily as select x from a where x > 0;";
    NUMBER_TOUCHES_WORD = "E0301", "a number in SQL touches a word",
        why: "`1_000` and `5m` are a number and a duration in config, but not in SQL, which would read `1` with the alias `_000`, and `5` with the alias `m`, and say nothing. Write `1000`, and `interval '5 minutes'`.",
        bad: "model daily as select 1_000;",
        good: "model daily as select 1000 as x;";
    NOT_A_QUERY = "E0302", "a statement that is no query stands where one is wanted",
        why: "A model is one query. It cannot change rows, tables or settings: data is read by `source`, computed by `model` and written by `load`, so that a run can check it, take it back, and say what it did.",
        bad: "model daily as insert into totals values (1);",
        good: "model daily as select 1 as x;";
    SEVERAL_STATEMENTS = "E0303", "more than one SQL statement where one is wanted",
        why: "A model is one query. Use `with` for its steps, or a model for each.",
        bad: "model daily from file 'daily.sql';\n-- daily.sql\nselect 1 as x;\nselect 2 as x;",
        good: "model daily from file 'daily.sql';\n-- daily.sql\nselect 1 as x;";
    NO_EFFECT = "E0304", "a clause of a query that would have no effect",
        why: "The engine would read the clause and pass over it: rows are not locked, and settings and output formats are not part of a query here.",
        bad: "model a as select 1 as x;\nmodel daily as select x from a for update;",
        good: "model a as select 1 as x;\nmodel daily as select x from a;";
    TOO_DEEP = "E0305", "SQL nests too deeply",
        why: "Brackets nest at most about 50 deep, chains of operators are at most 200 long and chains of `union` 50. Write a long `or` as `in (…)`, and a deep query as `with` or as several models.",
        bad: "model daily as select ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1)))))))))))))))))))))))))))))))))))))))))))))))))))))))))))) as x;",
        good: "model daily as select (1) as x;";
    NOT_A_PARAM = "E0306", "a placeholder that is not a param",
        why: "Values are bound by name: `param day date;` is `$day` in SQL. `?`, `:day`, `@day` and `$1` are not.",
        bad: "param day date = '2026-01-01';\nmodel daily as select :day as x;",
        good: "param day date = '2026-01-01';\nmodel daily as select $day as x;";
    MISSING = "E0307", "SQL is missing",
        why: "There is nothing between the parentheses, between two commas, or between `as` and the `;`.",
        bad: "model a as select 1 as x;\nrules a { positive: (x > 0, ); }",
        good: "model a as select 1 as x;\nrules a { positive: (x > 0); }";
    FILES_HERE = "E0308", "`files` where it cannot be asked",
        why: "`files('deliveries/*.csv')` gives a row for each file, in rules and in `pipe query`. A model is computed again when what it reads has changed, and a test gives a program its rows: for both, files that are only listed would change unseen. What a model is made of is read by a source.",
        bad: "model latest as select max(modified) as at from files('deliveries/*.csv');",
        good: "source orders from csv 'deliveries/*.csv' schema (id bigint);\nrules orders { fresh: ((select max(modified) from files('deliveries/*.csv')) > now() - interval '1 day'); }";

    // From here on: what the planner finds.

    QUERY_COLUMN = "E0320", "a query names a column that its tables do not have",
        why: "The planner knows the columns of every declared source and of every model. Unquoted names fold to lower case; a name in double quotes is taken as it is.",
        bad: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select totl from orders;",
        good: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select total from orders;";
    QUERY_TABLE = "E0321", "a query names a table that is not declared",
        why: "SQL can name the sources and models of the program, `raw.` and a source, and the tables a query itself declares behind `with`.",
        bad: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select id from ordrs;",
        good: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select id from orders;";
    AMBIGUOUS_COLUMN = "E0322", "a column is in more than one table of a query",
        why: "Where two joined tables have a column of the same name, SQL has to be told which is meant.",
        bad: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nsource customers from csv 'customers.csv' schema (id bigint, name text);\nmodel m as select id from orders join customers on orders.id = customers.id;",
        good: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nsource customers from csv 'customers.csv' schema (id bigint, name text);\nmodel m as select orders.id from orders join customers on orders.id = customers.id;";
    DUPLICATE_COLUMN = "E0323", "two columns of a table have the same name",
        why: "A model is a table: rules, loads and other models name its columns, so each name can stand once.",
        bad: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nsource customers from csv 'customers.csv' schema (id bigint, name text);\nmodel m as select orders.id, customers.id from orders join customers on orders.id = customers.id;",
        good: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nsource customers from csv 'customers.csv' schema (id bigint, name text);\nmodel m as select orders.id, customers.id as customer_id from orders join customers on orders.id = customers.id;";
    UNKNOWN_FUNCTION = "E0324", "a query calls a function that does not exist",
        why: "The functions are DataFusion's and those of the formats (`is_email`, `is_iban`, …).",
        bad: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select uper(email) as email from orders;",
        good: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select upper(email) as email from orders;";
    NOT_GROUPED = "E0325", "a selected column is neither grouped nor aggregated",
        why: "Where a query groups, each row of the result stands for many rows: a column that is not in `group by` has no single value there.",
        bad: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select email, id, sum(total) as total from orders group by email;",
        good: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select email, max(id) as id, sum(total) as total from orders group by email;";
    COLUMN_COUNTS = "E0326", "parts of a query have different numbers of columns",
        why: "The sides of `union`, `intersect` and `except` need as many columns; a subquery that stands for a value has just one.",
        bad: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select id, email from orders union all select id from orders;",
        good: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select id, email from orders union all select id, 'none' from orders;";
    FUNCTION_ARGUMENTS = "E0327", "a function is given what it does not take",
        why: "The number of arguments or a type does not fit any form of the function. `cast(x as type)` converts.",
        bad: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select date_trunc('day', total) as day from orders;",
        good: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select date_trunc('day', at) as day from orders;";
    WRONG_TYPES = "E0328", "an operator is applied to types it does not take",
        why: "Both sides of an operator must have a common type. `cast(x as type)` converts one of them.",
        bad: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select id from orders where at > total;",
        good: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select id from orders where at > timestamp '2026-01-01';";
    NOT_BOOLEAN = "E0329", "a condition is not boolean",
        why: "`where`, `having`, guards and rules without a predicate take what is true or false.",
        bad: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select id from orders where total;",
        good: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select id from orders where total > 0;";
    UNPLANNABLE = "E0330", "a query cannot be planned",
        why: "The planner refuses the query for the reason it gives.",
        bad: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select row_number() over w as n from orders;",
        good: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select row_number() over (order by id) as n from orders;";
    NOT_SUPPORTED = "E0331", "a query uses SQL that the engine does not have",
        why: "The SQL is right, and DataFusion cannot run it. There is mostly another way to write it.",
        bad: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select id from orders order by id fetch first 10 percent rows only;",
        good: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select id from orders order by id limit 10;";
    UNKNOWN_DOLLAR_NAME = "E0332", "a `$name` has no meaning here",
        why: "In SQL `$name` is a declared param; in clauses it is also a field of the failure or the failing cell's text.",
        bad: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select id from orders where at >= $dya;",
        good: "param day timestamp = '2026-01-01';\nsource orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select id from orders where at >= $day;";
    PARAM_VALUE = "E0333", "a param's value is not of its type",
        why: "The default of a param and what `--param` gives are read as its declared type.",
        bad: "param day date = 'yesterday';",
        good: "param day date = '2026-01-31';";
    NO_PARAM_VALUE = "E0334", "a query needs a param that has no value",
        why: "A param without a default must be given when a query that names it runs.",
        bad: "param day date;\nsource orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select id from orders where at >= $day;",
        good: "param day date = '2026-01-31';\nsource orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select id from orders where at >= $day;";
    BAD_CONSTANT = "E0335", "a text is compared with a type it cannot be converted to",
        why: "A text beside a number, a date or a time is read as one; this text is none.",
        bad: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select id from orders where at >= '2026-02-30';",
        good: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select id from orders where at >= '2026-02-28';";
    PREDICATE_TYPE = "E0336", "a predicate does not take the type of its subject",
        why: "Each predicate says which types it judges, such as text for `is email`, numbers, text and times for `between`.",
        bad: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select id, email from orders;\nrules m { id is email; }",
        good: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select id, email from orders;\nrules m { email is email; }";
    NOT_CONVERTIBLE = "E0337", "a clause gives a column a value of another type",
        why: "What `cast … using`, `set` and `fill` give is converted to the type of the column; from this type that is not possible.",
        bad: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nheal orders { on rule_failed => set total = (at) else quarantine; }",
        good: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nheal orders { on rule_failed => set total = (id) else quarantine; }";
    NOT_OF_A_ROW = "E0338", "a subquery or an aggregate stands where each row is judged on its own",
        why: "What heals a row and what selects the rows judged is computed from that row alone.",
        bad: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nrules orders { total >= 0 where (id in (select max(id) from orders)); }",
        good: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nrules orders { total >= 0 where (id > 0); }";
    AGGREGATE_HERE = "E0339", "an aggregate stands in `where`",
        why: "`where` decides row by row, before groups are made; conditions on groups stand in `having`.",
        bad: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select email from orders where count(*) > 1 group by email;",
        good: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select email from orders group by email having count(*) > 1;";
    TABLE_COLUMN = "E0340", "a key names a column that its table does not have",
        why: "`key`, `partition`, `immutable` and the like name columns of the table they belong to.",
        bad: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select id, total from orders;\nload m into parquet 'out' with (mode = overwrite, partition = [ids]);",
        good: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select id, total from orders;\nload m into parquet 'out' with (mode = overwrite, partition = [id]);";
    PARTITION_TYPE = "E0341", "a partition takes a part of time of a column that is no time",
        why: "`year`, `month` and `day` are taken of dates and timestamps, `hour` of timestamps.",
        bad: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select id, total from orders;\nload m into parquet 'out' with (mode = overwrite, partition = [day(id)]);",
        good: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select id, total, at from orders;\nload m into parquet 'out' with (mode = overwrite, partition = [day(at)]);";
    DATE_FORM = "E0343", "`is date` is given what is not the form of a date",
        why: "The form says with `%d`, `%m`, `%Y` and the like how a date is written; it must be known and must give a day.",
        bad: "source people from csv 'people.csv' schema (born text);\nrules people { born is date 'dd.mm.yyyy'; }",
        good: "source people from csv 'people.csv' schema (born text);\nrules people { born is date '%d.%m.%Y'; }";
    NULL_COMPARISON = "W0342", "a comparison with null is never true",
        why: "`x = null` and `x <> null` are NULL whatever x is; `is null` and `is not null` are what is meant.",
        bad: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select id from orders where email = null;",
        good: "source orders from csv 'orders.csv' schema (id bigint, email text, total decimal(12, 2), at timestamp);\nmodel m as select id from orders where email is null;";
}
