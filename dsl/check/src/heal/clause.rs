//! A clause: its patterns, its guard, its actions, and whether they go together.

use std::collections::BTreeMap;

use pipe_diagnostics::{Diagnostic, Span, codes::heal as codes};
use pipe_schema::{Config, FailureInfo, Field};
use pipe_syntax::{self as syntax, FailurePattern};

use super::matching::{self, matches_rule};
use super::{Home, action, guard, pattern};
use crate::cx::Cx;
use crate::names::Table;
use crate::program::{Clause, Program};
use crate::rule::Rule;
use crate::sql::Scope;

/// What the actions of a clause answer.
pub(super) struct Answered<'c> {
    pub(super) home: &'c Home<'c>,
    /// The alternatives with their failures.
    pub(super) alternatives: Vec<(&'c FailurePattern, &'static FailureInfo)>,
    /// The rules of the table that the alternatives match; `None` where they are not all known.
    pub(super) rules: Option<Vec<&'c Rule>>,
    pub(super) scope: Scope,
    pub(super) guarded: &'c BTreeMap<String, &'static str>,
}

/// The columns that a clause had better not write: of keys, and immutable ones; with why.
pub(super) fn guarded_columns(
    table: Option<&Table<'_>>,
    config: &Config,
    program: &Program,
) -> BTreeMap<String, &'static str> {
    let mut found: BTreeMap<String, &'static str> = BTreeMap::new();
    for column in config.list("immutable") {
        found.insert(column.clone(), "is `immutable`");
    }
    if let Some(table) = table {
        for load in program.loads.iter().filter(|l| l.table == table.name.value) {
            for column in load.config.list("key") {
                found.insert(column.clone(), "is in the key of a load");
            }
        }
    }
    found
}

/// Checks a clause; `None` when nothing can be run of it.
pub(super) fn clause(
    cx: &mut Cx<'_>,
    written: &syntax::Clause,
    home: &Home<'_>,
    guarded: &BTreeMap<String, &'static str>,
    program: &Program,
) -> Option<Clause> {
    let before = cx.out.len();
    let mut alternatives = Vec::new();
    let mut all_known = true;
    for p in &written.patterns {
        match pattern::pattern(cx, p, home, &program.rules) {
            Some(info) => alternatives.push((p, info)),
            None => all_known = false,
        }
    }
    let patterns_are_right = cx.out.len() == before && all_known;
    let rules = rules(home, &alternatives);
    if patterns_are_right {
        for (p, info) in &alternatives {
            never(cx, p, info, home);
        }
    }
    // Where a failure is not known, any field may be its.
    let fields = if all_known { common_fields(&alternatives) } else { all_fields() };
    let scope = Scope { fields: Some(fields), value: false };
    let guard = written.guard.as_ref().and_then(|sql| guard::guard(cx, sql, &alternatives, &scope));
    let answered = Answered { home, alternatives, rules, scope: Scope { value: true, ..scope }, guarded };
    let mut steps = Vec::new();
    let mut complete = patterns_are_right;
    for chain in &written.steps {
        let mut actions = Vec::new();
        for a in chain {
            match action::action(cx, a, &answered, all_known) {
                Some(done) => actions.push(done),
                None => complete = false,
            }
        }
        steps.push(actions);
    }
    // A guard that is written and not understood must not count as none.
    complete &= guard.is_some() == written.guard.is_some();
    let text = cx.sources.text(written.span.span).split_whitespace().collect::<Vec<_>>().join(" ");
    complete.then(|| Clause {
        index: 0,
        from_star: false,
        docs: written.docs.clone(),
        patterns: written.patterns.clone(),
        guard,
        steps,
        text,
        span: written.span.span,
    })
}

/// The fields that every alternative has: what `$name` may be.
fn common_fields(alternatives: &[(&FailurePattern, &'static FailureInfo)]) -> Vec<&'static Field> {
    let Some(((_, first), rest)) = alternatives.split_first() else { return Vec::new() };
    first.fields.iter().filter(|f| rest.iter().all(|(_, info)| info.field(f.name).is_some())).collect()
}

fn all_fields() -> Vec<&'static Field> {
    pipe_schema::failures().iter().flat_map(|f| f.fields).collect()
}

/// The rules that a clause on rules answers.
fn rules<'c>(home: &'c Home<'c>, alternatives: &[(&'c FailurePattern, &'static FailureInfo)]) -> Option<Vec<&'c Rule>> {
    let Home::Table { rules, complete: true, .. } = home else { return None };
    Some(rules.iter().filter(|r| alternatives.iter().any(|(p, _)| matches_rule(p, r, false))).collect())
}

/// Warns of an alternative that nothing of this table can match.
fn never(cx: &mut Cx<'_>, p: &FailurePattern, info: &FailureInfo, home: &Home<'_>) {
    let Home::Table { name, table, rules, complete } = home else { return };
    if let Some(table) = table
        && !matching::can_have(table.kind, info.name)
    {
        let kind = if info.name == "model_error" { "a source" } else { "a model" };
        cx.report(
            Diagnostic::warning(
                codes::NEVER,
                format!("`{name}` is {kind}: it never raises `{}`", info.name),
                p.failure.span,
            )
            .help("put the clause into the block of the table it is about, or into `heal *`"),
        );
        return;
    }
    let about_rules = matches!(info.name, "rule_failed" | "table_failed");
    if !about_rules || !*complete || !matching::picks_rules(p) || rules.iter().any(|r| matches_rule(p, r, false)) {
        return;
    }
    let span = p.fields.iter().map(|(n, v)| n.span.to(v.span)).reduce(Span::to).unwrap_or(p.failure.span);
    let mut d = Diagnostic::warning(codes::NEVER, format!("no rule of `{name}` fails like this"), span);
    if let Some(mild) = rules.iter().find(|r| matches_rule(p, r, true))
        && !matching::names_severity(p)
    {
        d = d.help(format!(
            "`{}` has severity `{1}`: without a severity a clause is for `error` and `critical`; add `severity: {1}`",
            mild.name,
            mild.severity.word()
        ));
    } else {
        d = d.help("name a rule, a column or a check that its `rules` have");
    }
    cx.report(d);
}
