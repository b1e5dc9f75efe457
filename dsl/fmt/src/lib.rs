//! The formatter: one style, no options. Text to text, over the tokens of `pipe-syntax`; comments are tokens too, so none
//! can be lost, and SQL is one token, so its bytes are kept but for the blanks its lines start with.

mod doc;
mod flow;
mod layout;
mod sound;
mod tree;

use pipe_diagnostics::codes::syntax as code;
use pipe_diagnostics::{Diagnostic, FileId, Severity};
use pipe_syntax::parse;

/// How often a text is formatted until it stays as it is. A comment in an odd place may need a second time.
const MAX_ROUNDS: usize = 4;

/// Formats a file. Formatting the result again gives the same text, and the result means the same: both are checked.
///
/// # Errors
/// The errors of a text that does not parse, with spans in `FileId(0)`: nothing of it is formatted. `E1900` if the result
/// would mean something else or lose a comment, which is a defect of the formatter.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let parsed = parse(text, FileId(0));
    if parsed.diagnostics.iter().any(Diagnostic::is_error) {
        return Err(parsed.diagnostics);
    }
    let mut before = parsed.file;
    let mut formatted = once(text, !sound::has_version(&before));
    let mut round = 1;
    loop {
        let again = once(&formatted, false);
        if again == formatted {
            break;
        }
        if round == MAX_ROUNDS {
            return Err(vec![refusal("the formatter does not come to an end")]);
        }
        formatted = again;
        round += 1;
    }
    let mut after = parse(&formatted, FileId(0));
    if let Some(first) = after.diagnostics.first() {
        return Err(vec![refusal("the formatted text does not parse").note(first.message.clone())]);
    }
    if sound::comments(text) != sound::comments(&formatted) {
        return Err(vec![refusal("the formatter lost or moved a comment")]);
    }
    if let Some(statement) = sound::changed(&mut before, &mut after.file) {
        let message = refusal("the formatter changed what a statement means");
        return Err(vec![message.label(statement.span.span, "this statement")]);
    }
    Ok(formatted)
}

/// Formats a text that parses, once.
fn once(text: &str, add_version: bool) -> String {
    let body = doc::print(&layout::file(&tree::leaves(text)));
    match (add_version, body.is_empty()) {
        (false, _) => body,
        (true, true) => "pipe 1;\n".to_owned(),
        (true, false) => format!("pipe 1;\n\n{body}"),
    }
}

fn refusal(message: &str) -> Diagnostic {
    Diagnostic::new(code::NO_CHANGE, Severity::Error, message)
        .help("nothing was written; please report this with the file")
}
