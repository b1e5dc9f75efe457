//! What can go wrong with a source as a whole. What is wrong with single records is in the rows, never here.

use datafusion::error::DataFusionError;
use thiserror::Error;

/// When it went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Finding the files.
    List,
    /// Opening a file or reaching a store.
    Connect,
    /// Reading its bytes, decompression and decoding included.
    Read,
    /// Making records of them.
    Parse,
}

impl Phase {
    /// As `source_error(phase: …)` names it.
    pub fn word(self) -> &'static str {
        match self {
            Phase::List => "list",
            Phase::Connect => "connect",
            Phase::Read => "read",
            Phase::Parse => "parse",
        }
    }
}

/// A source cannot be reached or read. The message says what was looked for and what to do next.
#[derive(Clone, Debug, Error, PartialEq)]
#[error("{message}")]
pub struct SourceError {
    /// One of [`pipe_schema::KINDS`].
    pub kind: &'static str,
    /// When it went wrong.
    pub phase: Phase,
    /// The structured code below, where there is one: `NotFound`, `os error 13`.
    pub status: Option<String>,
    /// The file, as the user would name it, when one is to blame.
    pub file: Option<String>,
    /// For people; lower case, one sentence, no final period.
    pub message: String,
}

impl SourceError {
    /// The status of a compressed file that ends too early or is damaged.
    pub const DAMAGED_ARCHIVE: &'static str = "damaged archive";

    /// An error without a code or file.
    pub fn new(kind: &'static str, phase: Phase, message: impl Into<String>) -> Self {
        SourceError { kind, phase, status: None, file: None, message: message.into() }
    }

    /// The same error, to blame on a file.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// The same error, with the structured code it was decided by.
    #[must_use]
    pub fn with_status(mut self, status: impl Into<String>) -> Self {
        self.status = Some(status.into());
        self
    }

    /// The source error inside an error of a running plan, however deep it was wrapped.
    pub fn find(error: &DataFusionError) -> Option<&SourceError> {
        let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(e) = next {
            if let Some(found) = e.downcast_ref::<SourceError>() {
                return Some(found);
            }
            next = match e.downcast_ref::<DataFusionError>() {
                // A shared error hides its inner one from `source()`.
                Some(DataFusionError::Shared(inner)) => Some(inner.as_ref()),
                Some(DataFusionError::External(inner)) => Some(inner.as_ref()),
                _ => e.source(),
            };
        }
        None
    }

    /// An I/O error of the file `name`: kind and status by its code.
    pub(crate) fn io(error: &std::io::Error, phase: Phase, name: &str) -> Self {
        use std::io::ErrorKind;
        let kind = match error.kind() {
            ErrorKind::NotFound => "not_found",
            ErrorKind::PermissionDenied => "permission",
            ErrorKind::TimedOut => "timeout",
            ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => "connection",
            ErrorKind::UnexpectedEof | ErrorKind::InvalidData => "data",
            ErrorKind::IsADirectory => "config",
            _ => "unknown",
        };
        let status = error.raw_os_error().map(|code| format!("os error {code}"));
        let verb = match phase {
            Phase::Connect => "open",
            Phase::List => "list",
            Phase::Read | Phase::Parse => "read",
        };
        SourceError {
            kind,
            phase,
            status,
            file: Some(name.to_string()),
            message: format!("cannot {verb} `{name}`: {error}"),
        }
    }

    /// An error of an object store on the file `name`.
    pub(crate) fn store(error: &object_store::Error, phase: Phase, name: &str) -> Self {
        use object_store::Error as E;
        let (kind, status) = match error {
            E::NotFound { .. } => ("not_found", Some("NotFound")),
            E::PermissionDenied { .. } => ("permission", Some("PermissionDenied")),
            E::Unauthenticated { .. } => ("auth", Some("Unauthenticated")),
            E::Precondition { .. } => ("conflict", Some("Precondition")),
            E::NotSupported { .. } | E::NotImplemented { .. } => ("config", Some("NotSupported")),
            E::InvalidPath { .. } => ("config", Some("InvalidPath")),
            _ => {
                // The local store wraps the operating system's error; its code decides.
                let mut next = std::error::Error::source(error);
                while let Some(e) = next {
                    if let Some(io) = e.downcast_ref::<std::io::Error>() {
                        return SourceError::io(io, phase, name);
                    }
                    next = e.source();
                }
                ("unknown", None)
            }
        };
        let message = match error {
            E::NotFound { .. } => format!("`{name}` does not exist any more"),
            E::PermissionDenied { .. } => format!("`{name}` may not be read: permission denied"),
            other => format!("cannot read `{name}`: {other}"),
        };
        SourceError { kind, phase, status: status.map(str::to_string), file: Some(name.to_string()), message }
    }
}

impl From<SourceError> for DataFusionError {
    fn from(error: SourceError) -> Self {
        DataFusionError::External(Box::new(error))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::error::ArrowError;

    use super::*;

    #[test]
    fn a_source_error_is_found_however_it_is_wrapped() {
        let error = SourceError::new("data", Phase::Read, "cut off").in_file("a.csv");
        let plain = || DataFusionError::from(error.clone());
        let arrow = ArrowError::ExternalError(Box::new(plain()));
        for wrapped in [
            plain(),
            plain().context("while scanning"),
            DataFusionError::Shared(Arc::new(plain().context("shared"))),
            DataFusionError::ArrowError(Box::new(arrow), None),
            DataFusionError::External(Box::new(plain())),
        ] {
            assert_eq!(SourceError::find(&wrapped), Some(&error), "{wrapped:?}");
        }
        assert_eq!(SourceError::find(&DataFusionError::Internal("x".into())), None);
    }
}
