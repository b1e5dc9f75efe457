//! `heal`: blocks, and what of `heal *` applies to each table.

pub(crate) mod action;
mod clause;
mod guard;
mod matching;
pub(crate) mod pattern;
mod reach;
mod truth;

use std::collections::BTreeMap;

use pipe_diagnostics::{Span, codes::heal as codes};
use pipe_schema::{Config, heal_keys};
use pipe_syntax as syntax;

use crate::config::{Owner, config};
use crate::cx::{Cx, twice};
use crate::names::Table;
use crate::program::{Clause, HealBlock, Program};
use crate::rule::Rule;

/// Where a clause stands, or what a pattern is about.
pub(crate) enum Home<'t> {
    /// The block of a table. `table` is `None` when it is unknown; `complete` when all its rules could be read.
    Table { name: &'t str, table: Option<&'t Table<'t>>, rules: &'t [Rule], complete: bool },
    /// `heal *`, or a test: any table. `complete` when all rules of the program could be read.
    Any { complete: bool },
}

impl<'t> Home<'t> {
    /// The table, if there is one and it is known.
    pub(crate) fn table(&self) -> Option<&'t Table<'t>> {
        match self {
            Home::Table { table, .. } => *table,
            Home::Any { .. } => None,
        }
    }
}

/// Checks all blocks and gives them to the program, `heal *` merged in. `broken`: tables some of whose rules could not be read.
pub(crate) fn heals(
    cx: &mut Cx<'_>,
    blocks: &[(&syntax::Heal, Span)],
    broken: &std::collections::BTreeSet<String>,
    program: &mut Program,
) {
    let mut first: BTreeMap<Option<&str>, Span> = BTreeMap::new();
    let mut own: BTreeMap<String, HealBlock> = BTreeMap::new();
    let mut star: Option<HealBlock> = None;
    for (block, keyword) in blocks {
        let name = block.table.as_ref().map(|t| t.value.as_str());
        let place = block.table.as_ref().map_or(*keyword, |t| t.span);
        if let Some(before) = first.get(&name) {
            let message = name.map_or("`heal *` stands twice".to_owned(), |n| format!("`{n}` has two heal blocks"));
            cx.report(
                twice(codes::SECOND_BLOCK, &message, place, *before)
                    .help("put the clauses into one block: their order decides"),
            );
            continue;
        }
        first.insert(name, place);
        let checked = self::block(cx, block, place, broken, program);
        match &block.table {
            Some(table) => _ = own.insert(table.value.clone(), checked),
            None => star = Some(checked),
        }
    }
    if let Some(star) = &star {
        for (name, table) in &cx.names.tables {
            let rules = program.rules.get(*name).map_or(&[][..], Vec::as_slice);
            let block = own
                .entry((*name).to_owned())
                .or_insert_with(|| HealBlock { clauses: Vec::new(), config: star.config.clone() });
            inherit(&mut block.config, &star.config);
            let clauses = star.clauses.iter().filter_map(|c| matching::for_table(c, table, rules));
            for clause in clauses {
                if table.is_model() {
                    unordered(cx, &clause, table, rules);
                }
                block.clauses.push(clause);
            }
        }
    }
    for block in own.values_mut() {
        for (i, clause) in block.clauses.iter_mut().enumerate() {
            clause.index = i + 1;
        }
    }
    program.heals = own;
}

fn block(
    cx: &mut Cx<'_>,
    block: &syntax::Heal,
    place: Span,
    broken: &std::collections::BTreeSet<String>,
    program: &Program,
) -> HealBlock {
    let table = block.table.as_ref().and_then(|t| cx.table(t));
    let rules = block.table.as_ref().and_then(|t| program.rules.get(&t.value)).map_or(&[][..], Vec::as_slice);
    let home = match &block.table {
        Some(t) => {
            Home::Table { name: &t.value, table, rules, complete: table.is_some() && !broken.contains(&t.value) }
        }
        None => Home::Any { complete: broken.is_empty() },
    };
    let what = match &block.table {
        Some(t) => format!("the heal block of `{}`", t.value),
        None => "`heal *`".to_owned(),
    };
    let config = config(cx, &[heal_keys()], block.with.as_ref(), &Owner { what, at: place, table });
    let guarded = clause::guarded_columns(home.table(), &config, program);
    let mut clauses: Vec<Clause> = Vec::new();
    for written in &block.clauses {
        clauses.extend(clause::clause(cx, written, &home, &guarded, program));
    }
    reach::unreachable(cx, &clauses);
    reach::needless_else(cx, &clauses);
    HealBlock { clauses, config }
}

/// Reports what a clause of `heal *` would do to rows of a model in an order that they do not have.
fn unordered(cx: &mut Cx<'_>, clause: &Clause, model: &Table<'_>, rules: &[Rule]) {
    for action in clause.steps.iter().flatten() {
        let applies = |r: &Rule| {
            let info = pipe_schema::action(action.name);
            info.is_some_and(|info| info.applies_to(pattern::failure_of(r), Some(r.check)))
        };
        let matched = |r: &Rule| clause.patterns.iter().any(|p| matching::matches_rule(p, r, false)) && applies(r);
        if rules.iter().any(matched) {
            let written = syntax::Spanned::new(action.syntax.clone(), action.span);
            action::refuse_unordered(cx, &written, model);
        }
    }
}

/// Takes the keys that only the project's defaults give.
fn inherit(own: &mut Config, star: &Config) {
    for key in &star.given {
        if own.is_given(key) {
            continue;
        }
        if let Some(value) = star.values.get(key) {
            own.values.insert(key, value.clone());
        }
        own.given.push(key);
        own.params.extend(star.params.iter().filter(|(k, ..)| k == key).cloned());
    }
}
