//! Diagnostics as text and as objects, for all commands alike.

use pipe_diagnostics::{Diagnostic, Sources};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::output::Paint;

/// For people.
pub fn full(diagnostics: &[Diagnostic], sources: &Sources, paint: Paint) -> String {
    let _ = (sources, paint);
    diagnostics.iter().map(|d| format!("error[{}]: {}\n", d.code, d.message)).collect()
}

/// A line each.
pub fn concise(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let _ = sources;
    diagnostics.iter().map(|d| format!("error[{}]: {}\n", d.code, d.message)).collect()
}

/// Workflow commands of GitHub.
pub fn github(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let _ = sources;
    diagnostics.iter().map(|d| format!("error[{}]: {}\n", d.code, d.message)).collect()
}

/// One value each.
pub fn values(diagnostics: &[Diagnostic], sources: &Sources) -> Vec<Value> {
    let _ = sources;
    diagnostics.iter().map(|d| json!({ "code": d.code.as_str(), "message": d.message })).collect()
}

/// One object, on one line.
pub fn object(diagnostics: &[Diagnostic], sources: &Sources, exit: Exit) -> String {
    let diagnostics = values(diagnostics, sources);
    json!({ "format_version": 1, "exit_code": exit.0, "diagnostics": diagnostics }).to_string()
}
