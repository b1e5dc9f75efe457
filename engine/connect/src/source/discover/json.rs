//! The shape of a JSON file from its first objects.

use std::collections::BTreeMap;

use pipe_schema::Type;

use super::csv::{PIECE, SAMPLE, encoding};
use super::infer::Inference;
use super::{Finding, FindingKind, FoundColumn, Shape, head};
use crate::source::chunk::Chunker;
use crate::source::io::Packing;
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

/// The texts of the first objects, broken ones too.
fn sampled(chunker: &mut dyn Chunker, head: &[u8], ended: bool) -> Result<Vec<Vec<u8>>, SourceError> {
    let mut objects: Vec<Vec<u8>> = Vec::new();
    let mut rest = head;
    while objects.len() < SAMPLE {
        let Some(chunk) = chunker.next(&mut rest)? else {
            // The last one is cut off by the end of the head.
            if !ended && objects.len() > 1 {
                objects.pop();
            }
            break;
        };
        let spans = records(&chunk).into_iter().take(SAMPLE - objects.len());
        objects.extend(spans.filter_map(|s| chunk.text.get(s.start as usize..s.end as usize)).map(<[u8]>::to_vec));
    }
    Ok(objects)
}

pub(super) fn shape(
    file: usize,
    input: &InputFile,
    by_line: bool,
    packing: Packing,
    max_record: usize,
) -> Result<Shape, SourceError> {
    let (head, ended) = head(file, input, packing)?;
    let mut shape = Shape::default();
    shape.findings.extend(encoding(file, input, &head, &packing, ended));
    let mut chunker: Box<dyn Chunker> = if by_line {
        Box::new(lines(file, max_record, PIECE))
    } else {
        Box::new(JsonChunker::new(file, max_record, PIECE))
    };
    let objects = sampled(chunker.as_mut(), &head, ended)?;
    let mut keys: Vec<Key> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut clashes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for record in &objects {
        shape.sampled += 1;
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
    if objects.is_empty() {
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
