//! The failing rows of a table. They are in blocks that are kept in memory while they are few, and in files beyond that; what
//! is held of each row besides is a few bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::UInt16Type;
use pipe_connect::source::meta;
use pipe_quality::{Judge, Reason};

use super::block::{Block, Shape, as_read, refused};
use super::held::{Held, Store};
use super::ids::{Ids, Numbered, RowId, row_ids};
use super::reasons::{ReasonSets, SetId};
use crate::engine::Stopped;
use crate::errors;
use crate::pass::Input;
use crate::quarantine::REASONS;

/// Rows of a block, at least, but for the last one.
const BLOCK: usize = 8 << 10;
/// Bytes of failing rows, and of what is proposed for them, that are held in memory: at most, and half of what there is.
const HELD: usize = 32 << 20;

/// A step of a clause that repairs, with its heal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The clause, by index.
    pub clause: usize,
    /// Which of its step groups, by index.
    pub group: usize,
    /// Its heal, by place among the heals of the table.
    pub heal: usize,
}

/// A duplicate that a `dedupe` removes, or would.
#[derive(Clone, Copy, Debug)]
pub struct Removal {
    step: u32,
    survivor: u32,
}

impl Removal {
    /// The step, by index among those of the table.
    pub fn step(self) -> usize {
        self.step as usize
    }

    /// The row that stays.
    pub fn survivor(self) -> usize {
        self.survivor as usize
    }
}

/// Decided whatever else a row violates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// A `dedupe` removed it.
    Removed,
    /// A proposal for it waits.
    Waits,
    /// A person took the only repair there is for it back: it stays in quarantine.
    Undone,
}

/// A block as it is kept.
#[derive(Clone)]
pub struct KeptBlock {
    first: usize,
    rows: usize,
    read: Held,
    now: Option<Held>,
    /// Changed cells by step and column.
    changed: BTreeMap<(usize, usize), u64>,
    /// Whether it was written to since it was judged.
    stale: bool,
}

impl KeptBlock {
    /// Its rows, among all failing ones.
    pub fn rows(&self) -> Range<usize> {
        self.first..self.first + self.rows
    }

    /// The block.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn load(&self, shape: &Arc<Shape>) -> Result<Block, datafusion::arrow::error::ArrowError> {
        let now = self.now.as_ref().map(Held::load).transpose()?;
        Block::new(shape, self.first, self.read.load()?, now.as_ref())
    }
}

/// The failing rows. A copy shares the blocks, which are never changed but replaced.
#[derive(Clone)]
pub struct Failing {
    /// What the rows look like.
    pub shape: Arc<Shape>,
    store: Arc<Store>,
    blocks: Vec<KeptBlock>,
    /// What rows violate, by number.
    pub sets: ReasonSets,
    /// What each row violated as read.
    pub reasons: Vec<SetId>,
    /// What the row rules find of each row as it is now.
    pub judged: Vec<SetId>,
    /// What became of a row before its reasons decide: a removed duplicate, a waiting one.
    pub settled: Vec<Option<Settled>>,
    /// Of removed duplicates, and of those that wait to be.
    removed_by: BTreeMap<u32, Removal>,
    /// The steps that changes and removals point at.
    steps: Vec<Step>,
    /// Rows by what they are.
    ids: Ids,
    /// Whether rows are looked up by what they are.
    looked_up: bool,
}

impl Failing {
    /// None yet. What is too much for the memory there is, in bytes (`None`: no bound), goes to files in `dir`; `looked_up` says
    /// whether rows are asked for by their ids.
    pub fn new(input: &Input, dir: &Path, memory: Option<usize>, looked_up: bool) -> Self {
        let held = memory.map_or(HELD, |memory| HELD.min(memory / 2));
        Self {
            shape: Arc::new(Shape::new(input)),
            store: Arc::new(Store::new(dir, held)),
            blocks: Vec::new(),
            sets: ReasonSets::default(),
            reasons: Vec::new(),
            judged: Vec::new(),
            settled: Vec::new(),
            removed_by: BTreeMap::new(),
            steps: Vec::new(),
            ids: Ids::default(),
            looked_up,
        }
    }

    /// Adds rows, batch by batch.
    pub fn filling(&mut self) -> Filling<'_> {
        Filling { failing: self, pending: Vec::new(), rows: 0, ids: Vec::new() }
    }

    /// Keeps rows as a block; gives it back.
    fn block(&mut self, rows: &RecordBatch) -> Result<KeptBlock, Stopped> {
        let first = self.blocks.last().map_or(0, |last| last.rows().end);
        let read = self.store.keep(rows).map_err(|e| refused(&e))?;
        let (rows, changed) = (rows.num_rows(), BTreeMap::new());
        let kept = KeptBlock { first, rows, read, now: None, changed, stale: false };
        self.blocks.push(kept.clone());
        Ok(kept)
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.reasons.len()
    }

    /// The row that this is, if it is one of them.
    pub fn find(&self, id: RowId) -> Option<usize> {
        self.ids.find(id)
    }

    /// Which rows they are, each with its place among them; none where rows are not looked up.
    pub fn ids(&self) -> &Ids {
        &self.ids
    }

    /// Of what is found of rows, that of rows among these, by row.
    pub fn places<'f>(&'f self, found: &'f Ids) -> impl Iterator<Item = (usize, &'f Numbered)> {
        found.iter().filter_map(|n| Some((self.find(n.id())?, n)))
    }

    /// The blocks, to be loaded later.
    pub fn kept(&self) -> &[KeptBlock] {
        &self.blocks
    }

    /// The rows of a block.
    pub fn rows_of(&self, index: usize) -> Range<usize> {
        self.blocks.get(index).map_or(0..0, KeptBlock::rows)
    }

    /// The block of a row, by index.
    pub fn block_of(&self, row: usize) -> usize {
        self.blocks.partition_point(|b| b.rows().end <= row)
    }

    /// The blocks with a row of which this holds, by index.
    pub fn blocks_with(&self, holds: impl Fn(usize) -> bool) -> Vec<usize> {
        let with = |kept: &KeptBlock| kept.rows().any(&holds);
        self.blocks.iter().enumerate().filter(|(_, b)| with(b)).map(|(i, _)| i).collect()
    }

    /// The blocks with a changed cell, by index.
    pub fn changed_blocks(&self) -> Vec<usize> {
        self.blocks.iter().enumerate().filter(|(_, b)| !b.changed.is_empty()).map(|(i, _)| i).collect()
    }

    /// All blocks, one after the other.
    pub fn blocks(&self) -> impl Iterator<Item = Result<Block, Stopped>> + '_ {
        (0..self.blocks.len()).map(|index| self.load(index))
    }

    /// A block.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn load(&self, index: usize) -> Result<Block, Stopped> {
        let kept =
            self.blocks.get(index).ok_or_else(|| errors::internal(&"a block of failing rows that is not there"))?;
        kept.load(&self.shape).map_err(|e| refused(&e))
    }

    /// Keeps a block as it has become.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn put(&mut self, index: usize, block: &Block) -> Result<(), Stopped> {
        let Some(kept) = self.blocks.get_mut(index) else { return Ok(()) };
        // The memory of what it was is free for what it is.
        kept.now = None;
        let now = block.now().map_err(|e| refused(&e))?;
        kept.now = now.map(|now| self.store.keep(&now)).transpose().map_err(|e| refused(&e))?;
        kept.stale = true;
        kept.changed.clear();
        for ((_, column), change) in &block.changes {
            *kept.changed.entry((change.step, *column)).or_default() += 1;
        }
        Ok(())
    }

    /// Keeps what is proposed for a block.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn keep(&self, batch: &RecordBatch) -> Result<Held, Stopped> {
        self.store.keep(batch).map_err(|e| refused(&e))
    }

    /// Lets the row rules judge what was written to since they last did.
    ///
    /// # Errors
    /// A rule fails while running.
    pub fn judge(&mut self, judge: &Judge) -> Result<(), Stopped> {
        for index in 0..self.blocks.len() {
            if !self.blocks.get(index).is_some_and(|b| b.stale) {
                continue;
            }
            let block = self.load(index)?;
            let verdicts = judge.evaluate(&block.current().map_err(|e| refused(&e))?)?;
            let mut found = vec![SetId::default(); block.len()];
            for (reason, rows) in &verdicts.violations {
                for row in rows.set_indices() {
                    if let Some(set) = found.get_mut(row) {
                        *set = self.sets.with(*set, *reason);
                    }
                }
            }
            if let Some(judged) = self.judged.get_mut(block.all()) {
                judged.copy_from_slice(&found);
            }
            if let Some(kept) = self.blocks.get_mut(index) {
                kept.stale = false;
            }
        }
        Ok(())
    }

    /// The index of a step.
    pub fn step(&mut self, step: Step) -> usize {
        self.steps.iter().position(|s| *s == step).unwrap_or_else(|| {
            self.steps.push(step);
            self.steps.len() - 1
        })
    }

    /// How many steps there are.
    pub fn steps(&self) -> usize {
        self.steps.len()
    }

    /// The step of a change or removal.
    pub fn step_of(&self, index: usize) -> Option<Step> {
        self.steps.get(index).copied()
    }

    /// Cells that are changed now, by step and column.
    pub fn changed(&self) -> Vec<(Step, usize, u64)> {
        let mut all = BTreeMap::<(usize, usize), u64>::new();
        for ((step, column), cells) in self.blocks.iter().flat_map(|b| &b.changed) {
            *all.entry((*step, *column)).or_default() += cells;
        }
        all.into_iter().filter_map(|((step, column), n)| Some((self.step_of(step)?, column, n))).collect()
    }

    /// The columns with a changed cell.
    pub fn changed_columns(&self) -> BTreeSet<usize> {
        self.blocks.iter().flat_map(|b| b.changed.keys()).map(|(_, column)| *column).collect()
    }

    /// What became of a row before its reasons decide.
    pub fn settled(&self, row: usize) -> Option<Settled> {
        self.settled.get(row).copied().flatten()
    }

    /// Settles a row.
    pub fn settle(&mut self, row: usize, as_what: Option<Settled>) {
        if let Some(slot) = self.settled.get_mut(row) {
            *slot = as_what;
        }
    }

    /// Takes down why a duplicate is removed.
    ///
    /// # Errors
    /// There are more rows than can be counted.
    pub fn remove(&mut self, row: usize, step: usize, survivor: usize) -> Result<(), Stopped> {
        let removal = Removal { step: numbered(step)?, survivor: numbered(survivor)? };
        self.removed_by.insert(numbered(row)?, removal);
        Ok(())
    }

    /// Duplicates that are removed or wait to be, each with why, in the order of rows.
    pub fn removals(&self) -> impl Iterator<Item = (usize, Removal)> + '_ {
        self.removed_by.iter().map(|(row, by)| (*row as usize, *by))
    }

    /// Why a duplicate is removed.
    pub fn removal(&self, row: usize) -> Option<Removal> {
        self.removed_by.get(&u32::try_from(row).ok()?).copied()
    }

    /// Takes a removal back.
    pub fn restore(&mut self, row: usize) {
        if let Ok(row) = u32::try_from(row) {
            self.removed_by.remove(&row);
        }
        self.settle(row, None);
    }

    /// Takes all removals back; whether there were any that had been carried out.
    pub fn restore_all(&mut self) -> bool {
        let removed = self.settled.iter_mut().filter(|s| **s == Some(Settled::Removed));
        let any = removed.map(|s| *s = None).count() > 0;
        if any {
            self.removed_by.clear();
        }
        any
    }

    /// Takes changed cells back to what was read: those of which this holds, by row, column and step. Gives how many of each
    /// step.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn revert(
        &mut self,
        blocks: &[usize],
        guilty: impl Fn(usize, usize, usize) -> bool,
    ) -> Result<BTreeMap<usize, u64>, Stopped> {
        let mut taken_back = BTreeMap::new();
        for index in blocks {
            let mut block = self.load(*index)?;
            let changes = block.changes.iter();
            let changes = changes.filter(|((row, column), c)| guilty(block.first + row, *column, c.step));
            let (cells, steps): (Vec<(usize, usize)>, Vec<usize>) = changes.map(|(cell, c)| (*cell, c.step)).unzip();
            if cells.is_empty() {
                continue;
            }
            for step in steps {
                *taken_back.entry(step).or_default() += 1;
            }
            block.revert(&cells).map_err(|e| refused(&e))?;
            self.put(*index, &block)?;
        }
        Ok(taken_back)
    }
}

/// Failing rows on their way into blocks.
pub struct Filling<'f> {
    failing: &'f mut Failing,
    pending: Vec<RecordBatch>,
    rows: usize,
    ids: Vec<Numbered>,
}

impl Filling<'_> {
    /// Adds suspects of a pass: columns of its input, then reasons.
    ///
    /// # Errors
    /// Arrow refuses the batch, or a file cannot be written.
    pub fn suspects(&mut self, batch: &RecordBatch) -> Result<(), Stopped> {
        let shape = Arc::clone(&self.failing.shape);
        let lists = batch.column_by_name(REASONS).and_then(|c| c.as_list_opt::<i32>());
        let lists = lists.ok_or_else(|| errors::internal(&"suspect rows without reasons"))?;
        for codes in lists.iter() {
            let mut set = SetId::default();
            for code in codes.iter().flat_map(|c| c.as_primitive::<UInt16Type>().values()) {
                set = self.failing.sets.with(set, Reason::from_code(*code, shape.columns));
            }
            self.failing.reasons.push(set);
        }
        self.push(shape.kept(batch).map_err(|e| refused(&e))?)
    }

    /// Adds rows that passed the pass and violate a set rule: data, then `_file`, `_line`, `_row`.
    ///
    /// # Errors
    /// Arrow refuses the batch, or a file cannot be written.
    pub fn passed(&mut self, batch: &RecordBatch) -> Result<(), Stopped> {
        let rows = as_read(&self.failing.shape, batch).map_err(|e| refused(&e))?;
        self.failing.reasons.resize(self.failing.reasons.len() + batch.num_rows(), SetId::default());
        self.push(rows)
    }

    fn push(&mut self, rows: RecordBatch) -> Result<(), Stopped> {
        self.rows += rows.num_rows();
        self.pending.push(rows);
        if self.rows >= BLOCK { self.block() } else { Ok(()) }
    }

    fn block(&mut self) -> Result<(), Stopped> {
        let all = concat_batches(&self.failing.shape.kept, &self.pending).map_err(|e| refused(&e))?;
        self.pending.clear();
        self.rows = 0;
        if all.num_rows() == 0 {
            return Ok(());
        }
        let block = self.failing.block(&all)?;
        if self.failing.looked_up {
            for (row, id) in block.rows().zip(row_ids(&all, meta::FILE, meta::ROW)?) {
                self.ids.push(Numbered::new(id, numbered(row)?));
            }
        }
        Ok(())
    }

    /// Completes the last block.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn done(mut self) -> Result<(), Stopped> {
        self.block()?;
        let failing = self.failing;
        let known = failing.judged.len();
        failing.judged.extend_from_slice(failing.reasons.get(known..).unwrap_or_default());
        failing.settled.resize(failing.reasons.len(), None);
        if failing.looked_up {
            failing.ids = std::mem::take(&mut failing.ids).extended(self.ids);
        }
        Ok(())
    }
}

/// A number as it is kept of rows.
pub fn numbered(row: usize) -> Result<u32, Stopped> {
    u32::try_from(row).map_err(|_| errors::internal(&"more rows fail than are counted in 32 bits").into())
}
