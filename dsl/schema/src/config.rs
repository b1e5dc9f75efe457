//! Keys of `with (…)` and their typed values.

use std::collections::BTreeMap;

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum KeyType {
    /// `'text'`
    Text,
    /// `'x'`: one character; `'\t'` is the tab.
    Char,
    /// `'latin1'`: one of these texts, for words that an enum word cannot spell; case does not count.
    OneOf(&'static [&'static str]),
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
    /// `bearer(token = secret t)`: one of these forms, each with keys of its own.
    Choice(&'static [Choice]),
}

impl KeyType {
    /// What would be right, for messages: ``a duration such as `30s` ``.
    pub fn expected(self) -> String {
        let words = |list: &[&str], quote: &str| {
            let shown: Vec<_> = list.iter().map(|w| format!("`{quote}{w}{quote}`")).collect();
            format!("one of {}", shown.join(", "))
        };
        match self {
            Self::Text => "a text such as `'orders'`".into(),
            Self::Char => "one character such as `';'`".into(),
            Self::OneOf(list) => words(list, "'"),
            Self::Integer(low, high) => format!("a whole number from {low} to {high}"),
            Self::Bool => "`true` or `false`".into(),
            Self::Duration => "a duration such as `30s`".into(),
            Self::Size => "a size such as `64MiB`".into(),
            Self::Share => "a share such as `50%` or `0.5`".into(),
            Self::Word(list) => words(list, ""),
            Self::Texts => "a list of texts such as `['a', 'b']`".into(),
            Self::Columns => "a list of columns such as `[a, b]`".into(),
            Self::Partition => "a list of columns or transforms such as `[day(ordered_at), country]`".into(),
            Self::Choice(forms) => words(&forms.iter().map(|c| c.name).collect::<Vec<_>>(), ""),
        }
    }
}

/// A form a key can take, with keys of its own: `bearer(token = secret t)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// As written.
    pub name: &'static str,
    /// One sentence.
    pub doc: &'static str,
    /// Its keys.
    pub keys: &'static [ConfigKey],
}

/// A key a connector, a model, a `heal` block or a channel declares once.
#[derive(Clone, Copy, Debug, PartialEq)]
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
    /// Whether this binary honours it; a run of what gives a key that is not is refused, by name.
    pub available: bool,
}

impl ConfigKey {
    /// A key that may be left out.
    pub const fn new(name: &'static str, ty: KeyType, doc: &'static str, example: &'static str) -> Self {
        Self { name, ty, default: None, required: false, secret: false, doc, example, older: &[], available: true }
    }

    /// With the value that stands for it when it is left out.
    #[must_use]
    pub const fn or(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    /// That must be given.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Whose value must be `secret name`.
    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Whose engine comes later.
    #[must_use]
    pub const fn later(mut self) -> Self {
        self.available = false;
        self
    }

    /// The default as a value; `None` without one.
    pub fn default_value(&self) -> Option<ConfigValue> {
        self.default.and_then(|text| written(self.ty, text))
    }
}

/// Reads a default. Only what defaults need: texts, lists of texts, numbers, words, shares, durations, sizes, and empty lists.
fn written(ty: KeyType, text: &str) -> Option<ConfigValue> {
    let unquoted = || text.strip_prefix('\'')?.strip_suffix('\'').map(|s| s.replace("''", "'"));
    let list = || text.strip_prefix('[')?.strip_suffix(']');
    let unit = || {
        let at = text.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = text.split_at_checked(at)?;
        Some((number.parse::<u64>().ok()?, unit))
    };
    Some(match ty {
        KeyType::Text | KeyType::OneOf(_) => ConfigValue::Text(unquoted()?),
        KeyType::Char => ConfigValue::Text(unquoted()?.replace("\\t", "\t")),
        KeyType::Integer(..) => ConfigValue::Integer(text.parse().ok()?),
        KeyType::Bool => ConfigValue::Bool(text.parse().ok()?),
        KeyType::Word(_) => ConfigValue::Word(text.to_owned()),
        KeyType::Share => ConfigValue::Share(match text.strip_suffix('%') {
            Some(percent) => percent.parse::<f64>().ok()? / 100.0,
            None => text.parse().ok()?,
        }),
        KeyType::Duration => {
            let (number, unit) = unit()?;
            let millis = match unit {
                "ms" => 1,
                "s" => 1_000,
                "m" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                _ => return None,
            };
            ConfigValue::Millis(number.checked_mul(millis)?)
        }
        KeyType::Size => {
            let (number, unit) = unit()?;
            let bytes = match unit {
                "KiB" => 1 << 10,
                "MiB" => 1 << 20,
                "GiB" => 1 << 30,
                _ => return None,
            };
            ConfigValue::Bytes(number.checked_mul(bytes)?)
        }
        KeyType::Texts => {
            let items = list()?.split(',').map(str::trim).filter(|s| !s.is_empty());
            let texts = items.map(|s| s.strip_prefix('\'')?.strip_suffix('\'').map(str::to_owned));
            ConfigValue::Texts(texts.collect::<Option<_>>()?)
        }
        KeyType::Columns => list()?.is_empty().then(|| ConfigValue::Columns(Vec::new()))?,
        KeyType::Partition => list()?.is_empty().then(|| ConfigValue::Partition(Vec::new()))?,
        KeyType::Choice(_) => return None,
    })
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
    /// A form with keys of its own.
    Choice(&'static str, BTreeMap<&'static str, ConfigValue>),
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
