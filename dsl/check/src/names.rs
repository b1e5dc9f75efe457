//! All names of a program, gathered before anything is looked up.

use std::collections::{BTreeMap, BTreeSet};

use pipe_diagnostics::{Diagnostic, FileId, Sources, Span, codes::names as codes};
use pipe_schema::Type;
use pipe_syntax::{self as syntax, Name, SourceClause, Spanned, Statement, StatementKind, Value};

use crate::cx::{twice, unknown};

/// Columns that a scan adds behind the data of a source: where a row came from.
pub(crate) const META_COLUMNS: [&str; 3] = ["_file", "_line", "_row"];

/// A table: what `FROM` may name.
pub(crate) struct Table<'a> {
    pub(crate) name: &'a Name,
    pub(crate) kind: TableKind<'a>,
    /// The columns, where they are declared and their declaration could be read; with the type, if that is known.
    pub(crate) columns: Option<BTreeMap<&'a str, Option<Type>>>,
}

/// What declares a table.
#[derive(Clone, Copy)]
pub(crate) enum TableKind<'a> {
    Source(&'a syntax::Source),
    Model,
}

impl Table<'_> {
    /// The type of a column, where it is known.
    pub(crate) fn ty(&self, column: &str) -> Option<&Type> {
        self.columns.as_ref()?.get(column)?.as_ref()
    }

    /// Whether it is a model.
    pub(crate) fn is_model(&self) -> bool {
        matches!(self.kind, TableKind::Model)
    }

    /// Whether this is one of the columns every source has without declaring them.
    pub(crate) fn is_meta(&self, column: &str) -> bool {
        matches!(self.kind, TableKind::Source(_)) && META_COLUMNS.contains(&column)
    }
}

/// The names of a program, by kind; each kind has a space of its own, sources and models share one.
#[derive(Default)]
pub(crate) struct Names<'a> {
    pub(crate) params: BTreeMap<&'a str, &'a syntax::Param>,
    pub(crate) secrets: BTreeMap<&'a str, &'a syntax::Secret>,
    pub(crate) connections: BTreeMap<&'a str, &'a syntax::Connection>,
    pub(crate) channels: BTreeMap<&'a str, &'a syntax::Connection>,
    pub(crate) profiles: BTreeMap<&'a str, &'a syntax::Profile>,
    pub(crate) tables: BTreeMap<&'a str, Table<'a>>,
    pub(crate) schedules: BTreeMap<&'a str, &'a syntax::Schedule>,
    pub(crate) tests: BTreeMap<&'a str, &'a syntax::Test>,
    /// How often each table is loaded: its loads are `table`, `table_2`, ….
    pub(crate) loads: BTreeMap<&'a str, usize>,
    /// Tables that another file declares, too, by the file that does so again: a copy, whose statements are about the first one's table.
    copies: BTreeSet<(&'a str, FileId)>,
    /// Names that a statement which failed to parse may have declared, folded.
    broken: BTreeSet<String>,
    /// Where parsing failed.
    holes: Vec<Span>,
}

impl<'a> Names<'a> {
    /// Gathers the names of all statements and reports what is declared twice. `diagnostics` are the parser's.
    pub(crate) fn gather(
        statements: &[&'a Statement],
        sources: &Sources,
        diagnostics: &[Diagnostic],
    ) -> (Names<'a>, Vec<Diagnostic>) {
        let mut names = Names { holes: diagnostics.iter().filter_map(Diagnostic::span).collect(), ..Names::default() };
        names.holes.sort();
        let mut out = Vec::new();
        for statement in statements {
            names.declare(statement, sources, &mut out);
        }
        (names, out)
    }

    fn declare(&mut self, statement: &'a Statement, sources: &Sources, out: &mut Vec<Diagnostic>) {
        let clash = match &statement.kind {
            StatementKind::Param(p) => put(&mut self.params, "param", &p.name, p, |p| p.name.span),
            StatementKind::Secret(s) => put(&mut self.secrets, "secret", &s.name, s, |s| s.name.span),
            StatementKind::Connection(c) => {
                if pipe_schema::connector(&c.name).is_some() {
                    let message = format!("connection `{}` has the name of a connector", c.name.value);
                    out.push(
                        Diagnostic::error(codes::NAME_OF_CONNECTOR, message, c.name.span)
                            .help(format!("call it by what it connects to, such as `{}_1`", c.name.value)),
                    );
                }
                put(&mut self.connections, "connection", &c.name, c, |c| c.name.span)
            }
            StatementKind::Channel(c) => put(&mut self.channels, "channel", &c.name, c, |c| c.name.span),
            StatementKind::Profile(p) => put(&mut self.profiles, "profile", &p.name, p, |p| p.name.span),
            StatementKind::Source(s) => {
                let columns = if self.has_hole(statement.span.span) { None } else { columns(s) };
                let table = Table { name: &s.name, kind: TableKind::Source(s), columns };
                put(&mut self.tables, "table", &s.name, table, |t| t.name.span)
            }
            StatementKind::Model(m) => {
                let table = Table { name: &m.name, kind: TableKind::Model, columns: None };
                put(&mut self.tables, "table", &m.name, table, |t| t.name.span)
            }
            StatementKind::Schedule(s) => put(&mut self.schedules, "schedule", &s.name, s, |s| s.name.span),
            StatementKind::Test(t) => put(&mut self.tests, "test", &t.name, t, |t| t.name.span),
            StatementKind::Load(l) => {
                *self.loads.entry(l.table.as_str()).or_default() += 1;
                None
            }
            StatementKind::Error { name: Some(name) } => {
                self.broken.insert(name.to_lowercase());
                None
            }
            StatementKind::Error { name: None } => {
                let first_line = sources.text(statement.span.span).lines().next().unwrap_or("");
                let words = first_line.split(|c: char| !c.is_alphanumeric() && c != '_');
                self.broken.extend(words.filter(|w| !w.is_empty()).map(str::to_lowercase));
                None
            }
            StatementKind::Version(_) | StatementKind::Use(_) | StatementKind::Rules(_) | StatementKind::Heal(_) => {
                None
            }
        };
        if let (
            Some(_),
            StatementKind::Source(syntax::Source { name, .. }) | StatementKind::Model(syntax::Model { name, .. }),
        ) = (&clash, &statement.kind)
            && self.tables.get(name.as_str()).is_some_and(|first| first.name.span.file != name.span.file)
        {
            self.copies.insert((name, name.span.file));
        }
        out.extend(clash);
    }

    /// Whether a statement is about a table that its own file has declared again: that is said, and all else follows from it.
    pub(crate) fn is_of_copy(&self, statement: &Statement) -> bool {
        let table = match &statement.kind {
            StatementKind::Rules(rules) => &rules.table,
            StatementKind::Load(load) => &load.table,
            StatementKind::Heal(syntax::Heal { table: Some(table), .. }) => table,
            _ => return false,
        };
        self.copies.contains(&(table.as_str(), table.span.file))
    }

    /// Whether a statement that failed to parse may have declared this: then its message is enough.
    pub(crate) fn may_be_broken(&self, name: &str) -> bool {
        self.broken.contains(&name.to_lowercase())
    }

    /// Whether parsing failed somewhere in these bytes: then what is missing there is no news.
    pub(crate) fn has_hole(&self, span: Span) -> bool {
        let from = self.holes.partition_point(|h| (h.file, h.end) < (span.file, span.start));
        self.holes
            .get(from..)
            .into_iter()
            .flatten()
            .take_while(|h| h.file == span.file && h.start <= span.end)
            .next()
            .is_some()
    }

    /// What a target may be called: tables, and loads of tables that are loaded more than once.
    pub(crate) fn is_target(&self, name: &str) -> bool {
        self.tables.contains_key(name)
            || name.rsplit_once('_').is_some_and(|(table, n)| {
                n.parse::<usize>().is_ok_and(|n| n >= 2 && self.loads.get(table).is_some_and(|loads| n <= *loads))
            })
    }

    /// Puts the overrides of a profile in the place of what they override.
    pub(crate) fn apply(&mut self, profile: &'a syntax::Profile) {
        for item in &profile.items {
            match &item.kind {
                StatementKind::Param(p) => _ = self.params.entry(&p.name).and_modify(|old| *old = p),
                StatementKind::Connection(c) => _ = self.connections.entry(&c.name).and_modify(|old| *old = c),
                _ => {}
            }
        }
    }
}

/// Adds a name; a message if it is there already. The first one stays.
fn put<'a, T>(
    map: &mut BTreeMap<&'a str, T>,
    what: &str,
    name: &'a Spanned<String>,
    value: T,
    place: impl Fn(&T) -> Span,
) -> Option<Diagnostic> {
    if let Some(first) = map.get(name.as_str()) {
        let message = format!("{what} `{}` is declared twice", name.value);
        let help = if place(first).file == name.span.file {
            "give one of them another name"
        } else {
            "give one of them another name; all files of a folder are one program, a file that is named is one alone"
        };
        return Some(twice(codes::DUPLICATE_NAME, &message, name.span, place(first)).help(help));
    }
    map.insert(name, value);
    None
}

/// The columns of a declared schema, and those that the folders of a partitioned locator name (`year=*/`); `None` when there may be others.
fn columns(source: &syntax::Source) -> Option<BTreeMap<&str, Option<Type>>> {
    let mut found: Option<BTreeMap<&str, Option<Type>>> = None;
    let mut partitioned = false;
    for clause in &source.clauses {
        match clause {
            SourceClause::Schema(columns) => {
                let found = found.get_or_insert_default();
                for c in &columns.value {
                    found.entry(c.name.as_str()).or_insert_with(|| Type::parse(&c.ty));
                }
            }
            SourceClause::With(with) => {
                partitioned |=
                    with.entries.iter().any(|e| e.key.value == "partitioned" && e.value.value != Value::Bool(false));
            }
            _ => {}
        }
    }
    if !partitioned {
        return found;
    }
    let mut found = found?;
    let locator = source.locator.as_ref()?;
    let folders: Vec<&str> = locator.split('/').filter_map(|f| Some(f.split_once('=')?.0)).collect();
    if folders.is_empty() {
        return None;
    }
    for name in folders {
        found.entry(name).or_insert(None);
    }
    Some(found)
}

/// Checks that what the profiles override is declared, of the same type.
pub(crate) fn profiles(names: &Names<'_>, active: Option<&str>) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    if let Some(active) = active
        && !names.profiles.contains_key(active)
        && !names.may_be_broken(active)
    {
        let mut d = unknown(
            codes::UNKNOWN_PROFILE,
            "profile",
            &Spanned::new(active.to_owned(), Span::default()),
            names.profiles.keys().copied(),
        );
        d.labels.clear();
        if names.profiles.is_empty() {
            d = d.help("the program declares no profile");
        }
        out.push(d);
    }
    for (name, profile) in &names.profiles {
        let mut seen: BTreeMap<(&str, &str), Span> = BTreeMap::new();
        for item in &profile.items {
            let (what, overriding, known): (&str, &Name, Vec<&str>) = match &item.kind {
                StatementKind::Param(p) => {
                    if let Some(base) = names.params.get(p.name.as_str())
                        && base.ty != p.ty
                    {
                        let message = format!("profile `{name}` gives param `{}` another type", p.name.value);
                        out.push(
                            Diagnostic::error(codes::OVERRIDE_TYPE, message, p.ty.span)
                                .label(base.ty.span, format!("declared as `{}`", base.ty.value)),
                        );
                    }
                    ("param", &p.name, names.params.keys().copied().collect())
                }
                StatementKind::Connection(c) => ("connection", &c.name, names.connections.keys().copied().collect()),
                _ => continue,
            };
            if let Some(first) = seen.insert((what, overriding), overriding.span) {
                let message = format!("{what} `{}` is overridden twice in profile `{name}`", overriding.value);
                out.push(twice(codes::DUPLICATE_NAME, &message, overriding.span, first));
            } else if !known.contains(&overriding.as_str()) && !names.may_be_broken(overriding) {
                let message =
                    format!("profile `{name}` overrides {what} `{}`, which is not declared", overriding.value);
                out.push(
                    Diagnostic::error(codes::OVERRIDE_UNKNOWN, message, overriding.span)
                        .maybe_help(crate::cx::suggest(overriding, known)),
                );
            }
        }
    }
    out
}
