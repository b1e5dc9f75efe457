//! What is remembered of a column: enough to recognise it under another name, small enough to keep for every run.
//!
//! The sketch is a bottom-k (KMV) sketch: the `k` least hashes of distinct values (Cohen and Kaplan, "Summarizing data
//! using bottom-k sketches", PODC 2007). It does not depend on the order of values and merges, so a profile is the same on
//! any number of threads. Quantiles and forms are those of the values in the sketch: a uniform sample of distinct ones.

use std::collections::BTreeMap;

use pipe_schema::Type;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::form::{Form, Value};

/// Distinct values remembered.
pub const SKETCH: usize = 256;

/// What is remembered of a column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ColumnProfile {
    /// Its name.
    pub name: String,
    /// The type's word, where one is declared: `decimal`.
    pub ty: Option<String>,
    /// Its place among the columns, from 0 (first) to 1 (last).
    #[serde(with = "exact")]
    pub position: f64,
    /// Rows seen.
    pub rows: u64,
    /// Of them NULL or blank.
    pub nulls: u64,
    /// The least hashes of distinct values, ascending; all of them when fewer than [`SKETCH`].
    pub sketch: Vec<u64>,
    /// How many of the sketch's values have which form.
    pub forms: BTreeMap<Form, u32>,
    /// How many of the sketch's values have which shape (a hash of letters, digits and marks).
    pub shapes: BTreeMap<u64, u32>,
    /// The 10%, 25%, 50%, 75% and 90% quantiles of the number of characters of the sketch's values.
    #[serde(with = "exact_list")]
    pub lengths: Vec<f64>,
    /// The same of those that are numbers, or points in time as days.
    #[serde(with = "exact_list")]
    pub numbers: Vec<f64>,
}

impl ColumnProfile {
    /// The share of NULL or blank.
    pub fn null_share(&self) -> f64 {
        crate::failure::ratio(self.nulls, self.rows)
    }

    /// The number of distinct values; estimated from the sketch when there are more than it holds.
    pub fn distinct(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        match self.sketch.last() {
            Some(last) if self.sketch.len() >= SKETCH => (SKETCH - 1) as f64 / (*last as f64 / u64::MAX as f64),
            _ => self.sketch.len() as f64,
        }
    }

    /// The share of the sketch's values of these forms; 0 without values.
    pub fn share_of(&self, forms: &[Form]) -> f64 {
        let all: u32 = self.forms.values().sum();
        let of: u32 = forms.iter().filter_map(|f| self.forms.get(f)).sum();
        crate::failure::ratio(u64::from(of), u64::from(all))
    }

    /// The share of values that convert to a type; 1 for types any text converts to. `None` without values.
    pub fn conforms(&self, ty: &Type) -> Option<f64> {
        if self.sketch.is_empty() {
            return None;
        }
        Some(match ty {
            Type::TinyInt | Type::SmallInt | Type::Int | Type::BigInt => self.share_of(&[Form::Integer]),
            Type::Float | Type::Double | Type::Decimal(..) => self.share_of(&[Form::Integer, Form::Number]),
            // 0 and 1 are booleans too, where there is nothing else.
            Type::Boolean if self.sketch.len() <= 2 => self.share_of(&[Form::Boolean, Form::Integer]),
            Type::Boolean => self.share_of(&[Form::Boolean]),
            Type::Date | Type::Timestamp | Type::TimestampTz => self.share_of(&[Form::Date, Form::Timestamp]),
            Type::Uuid => self.share_of(&[Form::Uuid]),
            Type::Text | Type::Bytes | Type::Time | Type::Json | Type::List(_) | Type::Struct(_) => 1.0,
        })
    }
}

/// Builds a profile from values, in any order.
#[derive(Clone, Debug, Default)]
pub struct ProfileBuilder {
    rows: u64,
    nulls: u64,
    seen: BTreeMap<u64, Seen>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    form: Form,
    length: u32,
    shape: u64,
    number: Option<f64>,
}

impl ProfileBuilder {
    /// Nothing seen.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a cell's text; blank counts as NULL. A number or a point in time counts as the same value however it is
    /// written: `30`, `30.00`; `2026-01-01 12:00`, `2026-01-01T12:00:00`.
    pub fn push(&mut self, cell: Option<&str>) {
        self.rows += 1;
        let text = cell.unwrap_or_default().trim();
        if text.is_empty() {
            self.nulls += 1;
            return;
        }
        let Value { form, number } = Value::of(text);
        let hash = match number {
            // A day and its number since 1970 are not the same value.
            Some(days) if matches!(form, Form::Date | Form::Timestamp) => {
                xxh3_64(&(days + 0.0).to_bits().to_be_bytes())
            }
            Some(number) => xxh3_64(&(number + 0.0).to_bits().to_le_bytes()),
            None => xxh3_64(text.as_bytes()),
        };
        if self.seen.len() >= SKETCH && self.seen.last_key_value().is_some_and(|(last, _)| hash > *last) {
            return;
        }
        let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        let new = Seen { form, length, shape: shape(text), number };
        // The same number may be written in two ways: the least stands for both, whatever the order.
        let kept = self.seen.entry(hash).or_insert(new);
        if new.key() < kept.key() {
            *kept = new;
        }
        if self.seen.len() > SKETCH {
            self.seen.pop_last();
        }
    }

    /// Takes what another has seen.
    pub fn merge(&mut self, other: ProfileBuilder) {
        self.rows += other.rows;
        self.nulls += other.nulls;
        for (hash, new) in other.seen {
            let kept = self.seen.entry(hash).or_insert(new);
            if new.key() < kept.key() {
                *kept = new;
            }
        }
        while self.seen.len() > SKETCH {
            self.seen.pop_last();
        }
    }

    /// The profile; `place` is the column's index among `columns`.
    pub fn finish(&self, name: &str, ty: Option<&Type>, place: usize, columns: usize) -> ColumnProfile {
        let mut forms = BTreeMap::new();
        let mut shapes = BTreeMap::new();
        for seen in self.seen.values() {
            *forms.entry(seen.form).or_default() += 1;
            *shapes.entry(seen.shape).or_default() += 1;
        }
        ColumnProfile {
            name: name.to_owned(),
            ty: ty.map(|t| t.word().to_owned()),
            position: crate::failure::ratio(place as u64, columns.saturating_sub(1) as u64),
            rows: self.rows,
            nulls: self.nulls,
            sketch: self.seen.keys().copied().collect(),
            forms,
            shapes,
            lengths: quantiles(self.seen.values().map(|s| f64::from(s.length)).collect()),
            numbers: quantiles(self.seen.values().filter_map(|s| s.number).collect()),
        }
    }
}

impl Seen {
    fn key(&self) -> (u32, u64, Form) {
        (self.length, self.shape, self.form)
    }
}

/// A hash of the pattern of letters, digits and marks, runs taken together: `AB-12` and `XYZ-7` have the same. Twelve runs
/// at most: prose has no shape of its own.
fn shape(text: &str) -> u64 {
    let mut pattern = String::new();
    for c in text.chars() {
        let class = if c.is_numeric() {
            '9'
        } else if c.is_alphabetic() {
            'a'
        } else {
            c
        };
        if !pattern.ends_with(class) {
            pattern.push(class);
        }
        if pattern.len() >= 12 {
            break;
        }
    }
    xxh3_64(pattern.as_bytes())
}

/// 10%, 25%, 50%, 75%, 90%, by nearest rank; empty without values.
fn quantiles(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    let rank = |percent: usize| values.get((values.len() * percent).div_ceil(100).saturating_sub(1)).copied();
    [10, 25, 50, 75, 90].into_iter().filter_map(rank).collect()
}

/// Numbers as texts: JSON readers may round the last bit of a number, and a baseline must come back as it was.
mod exact {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(number: &f64, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(number)
    }

    pub fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<f64, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// The same for several.
mod exact_list {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(numbers: &[f64], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(numbers.iter().map(f64::to_string))
    }

    pub fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Vec<f64>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        texts.iter().map(|t| t.parse().map_err(D::Error::custom)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn profile(cells: &[Option<&str>]) -> ColumnProfile {
        let mut builder = ProfileBuilder::new();
        cells.iter().for_each(|c| builder.push(*c));
        builder.finish("c", Some(&Type::Decimal(10, 2)), 1, 3)
    }

    #[test]
    fn what_is_seen_of_a_column() {
        let p = profile(&[Some("1.50"), None, Some(" 2 "), Some(""), Some("2.0"), Some("x")]);
        assert_eq!((p.rows, p.nulls, p.sketch.len()), (6, 2, 3), "`2` and `2.0` are one value");
        assert_eq!((p.ty.as_deref(), p.position), (Some("decimal"), 0.5));
        assert!((p.conforms(&Type::Double).unwrap() - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(p.conforms(&Type::Text), Some(1.0));
        assert_eq!(profile(&[None]).conforms(&Type::Text), None);
        assert_eq!(p.numbers, [1.5, 1.5, 1.5, 2.0, 2.0]);
    }

    #[test]
    fn distinct_values_are_estimated() {
        let mut builder = ProfileBuilder::new();
        for i in 0..20_000 {
            builder.push(Some(&format!("v{i}")));
        }
        let p = builder.finish("c", None, 0, 1);
        assert_eq!(p.sketch.len(), SKETCH);
        assert!((p.distinct() - 20_000.0).abs() < 4_000.0, "{}", p.distinct());
    }

    fn cells() -> impl Strategy<Value = Vec<Option<String>>> {
        let cell = prop_oneof![
            Just(None),
            "[a-z]{0,6}".prop_map(Some),
            (-1_000i32..1_000).prop_map(|n| Some(n.to_string())),
            (-1e6f64..1e6).prop_map(|n| Some(n.to_string())),
            (0u8..60).prop_map(|d| Some(format!("2026-01-{d:02}"))),
            "\\PC{0,20}".prop_map(Some),
        ];
        prop::collection::vec(cell, 0..600)
    }

    proptest! {
        #[test]
        fn json_gives_it_back(cells in cells()) {
            let mut builder = ProfileBuilder::new();
            cells.iter().for_each(|c| builder.push(c.as_deref()));
            let p = builder.finish("größe", Some(&Type::Text), 2, 7);
            let json = serde_json::to_string(&p).unwrap();
            prop_assert_eq!(serde_json::from_str::<ColumnProfile>(&json).unwrap(), p);
        }

        #[test]
        fn neither_order_nor_partitions_matter(cells in cells(), at in 0usize..600) {
            let build = |cells: &mut dyn Iterator<Item = &Option<String>>| {
                let mut b = ProfileBuilder::new();
                cells.for_each(|c| b.push(c.as_deref()));
                b
            };
            let whole = build(&mut cells.iter()).finish("c", None, 0, 1);
            let back = build(&mut cells.iter().rev()).finish("c", None, 0, 1);
            let (one, two) = cells.split_at(at.min(cells.len()));
            let mut merged = build(&mut two.iter());
            merged.merge(build(&mut one.iter()));
            prop_assert_eq!(&whole, &back);
            prop_assert_eq!(&whole, &merged.finish("c", None, 0, 1));
        }
    }
}
