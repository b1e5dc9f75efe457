//! `rules`: each predicate of each subject of a line is one rule.

mod against;
mod compound;
mod earlier;
mod options;
mod predicate;
mod statistic;
mod subject;

use std::collections::BTreeMap;

use pipe_diagnostics::{Diagnostic, Span, codes::rules as codes};
use pipe_syntax::{self as syntax, Spanned};

use crate::cx::{Cx, twice};
use crate::names::Table;
use crate::rule::{Predicate, Rule};
use options::Options;
use subject::Subject;

/// The rules of a program, by table, and where each name was given.
#[derive(Default)]
pub(crate) struct RuleSet {
    pub(crate) by_table: BTreeMap<String, Vec<Rule>>,
    names: BTreeMap<(String, String), Span>,
}

/// Checks a block and adds its rules.
pub(crate) fn rules(cx: &mut Cx<'_>, block: &syntax::Rules, set: &mut RuleSet) {
    let table = cx.table(&block.table);
    let mut found = Vec::new();
    for item in &block.items {
        found.extend(line(cx, &block.table, table, item));
    }
    if table.is_none() {
        // They were looked at, but judge nothing.
        return;
    }
    for (rule, place) in found {
        let key = (rule.table.clone(), rule.name.clone());
        if let Some(first) = set.names.get(&key) {
            let message = format!("two rules of `{}` are called `{}`", rule.table, rule.name);
            cx.report(
                twice(codes::DUPLICATE_RULE, &message, place, *first)
                    .help("give one of them a name: write `name:` in front of the line"),
            );
            continue;
        }
        set.names.insert(key, place);
        set.by_table.entry(rule.table.clone()).or_default().push(rule);
    }
}

/// The rules of a line, each with the words to underline when its name is taken.
fn line(
    cx: &mut Cx<'_>,
    table_name: &syntax::Name,
    table: Option<&Table<'_>>,
    line: &syntax::Rule,
) -> Vec<(Rule, Span)> {
    let options = options::options(cx, table, &line.options);
    let subjects = subject::subjects(cx, table, &line.subject);
    let boolean = [Spanned::new(None, line.span.span)];
    let written: Vec<Spanned<Option<&syntax::Predicate>>> =
        line.predicates.iter().map(|p| Spanned::new(Some(&p.value), p.span)).collect();
    let predicates = if written.is_empty() { &boolean[..] } else { &written };
    let mut out: Vec<(Rule, Span)> = Vec::new();
    let mut told = false;
    for (s, subject) in subjects.iter().enumerate() {
        for (p, predicate) in predicates.iter().enumerate() {
            let place = Spanned::new((), predicate.span);
            let judged = match predicate.value {
                Some(written) => predicate::predicate(cx, table, subject, &Spanned::new(written, place.span), &options),
                None => predicate::boolean(cx, table, subject),
            };
            let Some((predicate, check, level)) = judged else { continue };
            options.fit(cx, subject, &predicate, (check, level));
            let Some(name) = name(line.name.as_ref(), subject, check, s, p) else {
                if !told {
                    told = true;
                    cx.report(nameless(subject));
                }
                continue;
            };
            let span =
                line.name.as_ref().map_or(if written.is_empty() { subject.span } else { place.span }, |n| n.span);
            let of_model = table.is_some_and(Table::is_model);
            let rule = rule(table_name, line, subject, name, predicate, (check, level), &options);
            out.push((Rule { of_model, ..rule }, span));
        }
    }
    out
}

fn nameless(subject: &Subject) -> Diagnostic {
    Diagnostic::error(codes::NAME_NEEDED, "a rule over an expression needs a name", subject.span)
        .help("write it in front, as in `total_adds_up: (total = quantity * unit_price);`")
}

/// `column.check` without a name; with one, the first rule of the line has just it, and the others say what tells them from the first.
fn name(given: Option<&syntax::Name>, subject: &Subject, check: &str, s: usize, p: usize) -> Option<String> {
    Some(match (given, subject.tag.as_deref()) {
        (Some(name), _) if s == 0 && p == 0 => name.value.clone(),
        (Some(name), _) if s == 0 => format!("{}.{check}", name.value),
        (Some(name), Some(tag)) if p == 0 => format!("{}.{tag}", name.value),
        (Some(name), Some(tag)) => format!("{}.{tag}.{check}", name.value),
        (Some(_), None) => return None,
        (None, Some("")) => check.to_owned(),
        (None, Some(tag)) => format!("{tag}.{check}"),
        (None, None) => return None,
    })
}

fn rule(
    table: &syntax::Name,
    line: &syntax::Rule,
    subject: &Subject,
    name: String,
    predicate: Predicate,
    (check, level): (&'static str, pipe_schema::Level),
    options: &Options,
) -> Rule {
    let default = pipe_schema::predicate(check).map_or("validity", |p| p.dimension);
    Rule {
        table: table.value.clone(),
        name,
        docs: line.docs.clone(),
        column: subject.column.clone(),
        subject: subject.expressions.clone(),
        predicate,
        check,
        level,
        tolerate: options.tolerate(),
        warn: options.warn(),
        by: options.by(),
        of_model: false,
        approx: options.approx.is_some(),
        severity: options.severity,
        dimension: options.dimension.clone().unwrap_or_else(|| default.to_owned()),
        filter: options.filter.clone(),
        // What is asked of files has no answer where there are none, and is not right then.
        null_fails: options.null_fails.is_some() || subject.expressions.iter().any(crate::rule::asks_files),
        because: options.because.clone(),
        span: line.span.span,
    }
}
