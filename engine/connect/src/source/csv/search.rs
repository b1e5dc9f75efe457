//! Finding delimiters, quotes and line ends. Fields are short: looking at eight bytes at once, in line, costs less than the
//! start-up of a vectorised search.

use memchr::{memchr, memchr2};

/// The byte in all places of a word.
#[inline]
fn spread(byte: u8) -> u64 {
    u64::from(byte) * 0x0101_0101_0101_0101
}

/// The high bit of each byte that is zero. Exact for every byte, unlike the shorter form with a borrow (Warren, "Hacker's Delight", 6-1).
#[inline]
fn zeros(word: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    !(((word & LOW) + LOW) | word | LOW)
}

/// Calls `f` with the position of each `a` or `b`, in order, and whether it is a `b`.
#[inline(always)]
pub(super) fn each(text: &[u8], a: u8, b: u8, mut f: impl FnMut(usize, bool)) {
    let (all_a, all_b) = (spread(a), spread(b));
    let (words, tail) = text.as_chunks::<8>();
    let mut base = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let is_b = zeros(word ^ all_b);
        let mut found = zeros(word ^ all_a) | is_b;
        while found != 0 {
            let bit = found & found.wrapping_neg();
            f(base + (found.trailing_zeros() / 8) as usize, is_b & bit != 0);
            found ^= bit;
        }
        base += 8;
    }
    for (i, &byte) in tail.iter().enumerate() {
        if byte == a || byte == b {
            f(base + i, byte == b);
        }
    }
}

/// The first `byte` from `from` on.
#[inline]
pub(super) fn find(text: &[u8], from: usize, byte: u8) -> Option<usize> {
    find_either(text, from, byte, byte)
}

/// The first `a` or `b` from `from` on.
#[inline]
pub(super) fn find_either(text: &[u8], from: usize, a: u8, b: u8) -> Option<usize> {
    /// Words looked at before the vectorised search is worth it.
    const SHORT: usize = 4;
    let (all_a, all_b) = (spread(a), spread(b));
    let mut at = from;
    for _ in 0..SHORT {
        let Some(word) = text.get(at..).and_then(<[u8]>::first_chunk::<8>) else { break };
        let word = u64::from_le_bytes(*word);
        let found = zeros(word ^ all_a) | zeros(word ^ all_b);
        if found != 0 {
            return Some(at + (found.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    let rest = text.get(at..)?;
    if a == b { memchr(a, rest) } else { memchr2(a, b, rest) }.map(|i| at + i)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_place_is_found(text in prop::collection::vec(prop_oneof![Just(b','), Just(b'\n'), any::<u8>()], 0..100), from in 0usize..110) {
            let mut places = Vec::new();
            each(&text, b',', b'\n', |at, is_newline| places.push((at, is_newline)));
            let expected: Vec<_> =
                text.iter().enumerate().filter(|(_, b)| matches!(b, b',' | b'\n')).map(|(i, b)| (i, *b == b'\n')).collect();
            prop_assert_eq!(&places, &expected);
            let first = expected.iter().map(|(at, _)| *at).find(|at| *at >= from);
            prop_assert_eq!(find_either(&text, from, b',', b'\n'), first);
            let first = expected.iter().find(|(at, newline)| *at >= from && !newline).map(|(at, _)| *at);
            prop_assert_eq!(find(&text, from, b','), first);
        }
    }
}
