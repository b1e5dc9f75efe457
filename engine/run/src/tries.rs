//! Another try at a source: `retry` after an error, `skip file` without a file.

use std::time::Duration;

use pipe_compile::{Planner, Tables};
use pipe_connect::source::InputFile;
use pipe_heal::action::ResolvedAction;
use pipe_heal::classify::Kind;
use pipe_heal::retry::{RetryBudget, SplitMix64};

use crate::clauses::answer;
use crate::engine::{Engine, Stopped};
use crate::extract::source_failure;

/// The tries of one source in one run.
pub struct Tries<'t> {
    engine: &'t Engine<'t>,
    table: &'t str,
    done: u32,
    budget: RetryBudget,
    random: SplitMix64,
}

impl<'t> Tries<'t> {
    /// None yet.
    pub fn new(engine: &'t Engine<'t>, table: &'t str) -> Self {
        // The jitter is for servers that many runs ask at once; it need not be the same in two runs.
        let seed = xxhash_rust::xxh3::xxh3_64(format!("{}{table}", engine.run).as_bytes());
        Self { engine, table, done: 0, budget: RetryBudget::default(), random: SplitMix64::new(seed) }
    }

    /// Prepares another try, if a clause wants one and it is not the last.
    ///
    /// # Errors
    /// Why the table stopped, when it is not tried again.
    pub async fn again(&mut self, stopped: Stopped, files: &mut Vec<InputFile>) -> Result<(), Stopped> {
        if !stopped.skip.is_empty() {
            let before = files.len();
            files.retain(|f| !stopped.skip.contains(&f.name));
            if files.len() == before {
                return Err(stopped);
            }
            let names = stopped.skip.iter().map(|f| format!("`{f}`")).collect::<Vec<_>>().join(", ");
            self.engine.note(format!(
                "{}: left out {names}, whole, for their broken records; they are not loaded and will be looked at again",
                self.table
            ));
            return Ok(());
        }
        let Some(error) = &stopped.source else { return Err(stopped) };
        let tables = Tables::new();
        let planner = Planner::new(&self.engine.session, &tables, &self.engine.params, &self.engine.loaded.sources);
        let block = self.engine.program().heals.get(self.table);
        let answered = answer(&planner, block, source_failure(self.table, error), None)?;
        for action in answered.group(0, None) {
            let ResolvedAction::Retry(backoff) = action else { continue };
            let kind = Kind::parse(error.kind).unwrap_or(Kind::Unknown);
            if let Some(delay) = backoff.delay(kind, self.done, None, &mut self.random)
                && self.budget.take(delay)
            {
                self.done += 1;
                self.engine.note(format!("{}: {}; tried again after {delay} ms", self.table, error.message));
                tokio::time::sleep(Duration::from_millis(delay)).await;
                return Ok(());
            }
        }
        Err(stopped)
    }
}
