//! References: columns whose values are keys of another table.

use std::collections::BTreeSet;

use arrow::array::{Array, RecordBatch};

use crate::cells::{Kind, NULL_HASH, Prepared};
use crate::metrics::MetricsError;
use crate::profiler::Profiler;

/// Keys of another table that are held at most; a larger one is not looked at.
const KEYS: usize = 4_000_000;
/// Of a column's values in the sample, so many must be keys.
const INCLUDED: f64 = 0.95;

/// The values of a column of another table, as long as no two are the same.
#[derive(Clone, Debug, Default)]
pub struct KeyValues {
    /// The column.
    pub column: String,
    kind: Option<Kind>,
    hashes: BTreeSet<u64>,
    /// Whether it is no key, or too large.
    out: bool,
}

impl KeyValues {
    /// Of a column that is not looked at yet.
    pub fn new(column: String) -> Self {
        Self { column, ..Self::default() }
    }

    /// Takes the columns of a batch in, one for each of `columns`.
    ///
    /// # Errors
    /// A value that Arrow cannot print.
    pub fn update(columns: &mut [KeyValues], batch: &RecordBatch) -> Result<(), MetricsError> {
        for (values, array) in columns.iter_mut().zip(batch.columns()).filter(|(values, _)| !values.out) {
            let kind = Kind::of(array.data_type());
            values.kind = Some(kind);
            // What is missing cannot be referred to, and no one refers to measures or yes and no.
            values.out = array.null_count() > 0 || matches!(kind, Kind::Float | Kind::Boolean | Kind::Nested);
            if !values.out {
                let prepared = Prepared::new(array)?;
                values.out =
                    !prepared.hashes.iter().all(|hash| values.hashes.insert(*hash)) || values.hashes.len() > KEYS;
            }
            if values.out {
                values.hashes = BTreeSet::new();
            }
        }
        Ok(())
    }
}

/// A reference that the sample shows.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferenceCandidate {
    /// The place of the column.
    pub column: usize,
    /// The column of the other table.
    pub key: String,
    /// Of the other table's keys, how many the sample refers to.
    pub coverage: f64,
    /// How alike the names are.
    pub name: f64,
}

/// The columns of a table whose values are keys of `table`.
///
/// Small whole numbers are keys of every table that counts from 1, so inclusion alone is no evidence: the names must be alike (`customer_id`, `customers.id`), or
/// the keys must be such that nothing is among them by chance (texts that are no numbers) and a good part of them must be referred to.
pub fn references(profiler: &Profiler, names: &[String], table: &str, keys: &[KeyValues]) -> Vec<ReferenceCandidate> {
    let mut found = Vec::new();
    for (column, (name, metrics)) in names.iter().zip(profiler.metrics()).enumerate() {
        let values: BTreeSet<u64> = profiler
            .sample()
            .rows()
            .filter_map(|row| row.hashes.get(column).copied())
            .filter(|hash| *hash != NULL_HASH)
            .collect();
        let kind = metrics.kind();
        let mut best: Option<ReferenceCandidate> = None;
        for key in keys.iter().filter(|key| key.kind == Some(kind) && !key.hashes.is_empty()) {
            let known = values.intersection(&key.hashes).count() as f64;
            if values.len() < 2 || known < INCLUDED * values.len() as f64 {
                continue;
            }
            let coverage = known / key.hashes.len() as f64;
            let alike = alike(name, table, &key.column);
            let by_chance = kind != Kind::Text && kind != Kind::Bytes;
            let likely = if by_chance { alike >= 0.8 } else { alike >= 0.8 || coverage >= 0.2 };
            if likely && best.as_ref().is_none_or(|b| (alike, coverage) > (b.name, b.coverage)) {
                best = Some(ReferenceCandidate { column, key: key.column.clone(), coverage, name: alike });
            }
        }
        found.extend(best);
    }
    found
}

/// How alike a column's name is to what one would call a reference to a key: `customer_id` to `customers.id`, `country` to `countries.code`, `sku`
/// to `products.sku`. From 0 to 1.
fn alike(column: &str, table: &str, key: &str) -> f64 {
    let plain = |text: &str| text.to_lowercase().replace(|c: char| !c.is_alphanumeric(), "");
    let one = singular(&plain(table));
    let (column, key) = (plain(column), plain(key));
    let generic = ["id", "key", "code", "no", "nr", "number", "name", "uuid", "sk"].contains(&key.as_str());
    let names = [format!("{one}{key}"), one.clone(), if generic { String::new() } else { key.clone() }];
    let similar = |name: &String| if name.is_empty() { 0.0 } else { strsim::jaro_winkler(&column, name) };
    let written = names.iter().map(similar).fold(0.0, f64::max);
    // `buyer_customer_id`: what comes before tells which one.
    if names.iter().any(|name| name.len() > 3 && column.ends_with(name.as_str())) {
        written.max(0.9)
    } else {
        written.powi(2)
    }
}

fn singular(table: &str) -> String {
    if let Some(stem) = table.strip_suffix("ies") {
        return format!("{stem}y");
    }
    let stem = table.strip_suffix("ses").map(|stem| format!("{stem}s"));
    stem.unwrap_or_else(|| table.strip_suffix('s').unwrap_or(table).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_references_are_like_their_keys() {
        for (column, table, key) in [
            ("customer_id", "customers", "id"),
            ("customerId", "customers", "id"),
            ("country", "countries", "code"),
            ("sku", "products", "sku"),
            ("buyer_customer_id", "customers", "id"),
        ] {
            assert!(alike(column, table, key) >= 0.8, "{column} {table}.{key}: {}", alike(column, table, key));
        }
        for (column, table, key) in
            [("quantity", "customers", "id"), ("id", "customers", "id"), ("order_id", "customers", "id")]
        {
            assert!(alike(column, table, key) < 0.8, "{column} {table}.{key}: {}", alike(column, table, key));
        }
    }
}
