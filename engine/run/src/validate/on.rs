//! Sources read from another file than their own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pipe_check::Loaded;
use pipe_diagnostics::codes::run as codes;
use pipe_diagnostics::{Diagnostic, Severity, nearest};
use pipe_schema::Config;

/// The connectors of files, by the end of a file's name.
const EXTENSIONS: [(&str, &str); 8] = [
    ("csv", "csv"),
    ("tsv", "tsv"),
    ("tab", "tsv"),
    ("json", "json"),
    ("ndjson", "ndjson"),
    ("jsonl", "ndjson"),
    ("parquet", "parquet"),
    ("pq", "parquet"),
];

/// Ends that say how a file is packed, not what is in it.
const PACKED: [&str; 5] = ["gz", "zst", "zstd", "bz2", "xz"];

/// Points sources of the program at other files: with their own connector, keys and columns, or where the file's name says another
/// format, with that one's.
///
/// # Errors
/// A name that is no source; a file that is not there.
pub fn put(loaded: &mut Loaded, on: &BTreeMap<String, PathBuf>) -> Result<(), Diagnostic> {
    for (table, file) in on {
        let program = &mut loaded.program;
        let names: Vec<String> = program.sources.keys().cloned().collect();
        let model = program.models.contains_key(table);
        let Some(source) = program.sources.get_mut(table) else {
            let message = match model {
                true => format!("`{table}` is a model: only a source is read from a file"),
                false => format!("`{table}` is no source of the program"),
            };
            let near = nearest(table, names.iter().map(String::as_str)).filter(|_| !model);
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", names.join(", ")),
            };
            return Err(Diagnostic::new(codes::UNKNOWN_TARGET, Severity::Error, message).help(help));
        };
        let shown = file.display();
        let path = std::path::absolute(file).map_err(|e| crate::errors::io(&format!("`{shown}`: {e}")))?;
        if !path.exists() {
            let message = format!("there is no file `{shown}` to read `{table}` from");
            return Err(Diagnostic::new(codes::NO_FILES, Severity::Error, message));
        }
        let ours = pipe_schema::connector(&source.connector).is_some_and(|c| c.files);
        if let Some(connector) = format_of_file(file).filter(|c| *c != source.connector)
            && let Some(known) = pipe_schema::connector(connector)
        {
            let mut config = Config::default();
            for key in known.source_keys {
                // A key that both have keeps what the program says.
                let said = source.config.values.get(key.name).filter(|_| ours && source.config.is_given(key.name));
                if let Some(value) = said.cloned().or_else(|| key.default_value()) {
                    config.values.insert(key.name, value);
                }
            }
            source.config = config;
            source.connector = connector.to_owned();
        }
        source.connection = None;
        source.locator = Some(path.to_string_lossy().into_owned());
        source.streaming = false;
    }
    Ok(())
}

/// The connector that reads a file, by the end of its name: `orders.csv.gz` is CSV.
pub fn format_of_file(file: &Path) -> Option<&'static str> {
    let name = file.file_name()?.to_str()?.to_lowercase();
    let mut parts: Vec<&str> = name.split('.').skip(1).collect();
    if parts.last().is_some_and(|last| PACKED.contains(last)) {
        parts.pop();
    }
    let last = parts.pop()?;
    EXTENSIONS.iter().find(|(end, _)| *end == last).map(|(_, connector)| *connector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_tells_its_format() {
        let told = [
            ("a.csv", Some("csv")),
            ("a.b.JSONL", Some("ndjson")),
            ("a.tsv.gz", Some("tsv")),
            ("a.pq", Some("parquet")),
        ];
        for (name, connector) in told.into_iter().chain([("csv", None), ("a.gz", None), ("a.txt", None), ("", None)]) {
            assert_eq!(format_of_file(Path::new(name)), connector, "{name}");
        }
    }
}
