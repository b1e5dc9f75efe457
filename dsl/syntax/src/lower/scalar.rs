//! Names, texts, numbers, durations, sizes, types, SQL: what is one token or nearly.

use pest::iterators::Pair;
use pipe_diagnostics::codes::syntax as code;
use pipe_grammar::Rule;

use super::{Lower, Lowered, Parts};
use crate::ast::{Literal, Name, Spanned, Sql, Text, TypeName, Word};
use crate::message::shown;
use crate::splitter::MAX_DEPTH;

/// Units of durations, in milliseconds.
const DURATIONS: &[(&str, u64)] = &[("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Units of sizes, in bytes.
const SIZES: &[(&str, u64)] = &[
    ("b", 1),
    ("kb", 1000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
];

const DURATION_HELP: &str = "durations are written `250ms`, `30s`, `5m`, `2h` or `7d`";

/// A number with a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    /// Milliseconds.
    Duration(u64),
    /// Bytes.
    Size(u64),
}

impl Lower<'_> {
    pub(super) fn name(&self, pair: &Pair<'_, Rule>) -> Name {
        self.spanned(pair, fold_path(pair.as_str()))
    }

    pub(super) fn word(&self, pair: &Pair<'_, Rule>) -> Word {
        self.spanned(pair, fold_path(pair.as_str()))
    }

    pub(super) fn text(&self, pair: &Pair<'_, Rule>) -> Text {
        self.spanned(pair, unquote(pair.as_str()))
    }

    pub(super) fn sql(&self, pair: &Pair<'_, Rule>) -> Sql {
        self.spanned(pair, pair.as_str().to_owned())
    }

    /// `( SQL )`
    pub(super) fn fragment(&self, pair: Pair<'_, Rule>) -> Lowered<Sql> {
        let inner = Parts::of(pair).part()?;
        Ok(self.sql(&inner))
    }

    /// `(a, b)`
    pub(super) fn names(&self, pair: Pair<'_, Rule>) -> Vec<Name> {
        Parts::of(pair).map(|name| self.name(&name)).collect()
    }

    /// A whole number that is not negative.
    pub(super) fn whole<T: TryFrom<u64>>(&mut self, pair: &Pair<'_, Rule>) -> Lowered<Spanned<T>> {
        let digits = number(pair.as_str());
        match digits.parse::<u64>().ok().and_then(|n| T::try_from(n).ok()) {
            Some(n) => Ok(self.spanned(pair, n)),
            None => {
                let why = if digits.bytes().all(|b| b.is_ascii_digit()) { "too large" } else { "not a whole number" };
                let message = format!("{} is {why}", shown(pair.as_str()));
                self.refuse(code::BAD_NUMBER, message, self.span(pair), "")
            }
        }
    }

    pub(super) fn duration(&mut self, pair: &Pair<'_, Rule>) -> Lowered<Spanned<u64>> {
        match self.measure(pair)? {
            Measure::Duration(ms) => Ok(self.spanned(pair, ms)),
            Measure::Size(_) => {
                let message = format!("expected a duration, found the size {}", shown(pair.as_str()));
                self.refuse(code::BAD_UNIT, message, self.span(pair), DURATION_HELP)
            }
        }
    }

    pub(super) fn measure(&mut self, pair: &Pair<'_, Rule>) -> Lowered<Measure> {
        let text = pair.as_str();
        let unit_at = text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len());
        let (digits, unit) = text.split_at_checked(unit_at).unwrap_or((text, ""));
        let duration = DURATIONS.iter().find(|(name, _)| *name == unit).map(|(_, scale)| (true, *scale));
        let size = || SIZES.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).map(|(_, scale)| (false, *scale));
        let Some((is_duration, scale)) = duration.or_else(size) else {
            let help = format!("{DURATION_HELP}, sizes `64KB` or `64MiB`");
            return self.refuse(code::BAD_UNIT, format!("unknown unit {}", shown(unit)), self.span(pair), &help);
        };
        match scaled(&number(digits), scale) {
            Some(n) if is_duration => Ok(Measure::Duration(n)),
            Some(n) => Ok(Measure::Size(n)),
            None => {
                let what = if is_duration { "a whole number of milliseconds" } else { "a whole number of bytes" };
                let message = format!("{} is not {what}, or too large", shown(text));
                self.refuse(code::BAD_UNIT, message, self.span(pair), "")
            }
        }
    }

    /// A literal, from a pair of `literal`, `typed`, `text`, `number` or `word`.
    pub(super) fn literal(&mut self, pair: Pair<'_, Rule>) -> Lowered<Spanned<Literal>> {
        let span = self.span(&pair);
        let value = match pair.as_rule() {
            Rule::literal => return self.literal(Parts::of(pair).part()?),
            Rule::text => Literal::Text(unquote(pair.as_str())),
            Rule::number => Literal::Number(number(pair.as_str())),
            Rule::typed => {
                let mut parts = Parts::of(pair);
                let (word, text) = (parts.part()?, parts.part()?);
                Literal::Typed(word.as_str().to_lowercase(), unquote(text.as_str()))
            }
            _ => match constant(pair.as_str()) {
                Some(literal) => literal,
                None => {
                    let message = format!("{} is not a literal", shown(pair.as_str()));
                    let help = "a literal is a text `'…'`, a number, `true`, `false`, `null` or `date '2026-01-01'`";
                    return self.refuse(code::UNEXPECTED, message, span, help);
                }
            },
        };
        Ok(Spanned::new(value, span))
    }

    pub(super) fn type_name(&mut self, pair: Pair<'_, Rule>) -> Lowered<TypeName> {
        let span = self.span(&pair);
        let mut out = String::new();
        self.write_type(pair, &mut out, 0)?;
        Ok(Spanned::new(out, span))
    }

    fn write_type(&mut self, pair: Pair<'_, Rule>, out: &mut String, depth: u32) -> Lowered<()> {
        if depth > MAX_DEPTH {
            let start = self.span(&pair).range().start;
            let span = pipe_diagnostics::Span::new(self.file, start..start + 1);
            return self.refuse(code::TOO_DEEP, format!("types nest more than {MAX_DEPTH} deep"), span, "");
        }
        for part in Parts::of(pair) {
            match part.as_rule() {
                Rule::type_word => {
                    let words: Vec<&str> = part.as_str().split_whitespace().collect();
                    out.push_str(&words.join(" ").to_lowercase());
                }
                Rule::type_args => {
                    let numbers: Vec<String> = Parts::of(part).map(|n| number(n.as_str())).collect();
                    out.push_str(&format!("({})", numbers.join(", ")));
                }
                Rule::type_fields => {
                    out.push('<');
                    for (i, field) in Parts::of(part).enumerate() {
                        out.push_str(if i == 0 { "" } else { ", " });
                        self.write_field(field, out, depth + 1)?;
                    }
                    out.push('>');
                }
                Rule::type_zone => {
                    let with =
                        part.as_str().starts_with(['w', 'W']) && !part.as_str().to_lowercase().starts_with("without");
                    out.push_str(if with { " with time zone" } else { " without time zone" });
                }
                _ => out.push_str("[]"),
            }
        }
        Ok(())
    }

    fn write_field(&mut self, field: Pair<'_, Rule>, out: &mut String, depth: u32) -> Lowered<()> {
        for part in Parts::of(field) {
            if part.as_rule() == Rule::name {
                // Kept as written where it was quoted: the text is read again as a type.
                let folded =
                    if is_quoted(part.as_str()) { part.as_str().to_owned() } else { part.as_str().to_lowercase() };
                out.push_str(&folded);
                out.push(' ');
            } else {
                self.write_type(part, out, depth)?;
            }
        }
        Ok(())
    }
}

fn is_quoted(text: &str) -> bool {
    text.starts_with(['"', '`'])
}

/// `true`, `false`, `null`
pub(super) fn constant(word: &str) -> Option<Literal> {
    match word.to_ascii_lowercase().as_str() {
        "true" => Some(Literal::Bool(true)),
        "false" => Some(Literal::Bool(false)),
        "null" => Some(Literal::Null),
        _ => None,
    }
}

/// A name, or several with dots between, each folded unless it is quoted.
pub(crate) fn fold_path(text: &str) -> String {
    if !text.contains(['"', '`']) {
        return text.to_lowercase();
    }
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '"' && c != '`' {
            out.extend(c.to_lowercase());
            continue;
        }
        while let Some(inner) = chars.next() {
            if inner == c && chars.next_if_eq(&c).is_none() {
                break;
            }
            out.push(inner);
        }
    }
    out
}

/// The inside of `'…'`, with `''` undone.
pub(super) fn unquote(text: &str) -> String {
    let inner = text.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')).unwrap_or(text);
    inner.replace("''", "'")
}

/// Digits without `_` and `+`.
pub(super) fn number(text: &str) -> String {
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    digits.strip_prefix('+').map_or(digits.clone(), str::to_owned)
}

/// `digits` times `scale`, if that is whole and fits.
fn scaled(digits: &str, scale: u64) -> Option<u64> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let fraction = fraction.trim_end_matches('0');
    let (part, tens) = match fraction {
        "" => (0, 1),
        _ => (fraction.parse::<u128>().ok()?, 10u128.checked_pow(u32::try_from(fraction.len()).ok()?)?),
    };
    let part = part.checked_mul(u128::from(scale))?;
    if part % tens != 0 {
        return None;
    }
    u64::try_from(whole.checked_mul(u128::from(scale))?.checked_add(part / tens)?).ok()
}
