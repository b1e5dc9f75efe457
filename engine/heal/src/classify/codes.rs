//! Structured codes.

use std::io::ErrorKind;
use std::sync::LazyLock;

use regex::Regex;

use super::{Code, Kind, Phase};

/// What a code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// This, whatever the text says.
    Sure(Kind),
    /// This, unless the text says more.
    Unless(Kind),
}

use Verdict::{Sure, Unless};

pub(super) fn kind(code: Code<'_>, phase: Phase) -> Option<Verdict> {
    match code {
        Code::SqlState(state) => sqlstate(state, phase),
        Code::Http(status) => http(status),
        Code::Service(code) => service(code),
        Code::Io(kind) => io(kind),
    }
}

/// SQLSTATE: whole codes first, then the class (its first two characters). ISO 9075 and PostgreSQL's appendix A.
fn sqlstate(state: &str, phase: Phase) -> Option<Verdict> {
    let whole = match state {
        "23505" => Some(Sure(Kind::DuplicateKey)),
        // MySQL gives 23000 for all of its class, 42000 and HY000 for nearly anything.
        "23000" => Some(Unless(Kind::Constraint)),
        "42000" | "HY000" => None,
        "22001" | "22003" => Some(Unless(Kind::Constraint)),
        "22P04" | "22021" | "22030" | "22032" => Some(Sure(Kind::Parse)),
        "42501" => Some(Sure(Kind::Permission)),
        "42P01" | "42883" | "3D000" | "3F000" | "42S02" => Some(Sure(Kind::NotFound)),
        "42704" if phase == Phase::Connect => Some(Sure(Kind::Auth)),
        "42704" => Some(Sure(Kind::NotFound)),
        "42703" | "42S22" => Some(Sure(Kind::Schema)),
        "42P07" | "42710" | "42P06" | "42P04" | "42S01" => Some(Sure(Kind::DuplicateKey)),
        "42804" | "42846" => Some(Sure(Kind::Type)),
        "57014" | "HYT00" | "25P03" => Some(Sure(Kind::Timeout)),
        "HYT01" => Some(Sure(Kind::Connection)),
        "57P01" | "57P02" | "57P03" | "57P05" => Some(Sure(Kind::Connection)),
        "55P03" => Some(Sure(Kind::Conflict)),
        "22P02" => Some(Unless(Kind::Type)),
        _ => None,
    };
    if whole.is_some() {
        return whole;
    }
    Some(match state.get(..2)? {
        "08" => Unless(Kind::Connection),
        "22" => Unless(Kind::Type),
        "23" | "44" => Sure(Kind::Constraint),
        "28" => Sure(Kind::Auth),
        "40" => Sure(Kind::Conflict),
        "42" => Unless(Kind::Config),
        "53" | "54" => Sure(Kind::Quota),
        "57" => Unless(Kind::Timeout),
        "58" => Unless(Kind::Connection),
        "F0" => Sure(Kind::Config),
        "XX" => Unless(Kind::Internal),
        _ => return None,
    })
}

/// HTTP statuses (RFC 9110). 400, 403 and 5xx are used for many things: the text may know better.
fn http(status: u16) -> Option<Verdict> {
    Some(match status {
        401 | 407 => Sure(Kind::Auth),
        403 => Unless(Kind::Permission),
        404 | 410 => Sure(Kind::NotFound),
        408 | 504 => Sure(Kind::Timeout),
        409 => Unless(Kind::Conflict),
        412 => Sure(Kind::Conflict),
        413 | 507 | 402 => Sure(Kind::Quota),
        425 | 421 => Sure(Kind::Connection),
        429 => Sure(Kind::Throttled),
        406 | 415 | 426 | 505 => Sure(Kind::Protocol),
        400..=499 => Unless(Kind::Config),
        500..=599 => Unless(Kind::Connection),
        _ => return None,
    })
}

/// Codes of S3, Azure Blob, Google Cloud and their kin.
fn service(code: &str) -> Option<Verdict> {
    Some(Sure(match code {
        "SlowDown"
        | "ServerBusy"
        | "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestLimitExceeded"
        | "TooManyRequests"
        | "TooManyRequestsException"
        | "ProvisionedThroughputExceededException"
        | "BandwidthLimitExceeded"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "rateLimitExceeded"
        | "userRateLimitExceeded"
        | "PriorRequestNotComplete" => Kind::Throttled,
        "AccessDenied"
        | "AccessDeniedException"
        | "AllAccessDisabled"
        | "AccountProblem"
        | "accessDenied"
        | "AuthorizationFailure"
        | "AuthorizationPermissionMismatch"
        | "UnauthorizedOperation"
        | "PERMISSION_DENIED"
        | "InsufficientAccountPermissions" => Kind::Permission,
        "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "InvalidToken"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "UnrecognizedClientException"
        | "AuthFailure"
        | "RequestTimeTooSkewed"
        | "AuthenticationFailed"
        | "MissingAuthenticationToken"
        | "TokenRefreshRequired"
        | "IncompleteSignature"
        | "UNAUTHENTICATED"
        | "authError" => Kind::Auth,
        "NoSuchKey"
        | "NoSuchBucket"
        | "NoSuchUpload"
        | "NoSuchVersion"
        | "BlobNotFound"
        | "ContainerNotFound"
        | "ResourceNotFoundException"
        | "ResourceNotFound"
        | "EntityNotFoundException"
        | "NoSuchEntity"
        | "notFound"
        | "PathNotFound"
        | "FilesystemNotFound" => Kind::NotFound,
        "RequestTimeout" | "RequestTimeoutException" | "OperationTimedOut" | "DEADLINE_EXCEEDED" => Kind::Timeout,
        "InternalError"
        | "ServiceUnavailable"
        | "Unavailable"
        | "UNAVAILABLE"
        | "InternalServerError"
        | "backendError" => Kind::Connection,
        "OperationAborted"
        | "ConditionalRequestConflict"
        | "PreconditionFailed"
        | "ConditionNotMet"
        | "LeaseAlreadyPresent"
        | "ConcurrentModificationException"
        | "ConditionalCheckFailedException"
        | "ABORTED" => Kind::Conflict,
        "BucketAlreadyExists"
        | "BucketAlreadyOwnedByYou"
        | "BlobAlreadyExists"
        | "ContainerAlreadyExists"
        | "AlreadyExistsException"
        | "ALREADY_EXISTS"
        | "ResourceInUseException" => Kind::DuplicateKey,
        "EntityTooLarge"
        | "TooManyBuckets"
        | "QuotaExceeded"
        | "quotaExceeded"
        | "LimitExceededException"
        | "InsufficientStorage"
        | "ServiceQuotaExceededException"
        | "RESOURCE_EXHAUSTED" => Kind::Quota,
        "AuthorizationHeaderMalformed"
        | "InvalidBucketName"
        | "InvalidArgument"
        | "InvalidRequest"
        | "InvalidURI"
        | "PermanentRedirect"
        | "IllegalLocationConstraintException"
        | "INVALID_ARGUMENT" => Kind::Config,
        "BadDigest" | "IncompleteBody" | "XAmzContentSHA256Mismatch" => Kind::Protocol,
        _ => return None,
    }))
}

fn io(kind: ErrorKind) -> Option<Verdict> {
    Some(match kind {
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory => Sure(Kind::NotFound),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Sure(Kind::Permission),
        ErrorKind::TimedOut => Sure(Kind::Timeout),
        ErrorKind::ConnectionRefused
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::NotConnected
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::BrokenPipe
        | ErrorKind::Interrupted => Sure(Kind::Connection),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::OutOfMemory | ErrorKind::FileTooLarge => {
            Sure(Kind::Quota)
        }
        ErrorKind::AlreadyExists => Sure(Kind::DuplicateKey),
        ErrorKind::InvalidData => Unless(Kind::Parse),
        ErrorKind::UnexpectedEof => Unless(Kind::Connection),
        ErrorKind::ResourceBusy | ErrorKind::Deadlock | ErrorKind::StaleNetworkFileHandle => Sure(Kind::Conflict),
        _ => return None,
    })
}

/// Codes that a text quotes: a SQLSTATE, an HTTP status, a code of a service. A sure one wins over one that is not.
pub(super) fn quoted(message: &str, phase: Phase) -> Option<Verdict> {
    static PATTERNS: LazyLock<[Option<Regex>; 3]> = LazyLock::new(|| {
        [
            r#"(?i:sql ?state)[\s:=\["'(]*([0-9A-Z]{5})\b|\b\d{4,6} \(([0-9A-Z]{5})\)"#,
            // `status code: 404`, `HTTP 503`, `HTTP/1.1 503`, `Error 403:`, `403 Client Error`, `HTTP error 401`
            r"(?i)\b(?:status(?: ?code)?|http(?:/\d(?:\.\d)?)?(?: error| status)?|response code|error)[\s:=(]{1,3}([1-5]\d\d)\b|\b([1-5]\d\d) (?:client error|server error|unauthorized|forbidden|not found|too many requests|bad gateway|service unavailable|gateway time-?out|internal server error|(?:get|post|put|delete|head) http)",
            // `An error occurred (ExpiredToken) when`, `Error Code: SlowDown`, `<Code>NoSuchKey</Code>`, `NoSuchKey: The …`
            r"An error occurred \((\w+)\)|(?i:error ?code)[:=]\s*(\w+)|<Code>(\w+)</Code>|(?:^|[\s.])([A-Z][a-z]+[A-Z]\w+)(?::|$)",
        ]
        .map(|pattern| Regex::new(pattern).ok())
    });
    let mut weak = None;
    for (pattern, read) in PATTERNS.iter().zip([
        (|text, phase| sqlstate(text, phase)) as fn(&str, Phase) -> Option<Verdict>,
        |text, _| text.parse().ok().and_then(http),
        |text, _| service(text),
    ]) {
        for found in pattern.iter().flat_map(|p| p.captures_iter(message)) {
            let code = found.iter().skip(1).flatten().next();
            match code.and_then(|code| read(code.as_str(), phase)) {
                Some(Sure(kind)) => return Some(Sure(kind)),
                Some(other) => weak = weak.or(Some(other)),
                None => {}
            }
        }
    }
    weak
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_quoted_in_texts() {
        for (message, kind) in [
            ("SQLSTATE[40001]: Serialization failure", Kind::Conflict),
            ("ERROR: no (SQLSTATE 42P01)", Kind::NotFound),
            ("sqlState: '57014'", Kind::Timeout),
            ("ERROR 1054 (42S22): no", Kind::Schema),
            ("NoSuchKey: The specified key does not exist. status code: 404", Kind::NotFound),
            ("GET https://x: HTTP/1.1 429", Kind::Throttled),
            ("401 Client Error: nope for url", Kind::Auth),
            ("An error occurred (ThrottlingException) when calling the GetRecords operation", Kind::Throttled),
            ("<Error><Code>SignatureDoesNotMatch</Code></Error>", Kind::Auth),
            ("(Service: Amazon S3; Status Code: 503; Error Code: SlowDown)", Kind::Throttled),
        ] {
            assert_eq!(quoted(message, Phase::Read), Some(Sure(kind)), "{message}");
        }
        for message in ["read 404 rows", "Error in line 3", "took 500 ms", "KeyError: 'a'"] {
            assert_eq!(quoted(message, Phase::Read), None, "{message}");
        }
    }

    #[test]
    fn classes_and_their_exceptions() {
        assert_eq!(sqlstate("53300", Phase::Connect), Some(Sure(Kind::Quota)));
        assert_eq!(sqlstate("23503", Phase::Write), Some(Sure(Kind::Constraint)));
        assert_eq!(sqlstate("42704", Phase::Connect), Some(Sure(Kind::Auth)));
        assert_eq!(sqlstate("42704", Phase::Read), Some(Sure(Kind::NotFound)));
        assert_eq!(sqlstate("", Phase::Read), None);
        assert_eq!(sqlstate("é", Phase::Read), None);
        assert_eq!(http(200), None);
        assert_eq!(http(418), Some(Unless(Kind::Config)));
        assert_eq!(io(ErrorKind::StorageFull), Some(Sure(Kind::Quota)));
    }
}
