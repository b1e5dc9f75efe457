//! What a number must be: a comparison, bounds, or their contrary; as a predicate, or as how many rows may violate.

use crate::words;

/// What must hold of a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Threshold {
    /// `>= 5`, the sign as SQL writes it.
    Compare(&'static str, String),
    Between {
        low: String,
        high: String,
        open_low: bool,
        open_high: bool,
    },
    /// Outside of bounds: where `Between` of the same does not hold, so on an open bound it does.
    Outside {
        low: String,
        high: String,
        open_low: bool,
        open_high: bool,
    },
}

impl Threshold {
    /// `> 5`, `between 1 and 10`, `between [1 and 10)`, `not between 1 and 10`; numbers may have a `%`. Gives whether they had.
    pub(crate) fn parse(text: &str) -> Option<(Self, bool)> {
        let text = text.trim();
        let percent = text.contains('%');
        let text = text.replace('%', "");
        let lower = text.trim().to_lowercase();
        let (negated, rest) = match lower.strip_prefix("not between") {
            Some(rest) => (true, Some(rest)),
            None => (false, lower.strip_prefix("between")),
        };
        let found = match rest {
            Some(rest) => {
                let rest = rest.trim();
                let (open_low, rest) = match rest.strip_prefix('(') {
                    Some(rest) => (true, rest),
                    None => (false, rest.strip_prefix('[').unwrap_or(rest)),
                };
                let (open_high, rest) = match rest.strip_suffix(')') {
                    Some(rest) => (true, rest),
                    None => (false, rest.strip_suffix(']').unwrap_or(rest)),
                };
                let (low, high) = rest.split_once(" and ")?;
                let (low, high) = (number(low)?, number(high)?);
                if negated {
                    Self::Outside { low, high, open_low, open_high }
                } else {
                    Self::Between { low, high, open_low, open_high }
                }
            }
            None => {
                let signs =
                    [(">=", ">="), ("<=", "<="), ("!=", "<>"), ("<>", "<>"), (">", ">"), ("<", "<"), ("=", "=")];
                let (sign, rest) =
                    signs.iter().find_map(|(theirs, ours)| Some((*ours, lower.strip_prefix(theirs)?)))?;
                Self::Compare(sign, number(rest)?)
            }
        };
        Some((found, percent))
    }

    /// What holds when this does not.
    pub(crate) fn contrary(self) -> Self {
        match self {
            Self::Compare(sign, n) => {
                let sign = match sign {
                    "<" => ">=",
                    "<=" => ">",
                    ">" => "<=",
                    ">=" => "<",
                    "=" => "<>",
                    _ => "=",
                };
                Self::Compare(sign, n)
            }
            Self::Between { low, high, open_low, open_high } => Self::Outside { low, high, open_low, open_high },
            Self::Outside { low, high, open_low, open_high } => Self::Between { low, high, open_low, open_high },
        }
    }

    /// The predicates that hold together where it holds. Outside of bounds of which one is included it is one or the other:
    /// `Err` has both.
    pub(crate) fn predicates(&self) -> Result<Vec<String>, (String, String)> {
        match self {
            Self::Compare(sign, n) => Ok(vec![format!("{sign} {n}")]),
            Self::Between { low, high, open_low: false, open_high: false } => {
                Ok(vec![format!("between {low} and {high}")])
            }
            Self::Between { low, high, open_low: true, open_high: true } => {
                Ok(vec![format!("strictly between {low} and {high}")])
            }
            Self::Between { low, high, open_low, open_high } => Ok(vec![
                format!("{} {low}", if *open_low { ">" } else { ">=" }),
                format!("{} {high}", if *open_high { "<" } else { "<=" }),
            ]),
            Self::Outside { low, high, open_low: false, open_high: false } => {
                Ok(vec![format!("not between {low} and {high}")])
            }
            Self::Outside { low, high, open_low: true, open_high: true } => {
                Ok(vec![format!("not strictly between {low} and {high}")])
            }
            Self::Outside { low, high, open_low, open_high } => Err((
                format!("{} {low}", if *open_low { "<=" } else { "<" }),
                format!("{} {high}", if *open_high { ">=" } else { ">" }),
            )),
        }
    }

    /// The same of whole numbers with both bounds included, as far as they are written as such.
    pub(crate) fn whole(&self) -> Self {
        let moved =
            |n: &str, open: bool, by: i64| n.parse::<i64>().ok().map(|n| (n + if open { by } else { 0 }).to_string());
        match self {
            Self::Outside { low, high, open_low, open_high } => {
                match (moved(low, *open_low, 1), moved(high, *open_high, -1)) {
                    (Some(low), Some(high)) => Self::Outside { low, high, open_low: false, open_high: false },
                    _ => self.clone(),
                }
            }
            other => other.clone(),
        }
    }

    /// How many rows may violate, or which share with `percent`, where the number counts those that do: `""` for none.
    /// `None` where some have to.
    pub(crate) fn allowed(&self, percent: bool) -> Option<String> {
        let up_to = |n: &str, open: bool| {
            let zero = n.parse::<f64>().ok()? == 0.0;
            match (open, percent, zero) {
                (false, _, true) => Some(String::new()),
                (true, _, true) => None,
                (false, true, _) => Some(format!("{n}%")),
                // Less than a share: with fewer than a thousand million rows nothing lies between.
                (true, true, _) => Some(format!("{}%", words::add(n, "0.00000001", true)?)),
                (open, false, _) => {
                    let n: u64 = n.parse().ok()?;
                    let n = n - u64::from(open);
                    Some(if n == 0 { String::new() } else { n.to_string() })
                }
            }
        };
        match self {
            Self::Compare("=", n) if n.parse() == Ok(0.0) => Some(String::new()),
            Self::Compare("<", n) => up_to(n, true),
            Self::Compare("<=", n) => up_to(n, false),
            Self::Between { low, high, open_low: false, open_high } if low.parse() == Ok(0.0) => {
                up_to(high, *open_high)
            }
            _ => None,
        }
    }
}

fn number(text: &str) -> Option<String> {
    let text = text.trim();
    crate::node::is_number(text).then(|| words::number(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_read_and_turned_round() {
        let parse = |t: &str| Threshold::parse(t).expect("a threshold").0;
        assert_eq!(parse("between [1 and 5)").predicates(), Ok(vec![">= 1".to_owned(), "< 5".to_owned()]));
        assert_eq!(parse("not between 1 and 5").predicates(), Ok(vec!["not between 1 and 5".to_owned()]));
        assert_eq!(parse("not between (1 and 5)").predicates(), Ok(vec!["not strictly between 1 and 5".to_owned()]));
        assert_eq!(parse("not between (1 and 5").predicates(), Err(("<= 1".to_owned(), "> 5".to_owned())));
        assert_eq!(parse("between 1 and 5").contrary(), parse("not between 1 and 5"));
        assert_eq!(parse("> 5").contrary().allowed(false).as_deref(), Some("5"));
        assert_eq!(parse("< 5").allowed(false).as_deref(), Some("4"));
        assert_eq!(parse("< 5%").allowed(true).as_deref(), Some("4.99999999%"));
        assert_eq!(parse("= 0").allowed(false).as_deref(), Some(""));
        assert_eq!(parse("> 0").allowed(false), None);
    }
}
