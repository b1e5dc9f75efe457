//! A profile from what runs have kept of the columns they committed: states that merge. No row is read.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::arrow::datatypes::DataType;
use pipe_diagnostics::codes::run as codes;
use pipe_diagnostics::{Diagnostic, Severity};
use pipe_profile::metrics::ColumnMetrics;
use pipe_profile::{Profile, Settings};
use pipe_schema::Type;
use pipe_state::{BatchColumns, Scope};

use crate::look::Look;
use crate::{Options, errors};

/// A column as several batches together show it.
struct Merged {
    ty: DataType,
    metrics: ColumnMetrics,
}

/// Profiles the columns of a table from its latest batches: of a load that adds, all those whose rows are still there, of one that replaces
/// what it wrote the latest. `partition` is the folder's name of one, `day=2026-01-31`.
///
/// # Errors
/// Nothing is kept of the table or the partition; the state cannot be read.
pub fn profile_kept(
    options: &Options,
    table: &str,
    partition: Option<&str>,
    settings: Settings,
) -> Result<Profile, Vec<Diagnostic>> {
    let look = Look::still(&options.state).map_err(|d| vec![d])?;
    let mut batches = look.state.column_states(table).map_err(|e| vec![errors::state(&e)])?;
    // What is of the whole table says all there is to say.
    if let Some(last) = batches.iter().rposition(|b| b.scope == Scope::Whole) {
        batches = batches.split_off(last);
        batches.truncate(1);
    }
    let partitions: BTreeSet<String> =
        batches.iter().flat_map(|b| &b.columns).map(|c| c.partition.clone()).filter(|p| !p.is_empty()).collect();
    let wanted = partition.unwrap_or_default();
    // Of a batch that was replaced in part the partitions are left that were not.
    for batch in batches.iter_mut().filter(|_| partition.is_none()) {
        if batch.columns.iter().all(|c| !c.partition.is_empty()) {
            batch.columns.iter_mut().for_each(|c| c.partition.clear());
        }
    }
    batches.retain(|b| b.columns.iter().any(|c| c.partition == wanted));
    let (Some(first), Some(last)) = (batches.first(), batches.last()) else {
        return Err(vec![nothing(table, partition, &partitions)]);
    };
    let when = |b: &BatchColumns| b.at.get(..10).unwrap_or(&b.at).to_owned();
    let span = match batches.len() {
        1 => format!("of what the run of {} committed", when(last)),
        n => format!("of what {n} runs committed, from {} to {}", when(first), when(last)),
    };
    let mut notes = vec![format!("{span}; no row was read")];
    let (mut order, mut merged): (Vec<String>, BTreeMap<String, Merged>) = (Vec::new(), BTreeMap::new());
    for column in batches.iter().flat_map(|b| &b.columns).filter(|c| c.partition == wanted) {
        let metrics = ColumnMetrics::from_bytes(&column.state).map_err(|e| vec![errors::internal(&e)])?;
        let ty = Type::parse(&column.ty).map_or(DataType::Utf8, |ty| pipe_compile::types::to_arrow(&ty));
        match merged.get_mut(&column.column) {
            Some(known) if known.metrics.kind() == metrics.kind() => {
                known.metrics.merge(metrics).map_err(|e| vec![errors::internal(&e)])?;
            }
            known => {
                // A column that has another type now is told from then on.
                if known.is_none() {
                    order.push(column.column.clone());
                }
                merged.insert(column.column.clone(), Merged { ty, metrics });
            }
        }
    }
    if partition.is_none()
        && let (Some(first), Some(last)) = (partitions.first(), partitions.last())
    {
        let n = partitions.len();
        notes.push(format!("{n} partitions, `{first}` to `{last}`: `--partition '{last}'` looks at one"));
    }
    let columns = order.into_iter().filter_map(|name| {
        let Merged { ty, metrics } = merged.remove(&name)?;
        Some((name, ty, metrics))
    });
    let profile = Profile::of_metrics(table, columns, settings, pipe_compile::types::describe);
    let mut profile = profile.map_err(|e| vec![errors::internal(&e)])?;
    profile.notes = notes;
    Ok(profile)
}

fn nothing(table: &str, partition: Option<&str>, known: &BTreeSet<String>) -> Diagnostic {
    let Some(partition) = partition else {
        let message = format!("nothing is kept of the columns of `{table}`");
        let help = "runs look at columns closely where a rule asks for earlier ones: give the table one, such as \
                    `usual: row count within 3 sigma over last 14 runs;`, and run";
        return Diagnostic::new(codes::UNKNOWN_TARGET, Severity::Error, message).help(help);
    };
    let message = format!("nothing is kept of the partition `{partition}` of `{table}`");
    let near = pipe_diagnostics::nearest(partition, known.iter().map(String::as_str));
    let help = match near.or(known.last().map(String::as_str)) {
        Some(near) => format!("there is `{near}`"),
        None => format!("no load of `{table}` has a partition that was looked at"),
    };
    Diagnostic::new(codes::UNKNOWN_TARGET, Severity::Error, message).help(help)
}
