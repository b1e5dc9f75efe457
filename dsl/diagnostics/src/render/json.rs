//! Diagnostics for programs. Keys are stable: none is left out, `null` stands for what there is not.

use serde_json::{Value, json};

use super::{sorted, word};
use crate::{Diagnostic, Label, Sources, Span};

/// One array of the objects of [`to_json`], in the order of places, with a line break at the end.
pub fn json(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let all: Vec<Value> = sorted(diagnostics).into_iter().map(|d| to_json(d, sources)).collect();
    format!("{:#}\n", Value::Array(all))
}

/// `{code, severity, message, file, line, column, end_line, end_column, start, end, help, notes, labels}`: lines and columns
/// from 1, columns in characters, `start` and `end` in bytes from 0, ends exclusive; `labels` has all places, the primary one
/// first, with the same keys and `text`.
pub fn to_json(d: &Diagnostic, sources: &Sources) -> Value {
    let mut object = json!({ "code": d.code.as_str(), "severity": word(d.severity), "message": d.message });
    extend(&mut object, place(d.span(), sources));
    let labels: Vec<Value> = d.labels.iter().map(|l| label(l, sources)).collect();
    extend(&mut object, json!({ "help": d.help, "notes": d.notes, "labels": labels }));
    object
}

fn label(label: &Label, sources: &Sources) -> Value {
    let mut object = place(Some(label.span), sources);
    extend(&mut object, json!({ "text": label.text }));
    object
}

fn place(span: Option<Span>, sources: &Sources) -> Value {
    let found = span.and_then(|s| Some((s, sources.get(s.file)?)));
    let Some((span, file)) = found else {
        return json!({
            "file": null, "line": null, "column": null, "end_line": null, "end_column": null, "start": null, "end": null,
        });
    };
    let (from, to) = (file.index.position(span.start), file.index.position(span.end));
    json!({
        "file": file.name, "line": from.line, "column": from.column, "end_line": to.line, "end_column": to.column,
        "start": span.start, "end": span.end,
    })
}

fn extend(object: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (object, more) {
        object.extend(more);
    }
}
