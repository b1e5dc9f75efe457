//! The beta distribution's quantiles.
//!
//! The distribution function is the regularized incomplete beta function `I_x(a, b)`, by its continued fraction
//! (DLMF 8.17.22, <https://dlmf.nist.gov/8.17>) evaluated with the modified Lentz method (Thompson and Barnett, 1986;
//! Press et al., Numerical Recipes, 6.4). The quantile bisects it: slow next to Newton's method, but it cannot leave
//! `[0, 1]`, is monotone and gives the same bits everywhere.

/// Lanczos coefficients for g = 7, n = 9 (Godfrey, 2001): relative error below 1e-14 for positive arguments.
const LANCZOS: [f64; 9] = [
    0.999_999_999_999_809_9,
    676.520_368_121_885_1,
    -1_259.139_216_722_402_8,
    771.323_428_777_653_1,
    -176.615_029_162_140_6,
    12.507_343_278_686_905,
    -0.138_571_095_265_720_12,
    9.984_369_578_019_572e-6,
    1.505_632_735_149_311_6e-7,
];

/// The natural logarithm of the gamma function, for `x >= 0.5`.
fn ln_gamma(x: f64) -> f64 {
    let x = x - 1.0;
    let t = x + 7.5;
    let mut sum = 0.0;
    let mut k = 0.0;
    for c in LANCZOS {
        sum += if k == 0.0 { c } else { c / (x + k) };
        k += 1.0;
    }
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

/// The continued fraction of `I_x(a, b)`; converges fast for `x < (a + 1) / (a + b + 2)`.
fn continued_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let nonzero = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / nonzero(1.0 - (a + b) * x / (a + 1.0));
    let mut h = d;
    let mut m = 1.0;
    // Needs about sqrt(max(a, b)) terms.
    for _ in 0..10_000 {
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / nonzero(1.0 + even * d);
        c = nonzero(1.0 + even / c);
        h *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / nonzero(1.0 + odd * d);
        c = nonzero(1.0 + odd / c);
        let step = d * c;
        h *= step;
        if (step - 1.0).abs() < 1e-15 {
            break;
        }
        m += 1.0;
    }
    h
}

/// The probability that a value of `Beta(a, b)` is at most `x`. Parameters below 0.5 are taken as 0.5.
pub fn cdf(a: f64, b: f64, x: f64) -> f64 {
    let (a, b) = (a.max(0.5), b.max(0.5));
    if x.is_nan() || x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p()).exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        (front * continued_fraction(a, b, x) / a).clamp(0.0, 1.0)
    } else {
        (1.0 - front * continued_fraction(b, a, 1.0 - x) / b).clamp(0.0, 1.0)
    }
}

/// The `x` below which a value of `Beta(a, b)` lies with probability `p`. Parameters below 0.5 are taken as 0.5.
pub fn quantile(a: f64, b: f64, p: f64) -> f64 {
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    // 60 halvings leave less than one unit in the last place of any value above 1e-2.
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if cdf(a, b, middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Exact for whole `a`, `b`: the binomial tail (DLMF 8.17.5).
    fn binomial_tail(a: u32, b: u32, x: f64) -> f64 {
        let n = a + b - 1;
        let mut sum = 0.0;
        for j in a..=n {
            let mut term = 1.0;
            for i in 0..j {
                term *= f64::from(n - i) / f64::from(j - i) * x;
            }
            sum += term * (1.0 - x).powi((n - j) as i32);
        }
        sum
    }

    #[test]
    fn exact_values() {
        for (a, b) in [(1, 1), (2, 1), (1, 5), (3, 4), (12, 3), (22, 1), (20, 20)] {
            for x in [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99] {
                let (got, want) = (cdf(f64::from(a), f64::from(b), x), binomial_tail(a, b, x));
                assert!((got - want).abs() < 1e-12, "I_{x}({a}, {b}) = {got}, want {want}");
            }
        }
        // The arcsine distribution.
        assert!((cdf(0.5, 0.5, 0.25) - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn closed_form_quantiles() {
        for n in [1.0, 2.0, 5.0, 22.0, 300.0, 5000.0] {
            for p in [0.05, 0.1, 0.5, 0.9] {
                let (up, down) = (quantile(n, 1.0, p), quantile(1.0, n, p));
                assert!((up - p.powf(1.0 / n)).abs() < 1e-12, "{n} {p} {up}");
                assert!((down - (1.0 - (1.0 - p).powf(1.0 / n))).abs() < 1e-12, "{n} {p} {down}");
            }
        }
    }

    /// How many approvals without a rejection make the lower bound at level 0.1 reach a required precision.
    #[test]
    fn approvals_needed() {
        for (required, approvals) in [(0.80, 10), (0.90, 21), (0.95, 44), (0.99, 229)] {
            let bound = |n: u32| quantile(1.0 + f64::from(n), 1.0, 0.1);
            assert!(bound(approvals) >= required, "{approvals} must reach {required}");
            assert!(bound(approvals - 1) < required, "{} must not reach {required}", approvals - 1);
        }
    }

    proptest! {
        #[test]
        fn quantile_inverts_cdf(a in 0.5f64..400.0, b in 0.5f64..400.0, p in 0.01f64..0.99) {
            let x = quantile(a, b, p);
            prop_assert!((cdf(a, b, x) - p).abs() < 1e-9, "a {} b {} p {} x {}", a, b, p, x);
        }

        #[test]
        fn cdf_is_monotone_and_symmetric(a in 0.5f64..100.0, b in 0.5f64..100.0, x in 0.0f64..1.0, y in 0.0f64..1.0) {
            let (low, high) = (x.min(y), x.max(y));
            prop_assert!(cdf(a, b, low) <= cdf(a, b, high) + 1e-13);
            prop_assert!((cdf(a, b, x) + cdf(b, a, 1.0 - x) - 1.0).abs() < 1e-11);
        }

        #[test]
        fn more_approvals_raise_and_more_rejections_lower(a in 1.0f64..200.0, b in 1.0f64..200.0, p in 0.05f64..0.95) {
            let x = quantile(a, b, p);
            prop_assert!(quantile(a + 1.0, b, p) > x);
            prop_assert!(quantile(a, b + 1.0, p) < x);
        }
    }
}
