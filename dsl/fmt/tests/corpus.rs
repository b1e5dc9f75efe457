//! The formatter over the corpus: what is right stays right, and formatting twice changes nothing.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;

use pipe_fmt::format;

#[test]
fn the_corpus_is_formatted_soundly_and_once_and_for_all() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../grammar/corpus/ok");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let once = format(&text).unwrap_or_else(|e| panic!("{}: {e:#?}", path.display()));
        assert_eq!(format(&once).as_ref(), Ok(&once), "{}", path.display());
    }
}
