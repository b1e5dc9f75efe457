//! Loads, schedules, tests: E06xx.

codes! {
    LAG_INTO_APPEND = "E0600", "late rows would be added again and again",
        why: "`lag` reads the last rows again, for those that come late. Into `append` without a key each of them would be there twice.",
        bad: "pipe 1;\nsecret pg_url from env 'PG_URL';\nconnection warehouse postgres with (url = secret pg_url);\nsource orders from csv 'data/orders.csv' schema (order_id bigint, ordered_at timestamp) incremental by ordered_at lag 1d;\nload orders into warehouse 'public.orders' with (mode = append);",
        good: "pipe 1;\nsecret pg_url from env 'PG_URL';\nconnection warehouse postgres with (url = secret pg_url);\nsource orders from csv 'data/orders.csv' schema (order_id bigint, ordered_at timestamp) incremental by ordered_at lag 1d;\nload orders into warehouse 'public.orders' with (mode = upsert, key = [order_id]);";
    OUTPUT_IN_SOURCE = "E0601", "a load writes where a source reads",
        why: "The next run would take the output for input.",
        bad: "pipe 1;\nsource orders from csv 'data/*.csv';\nload orders into csv 'data/clean.csv' with (mode = overwrite);",
        good: "pipe 1;\nsource orders from csv 'data/*.csv';\nload orders into csv 'out/clean.csv' with (mode = overwrite);";
    SAME_PLACE = "E0602", "two loads write to one place",
        why: "The second would overwrite the first, or mix with it.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nload orders into parquet 'out';\nload customers into parquet 'out';",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nload orders into parquet 'out/orders';\nload customers into parquet 'out/customers';";
    APPEND_TO_FILE = "E0603", "`append` into one file",
        why: "A locator with an extension is one file, and a file cannot grow in one commit. In a folder each batch is a file of its own.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nload orders into csv 'out/orders.csv';",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nload orders into csv 'out/orders';";
    KEY_NEEDED = "E0604", "`upsert` without a key",
        why: "`upsert` replaces the rows with the same key.",
        bad: "pipe 1;\nsecret pg_url from env 'PG_URL';\nconnection warehouse postgres with (url = secret pg_url);\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nload orders into warehouse 'public.orders' with (mode = upsert);",
        good: "pipe 1;\nsecret pg_url from env 'PG_URL';\nconnection warehouse postgres with (url = secret pg_url);\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nload orders into warehouse 'public.orders' with (mode = upsert, key = [order_id]);";
    PARTITION_IN_FILE = "E0605", "partitions in one file",
        why: "A partition is a folder, so the locator is one too: it has no extension.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nload orders into csv 'out/orders.csv' with (mode = overwrite, partition = [day(ordered_at)]);",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nload orders into csv 'out/orders' with (mode = overwrite, partition = [day(ordered_at)]);";
    CRON = "E0610", "no schedule in crontab's form",
        why: "The five fields are minute, hour, day of month, month and day of week; each is `*`, a number, a range `1-5`, a step `*/10` or a list `1,15`.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nschedule nightly cron '0 25 * * *' run orders;",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nschedule nightly cron '0 2 * * *' run orders;";
    ZONE = "E0611", "no time zone",
        why: "A zone is a name of the IANA database; without one a schedule is in UTC.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nschedule nightly cron '0 2 * * *' zone '+01:00' run orders;",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nschedule nightly cron '0 2 * * *' zone 'Europe/Berlin' run orders;";
    UNKNOWN_TARGET = "E0612", "a schedule runs what is not there, or twice",
        why: "A target is a table; a table that is loaded to several places is also `table_2` and so on.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nschedule nightly cron '0 2 * * *' run ordrs;",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nschedule nightly cron '0 2 * * *' run orders;";
    AFTER = "E0613", "a schedule waits for what never comes",
        why: "`after` names another schedule, or a table.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nschedule nightly after nightly run orders;",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nsource customers from csv 'data/customers.csv' schema (id bigint, email text);\nschedule nightly after customers run orders;";
    EVERY = "E0614", "a schedule without a pause",
        why: "`every` takes a time above zero.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nschedule often every 0s run orders;",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nschedule often every 5m run orders;";
    SCHEDULE_VALUE = "E0615", "a schedule gives a param what it does not take",
        why: "`due` is the moment the run was due, a time; other values are constants of the param's type.",
        bad: "pipe 1;\nparam day date;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nschedule nightly cron '0 2 * * *' run orders with (day = 5);",
        good: "pipe 1;\nparam day date;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nschedule nightly cron '0 2 * * *' run orders with (day = due);";
    TEST_TIME = "E0620", "a test sets its clock to no time",
        why: "The clock is a date, or a date and a time.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\ntest t { at 'noon'; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\ntest t { at '2026-01-01 12:00'; }";
    GIVEN_TWICE = "E0621", "a test says a thing twice",
        why: "A table is given once before the first `inject` and once after; the clock is set once; a count is expected once.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\ntest t { given orders as select 1 as order_id; given orders as select 2 as order_id; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\ntest t { given orders as select 1 as order_id; }";
    GIVEN_FILE = "E0622", "a test reads from outside",
        why: "A test takes files of the project or rows: nothing outside is read.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\ntest t { given orders from postgres 'public.orders'; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\ntest t { given orders from csv 'fixtures/orders.csv'; }";
    INJECT = "E0623", "an injection that is none",
        why: "A delimiter is one character; a failure is injected at least once.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\ntest t { given orders as select 1 as order_id; inject delimiter ';;'; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\ntest t { given orders as select 1 as order_id; inject delimiter ';'; }";
    UNKNOWN_COUNT = "E0624", "a test expects a count that is not reported",
        why: "A table is counted by read, rows, quarantined, dropped, duplicates, healed, kept and waiting.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\ntest t { given orders as select 1 as order_id; expect orders row 1; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\ntest t { given orders as select 1 as order_id; expect orders rows 1; }";
    EXIT = "E0625", "no run exits with this code",
        why: "0 committed, 1 failed, 2 refused, 3 partial, 4 waits for approval, 130 interrupted.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\ntest t { expect exit 5; }",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\ntest t { expect exit 3; }";
    NO_EFFECT = "W0616", "a clause of a schedule changes nothing",
        why: "`zone` says in which place `cron` reads the clock, and `catchup` makes up for times that were missed. A pause between runs has no zone, and what runs after something else has no time.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nschedule often every 5m zone 'Europe/Berlin' run orders;",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nschedule nightly cron '0 2 * * *' zone 'Europe/Berlin' run orders;";
}
