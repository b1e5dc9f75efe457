//! Votes by a key that is itself in doubt.

use std::collections::{BTreeMap, BTreeSet};

use super::propose::Proposed;

/// What votes look at.
#[derive(Debug, Default)]
pub struct Voters {
    /// The columns that each of those who ask with a vote groups by.
    pub keys: BTreeMap<usize, Vec<usize>>,
    /// How many rules decide each column, those that every row keeps too.
    pub deciders: BTreeMap<usize, usize>,
    /// The confidence from which on a repair is made.
    pub confidence: f64,
}

impl Voters {
    /// Of what is proposed for a block, with what asked for it, all but the votes of rows whose key is itself proposed to change in this
    /// round, with the confidence that a repair needs. Such a row may stand in the wrong group, and what that group says is nothing about
    /// it: its vote waits for the next round, when the key is repaired or was not.
    ///
    /// Where two columns decide each other and each says that the other one is wrong, it is the one that more of the other rules speak for
    /// that is right; where these say nothing, neither is changed.
    pub fn undoubted(&self, proposed: Vec<(usize, Proposed)>) -> Vec<(usize, Proposed)> {
        // By cell: those who would change it.
        let mut doubts: BTreeMap<(u64, usize), BTreeSet<usize>> = BTreeMap::new();
        for (place, p) in proposed.iter().filter(|(_, p)| p.proposal.confidence >= self.confidence) {
            doubts.entry((p.proposal.row, p.proposal.column)).or_default().insert(*place);
        }
        // Rules that speak for a cell as it is, then how few speak against it.
        let support = |row: u64, column: usize| {
            let against = doubts.get(&(row, column)).map_or(0, BTreeSet::len);
            let deciders = self.deciders.get(&column).copied().unwrap_or_default();
            (deciders.saturating_sub(against), std::cmp::Reverse(against))
        };
        let stands = |place: &usize, row: u64, column: usize| {
            let Some(keys) = self.keys.get(place) else { return true };
            keys.iter().all(|key| {
                let Some(against) = doubts.get(&(row, *key)) else { return true };
                let by_this = |place: &usize| self.keys.get(place).is_some_and(|keys| keys.contains(&column));
                against.iter().all(by_this) && support(row, *key) > support(row, column)
            })
        };
        let keep: Vec<bool> =
            proposed.iter().map(|(place, p)| stands(place, p.proposal.row, p.proposal.column)).collect();
        proposed.into_iter().zip(keep).filter_map(|(proposed, keep)| keep.then_some(proposed)).collect()
    }
}

#[cfg(test)]
mod tests {
    use datafusion::common::ScalarValue;
    use pipe_heal::proposal::Proposal;

    use super::*;

    fn proposed(row: u64, column: usize, confidence: f64) -> Proposed {
        let proposal = Proposal { row, column, new: ScalarValue::Int64(Some(1)), clause: 0, confidence };
        Proposed { proposal, arithmetic: Vec::new() }
    }

    fn cells(proposed: &[(usize, Proposed)]) -> Vec<(u64, usize)> {
        proposed.iter().map(|(_, p)| (p.proposal.row, p.proposal.column)).collect()
    }

    fn voters(keys: &[(usize, &[usize])], deciders: &[(usize, usize)]) -> Voters {
        let keys = keys.iter().map(|(place, columns)| (*place, columns.to_vec())).collect();
        Voters { keys, deciders: deciders.iter().copied().collect(), confidence: 0.9 }
    }

    #[test]
    fn a_vote_by_a_key_in_doubt_waits() {
        // Column 0 decides 1, which decides 2.
        let voters = voters(&[(0, &[0]), (1, &[1])], &[(1, 1), (2, 1)]);
        let all = |sure: f64| vec![(0, proposed(7, 1, sure)), (1, proposed(7, 2, 1.0)), (1, proposed(8, 2, 1.0))];
        assert_eq!(cells(&voters.undoubted(all(0.9))), [(7, 1), (8, 2)]);
        assert_eq!(cells(&voters.undoubted(all(0.8))), [(7, 1), (7, 2), (8, 2)], "a vote that is not believed");
    }

    #[test]
    fn of_columns_that_doubt_each_other_the_one_changes_that_nothing_else_speaks_for() {
        let keys: [(usize, &[usize]); 2] = [(0, &[0]), (1, &[1])];
        let all = || vec![(0, proposed(3, 1, 1.0)), (1, proposed(3, 0, 1.0)), (2, proposed(3, 4, 1.0))];
        let told = voters(&keys, &[(0, 1), (1, 1)]).undoubted(all());
        assert_eq!(cells(&told), [(3, 4)], "what asks without a vote is no vote");
        // Two more rules decide column 0, and this row keeps them.
        let told = voters(&keys, &[(0, 3), (1, 1)]).undoubted(all());
        assert_eq!(cells(&told), [(3, 1), (3, 4)]);
    }
}
