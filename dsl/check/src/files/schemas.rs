//! JSON Schemas that rules name: their texts, and those of the files they refer to.

use std::collections::BTreeMap;
use std::path::Path;

use pipe_diagnostics::{Diagnostic, codes::rules as codes};
use pipe_syntax::{self as syntax, Predicate, Text};
use serde_json::Value;

use super::{Missing, Project, Store};
use crate::rule::JsonSchema;

/// Keywords whose value is data, in which `$ref` is a name like any other.
const DATA: [&str; 5] = ["const", "enum", "default", "example", "examples"];

impl Project {
    /// Reads the schemas that the rules of a block are about. `from` is the file it stands in.
    pub(super) fn schemas(&mut self, store: &Store<'_>, from: &Path, block: &syntax::Rules) {
        let mut texts = Vec::new();
        for predicate in block.items.iter().flat_map(|i| &i.predicates) {
            named(&predicate.value, &mut texts);
        }
        for text in texts {
            let found = self.schema(store, from, text);
            self.named.schemas.extend(found.map(|schema| (text.span, schema)));
        }
    }

    fn schema(&mut self, store: &Store<'_>, from: &Path, text: &Text) -> Option<JsonSchema> {
        let (place, schema) = if in_place(text) {
            (from.to_owned(), text.value.clone())
        } else {
            match store.open(from, text) {
                Ok(found) => (found.shown, found.text.trim_start_matches('\u{feff}').to_owned()),
                Err(missing) => {
                    let mut diagnostic = self.missing(missing, text, pipe_diagnostics::codes::names::USE_NOT_FOUND);
                    if !text.contains('.') {
                        let help = "write the schema itself, `{ … }`, or the path of its file";
                        diagnostic = diagnostic.map(|d| d.help(help));
                    }
                    self.diagnostics.extend(diagnostic);
                    return None;
                }
            }
        };
        let mut files = BTreeMap::new();
        let mut queue = vec![(place.clone(), schema.clone())];
        while let Some((at, document)) = queue.pop() {
            let value = match serde_json::from_str::<Value>(&document) {
                Ok(value) => value,
                Err(why) => {
                    let what = if in_place(text) { "the schema".to_owned() } else { format!("`{}`", at.display()) };
                    let message = format!("{what} is no JSON: {why}");
                    self.diagnostics.push(Diagnostic::error(codes::JSON_SCHEMA, message, text.span));
                    return None;
                }
            };
            let mut references = Vec::new();
            referred(&value, &mut references);
            for reference in references {
                match store.open(&at, reference) {
                    Ok(found) => {
                        let name = named_from_root(store, &found.shown);
                        if found.shown != place && !files.contains_key(&name) {
                            files.insert(name, found.text.clone());
                            queue.push((found.shown, found.text));
                        }
                    }
                    Err(Missing::Outside) => {
                        let message = format!("the schema refers to `{reference}`, which leaves the project's folder");
                        let told = Diagnostic::error(codes::JSON_SCHEMA, message, text.span);
                        self.diagnostics.push(told.help("move the file into the project"));
                        return None;
                    }
                    // Perhaps the schema holds it under its `$id`; what it does not is told when it is compiled.
                    Err(_) => {}
                }
            }
        }
        Some(JsonSchema { written: text.value.clone(), text: schema, place: named_from_root(store, &place), files })
    }
}

/// Whether a text is a schema itself and not the path of one.
fn in_place(text: &str) -> bool {
    let text = text.trim();
    text.starts_with('{') || text == "true" || text == "false"
}

/// A path from the folder of the project, so that it is the same wherever the command is typed.
fn named_from_root(store: &Store<'_>, path: &Path) -> String {
    let path = match store {
        Store::Disk(root) => path.strip_prefix(root).unwrap_or(path),
        Store::Memory(_) => path,
    };
    path.to_string_lossy().replace('\\', "/")
}

/// The texts behind `is json_schema`.
fn named<'s>(predicate: &'s Predicate, out: &mut Vec<&'s Text>) {
    match predicate {
        Predicate::Is { format, argument: Some(argument) } if format.value == "json_schema" => out.push(argument),
        Predicate::Not(inner) => named(&inner.value, out),
        Predicate::Compound(compound) => {
            for part in compound.parts.iter().flat_map(|p| &p.predicate) {
                named(&part.value, out);
            }
        }
        _ => {}
    }
}

/// The files that a schema refers to by a relative path.
fn referred<'v>(value: &'v Value, out: &mut Vec<&'v str>) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                match value {
                    Value::String(reference) if key == "$ref" || key == "$dynamicRef" => {
                        let path = reference.split_once('#').map_or(reference.as_str(), |(path, _)| path);
                        if !path.is_empty() && !path.starts_with('/') && !path.contains(':') {
                            out.push(path);
                        }
                    }
                    value if !DATA.contains(&key.as_str()) => referred(value, out),
                    _ => {}
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| referred(item, out)),
        _ => {}
    }
}
