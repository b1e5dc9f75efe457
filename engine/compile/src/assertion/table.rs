//! Assertions on a table as a whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, DFSchemaRef};
use datafusion::error::{DataFusionError, Result as PlanResult};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::aggregate::{AggregateFunctionExpr, LoweredAggregateBuilder};
use pipe_check::{Predicate, Rule};
use pipe_diagnostics::Diagnostic;
use pipe_diagnostics::codes::sql;
use pipe_sql::Expression;
use sqlparser::ast;

use super::parts::{Form, Parts};
use crate::Planner;
use crate::conversions::Conversions;
use crate::error::{self, Explain, Place, Tree};
use crate::types::describe;

/// A table rule. Its query gives one row: `observed`, what was found, and `holds`, never NULL, whether that is as expected
/// (`null fails` counted in); rules of history have no `holds`. Where there are such, `numerator` and `denominator` come behind:
/// what the number counts, and how many there are of that. With `by` it gives a row a group, and the groups' columns instead.
#[derive(Clone, Debug)]
pub struct TableAssertion {
    /// The query; its tables are those of the planner.
    pub plan: LogicalPlan,
    /// The same as aggregates that a pass over the table can feed; `None` when it needs a query, as subqueries do.
    pub fused: Option<FusedAssertion>,
    /// Whether the query has `holds`.
    pub judges: bool,
    /// What must be observed, in words.
    pub expected: String,
    /// The query as SQL.
    pub sql: String,
}

/// A table rule as aggregates over rows and an expression over their values.
#[derive(Clone, Debug)]
pub struct FusedAssertion {
    /// The rows, where they are not those of the table: such as its groups. Rules over the same ones can be asked together.
    pub input: Option<LogicalPlan>,
    /// The aggregates, over rows of the table (see [`crate::row_schema`]); for [`Planner::aggregate`].
    pub aggregates: Vec<Expr>,
    /// The rows aggregated: TRUE or not; `None`: all.
    pub judged: Option<Expr>,
    /// A row of the aggregates' values, in their order.
    pub values: DFSchemaRef,
    /// Over `values`.
    pub observed: Expr,
    /// Over `values`; never NULL. `None` for rules of history.
    pub holds: Option<Expr>,
    /// Over `values`: what `observed` counts, where it is a share or a count.
    pub numerator: Option<Expr>,
    /// Over `values`: how many there are of what `observed` is over.
    pub denominator: Option<Expr>,
}

/// An aggregate that can be fed batches.
#[derive(Clone, Debug)]
pub struct LoweredAggregate {
    /// The function with its arguments.
    pub function: Arc<AggregateFunctionExpr>,
    /// Its `FILTER (WHERE …)`.
    pub filter: Option<Arc<dyn PhysicalExpr>>,
}

impl Planner<'_> {
    /// A rule of level `Table`, over the planner's table of its name; of level `History`, what it observes.
    ///
    /// # Errors
    /// What the planner finds, each at its place; a param without a value.
    pub fn table_assertion(&self, rule: &Rule) -> Result<TableAssertion, Vec<Diagnostic>> {
        let parts = Parts::of(rule)?;
        let plan = self.plan_table(rule, &parts)?;
        let place = Place::new(self.sources, rule.span);
        for e in rule.subject.iter().chain(&rule.filter).chain(super::operands(&rule.predicate)) {
            self.values(Tree::Expression(&e.ast), &place)?;
        }
        let failed = |e: DataFusionError| vec![Diagnostic::error(sql::UNPLANNABLE, error::sentence(&e), rule.span)];
        let plan = self.bind_plan(plan).map_err(failed)?;
        let fused = self.fuse(&plan).map_err(failed)?;
        let sql = parts.sql(rule, &super::Rows::of(&rule.table).sql(rule), |e| self.printed(e)).unwrap_or_default();
        Ok(TableAssertion { plan, fused, judges: parts.judges(), expected: parts.expected.clone(), sql })
    }

    /// Checks a table rule without binding params.
    pub(crate) fn check_table(&self, rule: &Rule, schema: &DFSchema) -> Result<(), Vec<Diagnostic>> {
        if let Some(filter) = &rule.filter {
            self.row_condition(filter, schema)?;
        }
        self.plan_table(rule, &Parts::of(rule)?).map(|_| ())
    }

    /// An aggregate of a [`FusedAssertion`], over batches of `schema`.
    ///
    /// # Errors
    /// When a column is not in `schema`.
    pub fn aggregate(&self, aggregate: &Expr, schema: &DFSchema) -> PlanResult<LoweredAggregate> {
        let context = PhysicalPlanningContext::default();
        let arrow = schema.as_arrow();
        let lowered =
            LoweredAggregateBuilder::new(aggregate, schema, arrow, self.state.execution_props(), &context).build()?;
        Ok(LoweredAggregate { function: lowered.aggregate, filter: lowered.filter })
    }

    fn plan_table(&self, rule: &Rule, parts: &Parts) -> Result<LogicalPlan, Vec<Diagnostic>> {
        let place = Place::new(self.sources, rule.span);
        for e in rule.subject.iter().chain(&rule.filter).chain(super::operands(&rule.predicate)) {
            self.placeholders(Tree::Expression(&e.ast), &Place::new(self.sources, e.span), None)?;
        }
        if matches!(rule.predicate, Predicate::True)
            && let [subject] = rule.subject.as_slice()
            && let Form::Value { holds: Some(holds), reads, .. } = &parts.form
        {
            // Asked before anything is made of it, so that what is said of it is about the user's words alone.
            self.boolean(rule, subject, holds, *reads)?;
        }
        let query = parts.query(rule).ok_or_else(|| vec![super::no_assertion(rule)])?;
        let tree = Tree::Query(&query);
        let explain = |error: DataFusionError| {
            let culprit = || error::query_culprit(self, &place, &query, &error);
            Explain { planner: self, place, tree, culprit: &culprit }.all(&error)
        };
        let conversions = Conversions { place, tree };
        let (plan, _) = self.resolve_query(&query).map_err(explain)?;
        conversions.comparisons_of_plan(&plan)?;
        let plan = self.analyze(plan).map_err(explain)?;
        if let [subject] = rule.subject.as_slice() {
            let observed = plan.schema().field(0).data_type();
            let computed = matches!(
                rule.predicate,
                Predicate::Distinct(_)
                    | Predicate::True
                    | Predicate::Statistic(_)
                    | Predicate::Values { .. }
                    | Predicate::Compound { .. }
                    | Predicate::WithoutGaps(_)
            );
            if !computed {
                super::row::takes(rule, subject, observed)?;
            }
        }
        conversions.constants_of_plan(&plan)?;
        Ok(plan)
    }

    /// A boolean over the whole table must be one.
    fn boolean(
        &self,
        rule: &Rule,
        subject: &Expression,
        holds: &ast::Expr,
        reads: bool,
    ) -> Result<(), Vec<Diagnostic>> {
        let query = Parts::shown(holds.clone(), reads).query(rule);
        let Some(Ok((plan, _))) = query.map(|q| self.resolve_query(&q)) else { return Ok(()) };
        match plan.schema().fields().first().map(|f| f.data_type()) {
            Some(DataType::Boolean | DataType::Null) | None => Ok(()),
            Some(other) => Err(vec![error::not_boolean(&describe(other), subject.span)]),
        }
    }

    /// Takes a projection of aggregates apart; `None` for any other plan.
    fn fuse(&self, plan: &LogicalPlan) -> PlanResult<Option<FusedAssertion>> {
        let LogicalPlan::Projection(projection) = plan else { return Ok(None) };
        let LogicalPlan::Aggregate(aggregate) = projection.input.as_ref() else { return Ok(None) };
        if !aggregate.group_expr.is_empty() || projection.expr.iter().any(has_subquery) {
            return Ok(None);
        }
        let (judged, rows) = match aggregate.input.as_ref() {
            LogicalPlan::Filter(filter) => (Some(filter.predicate.clone()), filter.input.as_ref()),
            other => (None, other),
        };
        if judged.as_ref().is_some_and(has_subquery) || aggregate.aggr_expr.iter().any(has_subquery) {
            return Ok(None);
        }
        let (judged, input, rows) = match rows {
            LogicalPlan::TableScan(scan) => (judged, None, &scan.projected_schema),
            _ => (None, Some(aggregate.input.as_ref().clone()), aggregate.input.schema()),
        };
        let aggregates =
            aggregate.aggr_expr.iter().map(|e| self.finish(e.clone(), rows)).collect::<PlanResult<Vec<_>>>()?;
        let judged = judged.map(|e| self.finish(e, rows)).transpose()?;
        let values = Arc::clone(&aggregate.schema);
        let mut finals = BTreeMap::new();
        for (e, field) in projection.expr.iter().zip(projection.schema.fields()) {
            finals.insert(field.name().as_str(), self.finish(e.clone().unalias(), &values)?);
        }
        let Some(observed) = finals.remove("observed") else { return Ok(None) };
        let [holds, numerator, denominator] = ["holds", "numerator", "denominator"].map(|name| finals.remove(name));
        Ok(Some(FusedAssertion { input, aggregates, judged, values, observed, holds, numerator, denominator }))
    }
}

fn has_subquery(expression: &Expr) -> bool {
    let mut found = false;
    let visited = expression.apply(|e| {
        found |= matches!(e, Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_) | Expr::SetComparison(_));
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    visited.is_err() || found
}
