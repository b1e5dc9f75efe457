//! Keys and the votes of their groups, in a few words each: what a set rule holds while it looks for the rows that violate it.

use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::row::{RowConverter, SortField};
use pipe_heal::vote::Vote;
use xxhash_rust::xxh3::xxh3_128;

/// Hashes the keys of rows. Two keys are taken for equal if the 128 bits are.
pub struct KeyHasher {
    types: Vec<DataType>,
    converter: RowConverter,
}

impl KeyHasher {
    /// For keys of these types; columns of others are converted.
    ///
    /// # Errors
    /// A type has no order.
    pub fn new(types: Vec<DataType>) -> Result<Self, ArrowError> {
        let converter = RowConverter::new(types.iter().cloned().map(SortField::new).collect())?;
        Ok(Self { types, converter })
    }

    /// The keys of the rows: the first columns.
    ///
    /// # Errors
    /// A column cannot be converted.
    pub fn hashes(&self, batch: &RecordBatch) -> Result<Vec<u128>, ArrowError> {
        let columns = batch.columns().iter().zip(&self.types).map(|(column, ty)| cast(column, ty));
        let columns: Vec<ArrayRef> = columns.collect::<Result<_, _>>()?;
        let rows = self.converter.convert_columns(&columns)?;
        Ok(rows.iter().map(|row| xxh3_128(row.as_ref())).collect())
    }
}

/// Keys with their numbers, 24 bytes each.
#[derive(Debug, Default)]
pub struct Keys(Vec<Key>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    hash: [u64; 2],
    number: u32,
}

impl Key {
    fn halves(hash: u128) -> [u64; 2] {
        [(hash >> 64) as u64, (hash & u128::from(u64::MAX)) as u64]
    }
}

impl Keys {
    /// Adds a key with its number.
    pub fn push(&mut self, hash: u128, number: u32) {
        self.0.push(Key { hash: Key::halves(hash), number });
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Ends adding; from here on keys are found.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.0.sort_unstable();
        self
    }

    /// The number of a key.
    pub fn find(&self, hash: u128) -> Option<u32> {
        let hash = Key::halves(hash);
        let at = self.0.binary_search_by_key(&hash, |key| key.hash).ok()?;
        self.0.get(at).map(|key| key.number)
    }
}

/// Votes by number, each about one of the determined columns.
#[derive(Debug, Default)]
pub struct Votes {
    winners: String,
    votes: Vec<Compact>,
}

#[derive(Debug)]
struct Compact {
    end: usize,
    votes: u64,
    total: u64,
    place: u32,
    tie: bool,
}

impl Votes {
    /// Adds a vote on the column at this place; gives its number.
    pub fn push(&mut self, place: usize, vote: &Vote<String>) -> usize {
        self.winners.push_str(&vote.winner);
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        let Vote { votes, total, tie, .. } = *vote;
        self.votes.push(Compact { end: self.winners.len(), votes, total, place, tie });
        self.votes.len() - 1
    }

    /// Whether a text is what the vote of a number has decided for.
    pub fn won(&self, number: usize, text: &str) -> bool {
        self.votes.get(number).is_some_and(|vote| !vote.tie) && self.winner(number) == Some(text)
    }

    /// The vote of a number, and the place of its column.
    pub fn get(&self, number: usize) -> Option<(usize, Vote<String>)> {
        let Compact { votes, total, place, tie, .. } = *self.votes.get(number)?;
        Some((place as usize, Vote { winner: self.winner(number)?.to_owned(), votes, total, tie }))
    }

    fn winner(&self, number: usize) -> Option<&str> {
        let before = number.checked_sub(1).and_then(|before| self.votes.get(before));
        self.winners.get(before.map_or(0, |vote| vote.end)..self.votes.get(number)?.end)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{Int32Array, Int64Array, StringArray, StringViewArray};

    use super::*;

    #[test]
    fn keys_are_found_whatever_the_type_they_come_in() {
        let hasher = KeyHasher::new(vec![DataType::Int64, DataType::Utf8]).unwrap();
        let narrow: ArrayRef = Arc::new(Int32Array::from(vec![7, 8]));
        let wide: ArrayRef = Arc::new(Int64Array::from(vec![8, 9]));
        let view: ArrayRef = Arc::new(StringViewArray::from(vec!["a", "b"]));
        let text: ArrayRef = Arc::new(StringArray::from(vec!["b", "b"]));
        let a = hasher.hashes(&RecordBatch::try_from_iter([("k", narrow), ("t", view)]).unwrap()).unwrap();
        let b = hasher.hashes(&RecordBatch::try_from_iter([("k", wide), ("t", text)]).unwrap()).unwrap();
        let mut keys = Keys::default();
        a.iter().zip(0..).for_each(|(hash, number)| keys.push(*hash, number));
        let keys = keys.sorted();
        assert_eq!((keys.len(), keys.find(b[0]), keys.find(b[1])), (2, Some(1), None));
        assert_eq!(size_of::<Key>(), 24);
    }

    #[test]
    fn votes_come_back_as_they_went_in() {
        let vote = |winner: &str, tie| Vote { winner: winner.to_owned(), votes: 3, total: 5, tie };
        let mut votes = Votes::default();
        let cast = [vote("", false), vote("Zürich", false), vote("a", true)];
        for (place, vote) in cast.iter().enumerate() {
            assert_eq!(votes.push(place, vote), place);
        }
        for (place, vote) in cast.iter().enumerate() {
            assert_eq!(votes.get(place), Some((place, vote.clone())));
            assert_eq!(votes.won(place, &vote.winner), !vote.tie);
        }
        assert!(!votes.won(1, "Zurich") && votes.get(3).is_none());
    }
}
