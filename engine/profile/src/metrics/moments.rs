//! Count, mean and spread of numbers.

use super::bytes::{MetricsError, Reader, Writer};

/// The count, the mean and the sum of squared differences from it. A batch takes two passes over its numbers, batches merge as
/// in Chan, Golub and LeVeque, "Algorithms for computing the sample variance" (The American Statistician 37(3), 1983), so
/// nothing cancels out however far from 0 the numbers are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// How many numbers.
    pub count: u64,
    /// Their mean; 0 for none.
    pub mean: f64,
    m2: f64,
}

impl Moments {
    /// Takes finite numbers in.
    pub fn update(&mut self, numbers: &[f64]) {
        if numbers.is_empty() {
            return;
        }
        // From the first one on: of equal numbers the mean is exact and the spread nothing.
        let first = numbers.first().copied().unwrap_or_default();
        let mean = first + numbers.iter().map(|x| x - first).sum::<f64>() / numbers.len() as f64;
        let m2 = numbers.iter().map(|x| (x - mean) * (x - mean)).sum();
        self.merge(&Moments { count: numbers.len() as u64, mean, m2 });
    }

    /// Takes other numbers' moments in.
    pub fn merge(&mut self, other: &Moments) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *other;
            return;
        }
        let (a, b) = (self.count as f64, other.count as f64);
        let difference = other.mean - self.mean;
        self.mean += difference * (b / (a + b));
        self.m2 += other.m2 + difference * difference * (a * b / (a + b));
        self.count += other.count;
    }

    /// Their sum.
    pub fn sum(&self) -> f64 {
        self.mean * self.count as f64
    }

    /// The sample standard deviation; `None` for fewer than two numbers.
    pub fn stddev(&self) -> Option<f64> {
        (self.count > 1).then(|| (self.m2 / (self.count - 1) as f64).sqrt())
    }

    pub(super) fn write(&self, to: &mut Writer) {
        to.number(self.count);
        to.float(self.mean);
        to.float(self.m2);
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Result<Self, MetricsError> {
        Ok(Self { count: from.number()?, mean: from.float()?, m2: from.float()? })
    }
}
