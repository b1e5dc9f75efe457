//! Email addresses and telephone numbers.

/// The "valid email address" of the HTML Living Standard, narrowed to what is delivered over the internet: the local part is
/// RFC 5321's `Dot-string` (no dot at an end, no two in a row) of at most 64 bytes, the domain has at least two labels,
/// the whole at most 254 bytes. ASCII only; no quoted local parts, no comments, no address literals, no display name.
pub(super) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    text.len() <= 254 && (1..=64).contains(&local.len()) && is_dot_string(local) && is_domain(domain)
}

/// E.164: `+`, a country's code that does not begin with 0, at most 15 digits in all; at least 7, as no number is shorter.
/// Blanks, hyphens, dots and one pair of parentheses between the digits are let pass.
pub(super) fn is_phone(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('+') else { return false };
    let digits = rest.bytes().filter(u8::is_ascii_digit).count();
    let signs = rest.bytes().all(|b| b.is_ascii_digit() || matches!(b, b' ' | b'-' | b'.' | b'(' | b')'));
    let twice = rest.as_bytes().windows(2).any(|w| w.iter().all(|b| !b.is_ascii_digit() && !matches!(b, b'(' | b')')));
    let open = rest.matches('(').count();
    let paired = open == rest.matches(')').count() && open <= 1 && rest.find('(') <= rest.find(')');
    signs
        && !twice
        && paired
        && (7..=15).contains(&digits)
        && rest.bytes().next().is_some_and(|b| (b'1'..=b'9').contains(&b))
        && rest.bytes().last().is_some_and(|b| b.is_ascii_digit())
}

fn is_dot_string(local: &str) -> bool {
    let mut previous = b'.';
    for b in local.bytes() {
        let atom = b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&b);
        if !(atom || b == b'.' && previous != b'.') {
            return false;
        }
        previous = b;
    }
    previous != b'.'
}

fn is_domain(domain: &str) -> bool {
    let mut labels = 0;
    domain.split('.').all(|label| {
        labels += 1;
        is_label(label)
    }) && labels >= 2
}

fn is_label(label: &str) -> bool {
    let bytes = label.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    bytes.len() <= 63
        && ends.iter().all(|b| b.is_some_and(u8::is_ascii_alphanumeric))
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones() {
        for yes in ["+491701234567", "+49 170 1234567", "+1 (212) 555-0100", "+44.20.7946.0958", "+1234567"] {
            assert!(is_phone(yes), "{yes}");
        }
        for no in [
            "",
            "+",
            "01701234567",
            "+0491701234567",
            "+123456",
            "+1234567890123456",
            "+49 170 12345x",
            "+49  170 1234567",
            "+49)170(1234567",
            "+49 170 1234567 ",
        ] {
            assert!(!is_phone(no), "{no}");
        }
    }

    #[test]
    fn email() {
        for yes in ["a@b.de", "first.last+tag@sub.example.com", "o'brien@x-y.org", "1@2.3", "A_B@EXAMPLE.COM"] {
            assert!(is_email(yes), "{yes}");
        }
        let long = format!("{}@b.de", "a".repeat(65));
        for no in [
            "",
            "a",
            "a@",
            "@b.de",
            "a@b",
            "a b@c.de",
            "a@b c.de",
            "a@@b.de",
            "a@b@c.de",
            ".a@b.de",
            "a.@b.de",
            "a..b@c.de",
            "a@b..de",
            "a@-b.de",
            "a@b-.de",
            "a@b.de.",
            "A <a@b.de>",
            "a@b.de ",
            "ä@b.de",
            "a@[1.2.3.4]",
            &long,
        ] {
            assert!(!is_email(no), "{no}");
        }
    }
}
