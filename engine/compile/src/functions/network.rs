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

/// An address and the length of its prefix, `10.0.0.0/8`; bits behind the prefix may be set.
pub(super) fn is_cidr(text: &str) -> bool {
    text.parse::<ipnet::IpNet>().is_ok()
}

/// EUI-48: six pairs of hexadecimal digits, `:` or `-` between them throughout.
pub(super) fn is_mac(text: &str) -> bool {
    let Some(sign) = text.as_bytes().get(2).filter(|b| matches!(b, b':' | b'-')) else { return false };
    text.len() == 17
        && text.bytes().enumerate().all(|(i, b)| if i % 3 == 2 { b == *sign } else { b.is_ascii_hexdigit() })
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
    fn cidr_and_mac() {
        for yes in ["10.0.0.0/8", "192.168.1.7/32", "::/0", "2001:db8::/48"] {
            assert!(is_cidr(yes), "{yes}");
        }
        for no in ["10.0.0.0", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/", "10.0.0.0/-1"] {
            assert!(!is_cidr(no), "{no}");
        }
        assert!(is_mac("00:1A:2b:3c:4d:5e") && is_mac("00-1A-2B-3C-4D-5E"));
        for no in ["", "00:1A:2b:3c:4d", "00:1A-2b:3c:4d:5e", "001A2B3C4D5E", "0g:1A:2b:3c:4d:5e", "00.1A.2b.3c.4d.5e"]
        {
            assert!(!is_mac(no), "{no}");
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
