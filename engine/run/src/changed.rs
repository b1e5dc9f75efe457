//! Loaded files that have changed since: a load replaces their rows in one commit, or fails and names them.
//!
//! What can be replaced are the rows of a file that stand in published files of their own, which the load's commit removes as
//! it adds the new ones. A clause on `structural(reason: file_changed)` may say otherwise: `fail`, or `skip file`, by which the
//! new version takes the place of the old one whole in quarantine.

use std::collections::BTreeSet;

use pipe_compile::Tables;
use pipe_heal::action::ResolvedAction;
use pipe_heal::failure::Failure;
use pipe_heal::structural::Reason;
use pipe_state::{PublishedFile, TakenFile};

use crate::clauses::{Answered, answer};
use crate::engine::{Engine, Notice, Stopped};
use crate::report::FailureReport;
use crate::told;
use crate::work::LoadTask;

/// Whether all rows of a taken file stand in published files that hold no others. `taken` and `published` are the load's.
pub fn replaceable(file: &TakenFile, taken: &[TakenFile], published: &[PublishedFile]) -> bool {
    // A file of mixed rows has none of this one's only if its batch took other files and not this.
    let elsewhere = |batch: &str| batch != file.batch && taken.iter().any(|t| t.batch == batch);
    published.iter().all(|p| p.source.is_some() || elsewhere(&p.batch))
}

/// Asks the clauses of a load's table about its changed files, and leaves in the task what they say.
///
/// # Errors
/// A file that cannot be replaced, or a clause that says `fail`.
pub fn decide(engine: &Engine<'_>, task: &mut LoadTask) -> Result<(), Stopped> {
    let stuck = std::mem::take(&mut task.changed);
    if stuck.is_empty() && task.replaced.is_empty() {
        return Ok(());
    }
    let tables = Tables::new();
    let planner = engine.planner(&tables);
    let failure = Failure::structural(&task.load.table, Reason::FileChanged, 0.0);
    let block = engine.program().heals.get(&task.load.table);
    let answered = answer(&planner, block, failure, None)?;
    let actions = if answered.clause.is_some() { answered.group(0, None) } else { Vec::new() };
    accompany(engine, task, &actions);
    let named = |files: &BTreeSet<String>| files.iter().map(|f| format!("`{f}`")).collect::<Vec<_>>().join(", ");
    let load = task.load.name.clone();
    if let Some(text) = actions.iter().find_map(|a| match a {
        ResolvedAction::Fail(text) => Some(text),
        _ => None,
    }) {
        let files: BTreeSet<String> = stuck.into_iter().chain(task.replaced.clone()).collect();
        let why = text.clone().unwrap_or_else(|| "a clause says `fail`".to_owned());
        return Err(stop(&answered, format!("{} changed since load `{load}` took them: {why}", named(&files))));
    }
    if !stuck.is_empty() {
        let files: BTreeSet<String> = stuck.into_iter().collect();
        return Err(stop(
            &answered,
            format!(
                "{} changed since load `{load}` took them, and their earlier rows cannot be told from others in what it wrote: `pipe run --full-refresh --target {load}` loads everything again in place of what is there",
                named(&files)
            ),
        ));
    }
    if actions.iter().any(|a| matches!(a, ResolvedAction::SkipFile)) {
        task.aside = task.replaced.clone();
    }
    let (it, its) = if task.replaced.len() == 1 { ("it", "its") } else { ("them", "their") };
    let files = named(&task.replaced);
    engine.note(format!("{files} changed since load `{load}` took {it}; {its} earlier rows are replaced"));
    Ok(())
}

fn accompany(engine: &Engine<'_>, task: &LoadTask, actions: &[ResolvedAction]) {
    for action in actions {
        match action {
            ResolvedAction::Notify(channel) => engine.notify(Notice {
                channel: channel.clone(),
                table: task.load.table.clone(),
                text: format!("loaded files changed: {}", task.replaced.iter().cloned().collect::<Vec<_>>().join(", ")),
            }),
            ResolvedAction::Warn(Some(text)) => engine.note(format!("{}: {text}", task.load.table)),
            _ => {}
        }
    }
}

fn stop(answered: &Answered, help: String) -> Stopped {
    let told = FailureReport { help: Some(help), ..told::failure(answered, "failed", Vec::new()) };
    Stopped { failures: vec![told], ..Stopped::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(path: &str, batch: &str) -> TakenFile {
        TakenFile { path: path.into(), batch: batch.into(), ..TakenFile::default() }
    }

    fn published(batch: &str, source: Option<&str>) -> PublishedFile {
        PublishedFile {
            path: format!("{batch}-{source:?}").into(),
            batch: batch.into(),
            rows: 1,
            bytes: 1,
            source: source.map(str::to_owned),
        }
    }

    #[test]
    fn mixed_rows_of_the_same_batch_or_of_an_unknown_one_cannot_be_told_apart() {
        let all = [taken("a", "1"), taken("b", "2"), taken("c", "1")];
        let own = published("1", Some("a"));
        let is = |more: &[PublishedFile]| replaceable(&all[0], &all, &[std::slice::from_ref(&own), more].concat());
        assert!(is(&[]) && is(&[published("1", Some("c"))]) && is(&[published("2", None)]));
        assert!(!is(&[published("1", None)]), "its own batch wrote mixed rows");
        assert!(!is(&[published("replay-7", None)]), "a replay may hold rows of it");
    }
}
