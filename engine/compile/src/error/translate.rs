//! The planner's words in the language's: type names, and sentences without its jargon.

use datafusion::error::DataFusionError;

/// What an error of DataFusion says, in one sentence of the language: without the kinds and the requests for bug reports
/// around it, with the language's type names.
pub fn sentence(error: &DataFusionError) -> String {
    let text = error.find_root().message().into_owned();
    let text = text.split("\n\nbacktrace").next().unwrap_or("").trim();
    let text = text.split("This issue was likely caused by a bug").next().unwrap_or(text);
    let first_line = text.lines().next().unwrap_or("").trim();
    let text = quotes(&type_names(first_line));
    if let Some((_, rest)) = text.split_once("type ").filter(|_| text.starts_with("Cannot access field"))
        && let Some((ty, _)) = rest.split_once(" is not")
    {
        return format!("{ty} has no fields");
    }
    let text = text.trim_start_matches("Parser error: ").trim_end_matches(['.', '!', ' ']);
    let mut chars = text.chars();
    // `SELECT * …` and `NULL …` stay as they are.
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}

/// Single quotes around words as backquotes; an apostrophe in a word stays.
fn quotes(text: &str) -> String {
    let mut before = ' ';
    let chars: Vec<char> = text.chars().collect();
    let after = chars.iter().skip(1).copied().chain([' ']);
    let mut out = String::with_capacity(text.len());
    for (c, after) in chars.iter().copied().zip(after) {
        out.push(if c == '\'' && !(before.is_alphabetic() && after.is_alphabetic()) { '`' } else { c });
        before = c;
    }
    out
}

/// Arrow's type names that take no arguments, with the language's.
const NAMES: [(&str, &str); 22] = [
    ("Boolean", "boolean"),
    ("Int8", "tinyint"),
    ("Int16", "smallint"),
    ("Int32", "int"),
    ("Int64", "bigint"),
    ("UInt8", "smallint"),
    ("UInt16", "int"),
    ("UInt32", "bigint"),
    ("UInt64", "decimal(20, 0)"),
    ("Float16", "float"),
    ("Float32", "float"),
    ("Float64", "double"),
    ("Utf8", "text"),
    ("LargeUtf8", "text"),
    ("Utf8View", "text"),
    ("Binary", "bytes"),
    ("LargeBinary", "bytes"),
    ("BinaryView", "bytes"),
    ("Date32", "date"),
    ("Date64", "date"),
    ("Null", "null"),
    ("Decimal", "decimal"),
];

/// Arrow's type names that take arguments: what becomes of the name, and whether the arguments stay.
const CALLS: [(&str, &str, bool); 11] = [
    ("Decimal32", "decimal", true),
    ("Decimal64", "decimal", true),
    ("Decimal128", "decimal", true),
    ("Decimal256", "decimal", true),
    ("Timestamp", "timestamp", false),
    ("Time32", "time", false),
    ("Time64", "time", false),
    ("Interval", "interval", false),
    ("Duration", "interval", false),
    ("List", "list", true),
    ("Struct", "struct", true),
];

/// Replaces Arrow's type names that stand as words.
pub(crate) fn type_names(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_alphanumeric() || c == '_') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let end = from.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        rest = after;
        if let Some((_, ours)) = NAMES.iter().find(|(name, _)| *name == word) {
            out.push_str(ours);
            continue;
        }
        let call = CALLS.iter().find(|(name, ..)| *name == word && after.starts_with('('));
        let Some((_, ours, keep)) = call else {
            out.push_str(word);
            continue;
        };
        let arguments = after.find(')').map_or(after, |close| after.get(..=close).unwrap_or(after));
        let zoned = word == "Timestamp" && arguments.contains('"');
        out.push_str(if zoned { "timestamptz" } else { ours });
        if !keep {
            rest = after.get(arguments.len()..).unwrap_or("");
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_named_as_the_language_names_them() {
        assert_eq!(type_names("Int64 + Utf8View"), "bigint + text");
        assert_eq!(type_names(r#"Timestamp(µs, "UTC") - Timestamp(ns)"#), "timestamptz - timestamp");
        assert_eq!(type_names("Decimal128(10, 2), Interval(MonthDayNano)"), "decimal(10, 2), interval");
        assert_eq!(type_names("List(Int64)"), "list(bigint)");
        assert_eq!(type_names("abInt64"), "abInt64");
    }

    #[test]
    fn sentences_are_lower_case_and_have_no_full_stop() {
        let error = DataFusionError::Plan("Cannot do 'x'.".to_owned()).context("outside");
        assert_eq!(sentence(&error), "cannot do `x`");
        assert_eq!(sentence(&DataFusionError::Plan("SELECT * is not valid".to_owned())), "SELECT * is not valid");
    }
}
