//! A line each, as compilers print and editors read.

use super::{sorted, text, word};
use crate::{Diagnostic, Sources};

/// `file:line:column: error[E0102]: message`, a line each; columns count characters. Without a place the line starts at `error`.
pub fn concise(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    sorted(diagnostics).into_iter().map(|d| line(d, sources)).collect()
}

fn line(d: &Diagnostic, sources: &Sources) -> String {
    let place = d.span().and_then(|span| {
        let file = sources.get(span.file)?;
        let at = file.index.position(span.start);
        Some(format!("{}:{}:{}: ", text::one_line(&file.name), at.line, at.column))
    });
    format!("{}{}[{}]: {}\n", place.unwrap_or_default(), word(d.severity), d.code, text::one_line(&d.message))
}
