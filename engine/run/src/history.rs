//! What a table measured in earlier runs, and the verdicts of rules that compare with it.

mod partitions;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Utc};
use pipe_check::words::{measure_text, predicate_text};
use pipe_check::{Earlier, Program, Rule};
use pipe_quality::history::{Judgement, Outcome, Past, judge, shown};
use pipe_schema::Level;
use pipe_state::{Metric, MetricState, PastMetric, Scope, State};

use crate::engine::Stopped;
use crate::errors;
use crate::report::{EarlierValue, GroupHistory, HistoryReport};
use crate::rulebook::{Group, Observed};
use crate::states::{Number, States};
use partitions::Partitions;

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
    /// The columns whose values are the partitions of the table's load.
    partition: Vec<String>,
    /// Batches of which files are replaced now.
    leaving: BTreeSet<i64>,
    /// By measure, the oldest first.
    past: BTreeMap<String, Vec<PastMetric>>,
}

impl History {
    /// What the rules of a table look at.
    ///
    /// # Errors
    /// The state cannot be read.
    pub fn of(
        state: &State,
        program: &Program,
        table: &str,
        scope: Scope,
        now: DateTime<Utc>,
    ) -> Result<Self, Stopped> {
        let rules = program.rules.get(table).map(Vec::as_slice).unwrap_or_default();
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
        Ok(Self { scope, now, partition: partitions::columns(program, table), leaving: BTreeSet::new(), past })
    }

    /// The same where this run replaces the rows that files of these batches gave.
    #[must_use]
    pub fn replacing(mut self, batches: impl IntoIterator<Item = i64>) -> Self {
        self.leaving.extend(batches);
        self
    }

    /// The verdict of a rule on earlier runs about what it observed, and what was expected.
    pub fn judge(&self, rule: &Rule, earlier: &Earlier, mut seen: Observed) -> (Observed, String) {
        let measure = measure_text(rule);
        let none = Vec::new();
        let past = self.past.get(&measure).unwrap_or(&none);
        let method = method_text(earlier);
        if !rule.by.is_empty() && rule.by == self.partition {
            return (self.judge_partitions(rule, earlier, past, seen), method);
        }
        let past = self.compared(past, earlier);
        if rule.by.is_empty() {
            // NULL is no number: there is nothing to compare.
            let Some(value) = seen.value else {
                seen.holds = !rule.null_fails;
                return (seen, method);
            };
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
        let day = |at: &str| DateTime::parse_from_rfc3339(at).ok().map(|at| at.with_timezone(&Utc).weekday());
        let counts = |m: &&PastMetric| !earlier.same_weekday || day(&m.at) == Some(self.now.weekday());
        past.iter().filter(|m| is_there(m)).filter(counts).cloned().collect()
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
        let mut judged = Vec::new();
        for group in &mut seen.groups {
            let Some(value) = group.value else { continue };
            let runs = by_group.get(group.name.as_str()).unwrap_or(&none);
            let judgement = judge(value, &values(runs, rule), earlier);
            group.anomalous = judgement.outcome == Outcome::Fails;
            let text = format!("{}: {}; {}", group.name, shown(value), judgement.arithmetic);
            judged.push((group.name.clone(), value, told(earlier, &judgement, runs, text)));
        }
        Self::of_groups((rule, earlier), seen, judged, "group")
    }

    /// Each partition against those before it, in earlier runs and in this one.
    fn judge_partitions(&self, rule: &Rule, earlier: &Earlier, past: &[PastMetric], mut seen: Observed) -> Observed {
        let adds = Partitions::adds(&measure_text(rule), self.scope);
        let again = |m: &PastMetric| self.leaving.contains(&m.batch) && seen.groups.iter().any(|g| g.name == m.group);
        let past: Vec<PastMetric> = past.iter().filter(|m| is_there(m) && !again(m)).cloned().collect();
        let mut partitions = Partitions::new(&past, adds);
        let values_now: Vec<Option<f64>> =
            seen.groups.iter().map(|g| Some(partitions.take(&g.name, g.value?, adds))).collect();
        let mut groups: Vec<(&mut Group, f64)> =
            seen.groups.iter_mut().zip(values_now).filter_map(|(g, value)| Some((g, value?))).collect();
        groups.sort_by(|(a, _), (b, _)| partitions::order(&a.name, &b.name));
        let mut judged = Vec::new();
        for (group, value) in groups {
            let before = partitions.before(&group.name, earlier.same_weekday);
            let judgement = judge(value, &values(&before, rule), earlier);
            group.anomalous = judgement.outcome == Outcome::Fails;
            let arithmetic = judgement.arithmetic.replace(" runs", " partitions").replace(" run", " partition");
            let text = format!("{}: {}; {arithmetic}", group.name, shown(value));
            judged.push((group.name.clone(), value, told(earlier, &judgement, &before, text)));
            if group.anomalous {
                partitions.object(&group.name, &rule.name);
            }
        }
        Self::of_groups((rule, earlier), seen, judged, "partition")
    }

    /// What all groups come to.
    fn of_groups(
        (rule, earlier): (&Rule, &Earlier),
        mut seen: Observed,
        judged: Vec<(String, f64, HistoryReport)>,
        what: &str,
    ) -> Observed {
        let of = |outcome: &'static str| judged.iter().filter(move |(_, _, h)| h.outcome == outcome);
        let nulls = seen.groups.iter().filter(|g| rule.null_fails && g.value.is_none());
        let nulls: Vec<String> = nulls.map(|g| format!("{}: NULL", g.name)).collect();
        let failing = of("fail").map(|(_, _, h)| h.arithmetic.as_str());
        let failing: Vec<&str> = failing.chain(nulls.iter().map(String::as_str)).collect();
        let warming = of("warming_up").count();
        let groups = seen.groups.len();
        let counted = if groups == 1 { format!("1 {what}") } else { format!("{groups} {what}s") };
        let more = if failing.len() > NAMED { "; …" } else { "" };
        let named = failing.iter().take(NAMED).copied().collect::<Vec<_>>().join("; ");
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
        // By partition, what was measured, and group.
        let mut all: BTreeMap<(String, String, String), Metric> = BTreeMap::new();
        let of_all = String::new;
        let mut notes = Vec::new();
        let whole = Metric { scope: self.scope, state, ..Metric::default() };
        if let Some(rows) = rows {
            let (name, value) = (ROWS.to_owned(), count(rows));
            all.insert((of_all(), name.clone(), String::new()), Metric { name, value, ..whole.clone() });
        }
        for (partition, rows) in states.into_iter().flat_map(States::partitions) {
            let (partition, name, value) = (partition.to_owned(), ROWS.to_owned(), count(rows));
            let key = (partition.clone(), name.clone(), String::new());
            all.insert(key, Metric { partition, name, value, ..whole.clone() });
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
                let metric = all.entry((of_all(), name.clone(), group.name.clone())).or_insert_with(|| Metric {
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
        for Number { partition, column, name, value } in states.map(States::numbers).unwrap_or_default() {
            let key = (partition.clone(), name.clone(), String::new());
            all.entry(key).or_insert(Metric { partition, column: Some(column), name, value, ..whole.clone() });
        }
        (all.into_values().collect(), notes)
    }
}

/// Whether the rows that a number is of are still there.
fn is_there(metric: &PastMetric) -> bool {
    !matches!(metric.state, MetricState::Superseded | MetricState::Undone)
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
    predicate_text(&pipe_check::Predicate::Earlier(earlier.clone()))
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
