//! What a source looks like before it is read: columns, types, and what is suspicious about them.

mod csv;
mod infer;
mod json;
mod parquet;

use std::collections::BTreeMap;
use std::fmt;

use datafusion::physical_plan::metrics::Count;
use pipe_schema::Type;

use self::infer::{Inference, unify};
use super::io::{Packing, Text};
use super::options::{self, Dialect, Format};
use super::{FieldSpec, InputFile, Phase, SourceError, SourceSpec, meta};

/// What was found by looking at the head of each file.
#[derive(Clone, Debug, Default)]
pub struct Discovery {
    /// One for each file, in their order.
    pub files: Vec<FileShape>,
    /// The columns of all files together: each once, in order of first appearance, partitions last.
    pub columns: Vec<FoundColumn>,
    /// What is suspicious, in the order of files.
    pub findings: Vec<Finding>,
}

/// A file's columns.
#[derive(Clone, Debug, Default)]
pub struct FileShape {
    /// Its columns in the order they stand in the file; hive partitions are not among them.
    pub columns: Vec<FoundColumn>,
    /// Records seen in its head; 0: it has none.
    pub sampled: u64,
    /// Whether the columns have no names of their own and are taken in order.
    pub positional: bool,
    /// The hive partitions of its path, with the type of all files' values.
    pub partitions: Vec<(String, String)>,
}

/// A column as found.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundColumn {
    /// Folded to lower case, unique in its file (`total`, `total_2`), `column_3` where the header says nothing.
    pub name: String,
    /// As it stands in the header.
    pub header: String,
    /// The narrowest type all sampled values have; text when there are none.
    pub ty: Type,
    /// Whether it comes from the path and not from the file.
    pub partition: bool,
    /// Its first values, NULLs left out, as text: evidence for renames. At most 1,000.
    pub samples: Vec<String>,
}

/// Something suspicious about a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The file's index.
    pub file: usize,
    /// What it is.
    pub kind: FindingKind,
    /// For people: what, where, what to do.
    pub message: String,
}

/// What is suspicious.
#[derive(Clone, Debug, PartialEq)]
pub enum FindingKind {
    /// No bytes, or nothing but blank lines and comments.
    Empty,
    /// A header, but no records.
    HeaderOnly,
    /// Two columns of the same name; the later ones are read as `name_2`, `name_3`, ….
    DuplicateHeader {
        /// The folded name.
        column: String,
    },
    /// A column without a name; read as `column_n`.
    EmptyHeader {
        /// Its place, from 1.
        position: usize,
    },
    /// Two columns that differ in case only; the later one is read as `name_2`.
    CaseClash {
        /// As they stand in the header.
        headers: Vec<String>,
    },
    /// Less than half of the declared columns are there.
    HeaderMismatch {
        /// Declared columns that are there, by name or alias.
        matched: usize,
        /// Declared columns.
        declared: usize,
    },
    /// One column as configured, several with another delimiter.
    Delimiter {
        /// The delimiter that splits all sampled records alike.
        found: char,
        /// Into so many columns.
        columns: usize,
    },
    /// Not in the configured encoding.
    Encoding {
        /// What it looks like: `utf-16le`, `utf-16be`, `windows-1252`, `binary`.
        found: &'static str,
    },
}

impl FindingKind {
    /// The `reason` of the `structural` failure it raises; `None`: a warning.
    pub fn structural(&self) -> Option<&'static str> {
        match self {
            FindingKind::Empty | FindingKind::HeaderOnly => Some("empty"),
            FindingKind::DuplicateHeader { .. }
            | FindingKind::EmptyHeader { .. }
            | FindingKind::CaseClash { .. }
            | FindingKind::HeaderMismatch { .. } => Some("header"),
            FindingKind::Delimiter { .. } => Some("delimiter"),
            FindingKind::Encoding { .. } => Some("encoding"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Discovery {
    /// The columns found, as columns to read: what is pinned when none are declared.
    pub fn fields(&self) -> Vec<FieldSpec> {
        self.columns.iter().map(|c| FieldSpec::new(c.name.clone(), c.ty.clone())).collect()
    }
}

/// A file's shape with what is suspicious about it.
#[derive(Clone, Debug, Default)]
struct Shape {
    columns: Vec<FoundColumn>,
    sampled: u64,
    positional: bool,
    findings: Vec<Finding>,
}

impl Shape {
    fn with(mut self, finding: Finding) -> Self {
        self.findings.push(finding);
        self
    }
}

/// Looks at the head of each file: at most 1 MiB of decoded text and 1,000 records, or Parquet's footer.
///
/// # Errors
/// A file that cannot be opened or decompressed; a key with a value that cannot be used.
pub async fn discover(spec: &SourceSpec, files: &[InputFile]) -> Result<Discovery, SourceError> {
    let (spec, files) = (spec.clone(), files.to_vec());
    // Opening and unpacking block.
    tokio::task::spawn_blocking(move || look(&spec, &files))
        .await
        .map_err(|e| SourceError::new("internal", Phase::Connect, format!("looking at the files failed: {e}")))?
}

fn look(spec: &SourceSpec, files: &[InputFile]) -> Result<Discovery, SourceError> {
    let format = Format::of(spec)?;
    let packing = options::packing(spec)?;
    let dialect = Dialect::of(spec)?;
    let declared: Option<Vec<String>> =
        spec.declared.as_ref().map(|fields| fields.iter().map(|f| f.name.clone()).collect());
    let mut discovery = Discovery::default();
    for (file, input) in files.iter().enumerate() {
        let shape = match format {
            Format::Csv => csv::shape(file, input, &dialect, packing, declared.as_deref())?,
            Format::Json | Format::Ndjson => {
                json::shape(file, input, format == Format::Ndjson, packing, options::largest(spec, "max_record")?)?
            }
            Format::Parquet => parquet::shape(file, input)?,
        };
        discovery.findings.extend(shape.findings);
        if let Some(fields) = &spec.declared
            && !shape.positional
            && !shape.columns.is_empty()
        {
            discovery.findings.extend(header_mismatch(file, input, fields, &shape.columns));
        }
        discovery.files.push(FileShape {
            columns: shape.columns,
            sampled: shape.sampled,
            positional: shape.positional,
            partitions: input.partitions.clone(),
        });
    }
    discovery.columns = union(&discovery.files);
    Ok(discovery)
}

/// The columns of all files: each name once, of the type that holds the values of all.
fn union(files: &[FileShape]) -> Vec<FoundColumn> {
    let mut columns: Vec<FoundColumn> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut add = |column: &FoundColumn| match places.get(&column.name).and_then(|&i| columns.get_mut(i)) {
        None => {
            places.insert(column.name.clone(), columns.len());
            columns.push(column.clone());
        }
        // A column without a value says nothing about its type.
        Some(_) if column.samples.is_empty() && !column.partition => {}
        Some(known) if known.samples.is_empty() && !known.partition => *known = column.clone(),
        Some(known) => known.ty = unify(&known.ty, &column.ty),
    };
    files.iter().flat_map(|f| &f.columns).for_each(&mut add);
    for (name, value) in files.iter().flat_map(|f| &f.partitions) {
        let mut inference = Inference::default();
        inference.see(value);
        add(&FoundColumn {
            name: name.clone(),
            header: name.clone(),
            ty: inference.ty(),
            partition: true,
            samples: Vec::new(),
        });
    }
    // A file's own column stands where it is; only what comes from paths alone goes last.
    columns.sort_by_key(|c| c.partition);
    columns
}

/// Text looked at.
const HEAD: usize = 1 << 20;
/// Text looked at of a file that comes after the first few: their types are known by then.
const SHORT_HEAD: usize = 64 << 10;
/// The first few.
const FIRST_FILES: usize = 4;

/// The beginning of a file's text, and whether that is all of it.
fn head(file: usize, input: &InputFile, packing: Packing) -> Result<(Vec<u8>, bool), SourceError> {
    let mut text = Text::open(input, packing, Count::new())?;
    let mut head = Vec::new();
    let short = if file < FIRST_FILES { HEAD } else { SHORT_HEAD };
    let mut ended = text.fill(&mut head, short)?;
    // A header may be longer than that.
    if !ended && short < HEAD && memchr::memchr(b'\n', &head).is_none() {
        ended = text.fill(&mut head, HEAD - short)?;
    }
    Ok((head, ended))
}

/// Unique, folded names for headers, with findings about those that are not good names.
fn names(file: usize, input: &InputFile, headers: &[String], findings: &mut Vec<Finding>) -> Vec<String> {
    // Names of meta columns are taken: a scan has them beside the file's.
    let mut taken: BTreeMap<String, String> = meta::ALL.iter().map(|m| ((*m).to_string(), String::new())).collect();
    let mut names = Vec::with_capacity(headers.len());
    for (i, header) in headers.iter().enumerate() {
        let folded = header.to_lowercase();
        let mut add = |kind: FindingKind, message: String| findings.push(Finding { file, kind, message });
        if folded.is_empty() {
            add(
                FindingKind::EmptyHeader { position: i + 1 },
                format!("column {} of `{}` has no name; it is read as `column_{}`", i + 1, input.name, i + 1),
            );
        }
        let wanted = if folded.is_empty() { format!("column_{}", i + 1) } else { folded.clone() };
        let mut name = wanted.clone();
        let mut n = 2;
        // A later header may have the very name that a repeated one was given.
        while taken.contains_key(&name) || (n > 2 && headers.iter().any(|h| h.to_lowercase() == name)) {
            name = format!("{wanted}_{n}");
            n += 1;
        }
        if let Some(first) = taken.get(&folded).filter(|first| !first.is_empty()) {
            if first == header {
                add(
                    FindingKind::DuplicateHeader { column: folded.clone() },
                    format!("`{}` has two columns `{header}`; the later one is read as `{name}`", input.name),
                );
            } else {
                add(
                    FindingKind::CaseClash { headers: vec![first.clone(), header.clone()] },
                    format!(
                        "the columns `{first}` and `{header}` of `{}` differ in case only; the later one is read as `{name}`",
                        input.name
                    ),
                );
            }
        }
        taken.insert(name.clone(), header.clone());
        names.push(name);
    }
    names
}

/// Less than half of the declared columns, by name or alias.
fn header_mismatch(file: usize, input: &InputFile, fields: &[FieldSpec], found: &[FoundColumn]) -> Option<Finding> {
    let there =
        |name: &String| found.iter().any(|c| c.name == *name) || input.partitions.iter().any(|(k, _)| k == name);
    let matched =
        fields.iter().filter(|f| there(&f.name) || f.aliases.iter().any(|a| there(&a.to_lowercase()))).count();
    let declared = fields.len();
    if matched * 2 >= declared {
        return None;
    }
    let some: Vec<String> = found.iter().take(5).map(|c| format!("`{}`", c.header)).collect();
    let more = if found.len() > 5 { ", …" } else { "" };
    let message = format!(
        "the header of `{}` has {matched} of {declared} declared columns; it has {}{more}",
        input.name,
        some.join(", ")
    );
    Some(Finding { file, kind: FindingKind::HeaderMismatch { matched, declared }, message })
}
