//! Which statements a run of some tables needs: an error elsewhere is no hindrance.

use std::collections::BTreeSet;

use pipe_diagnostics::{Diagnostic, Span};
use pipe_syntax::{self as syntax, Statement, StatementKind};

use crate::load::Loaded;
use crate::program::Program;

/// What a statement is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Concern {
    /// The program as a whole.
    All,
    /// A table: it, its rules, its clauses.
    Table(String),
    /// A load of this table.
    Load(String),
    /// A connection.
    Connection(String),
    /// A channel.
    Channel(String),
    /// Nothing that a run does.
    NoRun,
}

/// What each statement is about, by its place.
pub(crate) fn concerns(statements: &[&Statement]) -> Vec<(Span, Concern)> {
    let about = |s: &Statement| match &s.kind {
        StatementKind::Source(s) => Concern::Table(s.name.value.clone()),
        StatementKind::Model(m) => Concern::Table(m.name.value.clone()),
        StatementKind::Rules(r) => Concern::Table(r.table.value.clone()),
        StatementKind::Heal(h) => h.table.as_ref().map_or(Concern::All, |t| Concern::Table(t.value.clone())),
        StatementKind::Load(l) => Concern::Load(l.table.value.clone()),
        StatementKind::Connection(c) => Concern::Connection(c.name.value.clone()),
        StatementKind::Channel(c) => Concern::Channel(c.name.value.clone()),
        StatementKind::Schedule(_) | StatementKind::Test(_) => Concern::NoRun,
        StatementKind::Version(_)
        | StatementKind::Use(_)
        | StatementKind::Param(_)
        | StatementKind::Secret(_)
        | StatementKind::Profile(_) => Concern::All,
        StatementKind::Error { .. } => match s.keyword.as_str() {
            "schedule" | "test" => Concern::NoRun,
            _ => Concern::All,
        },
    };
    statements.iter().map(|s| (s.span.span, about(s))).collect()
}

impl Loaded {
    /// The errors that stop a run of `targets` (tables or loads; none: all of the program): those in what the targets are computed from, read through, healed by and told to. An error in a schedule, a test, a channel that no clause of theirs notifies or a table they do not need is no hindrance.
    pub fn hindrances(&self, targets: &[&str]) -> Vec<&Diagnostic> {
        self.stopping(&Needed::of(&self.program, targets, true))
    }

    /// The errors that stop `tables` from being read, without any of their loads.
    pub fn hindrances_to_read(&self, tables: &[&str]) -> Vec<&Diagnostic> {
        self.stopping(&Needed::of(&self.program, tables, false))
    }

    fn stopping(&self, needed: &Needed) -> Vec<&Diagnostic> {
        let stops = |d: &&Diagnostic| d.is_error() && d.labels.first().is_none_or(|l| needed.has(self.concern(l.span)));
        self.diagnostics.iter().filter(stops).collect()
    }

    /// What the statement around these bytes is about; a place outside all of them, such as a query's own file, concerns all.
    fn concern(&self, span: Span) -> &Concern {
        let holds = |s: &Span| s.file == span.file && s.start <= span.start && span.start <= s.end;
        self.concerns.iter().find(|(s, _)| holds(s)).map_or(&Concern::All, |(_, c)| c)
    }
}

/// What a run touches; `tables` is `None` when it is all.
struct Needed {
    tables: Option<BTreeSet<String>>,
    loads: bool,
    connections: BTreeSet<String>,
    channels: BTreeSet<String>,
}

impl Needed {
    fn of(program: &Program, targets: &[&str], loads: bool) -> Needed {
        let tables = (!targets.is_empty()).then(|| upstream(program, targets));
        let has = |t: &str| tables.as_ref().is_none_or(|n| n.contains(t));
        let sources = program.sources.values().filter(|s| has(&s.name)).filter_map(|s| s.connection.clone());
        let loaded = program.loads.iter().filter(|l| loads && has(&l.table)).filter_map(|l| l.connection.clone());
        let connections = sources.chain(loaded).collect();
        let blocks = program.heals.iter().filter(|(t, _)| has(t)).flat_map(|(_, b)| &b.clauses);
        let told = blocks.flat_map(|c| &c.steps).flatten().filter_map(|a| match &a.syntax {
            syntax::Action::Notify(channel) => Some(channel.value.clone()),
            _ => None,
        });
        let channels = told.collect();
        Needed { tables, loads, connections, channels }
    }

    fn has(&self, concern: &Concern) -> bool {
        match concern {
            Concern::All => true,
            Concern::Table(t) => self.tables.as_ref().is_none_or(|n| n.contains(t)),
            Concern::Load(t) => self.loads && self.tables.as_ref().is_none_or(|n| n.contains(t)),
            Concern::Connection(c) => self.connections.contains(c),
            Concern::Channel(c) => self.channels.contains(c),
            Concern::NoRun => false,
        }
    }
}

/// The targets' tables and all that they are computed, judged and healed from.
fn upstream(program: &Program, targets: &[&str]) -> BTreeSet<String> {
    let table =
        |t: &&str| program.loads.iter().find(|l| l.name == **t).map_or_else(|| (*t).to_owned(), |l| l.table.clone());
    let mut queue: Vec<String> = targets.iter().map(table).collect();
    let mut seen = BTreeSet::new();
    while let Some(t) = queue.pop() {
        if !seen.insert(t.clone()) {
            continue;
        }
        queue.extend(program.inputs(&t));
        for action in program.heals.get(&t).into_iter().flat_map(|b| &b.clauses).flat_map(|c| &c.steps).flatten() {
            match &action.syntax {
                syntax::Action::Lookup { table, .. }
                | syntax::Action::Snap(Some((_, table, _)))
                | syntax::Action::UseSource(table) => {
                    queue.push(table.value.clone());
                }
                _ => {}
            }
        }
    }
    seen
}
