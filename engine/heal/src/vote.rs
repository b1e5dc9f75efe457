//! The evidence of `majority`: what the rows of a group say the value is.
//!
//! NULLs and blanks do not vote (but are voted over). The confidence is the raw share of the vote: of the raw share, its
//! Laplace estimate and Wilson's lower bound it is the best calibrated on tables with planted errors.

use std::collections::BTreeMap;

/// A winner needs so many votes: one row alone is no majority over a NULL.
pub const MIN_VOTES: u64 = 2;

/// The outcome of one dependency's vote for a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Vote<V> {
    /// The most frequent value; of several the least, so that runs replay.
    pub winner: V,
    /// Its votes.
    pub votes: u64,
    /// All votes.
    pub total: u64,
    /// Whether another value has as many: nothing is proposed then.
    pub tie: bool,
}

impl<V> Vote<V> {
    /// `votes / total`: the confidence.
    pub fn share(&self) -> f64 {
        crate::failure::ratio(self.votes, self.total)
    }

    /// Whether it can be proposed: no tie, at least [`MIN_VOTES`].
    pub fn decisive(&self) -> bool {
        !self.tie && self.votes >= MIN_VOTES
    }

    /// `vote 6 of 7 = 0.857`
    pub fn arithmetic(&self) -> String {
        format!("vote {} of {} = {:.3}", self.votes, self.total, self.share())
    }
}

/// Counts a group's votes: its distinct values, not NULL and not blank, with how many rows have each. The same value may
/// come several times. `None` when nobody votes.
pub fn tally<V: Ord>(counts: impl IntoIterator<Item = (V, u64)>) -> Option<Vote<V>> {
    let mut by_value: BTreeMap<V, u64> = BTreeMap::new();
    for (value, n) in counts {
        *by_value.entry(value).or_default() += n;
    }
    let total = by_value.values().sum();
    let mut best: Option<(V, u64, bool)> = None;
    for (value, n) in by_value {
        match &mut best {
            Some((_, votes, tie)) if n == *votes => *tie = true,
            Some((_, votes, _)) if n < *votes => {}
            _ => best = Some((value, n, false)),
        }
    }
    best.filter(|(_, votes, _)| *votes > 0).map(|(winner, votes, tie)| Vote { winner, votes, total, tie })
}

/// What several dependencies say of one cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Combined<V> {
    /// The value with the greatest sum of shares.
    pub winner: V,
    /// That sum divided by the number of votes: a confidence from 0 to 1.
    pub confidence: f64,
    /// A line for each vote, and the sum when there are several.
    pub arithmetic: Vec<String>,
}

/// Two dependencies on one cell add up their shares, each for its winner; the greatest sum wins. Dividing by the number of
/// dependencies keeps the confidence a share: two that agree at 0.8 and 0.6 give 0.7, and one that disagrees lowers it.
/// Indecisive votes count in the divisor for nobody. `None` when no vote is decisive or two sums are equal.
///
/// This is for the rules that one clause answers; proposals of two clauses are not added up but must agree
/// ([`crate::proposal::resolve`]).
pub fn combine<V: Ord + Clone>(votes: &[Vote<V>]) -> Option<Combined<V>> {
    let mut sums: BTreeMap<&V, f64> = BTreeMap::new();
    for vote in votes.iter().filter(|v| v.decisive()) {
        *sums.entry(&vote.winner).or_default() += vote.share();
    }
    let greatest = sums.values().copied().fold(0.0, f64::max);
    let mut leaders = sums.iter().filter(|(_, sum)| greatest - **sum < 1e-12);
    let (winner, sum) = leaders.next()?;
    if leaders.next().is_some() {
        return None;
    }
    let n = votes.len();
    #[expect(clippy::cast_precision_loss, reason = "a handful of rules")]
    let confidence = sum / n as f64;
    let mut arithmetic: Vec<String> = votes.iter().map(Vote::arithmetic).collect();
    if n > 1 {
        arithmetic.push(format!("shares for the winner {sum:.3} over {n} rules = {confidence:.3}"));
    }
    Some(Combined { winner: (*winner).clone(), confidence, arithmetic })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_most_frequent_value_wins() {
        let vote = tally([("a", 1), ("b", 4), ("b", 2)]).unwrap();
        assert_eq!((vote.winner, vote.votes, vote.total, vote.tie), ("b", 6, 7, false));
        assert_eq!(vote.arithmetic(), "vote 6 of 7 = 0.857");
        assert!(vote.decisive());
    }

    #[test]
    fn a_tie_is_not_decisive_and_its_winner_is_stable() {
        let vote = tally([("b", 2), ("a", 2), ("c", 1)]).unwrap();
        assert_eq!((vote.winner, vote.tie, vote.decisive()), ("a", true, false));
        // A later greater value ends the tie.
        assert!(!tally([("a", 2), ("b", 2), ("c", 3)]).unwrap().tie);
    }

    #[test]
    fn one_row_is_no_majority() {
        assert!(!tally([("a", 1)]).unwrap().decisive());
        assert_eq!(tally::<&str>([]), None);
        assert_eq!(tally([("a", 0)]), None);
    }

    #[test]
    fn dependencies_add_up_their_shares() {
        let (a, b) = (tally([("x", 8), ("y", 2)]).unwrap(), tally([("x", 3), ("y", 2)]).unwrap());
        let both = combine(&[a.clone(), b]).unwrap();
        assert_eq!(both.winner, "x");
        assert!((both.confidence - 0.7).abs() < 1e-12);
        assert_eq!(both.arithmetic.last().unwrap(), "shares for the winner 1.400 over 2 rules = 0.700");
        let other = tally([("x", 1), ("y", 3)]).unwrap();
        let torn = combine(&[a.clone(), other]).unwrap();
        assert_eq!(torn.winner, "x");
        assert!((torn.confidence - 0.4).abs() < 1e-12);
        let against = tally([("x", 2), ("y", 8)]).unwrap();
        assert_eq!(combine(&[a, against]), None, "equal sums settle nothing");
    }

    proptest! {
        #[test]
        fn shares_are_shares(counts in prop::collection::vec((0u8..6, 0u64..50), 0..12)) {
            if let Some(vote) = tally(counts.iter().copied()) {
                prop_assert!(vote.share() > 0.0 && vote.share() <= 1.0);
                prop_assert_eq!(vote.total, counts.iter().map(|c| c.1).sum::<u64>());
                let back: Vec<_> = counts.iter().rev().copied().collect();
                prop_assert_eq!(Some(vote), tally(back));
            }
        }
    }
}
