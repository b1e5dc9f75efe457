//! Errors to kinds: the structured code first, then the typed error, then the text; the phase counts.
//!
//! Where a driver gives a code ([`Code`]) its text is read only to refine a code that says little (HTTP 500, SQLSTATE
//! 42000). Where it gives none, codes quoted in the text (`SQLSTATE[23000]`, `status code: 404`) are looked for.

mod codes;
#[cfg(test)]
mod known;
mod text;

/// The kind of an error: `kind:` of `source_error`, `load_error` and `model_error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// No answer in time.
    Timeout,
    /// Not reached, or lost on the way; the server is down or restarts.
    Connection,
    /// Too many requests.
    Throttled,
    /// Who we are is not accepted.
    Auth,
    /// What we want is not allowed to us.
    Permission,
    /// What we name is not there.
    NotFound,
    /// Disk, memory, connections or storage are used up.
    Quota,
    /// Deadlocks, serialization, commits that raced.
    Conflict,
    /// NOT NULL, CHECK, foreign keys, declared lengths and ranges.
    Constraint,
    /// It is there already.
    DuplicateKey,
    /// Columns are missing, extra or renamed.
    Schema,
    /// A value does not convert.
    Type,
    /// Bytes do not parse.
    Parse,
    /// A check or an expectation failed.
    Data,
    /// The two sides do not speak the same language.
    Protocol,
    /// A setting is missing or wrong.
    Config,
    /// An invariant of an engine is broken.
    Internal,
    /// None of these.
    Unknown,
}

impl Kind {
    /// All, in the order of [`pipe_schema::KINDS`].
    pub const ALL: [Kind; 18] = [
        Kind::Timeout,
        Kind::Connection,
        Kind::Throttled,
        Kind::Auth,
        Kind::Permission,
        Kind::NotFound,
        Kind::Quota,
        Kind::Conflict,
        Kind::Constraint,
        Kind::DuplicateKey,
        Kind::Schema,
        Kind::Type,
        Kind::Parse,
        Kind::Data,
        Kind::Protocol,
        Kind::Config,
        Kind::Internal,
        Kind::Unknown,
    ];

    /// As a pattern names it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Timeout => "timeout",
            Kind::Connection => "connection",
            Kind::Throttled => "throttled",
            Kind::Auth => "auth",
            Kind::Permission => "permission",
            Kind::NotFound => "not_found",
            Kind::Quota => "quota",
            Kind::Conflict => "conflict",
            Kind::Constraint => "constraint",
            Kind::DuplicateKey => "duplicate_key",
            Kind::Schema => "schema",
            Kind::Type => "type",
            Kind::Parse => "parse",
            Kind::Data => "data",
            Kind::Protocol => "protocol",
            Kind::Config => "config",
            Kind::Internal => "internal",
            Kind::Unknown => "unknown",
        }
    }

    /// Reads the word; `None` for any other.
    pub fn parse(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|k| k.word() == word)
    }
}

/// What was being done: `phase:` of `source_error` and `load_error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Finding, reaching, signing in.
    Connect,
    /// Fetching bytes or rows.
    Read,
    /// Making rows of bytes.
    Parse,
    /// Sending or staging rows.
    Write,
    /// Making them visible.
    Commit,
}

impl Phase {
    /// All, in the order of [`pipe_schema::PHASES`].
    pub const ALL: [Phase; 5] = [Phase::Connect, Phase::Read, Phase::Parse, Phase::Write, Phase::Commit];

    /// As a pattern names it.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Connect => "connect",
            Phase::Read => "read",
            Phase::Parse => "parse",
            Phase::Write => "write",
            Phase::Commit => "commit",
        }
    }
}

/// A code a driver or protocol gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code<'a> {
    /// Five characters of a SQL database.
    SqlState(&'a str),
    /// An HTTP status.
    Http(u16),
    /// An error code of an object store or cloud service: `NoSuchKey`, `SlowDown`.
    Service(&'a str),
    /// An operating system's error, typed.
    Io(std::io::ErrorKind),
}

/// The kind of an error, from what is known of it. `message` is the error's text with its causes.
pub fn classify(code: Option<Code<'_>>, phase: Phase, message: &str) -> Kind {
    let by_code = code.and_then(|code| codes::kind(code, phase));
    if let Some(codes::Verdict::Sure(kind)) = by_code {
        return kind;
    }
    let quoted = if code.is_none() { codes::quoted(message, phase) } else { None };
    if let Some(codes::Verdict::Sure(kind)) = quoted {
        return kind;
    }
    if let Some(kind) = text::kind(message, phase) {
        return kind;
    }
    match by_code.or(quoted) {
        Some(codes::Verdict::Sure(kind) | codes::Verdict::Unless(kind)) => kind,
        // Nothing but the place to go by.
        None if phase == Phase::Parse => Kind::Parse,
        None => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_those_of_the_language() {
        let words: Vec<_> = Kind::ALL.iter().map(|k| k.word()).collect();
        assert_eq!(words, pipe_schema::KINDS);
        assert!(Kind::ALL.iter().all(|k| Kind::parse(k.word()) == Some(*k)));
        assert_eq!(Kind::parse("network"), None);
        assert_eq!(Phase::ALL.map(Phase::word), pipe_schema::PHASES);
    }

    #[test]
    fn a_code_decides_before_the_text() {
        let said = "permission denied";
        assert_eq!(classify(Some(Code::SqlState("23505")), Phase::Write, said), Kind::DuplicateKey);
        assert_eq!(classify(Some(Code::Http(429)), Phase::Read, said), Kind::Throttled);
        assert_eq!(classify(Some(Code::Service("NoSuchKey")), Phase::Read, said), Kind::NotFound);
        assert_eq!(classify(Some(Code::Io(std::io::ErrorKind::TimedOut)), Phase::Read, said), Kind::Timeout);
    }

    #[test]
    fn the_text_refines_a_code_that_says_little() {
        let duplicate = "Integrity constraint violation: 1062 Duplicate entry '' for key 'PRIMARY'";
        assert_eq!(classify(Some(Code::SqlState("23000")), Phase::Write, duplicate), Kind::DuplicateKey);
        assert_eq!(classify(Some(Code::SqlState("23000")), Phase::Write, "no"), Kind::Constraint);
        assert_eq!(classify(Some(Code::Http(500)), Phase::Read, "statement timeout"), Kind::Timeout);
        assert_eq!(classify(Some(Code::Http(500)), Phase::Read, "oops"), Kind::Connection);
        assert_eq!(classify(Some(Code::Http(403)), Phase::Read, "Rate Limit Exceeded"), Kind::Throttled);
    }

    #[test]
    fn the_phase_counts() {
        let said = "role \"loader\" does not exist";
        assert_eq!(classify(None, Phase::Connect, said), Kind::Auth);
        assert_eq!(classify(None, Phase::Write, said), Kind::NotFound);
        assert_eq!(classify(None, Phase::Parse, "row 7: something odd"), Kind::Parse);
        assert_eq!(classify(None, Phase::Read, "something odd"), Kind::Unknown);
        assert_eq!(classify(None, Phase::Read, "unexpected end of file"), Kind::Connection);
        assert_eq!(classify(None, Phase::Parse, "unexpected end of file"), Kind::Parse);
    }
}
