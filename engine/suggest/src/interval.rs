//! What a count of violations says of the rows that come tomorrow.

/// Standard errors of an interval that holds in 95 of 100 cases.
const Z: f64 = 1.96;

/// The upper end of Wilson's interval for a share that was `part` of `all` ("Probable inference, the law of succession, and statistical
/// inference", Journal of the American Statistical Association 22, 1927): what may be violated tomorrow when the rows are of
/// the same kind. 1 when there were none.
pub fn upper(part: u64, all: u64) -> f64 {
    if all == 0 {
        return 1.0;
    }
    let (n, p) = (all as f64, part as f64 / all as f64);
    let middle = p + Z * Z / (2.0 * n);
    let width = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    ((middle + width) / (1.0 + Z * Z / n)).min(1.0)
}

/// The lower end of the same interval; of none it is 0.
pub fn lower(part: u64, all: u64) -> f64 {
    if part == 0 || all == 0 { 0.0 } else { 1.0 - upper(all - part.min(all), all) }
}

/// The next share above that reads well: 0.1%, 0.2%, 0.5%, 1%, … 100%.
pub fn round_up(share: f64) -> f64 {
    const STEPS: [f64; 11] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75];
    STEPS.into_iter().find(|step| *step >= share).unwrap_or(1.0)
}

/// A share as `.pipe` writes it.
pub fn percent(share: f64) -> String {
    let text = format!("{:.1}", share * 100.0);
    format!("{}%", text.strip_suffix(".0").unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_hold_the_share() {
        for (part, all) in [(0, 20), (1, 20), (6, 244), (20, 20)] {
            let share = part as f64 / all as f64;
            assert!(lower(part, all) <= share + 1e-9 && share <= upper(part, all) + 1e-9, "{part} of {all}");
        }
        assert_eq!((lower(0, 50), lower(0, 0)), (0.0, 0.0));
        // Six of 244 may well be fewer than one in fifty tomorrow, twenty are not.
        assert!(lower(6, 244) < 0.02 && lower(20, 244) > 0.02);
    }

    #[test]
    fn wilsons_interval() {
        // 0 of 100: 3.7%; 10 of 100: 17.4% (as R's binom.confint tells).
        assert!((upper(0, 100) - 0.0370).abs() < 1e-4 && (upper(10, 100) - 0.1744).abs() < 1e-4);
        assert_eq!((upper(0, 0), upper(5, 5)), (1.0, 1.0));
    }

    #[test]
    fn shares_round_up_to_what_reads_well() {
        let told: Vec<String> = [0.0, 0.0011, 0.05, 0.051, 0.8].into_iter().map(|s| percent(round_up(s))).collect();
        assert_eq!(told, ["0.1%", "0.2%", "5%", "10%", "100%"]);
    }
}
