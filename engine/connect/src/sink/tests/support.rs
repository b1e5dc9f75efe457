//! Rows to write and ways to read them back.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use pipe_schema::{Config, ConfigValue};

use crate::sink::{
    Mode, Prepared, SinkError, SinkSpec, StagedFile, StagedWriter, Target, assemble, prepare, staging_dir,
};

pub fn config(values: &[(&'static str, ConfigValue)]) -> Config {
    Config {
        values: values.iter().cloned().collect(),
        given: values.iter().map(|(key, _)| *key).collect(),
        ..Default::default()
    }
}

pub fn text(value: &str) -> ConfigValue {
    ConfigValue::Text(value.into())
}

pub fn word(value: &str) -> ConfigValue {
    ConfigValue::Word(value.into())
}

/// `id bigint, name text, amount decimal(10, 2), at timestamp`
pub fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, true),
        Field::new("name", DataType::Utf8View, true),
        Field::new("amount", DataType::Decimal128(10, 2), true),
        Field::new("at", DataType::Timestamp(TimeUnit::Microsecond, None), true),
    ]))
}

/// Rows `from..to`: the id, a name with its share of trouble, cents, an hour each since 1970.
pub fn rows(from: i64, to: i64) -> RecordBatch {
    let ids: Vec<i64> = (from..to).collect();
    let name = |id: &i64| match id % 6 {
        0 => Some(format!("plain {id}")),
        1 => None,
        2 => Some(String::new()),
        3 => Some("a,\"b\"\nc\r\n".to_owned()),
        4 => Some("Größe 数".to_owned()),
        _ => Some("NULL".to_owned()),
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(ids.clone())),
        Arc::new(ids.iter().map(name).collect::<StringViewArray>()),
        Arc::new(
            Decimal128Array::from(
                ids.iter().map(|id| (id % 7 != 0).then_some(i128::from(*id) - 50)).collect::<Vec<_>>(),
            )
            .with_precision_and_scale(10, 2)
            .unwrap(),
        ),
        Arc::new(TimestampMicrosecondArray::from(ids.iter().map(|id| id * 3_600_000_000).collect::<Vec<_>>())),
    ];
    RecordBatch::try_new(schema(), columns).unwrap()
}

pub fn spec(connector: &str, target: &Path, config: Config, schema: SchemaRef) -> SinkSpec {
    let partitioned = !config.partition("partition").is_empty();
    SinkSpec {
        connector: connector.into(),
        target: Target::of(target, partitioned),
        config,
        schema,
        batch_id: "b1".into(),
        base: None,
    }
}

/// A load from start to end: prepared, written by as many writers as `parts`, assembled, and moved as the state store moves it.
pub fn load(
    spec: &SinkSpec,
    mode: Mode,
    published: &[PathBuf],
    parts: &[Vec<RecordBatch>],
) -> Result<Vec<StagedFile>, SinkError> {
    let mut spec = spec.clone();
    let prepared = prepare(&mut spec, mode, published)?;
    let staging = staging_dir(&spec.target, &spec.batch_id);
    let mut staged = Vec::new();
    for (i, batches) in parts.iter().enumerate() {
        let mut writer = StagedWriter::new(&spec, &staging, i)?;
        for batch in batches {
            writer.write(batch)?;
        }
        staged.extend(writer.finish()?);
    }
    let files = assemble(&spec, &staging, &prepared, staged)?;
    publish(&files, &prepared);
    let _ = fs::remove_dir_all(staging);
    Ok(files)
}

fn publish(files: &[StagedFile], prepared: &Prepared) {
    for file in files {
        assert_eq!(fs::metadata(&file.staged).unwrap().len(), file.bytes);
        assert!(file.replace || !file.target.exists(), "{}", file.target.display());
        fs::create_dir_all(file.target.parent().unwrap()).unwrap();
        fs::rename(&file.staged, &file.target).unwrap();
    }
    let targets: Vec<&PathBuf> = files.iter().map(|f| &f.target).collect();
    for path in prepared.remove.iter().filter(|p| !targets.contains(p)) {
        fs::remove_file(path).unwrap();
    }
}

pub fn targets(files: &[StagedFile]) -> Vec<PathBuf> {
    files.iter().map(|f| f.target.clone()).collect()
}

pub fn read_parquet(path: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let schema = reader.schema().clone();
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    concat_batches(&schema, &batches).unwrap()
}

/// A text file, unpacked by its first bytes.
pub fn read_text(path: &Path) -> String {
    let bytes = fs::read(path).unwrap();
    let mut out = String::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut out).unwrap();
    } else if bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        zstd::Decoder::new(bytes.as_slice()).unwrap().read_to_string(&mut out).unwrap();
    } else {
        out = String::from_utf8(bytes).unwrap();
    }
    out
}

/// All files under a folder, relative, sorted.
pub fn tree(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path)
            } else {
                found.push(path.strip_prefix(root).unwrap().display().to_string())
            }
        }
    }
    found.sort();
    found
}
