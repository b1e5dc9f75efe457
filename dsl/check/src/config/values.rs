//! Values as what their keys take.

use pipe_schema::{ConfigValue, KeyType, PartitionField, Transform};
use pipe_syntax::{Call, Literal, Value};

use crate::cx::suggest;

/// Why a value does not fit; the message's end, and what to do.
pub(super) struct Misfit {
    pub(super) message: String,
    pub(super) help: Option<String>,
}

/// A constant as the value of a key that takes `ty`.
pub(super) fn literal_value(ty: KeyType, literal: &Literal) -> Option<Value> {
    Some(match (ty, literal) {
        (KeyType::Word(_), Literal::Text(s)) => Value::Word(s.clone()),
        (_, Literal::Text(s)) => Value::Text(s.clone()),
        (_, Literal::Number(n)) => Value::Number(n.clone()),
        (_, Literal::Bool(b)) => Value::Bool(*b),
        (_, Literal::Null | Literal::Typed(..)) => return None,
    })
}

/// The value a key takes for a param's value, as a run gives it; `None` if it does not fit.
pub(crate) fn bind(ty: KeyType, literal: &Literal) -> Option<ConfigValue> {
    fit(ty, &literal_value(ty, literal)?).ok()
}

/// A value as what its key takes.
pub(super) fn fit(ty: KeyType, value: &Value) -> Result<ConfigValue, Misfit> {
    let found = match (ty, value) {
        (KeyType::Text, Value::Text(s)) => Some(ConfigValue::Text(s.clone())),
        (KeyType::Char, Value::Text(s)) if s == "\\t" => Some(ConfigValue::Text("\t".into())),
        (KeyType::Char, Value::Text(s)) => (s.chars().count() == 1).then(|| ConfigValue::Text(s.clone())),
        (KeyType::OneOf(texts), Value::Text(s)) => {
            let found = texts.iter().find(|t| t.eq_ignore_ascii_case(s));
            found.map(|t| ConfigValue::Text((*t).to_owned()))
        }
        (KeyType::Integer(low, high), Value::Number(n)) => {
            n.parse::<i64>().ok().filter(|n| (low..=high).contains(n)).map(ConfigValue::Integer)
        }
        (KeyType::Bool, Value::Bool(b)) => Some(ConfigValue::Bool(*b)),
        (KeyType::Duration, Value::Duration(ms)) => Some(ConfigValue::Millis(*ms)),
        (KeyType::Size, Value::Size(bytes)) if *bytes > 0 => Some(ConfigValue::Bytes(*bytes)),
        (KeyType::Share, Value::Percent(digits)) => share(crate::numbers::percent(digits)),
        (KeyType::Share, Value::Number(digits)) => share(crate::numbers::number(digits)),
        (KeyType::Word(words), Value::Word(w)) => words.contains(&w.as_str()).then(|| ConfigValue::Word(w.clone())),
        (KeyType::Texts, Value::List(items)) => items
            .iter()
            .map(|i| if let Value::Text(s) = &i.value { Some(s.clone()) } else { None })
            .collect::<Option<Vec<_>>>()
            .map(ConfigValue::Texts),
        (KeyType::Columns, Value::List(items)) => items
            .iter()
            .map(|i| if let Value::Word(s) = &i.value { Some(s.clone()) } else { None })
            .collect::<Option<Vec<_>>>()
            .map(ConfigValue::Columns),
        (KeyType::Partition, Value::List(items)) => {
            let fields: Result<Vec<_>, _> = items.iter().map(|i| partition(&i.value)).collect();
            return fields.map(ConfigValue::Partition);
        }
        _ => None,
    };
    found.ok_or_else(|| Misfit { message: format!("takes {}", ty.expected()), help: mend(ty, value) })
}

/// How a value that does not fit would.
fn mend(ty: KeyType, value: &Value) -> Option<String> {
    match (ty, value) {
        (KeyType::Text | KeyType::Char | KeyType::OneOf(_), Value::Word(w)) => {
            Some(format!("put it in quotes: `'{w}'`"))
        }
        (KeyType::Word(words), Value::Text(w)) if words.contains(&w.as_str()) => {
            Some(format!("write `{w}` without quotes"))
        }
        (KeyType::Word(words) | KeyType::OneOf(words), Value::Word(w) | Value::Text(w)) => {
            pipe_diagnostics::nearest(w, words.iter().copied()).map(|n| format!("did you mean `{n}`?"))
        }
        (KeyType::Texts, Value::Text(s)) => Some(format!("write `['{s}']`")),
        (KeyType::Columns | KeyType::Partition, Value::Word(c)) => Some(format!("write `[{c}]`")),
        (KeyType::Bool, Value::Text(s)) if s == "true" || s == "false" => Some(format!("write `{s}` without quotes")),
        _ => None,
    }
}

fn share(share: Option<f64>) -> Option<ConfigValue> {
    share.filter(|s| (0.0..=1.0).contains(s)).map(ConfigValue::Share)
}

const TRANSFORMS: [(&str, Transform); 4] =
    [("year", Transform::Year), ("month", Transform::Month), ("day", Transform::Day), ("hour", Transform::Hour)];

fn partition(value: &Value) -> Result<PartitionField, Misfit> {
    let wrong = |message: &str| Misfit { message: message.to_owned(), help: None };
    match value {
        Value::Word(column) => Ok(PartitionField { column: column.clone(), transform: Transform::Identity }),
        Value::Call(Call { name, args, entries }) if entries.is_empty() => {
            let args: Vec<&Value> = args.iter().map(|a| &a.value).collect();
            if name.value == "bucket" {
                return match args.as_slice() {
                    [Value::Number(n), Value::Word(column)] => match n.parse::<u32>() {
                        Ok(n) if n > 0 => {
                            Ok(PartitionField { column: column.clone(), transform: Transform::Bucket(n) })
                        }
                        _ => Err(wrong("takes a number of buckets from 1 on, as in `bucket(16, customer_id)`")),
                    },
                    _ => Err(wrong("takes `bucket` with a number and a column, as in `bucket(16, customer_id)`")),
                };
            }
            let Some((_, transform)) = TRANSFORMS.iter().find(|(word, _)| *word == name.value) else {
                let known = TRANSFORMS.iter().map(|(w, _)| *w).chain(["bucket"]);
                let message = format!("does not know the transform `{}`", name.value);
                return Err(Misfit { message, help: suggest(name, known) });
            };
            match args.as_slice() {
                [Value::Word(column)] => Ok(PartitionField { column: column.clone(), transform: *transform }),
                _ => Err(wrong(&format!("takes `{0}` of one column, as in `{0}(ordered_at)`", name.value))),
            }
        }
        _ => Err(wrong("takes columns, or `year`, `month`, `day`, `hour`, `bucket` of them")),
    }
}
