//! What a round proposes, kept until the gates have decided on all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, Float64Array, ListBuilder, RecordBatch, StringBuilder, UInt32Array};
use datafusion::arrow::datatypes::{Float64Type, UInt32Type};
use datafusion::common::ScalarValue;
use pipe_heal::proposal::resolve;

use super::block::refused;
use super::held::Held;
use super::propose::Proposed;
use super::rows::{Failing, numbered};
use crate::engine::Stopped;

/// Proposals that nothing contradicts, by block, what asked for them, and column.
#[derive(Default)]
pub struct Proposals {
    blocks: BTreeMap<usize, BTreeMap<(usize, usize), Held>>,
    /// Cells by what asked for them, and column.
    cells: BTreeMap<(usize, usize), u64>,
    /// Cells that got none because two proposals for them differ, by column.
    pub conflicts: BTreeMap<usize, u64>,
}

/// The proposals of one action for a column of a block.
pub struct Agreed {
    /// The rows in the block.
    pub rows: Vec<usize>,
    /// Their new values.
    pub values: ArrayRef,
    batch: RecordBatch,
}

impl Proposals {
    /// Takes in what all actions propose for a block, each with its place. Two for one cell that differ leave it as it is; of
    /// equal ones the first is what asked for it.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn add(&mut self, failing: &Failing, block: usize, proposed: Vec<(usize, Proposed)>) -> Result<(), Stopped> {
        let mut origin: BTreeMap<(u64, usize), (usize, Vec<String>)> = BTreeMap::new();
        let mut proposals = Vec::with_capacity(proposed.len());
        for (place, Proposed { proposal, arithmetic }) in proposed {
            origin.entry((proposal.row, proposal.column)).or_insert((place, arithmetic));
            proposals.push(proposal);
        }
        let resolution = resolve(proposals);
        for conflict in resolution.conflicts {
            *self.conflicts.entry(conflict.column).or_default() += 1;
        }
        let mut by_column: BTreeMap<(usize, usize), Vec<Proposed>> = BTreeMap::new();
        for proposal in resolution.agreed {
            let (place, arithmetic) = origin.remove(&(proposal.row, proposal.column)).unwrap_or_default();
            by_column.entry((place, proposal.column)).or_default().push(Proposed { proposal, arithmetic });
        }
        for (of, proposals) in by_column {
            *self.cells.entry(of).or_default() += proposals.len() as u64;
            let held = failing.keep(&written(proposals)?)?;
            self.blocks.entry(block).or_default().insert(of, held);
        }
        Ok(())
    }

    /// What asked for any, in order.
    pub fn places(&self) -> BTreeSet<usize> {
        self.cells.keys().map(|(place, _)| *place).collect()
    }

    /// The columns that what is at a place proposes for, with how many cells.
    pub fn columns(&self, place: usize) -> BTreeMap<usize, u64> {
        self.cells.iter().filter(|((p, _), _)| *p == place).map(|((_, column), n)| (*column, *n)).collect()
    }

    /// The blocks with a proposal of a place for a column, by index.
    pub fn blocks(&self, place: usize, column: usize) -> Vec<usize> {
        self.blocks.iter().filter(|(_, of)| of.contains_key(&(place, column))).map(|(index, _)| *index).collect()
    }

    /// The proposals of a place for a column of a block; `None`: none.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn load(&self, block: usize, place: usize, column: usize) -> Result<Option<Agreed>, Stopped> {
        let held = self.blocks.get(&block).and_then(|of| of.get(&(place, column)));
        let Some(batch) = held.map(Held::load).transpose().map_err(|e| refused(&e))? else { return Ok(None) };
        let rows = batch.column(0).as_primitive::<UInt32Type>().values().iter().map(|row| *row as usize).collect();
        Ok(Some(Agreed { rows, values: Arc::clone(batch.column(1)), batch }))
    }
}

impl Agreed {
    /// The confidence of one.
    pub fn confidence(&self, at: usize) -> f64 {
        self.batch.column(2).as_primitive::<Float64Type>().value(at)
    }

    /// How it was computed.
    pub fn arithmetic(&self, at: usize) -> Vec<String> {
        let lines = self.batch.column(3).as_list::<i32>().value(at);
        lines.as_string::<i32>().iter().flatten().map(str::to_owned).collect()
    }
}

/// Rows, values, confidences, arithmetic.
fn written(proposals: Vec<Proposed>) -> Result<RecordBatch, Stopped> {
    let (mut rows, mut values, mut confidences) = (Vec::new(), Vec::new(), Vec::new());
    let mut lines = ListBuilder::new(StringBuilder::new());
    for Proposed { proposal, arithmetic } in proposals {
        rows.push(numbered(usize::try_from(proposal.row).unwrap_or(usize::MAX))?);
        values.push(proposal.new);
        confidences.push(proposal.confidence);
        arithmetic.iter().for_each(|line| lines.values().append_value(line));
        lines.append(true);
    }
    let columns: [(&str, ArrayRef, bool); 4] = [
        ("row", Arc::new(UInt32Array::from(rows)), false),
        ("value", ScalarValue::iter_to_array(values)?, true),
        ("confidence", Arc::new(Float64Array::from(confidences)), false),
        ("arithmetic", Arc::new(lines.finish()), true),
    ];
    RecordBatch::try_from_iter_with_nullable(columns).map_err(|e| refused(&e))
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{Array, Int64Array};
    use datafusion::arrow::datatypes::{DataType, Field, Schema};
    use datafusion::physical_plan::empty::EmptyExec;
    use pipe_heal::proposal::Proposal;

    use super::*;
    use crate::pass::Input;

    fn none() -> Failing {
        let field = |name: &str, ty| Field::new(name, ty, true);
        let fields = [
            field("n", DataType::Int64),
            field("_file", DataType::UInt32),
            field("_line", DataType::UInt64),
            field("_row", DataType::UInt64),
        ];
        let schema = Arc::new(Schema::new(fields.to_vec()));
        let input = Input::rows(Arc::new(EmptyExec::new(schema)), 1, Vec::new());
        Failing::new(&input, std::path::Path::new(""), None, false)
    }

    fn proposed(row: u64, new: i64, confidence: f64) -> Proposed {
        let proposal = Proposal { row, column: 0, new: ScalarValue::Int64(Some(new)), clause: 1, confidence };
        Proposed { proposal, arithmetic: vec![format!("{new} at {confidence}")] }
    }

    #[test]
    fn what_agrees_is_read_back_and_what_conflicts_is_counted() {
        let mut proposals = Proposals::default();
        let of_block = vec![(0, proposed(4, 7, 0.5)), (0, proposed(5, 1, 1.0)), (1, proposed(5, 2, 1.0))];
        proposals.add(&none(), 3, of_block).unwrap();
        assert_eq!(proposals.columns(0), BTreeMap::from([(0, 1)]));
        assert_eq!(proposals.conflicts, BTreeMap::from([(0, 1)]));
        assert_eq!((proposals.places(), proposals.blocks(0, 0)), (BTreeSet::from([0]), vec![3]));
        let agreed = proposals.load(3, 0, 0).unwrap().unwrap();
        assert_eq!((agreed.rows.clone(), agreed.confidence(0)), (vec![4], 0.5));
        assert_eq!(agreed.values.as_ref(), &Int64Array::from(vec![7]) as &dyn Array);
        assert_eq!(agreed.arithmetic(0), ["7 at 0.5"]);
        assert!(proposals.load(3, 1, 0).unwrap().is_none());
    }
}
