//! Ordered regular expressions on the text of errors. The first that matches decides, so what is said by few words of one
//! meaning stands above what many errors say (`not found`, `invalid`). Case does not matter.

use std::sync::LazyLock;

use regex::{RegexSet, RegexSetBuilder};

use super::{Kind, Phase};

/// In order. A comment says what an entry must come before, where that is not plain.
const PATTERNS: &[(Kind, &str)] = &[
    // An engine's own broken invariant; its text quotes all sorts of things.
    (Kind::Internal, r"\bpanicked at\b|internal error: (?:entered unreachable|expect|physicalexpr|empty iterator)"),
    (Kind::Internal, r"likely caused by a bug|please (?:file|report) (?:a|an|this) (?:bug|issue)|this is a bug\b"),
    (Kind::Internal, r"^internal error\b|\binternal\(|datafusion error: internal|xx000"),
    // Who we are, before the permissions and the missing things these look like.
    (
        Kind::Auth,
        r"access denied for user|password authentication failed|authentication (?:failed|failure|error|required)",
    ),
    (
        Kind::Auth,
        r"wrong password|(?:incorrect|invalid|bad) (?:user ?name|user|password|login|credential|api.?key|access.?key|access token|auth|token|client secret|jwt)",
    ),
    (
        Kind::Auth,
        r"login failed|logon failed|log ?in denied|not permitted to log in|no pg_hba\.conf entry|scram|sasl auth|kerberos|gssapi",
    ),
    (
        Kind::Auth,
        r"fatal: *role \S+ does not exist|tenant or user not found|tenant/user .*not found|user \S+ does not exist.*connect",
    ),
    (
        Kind::Auth,
        r"(?:token|session|credentials?|signature|certificate|api.?key)\b[^.]{0,60}\b(?:expired|revoked|rejected|has been deactivated|not valid)|expired ?(?:token|credential|api)|invalid_grant|invalid_client|invalid ?signature|signature ?(?:does ?not ?match|mismatch)",
    ),
    (
        Kind::Auth,
        r"unauthenticated|unauthori[sz]ed|not authenticated|invalid_login|invalid_session|invalidclienttokenid|unrecognizedclient|reauthenticat|could not (?:authenticate|login)|failed to (?:authenticate|refresh .*token)",
    ),
    (
        Kind::Auth,
        r"unable to locate credentials|no credentials|could not (?:load|find|automatically determine) (?:default )?credentials|credentials? (?:were|was|are|is) not (?:found|accepted)",
    ),
];

static SET: LazyLock<Option<RegexSet>> = LazyLock::new(|| {
    RegexSetBuilder::new(PATTERNS.iter().map(|(_, pattern)| *pattern)).case_insensitive(true).build().ok()
});

/// The kind the text tells; `None` when it tells none.
pub(super) fn kind(message: &str, _phase: Phase) -> Option<Kind> {
    let first = SET.as_ref()?.matches(message).iter().next()?;
    PATTERNS.get(first).map(|(kind, _)| *kind)
}
