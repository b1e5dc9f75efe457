//! What an earlier version of a contract has beyond the columns and rules of a table: who it is, whose it is, what it is for,
//! other tables, texts for people, rules of other tools.

use pipe_import::Value;

use crate::compare::{Role, compare};
use crate::read::Contract;
use crate::terms::{Column, Terms};
use crate::yaml::Yaml;

/// An earlier version of the contract that is written.
#[derive(Debug)]
pub struct Earlier {
    document: Value,
    contract: Contract,
}

/// What is written anew of the document, of its table, of a column.
const OF_DOCUMENT: &[&str] =
    &["apiVersion", "kind", "id", "name", "version", "status", "servers", "schema", "slaProperties"];
const OF_TABLE: &[&str] = &["name", "physicalType", "description", "properties", "quality"];
const OF_COLUMN: &[&str] = &[
    "name",
    "required",
    "primaryKey",
    "primaryKeyPosition",
    "unique",
    "logicalTypeOptions",
    "relationships",
    "quality",
];
const TYPE: &[&str] = &["logicalType", "physicalType", "items", "properties"];
/// Service levels that are rules.
const LEVELS: &[&str] = &["latency", "freshness", "retention", "frequency"];

impl Earlier {
    /// Reads it; `None` of a text that is no contract.
    pub fn read(name: &str, text: &str) -> Option<Self> {
        let contract = crate::read(name, text).ok()?;
        Some(Self { document: pipe_import::document(text)?, contract })
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.document.text(key)
    }

    pub(super) fn servers(&self) -> Option<Yaml> {
        self.document.get("servers").filter(|s| !s.items().is_empty()).map(yaml)
    }

    /// The rest of the document.
    pub(super) fn rest(&self) -> Yaml {
        but(&self.document, OF_DOCUMENT)
    }

    fn tables(&self) -> &[Value] {
        self.document.get("schema").map(Value::items).unwrap_or_default()
    }

    /// What it has of a table: of this name, or of the only one.
    pub(super) fn table(&self, name: &str) -> Option<&Value> {
        let tables = self.tables();
        let only = || tables.first().filter(|_| tables.len() == 1);
        tables.iter().find(|t| is_named(t, name)).or_else(only)
    }

    /// All its tables, this one as it is now.
    pub(super) fn schema(&self, name: &str, now: Yaml) -> Yaml {
        let own = self.table(name);
        let mut now = Some(now);
        let mut all: Vec<Yaml> = Vec::new();
        for table in self.tables() {
            match own.is_some_and(|own| std::ptr::eq(own, table)) {
                true => all.extend(now.take()),
                false => all.push(yaml(table)),
            }
        }
        all.extend(now);
        Yaml::List(all)
    }

    /// Service levels that are of other tables, or no rules.
    pub(super) fn levels(&self, table: &str) -> Vec<Yaml> {
        let of_another = |level: &Value| {
            let element = level.text("element").and_then(|e| e.split_once('.')).map(|(of, _)| of);
            self.table(table).is_some_and(|own| {
                element.is_some_and(|of| !["name", "physicalName"].iter().any(|key| own.text(key) == Some(of)))
            })
        };
        let is_rule = |level: &Value| level.text("property").is_some_and(|p| LEVELS.contains(&p)) && !of_another(level);
        let levels = self.document.get("slaProperties").map(Value::items).unwrap_or_default();
        levels.iter().filter(|l| !is_rule(l)).map(yaml).collect()
    }

    /// Whether it states just this type of a column.
    pub(super) fn has_type(&self, table: &str, column: &Column) -> bool {
        self.contract.table(table).is_some_and(|t| t.columns.contains(column))
    }

    /// The version of what is promised now: the same if nothing changed, the next by what changed if something did. `None` where
    /// the earlier one has none, or one that does not count.
    pub(super) fn next(&self, table: &str, now: &Terms) -> Option<String> {
        let version = self.text("version")?;
        let none = Terms::default();
        let before = self.contract.table(table).unwrap_or(&none);
        let changes = compare(before, now, Role::Versions);
        // What is promised beyond the earlier version is told the other way around.
        let more = compare(now, before, Role::Versions);
        let names = |t: &Terms| t.columns.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
        if changes.is_empty() && more.is_empty() && names(before) == names(now) {
            return Some(version.to_owned());
        }
        let number = version.strip_prefix('v').unwrap_or(version);
        let mut parts = number.split('.').map(str::parse::<u64>);
        let (major, minor) = (parts.next()?.ok()?, parts.next().unwrap_or(Ok(0)).ok()?);
        let next = match changes.iter().any(|c| c.breaking) {
            true => format!("{}.0.0", major.checked_add(1)?),
            false => format!("{major}.{}.0", minor.checked_add(1)?),
        };
        Some(if version.starts_with('v') { format!("v{next}") } else { next })
    }
}

fn is_named(value: &Value, name: &str) -> bool {
    // As it is stored, which is what a program reads.
    let stored = value.text("physicalName").or_else(|| value.text("name")).unwrap_or_default();
    stored.rsplit('.').next().is_some_and(|n| n.to_lowercase() == name)
}

/// The rest of a table.
pub(super) fn of_table(table: &Value) -> Yaml {
    but(table, OF_TABLE)
}

/// A column of it.
pub(super) fn column<'v>(table: &'v Value, name: &str) -> Option<&'v Value> {
    table.get("properties")?.items().iter().find(|c| is_named(c, name))
}

/// The rest of a column; with its type as it is stated there, or without.
pub(super) fn of_column(column: &Value, typed: bool) -> Yaml {
    let own: Vec<&str> = OF_COLUMN.iter().chain(TYPE.iter().filter(|_| !typed)).copied().collect();
    but(column, &own)
}

/// Entries of `quality` that are for people, or for another tool.
pub(super) fn prose(of: &Value) -> Vec<Yaml> {
    let is_prose = |entry: &&Value| match entry.text("type") {
        Some("text") => true,
        Some("custom") => entry.text("engine") != Some("pipe"),
        _ => false,
    };
    of.get("quality").map(Value::items).unwrap_or_default().iter().filter(is_prose).map(yaml).collect()
}

fn but(value: &Value, own: &[&str]) -> Yaml {
    let rest = value.entries().iter().filter(|(key, _)| !own.contains(&key.as_str()));
    Yaml::Kept(rest.map(|(key, value)| (key.clone(), yaml(value))).collect())
}

fn yaml(value: &Value) -> Yaml {
    match value {
        Value::Plain(text) => Yaml::Plain(text.clone()),
        Value::Text(text) => Yaml::text(text),
        Value::List(items) => Yaml::List(items.iter().map(yaml).collect()),
        Value::Map(_) => but(value, &[]),
    }
}
