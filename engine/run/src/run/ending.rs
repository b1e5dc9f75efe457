//! The end of a run: what was evaluated is committed table by table, all of it is told, and the run has its outcome.

use std::collections::BTreeSet;

use futures::FutureExt;

use super::{Done, Runner};
use crate::command::diagnostics;
use crate::commit::{Committing, commit, stopped_record};
use crate::engine::{Stopped, Watch};
use crate::report::{LoadReport, Report, TableReport};
use crate::work::{Instance, LoadTask};
use crate::{sinks, told};

impl Runner<'_> {
    /// Commits what was evaluated, table by table, and tells of it. A commit that has begun is completed; `true` when somebody
    /// asked to stop meanwhile: the tables behind it are left to the next run.
    pub(super) fn commit(&mut self, loads: &[LoadTask], report: &mut Report, watch: Watch<'_>) -> bool {
        let order = &self.selection.tables;
        let mut instances: Vec<Instance> = self.done.keys().cloned().collect();
        // Of several instances of a table the one of new rows speaks for its quarantine and its ledger: what is computed from
        // the whole is computed again each time, but a new row lands, leaves and is healed once.
        instances.sort_by_key(|i| (order.iter().position(|t| *t == i.table), i.files.is_none()));
        let mut judged = BTreeSet::new();
        let interrupted = || tokio::task::unconstrained(watch.interrupted()).now_or_never().is_some();
        for instance in instances {
            if interrupted() {
                let left =
                    "interrupted between two commits: what was committed is complete, the next run does the rest";
                report.notes.push(left.to_owned());
                return true;
            }
            let takers: Vec<&LoadTask> = loads.iter().filter(|l| l.news && l.instance == instance).collect();
            match self.done.remove(&instance) {
                Some(Ok(done)) => {
                    let first = judged.insert(instance.table.clone());
                    let Done { evaluation, targets, batch, .. } = done;
                    let committing = Committing { evaluation, targets, batch, takers: &takers, first };
                    if let Err(stopped) = commit(&self.engine, &mut self.state, committing, report) {
                        self.tell_stopped(&instance.table, &takers, stopped, report);
                    }
                }
                Some(Err(stopped)) => self.tell_stopped(&instance.table, &takers, stopped, report),
                None => {}
            }
        }
        let refused = std::mem::take(&mut self.refused);
        let is_refused = |l: &&LoadTask| refused.iter().any(|(r, _)| r.load.name == l.load.name);
        for task in loads.iter().filter(|l| !l.news && !is_refused(l)) {
            report.loads.push(LoadReport { outcome: "nothing_new".to_owned(), ..sinks::told(task) });
        }
        for (table, found) in std::mem::take(&mut self.files) {
            match found {
                // There is no account: no row was read.
                Ok(evaluation) => {
                    let n = evaluation.rules.len();
                    let (rules, ask) = if n == 1 { ("rule", "asks") } else { ("rules", "ask") };
                    report.notes.push(format!("{table}: nothing new; what {n} {rules} {ask} of files was judged"));
                    report.failures.extend(evaluation.failures);
                    report.heals.extend(evaluation.heals);
                }
                Err(stopped) => self.tell_stopped(&table, &[], stopped, report),
            }
        }
        for (task, stopped) in refused {
            self.tell_stopped(&task.load.table, &[&task], stopped, report);
        }
        let place = |l: &LoadReport| loads.iter().position(|t| t.load.name == l.name);
        report.loads.sort_by_key(place);
        interrupted()
    }

    /// Tells of a table of which nothing was committed, and of the loads that would have taken it.
    fn tell_stopped(&mut self, table: &str, takers: &[&LoadTask], mut stopped: Stopped, report: &mut Report) {
        told::taken_back(&mut stopped);
        let skipped = stopped.failures.iter().all(|f| f.failure == "skipped") && !stopped.failures.is_empty();
        let outcome = match (skipped, stopped.waiting) {
            (true, _) => "skipped",
            (_, true) => "waiting",
            _ => "failed",
        };
        let reason = stopped.failures.last().and_then(|f| f.help.clone());
        let reason = reason.or_else(|| stopped.diagnostics.first().map(|d| d.message.clone()));
        // What was told of it for another load stands.
        if report.tables.iter().all(|t| t.name != table) {
            let (name, outcome) = (table.to_owned(), outcome.to_owned());
            let told = TableReport { name, outcome, ..stopped.account.clone().unwrap_or_default() };
            self.failed.push(stopped_record(&told, &stopped));
            report.tables.push(told);
            report.rules.append(&mut stopped.rules);
        }
        for task in takers {
            let told = LoadReport { outcome: outcome.to_owned(), reason: reason.clone(), ..sinks::told(task) };
            report.loads.push(told);
        }
        report.failures.extend(stopped.failures.into_iter().filter(|f| f.failure != "skipped"));
        report.heals.extend(stopped.heals);
        report.diagnostics.extend(diagnostics(self.engine.loaded, &stopped.diagnostics));
    }

    /// The outcome and the exit code, the first that holds.
    pub(super) fn conclude(&self, loads: &[LoadTask], report: &mut Report, interrupted: bool) {
        for failure in report.failures.iter_mut().filter(|f| f.handled == "failed" && f.code.is_none()) {
            failure.code = told::code(failure).map(|code| code.to_string());
        }
        let tables = |word: &str| report.tables.iter().any(|t| t.outcome == word);
        let failed = tables("failed") || tables("skipped") || !report.failures.iter().all(|f| f.handled != "failed");
        let failed = failed || report.diagnostics.iter().any(|d| d.get("severity").is_some_and(|s| s == "error"));
        let committed =
            report.loads.iter().any(|l| l.outcome == "committed") || (loads.is_empty() && tables("committed"));
        let lost = report.tables.iter().any(|t| t.outcome == "quarantined");
        let waiting = tables("waiting") || report.tables.iter().any(|t| t.waiting > 0);
        let (outcome, code) = if interrupted {
            ("interrupted", 130)
        } else if failed && !committed {
            ("failed", 1)
        } else if failed || lost {
            ("partial", 3)
        } else if waiting {
            ("waiting", 4)
        } else if !loads.is_empty() && loads.iter().all(|l| !l.news) {
            ("nothing_new", 0)
        } else {
            ("ok", 0)
        };
        report.outcome = outcome.to_owned();
        report.exit_code = code;
    }
}
