//! Keys that must be unique: their hashes are taken in one pass, and the rows of those that repeat are found in another.

use std::collections::{BTreeMap, BTreeSet};

use pipe_check::Rule;
use pipe_compile::Tables;
use pipe_connect::source::ScanExec;
use pipe_quality::{Candidates, KeyHashes, KeyPlan, Repeated, SurveySpec, Surveyed};

use super::as_read::AsRead;
use super::inspect::{Inspector, Violations};
use super::kept::Kept;
use super::rows::Pass;
use crate::engine::Stopped;
use crate::errors;

/// Keys that may repeat which are looked up row by row; of more than that the whole table is grouped.
const REPEATED: usize = 1 << 20;

/// What is known of keys before their rows are looked for, by rule.
pub type Keys = BTreeMap<u16, Key>;

/// What is known of a key.
pub struct Key {
    /// Rows that have one.
    pub judged: u64,
    /// Which of them repeat.
    pub repeated: Repeating,
    /// File and row of the first row of each batch that has one of them, where that is known.
    pub batches: Option<BTreeSet<(u32, u64)>>,
}

/// Which keys may occur more than once.
pub enum Repeating {
    /// Not one.
    None,
    /// These.
    Some(Candidates),
    /// More than can be held.
    Many,
}

/// The rows of keys that repeat, by rule; `None`: that must be asked otherwise.
pub type Counts = BTreeMap<u16, Option<Violations>>;

/// Takes out the candidates of keys, in the order of a pass that looks for them.
pub fn repeating(keys: &mut Keys, plans: &[KeyPlan]) -> Vec<(KeyPlan, Candidates)> {
    let none = || Repeating::Some(Candidates::new(BTreeSet::new()));
    let one = |plan: &KeyPlan| match std::mem::replace(&mut keys.get_mut(&plan.rule)?.repeated, none()) {
        Repeating::Some(candidates) => Some((plan.clone(), candidates)),
        _ => None,
    };
    plans.iter().filter_map(one).collect()
}

impl Inspector<'_, '_> {
    /// Which keys may repeat, by the hashes that a pass has taken.
    ///
    /// # Errors
    /// What was spilled cannot be read.
    pub fn repeated(&self, pass: &Pass, seen: &mut Surveyed) -> Result<Keys, Stopped> {
        let mut keys = Keys::new();
        for (key, mut hashes) in pass.book.keys.iter().zip(std::mem::take(&mut seen.keys)) {
            let judged = seen.judged.get(&key.rule).copied().unwrap_or(0);
            let found = KeyHashes::repeated(&mut hashes, &mut [], REPEATED).map_err(|e| errors::io(&e))?;
            let repeated = match found.len() {
                0 => Repeating::None,
                n if n > REPEATED => Repeating::Many,
                _ => Repeating::Some(Candidates::new(found)),
            };
            let batches = match &repeated {
                Repeating::Some(candidates) => {
                    hashes.iter().map(|part| part.batches_with(candidates)).collect::<Option<Vec<_>>>()
                }
                _ => None,
            };
            let batches = batches.map(|parts| parts.into_iter().flatten().collect());
            keys.insert(key.rule, Key { judged, repeated, batches });
        }
        Ok(keys)
    }

    /// Reads the rows once more for the keys that may repeat: where the last pass over the files, `read`, can tell, the parts of them that
    /// have such keys.
    ///
    /// # Errors
    /// The rows cannot be read.
    pub async fn again(
        &self,
        tables: &Tables,
        rules: &[Rule],
        read: Option<&ScanExec>,
        keys: &mut Keys,
        kept: Option<&mut Kept>,
    ) -> Result<Counts, Stopped> {
        let some: Vec<u16> =
            keys.iter().filter(|(_, k)| matches!(k.repeated, Repeating::Some(_))).map(|(i, _)| *i).collect();
        if some.is_empty() {
            return Ok(Counts::new());
        }
        let mut pass = self.plan(tables, rules, &some, self.keep).await?;
        let batches: Option<Vec<_>> = some.iter().map(|i| keys.get_mut(i)?.batches.take()).collect();
        let rows: Option<BTreeSet<_>> = batches.map(|of_keys| of_keys.into_iter().flatten().collect());
        if let Some(parts) = rows.zip(read).and_then(|(rows, read)| read.parts_with(&rows)) {
            pass.input = self.input(pass.needed.as_ref(), Some(parts)).await?;
        }
        let spec = self.spec(&pass, false)?;
        let spec = SurveySpec { keys_only: true, repeated: repeating(keys, &pass.book.keys), ..spec };
        let mut seen = self.survey(&pass, spec).await?;
        if let Some(kept) = kept {
            kept.extend(std::mem::take(&mut seen.kept));
        }
        let files = self.opened.sources.get(self.table).map(AsRead::names).unwrap_or_default();
        Ok(self.counts(&pass, &mut seen, &files))
    }

    /// The rows of keys that do repeat; `None`: some of them do not.
    pub fn counts(&self, pass: &Pass, seen: &mut Surveyed, files: &[String]) -> Counts {
        let rules: Vec<u16> = pass.book.keys.iter().map(|k| k.rule).collect();
        let all = rules.into_iter().zip(std::mem::take(&mut seen.repeated));
        let of = |(rule, rows): (u16, Repeated)| {
            let sure = rows.values().all(|n| *n > 1);
            (rule, sure.then(|| self.violations(pass, seen, rule, files)))
        };
        all.map(of).collect()
    }
}
