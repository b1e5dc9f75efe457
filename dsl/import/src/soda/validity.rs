//! What makes a value missing or invalid.

use pipe_diagnostics::Span;

use crate::args::{Args, constant, refuse, wrong};
use crate::compare::in_list;
use crate::node::Node;
use crate::rule::Said;
use crate::words;

/// Named formats of Soda, as a format here or a regular expression.
const FORMATS: &[(&str, Form)] = &[
    ("credit card number", Form::Is("credit_card")),
    ("email", Form::Is("email")),
    ("ip address", Form::Is("ip")),
    ("ipv4 address", Form::Is("ipv4")),
    ("ipv6 address", Form::Is("ipv6")),
    ("uuid", Form::Is("uuid")),
    ("url", Form::Is("url")),
    ("phone number", Form::Matches(r"^\+?[\d\s().-]{7,20}$")),
    ("date eu", Form::Matches(r"^(0?[1-9]|[12]\d|3[01])[./-](0?[1-9]|1[012])[./-](\d{4})$")),
    ("date us", Form::Matches(r"^(0?[1-9]|1[012])[./-](0?[1-9]|[12]\d|3[01])[./-](\d{4})$")),
    ("date inverse", Form::Matches(r"^(\d{4})[./-](0?[1-9]|1[012])[./-](0?[1-9]|[12]\d|3[01])$")),
    ("date iso 8601", Form::Matches(r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$")),
    ("decimal", Form::Matches(r"^[-+]?\d*[.,]?\d+$")),
    ("decimal comma", Form::Matches(r"^[-+]?\d*,?\d+$")),
    ("decimal point", Form::Matches(r"^[-+]?\d*\.?\d+$")),
    ("integer", Form::Matches(r"^[-+]?\d+$")),
    ("positive integer", Form::Matches(r"^\+?\d+$")),
    ("negative integer", Form::Matches(r"^(-\d+|0)$")),
    ("positive decimal", Form::Matches(r"^\+?\d*[.,]?\d+$")),
    ("positive decimal comma", Form::Matches(r"^\+?\d*,?\d+$")),
    ("positive decimal point", Form::Matches(r"^\+?\d*\.?\d+$")),
    ("negative decimal", Form::Matches(r"^-\d*[.,]?\d+$")),
    ("negative decimal comma", Form::Matches(r"^-\d*,?\d+$")),
    ("negative decimal point", Form::Matches(r"^-\d*\.?\d+$")),
    ("percentage", Form::Matches(r"^[-+]?\d*[.,]?\d+ ?%$")),
    ("percentage comma", Form::Matches(r"^[-+]?\d*,?\d+ ?%$")),
    ("percentage point", Form::Matches(r"^[-+]?\d*\.?\d+ ?%$")),
    ("positive percentage", Form::Matches(r"^\+?\d*[.,]?\d+ ?%$")),
    ("positive percentage comma", Form::Matches(r"^\+?\d*,?\d+ ?%$")),
    ("positive percentage point", Form::Matches(r"^\+?\d*\.?\d+ ?%$")),
    ("negative percentage", Form::Matches(r"^-\d*[.,]?\d+ ?%$")),
    ("negative percentage comma", Form::Matches(r"^-\d*,?\d+ ?%$")),
    ("negative percentage point", Form::Matches(r"^-\d*\.?\d+ ?%$")),
    ("money", Form::Is("money")),
    ("time 24h", Form::Is("time")),
    ("time 24h nosec", Form::Matches(r"^([01]\d|2[0-3]):[0-5]\d$")),
    ("time 12h", Form::Matches(r"^(0?[1-9]|1[0-2]):[0-5]\d:[0-5]\d$")),
    ("time 12h nosec", Form::Matches(r"^(0?[1-9]|1[0-2]):[0-5]\d$")),
    ("timestamp 24h", Form::Matches(r"^([01]?\d|2[0-3]):[0-5]\d:[0-5]\d$")),
    ("timestamp 12h", Form::Matches(r"^(0?[1-9]|1[0-2]):[0-5]\d:[0-5]\d$")),
];

#[derive(Clone, Copy)]
enum Form {
    Is(&'static str),
    Matches(&'static str),
}

/// What is said of a column's values.
#[derive(Clone, Debug, Default)]
pub(super) struct Validity {
    /// The values that stand for a missing one, as constants.
    missing: Vec<String>,
    missing_regex: Option<String>,
    /// What holds of a valid value, each with the name of its check.
    valid: Vec<(&'static str, String)>,
}

/// A key in the words of both versions: `valid min length`, `valid_min_length`.
fn get<'n>(args: &Args<'n>, key: &str) -> Option<&'n Node> {
    let here = args.get(key);
    args.get(&key.replace(' ', "_")).or(here)
}

impl Validity {
    /// Reads the keys of a check or a column.
    pub(super) fn read(args: &Args<'_>) -> Said<Self> {
        let mut found = Self::default();
        let constants =
            |node: &Node| node.items().iter().filter(|i| !i.is_null()).map(constant).collect::<Said<Vec<_>>>();
        let number = |key: &str| get(args, key).map(crate::args::number).transpose();
        if let Some(values) = get(args, "missing values") {
            found.missing = constants(values)?;
        }
        found.missing_regex =
            get(args, "missing regex").or_else(|| get(args, "missing format")).map(regex).transpose()?;
        let mut put = |check: &'static str, predicate: String| found.valid.push((check, predicate));
        if let Some(values) = get(args, "valid values") {
            put("in", in_list(&constants(values)?));
        }
        if let Some(values) = get(args, "invalid values") {
            put("not_in", format!("not {}", in_list(&constants(values)?)));
        }
        if let Some(pattern) = get(args, "valid regex") {
            put("matches", format!("matches {}", words::text(&regex(pattern)?)));
        }
        if let Some(pattern) = get(args, "invalid regex") {
            put("not_matches", format!("not matches {}", words::text(&regex(pattern)?)));
        }
        if let Some(format) = get(args, "valid format") {
            let (check, predicate) = named(format)?;
            put(check, predicate);
        }
        if let Some(format) = get(args, "invalid format") {
            match named(format)? {
                (_, p) if p.starts_with("matches ") => put("not_matches", format!("not {p}")),
                _ => return refuse(format.span, "that a value is not of this format cannot be said"),
            }
        }
        let (min, max) = (number("valid min")?, number("valid max")?);
        for (check, predicate) in crate::compare::Bounds::closed(min, max).predicates() {
            put(check, predicate);
        }
        if let Some(n) = number("valid length")? {
            put("length", format!("length = {n}"));
        }
        let (min, max) = (number("valid min length")?, number("valid max length")?);
        for (_, predicate) in crate::compare::Bounds::closed(min, max).predicates() {
            put("length", format!("length {predicate}"));
        }
        if let Some(reference) = get(args, "valid reference data") {
            let (table, column) = (reference.text("dataset"), reference.text("column"));
            let (Some(table), Some(column)) = (table, column) else {
                return wrong(reference.span, "reference data has a `dataset` and a `column`");
            };
            let table = crate::write::identifier(table.rsplit('/').next().unwrap_or(&table));
            put("references", format!("references {table} ({})", words::name(&column)));
        }
        Ok(found)
    }

    /// What is not said here is taken from the column.
    pub(super) fn or(mut self, column: &Validity) -> Self {
        if self.missing.is_empty() && self.missing_regex.is_none() {
            self.missing.clone_from(&column.missing);
            self.missing_regex.clone_from(&column.missing_regex);
        }
        if self.valid.is_empty() {
            self.valid.clone_from(&column.valid);
        }
        self
    }

    /// What holds of a value that is there.
    pub(super) fn present(&self, span: Span) -> Said<(&'static str, String)> {
        match (&self.missing_regex, self.missing.as_slice()) {
            (None, []) => Ok(("not_null", "not null".to_owned())),
            (None, values) => Ok(("not_missing", format!("not missing ({})", values.join(", ")))),
            (Some(regex), []) => Ok(("all_of", format!("all of (not null, not matches {})", words::text(regex)))),
            (Some(_), _) => {
                refuse(span, "`missing values` together with `missing regex` are two rules; write them by hand")
            }
        }
    }

    /// What holds of a value that is valid; one that is missing is.
    pub(super) fn valid(&self, span: Span) -> Said<(&'static str, String)> {
        let parts: Vec<String> = self.valid.iter().map(|(_, p)| p.clone()).collect();
        let all = match self.valid.as_slice() {
            [] => return wrong(span, "what a valid value is, is not said"),
            [one] => one.clone(),
            _ => crate::compare::joined(&parts, true),
        };
        let missing = (!self.missing.is_empty()).then(|| in_list(&self.missing));
        let missing = missing.or_else(|| self.missing_regex.as_ref().map(|r| format!("matches {}", words::text(r))));
        match missing {
            None => Ok(all),
            Some(_) if all.0 == "references" => {
                refuse(span, "`references` cannot be joined with missing values; write it by hand")
            }
            Some(missing) => Ok(("any_of", format!("any of ({missing}, {})", all.1))),
        }
    }

    /// Whether anything is said of valid values.
    pub(super) fn is_said(&self) -> bool {
        !self.valid.is_empty()
    }
}

/// A regular expression: a text, or the `regex` of a mapping with a name.
fn regex(node: &Node) -> Said<String> {
    crate::args::text(node.get("regex").unwrap_or(node))
}

/// A named format, or a regular expression with a name.
fn named(node: &Node) -> Said<(&'static str, String)> {
    if node.is_map() {
        return Ok(("matches", format!("matches {}", words::text(&regex(node)?))));
    }
    let name = crate::args::text(node)?;
    let folded = name.to_lowercase().replace('_', " ");
    match FORMATS.iter().find(|(theirs, _)| *theirs == folded) {
        Some((_, Form::Is(format))) => Ok((format, format!("is {format}"))),
        Some((_, Form::Matches(regex))) => Ok(("matches", format!("matches {}", words::text(regex)))),
        None => {
            let near = pipe_diagnostics::nearest(&folded, FORMATS.iter().map(|(n, _)| *n));
            let help = near.map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
            wrong(node.span, format!("Soda has no format `{name}`{help}"))
        }
    }
}
