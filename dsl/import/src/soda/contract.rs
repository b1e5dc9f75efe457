//! Contracts of version 4: a dataset, its columns, and checks of both.

use std::collections::BTreeMap;

use pipe_diagnostics::Span;

use super::Scope;
use super::language::{beside, filled, head};
use super::measure::{Limits, Metric, metric, rules};
use super::validity::Validity;
use crate::args::{Args, refuse, wrong};
use crate::import::Cx;
use crate::node::Node;
use crate::rule::{Rule, Said, Severity};
use crate::threshold::Threshold;
use crate::{types, words};

/// Entries of a check that have no bearing on its verdict.
const BESIDE: &[&str] = &["name", "qualifier", "attributes", "store_failed_rows", "description", "tags"];

/// Entries of a contract and of a column that no verdict hangs on.
const OF_CONTRACT: &[&str] = &["owner", "description", "attributes", "checks_attributes", "check_attributes", "tags"];
const OF_COLUMN: &[&str] = &["name", "data_type", "character_maximum_length", "checks", "description", "optional"];

/// The values of the contract's variables that have one, as they are asked for: `var.country`.
fn variables(document: &Node) -> BTreeMap<String, String> {
    let all = document.get("variables").map(Node::entries).unwrap_or_default();
    all.iter().filter_map(|(key, v)| Some((format!("var.{}", key.text), v.text("default")?))).collect()
}

/// Reads a contract.
pub(super) fn read(cx: &mut Cx, document: &Node) -> Said<()> {
    let document = &filled(document, &variables(document));
    let dataset = document.text("dataset").unwrap_or_default();
    let table = dataset.rsplit('/').next().unwrap_or(&dataset).to_owned();
    let columns = document.get("columns").map(Node::items).unwrap_or_default();
    cx.declare(&table, columns);
    let of_contract = Args::new(Some(document), document.span);
    of_contract.pass(OF_CONTRACT);
    of_contract.pass(&["dataset", "columns", "checks", "variables"]);
    let filter = of_contract.text("filter")?;
    if let Err(why) = of_contract.done() {
        cx.add(&table, Err(why));
    }
    let own_name = crate::write::identifier(&table);
    let scope = Scope { table: &own_name, filter: filter.clone().into_iter().collect() };
    let add = |cx: &mut Cx, found: Said<Vec<Rule>>, span: Span| {
        let found = found.map(|mut rules| {
            for rule in &mut rules {
                rule.span = span;
                if !rule.check.starts_with("columns") && rule.check != "type" {
                    rule.pick(filter.clone());
                }
            }
            rules
        });
        cx.add(&table, found);
    };
    for column in columns {
        let args = Args::new(Some(column), column.span);
        args.pass(OF_COLUMN);
        let Some(name) = column.text("name") else { continue };
        let own = Validity::read(&args);
        if let Err(why) = args.done() {
            cx.add(&table, Err(why));
        }
        for check in column.get("checks").map(Node::items).unwrap_or_default() {
            let (kind, span, body) = head(check);
            let found = own.as_ref().map_err(Clone::clone).and_then(|v| {
                beside(check)?;
                of_column(&name, &kind, span, body, v, &scope)
            });
            add(cx, found, span);
        }
    }
    for check in document.get("checks").map(Node::items).unwrap_or_default() {
        let (kind, span, body) = head(check);
        let found = beside(check).and_then(|()| of_table(&kind, span, body, columns, &scope));
        add(cx, found, span);
    }
    Ok(())
}

/// The threshold of a check, `must_be: 0` by itself; and whether it is of a share.
fn limits(args: &Args<'_>, default: Option<&str>) -> Said<Limits> {
    match limits_in(args, default)? {
        (limits, None) => Ok(limits),
        (_, Some(unit)) => wrong(args.span, format!("the threshold of this check has no unit, and `{unit}` is given")),
    }
}

/// The threshold of a check and the unit it is in.
fn limits_in(args: &Args<'_>, default: Option<&str>) -> Said<(Limits, Option<String>)> {
    let Some(node) = args.get("threshold") else {
        let fail = default.map(|d| Threshold::Compare("=", d.to_owned()));
        return Ok((Limits { warn: None, fail, percent: false }, None));
    };
    let inner = Args::new(Some(node), node.span);
    let percent = inner.text("metric")?.as_deref() == Some("percent");
    let level = inner.text("level")?;
    let unit = inner.text("unit")?;
    let mut found = None;
    for (key, sign) in [
        ("must_be", "="),
        ("must_not_be", "<>"),
        ("must_be_greater_than", ">"),
        ("must_be_greater_than_or_equal", ">="),
        ("must_be_less_than", "<"),
        ("must_be_less_than_or_equal", "<="),
    ] {
        if let Some(n) = inner.number(key)?
            && found.replace(Threshold::Compare(sign, n)).is_some()
        {
            return wrong(node.span, "a threshold says one thing; of two bounds it is `must_be_between`");
        }
    }
    for key in ["must_be_between", "must_be_not_between"] {
        let Some(bounds) = inner.get(key) else { continue };
        let ends = Args::new(Some(bounds), bounds.span);
        let (above, least) = (ends.number("greater_than")?, ends.number("greater_than_or_equal")?);
        let (below, most) = (ends.number("less_than")?, ends.number("less_than_or_equal")?);
        ends.done()?;
        let (open_low, open_high) = (above.is_some(), below.is_some());
        let (Some(low), Some(high)) = (above.or(least), below.or(most)) else {
            return wrong(bounds.span, format!("`{key}` needs a lower and an upper bound"));
        };
        found = Some(if key == "must_be_between" {
            Threshold::Between { low, high, open_low, open_high }
        } else if low.parse::<f64>().ok() > high.parse::<f64>().ok() {
            // Two sides: greater than the one or less than the other.
            Threshold::Outside { low: high, high: low, open_low: !open_high, open_high: !open_low }
        } else {
            Threshold::Outside { low, high, open_low, open_high }
        });
    }
    inner.done()?;
    let Some(found) = found else {
        return wrong(node.span, "the threshold says nothing; it is such as `must_be_less_than: 5`");
    };
    let limits = match level.as_deref() {
        Some("warn") => Limits { warn: Some(found), fail: None, percent },
        _ => Limits { warn: None, fail: Some(found), percent },
    };
    Ok((limits, unit))
}

fn of_column(
    column: &str,
    kind: &str,
    span: Span,
    body: Option<&Node>,
    own: &Validity,
    dataset: &Scope<'_>,
) -> Said<Vec<Rule>> {
    let args = Args::new(body, span);
    args.pass(BESIDE);
    args.pass(&[kind]);
    let validity = Validity::read(&args)?.or(own);
    let filter = args.text("filter")?;
    let scope = dataset.with(filter.clone());
    let c = [column.to_owned()];
    let count = |name: &str, default: Option<&str>| -> Said<Vec<Rule>> {
        let limits = limits(&args, default)?;
        let Some(metric) = metric(name, &c, &validity, span)? else { return Ok(Vec::new()) };
        rules(&metric, &limits, &validity, &scope, span)
    };
    let mut found = match kind {
        "missing" => count("missing_count", Some("0"))?,
        "invalid" if validity.is_said() => count("invalid_count", Some("0"))?,
        "invalid" => return wrong(span, "what a valid value is, is said neither here nor of the column"),
        "duplicate" => {
            let found = duplicates(&c, &limits(&args, Some("0"))?, &scope, span)?;
            counted(found, column, &validity, span)?
        }
        "aggregate" => {
            let function = args.need_text("function")?.to_lowercase();
            let known = AGGREGATES.contains(&function.as_str()).then(|| metric(&function, &c, &validity, span));
            let Some(metric) = known.transpose()?.flatten() else {
                let near = pipe_diagnostics::nearest(&function, AGGREGATES.iter().copied());
                let help = near.map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
                return wrong(span, format!("Soda has no aggregate function `{function}`{help}"));
            };
            counted(rules(&metric, &limits(&args, None)?, &validity, &scope, span)?, column, &validity, span)?
        }
        "failed_rows" | "metric" => sql(kind, &args, &scope, span)?,
        _ => return unknown(kind, span),
    };
    args.done()?;
    for rule in &mut found {
        rule.pick(filter.clone());
    }
    Ok(found)
}

/// The aggregates that contracts know, and others that some databases have.
const AGGREGATES: &[&str] = &[
    "avg",
    "sum",
    "min",
    "max",
    "avg_length",
    "min_length",
    "max_length",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "variance",
    "var_pop",
    "var_samp",
];

/// The rules of the values that are neither missing nor invalid, which alone are counted here.
fn counted(mut found: Vec<Rule>, column: &str, validity: &Validity, span: Span) -> Said<Vec<Rule>> {
    let valid = validity.condition(column);
    if valid.is_none() && validity.is_said() {
        return refuse(span, "values that are invalid are not counted, and which those are cannot be said in SQL");
    }
    for rule in &mut found {
        rule.pick(validity.there(column));
        rule.pick(valid.clone());
    }
    Ok(found)
}

/// Values, or combinations of them in which NULLs are equal, beyond the first of each.
fn duplicates(columns: &[String], limits: &Limits, scope: &Scope<'_>, span: Span) -> Said<Vec<Rule>> {
    let none = |t: &Threshold| t.allowed(false).as_deref() == Some("");
    if [&limits.fail, &limits.warn].into_iter().flatten().all(none) {
        let rule = Rule::combination(columns);
        return Ok(vec![Rule { severity: limits.fail.is_none().then_some(Severity::Warning), ..rule }]);
    }
    let names = words::names(columns);
    let (all, distinct) = match columns {
        [_] => (format!("count({names})"), format!("count(distinct {names})")),
        _ => ("count(*)".to_owned(), format!("count(distinct struct({names}))")),
    };
    let (word, sql) = if limits.percent {
        ("percent", format!("coalesce(100.0 * ({all} - {distinct}) / nullif({all}, 0), 0)"))
    } else {
        ("count", format!("{all} - {distinct}"))
    };
    let metric = Metric::Sql { name: format!("{}_duplicate_{word}", columns.join("_")), sql };
    rules(&metric, limits, &Validity::default(), scope, span)
}

/// The columns in their order, or at least these, each of its type where it is said.
fn schema(args: &Args<'_>, columns: &[Node], span: Span) -> Said<Vec<Rule>> {
    let extra = args.flag("allow_extra_columns", false)?;
    let order = args.flag("allow_other_column_order", false)?;
    let names: Vec<String> = columns.iter().filter_map(|c| c.text("name")).collect();
    if names.is_empty() {
        return wrong(span, "`schema` without `columns` says nothing");
    }
    let all = words::names(&names);
    let mut rules = match (extra, order) {
        (true, true) => vec![Rule::table("columns_contain", format!("columns contain ({all})"))],
        (true, false) => {
            let note = "the order of the columns among others is not compared";
            vec![Rule::table("columns_contain", format!("columns contain ({all})")).note(note)]
        }
        (false, true) => vec![Rule::table("columns_set", format!("columns in any order ({all})"))],
        (false, false) => vec![Rule::table("columns", format!("columns ({all})"))],
    };
    for column in columns {
        let (Some(name), Some(ty)) = (column.text("name"), column.get("data_type")) else { continue };
        let theirs = crate::args::text(ty)?;
        let Some(ours) = types::parse(&theirs) else {
            return wrong(ty.span, format!("no type here is like `{theirs}`"));
        };
        let mut rule = Rule::column(&name, "type", format!("type {ours}"));
        if column.get("character_maximum_length").is_some() {
            rule = rule.note("how long a text may be is no part of a type here; say `length <= n`");
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn of_table(kind: &str, span: Span, body: Option<&Node>, columns: &[Node], dataset: &Scope<'_>) -> Said<Vec<Rule>> {
    let args = Args::new(body, span);
    args.pass(BESIDE);
    args.pass(&[kind]);
    let filter = args.text("filter")?;
    let scope = dataset.with(filter.clone());
    let validity = Validity::default();
    let mut found = match kind {
        "schema" => return schema(&args, columns, span).and_then(|rules| args.done().map(|()| rules)),
        "row_count" => {
            let limits = match args.get("threshold") {
                Some(_) => limits(&args, None)?,
                // A table without rows fails when nothing else is said.
                None => Limits { warn: None, fail: Some(Threshold::Compare(">", "0".to_owned())), percent: false },
            };
            match metric("row_count", &[], &validity, span)? {
                Some(metric) => rules(&metric, &limits, &validity, &scope, span)?,
                None => Vec::new(),
            }
        }
        "duplicate" => duplicates(&args.texts("columns")?, &limits(&args, Some("0"))?, &scope, span)?,
        "freshness" => {
            let column = args.need_text("column")?;
            let (mut limits, unit) = limits_in(&args, None)?;
            // Without a threshold it is less than one of its unit.
            if args.get("threshold").is_none() {
                limits.fail = Some(Threshold::Compare("<", "1".to_owned()));
            }
            // Beside the threshold in earlier versions.
            let unit = unit.or(args.text("unit")?).unwrap_or_else(|| "hour".to_owned());
            let letter = match unit.as_str() {
                "minute" => "m",
                "hour" => "h",
                "day" => "d",
                other => return wrong(span, format!("the unit is minute, hour or day, and this is `{other}`")),
            };
            let warn = limits.fail.is_none();
            let Some(Threshold::Compare("<" | "<=", n)) = limits.fail.or(limits.warn) else {
                return refuse(span, "an age is at most so long: `must_be_less_than: 2`");
            };
            if !n.chars().all(|c| c.is_ascii_digit()) {
                return refuse(span, "an age is a whole number of minutes, hours or days");
            }
            let mut rule = Rule::sql(
                format!("{column}_freshness"),
                format!("max({})", words::name(&column)),
                format!("within {n}{letter}"),
            );
            rule.severity = warn.then_some(Severity::Warning);
            vec![rule]
        }
        "failed_rows" | "metric" => sql(kind, &args, &scope, span)?,
        _ => return unknown(kind, span),
    };
    args.done()?;
    for rule in &mut found {
        rule.pick(filter.clone());
    }
    Ok(found)
}

fn unknown<T>(kind: &str, span: Span) -> Said<T> {
    let names = super::CHECKS.iter().filter_map(|c| c.name.strip_prefix("contract: "));
    let near = pipe_diagnostics::nearest(kind, names);
    Err(Box::new(
        pipe_diagnostics::Diagnostic::error(
            pipe_diagnostics::codes::import::UNKNOWN_CHECK,
            format!("Soda has no check `{kind}` of contracts"),
            span,
        )
        .maybe_help(near.map(|n| format!("did you mean `{n}`?"))),
    ))
}

/// `expression`, a number of the table or a condition that no row fulfils, or `query`.
fn sql(kind: &str, args: &Args<'_>, scope: &Scope<'_>, span: Span) -> Said<Vec<Rule>> {
    let expression = args.text("expression")?;
    let query = args.get("query").map(|q| crate::args::text(q).map(|text| (text, q.span))).transpose()?;
    let plain = Validity::default();
    if kind == "metric" {
        let metric = match (expression, query) {
            (Some(sql), _) => Metric::Sql { name: "metric".to_owned(), sql },
            (None, Some((text, at))) => {
                Metric::Query { name: "metric".to_owned(), number: crate::query::number(&text, &scope.own(), at)? }
            }
            (None, None) => return wrong(span, "`metric` has neither an `expression` nor a `query`"),
        };
        return rules(&metric, &limits(args, None)?, &plain, scope, span);
    }
    let limits = limits(args, Some("0"))?;
    let rule = match (expression, query) {
        (Some(condition), _) => Rule::boolean("failed_rows", format!("not ({})", condition.trim())),
        (None, Some((text, at))) => {
            let rule = crate::query::finds_none(&text, &scope.own(), "failed_rows", at)?;
            if rule.asks && limits.percent {
                return refuse(
                    at,
                    "of which rows a query finds a share is not said; say how many, without `metric: percent`",
                );
            }
            if rule.asks {
                let sql = crate::query::count_of(&text, &scope.own(), at)?;
                let number = crate::query::Number { sql, filter: None, asks: true };
                let metric = Metric::Query { name: "failed_rows".to_owned(), number };
                return rules(&metric, &limits, &plain, scope, span);
            }
            rule
        }
        (None, None) => return wrong(span, "`failed_rows` has neither an `expression` nor a `query`"),
    };
    let count = match &rule.subject {
        crate::rule::Subject::Sql(sql) => Some(format!("count(*) filter (where not coalesce({sql}, true))")),
        _ => None,
    };
    rules(&Metric::Violations { rule: Box::new(rule), count }, &limits, &plain, scope, span)
}
