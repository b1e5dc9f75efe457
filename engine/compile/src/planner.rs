//! The planner: DataFusion's, over our tables and params, with the trees `pipe-sql` parsed.

use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::TableFunctionArgs;
use datafusion::catalog::cte_worktable::CteWorkTable;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DFSchema, DataFusionError, Diagnostic as PlannerMessage, TableReference};
use datafusion::datasource::provider_as_source;
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::planner::{ContextProvider, ExprPlanner, TypePlanner};
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{AggregateUDF, Expr, HigherOrderUDF, LogicalPlan, ScalarUDF, TableSource, WindowUDF};
use datafusion::optimizer::analyzer::type_coercion::TypeCoercionRewriter;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};
use datafusion::prelude::SessionContext;
use datafusion::sql::planner::{ParserOptions, PlannerContext, SqlToRel};
use pipe_diagnostics::Sources;
use sqlparser::ast::{self, Ident, Value, ValueWithSpan, VisitMut, VisitorMut};

use crate::prepared::prepared;
use crate::{Params, Tables};

/// How the message of a table function that there is not begins.
pub(crate) const NO_TABLE_FUNCTION: &str = "there is no table function ";

/// Plans the SQL of one program in one session. Cheap to make again with other tables; plans it made stay good.
#[derive(Debug)]
pub struct Planner<'a> {
    pub(crate) state: Arc<SessionState>,
    pub(crate) tables: &'a Tables,
    pub(crate) params: &'a Params,
    pub(crate) sources: &'a Sources,
    type_planner: Option<Arc<dyn TypePlanner>>,
}

impl<'a> Planner<'a> {
    /// A planner with the functions and options of `context`. `sources` are the files the trees were parsed from.
    pub fn new(context: &SessionContext, tables: &'a Tables, params: &'a Params, sources: &'a Sources) -> Self {
        Self {
            state: Arc::new(context.state()),
            tables,
            params,
            sources,
            type_planner: Some(crate::session::type_planner()),
        }
    }

    /// The same session and params over other tables.
    pub fn over<'b>(&'b self, tables: &'b Tables) -> Planner<'b> {
        Planner {
            state: Arc::clone(&self.state),
            tables,
            params: self.params,
            sources: self.sources,
            type_planner: self.type_planner.clone(),
        }
    }

    /// The tables SQL can name.
    pub fn tables(&self) -> &Tables {
        self.tables
    }

    /// A query as a plan: names resolved, types coerced, params still placeholders; not optimised.
    pub(crate) fn plan(&self, query: &ast::Query) -> Result<LogicalPlan> {
        self.analyze(self.resolve_query(query)?.0)
    }

    /// Coerces the types of a plan.
    pub(crate) fn analyze(&self, plan: LogicalPlan) -> Result<LogicalPlan> {
        self.state.analyzer().execute_and_check(plan, self.state.config_options(), |_, _| {})
    }

    /// A query as a plan with names resolved, no types coerced. With what the planner warns of.
    pub(crate) fn resolve_query(&self, query: &ast::Query) -> Result<(LogicalPlan, Vec<PlannerMessage>)> {
        let mut query = query.clone();
        name_placeholders(&mut query, None);
        let provider = Provider { planner: self };
        let planner = SqlToRel::new_with_options(&provider, options());
        let plan = planner.sql_statement_to_plan_with_context(
            ast::Statement::Query(Box::new(query)),
            &mut PlannerContext::new().with_prepare_param_data_types(self.params.fields()),
        )?;
        Ok((plan, planner.take_warnings()))
    }

    /// An expression over a row of `schema`, resolved only: no types coerced, params still placeholders.
    pub(crate) fn resolve(&self, expression: &ast::Expr, schema: &DFSchema) -> Result<Expr> {
        let mut expression = expression.clone();
        name_placeholders(&mut expression, Some(schema));
        let provider = Provider { planner: self };
        let planner = SqlToRel::new_with_options(&provider, options());
        let mut context = PlannerContext::new().with_prepare_param_data_types(self.params.fields());
        planner.sql_to_expr(expression, schema, &mut context)
    }

    /// An expression with its types coerced.
    pub(crate) fn typed(&self, expression: &ast::Expr, schema: &DFSchema) -> Result<Expr> {
        self.coerced(self.resolve(expression, schema)?, schema)
    }

    /// Coerces the types of an expression.
    pub(crate) fn coerced(&self, expression: Expr, schema: &DFSchema) -> Result<Expr> {
        expression.rewrite(&mut TypeCoercionRewriter::new(schema)).data()
    }

    /// Params put in, function rewrites applied, constants folded: what a physical expression is made of.
    pub(crate) fn finish(&self, expression: Expr, schema: &DFSchema) -> Result<Expr> {
        let mut expression = self.bind(expression)?;
        let options = self.state.config_options();
        for rewrite in self.state.analyzer().function_rewrites() {
            expression = expression.transform_up(|e| rewrite.rewrite(e, schema, options)).data()?;
        }
        self.simplifier(schema).simplify(expression)
    }

    fn bind(&self, expression: Expr) -> Result<Expr> {
        expression
            .transform_up(|e| match &e {
                Expr::Placeholder(placeholder) => {
                    let name = self.params.numbered(&placeholder.id).unwrap_or(&placeholder.id);
                    match self.params.value(name) {
                        Some(value) => Ok(Transformed::yes(Expr::Literal(value.clone(), None))),
                        None => Err(DataFusionError::Plan(format!("param ${name} has no value"))),
                    }
                }
                _ => Ok(Transformed::no(e)),
            })
            .data()
    }

    fn simplifier(&self, schema: &DFSchema) -> ExprSimplifier {
        ExprSimplifier::new(
            SimplifyContext::builder()
                .with_schema(Arc::new(schema.clone()))
                .with_config_options(Arc::clone(self.state.config_options()))
                .with_query_execution_start_time(self.state.execution_props().query_execution_start_time)
                .build(),
        )
    }

    /// A finished expression (of [`Planner::expression`] or an assertion) ready to evaluate on batches of `schema`.
    ///
    /// # Errors
    /// When it holds a subquery or a column that is not in `schema`.
    pub fn physical(&self, expression: &Expr, schema: &DFSchema) -> Result<Arc<dyn PhysicalExpr>> {
        let context = PhysicalPlanningContext::default();
        prepared(create_physical_expr(expression, schema, self.state.execution_props(), &context)?)
    }

    /// The names of all functions, in order.
    pub(crate) fn function_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.state.scalar_functions().keys().cloned().collect();
        names.extend(self.state.aggregate_functions().keys().cloned());
        names.extend(self.state.window_functions().keys().cloned());
        names.sort();
        names.dedup();
        names
    }
}

/// How SQL is planned, for every query and expression alike.
fn options() -> ParserOptions {
    ParserOptions::new()
        .with_collect_spans(true)
        .with_enable_ident_normalization(true)
        .with_support_varchar_with_length(true)
        .with_map_string_types_to_utf8view(true)
}

/// Folds the names of placeholders. One that is a column of `schema` becomes that column: `$value` and the fields of a
/// failure are columns of the row an expression of a clause is evaluated on, under their names with the dollar.
fn name_placeholders<T: VisitMut>(tree: &mut T, schema: Option<&DFSchema>) {
    struct Names<'a>(Option<&'a DFSchema>);
    impl VisitorMut for Names<'_> {
        type Break = ();
        fn pre_visit_expr(&mut self, expression: &mut ast::Expr) -> ControlFlow<()> {
            if let ast::Expr::Value(ValueWithSpan { value: Value::Placeholder(name), span }) = expression {
                *name = name.to_lowercase();
                if self.0.is_some_and(|s| s.has_column_with_unqualified_name(name)) {
                    *expression =
                        ast::Expr::Identifier(Ident { value: name.clone(), quote_style: Some('"'), span: *span });
                }
            }
            ControlFlow::Continue(())
        }
    }
    // The visitor never breaks.
    _ = tree.visit(&mut Names(schema));
}

/// What DataFusion's planner asks for.
struct Provider<'p, 'a> {
    planner: &'p Planner<'a>,
}

impl ContextProvider for Provider<'_, '_> {
    fn get_table_source(&self, name: TableReference) -> Result<Arc<dyn TableSource>> {
        self.planner.tables.source(&name)
    }

    fn get_table_function_source(&self, name: &str, args: Vec<Expr>) -> Result<Arc<dyn TableSource>> {
        let state = &self.planner.state;
        // Those that come with DataFusion are not of the language.
        let known = pipe_schema::table_function(&name.to_lowercase()).and_then(|f| state.table_functions().get(f.name));
        let Some(function) = known else {
            return Err(DataFusionError::Plan(format!("{NO_TABLE_FUNCTION}'{name}'")));
        };
        let args = TableFunctionArgs::new(&args, state.as_ref());
        Ok(provider_as_source(function.create_table_provider_with_args(args)?))
    }

    fn create_cte_work_table(&self, name: &str, schema: SchemaRef) -> Result<Arc<dyn TableSource>> {
        Ok(provider_as_source(Arc::new(CteWorkTable::new(name, schema))))
    }

    fn get_expr_planners(&self) -> &[Arc<dyn ExprPlanner>] {
        self.planner.state.expr_planners()
    }

    fn get_type_planner(&self) -> Option<Arc<dyn TypePlanner>> {
        self.planner.type_planner.clone()
    }

    fn get_function_meta(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        self.planner.state.scalar_functions().get(name).cloned()
    }

    fn get_higher_order_meta(&self, name: &str) -> Option<Arc<HigherOrderUDF>> {
        self.planner.state.higher_order_functions().get(name).cloned()
    }

    fn get_aggregate_meta(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        self.planner.state.aggregate_functions().get(name).cloned()
    }

    fn get_window_meta(&self, name: &str) -> Option<Arc<WindowUDF>> {
        self.planner.state.window_functions().get(name).cloned()
    }

    fn get_variable_type(&self, _: &[String]) -> Option<DataType> {
        None
    }

    fn options(&self) -> &ConfigOptions {
        self.planner.state.config_options()
    }

    fn udf_names(&self) -> Vec<String> {
        sorted(self.planner.state.scalar_functions().keys())
    }

    fn higher_order_function_names(&self) -> Vec<String> {
        sorted(self.planner.state.higher_order_functions().keys())
    }

    fn udaf_names(&self) -> Vec<String> {
        sorted(self.planner.state.aggregate_functions().keys())
    }

    fn udwf_names(&self) -> Vec<String> {
        sorted(self.planner.state.window_functions().keys())
    }
}

fn sorted<'k>(names: impl Iterator<Item = &'k String>) -> Vec<String> {
    let mut names: Vec<String> = names.cloned().collect();
    names.sort();
    names
}
