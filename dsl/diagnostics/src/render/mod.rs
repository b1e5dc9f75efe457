//! The same diagnostics for people, editors and machines.

mod concise;
mod full;
mod github;
mod json;
mod page;
mod snippet;
mod text;

pub use concise::concise;
pub use full::{Style, full, full_with};
pub use github::github;
pub use json::{json, to_json};
pub use page::page;

use crate::{Diagnostic, Severity};

/// In the order they are shown: by file, place, severity, code; those without a place last; equal ones once.
pub fn sorted(diagnostics: &[Diagnostic]) -> Vec<&Diagnostic> {
    let mut all: Vec<&Diagnostic> = diagnostics.iter().collect();
    let key = |d: &Diagnostic| (d.span().is_none(), d.span().map(|s| (s.file, s.start, s.end)), d.severity, d.code);
    all.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message)));
    all.dedup();
    all
}

/// `2 errors, 1 warning`; empty when there is nothing.
pub fn summary(diagnostics: &[Diagnostic]) -> String {
    let all = sorted(diagnostics);
    let count = |severity, word: &str| match all.iter().filter(|d| d.severity == severity).count() {
        0 => None,
        1 => Some(format!("1 {word}")),
        n => Some(format!("{n} {word}s")),
    };
    let parts: Vec<_> =
        [count(Severity::Error, "error"), count(Severity::Warning, "warning")].into_iter().flatten().collect();
    parts.join(", ")
}

/// `error` or `warning`.
fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

#[cfg(test)]
mod tests;
