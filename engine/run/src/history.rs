//! What a table measured in earlier runs, and the verdicts of rules that compare with it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Utc};
use pipe_check::words::{measure_text, predicate_text};
use pipe_check::{Earlier, Rule};
use pipe_quality::history::{Judgement, Outcome, Past, judge, shown};
use pipe_schema::Level;
use pipe_state::{Metric, MetricState, PastMetric, Scope, State};

use crate::engine::Stopped;
use crate::errors;
use crate::report::{EarlierValue, GroupHistory, HistoryReport};
use crate::rulebook::{Group, Observed};
use crate::states::States;

/// The number of rows, which every table is measured by.
pub const ROWS: &str = "count(*)";
/// How many groups of a rule are kept of a run: the first in their order.
const GROUPS: usize = 10_000;
/// How many groups are named.
pub const NAMED: usize = 5;
/// A table of which more than this share of the rows read did not commit as it came is much healed: later runs do not compare
/// with it.
const MUCH: f64 = 0.1;

/// What a table measured in earlier runs.
#[derive(Clone, Debug, Default)]
pub struct History {
    scope: Scope,
    now: DateTime<Utc>,
    /// By measure, the oldest first.
    past: BTreeMap<String, Vec<PastMetric>>,
}

impl History {
    /// What the rules of a table look at.
    ///
    /// # Errors
    /// The state cannot be read.
    pub fn of(state: &State, table: &str, rules: &[Rule], scope: Scope, now: DateTime<Utc>) -> Result<Self, Stopped> {
        let mut wanted: BTreeMap<String, u32> = BTreeMap::new();
        for (rule, earlier) in rules.iter().filter_map(|r| Some((r, r.predicate.earlier()?))) {
            // Some do not count, and of a week's runs one may.
            let days = if earlier.same_weekday { 7 } else { 1 };
            let last = earlier.runs.saturating_add(10).saturating_mul(3).saturating_mul(days);
            let most = wanted.entry(measure_text(rule)).or_default();
            *most = last.max(*most);
        }
        let mut past = BTreeMap::new();
        for (measure, last) in wanted {
            let found = state.past_metrics(table, &measure, scope, last).map_err(|e| errors::state(&e))?;
            past.insert(measure, found);
        }
        Ok(Self { scope, now, past })
    }

    /// The verdict of a rule on earlier runs about what it observed, and what was expected.
    pub fn judge(&self, rule: &Rule, earlier: &Earlier, mut seen: Observed) -> (Observed, String) {
        let measure = measure_text(rule);
        let none = Vec::new();
        let past = self.past.get(&measure).unwrap_or(&none);
        let past = self.compared(past, earlier);
        let method = method_text(earlier);
        if rule.by.is_empty() {
            // NULL is no number: there is nothing to compare.
            let Some(value) = seen.value else { return (seen, method) };
            let runs: Vec<&PastMetric> = past.iter().collect();
            let judgement = judge(value, &values(&runs, rule), earlier);
            seen.holds = judgement.outcome != Outcome::Fails;
            seen.anomalous = !seen.holds;
            seen.history =
                Some(Box::new(told(earlier, &judgement, &runs, format!("{}; {}", shown(value), judgement.arithmetic))));
            let expected = match (judgement.low, judgement.high) {
                (Some(low), Some(high)) => {
                    format!("{} to {} ({method}: {})", shown(low), shown(high), judgement.arithmetic)
                }
                _ => format!("{method} ({})", judgement.arithmetic),
            };
            return (seen, expected);
        }
        (Self::judge_groups(rule, earlier, &past, seen), method)
    }

    /// The earlier values that a rule may look at: those of rows that are still there, with `same weekday` of the day of the run.
    fn compared(&self, past: &[PastMetric], earlier: &Earlier) -> Vec<PastMetric> {
        let gone = |m: &PastMetric| matches!(m.state, MetricState::Superseded | MetricState::Undone);
        let day = |at: &str| DateTime::parse_from_rfc3339(at).ok().map(|at| at.with_timezone(&Utc).weekday());
        let counts = |m: &&PastMetric| !earlier.same_weekday || day(&m.at) == Some(self.now.weekday());
        past.iter().filter(|m| !gone(m)).filter(counts).cloned().collect()
    }

    fn judge_groups(rule: &Rule, earlier: &Earlier, past: &[PastMetric], mut seen: Observed) -> Observed {
        let mut by_group: BTreeMap<&str, Vec<&PastMetric>> = BTreeMap::new();
        for metric in past {
            by_group.entry(&metric.group).or_default().push(metric);
        }
        if measure_text(rule).starts_with("count(") {
            let here: BTreeSet<String> = seen.groups.iter().map(|g| g.name.clone()).collect();
            // Of a group that is gone there are 0 rows, which is a number as any; of one that has been gone for long nothing.
            let gone = by_group.iter().filter(|(name, of)| {
                let lately = of.iter().rev().take(earlier.runs as usize);
                !here.contains(**name) && lately.into_iter().any(|m| m.value != 0.0)
            });
            let gone: Vec<Group> = gone.map(|(name, _)| Group { value: Some(0.0), ..Group::named(name) }).collect();
            seen.groups.extend(gone);
            seen.groups.sort_by(|a, b| a.name.cmp(&b.name));
        }
        let none = Vec::new();
        let (mut failing, mut warming, mut judged) = (Vec::new(), 0usize, Vec::new());
        for group in &mut seen.groups {
            let Some(value) = group.value else { continue };
            let runs = by_group.get(group.name.as_str()).unwrap_or(&none);
            let judgement = judge(value, &values(runs, rule), earlier);
            let text = format!("{}: {}; {}", group.name, shown(value), judgement.arithmetic);
            warming += usize::from(judgement.outcome == Outcome::WarmingUp);
            group.anomalous = judgement.outcome == Outcome::Fails;
            if group.anomalous {
                failing.push(text.clone());
            }
            judged.push((group.name.clone(), value, told(earlier, &judgement, runs, text)));
        }
        let groups = seen.groups.len();
        let counted = if groups == 1 { "1 group".to_owned() } else { format!("{groups} groups") };
        let more = if failing.len() > NAMED { "; …" } else { "" };
        let named = failing.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
        let up = if warming > 0 { format!(", {warming} warming up") } else { String::new() };
        seen.holds = failing.is_empty();
        seen.anomalous = !seen.holds;
        seen.text = match failing.len() {
            0 => format!("{counted}{up}"),
            n => format!("{n} of {counted}: {named}{more}{up}"),
        };
        let shown: Vec<GroupHistory> = judged
            .into_iter()
            .filter(|(_, _, h)| h.outcome != "pass" || groups <= NAMED)
            .map(|(group, value, history)| GroupHistory { group, value, history })
            .collect();
        seen.history = Some(Box::new(HistoryReport {
            outcome: match (seen.holds, warming == groups && groups > 0) {
                (false, _) => "fail",
                (true, true) => "warming_up",
                (true, false) => "pass",
            }
            .to_owned(),
            method: method_text(earlier),
            arithmetic: seen.text.clone(),
            groups: shown,
            ..HistoryReport::default()
        }));
        seen
    }

    /// What is kept of a run for later ones: what its table rules observed, and the number of its rows. `state`: what becomes
    /// of the table; `rows`: how many of its rows commit; `states`: what these look like. What of it is left out of too many groups
    /// is said.
    pub fn metrics<'o>(
        &self,
        observed: impl Iterator<Item = (&'o Rule, &'o Observed)>,
        state: MetricState,
        rows: Option<u64>,
        states: Option<&States>,
    ) -> (Vec<Metric>, Vec<String>) {
        let mut all: BTreeMap<(String, String), Metric> = BTreeMap::new();
        let mut notes = Vec::new();
        let whole = Metric { scope: self.scope, state, ..Metric::default() };
        if let Some(rows) = rows {
            let (name, value) = (ROWS.to_owned(), count(rows));
            all.insert((name.clone(), String::new()), Metric { name, value, ..whole.clone() });
        }
        for (rule, seen) in observed.filter(|(r, _)| matches!(r.level, Level::Table | Level::History)) {
            let name = measure_text(rule);
            let own = Group { value: seen.value, anomalous: seen.anomalous, ..Group::default() };
            let groups = if rule.by.is_empty() { std::slice::from_ref(&own) } else { &seen.groups };
            if groups.len() > GROUPS {
                let table = &rule.table;
                notes.push(format!(
                    "{table}: `{}` has {} groups; of the first {GROUPS} is kept what later runs compare with",
                    rule.name,
                    groups.len()
                ));
            }
            for group in groups.iter().take(GROUPS) {
                let Some(value) = group.value.filter(|v| v.is_finite()) else { continue };
                let metric = all.entry((name.clone(), group.name.clone())).or_insert_with(|| Metric {
                    group: group.name.clone(),
                    name: name.clone(),
                    value,
                    ..whole.clone()
                });
                metric.column = metric.column.take().or_else(|| rule.column.clone());
                if group.anomalous {
                    metric.objected.push(rule.name.clone());
                }
            }
        }
        for (column, name, value) in states.map(States::numbers).unwrap_or_default().into_iter() {
            let metric = Metric { column: Some(column), name: name.clone(), value, ..whole.clone() };
            all.entry((name, String::new())).or_insert(metric);
        }
        (all.into_values().collect(), notes)
    }
}

/// Whether later runs compare with a table of which so many of the rows read did not commit as they came.
pub fn state_of(read: u64, otherwise: u64) -> MetricState {
    if count(otherwise) > MUCH * count(read) { MetricState::Healed } else { MetricState::Committed }
}

#[expect(clippy::cast_precision_loss, reason = "no table has 2^53 rows")]
fn count(rows: u64) -> f64 {
    rows as f64
}

/// The values for a rule: one that another rule objected to counts for this one.
fn values(runs: &[&PastMetric], rule: &Rule) -> Vec<Past> {
    let counts = |m: &PastMetric| match m.state {
        MetricState::Committed => true,
        MetricState::Anomalous => !m.objected.contains(&rule.name),
        _ => false,
    };
    runs.iter().map(|m| Past { value: m.value, counts: counts(m) }).collect()
}

fn method_text(earlier: &Earlier) -> String {
    predicate_text(&pipe_check::Predicate::Earlier(*earlier))
}

fn told(earlier: &Earlier, judgement: &Judgement, runs: &[&PastMetric], arithmetic: String) -> HistoryReport {
    let used = judgement.used.iter().filter_map(|at| runs.get(*at));
    HistoryReport {
        outcome: match judgement.outcome {
            Outcome::Holds => "pass",
            Outcome::Fails => "fail",
            Outcome::WarmingUp => "warming_up",
        }
        .to_owned(),
        method: method_text(earlier),
        low: judgement.low,
        high: judgement.high,
        have: judgement.have as u64,
        needed: judgement.needed as u64,
        runs: used.map(|m| EarlierValue { run: m.run.clone(), value: m.value }).collect(),
        arithmetic,
        groups: Vec::new(),
    }
}
