//! `with (…)` against the keys its owner declares.

use std::collections::BTreeMap;

use pipe_diagnostics::{Diagnostic, Span, codes::config as codes, codes::names, codes::sql as sql_codes};
use pipe_schema::{Choice, Config, ConfigKey, ConfigValue, KeyType, PartitionField, Transform, TypeClass};
use pipe_syntax::{Call, Entry, Literal, Name, Spanned, Value, With};

use crate::cx::{Cx, suggest, twice, unknown};
use crate::names::Table;
use crate::sql::Scope;

/// Whose keys they are.
pub(crate) struct Owner<'t> {
    /// As messages call it: "a source from `csv`".
    pub(crate) what: String,
    /// Where the owner is, for keys that are missing.
    pub(crate) at: Span,
    /// The table whose columns the keys may name.
    pub(crate) table: Option<&'t Table<'t>>,
}

/// Why a value does not fit; the message's end, and what to do.
struct Misfit {
    message: String,
    help: Option<String>,
}

/// Checks `with` against `keys`, lists of keys taken together; what is wrong is reported and left out, so that the defaults stand for it.
pub(crate) fn config(cx: &mut Cx<'_>, keys: &[&'static [ConfigKey]], with: Option<&With>, owner: &Owner<'_>) -> Config {
    let keys: Vec<&'static ConfigKey> = keys.iter().copied().flatten().collect();
    let mut config = Config::default();
    entries(cx, &keys, with.map_or(&[], |w| &w.entries), owner, &mut config, false);
    config
}

fn entries(
    cx: &mut Cx<'_>,
    keys: &[&'static ConfigKey],
    entries: &[Entry],
    owner: &Owner<'_>,
    config: &mut Config,
    nested: bool,
) {
    for key in keys {
        config.values.extend(key.default_value().map(|value| (key.name, value)));
    }
    let mut seen: BTreeMap<&'static str, Span> = BTreeMap::new();
    for entry in entries {
        let Some(key) = find(cx, keys, entry, owner) else { continue };
        if let Some(first) = seen.insert(key.name, entry.key.span) {
            cx.report(twice(
                codes::DUPLICATE_KEY,
                &format!("key `{}` is given twice", key.name),
                entry.key.span,
                first,
            ));
            continue;
        }
        let value = match &entry.value.value {
            Value::Param(name) if !key.secret => param(cx, key, name, entry.value.span, config, nested),
            _ => value(cx, key, entry, owner),
        };
        if let Some(value) = value {
            config.values.insert(key.name, value);
            config.given.push(key.name);
        }
    }
    for key in keys.iter().filter(|k| k.required && !seen.contains_key(k.name)) {
        cx.report(
            Diagnostic::error(codes::MISSING_KEY, format!("{} needs the key `{}`", owner.what, key.name), owner.at)
                .help(format!("add `{} = {}`: {}", key.name, key.example, sentence(key.doc))),
        );
    }
}

/// A sentence of the tables as part of a message: lower case, no final period.
fn sentence(doc: &str) -> String {
    let doc = doc.trim_end_matches('.');
    let mut chars = doc.chars();
    let second_is_lower = doc.chars().nth(1).is_none_or(|c| !c.is_uppercase());
    match chars.next() {
        Some(first) if second_is_lower => first.to_lowercase().chain(chars).collect(),
        _ => doc.to_owned(),
    }
}

fn find(cx: &mut Cx<'_>, keys: &[&'static ConfigKey], entry: &Entry, owner: &Owner<'_>) -> Option<&'static ConfigKey> {
    let name = entry.key.as_str();
    if let Some(key) = keys.iter().find(|k| k.name == name) {
        return Some(key);
    }
    if let Some(key) = keys.iter().find(|k| k.older.contains(&name)) {
        cx.report(
            Diagnostic::warning(codes::OLDER_KEY, format!("key `{name}` is now called `{}`", key.name), entry.key.span)
                .help(format!("write `{}`", key.name)),
        );
        return Some(key);
    }
    let mut d = unknown(codes::UNKNOWN_KEY, "key", &entry.key, keys.iter().map(|k| k.name));
    d.message = format!("{} has no key `{name}`", owner.what);
    if keys.is_empty() {
        d = d.help("it takes no keys");
    }
    cx.report(d);
    None
}

fn value(cx: &mut Cx<'_>, key: &'static ConfigKey, entry: &Entry, owner: &Owner<'_>) -> Option<ConfigValue> {
    let Spanned { value, span } = &entry.value;
    match value {
        Value::Secret(name) => return secret(cx, key, name, *span),
        _ if key.secret => {
            let message = format!("key `{}` takes a secret, and no text that everyone can read", key.name);
            let (name, variable) = (key.name, key.name.to_uppercase());
            cx.report(
                Diagnostic::error(codes::SECRET_REQUIRED, message, *span)
                    .help(format!("declare `secret {name} from env '{variable}';` and write `{name} = secret {name}`")),
            );
            return None;
        }
        Value::Text(text) => no_credentials(cx, text, *span),
        Value::List(items) => {
            for item in items {
                if let Value::Text(text) = &item.value {
                    no_credentials(cx, text, item.span);
                }
            }
        }
        _ => {}
    }
    if let KeyType::Choice(forms) = key.ty {
        return choice(cx, key, forms, &entry.value, owner);
    }
    match fit(key.ty, value) {
        Ok(value) => {
            columns(cx, &entry.value, key.ty, owner);
            Some(value)
        }
        Err(misfit) => {
            cx.report(
                Diagnostic::error(codes::WRONG_VALUE, format!("key `{}` {}", key.name, misfit.message), *span)
                    .help(misfit.help.unwrap_or_else(|| format!("write it as in `{} = {}`", key.name, key.example))),
            );
            None
        }
    }
}

/// A form with keys of its own; a bare word is one with no keys given.
fn choice(
    cx: &mut Cx<'_>,
    key: &ConfigKey,
    forms: &'static [Choice],
    value: &Spanned<Value>,
    owner: &Owner<'_>,
) -> Option<ConfigValue> {
    let (name, given): (Spanned<String>, &[Entry]) = match &value.value {
        Value::Word(word) => (Spanned::new(word.clone(), value.span), &[]),
        Value::Call(call) if call.args.is_empty() => (call.name.clone(), &call.entries),
        _ => {
            cx.report(
                Diagnostic::error(
                    codes::WRONG_VALUE,
                    format!("key `{}` takes {}", key.name, key.ty.expected()),
                    value.span,
                )
                .help(format!("write it as in `{} = {}`", key.name, key.example)),
            );
            return None;
        }
    };
    let Some(form) = forms.iter().find(|f| f.name == name.value) else {
        let message = format!("key `{}` takes {}", key.name, key.ty.expected());
        cx.report(
            Diagnostic::error(codes::WRONG_VALUE, message, name.span)
                .maybe_help(suggest(&name, forms.iter().map(|f| f.name))),
        );
        return None;
    };
    let owner = Owner { what: format!("`{} = {}`", key.name, form.name), at: name.span, table: owner.table };
    let mut config = Config::default();
    entries(cx, &form.keys.iter().collect::<Vec<_>>(), given, &owner, &mut config, true);
    Some(ConfigValue::Choice(form.name, config.values))
}

fn secret(cx: &mut Cx<'_>, key: &ConfigKey, name: &Name, span: Span) -> Option<ConfigValue> {
    let known = cx.names;
    if !known.secrets.contains_key(name.as_str()) {
        if !known.may_be_broken(name) {
            cx.unknown(names::UNKNOWN_SECRET, "secret", name, known.secrets.keys().copied());
        }
        return None;
    }
    if !key.secret {
        cx.report(
            Diagnostic::error(codes::SECRET_NOT_TAKEN, format!("key `{}` takes no secret", key.name), span)
                .help(format!("write it as in `{} = {}`", key.name, key.example)),
        );
        return None;
    }
    Some(ConfigValue::Secret(name.value.clone()))
}

/// A param's value: that of its default, if it has one, until a run gives another.
fn param(
    cx: &mut Cx<'_>,
    key: &ConfigKey,
    name: &Name,
    span: Span,
    config: &mut Config,
    nested: bool,
) -> Option<ConfigValue> {
    cx.param(names::UNKNOWN_PARAM, name, &Scope::default());
    let param = cx.names.params.get(name.as_str())?;
    let ty = pipe_schema::Type::parse(&param.ty)?;
    let class = match key.ty {
        _ if nested => None,
        KeyType::Text | KeyType::Char | KeyType::OneOf(_) | KeyType::Word(_) => Some(TypeClass::Text),
        KeyType::Integer(..) | KeyType::Share => Some(TypeClass::Number),
        KeyType::Bool => Some(TypeClass::Boolean),
        KeyType::Duration
        | KeyType::Size
        | KeyType::Texts
        | KeyType::Columns
        | KeyType::Partition
        | KeyType::Choice(_) => None,
    };
    if class != Some(ty.class()) {
        let message = format!("key `{}` cannot take `${}`, which is `{ty}`", key.name, name.value);
        cx.report(
            Diagnostic::error(codes::PARAM_VALUE, message, span)
                .label(param.ty.span, "declared here")
                .help(format!("write it as in `{} = {}`", key.name, key.example)),
        );
        return None;
    }
    config.params.push((key.name, key.ty, name.value.clone()));
    let value = literal_value(key.ty, &param.default.as_ref()?.value)?;
    match fit(key.ty, &value) {
        Ok(value) => Some(value),
        Err(misfit) => {
            cx.report(
                Diagnostic::error(codes::PARAM_VALUE, format!("key `{}` {}", key.name, misfit.message), span)
                    .label(param.default.as_ref().map_or(span, |d| d.span), "the param's default")
                    .maybe_help(misfit.help),
            );
            None
        }
    }
}

/// A constant as the value of a key that takes `ty`.
fn literal_value(ty: KeyType, literal: &Literal) -> Option<Value> {
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
fn fit(ty: KeyType, value: &Value) -> Result<ConfigValue, Misfit> {
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
        (KeyType::Size, Value::Size(bytes)) => Some(ConfigValue::Bytes(*bytes)),
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

/// Looks up the columns that a list names.
fn columns(cx: &mut Cx<'_>, value: &Spanned<Value>, ty: KeyType, owner: &Owner<'_>) {
    let (KeyType::Columns | KeyType::Partition, Value::List(items)) = (ty, &value.value) else { return };
    let mut named: Vec<Name> = Vec::new();
    for item in items {
        match &item.value {
            Value::Word(c) => named.push(Spanned::new(c.clone(), item.span)),
            Value::Call(call) => {
                for arg in &call.args {
                    if let Value::Word(c) = &arg.value {
                        let name = Spanned::new(c.clone(), arg.span);
                        calendar(cx, call, &name, owner);
                        cx.column_as(sql_codes::TABLE_COLUMN, owner.table, &name);
                    }
                }
            }
            _ => {}
        }
    }
    for name in &named {
        cx.column_as(sql_codes::TABLE_COLUMN, owner.table, name);
    }
    cx.no_duplicates(&named);
}

/// Reports a year, month, day or hour of what has none.
fn calendar(cx: &mut Cx<'_>, call: &Call, column: &Name, owner: &Owner<'_>) {
    if call.name.value != "bucket"
        && let Some(ty) = owner.table.and_then(|t| t.ty(column))
        && ty.class() != TypeClass::Time
    {
        let message = format!("`{}` has no `{}`: it is `{ty}`", column.value, call.name.value);
        cx.report(
            Diagnostic::error(sql_codes::PARTITION_TYPE, message, column.span)
                .help("take a date or a timestamp, or the column itself"),
        );
    }
}

/// Reports a password or a token that stands in a text.
pub(crate) fn no_credentials(cx: &mut Cx<'_>, text: &str, span: Span) {
    if let Some(what) = credentials(text) {
        cx.report(Diagnostic::error(codes::CREDENTIALS_IN_URL, format!("there is {what} in this text"), span).help(
            "keep it out of the program: declare `secret name from env '…';` and use the connector's secret key",
        ));
    }
}

/// What of a URL or a connection string is nobody's business.
fn credentials(text: &str) -> Option<&'static str> {
    if let Some((_, rest)) = text.split_once("://") {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
        if let Some((user, _)) = authority.rsplit_once('@')
            && user.split_once(':').is_some_and(|(_, password)| !password.is_empty())
        {
            return Some("a password");
        }
    }
    const TELLING: [&str; 12] = [
        "password",
        "passwd",
        "pwd",
        "token",
        "access_token",
        "secret",
        "client_secret",
        "api_key",
        "apikey",
        "accountkey",
        "sig",
        "x-amz-signature",
    ];
    // `a=1&password=x` of URLs, `Host=h;Password=x` and `host=h password=x` of connection strings.
    let has = |part: &str| {
        part.split_once('=').is_some_and(|(key, value)| {
            !value.is_empty() && TELLING.contains(&key.trim().to_ascii_lowercase().as_str())
        })
    };
    text.split(['?', '&', ';', ' ']).any(has).then_some("a password or a token")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_seen_and_plain_addresses_are_not() {
        for bad in ["postgres://u:p@h/db", "https://x/y?sig=ab", "Host=h;Password=x", "https://x/y?a=1&token=ab"] {
            assert!(credentials(bad).is_some(), "{bad}");
        }
        for good in ["postgres://u@h/db", "s3://bucket/a@b:c", "data/a=1/b.csv", "https://x:8080/y?page=1", "a b"] {
            assert!(credentials(good).is_none(), "{good}");
        }
    }
}
