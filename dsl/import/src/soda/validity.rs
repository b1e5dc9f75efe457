//! What makes a value missing or invalid.

use pipe_diagnostics::Span;

use crate::args::{Args, constant, refuse, wrong};
use crate::compare::in_list;
use crate::node::Node;
use crate::rule::Said;
use crate::words;

/// The named formats of Soda, as the regular expressions that it looks for: what they let pass is Soda's, and not that of the
/// format with the same name here. URLs are a format here.
const FORMATS: &[(&str, &str)] = &[
    ("integer", r"^ *[-+]? *[0-9]+ *$"),
    ("positive integer", r"^ *\+? *[0-9]+ *$"),
    ("negative integer", r"^ *(- *[0-9]+|0+) *$"),
    ("decimal", r"^ *[-+]? *([0-9]+([.,][0-9]+)?|[.,][0-9]+) *$"),
    ("positive decimal", r"^ *\+? *([0-9]+([.,][0-9]+)?|[.,][0-9]+) *$"),
    ("negative decimal", r"^ *(- *([0-9]+([.,][0-9]+)?|[.,][0-9]+)|(0+([.,]0+)?|[.,]0+)) *$"),
    ("decimal point", r"^ *[-+]? *([0-9]+(\.[0-9]+)?|\.[0-9]+) *$"),
    ("positive decimal point", r"^ *\+? *([0-9]+(\.[0-9]+)?|\.[0-9]+) *$"),
    ("negative decimal point", r"^ *(- *([0-9]+(\.[0-9]+)?|\.[0-9]+)|(0+(\.0+)?|\.0+)) *$"),
    ("decimal comma", r"^ *[-+]? *([0-9]+(,[0-9]+)?|,[0-9]+) *$"),
    ("positive decimal comma", r"^ *\+? *([0-9]+(,[0-9]+)?|,[0-9]+) *$"),
    ("negative decimal comma", r"^ *(- *([0-9]+(,[0-9]+)?|,[0-9]+)|(0+(,0+)?|,0+)) *$"),
    ("percentage", r"^ *[-+]? *([0-9]+([.,][0-9]+)?|[.,][0-9]+) *% *$"),
    ("positive percentage", r"^ *\+? *([0-9]+([.,][0-9]+)?|[.,][0-9]+) *% *$"),
    ("negative percentage", r"^ *(- *([0-9]+([.,][0-9]+)?|[.,][0-9]+)|(0+([.,]0+)?|[.,]0+)) *% *$"),
    ("percentage point", r"^ *[-+]? *([0-9]+(\.[0-9]+)?|\.[0-9]+) *% *$"),
    ("positive percentage point", r"^ *\+? *([0-9]+(\.[0-9]+)?|\.[0-9]+) *% *$"),
    ("negative percentage point", r"^ *(- *([0-9]+(\.[0-9]+)?|\.[0-9]+)|(0+(\.0+)?|\.0+)) *% *$"),
    ("percentage comma", r"^ *[-+]? *([0-9]+(,[0-9]+)?|,[0-9]+) *% *$"),
    ("positive percentage comma", r"^ *\+? *([0-9]+(,[0-9]+)?|,[0-9]+) *% *$"),
    ("negative percentage comma", r"^ *(- *([0-9]+(,[0-9]+)?|,[0-9]+)|(0+(,0+)?|,0+)) *% *$"),
    ("money", r"^ *[-+]? *([0-9]+([.,][0-9]+)?|[.,][0-9]+) *([A-Z]{3}|[a-z]{3}) *$"),
    ("money point", r"^ *[-+]? *[0-9]{1,3}(,[0-9]{3})*(.[0-9]+)? *([A-Z]{3}|[a-z]{3}) *$"),
    ("money comma", r"^ *[-+]? *[0-9]{1,3}(\.[0-9]{3})*(,[0-9]+)? *([A-Z]{3}|[a-z]{3}) *$"),
    ("date us", r"^ *(0?[1-9]|1[012])[-./](0?[1-9]|[12][0-9]|3[01])[-./]([12][0-9])?[0-9]{2} *$"),
    ("date eu", r"^ *(0?[1-9]|[12][0-9]|3[01])[-./](0?[1-9]|1[012])[-./]([12][0-9])?[0-9]{2} *$"),
    ("date inverse", r"^ *([12][0-9])?[0-9]{2}[-./](0?[1-9]|1[012])[-./](0?[1-9]|[12][0-9]|3[01]) *$"),
    (
        "date iso 8601",
        r"^ *[12][0-9]{3}-?((0[1-9]|1[012])-?(0[1-9]|[12][0-9]|3[01])|W[0-5][0-9](-?[1-7])?|[0-3][0-9][0-9])([ T](0?[0-9]|[01][0-9]|2[0-3])(:?[0-5][0-9](:?[0-5][0-9]([.,][0-9]+)?)?)?([+-](0?[0-9]|[01][0-9]|2[0-3]):?[0-5][0-9]|Z)?)? *$",
    ),
    ("time 24h", r"^ *(0?[0-9]|[01][0-9]|2[0-3]):[0-5]?[0-9](:[0-5]?[0-9]([.,][0-9]+)?)? *$"),
    ("time 24h nosec", r"^ *(0?[0-9]|[01][0-9]|2[0-3]):[0-5]?[0-9] *$"),
    ("time 12h", r"^ *(0?[0-9]|1[0-2]):[0-5]?[0-9](:[0-5]?[0-9]([.,][0-9]+)?)? *$"),
    ("time 12h nosec", r"^ *(0?[0-9]|1[0-2]):[0-5]?[0-9] *$"),
    ("timestamp 24h", r"^ *(0?[0-9]|[01][0-9]|2[0-3]):[0-5]?[0-9]:[0-5]?[0-9]([.,][0-9]+)? *$"),
    ("timestamp 12h", r"^ *(0?[0-9]|1[0-2]):[0-5]?[0-9]:[0-5]?[0-9]([.,][0-9]+)? *$"),
    ("uuid", r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"),
    ("ip address", r"^[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}$"),
    ("ipv4 address", r"^[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}$"),
    ("ipv6 address", IPV6),
    ("email", r"^[a-zA-ZÀ-ÿĀ-ſƀ-ȳ0-9.\-_%+]+@[a-zA-ZÀ-ÿĀ-ſƀ-ȳ0-9.\-_%]+\.[A-Za-z]{2,4}$"),
    ("phone number", r"^((\+[0-9]{1,2}\s)?\(?[0-9]{3}\)?[\s.-])?[0-9]{3}[\s.-][0-9]{4}$"),
    ("credit card number", r"^[0-9]{14}|[0-9]{15}|([0-9]{4}-){3}[0-9]{4}|([0-9]{4} ){3}[0-9]{4}$"),
];

/// All ways to leave parts of an address out, with a zone behind `fe80:`, and with an IPv4 address at its end.
const IPV6: &str = r"^(([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}|([0-9a-fA-F]{1,4}:){1,7}:|([0-9a-fA-F]{1,4}:){1,6}:[0-9a-fA-F]{1,4}|([0-9a-fA-F]{1,4}:){1,5}(:[0-9a-fA-F]{1,4}){1,2}|([0-9a-fA-F]{1,4}:){1,4}(:[0-9a-fA-F]{1,4}){1,3}|([0-9a-fA-F]{1,4}:){1,3}(:[0-9a-fA-F]{1,4}){1,4}|([0-9a-fA-F]{1,4}:){1,2}(:[0-9a-fA-F]{1,4}){1,5}|[0-9a-fA-F]{1,4}:(:[0-9a-fA-F]{1,4}){1,6}|:((:[0-9a-fA-F]{1,4}){1,7}|:)|fe80:(:[0-9a-fA-F]{0,4}){0,4}%[0-9a-zA-Z]+|::(ffff(:0{1,4})?:)?((25[0-5]|(2[0-4]|1?[0-9])?[0-9])\.){3}(25[0-5]|(2[0-4]|1?[0-9])?[0-9])|([0-9a-fA-F]{1,4}:){1,4}:((25[0-5]|(2[0-4]|1?[0-9])?[0-9])\.){3}(25[0-5]|(2[0-4]|1?[0-9])?[0-9]))$";

/// What is said of a column's values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Validity {
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
                (_, p) => {
                    let format = p.trim_start_matches("is ");
                    return refuse(
                        args.span,
                        format!("that a value is no {format} cannot be said; say what it is instead"),
                    );
                }
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
    pub(super) fn present(&self) -> (&'static str, String) {
        let missing = || format!("not missing ({})", self.missing.join(", "));
        match (&self.missing_regex, self.missing.as_slice()) {
            (None, []) => ("not_null", "not null".to_owned()),
            (None, _) => ("not_missing", missing()),
            (Some(regex), []) => ("all_of", format!("all of (not null, not matches {})", words::text(regex))),
            (Some(regex), _) => ("all_of", format!("all of ({}, not matches {})", missing(), words::text(regex))),
        }
    }

    /// What holds of a value that is missing, as SQL.
    pub(super) fn missing(&self, column: &str) -> String {
        let c = words::name(column);
        let mut parts = vec![format!("{c} is null")];
        if !self.missing.is_empty() {
            parts.push(format!("{c} in ({})", self.missing.join(", ")));
        }
        parts.extend(self.missing_regex.as_ref().map(|r| format!("regexp_like({c}, {})", words::text(r))));
        parts.join(" or ")
    }

    /// The values that are there, as a condition; `None` where NULL alone is missing.
    pub(super) fn there(&self, column: &str) -> Option<String> {
        let c = words::name(column);
        let listed = (!self.missing.is_empty()).then(|| format!("{c} not in ({})", self.missing.join(", ")));
        let matched = self.missing_regex.as_ref().map(|r| format!("not regexp_like({c}, {})", words::text(r)));
        let parts: Vec<String> = listed.into_iter().chain(matched).collect();
        (!parts.is_empty()).then(|| parts.join(" and "))
    }

    /// What holds of a value that is valid; one that is missing is.
    pub(super) fn valid(&self, span: Span) -> Said<(&'static str, String)> {
        let parts: Vec<String> = self.valid.iter().map(|(_, p)| p.clone()).collect();
        let all = match self.valid.as_slice() {
            [] => return wrong(span, "what a valid value is, is not said"),
            [one] => one.clone(),
            _ => crate::compare::joined(&parts, true),
        };
        let listed = (!self.missing.is_empty()).then(|| in_list(&self.missing));
        let matched = self.missing_regex.as_ref().map(|r| format!("matches {}", words::text(r)));
        let missing: Vec<String> = listed.into_iter().chain(matched).collect();
        // Keys that are looked up are not joined with others: those that are missing are left out by a condition.
        if missing.is_empty() || all.0 == "references" {
            return Ok(all);
        }
        Ok(("any_of", format!("any of ({}, {})", missing.join(", "), all.1)))
    }

    /// What holds of a valid value, as SQL; `None` where SQL has no words for it.
    pub(super) fn condition(&self, column: &str) -> Option<String> {
        let c = words::name(column);
        let parts: Option<Vec<String>> = self.valid.iter().map(|(_, p)| sql(&c, p)).collect();
        parts.filter(|parts| !parts.is_empty()).map(|parts| parts.join(" and "))
    }

    /// Whether anything is said of valid values.
    pub(super) fn is_said(&self) -> bool {
        !self.valid.is_empty()
    }
}

/// A predicate as a condition of SQL, where it is one word for word.
fn sql(c: &str, predicate: &str) -> Option<String> {
    if let Some(regex) = predicate.strip_prefix("matches ") {
        return Some(format!("regexp_like({c}, {regex})"));
    }
    if let Some(regex) = predicate.strip_prefix("not matches ") {
        return Some(format!("not regexp_like({c}, {regex})"));
    }
    if let Some(rest) = predicate.strip_prefix("length ") {
        return Some(format!("length({c}) {rest}"));
    }
    let sql = ["in (", "not in (", "between ", ">", "<", "="].iter().any(|w| predicate.starts_with(w));
    sql.then(|| format!("{c} {predicate}"))
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
    match (FORMATS.iter().find(|(theirs, _)| *theirs == folded), folded.as_str()) {
        (Some((_, regex)), _) => Ok(("matches", format!("matches {}", words::text(regex)))),
        (None, "url") => Ok(("url", "is url".to_owned())),
        (None, _) => {
            let near = pipe_diagnostics::nearest(&folded, FORMATS.iter().map(|(n, _)| *n));
            let help = near.map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
            wrong(node.span, format!("Soda has no format `{name}`{help}"))
        }
    }
}
