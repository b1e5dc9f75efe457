//! The data of `examples/`, made from seeds, with the dirt that each example is about.
//!
//! The files are committed, so that the examples run as they lie there; a test compares them with what is made here.

mod orders;
mod sensors;
mod shops;
mod tickets;
mod visits;

use std::collections::BTreeMap;

/// All data files of the examples: the path below `examples/`, and the bytes.
pub fn files() -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    let examples = [
        ("orders", orders::files()),
        ("sensors", sensors::files()),
        ("shops", shops::files()),
        ("tickets", tickets::files()),
        ("visits", visits::files()),
    ];
    for (example, files) in examples {
        all.extend(files.into_iter().map(|(name, text)| (format!("{example}/data/{name}"), text.into_bytes())));
    }
    all
}

/// `1230` cents as `12.30`.
fn money(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}
