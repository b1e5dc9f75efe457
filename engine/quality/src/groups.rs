//! Rules that are tolerated group by group: the rows of each group, counted, and which rows are of groups that fail.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::row::{RowConverter, Rows, SortField};
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;

use crate::stage::Place;
use crate::{Judge, MetaColumns, Reason, StageError};

/// The values that make a group, encoded; NULL makes one too.
pub type GroupKey = Box<[u8]>;

/// The groups of a rule.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    /// The data columns whose values make them.
    pub columns: Vec<usize>,
    /// Those with more violations than are let pass: the violating rows of all others are [`Reason::Spared`].
    pub failing: Arc<HashSet<GroupKey>>,
}

/// The rows of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupCount {
    /// How many are judged.
    pub judged: u64,
    /// How many of them violate.
    pub violations: u64,
}

/// The groups of each rule, counted.
pub type GroupCounts = BTreeMap<u16, HashMap<GroupKey, GroupCount>>;

impl Groups {
    /// The encoded groups of the rows of a batch.
    ///
    /// # Errors
    /// A column has a type without an order.
    pub fn keys(&self, batch: &RecordBatch) -> Result<Rows> {
        let columns: Vec<ArrayRef> = self.columns.iter().map(|c| Arc::clone(batch.column(*c))).collect();
        let converter = RowConverter::new(columns.iter().map(|c| SortField::new(c.data_type().clone())).collect())?;
        Ok(converter.convert_columns(&columns)?)
    }

    /// The rows that are of a failing group.
    ///
    /// # Errors
    /// As [`Groups::keys`].
    pub fn of_failing(&self, batch: &RecordBatch) -> Result<BooleanBuffer> {
        if self.failing.is_empty() {
            return Ok(BooleanBuffer::new_unset(batch.num_rows()));
        }
        let keys = self.keys(batch)?;
        Ok(keys.iter().map(|key| self.failing.contains(key.as_ref())).collect())
    }

    /// The values of a group, as columns of one row.
    ///
    /// # Errors
    /// The key is none of these groups.
    pub fn values(&self, schema: &datafusion::arrow::datatypes::Schema, key: &GroupKey) -> Result<Vec<ArrayRef>> {
        let field = |c: &usize| SortField::new(schema.field(*c).data_type().clone());
        let converter = RowConverter::new(self.columns.iter().map(field).collect())?;
        let parser = converter.parser();
        Ok(converter.convert_rows([parser.parse(key)])?)
    }
}

/// Counts the rows of each group of the rules of `judge` that have groups, over one partition. Rows of files set aside do not count.
///
/// # Errors
/// The source or a rule's expression fails.
pub async fn count_groups(
    mut input: SendableRecordBatchStream,
    judge: &Judge,
    meta: MetaColumns,
    aside: &BTreeSet<u32>,
) -> Result<GroupCounts, StageError> {
    let mut counts = GroupCounts::new();
    while let Some(batch) = input.next().await {
        let batch = batch?;
        // A scan's batch is of one file.
        let place = Place::of(&batch, meta)?;
        if place.file.values().first().is_none_or(|file| aside.contains(file)) {
            continue;
        }
        let verdicts = judge.evaluate(&batch)?;
        for (rule, judged) in &verdicts.grouped {
            let Some(groups) = judge.groups.get(rule) else { continue };
            let mine = |r: &&(Reason, BooleanBuffer)| [Reason::Rule(*rule), Reason::Spared(*rule)].contains(&r.0);
            let violating: Vec<&BooleanBuffer> = verdicts.violations.iter().filter(mine).map(|(_, v)| v).collect();
            let counted = counts.entry(*rule).or_default();
            for (row, key) in groups.keys(&batch)?.iter().enumerate().filter(|(row, _)| judged.value(*row)) {
                let count = match counted.get_mut(key.as_ref()) {
                    Some(count) => count,
                    None => counted.entry(key.as_ref().into()).or_default(),
                };
                count.judged += 1;
                count.violations += u64::from(violating.iter().any(|v| v.value(row)));
            }
        }
    }
    Ok(counts)
}

/// Takes in what another partition has counted.
#[expect(clippy::iter_over_hash_type, reason = "sums do not depend on the order")]
pub fn merge_groups(all: &mut GroupCounts, other: GroupCounts) {
    for (rule, groups) in other {
        let mine = all.entry(rule).or_default();
        for (key, count) in groups {
            let sum = mine.entry(key).or_default();
            sum.judged += count.judged;
            sum.violations += count.violations;
        }
    }
}
