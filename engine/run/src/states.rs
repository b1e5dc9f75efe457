//! What the rows that commit look like, column by column: fed as they are written, merged across threads, kept with the batch.
//!
//! It costs about as much as the pass itself, so only tables with rules on earlier runs are looked at so closely.

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use pipe_profile::metrics::{Bound, ColumnMetrics, MetricsError};
use pipe_profile::{Kind, Prepared, quantile};
use pipe_state::ColumnState;

/// The metrics of a table's columns.
#[derive(Clone, Debug)]
pub struct States {
    columns: Vec<Column>,
}

#[derive(Clone, Debug)]
struct Column {
    name: String,
    ty: DataType,
    metrics: ColumnMetrics,
}

impl States {
    /// Of no rows of these columns.
    pub fn new(schema: &SchemaRef) -> Self {
        let column = |f: &std::sync::Arc<datafusion::arrow::datatypes::Field>| Column {
            name: f.name().clone(),
            ty: f.data_type().clone(),
            metrics: ColumnMetrics::new(Kind::of(f.data_type())),
        };
        Self { columns: schema.fields().iter().map(column).collect() }
    }

    /// Takes rows in; columns behind those of the table are not looked at.
    ///
    /// # Errors
    /// A value that cannot be printed.
    pub fn update(&mut self, rows: &RecordBatch) -> Result<(), MetricsError> {
        for (column, values) in self.columns.iter_mut().zip(rows.columns()) {
            column.metrics.update(&Prepared::new(values)?)?;
        }
        Ok(())
    }

    /// Takes in what another thread has seen.
    ///
    /// # Errors
    /// Never of the same columns.
    pub fn merge(&mut self, other: States) -> Result<(), MetricsError> {
        self.columns.iter_mut().zip(other.columns).try_for_each(|(mine, theirs)| mine.metrics.merge(theirs.metrics))
    }

    /// As the state keeps them.
    pub fn kept(&self) -> Vec<ColumnState> {
        let one = |c: &Column| ColumnState { column: c.name.clone(), state: c.metrics.to_bytes() };
        self.columns.iter().map(one).collect()
    }

    /// The numbers in them, called as rules would say them where it is the same number: the column, what is measured of it, and
    /// what that is. What comes from a sketch is `approx`.
    #[expect(clippy::cast_precision_loss, reason = "no table has 2^53 rows")]
    pub fn numbers(&self) -> Vec<(String, String, f64)> {
        let mut out = Vec::new();
        for Column { name, ty, metrics } in &self.columns {
            let quoted = pipe_sql::quote(name);
            let mut put = |what: &str, value: f64| out.push((name.clone(), format!("{quoted} {what}"), value));
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
