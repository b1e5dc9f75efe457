//! Queries of models as plans.

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::ParamValues;
use datafusion::common::metadata::ScalarAndMetadata;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::LogicalPlan;
use pipe_diagnostics::Diagnostic;
use pipe_diagnostics::codes::sql;
use pipe_sql::Query;

use crate::error::{self, Explain, Place, Tree};
use crate::{Planner, constants};

impl Planner<'_> {
    /// A query as a logical plan: types coerced, params bound, not optimised. Its tables are those of the planner.
    ///
    /// # Errors
    /// What the planner finds, each at its place of the `.pipe` file; a param without a value.
    pub fn model(&self, query: &Query) -> Result<LogicalPlan, Vec<Diagnostic>> {
        let (plan, _) = self.unbound(query)?;
        let place = Place::new(self.sources, query.span);
        self.values(Tree::Query(&query.ast), &place)?;
        self.bind_plan(plan).map_err(|e| vec![Diagnostic::error(sql::UNPLANNABLE, error::sentence(&e), query.span)])
    }

    /// As [`Planner::model`], params still placeholders, with the planner's warnings.
    pub(crate) fn unbound(&self, query: &Query) -> Result<(LogicalPlan, Vec<Diagnostic>), Vec<Diagnostic>> {
        let place = Place::new(self.sources, query.span);
        let tree = Tree::Query(&query.ast);
        self.placeholders(tree, &place, None)?;
        let (plan, warnings) = self.plan(&query.ast).map_err(|e| self.explain_query(query, &e))?;
        distinct_names(&plan.schema().inner().clone(), &place, query)?;
        constants::check_plan(&plan, &place, tree)?;
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
fn distinct_names(schema: &SchemaRef, place: &Place<'_>, query: &Query) -> Result<(), Vec<Diagnostic>> {
    let mut seen = std::collections::BTreeSet::new();
    let mut twice = Vec::new();
    for field in schema.fields() {
        if !seen.insert(field.name()) {
            let span = second_item(query, field.name()).and_then(|s| place.parser(s)).unwrap_or(query.span);
            twice.push(error::duplicate(field.name(), span));
        }
    }
    if twice.is_empty() { Ok(()) } else { Err(twice) }
}

/// The second item of the select list that gives a column of this name.
fn second_item(query: &Query, name: &str) -> Option<sqlparser::tokenizer::Span> {
    use sqlparser::ast::{Expr, SelectItem, SetExpr, Spanned};
    let SetExpr::Select(select) = query.ast.body.as_ref() else { return None };
    let items = select.projection.iter().filter(|item| match item {
        SelectItem::UnnamedExpr(Expr::Identifier(i)) => i.value.eq_ignore_ascii_case(name),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => {
            parts.last().is_some_and(|i| i.value.eq_ignore_ascii_case(name))
        }
        SelectItem::ExprWithAlias { alias, .. } => alias.value.eq_ignore_ascii_case(name),
        _ => false,
    });
    items.last().map(|item| match item {
        SelectItem::ExprWithAlias { alias, .. } => alias.span,
        other => other.span(),
    })
}
