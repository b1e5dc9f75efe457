//! How likely a test statistic is by chance.

use datafusion::arrow::array::{ArrayRef, AsArray, Float64Array};
use datafusion::arrow::datatypes::{DataType, Float64Type};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use statrs::distribution::{ChiSquared, ContinuousCDF};
use std::sync::Arc;

/// `chi_square_p(statistic, degrees of freedom)` and `kolmogorov_p(distance * sqrt(n m / (n + m)))`.
pub(super) fn all() -> Vec<ScalarUDF> {
    let chi_square = Significance::new("chi_square_p", 2, |a| chi_square(*a.first()?, *a.get(1)?));
    let kolmogorov = Significance::new("kolmogorov_p", 1, |a| a.first().copied().map(kolmogorov));
    vec![ScalarUDF::from(chi_square), ScalarUDF::from(kolmogorov)]
}

/// The upper tail of the chi-square distribution; without freedom every statistic is certain.
fn chi_square(statistic: f64, freedom: f64) -> Option<f64> {
    if freedom < 1.0 {
        return Some(1.0);
    }
    if statistic.is_infinite() {
        return Some(0.0);
    }
    ChiSquared::new(freedom).ok().map(|d| d.sf(statistic))
}

/// The upper tail of Kolmogorov's distribution, 2 sum (-1)^(k-1) exp(-2 k^2 x^2) (Kolmogorov 1933); near 0, where that series
/// converges slowly, 1 - sqrt(2 pi) / x sum exp(-(2k-1)^2 pi^2 / (8 x^2)).
fn kolmogorov(x: f64) -> f64 {
    use std::f64::consts::PI;
    if x <= 0.0 {
        return 1.0;
    }
    let terms = (1..=100u8).map(f64::from);
    let tail = if x < 1.0 {
        let sum: f64 = terms.map(|k| (-(2.0 * k - 1.0).powi(2) * PI * PI / (8.0 * x * x)).exp()).sum();
        1.0 - (2.0 * PI).sqrt() / x * sum
    } else {
        let sign = |k: f64| if k % 2.0 == 1.0 { 1.0 } else { -1.0 };
        2.0 * terms.map(|k| sign(k) * (-2.0 * k * k * x * x).exp()).sum::<f64>()
    };
    tail.clamp(0.0, 1.0)
}

/// A function of numbers; NULL of NULL.
#[derive(Debug)]
struct Significance {
    name: &'static str,
    signature: Signature,
    of: fn(&[f64]) -> Option<f64>,
}

impl PartialEq for Significance {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Significance {}

impl std::hash::Hash for Significance {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl Significance {
    fn new(name: &'static str, arguments: usize, of: fn(&[f64]) -> Option<f64>) -> Self {
        let signature = Signature::exact(vec![DataType::Float64; arguments], Volatility::Immutable);
        Self { name, signature, of }
    }
}

impl ScalarUDFImpl for Significance {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let columns: Vec<&Float64Array> = columns.iter().map(|c: &ArrayRef| c.as_primitive::<Float64Type>()).collect();
        let rows = columns.first().map_or(0, |c| datafusion::arrow::array::Array::len(*c));
        let value = |i: usize| -> Option<f64> {
            let numbers: Option<Vec<f64>> =
                columns.iter().map(|c| datafusion::arrow::array::Array::is_valid(*c, i).then(|| c.value(i))).collect();
            (self.of)(&numbers?)
        };
        Ok(ColumnarValue::Array(Arc::new((0..rows).map(value).collect::<Float64Array>())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against `scipy.stats.chi2.sf` and `scipy.stats.kstwobign.sf`.
    #[test]
    fn tails_are_those_of_scipy() {
        for (statistic, freedom, p) in
            [(3.841458820694124, 1.0, 0.05), (18.307038053275146, 10.0, 0.05), (0.0, 3.0, 1.0)]
        {
            assert!((chi_square(statistic, freedom).unwrap() - p).abs() < 1e-9, "{statistic}");
        }
        for (x, p) in [
            (0.5, 0.9639452436648751),
            (1.0, 0.2699996716773545),
            (1.3580986393225507, 0.05),
            (3.0, 3.045995948942525e-08),
        ] {
            assert!((kolmogorov(x) - p).abs() < 1e-9, "{x}: {}", kolmogorov(x));
        }
        assert_eq!([chi_square(f64::INFINITY, 2.0), chi_square(5.0, 0.0)], [Some(0.0), Some(1.0)]);
    }
}
