//! How good the data is: a line a table.

use pipe_run::Report;
use pipe_run::score::Score;

use super::{Table, WIDTH};
use crate::output::Paint;
use crate::profile::Blocks;

pub(super) fn section(report: &Report, _paint: Paint) -> String {
    let scores = &report.score;
    if scores.tables.is_empty() {
        return String::new();
    }
    // With one table all of it is that table.
    let all = scores.project.iter().filter(|_| scores.tables.len() > 1);
    let lines = scores.tables.iter().map(|s| (s.name.as_str(), s)).chain(all.map(|s| ("all tables", s)));
    table(["quality", "score", "after healing", "last runs"], lines.map(|(name, score)| (vec![name.to_owned()], score)))
}

/// Scores, each behind its names, under these headers; without the trend where no score has one.
pub fn table<'s, const N: usize>(
    header: [&str; N],
    scores: impl IntoIterator<Item = (Vec<String>, &'s Score)>,
) -> String {
    let scores: Vec<_> = scores.into_iter().collect();
    let earlier = scores.iter().any(|(_, s)| s.change.is_some());
    let shown = if earlier { N } else { N - 1 };
    let mut table = Table::new(header.get(..shown).unwrap_or(&header), WIDTH);
    table.right([N - 3, N - 2]);
    for (names, score) in scores {
        let numbers = [one_digit(score.score), one_digit(score.score_after)];
        table.row(names.into_iter().chain(numbers).chain(earlier.then(|| trend(score))));
    }
    table.text()
}

/// `▃▅█ +0.4`: the last runs, and how far the last one is from the one before.
fn trend(score: &Score) -> String {
    let Some(change) = score.change else { return String::new() };
    let change = match one_digit(change) {
        none if none.trim_start_matches('-') == "0.0" => "=".to_owned(),
        less if less.starts_with('-') => less,
        more => format!("+{more}"),
    };
    format!("{} {change}", line(&score.trend))
}

/// A bar a score. From the lowest to the highest where these are a point apart or more; else there is no height worth showing, and
/// each bar is as high as its score is of 100.
fn line(scores: &[f64]) -> String {
    let (low, high) = scores.iter().fold((f64::MAX, f64::MIN), |(low, high), s| (low.min(*s), high.max(*s)));
    let span = high - low;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 8")]
    let bar = |score: &f64| match span < 1.0 {
        true => (score * 8.0 / 100.0).round().clamp(1.0, 8.0) as u64,
        false => (8.0 - 7.0 * (high - score) / span).round() as u64,
    };
    Blocks::Eighths.bars_of(scores.iter().map(bar))
}

/// `97.2`; what is not all right is never shown as 100.
fn one_digit(n: f64) -> String {
    if (99.95..100.0).contains(&n) { ">99.9".to_owned() } else { format!("{n:.1}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trend_says_how_far_and_which_way() {
        let score =
            |change: f64, trend: &[f64]| Score { change: Some(change), trend: trend.into(), ..Score::default() };
        assert_eq!(trend(&score(1.5, &[90.0, 96.5, 98.0])), "▁▇█ +1.5");
        assert_eq!(trend(&score(-0.5, &[98.0, 97.5])), "██ -0.5");
        assert_eq!(trend(&score(0.0, &[0.0, 0.0])), "▁▁ =", "nothing is right, and was not before");
        assert_eq!(trend(&score(0.0, &[50.0, 50.0, 50.0])), "▄▄▄ =");
        assert_eq!(trend(&score(-0.01, &[98.0, 97.99])), "██ =");
        assert_eq!(trend(&Score::default()), "");
    }

    #[test]
    fn what_is_not_all_right_is_not_100() {
        assert_eq!([99.99, 99.94, 100.0, 0.0].map(one_digit), [">99.9", "99.9", "100.0", "0.0"]);
    }
}
