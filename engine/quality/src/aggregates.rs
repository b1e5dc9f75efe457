//! Aggregates of table rules, fed in the pass and merged across threads.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::Accumulator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::aggregate::AggregateFunctionExpr;

use crate::judge::is_true;

/// One aggregate over the rows that would commit.
#[derive(Clone, Debug)]
pub struct Aggregate {
    /// The function with its arguments.
    pub function: Arc<AggregateFunctionExpr>,
    /// `FILTER (WHERE …)` and the rule's `where`.
    pub filter: Option<Arc<dyn PhysicalExpr>>,
}

/// The accumulators of one thread.
pub struct Aggregates {
    plan: Arc<[Aggregate]>,
    accumulators: Vec<Box<dyn Accumulator>>,
}

impl std::fmt::Debug for Aggregates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Aggregates").field("plan", &self.plan).finish_non_exhaustive()
    }
}

impl Aggregates {
    /// Empty accumulators.
    ///
    /// # Errors
    /// A function has no accumulator for its argument types.
    pub fn new(plan: &Arc<[Aggregate]>) -> Result<Self> {
        let accumulators = plan.iter().map(|a| a.function.create_accumulator()).collect::<Result<_>>()?;
        Ok(Self { plan: Arc::clone(plan), accumulators })
    }

    /// Adds the rows of a batch.
    ///
    /// # Errors
    /// An argument fails while running.
    pub fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        for (aggregate, accumulator) in self.plan.iter().zip(&mut self.accumulators) {
            let filtered;
            let rows = match &aggregate.filter {
                Some(filter) => {
                    let keep = BooleanArray::new(is_true(filter, batch)?, None);
                    filtered = filter_record_batch(batch, &keep)?;
                    &filtered
                }
                None => batch,
            };
            let arguments: Vec<ArrayRef> = aggregate
                .function
                .expressions()
                .iter()
                .map(|e| e.evaluate(rows)?.into_array(rows.num_rows()))
                .collect::<Result<_>>()?;
            accumulator.update_batch(&arguments)?;
        }
        Ok(())
    }

    /// Takes in what another thread has seen.
    ///
    /// # Errors
    /// A state does not merge, which is a fault of the function.
    pub fn merge(&mut self, mut other: Aggregates) -> Result<()> {
        for (mine, theirs) in self.accumulators.iter_mut().zip(&mut other.accumulators) {
            let state: Vec<ArrayRef> = theirs.state()?.iter().map(|s| s.to_array()).collect::<Result<_>>()?;
            mine.merge_batch(&state)?;
        }
        Ok(())
    }

    /// The same twice, to go on apart.
    ///
    /// # Errors
    /// A state does not merge, which is a fault of the function.
    pub fn twice(mut self) -> Result<(Self, Self)> {
        let (mut one, mut other) = (Self::new(&self.plan)?, Self::new(&self.plan)?);
        for (i, accumulator) in self.accumulators.iter_mut().enumerate() {
            let state: Vec<ArrayRef> = accumulator.state()?.iter().map(|s| s.to_array()).collect::<Result<_>>()?;
            for copy in [&mut one, &mut other] {
                if let Some(copy) = copy.accumulators.get_mut(i) {
                    copy.merge_batch(&state)?;
                }
            }
        }
        Ok((one, other))
    }

    /// The values, in the order of the plan. Evaluating may be done once.
    ///
    /// # Errors
    /// A function cannot give a value, such as an overflowing sum.
    pub fn finish(mut self) -> Result<Vec<ScalarValue>> {
        self.accumulators.iter_mut().map(|a| a.evaluate()).collect()
    }
}
