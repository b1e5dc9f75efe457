//! A YAML or JSON file as plain values, for those who write one anew and keep what is not theirs.

use pipe_diagnostics::FileId;

use crate::node::{self, Kind, Node};

/// A value. Numbers and words without quotes are kept as written.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number, a truth value, `null`.
    Plain(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A mapping, in the order written.
    Map(Vec<(String, Value)>),
}

impl Value {
    /// The entry of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries().iter().find(|(k, _)| k == key).map(|(_, v)| v)
    }

    /// The entries; none of what is no mapping.
    pub fn entries(&self) -> &[(String, Value)] {
        match self {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items; none of what is no list.
    pub fn items(&self) -> &[Value] {
        match self {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a scalar under a key.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Value::Plain(text) | Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl From<&Node> for Value {
    fn from(node: &Node) -> Self {
        match &node.kind {
            Kind::Null => Value::Plain("null".to_owned()),
            Kind::Bool(b) => Value::Plain(b.to_string()),
            Kind::Number(n) => Value::Plain(n.clone()),
            Kind::Text(t) | Kind::Param(t) => Value::Text(t.clone()),
            Kind::List(items) => Value::List(items.iter().map(Value::from).collect()),
            Kind::Map(entries) => Value::Map(entries.iter().map(|(k, v)| (k.text.clone(), Value::from(v))).collect()),
        }
    }
}

/// The first document of a text; `None` of what is neither YAML nor JSON.
pub fn document(text: &str) -> Option<Value> {
    node::read(text, FileId(0)).ok()?.first().map(Value::from)
}
