//! YAML as text: mappings, lists and scalars, in a form that any reader of YAML 1.2 or 1.1 takes for the same.

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Yaml {
    /// Written as it is: a number, `true`.
    Plain(String),
    /// A text; quoted where it could be read as anything else.
    Text(String),
    /// A list.
    List(Vec<Yaml>),
    /// A mapping, in the order written.
    Map(Vec<(&'static str, Yaml)>),
    /// A mapping that somebody else wrote; under the key `""` its entries stand among those around it.
    Kept(Vec<(String, Yaml)>),
}

impl Yaml {
    /// A text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Yaml::Text(text.into())
    }

    /// A number.
    pub(crate) fn number(number: impl ToString) -> Self {
        Yaml::Plain(number.to_string())
    }

    /// `true`
    pub(crate) fn yes() -> Self {
        Yaml::Plain("true".to_owned())
    }

    fn is_empty(&self) -> bool {
        match self {
            Yaml::List(items) => items.is_empty(),
            Yaml::Map(entries) => entries.is_empty(),
            Yaml::Kept(entries) => entries.is_empty(),
            _ => false,
        }
    }
}

/// The text of a mapping.
pub(crate) fn print(entries: &[(&'static str, Yaml)]) -> String {
    let mut out = String::new();
    map(&flat(entries), 0, false, &mut out);
    out
}

/// The entries of a mapping; of others, which have keys of any kind, those that are kept stand among them.
fn flat<'y>(entries: &'y [(&'static str, Yaml)]) -> Vec<(&'y str, &'y Yaml)> {
    let entry = |(key, value): &'y (&'static str, Yaml)| match value {
        Yaml::Kept(kept) if key.is_empty() => kept.iter().map(|(key, value)| (key.as_str(), value)).collect(),
        value => vec![(*key, value)],
    };
    entries.iter().flat_map(entry).collect()
}

/// The entries of a value that is a mapping.
fn entries(value: &Yaml) -> Option<Vec<(&str, &Yaml)>> {
    match value {
        Yaml::Map(entries) => Some(flat(entries)),
        Yaml::Kept(entries) => Some(entries.iter().map(|(key, value)| (key.as_str(), value)).collect()),
        _ => None,
    }
}

fn map(of: &[(&str, &Yaml)], depth: usize, in_item: bool, out: &mut String) {
    for (i, (key, value)) in of.iter().filter(|(_, v)| !v.is_empty()).enumerate() {
        // The first entry of an item stands behind its dash.
        if !(in_item && i == 0) {
            out.push_str(&"  ".repeat(depth));
        }
        out.push_str(&scalar(&Yaml::text(*key)));
        out.push(':');
        if let Some(inner) = entries(value) {
            out.push('\n');
            map(&inner, depth + 1, false, out);
            continue;
        }
        match value {
            Yaml::List(items) if items.iter().all(is_scalar) => {
                let items: Vec<String> = items.iter().map(scalar).collect();
                out.push_str(&format!(" [{}]\n", items.join(", ")));
            }
            Yaml::List(items) => {
                out.push('\n');
                for item in items {
                    out.push_str(&"  ".repeat(depth + 1));
                    out.push_str("- ");
                    match entries(item).filter(|inner| inner.iter().any(|(_, v)| !v.is_empty())) {
                        Some(inner) => map(&inner, depth + 2, true, out),
                        None => out.push_str(&format!("{}\n", scalar(item))),
                    }
                }
            }
            Yaml::Text(text) if text.contains('\n') && can_be_block(text) => {
                out.push_str(" |-\n");
                for line in text.lines() {
                    out.push_str(&"  ".repeat(depth + 1));
                    out.push_str(line);
                    out.push('\n');
                }
            }
            other => out.push_str(&format!(" {}\n", scalar(other))),
        }
    }
}

/// Whether a text of several lines reads back from a block: no blanks at its ends, no sign that a block cannot hold.
fn can_be_block(text: &str) -> bool {
    let ends = text.starts_with([' ', '\n']) || text.ends_with('\n');
    !ends
        && text.chars().all(|c| c == '\n' || !c.is_control())
        && text.lines().all(|l| l.trim_end() == l && !l.is_empty())
}

fn is_scalar(value: &Yaml) -> bool {
    matches!(value, Yaml::Plain(_) | Yaml::Text(_))
}

fn scalar(value: &Yaml) -> String {
    match value {
        Yaml::Plain(text) => text.clone(),
        Yaml::Text(text) if is_plain(text) => text.clone(),
        Yaml::Text(text) => quoted(text),
        Yaml::List(items) => {
            let items: Vec<String> = items.iter().map(scalar).collect();
            format!("[{}]", items.join(", "))
        }
        Yaml::Map(_) | Yaml::Kept(_) => {
            let inner = entries(value).unwrap_or_default();
            let inner: Vec<String> =
                inner.iter().map(|(k, v)| format!("{}: {}", scalar(&Yaml::text(*k)), scalar(v))).collect();
            format!("{{{}}}", inner.join(", "))
        }
    }
}

/// Whether a text without quotes is read as this text by every reader: letters first, then letters, digits, blanks and `_-.(`.
fn is_plain(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || "_-./() ".contains(c);
    const WORDS: [&str; 12] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity"];
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(inner)
        && !text.ends_with(' ')
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

/// In double quotes, with the escapes that YAML and JSON share.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Signs that break lines or cannot be seen.
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                out.push_str(&format!("\\u{:04X}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_where_they_could_be_something_else() {
        let text = |t: &str| scalar(&Yaml::text(t));
        assert_eq!([text("a b"), text("decimal(12, 2)"), text("no")], ["a b", "\"decimal(12, 2)\"", "\"no\""]);
        assert_eq!(
            [text("1"), text(""), text("a: b"), text("- a"), text("it's \"x\"\\")],
            ["\"1\"", "\"\"", "\"a: b\"", "\"- a\"", "\"it's \\\"x\\\"\\\\\""]
        );
    }

    #[test]
    fn mappings_and_lists_are_indented() {
        let item =
            Yaml::Map(vec![("name", Yaml::text("a")), ("values", Yaml::List(vec![Yaml::number(1), Yaml::text("x")]))]);
        let document = [
            ("kind", Yaml::text("K")),
            ("none", Yaml::List(Vec::new())),
            ("schema", Yaml::List(vec![item.clone(), item])),
            ("text", Yaml::text("a\nb")),
        ];
        let expected =
            "kind: K\nschema:\n  - name: a\n    values: [1, x]\n  - name: a\n    values: [1, x]\ntext: |-\n  a\n  b\n";
        assert_eq!(print(&document), expected);
    }
}
