//! "Did you mean": the nearest of the names that would have been right.

/// The candidate nearest to `word`, if near enough to be worth saying. Case does not count. Similarity is Jaro-Winkler above 0.8, or one edit in short words; ties go to the first candidate.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let mut best: Option<(f64, &'a str)> = None;
    for candidate in candidates {
        let lower = candidate.to_lowercase();
        let score = if lower == word {
            1.0
        } else if strsim::osa_distance(&word, &lower) == 1 && word.chars().count() > 1 {
            0.99
        } else {
            strsim::jaro_winkler(&word, &lower)
        };
        if score > 0.8 && best.is_none_or(|(b, _)| score > b) {
            best = Some((score, candidate));
        }
    }
    best.map(|(_, c)| c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        assert_eq!(nearest("modle", ["source", "model", "load"]), Some("model"));
        assert_eq!(nearest("ordrs", ["customers", "orders"]), Some("orders"));
        assert_eq!(nearest("idontexist", ["datepart", "date_bin"]), None);
    }
}
