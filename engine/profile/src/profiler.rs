//! The one pass.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Decimal128Array, Float64Array, Int64Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datasketches::hll::{Coupon, HllSketch, HllType, HllUnion};

use crate::cells::{Kind, Prepared};
use crate::formats;
use crate::histogram::{histogram, quantile};
use crate::metrics::{Bound, ColumnMetrics, MetricsError};
use crate::personal;
use crate::profile::{ColumnProfile, Count, Numbers, Pattern, Profile, QUANTILES, Quantile, Value, rounded};
use crate::sample::Sample;

/// Registers of the sketch of whole rows: 2^14.
const LG_REGISTERS: u8 = 14;

/// How much is looked at and told.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Rows of the sample.
    pub sample: usize,
    /// Frequent values and patterns of a column.
    pub top: usize,
    /// Whether values that occur once are told among the frequent ones.
    pub once: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { sample: 10_000, top: 10, once: false }
    }
}

/// Looks at a table, or at a part of it, batch by batch. Its size is bounded: below 1 MB a column, and the sample.
#[derive(Clone, Debug)]
pub struct Profiler {
    schema: SchemaRef,
    kinds: Vec<Kind>,
    settings: Settings,
    rows: u64,
    columns: Vec<ColumnMetrics>,
    distinct_rows: HllSketch,
    sample: Sample,
}

impl Profiler {
    /// For batches of this schema.
    ///
    /// # Errors
    /// None that input can bring about.
    pub fn new(schema: &SchemaRef, settings: Settings) -> Result<Self, MetricsError> {
        let kinds: Vec<Kind> = schema.fields().iter().map(|f| Kind::of(f.data_type())).collect();
        Ok(Self {
            schema: Arc::clone(schema),
            columns: kinds.iter().map(|kind| ColumnMetrics::new(*kind)).collect(),
            settings,
            rows: 0,
            distinct_rows: HllSketch::new(LG_REGISTERS, HllType::Hll8)?,
            sample: Sample::new(settings.sample, kinds.len()),
            kinds,
        })
    }

    /// Takes a batch in.
    ///
    /// # Errors
    /// A value that Arrow cannot print.
    pub fn update(&mut self, batch: &RecordBatch) -> Result<(), MetricsError> {
        let (prepared, rows) = Prepared::batch(batch)?;
        self.rows += batch.num_rows() as u64;
        for (metrics, column) in self.columns.iter_mut().zip(&prepared) {
            metrics.update(column)?;
        }
        rows.iter().for_each(|row| self.distinct_rows.update_with_coupon(Coupon::from_value(*row)));
        self.sample.update(&prepared, &self.kinds, &rows);
        Ok(())
    }

    /// Takes in what another one saw of the same table.
    ///
    /// # Errors
    /// It saw columns of other kinds.
    pub fn merge(&mut self, other: Profiler) -> Result<(), MetricsError> {
        self.rows += other.rows;
        for (metrics, others) in self.columns.iter_mut().zip(other.columns) {
            metrics.merge(others)?;
        }
        let mut union = HllUnion::new(LG_REGISTERS)?;
        union.update(&self.distinct_rows);
        union.update(&other.distinct_rows);
        self.distinct_rows = union.to_sketch(HllType::Hll8);
        self.sample.merge(other.sample);
        Ok(())
    }

    /// Whether a column holds measures, numbers with a fraction: that they hardly repeat says nothing.
    pub fn is_measure(&self, column: usize) -> bool {
        let ty = self.schema.fields().get(column).map(|f| f.data_type());
        ty.is_some_and(|ty| match Kind::of(ty) {
            Kind::Float => true,
            Kind::Decimal => scale(ty) > 0,
            _ => false,
        })
    }

    /// The metrics of the columns, in their order.
    pub fn metrics(&self) -> &[ColumnMetrics] {
        &self.columns
    }

    /// The sample of the rows.
    pub fn sample(&self) -> &Sample {
        &self.sample
    }

    /// What is told of the table; keys, dependencies and references are for who can verify them. `ty` names a type in the language's words.
    ///
    /// # Errors
    /// A value that Arrow cannot print.
    pub fn profile(&self, table: &str, ty: impl Fn(&DataType) -> String) -> Result<Profile, MetricsError> {
        let mut columns = Vec::with_capacity(self.columns.len());
        for (index, (field, metrics)) in self.schema.fields().iter().zip(&self.columns).enumerate() {
            let texts: Vec<&str> =
                self.sample.rows().filter_map(|row| row.texts.get(index).and_then(Option::as_deref)).collect();
            let mut column = column(field.data_type(), metrics, self.rows, self.settings)?;
            column.name.clone_from(field.name());
            column.ty = ty(field.data_type());
            column.format = formats::guess(&texts);
            column.personal = personal::find(field.name(), metrics.kind(), &texts, column.format.as_ref());
            columns.push(column);
        }
        let duplicate_rows = if self.sample.is_whole() {
            Count { value: self.rows - self.sample.len() as u64, exact: true }
        } else {
            let distinct = self.distinct_rows.composite_estimate();
            let error = 1.04 / 2_f64.powi(i32::from(LG_REGISTERS)).sqrt();
            let missing = self.rows as f64 - distinct;
            // What the estimate's error explains is no sign of duplicates.
            let value = if missing > 3.0 * error * distinct { missing.round() as u64 } else { 0 };
            Count { value, exact: false }
        };
        Ok(Profile {
            format_version: 1,
            table: table.to_owned(),
            rows: self.rows,
            sampled_rows: self.sample.len() as u64,
            sample_is_whole: self.sample.is_whole(),
            duplicate_rows,
            columns,
            ..Profile::default()
        })
    }
}

impl Profile {
    /// Of metrics of columns that were taken before: what a sample tells, formats and personal data, is not in it. `ty` names a type in the
    /// language's words.
    ///
    /// # Errors
    /// A value that Arrow cannot print.
    pub fn of_metrics(
        table: &str,
        columns: impl IntoIterator<Item = (String, DataType, ColumnMetrics)>,
        settings: Settings,
        ty: impl Fn(&DataType) -> String,
    ) -> Result<Profile, MetricsError> {
        let mut profile = Profile { format_version: 1, table: table.to_owned(), ..Profile::default() };
        for (name, of, metrics) in columns {
            profile.rows = profile.rows.max(metrics.rows);
            let told = column(&of, &metrics, metrics.rows, settings)?;
            profile.columns.push(ColumnProfile { name, ty: ty(&of), ..told });
        }
        Ok(profile)
    }
}

fn column(
    ty: &DataType,
    metrics: &ColumnMetrics,
    rows: u64,
    settings: Settings,
) -> Result<ColumnProfile, MetricsError> {
    let Settings { top, once, .. } = settings;
    let kind = metrics.kind();
    let values = metrics.values();
    let distinct = metrics.frequencies.distinct(values);
    let buckets = if kind == Kind::Boolean || kind == Kind::Nested { Vec::new() } else { metrics.buckets() };
    let ordered = kind.is_ordered_number();
    let numbers = (!buckets.is_empty()).then(|| numbers(ty, metrics, &buckets)).transpose()?;
    let ends = buckets.first().zip(buckets.last());
    let span = match (&metrics.min, &metrics.max) {
        (Some(Bound::Float(min)), Some(Bound::Float(max))) if min.is_finite() && max.is_finite() => Some((*min, *max)),
        _ => ends.map(|(first, last)| (first.0, last.1)),
    };
    let whole = !matches!(kind, Kind::Float | Kind::Decimal) || kind == Kind::Decimal && scale(ty) <= 0;
    let histogram = span.and_then(|(min, max)| histogram(&buckets, min, max, whole));
    let share = |count: u64, of: u64| if of == 0 { 0.0 } else { rounded(count as f64 / of as f64) };
    let frequent =
        metrics.frequencies.top(top).into_iter().filter(|t| once || t.count > 1 || rows < 2 || kind == Kind::Boolean);
    Ok(ColumnProfile {
        nulls: metrics.nulls,
        blanks: metrics.blanks,
        not_finite: metrics.not_finite,
        distinct: Count { value: distinct.count, exact: distinct.error == 0.0 },
        distinct_error: (distinct.error > 0.0).then(|| rounded(distinct.error)),
        min: metrics.min.as_ref().map(|b| bound(ty, b)).transpose()?,
        max: metrics.max.as_ref().map(|b| bound(ty, b)).transpose()?,
        numbers: numbers.clone().filter(|_| ordered),
        lengths: numbers.filter(|_| !ordered),
        histogram,
        top: frequent
            .map(|t| Value {
                value: t.text,
                count: t.count,
                count_error: rounded(t.error),
                share: share(t.count, rows),
            })
            .collect(),
        patterns: patterns(metrics, top),
        ..ColumnProfile::default()
    })
}

/// The patterns that most texts have. Where these are many with a small share each, runs say more.
fn patterns(metrics: &ColumnMetrics, top: usize) -> Vec<Pattern> {
    let Some(mut patterns) = metrics.frequencies.patterns() else { return Vec::new() };
    let covered = |counted: &[(&str, u64)]| counted.iter().take(top).map(|(_, count)| count).sum::<u64>();
    if (covered(&patterns.counted()) as f64) < 0.8 * metrics.values() as f64 {
        patterns = patterns.of_runs();
    }
    let told = patterns.counted().into_iter().take(top).map(|(pattern, count)| Pattern {
        pattern: pattern.to_owned(),
        count,
        share: rounded(count as f64 / metrics.values().max(1) as f64),
    });
    told.collect()
}

fn numbers(ty: &DataType, metrics: &ColumnMetrics, buckets: &[(f64, f64, u64)]) -> Result<Numbers, MetricsError> {
    let kind = metrics.kind();
    let exact = metrics.frequencies.exact().is_some() && kind.is_ordered_number();
    let mut quantiles = Vec::with_capacity(QUANTILES.len());
    for share in QUANTILES {
        let Some(number) = quantile(buckets, share) else { continue };
        let number = rounded(if kind == Kind::Float || kind == Kind::Decimal { number } else { number.round() });
        let value = if kind.is_ordered_number() { print_number(ty, number)? } else { format!("{number}") };
        quantiles.push(Quantile { share, number, value });
    }
    let mean = kind != Kind::Temporal;
    Ok(Numbers {
        // Beyond what a number can hold there is no sum, and so no mean.
        mean: Some(metrics.moments.mean).filter(|n| mean && n.is_finite()).map(rounded),
        stddev: metrics.moments.stddev().filter(|n| mean && n.is_finite()).map(rounded),
        sum: Some(metrics.moments.sum()).filter(|n| kind.is_number() && n.is_finite()).map(rounded),
        quantiles,
        quantile_error: if exact { 0.0 } else { metrics.quantiles.relative_error() },
    })
}

/// A number in the units of a type, as values of the type print.
fn print_number(ty: &DataType, number: f64) -> Result<String, MetricsError> {
    match Kind::of(ty) {
        Kind::Temporal => bound(ty, &Bound::Integer(number as i128)),
        Kind::Decimal => {
            let scale = scale(ty);
            bound(ty, &Bound::Integer((number * 10_f64.powi(scale.into())).round() as i128))
        }
        _ => Ok(format!("{number}")),
    }
}

fn scale(ty: &DataType) -> i8 {
    match ty {
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale) => *scale,
        DataType::Dictionary(_, value) => scale(value),
        _ => 0,
    }
}

/// How a bound prints as a value of its type.
fn bound(ty: &DataType, bound: &Bound) -> Result<String, MetricsError> {
    let narrow = |v: &i128| i64::try_from(*v).unwrap_or_default();
    let array: ArrayRef = match bound {
        Bound::Text(text) => return Ok(text.clone()),
        Bound::Float(number) => match ty {
            // With the digits that the type has, not those that a wider one adds.
            DataType::Float32 | DataType::Float16 => cast(&Float64Array::from(vec![*number]), ty)?,
            _ => Arc::new(Float64Array::from(vec![*number])),
        },
        Bound::Integer(number) => match Kind::of(ty) {
            Kind::Decimal => Arc::new(Decimal128Array::from(vec![*number]).with_precision_and_scale(38, scale(ty))?),
            Kind::Boolean => cast(&Int64Array::from(vec![narrow(number)]), &DataType::Boolean)?,
            Kind::Temporal => {
                let wide: ArrayRef = Arc::new(Int64Array::from(vec![narrow(number)]));
                let is_narrow = matches!(ty, DataType::Date32 | DataType::Time32(_));
                let units = if is_narrow { cast(&wide, &DataType::Int32)? } else { wide };
                cast(&units, ty)?
            }
            _ => Arc::new(Int64Array::from(vec![narrow(number)])),
        },
    };
    if array.is_empty() {
        return Ok(String::new());
    }
    let printer = ArrayFormatter::try_new(array.as_ref(), &FormatOptions::new())?;
    let stored = || match bound {
        Bound::Integer(number) => number.to_string(),
        Bound::Float(number) => number.to_string(),
        Bound::Text(text) => text.clone(),
    };
    Ok(printer.value(0).try_to_string().unwrap_or_else(|_| stored()))
}
