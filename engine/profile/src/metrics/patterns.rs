//! What texts look like: `AA-9999`.

use std::collections::BTreeMap;

use super::bytes::{MetricsError, Reader, Writer};

/// The most patterns that are told apart.
const MOST: usize = 256;
/// The most symbols of a pattern.
const SYMBOLS: usize = 40;

/// Counts the shapes of texts: `A` an upper-case letter, `a` a lower-case one or one without case, `9` a digit, a blank for white space, all else
/// itself. With more than 256 shapes, runs of letters or digits become `A+`, `a+`, `9+` in all of them; with more than 256 of
/// those the texts have no pattern. Whatever the order of the texts, the result is the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patterns {
    detail: Detail,
    counts: BTreeMap<String, u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    #[default]
    Symbols,
    Runs,
    Nothing,
}

impl Patterns {
    /// Takes a text in, `count` times. Only its first 40 characters count.
    pub fn add(&mut self, text: &str, count: u64, scratch: &mut String) {
        if self.detail == Detail::Nothing {
            return;
        }
        shape(text, self.detail == Detail::Runs, scratch);
        match self.counts.get_mut(scratch.as_str()) {
            Some(counted) => *counted += count,
            None => {
                self.counts.insert(scratch.clone(), count);
                self.coarsen();
            }
        }
    }

    /// Takes other texts' patterns in.
    pub fn merge(&mut self, other: &Patterns) {
        let mut other = other.clone();
        let detail = self.detail.max(other.detail);
        self.at_most(detail);
        other.at_most(detail);
        for (pattern, count) in other.counts {
            *self.counts.entry(pattern).or_default() += count;
        }
        self.coarsen();
    }

    /// The patterns with their counts, most frequent first; none if the texts have no pattern.
    pub fn counted(&self) -> Vec<(&str, u64)> {
        let mut counted: Vec<_> = self.counts.iter().map(|(pattern, count)| (pattern.as_str(), *count)).collect();
        counted.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        counted
    }

    /// Whether runs are told by one symbol and a `+`.
    pub fn is_of_runs(&self) -> bool {
        self.detail == Detail::Runs
    }

    /// Tells less apart: of patterns that few texts share, what they have in common. For who shows them.
    pub fn of_runs(&self) -> Patterns {
        let mut coarse = self.clone();
        coarse.at_most(Detail::Runs);
        coarse
    }

    fn coarsen(&mut self) {
        for detail in [Detail::Runs, Detail::Nothing] {
            if self.counts.len() > MOST {
                self.at_most(detail);
            }
        }
    }

    fn at_most(&mut self, detail: Detail) {
        if self.detail >= detail {
            return;
        }
        self.detail = detail;
        let counts = std::mem::take(&mut self.counts);
        if detail == Detail::Runs {
            for (pattern, count) in counts {
                *self.counts.entry(joined(&pattern)).or_default() += count;
            }
        }
    }

    pub(super) fn write(&self, to: &mut Writer) {
        to.byte(self.detail as u8);
        to.number(self.counts.len() as u64);
        for (pattern, count) in &self.counts {
            to.bytes(pattern.as_bytes());
            to.number(*count);
        }
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Result<Self, MetricsError> {
        let detail = match from.byte()? {
            0 => Detail::Symbols,
            1 => Detail::Runs,
            2 => Detail::Nothing,
            _ => return Err(MetricsError::Damaged("patterns that cannot be")),
        };
        let mut counts = BTreeMap::new();
        for _ in 0..from.count()? {
            counts.insert(from.text()?, from.number()?);
        }
        Ok(Self { detail, counts })
    }
}

/// Writes the shape of `text` to `shape`.
fn shape(text: &str, runs: bool, shape: &mut String) {
    shape.clear();
    let mut last = None;
    for (n, c) in text.chars().enumerate() {
        if n == SYMBOLS {
            shape.push('…');
            return;
        }
        let symbol = match c {
            'a'..='z' => 'a',
            'A'..='Z' => 'A',
            '0'..='9' => '9',
            ' '..='~' => c,
            c if c.is_uppercase() => 'A',
            c if c.is_alphabetic() => 'a',
            c if c.is_numeric() => '9',
            c if c.is_whitespace() => ' ',
            c => c,
        };
        if runs && "Aa9".contains(symbol) {
            if last != Some(symbol) {
                shape.push(symbol);
                shape.push('+');
            }
        } else {
            shape.push(symbol);
        }
        last = Some(symbol);
    }
}

/// A shape of symbols as a shape of runs.
fn joined(symbols: &str) -> String {
    let cut = symbols.strip_suffix('…').filter(|rest| rest.chars().count() == SYMBOLS);
    let mut runs = String::new();
    shape(cut.unwrap_or(symbols), true, &mut runs);
    if cut.is_some() {
        runs.push('…');
    }
    runs
}
