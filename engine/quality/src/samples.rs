//! A few violating rows per reason, the first in the order of files and rows or, where rows come in none, of what they show,
//! whatever thread saw them.

use std::collections::BTreeMap;

use crate::Reason;

/// How many rows a report shows.
const MOST: usize = 5;

/// A violating row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sample {
    /// The file's index.
    pub file: u32,
    /// The data row in its file, from 0.
    pub row: u64,
    /// The line its record starts on, from 1; 0 where there are none.
    pub line: u64,
    /// The offending value, or the raw text.
    pub value: String,
}

/// The samples of one thread.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    /// Whether the places of rows say nothing.
    by_value: bool,
    by_reason: BTreeMap<Reason, Vec<Sample>>,
}

impl Samples {
    /// Of rows that come in no order: the least, by what they show.
    pub fn by_value() -> Self {
        Self { by_value: true, ..Self::default() }
    }

    /// Whether a row of this place would be shown; asked before its value is put into words.
    pub fn wants(&self, reason: Reason, file: u32, row: u64) -> bool {
        self.by_reason.get(&reason).is_none_or(|list| {
            self.by_value || list.len() < MOST || list.last().is_some_and(|last| (file, row) < (last.file, last.row))
        })
    }

    /// Adds a row.
    pub fn add(&mut self, reason: Reason, mut sample: Sample) {
        if self.by_value {
            (sample.file, sample.row, sample.line) = (0, 0, 0);
        }
        let list = self.by_reason.entry(reason).or_default();
        let at = list.partition_point(|s| *s < sample);
        list.insert(at, sample);
        list.truncate(MOST);
    }

    /// Takes in what another thread has seen.
    pub fn merge(&mut self, other: Samples) {
        for (reason, samples) in other.by_reason {
            for sample in samples {
                self.add(reason, sample);
            }
        }
    }

    /// The samples of a reason, in order.
    pub fn of(&self, reason: Reason) -> &[Sample] {
        self.by_reason.get(&reason).map_or(&[], Vec::as_slice)
    }
}
