//! Objects with properties, and their text.

use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// What an object is. The order is the plan's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `param`
    Param,
    /// `secret`
    Secret,
    /// `connection`
    Connection,
    /// `channel`
    Channel,
    /// `source`
    Source,
    /// `model`
    Model,
    /// A rule, as `table.rule`.
    Rule,
    /// `heal`
    Heal,
    /// `load`
    Load,
    /// `schedule`
    Schedule,
}

impl Kind {
    /// As written.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Param => "param",
            Kind::Secret => "secret",
            Kind::Connection => "connection",
            Kind::Channel => "channel",
            Kind::Source => "source",
            Kind::Model => "model",
            Kind::Rule => "rule",
            Kind::Heal => "heal",
            Kind::Load => "load",
            Kind::Schedule => "schedule",
        }
    }
}

/// The value of a property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Property {
    /// One line.
    Text(String),
    /// One line an item, in an order that means something, or sorted.
    List(Vec<String>),
}

/// An object of the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Object {
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Sorted by key.
    #[serde(serialize_with = "as_map")]
    pub properties: Vec<(String, Property)>,
}

impl Object {
    /// An object without properties.
    pub fn new(kind: Kind, name: impl Into<String>) -> Self {
        Self { kind, name: name.into(), properties: Vec::new() }
    }

    /// Sets a property; its place is that of its key.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.put(key.into(), Property::Text(value.into()));
    }

    /// Sets a property if there is a value.
    pub fn set_if(&mut self, key: &str, value: Option<impl Into<String>>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }

    /// Sets a list; an empty one is left out.
    pub fn list(&mut self, key: impl Into<String>, items: Vec<String>) {
        if !items.is_empty() {
            self.put(key.into(), Property::List(items));
        }
    }

    fn put(&mut self, key: String, value: Property) {
        match self.properties.binary_search_by(|(k, _)| k.as_str().cmp(&key)) {
            Ok(at) => {
                if let Some(slot) = self.properties.get_mut(at) {
                    slot.1 = value;
                }
            }
            Err(at) => self.properties.insert(at, (key, value)),
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}", self.kind.word(), self.name)?;
        for (key, value) in &self.properties {
            match value {
                Property::Text(text) => writeln!(f, "  {key} = {text}")?,
                Property::List(items) => {
                    writeln!(f, "  {key} =")?;
                    for item in items {
                        writeln!(f, "    {item}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// A plan. Its text is what `pipe plan` prints, its JSON what `--format json` does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Moves when a property changes its meaning or goes away.
    pub format_version: u32,
    /// The tables, in the order they are evaluated.
    pub order: Vec<String>,
    /// By kind, then name.
    pub objects: Vec<Object>,
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "plan format {}", self.format_version)?;
        if !self.order.is_empty() {
            writeln!(f, "order =")?;
            for table in &self.order {
                writeln!(f, "  {table}")?;
            }
        }
        for object in &self.objects {
            write!(f, "\n{object}")?;
        }
        Ok(())
    }
}

fn as_map<S: Serializer>(properties: &[(String, Property)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(properties.len()))?;
    for (key, value) in properties {
        map.serialize_entry(key, value)?;
    }
    map.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_sorted_whatever_the_order_they_were_set_in() {
        let mut object = Object::new(Kind::Source, "orders");
        object.set("locator", "b");
        object.list("columns", vec!["z".into(), "a".into()]);
        object.set("locator", "c");
        object.list("empty", Vec::new());
        assert_eq!(object.to_string(), "source orders\n  columns =\n    z\n    a\n  locator = c\n");
        let json = serde_json::to_string(&object).unwrap();
        assert_eq!(json, r#"{"kind":"source","name":"orders","properties":{"columns":["z","a"],"locator":"c"}}"#);
    }
}
