//! Every modifier on every predicate: it changes what is found, as its page says, or `check` refuses it with the reason of the table.

use std::fmt::Write as _;

use pipe_schema::{
    Claim, Finding, Level, Modified, ModifierInfo, PredicateInfo, claims, modifier, modifiers, predicates,
};
use serde_json::Value;

use crate::pipe::pipe;

/// What claims may refer to.
const BESIDE: &str = "pipe 1;
model other as select cast(column1 as int) as id, cast(column2 as text) as name from (values (1, 'a'), (2, 'b'), (null, null));
model nothing as select cast(column1 as int) as id from (values (1)) where false;
model ref as select cast(column1 as double) as v, case when column1 % 2 = 0 then 'a' else 'b' end as k
  from (values (1), (2), (3), (4), (5), (6), (7), (8), (9), (10));
";

/// A rule with its table.
#[derive(Clone)]
struct Case {
    columns: &'static str,
    rows: String,
    rule: String,
}

impl Case {
    /// The rule with a modifier behind it.
    fn with(&self, modifier: &str) -> Self {
        Self { rule: format!("{} {modifier};", self.rule.trim_end_matches(';')), ..self.clone() }
    }

    /// The same of no rows.
    fn of_nothing(&self) -> Self {
        Self { rows: String::new(), ..self.clone() }
    }

    /// The same of one row of nothing but NULLs.
    fn of_null(&self) -> Self {
        Self { rows: format!("({})", vec!["null"; self.columns.split(", ").count()].join(", ")), ..self.clone() }
    }
}

/// A rule of a predicate that fails, without a modifier; of the few that cannot be shown to fail one that passes.
fn case(predicate: &PredicateInfo) -> Case {
    if predicate.level == Level::History {
        let rule = format!("x mean {};", predicate.syntax);
        return Case { columns: "x int", rows: "(1), (2), (4)".to_owned(), rule };
    }
    if predicate.name == "same_as" {
        let rule = "r: (sum(x)) same as other (id);".to_owned();
        return Case { columns: "x int", rows: "(1), (7)".to_owned(), rule };
    }
    let claims = claims(predicate.name);
    let bare = |c: &&Claim| {
        let words = [" by (", " null fails", " approx", " tolerate ", " where ("];
        let rows = !c.rows.is_empty() || predicate.level == Level::Schema;
        c.earlier.is_empty() && rows && !words.iter().any(|w| c.rule.contains(w))
    };
    let fails = |c: &&Claim| !matches!(c.finds, Finding::Violations(0) | Finding::Table { holds: true, .. });
    let found = claims.iter().filter(bare).find(fails).or_else(|| claims.iter().find(bare));
    let claim = found.unwrap_or_else(|| panic!("no plain claim of `{}`", predicate.name));
    Case { columns: claim.columns, rows: claim.rows.to_owned(), rule: claim.rule.to_owned() }
}

/// A program in which each case is a table: `t0`, `t1`, …. Beside its columns there are `one`, which is 1, and `own`, which no
/// other row has; in front of each table stands its number in a comment of its own line.
fn program(cases: &[Case]) -> String {
    let mut out = BESIDE.to_owned();
    for (i, case) in cases.iter().enumerate() {
        let columns: Vec<&str> = case.columns.split(", ").collect();
        let cast = |(n, column): (usize, &&str)| {
            let (name, ty) = column.split_once(' ').expect("a name and a type");
            format!("cast(column{} as {ty}) as {name}", n + 1)
        };
        let mut select: Vec<String> = columns.iter().enumerate().map(cast).collect();
        select.push("1 as one, row_number() over () as own".to_owned());
        let (rows, none) = match case.rows.as_str() {
            "" => (format!("({})", vec!["null"; columns.len()].join(", ")), " where false"),
            rows => (rows.to_owned(), ""),
        };
        _ = writeln!(out, "model t{i} as select {} from (values {rows}){none};", select.join(", "));
        _ = writeln!(out, "rules t{i} {{ {} }}", case.rule);
    }
    out
}

/// The results of the cases.
fn validate(cases: &[Case]) -> Vec<Value> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.pipe"), program(cases)).expect("written");
    let ran = pipe(folder.path(), &["validate", "--format", "json"]);
    let told = ran.json();
    let of = |i: usize| {
        let table = format!("t{i}");
        let rule = told["rules"].as_array().expect("rules").iter().find(|r| r["table"] == table.as_str());
        rule.cloned()
            .unwrap_or_else(|| panic!("{}: not judged: {}\n{}", cases[i].rule, told["diagnostics"], ran.stderr))
    };
    (0..cases.len()).map(of).collect()
}

/// The predicates that a modifier means something to, and why it means nothing to the others. `counted`: beside `tolerate`.
fn sides(
    modifier: &ModifierInfo,
    counted: bool,
) -> (Vec<&'static PredicateInfo>, Vec<(&'static PredicateInfo, &'static str)>) {
    let mut takes = Vec::new();
    let mut refuses = Vec::new();
    // `closed` is about a source that declares its columns.
    for predicate in predicates().filter(|p| p.available && p.name != "closed") {
        let rule = Modified {
            check: predicate.name,
            statistics: &[predicate.name],
            level: predicate.level,
            counted,
            constant: false,
        };
        match modifier.refused(&rule) {
            None => takes.push(predicate),
            Some(why) => refuses.push((predicate, why)),
        }
    }
    (takes, refuses)
}

/// The predicates whose cases with these modifiers are not as they should be. `right` sees the results in the order of `of`.
fn wrong(
    predicates: &[&PredicateInfo],
    of: impl Fn(&Case) -> Vec<Case>,
    right: impl Fn(&PredicateInfo, &[Value]) -> bool,
) -> String {
    let cases: Vec<Vec<Case>> = predicates.iter().map(|p| of(&case(p))).collect();
    let results = validate(&cases.concat());
    let mut results = results.as_slice();
    let mut wrong = String::new();
    for (predicate, cases) in predicates.iter().zip(&cases) {
        let (mine, rest) = results.split_at(cases.len());
        results = rest;
        if !right(predicate, mine) {
            let rules: Vec<&str> = cases.iter().map(|c| c.rule.as_str()).collect();
            _ = writeln!(wrong, "{}: {rules:?} of {:?}: {mine:#?}", predicate.name, cases[0].rows);
        }
    }
    wrong
}

fn blames_rows(predicate: &PredicateInfo) -> bool {
    matches!(predicate.level, Level::Row | Level::Set)
}

#[test]
fn a_tolerance_lets_violations_pass_as_a_share_and_as_a_number() {
    let (takes, _) = sides(modifier("tolerate").unwrap(), true);
    let of = |c: &Case| vec![c.clone(), c.with("tolerate 100%"), c.with("tolerate 1000"), c.with("fail above 0")];
    let wrong = wrong(&takes, of, |_, r| {
        let same = r.iter().all(|r| r["violations"] == r[0]["violations"] || r["violations"].as_u64() > Some(0));
        let verdicts: Vec<&Value> = r.iter().map(|r| &r["verdict"]).collect();
        same && verdicts == ["fail", "pass", "pass", "fail"] && r[1]["tolerate"] == "100%" && r[2]["tolerate"] == "1000"
    });
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_warning_comes_before_the_failure() {
    let (takes, _) = sides(modifier("warn above").unwrap(), true);
    let of = |c: &Case| vec![c.with("warn above 0 fail above 1000"), c.with("warn above 99.9% fail above 100%")];
    let wrong =
        wrong(&takes, of, |_, r| r[0]["verdict"] == "warn" && r[0]["warn_above"] == "0" && r[1]["verdict"] != "fail");
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn only_the_rows_of_a_condition_are_judged() {
    let (takes, _) = sides(modifier("where").unwrap(), true);
    let of = |c: &Case| vec![c.clone(), c.with("where (own < 0)"), c.of_nothing(), c.with("where (own > 0)")];
    let wrong = wrong(&takes, of, |p, r| {
        let told = |r: &Value| {
            [&r["violations"], &r["verdict"], &r["observed"], &r["numerator"], &r["denominator"]].map(Clone::clone)
        };
        // All rows, no row, and what the rule says of a table without rows.
        told(&r[3]) == told(&r[0]) && told(&r[1]) == told(&r[2]) && (told(&r[1]) != told(&r[0]) || p.name == "boolean")
    });
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn groups_are_judged_each_on_its_own() {
    let (takes, _) = sides(modifier("by").unwrap(), false);
    let of = |c: &Case| vec![c.clone(), c.with("by (own)"), c.with("by (one)")];
    let wrong = wrong(&takes, of, |p, r| match p.level {
        // A row that is alone in its group is beside no other.
        Level::Set => {
            r[0]["violations"].as_u64() > Some(0) && r[1]["violations"] == 0 && r[2]["violations"] == r[0]["violations"]
        }
        _ => {
            let groups = |r: &Value| r["observed"].as_str().is_some_and(|o| o.contains(" group"));
            groups(&r[1]) && groups(&r[2]) && (p.level == Level::History || r[2]["denominator"] == 1)
        }
    });
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_tolerance_is_one_of_each_group() {
    let (takes, _) = sides(modifier("by").unwrap(), true);
    let takes: Vec<_> = takes.into_iter().filter(|p| blames_rows(p)).collect();
    let of = |c: &Case| {
        let tolerances = ["tolerate 0 by (one)", "tolerate 100% by (one)", "warn above 0 fail above 1000 by (one)"];
        [vec![c.clone()], tolerances.map(|t| c.with(t)).to_vec()].concat()
    };
    let wrong = wrong(&takes, of, |_, r| {
        let same = r.iter().all(|other| other["violations"] == r[0]["violations"] && other["rows"] == r[0]["rows"]);
        let group = |r: &Value, verdict: &str| {
            r["groups"].as_array().is_some_and(|g| g.len() == 1)
                && r["groups"][0]["group"] == "one = 1"
                && r["groups"][0]["verdict"] == verdict
                && r["groups"][0]["violations"] == r["violations"]
                && r["groups"][0]["rows"] == r["rows"]
        };
        let verdicts: Vec<&Value> = r.iter().map(|r| &r["verdict"]).collect();
        let named = group(&r[1], "fail") && r[2]["groups"] == serde_json::json!([]) && group(&r[3], "warn");
        let listed = |r: &Value| r["failing_rows"].as_array().map_or(0, Vec::len);
        same && named && verdicts == ["fail", "fail", "pass", "warn"] && listed(&r[1]) > 0 && listed(&r[2]) == 0
    });
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn how_bad_it_is_what_of_and_why_are_told() {
    for (name, written, field, value) in [
        ("severity", "severity warning", "severity", "warning"),
        ("dimension", "dimension timeliness", "dimension", "timeliness"),
        ("because", "because 'it is so'", "because", "it is so"),
    ] {
        let (takes, refuses) = sides(modifier(name).unwrap(), false);
        assert!(refuses.is_empty());
        let wrong = wrong(
            &takes,
            |c| vec![c.clone(), c.with(written)],
            |p, r| {
                (r[0][field] != value || p.dimension == value)
                    && r[1][field] == value
                    && (name != "severity" || r[1]["finding"] == false)
            },
        );
        assert!(wrong.is_empty(), "{wrong}");
    }
}

#[test]
fn null_violates_where_it_is_said() {
    let (takes, _) = sides(modifier("null fails").unwrap(), true);
    let of = |c: &Case| {
        let nulls = [c.of_null(), c.of_nothing()].map(|c| [c.clone(), c.with("null fails")]);
        nulls.concat()
    };
    let wrong = wrong(&takes, of, |p, r| {
        if blames_rows(p) {
            [&r[0]["violations"], &r[1]["violations"], &r[3]["violations"]] == [0, 1, 0]
        } else {
            r[2]["verdict"] != "fail" && r[3]["verdict"] == "fail"
        }
    });
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_sketch_stands_for_what_is_exact() {
    let (takes, _) = sides(modifier("approx").unwrap(), true);
    assert!(takes.len() >= 5);
    let wrong =
        wrong(&takes, |c| vec![c.clone(), c.with("approx")], |_, r| r[0]["exact"] == true && r[1]["exact"] == false);
    assert!(wrong.is_empty(), "{wrong}");
    // In parts, and against earlier runs.
    let case = |rule: &str| Case { columns: "x int", rows: "(1), (2), (3)".to_owned(), rule: rule.to_owned() };
    let rules = [
        "r: all of (x distinct = 3, x median = 2);",
        "x median within 10% of last run;",
        "x distinct within 10% of last run;",
    ];
    for (rule, told) in rules.iter().zip(validate(&rules.map(|r| case(r).with("approx")))) {
        assert_eq!((&told["exact"], &told["passed"]), (&false.into(), &true.into()), "{rule}");
    }
}

#[test]
fn so_many_runs_are_looked_at() {
    let (takes, _) = sides(modifier("over last").unwrap(), true);
    let names: Vec<&str> = takes.iter().map(|p| p.name).collect();
    assert_eq!(names, ["within_sigma", "within_iqr", "within_mad", "within_season"]);
    let of = |c: &Case| {
        // Behind the predicate instead of in it.
        let (rule, _) = c.rule.split_once(" over last").expect("in the predicate");
        let bare = Case { rule: rule.to_owned(), ..c.clone() };
        vec![bare.with("over last 21 runs"), bare.with("over last 28 runs same weekday")]
    };
    let of = |c: &Case| of(c).into_iter().take(if c.rule.contains("seasonal") { 1 } else { 2 }).collect::<Vec<_>>();
    let wrong = wrong(&takes, of, |_, r| {
        let method = |r: &Value| r["history"]["method"].as_str().unwrap_or_default().to_owned();
        method(&r[0]).contains("last 21 runs")
            && r.get(1).is_none_or(|r| method(r).contains("last 28 runs same weekday"))
    });
    assert!(wrong.is_empty(), "{wrong}");
}

/// What is wrong with a program, by the number of the table that it is about.
fn complaints(cases: &[Case]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.pipe"), program(cases)).expect("written");
    let text = program(cases);
    let loaded = pipe_check::load(folder.path(), &[folder.path().join("a.pipe")], None);
    let mut told = vec![String::new(); cases.len()];
    for diagnostic in &loaded.diagnostics {
        let span = diagnostic.span().expect("a place");
        let line = text[..span.start as usize].lines().count() - BESIDE.lines().count();
        told[(line - 1) / 2] += &format!("{} {}\n", diagnostic.code, diagnostic.message);
    }
    told
}

#[test]
fn what_means_nothing_is_refused_with_its_reason() {
    let mut cases = Vec::new();
    let mut expected = Vec::new();
    for modifier in modifiers() {
        let written = match modifier.name {
            "tolerate" => "tolerate 1%",
            "warn above" => "warn above 1% fail above 5%",
            "where" => "where (one = 1)",
            "by" => "by (one)",
            "severity" => "severity info",
            "dimension" => "dimension accuracy",
            "over last" => "over last 5 runs",
            "because" => "because 'x'",
            name => name,
        };
        for (predicate, why) in sides(modifier, matches!(modifier.name, "tolerate" | "warn above")).1 {
            cases.push(case(predicate).with(written));
            expected.push(format!("{}: {why}", modifier.about));
        }
    }
    for ((case, expected), told) in cases.iter().zip(&expected).zip(complaints(&cases)) {
        // `within 3 sigma` with earlier runs is of a number of the table.
        if told.starts_with("E0405") && expected.starts_with("`over last`") {
            continue;
        }
        assert!(told.contains(expected.as_str()), "{}: {told:?} instead of {expected}", case.rule);
        assert!(told.starts_with("E0410") || told.starts_with("E0414"), "{told}");
    }
    assert!(cases.len() > 200, "{}", cases.len());
}

#[test]
fn parts_are_modified_together() {
    let case = |rule: &str| Case {
        columns: "x int, y int",
        rows: "(1, 1), (2, null), (null, 3), (1, 4)".to_owned(),
        rule: rule.to_owned(),
    };
    let rules = [
        ("r: all of (x = 1, y >= 1)", "1 of 4 fail"),
        ("r: all of (x = 1, y >= 1) tolerate 25%", "1 of 4 pass"),
        ("r: all of (x = 1, y >= 1) warn above 0 fail above 25%", "1 of 4 warn"),
        ("r: all of (x = 1, y >= 1) null fails", "2 of 4 fail"),
        ("r: all of (x = 1, y >= 1) where (y is not null)", "0 of 3 pass"),
        ("r: all of (x = 1, y >= 1) tolerate 0 by (x)", "1 of 4 fail x = 2 1/1"),
        ("r: any of (x = 1, y >= 4)", "0 of 4 pass"),
        ("r: any of (x = 1, y = 4) null fails", "2 of 4 fail"),
        ("r: any of (x = 1, y = 4) null fails tolerate 50%", "2 of 4 pass"),
        ("r: all of (x completeness = 1, y nulls = 0)", "observed false fail"),
        ("r: all of (x completeness = 1, y nulls = 0) where (own in (1, 4))", "observed true pass"),
        ("r: any of (x mean > 5, y mean > 3) by (x)", "observed 1 of 3 groups: x = 1: false fail"),
        ("r: any of (x mean > 5, y mean > 5) where (own < 0) null fails", "observed NULL fail"),
    ];
    let told = validate(&rules.map(|(rule, _)| case(&format!("{rule};"))));
    for ((rule, expected), told) in rules.iter().zip(told) {
        let mut text = match told["observed"].as_str().filter(|_| told["level"] == "table") {
            Some(observed) => format!("observed {observed} {}", told["verdict"]),
            None => format!("{} of {} {}", told["violations"], told["rows"], told["verdict"]),
        };
        for group in told["groups"].as_array().into_iter().flatten() {
            _ = write!(text, " {} {}/{}", group["group"], group["violations"], group["rows"]);
        }
        assert_eq!(text.replace('"', ""), *expected, "{rule}");
    }
    let refused = [
        ("r: all of (x = 1, y = 1) by (x);", "each row is judged by itself"),
        ("r: all of (x completeness = 1, y nulls = 0) tolerate 1%;", "this rule judges the table as a whole"),
        ("r: all of (x mode = 1, y nulls = 0) by (x);", "a part counts the values of all rows"),
        ("r: all of (x = 1, y = 1) approx;", "it is exact as it is"),
        ("r: all of (x = 1, y = 1) over last 3 runs;", "this rule does not look at them"),
        ("r: ((select count(*) from other) = 3) by (x);", "the subject is one value for all rows"),
    ];
    for ((rule, why), told) in refused.iter().zip(complaints(&refused.map(|(rule, _)| case(rule)))) {
        assert!(told.contains(why), "{rule}: {told:?}");
    }
}

/// The statistics of a column of numbers, each as it is written in front of a test.
fn statistics() -> Vec<(&'static str, String)> {
    let of = |p: &'static PredicateInfo| {
        let written = match p.name {
            "quantile" => "quantile 0.3".to_owned(),
            "row_count" => "row count".to_owned(),
            name if p.syntax.contains(" from ") => format!("{name} from ref (v)"),
            name => name.to_owned(),
        };
        (p.name, written)
    };
    // The number of columns is judged before any row.
    predicates().filter(|p| p.is_statistic()).map(of).collect()
}

#[test]
fn the_bound_of_a_number_passes_where_it_is_included_and_null_is_no_value() {
    let statistics = statistics();
    assert!(statistics.len() >= 25, "{statistics:?}");
    let case = |rows: &str, rule: String| Case { columns: "x int", rows: rows.to_owned(), rule };
    let subject = |name: &str| if name == "row_count" { "" } else { "x " };
    let (rows, nulls) = ("(1), (2), (2), (4), (9)", "(1), (2), (null), (2), (4), (null), (9)");
    let asked = |rows: &str| {
        let rule = |(name, written): &(&str, String)| case(rows, format!("{}{written} >= -1000;", subject(name)));
        validate(&statistics.iter().map(rule).collect::<Vec<_>>())
    };
    let (plain, with_nulls) = (asked(rows), asked(nulls));
    let mut cases = Vec::new();
    for ((name, written), told) in statistics.iter().zip(&plain) {
        let value = told["value"].as_f64().unwrap_or_else(|| panic!("{name} has no value: {told:#?}"));
        let tests = ["= V", ">= V", "<= V", "between V and V", "< V", "> V", "<> V", "strictly between V and 1000"];
        let value = if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:?}") };
        cases
            .extend(tests.map(|test| case(rows, format!("{}{written} {};", subject(name), test.replace('V', &value)))));
    }
    let told = validate(&cases);
    for ((name, _), told) in statistics.iter().zip(told.chunks(8)) {
        let passed: Vec<bool> = told.iter().map(|r| r["passed"] == true).collect();
        assert_eq!(passed, [true, true, true, true, false, false, false, false], "{name}: {}", told[0]["value"]);
    }
    for (((name, _), plain), with_nulls) in statistics.iter().zip(&plain).zip(&with_nulls) {
        let of_rows = matches!(*name, "completeness" | "nulls" | "row_count");
        assert_eq!(
            plain["value"] == with_nulls["value"],
            !of_rows,
            "{name}: {} {}",
            plain["value"],
            with_nulls["value"]
        );
        let denominator = |r: &Value| r["denominator"].as_u64();
        let more = matches!(*name, "completeness" | "nulls");
        assert_eq!(denominator(plain).map(|n| n + 2 * u64::from(more)), denominator(with_nulls), "{name}");
    }
}
