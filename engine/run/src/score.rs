//! The score of quality: a number from 0 to 100 for a rule, a column, a dimension, a table and the project.
//!
//! A rule about rows scores the share of the rows judged that do not violate it, whatever it tolerates: a tolerance says when
//! to stop, not what is good. A rule about the table scores all or nothing. Every other score is the mean of its rules, weighted
//! by severity. It is told of the rows as read, which is what its trend is of, and of what commits. Rules that did not judge have
//! no say: those a failed table did not come to, and those that are warming up.

use std::collections::BTreeMap;

use pipe_state::KeptScore;
use serde::{Deserialize, Serialize};

pub use pipe_state::Score;

use crate::report::RuleResult;

/// How many runs a trend goes back, this one included.
pub const TREND: usize = 10;

/// The scores of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scores {
    /// Of all tables; `None`: no rule judged anything.
    pub project: Option<Score>,
    /// Of tables.
    pub tables: Vec<Score>,
    /// Of dimensions: of each table, and without a table of all.
    pub dimensions: Vec<Score>,
    /// Of columns that rules are about.
    pub columns: Vec<Score>,
    /// Of rules.
    pub rules: Vec<Score>,
}

/// How much a rule counts. Each severity counts twice the one before: what fails a run must outweigh what is only reported, and a
/// few reported violations must still be seen.
fn weight(severity: &str) -> u64 {
    match severity {
        "info" => 1,
        "warning" => 2,
        "critical" => 8,
        _ => 4,
    }
}

/// What a rule gives: as read, and of what commits; from 0 to 1.
fn shares(rule: &RuleResult) -> Option<(f64, f64)> {
    if !["pass", "warn", "fail"].contains(&rule.verdict.as_str()) {
        return None;
    }
    if ["row", "set"].contains(&rule.level.as_str()) && rule.denominator.is_some() {
        let share = |violations: u64| 1.0 - crate::account::ratio(violations.min(rule.rows), rule.rows);
        return Some((share(rule.violations), share(rule.violations_after)));
    }
    let all = if rule.passed { 1.0 } else { 0.0 };
    Some((all, all))
}

/// Sums of the rules of a score.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    as_read: f64,
    after: f64,
    weight: u64,
    rules: u64,
}

/// What a score is of: its level, its table (or none), its name.
type Of = (&'static str, Option<String>, String);

impl Scores {
    /// The scores of these results; `earlier` are those of runs before, the newest first.
    pub fn of(results: &[RuleResult], earlier: &[KeptScore]) -> Self {
        let mut sums: BTreeMap<Of, Sums> = BTreeMap::new();
        for rule in results {
            let Some((as_read, after)) = shares(rule) else { continue };
            let table = Some(rule.table.clone());
            let mut of = vec![
                ("project", None, String::new()),
                ("table", table.clone(), rule.table.clone()),
                ("dimension", None, rule.dimension.clone()),
                ("dimension", table.clone(), rule.dimension.clone()),
                ("rule", table.clone(), rule.rule.clone()),
            ];
            of.extend(rule.column.clone().map(|column| ("column", table, column)));
            let weight = weight(&rule.severity);
            for of in of {
                let sum = sums.entry(of).or_default();
                sum.as_read += as_read * as_number(weight);
                sum.after += after * as_number(weight);
                sum.weight += weight;
                sum.rules += 1;
            }
        }
        let past = by_what(earlier);
        let mut scores = Self::default();
        for ((level, table, name), sum) in sums {
            let before = past.get(&(level, table.as_deref(), name.as_str())).map(Vec::as_slice).unwrap_or_default();
            let before: Vec<f64> = before.iter().take(TREND - 1).map(|s| s.score).collect();
            let (score, score_after) = (percent(sum.as_read, sum.weight), percent(sum.after, sum.weight));
            let (weight, rules) = (sum.weight, sum.rules);
            let score = Score { table, name, score, score_after, weight, rules, ..Score::default() };
            scores.put(level, trended(score, &before));
        }
        scores
    }

    /// The last score of each thing, with its trend; `kept` with the newest run first.
    pub fn latest(kept: &[KeptScore]) -> Self {
        let mut scores = Self::default();
        for ((level, ..), all) in by_what(kept) {
            let Some((last, before)) = all.split_first() else { continue };
            let before: Vec<f64> = before.iter().map(|s| s.score).collect();
            scores.put(level, trended((*last).clone(), &before));
        }
        scores
    }

    fn put(&mut self, level: &str, score: Score) {
        match level {
            "project" => self.project = Some(score),
            "table" => self.tables.push(score),
            "dimension" => self.dimensions.push(score),
            "column" => self.columns.push(score),
            _ => self.rules.push(score),
        }
    }

    /// All of them with their levels, as the state keeps them.
    pub fn all(&self) -> Vec<(String, Score)> {
        let levels = [
            ("table", &self.tables),
            ("dimension", &self.dimensions),
            ("column", &self.columns),
            ("rule", &self.rules),
        ];
        let rest =
            levels.into_iter().flat_map(|(level, scores)| scores.iter().map(move |s| (level.to_owned(), s.clone())));
        self.project.iter().map(|s| ("project".to_owned(), s.clone())).chain(rest).collect()
    }
}

/// Scores by what they are of, the newest first.
fn by_what(kept: &[KeptScore]) -> BTreeMap<(&str, Option<&str>, &str), Vec<&Score>> {
    let mut all: BTreeMap<_, Vec<&Score>> = BTreeMap::new();
    for KeptScore { level, score, .. } in kept {
        all.entry((level.as_str(), score.table.as_deref(), score.name.as_str())).or_default().push(score);
    }
    all
}

/// A score with those before it, the newest first.
fn trended(score: Score, before: &[f64]) -> Score {
    let change = before.first().map(|before| rounded(score.score - before));
    let trend = before.iter().rev().copied().chain([score.score]).collect();
    Score { change, trend, ..score }
}

#[expect(clippy::cast_precision_loss, reason = "weights of rules")]
fn as_number(weight: u64) -> f64 {
    weight as f64
}

fn percent(sum: f64, weight: u64) -> f64 {
    rounded(100.0 * sum / as_number(weight))
}

/// Four digits: more are noise of the division, and would differ with the order of rules.
fn rounded(n: f64) -> f64 {
    (n * 10_000.0).round() / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(table: &str, name: &str, level: &str, severity: &str, violations: (u64, u64), rows: u64) -> RuleResult {
        let share = level == "row";
        RuleResult {
            table: table.into(),
            rule: name.into(),
            column: share.then(|| "c".into()),
            level: level.into(),
            severity: severity.into(),
            dimension: "validity".into(),
            verdict: if violations.1 == 0 { "pass" } else { "fail" }.into(),
            passed: violations.1 == 0,
            violations: violations.0,
            violations_after: violations.1,
            rows,
            denominator: share.then_some(rows),
            ..RuleResult::default()
        }
    }

    #[test]
    fn rules_count_by_severity() {
        let results = [
            rule("t", "a", "row", "error", (50, 10), 100),
            rule("t", "b", "row", "info", (100, 100), 100),
            rule("u", "c", "table", "critical", (1, 1), 7),
            RuleResult { verdict: "skipped".into(), ..rule("u", "d", "row", "critical", (0, 0), 0) },
            RuleResult { verdict: "warming_up".into(), ..rule("u", "e", "history", "error", (0, 0), 0) },
        ];
        let scores = Scores::of(&results, &[]);
        let table: Vec<_> = scores.tables.iter().map(|s| (s.name.as_str(), s.score_after, s.score, s.weight)).collect();
        // (4 x 0.9 + 1 x 0) / 5, and (4 x 0.5) / 5.
        assert_eq!(table, [("t", 72.0, 40.0, 5), ("u", 0.0, 0.0, 8)]);
        let project = scores.project.unwrap();
        assert_eq!((project.score_after, project.rules, project.weight), (rounded(360.0 / 13.0), 3, 13));
        assert_eq!(scores.columns.iter().map(|s| (s.name.as_str(), s.rules)).collect::<Vec<_>>(), [("c", 2)]);
        assert_eq!(scores.rules.len(), 3);
        assert_eq!(scores.dimensions.len(), 3, "of all tables, and of each");
        assert_eq!(Scores::of(&results[3..], &[]), Scores::default());
    }

    #[test]
    fn no_row_is_nothing_wrong() {
        let scores = Scores::of(&[rule("t", "a", "row", "error", (0, 0), 0)], &[]);
        assert_eq!(scores.project.unwrap().score, 100.0);
    }

    #[test]
    fn a_trend_is_of_the_same_thing_and_ends_with_today() {
        let kept = |level: &str, table: Option<&str>, name: &str, score: f64| KeptScore {
            level: level.into(),
            score: Score { table: table.map(str::to_owned), name: name.into(), score, ..Score::default() },
            ..KeptScore::default()
        };
        let mut earlier = vec![kept("table", Some("t"), "t", 80.0), kept("column", Some("t"), "t", 1.0)];
        earlier.extend((0..20).map(|_| kept("table", Some("t"), "t", 70.0)));
        let scores = Scores::of(&[rule("t", "a", "row", "error", (10, 10), 100)], &earlier);
        let table = &scores.tables[0];
        assert_eq!((table.change, table.trend.len()), (Some(10.0), TREND));
        assert_eq!((table.trend[0], table.trend[TREND - 2], table.trend[TREND - 1]), (70.0, 80.0, 90.0));
        assert_eq!(scores.columns[0].change, None);
    }
}
