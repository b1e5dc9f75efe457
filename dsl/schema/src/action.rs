//! Actions a clause can take.

/// An action.
#[derive(Clone, Copy, Debug)]
pub struct ActionInfo {
    /// As written, two words where it has two: `skip file`.
    pub name: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// A clause that takes it.
    pub example: &'static str,
    /// The failures it applies to; empty: any.
    pub on: &'static [&'static str],
    /// The checks of `rule_failed` it applies to; empty: any.
    pub checks: &'static [&'static str],
    /// Whether it needs rows: its clause does not match a failure that has none.
    pub needs_rows: bool,
    /// Whether it infers values: budgets and the clause's confidence bind it. Else it is stated in full.
    pub inferred: bool,
    /// What the evidence of a proposal is.
    pub evidence: &'static str,
    /// Whether this binary can run it.
    pub available: bool,
}

/// Failures that come from outside the data.
const ERRORS: &[&str] = &["source_error", "load_error", "model_error"];

/// Failures whose rows can be moved.
const ROW_FAILURES: &[&str] = &["bad_record", "cast_failed", "rule_failed"];

/// An action on any failure, stated in full.
const fn act(name: &'static str, doc: &'static str, example: &'static str) -> ActionInfo {
    ActionInfo {
        name,
        doc,
        example,
        on: &[],
        checks: &[],
        needs_rows: false,
        inferred: false,
        evidence: "",
        available: true,
    }
}

impl ActionInfo {
    const fn on(mut self, failures: &'static [&'static str]) -> Self {
        self.on = failures;
        self
    }

    const fn checks(mut self, checks: &'static [&'static str]) -> Self {
        self.checks = checks;
        self
    }

    const fn rows(mut self) -> Self {
        self.needs_rows = true;
        self
    }

    const fn evidence(mut self, evidence: &'static str) -> Self {
        self.evidence = evidence;
        self
    }

    const fn inferred(mut self, evidence: &'static str) -> Self {
        self.inferred = true;
        self.evidence = evidence;
        self
    }

    const fn later(mut self) -> Self {
        self.available = false;
        self
    }

    /// Whether it can answer `failure`; `check` is the predicate of a `rule_failed`, `None` where it is not known.
    pub fn applies_to(&self, failure: &str, check: Option<&str>) -> bool {
        let on = self.on.is_empty() || self.on.contains(&failure);
        let known = check.filter(|_| failure == "rule_failed" && !self.checks.is_empty());
        on && known.is_none_or(|c| self.checks.contains(&c))
    }
}

const IN_FULL: &str = "stated in full";

const ACTIONS: &[ActionInfo] = &[
    act(
        "retry",
        "Tries again: waits at random up to a bound that doubles each time, honours what the server asks for, within a budget for the run.",
        "on source_error(kind: timeout | throttled) => retry 5 times backoff 1s up to 60s;",
    )
    .on(ERRORS),
    act("use source", "Reads a declared second source instead; marked in lineage.", "on source_error => use source orders_mirror;")
        .on(&["source_error"])
        .later(),
    act("shrink batch", "Takes smaller batches and fewer connections.", "on load_error(kind: quota) => shrink batch;")
        .on(ERRORS)
        .later(),
    act("skip file", "Puts the file into quarantine whole and goes on without it.", "on bad_record where ($ratio > 0.5) => skip file;")
        .on(&["bad_record", "source_error", "structural"]),
    act(
        "rename",
        "Reads one column as another: the failure's candidate, or `rename a to b`. An alias in the ledger; no cell changes.",
        "on missing_column where ($score >= 0.8 and $margin >= 0.15) => rename;",
    )
    .on(&["missing_column"])
    .evidence("names, types and values compared with the last accepted batch: score and margin"),
    act(
        "keep",
        "Takes a new column in; lets rows or a batch pass as they are, counted as kept.",
        "on rule_failed(severity: warning) => keep;",
    )
    .on(&["new_column", "structural", "rule_failed"]),
    act("ignore", "Leaves a new column out.", "on new_column => ignore;").on(&["new_column"]),
    act(
        "cast",
        "Converts the values that failed, and only those, by an expression over `$value`.",
        "on cast_failed(column: total) => cast using (replace($value, ',', '.')) else quarantine;",
    )
    .on(&["cast_failed", "type_changed"])
    .evidence(IN_FULL),
    act(
        "normalize",
        "Brings values into one form: a date, a number, a unit, a case, blanks. Doing it twice changes nothing more.",
        "on cast_failed(column: ordered_at) => normalize as date '%d.%m.%Y';",
    )
    .on(&["rule_failed", "cast_failed"])
    .rows()
    .inferred("the share of the column already in that form; round trip")
    .later(),
    act(
        "set",
        "Writes a column of the violating rows, or of those a `where` picks.",
        "on rule_failed(rule: total_adds_up) => set total = (quantity * unit_price) else quarantine;",
    )
    .on(&["rule_failed"])
    .rows()
    .evidence(IN_FULL),
    act(
        "fill",
        "Puts a value where there is none, and a flag `c_filled` beside it: an expression, or the column's mean, median, mode or previous value. `previous` is of the row read before, or with `order by c` of the one before in that order, which on a model must be said, for its rows come in none.",
        "on rule_failed(rule: status.not_null) => fill with ('new');",
    )
    .on(&["rule_failed"])
    .checks(&["not_null"])
    .rows()
    .inferred("the spread of the group"),
    act(
        "majority",
        "Lets the rows with the same key vote; the most frequent value wins.",
        "on rule_failed(check: determines) => majority else keep;",
    )
    .on(&["rule_failed"])
    .checks(&["determines"])
    .rows()
    .inferred("the share of the vote"),
    act("lookup", "Takes the value from a reference table.", "on rule_failed(rule: city) => lookup city from places by (zip);")
        .on(&["rule_failed"])
        .rows()
        .evidence(IN_FULL)
        .later(),
    act(
        "prefer",
        "Where sources disagree, takes the value of the one that is trusted most.",
        "on rule_failed(check: determines) => prefer source in (airport, airline);",
    )
    .on(&["rule_failed"])
    .rows()
    .inferred("the source's rank")
    .later(),
    act(
        "snap",
        "Takes the one known value that is near enough.",
        "on rule_failed(check: references) => snap country to countries (name);",
    )
    .on(&["rule_failed"])
    .checks(&["references", "in"])
    .rows()
    .inferred("the distance, and the gap to the second nearest")
    .later(),
    act("clip", "Takes the bound that was crossed.", "on rule_failed(rule: quantity.between) => clip;")
        .on(&["rule_failed"])
        .checks(&["between", "lt", "le", "ge", "gt"])
        .rows()
        .evidence(IN_FULL)
        .later(),
    act(
        "dedupe",
        "Keeps one row of each key: the `first` that was read, the `first order by c`, the `latest c`, or the `most complete`. The others are removed and kept whole in the ledger. A row without a value of `c` stays only where none has one. Ties go to the last file and line, of `first order by c` to the first. The rows of a model come in no order: there `first` takes its `order by`, and ties are decided by what the rows hold, on any number of threads the same.",
        "on rule_failed(rule: order_id.unique) => dedupe keep latest ordered_at;",
    )
    .on(&["rule_failed"])
    .checks(&["unique"])
    .rows()
    .evidence(IN_FULL),
    act("repair", "Picks among the repairs by evidence.", "on rule_failed => repair else quarantine;")
        .on(&["rule_failed"])
        .rows()
        .inferred("of the repair that was picked")
        .later(),
    act("backfill", "Extracts a closed range of days again.", "on table_failed(rule: volume) => backfill 3d;")
        .on(&["table_failed"])
        .later(),
    act("reload partition", "Extracts the partition again.", "on table_failed(rule: volume) => reload partition;")
        .on(&["table_failed"])
        .later(),
    act(
        "quarantine",
        "Takes the rows out of the batch and keeps them, as they came, with all their reasons.",
        "on rule_failed => quarantine then notify oncall;",
    )
    .on(&["bad_record", "cast_failed", "rule_failed", "load_error"])
    .rows(),
    act("drop", "Takes the rows out of the batch and only counts them; it cannot be undone.", "on rule_failed(rule: is_test) => drop;")
        .on(ROW_FAILURES)
        .rows(),
    act("pause", "Stops the table's schedule until someone resumes it.", "on table_failed => pause;").later(),
    act("notify", "Tells a channel.", "on rule_failed => quarantine then notify oncall;"),
    act("ask", "Waits for someone's answer.", "on table_failed(rule: volume) => ask 'is the shop closed?';").later(),
    act("warn", "Says so in the report and goes on.", "on table_failed(rule: volume) => warn 'few orders';"),
    act("fail", "Fails the table, with a text if one is given.", "on bad_record => fail 'the export is broken';"),
];

/// All actions.
pub fn actions() -> &'static [ActionInfo] {
    ACTIONS
}

/// The action with this name.
pub fn action(name: &str) -> Option<&'static ActionInfo> {
    actions().iter().find(|a| a.name == name)
}
