//! Another try at a source: `retry` after an error, `skip file` with a file set aside.

use std::time::Duration;

use pipe_compile::Tables;
use pipe_connect::source::InputFile;
use pipe_heal::action::ResolvedAction;
use pipe_heal::classify::Kind;
use pipe_heal::retry::{RetryBudget, SplitMix64};

use crate::aside::Unread;
use crate::clauses::answer;
use crate::engine::{Engine, Stopped};
use crate::extract::source_failure;
use crate::report::{FailureReport, HealReport};
use crate::task::Task;
use crate::told;

/// The tries of one source in one run.
pub struct Tries<'t> {
    engine: &'t Engine<'t>,
    table: &'t str,
    done: u32,
    budget: RetryBudget,
    random: SplitMix64,
    /// What clauses did between the tries.
    pub heals: Vec<HealReport>,
    /// The failures they answered.
    pub failures: Vec<FailureReport>,
}

impl<'t> Tries<'t> {
    /// None yet.
    pub fn new(engine: &'t Engine<'t>, table: &'t str) -> Self {
        // The jitter is for servers that many runs ask at once; it need not be the same in two runs.
        let seed = xxhash_rust::xxh3::xxh3_64(format!("{}{table}", engine.run).as_bytes());
        let (budget, random) = (RetryBudget::default(), SplitMix64::new(seed));
        Self { engine, table, done: 0, budget, random, heals: Vec::new(), failures: Vec::new() }
    }

    /// Prepares another try, if a clause wants one and it is not the last.
    ///
    /// # Errors
    /// Why the table stopped, when it is not tried again.
    pub async fn again(
        &mut self,
        stopped: Stopped,
        files: &mut Vec<InputFile>,
        task: &mut Task<'_>,
    ) -> Result<(), Stopped> {
        if !stopped.skip.is_empty() {
            if stopped.skip.is_subset(&task.aside) {
                return Err(stopped);
            }
            let names = stopped.skip.iter().map(|f| format!("`{f}`")).collect::<Vec<_>>().join(", ");
            self.engine.note(format!("{}: {names}: to quarantine, whole, for broken records", self.table));
            task.aside.extend(stopped.skip);
            self.failures.extend(stopped.failures);
            self.heals.extend(stopped.heals);
            return Ok(());
        }
        let Some(error) = &stopped.source else { return Err(stopped) };
        let tables = Tables::new();
        let planner = self.engine.planner(&tables);
        let block = self.engine.program().heals.get(self.table);
        let answered = answer(&planner, block, source_failure(self.table, error), None)?;
        for action in answered.group(0, None) {
            let backoff = match action {
                ResolvedAction::Retry(backoff) => backoff,
                ResolvedAction::SkipFile => {
                    let place = files.iter().position(|f| Some(&f.name) == error.file.as_ref());
                    let Some(place) = place else { continue };
                    let file = files.remove(place);
                    self.engine
                        .note(format!("{}: `{}` goes to quarantine whole: {}", self.table, file.name, error.message));
                    task.unread.push(Unread { file, reason: "source_error" });
                    self.failures.push(told::failure(&answered, "quarantined", Vec::new()));
                    self.heals.push(HealReport { rows: 1, ..told::heal(&answered, "skip file", "applied") });
                    return Ok(());
                }
                _ => continue,
            };
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
