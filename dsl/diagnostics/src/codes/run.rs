//! What happens while a command runs: E10xx the command and the program, E11xx input, E12xx state and output, E13xx what
//! a command asks for, E14xx execution.

codes! {
    NO_PROGRAM = "E1001", "there is no `.pipe` file to read",
        why: "A command reads the file it is given, or every `*.pipe` file of the folder it is given, or of the current folder. None was found, or the file cannot be read.",
        bad: "pipe run data/ (a folder that holds no `.pipe` file)",
        good: "pipe run examples/orders";
    UNKNOWN_TARGET = "E1002", "the target is not a table or load of the program",
        why: "`--target` takes the name of a source, a model or a load. What the target needs is run with it; the rest is left alone.",
        bad: "pipe run --target ordrs",
        good: "pipe run --target orders";
    PARAM_VALUE = "E1003", "a param has no value, or one that does not fit",
        why: "`--param name=value` gives a declared `param` a value of its declared type. A param without a default must be given one; a name that is not declared is a mistake, never ignored.",
        bad: "pipe run --param day=yesterday",
        good: "pipe run --param day=2026-01-31";
    UNAVAILABLE = "E1004", "a target needs an engine that this binary lacks",
        why: "The statement is part of the language and was checked, but this binary cannot run it. Targets that do not need it run: choose them with `--target`.",
        bad: "pipe run --target live_orders (its source is a stream)",
        good: "pipe run --target orders";
    NOTHING_TO_RUN = "E1006", "the program has nothing to run",
        why: "A run evaluates what loads and rules need. A program that has neither does nothing, which is hardly what was meant.",
        bad: "pipe 1; source orders from csv 'orders.csv';",
        good: "pipe 1; source orders from csv 'orders.csv'; load orders into parquet 'out/orders';";
    USAGE = "E1007", "the command line does not say what to do",
        why: "An option is unknown, misspelt or lacks its value. `pipe help` lists the commands, `pipe help run` the options of one.",
        bad: "pipe run --traget orders",
        good: "pipe run --target orders";

    NO_PLAN = "E1008", "the file is no plan that can be run",
        why: "`pipe run --plan FILE` runs what `pipe plan -o FILE` has kept. The file is not there, is something else, or was made by another version.",
        bad: "pipe run --plan plan.txt (the text that `pipe plan` prints)",
        good: "pipe plan -o plan.json, then: pipe run --plan plan.json";
    PLAN_MOVED = "E1112", "what was planned is not what would run now",
        why: "A kept plan is run as it was looked at, or not at all. The message names what has moved since: an object of the program, a param, a file of a source, a baseline, what a load has taken. Nothing was touched.",
        bad: "a file arrives between `pipe plan -o plan.json` and `pipe run --plan plan.json`",
        good: "look at a new plan: pipe plan -o plan.json";

    NO_FILES = "E1101", "no file matches a source's locator",
        why: "Relative locators start from the folder of the program. A source that reads nothing is never taken for one that is empty.",
        bad: "source orders from csv 'dta/orders_*.csv';",
        good: "source orders from csv 'data/orders_*.csv';";
    UNREADABLE = "E1102", "a file cannot be read",
        why: "The file is there and cannot be opened, or reading it stopped with an error. Nothing of its table is committed. A clause `on source_error` may retry, skip the file or take another source.",
        bad: "orders.csv: permission denied",
        good: "heal orders { on source_error(kind: timeout) => retry 3 times backoff 1s up to 10s; }";
    FILE_MOVED = "E1103", "a file changed, grew or vanished while it was read",
        why: "What was read is then neither the old file nor the new one. Nothing of its table is committed; the next run reads the file again.",
        bad: "a file that is still being written when the run starts",
        good: "write to another name, then rename into the folder that the source reads";
    TRUNCATED = "E1104", "a compressed file ends too early",
        why: "The archive is incomplete or damaged. Rows that could still be read are not taken, for nobody knows how many are missing.",
        bad: "orders.csv.gz: cut off while it was copied",
        good: "gzip -t orders.csv.gz";
    TOO_LARGE = "E1105", "a compressed file unpacks to more than is allowed",
        why: "A small archive can unpack to more than any disk holds. The source's key `max_decompressed` is the most that one file may become.",
        bad: "a file of 1 MB that unpacks to 1 TB",
        good: "source orders from csv 'orders.csv.gz' with (max_decompressed = 200GiB);";
    BAD_HEADER = "E1106", "a header cannot name the columns",
        why: "Names that are empty, that appear twice, or that differ only in case cannot be told apart in SQL.",
        bad: "id,Total,total",
        good: "id,total,total_net";
    HEADERS_DIFFER = "E1107", "the files of one source have different headers",
        why: "The files of a glob are one table. A column that only some of them have is drift: declare an alias, or answer it with a clause.",
        bad: "orders_1.csv: id,total; orders_2.csv: id,amount",
        good: "heal orders { on missing_column where ($score >= 0.8) => rename; }";
    STRUCTURAL = "E1108", "a batch looks like a changed source, not like bad rows",
        why: "A header that matches too little, a wrong delimiter or encoding, an empty input, a rule that all rows violate, or more than `max_quarantine` of the rows in quarantine: nothing is committed and nothing quarantined, so that a changed source never passes for bad rows.",
        bad: "a file whose delimiter turned from `,` to `;`",
        good: "source orders from csv 'orders.csv' with (delimiter = ';');";
    NO_SCHEMA = "E1109", "the columns of a source cannot be found out",
        why: "The source declares no schema and there is no row, or no file, to infer one from.",
        bad: "source orders from csv 'empty.csv';",
        good: "source orders from csv 'empty.csv' schema (id bigint, total decimal(12, 2));";
    SCHEMA_DRIFT = "E1110", "the columns of a source are not those it had",
        why: "A declared or pinned column is missing or of another type, or a new one has come, and no clause answers it. The baseline moves only with a committed run.",
        bad: "the column `total` is now called `amount`",
        good: "heal orders { on missing_column where ($score >= 0.8) => rename; }";
    FILE_REPLACED = "E1111", "a file that was loaded has changed since",
        why: "Its rows are in the target already, and cannot be told from others there: a load of a source into a folder keeps the rows of each file apart and replaces them, a load of a model or a first load of very many files does not. Or a clause on `structural(reason: file_changed)` says `fail`.",
        bad: "orders_1.csv is edited after a model over it was appended",
        good: "pipe run --full-refresh";
    WATERMARK_MOVED = "E1113", "a source goes forward by another column than before",
        why: "A load remembers the greatest value it has read of the column in `incremental by`, and takes what is past it. Of another column it knows nothing, so it cannot tell what is new.",
        bad: "source orders … incremental by ordered_at; turned into … incremental by order_id;",
        good: "pipe run --full-refresh --target orders";

    STATE_LOCKED = "E1201", "another run holds the state",
        why: "Two runs on one state would commit the same rows twice. The message says who holds it and since when; a lock whose process is gone is taken over.",
        bad: "two `pipe run` of one folder at once",
        good: "wait, or give each its own `--state DIR`";
    STATE_NEWER = "E1202", "the state was written by a newer version",
        why: "A newer version has migrated the state; this one cannot know what it means and does not touch it.",
        bad: "an old binary on the state of a new one",
        good: "run the newer binary, or choose another `--state DIR`";
    STATE_CORRUPT = "E1203", "the state cannot be read",
        why: "The file is not a state file, or it is damaged. It is not overwritten: it knows what was loaded.",
        bad: "`.pipe/state.db` is cut off",
        good: "restore it from a copy; without one, move it away and run with `--full-refresh`";
    STATE_READ_ONLY = "E1204", "the state cannot be written",
        why: "A run records what it commits before it commits it. Without a writable state folder nothing is committed.",
        bad: "`.pipe/` belongs to another user",
        good: "pipe run --state \"$HOME/state/orders\"";
    DISK_FULL = "E1205", "the disk is full",
        why: "Staged files, spilled rows or the state did not fit. Nothing was committed and staged files were removed.",
        bad: "no space left on device",
        good: "free some space and run again";
    QUARANTINE_UNWRITABLE = "E1206", "the quarantine cannot be written",
        why: "The quarantine is part of the commit: a bad row that cannot be kept must not vanish, so nothing is committed.",
        bad: "`.pipe/quarantine` is read-only",
        good: "make it writable, or choose another `--state DIR`";
    SINK_UNWRITABLE = "E1207", "a load cannot write its target",
        why: "The folder or file is not there, not writable, or refused the rows. Nothing of the load is committed.",
        bad: "load orders into parquet '/out/orders'; where `/out` belongs to another user",
        good: "load orders into parquet 'out/orders';";
    TARGET_EXISTS = "E1208", "the target of a load exists already",
        why: "`mode = create` writes a target once. `append` adds to it, `overwrite` replaces it.",
        bad: "load orders into parquet 'out/orders' with (mode = create); run twice over new files",
        good: "load orders into parquet 'out/orders' with (mode = append);";
    TARGET_DIFFERS = "E1209", "the columns of a load are not those of its target",
        why: "The files that are there have other columns or types. Files of two shapes in one target are readable by nobody.",
        bad: "a model gains a column and its load appends",
        good: "pipe run --full-refresh --target orders";
    SINK_CHANGED = "E1210", "what a load wrote is no longer as it left it",
        why: "Files of the target were changed, added or removed by someone else, so the load can neither replace nor undo just its own rows.",
        bad: "a file under `out/orders` is deleted by hand",
        good: "restore the file, or run with `--full-refresh`";

    QUERY_FAILED = "E1301", "a query failed",
        why: "The SQL is right as far as can be known before it runs, and failed on the data.",
        bad: "select cast('x' as bigint)",
        good: "select try_cast('x' as bigint)";
    READ_ONLY = "E1302", "a query may only read",
        why: "`pipe query` takes one SELECT (or VALUES, or a set operation of them). What changes data is a load of the program.",
        bad: "pipe query 'drop table orders'",
        good: "pipe query 'select count(*) from orders'";
    UNKNOWN_NAME = "E1303", "nothing of the program has this name",
        why: "`pipe explain` takes a table, a model, a load, a rule as `table.rule`, or a code such as `E0102`.",
        bad: "pipe explain ordrs",
        good: "pipe explain orders";
    UNKNOWN_RUN = "E1304", "there is no such run",
        why: "`pipe runs` lists the runs of this state; `last` stands for the newest.",
        bad: "pipe runs show 99",
        good: "pipe runs show last";
    UNKNOWN_HEAL = "E1305", "there is no such heal",
        why: "`pipe heals` lists the heals of this state with their ids.",
        bad: "pipe heals undo 99",
        good: "pipe heals undo 3";
    UNDO_REFUSED = "E1306", "a heal cannot be undone",
        why: "Undoing takes the healed rows out of the target and puts them, as read, into quarantine, in one commit. It is refused where the target cannot be rewritten, where a row changed later, and where the clause dropped rows.",
        bad: "pipe heals undo 3 (the files of the target were changed by someone else)",
        good: "pipe heals show 3";
    UNKNOWN_QUARANTINE = "E1307", "there is no such table or row in quarantine",
        why: "`pipe quarantine` lists the tables that have rows in quarantine; `pipe quarantine show TABLE` their rows with ids.",
        bad: "pipe quarantine show ordrs",
        good: "pipe quarantine show orders";
    REPLAY_REFUSED = "E1308", "rows cannot be replayed",
        why: "Rows of a source go through today's program once. Rows of a model are computed again with their inputs, never replayed; rows that were replayed or discarded are done with.",
        bad: "pipe quarantine replay daily_revenue (a model)",
        good: "pipe quarantine replay orders";

    TABLE_FAILED = "E1401", "a table failed",
        why: "A failure that no clause handles, a rule of severity `critical` that still fails, or a clause that says `fail`. Nothing of the table is committed; what does not depend on it goes on.",
        bad: "rules orders { total >= 0; } over a file with a total of -5",
        good: "heal orders { on rule_failed => quarantine; }";
    MODEL_FAILED = "E1402", "a model's query failed while it ran",
        why: "A value does not convert, a division by zero, or memory ran out. Nothing that depends on the model is committed.",
        bad: "model rate as select 1 / orders as rate from days;",
        good: "model rate as select 1 / nullif(orders, 0) as rate from days;";
    OUT_OF_MEMORY = "E1404", "a run needs more memory than it may use",
        why: "Keys, groups and sorts spill to disk; a single value or an aggregate that cannot spill did not fit into the limit.",
        bad: "array_agg over a whole table",
        good: "raise the limit with `--memory 4GB`, or aggregate less at once";
    NOT_BALANCED = "E1405", "rows read and rows accounted for differ",
        why: "Rows as read must equal those committed, quarantined, dropped and removed as duplicates, by count and by hash. They do not, so nothing was committed. This is a defect of Pipe or of a disk.",
        bad: "a staged file that is damaged before it is published",
        good: "run again, and report it if it happens twice";
    INTERNAL = "E1499", "something happened that never should",
        why: "This is a defect of Pipe. Nothing is committed unless the report says so.",
        bad: "an assumption of the engine that does not hold",
        good: "report it with the message and, if you can, the program";
}
