//! Clauses, and the gates and budgets they need, with the arithmetic behind each.

use std::collections::BTreeMap;

use crate::candidate::Repair;
use crate::decide::{Clauses, Suggested};
use crate::interval::{lower, percent, round_up, upper};
use crate::words;

/// What the votes of the rows that were not held back say of those that were. A cell that differs from its vote would be
/// changed; it is contested when two rows of its group and a tenth of it say what it says: that is another opinion, no mistake.
#[derive(Clone, Debug, Default)]
pub struct Votes {
    /// By the share of the vote in tenths, from [0, 0.1) to 1: cells that would be changed, and those of them that are contested.
    pub changed: [(u64, u64); 11],
    /// Rows have another one's key, of one that decides three columns or more: what else such a row says may be about the other one, too.
    pub moved: bool,
    /// Each column that is decided.
    pub columns: Vec<ColumnVotes>,
}

/// What votes would do to a column.
#[derive(Clone, Debug, Default)]
pub struct ColumnVotes {
    /// The column.
    pub column: String,
    /// Held-back cells with a vote.
    pub cells: u64,
    /// By the share of the vote in tenths: how many of them would be changed.
    pub changed: [u64; 11],
}

/// Of the cells that would be changed, so many may be contested.
const CONTESTED: f64 = 0.1;
/// Of the cells that would be changed, so many may stand in rows that have another one's key.
const MOVED: f64 = 0.02;
/// Cells that would be changed, fewer say nothing.
const EVIDENCE: u64 = 5;
/// Held-back cells of a column, fewer say nothing of a budget.
const CELLS: u64 = 50;
/// Shares of the vote that may be enough, the least first.
const SHARES: [usize; 4] = [6, 7, 8, 9];

/// Whether of `changed` cells too many stand in rows that have another one's key: of the `moved` ones, in rows in which at least `least` and
/// more than half of the `decided` ones would be changed, those that chance does not explain.
pub fn moved(rows: u64, decided: usize, changed: u64, moved: u64, least: usize) -> bool {
    // Two cells of one row are an accident.
    lower(beyond_chance(rows, decided, changed, moved, least), changed) > MOVED
}

/// Errors that are spread over `rows` and `decided` columns meet in some rows, too (twice as often is still taken for chance).
fn beyond_chance(rows: u64, decided: usize, changed: u64, moved: u64, least: usize) -> u64 {
    let k = decided as i32;
    let p = changed as f64 / (rows as f64 * decided as f64).max(1.0);
    let mut choose = 1.0;
    let mut cells = 0.0;
    for n in 0..=k {
        if n > 0 {
            choose *= f64::from(k - n + 1) / f64::from(n);
        }
        if n * 2 > k && n >= i32::try_from(least).unwrap_or(i32::MAX) {
            cells += f64::from(n) * choose * p.powi(n) * (1.0 - p).powi(k - n);
        }
    }
    (moved as f64 - 2.0 * cells * rows as f64).max(0.0) as u64
}

/// Whether of `changed` cells more are `alike` than a tenth beyond what `chance` explains.
pub fn more_than_chance(changed: u64, alike: u64, chance: f64) -> bool {
    alike >= EVIDENCE && alike as f64 - chance > CONTESTED * changed as f64
}

/// The settings and clauses of a `heal` block.
#[derive(Clone, Debug, Default)]
pub struct Healing {
    /// `key = value`, with why.
    pub settings: Vec<(String, String)>,
    /// A clause without its `;`, with why.
    pub clauses: Vec<(String, String)>,
}

/// A declared column that a file lacks, and the one of the file that may be it.
#[derive(Clone, Copy, Debug)]
pub struct Renamed<'a> {
    /// The declared column.
    pub column: &'a str,
    /// The file's.
    pub found: &'a str,
    /// The file.
    pub file: &'a str,
    /// How much speaks for it, from 0 to 1.
    pub score: f64,
    /// How far it is ahead of the second.
    pub margin: f64,
}

/// From which score and margin on a column is taken for another one.
const SAME: (f64, f64) = (0.8, 0.15);

impl Healing {
    /// Keeps records that cannot be parsed out of the way.
    pub fn broken(&mut self, records: u64) {
        let why = format!("{} cannot be parsed", words::counted(records, "record"));
        self.clauses.insert(0, ("on bad_record => quarantine".to_owned(), why));
    }

    /// Reads columns by the name that they have in some files, those that are surely the same.
    pub fn renamed<'a>(&mut self, all: impl Iterator<Item = Renamed<'a>>) {
        let (score, margin) = SAME;
        let sure = all.filter(|r| r.score >= score && r.margin >= margin);
        let clauses = sure.map(|r| {
            let clause = format!(
                "on missing_column(column: {}) where ($score >= {score} and $margin >= {margin}) => rename",
                words::name(r.column)
            );
            let why = format!(
                "{} has no {}, and {} in its place: score {:.2}, {:.2} ahead of the next",
                words::shown(r.file),
                words::name(r.column),
                words::name(r.found),
                r.score,
                r.margin
            );
            (clause, why)
        });
        let clauses: Vec<(String, String)> = clauses.collect();
        self.clauses.splice(0..0, clauses);
    }
}

/// The clauses that answer what the rules found, and what bounds them.
pub fn healing(chosen: &[Suggested], votes: &Votes, clauses: Clauses, rows: u64) -> Healing {
    let mut found = Healing::default();
    let healed: Vec<&Suggested> = chosen.iter().filter(|s| s.repair.is_some()).collect();
    for suggested in &healed {
        let Some(Repair::Cast { column, expression }) = &suggested.repair else { continue };
        let clause =
            format!("on cast_failed(column: {}) => cast using ({expression}) else quarantine", words::name(column));
        found.clauses.push((clause, suggested.evidence.clone()));
    }
    for suggested in &healed {
        let Some(Repair::Set { column, expression }) = &suggested.repair else { continue };
        let about = match &suggested.name {
            Some(name) => format!("rule: {name}"),
            None => format!("column: {}, check: {}", words::name(column), suggested.check),
        };
        // What it cannot repair is no worse tomorrow than today.
        let rest = if suggested.left > 0 { "keep" } else { "quarantine" };
        let clause = format!("on rule_failed({about}) => set {} = ({expression}) else {rest}", words::name(column));
        let rows = suggested.seen.violations + suggested.held.violations;
        let left = match suggested.left {
            0 => String::new(),
            1 => ", 1 of them stays as it is".to_owned(),
            left => format!(", {} of them stay as they are", words::count(left)),
        };
        found.clauses.push((clause, format!("{} to repair now{left}", words::counted(rows, "row"))));
    }
    for suggested in &healed {
        let Some(Repair::Dedupe(latest)) = &suggested.repair else { continue };
        let about = match suggested.columns.as_slice() {
            [column] => format!("column: {}, check: unique", words::name(column)),
            _ => "check: unique".to_owned(),
        };
        let (keep, why) = match latest {
            None => {
                let keep = if clauses.unordered { "most complete" } else { "first" };
                (keep.to_owned(), "rows with the same key are equal in everything".to_owned())
            }
            Some(column) => {
                let column = words::name(column);
                (
                    format!("latest {column}"),
                    format!("rows with the same key differ in {column}, and are versions of one"),
                )
            }
        };
        found.clauses.push((format!("on rule_failed({about}) => dedupe keep {keep}"), why));
    }
    if !clauses.votes && healed.iter().any(|s| s.repair == Some(Repair::Majority)) {
        majority(&mut found, votes);
    }
    if !clauses.block && chosen.iter().any(|s| s.judges_rows) {
        let worst = chosen
            .iter()
            .filter(|s| s.judges_rows && s.repair.is_none() && s.tolerate.is_none())
            .map(|s| upper(s.seen.violations + s.held.violations, s.seen.judged + s.held.judged))
            .fold(0.0, f64::max);
        let unread: u64 = healed.iter().filter(|s| matches!(s.repair, Some(Repair::Cast { .. }))).map(|s| s.left).sum();
        let worst = worst.max(if unread > 0 { upper(unread, rows) } else { 0.0 });
        let bound = round_up((worst * 5.0).max(0.05)).min(0.5);
        let why = format!(
            "up to {} of the rows may violate a rule without a repair tomorrow (Wilson's upper bound); five times that, 5% at least, is a changed source",
            words::share(worst)
        );
        found.settings.push((format!("max_quarantine = {}", percent(bound)), why));
        found.clauses.push((
            "on rule_failed => quarantine".to_owned(),
            "what nothing above repairs leaves the batch and is kept".to_owned(),
        ));
    }
    // Its settings are for who wrote the block.
    if clauses.block {
        found.settings.clear();
    }
    found
}

/// From which share on a vote is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Enough {
    tenth: usize,
    /// Cells that would be changed.
    changed: u64,
    /// Those of them that are contested.
    contested: u64,
}

impl Votes {
    /// Why votes repair nothing; `None` if they are clear enough to.
    pub fn refused(&self) -> Option<&'static str> {
        let changed: u64 = self.changed.iter().map(|(changed, _)| changed).sum();
        if self.enough().is_some() {
            None
        } else if self.moved {
            Some("rows may have the key of another one, so votes repair nothing")
        } else if changed < EVIDENCE {
            Some("of so few nobody can tell whether a vote is right, so nothing is repaired")
        } else {
            Some("votes are too divided to repair by")
        }
    }

    /// The least share from which on hardly a cell is contested, there and in each step above it.
    fn enough(&self) -> Option<Enough> {
        let from = |tenth: usize| {
            self.changed.iter().skip(tenth).fold((0, 0), |(all, contested), (n, c)| (all + n, contested + c))
        };
        if self.moved {
            return None;
        }
        let mut enough = None;
        for tenth in SHARES.into_iter().rev() {
            let (changed, contested) =
                if tenth == 9 { from(9) } else { self.changed.get(tenth).copied().unwrap_or_default() };
            // One cell alone says nothing.
            if contested > 1 && contested as f64 > CONTESTED * changed as f64 {
                break;
            }
            let (changed, contested) = from(tenth);
            if changed >= EVIDENCE && contested as f64 <= CONTESTED * changed as f64 {
                enough = Some(Enough { tenth, changed, contested });
            }
        }
        enough
    }
}

/// The clause that lets rows vote, from which share of a vote on, and for how many cells.
fn majority(found: &mut Healing, votes: &Votes) {
    let Some(Enough { tenth, changed, contested }) = votes.enough() else { return };
    let share = tenth as f64 / 10.0;
    let told = format!(
        "of {} held-back cells that a vote of {} or more would change, {} {} what two other rows of the group say",
        words::count(changed),
        percent(share),
        words::count(contested),
        if contested == 1 { "says" } else { "say" },
    );
    found.settings.push((
        "mode = automatic".to_owned(),
        "the votes below were right as far as the held-back rows tell".to_owned(),
    ));
    found.settings.push((format!("confidence = {}", percent(share)), told));
    // All that is proposed counts, also what the confidence refuses then.
    // Of several rules that decide a column each may change other cells.
    let mut columns: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for column in votes.columns.iter().filter(|column| column.cells >= CELLS) {
        let (cells, changed) = columns.entry(&column.column).or_default();
        *cells = column.cells.max(*cells);
        *changed += column.changed.iter().sum::<u64>();
    }
    let worst = columns.into_iter().map(|(column, (cells, changed))| {
        let changed = changed.min(cells);
        (upper(changed, cells), column, cells, changed)
    });
    if let Some((bound, column, cells, changed)) = worst.max_by(|a, b| a.0.total_cmp(&b.0)) {
        let budget = round_up((1.5 * bound).min(bound.max(0.75))).max(0.05);
        let told = format!(
            "at most {} of {} held-back cells of {} would change, up to {} tomorrow (Wilson's upper bound); half as many again",
            words::count(changed),
            words::count(cells),
            words::name(column),
            words::share(bound),
        );
        found.settings.push((format!("max_healed_cells = {}", percent(budget)), told));
    }
    let why = "rows that agree on the left vote; what a vote does not decide stays as it is".to_owned();
    found.clauses.push(("on rule_failed(check: determines) => majority else keep".to_owned(), why));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_that_meet_by_accident_are_no_moved_rows() {
        // 5% of 6,000 cells; of 1,000 rows about two have three errors or more.
        assert_eq!(beyond_chance(1000, 6, 300, 8, 4), 7);
        assert_eq!(beyond_chance(1000, 6, 300, 0, 4), 0);
        assert_eq!(beyond_chance(1000, 6, 300, 120, 4), 119);
        assert!(moved(1000, 6, 300, 120, 4) && !moved(1000, 6, 300, 6, 4));
        assert!(!moved(0, 6, 0, 0, 4));
    }

    #[test]
    fn votes_are_enough_from_where_nothing_is_contested() {
        let mut votes = Votes::default();
        votes.changed[10] = (20, 0);
        votes.changed[8] = (30, 1);
        votes.changed[7] = (30, 9);
        votes.changed[6] = (30, 0);
        assert_eq!(votes.enough(), Some(Enough { tenth: 8, changed: 50, contested: 1 }));
        votes.moved = true;
        assert!(votes.refused().is_some(), "rows with another one's key");
        assert!(Votes::default().refused().is_some(), "no evidence");
    }
}
