//! Repairs: only failing rows run again.
//!
//! The failing rows are held in memory; the others stay in their staged files. Clauses propose in rounds on the same input,
//! proposals pass the gates, and what is left takes the fate its clause says. A row that does not commit leaves as it was
//! read, with none of its repairs in the ledger.

mod finish;
mod gate;
pub(crate) mod ledger;
mod propose;
mod rows;
mod sets;
mod tables;
mod withdraw;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, UInt64Array};
use datafusion::arrow::compute::take_record_batch;
use datafusion::catalog::TableProvider;
use datafusion::common::ScalarValue;
use pipe_check::Predicate;
use pipe_compile::{Planner, SetAssertion, Tables};
use pipe_heal::action::{Key, ResolvedAction};
use pipe_heal::failure::Failure;
use pipe_heal::fate::Fate;
use pipe_heal::gates::{Outcome, decide};
use pipe_quality::{Aggregates, Reason, Sample, Suspects};

use crate::account::exceeds;
use crate::clauses::Answered;
use crate::engine::Stopped;
use crate::errors;
use crate::evaluate::{Evaluation, Evaluator, Passed, fail_help, handled_word, provider};
use crate::report::HealReport;
use crate::results::Known;
use crate::rulebook::{Observed, Rulebook};
use crate::settle::rows_of;
use crate::told;

use finish::finish;
use gate::reason_of;
use propose::{Ask, Proposed};
use rows::{Failing, Removal, RowId, Settled};
use sets::{Found, Standing};

/// How often clauses may propose on what the round before has left.
const ROUNDS: usize = 3;

/// Heals what a pass found.
///
/// # Errors
/// Why nothing of the table can commit.
pub async fn heal(
    evaluator: &mut Evaluator<'_, '_>,
    tables: &Tables,
    book: Rulebook,
    mut pass: Passed,
    answered: Vec<(Reason, Answered)>,
    schema_verdicts: BTreeMap<u16, Observed>,
) -> Result<Evaluation, Stopped> {
    let mut suspects = Vec::new();
    for part in std::mem::take(&mut pass.staged.suspects) {
        for batch in Suspects::into_reader(part)? {
            suspects.push(batch?);
        }
    }
    let failing = Failing::new(&pass.input, &suspects)?;
    let as_read = as_read(&mut pass, &book, &failing)?;
    let passed = pass.rows.take();
    let read = pass.identity || !book.table.is_empty();
    let standing = if read { provider(evaluator.engine, &passed, &pass.good).await? } else { sets::none(&pass.good)? };
    let mut healer = Healer {
        tables,
        book: &book,
        answered: answered.into_iter().collect(),
        failing,
        passed: standing,
        taken: BTreeSet::new(),
        notified: BTreeSet::new(),
        undone: BTreeSet::new(),
        withdrawn: BTreeSet::new(),
        left: BTreeMap::new(),
        evaluator: &mut *evaluator,
        pass: &mut pass,
    };
    healer.sets_as_read().await?;
    let known = Known { schema: Some(&schema_verdicts), ..Known::default() };
    healer.evaluator.know(tables, &book, healer.pass, known);
    healer.rounds().await?;
    let violated = healer.withdraw().await?;
    let (violated, observed) = healer.hold_table_rules(violated).await?;
    let changed = !healer.failing.changes.is_empty()
        || healer.failing.settled.iter().any(Option::is_some)
        || !violated.iter().flatten().all(|reason| healer.mild(reason));
    healer.pass.before = healer.evaluator.before(tables, &book, &as_read, &observed, changed)?;
    let settled = healer.settle(&violated)?;
    let Healer { failing, taken, .. } = healer;
    finish(evaluator, tables, book, pass, failing, taken, passed, settled, observed, schema_verdicts).await
}

/// The aggregates of the table rules over the rows as read, but for broken records.
fn as_read(pass: &mut Passed, book: &Rulebook, failing: &Failing) -> Result<Vec<ScalarValue>, Stopped> {
    let mut all = std::mem::replace(&mut pass.staged.aggregates, Aggregates::new(&book.aggregates)?);
    let whole = failing.reasons.iter().map(|r| Some(!r.contains(&Reason::BadRecord))).collect();
    all.update(&rows_of(&failing.read, &whole, pass.input.columns)?)?;
    Ok(all.finish()?)
}

struct Healer<'h, 'e, 'a> {
    evaluator: &'h mut Evaluator<'e, 'a>,
    tables: &'h Tables,
    book: &'h Rulebook,
    pass: &'h mut Passed,
    /// Failures with their clauses; those of later rounds are added.
    answered: BTreeMap<Reason, Answered>,
    failing: Failing,
    /// The rows that passed, with identity where a set rule needs it; none when no rule looks at them together.
    passed: Arc<dyn TableProvider>,
    /// Of these, the ones that fail a set rule and are among `failing` now.
    taken: BTreeSet<RowId>,
    /// Failures whose channels were told.
    notified: BTreeSet<(Reason, usize)>,
    /// Steps whose repairs made a table rule fail: clauses and groups, by index.
    withdrawn: BTreeSet<(usize, usize)>,
    /// Heals that were refused because somebody had undone them, by place.
    undone: BTreeSet<usize>,
    /// Rows that stay out because an undo took their repair back, with the failure that it answered.
    left: BTreeMap<usize, String>,
}

impl Healer<'_, '_, '_> {
    /// Rows of `failing` that pass every row rule by now and are still there, as the set rules see them.
    fn passing(&self, violated: &[BTreeSet<Reason>]) -> Result<RecordBatch, Stopped> {
        let rows: Vec<u64> = (0..self.failing.len())
            .filter(|r| self.failing.settled.get(*r).is_none_or(Option::is_none))
            .filter(|r| violated.get(*r).is_none_or(|reasons| reasons.iter().all(|reason| self.mild(reason))))
            .map(|r| r as u64)
            .collect();
        let current = self.failing.current(&self.pass.input)?;
        let current = take_record_batch(&current, &UInt64Array::from(rows)).map_err(|e| errors::internal(&e))?;
        let mut columns: Vec<_> = current.columns().iter().take(self.pass.input.columns).cloned().collect();
        // As far as the rows that passed have them: file, line and row.
        if self.pass.good.fields().len() > self.pass.input.columns {
            columns.push(Arc::new(crate::quarantine::file_indexes(&current)));
            for field in self.pass.good.fields().iter().skip(self.pass.input.columns + 1) {
                let column = current.column_by_name(field.name());
                columns.push(Arc::clone(column.ok_or_else(|| errors::internal(&"a row without its place"))?));
            }
        }
        let columns = columns
            .into_iter()
            .zip(self.pass.good.fields())
            .map(|(c, f)| datafusion::arrow::compute::cast(&c, f.data_type()))
            .collect::<Result<_, _>>()
            .map_err(|e| errors::internal(&e))?;
        Ok(RecordBatch::try_new(Arc::clone(&self.pass.good), columns).map_err(|e| errors::internal(&e))?)
    }

    /// Whether a row that violates this commits all the same: it is within the tolerance, or its clause lets it pass in the end.
    fn mild(&self, reason: &Reason) -> bool {
        let Some(answer) = self.answered.get(reason) else { return true };
        let rule = answer.rule.and_then(|i| self.book.rule(i));
        self.evaluator.fate_of(answer, rule, last_group(answer, rule)).0 == Fate::Keep
    }

    fn standing(&self, passing: RecordBatch) -> Standing<'_> {
        Standing {
            engine: self.evaluator.engine,
            table: self.evaluator.task.table,
            passed: Arc::clone(&self.passed),
            taken: &self.taken,
            passing,
            committed: self.evaluator.task.committed.clone(),
        }
    }

    fn planner(&self) -> Planner<'_> {
        let engine = self.evaluator.engine;
        Planner::new(&engine.session, self.tables, &engine.params, &engine.loaded.sources)
    }

    /// What all set rules find of the table as it stands.
    async fn find(&self, violated: &[BTreeSet<Reason>]) -> Result<BTreeMap<u16, Found>, Stopped> {
        let mut all = BTreeMap::new();
        if !self.pass.identity {
            return Ok(all);
        }
        let standing = self.standing(self.passing(violated)?);
        for (index, assertion) in &self.book.set {
            let Some(rule) = self.book.rule(*index) else { continue };
            all.insert(*index, standing.find(&rule.predicate, assertion).await?);
        }
        Ok(all)
    }

    /// Set rules on the rows as read: raises their failures and takes the violating rows among the failing ones.
    async fn sets_as_read(&mut self) -> Result<(), Stopped> {
        let as_read: Vec<BTreeSet<Reason>> = self.failing.reasons.clone();
        let found = self.find(&as_read).await?;
        let count = |found: &Found| (found.rows.len() as u64, found.judged);
        // A rule's own count is that of all rows; what is done about them, of those that pass by other rules.
        let alone = if as_read.iter().all(|reasons| reasons.iter().all(|r| self.mild(r))) {
            found.iter().map(|(index, found)| (*index, count(found))).collect()
        } else {
            let only_broken =
                |reasons: &BTreeSet<Reason>| reasons.iter().filter(|r| **r == Reason::BadRecord).copied().collect();
            let broken: Vec<BTreeSet<Reason>> = as_read.iter().map(only_broken).collect();
            self.find(&broken).await?.iter().map(|(index, found)| (*index, count(found))).collect()
        };
        self.pass.sets = alone;
        let mut wanted = BTreeSet::new();
        for (index, found) in &found {
            let Some(rule) = self.book.rule(*index) else { continue };
            let count = found.rows.len() as u64;
            self.pass.staged.judged.insert(*index, found.judged);
            if count == 0 {
                continue;
            }
            self.pass.staged.violations.insert(Reason::Rule(*index), count);
            if !exceeds(rule.tolerate, count, found.judged) {
                continue;
            }
            let failure = Failure::rule_failed(rule, count, found.judged);
            let answered = self.evaluator.answer(failure, Some((*index, rule)))?;
            self.answered.insert(Reason::Rule(*index), answered);
            wanted.extend(found.rows.iter().copied());
        }
        self.take(&wanted).await?;
        for (index, found) in &found {
            let reason = Reason::Rule(*index);
            for id in found.rows.iter().filter(|_| self.answered.contains_key(&reason)) {
                let Some(row) = self.failing.index.get(id).copied() else { continue };
                if let Some(reasons) = self.failing.reasons.get_mut(row) {
                    reasons.insert(reason);
                }
                let (file, number) = *id;
                if self.pass.staged.samples.wants(reason, file, number) {
                    let shown = self.book.sample_columns.get(&reason).cloned().unwrap_or_default();
                    let text = |c: &usize| self.failing.text(row, *c).unwrap_or_else(|| "NULL".to_owned());
                    let value = shown.iter().map(text).collect::<Vec<_>>().join(", ");
                    let line = self.failing.line(row);
                    self.pass.staged.samples.add(reason, Sample { file, row: number, line, value });
                }
            }
        }
        Ok(())
    }

    /// Takes rows out of those that passed, to heal them.
    async fn take(&mut self, ids: &BTreeSet<RowId>) -> Result<(), Stopped> {
        let new: BTreeSet<RowId> = ids.iter().filter(|id| !self.failing.index.contains_key(id)).copied().collect();
        let rows = sets::pull(self.evaluator.engine, &self.passed, &new).await?;
        self.failing.add(&self.pass.input, &rows)?;
        self.taken.extend(new);
        Ok(())
    }

    /// What each failing row violates now, and what the set rules found. Failures that come up are answered, their rows taken.
    async fn now(&mut self) -> Result<(Vec<BTreeSet<Reason>>, BTreeMap<u16, Found>), Stopped> {
        let mut violated = self.failing.judge(&self.pass.input, &self.book.judge)?;
        let found = self.find(&violated).await?;
        let mut wanted = BTreeSet::new();
        for (index, found) in &found {
            let reason = Reason::Rule(*index);
            let Some(rule) = self.book.rule(*index) else { continue };
            let count = found.rows.len() as u64;
            if !self.answered.contains_key(&reason) {
                if !exceeds(rule.tolerate, count, self.pass.staged.rows) {
                    continue;
                }
                // Repairs raised it: its share is of the rows as read, most of which no set rule judged then.
                let judged = self.pass.staged.rows;
                self.pass.staged.judged.insert(*index, judged);
                let failure = Failure::rule_failed(rule, count, judged);
                let answered = self.evaluator.answer(failure, Some((*index, rule)))?;
                self.answered.insert(reason, answered);
            }
            wanted.extend(found.rows.iter().copied());
        }
        self.take(&wanted).await?;
        violated.resize(self.failing.len(), BTreeSet::new());
        for (index, found) in &found {
            let reason = Reason::Rule(*index);
            for id in found.rows.iter().filter(|_| self.answered.contains_key(&reason)) {
                if let Some(row) = self.failing.index.get(id)
                    && let Some(reasons) = violated.get_mut(*row)
                {
                    reasons.insert(reason);
                }
            }
        }
        let new: BTreeSet<Reason> =
            violated.iter().flatten().filter(|r| !self.answered.contains_key(r)).copied().collect();
        for reason in new {
            let count = violated.iter().filter(|v| v.contains(&reason)).count() as u64;
            if let Reason::Rule(index) = reason
                && let Some(rule) = self.book.rule(index)
                && let judged = self.pass.staged.judged.get(&index).copied().unwrap_or(self.pass.staged.rows)
                && exceeds(rule.tolerate, count, judged)
            {
                let failure = Failure::rule_failed(rule, count, judged);
                let answered = self.evaluator.answer(failure, Some((index, rule)))?;
                self.answered.insert(reason, answered);
            }
        }
        Ok((violated, found))
    }

    /// Steps group by group; in each, clauses propose until nothing changes.
    async fn rounds(&mut self) -> Result<(), Stopped> {
        let groups = self.answered.values().map(|a| a.steps.len()).max().unwrap_or(0);
        for group in 0..groups.max(1) {
            let rounds = if group == 0 { ROUNDS } else { 1 };
            for _ in 0..rounds {
                if !self.round(group).await? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// One round: `true` when something changed.
    async fn round(&mut self, group: usize) -> Result<bool, Stopped> {
        let (violated, found) = self.now().await?;
        let answered: Vec<(Reason, Answered)> = self.answered.iter().map(|(r, a)| (*r, a.clone())).collect();
        let mut proposals: Vec<(usize, Proposed)> = Vec::new();
        let mut heals = Vec::new();
        let mut changed = false;
        // Rules that one clause answers with a vote are counted together, so that their shares add up.
        let mut voted = BTreeSet::new();
        // `then` does the next as well: all repairs of a group propose on the same input.
        let repairs = answered.iter().flat_map(|(reason, answer)| {
            let rule = answer.rule.and_then(|i| self.book.rule(i));
            let actions = answer.group(group, rule).into_iter().filter(ResolvedAction::repairs);
            actions.map(move |action| (reason, answer, rule, action))
        });
        for (reason, answer, rule, action) in repairs.collect::<Vec<_>>() {
            let Some(clause) = answer.clause.clone() else { continue };
            if self.withdrawn.contains(&(clause.index, group)) {
                continue;
            }
            let rows: Vec<usize> = (0..self.failing.len())
                .filter(|r| violated.get(*r).is_some_and(|v| v.contains(reason)))
                .filter(|r| self.failing.settled.get(*r).is_none_or(Option::is_none))
                .collect();
            if rows.is_empty() {
                continue;
            }
            let place = heals.len();
            heals.push((answer.clone(), action.clone(), *reason));
            if let ResolvedAction::Dedupe { keep, .. } = &action {
                if let Reason::Rule(index) = reason {
                    let keys = found.get(index).map(|f| f.keys.clone()).unwrap_or_default();
                    changed |= self.dedupe(answer, group, &action, keep, &keys, &rows, &violated).await?;
                }
                continue;
            }
            // A fill looks at all rows, also at those it is for.
            let all = matches!(action, ResolvedAction::Fill { .. });
            let nothing = vec![BTreeSet::new(); violated.len()];
            let standing = self.standing(self.passing(if all { &nothing } else { &violated })?);
            let planner = self.planner();
            let ask = Ask {
                planner: &planner,
                input: &self.pass.input,
                table: self.evaluator.task.table,
                failing: &self.failing,
                failure: &answer.failure,
                rows: &rows,
                clause: clause.index,
                standing: &standing,
            };
            let own;
            let mut votes: Vec<&Found> = Vec::new();
            if let ResolvedAction::Majority { columns, by } = &action {
                if !voted.insert((clause.index, *reason)) {
                    continue;
                }
                match (rule.map(|r| &r.predicate), reason) {
                    (Some(Predicate::Determines(d)), Reason::Rule(index)) if d == columns => {
                        votes.extend(found.get(index));
                    }
                    _ => {
                        own = self.vote(&planner, &standing, columns, by).await?;
                        votes.push(&own);
                    }
                }
            }
            let proposed = ask.cells(&action, &votes).await?;
            proposals.extend(proposed.into_iter().map(|p| (place, p)));
        }
        if proposals.is_empty() {
            return Ok(changed);
        }
        Ok(self.apply(group, proposals, &heals)? || changed)
    }

    /// A vote with a key of its own: `majority of c by (k)`.
    async fn vote(
        &self,
        planner: &Planner<'_>,
        standing: &Standing<'_>,
        columns: &[String],
        by: &[Key],
    ) -> Result<Found, Stopped> {
        let row = &self.book.row;
        let column = |name: &str| -> Result<datafusion::logical_expr::Expr, Stopped> {
            let (qualifier, field) = row.qualified_field_with_unqualified_name(name)?;
            Ok(datafusion::logical_expr::Expr::from((qualifier, field)))
        };
        let key = |k: &Key| match k {
            Key::Column(name) => column(name),
            Key::Sql(e) => Ok(planner.expression(e, row)?),
        };
        let assertion = SetAssertion {
            judged: None,
            keys: by.iter().map(key).collect::<Result<_, _>>()?,
            determined: columns.iter().map(|c| column(c)).collect::<Result<_, _>>()?,
            other: None,
            groups: Vec::new(),
            order: None,
            windowed: None,
            forbidden: false,
        };
        standing.find(&Predicate::Determines(columns.to_vec()), &assertion).await
    }

    /// Takes the duplicates of each key out, all but one.
    #[expect(clippy::too_many_arguments, reason = "a clause, its rows and all that is known of them")]
    async fn dedupe(
        &mut self,
        answer: &Answered,
        group: usize,
        action: &ResolvedAction,
        keep: &pipe_heal::action::Survivor,
        keys: &BTreeMap<RowId, Vec<String>>,
        rows: &[usize],
        violated: &[BTreeSet<Reason>],
    ) -> Result<bool, Stopped> {
        let Some(clause) = &answer.clause else { return Ok(false) };
        let standing = self.standing(self.passing(violated)?);
        let planner = self.planner();
        // A row that violates anything else and will not commit takes no part: a bad latest version never evicts a good
        // earlier one.
        let own = answer.rule.map(Reason::Rule);
        let sound: Vec<usize> = rows
            .iter()
            .copied()
            .filter(|r| violated.get(*r).is_some_and(|v| v.iter().all(|x| own == Some(*x) || self.mild(x))))
            .collect();
        let ask = Ask {
            planner: &planner,
            input: &self.pass.input,
            table: self.evaluator.task.table,
            failing: &self.failing,
            failure: &answer.failure,
            rows: &sound,
            clause: clause.index,
            standing: &standing,
        };
        let removed = ask.duplicates(keep, keys)?;
        if removed.is_empty() {
            return Ok(false);
        }
        let request = self.request(clause, action, "", &[], removed.len() as u64);
        let decision = decide(&request.as_request(&self.evaluator.settings));
        let outcome = decision.of(1.0);
        let state = match &outcome {
            Outcome::Apply => "applied",
            Outcome::Wait(_) => "waiting",
            Outcome::Refuse(_) => "refused",
        };
        let told = HealReport {
            rows: removed.len() as u64,
            arithmetic: decision.arithmetic.clone(),
            reason: reason_of(&outcome),
            ..told::heal(answer, "dedupe", state)
        };
        // A clause that goes on in later rounds, on rows that a repair made alike, is one heal.
        let same = |h: &HealReport| {
            (h.clause, &h.failure, &h.action, &h.state) == (told.clause, &told.failure, &told.action, &told.state)
        };
        let heal = match self.evaluator.heals.iter().position(same) {
            Some(place) => place,
            None => {
                self.evaluator.heals.push(HealReport { rows: 0, ..told.clone() });
                self.evaluator.heals.len() - 1
            }
        };
        if let Some(before) = self.evaluator.heals.get_mut(heal) {
            before.rows += told.rows;
        }
        let settled = match outcome {
            Outcome::Apply => Settled::Removed,
            Outcome::Wait(_) => Settled::Waits,
            Outcome::Refuse(_) => return Ok(false),
        };
        for (row, survivor) in &removed {
            if let Some(slot) = self.failing.settled.get_mut(*row) {
                *slot = Some(settled);
            }
            let removal = Removal { clause: clause.index, group, heal, survivor: *survivor };
            self.failing.removed_by.insert(*row, removal);
        }
        Ok(!removed.is_empty())
    }

    /// The fate of every failing row.
    fn settle(&mut self, violated: &[BTreeSet<Reason>]) -> Result<Vec<rows::Verdict>, Stopped> {
        let mut fates = BTreeMap::new();
        let mut left: BTreeMap<Reason, u64> = BTreeMap::new();
        for row in violated.iter().zip(&self.failing.settled).filter(|(_, s)| s.is_none()).map(|(v, _)| v) {
            for reason in row {
                *left.entry(*reason).or_default() += 1;
            }
        }
        let mut failed = false;
        let answered: Vec<(Reason, Answered)> = self.answered.iter().map(|(r, a)| (*r, a.clone())).collect();
        for (reason, answer) in &answered {
            let rule = answer.rule.and_then(|i| self.book.rule(i));
            let group = last_group(answer, rule);
            let remaining = left.get(reason).copied().unwrap_or(0);
            let healed_first = group > 0;
            if self.notified.insert((*reason, 0)) {
                self.evaluator.accompany(answer, &answer.group(0, rule));
            }
            let samples = self.evaluator.samples(self.pass, *reason);
            let undone = self.left_undone(reason, &answer.failure.to_string());
            let proposals = self.evaluator.heals.iter().filter(|h| h.failure == answer.failure.to_string());
            let waiting: u64 = proposals.filter(|h| h.state == "waiting").map(|h| h.rows).sum();
            if remaining == 0 && healed_first {
                let word = match undone {
                    0 if waiting == 0 => "healed".to_owned(),
                    0 if waiting >= answer.failure.rows => "waiting".to_owned(),
                    0 => format!("healed, {waiting} waiting"),
                    n if n == answer.failure.rows => "left in quarantine, where an undo put them".to_owned(),
                    n => format!(
                        "healed, {n} left in quarantine, where an undo put {}",
                        if n == 1 { "it" } else { "them" }
                    ),
                };
                self.evaluator.failures.push(told::failure(answer, &word, samples));
                continue;
            }
            let (fate, action) = self.evaluator.fate_of(answer, rule, group);
            if healed_first && self.notified.insert((*reason, group)) {
                self.evaluator.accompany(answer, &answer.group(group, rule));
            }
            let word = handled_word(fate).to_owned();
            let word = if healed_first && remaining < answer.failure.rows {
                format!("healed, {remaining} row{} {word}", if remaining == 1 { "" } else { "s" })
            } else {
                word
            };
            let mut told = told::failure(answer, &word, samples);
            if fate == Fate::Fail {
                failed = true;
                told.handled = "failed".to_owned();
                told.help = Some(fail_help(answer, rule, &answer.group(group, rule)));
            } else if answer.clause.is_some() {
                self.evaluator.heals.push(HealReport { rows: remaining, ..told::heal(answer, action, "applied") });
            }
            self.evaluator.failures.push(told);
            fates.insert(*reason, fate);
        }
        if failed {
            return Err(self.evaluator.stopped());
        }
        let fate = |row: usize, reasons: &BTreeSet<Reason>| match self.failing.settled.get(row).copied().flatten() {
            Some(Settled::Waits) => Fate::Wait,
            Some(Settled::Undone) => Fate::Quarantine,
            _ => Fate::strictest(reasons.iter().filter_map(|r| fates.get(r).copied())),
        };
        let verdicts: Vec<rows::Verdict> = violated
            .iter()
            .enumerate()
            .map(|(row, reasons)| rows::Verdict { fate: fate(row, reasons), reasons: reasons.clone() })
            .collect();
        Ok(verdicts)
    }
}

/// The first step group of a clause that repairs nothing: what it says of the rows that are left.
fn last_group(answer: &Answered, rule: Option<&pipe_check::Rule>) -> usize {
    let repairs = |group: &usize| answer.group(*group, rule).iter().any(ResolvedAction::repairs);
    (0..=answer.steps.len()).find(|g| !repairs(g)).unwrap_or(answer.steps.len())
}
