//! Assertions on each row.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, ExprSchemable, Operator, lit, when};
use pipe_check::{Predicate, Rule};
use pipe_diagnostics::Diagnostic;
use pipe_diagnostics::codes::sql;
use sqlparser::ast;

use super::holds::holds;
use crate::conversions::Conversions;
use crate::error::{Place, Tree};
use crate::types::{describe, from_arrow};
use crate::{Planner, functions};

/// A row rule as expressions over a row, ready for [`Planner::physical`].
#[derive(Clone, Debug)]
pub struct RowAssertion {
    /// TRUE, FALSE or NULL of a row, as SQL's CHECK has it; of rows that are not judged, TRUE where evaluating them could
    /// fail.
    pub passes: Expr,
    /// The rows judged: TRUE or not; `None`: all.
    pub judged: Option<Expr>,
    /// TRUE where the rule is violated, else FALSE; never NULL. `passes`, `judged` and `null fails` together.
    pub violates: Expr,
    /// `passes` as SQL.
    pub sql: String,
}

impl Planner<'_> {
    /// A rule of level `Row` over a row of `schema` (see [`crate::row_schema`]).
    ///
    /// # Errors
    /// What is wrong with its expressions or their types, each at its place; a param without a value.
    pub fn row_assertion(&self, rule: &Rule, schema: &DFSchema) -> Result<RowAssertion, Vec<Diagnostic>> {
        let tree = row_tree(rule)?;
        let passes = self.typed_assertion(rule, &tree, schema)?;
        let passes = self.finished(passes, &Place::new(self.sources, rule.span), Tree::Expression(&tree), schema)?;
        let judged = rule.filter.as_ref().map(|filter| self.condition(filter, schema)).transpose()?;
        let passes = match &judged {
            Some(judged) if may_fail(&passes) => guarded(judged.clone(), passes),
            _ => passes,
        };
        let verdict = if rule.null_fails { passes.clone().is_not_true() } else { passes.clone().is_false() };
        let violates = match &judged {
            Some(judged) => judged.clone().is_true().and(verdict),
            None => verdict,
        };
        Ok(RowAssertion { passes, judged, violates, sql: self.printed(&tree) })
    }

    /// What is TRUE of the rows for which an assertion's `passes` is FALSE, in the form that bounds of columns are compared with.
    ///
    /// # Errors
    /// DataFusion cannot simplify it.
    pub fn contradiction(&self, assertion: &RowAssertion, schema: &DFSchema) -> Result<Expr, DataFusionError> {
        self.finish(datafusion::logical_expr::not(assertion.passes.clone()), schema)
    }

    /// Checks a row rule without binding params.
    pub(crate) fn check_row(&self, rule: &Rule, schema: &DFSchema) -> Result<(), Vec<Diagnostic>> {
        if let Predicate::Is { format, argument: Some(form) } = &rule.predicate
            && !functions::is_form(format, form)
        {
            let message = format!("`{form}` is not the form of a {format}");
            let help = match format.as_str() {
                "time" => "such as `%H:%M`: hours and minutes in the order they are written",
                "timestamp" => "such as `%d.%m.%Y %H:%M`: a day and a time in the order they are written",
                _ => "such as `%d.%m.%Y`: day, month and year in the order they are written",
            };
            return Err(vec![Diagnostic::error(sql::DATE_FORM, message, rule.span).help(help)]);
        }
        let tree = row_tree(rule)?;
        let mut wrong = self.typed_assertion(rule, &tree, schema).err().unwrap_or_default();
        if let Some(filter) = &rule.filter {
            wrong.extend(self.row_condition(filter, schema).err().unwrap_or_default());
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    fn typed_assertion(&self, rule: &Rule, tree: &ast::Expr, schema: &DFSchema) -> Result<Expr, Vec<Diagnostic>> {
        // The parts first: what is wrong with one is said of it, not of the assertion.
        for subject in &rule.subject {
            if let Some(ty) = column_type(&subject.ast, schema) {
                takes(rule, subject, ty)?;
                continue;
            }
            let typed = self.row_expression(subject, schema)?;
            if let Ok(ty) = typed.get_type(schema) {
                takes(rule, subject, &ty)?;
            }
        }
        if matches!(rule.predicate, Predicate::True)
            && let [subject] = rule.subject.as_slice()
        {
            return self.row_condition(subject, schema);
        }
        for operand in super::operands(&rule.predicate) {
            if !matches!(operand.ast, ast::Expr::Value(_)) || !operand.params.is_empty() {
                self.row_expression(operand, schema)?;
            }
        }
        let explain = |e| self.explain_tree(tree, rule.span, schema, &e);
        let conversions = Conversions { place: Place::new(self.sources, rule.span), tree: Tree::Expression(tree) };
        let resolved = self.resolve(tree, schema).map_err(explain)?;
        conversions.comparisons(&resolved, schema)?;
        let typed = self.coerced(resolved, schema).map_err(explain)?;
        conversions.constants(&typed)?;
        Ok(typed)
    }
}

/// The type of an expression that is just a column: what most subjects are, and nothing can be wrong with but the type.
fn column_type<'s>(expression: &ast::Expr, schema: &'s DFSchema) -> Option<&'s DataType> {
    let ast::Expr::Identifier(name) = expression else { return None };
    let name = if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() };
    schema.field_with_unqualified_name(&name).ok().map(|f| f.data_type())
}

/// The assertion of a row rule as a tree.
pub(super) fn row_tree(rule: &Rule) -> Result<ast::Expr, Vec<Diagnostic>> {
    if let Predicate::Compound { .. } = rule.predicate
        && rule.subject.is_empty()
    {
        return holds(rule, &super::tree::null(), &rule.predicate).ok_or_else(|| vec![super::no_assertion(rule)]);
    }
    let conditions = rule.subject.iter().map(|s| holds(rule, &s.ast, &rule.predicate));
    let conditions: Option<Vec<ast::Expr>> = conditions.collect();
    conditions.and_then(super::tree::all).ok_or_else(|| vec![super::no_assertion(rule)])
}

/// Refuses a subject of a type that the predicate does not judge.
pub(super) fn takes(rule: &Rule, subject: &pipe_sql::Expression, ty: &DataType) -> Result<(), Vec<Diagnostic>> {
    let Some(info) = pipe_schema::predicate(rule.check) else { return Ok(()) };
    let Some(known) = from_arrow(ty) else { return Ok(()) };
    if matches!(rule.predicate, Predicate::True)
        || ty.is_null()
        || info.types.is_empty()
        || info.types.contains(&known.class())
    {
        return Ok(());
    }
    let message = format!("`{}` does not judge {}", info.syntax.trim_end_matches(" …"), describe(ty));
    let column = subject.text.trim();
    Err(vec![
        Diagnostic::error(sql::PREDICATE_TYPE, message, subject.span)
            .saying(format!("`{column}` is {}", describe(ty)))
            .help(info.judges(column)),
    ])
}

/// `passes` evaluated on the judged rows only: a rule must not fail on rows it does not judge.
fn guarded(judged: Expr, passes: Expr) -> Expr {
    when(judged, passes.clone()).otherwise(lit(true)).unwrap_or(passes)
}

/// Whether evaluating could end in an error, such as a division by zero.
fn may_fail(expression: &Expr) -> bool {
    let mut fails = false;
    let visited = expression.apply(|e| {
        fails |= match e {
            Expr::ScalarFunction(call) => !functions::never_fails(call.name()),
            Expr::Cast(_) | Expr::Negative(_) => true,
            Expr::BinaryExpr(b) => matches!(
                b.op,
                Operator::Plus | Operator::Minus | Operator::Multiply | Operator::Divide | Operator::Modulo
            ),
            _ => false,
        };
        Ok(if fails { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    visited.is_err() || fails
}
