//! Suggestions written into the files of a program.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;

use pipe_check::Loaded;
use pipe_diagnostics::codes::run as codes;
use pipe_diagnostics::{Diagnostic, FileId, Severity, Sources};
use pipe_suggest::Suggestions;

use crate::bare::{Bare, TWICE};
use crate::commands::{Refused, replace};
use crate::project::{Project, ProjectArgs, reason};

/// A whole program of a file by itself: what reads it, what was suggested, and a load of it.
///
/// # Errors
/// What was written is no program: a fault of this one.
pub fn program(bare: &Bare, suggested: &Suggestions) -> Result<String, Vec<Diagnostic>> {
    let mut suggested = suggested.clone();
    // Whatever the program that it was looked at with says of healing is not there yet.
    suggested.has_heal = false;
    if bare.twice {
        let why = "columns of the header have the same name: the later one is read with a number behind it";
        suggested.healing.clauses.insert(0, (TWICE.to_owned(), why.to_owned()));
    }
    let text = |source: &str| format!("pipe 1;\n\n{source}\n{}\n{}", suggested.blocks(), bare.load());
    let typed = text(&bare.source(&suggested.columns));
    // Not every type that a file may have can be declared.
    let checked = pipe_check::check(&[("suggest.pipe", &typed)]);
    let whole = if checked.has_errors() { text(&bare.source(&[])) } else { typed };
    pipe_fmt::format(&whole)
}

/// Writes a program to a file that is not there yet; gives its name.
///
/// # Errors
/// It is there; it cannot be written.
pub fn create(bare: &Bare, text: &str) -> Result<String, Refused> {
    let path = bare.program();
    let file = path.display().to_string();
    let written = File::create_new(&path).and_then(|mut new| new.write_all(text.as_bytes()));
    written.map(|()| file.clone()).map_err(|error| {
        let exists = error.kind() == ErrorKind::AlreadyExists;
        let message = match exists {
            true => format!("`{file}` is there already, and is not written over"),
            false => format!("cannot write `{file}`: {}", reason(&error)),
        };
        let mut problem = Diagnostic::new(codes::SINK_UNWRITABLE, Severity::Error, message);
        if exists {
            let table = &bare.table;
            problem = problem
                .help(format!("`pipe suggest {table} {file} --apply` adds to it what it has not; or move it away"));
        }
        (vec![problem], Sources::default())
    })
}

/// Adds the rules to the file that declares the table, and the clauses to its heal block, wherever that stands. Nothing is written unless the
/// program as it would be has no finding that it has not now. Gives the files written.
///
/// # Errors
/// The program would not check; a file cannot be written.
pub fn apply(
    project: &Project,
    args: &ProjectArgs,
    loaded: &Loaded,
    suggested: &Suggestions,
) -> Result<Vec<String>, Refused> {
    let table = &suggested.table;
    let declared = loaded.program.sources.get(table).map(|s| s.span.file);
    let Some(file) = declared.or(loaded.program.models.get(table).map(|m| m.span.file)) else { return Ok(Vec::new()) };
    let mut texts: BTreeMap<FileId, String> = BTreeMap::new();
    let text = |texts: &BTreeMap<FileId, String>, file: FileId| {
        texts.get(&file).cloned().or_else(|| Some(loaded.sources.get(file)?.text.to_string())).unwrap_or_default()
    };
    let appended = suggested.appended(&text(&texts, file), suggested.has_heal).map_err(|e| (e, Sources::default()))?;
    texts.insert(file, appended);
    if suggested.has_heal && !suggested.healing.clauses.is_empty() {
        let ids: Vec<FileId> = loaded.sources.iter().map(|(id, _)| id).collect();
        let healed = ids.into_iter().find_map(|id| Some((id, suggested.healed(&text(&texts, id))?)));
        texts.extend(healed);
    }
    texts.retain(|file, text| loaded.sources.get(*file).is_some_and(|old| *old.text != **text));
    checked(project, args, loaded, &texts)?;
    let mut written = Vec::new();
    for (file, text) in &texts {
        let Some(old) = loaded.sources.get(*file) else { continue };
        if let Err(error) = replace(Path::new(&old.name), text) {
            let why = error.downcast_ref::<std::io::Error>().map_or_else(|| error.to_string(), reason);
            let message = format!("cannot write `{}`: {why}", old.name);
            return Err((vec![Diagnostic::new(codes::SINK_UNWRITABLE, Severity::Error, message)], Sources::default()));
        }
        written.push(old.name.clone());
    }
    Ok(written)
}

/// Checks the program with the new texts, as `pipe check` would.
fn checked(
    project: &Project,
    args: &ProjectArgs,
    loaded: &Loaded,
    texts: &BTreeMap<FileId, String>,
) -> Result<(), Refused> {
    // Names from the root: nothing of the program lies outside it.
    let name =
        |name: &str| Path::new(name).strip_prefix(&project.root).unwrap_or(Path::new(name)).display().to_string();
    let check = |texts: &BTreeMap<FileId, String>| {
        let files: Vec<(String, &str)> = loaded
            .sources
            .iter()
            .map(|(id, file)| (name(&file.name), texts.get(&id).map_or(&*file.text, String::as_str)))
            .collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
        pipe_check::check_with(&files, project.files.len(), args.profile.as_deref())
    };
    let known: Vec<_> = check(&BTreeMap::new()).diagnostics.into_iter().map(|d| (d.code, d.message)).collect();
    let after = check(texts);
    let new: Vec<Diagnostic> =
        after.diagnostics.into_iter().filter(|d| !known.contains(&(d.code, d.message.clone()))).collect();
    if new.is_empty() { Ok(()) } else { Err((new, after.sources)) }
}
