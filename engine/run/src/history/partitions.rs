//! Rules whose groups are the partitions of the table's load: a partition is compared with those before it. Its own earlier values are no
//! history, for it is written once, or again because it is late or was wrong.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, Weekday};
use pipe_check::Program;
use pipe_schema::Transform;
use pipe_state::{MetricState, PastMetric, Scope};

use crate::first_pass::partition_of;

/// The columns whose values are the partitions of a table's load; none where it has no partitions, or they are made of parts of values.
pub fn columns(program: &Program, table: &str) -> Vec<String> {
    let fields = partition_of(program, table);
    let whole = fields.iter().all(|f| f.transform == Transform::Identity);
    fields.iter().filter(|_| whole).map(|f| f.column.clone()).collect()
}

/// The partitions of a table as they are now.
#[derive(Debug, Default)]
pub struct Partitions {
    /// By name.
    all: BTreeMap<Name, PastMetric>,
}

impl Partitions {
    /// Of what was measured of each in earlier batches, the oldest first. Where `adds` the rows of a partition are those of all batches
    /// that are still there; else it is what the latest one found.
    pub fn new(past: &[PastMetric], adds: bool) -> Self {
        let mut all: BTreeMap<Name, PastMetric> = BTreeMap::new();
        for metric in past {
            let name = Name(metric.group.clone());
            let mut now = PastMetric { run: metric.group.clone(), ..metric.clone() };
            if let Some(before) = all.get(&name).filter(|_| adds) {
                now.value += before.value;
                if now.state == MetricState::Committed {
                    (now.state, now.objected) = (before.state, before.objected.clone());
                }
            }
            all.insert(name, now);
        }
        Self { all }
    }

    /// Whether a measure of a batch is a part of the partition's, as the number of its new rows is.
    pub fn adds(measure: &str, scope: Scope) -> bool {
        scope == Scope::Batch && measure.starts_with("count(")
    }

    /// Takes in what this run finds of a partition; gives what it comes to.
    pub fn take(&mut self, group: &str, value: f64, adds: bool) -> f64 {
        let name = Name(group.to_owned());
        let before = self.all.get(&name).filter(|_| adds).map_or(0.0, |m| m.value);
        let now = PastMetric {
            run: group.to_owned(),
            at: String::new(),
            batch: i64::MAX,
            group: group.to_owned(),
            value: before + value,
            state: MetricState::Committed,
            objected: Vec::new(),
        };
        self.all.insert(name, now);
        before + value
    }

    /// Marks what a rule found wrong with a partition of this run: it is no measure for those behind it.
    pub fn object(&mut self, group: &str, rule: &str) {
        if let Some(metric) = self.all.get_mut(&Name(group.to_owned())) {
            metric.state = MetricState::Anomalous;
            metric.objected.push(rule.to_owned());
        }
    }

    /// The partitions before one, in order; with `same_weekday` those of its day of the week, where partitions are days.
    pub fn before(&self, group: &str, same_weekday: bool) -> Vec<&PastMetric> {
        let day = weekday(group).filter(|_| same_weekday);
        let before = self.all.range(..Name(group.to_owned())).map(|(_, metric)| metric);
        before.filter(|m| day.is_none() || weekday(&m.group) == day).collect()
    }
}

/// The name of a group, in the order of people: `n = 9` before `n = 10`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Name(String);

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut a, mut b) = (self.0.as_str(), other.0.as_str());
        loop {
            let ((digits_a, rest_a), (digits_b, rest_b)) = (digits(a), digits(b));
            if !digits_a.is_empty() && !digits_b.is_empty() {
                let (x, y) = (digits_a.trim_start_matches('0'), digits_b.trim_start_matches('0'));
                let order = x.len().cmp(&y.len()).then_with(|| x.cmp(y));
                if order != Ordering::Equal {
                    return order;
                }
                (a, b) = (rest_a, rest_b);
                continue;
            }
            let (mut x, mut y) = (a.chars(), b.chars());
            match (x.next(), y.next()) {
                (Some(p), Some(q)) if p == q => (a, b) = (x.as_str(), y.as_str()),
                (p, q) => return p.cmp(&q).then_with(|| self.0.cmp(&other.0)),
            }
        }
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The order of partitions by their names.
pub fn order(a: &str, b: &str) -> Ordering {
    Name(a.to_owned()).cmp(&Name(b.to_owned()))
}

/// The digits that a text begins with, and the rest.
fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// The day of the week of the first date in a group's name.
fn weekday(group: &str) -> Option<Weekday> {
    let dates = group.split(" = ").filter_map(|part| NaiveDate::parse_from_str(part.get(..10)?, "%Y-%m-%d").ok());
    dates.map(|d| d.weekday()).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(batch: i64, group: &str, value: f64) -> PastMetric {
        let group = group.to_owned();
        let (run, at) = (batch.to_string(), String::new());
        PastMetric { run, at, batch, group, value, state: MetricState::Committed, objected: Vec::new() }
    }

    fn told(before: &[&PastMetric]) -> Vec<(String, f64)> {
        before.iter().map(|m| (m.run.clone(), m.value)).collect()
    }

    #[test]
    fn late_rows_add_to_their_partition_and_a_partition_is_compared_with_those_before_it() {
        let past = [
            metric(1, "day = 2026-01-01", 95.0),
            metric(2, "day = 2026-01-02", 100.0),
            metric(3, "day = 2026-01-01", 5.0),
        ];
        let mut all = Partitions::new(&past, true);
        assert_eq!(all.take("day = 2026-01-02", 2.0, true), 102.0);
        assert_eq!(told(&all.before("day = 2026-01-02", false)), [("day = 2026-01-01".to_owned(), 100.0)]);
        assert_eq!(told(&all.before("day = 2026-01-01", false)), []);
        let latest = Partitions::new(&past, false);
        assert_eq!(told(&latest.before("day = 2026-01-09", false)).len(), 2);
        assert_eq!(told(&latest.before("day = 2026-01-02", false)), [("day = 2026-01-01".to_owned(), 5.0)]);
    }

    #[test]
    fn partitions_are_ordered_as_people_count_and_have_days_of_the_week() {
        let past: Vec<PastMetric> = ["n = 10", "n = 9", "n = 1"].iter().map(|g| metric(1, g, 1.0)).collect();
        let all = Partitions::new(&past, true);
        assert_eq!(
            told(&all.before("n = 10", true)).into_iter().map(|(n, _)| n).collect::<Vec<_>>(),
            ["n = 1", "n = 9"]
        );
        let days: Vec<PastMetric> = (1..=15).map(|d| metric(d, &format!("day = 2026-06-{d:02}"), 1.0)).collect();
        let all = Partitions::new(&days, true);
        assert_eq!(
            told(&all.before("day = 2026-06-15", true)).into_iter().map(|(n, _)| n).collect::<Vec<_>>(),
            ["day = 2026-06-01", "day = 2026-06-08"]
        );
    }
}
