//! The contract that a source names, held against the program and against the version that was accepted.

use pipe_check::{ContractFile, Loaded, Program};
use pipe_diagnostics::codes::contract as codes;
use pipe_diagnostics::{Diagnostic, Severity};

use crate::compare::{Change, Role, compare};
use crate::read::{Contract, read};
use crate::terms::{Column, Terms};

/// A contract that was read, with what breaks.
#[derive(Debug)]
pub struct Held {
    /// The contract.
    pub contract: Contract,
    /// What changed, breaking or not, against the program.
    pub program: Vec<Change>,
    /// What changed against the version that was accepted, if there was one.
    pub accepted: Vec<Change>,
}

/// Compares the contract of a source with what the program declares of it, and with an earlier version. `columns` are those
/// that are known of a source that declares none.
///
/// # Errors
/// A message at the place that names the contract: it is none, or has no such table.
pub fn against_program(
    program: &Program,
    source: &str,
    file: &ContractFile,
    columns: Option<Vec<Column>>,
    accepted: Option<&str>,
) -> Result<Held, Box<Diagnostic>> {
    let contract = match read(&file.path, &file.text) {
        Ok(contract) => contract,
        Err((why, _)) => {
            let message = format!("`{}` is no contract: {}", file.path, why.message);
            return Err(Box::new(Diagnostic::error(codes::NOT_A_CONTRACT, message, file.span).maybe_help(why.help)));
        }
    };
    let Some(promised) = contract.table(source) else {
        let tables: Vec<String> = contract.tables.keys().map(|t| format!("`{t}`")).collect();
        let message = format!("`{}` has no table `{source}`", file.path);
        let help = format!("it has {}", tables.join(", "));
        return Err(Box::new(Diagnostic::error(codes::NO_TABLE, message, file.span).help(help)));
    };
    let relied_on = Terms::of(program, source, columns);
    let program = compare(&relied_on, promised, Role::Reader);
    // What was accepted was a contract then.
    let before = accepted.filter(|text| *text != file.text).and_then(|text| read(&file.path, text).ok());
    let accepted =
        before.and_then(|before| Some(compare(before.table(source)?, promised, Role::Versions))).unwrap_or_default();
    Ok(Held { contract, program, accepted })
}

/// What is to be said of the contracts of a program while it is checked: a file that is none is an error; what it promises
/// less than the program counts on, and what of it is judged by no rule, a warning.
pub fn findings(loaded: &Loaded) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    for (name, source) in &loaded.program.sources {
        let Some(file) = &source.contract else { continue };
        match against_program(&loaded.program, name, file, None, None) {
            Err(wrong) => out.push(*wrong),
            Ok(held) => {
                for change in held.program.into_iter().filter(|c| c.breaking) {
                    let Some(code) = change.kind.code() else { continue };
                    let message = format!("`{}`: {}", file.path, change.says);
                    out.push(Diagnostic::new(code, Severity::Warning, message).label(file.span, ""));
                }
            }
        }
    }
    out
}
