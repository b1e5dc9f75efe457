//! Quantiles from counted buckets.

use std::collections::VecDeque;

use super::bytes::{MetricsError, Reader, Writer};

/// The most buckets a side spans.
const BUCKETS: u64 = 1 << 14;

/// Counts numbers in buckets and tells quantiles from the counts.
///
/// A bucket is all numbers that agree in the leading bits of their IEEE 754 representation, so buckets are narrow near 0 and wide
/// far from it, as in HdrHistogram (Gil Tene). It begins with one bucket a number; when the numbers span more than 16,384 buckets
/// on a side of 0, pairs of neighbours become one everywhere, as in UDDSketch (Epicoco, Melle, Cafaro, Pulimeno and Morelli,
/// "UDDSketch: accurate tracking of quantiles in data streams", IEEE Access 8, 2020).
///
/// How far buckets have been joined depends only on the smallest and the largest number, and counts are whole numbers: the
/// result is the same for any order and any split of the input. Sketches that keep a random sample of the values (KLL, REQ) and t-digests
/// do not have that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quantiles {
    /// Low bits that a bucket does not look at.
    shift: u32,
    negative: Side,
    zeros: u64,
    positive: Side,
}

/// The buckets of one sign, by magnitude.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Side {
    first: u64,
    counts: VecDeque<u64>,
}

impl Side {
    /// The first and the last bucket that `bucket` would make it span.
    fn span(&self, bucket: u64) -> (u64, u64) {
        if self.counts.is_empty() {
            return (bucket, bucket);
        }
        (self.first.min(bucket), (self.first + self.counts.len() as u64 - 1).max(bucket))
    }

    fn add(&mut self, bucket: u64, count: u64) {
        if self.counts.is_empty() {
            self.first = bucket;
        }
        while bucket < self.first {
            self.counts.push_front(0);
            self.first -= 1;
        }
        let place = usize::try_from(bucket - self.first).unwrap_or_default();
        if place >= self.counts.len() {
            self.counts.resize(place + 1, 0);
        }
        if let Some(counted) = self.counts.get_mut(place) {
            *counted += count;
        }
    }

    /// Joins buckets that agree in all but their last `bits`.
    fn join(&mut self, bits: u32) {
        let old = std::mem::take(self);
        for (bucket, count) in old.filled() {
            self.add(bucket >> bits, count);
        }
    }

    fn filled(&self) -> impl DoubleEndedIterator<Item = (u64, u64)> {
        let numbered = self.counts.iter().enumerate();
        numbered.filter(|(_, count)| **count > 0).map(|(i, count)| (self.first + i as u64, *count))
    }

    fn total(&self) -> u64 {
        self.counts.iter().sum()
    }
}

impl Quantiles {
    /// Takes finite numbers in.
    pub fn update(&mut self, numbers: &[f64]) {
        for number in numbers {
            self.add(*number, 1);
        }
    }

    /// Takes a finite number in, `count` times.
    pub fn add(&mut self, number: f64, count: u64) {
        if number == 0.0 {
            self.zeros += count;
            return;
        }
        let bits = number.abs().to_bits();
        let side = if number < 0.0 { &self.negative } else { &self.positive };
        let place = (bits >> self.shift).checked_sub(side.first);
        if place.is_none_or(|p| p >= side.counts.len() as u64) {
            self.widen(number < 0.0, bits);
        }
        let shift = self.shift;
        let side = if number < 0.0 { &mut self.negative } else { &mut self.positive };
        side.add(bits >> shift, count);
    }

    /// Joins buckets until one side may span these bits.
    fn widen(&mut self, negative: bool, bits: u64) {
        let side = if negative { &self.negative } else { &self.positive };
        let (first, last) = side.span(bits >> self.shift);
        let mut more = 0;
        while (last >> more) - (first >> more) >= BUCKETS {
            more += 1;
        }
        self.join(more);
    }

    fn join(&mut self, bits: u32) {
        if bits > 0 {
            self.negative.join(bits);
            self.positive.join(bits);
            self.shift += bits;
        }
    }

    /// Takes other numbers' buckets in.
    pub fn merge(&mut self, other: &Quantiles) {
        let mut other = other.clone();
        self.join(other.shift.saturating_sub(self.shift));
        other.join(self.shift - other.shift);
        self.zeros += other.zeros;
        for (negative, side) in [(true, &other.negative), (false, &other.positive)] {
            let shift = other.shift;
            for (bucket, count) in side.filled() {
                // Widening may have joined buckets further since.
                self.widen(negative, bucket << shift);
                let bucket = (bucket << shift) >> self.shift;
                if negative { self.negative.add(bucket, count) } else { self.positive.add(bucket, count) }
            }
        }
    }

    /// How many numbers it has seen.
    pub fn count(&self) -> u64 {
        self.negative.total() + self.zeros + self.positive.total()
    }

    /// The most a quantile may be off, as a share of its value: the width of a bucket.
    pub fn relative_error(&self) -> f64 {
        if self.shift == 0 { 0.0 } else { 2_f64.powi(i32::try_from(self.shift).unwrap_or(64) - 52) }
    }

    /// The buckets from the smallest to the largest, as `(from, to, count)`: numbers of a bucket are at least `from` and at most
    /// `to`.
    pub fn buckets(&self) -> impl Iterator<Item = (f64, f64, u64)> {
        let shift = self.shift;
        let bounds = move |bucket: u64| {
            (f64::from_bits(bucket << shift), f64::from_bits((bucket << shift) | ((1_u64 << shift) - 1)))
        };
        let negative = self.negative.filled().rev().map(move |(bucket, count)| {
            let (from, to) = bounds(bucket);
            (-to, -from, count)
        });
        let zero = (self.zeros > 0).then_some((0.0, 0.0, self.zeros));
        let positive = self.positive.filled().map(move |(bucket, count)| {
            let (from, to) = bounds(bucket);
            (from, to, count)
        });
        negative.chain(zero).chain(positive)
    }

    pub(super) fn write(&self, to: &mut Writer) {
        to.number(u64::from(self.shift));
        to.number(self.zeros);
        for side in [&self.negative, &self.positive] {
            to.number(side.filled().count() as u64);
            let mut last = 0;
            for (bucket, count) in side.filled() {
                to.number(bucket - last);
                to.number(count);
                last = bucket;
            }
        }
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Result<Self, MetricsError> {
        let shift = u32::try_from(from.number()?).ok().filter(|s| *s < 64);
        let mut read = Quantiles {
            shift: shift.ok_or(MetricsError::Damaged("buckets that cannot be"))?,
            zeros: from.number()?,
            ..Quantiles::default()
        };
        for negative in [true, false] {
            let mut bucket = 0_u64;
            let mut first = None;
            for _ in 0..from.count()? {
                bucket = bucket.checked_add(from.number()?).ok_or(MetricsError::Damaged("buckets that cannot be"))?;
                let first = *first.get_or_insert(bucket);
                if bucket - first >= BUCKETS || bucket.leading_zeros() < read.shift {
                    return Err(MetricsError::Damaged("buckets that cannot be"));
                }
                let side = if negative { &mut read.negative } else { &mut read.positive };
                side.add(bucket, from.number()?);
            }
        }
        Ok(read)
    }
}
