//! What people's approvals and rejections say of a clause.

use crate::beta;

/// One run's forgetting: both counts are multiplied by it, so what people said of last year's data weighs little.
pub const DECAY_PER_RUN: f64 = 0.98;

/// The level of both bounds: 90% one-sided.
const LEVEL: f64 = 0.1;

/// What people did about a clause on a column of a source: `Beta(1 + approved, 1 + rejected)`. One approval, rejection or
/// undo is one act, however many cells it covers; the engine's own acts are none. Kept per text of the clause: a changed
/// clause starts anew.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Posterior {
    /// Approvals, after decay.
    pub approved: f64,
    /// Rejections and undos, after decay.
    pub rejected: f64,
}

impl Posterior {
    /// Of acts: whether each was an approval, and how many runs have begun since.
    #[must_use]
    pub fn of(acts: impl IntoIterator<Item = (bool, u64)>) -> Self {
        acts.into_iter().fold(Self::default(), |sum, (approval, runs)| {
            let act =
                if approval { Self { approved: 1.0, rejected: 0.0 } } else { Self { approved: 0.0, rejected: 1.0 } };
            let act = act.decayed(u32::try_from(runs).unwrap_or(u32::MAX));
            Self { approved: sum.approved + act.approved, rejected: sum.rejected + act.rejected }
        })
    }

    /// After `runs` more runs without an act.
    #[must_use]
    pub fn decayed(self, runs: u32) -> Self {
        let factor = DECAY_PER_RUN.powi(i32::try_from(runs).unwrap_or(i32::MAX));
        Self { approved: self.approved * factor, rejected: self.rejected * factor }
    }

    /// The clause is right at least this often, with 90% certainty.
    pub fn lower(self) -> f64 {
        beta::quantile(1.0 + self.approved, 1.0 + self.rejected, LEVEL)
    }

    /// The clause is right at most this often, with 90% certainty.
    pub fn upper(self) -> f64 {
        beta::quantile(1.0 + self.approved, 1.0 + self.rejected, 1.0 - LEVEL)
    }

    /// `clause Beta(1+0, 1+0): lower 90% bound 0.100`
    pub fn lower_arithmetic(self) -> String {
        format!("clause {self}: lower 90% bound {:.3}", self.lower())
    }

    /// `clause Beta(1+0, 1+2): upper 90% bound 0.536`
    pub fn upper_arithmetic(self) -> String {
        format!("clause {self}: upper 90% bound {:.3}", self.upper())
    }
}

impl std::fmt::Display for Posterior {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Decayed counts have decimals, fresh ones do not.
        let count = |n: f64| if n.fract() == 0.0 { format!("{n}") } else { format!("{n:.2}") };
        write!(f, "Beta(1+{}, 1+{})", count(self.approved), count(self.rejected))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_is_as_people_see_it() {
        let none = Posterior::default();
        assert_eq!(none.lower_arithmetic(), "clause Beta(1+0, 1+0): lower 90% bound 0.100");
        assert_eq!(none.upper_arithmetic(), "clause Beta(1+0, 1+0): upper 90% bound 0.900");
        let rejected = Posterior { approved: 0.0, rejected: 2.0 };
        assert_eq!(rejected.upper_arithmetic(), "clause Beta(1+0, 1+2): upper 90% bound 0.536");
    }

    #[test]
    fn each_act_decays_by_the_runs_since() {
        assert_eq!(Posterior::of([]), Posterior::default());
        let p = Posterior::of([(true, 0), (true, 1), (false, 2)]);
        assert!((p.approved - 1.98).abs() < 1e-12 && (p.rejected - 0.9604).abs() < 1e-12, "{p:?}");
        assert_eq!(p.to_string(), "Beta(1+1.98, 1+0.96)");
    }

    #[test]
    fn acts_decay_towards_knowing_nothing() {
        let p = Posterior { approved: 40.0, rejected: 1.0 };
        assert_eq!(p.decayed(0), p);
        let later = p.decayed(10);
        assert!((later.approved - 40.0 * 0.98f64.powi(10)).abs() < 1e-12);
        assert!(later.lower() < p.lower());
        assert!(p.decayed(u32::MAX).lower() - 0.1 < 1e-9);
        assert_eq!(later.to_string(), "Beta(1+32.68, 1+0.82)");
    }
}
