//! What becomes of a row.

use serde::{Deserialize, Serialize};

/// What becomes of a row, from the mildest to the strictest: the order is the lattice. A row that violates several rules
/// takes the strictest fate that any of them asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It commits.
    #[default]
    Keep,
    /// It is left out and counted.
    Drop,
    /// It leaves the batch, whole and with its reasons.
    Quarantine,
    /// It leaves the batch until someone approves.
    Wait,
    /// The table fails.
    Fail,
}

impl Fate {
    /// All, from the mildest to the strictest.
    pub const ALL: [Fate; 5] = [Fate::Keep, Fate::Drop, Fate::Quarantine, Fate::Wait, Fate::Fail];

    /// The stricter of two. Associative, commutative, idempotent; [`Fate::Keep`] is neutral.
    #[must_use]
    pub fn and(self, other: Fate) -> Fate {
        self.max(other)
    }

    /// The strictest of several; [`Fate::Keep`] when nothing asks for another.
    pub fn strictest(fates: impl IntoIterator<Item = Fate>) -> Fate {
        fates.into_iter().fold(Fate::Keep, Fate::and)
    }

    /// As reports call it.
    pub fn word(self) -> &'static str {
        match self {
            Fate::Keep => "keep",
            Fate::Drop => "drop",
            Fate::Quarantine => "quarantine",
            Fate::Wait => "wait",
            Fate::Fail => "fail",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_fate() -> impl Strategy<Value = Fate> {
        (0..Fate::ALL.len()).prop_map(|i| Fate::ALL[i])
    }

    #[test]
    fn the_order_is_that_of_the_design() {
        let words: Vec<_> = Fate::ALL.iter().map(|f| f.word()).collect();
        assert_eq!(words, ["keep", "drop", "quarantine", "wait", "fail"]);
        assert!(Fate::ALL.is_sorted());
    }

    proptest! {
        #[test]
        fn lattice_laws(a in any_fate(), b in any_fate(), c in any_fate()) {
            prop_assert_eq!(a.and(b), b.and(a));
            prop_assert_eq!(a.and(b).and(c), a.and(b.and(c)));
            prop_assert_eq!(a.and(a), a);
            prop_assert_eq!(a.and(Fate::Keep), a);
            prop_assert_eq!(a.and(Fate::Fail), Fate::Fail);
            prop_assert!(a.and(b) >= a && a.and(b) >= b);
            prop_assert!(a.and(b) == a || a.and(b) == b);
            prop_assert_eq!(Fate::strictest([a, b, c]), a.and(b).and(c));
        }
    }
}
