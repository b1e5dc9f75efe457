//! Histograms and quantiles from counted buckets.

use serde::Serialize;

/// Bins of equal width.
const BINS: usize = 20;

/// How values are spread.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Histogram {
    /// Bins of equal width, from small to large.
    pub bins: Vec<Bin>,
    /// Values below the first bin: far out, they would squeeze all others into one.
    pub below: u64,
    /// Values above the last.
    pub above: u64,
}

/// A bin of a histogram: from (inclusive) to (exclusive, but for the last one).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Bin {
    /// Its lower end in the units of the type.
    pub from: f64,
    /// Its upper end.
    pub to: f64,
    /// Values in it; where the values are in buckets themselves, a bucket that lies across an edge is shared out evenly.
    pub count: u64,
}

/// A counted bucket: from, to, count.
type Bucket = (f64, f64, u64);

/// The value below which `share` of the values lie: the smallest whose rank is at least `share` of the count (NumPy's
/// `inverted_cdf`), in a bucket by the place of the rank.
pub fn quantile(buckets: &[Bucket], share: f64) -> Option<f64> {
    let total: u64 = buckets.iter().map(|b| b.2).sum();
    // Shares like 0.07 of 100 must not come out as rank 8.
    let rank = (share * total as f64 - 1e-9).ceil().max(1.0);
    let mut seen = 0.0;
    for (from, to, count) in buckets {
        let count = *count as f64;
        if seen + count >= rank {
            let place = if count > 1.0 { (rank - seen - 1.0) / (count - 1.0) } else { 0.5 };
            return Some(from + (to - from) * place);
        }
        seen += count;
    }
    buckets.last().map(|b| b.1)
}

/// Bins over the values between `min` and `max`. Values far outside of what most are (further from the quartiles than ten
/// times their distance, when there are few of them) are counted apart. Of whole numbers no bin is narrower than one.
pub fn histogram(buckets: &[Bucket], min: f64, max: f64, whole: bool) -> Option<Histogram> {
    if buckets.is_empty() || !(max - min).is_finite() {
        return None;
    }
    let (mut low, mut high) = (min, max);
    if let (Some(first), Some(third)) = (quantile(buckets, 0.25), quantile(buckets, 0.75)) {
        let reach = 10.0 * (third - first);
        if reach > 0.0 {
            let fence = |share, inside: f64| {
                quantile(buckets, share).map_or(inside, |q| q.max(first - reach).min(third + reach))
            };
            if low < first - reach {
                low = fence(0.01, low);
            }
            if high > third + reach {
                high = fence(0.99, high);
            }
        }
    }
    let span = high - low;
    let (low, width, count) = if span == 0.0 {
        (low, 0.0, 1)
    } else if whole {
        let (low, span) = (low.floor(), high.ceil() - low.floor() + 1.0);
        let width = (span / BINS as f64).ceil();
        (low, width, ((span / width).ceil() as usize).clamp(1, BINS))
    } else {
        (low, span / BINS as f64, BINS)
    };
    let edge = |i: usize| if i == count && !whole { high } else { low + width * i as f64 };
    let mut shares = vec![0.0; count];
    let (mut below, mut above) = (0.0, 0.0);
    for (from, to, counted) in buckets {
        let middle = from + (to - from) / 2.0;
        let pieces = spread(*from, *to, low, width, count);
        if middle < low {
            below += *counted as f64;
        } else if middle > edge(count) {
            above += *counted as f64;
        } else {
            for (bin, part) in pieces {
                if let Some(share) = shares.get_mut(bin) {
                    *share += part * *counted as f64;
                }
            }
        }
    }
    let counts = apportioned(&shares);
    let bins = counts.into_iter().enumerate().map(|(i, count)| Bin { from: edge(i), to: edge(i + 1), count });
    Some(Histogram { bins: bins.collect(), below: below as u64, above: above as u64 })
}

/// The bins that a bucket lies in, with the part of it in each.
fn spread(from: f64, to: f64, low: f64, width: f64, count: usize) -> Vec<(usize, f64)> {
    let bin = |x: f64| {
        let place = if width > 0.0 { ((x - low) / width).floor().max(0.0) } else { 0.0 };
        (place as usize).min(count - 1)
    };
    let (first, last) = (bin(from), bin(to));
    if first == last || to <= from {
        return vec![(first, 1.0)];
    }
    let part = |i: usize| {
        let (start, end) = (low + width * i as f64, low + width * (i + 1) as f64);
        let start = if i == first { from } else { start };
        let end = if i == last { to } else { end };
        ((end - start) / (to - from)).clamp(0.0, 1.0)
    };
    (first..=last).map(|i| (i, part(i))).collect()
}

/// Whole numbers with the same sum, by carrying what is cut off over to the next.
fn apportioned(shares: &[f64]) -> Vec<u64> {
    let (mut exact, mut given) = (0.0, 0);
    let counts = shares.iter().map(|share| {
        exact += share;
        let upto = (exact + 1e-6).floor() as u64;
        let count = upto - given;
        given = upto;
        count
    });
    counts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[f64]) -> Vec<Bucket> {
        values.iter().map(|v| (*v, *v, 1)).collect()
    }

    #[test]
    fn every_value_is_in_one_place_of_the_histogram() {
        let values: Vec<f64> = (0..997).map(|i| f64::from(i) * 0.37 - 50.0).collect();
        let histogram = histogram(&points(&values), values[0], values[996], false).unwrap();
        assert_eq!(histogram.bins.len(), BINS);
        assert_eq!(histogram.bins.iter().map(|b| b.count).sum::<u64>(), 997);
        assert_eq!((histogram.below, histogram.above), (0, 0));
        assert!(histogram.bins.iter().all(|b| (49..=51).contains(&b.count)), "{histogram:?}");
    }

    #[test]
    fn one_value_far_out_does_not_squeeze_the_others() {
        let mut values: Vec<f64> = (0..1000).map(f64::from).collect();
        values.push(1e12);
        let histogram = histogram(&points(&values), 0.0, 1e12, true).unwrap();
        assert!(histogram.above >= 1 && histogram.bins.iter().filter(|b| b.count > 0).count() > 10, "{histogram:?}");
        assert_eq!(histogram.bins.iter().map(|b| b.count).sum::<u64>() + histogram.below + histogram.above, 1001);
    }

    #[test]
    fn few_whole_numbers_get_a_bin_each() {
        let histogram = histogram(&[(1.0, 1.0, 5), (2.0, 2.0, 7), (4.0, 4.0, 1)], 1.0, 4.0, true).unwrap();
        assert_eq!(histogram.bins.iter().map(|b| b.count).collect::<Vec<_>>(), [5, 7, 0, 1]);
        let one = super::histogram(&[(3.0, 3.0, 9)], 3.0, 3.0, true).unwrap();
        assert_eq!(one.bins, [Bin { from: 3.0, to: 3.0, count: 9 }]);
    }

    #[test]
    fn nothing_and_what_has_no_width_are_no_histogram() {
        assert_eq!(histogram(&[], 0.0, 1.0, false), None);
        assert_eq!(histogram(&points(&[1.0]), f64::MIN, f64::MAX, false), None);
    }
}
