//! From clauses as written to actions that can be executed.

use pipe_check::{Predicate, Rule};
use pipe_schema::Type;
use pipe_sql::Expression;
use pipe_syntax::Comparison;

use super::*;
use crate::failure::{Candidate, Failure};
use crate::testing::{clause, expression, rule};

fn of(text: &str, failure: &Failure, rule: Option<&Rule>) -> Result<ResolvedAction, Incomplete> {
    completed(&clause(text).steps[0][0], failure, rule)
}

fn for_rule(text: &str, rule: &Rule) -> Result<ResolvedAction, Incomplete> {
    of(text, &Failure::rule_failed(rule, 2, 10), Some(rule))
}

fn keys(by: &[Key]) -> Vec<String> {
    by.iter()
        .map(|k| match k {
            Key::Column(c) => c.clone(),
            Key::Sql(e) => format!("({})", e.text),
        })
        .collect()
}

fn boxed(text: &str) -> Box<Expression> {
    Box::new(expression(text))
}

#[test]
fn rename_takes_the_candidate() {
    let candidate = Candidate { column: "sum_total".into(), score: 0.9, margin: 0.5 };
    let missing = |c| Failure::missing_column("orders", "total", &Type::Int, c);
    let got = of("on missing_column => rename;", &missing(Some(&candidate)), None).unwrap();
    assert!(matches!(&got, ResolvedAction::Rename { from, to, stated: false } if from == "sum_total" && to == "total"));
    let none = of("on missing_column => rename;", &missing(None), None).unwrap_err();
    assert_eq!(
        none.to_string(),
        "`rename` needs a candidate, and `missing_column(column: total)` has none: write it in the clause"
    );
    let stated = of("on missing_column => rename amount to total;", &missing(None), None).unwrap();
    assert!(matches!(stated, ResolvedAction::Rename { from, stated: true, .. } if from == "amount"));
}

#[test]
fn majority_takes_what_the_rule_determines() {
    let subject = vec![expression("state"), expression("lower(measure)")];
    let rule = rule("avg", "determines", Predicate::Determines(vec!["average".into(), "n".into()]), subject);
    let got = for_rule("on rule_failed(check: determines) => majority;", &rule).unwrap();
    let ResolvedAction::Majority { columns, by } = &got else { panic!("{got:?}") };
    assert_eq!((columns.join(" "), keys(by).join(" ")), ("average n".into(), "state (lower(measure))".into()));
    assert!(got.inferred() && got.repairs());
    let stated = for_rule("on rule_failed(check: determines) => majority of n by (k);", &rule).unwrap();
    let ResolvedAction::Majority { columns, by } = &stated else { panic!("{stated:?}") };
    assert_eq!((columns.join(" "), keys(by).join(" ")), ("n".into(), "k".into()));
}

#[test]
fn dedupe_takes_the_key() {
    let rule = rule("shop_mail", "unique", Predicate::Unique, vec![expression("shop"), expression("lower(email)")]);
    let got = for_rule("on rule_failed => dedupe keep latest ordered_at;", &rule).unwrap();
    let ResolvedAction::Dedupe { by, keep } = &got else { panic!("{got:?}") };
    assert_eq!(keys(by), ["shop", "(lower(email))"]);
    assert_eq!(*keep, Survivor::Latest("ordered_at".into()));
    assert!(got.repairs() && !got.inferred() && got.writes().is_empty());
}

#[test]
fn clip_takes_the_bounds() {
    let clip = |check, predicate| {
        for_rule("on rule_failed => clip;", &rule("r", check, predicate, vec![expression("quantity")]))
    };
    let got = clip("between", Predicate::Between(boxed("1"), boxed("100"))).unwrap();
    let ResolvedAction::Clip { column, low: Some(Bound::Rule(low)), high: Some(Bound::Rule(high)) } = &got else {
        panic!("{got:?}")
    };
    assert_eq!((column.as_str(), low.text.as_str(), high.text.as_str()), ("quantity", "1", "100"));
    let got = clip("ge", Predicate::Compare(Comparison::Ge, boxed("0"))).unwrap();
    assert!(matches!(got, ResolvedAction::Clip { low: Some(_), high: None, .. }));
    let open = clip("lt", Predicate::Compare(Comparison::Lt, boxed("5"))).unwrap_err();
    assert_eq!(open.to_string(), "`clip` cannot move a value to the bound of `<`: the bound itself is not allowed");
    let other = clip("not_null", Predicate::NotNull).unwrap_err();
    assert!(matches!(other, Incomplete::Check { check, .. } if check == "not_null"));
}

#[test]
fn snap_takes_the_values() {
    let references = Predicate::References { table: "countries".into(), columns: vec!["code".into()] };
    let got = for_rule("on rule_failed => snap;", &rule("r", "references", references, vec![expression("country")]));
    assert!(matches!(
        got.unwrap(),
        ResolvedAction::Snap { column, to: SnapTo::Table { table, column: of } }
            if column == "country" && table == "countries" && of == "code"
    ));
    let values = Predicate::In { negated: false, values: vec![expression("'a'"), expression("'b'")] };
    let got = for_rule("on rule_failed => snap;", &rule("r", "in", values, vec![expression("status")])).unwrap();
    assert!(matches!(got, ResolvedAction::Snap { to: SnapTo::Values(v), .. } if v.len() == 2));
    let negated = Predicate::In { negated: true, values: vec![expression("'a'")] };
    let got = for_rule("on rule_failed => snap;", &rule("r", "in", negated, vec![expression("status")]));
    assert!(matches!(got, Err(Incomplete::Missing { .. })));
}

#[test]
fn cast_and_fill_take_the_column() {
    let failed = Failure::cast_failed("orders", "unit_price", &Type::Decimal(10, 2), 1, 3);
    let got = of("on cast_failed => cast using (replace($value, ',', '.'));", &failed, None).unwrap();
    let ResolvedAction::Cast { column, using } = &got else { panic!("{got:?}") };
    assert_eq!((column.as_str(), using.text.as_str()), ("unit_price", "replace($value, ',', '.')"));
    assert!(!got.inferred() && got.writes() == ["unit_price"]);
    let rule = rule("status.not_null", "not_null", Predicate::NotNull, vec![expression("status")]);
    let got = for_rule("on rule_failed => fill with ('new');", &rule).unwrap();
    assert!(matches!(&got, ResolvedAction::Fill { column, with: Fill::Sql(_) } if column == "status"));
    let got = for_rule("on rule_failed => fill total with median;", &rule).unwrap();
    assert!(matches!(&got, ResolvedAction::Fill { column, with: Fill::Median } if column == "total"));
}

#[test]
fn a_rule_without_a_column_leaves_it_missing() {
    let rule = rule("adds_up", "boolean", Predicate::True, vec![expression("a = b + c")]);
    let got = for_rule("on rule_failed => repair;", &rule).unwrap_err();
    assert!(got.to_string().starts_with("`repair` needs a column"), "{got}");
    assert!(for_rule("on rule_failed => set a = (b + c) where (b > 0);", &rule).is_ok());
}

#[test]
fn what_does_not_apply_is_said() {
    let failed = Failure::cast_failed("orders", "a", &Type::Int, 1, 3);
    let got = of("on cast_failed => majority;", &failed, None).unwrap_err();
    assert_eq!(got.to_string(), "`majority` does not apply to `cast_failed`; it applies to `rule_failed`");
}

#[test]
fn fates_and_names() {
    let rule = rule("r", "not_null", Predicate::NotNull, vec![expression("a")]);
    for (text, name, fate) in [
        ("quarantine", "quarantine", Some(Fate::Quarantine)),
        ("drop", "drop", Some(Fate::Drop)),
        ("keep", "keep", Some(Fate::Keep)),
        ("warn 'x'", "warn", Some(Fate::Keep)),
        ("fail", "fail", Some(Fate::Fail)),
        ("ask 'x'", "ask", Some(Fate::Wait)),
        ("notify oncall", "notify", None),
        ("set a = (1)", "set", None),
    ] {
        let got = for_rule(&format!("on rule_failed => {text};"), &rule).unwrap();
        assert_eq!((got.name(), got.fate()), (name, fate), "{text}");
        assert!(pipe_schema::action(got.name()).is_some(), "{text}");
    }
}
