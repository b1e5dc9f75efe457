//! Rounds of repairs: clauses propose on what the round before has left, all of a round on the same input.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::logical_expr::Expr;
use pipe_check::{Clause, Predicate};
use pipe_compile::{Planner, SetAssertion};
use pipe_heal::action::{Key, ResolvedAction};
use pipe_quality::Reason;

use super::Healer;
use super::doubt::Voters;
use super::proposals::Proposals;
use super::propose::{Ask, Asking, Votes};
use super::reasons::SetId;
use super::sets::{Found, Standing};
use crate::clauses::Answered;
use crate::engine::Stopped;

/// How often clauses may propose on what the round before has left.
const ROUNDS: usize = 3;

/// What a step of a clause does about a failure.
pub(super) struct Repair {
    /// What the rows violate.
    pub reason: Reason,
    /// The failure.
    pub answer: Answered,
    /// The clause that answers it.
    pub clause: Clause,
    /// The step's group, `else` by `else`.
    pub group: usize,
    /// What is done.
    pub action: ResolvedAction,
}

/// A round as it comes together.
struct Round<'r> {
    /// What each failing row violates.
    violated: &'r [SetId],
    /// What the set rules find.
    found: &'r BTreeMap<u16, Found>,
    asked: Vec<Ask<'r>>,
    /// Votes that are asked already: rules that one clause answers with a vote are counted together, so that their shares add up.
    voted: BTreeSet<(usize, Reason)>,
    voters: Voters,
}

impl Healer<'_, '_, '_> {
    /// Steps group by group; in each, clauses propose until nothing changes.
    pub(super) async fn rounds(&mut self) -> Result<(), Stopped> {
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
        let repairs = self.repairs(group);
        let (asked, voted, voters) = (Vec::new(), BTreeSet::new(), self.voters());
        let mut round = Round { violated: &violated, found: &found, asked, voted, voters };
        let mut changed = false;
        for (place, repair) in repairs.iter().enumerate() {
            let violating = violated.iter().map(|set| self.failing.sets.has(*set, repair.reason));
            let rows = &BooleanBuffer::from_iter(violating) & &self.unsettled();
            if rows.count_set_bits() == 0 {
                continue;
            }
            match (&repair.action, repair.answer.rule.and_then(|index| found.get(&index))) {
                (ResolvedAction::Dedupe { .. }, None) => {}
                (ResolvedAction::Dedupe { .. }, Some(found)) => {
                    changed |= self.dedupe(repair, found, &rows, &violated)?;
                }
                _ => self.ask(&mut round, (place, repair), rows).await?,
            }
        }
        let proposals = self.propose(&round)?;
        Ok(self.apply(&proposals, &repairs)? || changed)
    }

    /// The repairs that the steps of a group ask for, failure by failure. `then` does the next as well: all of them propose on the
    /// same input.
    fn repairs(&self, group: usize) -> Vec<Repair> {
        let mut repairs = Vec::new();
        for (reason, answer) in &self.answered {
            let Some(clause) = &answer.clause else { continue };
            if self.withdrawn.contains(&(clause.index, group)) {
                continue;
            }
            let rule = answer.rule.and_then(|i| self.book.rule(i));
            for action in answer.group(group, rule).into_iter().filter(ResolvedAction::repairs) {
                let (answer, clause) = (answer.clone(), clause.clone());
                repairs.push(Repair { reason: *reason, answer, clause, group, action });
            }
        }
        repairs
    }

    /// Asks a repair what it proposes for these rows.
    async fn ask(
        &self,
        round: &mut Round<'_>,
        (place, repair): (usize, &Repair),
        rows: BooleanBuffer,
    ) -> Result<(), Stopped> {
        let Repair { reason, answer, clause, action, .. } = repair;
        // A fill looks at all rows, also at those it is for.
        let all = matches!(action, ResolvedAction::Fill { .. });
        let nothing = vec![SetId::default(); round.violated.len()];
        let standing = self.standing(self.passing(if all { &nothing } else { round.violated })?);
        let table = self.evaluator.task.table;
        let source = self.evaluator.engine.program().sources.get(table);
        let json = source.is_some_and(|s| ["json", "ndjson"].contains(&s.connector.as_str()));
        let planner = self.planner();
        let (shape, model) = (&self.failing.shape, self.pass.input.numbered);
        let asking = Asking { planner: &planner, shape, table, json, model, failure: &answer.failure };
        let mut votes = None;
        if let ResolvedAction::Majority { columns, by } = action {
            if !round.voted.insert((clause.index, *reason)) {
                return Ok(());
            }
            let named = by.iter().flat_map(key_names);
            round.voters.keys.insert(place, named.filter_map(|name| asking.column(name).ok()).collect());
            let rule = answer.rule.and_then(|i| self.book.rule(i));
            votes = match (rule.map(|r| &r.predicate), reason) {
                (Some(Predicate::Determines(d)), Reason::Rule(index)) if d == columns => {
                    round.found.get(index).map(Votes::Rule)
                }
                _ => Some(Votes::Own(Box::new(self.vote(&planner, &standing, columns, by).await?))),
            };
        }
        round.asked.extend(asking.ask(action, (rows, place, clause.index), &standing, votes).await?);
        Ok(())
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
    fn propose(&self, round: &Round<'_>) -> Result<Proposals, Stopped> {
        let Round { asked, voters, .. } = round;
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
        let column = |name: &str| -> Result<Expr, Stopped> {
            let (qualifier, field) = row.qualified_field_with_unqualified_name(name)?;
            Ok(Expr::from((qualifier, field)))
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
}

/// The columns that a key reads.
fn key_names(key: &Key) -> Vec<&str> {
    match key {
        Key::Column(name) => vec![name],
        Key::Sql(expression) => expression.columns.iter().filter_map(|c| c.parts.last()).map(String::as_str).collect(),
    }
}
