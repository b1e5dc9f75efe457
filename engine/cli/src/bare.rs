//! A data file that stands in no program, and the program that reads it.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A file that is looked at by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bare {
    /// What its table is called: the name of the file without its endings.
    pub table: String,
    connector: &'static str,
    /// As the user typed it: relative locators start in the current folder, as does a program that is written there.
    locator: String,
    /// What of the file is not as the connector takes it by default, `delimiter = ';'`.
    keys: Vec<String>,
    /// Columns of its header have the same name.
    pub twice: bool,
}

/// The clause that reads the later one of two columns with the same name all the same.
pub const TWICE: &str = "on structural(reason: header) => keep";

/// How much of a file is looked at to tell how it is written.
const HEAD: u64 = 1 << 20;

impl Bare {
    /// The file that an argument names: its ending is that of data, and it is there or cannot be the name of a table.
    pub fn of(argument: &str) -> Option<Self> {
        let path = Path::new(argument);
        let connector = pipe_run::format_of_file(path)?;
        let is_path = path.components().nth(1).is_some();
        let is_raw = argument.to_lowercase().starts_with("raw.");
        if !path.is_file() && is_raw && !is_path {
            return None;
        }
        let stem = path.file_name()?.to_str()?.trim_start_matches('.').split('.').next().unwrap_or_default();
        let (keys, twice) =
            if matches!(connector, "csv" | "tsv") { written(path, connector) } else { Default::default() };
        Some(Self { table: name(stem), connector, locator: argument.to_owned(), keys, twice })
    }

    /// The statement that declares it; `columns` are names and types.
    pub fn source(&self, columns: &[(String, String)]) -> String {
        let mut text = format!(
            "source {} from {} '{}'",
            pipe_sql::quote(&self.table),
            self.connector,
            self.locator.replace('\'', "''")
        );
        if !self.keys.is_empty() {
            text += &format!(" with ({})", self.keys.join(", "));
        }
        if !columns.is_empty() {
            let one = |(name, ty): &(String, String)| format!("  {} {ty},\n", pipe_sql::quote(name));
            text += &format!(" schema (\n{})", columns.iter().map(one).collect::<String>());
        }
        text + ";\n"
    }

    /// The statement that writes it: in the same format, whole each time.
    pub fn load(&self) -> String {
        let connector = if self.connector == "json" { "ndjson" } else { self.connector };
        let table = pipe_sql::quote(&self.table);
        format!("load {table} into {connector} '{}' with (mode = overwrite);\n", self.target())
    }

    /// Where the load puts it.
    pub fn target(&self) -> String {
        let connector = if self.connector == "json" { "ndjson" } else { self.connector };
        format!("out/{}.{connector}", self.table)
    }

    /// The file of its program, in the current folder.
    pub fn program(&self) -> PathBuf {
        PathBuf::from(format!("{}.pipe", self.table))
    }
}

/// A name that needs no quotes, of any text.
fn name(stem: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() { c } else { '_' };
    let name: String = stem.to_lowercase().chars().map(plain).collect();
    let name = name.trim_matches('_');
    match name.chars().next() {
        None => "data".to_owned(),
        Some(first) if first.is_numeric() => format!("t_{name}"),
        Some(_) => name.to_owned(),
    }
}

/// The keys that a file of text fields needs: the delimiter that its first line has, when that is not the connector's own, and
/// an encoding that has all bytes, when they are no UTF-8. Beside them, whether two columns have one name.
fn written(path: &Path, connector: &str) -> (Vec<String>, bool) {
    let mut head = Vec::new();
    if path.extension().is_none_or(|e| !e.eq_ignore_ascii_case("csv") && !e.eq_ignore_ascii_case("tsv"))
        || File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head)).is_err()
    {
        return Default::default();
    }
    let mut keys = Vec::new();
    let mut own = if connector == "tsv" { b'\t' } else { b',' };
    let first = head.split(|b| *b == b'\n').next().unwrap_or_default();
    let count = |delimiter: u8| first.iter().filter(|b| **b == delimiter).count();
    let others = [(b';', ";"), (b'\t', "\\t"), (b'|', "|"), (b',', ",")];
    if count(own) == 0
        && let Some((found, shown)) = others.into_iter().filter(|(d, _)| count(*d) > 0).max_by_key(|(d, _)| count(*d))
    {
        keys.push(format!("delimiter = '{shown}'"));
        own = found;
    }
    let marked = head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]);
    // A character that the end of the head cuts is no error.
    let broken = std::str::from_utf8(&head).is_err_and(|e| e.error_len().is_some());
    if broken && !marked {
        keys.push("encoding = 'windows-1252'".to_owned());
    }
    let names: Vec<String> = first
        .split(|b| *b == own)
        .map(|name| String::from_utf8_lossy(name).trim_matches(['"', ' ', '\r']).to_lowercase())
        .filter(|name| !name.is_empty())
        .collect();
    let distinct: BTreeSet<&String> = names.iter().collect();
    (keys, distinct.len() < names.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_ending() {
        let bare = Bare::of("data/Orders 2026.csv.gz").unwrap();
        assert_eq!(bare.table, "orders_2026");
        assert_eq!(bare.source(&[]), "source orders_2026 from csv 'data/Orders 2026.csv.gz';\n");
        assert_eq!(bare.load(), "load orders_2026 into csv 'out/orders_2026.csv' with (mode = overwrite);\n");
        assert_eq!(Bare::of("orders"), None);
        assert_eq!(Bare::of("raw.csv"), None, "a source that is called `csv`, as it came");
        assert_eq!(Bare::of("x/2026.parquet").unwrap().table, "t_2026");
        assert_eq!(
            Bare::of("x/-.json").unwrap().load(),
            "load data into ndjson 'out/data.ndjson' with (mode = overwrite);\n"
        );
    }

    #[test]
    fn how_a_file_is_written_is_told_where_it_must_be() {
        let folder = tempfile::tempdir().unwrap();
        let keys = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            Bare::of(path.to_str().unwrap()).unwrap().keys
        };
        assert_eq!(keys("a.csv", b"a,b\n1;2,3\n"), [""; 0]);
        assert_eq!(keys("b.csv", b"a;b\n1,5;2\n"), ["delimiter = ';'"]);
        assert_eq!(keys("c.csv", b"a\tb\nM\xfcller\t2\n"), ["delimiter = '\\t'", "encoding = 'windows-1252'"]);
        assert_eq!(keys("d.csv", b"\xff\xfea\0,\0b\0\n\0"), [""; 0]);
        assert_eq!(keys("e.csv", b""), [""; 0]);
    }
}
