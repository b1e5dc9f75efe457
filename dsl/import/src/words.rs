//! Names, constants and shares as `.pipe` writes them.

use crate::node::{Kind, Node};

/// A column or table name: folded as headers are, in quotes where it has to be.
pub(crate) fn name(name: &str) -> String {
    pipe_sql::quote(&name.to_lowercase())
}

/// Names with commas between.
pub(crate) fn names<S: AsRef<str>>(all: &[S]) -> String {
    all.iter().map(|n| name(n.as_ref())).collect::<Vec<_>>().join(", ")
}

/// A text in quotes.
pub(crate) fn text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A scalar as a constant of SQL; `None` for lists, mappings and null.
pub(crate) fn constant(node: &Node) -> Option<String> {
    match &node.kind {
        Kind::Number(n) => crate::node::is_number(n).then(|| number(n)),
        Kind::Bool(b) => Some(b.to_string()),
        Kind::Text(t) => Some(text(t)),
        Kind::Param(sql) => Some(sql.clone()),
        Kind::Null | Kind::List(_) | Kind::Map(_) => None,
    }
}

/// A number as SQL and `.pipe` both read it: no plus, no bare point at its ends.
pub(crate) fn number(digits: &str) -> String {
    let digits = digits.strip_prefix('+').unwrap_or(digits);
    if digits.starts_with('.') {
        return format!("0{digits}");
    }
    match digits.strip_suffix('.') {
        Some(whole) => whole.to_owned(),
        None => digits.to_owned(),
    }
}

/// A decimal number: its digits and how many of them stand behind the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Decimal {
    digits: i128,
    scale: u32,
}

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: i128 = format!("{whole}{part}").parse().ok()?;
        let scale = i32::try_from(part.len()).ok()?.checked_sub(exponent)?;
        match u32::try_from(scale) {
            Ok(scale) if scale <= 30 => Some(Self { digits, scale }),
            Ok(_) => None,
            Err(_) => Some(Self { digits: digits.checked_mul(10i128.checked_pow(scale.unsigned_abs())?)?, scale: 0 }),
        }
    }

    fn print(self) -> String {
        let sign = if self.digits < 0 { "-" } else { "" };
        let scale = self.scale as usize;
        let digits = format!("{:0>width$}", self.digits.unsigned_abs(), width = scale + 1);
        let (whole, part) = digits.split_at(digits.len() - scale);
        let part = part.trim_end_matches('0');
        if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
    }

    fn times_hundred(self) -> Option<Self> {
        Some(match self.scale.checked_sub(2) {
            Some(scale) => Self { digits: self.digits, scale },
            None => Self { digits: self.digits.checked_mul(10i128.checked_pow(2 - self.scale)?)?, scale: 0 },
        })
    }
}

/// A share such as `0.95` as a percentage, `95%`, without rounding.
pub(crate) fn percent(share: &str) -> Option<String> {
    Some(format!("{}%", Decimal::parse(share)?.times_hundred()?.print()))
}

/// What is missing from a share to the whole: `5%` of `0.95`, without rounding. `None` of what is not from 0 to 1.
pub(crate) fn rest(share: &str) -> Option<String> {
    let share = Decimal::parse(share)?;
    let digits = 10i128.checked_pow(share.scale)?.checked_sub(share.digits)?;
    let rest = Decimal { digits, scale: share.scale };
    (share.digits >= 0 && digits >= 0).then(|| rest.times_hundred().map(|r| format!("{}%", r.print()))).flatten()
}

/// The sum of two numbers, without rounding; `b` taken away with `minus`.
pub(crate) fn add(a: &str, b: &str, minus: bool) -> Option<String> {
    let (a, b) = (Decimal::parse(a)?, Decimal::parse(b)?);
    let scale = a.scale.max(b.scale);
    let to = |d: Decimal| d.digits.checked_mul(10i128.checked_pow(scale - d.scale)?);
    let b = if minus { to(b)?.checked_neg()? } else { to(b)? };
    Some(Decimal { digits: to(a)?.checked_add(b)?, scale }.print())
}

/// A text as a regular expression that finds just that.
pub(crate) fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| r"\.+*?()|[]{}^$#&-~".contains(c).then_some('\\').into_iter().chain([c])).collect()
}

/// A regular expression that must cover the whole text.
pub(crate) fn anchored(regex: &str) -> String {
    let bare = regex.strip_prefix('^').unwrap_or(regex);
    let bare = match bare.strip_suffix('$') {
        Some(inner) if !inner.ends_with('\\') => inner,
        _ => bare,
    };
    // `a|b` between the anchors would be `^a` or `b$`.
    if bare.contains('|') { format!("^(?:{bare})$") } else { format!("^{bare}$") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_exact() {
        assert_eq!(rest("0.95").as_deref(), Some("5%"));
        assert_eq!(rest("0.999").as_deref(), Some("0.1%"));
        assert_eq!(rest("1").as_deref(), Some("0%"));
        assert_eq!(rest("1.0").as_deref(), Some("0%"));
        assert_eq!(rest("9.5e-1").as_deref(), Some("5%"));
        assert_eq!(rest("1.5"), None);
        assert_eq!(percent("0.1").as_deref(), Some("10%"));
        assert_eq!(percent("0.0123").as_deref(), Some("1.23%"));
        assert_eq!(add("10", "0.25", true).as_deref(), Some("9.75"));
    }

    #[test]
    fn names_are_folded_and_quoted() {
        assert_eq!(name("Order_ID"), "order_id");
        assert_eq!(name("Order ID"), "\"order id\"");
        assert_eq!(text("it's"), "'it''s'");
        assert_eq!(anchored("a|b"), "^(?:a|b)$");
        assert_eq!(anchored("^a$"), "^a$");
    }
}
