//! Checks of SodaCL that have a form of their own: references, freshness, schema, failed rows, groups, earlier scans.

use pipe_diagnostics::Span;

use super::language::{BESIDE, call, head, limits};
use super::measure::{Metric, metric};
use super::validity::Validity;
use crate::args::{Args, refuse, wrong};
use crate::rule::{Rule, Said, Severity};
use crate::threshold::Threshold;
use crate::{types, words};

/// `(a, b) must exist in other (a, b)`, with or without brackets.
pub(super) fn references(text: &str, span: Span) -> Said<Vec<Rule>> {
    let (negated, split) = match text.split_once(" must not exist in ") {
        Some(split) => (true, Some(split)),
        None => (false, text.split_once(" must exist in ")),
    };
    let Some((mine, other)) = split else {
        return wrong(span, "this has the form `values in (a) must exist in other (b)`");
    };
    let list = |t: &str| t.trim().trim_matches(['(', ')']).split(',').map(|c| c.trim().to_owned()).collect::<Vec<_>>();
    let mine = list(mine);
    let (table, columns) = match other.split_once('(') {
        Some((table, columns)) => (table, list(columns)),
        None => match other.trim().split_once(' ') {
            Some((table, column)) => (table, list(column)),
            None => (other, mine.clone()),
        },
    };
    let to = format!("references {} ({})", crate::write::identifier(table), words::names(&columns));
    let (check, predicate) = if negated { ("not_references", format!("not {to}")) } else { ("references", to) };
    Ok(vec![Rule::key(&mine, check, predicate)])
}

/// `(created_at) < 1d6h`, or with `warn` and `fail` below.
pub(super) fn freshness(rest: &str, span: Span, args: &Args<'_>) -> Said<Vec<Rule>> {
    let rest = rest.trim_start();
    let rest = rest.strip_prefix("using").unwrap_or(rest).trim_start();
    let Some((column, rest)) = rest.strip_prefix('(').and_then(|r| r.split_once(')')) else {
        return wrong(span, "`freshness` needs a column, `freshness(created_at) < 1d`");
    };
    let column = column.split(',').next().unwrap_or(column).trim();
    let mut out = Vec::new();
    let mut put = |age: &str, at: Span, severity| -> Said<()> {
        let Some(age) = age_of(age) else { return wrong(at, format!("`{age}` is no age such as `1d` or `1d6h30m`")) };
        let mut rule =
            Rule::sql(format!("{column}_freshness"), format!("max({})", words::name(column)), format!("within {age}"));
        rule.severity = severity;
        out.push(rule);
        Ok(())
    };
    if let Some(age) = rest.trim().strip_prefix("<=").or_else(|| rest.trim().strip_prefix('<')) {
        put(age, span, None)?;
    }
    for (key, severity) in [("warn", Some(Severity::Warning)), ("fail", None)] {
        let Some(node) = args.get(key) else { continue };
        let text = node.scalar().unwrap_or_default();
        let age = text.trim().trim_start_matches("when").trim().trim_start_matches(['>', '=']).to_owned();
        put(&age, node.span, severity)?;
    }
    if out.is_empty() { wrong(span, "an age is missing, `freshness(created_at) < 1d`") } else { Ok(out) }
}

/// `1d6h30m` in the smallest of its units.
fn age_of(text: &str) -> Option<String> {
    let mut minutes = 0u64;
    let mut digits = String::new();
    let mut smallest = 'd';
    for c in text.trim().chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let n: u64 = std::mem::take(&mut digits).parse().ok()?;
        let factor = match c {
            'd' => 24 * 60,
            'h' => 60,
            'm' => 1,
            _ => return None,
        };
        minutes = minutes.checked_add(n.checked_mul(factor)?)?;
        smallest = c;
    }
    let unit = match smallest {
        'd' => 24 * 60,
        'h' => 60,
        _ => 1,
    };
    (digits.is_empty() && minutes > 0).then(|| format!("{}{smallest}", minutes / unit))
}

/// `percent for row_count between -20 and 20`, `avg last 7 percent for row_count > -10`: a share of what it was.
pub(super) fn change(text: &str, span: Span) -> Said<Vec<Rule>> {
    let refused = || {
        refuse(
            span,
            "of changes a share of what the number was can be said, `row count >= 80% of last run`, and not a difference",
        )
    };
    let Some((how, what)) = text.split_once("for ") else { return refused() };
    let (name, arguments, rest) = call(what);
    let Some((threshold, percent)) = Threshold::parse(&rest.replace("+", "")) else { return refused() };
    let how: Vec<&str> = how.split_whitespace().collect();
    if !percent && !how.contains(&"percent") {
        return refused();
    }
    let how: Vec<&str> = how.into_iter().filter(|word| *word != "percent").collect();
    let of = match how.as_slice() {
        [] => "last run".to_owned(),
        ["same", "day", "last", "week"] => "last run same weekday".to_owned(),
        [function @ ("avg" | "min" | "max"), "last", runs] => {
            let Ok(runs) = runs.parse::<u32>() else { return refused() };
            let middle = match *function {
                "min" => "minimum of ",
                "max" => "maximum of ",
                _ => "",
            };
            format!("{middle}last {runs} runs")
        }
        _ => return refused(),
    };
    // More or less by so many percent, as a share of what it was.
    let bound = |sign: &str, change: &str| {
        let share = words::add("100", change, false).filter(|share| !share.starts_with('-'))?;
        Some((if sign.starts_with('>') { "above_last" } else { "below_last" }, format!("{sign} {share}% of {of}")))
    };
    let predicates = match &threshold {
        Threshold::Compare("=", n) if n.parse() == Ok(0.0) => Some(vec![("within_last", format!("within 0% of {of}"))]),
        Threshold::Compare(sign @ ("<" | "<=" | ">" | ">="), n) => bound(sign, n).map(|p| vec![p]),
        Threshold::Between { low, high, open_low: false, open_high: false }
            if low.strip_prefix('-') == Some(high.as_str()) =>
        {
            Some(vec![("within_last", format!("within {high}% of {of}"))])
        }
        Threshold::Between { low, high, open_low, open_high } => {
            let low = bound(if *open_low { ">" } else { ">=" }, low);
            low.zip(bound(if *open_high { "<" } else { "<=" }, high)).map(|(low, high)| vec![low, high])
        }
        _ => None,
    };
    let Some(predicates) = predicates else { return refused() };
    let mut rules = Vec::new();
    for (check, predicate) in predicates {
        rules.extend(history(&name, &arguments, &predicate, check, span)?);
    }
    if of.ends_with("same weekday") {
        let note = "Soda looks at the scan of a week ago; here it is the last run on the same day of the week";
        return Ok(rules.into_iter().map(|r| r.note(note)).collect());
    }
    Ok(rules)
}

pub(super) fn anomaly(text: &str, span: Span, args: &Args<'_>) -> Said<Vec<Rule>> {
    // How its forecast is trained has no place in a comparison with the mean.
    args.pass(&[
        "model",
        "training_dataset_parameters",
        "take_over_existing_anomaly_score_check",
        "warn",
        "fail",
        "severity_level_parameters",
    ]);
    let (name, arguments, _) = call(text);
    let rules = history(&name, &arguments, "within 3 sigma over last 14 runs", "within_sigma", span)?;
    let note = "Soda learns a forecast from earlier scans; here the number is compared with their mean";
    Ok(rules.into_iter().map(|r| r.note(note)).collect())
}

/// A metric against earlier runs.
fn history(name: &str, arguments: &[String], predicate: &str, check: &'static str, span: Span) -> Said<Vec<Rule>> {
    let metric = match name {
        "missing_count" => arguments.first().map(|c| Rule::column(c, check, format!("nulls {predicate}"))),
        "missing_percent" => arguments.first().map(|c| {
            let share = format!("100.0 * (count(*) - count({0})) / nullif(count(*), 0)", words::name(c));
            Rule::sql(format!("{c}_missing_percent"), share, predicate)
        }),
        "duplicate_count" => arguments.first().map(|c| Rule::column(c, check, format!("duplicates {predicate}"))),
        _ => match metric(name, arguments, &Validity::default(), span)? {
            Some(Metric::Word { column: None, words, .. }) => Some(Rule::table(check, format!("{words} {predicate}"))),
            Some(Metric::Word { column: Some(c), words, .. }) => {
                Some(Rule::column(&c, check, format!("{words} {predicate}")))
            }
            Some(Metric::Sql { name, sql }) => Some(Rule::sql(name, sql, predicate)),
            _ => None,
        },
    };
    match metric {
        Some(rule) => Ok(vec![rule]),
        None => refuse(span, format!("`{name}` cannot be compared with earlier runs")),
    }
}

/// `when required column missing`, `when forbidden column present`, `when wrong column type`, `when wrong column index`.
pub(super) fn schema(args: &Args<'_>) -> Said<Vec<Rule>> {
    let mut rules = Vec::new();
    for (level, severity) in [("fail", None), ("warn", Some(Severity::Warning))] {
        let Some(node) = args.get(level) else { continue };
        let inner = Args::new(Some(node), node.span);
        let before = rules.len();
        if inner.get("when required column missing").is_some() {
            let columns = words::names(&inner.texts("when required column missing")?);
            rules.push(Rule::table("columns_contain", format!("columns contain ({columns})")));
        }
        if inner.get("when forbidden column present").is_some() {
            let columns = inner.texts("when forbidden column present")?;
            // Both `*` and SQL's `%` stand for any characters.
            let columns: Vec<String> =
                columns.iter().map(|c| words::text(&c.to_lowercase().replace('%', "*"))).collect();
            rules.push(Rule::table("columns_without", format!("columns without ({})", columns.join(", "))));
        }
        if let Some(wanted) = inner.get("when wrong column type") {
            for (column, ty) in wanted.entries() {
                let name = crate::args::text(ty)?;
                let Some(ours) = types::parse(&name) else {
                    return wrong(ty.span, format!("no type here is like `{name}`"));
                };
                rules.push(Rule::column(&column.text, "type", format!("type {ours}")));
            }
        }
        if inner.get("when wrong column index").is_some() || inner.get("when schema changes").is_some() {
            return refuse(
                node.span,
                "single places and changes since the last scan are not compared; say the order of all columns, `columns (a, b)`; a changed source is told by itself",
            );
        }
        inner.done()?;
        for rule in rules.iter_mut().skip(before) {
            rule.severity = severity;
        }
    }
    if rules.is_empty() { wrong(args.span, "`schema` has neither `fail` nor `warn`") } else { Ok(rules) }
}

pub(super) fn failed_rows(args: &Args<'_>) -> Said<Vec<Rule>> {
    let name = args.text("name")?.unwrap_or_else(|| "failed_rows".to_owned());
    let named = |mut rules: Vec<Rule>| {
        for rule in &mut rules {
            rule.name = Some(name.clone());
        }
        rules
    };
    if let Some(condition) = args.text("fail condition")? {
        return Ok(named(vec![Rule::boolean("failed_rows", format!("not ({})", condition.trim()))]));
    }
    let Some(query) = args.get("fail query") else {
        return wrong(args.span, "`failed rows` has neither a `fail condition` nor a `fail query`");
    };
    let text = crate::args::text(query)?;
    // The table is the one that the checks are for, whatever it is called in the query.
    let table = super::contract::from(&text);
    Ok(named(vec![crate::compare::no_such_row(&text, &[&table], query.span)?]))
}

/// A query that groups, and a check of what it computes.
pub(super) fn group_by(span: Span, args: &Args<'_>) -> Said<Vec<Rule>> {
    args.pass(&["group_limit", "group_name"]);
    let query = args.need_text("query")?;
    let fields = args.texts("fields")?;
    let mut rules = Vec::new();
    for check in args.need("checks")?.items() {
        let (text, at, body) = head(check);
        let inner = Args::new(body, at);
        inner.pass(BESIDE);
        let (name, _, rest) = call(&text);
        let Some(sql) = column_of(&query, &name) else {
            return refuse(span, format!("the query does not select an expression `as {name}`"));
        };
        let limits = limits(&rest, false, at, &inner)?;
        inner.done()?;
        for mut rule in super::measure::rules(&Metric::Sql { name, sql }, &limits, &Validity::default(), at)? {
            rule.by.clone_from(&fields);
            rules.push(rule);
        }
    }
    Ok(rules)
}

/// The expression that a query calls so, where it stands between commas.
fn column_of(query: &str, name: &str) -> Option<String> {
    let text = query.split_whitespace().collect::<Vec<_>>().join(" ");
    let lower = text.to_lowercase();
    let end = lower.find(" from ").filter(|_| lower.len() == text.len())?;
    let list = text.get("select ".len()..end)?;
    let mut depth = 0i32;
    let parts = list.split(|c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    });
    parts
        .filter_map(|p| {
            let p = p.trim();
            let cut = p.len().checked_sub(name.len())?;
            let tail = p.get(cut..)?;
            let head = p.get(..cut)?.trim_end();
            let head = head.strip_suffix(" as").or_else(|| head.strip_suffix(" AS"))?;
            tail.eq_ignore_ascii_case(name).then(|| head.trim().to_owned())
        })
        .next()
}
