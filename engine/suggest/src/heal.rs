//! Clauses, and the gates and budgets they need, with the arithmetic behind each.

use crate::candidate::Repair;
use crate::decide::{Clauses, Suggested};
use crate::interval::{percent, round_up, upper};
use crate::words;

/// What the votes of the rows that were not held back say of those that were. A cell that differs from its vote would be
/// changed; it is contested when two rows of its group and a tenth of it say what it says: that is another opinion, no mistake.
#[derive(Clone, Debug, Default)]
pub struct Votes {
    /// By the share of the vote in tenths, from [0, 0.1) to 1: cells that would be changed, and those of them that are contested.
    pub changed: [(u64, u64); 11],
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
/// Cells that would be changed, fewer say nothing.
const EVIDENCE: u64 = 5;
/// Held-back cells of a column, fewer say nothing of a budget.
const CELLS: u64 = 50;
/// Shares of the vote that may be enough, the least first.
const SHARES: [usize; 4] = [6, 7, 8, 9];

/// The settings and clauses of a `heal` block.
#[derive(Clone, Debug, Default)]
pub struct Healing {
    /// `key = value`, with why.
    pub settings: Vec<(String, String)>,
    /// A clause without its `;`, with why.
    pub clauses: Vec<(String, String)>,
}

/// The clauses that answer what the rules found, and what bounds them.
pub fn healing(chosen: &[Suggested], votes: &Votes, clauses: Clauses) -> Healing {
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
        let clause = format!("on rule_failed({about}) => set {} = ({expression}) else quarantine", words::name(column));
        let rows = suggested.seen.violations + suggested.held.violations;
        found.clauses.push((clause, format!("{} to repair now", words::counted(rows, "row"))));
    }
    for suggested in &healed {
        if suggested.repair != Some(Repair::Dedupe) {
            continue;
        }
        let about = match suggested.columns.as_slice() {
            [column] => format!("column: {}, check: unique", words::name(column)),
            _ => "check: unique".to_owned(),
        };
        let why = "rows with the same key are equal in everything".to_owned();
        found.clauses.push((format!("on rule_failed({about}) => dedupe keep first"), why));
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
    /// Whether votes are clear enough to repair by.
    pub fn decide(&self) -> bool {
        self.enough().is_some()
    }

    /// The least share from which on hardly a cell is contested, there and in each step above it.
    fn enough(&self) -> Option<Enough> {
        let from = |tenth: usize| {
            self.changed.iter().skip(tenth).fold((0, 0), |(all, contested), (n, c)| (all + n, contested + c))
        };
        let mut enough = None;
        for tenth in SHARES.into_iter().rev() {
            let (changed, contested) =
                if tenth == 9 { from(9) } else { self.changed.get(tenth).copied().unwrap_or_default() };
            if contested as f64 > CONTESTED * changed as f64 {
                break;
            }
            let (changed, contested) = from(tenth);
            if changed >= EVIDENCE {
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
    let worst = votes.columns.iter().filter(|column| column.cells >= CELLS).map(|column| {
        let changed: u64 = column.changed.iter().sum();
        (upper(changed, column.cells), &column.column, column.cells, changed)
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
