//! Parquet files: how they are written, and how several become one without decoding them.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::parquet::arrow::{ArrowSchemaConverter, ArrowWriter, add_encoded_arrow_schema_to_metadata};
use datafusion::parquet::bloom_filter::Sbbf;
use datafusion::parquet::column::writer::ColumnCloseResult;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use datafusion::parquet::file::writer::SerializedFileWriter;
use datafusion::parquet::schema::types::SchemaDescriptor;

use super::SinkError;
use super::spec::ParquetOptions;

/// A row group is closed when it holds about so many bytes, whatever its rows: it is in memory until then.
pub(crate) const ROW_GROUP_BYTES: usize = 128 << 20;

fn properties(options: &ParquetOptions) -> WriterProperties {
    WriterProperties::builder()
        .set_compression(options.compression)
        .set_max_row_group_row_count(Some(options.row_group_rows))
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_created_by(concat!("pipe version ", env!("CARGO_PKG_VERSION")).to_owned())
        .build()
}

pub(crate) fn writer(
    options: &ParquetOptions,
    schema: SchemaRef,
    file: File,
) -> Result<ArrowWriter<File>, ParquetError> {
    ArrowWriter::try_new(file, schema, Some(properties(options)))
}

/// The Parquet form of the columns.
pub(crate) fn descriptor(schema: &Schema) -> Result<SchemaDescriptor, ParquetError> {
    ArrowSchemaConverter::new().convert(schema)
}

/// The metadata at the end of a file, its page index too.
pub(crate) fn metadata(file: &File) -> Result<ParquetMetaData, ParquetError> {
    ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Optional).parse_and_finish(file)
}

/// Writes the row groups of all parts into `out`, in order and as they are: bytes are copied, nothing is decoded. All parts have the Parquet form of `schema`.
pub(crate) fn merge(options: &ParquetOptions, schema: &Schema, parts: &[&Path], out: &Path) -> Result<File, SinkError> {
    let file = File::create(out).map_err(|e| SinkError::io("create", out, e))?;
    let mut properties = properties(options);
    add_encoded_arrow_schema_to_metadata(schema, &mut properties);
    let root = descriptor(schema).map_err(|e| SinkError::parquet(out, e))?.root_schema_ptr();
    let mut writer =
        SerializedFileWriter::new(file, root, Arc::new(properties)).map_err(|e| SinkError::parquet(out, e))?;
    for part in parts {
        let input = File::open(part).map_err(|e| SinkError::io("open", part, e))?;
        let metadata =
            metadata(&input).map_err(|e| SinkError::Unreadable { path: part.to_path_buf(), reason: e.to_string() })?;
        for (number, group) in metadata.row_groups().iter().enumerate() {
            let mut target = writer.next_row_group().map_err(|e| SinkError::parquet(out, e))?;
            for (i, column) in group.columns().iter().enumerate() {
                let index = |all: Option<&Vec<Vec<_>>>| all.and_then(|g| g.get(number)).and_then(|g| g.get(i)).cloned();
                let offsets = metadata.offset_index().and_then(|g| g.get(number)).and_then(|g| g.get(i)).cloned();
                let close = ColumnCloseResult {
                    bytes_written: u64::try_from(column.compressed_size()).unwrap_or_default(),
                    rows_written: u64::try_from(group.num_rows()).unwrap_or_default(),
                    metadata: column.clone(),
                    bloom_filter: Sbbf::read_from_column_chunk(column, &input).ok().flatten(),
                    column_index: index(metadata.column_index()),
                    offset_index: offsets,
                };
                target.append_column(&input, close).map_err(|e| SinkError::parquet(out, e))?;
            }
            target.close().map_err(|e| SinkError::parquet(out, e))?;
        }
    }
    writer.into_inner().map_err(|e| SinkError::parquet(out, e))
}
