//! What the rows that commit look like, column by column: fed as they are written, merged across threads, kept with the batch.
//!
//! It costs about as much as the pass itself, so only tables with rules on earlier runs are looked at so closely. Where a load puts
//! rows into partitions these are counted, and looked at in the same way, each by itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, Field, SchemaRef};
use pipe_connect::sink::Partitioner;
use pipe_profile::metrics::{Bound, ColumnMetrics, MetricsError};
use pipe_profile::{Kind, Prepared, quantile};
use pipe_schema::PartitionField;
use pipe_state::ColumnState;

/// What the rows look like that go to one part of a table.
#[derive(Debug, Default)]
struct Rows {
    rows: u64,
    /// Its columns; none where later runs do not ask.
    columns: Vec<Column>,
}

#[derive(Clone, Debug)]
struct Column {
    name: String,
    ty: DataType,
    metrics: ColumnMetrics,
}

/// The metrics of a table's columns, and of each partition of its load.
#[derive(Debug)]
pub struct States {
    schema: SchemaRef,
    /// Whether later runs ask what the columns look like.
    looks: bool,
    all: Rows,
    splitter: Option<Partitioner>,
    /// By the folder's name, `day=2026-01-31`.
    partitions: BTreeMap<String, Rows>,
}

/// A batch with more partitions than this is counted by partition and not looked at more closely: their states would be many and say little.
const PARTITIONS: usize = 64;

/// What goes wrong while rows are looked at.
type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl Rows {
    fn new(schema: &SchemaRef, looks: bool) -> Self {
        let column = |f: &Arc<Field>| Column {
            name: f.name().clone(),
            ty: f.data_type().clone(),
            metrics: ColumnMetrics::new(Kind::of(f.data_type())),
        };
        Self { rows: 0, columns: schema.fields().iter().filter(|_| looks).map(column).collect() }
    }

    fn update(&mut self, rows: &RecordBatch) -> Result<(), MetricsError> {
        self.rows += rows.num_rows() as u64;
        for (column, values) in self.columns.iter_mut().zip(rows.columns()) {
            column.metrics.update(&Prepared::new(values)?)?;
        }
        Ok(())
    }

    fn merge(&mut self, other: Rows) -> Result<(), MetricsError> {
        self.rows += other.rows;
        self.columns.iter_mut().zip(other.columns).try_for_each(|(mine, theirs)| mine.metrics.merge(theirs.metrics))
    }
}

impl States {
    /// Of no rows of these columns. `partition` are the fields by which a load puts them into folders.
    pub fn new(schema: &SchemaRef, looks: bool, partition: &[PartitionField]) -> Self {
        // What it cannot be split by is the load's to say.
        let splitter = Some(partition).filter(|p| !p.is_empty()).and_then(|p| Partitioner::new(p, schema).ok());
        Self { schema: Arc::clone(schema), looks, all: Rows::new(schema, looks), splitter, partitions: BTreeMap::new() }
    }

    /// Takes rows in; columns behind those of the table are not looked at.
    ///
    /// # Errors
    /// A value that cannot be printed; more partitions than a load writes.
    pub fn update(&mut self, rows: &RecordBatch) -> Result<(), BoxError> {
        self.all.update(rows)?;
        let Some(splitter) = &mut self.splitter else { return Ok(()) };
        for (partition, rows) in splitter.split(rows)? {
            let name = splitter.folder(partition);
            let part = match self.partitions.get_mut(name) {
                Some(part) => part,
                None => {
                    let new = Rows::new(&self.schema, self.looks && self.partitions.len() < PARTITIONS);
                    self.partitions.entry(name.to_owned()).or_insert(new)
                }
            };
            part.update(&rows)?;
        }
        self.bound();
        Ok(())
    }

    /// Takes in what another thread has seen.
    ///
    /// # Errors
    /// Never of the same columns.
    pub fn merge(&mut self, other: States) -> Result<(), MetricsError> {
        self.all.merge(other.all)?;
        for (name, rows) in other.partitions {
            match self.partitions.get_mut(&name) {
                Some(mine) => mine.merge(rows)?,
                None => _ = self.partitions.insert(name, rows),
            }
        }
        self.bound();
        Ok(())
    }

    /// Of too many partitions the states go: which ones were first depends on the threads.
    fn bound(&mut self) {
        if self.partitions.len() > PARTITIONS {
            self.partitions.values_mut().for_each(|part| part.columns = Vec::new());
        }
    }

    /// How many rows went to each partition.
    pub fn partitions(&self) -> impl Iterator<Item = (&str, u64)> {
        self.partitions.iter().map(|(name, rows)| (name.as_str(), rows.rows))
    }

    /// As the state keeps them.
    pub fn kept(&self) -> Vec<ColumnState> {
        let one = |partition: &str, c: &Column| ColumnState {
            partition: partition.to_owned(),
            column: c.name.clone(),
            ty: pipe_compile::types::describe(&c.ty),
            state: c.metrics.to_bytes(),
        };
        let parts = self.parts();
        parts.flat_map(|(name, rows)| rows.columns.iter().map(move |c| one(name, c))).collect()
    }

    /// All rows, then each partition.
    fn parts(&self) -> impl Iterator<Item = (&str, &Rows)> {
        let parts = self.partitions.iter().map(|(name, rows)| (name.as_str(), rows));
        std::iter::once(("", &self.all)).chain(parts)
    }

    /// The numbers in them, called as rules would say them where it is the same number. What comes from a sketch is `approx`.
    #[expect(clippy::cast_precision_loss, reason = "no table has 2^53 rows")]
    pub fn numbers(&self) -> Vec<Number> {
        let mut out = Vec::new();
        let columns = self.parts().flat_map(|(part, rows)| rows.columns.iter().map(move |column| (part, column)));
        for (partition, Column { name, ty, metrics }) in columns {
            let quoted = pipe_sql::quote(name);
            let mut put = |what: &str, value: f64| {
                let (partition, column) = (partition.to_owned(), name.clone());
                out.push(Number { partition, column, name: format!("{quoted} {what}"), value });
            };
            let (rows, values) = (metrics.rows as f64, metrics.values());
            put("nulls", metrics.nulls as f64);
            if metrics.rows > 0 {
                put("completeness", values as f64 / rows);
            }
            let distinct = metrics.frequencies.distinct(values);
            put(if distinct.error > 0.0 { "distinct approx" } else { "distinct" }, distinct.count as f64);
            if !metrics.kind().is_number() || values == 0 {
                continue;
            }
            let ends = [("minimum", &metrics.min), ("maximum", &metrics.max)];
            for (what, bound) in ends {
                if let Some(value) = bound.as_ref().and_then(|b| number(b, ty)) {
                    put(what, value);
                }
            }
            put("mean", metrics.moments.mean);
            put("sum", metrics.moments.sum());
            if let Some(stddev) = metrics.moments.stddev() {
                put("stddev", stddev);
            }
            let buckets = metrics.buckets();
            // The value that so many in a hundred are not above; a rule's `quantile` is interpolated.
            for (what, share) in [("p25", 0.25), ("p50", 0.5), ("p75", 0.75)] {
                if let Some(value) = quantile(&buckets, share) {
                    put(what, value);
                }
            }
        }
        out
    }
}

/// A number of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    /// The partition it is of; empty: all rows.
    pub partition: String,
    /// The column.
    pub column: String,
    /// What it is, `total mean`.
    pub name: String,
    /// The number.
    pub value: f64,
}

/// A bound as a number of its type.
#[expect(clippy::cast_precision_loss, reason = "what is told of a decimal is rounded to a double")]
fn number(bound: &Bound, ty: &DataType) -> Option<f64> {
    let scale = match ty {
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale) => *scale,
        _ => 0,
    };
    match bound {
        Bound::Integer(value) => Some(*value as f64 / 10_f64.powi(scale.into())),
        Bound::Float(value) => Some(*value),
        Bound::Text(_) => None,
    }
}
