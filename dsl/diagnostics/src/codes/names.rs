//! Project, names and types: E01xx.

codes! {
    FILE_UNREADABLE = "E0100", "a file cannot be read",
        why: "The file may not be read, or is not UTF-8. Nothing of the program is run while a file of it cannot be read.",
        bad: "a file that an editor has saved as UTF-16",
        good: "iconv -f utf-16 -t utf-8 orders.pipe > orders_8.pipe";
    VERSION_MISSING = "W0101", "the program does not say its version",
        why: "`pipe 1;` in the first line says which version of the language the program is written in, so that a later Pipe reads it the same way.",
        bad: "param day date;",
        good: "pipe 1;\nparam day date;";
    USE_NOT_FOUND = "E0102", "a file that the program names does not exist",
        why: "`use` and `from file` take a path that starts in the folder of the file it stands in.",
        bad: "pipe 1;\nuse 'shared/source.pipe';",
        good: "pipe 1;\nuse 'shared/sources.pipe';";
    USE_OUTSIDE = "E0103", "a path leaves the project",
        why: "`use` stays inside the folder of the project, so that a project is one folder that can be moved and reviewed as a whole. Paths are relative.",
        bad: "pipe 1;\nuse '../sources.pipe';",
        good: "pipe 1;\nuse 'shared/sources.pipe';";
    USE_GLOB = "E0104", "`use` names a pattern",
        why: "Each file is named, so that a file that is added to a folder does not change a program by itself.",
        bad: "pipe 1;\nuse 'shared/*.pipe';",
        good: "pipe 1;\nuse 'shared/sources.pipe';";
    USE_CYCLE = "E0105", "files use each other in a circle",
        why: "All names of a project are in one space, so there is never a need for two files to use each other: move what they share into a third. (`main.pipe` is the name of this file.)",
        bad: "pipe 1;\nuse 'main.pipe';",
        good: "pipe 1;\nuse 'shared/sources.pipe';";
    DUPLICATE_NAME = "E0106", "a name is declared twice",
        why: "Sources and models share one space of names, over all files; params, secrets, connections, channels, profiles, schedules and tests have one each.",
        bad: "pipe 1;\nparam day date;\nparam day text;",
        good: "pipe 1;\nparam day date;\nparam night date;";
    UNKNOWN_PROFILE = "E0107", "the program has no such profile",
        why: "`--profile` names a `profile` of the program.",
        bad: "pipe run --profile prd",
        good: "pipe run --profile prod";
    OVERRIDE_UNKNOWN = "E0108", "a profile overrides what is not declared",
        why: "A profile says what is different in an environment. What it overrides is declared outside it too, so that the program is whole without a profile.",
        bad: "pipe 1;\nparam day date;\nprofile prod { param dya date = '2026-01-01'; }",
        good: "pipe 1;\nparam day date;\nprofile prod { param day date = '2026-01-01'; }";
    OVERRIDE_TYPE = "E0109", "a profile gives a param another type",
        why: "The SQL that names the param was written for the type it is declared with.",
        bad: "pipe 1;\nparam day date;\nprofile prod { param day text = '2026-01-01'; }",
        good: "pipe 1;\nparam day date;\nprofile prod { param day date = '2026-01-01'; }";
    UNKNOWN_TABLE = "E0110", "a statement names a table that is not declared",
        why: "Rules, clauses, loads, references and tests are about sources and models of the program.",
        bad: "pipe 1;\nrules ordrs { order_id not null; }\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\n",
        good: "pipe 1;\nrules orders { order_id not null; }\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\n";
    UNKNOWN_PARAM = "E0111", "a value names a param that is not declared",
        why: "`$name` is a `param` of the program.",
        bad: "pipe 1;\nparam separator text = ';';\nsource orders from csv 'data/orders.csv' with (delimiter = $seperator);",
        good: "pipe 1;\nparam separator text = ';';\nsource orders from csv 'data/orders.csv' with (delimiter = $separator);";
    UNKNOWN_SECRET = "E0112", "a value names a secret that is not declared",
        why: "`secret name` in `with (…)` refers to a `secret` statement, which says where the text is kept.",
        bad: "pipe 1;\nsecret pg_url from env 'PG_URL';\nconnection shop postgres with (url = secret pg_ulr);",
        good: "pipe 1;\nsecret pg_url from env 'PG_URL';\nconnection shop postgres with (url = secret pg_url);";
    UNKNOWN_CONNECTOR = "E0113", "no connection and no connector has this name",
        why: "Behind `from` and `into` stands a declared connection or a connector itself.",
        bad: "pipe 1;\nsource orders from cvs 'data/orders.csv';",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv';";
    UNKNOWN_CHANNEL = "E0114", "a notification goes to a channel that is not declared",
        why: "`notify` names a `channel` of the program.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nchannel oncall stdout;\nheal orders { on bad_record => quarantine then notify onclal; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nchannel oncall stdout;\nheal orders { on bad_record => quarantine then notify oncall; }";
    UNKNOWN_COLUMN = "E0115", "a statement names a column that the table does not have",
        why: "The columns of a source with a `schema` are the declared ones. Unquoted names fold to lower case.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nrules orders { emial not null; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nrules orders { email not null; }";
    CYCLE = "E0116", "a table is computed from itself",
        why: "A name in SQL or behind `references` is the whole table after its rules and heals, so a table cannot need one that needs it. `raw.orders` is the source before them.",
        bad: "pipe 1;\nmodel a as select * from b;\nmodel b as select * from a;",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nmodel a as select * from orders;\nmodel b as select * from a;";
    RAW_OF_SOURCE = "E0117", "`raw.` in front of a model",
        why: "`raw.orders` is a source as it came. A model has no such form: it is computed.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nmodel big as select * from orders where total > 100;\nmodel all_big as select * from raw.big;",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nmodel big as select * from orders where total > 100;\nmodel all_big as select * from big;";
    PIPE_TABLE = "E0118", "a program reads what Pipe keeps of its runs",
        why: "`pipe.runs`, `pipe.ledger` and the others change with every run: a program over them would not be repeatable. `pipe query` reads them.",
        bad: "pipe 1;\nmodel failed as select * from pipe.runs;",
        good: "pipe 1;\nmodel failed as select 1 as run;";
    UNKNOWN_TYPE = "E0119", "no type has this name",
        why: "Types are those of SQL: boolean, tinyint, smallint, int, bigint, float, double, decimal(p, s), text, bytes, date, time, timestamp, timestamptz, json, uuid, lists `int[]` and `struct<a int, b text>`.",
        bad: "pipe 1;\nparam day dat;",
        good: "pipe 1;\nparam day date;";
    DUPLICATE_COLUMN = "E0120", "a column stands twice",
        why: "Each column of a schema, a key or a list is named once; `_file`, `_line` and `_row` are Pipe's own.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, order_id int);",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, order_no int);";
    ALIAS_CLASH = "E0121", "an alias already names a column",
        why: "An alias is another name the source may use for a column, so it can lead to one column only, and is none itself.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (total int, amount int alias total);",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (total int, amount int alias sum);";
    DUPLICATE_CLAUSE = "E0122", "a clause of a source stands twice, or two exclude each other",
        why: "`with` and `schema` stand once each; a source goes forward in one way: `incremental`, `stream` or `cdc`.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' with (header = true) with (delimiter = ';');",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' with (header = true, delimiter = ';');";
    CURSOR_TYPE = "E0123", "a source goes forward by a column that does not grow",
        why: "`incremental by` and `stream by` take a column whose values grow with every new row: a time or a number. `lag` is a time, so it needs a time.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, paid boolean) incremental by paid;",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, paid boolean) incremental by order_id;";
    UNKNOWN_PROVIDER = "E0124", "secrets do not come from there",
        why: "A secret is read from a variable of the environment (`env`) or from a file (`file`).",
        bad: "pipe 1;\nsecret pg_url from envv 'PG_URL';",
        good: "pipe 1;\nsecret pg_url from env 'PG_URL';";
    SECRET_IN_SQL = "E0125", "a secret stands in SQL",
        why: "A secret stands only as a value in `with (…)`: in SQL it could reach a table, a plan or a message.",
        bad: "pipe 1;\nsecret token from env 'TOKEN';\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nmodel m as select * from orders where email = $token;",
        good: "pipe 1;\nparam token text;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nmodel m as select * from orders where email = $token;";
    NAME_OF_CONNECTOR = "E0126", "a connection has the name of a connector",
        why: "Behind `from` and `into` the same word would mean two things.",
        bad: "pipe 1;\nsecret pg_url from env 'PG_URL';\nconnection postgres postgres with (url = secret pg_url);",
        good: "pipe 1;\nsecret pg_url from env 'PG_URL';\nconnection warehouse postgres with (url = secret pg_url);";
}
