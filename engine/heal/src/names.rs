//! How alike two column names are.

use std::collections::BTreeSet;

/// Words that many columns share: a match in them alone says little.
const GENERIC: [&str; 24] = [
    "id", "key", "no", "nr", "num", "number", "code", "type", "kind", "name", "date", "time", "ts", "at", "on", "by",
    "of", "is", "has", "flag", "value", "val", "text", "desc",
];
/// What a generic word weighs next to another.
const GENERIC_WEIGHT: f64 = 0.35;

/// A name without case, `_`, `-`, blanks and camel case: `Customer ID`, `customer_id` and `customerId` fold alike.
pub fn fold(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The words of a name, in lower case: `OrderID_v2` is `order id v2`.
pub fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let chars: Vec<char> = name.chars().collect();
    for (i, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
            continue;
        }
        let before = i.checked_sub(1).and_then(|j| chars.get(j)).copied();
        let after = chars.get(i + 1).copied();
        // A capital after a small letter, and the last of several capitals when a small letter follows: `HTTPStatus`.
        let starts = c.is_uppercase()
            && before.is_some_and(|b| {
                b.is_lowercase() || b.is_numeric() || b.is_uppercase() && after.is_some_and(char::is_lowercase)
            });
        if starts && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        word.extend(c.to_lowercase());
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// How alike two names are, 0 to 1: 1 when they fold alike; else the best of what their words share, their edit
/// similarity, and how well the shorter abbreviates the longer (`amt`, `cust_no`, `NeWor`).
pub fn similarity(a: &str, b: &str) -> f64 {
    let (fold_a, fold_b) = (fold(a), fold(b));
    if fold_a.is_empty() || fold_b.is_empty() {
        return 0.0;
    }
    if fold_a == fold_b {
        return 1.0;
    }
    let (words_a, words_b) = (words(a), words(b));
    let shared = shared_words(&words_a, &words_b);
    let edited = strsim::normalized_damerau_levenshtein(&fold_a, &fold_b);
    let abbreviated = abbreviation(&fold_a, &words_b).max(abbreviation(&fold_b, &words_a));
    shared.max(edited).max(0.95 * abbreviated).min(0.99)
}

fn weight(word: &str) -> f64 {
    if GENERIC.contains(&word) { GENERIC_WEIGHT } else { 1.0 }
}

/// Weighted overlap of the words, best pairs first: half of Dice's coefficient, half of the share of the smaller set.
fn shared_words(a: &[String], b: &[String]) -> f64 {
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate() {
            let alike = word_similarity(x, y);
            if alike > 0.0 {
                pairs.push((alike * weight(x).min(weight(y)), i, j));
            }
        }
    }
    pairs.sort_by(|x, y| y.0.total_cmp(&x.0).then(x.1.cmp(&y.1)).then(x.2.cmp(&y.2)));
    let (mut used_a, mut used_b) = (BTreeSet::new(), BTreeSet::new());
    let mut common = 0.0;
    for (alike, i, j) in pairs {
        if !used_a.contains(&i) && !used_b.contains(&j) {
            used_a.insert(i);
            used_b.insert(j);
            common += alike;
        }
    }
    let total = |words: &[String]| words.iter().map(|w| weight(w)).sum::<f64>();
    let (all_a, all_b) = (total(a), total(b));
    let least = all_a.min(all_b);
    if least <= 0.0 {
        return 0.0;
    }
    // Containment says much only when what is contained does: `id` in `customer_id` does not.
    0.5 * (2.0 * common / (all_a + all_b)) + 0.5 * (common / least) * common.min(1.0)
}

fn word_similarity(a: &str, b: &str) -> f64 {
    if a == b {
        return 1.0;
    }
    let short_of_long = abbreviates(a, b) || abbreviates(b, a);
    let edited = strsim::normalized_damerau_levenshtein(a, b);
    if short_of_long {
        0.9
    } else if edited >= 0.75 {
        edited
    } else {
        0.0
    }
}

/// Whether one word is a usual short form of another: a prefix of three, or letters left out behind the first, the last
/// kept when only two remain (`nr`).
fn abbreviates(short: &str, long: &str) -> bool {
    let (n, m) = (short.chars().count(), long.chars().count());
    if n < 2 || n * 4 > m * 3 || short.chars().next() != long.chars().next() {
        return false;
    }
    if n >= 3 && long.starts_with(short) {
        return true;
    }
    let mut rest = long.chars();
    let subsequence = short.chars().all(|c| rest.any(|d| c == d));
    let ends = short.chars().last() == long.chars().last();
    subsequence && (n >= 3 && !short.chars().skip(1).any(is_vowel) || ends)
}

fn is_vowel(c: char) -> bool {
    matches!(c, 'a' | 'e' | 'i' | 'o' | 'u')
}

/// How well `short` abbreviates the words, 0 to 1: each of its letters must be found in order, at the start of a word or
/// right behind the letter before; every word must give at least one. The share of letters found that way, times the share
/// of words, for those where all letters are found at least as a subsequence.
fn abbreviation(short: &str, words: &[String]) -> f64 {
    let letters: Vec<char> = short.chars().collect();
    let long: Vec<(char, bool, usize)> = words
        .iter()
        .enumerate()
        .flat_map(|(w, word)| word.chars().enumerate().map(move |(i, c)| (c, i == 0, w)))
        .collect();
    if letters.len() < 2 || letters.len() >= long.len() || words.is_empty() {
        return 0.0;
    }
    if long.first().map(|l| l.0) != letters.first().copied() {
        return 0.0;
    }
    // best[i] after placing k letters with the last at position i: how many are well placed, and the words touched.
    let mut best: Vec<Option<(u32, u64)>> = vec![None; long.len()];
    if let Some(slot) = best.first_mut() {
        *slot = Some((1, 1));
    }
    for letter in letters.iter().skip(1) {
        let mut next: Vec<Option<(u32, u64)>> = vec![None; long.len()];
        let mut before: Option<(u32, u64)> = None;
        for (i, (slot, &(c, start, w))) in next.iter_mut().zip(&long).enumerate() {
            let adjacent = i.checked_sub(1).and_then(|j| best.get(j)).copied().flatten();
            if c == *letter {
                let touch =
                    |(good, touched): (u32, u64), well: bool| (good + u32::from(well), touched | 1 << w.min(63));
                let jump = before.map(|b| touch(b, start));
                let step = adjacent.map(|b| touch(b, true));
                *slot = jump.into_iter().chain(step).max_by_key(|(good, touched)| (*good, touched.count_ones()));
            }
            before = before.into_iter().chain(adjacent).max_by_key(|(good, touched)| (*good, touched.count_ones()));
        }
        best = next;
    }
    let Some((good, touched)) = best.into_iter().flatten().max_by_key(|(good, touched)| (*good, touched.count_ones()))
    else {
        return 0.0;
    };
    let placed = crate::failure::ratio(u64::from(good), letters.len() as u64);
    let covered = crate::failure::ratio(u64::from(touched.count_ones()), words.len() as u64);
    placed * placed * covered
}

/// What the names of one side share at their start and end but those of the other side do not: a prefix or suffix that was
/// added to all (`ext_`, `_v2`). As lengths in letters of the folded names; 0 with fewer than three names.
pub fn added(names: &[&str], others: &[&str]) -> (usize, usize) {
    let side = |names: &[&str], back: bool| -> Option<String> {
        let mut folded = names.iter().map(|n| {
            let f = fold(n);
            if back { f.chars().rev().collect::<String>() } else { f }
        });
        let first = folded.next()?;
        Some(folded.fold(first, |common, name| {
            common.chars().zip(name.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
        }))
    };
    if names.len() < 3 {
        return (0, 0);
    }
    let length = |back: bool| {
        let common = side(names, back).unwrap_or_default();
        let elsewhere = others.iter().any(|o| {
            let f = fold(o);
            let f = if back { f.chars().rev().collect::<String>() } else { f };
            f.starts_with(&common)
        });
        let shortest = names.iter().map(|n| fold(n).chars().count()).min().unwrap_or(0);
        let n = common.chars().count();
        if n < 2 || n >= shortest || elsewhere { 0 } else { n }
    };
    (length(false), length(true))
}

/// A name without so many letters at its start and end; marks between the words stay.
pub fn without(name: &str, (front, back): (usize, usize)) -> String {
    let chars: Vec<char> = name.chars().collect();
    let cut = |chars: &mut dyn Iterator<Item = char>, n: usize| -> Vec<char> {
        let mut left = n;
        chars
            .filter(|c| {
                let drop = left > 0;
                if drop && c.is_alphanumeric() {
                    left -= 1;
                }
                !drop
            })
            .collect()
    };
    let kept = cut(&mut chars.into_iter(), front);
    let kept = cut(&mut kept.into_iter().rev(), back);
    kept.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_of_names() {
        assert_eq!(words("OrderID_v2"), ["order", "id", "v2"]);
        assert_eq!(words("HTTPStatus code"), ["http", "status", "code"]);
        assert_eq!(words("addressLine1"), ["address", "line1"]);
        assert_eq!(words("__"), Vec::<String>::new());
        assert_eq!(words("Größe-cm"), ["größe", "cm"]);
    }

    #[test]
    fn names_that_are_alike() {
        for (a, b, least) in [
            ("customer_id", "CustomerID", 1.0),
            ("total", "sum_total", 0.8),
            ("amount", "amt", 0.8),
            ("quantity", "qty", 0.8),
            ("customer_number", "cust_no", 0.5),
            ("net_worth", "NeWor", 0.8),
            ("email", "e_mail_address", 0.55),
            ("phone_number", "phone", 0.8),
            ("unit_price", "price_unit", 0.9),
            ("status", "statsu", 0.8),
        ] {
            let got = similarity(a, b);
            assert!(got >= least, "{a} {b}: {got}");
            assert_eq!(got, similarity(b, a), "{a} {b}");
        }
    }

    #[test]
    fn names_that_are_not() {
        for (a, b) in [
            ("id", "customer_id"),
            ("total", "email"),
            ("quantity", "status"),
            ("created_at", "price_at"),
            ("order_date", "ship_type"),
            ("name", "city_name"),
        ] {
            let got = similarity(a, b);
            assert!(got <= 0.5, "{a} {b}: {got}");
        }
    }

    #[test]
    fn what_was_added_to_all() {
        let others = ["order_id", "total", "placed_at"];
        assert_eq!(added(&["ORDERID_V2", "TOTALV2", "placedAtV2"], &others), (0, 2));
        assert_eq!(added(&["ext_order_id", "ext_total", "extPlacedAt"], &others), (3, 0));
        assert_eq!(added(&["a_id", "b_id", "c_id"], &["x_id"]), (0, 0));
        assert_eq!(added(&["ext_a", "ext_b"], &["a", "b"]), (0, 0));
        assert_eq!(without("ext_order_id", (3, 0)), "_order_id");
        assert_eq!(without("placedAtV2", (0, 2)), "placedAt");
    }

    proptest! {
        #[test]
        fn similarity_is_a_symmetric_share(a in "\\PC{0,12}", b in "\\PC{0,12}") {
            let got = similarity(&a, &b);
            prop_assert!((0.0..=1.0).contains(&got));
            prop_assert_eq!(got, similarity(&b, &a));
            if !fold(&a).is_empty() { prop_assert_eq!(similarity(&a, &a), 1.0); }
        }
    }
}
