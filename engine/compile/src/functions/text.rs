//! Blank text, UUIDs, JSON.

use serde::de::IgnoredAny;

/// Empty, or white space only (Unicode's `White_Space`).
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

/// The texts that usually stand for a missing value, blanks around them and case apart.
const MISSING: &[&str] = &["", "-", "--", ".", "?", "n/a", "na", "nan", "nil", "none", "null", "undefined", "unknown"];

/// One of the texts that usually stand for a missing value.
pub(super) fn is_missing(text: &str) -> bool {
    let text = text.trim();
    MISSING.iter().any(|m| m.eq_ignore_ascii_case(text))
}

/// No letter is small.
pub(super) fn is_upper(text: &str) -> bool {
    !text.chars().any(char::is_lowercase)
}

/// No letter is a capital.
pub(super) fn is_lower(text: &str) -> bool {
    !text.chars().any(char::is_uppercase)
}

/// The first letter of each word is no small one, all others are no capitals. A word is letters and digits; behind an
/// apostrophe in it either may stand.
pub(super) fn is_title(text: &str) -> bool {
    let (mut inside, mut free) = (false, false);
    text.chars().all(|c| {
        let right = free || if inside { !c.is_uppercase() } else { !c.is_lowercase() };
        free = inside && matches!(c, '\'' | '’');
        inside = c.is_alphanumeric() || free;
        right
    })
}

/// RFC 9562, the text form: 8, 4, 4, 4 and 12 hexadecimal digits with `-` between, in either case; no braces, no `urn:`.
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// RFC 8259: one value and nothing else but white space.
pub(super) fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank() {
        for yes in ["", " ", "\t\n", "\u{a0}\u{2003}"] {
            assert!(is_blank(yes), "{yes:?}");
        }
        for no in ["x", " x ", "\u{200b}", "."] {
            assert!(!is_blank(no), "{no:?}");
        }
    }

    #[test]
    fn missing() {
        for yes in ["", " ", "N/A", " null ", "-", "None"] {
            assert!(is_missing(yes), "{yes:?}");
        }
        for no in ["x", "0", "nullable", "n.a.", "---"] {
            assert!(!is_missing(no), "{no:?}");
        }
    }

    #[test]
    fn case() {
        assert!(is_upper("AB-1 É") && is_upper("") && is_upper("12") && !is_upper("Ab") && !is_upper("ß"));
        assert!(is_lower("ab é") && is_lower("") && !is_lower("aB"));
        for yes in ["", "Anna Karenina", "O'Neil", "D’Artagnan", "É 2nd Street", "Übung", "12 Monkeys"] {
            assert!(is_title(yes), "{yes}");
        }
        for no in ["anna", "Anna karenina", "ANNA", "A b"] {
            assert!(!is_title(no), "{no}");
        }
    }

    #[test]
    fn uuid() {
        assert!(is_uuid("f81d4fae-7dec-11d0-a765-00a0c91e6bf6"));
        assert!(is_uuid("F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6"));
        for no in [
            "",
            "f81d4fae7dec11d0a76500a0c91e6bf6",
            "{f81d4fae-7dec-11d0-a765-00a0c91e6bf6}",
            "g81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            "f81d4fae-7dec-11d0-a765-00a0c91e6bf",
            "f81d4fae-7dec-11d0-a76500-a0c91e6bf6",
            "éé1d4fae-7dec-11d0-a765-00a0c91e6b",
        ] {
            assert!(!is_uuid(no), "{no}");
        }
    }

    #[test]
    fn json() {
        for yes in ["null", "1", "\"a\"", " {\"a\": [1, 2.5e3, true]} ", "[]"] {
            assert!(is_json(yes), "{yes}");
        }
        for no in ["", "{", "{'a': 1}", "[1,]", "1 2", "nul", "{\"a\": 01}", "NaN"] {
            assert!(!is_json(no), "{no}");
        }
        assert!(is_json(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))));
    }
}
