//! The shape of a CSV file from its head.

use std::collections::BTreeSet;

use super::infer::Inference;
use super::{Finding, FindingKind, FoundColumn, Shape, head};
use crate::source::chunk::{Chunk, Chunker, size_text};
use crate::source::columns::value;
use crate::source::csv::{CsvChunker, field_count, split};
use crate::source::io::Packing;
use crate::source::options::Dialect;
use crate::source::{InputFile, SourceError};

/// Records looked at.
pub(super) const SAMPLE: usize = 1_000;
/// Text cut at once.
pub(super) const PIECE: usize = 64 << 10;
/// Delimiters a file may have instead of the one configured.
const DELIMITERS: [u8; 5] = [b',', b';', b'\t', b'|', b':'];

pub(super) fn shape(
    file: usize,
    input: &InputFile,
    dialect: &Dialect,
    packing: Packing,
    declared: Option<&[String]>,
) -> Result<Shape, SourceError> {
    let (head, ended) = head(file, input, packing)?;
    let mut shape = Shape::default();
    shape.findings.extend(encoding(file, input, &head, &packing, ended));
    let Sample { header, records: sample, rows, dialect } = sampled(file, &head, ended, dialect.clone())?;

    let headers = match &header {
        Some(header) => fields(header, &dialect),
        None if dialect.header => {
            let message = if ended {
                format!("`{}` is empty: it has no header and no records", input.name)
            } else {
                format!("`{}` has no header in its first {}", input.name, size_text(head.len() & !1023))
            };
            return Ok(shape.with(Finding { file, kind: FindingKind::Empty, message }));
        }
        None => {
            let width = sample.first().map_or(0, Vec::len);
            let names = declared.unwrap_or_default();
            (0..width).map(|i| names.get(i).cloned().unwrap_or_else(|| format!("column_{}", i + 1))).collect()
        }
    };
    if rows == 0 {
        let (kind, what) = match header {
            Some(_) => (FindingKind::HeaderOnly, "has a header and no records"),
            None => (FindingKind::Empty, "is empty"),
        };
        shape.findings.push(Finding { file, kind, message: format!("`{}` {what}", input.name) });
    }
    if headers.len() == 1
        && let Some((found, columns)) = other_delimiter(&head, &dialect, ended)
    {
        let message = format!(
            "`{}` has one column with the delimiter `{}`, and {columns} with `{}`; give `delimiter = '{}'`",
            input.name,
            shown(dialect.delimiter),
            shown(found),
            shown(found),
        );
        shape.findings.push(Finding {
            file,
            kind: FindingKind::Delimiter { found: char::from(found), columns },
            message,
        });
    }
    let names = super::names(file, input, &headers, &mut shape.findings);
    let mut inferences = vec![(Inference::default(), Vec::new()); names.len()];
    for record in sample.iter().filter(|r| r.len() == names.len()) {
        for ((inference, samples), field) in inferences.iter_mut().zip(record) {
            if let Some(text) = field.as_ref().and_then(|f| std::str::from_utf8(f).ok()) {
                if !value::trimmed(text.as_bytes()).is_empty() {
                    inference.see(text);
                }
                samples.push(text.to_string());
            }
        }
    }
    shape.sampled = sample.len() as u64;
    shape.positional = !dialect.header;
    shape.columns = names
        .into_iter()
        .zip(headers)
        .zip(inferences)
        .map(|((name, header), (inference, samples))| FoundColumn {
            name,
            header,
            ty: inference.ty(),
            partition: false,
            samples,
        })
        .collect();
    Ok(shape)
}

/// The first records of a file.
struct Sample {
    header: Option<Vec<u8>>,
    /// The good ones, each by its own number of fields.
    records: Vec<Vec<Option<Vec<u8>>>>,
    /// Broken ones too.
    rows: u64,
    dialect: Dialect,
}

fn sampled(file: usize, head: &[u8], ended: bool, dialect: Dialect) -> Result<Sample, SourceError> {
    let mut chunker = CsvChunker::new(dialect, file, PIECE);
    let mut rest = head;
    let header = chunker.start(&mut rest)?.map(<[u8]>::to_vec);
    let dialect = chunker.dialect().clone();
    let mut sample = Sample { header, records: Vec::new(), rows: 0, dialect };
    while sample.records.len() < SAMPLE {
        let Some(chunk) = chunker.next(&mut rest)? else {
            // The last record is cut off by the end of the head.
            if !ended && sample.records.len() > 1 {
                sample.records.pop();
            }
            break;
        };
        sample.rows += chunk.rows;
        // Split without a width every record is broken, but its span is known.
        let spans = split(&chunk, &sample.dialect, 0);
        let broken: BTreeSet<usize> = chunk.broken.iter().map(|b| b.start).collect();
        let whole = spans.rows.iter().filter(|row| !broken.contains(&(row.start as usize)));
        let texts = whole.filter_map(|row| chunk.text.get(row.start as usize..row.end as usize));
        sample.records.extend(texts.take(SAMPLE - sample.records.len()).map(|record| values(record, &sample.dialect)));
    }
    Ok(sample)
}

/// The fields of one record; NULLs are `None`.
fn values(record: &[u8], dialect: &Dialect) -> Vec<Option<Vec<u8>>> {
    let quotes = dialect.quote.is_some_and(|quote| memchr::memchr(quote, record).is_some());
    // No record has more fields than bytes.
    let counted = Chunk { text: record.to_vec(), rows: 1, quotes, newline: dialect.newline, ..Chunk::default() };
    let mut bare = dialect.clone();
    bare.comment = None;
    bare.max_field = usize::MAX;
    let width = field_count(&counted, &bare);
    let cells = split(&counted, &bare, width);
    cells
        .cells
        .iter()
        .map(|cell| {
            let buffer =
                if cell.kind() == crate::source::cells::CellKind::Unescaped { &cells.scratch } else { &counted.text };
            (!cell.is_null()).then(|| buffer.get(cell.start()..cell.start() + cell.len()).unwrap_or_default().to_vec())
        })
        .collect()
}

/// The fields of a header.
fn fields(header: &[u8], dialect: &Dialect) -> Vec<String> {
    let header = header.strip_suffix(&[dialect.newline]).unwrap_or(header);
    let header = header.strip_suffix(b"\r").unwrap_or(header);
    let text = |field: Option<Vec<u8>>| String::from_utf8_lossy(&field.unwrap_or_default()).trim().to_string();
    values(header, dialect).into_iter().map(text).collect()
}

/// A delimiter that splits the header and all sampled records into the same number of fields, two or more.
fn other_delimiter(head: &[u8], dialect: &Dialect, ended: bool) -> Option<(u8, usize)> {
    let mut best: Option<(u8, usize)> = None;
    for delimiter in DELIMITERS.into_iter().filter(|d| *d != dialect.delimiter) {
        let other = Dialect { delimiter, header: false, ..dialect.clone() };
        let Ok(Sample { records, .. }) = sampled(0, head, ended, other) else { continue };
        let columns = records.first().map_or(0, Vec::len);
        let alike = columns > 1 && records.iter().all(|r| r.len() == columns);
        if alike && best.is_none_or(|(_, most)| columns > most) {
            best = Some((delimiter, columns));
        }
    }
    best
}

fn shown(delimiter: u8) -> String {
    if delimiter == b'\t' { "\\t".to_string() } else { char::from(delimiter).to_string() }
}

/// Whether the head is in another encoding than configured.
pub(super) fn encoding(file: usize, input: &InputFile, head: &[u8], packing: &Packing, ended: bool) -> Option<Finding> {
    let configured = packing.encoding.name().to_lowercase();
    let nuls = |from: usize| head.iter().skip(from).step_by(2).take(512).filter(|b| **b == 0).count();
    let looked = head.len().div_ceil(2).min(512);
    let found = if memchr::memchr(0, head).is_some() {
        // Latin text in UTF-16 has a NUL in every other place.
        if looked > 1 && nuls(1) * 2 > looked && nuls(0) * 8 < looked {
            "utf-16le"
        } else if looked > 1 && nuls(0) * 2 > looked && nuls(1) * 8 < looked {
            "utf-16be"
        } else {
            "binary"
        }
    } else {
        let error = std::str::from_utf8(head).err()?;
        if error.error_len().is_none() && !ended {
            // The head ends within a character.
            return None;
        }
        "windows-1252"
    };
    // A stray byte breaks its record; a tenth of all lines is another encoding.
    let lines = head.split(|b| *b == b'\n').filter(|line| !line.is_empty());
    let (all, bad) = lines.fold((0u64, 0u64), |(all, bad), line| {
        (all + 1, bad + u64::from(line.contains(&0) || std::str::from_utf8(line).is_err()))
    });
    if bad * 10 < all {
        return None;
    }
    let help = match found {
        "binary" => "is it text at all?".to_string(),
        found => format!("give `encoding = '{found}'`"),
    };
    let message =
        format!("`{}` is not {configured}: {bad} of its first {all} lines cannot be read; {help}", input.name);
    Some(Finding { file, kind: FindingKind::Encoding { found }, message })
}
