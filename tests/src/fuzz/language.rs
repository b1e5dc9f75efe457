//! Targets of the language: any bytes are a program, right or wrong.

use std::collections::BTreeMap;

use pipe_diagnostics::{Diagnostic, FileId, Sources, codes, render as renderers};
use pipe_syntax::tokens;

/// Programs are UTF-8; what is not is told before any of this.
fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Parsing ends, with spans in the text, in order, and a bounded number of messages that speak of the language.
///
/// # Panics
/// When it does not.
pub fn parse(bytes: &[u8]) {
    let text = text(bytes);
    let parsed = pipe_syntax::parse(&text, FileId(0));
    assert!(parsed.diagnostics.len() <= 100, "{} messages", parsed.diagnostics.len());
    let mut end = 0;
    for statement in &parsed.file.statements {
        let range = statement.span.span.range();
        assert!(range.start >= end && text.get(range.clone()).is_some(), "{range:?} behind {end}");
        end = range.end;
    }
    let mut end = 0;
    for token in tokens(&text) {
        assert!(token.range.start >= end && text.get(token.range.clone()).is_some(), "{:?}", token.range);
        end = token.range.end;
    }
    in_bounds(&parsed.diagnostics, &|_| Some(&text));
}

/// Checking ends, and says the same again; what the planner finds belongs to it.
///
/// # Panics
/// When it does not.
pub fn check(bytes: &[u8]) {
    let text = text(bytes);
    let once = pipe_check::check(&[("main.pipe", &text)]);
    assert_eq!(once.diagnostics, pipe_check::check(&[("main.pipe", &text)]).diagnostics);
    let planned = pipe_compile::check_program(&once, &BTreeMap::new()).diagnostics;
    for d in once.diagnostics.iter().chain(&planned) {
        assert!(codes::page(d.code.as_str()).is_some(), "{} has no page", d.code);
        assert_eq!(d.is_error(), d.code.as_str().starts_with('E'), "{}", d.code);
        assert!(!d.message.is_empty() && !d.message.ends_with('.'), "{:?}", d.message);
    }
    in_bounds(&planned, &|file| once.sources.get(file).map(|f| &*f.text));
}

/// Every span of every message is in its file and on characters, and all renderers can show it, full within 80 columns.
///
/// # Panics
/// When one is not, or one cannot.
pub fn render(bytes: &[u8]) {
    let text = text(bytes);
    let loaded = pipe_check::check(&[("main.pipe", &text)]);
    in_bounds(&loaded.diagnostics, &|file| loaded.sources.get(file).map(|f| &*f.text));
    shown(&loaded.diagnostics, &loaded.sources);
}

fn in_bounds<'t>(diagnostics: &[Diagnostic], text: &impl Fn(FileId) -> Option<&'t str>) {
    for d in diagnostics {
        for label in &d.labels {
            let file = text(label.span.file).expect("a file that is there");
            assert!(file.get(label.span.range()).is_some(), "{}: {:?} of {}", d.code, label.span, file.len());
        }
    }
}

fn shown(diagnostics: &[Diagnostic], sources: &Sources) {
    let full = renderers::full(diagnostics, sources, false, 80);
    let control = |c: char| c.is_control() && c != '\n';
    assert!(!full.contains(control), "a control character reaches the terminal");
    let concise = renderers::concise(diagnostics, sources);
    assert_eq!(concise.lines().count(), diagnostics.len(), "{concise}");
    let github = renderers::github(diagnostics, sources);
    assert_eq!(github.lines().count(), diagnostics.len(), "{github}");
}

/// What the formatter takes it gives back the same the second time; what is wrong it refuses.
///
/// # Panics
/// When it does not.
pub fn fmt(bytes: &[u8]) {
    let text = text(bytes);
    let wrong = pipe_syntax::parse(&text, FileId(0)).diagnostics.iter().any(Diagnostic::is_error);
    match pipe_fmt::format(&text) {
        Ok(once) => {
            assert!(!wrong, "what is wrong was formatted");
            assert_eq!(pipe_fmt::format(&once).as_ref(), Ok(&once), "twice is not once");
            let again = pipe_syntax::parse(&once, FileId(0));
            assert!(!again.diagnostics.iter().any(Diagnostic::is_error), "{once}");
        }
        Err(problems) => {
            let own_fault = problems.iter().find(|d| d.code == codes::syntax::NO_CHANGE);
            assert!(wrong && own_fault.is_none(), "{problems:?}");
        }
    }
}
