//! A number of the table against earlier runs.

use pipe_diagnostics::{Diagnostic, Span, codes::rules as codes};
use pipe_syntax::{Comparison, EarlierBound, EarlierTerm, Predicate as Written, Runs, Spanned, Word};

use super::options::Options;
use crate::cx::{Cx, twice};
use crate::rule::{Earlier, Method, Middle, Predicate, Spread, Term};

/// The check's name of a predicate on earlier runs; `None` of another.
pub(super) fn check_name(written: &Written) -> Option<&'static str> {
    Some(match written {
        Written::WithinSpread { seasonal: Some(_), .. } => "within_season",
        Written::WithinSpread { unit, .. } => match unit.as_str() {
            "iqr" => "within_iqr",
            "mad" => "within_mad",
            _ => "within_sigma",
        },
        Written::WithinLast(_) => "within_last",
        Written::CompareLast(Comparison::Lt | Comparison::Le, _) => "below_last",
        Written::CompareLast(..) => "above_last",
        _ => return None,
    })
}

/// The predicate, where all that it says can be. What is wrong is reported.
pub(super) fn earlier(cx: &mut Cx<'_>, written: &Written, options: &Options) -> Option<Predicate> {
    let (method, runs) = match written {
        Written::WithinSpread { factor, unit, seasonal, runs } => {
            let number = self::factor(cx, factor, unit);
            let runs = over_last(cx, factor.span, runs.as_ref(), options)?;
            let method = match seasonal {
                None => {
                    let unit = spread(unit);
                    enough_runs(cx, unit, &runs)?;
                    Method::Spread { factor: number?, unit }
                }
                Some(season) => {
                    let method = Method::Seasonal { factor: number?, season: season.value };
                    seasonal_fits(cx, unit, season, &method, &runs)?;
                    method
                }
            };
            (method, runs)
        }
        Written::WithinLast(of) => {
            let middle = middle(of.middle.as_ref());
            (Method::Within { share: share(cx, &of.share)?, middle }, of.runs)
        }
        Written::CompareLast(comparison, of) => bound(cx, *comparison, of)?,
        _ => return None,
    };
    some_runs(cx, &runs.last)?;
    Some(Predicate::Earlier(Earlier { method, runs: runs.last.value, same_weekday: runs.same_weekday.is_some() }))
}

/// How many of a spread: above 0.
pub(super) fn factor(cx: &mut Cx<'_>, factor: &Spanned<String>, unit: &Word) -> Option<f64> {
    let number = crate::numbers::number(factor).filter(|n| *n > 0.0);
    if number.is_none() {
        let message = format!("the number of {} is above 0", unit.value);
        cx.report(Diagnostic::error(codes::HISTORY_RANGE, message, factor.span));
    }
    number
}

/// The spread with this word.
pub(super) fn spread(unit: &Word) -> Spread {
    match unit.as_str() {
        "iqr" => Spread::Iqr,
        "mad" => Spread::Mad,
        _ => Spread::Sigma,
    }
}

/// `over last n runs`, in the predicate or behind it.
fn over_last(cx: &mut Cx<'_>, at: Span, own: Option<&Runs>, options: &Options) -> Option<Runs> {
    match (own, options.over_last) {
        (Some(own), Some(behind)) => {
            let message = "over how many runs is said twice";
            cx.report(
                twice(codes::DUPLICATE_OPTION, message, behind.last.span, own.last.span)
                    .help("say it once; a predicate that looks at other runs gets a line of its own"),
            );
            None
        }
        (Some(runs), None) => Some(*runs),
        (None, Some(runs)) => Some(runs),
        (None, None) => {
            let message = "over how many runs is not said";
            cx.report(
                Diagnostic::error(codes::HISTORY_RANGE, message, at)
                    .help("add it, as in `within 3 sigma over last 14 runs`"),
            );
            None
        }
    }
}

fn enough_runs(cx: &mut Cx<'_>, unit: Spread, runs: &Runs) -> Option<()> {
    if runs.last.value >= 2 {
        return Some(());
    }
    let what = match unit {
        Spread::Sigma => "a standard deviation",
        Spread::Iqr => "a distance between quartiles",
        Spread::Mad => "a median distance",
    };
    let message = format!("{what} needs at least 2 runs");
    cx.report(Diagnostic::error(codes::HISTORY_RANGE, message, runs.last.span).help("write a number such as 14"));
    None
}

fn seasonal_fits(cx: &mut Cx<'_>, unit: &Word, season: &Spanned<u32>, method: &Method, runs: &Runs) -> Option<()> {
    let wrong = if unit.value != "sigma" {
        let message = "a forecast by season is wrong by so many `sigma`";
        Diagnostic::error(codes::HISTORY_RANGE, message, unit.span)
            .help("write it as in `within 3 sigma seasonal 7 over last 28 runs`")
    } else if season.value < 2 {
        Diagnostic::error(codes::HISTORY_RANGE, "a season has at least 2 runs", season.span)
            .help("write how many runs it is until the same comes again, such as 7")
    } else if let needed = (Earlier { method: method.clone(), runs: runs.last.value, same_weekday: false }).needed()
        && runs.last.value < needed
    {
        let message = format!("a forecast by seasons of {} needs {needed} runs", season.value);
        Diagnostic::error(codes::HISTORY_RANGE, message, runs.last.span)
            .label(season.span, "the season")
            .help("two whole seasons, and at least 5 runs behind the first")
    } else if let Some(weekday) = &runs.same_weekday {
        Diagnostic::error(codes::HISTORY_RANGE, "runs of one day of the week have no season", weekday.span)
            .help("leave out one of the two")
    } else {
        return Some(());
    };
    cx.report(wrong);
    None
}

/// `80% of last 10 runs`, `minimum of last 5 runs - 1`
fn bound(cx: &mut Cx<'_>, comparison: Comparison, of: &EarlierBound) -> Option<(Method, Runs)> {
    let (_, first) = of.terms.first()?;
    if matches!(comparison, Comparison::Eq | Comparison::Ne) {
        let message = "a number of earlier runs is compared by `<`, `<=`, `>=` or `>`";
        let at = match &first.value {
            EarlierTerm::Runs { share: Some(share), .. } => share.span,
            _ => first.span,
        };
        cx.report(
            Diagnostic::error(codes::HISTORY_RANGE, message, at)
                .help("for a number that stays the same write `within 0% of last run`"),
        );
        return None;
    }
    let (mut terms, mut offset) = (Vec::new(), 0.0);
    let mut most: Option<Spanned<u32>> = None;
    for (minus, term) in &of.terms {
        let sign = if *minus { -1.0 } else { 1.0 };
        match &term.value {
            EarlierTerm::Number(digits) => {
                offset += sign * crate::numbers::number(&Spanned::new(digits.clone(), term.span))?;
            }
            EarlierTerm::Runs { share: written, of, last } => {
                some_runs(cx, last)?;
                let share = written.as_ref().map_or(Some(1.0), |written| share(cx, written))?;
                let middle = middle(of.as_ref());
                if middle == Middle::Deviation && last.value < 2 {
                    let message = "a standard deviation needs at least 2 runs";
                    cx.report(
                        Diagnostic::error(codes::HISTORY_RANGE, message, last.span).help("write a number such as 14"),
                    );
                    return None;
                }
                terms.push(Term { share: sign * share, middle, runs: last.value });
                most = most.filter(|m| m.value >= last.value).or(Some(*last));
            }
        }
    }
    let runs = Runs { last: most?, same_weekday: of.same_weekday };
    Some((Method::Bound { comparison, terms, offset }, runs))
}

fn some_runs(cx: &mut Cx<'_>, last: &Spanned<u32>) -> Option<()> {
    if last.value > 0 {
        return Some(());
    }
    let message = "there is nothing to compare with in 0 runs";
    cx.report(Diagnostic::error(codes::HISTORY_RANGE, message, last.span).help("write a number such as 14"));
    None
}

fn share(cx: &mut Cx<'_>, written: &Spanned<String>) -> Option<f64> {
    let share = crate::numbers::percent(written);
    if share.is_none() {
        let message = format!("`{}%` is no share", written.value);
        cx.report(Diagnostic::error(codes::HISTORY_RANGE, message, written.span).help("write one such as `80%`"));
    }
    share
}

fn middle(word: Option<&Word>) -> Middle {
    match word.map(|word| word.value.as_str()) {
        Some("median") => Middle::Median,
        Some("minimum") => Middle::Minimum,
        Some("maximum") => Middle::Maximum,
        Some("sum") => Middle::Sum,
        Some("stddev") => Middle::Deviation,
        _ => Middle::Mean,
    }
}
