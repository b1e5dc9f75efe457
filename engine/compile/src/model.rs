//! Queries of models as plans.

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::ParamValues;
use datafusion::common::metadata::ScalarAndMetadata;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::LogicalPlan;
use pipe_diagnostics::Diagnostic;
use pipe_diagnostics::codes::sql;
use pipe_sql::Query;

use crate::Planner;
use crate::conversions::Conversions;
use crate::error::{self, Explain, Place, Tree};

impl Planner<'_> {
    /// A query as a logical plan: types coerced, params bound, not optimised. Its tables are those of the planner.
    ///
    /// # Errors
    /// What the planner finds, each at its place of the `.pipe` file; a param without a value.
    pub fn model(&self, query: &Query) -> Result<LogicalPlan, Vec<Diagnostic>> {
        let (plan, _) = self.unbound(query)?;
        self.bound(query, plan)
    }

    /// As [`Planner::model`] for a query whose rows are only shown: two of its columns may have one name.
    ///
    /// # Errors
    /// As [`Planner::model`].
    pub fn query(&self, query: &Query) -> Result<LogicalPlan, Vec<Diagnostic>> {
        let (plan, _) = self.planned(query)?;
        self.bound(query, plan)
    }

    fn bound(&self, query: &Query, plan: LogicalPlan) -> Result<LogicalPlan, Vec<Diagnostic>> {
        let place = Place::new(self.sources, query.span);
        self.values(Tree::Query(&query.ast), &place)?;
        self.bind_plan(plan).map_err(|e| vec![Diagnostic::error(sql::UNPLANNABLE, error::sentence(&e), query.span)])
    }

    /// As [`Planner::model`], params still placeholders, with the planner's warnings.
    pub(crate) fn unbound(&self, query: &Query) -> Result<(LogicalPlan, Vec<Diagnostic>), Vec<Diagnostic>> {
        let planned = self.planned(query)?;
        distinct_names(planned.0.schema().inner(), &Place::new(self.sources, query.span), Tree::Query(&query.ast))?;
        Ok(planned)
    }

    fn planned(&self, query: &Query) -> Result<(LogicalPlan, Vec<Diagnostic>), Vec<Diagnostic>> {
        let place = Place::new(self.sources, query.span);
        let tree = Tree::Query(&query.ast);
        self.placeholders(tree, &place, None)?;
        let explain = |e: DataFusionError| self.explain_query(query, &e);
        let (plan, warnings) = self.resolve_query(&query.ast).map_err(explain)?;
        let conversions = Conversions { place, tree };
        conversions.comparisons_of_plan(&plan)?;
        let plan = self.analyze(plan).map_err(explain)?;
        conversions.constants_of_plan(&plan)?;
        let mut diagnostics: Vec<Diagnostic> = Vec::new();
        for warning in &warnings {
            let d = error::warning(warning, &place);
            if !diagnostics.contains(&d) {
                diagnostics.push(d);
            }
        }
        Ok((plan, diagnostics))
    }

    pub(crate) fn explain_query(&self, query: &Query, error: &DataFusionError) -> Vec<Diagnostic> {
        let place = Place::new(self.sources, query.span);
        let culprit = || error::query_culprit(self, &place, &query.ast, error);
        Explain { planner: self, place, tree: Tree::Query(&query.ast), culprit: &culprit }.all(error)
    }

    pub(crate) fn bind_plan(&self, plan: LogicalPlan) -> Result<LogicalPlan, DataFusionError> {
        let values: Vec<ScalarAndMetadata> = self
            .params
            .all()
            .map(|value| ScalarAndMetadata::new(value.unwrap_or(datafusion::common::ScalarValue::Null), None))
            .collect();
        if values.is_empty() { Ok(plan) } else { plan.replace_params_with_values(&ParamValues::List(values)) }
    }
}

/// A model is a table: each of its columns has a name of its own.
fn distinct_names(schema: &SchemaRef, place: &Place<'_>, tree: Tree<'_>) -> Result<(), Vec<Diagnostic>> {
    let mut seen = std::collections::BTreeSet::new();
    let mut twice = Vec::new();
    for field in schema.fields() {
        if !seen.insert(field.name()) {
            let span = tree.last_item(field.name()).and_then(|s| place.parser(s)).unwrap_or(place.whole);
            twice.push(error::duplicate(field.name(), span));
        }
    }
    if twice.is_empty() { Ok(()) } else { Err(twice) }
}
