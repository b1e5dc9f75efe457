//! Which column of each file is read as which column of the table.

use std::collections::BTreeMap;

use pipe_schema::Type;

use super::{Discovery, FieldSpec, SourceSpec};

/// How each file is to be read, and where the files differ from what was asked for.
#[derive(Clone, Debug, Default)]
pub struct Bound {
    /// One for each file, in their order.
    pub files: Vec<FileBinding>,
    /// In the order of files, then of columns.
    pub drift: Vec<Drift>,
}

/// How one file is to be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FileBinding {
    /// One for each target column.
    pub columns: Vec<ColumnBinding>,
    /// The number of columns of the file: a record of another number of fields is broken.
    pub width: usize,
}

/// Where a target column comes from in one file.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnBinding {
    /// The file's column with this index.
    Column(usize),
    /// The JSON key with this folded name, where a record has it.
    Key(String),
    /// The path: the value of a hive partition, as text.
    Partition(String),
    /// Nowhere: all NULL.
    Missing,
}

/// A difference between a file and the target columns. `file` is an index.
#[derive(Clone, Debug, PartialEq)]
pub enum Drift {
    /// A target column that the file lacks.
    Missing {
        /// The file.
        file: usize,
        /// The target column.
        column: String,
    },
    /// A column of the file that no target column takes.
    New {
        /// The file.
        file: usize,
        /// Its name, folded.
        column: String,
        /// Its type as found.
        ty: Type,
    },
    /// A column that has another type than declared, in a format that knows types.
    TypeChanged {
        /// The file.
        file: usize,
        /// The target column.
        column: String,
        /// As declared.
        declared: Type,
        /// As found.
        found: Type,
        /// Whether every value of the found type has the same value in the declared one.
        lossless: bool,
    },
}

/// Binds the files' columns to `target`, by name, then by alias, then by `renames` (target column to the file's column,
/// both folded). A column of the file is taken once; a partition stands in where the file itself has no such column.
/// Columns without names of their own are taken in order.
pub fn bind(
    spec: &SourceSpec,
    discovery: &Discovery,
    target: &[FieldSpec],
    renames: &BTreeMap<String, String>,
) -> Bound {
    let json = matches!(spec.connector.as_str(), "json" | "ndjson");
    let parquet = spec.connector == "parquet";
    let mut bound = Bound::default();
    for (file, shape) in discovery.files.iter().enumerate() {
        let mut taken = vec![false; shape.columns.len()];
        let mut columns: Vec<Option<usize>> = vec![None; target.len()];
        let mut take = |columns: &mut Vec<Option<usize>>, target: usize, name: &str| {
            let place = shape.columns.iter().position(|c| c.name == name);
            if let Some((place, taken)) = place.and_then(|p| Some((p, taken.get_mut(p)?)))
                && !std::mem::replace(taken, true)
                && let Some(slot) = columns.get_mut(target)
            {
                *slot = Some(place);
            }
        };
        if shape.positional {
            for (i, slot) in columns.iter_mut().enumerate().take(shape.columns.len()) {
                *slot = Some(i);
            }
            taken.iter_mut().take(target.len()).for_each(|t| *t = true);
        } else {
            // All names first: an alias never takes a column from the one that has its name.
            for (i, field) in target.iter().enumerate() {
                take(&mut columns, i, &field.name);
            }
            for (i, field) in target.iter().enumerate() {
                for alias in &field.aliases {
                    if columns.get(i).is_some_and(Option::is_none) {
                        take(&mut columns, i, &alias.to_lowercase());
                    }
                }
            }
            for (i, field) in target.iter().enumerate() {
                if columns.get(i).is_some_and(Option::is_none)
                    && let Some(from) = renames.get(&field.name)
                {
                    take(&mut columns, i, from);
                }
            }
        }
        let mut binding = FileBinding { columns: Vec::with_capacity(target.len()), width: shape.columns.len() };
        for (field, place) in target.iter().zip(&columns) {
            let found = place.and_then(|p| Some((p, shape.columns.get(p)?)));
            let partition =
                || shape.partitions.iter().find(|(key, _)| *key == field.name || field.aliases.contains(key));
            binding.columns.push(match found {
                Some((_, column)) if json => ColumnBinding::Key(column.header.to_lowercase()),
                Some((place, column)) => {
                    if parquet && column.ty != field.ty {
                        bound.drift.push(Drift::TypeChanged {
                            file,
                            column: field.name.clone(),
                            declared: field.ty.clone(),
                            found: column.ty.clone(),
                            lossless: column.ty.is_lossless_in(&field.ty),
                        });
                    }
                    ColumnBinding::Column(place)
                }
                None => match partition() {
                    Some((_, value)) => ColumnBinding::Partition(value.clone()),
                    None => {
                        // A file with nothing in it lacks no column in particular.
                        if shape.sampled > 0 || !shape.columns.is_empty() {
                            bound.drift.push(Drift::Missing { file, column: field.name.clone() });
                        }
                        // A key need not be in every record: it may come later.
                        if json { ColumnBinding::Key(field.name.clone()) } else { ColumnBinding::Missing }
                    }
                },
            });
        }
        for (column, taken) in shape.columns.iter().zip(&taken) {
            if !taken {
                bound.drift.push(Drift::New { file, column: column.name.clone(), ty: column.ty.clone() });
            }
        }
        for (key, _) in &shape.partitions {
            let used = target.iter().any(|f| f.name == *key || f.aliases.contains(key));
            if !used {
                let ty = discovery.columns.iter().find(|c| c.name == *key).map_or(Type::Text, |c| c.ty.clone());
                bound.drift.push(Drift::New { file, column: key.clone(), ty });
            }
        }
        bound.files.push(binding);
    }
    bound
}
