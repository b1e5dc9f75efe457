//! A number of a table against what it was in earlier runs.

use std::fmt::Write as _;

use pipe_check::words::percent;
use pipe_check::{Earlier, Method, Middle, Spread, Term};
use pipe_syntax::Comparison;

/// How many runs in a row that do not count are a new level: from then on they are what later runs are compared with, and
/// nothing before them is. Without it, what has changed for good would be wrong forever.
pub const NEW_LEVEL: usize = 5;

/// Of normal values 1.4826 times the median distance from the median is the standard deviation: the inverse of the third
/// quartile of the standard normal distribution.
const MAD_SCALE: f64 = 1.482_602_218_505_602;

/// How far from a bound a number may be for both to be one: sums of floating-point numbers depend on their order.
const SLACK: f64 = 1e-9;

/// A number in an earlier run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Past {
    /// What it was.
    pub value: f64,
    /// Whether it counts: it was not itself wrong, and its table was committed much as it came.
    pub counts: bool,
}

/// What becomes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is as expected.
    Holds,
    /// It is not.
    Fails,
    /// There are too few earlier values to say.
    WarmingUp,
}

/// A number judged by what it was in earlier runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// What becomes of it.
    pub outcome: Outcome,
    /// The least that is expected; `None`: no bound, or not known yet.
    pub low: Option<f64>,
    /// The most that is expected.
    pub high: Option<f64>,
    /// The earlier values compared with, by their place, the oldest first.
    pub used: Vec<usize>,
    /// How many earlier values count, up to those it takes.
    pub have: usize,
    /// How many it takes.
    pub needed: usize,
    /// The arithmetic, without the number itself: `last 14 runs 98..103, mean 100, sigma 2, 7.5 sigma away`.
    pub arithmetic: String,
}

/// Judges a number. `past` are the earlier values, the oldest first; those that do not count keep their place in a season.
pub fn judge(value: f64, past: &[Past], earlier: &Earlier) -> Judgement {
    let season = match earlier.method {
        Method::Seasonal { season, .. } => Some(season as usize),
        _ => None,
    };
    let counted = counted(past, season.is_some());
    let runs = earlier.runs as usize;
    let first = match season {
        Some(_) => past.len().saturating_sub(runs),
        None => counted.iter().rev().nth(runs.saturating_sub(1)).copied().unwrap_or(0),
    };
    let used: Vec<usize> = counted.into_iter().filter(|at| *at >= first).collect();
    let needed = earlier.needed() as usize;
    if used.len() < needed {
        let arithmetic = format!("warming up: {} of {needed} run{}", used.len(), if needed == 1 { "" } else { "s" });
        let have = used.len();
        return Judgement { outcome: Outcome::WarmingUp, low: None, high: None, used, have, needed, arithmetic };
    }
    let values: Vec<f64> = used.iter().filter_map(|at| past.get(*at)).map(|p| p.value).collect();
    let (low, high, strict, arithmetic) = match &earlier.method {
        Method::Spread { factor, unit } => spread(value, &values, *factor, *unit),
        Method::Seasonal { factor, season } => {
            let series: Vec<Option<f64>> = (first..past.len())
                .map(|at| past.get(at).filter(|_| used.binary_search(&at).is_ok()).map(|p| p.value))
                .collect();
            seasonal(value, &series, *factor, *season as usize)
        }
        Method::Within { share, middle } => {
            let from = central(&values, *middle);
            let off = share * from.abs();
            let away = (value - from) / from.abs();
            let told = format!("{}, {} off", told(&values, *middle), shown_share(away));
            (Some(from - off), Some(from + off), false, told)
        }
        Method::Bound { comparison, terms, offset } => {
            let (bound, told) = reckoned(&values, terms, *offset);
            match comparison {
                Comparison::Lt | Comparison::Le => (None, Some(bound), *comparison == Comparison::Lt, told),
                _ => (Some(bound), None, *comparison == Comparison::Gt, told),
            }
        }
    };
    let holds = low.is_none_or(|low| above(value, low, strict)) && high.is_none_or(|high| above(high, value, strict));
    let outcome = if holds { Outcome::Holds } else { Outcome::Fails };
    Judgement { outcome, low, high, have: needed, needed, used, arithmetic }
}

/// The places of the values that count. After [`NEW_LEVEL`] in a row that do not, these do, and in a season those before them
/// too; else nothing before them does.
fn counted(past: &[Past], keep: bool) -> Vec<usize> {
    let (mut counted, mut out) = (Vec::new(), Vec::new());
    for (at, value) in past.iter().enumerate() {
        if value.counts {
            out.clear();
            counted.push(at);
            continue;
        }
        out.push(at);
        if out.len() >= NEW_LEVEL {
            if !keep {
                counted.clear();
            }
            counted.append(&mut out);
        }
    }
    counted
}

/// Whether `a` is at least `b`, with `strict` above it, but for what summing in another order may differ by.
fn above(a: f64, b: f64, strict: bool) -> bool {
    let larger = a.abs().max(b.abs());
    let slack = if larger.is_finite() { SLACK * larger } else { 0.0 };
    if strict { a > b + slack } else { a >= b - slack }
}

/// Bounds, whether they are excluded, and the arithmetic.
type Bounds = (Option<f64>, Option<f64>, bool, String);

fn spread(value: f64, values: &[f64], factor: f64, unit: Spread) -> Bounds {
    let mut told = told(values, Middle::Mean);
    let (from, to, one, name) = match unit {
        Spread::Sigma => {
            let mean = mean(values);
            (mean, mean, deviation(values), "sigma")
        }
        Spread::Iqr => {
            let (q1, q3) = (quantile(values, 0.25), quantile(values, 0.75));
            told = format!("{}, quartiles {} and {}", range(values), shown(q1), shown(q3));
            (q1, q3, q3 - q1, "iqr")
        }
        Spread::Mad => {
            let median = quantile(values, 0.5);
            let distances: Vec<f64> = values.iter().map(|v| (v - median).abs()).collect();
            told = format!("{}, median {}", range(values), shown(median));
            (median, median, MAD_SCALE * quantile(&distances, 0.5), "mad")
        }
    };
    let off = (from - value).max(value - to).max(0.0);
    _ = write!(told, ", {name} {}, {}", shown(one), away(off, one, from, name));
    (Some(from - factor * one), Some(to + factor * one), false, told)
}

/// `7.5 sigma away`; where they do not differ at all, just how far.
fn away(off: f64, one: f64, from: f64, name: &str) -> String {
    if one > SLACK * from.abs() { format!("{} {name} away", shown(off / one)) } else { format!("{} away", shown(off)) }
}

/// The smoothing of the level, the trend and the season. Fixed, so that what is expected can be reckoned by hand and a short
/// history is not fitted to its noise.
const SMOOTHING: (f64, f64, f64) = (0.3, 0.05, 0.3);

fn seasonal(value: f64, series: &[Option<f64>], factor: f64, season: usize) -> Bounds {
    let (forecast, wrong) = holt_winters(series, season);
    let mut told = format!(
        "last {} runs in seasons of {season}, forecast {}, as a rule wrong by {}",
        series.len(),
        shown(forecast),
        shown(wrong)
    );
    let off = (value - forecast).abs();
    _ = write!(told, ", {}", away(off, wrong, forecast, "times that"));
    (Some(forecast - factor * wrong), Some(forecast + factor * wrong), false, told)
}

/// The forecast of the next value, and the root of the mean square of what the forecasts from the second season on were wrong by.
///
/// Holt and Winters' additive method (Winters 1960; in the form of Hyndman and Athanasopoulos, Forecasting: Principles and
/// Practice, 3rd edition, 8.3), with [`SMOOTHING`]. It begins with the first two seasons: the trend is the difference of
/// their means over the length of a season, the level the trend's line through the first season's mean at its end, the
/// season what the first season's values are off that line. Where a value is missing the forecast stands for it; in the
/// first two seasons the value a season later or earlier does, or the season's mean.
fn holt_winters(series: &[Option<f64>], season: usize) -> (f64, f64) {
    let at = |i: usize| series.get(i).copied().flatten();
    let of_season = |nth: usize| -> Vec<f64> { (nth * season..(nth + 1) * season).filter_map(at).collect() };
    let means = [of_season(0), of_season(1)].map(|values| mean(&values));
    let (alpha, beta, gamma) = SMOOTHING;
    let length = season as f64;
    let mut trend = (means[1] - means[0]) / length;
    let middle = (length - 1.0) / 2.0;
    let mut level = means[0] + trend * middle;
    let mut seasons: Vec<f64> = (0..season)
        .map(|i| {
            let line = means[0] + trend * (i as f64 - middle);
            let value = at(i).or_else(|| at(i + season).map(|v| v - trend * length));
            value.map_or(0.0, |v| v - line)
        })
        .collect();
    let (mut squares, mut judged) = (0.0, 0usize);
    for i in season..series.len() {
        let Some(slot) = seasons.get_mut(i % season) else { continue };
        let line = level + trend;
        let Some(value) = at(i) else {
            level = line;
            continue;
        };
        let error = value - line - *slot;
        squares += error * error;
        judged += 1;
        let before = level;
        level = alpha * (value - *slot) + (1.0 - alpha) * line;
        trend = beta * (level - before) + (1.0 - beta) * trend;
        *slot = gamma * (value - line) + (1.0 - gamma) * *slot;
    }
    let next = seasons.get(series.len() % season).copied().unwrap_or(0.0);
    (level + trend + next, (squares / judged.max(1) as f64).sqrt())
}

/// What the terms add up to, and the arithmetic.
fn reckoned(values: &[f64], terms: &[Term], offset: f64) -> (f64, String) {
    let latest = |runs: u32| values.get(values.len().saturating_sub(runs as usize)..).unwrap_or_default();
    let bound = terms.iter().map(|t| t.share * central(latest(t.runs), t.middle)).sum::<f64>() + offset;
    if let ([Term { share, middle, .. }], 0.0) = (terms, offset) {
        return (bound, format!("{}, {} of which is {}", told(values, *middle), percent(*share), shown(bound)));
    }
    let mut all: Vec<String> = terms.iter().map(|t| told(latest(t.runs), t.middle)).collect();
    all.dedup();
    (bound, format!("{}; reckoned {}", all.join("; "), shown(bound)))
}

fn central(values: &[f64], middle: Middle) -> f64 {
    match middle {
        Middle::Mean => mean(values),
        Middle::Median => quantile(values, 0.5),
        Middle::Minimum => values.iter().copied().reduce(f64::min).unwrap_or(f64::NAN),
        Middle::Maximum => values.iter().copied().reduce(f64::max).unwrap_or(f64::NAN),
        Middle::Sum => values.iter().sum(),
        Middle::Deviation => deviation(values),
    }
}

/// Of values that are all the same just that value.
fn mean(values: &[f64]) -> f64 {
    let first = values.first().copied().unwrap_or(f64::NAN);
    first + values.iter().map(|v| v - first).sum::<f64>() / values.len().max(1) as f64
}

/// Of the sample: over n - 1.
fn deviation(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (squares / values.len().saturating_sub(1).max(1) as f64).sqrt()
}

/// Interpolated between neighbours: type 7 of Hyndman and Fan (1996).
fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = share * sorted.len().saturating_sub(1) as f64;
    let at = |i: f64| sorted.get(i as usize).copied().unwrap_or(f64::NAN);
    let (below, above) = (at(place.floor()), at(place.ceil()));
    below + (above - below) * place.fract()
}

/// `last 14 runs 98..103, mean 100`; of one run `last run 100`.
fn told(values: &[f64], middle: Middle) -> String {
    match values {
        [one] => format!("last run {}", shown(*one)),
        many => format!("{}, {} {}", range(many), middle.word(), shown(central(many, middle))),
    }
}

fn range(values: &[f64]) -> String {
    let (least, most) = (central(values, Middle::Minimum), central(values, Middle::Maximum));
    format!("last {} runs {}..{}", values.len(), shown(least), shown(most))
}

/// A share as a percentage with a sign.
fn shown_share(share: f64) -> String {
    if share.is_finite() {
        format!("{}{}%", if share > 0.0 { "+" } else { "" }, shown(share * 100.0))
    } else {
        "far".to_owned()
    }
}

/// A number for people: four digits that count, all of those before the point, thousands apart.
pub fn shown(number: f64) -> String {
    if !number.is_finite() {
        return number.to_string();
    }
    let magnitude = if number == 0.0 { 0.0 } else { number.abs().log10().floor() };
    let decimals = (3.0 - magnitude).clamp(0.0, 12.0) as usize;
    let text = format!("{:.decimals$}", number.abs());
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    let rest = rest.trim_end_matches('0');
    if !rest.is_empty() {
        _ = write!(out, ".{rest}");
    }
    if number < 0.0 && out.chars().any(|c| c.is_ascii_digit() && c != '0') { format!("-{out}") } else { out }
}

#[cfg(test)]
mod tests;
