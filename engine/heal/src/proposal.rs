//! Proposed cells. Clauses propose on the same input; two different proposals for one cell leave it as it is.

use std::collections::BTreeMap;

/// A new value for a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal<V> {
    /// The row's id within the batch.
    pub row: u64,
    /// The column's place in the table's schema.
    pub column: usize,
    /// The cell after.
    pub new: V,
    /// The clause that proposes, by its index.
    pub clause: usize,
    /// The instance's confidence, 0 to 1.
    pub confidence: f64,
}

/// A cell with two different proposals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The row's id within the batch.
    pub row: u64,
    /// The column's place in the table's schema.
    pub column: usize,
    /// The clauses that proposed, ascending, each once. One clause alone when two rules it answers disagree.
    pub clauses: Vec<usize>,
}

/// Proposals without the conflicting ones. Both lists are in order of row and column, whatever the order proposed in.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolution<V> {
    /// At most one a cell.
    pub agreed: Vec<Proposal<V>>,
    /// Cells that get none.
    pub conflicts: Vec<Conflict>,
}

/// Finds the proposals that nothing contradicts. Equal proposals for a cell merge into one of the first clause, with the
/// lowest confidence that clause gave it.
pub fn resolve<V: PartialEq>(proposals: impl IntoIterator<Item = Proposal<V>>) -> Resolution<V> {
    struct Cell<V> {
        kept: Proposal<V>,
        clauses: Vec<usize>,
        disagree: bool,
    }
    let mut cells: BTreeMap<(u64, usize), Cell<V>> = BTreeMap::new();
    for proposal in proposals {
        let key = (proposal.row, proposal.column);
        match cells.get_mut(&key) {
            None => {
                let clauses = vec![proposal.clause];
                cells.insert(key, Cell { kept: proposal, clauses, disagree: false });
            }
            Some(cell) => {
                cell.clauses.push(proposal.clause);
                cell.disagree |= cell.kept.new != proposal.new;
                let order = proposal.clause.cmp(&cell.kept.clause);
                if order.then(proposal.confidence.total_cmp(&cell.kept.confidence)).is_lt() {
                    // Agreeing cells have the same value, so whichever value is kept is right.
                    cell.kept = proposal;
                }
            }
        }
    }
    let mut resolution = Resolution { agreed: Vec::with_capacity(cells.len()), conflicts: Vec::new() };
    for ((row, column), mut cell) in cells {
        if cell.disagree {
            cell.clauses.sort_unstable();
            cell.clauses.dedup();
            resolution.conflicts.push(Conflict { row, column, clauses: cell.clauses });
        } else {
            resolution.agreed.push(cell.kept);
        }
    }
    resolution
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn proposal(row: u64, column: usize, new: u8, clause: usize, confidence: f64) -> Proposal<u8> {
        Proposal { row, column, new, clause, confidence }
    }

    #[test]
    fn equal_proposals_merge_into_the_first_clause() {
        let got = resolve([proposal(1, 0, 7, 3, 0.5), proposal(1, 0, 7, 2, 0.9), proposal(1, 0, 7, 2, 0.8)]);
        assert_eq!(got.agreed, [proposal(1, 0, 7, 2, 0.8)]);
        assert!(got.conflicts.is_empty());
    }

    #[test]
    fn different_proposals_leave_the_cell() {
        let got = resolve([proposal(4, 1, 7, 3, 0.5), proposal(4, 1, 8, 2, 0.9), proposal(4, 0, 8, 2, 0.9)]);
        assert_eq!(got.agreed, [proposal(4, 0, 8, 2, 0.9)]);
        assert_eq!(got.conflicts, [Conflict { row: 4, column: 1, clauses: vec![2, 3] }]);
    }

    #[test]
    fn a_third_vote_does_not_settle_a_conflict() {
        let got = resolve([proposal(0, 0, 1, 1, 1.0), proposal(0, 0, 2, 2, 1.0), proposal(0, 0, 1, 3, 1.0)]);
        assert!(got.agreed.is_empty());
        assert_eq!(got.conflicts.len(), 1);
    }

    proptest! {
        #[test]
        fn the_order_of_proposals_does_not_matter(
            mut list in prop::collection::vec((0u64..4, 0usize..3, 0u8..2, 1usize..4, 0u8..5), 0..24),
            seed in any::<u64>(),
        ) {
            let make = |list: &[(u64, usize, u8, usize, u8)]| {
                resolve(list.iter().map(|&(r, c, v, k, p)| proposal(r, c, v, k, f64::from(p) / 4.0)))
            };
            let one = make(&list);
            // A seeded Fisher-Yates shuffle.
            let mut state = seed;
            for i in (1..list.len()).rev() {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                list.swap(i, (state >> 33) as usize % (i + 1));
            }
            prop_assert_eq!(&one, &make(&list));
            let cells: std::collections::BTreeSet<_> = list.iter().map(|p| (p.0, p.1)).collect();
            prop_assert_eq!(one.agreed.len() + one.conflicts.len(), cells.len());
        }
    }
}
