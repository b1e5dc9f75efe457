//! Splits rows by partition: `day=2026-01-31/country=DE`.
//!
//! A partition's columns stay in its files: a file is whole by itself, and types, NULLs and empty texts survive, which the
//! names of folders cannot promise.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, UInt32Array};
use arrow::compute::{cast, take_record_batch};
use arrow::datatypes::{DataType, Int64Type, Schema, TimeUnit};
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use pipe_schema::{PartitionField, Transform};
use xxhash_rust::xxh3::xxh3_64;

use super::SinkError;
use super::names::{NULL_PARTITION, partition_value};
use super::spec::type_name;

/// Folders that one writer makes at most.
const MAX_PARTITIONS: usize = 10_000;

/// Rows of one partition, as the number that [`Partitioner::folder`] knows it by.
pub type Part = (usize, RecordBatch);

/// Tells rows' partitions. Without fields everything is partition 0, with an empty name.
#[derive(Debug)]
pub struct Partitioner {
    fields: Vec<Field>,
    rows: Option<RowConverter>,
    known: HashMap<Vec<u8>, usize>,
    folders: Vec<String>,
}

#[derive(Debug)]
struct Field {
    column: usize,
    transform: Transform,
    /// The name before `=`.
    key: String,
}

impl Partitioner {
    /// For rows of these columns.
    ///
    /// # Errors
    /// A field that there is no column for, or no such part of.
    pub fn new(fields: &[PartitionField], schema: &Schema) -> Result<Partitioner, SinkError> {
        let fields = fields.iter().map(|f| Field::new(f, fields, schema)).collect::<Result<Vec<_>, SinkError>>()?;
        let types = fields.iter().map(|f| SortField::new(f.derived_type(schema))).collect::<Vec<_>>();
        let rows = if fields.is_empty() { None } else { Some(RowConverter::new(types).map_err(internal)?) };
        let folders = if fields.is_empty() { vec![String::new()] } else { Vec::new() };
        Ok(Partitioner { fields, rows, known: HashMap::new(), folders })
    }

    /// The folder of a partition, relative to the target.
    pub fn folder(&self, partition: usize) -> &str {
        self.folders.get(partition).map_or("", String::as_str)
    }

    /// The batch by partition, rows in their order.
    ///
    /// # Errors
    /// More partitions than a writer makes folders of.
    pub fn split(&mut self, batch: &RecordBatch) -> Result<Vec<Part>, SinkError> {
        let Some(converter) = &self.rows else { return Ok(vec![(0, batch.clone())]) };
        let derived: Vec<ArrayRef> =
            self.fields.iter().map(|f| f.derive(batch)).collect::<Result<_, _>>().map_err(internal)?;
        let keys = converter.convert_columns(&derived).map_err(internal)?;
        // Rows by partition, in the order the partitions are met. Neighbours mostly share theirs.
        let mut groups: Vec<(usize, Vec<u32>)> = Vec::new();
        let mut group_of: HashMap<usize, usize> = HashMap::new();
        let mut last: Option<(arrow::row::Row<'_>, usize)> = None;
        for (row, key) in (0u32..).zip(keys.iter()) {
            let group = match last {
                Some((previous, group)) if previous == key => group,
                _ => {
                    let partition = match self.known.get(key.as_ref()) {
                        Some(partition) => *partition,
                        None => {
                            let folder = name(&self.fields, &derived, row as usize).map_err(internal)?;
                            if self.folders.len() >= MAX_PARTITIONS {
                                return Err(SinkError::TooManyPartitions(MAX_PARTITIONS));
                            }
                            self.folders.push(folder);
                            self.known.insert(key.as_ref().to_vec(), self.folders.len() - 1);
                            self.folders.len() - 1
                        }
                    };
                    *group_of.entry(partition).or_insert_with(|| {
                        groups.push((partition, Vec::new()));
                        groups.len() - 1
                    })
                }
            };
            if let Some((_, rows)) = groups.get_mut(group) {
                rows.push(row);
            }
            last = Some((key, group));
        }
        if let [(partition, _)] = groups.as_slice() {
            return Ok(vec![(*partition, batch.clone())]);
        }
        groups
            .into_iter()
            .map(|(partition, rows)| Ok((partition, take_record_batch(batch, &UInt32Array::from(rows))?)))
            .collect::<Result<_, ArrowError>>()
            .map_err(internal)
    }
}

impl Field {
    fn new(field: &PartitionField, all: &[PartitionField], schema: &Schema) -> Result<Field, SinkError> {
        let written = written(field);
        let refuse = |reason: String| SinkError::Partition { field: written.clone(), reason };
        let column =
            schema.index_of(&field.column).map_err(|_| refuse(format!("there is no column `{}`", field.column)))?;
        let ty = schema.field(column).data_type();
        let is_time = matches!(ty, DataType::Timestamp(..) | DataType::Date32 | DataType::Date64);
        let word = match field.transform {
            Transform::Identity if ty.is_nested() => {
                return Err(refuse(format!("`{}` is {}, which has no name as a folder", field.column, type_name(ty))));
            }
            Transform::Bucket(0) => return Err(refuse("no rows go into 0 buckets".to_owned())),
            Transform::Bucket(_) if ty.is_nested() => {
                return Err(refuse(format!("`{}` is {}, which has no text form", field.column, type_name(ty))));
            }
            Transform::Identity => "",
            Transform::Bucket(_) => "bucket",
            Transform::Year | Transform::Month | Transform::Day | Transform::Hour if !is_time => {
                return Err(refuse(format!("`{}` is {}, not a date or timestamp", field.column, type_name(ty))));
            }
            Transform::Hour if !matches!(ty, DataType::Timestamp(..)) => {
                return Err(refuse(format!("`{}` is {}, which has no hours", field.column, type_name(ty))));
            }
            Transform::Year => "year",
            Transform::Month => "month",
            Transform::Day => "day",
            Transform::Hour => "hour",
        };
        // `day=` unless that would be a second `day` to whoever reads the folders as columns.
        let alike =
            |f: &&PartitionField| std::mem::discriminant(&f.transform) == std::mem::discriminant(&field.transform);
        let key = match word {
            "" => field.column.clone(),
            word if schema.index_of(word).is_ok() || all.iter().filter(alike).count() > 1 => {
                format!("{}_{word}", field.column)
            }
            word => word.to_owned(),
        };
        Ok(Field { column, transform: field.transform, key: partition_value(&key) })
    }

    fn derived_type(&self, schema: &Schema) -> DataType {
        match self.transform {
            Transform::Identity => schema.field(self.column).data_type().clone(),
            _ => DataType::Int64,
        }
    }

    /// What rows of one partition have in common: the value, or a number of years, months, days or hours since 1970, or a bucket.
    fn derive(&self, batch: &RecordBatch) -> Result<ArrayRef, ArrowError> {
        let array = batch.column(self.column);
        let number = |f: fn(i64) -> i64| -> Result<ArrayRef, ArrowError> {
            Ok(Arc::new(micros(array)?.unary::<_, Int64Type>(f)))
        };
        match self.transform {
            Transform::Identity => Ok(array.clone()),
            Transform::Year => number(|us| year_and_month(us.div_euclid(DAY_US)).0),
            Transform::Month => number(|us| {
                let (year, month) = year_and_month(us.div_euclid(DAY_US));
                year * 12 + month - 1
            }),
            Transform::Day => number(|us| us.div_euclid(DAY_US)),
            Transform::Hour => number(|us| us.div_euclid(HOUR_US)),
            Transform::Bucket(n) => {
                let options = FormatOptions::default();
                let texts = ArrayFormatter::try_new(array.as_ref(), &options)?;
                let nulls = array.logical_nulls();
                let bucket = |row: usize| {
                    let null = nulls.as_ref().is_some_and(|n| n.is_null(row));
                    let text = || texts.value(row).to_string();
                    // Below 2^32, so it fits.
                    (!null).then(|| i64::try_from(xxh3_64(text().as_bytes()) % u64::from(n)).unwrap_or_default())
                };
                Ok(Arc::new((0..array.len()).map(bucket).collect::<Int64Array>()))
            }
        }
    }

    /// The name of a derived number.
    fn number_name(&self, n: i64) -> String {
        let day = |days: i64| {
            let (year, month) = year_and_month(days);
            let first = days_before_month(year, month);
            format!("{year:04}-{month:02}-{:02}", days - first + 1)
        };
        match self.transform {
            Transform::Month => format!("{:04}-{:02}", n.div_euclid(12), n.rem_euclid(12) + 1),
            Transform::Day => day(n),
            Transform::Hour => format!("{}-{:02}", day(n.div_euclid(24)), n.rem_euclid(24)),
            Transform::Year => format!("{n:04}"),
            Transform::Bucket(_) | Transform::Identity => n.to_string(),
        }
    }
}

/// The folder of a row's partition.
fn name(fields: &[Field], derived: &[ArrayRef], row: usize) -> Result<String, ArrowError> {
    let options = FormatOptions::default();
    let mut out = String::new();
    for (field, array) in fields.iter().zip(derived) {
        if !out.is_empty() {
            out.push('/');
        }
        out.push_str(&field.key);
        out.push('=');
        if array.logical_nulls().is_some_and(|n| n.is_null(row)) {
            out.push_str(NULL_PARTITION);
        } else if field.transform == Transform::Identity {
            let text = ArrayFormatter::try_new(array.as_ref(), &options)?.value(row).to_string();
            out.push_str(&partition_value(&text));
        } else {
            out.push_str(&field.number_name(array.as_primitive::<Int64Type>().value(row)));
        }
    }
    Ok(out)
}

const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;

/// Microseconds since 1970: of the instant for timestamps with a zone (so days are UTC's), of the clock for those without.
fn micros(array: &ArrayRef) -> Result<Int64Array, ArrowError> {
    let zone = match array.data_type() {
        DataType::Timestamp(_, zone) => zone.clone(),
        _ => None,
    };
    let micros = cast(array, &DataType::Timestamp(TimeUnit::Microsecond, zone))?;
    Ok(micros.as_primitive::<arrow::datatypes::TimestampMicrosecondType>().reinterpret_cast())
}

/// The year and month (1 to 12) of a day since 1970, in the proleptic Gregorian calendar.
/// Howard Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.
fn year_and_month(days: i64) -> (i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month)
}

/// Days from 1970 to the first of a month. The same source, `days_from_civil`.
fn days_before_month(year: i64, month: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_from_march + 2) / 5;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn written(field: &PartitionField) -> String {
    let column = &field.column;
    match field.transform {
        Transform::Identity => column.clone(),
        Transform::Year => format!("year({column})"),
        Transform::Month => format!("month({column})"),
        Transform::Day => format!("day({column})"),
        Transform::Hour => format!("hour({column})"),
        Transform::Bucket(n) => format!("bucket({n}, {column})"),
    }
}

fn internal(error: ArrowError) -> SinkError {
    SinkError::Partition { field: "partition".to_owned(), reason: error.to_string() }
}
