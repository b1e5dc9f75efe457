//! The pass that only looks: it judges, counts, aggregates and lists. All rows stay where they are.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;

use crate::keys::wide_hashes;
use crate::stage::Place;
use crate::{
    Aggregate, Aggregates, Candidates, Judge, KeyHashes, KeyPlan, MetaColumns, Reason, StageError, SuspectSchema,
    Suspects, Verdicts, key_hashes,
};

/// What is looked for; the same for all partitions. The input has its data columns first, then what [`MetaColumns`] and [`Judge`]
/// name.
#[derive(Debug)]
pub struct SurveySpec {
    /// How many data columns there are.
    pub columns: usize,
    /// Which row it is.
    pub meta: MetaColumns,
    /// What is judged row by row.
    pub judge: Judge,
    /// Whether nothing is judged but keys: the rows are looked at a second time, or will be.
    pub keys_only: bool,
    /// What table rules ask of all rows that are no broken records.
    pub aggregates: Arc<[Aggregate]>,
    /// Keys to be proven unique.
    pub keys: Vec<KeyPlan>,
    /// Keys with the hashes of those that may occur more than once: their rows violate.
    pub repeated: Vec<(KeyPlan, Candidates)>,
    /// Keys of which it is counted how many rows have one.
    pub counted: Vec<KeyPlan>,
    /// Rows listed of each reason.
    pub listed: usize,
    /// Whether rows are listed by their values, because they have no places.
    pub by_value: bool,
    /// The data columns that a listed row of a reason shows.
    pub shown: BTreeMap<Reason, Vec<usize>>,
    /// Where all rows with a reason are kept; `None`: they are not.
    pub kept: Option<SuspectSchema>,
    /// For what does not fit in memory.
    pub spill_dir: PathBuf,
    /// Bytes of kept rows a partition holds in memory.
    pub kept_bytes: usize,
    /// Key hashes a partition holds in memory, for each key.
    pub key_hashes: usize,
}

/// What a partition found, and after [`Surveyed::merge`] what all have found.
pub struct Surveyed {
    /// Rows read.
    pub rows: u64,
    /// Of these, records that could not be parsed.
    pub broken: u64,
    /// Rows by reason; reasons without any are absent.
    pub violations: BTreeMap<Reason, u64>,
    /// Rows judged by rule.
    pub judged: BTreeMap<u16, u64>,
    /// A few rows of each reason.
    pub listed: Listing,
    /// Table aggregates.
    pub aggregates: Aggregates,
    /// Hashes of the keys, by [`SurveySpec::keys`] and partition.
    pub keys: Vec<Vec<KeyHashes>>,
    /// Rows of keys that may repeat, by [`SurveySpec::repeated`].
    pub repeated: Vec<Repeated>,
    /// All rows with a reason, by partition.
    pub kept: Vec<Suspects>,
}

/// Rows by their keys' 128-bit hashes: for 10⁹ keys the chance that two are equal by accident is below 10⁻²⁰.
pub type Repeated = BTreeMap<u128, u64>;

/// Looks at the rows of one partition. `progress` is told the rows of each batch.
///
/// # Errors
/// The source, an expression or a spill file failed.
pub async fn survey(
    mut input: SendableRecordBatchStream,
    spec: &SurveySpec,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<Surveyed, StageError> {
    let mut found = Surveyed::new(spec)?;
    while let Some(batch) = input.next().await {
        let batch = batch?;
        if batch.num_rows() > 0 {
            found.take(spec, &batch)?;
            progress(batch.num_rows() as u64);
        }
    }
    Ok(found)
}

impl Surveyed {
    fn new(spec: &SurveySpec) -> Result<Self, StageError> {
        let keys = |_: &KeyPlan| vec![KeyHashes::new(spec.key_hashes, &spec.spill_dir)];
        let kept = spec.kept.iter().map(|schema| Suspects::new(schema, &spec.spill_dir, spec.kept_bytes));
        Ok(Self {
            rows: 0,
            broken: 0,
            violations: BTreeMap::new(),
            judged: BTreeMap::new(),
            listed: Listing::new(spec.listed, spec.by_value),
            aggregates: Aggregates::new(&spec.aggregates)?,
            keys: spec.keys.iter().map(keys).collect(),
            repeated: vec![Repeated::new(); spec.repeated.len()],
            kept: kept.collect(),
        })
    }

    fn take(&mut self, spec: &SurveySpec, batch: &RecordBatch) -> Result<(), StageError> {
        self.rows += batch.num_rows() as u64;
        let mut verdicts = if spec.keys_only { Verdicts::default() } else { spec.judge.evaluate(batch)? };
        let broken = spec.judge.broken(batch).map(|bad| !&bad);
        self.broken += broken.as_ref().map_or(0, |whole| (whole.len() - whole.count_set_bits()) as u64);
        for ((key, candidates), counts) in spec.repeated.iter().zip(&mut self.repeated) {
            let keyed = repeats_of(key, candidates, broken.as_ref(), batch, counts)?;
            verdicts.judged.push((key.rule, keyed.judged));
            if keyed.rows.count_set_bits() > 0 {
                verdicts.add(Reason::Rule(key.rule), keyed.rows);
            }
        }
        self.count(spec, batch, &verdicts)?;
        // A broken record is no row of the table.
        let whole;
        let rows = match &broken {
            Some(parsed) => {
                whole = filter_record_batch(batch, &BooleanArray::new(parsed.clone(), None))?;
                &whole
            }
            None => batch,
        };
        self.aggregates.update(rows)?;
        for (key, parts) in spec.keys.iter().zip(&mut self.keys) {
            let (hashes, keyed) = key_hashes(key, rows)?;
            *self.judged.entry(key.rule).or_default() += keyed.count_set_bits() as u64;
            if let Some(part) = parts.first_mut() {
                let place = Place::of(batch, spec.meta)?;
                part.mark((
                    place.file.values().first().copied().unwrap_or(0),
                    place.row.values().first().copied().unwrap_or(0),
                ));
                part.extend(&hashes, &keyed)?;
            }
        }
        for key in &spec.counted {
            *self.judged.entry(key.rule).or_default() += key.keyed(rows)?.count_set_bits() as u64;
        }
        if let (Some(schema), Some(kept)) = (&spec.kept, self.kept.first_mut())
            && let Some(rows) = schema.rows(batch, &verdicts, spec.columns)?
        {
            kept.push(rows)?;
        }
        Ok(())
    }

    fn count(&mut self, spec: &SurveySpec, batch: &RecordBatch, verdicts: &Verdicts) -> Result<(), StageError> {
        for (rule, judged) in &verdicts.judged {
            *self.judged.entry(*rule).or_default() += judged;
        }
        if verdicts.violations.is_empty() {
            return Ok(());
        }
        let place = Place::of(batch, spec.meta)?;
        for (reason, rows) in &verdicts.violations {
            *self.violations.entry(*reason).or_default() += rows.count_set_bits() as u64;
            let rows = rows.set_indices();
            self.listed.see(*reason, &place, rows, |i| spec.cells(batch, *reason, i))?;
        }
        Ok(())
    }

    /// Takes in what another partition has found.
    ///
    /// # Errors
    /// An aggregate's states do not merge.
    pub fn merge(&mut self, other: Surveyed) -> Result<(), StageError> {
        self.rows += other.rows;
        self.broken += other.broken;
        for (reason, n) in other.violations {
            *self.violations.entry(reason).or_default() += n;
        }
        for (rule, n) in other.judged {
            *self.judged.entry(rule).or_default() += n;
        }
        self.listed.merge(other.listed);
        for (mine, theirs) in self.repeated.iter_mut().zip(other.repeated) {
            for (key, n) in theirs {
                *mine.entry(key).or_default() += n;
            }
        }
        self.aggregates.merge(other.aggregates)?;
        for (mine, theirs) in self.keys.iter_mut().zip(other.keys) {
            mine.extend(theirs);
        }
        self.kept.extend(other.kept);
        Ok(())
    }
}

impl SurveySpec {
    /// What a listed row of a reason shows: of a broken record its text and why it is broken, of a cell its text, of a rule the values
    /// of its columns.
    fn cells(&self, batch: &RecordBatch, reason: Reason, row: usize) -> Result<Vec<Option<String>>, StageError> {
        let of = |column: Option<&ArrayRef>| column.map_or(Ok(None), |c| cell(c, row));
        match reason {
            Reason::BadRecord => {
                Ok(vec![of(batch.column_by_name("_record"))?, of(self.judge.bad.map(|c| batch.column(c)))?])
            }
            Reason::Cast(column) => {
                let check = self.judge.casts.iter().find(|c| c.column == usize::from(column));
                let raw = self.judge.raw.and_then(|c| batch.column(c).as_struct_opt());
                Ok(vec![of(check.zip(raw).and_then(|(check, raw)| raw.columns().get(check.raw)))?])
            }
            Reason::Rule(_) | Reason::Spared(_) | Reason::Aside => {
                let shown = self.shown.get(&reason.rule()).map(Vec::as_slice).unwrap_or_default();
                shown.iter().map(|c| of(batch.columns().get(*c))).collect()
            }
        }
    }
}

/// The rows of a batch whose keys may repeat.
struct Keyed {
    /// Rows that are judged.
    judged: u64,
    /// Of these, those that may repeat.
    rows: BooleanBuffer,
}

/// Looks for the keys of a batch that may repeat, and counts them by their long hashes. `parsed`: the rows that are no broken records.
fn repeats_of(
    key: &KeyPlan,
    candidates: &Candidates,
    parsed: Option<&BooleanBuffer>,
    batch: &RecordBatch,
    counts: &mut Repeated,
) -> Result<Keyed, StageError> {
    let (narrow, mut keyed) = key_hashes(key, batch)?;
    if let Some(parsed) = parsed {
        keyed = &keyed & parsed;
    }
    let hit = |i: usize| narrow.get(i).is_some_and(|h| candidates.contains(*h)) && keyed.value(i);
    let rows = BooleanBuffer::collect_bool(batch.num_rows(), hit);
    if rows.count_set_bits() > 0 {
        let (wide, _) = wide_hashes(key, batch)?;
        for i in rows.set_indices() {
            *counts.entry(wide.get(i).copied().unwrap_or_default()).or_default() += 1;
        }
    }
    Ok(Keyed { judged: keyed.count_set_bits() as u64, rows })
}

/// A row with a reason.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// The file's index.
    pub file: u32,
    /// The data row in its file, from 0.
    pub row: u64,
    /// The line its record starts on, from 1; 0 where there are none.
    pub line: u64,
    /// What is shown of it, as text.
    pub cells: Vec<Option<String>>,
}

/// The first rows of each reason, in the order of files and rows, whatever thread saw them; of rows without places those with the
/// least values.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    most: usize,
    by_value: bool,
    rows: BTreeMap<Reason, Vec<Listed>>,
}

impl Listing {
    /// None yet, and at most so many of each reason.
    pub fn new(most: usize, by_value: bool) -> Self {
        Self { most, by_value, rows: BTreeMap::new() }
    }

    /// Looks at these rows of a batch, which are in order; `cells` puts into words what is shown of one, if it is among the first so far.
    ///
    /// # Errors
    /// What `cells` says.
    pub(crate) fn see(
        &mut self,
        reason: Reason,
        place: &Place,
        rows: impl Iterator<Item = usize>,
        cells: impl Fn(usize) -> Result<Vec<Option<String>>, StageError>,
    ) -> Result<(), StageError> {
        let list = self.rows.entry(reason).or_default();
        for i in rows {
            let (file, row) = if self.by_value { (0, 0) } else { (place.file.value(i), place.row.value(i)) };
            let later = |last: &Listed| (last.file, last.row) <= (file, row);
            if list.len() >= self.most && !self.by_value && list.last().is_none_or(later) {
                // All that follow are later still.
                break;
            }
            let line = if self.by_value { 0 } else { place.line.value(i) };
            add(list, self.most, Listed { file, row, line, cells: cells(i)? });
        }
        Ok(())
    }

    /// Adds a row.
    pub fn add(&mut self, reason: Reason, row: Listed) {
        add(self.rows.entry(reason).or_default(), self.most, row);
    }

    /// Takes in what another thread has seen.
    pub fn merge(&mut self, other: Listing) {
        for (reason, rows) in other.rows {
            rows.into_iter().for_each(|row| self.add(reason, row));
        }
    }

    /// The rows of a reason, in order.
    pub fn of(&self, reason: Reason) -> &[Listed] {
        self.rows.get(&reason).map_or(&[], Vec::as_slice)
    }
}

fn add(list: &mut Vec<Listed>, most: usize, row: Listed) {
    let at = list.partition_point(|known| *known <= row);
    if at < most {
        list.insert(at, row);
        list.truncate(most);
    }
}

/// A cell as text; `None`: NULL.
fn cell(column: &ArrayRef, row: usize) -> Result<Option<String>, StageError> {
    if column.data_type() == &DataType::Null || column.logical_nulls().is_some_and(|n| n.is_null(row)) {
        return Ok(None);
    }
    let options = FormatOptions::default();
    Ok(Some(ArrayFormatter::try_new(column.as_ref(), &options)?.value(row).to_string()))
}
