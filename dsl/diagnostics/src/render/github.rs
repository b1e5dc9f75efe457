//! Workflow commands that GitHub shows beside the changed lines.

use super::{sorted, word};
use crate::{Diagnostic, Sources};

/// `::error file=…,line=…,col=…,endLine=…,endColumn=…,title=E0102::message`, a line each.
pub fn github(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    sorted(diagnostics).into_iter().map(|d| line(d, sources)).collect()
}

fn line(d: &Diagnostic, sources: &Sources) -> String {
    let place = d.span().and_then(|span| {
        let file = sources.get(span.file)?;
        let (start, end) = (file.index.position(span.start), file.index.position(span.end));
        // GitHub refuses columns where the lines differ.
        let end_column = if start.line == end.line { format!(",endColumn={}", end.column) } else { String::new() };
        let name = property(&file.name);
        Some(format!("file={name},line={},col={},endLine={}{end_column},", start.line, start.column, end.line))
    });
    let mut message = d.message.clone();
    for more in d.help.iter().map(|h| format!("help: {h}")).chain(d.notes.iter().map(|n| format!("note: {n}"))) {
        message = format!("{message}\n{more}");
    }
    format!("::{} {}title={}::{}\n", word(d.severity), place.unwrap_or_default(), d.code, data(&message))
}

/// What GitHub takes off again in the text of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What it takes off again in the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
