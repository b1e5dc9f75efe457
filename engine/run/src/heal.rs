//! Repairs: only failing rows run again.

use std::collections::BTreeMap;

use pipe_compile::Tables;
use pipe_quality::Reason;

use crate::clauses::Answered;
use crate::engine::Stopped;
use crate::evaluate::{Evaluation, Evaluator, Passed};
use crate::rulebook::{Observed, Rulebook};

/// Heals what a pass found.
///
/// # Errors
/// Why nothing of the table can commit.
pub async fn heal(
    evaluator: &mut Evaluator<'_, '_>,
    tables: &Tables,
    book: Rulebook,
    pass: Passed,
    answered: Vec<(Reason, Answered)>,
    schema_verdicts: BTreeMap<u16, Observed>,
) -> Result<Evaluation, Stopped> {
    let _ = (evaluator, tables, book, pass, answered, schema_verdicts);
    Err(crate::errors::internal(&"repairs").into())
}
