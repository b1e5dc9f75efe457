use pipe_check::{Earlier, Method, Middle, Spread, Term};
use pipe_syntax::Comparison;

use super::{Judgement, NEW_LEVEL, Outcome, Past, holt_winters, judge, shown};

fn past(values: &[f64]) -> Vec<Past> {
    values.iter().map(|value| Past { value: *value, counts: true }).collect()
}

fn sigma(runs: u32) -> Earlier {
    Earlier { method: Method::Spread { factor: 3.0, unit: Spread::Sigma }, runs, same_weekday: false }
}

fn last(share: f64, runs: u32) -> Earlier {
    Earlier { method: Method::Within { share, middle: Middle::Mean }, runs, same_weekday: false }
}

/// A text of numbers, one in brackets being a run that does not count.
fn told(text: &str) -> Vec<Past> {
    let one = |t: &str| Past { value: t.trim_matches(['[', ']']).parse().unwrap(), counts: !t.starts_with('[') };
    text.split_whitespace().map(one).collect()
}

fn values(found: &Judgement, of: &[Past]) -> Vec<f64> {
    found.used.iter().map(|at| of[*at].value).collect()
}

#[test]
fn too_few_earlier_values_warm_up() {
    let found = judge(1e9, &past(&[1.0, 2.0, 3.0]), &sigma(14));
    assert_eq!((found.outcome, found.have, found.needed), (Outcome::WarmingUp, 3, 5));
    assert_eq!(found.arithmetic, "warming up: 3 of 5 runs");
    assert_eq!(judge(1e9, &past(&[1.0, 1.0, 1.0]), &sigma(3)).outcome, Outcome::Fails);
    assert_eq!(judge(1.0, &[], &last(0.2, 1)).outcome, Outcome::WarmingUp);
}

#[test]
fn the_bound_passes() {
    let of = past(&[1.0, 2.0, 3.0, 4.0, 5.0]);
    let found = judge(3.0, &of, &sigma(5));
    let (low, high) = (found.low.unwrap(), found.high.unwrap());
    for (value, outcome) in [(low, Outcome::Holds), (high, Outcome::Holds), (high + 1e-6, Outcome::Fails)] {
        assert_eq!(judge(value, &of, &sigma(5)).outcome, outcome, "{value}");
    }
    assert_eq!(judge(120.0, &past(&[100.0]), &last(0.2, 1)).outcome, Outcome::Holds);
    assert_eq!(judge(121.0, &past(&[100.0]), &last(0.2, 1)).outcome, Outcome::Fails);
    assert_eq!(judge(79.0, &past(&[100.0]), &last(0.2, 1)).outcome, Outcome::Fails);
}

#[test]
fn a_number_that_never_changed_must_not_change() {
    let of = past(&[0.1; 7]);
    assert_eq!(judge(0.1, &of, &sigma(7)).outcome, Outcome::Holds);
    assert_eq!(judge(0.1 + 1e-12, &of, &sigma(7)).outcome, Outcome::Holds);
    let found = judge(0.2, &of, &sigma(7));
    assert_eq!(found.outcome, Outcome::Fails);
    assert_eq!(found.arithmetic, "last 7 runs 0.1..0.1, mean 0.1, sigma 0, 0.1 away");
    assert_eq!(judge(0.0, &past(&[0.0]), &last(0.2, 1)).outcome, Outcome::Holds);
    assert_eq!(judge(1.0, &past(&[0.0]), &last(0.2, 1)).outcome, Outcome::Fails);
}

#[test]
fn what_is_not_finite_fails() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(judge(value, &past(&[1.0, 2.0, 3.0, 4.0, 5.0]), &sigma(5)).outcome, Outcome::Fails, "{value}");
    }
}

#[test]
fn shares_of_the_mean_the_median_and_the_extremes() {
    let of = past(&[10.0, 20.0, 90.0]);
    let bound = |comparison, middle| {
        let method = of_runs(comparison, &[(0.5, middle, 3)], 0.0);
        let found = judge(30.0, &of, &Earlier { method, runs: 3, same_weekday: false });
        (found.low, found.high, found.outcome)
    };
    assert_eq!(bound(Comparison::Ge, Middle::Mean), (Some(20.0), None, Outcome::Holds));
    assert_eq!(bound(Comparison::Gt, Middle::Median), (Some(10.0), None, Outcome::Holds));
    assert_eq!(bound(Comparison::Le, Middle::Minimum), (None, Some(5.0), Outcome::Fails));
    assert_eq!(bound(Comparison::Lt, Middle::Maximum), (None, Some(45.0), Outcome::Holds));
    let at = |comparison| {
        let method = of_runs(comparison, &[(1.0, Middle::Median, 3)], 0.0);
        judge(20.0, &of, &Earlier { method, runs: 3, same_weekday: false }).outcome
    };
    assert_eq!([at(Comparison::Ge), at(Comparison::Le)], [Outcome::Holds; 2]);
    assert_eq!([at(Comparison::Gt), at(Comparison::Lt)], [Outcome::Fails; 2]);
}

/// What a number is compared with, made of `(share, middle, runs)` and a number.
fn of_runs(comparison: Comparison, terms: &[(f64, Middle, u32)], offset: f64) -> Method {
    let terms = terms.iter().map(|&(share, middle, runs)| Term { share, middle, runs }).collect();
    Method::Bound { comparison, terms, offset }
}

#[test]
fn terms_look_at_as_many_runs_as_they_name() {
    let of = past(&[1.0, 10.0, 20.0, 90.0]);
    let found = |terms: &[(f64, Middle, u32)], offset| {
        let method = of_runs(Comparison::Gt, terms, offset);
        judge(30.0, &of, &Earlier { method, runs: 3, same_weekday: false })
    };
    let low = |terms: &[(f64, Middle, u32)], offset| found(terms, offset).low.unwrap();
    assert_eq!(low(&[(1.0, Middle::Minimum, 3)], -1.0), 9.0);
    assert_eq!(low(&[(1.0, Middle::Sum, 3)], 0.0), 120.0);
    assert_eq!(low(&[(1.0, Middle::Mean, 3), (-1.0, Middle::Maximum, 2)], 0.5), 40.0 - 90.0 + 0.5);
    // Of 20 and 90, as of a sample.
    assert!((low(&[(2.0, Middle::Deviation, 2)], 0.0) - 2.0 * (2.0 * 35.0f64.powi(2)).sqrt()).abs() < 1e-9);
    let told = found(&[(1.0, Middle::Mean, 3), (1.0, Middle::Deviation, 2)], 1.0).arithmetic;
    assert_eq!(told, "last 3 runs 10..90, mean 40; last 2 runs 20..90, stddev 49.5; reckoned 90.5");
}

#[test]
fn what_does_not_count_is_passed_over() {
    let of = told("10 11 [99] 12 [1]");
    let found = judge(11.0, &of, &last(0.2, 2));
    assert_eq!(values(&found, &of), [11.0, 12.0]);
}

#[test]
fn a_level_that_stays_is_the_level() {
    let shifted = |n: usize| format!("10 11 10 11 10 {}", "[50] ".repeat(n));
    let of = told(&shifted(NEW_LEVEL - 1));
    assert_eq!(judge(50.0, &of, &last(0.2, 1)).outcome, Outcome::Fails);
    let of = told(&shifted(NEW_LEVEL));
    let found = judge(50.0, &of, &sigma(14));
    assert_eq!((found.outcome, values(&found, &of)), (Outcome::Holds, vec![50.0; 5]));
    // From then on the old level is gone for good.
    let of = told(&format!("{} 51 49", shifted(NEW_LEVEL)));
    assert_eq!(values(&judge(50.0, &of, &sigma(14)), &of), [50.0, 50.0, 50.0, 50.0, 50.0, 51.0, 49.0]);
}

#[test]
fn a_run_that_does_not_count_keeps_its_place_in_a_season() {
    let method = Method::Seasonal { factor: 3.0, season: 3 };
    let earlier = Earlier { method, runs: 12, same_weekday: false };
    let of = told("1 5 9 1 5 9 1 [700] 9 1 5");
    let found = judge(9.0, &of, &earlier);
    assert_eq!(found.outcome, Outcome::Holds, "{}", found.arithmetic);
    assert_eq!(judge(5.0, &of, &earlier).outcome, Outcome::Fails);
    assert_eq!(judge(9.0, &told("1 5 9 1 5 9 1"), &earlier).outcome, Outcome::WarmingUp);
}

/// Against NumPy and statsmodels: `tests/statistics/history.py` made them.
#[test]
fn bounds_are_those_of_numpy_and_statsmodels() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/statistics/history.json");
    let made: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let numbers =
        |v: &serde_json::Value| -> Vec<f64> { v.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect() };
    let close = |found: f64, expected: f64, what: &str| {
        assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{what}: {found}, not {expected}");
    };
    for case in made["spreads"].as_array().unwrap() {
        let of = past(&numbers(&case["values"]));
        for (unit, word) in [(Spread::Sigma, "sigma"), (Spread::Iqr, "iqr"), (Spread::Mad, "mad")] {
            let method = Method::Spread { factor: 1.5, unit };
            let found = judge(0.0, &of, &Earlier { method, runs: 100, same_weekday: false });
            let expected = numbers(&case[word]);
            close(found.low.unwrap(), expected[0], word);
            close(found.high.unwrap(), expected[1], word);
        }
    }
    for case in made["seasons"].as_array().unwrap() {
        let series: Vec<Option<f64>> = numbers(&case["values"]).into_iter().map(Some).collect();
        let season = usize::try_from(case["season"].as_u64().unwrap()).unwrap();
        let (forecast, wrong) = holt_winters(&series, season);
        close(forecast, case["forecast"].as_f64().unwrap(), "forecast");
        close(wrong, case["rms"].as_f64().unwrap(), "rms");
    }
}

#[test]
fn numbers_for_people() {
    let all = [0.0, 1204.0, 10411.6, 0.012345, -0.5, 1e-20, 1_000_000.0, 99.999, f64::INFINITY].map(shown);
    assert_eq!(all, ["0", "1,204", "10,412", "0.01235", "-0.5", "0", "1,000,000", "100", "inf"]);
}
