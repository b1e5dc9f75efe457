//! Bytes for fuzz targets: what is right or nearly so, changed at random.

use std::path::{Path, PathBuf};

use pipe_diagnostics::codes;

use crate::random::Random;

/// What a target is fed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Programs.
    Program,
    /// CSV files.
    Csv,
}

/// Pieces that open, close or upset something.
const PROGRAM_PIECES: [&str; 52] = [
    ";",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "'",
    "\"",
    "`",
    ",",
    ":",
    "=>",
    "|",
    "=",
    "<",
    ">",
    "*",
    "_",
    "$value",
    "$ratio",
    "$$",
    "$t$",
    "--",
    "---",
    "/*",
    "*/",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\u{feff}",
    "é",
    "𝄞",
    "1_000",
    "5m",
    "1e999",
    "99999999999999999999",
    "0.1%",
    "64KB",
    "\nsource s from csv 's.csv';\n",
    "\nmodel m as ",
    "\nrules orders {",
    "heal * {",
    "select * from",
    " not ",
    " null ",
    " secret x",
    "with (",
    "else",
    "then",
    "e'\\",
];

/// The same for files.
const CSV_PIECES: [&str; 18] = [
    ",",
    ";",
    "\t",
    "|",
    "\"",
    "\"\"",
    "\n",
    "\r\n",
    "\r",
    "\0",
    "\u{feff}",
    "é",
    "NULL",
    "#",
    "\\",
    "1e400",
    "2026-02-30",
    "\"a\nb\"",
];

/// The case of a seed: one of `seeds`, changed a few times.
pub fn case(kind: Kind, seeds: &[Vec<u8>], seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let pieces: &[&str] = if kind == Kind::Program { &PROGRAM_PIECES } else { &CSV_PIECES };
    let mut bytes = random.pick(seeds).clone();
    for _ in 0..random.between(0, 8) {
        let at = random.between(0, bytes.len() as u64) as usize;
        let end = (at + random.between(0, 30) as usize).min(bytes.len());
        match random.between(0, 6) {
            0 => drop(bytes.drain(at..end)),
            1 => drop(bytes.splice(at..at, random.pick(pieces).bytes())),
            2 => drop(bytes.splice(at..end, random.pick(pieces).bytes())),
            3 => {
                let piece = bytes[at..end].to_vec();
                let to = random.between(0, bytes.len() as u64) as usize;
                drop(bytes.splice(to..to, piece));
            }
            4 => {
                let other = random.pick(seeds);
                let from = random.between(0, other.len() as u64) as usize;
                let to = (from + random.between(0, 200) as usize).min(other.len());
                drop(bytes.splice(at..at, other[from..to].iter().copied()));
            }
            5 => {
                let piece = bytes[at..end].repeat(random.between(1, 20) as usize);
                drop(bytes.splice(at..at, piece));
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = random.between(0, 255) as u8;
                }
            }
        }
        bytes.truncate(16 << 10);
    }
    bytes
}

/// The corpus of the grammar, the programs of the pages, the examples.
///
/// # Panics
/// When a file of the repository cannot be read.
pub fn program_seeds() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files: Vec<PathBuf> = Vec::new();
    let mut folders = vec![root.join("grammar/corpus"), root.join("examples")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the repository") {
            let path = entry.expect("an entry").path();
            match path.extension() {
                _ if path.is_dir() => folders.push(path),
                Some(ending) if ending == "pipe" => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    let mut seeds: Vec<Vec<u8>> = files.iter().map(|f| std::fs::read(f).expect("a program")).collect();
    seeds.extend(codes::pages().flat_map(|p| [p.bad, p.good]).map(|text| text.as_bytes().to_vec()));
    seeds
}
