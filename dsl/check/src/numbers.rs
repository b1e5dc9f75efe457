//! Numbers as written.

/// `1` of `1%` as 0.01; `None` when it is no number or not finite.
pub(crate) fn percent(digits: &str) -> Option<f64> {
    // Shifting the point in the text keeps `0.1%` at 0.001, which a division need not.
    format!("{digits}e-2").parse::<f64>().ok().filter(|n| n.is_finite())
}

/// A number; `None` when it is none or not finite.
pub(crate) fn number(digits: &str) -> Option<f64> {
    digits.parse::<f64>().ok().filter(|n| n.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents_are_exact() {
        assert_eq!(percent("0.1"), Some(0.001));
        assert_eq!(percent("100"), Some(1.0));
        assert_eq!(percent("1e400"), None);
        assert_eq!(number("x"), None);
    }
}
