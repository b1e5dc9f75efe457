//! Addresses of machines and of pages.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Four numbers from 0 to 255 with dots between; no leading zeros, which some read as octal (RFC 6943, 3.1.1).
pub(super) fn is_ipv4(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok()
}

/// Any text form of RFC 4291, 2.2; no zone, no brackets, no prefix length.
pub(super) fn is_ipv6(text: &str) -> bool {
    text.parse::<Ipv6Addr>().is_ok()
}

/// Either.
pub(super) fn is_ip(text: &str) -> bool {
    is_ipv4(text) || is_ipv6(text)
}

/// An absolute `http` or `https` URL with a host, as the WHATWG URL Standard parses it, but without what that standard
/// mends on the way: white space, backslashes and missing slashes.
pub(super) fn is_url(text: &str) -> bool {
    let starts = |scheme: &str| text.get(..scheme.len()).is_some_and(|s| s.eq_ignore_ascii_case(scheme));
    (starts("http://") || starts("https://"))
        && !text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\')
        && !text.contains(":///")
        && url::Url::parse(text).is_ok_and(|url| url.has_host())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ip() {
        for yes in ["0.0.0.0", "255.255.255.255", "127.0.0.1"] {
            assert!(is_ipv4(yes) && is_ip(yes) && !is_ipv6(yes), "{yes}");
        }
        for yes in ["::", "::1", "2001:db8::ff00:42:8329", "::ffff:1.2.3.4"] {
            assert!(is_ipv6(yes) && is_ip(yes) && !is_ipv4(yes), "{yes}");
        }
        for no in ["", "1.2.3", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "fe80::1%eth0", "[::1]", "1::2::3", "::1/64"] {
            assert!(!is_ip(no), "{no}");
        }
    }

    #[test]
    fn url() {
        for yes in [
            "http://a",
            "https://example.com/a?b=c#d",
            "HTTPS://EXAMPLE.com:8443/",
            "http://[::1]/",
            "https://müller.de/ü",
        ] {
            assert!(is_url(yes), "{yes}");
        }
        for no in [
            "",
            "example.com",
            "http:example.com",
            "http:///x",
            "ftp://a",
            "mailto:a@b.de",
            "http://",
            "http://a b",
            " http://a",
            "http:\\\\a",
            "http://a:99999",
            "http://1.2.3.400",
        ] {
            assert!(!is_url(no), "{no}");
        }
    }
}
