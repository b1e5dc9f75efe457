//! Keys, dependencies and references that a sample suggests, counted on all rows.

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::{Int64Type, SchemaRef};
use datafusion::common::{Column, JoinType};
use datafusion::error::Result;
use datafusion::functions_aggregate::expr_fn::{count, max, sum};
use datafusion::logical_expr::{Expr, lit, when};
use datafusion::prelude::DataFrame;
use pipe_connect::source::meta;
use pipe_profile::{Dependency, DependencyCandidate, Key, Profile, Profiler, Reference, ReferenceCandidate, rounded};

/// Dependencies that are verified of a large table and of a small one; the others are told as the sample shows them.
const DEPENDENCIES: [usize; 2] = [30, 300];
/// Up to so many rows a table is small.
const SMALL: u64 = 100_000;
/// Of the rows, so many may have a key that another row has, too, for a column to be told as nearly a key: one in a hundred repeats
/// another one.
const NEARLY: f64 = 0.02;

/// A column by exactly this name.
pub fn column(name: &str) -> Expr {
    Expr::Column(Column::from_name(name))
}

/// How many records of a source cannot be parsed.
///
/// # Errors
/// The rows cannot be read.
pub async fn broken_rows(rows: &DataFrame) -> Result<u64> {
    if !rows.schema().has_column_with_unqualified_name(meta::BAD) {
        return Ok(0);
    }
    Ok(rows.clone().filter(column(meta::BAD).is_not_null())?.count().await? as u64)
}

/// The rows but for records that cannot be parsed.
pub fn good_rows(rows: DataFrame, schema: &SchemaRef) -> Result<DataFrame> {
    if schema.column_with_name(meta::BAD).is_none() {
        return Ok(rows);
    }
    rows.filter(column(meta::BAD).is_null())
}

fn named(columns: &[String], places: &[usize]) -> Vec<String> {
    places.iter().filter_map(|place| columns.get(*place).cloned()).collect()
}

/// One number for each column of the only row.
async fn numbers(rows: DataFrame) -> Result<Vec<u64>> {
    let width = rows.schema().fields().len();
    let batches = rows.collect().await?;
    let first = batches.iter().find(|b| b.num_rows() > 0);
    let cell = |place: usize| {
        let array = first.and_then(|b| b.columns().get(place))?;
        let values = datafusion::arrow::compute::cast(array, &datafusion::arrow::datatypes::DataType::Int64).ok()?;
        values.as_primitive::<Int64Type>().iter().next().flatten()
    };
    Ok((0..width).map(|place| cell(place).and_then(|n| u64::try_from(n).ok()).unwrap_or_default()).collect())
}

/// How many rows there are of each combination of values: `k0`, `k1`, … and `rows`. Rows with a NULL in one of the first `present` columns are left out.
fn counted(rows: &DataFrame, columns: &[String], present: usize) -> Result<DataFrame> {
    let mut rows = rows.clone();
    let filter = columns.iter().take(present).map(|name| column(name).is_not_null()).reduce(Expr::and);
    if let Some(filter) = filter {
        rows = rows.filter(filter)?;
    }
    let keys: Vec<String> = (0..columns.len()).map(|i| format!("k{i}")).collect();
    let renamed = columns.iter().zip(&keys).map(|(name, key)| column(name).alias(key));
    let rows = rows.select(renamed.collect::<Vec<_>>())?;
    rows.aggregate(keys.iter().map(|k| column(k)).collect(), vec![count(lit(1)).alias("rows")])
}

/// Counts, for each key that the sample suggests, the rows that are not told apart by it. Those with many are no keys after all.
pub async fn keys(profile: &mut Profile, profiler: &Profiler, columns: &[String], rows: &DataFrame) -> Result<()> {
    for candidate in pipe_profile::keys(profiler) {
        let names = named(columns, &candidate.columns);
        let several = when(column("rows").gt(lit(1)), column("rows")).otherwise(lit(0_i64))?;
        let sums = vec![sum(several).alias("several"), sum(column("rows")).alias("all")];
        let found = numbers(counted(rows, &names, names.len())?.aggregate(Vec::new(), sums)?).await?;
        let [duplicates, compared] = found.as_slice() else { continue };
        let nearly = names.len() == 1 && *duplicates as f64 <= NEARLY * *compared as f64;
        if *duplicates == 0 || nearly {
            let nulls = Some(profile.rows - compared);
            profile.keys.push(Key { columns: names, duplicates: Some(*duplicates), nulls });
        }
    }
    Ok(())
}

/// Counts, for each dependency that the sample suggests, the rows that differ from their group.
pub async fn dependencies(
    profile: &mut Profile,
    profiler: &Profiler,
    columns: &[String],
    rows: &DataFrame,
) -> Result<()> {
    let candidates = pipe_profile::dependencies(profiler.sample(), columns.len(), |column| profiler.is_measure(column));
    let [of_large, of_small] = DEPENDENCIES;
    let verified = if profile.rows <= SMALL { of_small } else { of_large };
    for (number, candidate) in candidates.iter().enumerate() {
        let Some(mut told) = told(candidate, columns) else { continue };
        if number < verified {
            let mut both = told.columns.clone();
            both.push(told.determines.clone());
            // Of the column that is decided NULL is a value like any other.
            let pairs = counted(rows, &both, told.columns.len())?;
            let keys = (0..told.columns.len()).map(|i| column(&format!("k{i}"))).collect();
            let most = vec![sum(column("rows")).alias("all"), max(column("rows")).alias("most")];
            let groups = pairs.aggregate(keys, most)?;
            let sums = vec![sum(column("all")).alias("all"), sum(column("most")).alias("most")];
            let found = numbers(groups.aggregate(Vec::new(), sums)?).await?;
            let [all, most] = found.as_slice() else { continue };
            let bound = if candidate.disputed { pipe_profile::DISPUTED } else { pipe_profile::VIOLATIONS };
            if (all - most) as f64 > bound * *all as f64 {
                continue;
            }
            (told.violations, told.compared) = (Some(all - most), Some(*all));
        }
        profile.dependencies.push(told);
    }
    if candidates.len() > verified {
        let more = candidates.len() - verified;
        profile.notes.push(format!("{more} more dependencies are told as the sample shows them, not verified"));
    }
    Ok(())
}

fn told(candidate: &DependencyCandidate, columns: &[String]) -> Option<Dependency> {
    Some(Dependency {
        columns: named(columns, &candidate.columns),
        determines: columns.get(candidate.determines)?.clone(),
        sample_violations: rounded(candidate.violations),
        chance: rounded(candidate.chance),
        disputed: candidate.disputed,
        wrong: candidate.wrong.clone(),
        violations: None,
        compared: None,
    })
}

/// Counts, for each reference to a table that the sample suggests, the rows whose value is no key there.
pub async fn references(
    profile: &mut Profile,
    candidates: Vec<ReferenceCandidate>,
    columns: &[String],
    table: &str,
    rows: &DataFrame,
    other: &DataFrame,
) -> Result<()> {
    for candidate in candidates {
        let Some(name) = columns.get(candidate.column) else { continue };
        let values = rows.clone().filter(column(name).is_not_null())?.select(vec![column(name).alias("value")])?;
        let keys = other.clone().select(vec![column(&candidate.key).alias("key")])?;
        let orphans = values.clone().join(keys, JoinType::LeftAnti, &["value"], &["key"], None)?;
        let count_of = |rows: DataFrame| rows.aggregate(Vec::new(), vec![count(lit(1)).alias("rows")]);
        let orphans = numbers(count_of(orphans)?).await?.first().copied();
        let compared = numbers(count_of(values)?).await?.first().copied();
        profile.references.push(Reference {
            column: name.clone(),
            table: table.to_owned(),
            key: candidate.key,
            coverage: rounded(candidate.coverage),
            name: rounded(candidate.name),
            orphans,
            compared,
        });
    }
    Ok(())
}
