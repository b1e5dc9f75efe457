//! Assertions on a table as a whole.

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
use pipe_schema::Level;
use pipe_sql::Expression;
use sqlparser::ast;

use super::holds::{expected, holds};
use super::tree;
use crate::Planner;
use crate::conversions::Conversions;
use crate::error::{self, Explain, Place, Tree};
use crate::types::describe;

/// A table rule. Its query gives one row: `observed`, what was found, and `holds`, never NULL, whether that is as expected
/// (`null fails` counted in). Rules of history have `observed` only.
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
        let sql = parts.sql(rule, &super::table_name(&rule.table, &rule.table), |e| self.printed(e));
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
        let form = Form::Value { observed: Box::new(holds.clone()), holds: None, reads };
        let query = Parts { form, expected: String::new() }.query(rule);
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
        let (judged, scan) = match aggregate.input.as_ref() {
            LogicalPlan::Filter(filter) => (Some(filter.predicate.clone()), filter.input.as_ref()),
            other => (None, other),
        };
        let LogicalPlan::TableScan(scan) = scan else { return Ok(None) };
        if judged.as_ref().is_some_and(has_subquery) || aggregate.aggr_expr.iter().any(has_subquery) {
            return Ok(None);
        }
        let rows = &scan.projected_schema;
        let aggregates =
            aggregate.aggr_expr.iter().map(|e| self.finish(e.clone(), rows)).collect::<PlanResult<Vec<_>>>()?;
        let judged = judged.map(|e| self.finish(e, rows)).transpose()?;
        let values = Arc::clone(&aggregate.schema);
        let mut finals = Vec::new();
        for e in &projection.expr {
            finals.push(self.finish(e.clone().unalias(), &values)?);
        }
        let mut finals = finals.into_iter();
        let Some(observed) = finals.next() else { return Ok(None) };
        Ok(Some(FusedAssertion { aggregates, judged, values, observed, holds: finals.next() }))
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

/// What the query of a table rule is made of.
pub(super) struct Parts {
    form: Form,
    pub(super) expected: String,
}

enum Form {
    /// One value, and whether it is as expected: TRUE, FALSE or NULL, `None` for rules of history. Without aggregates it does
    /// not read the table.
    Value { observed: Box<ast::Expr>, holds: Option<Box<ast::Expr>>, reads: bool },
    /// A boolean that every row must meet: what is observed is how many do not.
    EveryRow(Box<ast::Expr>),
}

impl Parts {
    pub(super) fn of(rule: &Rule) -> Result<Self, Vec<Diagnostic>> {
        let no = || vec![super::no_assertion(rule)];
        let none = tree::null();
        let subject = rule.subject.first();
        let of = subject.map_or(&none, |s| &s.ast);
        let value = |observed, holds: Option<ast::Expr>, reads| Form::Value {
            observed: Box::new(observed),
            holds: holds.map(Box::new),
            reads,
        };
        if rule.level == Level::History {
            let observed = match &rule.predicate {
                Predicate::Statistic(statistic) => super::statistic::value(of, statistic).ok_or_else(no)?,
                _ => of.clone(),
            };
            let form = value(observed, None, true);
            return Ok(Self { form, expected: expected(&rule.predicate) });
        }
        let holds = holds(of, &rule.predicate).ok_or_else(no)?;
        let computes = matches!(
            rule.predicate,
            Predicate::Distinct(_) | Predicate::Statistic(_) | Predicate::Values { .. } | Predicate::Compound { .. }
        );
        let aggregates = computes || subject.is_some_and(|s| s.aggregate);
        let reads = subject.is_some_and(|s| !s.columns.is_empty());
        if !aggregates && (reads || rule.filter.is_some()) {
            return Ok(Self { form: Form::EveryRow(Box::new(holds)), expected: "0 rows that do not hold".to_owned() });
        }
        let (observed, expected) = match (&rule.predicate, bare(of)) {
            (Predicate::Distinct(inner), _) => (tree::count_distinct(of), expected(inner)),
            (Predicate::Statistic(statistic), _) => {
                (super::statistic::value(of, statistic).ok_or_else(no)?, expected(&rule.predicate))
            }
            (Predicate::Values { .. } | Predicate::Compound { .. }, _) => (holds.clone(), expected(&rule.predicate)),
            (Predicate::True, ast::Expr::BinaryOp { left, op, right }) if is_comparison(op) => {
                ((**left).clone(), format!("{op} {right}"))
            }
            (Predicate::True, ast::Expr::Between { expr, negated: false, low, high }) => {
                ((**expr).clone(), format!("between {low} and {high}"))
            }
            (Predicate::True, _) => (of.clone(), "true".to_owned()),
            (predicate, _) => (of.clone(), expected(predicate)),
        };
        Ok(Self { form: value(observed, Some(holds), aggregates), expected })
    }

    /// Whether the query says if the rule holds.
    fn judges(&self) -> bool {
        !matches!(self.form, Form::Value { holds: None, .. })
    }

    /// The query as a tree: made from text with the user's trees put in, so that those keep their places.
    fn query(&self, rule: &Rule) -> Option<ast::Query> {
        let table = tree::ident(&rule.table);
        let filter = rule.filter.as_ref().map(|f| f.ast.clone());
        match &self.form {
            Form::EveryRow(row) => {
                let wrong = wrong(rule);
                let mut query = tree::query(&format!(
                    "SELECT count(*) AS observed, count(*) = 0 AS holds FROM (SELECT NULL FROM {table}) AS judged WHERE ok {wrong}"
                ))?;
                let from = select_of(&mut query)?.from.first_mut()?;
                let ast::TableFactor::Derived { subquery, .. } = &mut from.relation else { return None };
                let inner = select_of(subquery)?;
                inner.projection = vec![aliased((**row).clone(), "ok")];
                inner.selection = filter;
                Some(query)
            }
            Form::Value { observed, holds, reads } => {
                let from = if *reads { format!(" FROM {table}") } else { String::new() };
                let mut query = tree::query(&format!("SELECT NULL{from}"))?;
                let select = select_of(&mut query)?;
                select.projection = vec![aliased((**observed).clone(), "observed")];
                select.projection.extend(holds.as_ref().map(|holds| aliased(verdict(rule, holds), "holds")));
                select.selection = filter;
                Some(query)
            }
        }
    }

    /// The same query as text, over `from`.
    pub(super) fn sql(&self, rule: &Rule, from: &str, print: impl Fn(&ast::Expr) -> String) -> String {
        let filter = rule.filter.as_ref().map(|f| format!("\nWHERE {}", print(&f.ast))).unwrap_or_default();
        match &self.form {
            Form::EveryRow(row) => format!(
                "SELECT count(*) AS observed, count(*) = 0 AS holds\nFROM (SELECT {} AS ok FROM {from}{filter}) AS judged\nWHERE ok {}",
                print(row),
                wrong(rule)
            ),
            Form::Value { observed, holds, reads } => {
                let holds =
                    holds.as_ref().map(|h| format!(", {} AS holds", print(&verdict(rule, h)))).unwrap_or_default();
                let from = if *reads { format!("\nFROM {from}{filter}") } else { String::new() };
                format!("SELECT {} AS observed{holds}{from}", print(observed))
            }
        }
    }
}

/// Whether it holds, never NULL.
fn verdict(rule: &Rule, holds: &ast::Expr) -> ast::Expr {
    let holds = tree::operand(holds);
    if rule.null_fails { ast::Expr::IsTrue(holds) } else { ast::Expr::IsNotFalse(holds) }
}

/// What the boolean of a row that violates is.
fn wrong(rule: &Rule) -> &'static str {
    if rule.null_fails { "IS NOT TRUE" } else { "IS FALSE" }
}

fn select_of(query: &mut ast::Query) -> Option<&mut ast::Select> {
    match query.body.as_mut() {
        ast::SetExpr::Select(select) => Some(select),
        _ => None,
    }
}

fn aliased(expr: ast::Expr, alias: &str) -> ast::SelectItem {
    ast::SelectItem::ExprWithAlias { expr, alias: tree::ident(alias) }
}

fn bare(e: &ast::Expr) -> &ast::Expr {
    match e {
        ast::Expr::Nested(inner) => bare(inner),
        other => other,
    }
}

fn is_comparison(op: &ast::BinaryOperator) -> bool {
    use ast::BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    matches!(op, Eq | Gt | GtEq | Lt | LtEq | NotEq)
}
