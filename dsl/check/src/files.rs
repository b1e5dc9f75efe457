//! The files of a project: the ones named, the ones they `use`, the ones models keep their query in.

mod schemas;

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use pipe_diagnostics::{Diagnostic, FileId, Severity, Sources, Span, codes::names as codes, nearest};
use pipe_syntax::{self as syntax, StatementKind, Text};

use crate::graph;
use crate::rule::JsonSchema;

/// Where texts come from.
pub(crate) enum Store<'a> {
    /// The disk; nothing outside this folder is `use`d.
    Disk(&'a Path),
    /// Texts by name.
    Memory(BTreeMap<String, &'a str>),
}

/// A file found.
struct Found {
    /// What makes it the same file however it is written.
    identity: PathBuf,
    /// As shown.
    shown: PathBuf,
    text: String,
}

/// Why a file is not to be had.
enum Missing {
    Outside,
    NotFound(Option<String>),
    Unreadable(String),
}

impl Store<'_> {
    /// The file that `text`, written in the file shown as `from`, means.
    fn open(&self, from: &Path, text: &str) -> Result<Found, Missing> {
        let shown = clean(&from.parent().unwrap_or(Path::new("")).join(text));
        match self {
            Store::Disk(root) => {
                if !inside(root, &shown) {
                    return Err(Missing::Outside);
                }
                read(&shown)
            }
            Store::Memory(texts) => {
                if shown.starts_with("..") {
                    return Err(Missing::Outside);
                }
                let name = shown.to_string_lossy();
                match texts.get(name.as_ref()) {
                    Some(text) => Ok(Found { identity: shown.clone(), shown, text: (*text).to_owned() }),
                    None => Err(Missing::NotFound(nearest(&name, texts.keys().map(String::as_str)).map(str::to_owned))),
                }
            }
        }
    }
}

/// Whether `path` lies in `root`, symbolic links resolved as far as the path exists.
fn inside(root: &Path, path: &Path) -> bool {
    let here = |p: &Path| if p.as_os_str().is_empty() { PathBuf::from(".") } else { p.to_owned() };
    let Ok(root) = here(root).canonicalize() else { return false };
    path.ancestors().find_map(|p| here(p).canonicalize().ok().map(|found| (found, p))).is_some_and(|(found, known)| {
        let rest = path.strip_prefix(known).unwrap_or(Path::new(""));
        clean(&found.join(rest)).starts_with(&root)
    })
}

fn read(path: &Path) -> Result<Found, Missing> {
    match std::fs::read(path) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => {
                let identity = path.canonicalize().unwrap_or_else(|_| path.to_owned());
                Ok(Found { identity, shown: path.to_owned(), text })
            }
            Err(e) => Err(Missing::Unreadable(format!("is not UTF-8 at byte {}", e.utf8_error().valid_up_to()))),
        },
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let wanted = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let mut names: Vec<String> = std::fs::read_dir(folder)
                .into_iter()
                .flatten()
                .filter_map(|e| e.ok().and_then(|e| e.file_name().into_string().ok()))
                .collect();
            names.sort();
            Err(Missing::NotFound(nearest(&wanted, names.iter().map(String::as_str)).map(str::to_owned)))
        }
        Err(e) => Err(Missing::Unreadable(format!("cannot be read: {e}"))),
    }
}

/// `a/./b/../c` as `a/c`, without asking the disk.
fn clean(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => _ = out.pop(),
            other => out.push(other),
        }
    }
    out
}

/// Files that are no part of the language, by the span of the text that names them.
#[derive(Default)]
pub(crate) struct Named {
    /// JSON Schemas of rules.
    pub(crate) schemas: BTreeMap<Span, JsonSchema>,
    /// Texts of data contracts of sources.
    pub(crate) contracts: BTreeMap<Span, String>,
}

/// All files, parsed.
#[derive(Default)]
pub(crate) struct Project {
    pub(crate) sources: Sources,
    /// In the order found: what is named first, then what is used.
    pub(crate) files: Vec<(FileId, syntax::File)>,
    /// Queries of models that stand in files of their own, by the span of the file's name.
    pub(crate) queries: BTreeMap<Span, syntax::Sql>,
    /// Other files that statements name.
    pub(crate) named: Named,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Reads the files named from disk, and what they use.
pub(crate) fn from_disk(root: &Path, files: &[PathBuf]) -> Project {
    let mut found = Vec::new();
    let mut project = Project::default();
    for path in files {
        match read(path) {
            Ok(file) => found.push(file),
            Err(Missing::Unreadable(why)) => {
                let message = format!("`{}` {why}", path.display());
                project.diagnostics.push(Diagnostic::new(codes::FILE_UNREADABLE, Severity::Error, message));
            }
            Err(Missing::NotFound(near)) => {
                let message = format!("there is no file `{}`", path.display());
                project.diagnostics.push(
                    Diagnostic::new(codes::FILE_UNREADABLE, Severity::Error, message)
                        .maybe_help(near.map(|n| format!("did you mean `{n}`?"))),
                );
            }
            Err(Missing::Outside) => {}
        }
    }
    project.read_all(&Store::Disk(root), found);
    project
}

/// Takes texts held in memory; only the `entries` first are part of the program by themselves, the others when `use`d.
pub(crate) fn from_memory(files: &[(&str, &str)], entries: usize) -> Project {
    let path = |name: &str| clean(Path::new(name));
    let texts = files.iter().map(|(name, text)| (path(name).to_string_lossy().into_owned(), *text)).collect();
    let found = files
        .iter()
        .take(entries)
        .map(|(name, text)| Found { identity: path(name), shown: PathBuf::from(name), text: (*text).to_owned() })
        .collect();
    let mut project = Project::default();
    project.read_all(&Store::Memory(texts), found);
    project
}

impl Project {
    fn read_all(&mut self, store: &Store<'_>, mut queue: Vec<Found>) {
        queue.reverse();
        let mut ids: BTreeMap<PathBuf, usize> = BTreeMap::new();
        let mut uses: Vec<Vec<graph::Edge>> = Vec::new();
        // Who asked for the file on the queue, if it was a `use`.
        let mut asked: Vec<Option<(usize, Span)>> = queue.iter().map(|_| None).collect();
        while let (Some(found), Some(by)) = (queue.pop(), asked.pop()) {
            let known = ids.get(&found.identity).copied();
            let index = known.unwrap_or(self.files.len());
            if let Some((from, span)) = by
                && let Some(edges) = uses.get_mut(from)
            {
                edges.push(graph::Edge { to: index, span });
            }
            if known.is_some() {
                continue;
            }
            ids.insert(found.identity, index);
            uses.push(Vec::new());
            let id = self.sources.add(found.shown.to_string_lossy(), found.text);
            let file = self.parse(id);
            let mut used = Vec::new();
            for statement in &file.statements {
                match &statement.kind {
                    StatementKind::Use(text) => {
                        used.extend(self.used(store, &found.shown, text).map(|f| (f, text.span)))
                    }
                    StatementKind::Model(syntax::Model { body: syntax::ModelBody::File(text), .. }) => {
                        self.query(store, &found.shown, text);
                    }
                    StatementKind::Rules(block) => self.schemas(store, &found.shown, block),
                    StatementKind::Source(source) => self.contracts(store, &found.shown, source),
                    _ => {}
                }
            }
            self.files.push((id, file));
            for (file, span) in used.into_iter().rev() {
                queue.push(file);
                asked.push(Some((index, span)));
            }
        }
        let name = |i: usize| {
            self.files.get(i).and_then(|(id, _)| self.sources.get(*id)).map_or("", |file| file.name.as_str())
        };
        for cycle in graph::cycles(&uses) {
            let path: Vec<&str> = cycle.nodes.iter().chain(cycle.nodes.first()).map(|n| name(*n)).collect();
            let Some((last, first)) = cycle.spans.split_last() else { continue };
            let mut d = Diagnostic::error(
                codes::USE_CYCLE,
                match path.as_slice() {
                    [one, _] => format!("`{one}` uses itself"),
                    _ => format!("files use each other in a circle: {}", path.join(" -> ")),
                },
                *last,
            )
            .saying("this closes the circle")
            .help("move what they share into a file that uses neither");
            for span in first {
                d = d.label(*span, "on the way");
            }
            self.diagnostics.push(d);
        }
    }

    fn parse(&mut self, id: FileId) -> syntax::File {
        let text = self.sources.get(id).map_or_else(|| "".into(), |f| f.text.clone());
        let parsed = syntax::parse_with(&text, id, &is_sql);
        self.diagnostics.extend(parsed.diagnostics);
        parsed.file
    }

    fn used(&mut self, store: &Store<'_>, from: &Path, text: &Text) -> Option<Found> {
        let refuse = |code, message: String, help: &str| Some(Diagnostic::error(code, message, text.span).help(help));
        let diagnostic = if text.value.chars().any(|c| matches!(c, '*' | '?' | '[')) {
            refuse(codes::USE_GLOB, format!("`{}` is a pattern", text.value), "name each file in a `use` of its own")
        } else if Path::new(&text.value).is_absolute() || text.value.contains("://") {
            let message = format!("`{}` is not relative", text.value);
            refuse(codes::USE_OUTSIDE, message, "write the path from the folder of this file")
        } else {
            match store.open(from, &text.value) {
                Ok(found) => return Some(found),
                Err(missing) => self.missing(missing, text, codes::USE_NOT_FOUND),
            }
        };
        self.diagnostics.extend(diagnostic);
        None
    }

    fn missing(&self, missing: Missing, text: &Text, not_found: pipe_diagnostics::Code) -> Option<Diagnostic> {
        Some(match missing {
            Missing::Outside => Diagnostic::error(
                codes::USE_OUTSIDE,
                format!("`{}` leaves the folder of the project", text.value),
                text.span,
            )
            .help("move the file into the project, or start `pipe` in the folder that holds both"),
            Missing::NotFound(near) => {
                Diagnostic::error(not_found, format!("there is no file `{}`", text.value), text.span).help(
                    near.map_or("paths start in the folder of this file".into(), |n| format!("did you mean `{n}`?")),
                )
            }
            Missing::Unreadable(why) => {
                Diagnostic::error(codes::FILE_UNREADABLE, format!("`{}` {why}", text.value), text.span)
            }
        })
    }

    /// Reads the contract that a source names.
    fn contracts(&mut self, store: &Store<'_>, from: &Path, source: &syntax::Source) {
        for clause in &source.clauses {
            let syntax::SourceClause::Contract(text) = clause else { continue };
            match store.open(from, text) {
                Ok(found) => _ = self.named.contracts.insert(text.span, found.text),
                Err(missing) => {
                    let diagnostic = self.missing(missing, text, codes::USE_NOT_FOUND);
                    self.diagnostics.extend(diagnostic);
                }
            }
        }
    }

    fn query(&mut self, store: &Store<'_>, from: &Path, text: &Text) {
        let found = match store.open(from, &text.value) {
            Ok(found) => found,
            Err(missing) => {
                let diagnostic = self.missing(missing, text, codes::USE_NOT_FOUND);
                self.diagnostics.extend(diagnostic);
                return;
            }
        };
        let start = if found.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let sql = found.text.get(start..).unwrap_or("").to_owned();
        let id = self.sources.add(found.shown.to_string_lossy(), found.text);
        let span = Span::new(id, start..start + sql.len());
        self.queries.insert(text.span, syntax::Spanned::new(sql, span));
    }
}

/// Whether SQL parses: only asked where a query may have swallowed the statements behind it.
fn is_sql(text: &str) -> bool {
    sqlparser::parser::Parser::parse_sql(&sqlparser::dialect::GenericDialect {}, text).is_ok()
}
