//! Checks of SodaCL that have a form of their own: references, freshness, schema, failed rows, groups, earlier scans.

use pipe_diagnostics::Span;

use super::Scope;
use super::language::{BESIDE, call, head, limits};
use super::measure::{Metric, metric, number};
use super::validity::Validity;
use crate::args::{Args, refuse, wrong};
use crate::node::Node;
use crate::query::{Grouped, Number, grouped};
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
    if negated {
        return Ok(vec![Rule::key(&mine, "not_references", format!("not {to}"))]);
    }
    let rule = Rule::key(&mine, "references", to);
    if mine.len() < 2 {
        return Ok(vec![rule]);
    }
    // Of several columns a key with some of them is looked for, and not found; without any it is not.
    let any: Vec<String> = mine.iter().map(|c| format!("{} is not null", words::name(c))).collect();
    Ok(vec![rule.only(any.join(" or ")).null_fails()])
}

/// `(created_at) < 1d6h`, or with `warn` and `fail` below.
pub(super) fn freshness(rest: &str, span: Span, args: &Args<'_>) -> Said<Vec<Rule>> {
    let rest = rest.trim_start();
    let rest = rest.strip_prefix("using").unwrap_or(rest).trim_start();
    let Some((column, rest)) = rest.strip_prefix('(').and_then(|r| r.split_once(')')) else {
        return wrong(span, "`freshness` needs a column, `freshness(created_at) < 1d`");
    };
    let (column, now) = column.split_once(',').unwrap_or((column, ""));
    let column = column.trim().trim_matches(['"', '`']);
    if !matches!(now.trim(), "" | "NOW") {
        let now = now.trim();
        return refuse(
            span,
            format!(
                "the variable `{now}` says what time it is, and rules go by the clock of the run; say `(max({column}) >= $day - interval '1 day')` of a `param day`"
            ),
        );
    }
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

/// `percent for row_count between -20 and 20`, `avg last 7 for row_count < 50`: a share of what it was, or so much more.
pub(super) fn change(text: &str, span: Span, args: &Args<'_>, scope: &Scope<'_>) -> Said<Vec<Rule>> {
    let not_read = || {
        wrong(
            span,
            "this has the form `change [avg|min|max last 7 | same day last week] [percent] for row_count between -20 and 20`",
        )
    };
    let Some((how, what)) = text.split_once("for ") else { return not_read() };
    let (name, arguments, rest) = call(what);
    let how: Vec<&str> = how.split_whitespace().collect();
    // The word alone makes it one in percent; behind the number of a share the sign is its unit.
    let percent = how.contains(&"percent");
    if !percent && rest.contains('%') && !name.ends_with("percent") {
        return refuse(
            span,
            "without the word `percent` Soda reads `%` as nothing, and compares the number; say `change percent for`, or leave `%` out",
        );
    }
    let how: Vec<&str> = how.into_iter().filter(|word| *word != "percent").collect();
    let of = match how.as_slice() {
        [] => "last run".to_owned(),
        ["same", "day", "last", "week"] => "last run same weekday".to_owned(),
        ["same", "day", "last", "month"] => {
            return refuse(
                span,
                "days of the month are not compared; say `change same day last week`, or of the last months `change avg last 30`",
            );
        }
        [function @ ("avg" | "min" | "max"), "last", runs] => {
            let Ok(runs) = runs.parse::<u32>() else { return not_read() };
            let middle = match *function {
                "min" => "minimum of ",
                "max" => "maximum of ",
                _ => "",
            };
            format!("{middle}last {runs} runs")
        }
        _ => return not_read(),
    };
    let validity = Validity::read(args)?;
    let limits = limits(&rest.replace('+', ""), percent, span, args)?;
    let mut rules = Vec::new();
    for (threshold, severity) in [(&limits.fail, None), (&limits.warn, Some(Severity::Warning))] {
        let Some(threshold) = threshold else { continue };
        let Some(predicates) = changed(threshold, percent, &of) else {
            return refuse(
                span,
                "a change is bounded by `<`, `<=`, `>`, `>=` or `between`; that it lies outside of bounds, or is just so much, cannot be said",
            );
        };
        for (check, predicate) in predicates {
            let rule = history(&name, &arguments, &validity, &predicate, check, scope, span)?;
            rules.push(Rule { severity, ..rule });
        }
    }
    if rules.is_empty() {
        return wrong(span, "no threshold is given");
    }
    if of.ends_with("same weekday") {
        let note = "Soda looks at the scan of a week ago; here it is the last run on the same day of the week";
        return Ok(rules.into_iter().map(|r| r.note(note)).collect());
    }
    Ok(rules)
}

/// What holds of the number where its change is within the threshold, each with its check.
fn changed(threshold: &Threshold, percent: bool, of: &str) -> Option<Vec<(&'static str, String)>> {
    let (runs, weekday) = of.strip_suffix(" same weekday").map_or((of, ""), |runs| (runs, " same weekday"));
    // More or less by so many percent is a share of what it was.
    let bound = |sign: &str, change: &str| {
        let check = if sign.starts_with('>') { "above_last" } else { "below_last" };
        if percent {
            let share = words::add("100", change, false).filter(|share| !share.starts_with('-'))?;
            return Some((check, format!("{sign} {share}% of {of}")));
        }
        Some(match change.strip_prefix('-') {
            _ if change.parse() == Ok(0.0) => (check, format!("{sign} 100% of {of}")),
            Some(less) => (check, format!("{sign} {runs} - {less}{weekday}")),
            None => (check, format!("{sign} {runs} + {change}{weekday}")),
        })
    };
    match threshold {
        Threshold::Compare("=", n) if n.parse() == Ok(0.0) => Some(vec![("within_last", format!("within 0% of {of}"))]),
        Threshold::Compare(sign @ ("<" | "<=" | ">" | ">="), n) => bound(sign, n).map(|p| vec![p]),
        Threshold::Between { low, high, open_low: false, open_high: false }
            if percent && low.strip_prefix('-') == Some(high.as_str()) =>
        {
            Some(vec![("within_last", format!("within {high}% of {of}"))])
        }
        Threshold::Between { low, high, open_low, open_high } => {
            let low = bound(if *open_low { ">" } else { ">=" }, low);
            low.zip(bound(if *open_high { "<" } else { "<=" }, high)).map(|(low, high)| vec![low, high])
        }
        _ => None,
    }
}

/// A metric whose next value Soda forecasts: here no further from the mean of earlier runs than three times their deviation.
pub(super) fn anomaly(text: &str, span: Span, args: &Args<'_>, scope: &Scope<'_>) -> Said<Vec<Rule>> {
    // How its forecast is trained has no place in a comparison with the mean.
    args.pass(&[
        "model",
        "training_dataset_parameters",
        "take_over_existing_anomaly_score_check",
        "warn",
        "fail",
        "severity_level_parameters",
    ]);
    let (check, predicate) = match args.text("alert_directionality")?.as_deref() {
        None | Some("upper_and_lower_bounds") => ("within_sigma", "within 3 sigma over last 14 runs"),
        Some("upper_bound") => ("below_last", "<= last 14 runs + 300% of stddev of last 14 runs"),
        Some("lower_bound") => ("above_last", ">= last 14 runs - 300% of stddev of last 14 runs"),
        Some(other) => {
            return wrong(
                span,
                format!(
                    "`alert_directionality` is upper_and_lower_bounds, upper_bound or lower_bound, and this is `{other}`"
                ),
            );
        }
    };
    let severity = args.flag("warn_only", false)?.then_some(Severity::Warning);
    let (name, arguments, _) = call(text);
    let validity = Validity::read(args)?;
    let rule = history(&name, &arguments, &validity, predicate, check, scope, span)?;
    let note = "Soda learns a forecast from earlier scans; here the number is compared with their mean";
    Ok(vec![Rule { severity, ..rule.note(note) }])
}

/// A metric against earlier runs.
fn history(
    name: &str,
    arguments: &[String],
    validity: &Validity,
    predicate: &str,
    check: &'static str,
    scope: &Scope<'_>,
    span: Span,
) -> Said<Rule> {
    let Some(metric) = metric(name, arguments, validity, span)? else {
        return refuse(span, format!("`{name}` cannot be compared with earlier runs"));
    };
    Ok(match &metric {
        Metric::Word { column: None, words, .. } => Rule::table(check, format!("{words} {predicate}")),
        Metric::Word { column: Some(c), words, .. } => Rule::column(c, check, format!("{words} {predicate}")),
        Metric::Violations { rule, .. } if name == "missing_count" && rule.check == "not_null" => {
            Rule::column(&arguments.join(""), check, format!("nulls {predicate}"))
        }
        _ => {
            let (_, number) = number(&metric, name.ends_with("percent"), validity, scope, span)?;
            number.rule(format!("{}_{name}", arguments.join("_")), predicate)
        }
    })
}

/// `when required column missing`, `when forbidden column present`, `when wrong column type`, `when wrong column index`.
pub(super) fn schema(args: &Args<'_>) -> Said<Vec<Rule>> {
    let mut rules = Vec::new();
    let mut changed_schema = false;
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
        if inner.get("when wrong column index").is_some() {
            return refuse(
                node.span,
                "single places of columns are not compared; say the order of all of them, `columns (a, b)`",
            );
        }
        if let Some(changes) = inner.get("when schema changes") {
            changed_schema = true;
            if level == "warn" {
                return refuse(
                    changes.span,
                    "a changed schema fails a run unless a clause of `heal` says otherwise; a warning alone is none of them, but for `on new_column => warn then keep`",
                );
            }
            if schema_changes(changes).is_none() {
                return wrong(
                    changes.span,
                    "a schema changes by `any`, `column add`, `column delete` or `column type change`",
                );
            }
        }
        inner.done()?;
        for rule in rules.iter_mut().skip(before) {
            rule.severity = severity;
        }
    }
    if rules.is_empty() && !changed_schema {
        return wrong(args.span, "`schema` has neither `fail` nor `warn`");
    }
    Ok(rules)
}

/// The failures of a schema that may not change: of `any`, or of the changes named. The order of columns is not compared.
pub(super) fn schema_changes(node: &Node) -> Option<Vec<&'static str>> {
    let mut failures = Vec::new();
    for change in node.items() {
        failures.extend_from_slice(match change.scalar().as_deref() {
            Some("any") => &["new_column", "missing_column", "type_changed"][..],
            Some("column add") => &["new_column"],
            Some("column delete") => &["missing_column"],
            Some("column type change") => &["type_changed"],
            _ => return None,
        });
    }
    (!failures.is_empty()).then_some(failures)
}

/// `when required group missing`, `when forbidden group present`: of the values of the column that a query groups.
pub(super) fn group_evolution(span: Span, args: &Args<'_>, scope: &Scope<'_>) -> Said<Vec<Rule>> {
    let query = args.get("query");
    let text = args.need_text("query")?;
    let Some(Grouped { columns, filter, .. }) = grouped(&text, &scope.own(), query.map_or(span, |q| q.span))? else {
        return refuse(span, "the groups are those of one column of the table: `select style from t group by style`");
    };
    let [column] = columns.as_slice() else {
        return refuse(span, "the groups are those of one column of the table: `select style from t group by style`");
    };
    let mut rules = Vec::new();
    for (level, severity) in [("fail", None), ("warn", Some(Severity::Warning))] {
        let Some(node) = args.get(level) else { continue };
        let inner = Args::new(Some(node), node.span);
        if let Some(changes) = inner.get("when groups change") {
            return refuse(
                changes.span,
                "which groups there were in the last scan is not compared; name those there are, `c values equal (…)`",
            );
        }
        let before = rules.len();
        if inner.get("when required group missing").is_some() {
            let (values, _) = inner.constants("when required group missing")?;
            rules.push(Rule::column(column, "values_contain", format!("values contain ({})", values.join(", "))));
        }
        if inner.get("when forbidden group present").is_some() {
            for group in inner.texts("when forbidden group present")? {
                // Found at the beginning; `*` and `%` stand for any characters.
                let literal: Vec<String> = group.split(['*', '%']).map(words::escaped).collect();
                let regex = words::text(&format!("^{}", literal.join(".*")));
                rules.push(Rule::column(column, "not_matches", format!("not matches {regex}")));
            }
        }
        inner.done()?;
        for rule in rules.iter_mut().skip(before) {
            rule.severity = severity;
            rule.pick(filter.clone());
        }
    }
    if rules.is_empty() { wrong(span, "`group evolution` has neither `fail` nor `warn`") } else { Ok(rules) }
}

pub(super) fn failed_rows(args: &Args<'_>, scope: &Scope<'_>) -> Said<Vec<Rule>> {
    let name = args.text("name")?.unwrap_or_else(|| "failed_rows".to_owned());
    if let Some(condition) = args.text("fail condition")? {
        return Ok(vec![Rule::boolean(name, format!("not ({})", condition.trim()))]);
    }
    let Some(query) = args.get("fail query") else {
        if args.get("fail sql_file").is_some() {
            return refuse(args.span, "the query stands in another file; write it in, as `fail query`");
        }
        return wrong(args.span, "`failed rows` has neither a `fail condition` nor a `fail query`");
    };
    let text = crate::args::text(query)?;
    let limits = limits("", false, args.span, args)?;
    if limits.warn.is_none() && limits.fail.is_none() {
        return Ok(vec![crate::query::finds_none(&text, &scope.own(), &name, query.span)?]);
    }
    // So many rows are let pass.
    let count = crate::query::count_of(&text, &scope.own(), query.span)?;
    let number = Number { sql: count, filter: None, asks: true };
    super::measure::rules(&Metric::Query { name, number }, &limits, &Validity::default(), scope, query.span)
}

/// A query that groups, and a check of what it computes.
pub(super) fn group_by(span: Span, args: &Args<'_>, scope: &Scope<'_>) -> Said<Vec<Rule>> {
    args.pass(&["group_limit", "group_name"]);
    let query = args.get("query").map_or(span, |q| q.span);
    let text = args.need_text("query")?;
    let fields = args.texts("fields")?;
    let Some(Grouped { columns, computed, filter }) = grouped(&text, &scope.own(), query)? else {
        return refuse(
            query,
            "a query that groups reads this table alone: `select k, avg(c) as mean from t group by k`",
        );
    };
    if let Some(field) = fields.iter().find(|f| !columns.iter().any(|c| c.eq_ignore_ascii_case(f))) {
        return wrong(query, format!("the query does not group by `{field}`"));
    }
    let mut rules = Vec::new();
    for check in args.need("checks")?.items() {
        let (text, at, body) = head(check);
        let inner = Args::new(body, at);
        inner.pass(BESIDE);
        let (name, _, rest) = call(&text);
        let Some((_, sql)) = computed.iter().find(|(known, _)| known.eq_ignore_ascii_case(&name)) else {
            return refuse(at, format!("the query does not select an expression `as {name}`"));
        };
        let limits = limits(&rest, false, at, &inner)?;
        inner.done()?;
        let metric = Metric::Sql { name, sql: sql.clone() };
        for mut rule in super::measure::rules(&metric, &limits, &Validity::default(), scope, at)? {
            rule.by.clone_from(&columns);
            rule.pick(filter.clone());
            rules.push(rule);
        }
    }
    Ok(rules)
}
