//! How often a value occurs, about.

use super::bytes::{MetricsError, Reader, Writer};

const ROWS: usize = 3;
const WIDTH: usize = 1 << 11;

/// Estimates how often a value occurs (Charikar, Chen and Farach-Colton, "Finding frequent items in data streams", ICALP
/// 2002): 3 rows of 2,048 counters, each value added to one of a row with a sign that its hash decides; the estimate is the
/// median. Counters are sums, so any order and any split give the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountSketch {
    counters: Vec<i64>,
}

impl Default for CountSketch {
    fn default() -> Self {
        Self { counters: vec![0; ROWS * WIDTH] }
    }
}

impl CountSketch {
    /// Counts a value, given by its hash; gives its estimate from now on.
    pub fn add(&mut self, hash: u64, count: u64) -> u64 {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let mut bits = hash;
        let mut estimates = [0_i64; ROWS];
        for (estimate, row) in estimates.iter_mut().zip(self.counters.chunks_exact_mut(WIDTH)) {
            if let Some(counter) = row.get_mut(place(bits)) {
                *counter += if sign(bits) { count } else { -count };
                *estimate = if sign(bits) { *counter } else { -*counter };
            }
            bits >>= 12;
        }
        u64::try_from(median(estimates)).unwrap_or_default()
    }

    /// How often it was counted, about; at least 0.
    pub fn estimate(&self, hash: u64) -> u64 {
        let mut bits = hash;
        let mut estimates = [0_i64; ROWS];
        for (estimate, row) in estimates.iter_mut().zip(self.counters.chunks_exact(WIDTH)) {
            let counter = row.get(place(bits)).copied().unwrap_or_default();
            *estimate = if sign(bits) { counter } else { -counter };
            bits >>= 12;
        }
        u64::try_from(median(estimates)).unwrap_or_default()
    }

    /// The standard error of an estimate: the root of the counts' sum of squares (which the rows tell, as in Alon, Matias and
    /// Szegedy, 1996) over the width.
    pub fn standard_error(&self) -> f64 {
        let mut squares = [0_i64; ROWS];
        for (square, row) in squares.iter_mut().zip(self.counters.chunks_exact(WIDTH)) {
            let sum: f64 = row.iter().map(|c| (*c as f64) * (*c as f64)).sum();
            *square = sum.min(i64::MAX as f64) as i64;
        }
        (median(squares) as f64 / WIDTH as f64).sqrt()
    }

    /// Takes another one's counts in.
    pub fn merge(&mut self, other: &CountSketch) {
        for (counter, more) in self.counters.iter_mut().zip(&other.counters) {
            *counter += more;
        }
    }

    pub(super) fn write(&self, to: &mut Writer) {
        self.counters.iter().for_each(|counter| to.signed(*counter));
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Result<Self, MetricsError> {
        let counters = (0..ROWS * WIDTH).map(|_| from.signed()).collect::<Result<_, _>>()?;
        Ok(Self { counters })
    }
}

/// The counter of a row: 11 bits.
fn place(bits: u64) -> usize {
    usize::try_from(bits % WIDTH as u64).unwrap_or_default()
}

/// The sign: the 12th.
fn sign(bits: u64) -> bool {
    bits & (WIDTH as u64) != 0
}

fn median(mut values: [i64; ROWS]) -> i64 {
    values.sort_unstable();
    let [_, middle, _] = values;
    middle
}
