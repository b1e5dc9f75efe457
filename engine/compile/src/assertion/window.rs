//! Set predicates that look at a row's neighbours: windows over the rows judged, and a condition on them.

use pipe_check::{Predicate, Spread};
use sqlparser::ast::Expr;

/// The windows and the condition of the rows that violate, as SQL over `key_1 …`, `order_1` and `group_1 …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windowed {
    /// Layers of named windows, each over the columns of those before it.
    pub layers: Vec<Vec<(&'static str, String)>>,
    /// Which rows violate.
    pub condition: String,
}

/// How often a median distance from the median is in a standard deviation of a normal distribution: 1 / Phi^-1(3/4).
const MAD_SCALE: &str = "1.4826";

/// Of a predicate on `groups` group columns; `rows`: what orders the rows when no column does. `None`: it has no windows.
pub(super) fn windowed(
    predicate: &Predicate,
    groups: usize,
    rows: &str,
    print: impl Fn(&Expr) -> String,
) -> Option<Windowed> {
    let apart: Vec<String> = (1..=groups).map(|i| format!("group_{i}")).collect();
    let apart = if apart.is_empty() { String::new() } else { format!("PARTITION BY {} ", apart.join(", ")) };
    let order = |by: &Option<String>| match by {
        Some(_) => format!("{apart}ORDER BY order_1, {rows}"),
        None => format!("{apart}ORDER BY {rows}"),
    };
    let before = |by: &Option<String>| vec![vec![("before", format!("lag(key_1) OVER ({})", order(by)))]];
    let starts = format!("{apart}ORDER BY key_1, {rows}");
    let whole = |function: &str| format!("{function} OVER ({})", apart.trim_end());
    Some(match predicate {
        Predicate::Monotone { decreasing, strict, order } => {
            let sign = match (decreasing, strict) {
                (false, false) => "<",
                (false, true) => "<=",
                (true, false) => ">",
                (true, true) => ">=",
            };
            Windowed { layers: before(order), condition: format!("key_1 {sign} before") }
        }
        Predicate::Sequential { step, order } => {
            let step = step.as_ref().map_or_else(|| "1".to_owned(), |s| print(&s.ast));
            Windowed { layers: before(order), condition: format!("key_1 <> before + {step}") }
        }
        Predicate::NotOverlapping => {
            let earlier = format!("({starts} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)");
            Windowed {
                layers: vec![vec![
                    ("latest", format!("max(key_2) OVER {earlier}")),
                    ("unended", format!("bool_or(key_2 IS NULL) OVER {earlier}")),
                ]],
                condition: "key_1 < latest OR unended".to_owned(),
            }
        }
        Predicate::Contiguous => Windowed {
            layers: vec![vec![
                ("ended", format!("lag(key_2) OVER ({starts})")),
                ("place", format!("row_number() OVER ({starts})")),
            ]],
            condition: "place > 1 AND (ended IS NULL OR key_1 <> ended)".to_owned(),
        },
        Predicate::Transitions { steps, order } => {
            let listed =
                steps.iter().map(|(a, b)| format!("(before = {} AND key_1 = {})", print(&a.ast), print(&b.ast)));
            let listed = listed.collect::<Vec<_>>().join(" OR ");
            Windowed { layers: before(order), condition: format!("key_1 <> before AND NOT ({listed})") }
        }
        Predicate::Outliers { factor, unit: Spread::Sigma } => Windowed {
            layers: vec![vec![
                ("center", whole("avg(CAST(key_1 AS DOUBLE))")),
                ("spread", whole("stddev_samp(CAST(key_1 AS DOUBLE))")),
            ]],
            condition: format!("abs(key_1 - center) > {factor:?} * spread AND spread > 0"),
        },
        Predicate::Outliers { factor, unit: Spread::Iqr } => Windowed {
            layers: vec![vec![
                ("low", whole("percentile_cont(CAST(key_1 AS DOUBLE), 0.25)")),
                ("high", whole("percentile_cont(CAST(key_1 AS DOUBLE), 0.75)")),
            ]],
            condition: format!("key_1 < low - {factor:?} * (high - low) OR key_1 > high + {factor:?} * (high - low)"),
        },
        Predicate::Outliers { factor, unit: Spread::Mad } => Windowed {
            layers: vec![
                vec![("center", whole("median(CAST(key_1 AS DOUBLE))"))],
                vec![("distance", "abs(key_1 - center)".to_owned())],
                vec![("spread", whole("median(distance)"))],
            ],
            condition: format!("distance > {factor:?} * {MAD_SCALE} * spread"),
        },
        _ => return None,
    })
}
