//! Metrics against values that another program found, and against themselves: in parts, in another order, from bytes.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray};
use proptest::prelude::*;

use super::*;
use crate::cells::{Kind, Prepared};
use crate::histogram::quantile;

fn metrics(arrays: &[ArrayRef]) -> ColumnMetrics {
    let mut metrics = ColumnMetrics::new(Kind::of(arrays[0].data_type()));
    for array in arrays {
        metrics.update(&Prepared::new(array).unwrap()).unwrap();
    }
    metrics
}

fn near(a: f64, b: f64, relative: f64) {
    assert!((a - b).abs() <= relative * a.abs().max(b.abs()).max(1e-9), "{a} is not {b}");
}

/// A column; its distinct values; minimum, maximum, mean and deviation; quantiles; how far these may be off.
type Expected = (ArrayRef, u64, [f64; 4], [f64; 7], f64);

/// The expected values are NumPy 2.4.6's:
///
/// ```python
/// i = np.arange(40_000, dtype=np.int64)
/// k = (i * 7919) % 20_011
/// for x in [k * 0.37 - 500, np.sign(k - 10_000) * np.expm1(np.abs(k - 10_000) / 800), (i * i) % 1009]:
///     print(len(np.unique(x)), x.min(), x.max(), x.mean(), x.std(ddof=1))
///     print(np.quantile(x, [.01, .05, .25, .5, .75, .95, .99], method='inverted_cdf'))
/// ```
#[test]
fn numbers_are_what_numpy_says() {
    let i = || 0..40_000_i64;
    let k = |i: i64| (i * 7919) % 20_011;
    let wide = |i: i64| {
        let k = k(i) - 10_000;
        k.signum() as f64 * (k.abs() as f64 / 800.0).exp_m1()
    };
    let columns: [Expected; 3] = [
        (
            Arc::new(Float64Array::from_iter_values(i().map(|i| k(i) as f64 * 0.37 - 500.0))),
            20011,
            [-500.0, 6903.7, 3202.05726475, 2137.434819314242],
            [-426.37, -130.0, 1350.74, 3202.22, 5052.96, 6533.7, 6829.7],
            0.002,
        ),
        (
            Arc::new(Float64Array::from_iter_values(i().map(wide))),
            20011,
            [-268336.2865208745, 271711.5540759224, 142.89138255642874, 54031.22020470989],
            [
                -209241.6788154812,
                -76878.91976467776,
                -515.719410048599,
                0.007528195444533939,
                522.2189401080007,
                77845.95010988557,
                211608.9498846598,
            ],
            0.01,
        ),
        (
            Arc::new(Int64Array::from_iter_values(i().map(|i| (i * i) % 1009))),
            505,
            [0.0, 1008.0, 504.10745, 299.8469915806335],
            [5.0, 35.0, 245.0, 504.0, 763.0, 973.0, 1003.0],
            0.0,
        ),
    ];
    for (array, distinct, [min, max, mean, stddev], quantiles, error) in columns {
        let metrics = metrics(&[array.slice(0, 17_000), array.slice(17_000, 23_000)]);
        let found = metrics.frequencies.distinct(metrics.values());
        near(found.count as f64, distinct as f64, 3.0 * found.error);
        let bound = |bound: &Option<Bound>| match bound {
            Some(Bound::Float(value)) => *value,
            Some(Bound::Integer(value)) => *value as f64,
            other => panic!("{other:?}"),
        };
        near(bound(&metrics.min), min, 1e-12);
        near(bound(&metrics.max), max, 1e-12);
        // Around a mean near 0 of large numbers the sum's own error shows.
        assert!((metrics.moments.mean - mean).abs() < 1e-12 * stddev, "{} is not {mean}", metrics.moments.mean);
        near(metrics.moments.stddev().unwrap(), stddev, 1e-12);
        let buckets = metrics.buckets();
        assert!(error == 0.0 || metrics.quantiles.relative_error() <= error, "{}", metrics.quantiles.relative_error());
        for (share, expected) in crate::QUANTILES.into_iter().zip(quantiles) {
            let found = quantile(&buckets, share).unwrap();
            assert!((found - expected).abs() <= error * expected.abs(), "{share}: {found}, not {expected}");
        }
    }
}

#[test]
fn numbers_far_from_zero_keep_their_spread() {
    let array: ArrayRef = Arc::new(Float64Array::from_iter_values((0..1000).map(|i| 1e12 + f64::from(i % 2))));
    let metrics = metrics(&[array.slice(0, 333), array.slice(333, 667)]);
    near(metrics.moments.stddev().unwrap(), 0.500_250_187_6, 1e-6);
    let same = super::tests::metrics(&[Arc::new(Float64Array::from(vec![0.1; 1000]))]);
    assert_eq!((same.moments.mean, same.moments.stddev()), (0.1, Some(0.0)));
}

#[test]
fn distinct_values_are_counted_up_to_a_bound_and_estimated_beyond() {
    let column = |n: i64| metrics(&[Arc::new(Int64Array::from_iter_values((0..3 * n).map(|i| i % n))) as ArrayRef]);
    let few = column(4096);
    assert_eq!(few.frequencies.distinct(few.values()), Distinct { count: 4096, error: 0.0 });
    for n in [4097, 40_000] {
        let many = column(n);
        let found = many.frequencies.distinct(many.values());
        near(found.count as f64, n as f64, 4.0 * found.error);
        assert!(found.error > 0.0 && found.error < 0.01);
    }
}

#[test]
fn a_frequent_value_is_found_among_very_many() {
    let values = (0..100_000_u64).map(|i| match crate::cells::mixed(i) % 100 {
        0..5 => "often".to_owned(),
        5..7 => "sometimes".to_owned(),
        _ => format!("once {i}"),
    });
    let metrics = metrics(&[Arc::new(StringArray::from_iter_values(values)) as ArrayRef]);
    let top = metrics.frequencies.top(10);
    let named: Vec<&str> = top.iter().map(|t| t.text.as_str()).collect();
    assert_eq!(named, ["often", "sometimes"]);
    for (top, expected) in top.iter().zip([5000.0, 2000.0]) {
        assert!((top.count as f64 - expected).abs() < 4.0 * top.error + 150.0, "{top:?}");
    }
}

#[test]
fn patterns_are_told_by_symbols_then_by_runs_then_not_at_all() {
    let of = |texts: Vec<String>| {
        let metrics = metrics(&[Arc::new(StringArray::from_iter_values(texts)) as ArrayRef]);
        let patterns = metrics.frequencies.patterns().unwrap();
        let first = patterns.counted().first().map(|(p, n)| ((*p).to_owned(), *n));
        (first, patterns.counted().len())
    };
    let plates = (0..5000).map(|i| format!("AB-{i:04}")).collect();
    assert_eq!(of(plates), (Some(("AA-9999".to_owned(), 5000)), 1));
    let lengths = (0..300).map(|i| format!("{}@x", "a".repeat(i % 39 + 1) + &"7".repeat(i / 39))).collect();
    assert!(of(lengths).1 <= 256);
    let noise = (0..3000_u64).map(|i| {
        let symbols = ['a', '-', '9', '.', 'A', '/', ' ', ':'];
        (0..8).map(|n| symbols[(crate::cells::mixed(i * 8 + n) % 8) as usize]).collect()
    });
    assert_eq!(of(noise.collect()), (None, 0));
}

#[test]
fn what_is_missing_or_no_number_is_counted_apart() {
    let texts: ArrayRef = Arc::new(StringArray::from(vec![Some(" "), None, Some(""), Some("x"), Some("\u{3000}")]));
    let found = metrics(&[texts]);
    assert_eq!((found.rows, found.nulls, found.blanks), (5, 1, 3));
    let numbers: ArrayRef =
        Arc::new(Float64Array::from(vec![Some(f64::NAN), Some(1.0), None, Some(f64::INFINITY), Some(-0.0), Some(0.0)]));
    let found = metrics(&[numbers]);
    assert_eq!((found.nulls, found.not_finite, found.moments.count), (1, 2, 3));
    assert_eq!(found.max, Some(Bound::Float(f64::INFINITY)));
    assert_eq!(found.frequencies.distinct(found.values()).count, 4, "both zeros are one value");
}

#[test]
fn metrics_of_different_kinds_do_not_merge() {
    let mut numbers = ColumnMetrics::new(Kind::Integer);
    assert!(matches!(numbers.merge(ColumnMetrics::new(Kind::Text)), Err(MetricsError::Kinds(..))));
}

#[test]
fn damaged_bytes_are_refused_or_read_as_something_and_never_end_the_program() {
    let array: ArrayRef = Arc::new(StringArray::from_iter_values((0..6000).map(|i| format!("t{}", i * 7))));
    for bytes in [metrics(&[Arc::clone(&array)]).to_bytes(), metrics(&[array.slice(0, 50)]).to_bytes()] {
        assert!(ColumnMetrics::from_bytes(&bytes).is_ok());
        for end in (0..bytes.len()).step_by(37) {
            assert!(ColumnMetrics::from_bytes(&bytes[..end]).is_err(), "{end} of {}", bytes.len());
            let mut damaged = bytes.clone();
            damaged[end] ^= 0x55;
            _ = ColumnMetrics::from_bytes(&damaged);
        }
        let mut newer = bytes.clone();
        newer[0] = 9;
        assert!(matches!(ColumnMetrics::from_bytes(&newer), Err(MetricsError::Newer(9))));
    }
}

/// Columns of every shape, with NULLs.
fn arrays() -> impl Strategy<Value = ArrayRef> {
    let rows = 0..400_usize;
    prop_oneof![
        prop::collection::vec(prop::option::of(-50..50_i64), rows.clone())
            .prop_map(|v| Arc::new(Int64Array::from(v)) as _),
        prop::collection::vec(prop::option::of(any::<i64>()), rows.clone())
            .prop_map(|v| Arc::new(Int64Array::from(v)) as _),
        prop::collection::vec(prop::option::of(any::<f64>()), rows.clone())
            .prop_map(|v| Arc::new(Float64Array::from(v)) as _),
        prop::collection::vec(prop::option::of(any::<bool>()), rows.clone())
            .prop_map(|v| Arc::new(BooleanArray::from(v)) as _),
        prop::collection::vec(prop::option::of(any::<i32>()), rows.clone())
            .prop_map(|v| Arc::new(Date32Array::from(v)) as _),
        prop::collection::vec(prop::option::of(any::<i64>().prop_map(i128::from)), rows.clone())
            .prop_map(|v| Arc::new(Decimal128Array::from(v).with_precision_and_scale(30, 4).unwrap()) as _),
        prop::collection::vec(prop::option::of("[a-cA-C0-2 ]{0,6}|.{0,9}"), rows)
            .prop_map(|v| Arc::new(StringArray::from(v)) as _),
    ]
}

/// All that must not depend on how the rows came, but for the moments.
fn told(metrics: &ColumnMetrics) -> String {
    let patterns = metrics.frequencies.patterns();
    let counts = [metrics.rows, metrics.nulls, metrics.blanks, metrics.not_finite, metrics.moments.count];
    let distinct = metrics.frequencies.distinct(metrics.values());
    let bounds = (&metrics.min, &metrics.max);
    let buckets = xxhash_rust::xxh3::xxh3_64(format!("{:?}", metrics.buckets()).as_bytes());
    format!("{counts:?} {bounds:?} {buckets:x} {distinct:?} {:?} {patterns:?}", metrics.frequencies.top(5))
}

/// The moments of the same numbers, added up in another order.
fn same_moments(a: &Moments, b: &Moments) -> bool {
    let spread = a.stddev().unwrap_or_default().max(a.mean.abs());
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * spread || !spread.is_finite();
    close(a.mean, b.mean) && close(a.stddev().unwrap_or_default(), b.stddev().unwrap_or_default())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn parts_merge_to_the_whole_in_any_order(array in arrays(), cut in 0.0..1.0_f64, backwards: bool) {
        let at = (array.len() as f64 * cut) as usize;
        let parts = [array.slice(0, at), array.slice(at, array.len() - at)];
        let whole = metrics(&[array]);
        let [first, second] = parts.map(|part| metrics(&[part]));
        let merged = if backwards {
            let mut merged = second;
            merged.merge(first).unwrap();
            merged
        } else {
            let mut merged = first;
            merged.merge(second).unwrap();
            merged
        };
        prop_assert_eq!(told(&merged), told(&whole));
        prop_assert!(same_moments(&merged.moments, &whole.moments), "{:?} {:?}", merged.moments, whole.moments);
    }

    #[test]
    fn bytes_give_the_same_metrics_back(array in arrays()) {
        let metrics = metrics(&[array]);
        let bytes = metrics.to_bytes();
        prop_assert_eq!(ColumnMetrics::from_bytes(&bytes).unwrap().to_bytes(), bytes);
    }
}

#[test]
fn large_parts_merge_to_the_whole_too() {
    let column = |rows: std::ops::Range<u64>| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(rows.map(|i| {
            let random = crate::cells::mixed(i);
            if random.is_multiple_of(4) { 7.25 } else { (random % 1_000_003) as f64 * 1e-3 - 300.0 }
        })))
    };
    let whole = metrics(&[column(0..30_000)]);
    let parts = [0..5000, 5000..9000, 9000..30_000].map(|rows| metrics(&[column(rows)]));
    for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
        let mut merged = ColumnMetrics::new(Kind::Float);
        order.iter().for_each(|i| merged.merge(parts[*i].clone()).unwrap());
        assert_eq!(told(&merged), told(&whole));
        assert!(same_moments(&merged.moments, &whole.moments));
        assert_eq!(merged.frequencies.top(1)[0].text, "7.25");
        let read = ColumnMetrics::from_bytes(&merged.to_bytes()).unwrap();
        assert_eq!(told(&read), told(&whole));
    }
}
