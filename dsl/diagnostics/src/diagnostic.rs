//! One message: a code, a sentence, labelled places, what to do next.

use crate::{Code, Span};

/// How bad it is. Only errors stop a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Stops what needs it.
    Error,
    /// Legal, and probably not what was meant.
    Warning,
}

/// A place and what is to be said of it. The first label of a diagnostic is its primary one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The bytes underlined.
    pub span: Span,
    /// Said beside the underline; may be empty.
    pub text: String,
}

/// A message. House rules: lower case, no final period, user text in backquotes, no type names of Rust, one message per cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The registered code; `pipe explain <code>` prints its page.
    pub code: Code,
    /// Error or warning.
    pub severity: Severity,
    /// What happened, in one line.
    pub message: String,
    /// Where; the first is primary. Empty for what has no place in a file.
    pub labels: Vec<Label>,
    /// What to do next.
    pub help: Option<String>,
    /// Further facts, a line each.
    pub notes: Vec<String>,
}

impl Diagnostic {
    /// An error at `span`.
    pub fn error(code: Code, message: impl Into<String>, span: Span) -> Self {
        Self::new(code, Severity::Error, message).label(span, "")
    }

    /// A warning at `span`.
    pub fn warning(code: Code, message: impl Into<String>, span: Span) -> Self {
        Self::new(code, Severity::Warning, message).label(span, "")
    }

    /// A message that has no place in a file.
    pub fn new(code: Code, severity: Severity, message: impl Into<String>) -> Self {
        Self { code, severity, message: message.into(), labels: Vec::new(), help: None, notes: Vec::new() }
    }

    /// Says `text` beside the primary label.
    #[must_use]
    pub fn saying(mut self, text: impl Into<String>) -> Self {
        if let Some(first) = self.labels.first_mut() {
            first.text = text.into();
        }
        self
    }

    /// Adds a labelled place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Says what to do next, if there is anything to say.
    #[must_use]
    pub fn maybe_help(mut self, text: Option<String>) -> Self {
        if text.is_some() {
            self.help = text;
        }
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// The primary place.
    pub fn span(&self) -> Option<Span> {
        self.labels.first().map(|l| l.span)
    }

    /// Whether it stops a run.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
