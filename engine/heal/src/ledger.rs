//! Entries of the ledger: every heal, and every cell it changed. The state store keeps them; backwards they undo the heal.

use serde::{Deserialize, Serialize};

/// What a clause did, or proposed to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heal {
    /// The run.
    pub run: String,
    /// The table.
    pub table: String,
    /// The clause's index in its table, from 1.
    pub clause: usize,
    /// The clause as written, white space folded: what its confidence is kept for.
    pub text: String,
    /// The failure it answered: `rule_failed(rule: order_id.unique)`.
    pub failure: String,
    /// The action's name: `majority`.
    pub action: String,
    /// The columns it wrote, or read under another name.
    pub columns: Vec<String>,
    /// The evidence and its arithmetic, a line each.
    pub evidence: Vec<String>,
    /// Cells changed, or that would be.
    pub cells: u64,
    /// Rows touched.
    pub rows: u64,
    /// The instance's confidence, the lowest of its proposals; 1 for what is stated in full.
    pub confidence: f64,
    /// Where it stands.
    pub state: State,
    /// Why it waits, was refused or withdrawn.
    pub reason: Option<String>,
}

/// A changed cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellChange {
    /// The file, as the source names it; empty for rows of a query.
    pub file: String,
    /// The data row of the file, from 0.
    pub row: u64,
    /// The column.
    pub column: String,
    /// The text before, raw where the value had not converted; `None` for NULL.
    pub old: Option<String>,
    /// The text after; `None` for NULL.
    pub new: Option<String>,
    /// The instance's confidence, 0 to 1.
    pub confidence: f64,
    /// The clause's index in its table, from 1.
    pub clause: usize,
    /// The heal it belongs to, by its number in the run and table, from 1.
    pub heal: u32,
    /// Where it stands.
    pub state: State,
}

/// Where a heal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Committed.
    Applied,
    /// Until someone approves.
    Waiting,
    /// A gate said no.
    Refused,
    /// Taken back within the run: a table rule failed because of it.
    Withdrawn,
    /// Waited, and someone approved.
    Approved,
    /// Waited, and someone rejected.
    Rejected,
    /// Was applied, and someone took it back.
    Undone,
}

impl State {
    /// As reports and the state store write it.
    pub fn word(self) -> &'static str {
        match self {
            State::Applied => "applied",
            State::Waiting => "waiting",
            State::Refused => "refused",
            State::Withdrawn => "withdrawn",
            State::Approved => "approved",
            State::Rejected => "rejected",
            State::Undone => "undone",
        }
    }

    /// Reads the word back; `None` for any other.
    pub fn parse(word: &str) -> Option<State> {
        use State::{Applied, Approved, Refused, Rejected, Undone, Waiting, Withdrawn};
        [Applied, Waiting, Refused, Withdrawn, Approved, Rejected, Undone].into_iter().find(|s| s.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_survive_json() {
        let change = CellChange {
            file: "data/a.csv".into(),
            row: 7,
            column: "price".into(),
            old: Some("1,5 EUR".into()),
            new: None,
            confidence: 0.875,
            clause: 2,
            heal: 1,
            state: State::Applied,
        };
        let json = serde_json::to_string(&change).unwrap();
        assert!(json.contains(r#""state":"applied""#), "{json}");
        assert_eq!(serde_json::from_str::<CellChange>(&json).unwrap(), change);
    }

    #[test]
    fn words_read_back() {
        for state in [
            State::Applied,
            State::Waiting,
            State::Refused,
            State::Withdrawn,
            State::Approved,
            State::Rejected,
            State::Undone,
        ] {
            assert_eq!(State::parse(state.word()), Some(state));
            assert_eq!(serde_json::to_string(&state).unwrap(), format!("{:?}", state.word()));
        }
        assert_eq!(State::parse("done"), None);
    }
}
