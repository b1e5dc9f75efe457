//! `with (…)` against the keys its owner declares.

mod credentials;
mod values;

use std::collections::BTreeMap;

use pipe_diagnostics::{Diagnostic, Span, codes::config as codes, codes::names, codes::sql as sql_codes};
use pipe_schema::{Choice, Config, ConfigKey, ConfigValue, KeyType, TypeClass};
use pipe_syntax::{Call, Entry, Name, Spanned, Value, With};

use crate::cx::{Cx, suggest, twice, unknown};
use crate::names::Table;
use crate::sql::Scope;
pub(crate) use credentials::no_credentials;
pub(crate) use values::bind;
use values::{fit, literal_value};

/// Whose keys they are.
pub(crate) struct Owner<'t> {
    /// As messages call it: "a source from `csv`".
    pub(crate) what: String,
    /// Where the owner is, for keys that are missing.
    pub(crate) at: Span,
    /// The table whose columns the keys may name.
    pub(crate) table: Option<&'t Table<'t>>,
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

#[cfg(test)]
mod tests {
    use pipe_diagnostics::{FileId, Sources};
    use pipe_syntax::{StatementKind, parse};

    use super::*;
    use crate::names::Names;

    /// A key as it would be after it was given another name.
    const KEYS: &[ConfigKey] =
        &[ConfigKey { older: &["sep"], ..ConfigKey::new("delimiter", KeyType::Char, "What stands between.", "';'") }];

    #[test]
    fn an_older_name_of_a_key_is_read_and_told() {
        for (written, codes) in [
            ("delimiter = ';'", &[][..]),
            ("sep = ';'", &["W0207"]),
            ("sep = ';', delimiter = ','", &["W0207", "E0201"]),
            ("sip = ';'", &["E0200"]),
        ] {
            let text = format!("connection c files with ({written});");
            let mut sources = Sources::default();
            let file = sources.add("main.pipe", text.as_str());
            let parsed = parse(&text, file).file;
            let Some(StatementKind::Connection(c)) = parsed.statements.first().map(|s| &s.kind) else {
                unreachable!("{text}")
            };
            let names = Names::default();
            let mut cx = Cx { sources: &sources, names: &names, named: &Default::default(), out: Vec::new() };
            let owner = Owner { what: "a source".into(), at: Span::new(FileId(0), 0..0), table: None };
            let config = config(&mut cx, &[KEYS], c.with.as_ref(), &owner);
            let raised: Vec<&str> = cx.out.iter().map(|d| d.code.as_str()).collect();
            assert_eq!(raised, codes, "{written}");
            assert_eq!(config.text("delimiter"), (!codes.contains(&"E0200")).then_some(";"), "{written}");
        }
    }
}
