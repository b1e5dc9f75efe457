//! The typed program: what the engine runs. Everything is resolved; nothing of it has to be looked up in text again.

use std::collections::BTreeMap;
use std::path::PathBuf;

use pipe_diagnostics::Span;
use pipe_schema::{Config, Type};
use pipe_sql::{Expression, Query};
use pipe_syntax::{self as syntax, Literal};

use crate::rule::Rule;

/// A checked program. Maps are by name, so that all that is printed is in a stable order.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// Relative locators start here.
    pub root: PathBuf,
    /// Typed values, bound in SQL as `$name`.
    pub params: BTreeMap<String, Param>,
    /// References to secrets.
    pub secrets: BTreeMap<String, Secret>,
    /// Connections, after the profile.
    pub connections: BTreeMap<String, Connection>,
    /// Channels.
    pub channels: BTreeMap<String, Connection>,
    /// Sources.
    pub sources: BTreeMap<String, Source>,
    /// Models.
    pub models: BTreeMap<String, Model>,
    /// Rules by table, in the order written; options and predicates of one line are several rules.
    pub rules: BTreeMap<String, Vec<Rule>>,
    /// Heal blocks by table. What of `heal *` applies to a table is already at the end of its clauses; a table without a block of its own has one here if `heal *` exists.
    pub heals: BTreeMap<String, HealBlock>,
    /// Loads, in the order written.
    pub loads: Vec<Load>,
    /// Schedules.
    pub schedules: BTreeMap<String, Schedule>,
    /// Tests.
    pub tests: BTreeMap<String, syntax::Test>,
}

/// `param`
#[derive(Clone, Debug)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Its default.
    pub default: Option<Literal>,
    /// Where it is declared.
    pub span: Span,
}

/// `secret`
#[derive(Clone, Debug)]
pub struct Secret {
    /// Its name.
    pub name: String,
    /// `env` or `file`.
    pub provider: String,
    /// The variable, the path.
    pub key: String,
    /// Where it is declared.
    pub span: Span,
}

/// `connection`, `channel`
#[derive(Clone, Debug)]
pub struct Connection {
    /// Its name.
    pub name: String,
    /// Connector or channel kind.
    pub kind: String,
    /// Its keys.
    pub config: Config,
    /// Where it is declared.
    pub span: Span,
}

/// `source`
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// The `---` lines above it.
    pub docs: Vec<String>,
    /// The connector, also when it is read through a connection.
    pub connector: String,
    /// The connection it is read through.
    pub connection: Option<String>,
    /// As written.
    pub locator: Option<String>,
    /// Where the locator is, or the source's name.
    pub locator_span: Span,
    /// Its keys.
    pub config: Config,
    /// The declared columns; `None`: inferred at the first run and pinned.
    pub schema: Option<Vec<Column>>,
    /// `incremental by c [lag d]`: the column and the lag in milliseconds.
    pub incremental: Option<(String, Option<u64>)>,
    /// What its producer promises.
    pub contract: Option<ContractFile>,
    /// Whether it is `stream` or `cdc`: checked, and refused by `run` until its engine comes.
    pub streaming: bool,
    /// Where its name is.
    pub span: Span,
}

/// `contract 'orders.odcs.yaml'`: a contract of the Open Data Contract Standard that a source is held against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractFile {
    /// As written, from the folder of the `.pipe` file.
    pub path: String,
    /// Its text; whether it is a contract is for its reader to say.
    pub text: String,
    /// Where the path is.
    pub span: Span,
}

/// A declared column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Other names the source may use for it.
    pub aliases: Vec<String>,
    /// Where its name is.
    pub span: Span,
}

/// `model`
#[derive(Clone, Debug)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// The `---` lines above it.
    pub docs: Vec<String>,
    /// Its query.
    pub query: Query,
    /// Its keys.
    pub config: Config,
    /// Where its name is.
    pub span: Span,
}

/// What of a table's rows heals, and within what bounds.
#[derive(Clone, Debug, Default)]
pub struct HealBlock {
    /// The table's own clauses, then those of `heal *`.
    pub clauses: Vec<Clause>,
    /// Gates and budgets, defaults filled in: `mode`, `confidence`, `max_healed_cells`, `max_healed_rows`, `max_quarantine`, `immutable`.
    pub config: Config,
}

/// A clause.
#[derive(Clone, Debug)]
pub struct Clause {
    /// From 1, in the order they are tried; what reports and the ledger call it, with its table.
    pub index: usize,
    /// Whether it comes from `heal *`.
    pub from_star: bool,
    /// The `---` lines above it.
    pub docs: Vec<String>,
    /// Alternatives.
    pub patterns: Vec<syntax::FailurePattern>,
    /// The guard, over `$field`s.
    pub guard: Option<Expression>,
    /// `steps [else steps]*`, each a chain of `then`.
    pub steps: Vec<Vec<Action>>,
    /// As written, white space folded: what confidence is kept for.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// An action with its SQL parsed.
#[derive(Clone, Debug)]
pub struct Action {
    /// Its name in [`pipe_schema::actions`].
    pub name: &'static str,
    /// As written; SQL in it is also in `sql`.
    pub syntax: syntax::Action,
    /// The parsed SQL: of `cast using`, `set =`, `fill with`.
    pub sql: Option<Expression>,
    /// The parsed SQL of `set … where`.
    pub filter: Option<Expression>,
    /// Where.
    pub span: Span,
}

/// `load`
#[derive(Clone, Debug)]
pub struct Load {
    /// `table`, or `table_2` when the table is loaded to several places: what `--target` and reports call it.
    pub name: String,
    /// The table.
    pub table: String,
    /// The connector, also through a connection.
    pub connector: String,
    /// The connection it writes through.
    pub connection: Option<String>,
    /// As written.
    pub locator: String,
    /// Its keys.
    pub config: Config,
    /// Where the locator is.
    pub span: Span,
}

/// `schedule`
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Its name.
    pub name: String,
    /// As written.
    pub syntax: syntax::Schedule,
    /// Where its name is.
    pub span: Span,
}

impl Program {
    /// Where the files of a locator are: under the `root` of the connection it is read or written through, if that has one.
    pub fn place(&self, connection: Option<&str>, locator: &str) -> String {
        let connection = connection.and_then(|c| self.connections.get(c));
        let root = connection.and_then(|c| c.config.text("root"));
        // An absolute locator has its place already.
        match root.filter(|_| !locator.starts_with('/')) {
            Some(root) => format!("{}/{locator}", root.trim_end_matches('/')),
            None => locator.to_owned(),
        }
    }

    /// The columns that `fill` clauses of a table may write, in order of name: each has a flag beside it, [`flag_of`]. A clause
    /// that names no column fills those of the `not null` rules that its pattern lets through.
    pub fn filled(&self, table: &str) -> Vec<String> {
        let mut found = std::collections::BTreeSet::new();
        for clause in self.heals.get(table).into_iter().flat_map(|h| &h.clauses) {
            for action in clause.steps.iter().flatten() {
                match &action.syntax {
                    pipe_syntax::Action::Fill { column: Some(column), .. } => _ = found.insert(column.value.clone()),
                    pipe_syntax::Action::Fill { column: None, .. } => {
                        let rules = self.rules.get(table).into_iter().flatten().filter(|r| r.check == "not_null");
                        let answered = rules.filter(|r| clause.patterns.iter().any(|p| may_answer(p, r)));
                        found.extend(answered.filter_map(|r| r.column.clone()));
                    }
                    _ => {}
                }
            }
        }
        found.into_iter().collect()
    }

    /// The tables a table is computed from: a model's tables, a source's none; and what its rules refer to. Each once, in order of name; `raw.x` counts as `x`.
    pub fn inputs(&self, table: &str) -> Vec<String> {
        let mut found = std::collections::BTreeSet::new();
        let mut add = |refs: &[pipe_sql::TableRef]| {
            for r in refs {
                match r.parts.as_slice() {
                    [name] => _ = found.insert(name.clone()),
                    [schema, name] if schema == "raw" => _ = found.insert(name.clone()),
                    _ => {}
                }
            }
        };
        if let Some(model) = self.models.get(table) {
            add(&model.query.tables);
        }
        let mut more = Vec::new();
        for rule in self.rules.get(table).into_iter().flatten() {
            for e in rule.subject.iter().chain(&rule.filter) {
                add(&e.tables);
            }
            more.extend(rule.predicate.tables().into_iter().cloned());
        }
        found.extend(more);
        found.remove(table);
        found.into_iter().collect()
    }
}

/// The flag beside a column that a clause may fill: true in the rows where it did.
pub fn flag_of(column: &str) -> String {
    format!("{column}_filled")
}

/// Whether a pattern may match the failure of a rule, as far as its name, column and check tell.
fn may_answer(pattern: &pipe_syntax::FailurePattern, rule: &Rule) -> bool {
    use pipe_syntax::{FieldPattern, FieldValue, Literal};
    let is = |value: &FieldValue, found: &str| match value {
        FieldValue::Word(text) | FieldValue::Literal(Literal::Text(text)) => text == found,
        FieldValue::Literal(_) => false,
    };
    pattern.fields.iter().all(|(field, wanted)| {
        let found = match field.value.as_str() {
            "rule" => rule.name.as_str(),
            "column" => rule.column.as_deref().unwrap_or_default(),
            "check" => rule.check,
            _ => return true,
        };
        match &wanted.value {
            FieldPattern::Any => true,
            FieldPattern::OneOf(values) => values.iter().any(|v| is(&v.value, found)),
        }
    })
}
