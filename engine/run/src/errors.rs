//! Errors of the engines below as diagnostics, in one place.

use std::fmt::Display;

use datafusion::error::DataFusionError;
use pipe_connect::source::SourceError;
use pipe_diagnostics::codes::run as codes;
use pipe_diagnostics::{Diagnostic, Severity};
use pipe_state::StateError;

/// A fault of this program: something that has no other name.
pub fn internal(error: &dyn Display) -> Diagnostic {
    Diagnostic::new(codes::INTERNAL, Severity::Error, format!("something failed that should not: {error}"))
        .help("this is a fault of pipe itself; nothing was committed")
}

/// An error of the operating system, of a disk above all.
pub fn io(error: &dyn Display) -> Diagnostic {
    let text = error.to_string();
    // As the system says it, and as a sink does.
    if text.contains("No space left") || text.contains("no space is left") {
        return Diagnostic::new(codes::DISK_FULL, Severity::Error, format!("the disk is full: {text}"))
            .help("make room and run again; nothing was committed");
    }
    Diagnostic::new(codes::SINK_UNWRITABLE, Severity::Error, format!("rows could not be written: {text}"))
        .help("nothing was committed")
}

/// An error of a running plan.
pub fn datafusion(error: &DataFusionError) -> Diagnostic {
    if let Some(source) = SourceError::find(error) {
        return self::source(source);
    }
    let text = plain(error);
    if matches!(error.find_root(), DataFusionError::ResourcesExhausted(_)) {
        return Diagnostic::new(codes::OUT_OF_MEMORY, Severity::Error, text)
            .help("give it more with `--memory`, or fewer `--threads`");
    }
    if text.contains("No space left") {
        return io(&text);
    }
    Diagnostic::new(codes::QUERY_FAILED, Severity::Error, text)
}

/// The innermost words of an error, without the names of the layers above.
fn plain(error: &DataFusionError) -> String {
    let text = error.find_root().strip_backtrace();
    let inner = text.split_once(": ").filter(|(layer, _)| layer.ends_with("error") || layer.ends_with("Error"));
    inner.map_or(text.clone(), |(_, rest)| rest.to_owned())
}

/// A source that cannot be read.
pub fn source(error: &SourceError) -> Diagnostic {
    let code = match error.kind {
        "not_found" => codes::NO_FILES,
        "conflict" => codes::FILE_MOVED,
        "quota" => codes::TOO_LARGE,
        "data" if error.status.as_deref() == Some(SourceError::DAMAGED_ARCHIVE) => codes::TRUNCATED,
        _ => codes::UNREADABLE,
    };
    Diagnostic::new(code, Severity::Error, error.message.clone())
}

/// The state cannot be used.
pub fn state(error: &StateError) -> Diagnostic {
    let code = match error {
        StateError::ReadOnly { .. } | StateError::Io { .. } => codes::STATE_READ_ONLY,
        StateError::Corrupt { .. } => codes::STATE_CORRUPT,
        StateError::Newer { .. } => codes::STATE_NEWER,
        StateError::Full { .. } => codes::DISK_FULL,
        StateError::Locked { .. } => codes::STATE_LOCKED,
        StateError::TargetExists { .. } => codes::TARGET_EXISTS,
        StateError::Foreign { .. } | StateError::Lost { .. } => codes::SINK_CHANGED,
        _ => codes::INTERNAL,
    };
    Diagnostic::new(code, Severity::Error, error.to_string())
}
