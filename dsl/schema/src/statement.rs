//! Statements: what a `.pipe` file is made of.

/// A statement.
#[derive(Clone, Copy, Debug)]
pub struct StatementInfo {
    /// Its first word, which no other statement has.
    pub name: &'static str,
    /// Its form; `[…]` may be left out, `…` goes on in the same way.
    pub syntax: &'static str,
    /// What it declares.
    pub doc: &'static str,
    /// One that `check` accepts where the names it uses are declared.
    pub example: &'static str,
}

const STATEMENTS: &[StatementInfo] = &[
    StatementInfo {
        name: "pipe",
        syntax: "pipe 1;",
        doc: "The version of the language, on the first line. A binary reads this version and the one before it.",
        example: "pipe 1;",
    },
    StatementInfo {
        name: "use",
        syntax: "use 'file.pipe';",
        doc: "Takes in another file of the project: a relative path that stays inside it, no globs, no cycles. All files share one flat set of names.",
        example: "use 'shared/sources.pipe';",
    },
    StatementInfo {
        name: "param",
        syntax: "param name type [= literal];",
        doc: "A typed value, bound in SQL as `$name`. `--param name=value` sets it for a run; one without a default has to be set.",
        example: "param first_day date = '2026-01-01';",
    },
    StatementInfo {
        name: "secret",
        syntax: "secret name from env|file '…';",
        doc: "A reference to a text that stands elsewhere: in the environment or in a file. It is legal only as a configuration value, `key = secret name`, and is in no plan, report, log or state.",
        example: "secret pg_url from env 'PG_URL';",
    },
    StatementInfo {
        name: "profile",
        syntax: "profile name { param …; connection …; }",
        doc: "Overrides for an environment, chosen with `--profile name`. A connection is replaced whole.",
        example: "profile prod { param first_day date = '2020-01-01'; }",
    },
    StatementInfo {
        name: "connection",
        syntax: "connection name connector [with (…)];",
        doc: "Something to connect to, shared by sources and loads. For files it has a `root` that stands before the locators.",
        example: "connection lake parquet with (root = '/data/shop');",
    },
    StatementInfo {
        name: "channel",
        syntax: "channel name kind [with (…)];",
        doc: "Where `notify` goes.",
        example: "channel alerts file with (path = 'alerts.ndjson');",
    },
    StatementInfo {
        name: "source",
        syntax: "source name from connector-or-connection 'locator' [with (…)] [schema (…)] [incremental by column [lag 1d]] [stream by column [lag 1d]] [cdc by (key, …)];",
        doc: "A table that is read. The locator of files is a file, a folder or a glob, relative to the program. Its clauses stand in any order, each once. `schema` declares columns, `name type [alias other]`; without it they are inferred, and pinned at the first run. In SQL `orders` is the table after its rules and heals, `raw.orders` the source as it came.",
        example: "source orders from csv 'data/orders_*.csv' schema (order_id bigint, total decimal(12, 2) alias sum_total);",
    },
    StatementInfo {
        name: "model",
        syntax: "model name [with (…)] as select …;  model name [with (…)] from file 'query.sql';",
        doc: "One query over sources and other models. What it depends on is read from its SQL.",
        example: "model daily as select date_trunc('day', ordered_at) as day, sum(total) as revenue from orders group by 1;",
    },
    StatementInfo {
        name: "rules",
        syntax: "rules table { [name:] subject [predicate, …] [options]; … }",
        doc: "What must hold of a table. Each rule becomes a SQL assertion, which `pipe explain table.rule` prints. A subject is a column, several columns, or `(SQL, …)`; without a predicate it is boolean. A table may have several blocks.",
        example: "rules orders { order_id not null, unique; total_adds_up: (abs(total - quantity * unit_price) < 0.01) tolerate 1%; }",
    },
    StatementInfo {
        name: "heal",
        syntax: "heal table [with (…)] { on failure[(field: pattern, …)] [| failure …] [where (SQL)] => action [then action]* [else …]*; … }",
        doc: "What may be done about failures. The first clause whose pattern and guard match takes the failure with all its rows. `then` does the next as well; `else` takes what the steps before it left. Nothing matched: the table fails. `heal *` holds for all tables, behind their own clauses. In the SQL of a clause `$ratio` and the like are the failure's fields, `$value` is the failing cell's text, a bare name is a column.",
        example: "heal orders { on rule_failed(check: unique) => dedupe keep latest ordered_at; on rule_failed => quarantine; }",
    },
    StatementInfo {
        name: "load",
        syntax: "load table into connector-or-connection 'locator' [with (…)];",
        doc: "Where a table is written, and how: `mode = append` takes what is new, `overwrite` replaces, `create` writes once. A locator with an extension is one file, else a folder. Rows of a large source stand in a file in the order in which threads wrote them; where the order counts load a model whose query ends with `order by`, which is kept, healed rows among the others, on any number of threads.",
        example: "load orders into parquet 'out/orders' with (mode = append, partition = [day(ordered_at)]);",
    },
    StatementInfo {
        name: "schedule",
        syntax: "schedule name cron '…' [zone '…'] | every 5m | after name … [catchup] run load, … [with (param = due)];",
        doc: "When loads run.",
        example: "schedule nightly cron '0 2 * * *' zone 'Europe/Berlin' catchup run daily with (first_day = due);",
    },
    StatementInfo {
        name: "test",
        syntax: "test name { at '…'; given table from …; inject fault; expect …; }",
        doc: "A unit test of the pipeline, with faults. A table that is not given is empty, and nothing outside is read.",
        example: "test renamed_total { given orders from csv 'fixtures/orders.csv'; inject rename total to amount; expect heal rename amount to total; }",
    },
];

/// All statements, in the order a file usually has them.
pub fn statements() -> &'static [StatementInfo] {
    STATEMENTS
}

/// The statement that starts with this word.
pub fn statement(name: &str) -> Option<&'static StatementInfo> {
    statements().iter().find(|s| s.name == name)
}
