//! From a file of another tool to a text in `.pipe`.

use std::collections::{BTreeMap, BTreeSet};

use pipe_diagnostics::codes::{import as codes, names, sql};
use pipe_diagnostics::{Diagnostic, FileId, Severity, Sources, Span, nearest};
use pipe_schema::Type;

use crate::args::wrong;
use crate::catalogue::{Check, Said as How, Tool, catalogue};
use crate::node::{self, Node};
use crate::rule::{Rule, Said, Table};
use crate::{dbt, deequ, dqdl, gx, odcs, soda, types, write};

/// What was made of a file.
#[derive(Debug)]
pub struct Imported {
    /// The program, formatted; what was refused is listed in a comment at its end.
    pub text: String,
    /// How many checks the file has, refused ones included.
    pub checks: usize,
    /// How many rules were written.
    pub rules: usize,
    /// The columns that the file describes, also those whose type has no name here.
    pub columns: Vec<ImportedColumn>,
    /// The tables that the program names and the file says nothing of: their sources are `source t from csv 't.csv';`.
    pub undeclared: Vec<String>,
    /// What cannot be said, each at its place in the file.
    pub refused: Vec<Diagnostic>,
    /// The file, for the places.
    pub sources: Sources,
}

/// A column that a contract describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedColumn {
    /// Its table.
    pub table: String,
    /// Its name, folded.
    pub name: String,
    /// Its type; `None` where there is none like it.
    pub ty: Option<Type>,
    /// Whether the file states the type to the width, and not only its kind.
    pub exact: bool,
}

/// Reads a suite. `name` is the file's as messages show it; `table` names the table where the file does not (the file's stem otherwise).
///
/// Each check either became rules that mean the same, or is in `refused`.
///
/// # Errors
/// One diagnostic with the sources it points into, when the file is not one of the tool's.
pub fn import(tool: Tool, name: &str, text: &str, table: Option<&str>) -> Result<Imported, (Box<Diagnostic>, Sources)> {
    let mut sources = Sources::default();
    let file = sources.add(name, text);
    let mut cx = Cx { default_table: default_table(name, table), ..Cx::new(tool, file) };
    let read = match tool {
        Tool::GreatExpectations => node::read(text, file).and_then(|documents| gx::suite(&mut cx, &documents)),
        Tool::Dbt => node::read(text, file).and_then(|documents| dbt::properties(&mut cx, &documents)),
        Tool::Soda => node::read(text, file).and_then(|documents| soda::file(&mut cx, &documents)),
        Tool::Odcs => node::read(text, file).and_then(|documents| odcs::contract(&mut cx, &documents)),
        Tool::Deequ => deequ::file(&mut cx, text),
        Tool::Dqdl => dqdl::ruleset(&mut cx, text),
    };
    if let Err(problem) = read {
        return Err((problem, sources));
    }
    cx.verify();
    let rules = cx.tables.iter().map(|t| t.rules.len()).sum();
    let undeclared = write::undeclared(&cx);
    let text = match write::program(&cx, name, &sources) {
        Ok(text) => text,
        Err(problem) => return Err((problem, sources)),
    };
    Ok(Imported { text, checks: cx.checks, rules, columns: cx.columns, undeclared, refused: cx.refused, sources })
}

/// The table that a file is about which names none.
fn default_table(name: &str, given: Option<&str>) -> String {
    given.map_or_else(
        || {
            let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
            file.split('.').next().unwrap_or(file).to_owned()
        },
        str::to_owned,
    )
}

/// What is gathered while a file is read.
pub(crate) struct Cx {
    pub(crate) tool: Tool,
    pub(crate) file: FileId,
    pub(crate) default_table: String,
    pub(crate) tables: Vec<Table>,
    /// Tables that rules name and the file does not describe.
    pub(crate) others: BTreeSet<String>,
    pub(crate) refused: Vec<Diagnostic>,
    /// What has no bearing on a verdict, each at its place.
    pub(crate) left_out: Vec<(Span, String)>,
    pub(crate) columns: Vec<ImportedColumn>,
    /// The statements of the params that rules name, by their names.
    pub(crate) params: BTreeMap<String, String>,
    checks: usize,
}

impl Cx {
    fn new(tool: Tool, file: FileId) -> Self {
        Self {
            tool,
            file,
            default_table: String::new(),
            tables: Vec::new(),
            others: BTreeSet::new(),
            refused: Vec::new(),
            left_out: Vec::new(),
            columns: Vec::new(),
            params: BTreeMap::new(),
            checks: 0,
        }
    }

    /// The table of this name, made where there is none.
    pub(crate) fn table(&mut self, name: &str) -> &mut Table {
        let name = crate::write::identifier(name);
        let at = self.tables.iter().position(|t| t.name == name).unwrap_or_else(|| {
            self.tables.push(Table { name, ..Table::default() });
            self.tables.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "the position was found or made just above")]
        &mut self.tables[at]
    }

    /// Counts a check and keeps its rules, or why there are none.
    pub(crate) fn add(&mut self, table: &str, rules: Said<Vec<Rule>>) {
        self.checks += 1;
        match rules {
            Ok(rules) => self.table(table).rules.extend(rules),
            Err(why) => self.refused.push(*why),
        }
    }

    /// The columns described, the first of each name; one without a name, and one that comes twice, are refused.
    pub(crate) fn once<'n>(
        &mut self,
        table: &str,
        columns: &'n [Node],
        name: impl Fn(&Node) -> Option<String>,
    ) -> Vec<&'n Node> {
        let mut names = BTreeSet::new();
        let mut kept = Vec::new();
        for column in columns {
            match name(column).map(|n| n.to_lowercase()) {
                None => self.add(table, wrong(column.span, "a column without a `name`")),
                Some(name) if !names.insert(name.clone()) => {
                    self.add(
                        table,
                        wrong(column.span, format!("the column `{name}` is described for the second time")),
                    );
                }
                Some(_) => kept.push(column),
            }
        }
        kept
    }

    /// The columns of a table with their types, where there is one like it for all of them.
    pub(crate) fn declare(&mut self, table: &str, columns: &[Node]) {
        let kept = self.once(table, columns, |c| c.text("name"));
        let typed = kept.iter().map(|c| Some((c.text("name")?, types::parse(&c.text("data_type")?)?)));
        self.table(table).columns = typed.collect::<Option<_>>().unwrap_or_default();
    }

    /// Declares a param; one with a value counts before one without.
    pub(crate) fn param(&mut self, name: &str, ty: &str, value: Option<String>) {
        let text = |value: &str| format!("param {name} {ty}{value};\n");
        match value {
            Some(value) => self.params.insert(name.to_owned(), text(&format!(" = {value}"))),
            None => Some(self.params.entry(name.to_owned()).or_insert_with(|| text("")).clone()),
        };
    }

    /// Names something that is left out, since nothing is judged by it.
    pub(crate) fn leave_out(&mut self, span: Span, what: String) {
        self.left_out.push((span, what));
    }

    /// Looks a check up in the tool's catalogue.
    ///
    /// # Errors
    /// A message when there is none of this name, or when it is known and cannot be said.
    pub(crate) fn known(&self, name: &str, node: &Node) -> Said<&'static Check> {
        let all = catalogue(self.tool);
        match all.iter().find(|c| c.name == name) {
            Some(Check { said: How::Not(why), .. }) => {
                Err(Box::new(Diagnostic::error(codes::NOT_SAID, format!("`{name}` {why}"), node.span)))
            }
            Some(check) => Ok(check),
            None => {
                let near = nearest(name, all.iter().map(|c| c.name));
                let help = near.map_or_else(
                    || "a check of your own is a rule with an expression: `name: (SQL);`".to_owned(),
                    |n| format!("did you mean `{n}`?"),
                );
                let message = format!("{} has no check `{name}`", self.tool.title());
                Err(Box::new(Diagnostic::error(codes::UNKNOWN_CHECK, message, node.span).help(help)))
            }
        }
    }

    /// Checks each rule by itself, as `pipe check` would; one that is wrong is refused at the place it comes from.
    fn verify(&mut self) {
        let mut tables = std::mem::take(&mut self.tables);
        let params: String = self.params.values().cloned().collect();
        let known: BTreeSet<String> = tables.iter().map(|t| t.name.clone()).collect();
        for table in &mut tables {
            if let Some((span, what)) = self.undescribed(&params, table) {
                table.columns.clear();
                self.left_out.push((span, what));
            }
            let rules = std::mem::take(&mut table.rules);
            for rule in rules {
                match sound(&params, table, &rule) {
                    Ok(others) => {
                        self.others.extend(others.into_iter().filter(|o| !known.contains(o)));
                        table.rules.push(rule);
                    }
                    Err(why) => {
                        let message = format!("what was made of this is not right: {}", why.message);
                        let mut told = Diagnostic::error(codes::NOT_SOUND, message, rule.span).maybe_help(why.help);
                        told = told.note(format!("the rule is `{}`", write::line(&rule, rule.name.as_deref())));
                        self.refused.push(told);
                    }
                }
            }
        }
        self.tables = tables;
        self.refused.sort_by_key(|d| d.span().map(|s| (s.start, s.end)));
    }

    /// Of a tool that describes the columns it checks and not all there are: a rule that reads another one, and what to say of it.
    fn undescribed(&self, params: &str, table: &Table) -> Option<(Span, String)> {
        if table.columns.is_empty() || !matches!(self.tool, Tool::Dbt | Tool::Soda) {
            return None;
        }
        table.rules.iter().find_map(|rule| {
            let why = sound(params, table, rule).err()?;
            let reads_more = [names::UNKNOWN_COLUMN, sql::QUERY_COLUMN].contains(&why.code);
            let told = format!("{}, and a rule reads it, so the source is written without columns", why.message);
            reads_more.then_some((rule.span, told))
        })
    }
}

/// Checks a rule in a program of its own. Gives the other tables that it names.
fn sound(params: &str, table: &Table, rule: &Rule) -> Result<Vec<String>, Diagnostic> {
    let own = Rule { name: rule.derived_name().is_none().then(|| "rule".to_owned()), ..rule.clone() };
    let mut program = format!("{params}{}", write::source(table));
    program += &format!("rules {} {{ {}; }}\n", table.name, write::line(&own, own.name.as_deref()));
    let mut others: BTreeSet<String> = BTreeSet::new();
    loop {
        let mut text = format!("pipe 1;\n{program}");
        for other in &others {
            text += &format!("source {other} from csv 'other.csv';\n");
        }
        let loaded = pipe_check::check(&[("rule.pipe", &text)]);
        let before = others.len();
        for d in loaded.diagnostics.iter().filter(|d| d.is_error()) {
            let named = d.span().map(|s| loaded.sources.text(s)).unwrap_or_default();
            let unknown = d.code == names::UNKNOWN_TABLE || d.code == sql::QUERY_TABLE;
            if unknown && !named.is_empty() && !named.contains('.') {
                others.insert(named.to_lowercase());
            } else {
                return Err(Diagnostic { severity: Severity::Error, ..d.clone() });
            }
        }
        if others.len() == before {
            return Ok(others.into_iter().collect());
        }
    }
}
