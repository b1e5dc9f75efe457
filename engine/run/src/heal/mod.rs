//! Repairs: only failing rows run again.
//!
//! The failing rows are held in blocks, in files where they are many; the others stay in their staged files. Clauses propose in
//! rounds on the same input, proposals pass the gates, and what is left takes the fate its clause says. A row that does not
//! commit leaves as it was read, with none of its repairs in the ledger.

mod block;
mod by_group;
mod dedupe;
mod doubt;
mod finish;
mod gate;
mod held;
mod ids;
pub(crate) mod ledger;
mod passing;
mod proposals;
mod propose;
mod reasons;
mod rows;
mod sets;
mod tables;
mod votes;
mod withdraw;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::catalog::TableProvider;
use datafusion::common::ScalarValue;
use futures::StreamExt;
use pipe_check::Predicate;
use pipe_compile::{Planner, SetAssertion};
use pipe_heal::action::{Key, ResolvedAction};
use pipe_heal::failure::Failure;
use pipe_heal::fate::Fate;
use pipe_quality::{Aggregates, Reason, Sample, Suspects};

use crate::clauses::Answered;
use crate::engine::Stopped;
use crate::evaluate::Evaluator;
use crate::evaluation::Evaluation;
use crate::fates::{fail_help, handled_word};
use crate::groups::raises;
use crate::passed::{Passed, SetRule};
use crate::report::HealReport;
use crate::results::Known;
use crate::rulebook::Rulebook;
use crate::settle::rows_of;
use crate::staging::provider;
use crate::told;

use block::{Block, refused};
use by_group::FailingGroups;
use doubt::Voters;
use finish::finish;
use ids::{Ids, Numbered, RowId};
use proposals::Proposals;
use propose::{Ask, Asking, Votes};
use reasons::{SetId, counted};
use rows::{Failing, Settled};
use sets::{Found, Standing};

/// How often clauses may propose on what the round before has left.
const ROUNDS: usize = 3;

/// Heals what a pass found.
///
/// # Errors
/// Why nothing of the table can commit.
pub async fn heal(
    evaluator: &mut Evaluator<'_, '_>,
    book: Rulebook,
    mut pass: Passed,
    answered: Vec<(Reason, Answered)>,
) -> Result<Evaluation, Stopped> {
    let scratch = evaluator.task.scratch.join("failing");
    let mut failing = Failing::new(&pass.input, &scratch, evaluator.engine.options.memory_limit, pass.identity);
    let mut filling = failing.filling();
    for part in std::mem::take(&mut pass.staged.suspects) {
        for batch in Suspects::into_reader(part)? {
            filling.suspects(&batch?)?;
        }
    }
    filling.done()?;
    let as_read = as_read(&mut pass, &book, &failing)?;
    let passed = pass.rows.take();
    let read = pass.identity || !book.table.is_empty();
    let standing = if read { provider(evaluator.engine, &passed, &pass.good).await? } else { sets::none(&pass.good)? };
    let mut healer = Healer {
        book: &book,
        answered: answered.into_iter().collect(),
        failing,
        passed: standing,
        notified: BTreeSet::new(),
        undone: BTreeSet::new(),
        withdrawn: BTreeSet::new(),
        left: BTreeMap::new(),
        groups: BTreeMap::new(),
        evaluator: &mut *evaluator,
        pass: &mut pass,
    };
    healer.sets_as_read().await?;
    healer.evaluator.know(&book, healer.pass, Known::default());
    healer.rounds().await?;
    let violated = healer.withdraw().await?;
    let (violated, observed) = healer.hold_table_rules(violated).await?;
    let changed = !healer.failing.changed_blocks().is_empty()
        || healer.failing.settled.iter().any(Option::is_some)
        || healer.tolerable(&violated, |reason| healer.mild(reason)).count_set_bits() < violated.len();
    healer.pass.before = healer.evaluator.before(&book, &as_read, &observed, changed).await?;
    let settled = healer.settle(violated)?;
    let Healer { failing, .. } = healer;
    finish(evaluator, book, pass, failing, passed, settled, observed).await
}

/// The aggregates of the table rules over the rows as read, but for broken records.
fn as_read(pass: &mut Passed, book: &Rulebook, failing: &Failing) -> Result<Vec<ScalarValue>, Stopped> {
    let mut all = std::mem::replace(&mut pass.staged.aggregates, Aggregates::new(&book.aggregates)?);
    for block in failing.blocks().filter(|_| !book.aggregates.is_empty()) {
        let block = block?;
        let reasons = failing.reasons.get(block.all()).unwrap_or_default();
        let whole = reasons.iter().map(|set| Some(!failing.sets.has(*set, Reason::BadRecord))).collect();
        let read = block.current().map_err(|e| refused(&e))?;
        all.update(&rows_of(&read, &whole, pass.input.columns)?)?;
    }
    Ok(all.finish()?)
}

struct Healer<'h, 'e, 'a> {
    evaluator: &'h mut Evaluator<'e, 'a>,
    book: &'h Rulebook,
    pass: &'h mut Passed,
    /// Failures with their clauses; those of later rounds are added.
    answered: BTreeMap<Reason, Answered>,
    failing: Failing,
    /// The rows that passed, with identity where a set rule needs it; none when no rule looks at them together.
    passed: Arc<dyn TableProvider>,
    /// Failures whose channels were told.
    notified: BTreeSet<(Reason, usize)>,
    /// Steps whose repairs made a table rule fail: clauses and groups, by index.
    withdrawn: BTreeSet<(usize, usize)>,
    /// Heals that were refused because somebody had undone them, by place.
    undone: BTreeSet<usize>,
    /// Rows that stay out because an undo took their repair back, with the failure that it answered.
    left: BTreeMap<usize, String>,
    /// Of set rules with a tolerance of each group: the groups that failed as read.
    groups: BTreeMap<u16, FailingGroups>,
}

impl Healer<'_, '_, '_> {
    /// Rows of `failing` that pass every row rule by now and are still there, as the set rules see them.
    fn passing(&self, violated: &[SetId]) -> Result<Option<Arc<dyn TableProvider>>, Stopped> {
        let keep = self.tolerable(violated, |reason| self.mild(reason));
        passing::table(&self.failing, &self.pass.good, &(&keep & &self.unsettled()))
    }

    /// The rows that violate nothing but what is let pass here.
    fn tolerable(&self, violated: &[SetId], pass: impl Fn(&Reason) -> bool) -> BooleanBuffer {
        let mut known: BTreeMap<SetId, bool> = BTreeMap::new();
        let sets = &self.failing.sets;
        let tolerable =
            violated.iter().map(|set| *known.entry(*set).or_insert_with(|| sets.of(*set).all(|r| pass(&r))));
        BooleanBuffer::from_iter(tolerable)
    }

    /// The rows that nothing has settled yet.
    fn unsettled(&self) -> BooleanBuffer {
        BooleanBuffer::from_iter(self.failing.settled.iter().map(Option::is_none))
    }

    /// Whether a row that violates this commits all the same: it is within the tolerance, or its clause lets it pass in the end.
    fn mild(&self, reason: &Reason) -> bool {
        let Some(answer) = self.answered.get(reason) else { return true };
        let rule = answer.rule.and_then(|i| self.book.rule(i));
        self.evaluator.fate_of(answer, rule, last_group(answer, rule)).0 == Fate::Keep
    }

    fn standing(&self, passing: Option<Arc<dyn TableProvider>>) -> Standing<'_> {
        Standing {
            engine: self.evaluator.engine,
            table: self.evaluator.task.table,
            passed: Arc::clone(&self.passed),
            failing: self.failing.ids(),
            passing,
            committed: self.evaluator.task.committed.clone(),
        }
    }

    fn planner(&self) -> Planner<'_> {
        self.evaluator.engine.planner(&self.book.tables)
    }

    /// What all set rules find of the table as it stands, and which of their groups fail.
    async fn look(&self, violated: &[SetId]) -> Result<BTreeMap<u16, (Found, FailingGroups)>, Stopped> {
        let mut all = BTreeMap::new();
        if !self.pass.identity {
            return Ok(all);
        }
        let standing = self.standing(self.passing(violated)?);
        for (index, assertion) in &self.book.set {
            let Some(rule) = self.book.rule(*index) else { continue };
            let mut found = standing.find(&rule.predicate, assertion).await?;
            if rule.null_fails {
                let mut without = standing.without_key(assertion).await?;
                without.retain(|id| !self.is_unconverted(rule, *id));
                found.add(without);
            }
            let failed = self.groups.get(index).cloned().unwrap_or_default();
            let failing = standing.by_group(rule, assertion, &failed, &mut found).await?;
            all.insert(*index, (found, failing));
        }
        Ok(all)
    }

    /// Whether a row has no key because its text did not convert: no rule judges that.
    fn is_unconverted(&self, rule: &pipe_check::Rule, id: RowId) -> bool {
        let column = rule.column.as_ref().and_then(|c| self.book.row.index_of_column_by_name(None, c));
        let cast = column.and_then(|c| u16::try_from(c).ok()).map(Reason::Cast);
        let as_read = self.failing.find(id).and_then(|row| self.failing.reasons.get(row));
        cast.zip(as_read).is_some_and(|(cast, set)| self.failing.sets.has(*set, cast))
    }

    /// What all set rules find of the table as it stands.
    async fn find(&self, violated: &[SetId]) -> Result<BTreeMap<u16, Found>, Stopped> {
        Ok(self.look(violated).await?.into_iter().map(|(index, (found, _))| (index, found)).collect())
    }

    /// Set rules on the rows as read: raises their failures and takes the violating rows among the failing ones.
    async fn sets_as_read(&mut self) -> Result<(), Stopped> {
        let looked = self.look(&self.failing.reasons).await?;
        let of = |found: &Found| SetRule {
            violations: found.violations(),
            judged: found.judged,
            grouped: found.grouped.clone(),
        };
        // A rule's own count is that of all rows; what is done about them, of those that pass by other rules.
        let passing = self.tolerable(&self.failing.reasons, |reason| self.mild(reason));
        let alone = if passing.count_set_bits() == passing.len() {
            looked.iter().map(|(index, (found, _))| (*index, of(found))).collect()
        } else {
            let mut broken = self.failing.reasons.clone();
            let only = self.failing.sets.number(BTreeSet::from([Reason::BadRecord]));
            for set in &mut broken {
                *set = if self.failing.sets.has(*set, Reason::BadRecord) { only } else { SetId::default() };
            }
            self.find(&broken).await?.iter().map(|(index, found)| (*index, of(found))).collect()
        };
        self.pass.sets = alone;
        let mut found = BTreeMap::new();
        for (index, (rows, failing)) in looked {
            found.insert(index, rows);
            self.groups.insert(index, failing);
        }
        for (index, found) in &found {
            let Some(rule) = self.book.rule(*index) else { continue };
            self.pass.staged.judged.insert(*index, found.judged);
            if !found.spared.is_empty() {
                self.pass.staged.violations.insert(Reason::Spared(*index), found.spared.rows());
            }
            if found.count == 0 {
                continue;
            }
            self.pass.staged.violations.insert(Reason::Rule(*index), found.count);
            if !raises(rule, found.count, found.judged) {
                continue;
            }
            let failure = Failure::rule_failed(rule, found.count, found.judged);
            let answered = self.evaluator.answer(failure, Some((*index, rule)))?;
            self.answered.insert(Reason::Rule(*index), answered);
            self.take(found).await?;
        }
        for (index, found) in &found {
            let mut reasons = std::mem::take(&mut self.failing.reasons);
            self.mark(&mut reasons, *index, found);
            self.failing.reasons = reasons;
            self.show(&found.rows, Reason::Rule(*index))?;
            self.show(&found.spared, Reason::Spared(*index))?;
        }
        Ok(())
    }

    /// Samples of the rows that a set rule found.
    fn show(&mut self, found: &Ids, reason: Reason) -> Result<(), Stopped> {
        let shown = self.book.sample_columns.get(&reason.rule()).cloned().unwrap_or_default();
        let samples = &mut self.pass.staged.samples;
        let mut block: Option<Block> = None;
        for (row, n) in self.failing.places(found) {
            let (file, number) = n.id();
            if !samples.wants(reason, file, number) {
                continue;
            }
            let loaded = match block.take() {
                Some(loaded) if loaded.all().contains(&row) => loaded,
                _ => self.failing.load(self.failing.block_of(row))?,
            };
            let at = row - loaded.first;
            let text = |c: &usize| loaded.texts(*c).one(at).unwrap_or_else(|| "NULL".to_owned());
            let value = shown.iter().map(text).collect::<Vec<_>>().join(", ");
            samples.add(reason, Sample { file, row: number, line: loaded.line(at), value });
            block = Some(loaded);
        }
        Ok(())
    }

    /// Puts a rule that is answered to the rows it found, and to those that it spares.
    fn mark(&mut self, reasons: &mut [SetId], index: u16, found: &Found) {
        let answered = self.answered.contains_key(&Reason::Rule(index));
        let rows = found.rows.iter().filter(|_| answered).map(|n| (n, Reason::Rule(index)));
        for (n, reason) in rows.chain(found.spared.iter().map(|n| (n, Reason::Spared(index)))) {
            if let Some(set) = self.failing.find(n.id()).and_then(|row| reasons.get_mut(row)) {
                *set = self.failing.sets.with(*set, reason);
            }
        }
    }

    /// Takes what a set rule found out of the rows that passed, to heal it.
    async fn take(&mut self, found: &Found) -> Result<(), Stopped> {
        let new = found.rows.iter().filter(|n| self.failing.find(n.id()).is_none());
        let new = Ids::new(new.map(|n| Numbered::new(n.id(), 0)).collect());
        if new.is_empty() {
            return Ok(());
        }
        let passed = self.evaluator.engine.session.read_table(Arc::clone(&self.passed))?;
        let mut rows = passed.filter(new.contain())?.execute_stream().await?;
        let mut filling = self.failing.filling();
        while let Some(batch) = rows.next().await {
            filling.passed(&batch?)?;
        }
        filling.done()
    }

    /// What each failing row violates now, and what the set rules found. Failures that come up are answered, their rows taken.
    async fn now(&mut self) -> Result<(Vec<SetId>, BTreeMap<u16, Found>), Stopped> {
        self.failing.judge(&self.book.judge)?;
        let found = self.find(&self.failing.judged).await?;
        for (index, found) in &found {
            let reason = Reason::Rule(*index);
            let Some(rule) = self.book.rule(*index) else { continue };
            if !self.answered.contains_key(&reason) {
                if !raises(rule, found.count, self.pass.staged.rows) {
                    continue;
                }
                // Repairs raised it: its share is of the rows as read, most of which no set rule judged then.
                let judged = self.pass.staged.rows;
                self.pass.staged.judged.insert(*index, judged);
                let failure = Failure::rule_failed(rule, found.count, judged);
                let answered = self.evaluator.answer(failure, Some((*index, rule)))?;
                self.answered.insert(reason, answered);
            }
            self.take(found).await?;
        }
        let mut violated = self.failing.judged.clone();
        for (index, found) in &found {
            self.mark(&mut violated, *index, found);
        }
        let mut new: BTreeMap<Reason, u64> = BTreeMap::new();
        for (set, rows) in counted(violated.iter().copied()) {
            for reason in self.failing.sets.of(set).filter(|r| !self.answered.contains_key(r)) {
                *new.entry(reason).or_default() += rows;
            }
        }
        for (reason, count) in new {
            if let Reason::Rule(index) = reason
                && let Some(rule) = self.book.rule(index)
                && let judged = self.pass.staged.judged.get(&index).copied().unwrap_or(self.pass.staged.rows)
                && raises(rule, count, judged)
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
        let mut asked: Vec<Ask<'_>> = Vec::new();
        let mut heals = Vec::new();
        let mut changed = false;
        // Rules that one clause answers with a vote are counted together, so that their shares add up.
        let mut voted = BTreeSet::new();
        let mut voters = self.voters();
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
            let violating = violated.iter().map(|set| self.failing.sets.has(*set, *reason));
            let rows = &BooleanBuffer::from_iter(violating) & &self.unsettled();
            if rows.count_set_bits() == 0 {
                continue;
            }
            let place = heals.len();
            heals.push((answer.clone(), action.clone(), *reason));
            if let ResolvedAction::Dedupe { .. } = &action {
                if let Reason::Rule(index) = reason
                    && let Some(found) = found.get(index)
                {
                    changed |= self.dedupe(answer, group, &action, found, &rows, &violated)?;
                }
                continue;
            }
            // A fill looks at all rows, also at those it is for.
            let all = matches!(action, ResolvedAction::Fill { .. });
            let nothing = vec![SetId::default(); violated.len()];
            let standing = self.standing(self.passing(if all { &nothing } else { &violated })?);
            let (planner, shape) = (self.planner(), &self.failing.shape);
            let table = self.evaluator.task.table;
            let source = self.evaluator.engine.program().sources.get(table);
            let json = source.is_some_and(|s| ["json", "ndjson"].contains(&s.connector.as_str()));
            let model = self.pass.input.numbered;
            let asking = Asking { planner: &planner, shape, table, json, model, failure: &answer.failure };
            let mut votes = None;
            if let ResolvedAction::Majority { columns, by } = &action {
                if !voted.insert((clause.index, *reason)) {
                    continue;
                }
                let named = by.iter().flat_map(key_names);
                voters.keys.insert(place, named.filter_map(|name| asking.column(name).ok()).collect());
                votes = match (rule.map(|r| &r.predicate), reason) {
                    (Some(Predicate::Determines(d)), Reason::Rule(index)) if d == columns => {
                        found.get(index).map(Votes::Rule)
                    }
                    _ => Some(Votes::Own(Box::new(self.vote(&planner, &standing, columns, by).await?))),
                };
            }
            asked.extend(asking.ask(&action, (rows, place, clause.index), &standing, votes).await?);
        }
        let proposals = self.propose(&asked, &voters)?;
        Ok(self.apply(group, &proposals, &heals)? || changed)
    }

    /// What decides which column, before anything is asked.
    fn voters(&self) -> Voters {
        let columns = &self.failing.shape.schema;
        let decided = self.book.set.iter().filter_map(|(index, _)| match &self.book.rule(*index)?.predicate {
            Predicate::Determines(decided) => Some(decided),
            _ => None,
        });
        let mut deciders: BTreeMap<usize, usize> = BTreeMap::new();
        for column in decided.flatten().filter_map(|name| columns.index_of(name).ok()) {
            *deciders.entry(column).or_default() += 1;
        }
        Voters { keys: BTreeMap::new(), deciders, confidence: self.evaluator.settings.confidence }
    }

    /// What all actions propose, block by block.
    fn propose(&self, asked: &[Ask<'_>], voters: &Voters) -> Result<Proposals, Stopped> {
        let mut proposals = Proposals::default();
        for index in self.failing.blocks_with(|row| asked.iter().any(|ask| ask.concerns(row))) {
            let block = self.failing.load(index)?;
            let mut proposed = Vec::new();
            for ask in asked {
                proposed.extend(ask.cells(&block)?.into_iter().map(|p| (ask.place, p)));
            }
            proposals.add(&self.failing, index, voters.undoubted(proposed))?;
        }
        Ok(proposals)
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
            ties: Vec::new(),
            windowed: None,
            forbidden: false,
            null_fails: false,
        };
        standing.find(&Predicate::Determines(columns.to_vec()), &assertion).await
    }

    /// The fate of every failing row.
    fn settle(&mut self, violated: Vec<SetId>) -> Result<Verdicts, Stopped> {
        let mut fates = BTreeMap::new();
        let mut left: BTreeMap<Reason, u64> = BTreeMap::new();
        let open = violated.iter().zip(&self.failing.settled).filter(|(_, s)| s.is_none()).map(|(v, _)| *v);
        for (set, rows) in counted(open) {
            for reason in self.failing.sets.of(set) {
                *left.entry(reason).or_default() += rows;
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
        let sets: BTreeSet<SetId> = violated.iter().copied().collect();
        let strictest = |set| Fate::strictest(self.failing.sets.of(set).filter_map(|r| fates.get(&r).copied()));
        let fates = sets.into_iter().map(|set| (set, strictest(set))).collect();
        Ok(Verdicts { violated, fates })
    }
}

/// What each failing row violates as it would commit, and where that sends it.
struct Verdicts {
    violated: Vec<SetId>,
    fates: BTreeMap<SetId, Fate>,
}

impl Verdicts {
    /// What a row violates.
    fn of(&self, row: usize) -> SetId {
        self.violated.get(row).copied().unwrap_or_default()
    }

    /// Where a row goes. A removed duplicate goes nowhere, whatever this says.
    fn fate(&self, failing: &Failing, row: usize) -> Fate {
        match failing.settled(row) {
            Some(Settled::Waits) => Fate::Wait,
            Some(Settled::Undone) => Fate::Quarantine,
            _ => self.fates.get(&self.of(row)).copied().unwrap_or(Fate::Keep),
        }
    }
}

/// The first step group of a clause that repairs nothing: what it says of the rows that are left.
fn last_group(answer: &Answered, rule: Option<&pipe_check::Rule>) -> usize {
    let repairs = |group: &usize| answer.group(*group, rule).iter().any(ResolvedAction::repairs);
    (0..=answer.steps.len()).find(|g| !repairs(g)).unwrap_or(answer.steps.len())
}

/// The columns that a key reads.
fn key_names(key: &Key) -> Vec<&str> {
    match key {
        Key::Column(name) => vec![name],
        Key::Sql(expression) => expression.columns.iter().filter_map(|c| c.parts.last()).map(String::as_str).collect(),
    }
}
