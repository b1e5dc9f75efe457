//! Tables in which several sources report on the same things: `(source, flight)` is a key, and what the sources say of a
//! flight differs.
//!
//! There most rows of a group may be wrong, so nothing can be asked of the share of exceptions. What tells such a table is its key: each
//! source says at most one thing of each flight, and what they say of it agrees far more often than chance would have it.

use super::DependencyCandidate;
use super::groups::{Codes, Groups};

/// Groups of the thing reported on have so many rows, but for a few.
const REPORTS: usize = 5;
/// The few.
const FEW: f64 = 0.02;
/// Of the rows, so many may repeat the key.
const REPEATED: f64 = 0.01;
/// Rows that would repeat the key if sources were spread by chance; with fewer the key is no evidence.
const EVIDENCE: f64 = 10.0;
/// Of the reports, so many may differ from what most say.
pub const DIFFER: f64 = 0.6;
/// How much of what chance would make differ must agree.
const LIFT: f64 = 0.3;
/// Sources at most.
const SOURCES: usize = 1000;

/// What reports tell: for each column that names things, the columns that are told of them.
pub fn reports(all: &[Codes], texts: impl Fn(usize) -> bool) -> Vec<DependencyCandidate> {
    let named: Vec<&Codes> = all.iter().filter(|column| names_things(column)).collect();
    let rows = all.first().map_or(0, |column| column.codes.len());
    let mut found = Vec::new();
    for thing in named {
        let is_source = |source: &&Codes| {
            source.place != thing.place
                && source.distinct > 1
                && source.distinct <= SOURCES.min(rows / REPORTS)
                && texts(source.place)
                && is_key(source, thing)
        };
        for source in all.iter().filter(is_source) {
            let told: Vec<&Codes> = all
                .iter()
                .filter(|c| {
                    c.place != thing.place && c.place != source.place && c.distinct > 1 && c.distinct * 2 < rows
                })
                .collect();
            let depends: Vec<DependencyCandidate> = told.iter().filter_map(|column| disputed(thing, column)).collect();
            // A column that happens to repeat is not enough: what is said is mostly about the thing.
            if depends.len() >= 2 && depends.len() * 2 > told.len() {
                found.extend(depends);
                break;
            }
        }
    }
    found
}

/// Whether nearly all values of a column come back, and none is missing.
fn names_things(column: &Codes) -> bool {
    let mut sizes = vec![0_usize; column.distinct + 1];
    for code in &column.codes {
        if let Some(size) = sizes.get_mut(*code as usize) {
            *size += 1;
        }
    }
    let rare: usize = sizes.iter().filter(|size| **size < REPORTS).sum();
    let missing = sizes.first().copied().unwrap_or_default();
    column.distinct > 1 && (rare + missing) as f64 <= FEW * column.codes.len() as f64
}

/// Whether two columns name a row together, and not by chance.
fn is_key(source: &Codes, thing: &Codes) -> bool {
    let repeated = |source: &[u32]| {
        let pairs = Groups::of(&thing.codes, source);
        pairs.rows - pairs.cells.len()
    };
    let by_chance = repeated(&source.shuffled(&thing.codes));
    by_chance as f64 >= EVIDENCE && repeated(&source.codes) as f64 <= REPEATED * source.codes.len() as f64
}

/// The dependency, if reports agree more than chance explains.
fn disputed(thing: &Codes, told: &Codes) -> Option<DependencyCandidate> {
    let groups = Groups::of(&thing.codes, &told.codes);
    let chance = Groups::of(&thing.codes, &told.shuffled(&thing.codes)).share();
    let violations = groups.share();
    let lift = if chance > 0.0 { 1.0 - violations / chance } else { 0.0 };
    let is = violations <= DIFFER && lift >= LIFT && (chance - violations) * groups.rows as f64 >= EVIDENCE;
    is.then(|| DependencyCandidate {
        columns: vec![thing.place],
        determines: told.place,
        violations,
        chance,
        lift,
        disputed: true,
        wrong: Vec::new(),
    })
}
