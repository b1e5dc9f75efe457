//! What stands beside the arguments of a test: `where`, `severity`, `warn_if`, `error_if`.

use pipe_diagnostics::Span;

use crate::args::{Args, refuse, wrong};
use crate::node::Node;
use crate::rule::{Rule, Said, Severity, Subject};
use crate::words;

/// The settings of a test that have a bearing on its verdict.
pub(super) struct Config {
    filter: Option<String>,
    warn_only: bool,
    /// How many rows are let pass before a warning, and before a failure.
    warn: Option<String>,
    fail: Option<String>,
}

/// Settings that have none.
const BESIDE: &[&str] = &[
    "store_failures",
    "store_failures_as",
    "tags",
    "meta",
    "alias",
    "schema",
    "database",
    "group",
    "limit",
    "docs",
    "sql_header",
    "fail_calc_note",
];

pub(super) fn read(own: &Args<'_>) -> Said<Config> {
    let config = own.get("config");
    let inner = Args::new(config, own.span);
    let get = |key: &str| {
        let here = own.get(key);
        inner.get(key).or(here)
    };
    own.pass(BESIDE);
    inner.pass(BESIDE);
    if get("enabled").and_then(Node::scalar).is_some_and(|t| t.eq_ignore_ascii_case("false")) {
        return refuse(own.span, "the test is switched off (`enabled: false`)");
    }
    if get("fail_calc").is_some_and(|n| n.scalar().as_deref() != Some("count(*)")) {
        return refuse(own.span, "`fail_calc` counts something else than rows");
    }
    let severity = get("severity").and_then(Node::scalar).map(|s| s.to_lowercase());
    let warn_only = match severity.as_deref() {
        None | Some("error") => false,
        Some("warn") => true,
        Some(other) => return wrong(own.span, format!("`severity` is `warn` or `error`, and this is `{other}`")),
    };
    let filter = get("where").map(crate::args::text).transpose()?;
    let limit = |key: &str| get(key).map(allowed).transpose();
    let (warn, fail) = (limit("warn_if")?, limit("error_if")?);
    inner.done()?;
    Ok(Config { filter, warn_only, warn, fail })
}

impl Config {
    /// Whether some rows may be found before there is a warning or an error.
    pub(super) fn has_limit(&self) -> bool {
        [&self.warn, &self.fail].into_iter().flatten().any(|l| l != "0")
    }
}

impl Config {
    /// A test whose rows are values as a query of how many values are wrong: repeated ones, or ones that are not accepted.
    pub(super) fn of_values(&self, rule: &Rule, table: &str) -> Vec<Rule> {
        let Subject::Column(column) = &rule.subject else { return vec![rule.clone()] };
        let c = words::name(column);
        let picked = self.filter.as_ref().map(|f| format!(" and ({f})")).unwrap_or_default();
        let wrong = match rule.check {
            "unique" => format!("{c} is not null{picked} group by {c} having count(*) > 1"),
            _ => format!("not ({c} {}){picked} group by {c}", rule.predicate),
        };
        let sql = format!("(select count(*) from (select {c} from {table} where {wrong}) as found)");
        let name = format!("{column}_{}", rule.check);
        let of =
            |most: &str, severity| Rule { severity, ..Rule::query(name.clone(), sql.clone(), format!("<= {most}")) };
        let (fail, warn) = (self.fail.as_deref(), self.warn.as_deref());
        if self.warn_only {
            return vec![of(warn.unwrap_or("0"), Some(Severity::Warning))];
        }
        let mut rules = vec![of(fail.unwrap_or("0"), None)];
        if let Some(warn) = warn.filter(|w| w.parse::<u64>().ok() < fail.unwrap_or("0").parse().ok()) {
            rules.push(of(warn, Some(Severity::Warning)));
        }
        rules
    }
}

/// How many rows `> 10` lets pass.
fn allowed(node: &Node) -> Said<String> {
    let text = node.scalar().unwrap_or_default();
    let text = text.trim();
    let number = |t: &str| t.trim().parse::<u64>().ok();
    let rows = match text {
        "!= 0" | "!=0" | "<> 0" => Some(0),
        _ => match text.strip_prefix(">=") {
            Some(n) => number(n).and_then(|n| n.checked_sub(1)),
            None => text.strip_prefix('>').and_then(number),
        },
    };
    match rows {
        Some(rows) => Ok(rows.to_string()),
        None => refuse(node.span, format!("`{text}` is no limit of violating rows such as `> 10`")),
    }
}

/// Puts the settings on a rule.
pub(super) fn put(config: &Config, rule: &mut Rule, span: Span) -> Said<()> {
    if rule.asks {
        return Ok(());
    }
    if let Some(filter) = &config.filter {
        rule.filter.insert(0, filter.clone());
    }
    let counts = rows(rule);
    let limit = |l: &Option<String>| l.clone().filter(|l| l != "0");
    if !counts && (limit(&config.warn).is_some() || limit(&config.fail).is_some()) {
        return refuse(span, "`warn_if` and `error_if` count rows, and this test is about the table");
    }
    if config.warn_only {
        // Only a warning, whatever `error_if` says.
        rule.severity = Some(Severity::Warning);
        rule.tolerate = limit(&config.warn);
        return Ok(());
    }
    match (&config.warn, &config.fail) {
        (warn, Some(fail)) if fail != "0" => {
            let warn = warn.clone().unwrap_or_else(|| "0".to_owned());
            // A warning that comes with the failure says nothing more.
            if warn.parse::<u64>().ok() < fail.parse::<u64>().ok() && counts {
                rule.warn = Some(warn);
            }
            rule.tolerate = Some(fail.clone());
        }
        // dbt fails before it would warn.
        _ => {}
    }
    Ok(())
}

/// Whether rows violate it, so that they can be counted.
fn rows(rule: &Rule) -> bool {
    const TABLE: &[&str] = &[
        "completeness",
        "distinct",
        "distinctness",
        "mean",
        "sum",
        "minimum",
        "maximum",
        "median",
        "quantile",
        "mode",
        "stddev",
        "values_contain",
        "values_equal",
        "row_count",
        "row_count_same_as",
        "type",
        "gaps",
        "within_age",
    ];
    match &rule.subject {
        Subject::Table | Subject::Line(_) => false,
        Subject::Sql(sql) => {
            !["count(", "max(", "min(", "sum(", "select "].iter().any(|a| sql.to_lowercase().contains(a))
        }
        Subject::Column(_) | Subject::Key(_) => !TABLE.contains(&rule.check),
    }
}
