//! The shape of a JSON file from its first objects.

use std::collections::BTreeMap;

use datafusion::physical_plan::metrics::Count;
use pipe_schema::Type;

use super::csv::{HEAD, Head, SAMPLE, encoding};
use super::infer::Inference;
use super::{Finding, FindingKind, FoundColumn, Shape};
use crate::source::chunk::Chunker;
use crate::source::io::{Packing, Text};
use crate::source::json::{JsonChunker, Kind, lines, members, records};
use crate::source::{InputFile, SourceError, meta};

/// What is known about a key.
#[derive(Default)]
struct Key {
    header: String,
    strings: bool,
    others: bool,
    nested: bool,
    inference: Inference,
    samples: Vec<String>,
}

impl Key {
    /// The narrowest type of all values; a string is never a number: its quotes say so.
    fn ty(&self) -> Type {
        let inferred = self.inference.ty();
        let time = matches!(inferred, Type::Date | Type::Timestamp | Type::TimestampTz);
        match (self.nested, self.strings, self.others) {
            (true, false, false) => Type::Json,
            (true, ..) | (false, true, true) => Type::Text,
            (false, true, false) if !time => Type::Text,
            _ => inferred,
        }
    }
}

pub(super) fn shape(
    file: usize,
    input: &InputFile,
    by_line: bool,
    packing: Packing,
    max_record: usize,
) -> Result<Shape, SourceError> {
    let mut text = Text::open(input, packing, Count::new())?;
    let mut head = Vec::new();
    let ended = text.fill(&mut head, HEAD)?;
    let mut shape = Shape::default();
    shape.findings.extend(encoding(file, input, &head, &packing, ended));
    let mut rest: &[u8] = &head;
    let mut cut = Head { text: &mut rest, ended };
    let chunk = if by_line {
        lines(file, max_record, HEAD).next(&mut cut)?
    } else {
        JsonChunker::new(file, max_record, HEAD).next(&mut cut)?
    };
    let chunk = chunk.unwrap_or_default();
    let mut keys: Vec<Key> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut clashes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut spans = records(&chunk);
    if !ended && spans.len() > 1 {
        // Cut off by the end of the head.
        spans.pop();
    }
    for span in spans.iter().take(SAMPLE) {
        shape.sampled += 1;
        let record = chunk.text.get(span.start as usize..span.end as usize).unwrap_or_default();
        let string = |from: usize, to: usize| {
            let quoted = record.get(from.checked_sub(1)?..to + 1)?;
            serde_json::from_slice::<String>(quoted).ok()
        };
        let parsed = members(record, |(from, to), _, kind, (start, end)| {
            let Some(header) = string(from, to) else { return };
            let name = header.to_lowercase();
            let place = *places.entry(name.clone()).or_insert(keys.len());
            if place == keys.len() {
                keys.push(Key { header: header.clone(), ..Key::default() });
            }
            let Some(key) = keys.get_mut(place) else { return };
            if key.header != header {
                let known = clashes.entry(name).or_insert_with(|| vec![key.header.clone()]);
                if !known.contains(&header) {
                    known.push(header);
                }
            }
            let value = match kind {
                Kind::Null => return,
                Kind::String { .. } => string(start, end),
                _ => record.get(start..end).map(|v| String::from_utf8_lossy(v).into_owned()),
            };
            let Some(value) = value else { return };
            key.strings |= matches!(kind, Kind::String { .. });
            key.others |= kind == Kind::Plain;
            key.nested |= kind == Kind::Nested;
            key.inference.see(&value);
            key.samples.push(value);
        });
        // A record that is not JSON is counted when it is read; the keys before its fault stay.
        _ = parsed;
    }
    for (_, headers) in clashes {
        let shown: Vec<String> = headers.iter().map(|h| format!("`{h}`")).collect();
        let message = format!(
            "the keys {} of `{}` differ in case only; where an object has both the later one counts",
            shown.join(" and "),
            input.name
        );
        shape.findings.push(Finding { file, kind: FindingKind::CaseClash { headers }, message });
    }
    if chunk.rows == 0 {
        let message = format!("`{}` is empty: it has no objects", input.name);
        shape.findings.push(Finding { file, kind: FindingKind::Empty, message });
    }
    shape.columns = places
        .into_iter()
        .filter_map(|(name, place)| keys.get(place).map(|key| (place, name, key)))
        .map(|(place, name, key)| {
            let meta = meta::ALL.contains(&name.as_str());
            let column = FoundColumn {
                name: if meta { format!("{name}_2") } else { name },
                header: key.header.clone(),
                ty: key.ty(),
                partition: false,
                samples: key.samples.clone(),
            };
            (place, column)
        })
        .collect::<BTreeMap<usize, FoundColumn>>()
        .into_values()
        .collect();
    Ok(shape)
}
