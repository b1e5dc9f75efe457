//! What rows violate, in four bytes a row: most rows violate the same few things, so each set of reasons is kept once.

use std::collections::{BTreeMap, BTreeSet};

use pipe_quality::Reason;

/// The number of a set of reasons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SetId(u32);

/// Sets of reasons by number. Number 0 is the empty one.
#[derive(Clone, Debug)]
pub struct ReasonSets {
    sets: Vec<BTreeSet<Reason>>,
    numbers: BTreeMap<BTreeSet<Reason>, SetId>,
    /// The sets that came of putting a reason to another one.
    with: BTreeMap<(SetId, Reason), SetId>,
}

impl Default for ReasonSets {
    fn default() -> Self {
        let mut none = Self { sets: Vec::new(), numbers: BTreeMap::new(), with: BTreeMap::new() };
        none.number(BTreeSet::new());
        none
    }
}

impl ReasonSets {
    /// The number of a set.
    pub fn number(&mut self, set: BTreeSet<Reason>) -> SetId {
        if let Some(number) = self.numbers.get(&set) {
            return *number;
        }
        let number = SetId(u32::try_from(self.sets.len()).unwrap_or(u32::MAX));
        self.sets.push(set.clone());
        self.numbers.insert(set, number);
        number
    }

    /// The set of a number.
    pub fn of(&self, number: SetId) -> impl Iterator<Item = Reason> + Clone + '_ {
        self.sets.get(number.0 as usize).into_iter().flatten().copied()
    }

    /// Whether a set has a reason.
    pub fn has(&self, number: SetId, reason: Reason) -> bool {
        self.sets.get(number.0 as usize).is_some_and(|set| set.contains(&reason))
    }

    /// A set with one more reason.
    pub fn with(&mut self, number: SetId, reason: Reason) -> SetId {
        if let Some(known) = self.with.get(&(number, reason)) {
            return *known;
        }
        let more = self.of(number).chain([reason]).collect();
        let more = self.number(more);
        self.with.insert((number, reason), more);
        more
    }

    /// What a set has that another has not.
    pub fn beyond(&self, number: SetId, other: SetId) -> BTreeSet<Reason> {
        if number == other {
            return BTreeSet::new();
        }
        self.of(number).filter(|reason| !self.has(other, *reason)).collect()
    }
}

/// How often each set occurs.
pub fn counted(rows: impl IntoIterator<Item = SetId>) -> BTreeMap<SetId, u64> {
    let mut counts = BTreeMap::new();
    for set in rows {
        *counts.entry(set).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_sets_have_one_number() {
        let mut sets = ReasonSets::default();
        let one = sets.with(SetId::default(), Reason::Rule(3));
        let two = sets.with(one, Reason::BadRecord);
        assert_eq!(sets.number(BTreeSet::from([Reason::BadRecord, Reason::Rule(3)])), two);
        assert_eq!(sets.with(two, Reason::Rule(3)), two);
        assert_eq!(sets.of(two).collect::<Vec<_>>(), [Reason::BadRecord, Reason::Rule(3)]);
        assert_eq!(sets.beyond(two, one), BTreeSet::from([Reason::BadRecord]));
        assert!(sets.beyond(one, two).is_empty() && !sets.has(one, Reason::BadRecord));
        assert_eq!(counted([one, two, one]), BTreeMap::from([(one, 2), (two, 1)]));
    }
}
