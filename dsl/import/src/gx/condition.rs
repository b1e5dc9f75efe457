//! Row conditions as SQL: those of Pandas, of Spark and SQL, of `col("a")`, and the tree that version 1 writes.

use crate::args::{constant, refuse, wrong};
use crate::node::{Kind, Node};
use crate::rule::Said;
use crate::words;

/// The condition as a boolean expression.
pub(super) fn sql(node: &Node) -> Said<String> {
    match &node.kind {
        Kind::Text(text) => match rewritten(text) {
            Some(sql) => Ok(sql),
            None => {
                refuse(node.span, format!("the condition `{text}` is not understood; write it as SQL in `where (…)`"))
            }
        },
        Kind::Map(_) => tree(node),
        _ => wrong(node.span, "a condition is a text"),
    }
}

/// `{"type": "comparison", "column": {"name": "a"}, "operator": "==", "parameter": 5}` and what joins such.
fn tree(node: &Node) -> Said<String> {
    let column = || match node.get("column") {
        Some(c) => crate::args::text(c.get("name").unwrap_or(c)).map(|c| words::name(&c)),
        None => wrong(node.span, "a condition without its `column`"),
    };
    let kind = node.text("type").unwrap_or_default();
    match kind.as_str() {
        "and" | "or" => {
            let parts = node.get("conditions").map(Node::items).unwrap_or_default();
            let parts = parts.iter().map(|c| sql(c).map(|c| format!("({c})"))).collect::<Said<Vec<_>>>()?;
            Ok(parts.join(&format!(" {kind} ")))
        }
        "nullity" => {
            let null = node.text("is_null").is_none_or(|t| t == "true");
            Ok(format!("{} is {}null", column()?, if null { "" } else { "not " }))
        }
        "comparison" => {
            let Some(value) = node.get("parameter") else {
                return wrong(node.span, "a comparison without a `parameter`");
            };
            let operator = node.text("operator").unwrap_or_default();
            let sign = match operator.to_lowercase().as_str() {
                "==" | "=" => "=",
                "!=" | "<>" => "<>",
                "<" => "<",
                "<=" => "<=",
                ">" => ">",
                ">=" => ">=",
                word @ ("in" | "not in" | "not_in") => {
                    let values = value.items().iter().map(constant).collect::<Said<Vec<_>>>()?;
                    let word = if word == "in" { "in" } else { "not in" };
                    return Ok(format!("{} {word} ({})", column()?, values.join(", ")));
                }
                _ => return refuse(node.span, format!("the operator `{operator}` is not known")),
            };
            Ok(format!("{} {sign} {}", column()?, constant(value)?))
        }
        _ => refuse(node.span, format!("a condition of type `{kind}` is not known")),
    }
}

/// Python's words in SQL's: `==`, `&`, `|`, `~`, `"text"`, `col("a")`, `.notnull()`, `[1, 2]`. SQL stays as it is.
fn rewritten(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text.trim();
    let python = rest.contains("==") || rest.contains("col(");
    while let Some(c) = rest.chars().next() {
        let (written, length) = if let Some(inner) = rest.strip_prefix("col(").and_then(quoted) {
            let (name, length) = inner;
            (words::name(&name), "col(".len() + length + rest.get("col(".len() + length..)?.find(')')? + 1)
        } else if let Some((found, length)) = ["notNull()", "notnull()", "notna()", "isNotNull()"]
            .iter()
            .find_map(|m| rest.strip_prefix('.')?.strip_prefix(m).map(|_| (" is not null", m.len() + 1)))
        {
            (found.to_owned(), length)
        } else if let Some((found, length)) = ["isNull()", "isnull()", "isna()", "is_null()"]
            .iter()
            .find_map(|m| rest.strip_prefix('.')?.strip_prefix(m).map(|_| (" is null", m.len() + 1)))
        {
            (found.to_owned(), length)
        } else if let Some((value, length)) = quoted(rest) {
            // Pandas takes double quotes for texts, SQL for names.
            let name = c == '"' && !python || c == '`';
            (if name { words::name(&value) } else { words::text(&value) }, length)
        } else {
            match c {
                '=' if rest.starts_with("==") => ("=".to_owned(), 2),
                '!' if rest.starts_with("!=") => ("<>".to_owned(), 2),
                '&' if rest.starts_with("&&") => (" and ".to_owned(), 2),
                '&' => (" and ".to_owned(), 1),
                '|' if !rest.starts_with("||") => (" or ".to_owned(), 1),
                '~' => ("not ".to_owned(), 1),
                '[' => ("(".to_owned(), 1),
                ']' => (")".to_owned(), 1),
                // A call that is none of those above, or a variable of the program around.
                '@' | '{' | '}' => return None,
                c => (c.to_string(), c.len_utf8()),
            }
        };
        out.push_str(&written);
        rest = rest.get(length..)?;
    }
    Some(out.split("  ").map(str::trim_end).collect::<Vec<_>>().join(" ").trim().to_owned())
}

/// A text in quotes at the start, with the bytes it takes.
fn quoted(text: &str) -> Option<(String, usize)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"' | '`'))?;
    let inner = text.get(1..)?;
    let end = inner.find(quote)?;
    Some((inner.get(..end)?.to_owned(), end + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_of_python_become_sql() {
        let cases = [
            ("status==\"paid\"", "status='paid'"),
            ("a == 1 & b != 'x'", "a = 1 and b <> 'x'"),
            ("col(\"Order ID\").notNull()", "\"order id\" is not null"),
            ("col(\"a\") == 5", "a = 5"),
            ("a in [1, 2]", "a in (1, 2)"),
            ("a = 1 and \"b c\" > 2", "a = 1 and \"b c\" > 2"),
            ("a.isnull() | a > 3", "a is null or a > 3"),
        ];
        for (theirs, ours) in cases {
            assert_eq!(rewritten(theirs).as_deref(), Some(ours), "{theirs}");
        }
        assert_eq!(rewritten("a == @limit"), None);
    }
}
