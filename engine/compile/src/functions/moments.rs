//! `skewness(x)` and `kurtosis(x)`: of the population, from central moments that merge.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};

/// The functions.
pub(super) fn all() -> Vec<AggregateUDF> {
    [Shape::Skewness, Shape::Kurtosis].into_iter().map(|shape| AggregateUDF::from(Moment::new(shape))).collect()
}

/// What is computed of the moments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Shape {
    /// m3 / m2^1.5
    #[default]
    Skewness,
    /// m4 / m2^2 - 3
    Kurtosis,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Moment {
    shape: Shape,
    signature: Signature,
}

impl Moment {
    fn new(shape: Shape) -> Self {
        Self { shape, signature: Signature::exact(vec![DataType::Float64], Volatility::Immutable) }
    }
}

impl AggregateUDFImpl for Moment {
    fn name(&self) -> &str {
        match self.shape {
            Shape::Skewness => "skewness",
            Shape::Kurtosis => "kurtosis",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn accumulator(&self, _: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Moments { shape: self.shape, ..Moments::default() }))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let field = |part: &str| Arc::new(Field::new(format!("{}[{part}]", args.name), DataType::Float64, true));
        Ok(["n", "mean", "m2", "m3", "m4"].map(field).to_vec())
    }
}

/// The count, the mean and the sums of powers of the distances from it.
#[derive(Clone, Copy, Debug, Default)]
struct Moments {
    shape: Shape,
    n: f64,
    mean: f64,
    m2: f64,
    m3: f64,
    m4: f64,
}

impl Moments {
    /// Takes in another set of values (Pébay 2008, equations 2.1 and 3.1; one value is a set with the moments 0).
    fn merge(&mut self, other: &Self) {
        if other.n == 0.0 {
            return;
        }
        let (na, nb) = (self.n, other.n);
        let n = na + nb;
        let delta = other.mean - self.mean;
        let step = delta / n;
        let (m2, m3) = (self.m2, self.m3);
        self.m4 += other.m4
            + delta * step.powi(3) * na * nb * (na * na - na * nb + nb * nb)
            + 6.0 * step * step * (na * na * other.m2 + nb * nb * m2)
            + 4.0 * step * (na * other.m3 - nb * m3);
        self.m3 += other.m3 + delta * step * step * na * nb * (na - nb) + 3.0 * step * (na * other.m2 - nb * m2);
        self.m2 += other.m2 + delta * step * na * nb;
        self.mean += nb * step;
        self.n = n;
    }
}

impl Accumulator for Moments {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let Some(values) = values.first() else { return Ok(()) };
        for value in values.as_primitive::<Float64Type>().iter().flatten() {
            self.merge(&Self { n: 1.0, mean: value, ..Self::default() });
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let value = match self.shape {
            _ if self.n == 0.0 || self.m2 <= 0.0 => None,
            Shape::Skewness => Some(self.n.sqrt() * self.m3 / self.m2.powf(1.5)),
            Shape::Kurtosis => Some(self.n * self.m4 / (self.m2 * self.m2) - 3.0),
        };
        Ok(ScalarValue::Float64(value))
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok([self.n, self.mean, self.m2, self.m3, self.m4].map(|x| ScalarValue::Float64(Some(x))).to_vec())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let columns: Vec<_> = states.iter().map(|s| s.as_primitive::<Float64Type>()).collect();
        let [n, mean, m2, m3, m4] = columns.as_slice() else { return Ok(()) };
        for i in 0..n.len() {
            let other = Self {
                shape: self.shape,
                n: n.value(i),
                mean: mean.value(i),
                m2: m2.value(i),
                m3: m3.value(i),
                m4: m4.value(i),
            };
            self.merge(&other);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64], shape: Shape) -> Option<f64> {
        let mut all = Moments { shape, ..Moments::default() };
        // In two parts, merged.
        for half in values.chunks(values.len().div_ceil(2).max(1)) {
            let mut part = Moments::default();
            for value in half {
                part.merge(&Moments { n: 1.0, mean: *value, ..Moments::default() });
            }
            all.merge(&part);
        }
        match all.evaluate().unwrap() {
            ScalarValue::Float64(value) => value,
            other => panic!("{other}"),
        }
    }

    /// Against `scipy.stats.skew` and `scipy.stats.kurtosis`, with bias.
    #[test]
    fn moments_are_those_of_scipy() {
        let values = [1.0, 2.0, 2.0, 3.0, 10.0];
        assert!((of(&values, Shape::Skewness).unwrap() - 1.3608927294433224).abs() < 1e-12);
        assert!((of(&values, Shape::Kurtosis).unwrap() - 0.06803663293572315).abs() < 1e-12);
        assert_eq!([of(&[], Shape::Skewness), of(&[3.0, 3.0], Shape::Kurtosis)], [None, None]);
    }
}
