//! One table judged by its rules, and nothing decided.

use std::collections::BTreeMap;
use std::sync::Arc;

use pipe_check::{Rule, Severity};
use pipe_compile::{Planner, Rows, Tables, columns_of};
use pipe_schema::Level;

use super::as_read::{AsRead, Opened};
use super::kept::Kept;
use super::report::{FailingRow, Judged, Looked};
use crate::engine::{Engine, Stopped, Watch};
use crate::groups::{self, Grouped};
use crate::history::History;
use crate::report::{FailureReport, RuleResult, Sample};
use crate::rulebook::Observed;
use crate::{columns, errors, results, told};

/// Samples of a rule's report.
const SAMPLES: usize = 5;

/// What was found of a table.
#[derive(Default)]
pub struct Inspected {
    /// The table.
    pub table: Looked,
    /// Its rules, in their order.
    pub rules: Vec<Judged>,
    /// What is wrong beside them.
    pub failures: Vec<FailureReport>,
    /// What else there is to say.
    pub notes: Vec<String>,
    /// All failing rows, where they are asked for.
    pub kept: Option<Kept>,
}

/// A table at work.
pub struct Inspector<'i, 'a> {
    /// The command.
    pub engine: &'i Engine<'a>,
    /// The tables.
    pub opened: &'i Opened<'i>,
    /// The table.
    pub table: &'i str,
    /// What it measured in earlier runs.
    pub history: &'i History,
    /// Rows listed of each rule.
    pub listed: usize,
    /// Whether all failing rows are kept, whole.
    pub keep: bool,
    /// Who watches.
    pub watch: Watch<'i>,
}

/// A verdict with what gave it, by the rule's place among those of its table.
pub type Verdicts = BTreeMap<u16, (Verdict, By)>;

/// What answers a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// The columns, before any row.
    Columns,
    /// The footers of Parquet files.
    Footer,
    /// The pass over all rows.
    Pass,
    /// The hashes of keys that the pass has taken.
    Keys,
    /// A query.
    Query,
}

impl By {
    /// In one word.
    pub fn word(self) -> &'static str {
        match self {
            By::Columns => "columns",
            By::Footer => "footer",
            By::Pass => "pass",
            By::Keys => "keys",
            By::Query => "query",
        }
    }
}

/// What is known of a rule.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Of a row or set rule: which rows violate it.
    Rows(Violations),
    /// Of any other: what was observed, and what was expected.
    Table(Observed, String),
}

/// The rows that violate a rule.
#[derive(Clone, Debug, Default)]
pub struct Violations {
    /// How many there are.
    pub count: u64,
    /// Of so many that were judged.
    pub judged: u64,
    /// The first of them; of a rule that is tolerated group by group of those in groups that fail.
    pub rows: Vec<FailingRow>,
    /// What was found group by group, and the violations in groups that fail.
    pub grouped: Option<(Grouped, u64)>,
}

impl Inspector<'_, '_> {
    /// Judges the table.
    ///
    /// # Errors
    /// It cannot be looked at.
    pub async fn inspect(&self) -> Result<Inspected, Stopped> {
        let program = self.engine.program();
        let rules: &[Rule] = program.rules.get(self.table).map(Vec::as_slice).unwrap_or_default();
        let read = self.opened.sources.get(self.table);
        let mut found = Inspected::default();
        found.table.name = self.table.to_owned();
        if let Some(read) = read {
            found.failures.extend(read.failures.iter().cloned());
            found.notes.extend(read.notes.iter().cloned());
            found.table.files = read.names().len() as u64;
        }
        self.watch.table_started(self.table, found.table.files, read.map_or(0, AsRead::bytes));
        let tables = self.opened.tables(self.engine, self.table);
        let planner = self.planner(&tables);
        let mut verdicts = self.without_rows(&planner, rules)?;
        let open: Vec<u16> = (0u16..).take(rules.len()).filter(|i| !verdicts.contains_key(i)).collect();
        if !open.is_empty() {
            verdicts.extend(self.with_rows(&tables, rules, &open, &mut found).await?);
        }
        let judged = (0u16..).zip(rules).filter_map(|(i, rule)| Some((rule, verdicts.remove(&i)?)));
        found.rules = judged.map(|(rule, verdict)| self.told(&planner, rule, verdict, found.table.rows)).collect();
        self.watch.table_finished(self.table);
        Ok(found)
    }

    /// A planner over these tables.
    pub fn planner<'p>(&'p self, tables: &'p Tables) -> Planner<'p> {
        Planner::new(&self.engine.session, tables, &self.engine.params, &self.engine.loaded.sources)
    }

    /// The rules that no row is needed for: those about columns, and those that read one that is not there.
    fn without_rows(&self, planner: &Planner<'_>, rules: &[Rule]) -> Result<Verdicts, Stopped> {
        let read = self.opened.sources.get(self.table);
        let provider = self.opened.providers.get(self.table);
        let provider = provider.ok_or_else(|| errors::internal(&format!("`{}` was not opened", self.table)))?;
        let found = read.map_or_else(|| provider.schema(), |r| Arc::clone(&r.found));
        let declared = read.map(|r| r.declared.as_slice()).unwrap_or_default();
        let mut verdicts = Verdicts::new();
        for (index, rule) in (0u16..).zip(rules) {
            if rule.level == Level::Schema {
                let seen = columns::judge(planner, rule, &found, declared)?;
                verdicts.insert(index, (Verdict::Table(seen, told::expected(rule)), By::Columns));
                continue;
            }
            let missing = columns_of(rule).into_iter().find(|c| read.is_some_and(|r| r.missing.contains(*c)));
            if let Some(column) = missing {
                let text = format!("there is no column `{column}`");
                let seen = Observed { text, ..Observed::default() };
                let expected = pipe_check::words::predicate_text(&rule.predicate);
                verdicts.insert(index, (Verdict::Table(seen, expected), By::Columns));
            }
        }
        Ok(verdicts)
    }

    /// A rule's report.
    fn told(&self, planner: &Planner<'_>, rule: &Rule, (found, by): (Verdict, By), rows: Option<u64>) -> Judged {
        let from = format!("typed.{}", self.table);
        let read = self.opened.sources.contains_key(self.table);
        let result = results::unjudged(planner, rule, &Rows { from: &from, read, ..Rows::default() });
        let mut told = Judged { judged_by: by.word().to_owned(), ..Judged::default() };
        let result = match found {
            Verdict::Table(seen, expected) => results::of_table(result, &seen, expected, rows.unwrap_or(0)),
            Verdict::Rows(found) => {
                let samples = found.rows.iter().take(SAMPLES).map(sample).collect();
                let mut result = results::of_rows(result, rule, (found.count, found.count), found.judged);
                let mut failing = found.count;
                if let Some((grouped, count)) = &found.grouped {
                    failing = *count;
                    result = groups::tell(result, grouped, failing);
                }
                told.more_failing_rows = failing.saturating_sub(found.rows.len() as u64);
                told.failing_rows = found.rows;
                RuleResult { samples, ..result }
            }
        };
        told.finding = !result.passed && rule.severity >= Severity::Error;
        told.result = result;
        told
    }

    /// What a violating row of a rule shows: the values of its columns.
    pub fn shown(&self, rule: &Rule, columns: &[&str]) -> Vec<usize> {
        let named = columns_of(rule);
        columns.iter().enumerate().filter(|(_, c)| named.contains(**c)).map(|(i, _)| i).collect()
    }
}

/// A failing row in the words of a run's report.
fn sample(row: &FailingRow) -> Sample {
    let text = |v: &serde_json::Value| match v {
        serde_json::Value::Null => "NULL".to_owned(),
        serde_json::Value::String(s) => s.clone(),
        other => other.to_string(),
    };
    let value = row.values.values().map(text).collect::<Vec<_>>().join(", ");
    Sample { file: row.file.clone(), line: row.line, row: row.row, value: value.chars().take(200).collect() }
}
