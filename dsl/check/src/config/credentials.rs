//! What opens a door and stands where everyone can read it.

use pipe_diagnostics::{Diagnostic, Span, codes::config as codes};

use crate::cx::Cx;

/// Reports a password or a token that stands in a text.
pub(crate) fn no_credentials(cx: &mut Cx<'_>, text: &str, span: Span) {
    if let Some(what) = credentials(text) {
        cx.report(Diagnostic::error(codes::CREDENTIALS_IN_URL, format!("there is {what} in this text"), span).help(
            "keep it out of the program: declare `secret name from env '…';` and use the connector's secret key",
        ));
    }
}

/// What of a URL or a connection string is nobody's business.
fn credentials(text: &str) -> Option<&'static str> {
    if let Some((_, rest)) = text.split_once("://") {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
        if let Some((user, _)) = authority.rsplit_once('@')
            && user.split_once(':').is_some_and(|(_, password)| !password.is_empty())
        {
            return Some("a password");
        }
    }
    const TELLING: [&str; 12] = [
        "password",
        "passwd",
        "pwd",
        "token",
        "access_token",
        "secret",
        "client_secret",
        "api_key",
        "apikey",
        "accountkey",
        "sig",
        "x-amz-signature",
    ];
    // `a=1&password=x` of URLs, `Host=h;Password=x` and `host=h password=x` of connection strings.
    let has = |part: &str| {
        part.split_once('=').is_some_and(|(key, value)| {
            !value.is_empty() && TELLING.contains(&key.trim().to_ascii_lowercase().as_str())
        })
    };
    text.split(['?', '&', ';', ' ']).any(has).then_some("a password or a token")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_seen_and_plain_addresses_are_not() {
        for bad in ["postgres://u:p@h/db", "https://x/y?sig=ab", "Host=h;Password=x", "https://x/y?a=1&token=ab"] {
            assert!(credentials(bad).is_some(), "{bad}");
        }
        for good in ["postgres://u@h/db", "s3://bucket/a@b:c", "data/a=1/b.csv", "https://x:8080/y?page=1", "a b"] {
            assert!(credentials(good).is_none(), "{good}");
        }
    }
}
