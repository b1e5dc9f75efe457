//! What is kept of the candidates once the rows were asked.

use pipe_profile::Profile;
use serde::Serialize;

use crate::candidate::{Ask, Candidate, Copies, Measure, Rank, Repair, Tally};
use crate::heal::{Healing, Votes, healing};
use crate::interval::{lower, percent, round_up, upper};
use crate::words;

/// Rows that a rule has to be judged on.
const FEW: u64 = 20;
/// Where votes decide nothing, so many may differ for a dependency to be more than a warning.
const UNDECIDED: f64 = 0.1;

/// A rule that is suggested.
#[derive(Clone, Debug, Serialize)]
pub struct Suggested {
    /// The columns it is about.
    pub columns: Vec<String>,
    /// Its name, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How useful it is.
    pub rank: Rank,
    /// The predicate's check.
    pub check: &'static str,
    /// The rule as written, without its `;`; none where only a clause is suggested.
    pub rule: String,
    /// How much is tolerated.
    #[serde(skip)]
    pub tolerate: Option<String>,
    /// What speaks for it.
    pub evidence: String,
    /// In the rows that were not held back.
    pub seen: Tally,
    /// In those that were.
    pub held: Tally,
    /// What heals a violation.
    #[serde(skip)]
    pub repair: Option<Repair>,
    /// Rows that the repair leaves as they are.
    #[serde(skip)]
    pub left: u64,
    /// Whether rows are judged by it.
    #[serde(skip)]
    pub judges_rows: bool,
}

/// All that is suggested for a table.
#[derive(Clone, Debug, Default)]
pub struct Suggestions {
    /// The table.
    pub table: String,
    /// Rows that were held back.
    pub held: u64,
    /// All rows.
    pub rows: u64,
    /// Its columns and their types, as the language writes them.
    pub columns: Vec<(String, String)>,
    /// Rules, the most useful first.
    pub rules: Vec<Suggested>,
    /// The `heal` block.
    pub healing: Healing,
    /// Whether the table has one already.
    pub has_heal: bool,
    /// What was left out, and why.
    pub notes: Vec<String>,
}

/// What the program says about healing the table already.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clauses {
    /// The table has a `heal` block.
    pub block: bool,
    /// A clause answers dependencies.
    pub votes: bool,
    /// The table is a model: its rows come in no order, so none of them is the first.
    pub unordered: bool,
}

/// Keeps what holds in the rows that were held back as well, says how much is tolerated of it, and what heals the rest.
///
/// `measures` stand for the candidates, in their order; `None` is what could not be counted.
pub fn decide(
    table: &str,
    profile: &Profile,
    held: u64,
    candidates: Vec<Candidate>,
    measures: &[Option<Measure>],
    votes: &Votes,
    clauses: Clauses,
) -> Suggestions {
    let mut rules: Vec<Suggested> = candidates
        .into_iter()
        .zip(measures)
        .filter_map(|(candidate, measure)| {
            let measure = measure.as_ref()?;
            let either = measure.either.then_some("which of the columns is wrong is open, so nothing is repaired");
            judged(candidate, measure, votes.refused().or(either))
        })
        .collect();
    // What is made NULL is not required.
    let emptied: Vec<Vec<String>> =
        rules.iter().filter(|r| r.check == "not_in" && r.repair.is_some()).map(|r| r.columns.clone()).collect();
    rules.retain(|r| !matches!(r.check, "not_null" | "not_blank") || !emptied.contains(&r.columns));
    complete(&mut rules);
    // What heals something today comes first; a stable sort keeps the order of the columns.
    rules.sort_by_key(|r| (r.rank, r.repair.is_none()));
    let healing = healing(&rules, votes, clauses, profile.rows + held);
    Suggestions {
        table: table.to_owned(),
        held,
        rows: profile.rows + held,
        columns: profile.columns.iter().map(|c| (c.name.clone(), c.ty.clone())).collect(),
        rules,
        healing,
        has_heal: clauses.block,
        notes: Vec::new(),
    }
}

/// Columns of a line.
const LINE: usize = 90;

/// Columns without a NULL in one rule, as many as a line takes: `a, b, c not null`.
fn complete(rules: &mut Vec<Suggested>) {
    let mut open: Option<Suggested> = None;
    let mut done = Vec::new();
    for rule in std::mem::take(rules) {
        if rule.check != "not_null" || rule.tolerate.is_some() {
            done.push(rule);
            continue;
        }
        match &mut open {
            Some(line) if words::names(&line.columns).len() + words::names(&rule.columns).len() < LINE => {
                line.columns.extend(rule.columns);
                line.rule = format!("{} not null", words::names(&line.columns));
            }
            _ => done.extend(open.replace(rule)),
        }
    }
    done.extend(open);
    *rules = done;
}

fn judged(candidate: Candidate, measure: &Measure, no_votes: Option<&str>) -> Option<Suggested> {
    let Measure { seen, held, .. } = *measure;
    let is_cast = matches!(candidate.ask, Ask::Cast { .. });
    let judges_rows = candidate.ask != Ask::Nothing && !is_cast;
    let all = Tally { judged: seen.judged + held.judged, violations: seen.violations + held.violations };
    if judges_rows
        && (all.judged < FEW || all.share() > candidate.most
            // A few rows that happen to be held back contradict nothing.
            || lower(held.violations, held.judged) > candidate.most.max(seen.share() * 3.0))
    {
        return None;
    }
    if is_cast && (all.judged == 0 || all.share() > candidate.most) {
        return None;
    }
    let mut repair = candidate.repair.clone().filter(|_| is_cast || all.violations > 0);
    if let Some(Repair::Dedupe(_)) = repair {
        repair = match &measure.copies {
            Copies::Unknown => None,
            Copies::Equal => Some(Repair::Dedupe(None)),
            Copies::Versions(column) => Some(Repair::Dedupe(Some(column.clone()))),
        };
    }
    // A repair that leaves most as it is says little of what is wrong.
    if measure.left * 2 > all.violations && !is_cast {
        repair = None;
    }
    let mut share = all.share();
    let mut bound = upper(all.violations, all.judged);
    if repair == Some(Repair::Majority) && no_votes.is_some() {
        repair = None;
        // Each column has exceptions of its own.
        let each =
            measure.each.iter().map(|(seen, held)| (seen.violations + held.violations, seen.judged + held.judged));
        share = each.clone().map(|(off, of)| off as f64 / of.max(1) as f64).sum();
        bound = each.map(|(off, of)| upper(off, of)).sum::<f64>().min(1.0);
    }
    let warns = share > UNDECIDED && matches!(candidate.ask, Ask::Decided(_)) && repair.is_none();
    let tolerate = (judges_rows && all.violations > 0 && repair.is_none() && !warns).then(|| round_up(bound));
    let mut rule = candidate.rule();
    if let Some(name) = &candidate.name {
        rule = format!("{name}: {rule}");
    }
    rule += candidate.options;
    if let Some(share) = tolerate {
        rule += &format!(" tolerate {}", percent(share));
    }
    if warns {
        rule += " severity warning";
    }
    let mut told = Vec::new();
    match &candidate.ask {
        Ask::Nothing => {}
        Ask::Cast { .. } => {
            let read = |tally: Tally| {
                format!("{} of {}", words::count(tally.judged - tally.violations), words::count(tally.judged))
            };
            told.push(format!("this reads {} of them, of those held back {}", read(all), read(held)));
        }
        Ask::Decided(columns) => {
            let one = |(column, (seen, held)): (&String, &(Tally, Tally))| {
                let all = (seen.violations + held.violations) as f64 / (seen.judged + held.judged).max(1) as f64;
                format!("{} {}", words::name(column), words::share(all))
            };
            let each: Vec<String> = columns.iter().zip(&measure.each).map(one).collect();
            let (judged, off) = measure
                .each
                .iter()
                .fold((0, 0), |(judged, off), (_, held)| (judged + held.judged, off + held.violations));
            told.push(format!("differ from their group: {}", each.join(", ")));
            told.push(candidate.evidence.clone());
            told.push(format!(
                "{} of {} held-back cells differ from the vote of the other rows",
                words::count(off),
                words::count(judged)
            ));
        }
        _ => {
            if !candidate.evidence.is_empty() {
                told.push(candidate.evidence.clone());
            }
            told.push(format!(
                "{} of {} violate, {} of {} held-back rows",
                words::count(seen.violations),
                words::counted(seen.judged, "row"),
                words::count(held.violations),
                words::count(held.judged)
            ));
        }
    }
    if tolerate.is_some() {
        told.push(format!("tolerated up to {} (Wilson's upper bound), rounded up", words::share(bound)));
    }
    if let Some(why) = no_votes
        && measure.each.iter().any(|(seen, held)| seen.violations + held.violations > 0)
        && repair.is_none()
    {
        told.push(why.to_owned());
    }
    if told.is_empty() || is_cast {
        told.insert(0, candidate.evidence.clone());
    }
    Some(Suggested {
        columns: candidate.columns,
        name: candidate.name,
        rank: candidate.rank,
        check: candidate.check,
        rule,
        tolerate: tolerate.map(percent),
        evidence: told.join("; "),
        seen,
        held,
        repair,
        left: if is_cast { all.violations } else { measure.left },
        judges_rows,
    })
}
