//! Expressions over a row: resolved, typed, bound.

use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, TableReference};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, ExprSchemable};
use pipe_diagnostics::codes::sql;
use pipe_diagnostics::{Diagnostic, Span};
use pipe_sql::Expression;
use sqlparser::ast;

use crate::Planner;
use crate::conversions::Conversions;
use crate::error::{self, Explain, Place, Tree};

/// The row a table's expressions are judged on: its columns, qualified by its name, so that `total` and `orders.total` both
/// are found. Columns named with a dollar (`$value`, `$ratio`) are what `$name` means in SQL.
///
/// # Errors
/// When two columns have one name.
pub fn row_schema(table: &str, schema: &Schema) -> Result<DFSchema, DataFusionError> {
    DFSchema::try_from_qualified_schema(TableReference::bare(table), schema)
}

impl Planner<'_> {
    /// An expression over a row of `schema` (see [`row_schema`]), its types coerced, params bound, constants folded: ready
    /// for [`Planner::physical`].
    ///
    /// # Errors
    /// What the planner finds, each at its place; a subquery or an aggregate; a param without a value.
    pub fn expression(&self, expression: &Expression, schema: &DFSchema) -> Result<Expr, Vec<Diagnostic>> {
        let typed = self.row_expression(expression, schema)?;
        self.finished(typed, &Place::new(self.sources, expression.span), Tree::Expression(&expression.ast), schema)
    }

    /// As [`Planner::expression`], and boolean: a guard, a filter.
    ///
    /// # Errors
    /// As [`Planner::expression`], and when it is not boolean.
    pub fn condition(&self, expression: &Expression, schema: &DFSchema) -> Result<Expr, Vec<Diagnostic>> {
        let typed = self.row_condition(expression, schema)?;
        self.finished(typed, &Place::new(self.sources, expression.span), Tree::Expression(&expression.ast), schema)
    }

    /// The type an expression has over a row of `schema`. Params need no value.
    ///
    /// # Errors
    /// As [`Planner::expression`].
    pub fn type_of(&self, expression: &Expression, schema: &DFSchema) -> Result<DataType, Vec<Diagnostic>> {
        let typed = self.row_expression(expression, schema)?;
        typed.get_type(schema).map_err(|e| self.explain(expression, schema, &e))
    }

    /// Checked, typed, not yet bound.
    pub(crate) fn row_expression(&self, expression: &Expression, schema: &DFSchema) -> Result<Expr, Vec<Diagnostic>> {
        let place = Place::new(self.sources, expression.span);
        self.placeholders(Tree::Expression(&expression.ast), &place, Some(schema))?;
        let explain = |e: DataFusionError| self.explain(expression, schema, &e);
        let tree = Tree::Expression(&expression.ast);
        let conversions = Conversions { place, tree };
        let resolved = self.resolve(&expression.ast, schema).map_err(explain)?;
        // Some errors show only when the type is asked for.
        resolved.get_type(schema).map_err(explain)?;
        conversions.comparisons(&resolved, schema)?;
        let typed = self.coerced(resolved, schema).map_err(explain)?;
        typed.get_type(schema).map_err(explain)?;
        if let Some(message) = not_of_a_row(&typed) {
            let span = tree
                .subquery()
                .or_else(|| tree.aggregate(|n| self.state.aggregate_functions().contains_key(n)))
                .and_then(|s| place.parser(s))
                .unwrap_or(expression.span);
            return Err(vec![Diagnostic::error(sql::NOT_OF_A_ROW, message, span)]);
        }
        conversions.constants(&typed)?;
        Ok(typed)
    }

    /// As `row_expression`, and boolean.
    pub(crate) fn row_condition(&self, expression: &Expression, schema: &DFSchema) -> Result<Expr, Vec<Diagnostic>> {
        let typed = self.row_expression(expression, schema)?;
        match typed.get_type(schema) {
            Ok(DataType::Boolean | DataType::Null) => Ok(typed),
            Ok(other) => Err(vec![error::not_boolean(&crate::types::describe(&other), expression.span)]),
            Err(e) => Err(self.explain(expression, schema, &e)),
        }
    }

    /// Params bound, constants folded.
    pub(crate) fn finished(
        &self,
        typed: Expr,
        place: &Place<'_>,
        tree: Tree<'_>,
        schema: &DFSchema,
    ) -> Result<Expr, Vec<Diagnostic>> {
        self.values(tree, place)?;
        self.finish(typed, schema)
            .map_err(|e| vec![Diagnostic::error(sql::UNPLANNABLE, error::sentence(&e), place.whole)])
    }

    /// The diagnostics of an error in an expression.
    pub(crate) fn explain(
        &self,
        expression: &Expression,
        schema: &DFSchema,
        error: &DataFusionError,
    ) -> Vec<Diagnostic> {
        self.explain_tree(&expression.ast, expression.span, schema, error)
    }

    pub(crate) fn explain_tree(
        &self,
        tree: &ast::Expr,
        whole: Span,
        schema: &DFSchema,
        error: &DataFusionError,
    ) -> Vec<Diagnostic> {
        let place = Place::new(self.sources, whole);
        let culprit = || error::expression_culprit(self, &place, tree, schema, error);
        Explain { planner: self, place, tree: Tree::Expression(tree), culprit: &culprit }.all(error)
    }

    /// Every `$name` is a param or a column of `schema`.
    pub(crate) fn placeholders(
        &self,
        tree: Tree<'_>,
        place: &Place<'_>,
        schema: Option<&DFSchema>,
    ) -> Result<(), Vec<Diagnostic>> {
        let mut unknown = Vec::new();
        each_placeholder(tree, |written, span| {
            let name = written.trim_start_matches('$').to_lowercase();
            let is_field = schema.is_some_and(|s| s.has_column_with_unqualified_name(&format!("${name}")));
            if is_field || self.params.contains(&name) {
                return;
            }
            let fields = schema.into_iter().flat_map(|s| s.fields().iter()).filter_map(|f| f.name().strip_prefix('$'));
            let near = pipe_diagnostics::nearest(&name, fields.chain(self.params.names()));
            let span = place.parser(span).unwrap_or(place.whole);
            unknown.push(
                Diagnostic::error(sql::UNKNOWN_DOLLAR_NAME, format!("`{written}` has no meaning here"), span)
                    .maybe_help(near.map(|n| format!("did you mean `${n}`?"))),
            );
        });
        if unknown.is_empty() { Ok(()) } else { Err(unknown) }
    }

    /// Every param a fragment names has a value.
    pub(crate) fn values(&self, tree: Tree<'_>, place: &Place<'_>) -> Result<(), Vec<Diagnostic>> {
        let mut missing = Vec::new();
        each_placeholder(tree, |written, span| {
            let name = written.trim_start_matches('$').to_lowercase();
            if self.params.contains(&name) && self.params.value(&name).is_none() {
                let span = place.parser(span).unwrap_or(place.whole);
                missing.push(
                    Diagnostic::error(sql::NO_PARAM_VALUE, format!("param `{name}` has no value"), span)
                        .help(format!("give it with `--param {name}=…`, or declare a default")),
                );
            }
        });
        if missing.is_empty() { Ok(()) } else { Err(missing) }
    }
}

fn each_placeholder(tree: Tree<'_>, mut f: impl FnMut(&str, sqlparser::tokenizer::Span)) {
    let visit = |e: &ast::Expr| -> Option<()> {
        if let ast::Expr::Value(v) = e
            && let ast::Value::Placeholder(name) = &v.value
        {
            f(name, v.span);
        }
        None
    };
    tree.find(visit);
}

/// Why an expression is not one over a single row.
fn not_of_a_row(expression: &Expr) -> Option<&'static str> {
    let mut found = None;
    let visited = expression.apply(|e| {
        found = match e {
            Expr::AggregateFunction(_) => Some("an aggregate is over many rows, and this is judged row by row"),
            Expr::WindowFunction(_) => Some("a window is over many rows, and this is judged row by row"),
            Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_) | Expr::SetComparison(_) => {
                Some("a subquery cannot stand here: this is judged row by row")
            }
            _ => None,
        };
        Ok(if found.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    visited.ok().and(found)
}
