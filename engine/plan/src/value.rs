//! Values as the language writes them.

use pipe_check::words::{duration, percent, quoted};
use pipe_schema::{Config, ConfigValue, Transform};
use pipe_syntax::Literal;

use crate::Object;

/// The largest unit that divides it: `64MiB`, `5MB`.
fn size(bytes: u64) -> String {
    let units =
        [("GiB", 1 << 30), ("GB", 1_000_000_000), ("MiB", 1 << 20), ("MB", 1_000_000), ("KiB", 1 << 10), ("KB", 1000)];
    for (unit, size) in units {
        if bytes >= size && bytes.is_multiple_of(size) {
            return format!("{}{unit}", bytes / size);
        }
    }
    bytes.to_string()
}

/// A constant.
pub(crate) fn literal(literal: &Literal) -> String {
    match literal {
        Literal::Text(t) => quoted(t),
        Literal::Number(n) => n.clone(),
        Literal::Bool(b) => b.to_string(),
        Literal::Null => "null".to_owned(),
        Literal::Typed(word, text) => format!("{word} {}", quoted(text)),
    }
}

/// Puts the keys of a configuration into an object: all of them, or those that the program gave. A secret is a name, a param is its name.
pub(crate) fn config(object: &mut Object, config: &Config, with_defaults: bool) {
    for (key, value) in &config.values {
        if !with_defaults && !config.is_given(key) {
            continue;
        }
        if let Some((_, _, param)) = config.params.iter().find(|(k, _, _)| k == key) {
            object.set(*key, format!("${param}"));
            continue;
        }
        match value {
            ConfigValue::Texts(items) => object.list(*key, items.iter().map(|t| quoted(t)).collect()),
            ConfigValue::Columns(items) => object.list(*key, items.clone()),
            ConfigValue::Partition(fields) => {
                object.list(*key, fields.iter().map(|f| transform(f.transform, &f.column)).collect());
            }
            scalar => object.set(*key, text(scalar)),
        }
    }
}

fn text(value: &ConfigValue) -> String {
    match value {
        ConfigValue::Text(t) => quoted(t),
        ConfigValue::Integer(n) => n.to_string(),
        ConfigValue::Bool(b) => b.to_string(),
        ConfigValue::Millis(n) => duration(*n),
        ConfigValue::Bytes(n) => size(*n),
        ConfigValue::Share(s) => percent(*s),
        ConfigValue::Word(w) => w.clone(),
        ConfigValue::Secret(name) => format!("secret {name}"),
        ConfigValue::Texts(items) | ConfigValue::Columns(items) => items.join(", "),
        ConfigValue::Partition(fields) => {
            fields.iter().map(|f| transform(f.transform, &f.column)).collect::<Vec<_>>().join(", ")
        }
        ConfigValue::Choice(form, keys) => {
            let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key} = {}", text(value))).collect();
            format!("{form}({})", keys.join(", "))
        }
    }
}

fn transform(transform: Transform, column: &str) -> String {
    match transform {
        Transform::Identity => column.to_owned(),
        Transform::Year => format!("year({column})"),
        Transform::Month => format!("month({column})"),
        Transform::Day => format!("day({column})"),
        Transform::Hour => format!("hour({column})"),
        Transform::Bucket(n) => format!("bucket({n}, {column})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_the_language_reads_them() {
        assert_eq!([size(64 << 20), size(64_000), size(17)], ["64MiB", "64KB", "17"]);
    }
}
