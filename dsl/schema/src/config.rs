//! Keys of `with (…)` and their typed values.

use std::collections::BTreeMap;

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum KeyType {
    /// `'text'`
    Text,
    /// `'x'`: one character.
    Char,
    /// A whole number within bounds, both inclusive.
    Integer(i64, i64),
    /// `true`, `false`
    Bool,
    /// `30s`
    Duration,
    /// `64MiB`
    Size,
    /// `50%` or a number from 0 to 1.
    Share,
    /// One of these words.
    Word(&'static [&'static str]),
    /// `['a', 'b']`
    Texts,
    /// `[a, b]`: columns.
    Columns,
    /// `[day(ordered_at), country]`
    Partition,
}

/// A key a connector, a model, a `heal` block or a channel declares once.
#[derive(Clone, Copy, Debug)]
pub struct ConfigKey {
    /// As written.
    pub name: &'static str,
    /// What it takes.
    pub ty: KeyType,
    /// As it would be written; `None` when the key may be left out without a value standing for it.
    pub default: Option<&'static str>,
    /// Whether it must be given.
    pub required: bool,
    /// Whether its value must be `secret name`.
    pub secret: bool,
    /// One sentence.
    pub doc: &'static str,
    /// A value, as written.
    pub example: &'static str,
    /// Names it had before; still read, with a warning.
    pub older: &'static [&'static str],
}

/// A checked value.
#[derive(Clone, Debug, PartialEq)]
pub enum ConfigValue {
    /// Text, or one character.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// `true`, `false`
    Bool(bool),
    /// A duration in milliseconds.
    Millis(u64),
    /// A size in bytes.
    Bytes(u64),
    /// A share, 0 to 1.
    Share(f64),
    /// An enum word.
    Word(String),
    /// Several texts.
    Texts(Vec<String>),
    /// Several columns.
    Columns(Vec<String>),
    /// Partition fields, outermost first.
    Partition(Vec<PartitionField>),
    /// A declared secret, by name; never its text.
    Secret(String),
}

/// `day(ordered_at)`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionField {
    /// The column.
    pub column: String,
    /// What is taken of it.
    pub transform: Transform,
}

/// What a partition takes of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transform {
    /// The value.
    Identity,
    /// `year(c)`: `2026`
    Year,
    /// `month(c)`: `2026-01`
    Month,
    /// `day(c)`: `2026-01-31`
    Day,
    /// `hour(c)`: `2026-01-31-23`
    Hour,
    /// `bucket(n, c)`: a hash modulo n.
    Bucket(u32),
}

/// Checked keys with their values, defaults filled in. Printing it shows no secret: there is none in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// By key.
    pub values: BTreeMap<&'static str, ConfigValue>,
    /// The keys the program gave, the others being defaults.
    pub given: Vec<&'static str>,
    /// The keys given as `$param`, with what they take and the param's name. `values` holds what its default comes to, if it has one; a run that gives the param another value replaces it.
    pub params: Vec<(&'static str, KeyType, String)>,
}

impl Config {
    /// A text, word or character.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.values.get(key) {
            Some(ConfigValue::Text(s) | ConfigValue::Word(s)) => Some(s),
            _ => None,
        }
    }

    /// A whole number, or a size in bytes, or a duration in milliseconds.
    pub fn integer(&self, key: &str) -> Option<i64> {
        match self.values.get(key) {
            Some(ConfigValue::Integer(n)) => Some(*n),
            Some(ConfigValue::Millis(n) | ConfigValue::Bytes(n)) => i64::try_from(*n).ok(),
            _ => None,
        }
    }

    /// A boolean; `false` when the key is absent.
    pub fn bool(&self, key: &str) -> bool {
        matches!(self.values.get(key), Some(ConfigValue::Bool(true)))
    }

    /// A share, 0 to 1.
    pub fn share(&self, key: &str) -> Option<f64> {
        match self.values.get(key) {
            Some(ConfigValue::Share(s)) => Some(*s),
            _ => None,
        }
    }

    /// Texts or columns; empty when absent.
    pub fn list(&self, key: &str) -> &[String] {
        match self.values.get(key) {
            Some(ConfigValue::Texts(v) | ConfigValue::Columns(v)) => v,
            _ => &[],
        }
    }

    /// Partition fields; empty when absent.
    pub fn partition(&self, key: &str) -> &[PartitionField] {
        match self.values.get(key) {
            Some(ConfigValue::Partition(v)) => v,
            _ => &[],
        }
    }

    /// Whether the program gave the key itself.
    pub fn is_given(&self, key: &str) -> bool {
        self.given.contains(&key)
    }
}
