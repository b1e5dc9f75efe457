//! `tolerate` and `warn above` group by group: which groups have more violations than they may.
//!
//! What is let pass in a group is known when all its rows are, so the rows of such rules are counted in a pass of their own, before
//! the one that splits them.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::Schema;
use pipe_check::{Predicate, Rule, Tolerance};
use pipe_quality::{GroupCount, GroupCounts, GroupKey, Groups, Judge, count_groups, merge_groups};
use pipe_schema::Level;
use tokio::task::JoinSet;

use crate::account::{exceeds, ratio};
use crate::engine::{Engine, Stopped};
use crate::errors;
use crate::pass::Input;
use crate::report::{GroupResult, RuleResult};
use crate::rulebook::Rulebook;

/// How many groups are told of by name.
const NAMED: usize = 20;

/// What a rule finds group by group.
#[derive(Clone, Debug, Default)]
pub struct Grouped {
    /// How many groups have rows that are judged.
    pub groups: u64,
    /// How many have more violations than are let pass.
    pub failing: u64,
    /// How many more have more than the rule warns of.
    pub warning: u64,
    /// The first of these, those that fail first, the worst first.
    pub named: Vec<GroupResult>,
}

/// Whether a rule's tolerance is one of each group of its rows.
pub fn is_grouped(rule: &Rule) -> bool {
    let counted = rule.tolerate != Tolerance::None || rule.warn.is_some();
    counted && !rule.by.is_empty() && matches!(rule.level, Level::Row | Level::Set)
}

/// Whether a set rule is proven by hashes of its keys, if none repeats: not where rows without a key violate, or are counted by group.
pub fn is_proven_by_hashes(rule: &Rule) -> bool {
    matches!(rule.predicate, Predicate::Unique) && !is_grouped(rule) && !rule.null_fails
}

/// Whether so many violations raise a failure. Of a rule with groups they are those of groups that fail.
pub fn raises(rule: &Rule, violations: u64, judged: u64) -> bool {
    if is_grouped(rule) { violations > 0 } else { exceeds(rule.tolerate, violations, judged) }
}

/// The groups of the rules of a book that single rows are judged by; none are known to fail yet.
pub fn prepare(book: &mut Rulebook) {
    let rows = book.judge.rules.iter().map(|r| r.rule).chain(book.judge.memberships.iter().map(|m| m.rule));
    for index in rows.collect::<Vec<_>>() {
        let Some(rule) = book.rule(index).filter(|r| is_grouped(r)) else { continue };
        let columns = rule.by.iter().filter_map(|c| book.row.index_of_column_by_name(None, c)).collect();
        book.judge.groups.insert(index, Groups { columns, ..Groups::default() });
    }
}

/// Counts the groups of such rules over an input and takes down which of them fail.
///
/// # Errors
/// The rows cannot be read.
pub async fn count(
    engine: &Engine<'_>,
    book: &mut Rulebook,
    input: &Input,
    aside: &std::collections::BTreeSet<u32>,
) -> Result<(), Stopped> {
    // Only what is counted is judged.
    let mut judge = book.judge.clone();
    judge.rules.retain(|r| judge.groups.contains_key(&r.rule));
    judge.memberships.retain(|m| judge.groups.contains_key(&m.rule));
    let judge: Arc<Judge> = Arc::new(judge.sharing(&input.schema)?);
    let mut tasks = JoinSet::new();
    for partition in 0..input.partitions() {
        let stream = input.stream(partition, engine.session.task_ctx())?;
        let (judge, meta, aside) = (Arc::clone(&judge), input.meta, aside.clone());
        tasks.spawn(async move { count_groups(stream, &judge, meta, &aside).await });
    }
    let mut counts = GroupCounts::new();
    while let Some(counted) = tasks.join_next().await {
        merge_groups(&mut counts, counted.map_err(|e| errors::internal(&e))??);
    }
    for (index, mut groups) in std::mem::take(&mut book.judge.groups) {
        let Some(rule) = book.rule(index).cloned() else { continue };
        let counts = counts.remove(&index).unwrap_or_default();
        let (failing, told) = decide(&rule, counts, |key| named(&rule, &groups, &input.schema, key))?;
        groups.failing = Arc::new(failing.into_iter().collect());
        book.grouped.insert(index, told);
        book.judge.groups.insert(index, groups);
    }
    Ok(())
}

/// A group by its name: `shop = a, state = new`. `schema`: what the columns of the groups are columns of.
///
/// # Errors
/// The key is none of these groups.
pub fn named(rule: &Rule, groups: &Groups, schema: &Schema, key: &GroupKey) -> Result<String, Stopped> {
    let values = groups.values(schema, key)?;
    let texts = values.iter().map(|v| crate::rulebook::observed(v.as_ref(), None).text);
    let each = rule.by.iter().zip(texts).map(|(column, value)| format!("{column} = {value}"));
    Ok(each.collect::<Vec<_>>().join(", "))
}

/// Which groups fail, and what is told of them.
///
/// # Errors
/// A group cannot be named.
#[expect(clippy::iter_over_hash_type, reason = "what is told is sorted, and the failing groups are a set")]
pub fn decide<K>(
    rule: &Rule,
    counts: HashMap<K, GroupCount>,
    named: impl Fn(&K) -> Result<String, Stopped>,
) -> Result<(Vec<K>, Grouped), Stopped> {
    let mut told = Grouped { groups: counts.len() as u64, ..Grouped::default() };
    let (mut failing, mut results) = (Vec::new(), Vec::new());
    for (key, GroupCount { judged, violations }) in counts {
        let fails = exceeds(rule.tolerate, violations, judged);
        let warns = rule.warn.is_some_and(|warn| exceeds(warn, violations, judged));
        if !fails && !warns {
            continue;
        }
        let verdict = if fails { "fail" } else { "warn" }.to_owned();
        *if fails { &mut told.failing } else { &mut told.warning } += 1;
        results.push(GroupResult { group: named(&key)?, verdict, violations, rows: judged });
        if fails {
            failing.push(key);
        }
    }
    let share = |g: &GroupResult| ratio(g.violations, g.rows);
    results.sort_by(|a, b| {
        (&a.verdict, share(b))
            .partial_cmp(&(&b.verdict, share(a)))
            .unwrap_or(std::cmp::Ordering::Equal)
            .then_with(|| a.group.cmp(&b.group))
    });
    results.truncate(NAMED);
    told.named = results;
    Ok((failing, told))
}

/// Adds what was found group by group to a result.
pub fn tell(mut told: RuleResult, grouped: &Grouped, failing_after: u64) -> RuleResult {
    told.passed = failing_after == 0;
    told.verdict = match (told.passed, grouped.warning > 0 || grouped.failing > 0 && told.warn_above.is_some()) {
        (false, _) => "fail",
        (true, true) => "warn",
        (true, false) => "pass",
    }
    .to_owned();
    told.groups.clone_from(&grouped.named);
    let text = |g: &GroupResult| format!("{}: {} of {}", g.group, g.violations, g.rows);
    let named = |verdict: &str| {
        let of: Vec<String> = grouped.named.iter().filter(|g| g.verdict == verdict).map(text).collect();
        of.into_iter().take(5).collect::<Vec<_>>().join("; ")
    };
    told.observed = Some(match (grouped.failing, grouped.warning) {
        (0, 0) => format!("{} groups, all as expected", grouped.groups),
        (0, n) => format!("{n} of {} groups to be warned of: {}", grouped.groups, named("warn")),
        (n, _) => format!("{n} of {} groups: {}", grouped.groups, named("fail")),
    });
    told
}
