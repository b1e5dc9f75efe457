//! Diagnostics as every command shows them.

use pipe_diagnostics::{Diagnostic, Severity, Sources, Span, codes, render};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::output::Paint;
use crate::report::WIDTH;

/// For people, with the text they are about.
pub fn full(diagnostics: &[Diagnostic], sources: &Sources, paint: Paint) -> String {
    render::full(diagnostics, sources, paint.0, usize::from(WIDTH))
}

/// One JSON value each, in the order of places.
pub fn values(diagnostics: &[Diagnostic], sources: &Sources) -> Vec<Value> {
    render::sorted(diagnostics).into_iter().map(|d| render::to_json(d, sources)).collect()
}

/// The exit code of a command that these problems ended: what a person has to change before trying again is 2, what went wrong outside is 1.
pub fn exit_of(problems: &[Diagnostic]) -> Exit {
    let outside = |d: &Diagnostic| {
        let code = d.code.as_str();
        ["E11", "E12", "E14"].iter().any(|range| code.starts_with(range)) || d.code == codes::run::QUERY_FAILED
    };
    if problems.iter().any(outside) { Exit::FAILED } else { Exit::INVALID }
}

/// One object on one line: what a command that found problems says to programs.
pub fn object(diagnostics: &[Diagnostic], sources: &Sources, exit: Exit) -> String {
    let diagnostics = values(diagnostics, sources);
    json!({ "format_version": 1, "exit_code": exit.0, "diagnostics": diagnostics }).to_string()
}

/// The errors among JSON values of diagnostics, as they were before they became JSON.
pub fn errors(values: &[Value], sources: &Sources) -> Vec<Diagnostic> {
    values.iter().filter_map(|v| restore(v, sources)).filter(Diagnostic::is_error).collect()
}

fn restore(value: &Value, sources: &Sources) -> Option<Diagnostic> {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let severity = if text("severity")? == "warning" { Severity::Warning } else { Severity::Error };
    let code = codes::page(&text("code")?)?.code;
    let mut restored = Diagnostic::new(code, severity, text("message")?).maybe_help(text("help"));
    for label in value.get("labels").and_then(Value::as_array).into_iter().flatten() {
        if let Some(span) = span(label, sources) {
            restored = restored.label(span, label.get("text").and_then(Value::as_str).unwrap_or_default());
        }
    }
    let notes = value.get("notes").and_then(Value::as_array).into_iter().flatten();
    restored.notes = notes.filter_map(Value::as_str).map(str::to_owned).collect();
    Some(restored)
}

fn span(label: &Value, sources: &Sources) -> Option<Span> {
    let name = label.get("file")?.as_str()?;
    let byte = |key: &str| label.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    let (file, _) = sources.iter().find(|(_, f)| f.name == name)?;
    Some(Span::new(file, byte("start")?..byte("end")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diagnostics_survive_their_json() {
        let mut sources = Sources::default();
        let file = sources.add("p.pipe", "pipe 1;\nmodel é as select x;\n");
        let error = Diagnostic::error(codes::run::USAGE, "what `x` is", Span::new(file, 26..27))
            .saying("here")
            .label(Span::new(file, 0..4), "there")
            .help("do this")
            .note("a fact");
        let warning = Diagnostic::warning(codes::run::USAGE, "not so bad", Span::new(file, 0..1));
        let values = values(&[error.clone(), warning], &sources);
        assert_eq!(errors(&values, &sources), [error]);
    }
}
