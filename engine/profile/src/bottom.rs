//! The things with the smallest hashes: a sample that does not depend on the order in which they came.

use std::collections::BTreeMap;

/// Keeps the `k` things with the smallest priorities (bottom-k sampling: Cohen and Kaplan, "Summarizing data using
/// bottom-k sketches", PODC 2007). With hashes for priorities that is a uniform sample of the distinct things, the same
/// in whatever order and from however many parts they come.
#[derive(Clone, Debug)]
pub struct BottomK<T> {
    k: usize,
    kept: BTreeMap<u64, T>,
    /// Priorities from here on are not kept.
    bound: u64,
}

impl<T> BottomK<T> {
    /// Keeps at most `k` things.
    pub fn new(k: usize) -> Self {
        Self { k, kept: BTreeMap::new(), bound: if k == 0 { 0 } else { u64::MAX } }
    }

    /// Whether a thing of this priority would be kept, or is.
    pub fn takes(&self, priority: u64) -> bool {
        priority < self.bound
    }

    /// Takes a thing in, or gives the one with its priority to `again`.
    pub fn insert(&mut self, priority: u64, thing: impl FnOnce() -> T, again: impl FnOnce(&mut T)) {
        if !self.takes(priority) {
            return;
        }
        if let Some(kept) = self.kept.get_mut(&priority) {
            return again(kept);
        }
        self.kept.insert(priority, thing());
        if self.kept.len() > self.k
            && let Some((largest, _)) = self.kept.pop_last()
        {
            self.bound = largest;
        }
    }

    /// The things kept, with their priorities, smallest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (u64, &T)> {
        self.kept.iter().map(|(priority, thing)| (*priority, thing))
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Whether no thing has ever been left out.
    pub fn is_whole(&self) -> bool {
        self.bound == u64::MAX
    }

    /// Takes in what another one kept. A thing that both kept goes to `again`.
    pub fn merge(&mut self, other: BottomK<T>, mut again: impl FnMut(&mut T, T)) {
        // What the other one has seen and not kept must not be taken for unseen.
        self.bound = self.bound.min(other.bound);
        let mut things = std::mem::take(&mut self.kept);
        for (priority, thing) in other.kept {
            match things.get_mut(&priority) {
                Some(kept) => again(kept, thing),
                None => _ = things.insert(priority, thing),
            }
        }
        drop(things.split_off(&self.bound));
        while things.len() > self.k {
            if let Some((largest, _)) = things.pop_last() {
                self.bound = largest;
            }
        }
        self.kept = things;
    }
}
