//! The narrowest part of a fragment that cannot be planned.
//!
//! The planner gives no place for most errors about types. So the parts of the fragment are planned one by one, inner before
//! outer, in the scope they stand in; the first that fails with the same words is to blame. This costs time only where
//! there is an error.

use std::ops::ControlFlow;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::ExprSchemable;
use pipe_diagnostics::codes::sql;
use pipe_diagnostics::{Diagnostic, Span};
use sqlparser::ast::{
    self, Expr, GroupByExpr, JoinConstraint, JoinOperator, Query, Select, SelectItem, SetExpr, Spanned, TableFactor,
    Visit, Visitor,
};

use super::{Place, Tree, function_name, sentence};
use crate::Planner;
use crate::types::describe;

/// What is to blame.
#[derive(Clone, Debug)]
pub(crate) struct Culprit {
    pub(crate) span: Span,
    /// Its type, where it has one and that is what is wrong.
    pub(crate) ty: Option<DataType>,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Operator { operator: String, left: DataType, right: DataType },
    Call { name: String, arguments: Vec<DataType> },
    Other,
}

impl Culprit {
    /// The message of an error whose culprit this is.
    pub(super) fn diagnostic(&self, error: &DataFusionError) -> Diagnostic {
        match &self.what {
            What::Operator { operator, left, right } => {
                let (left, right) = (describe(left), describe(right));
                let message = format!("`{operator}` cannot be applied to {left} and {right}");
                Diagnostic::error(sql::WRONG_TYPES, message, self.span)
                    .saying(format!("{left} {operator} {right}"))
                    .help(format!("convert one side, as in `cast(x as {})`", if left == "text" { right } else { left }))
            }
            What::Call { name, arguments } => {
                let given: Vec<String> = arguments.iter().map(describe).collect();
                let text = sentence(error);
                let convert = counts(&text).is_none() && !given.is_empty();
                let message = match counts(&text) {
                    None if given.is_empty() => format!("`{name}` takes an argument, and none is given"),
                    Some(takes) => {
                        let count = given.len();
                        let verb = if count == 1 { "is" } else { "are" };
                        format!("`{name}` takes {takes}, and {count} {verb} given")
                    }
                    None => format!("`{name}` cannot be applied to ({})", given.join(", ")),
                };
                Diagnostic::error(sql::FUNCTION_ARGUMENTS, message, self.span)
                    .maybe_help(convert.then(|| "convert what is given, as in `cast(x as double)`".to_owned()))
            }
            What::Other => Diagnostic::error(sql::UNPLANNABLE, sentence(error), self.span),
        }
    }
}

/// How many arguments a function takes, of the planner's "function `abs` expects 1 arguments but received 2".
fn counts(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("expects ")?;
    let number = rest.split_whitespace().next()?;
    let number = number.trim_matches(|c: char| !c.is_ascii_digit());
    let plural = if number == "1" { "argument" } else { "arguments" };
    (!number.is_empty() && rest.contains("received")).then(|| format!("{number} {plural}"))
}

/// The culprit in an expression over a row of `schema`.
pub(crate) fn expression(
    planner: &Planner<'_>,
    place: &Place<'_>,
    tree: &Expr,
    schema: &DFSchema,
    error: &DataFusionError,
) -> Option<Culprit> {
    let words = sentence(error);
    let mut search = Search { planner, place, schema, words: &words, queries: 0, other: None };
    let exact = tree.visit(&mut search).break_value();
    exact.or(search.other)
}

/// The culprit in a query.
pub(crate) fn query(
    planner: &Planner<'_>,
    place: &Place<'_>,
    tree: &Query,
    error: &DataFusionError,
) -> Option<Culprit> {
    Queries { planner, place, error }.query(tree, &[])
}

/// An aggregate in a `where` of a query.
pub(super) fn selection_aggregate(query: &Query, planner: &Planner<'_>) -> Option<sqlparser::tokenizer::Span> {
    struct Selections<'p, 'a>(&'p Planner<'a>);
    impl Visitor for Selections<'_, '_> {
        type Break = sqlparser::tokenizer::Span;
        fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Self::Break> {
            let is_aggregate = |name: &str| self.0.state.aggregate_functions().contains_key(name);
            match select.selection.as_ref().and_then(|s| Tree::Expression(s).aggregate(is_aggregate)) {
                Some(span) => ControlFlow::Break(span),
                None => ControlFlow::Continue(()),
            }
        }
    }
    query.visit(&mut Selections(planner)).break_value()
}

/// The `having` of a query.
pub(super) fn having(query: &Query) -> Option<sqlparser::tokenizer::Span> {
    struct Having;
    impl Visitor for Having {
        type Break = sqlparser::tokenizer::Span;
        fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Self::Break> {
            match &select.having {
                Some(having) => ControlFlow::Break(having.span()),
                None => ControlFlow::Continue(()),
            }
        }
    }
    query.visit(&mut Having).break_value()
}

/// Plans the parts of an expression, inner before outer.
struct Search<'p, 'a> {
    planner: &'p Planner<'a>,
    place: &'p Place<'a>,
    schema: &'p DFSchema,
    words: &'p str,
    queries: usize,
    other: Option<Culprit>,
}

impl Search<'_, '_> {
    fn ty(&self, part: &Expr) -> Option<DataType> {
        self.planner.typed(part, self.schema).ok()?.get_type(self.schema).ok()
    }

    fn culprit(&self, part: &Expr) -> Option<Culprit> {
        let what = match part {
            Expr::BinaryOp { left, op, right } => match (self.ty(left), self.ty(right)) {
                (Some(left), Some(right)) => What::Operator { operator: op.to_string().to_lowercase(), left, right },
                _ => What::Other,
            },
            Expr::Function(call) => match arguments(call).map(|a| self.ty(a)).collect::<Option<Vec<_>>>() {
                Some(arguments) => What::Call { name: function_name(call).to_lowercase(), arguments },
                None => What::Other,
            },
            _ => What::Other,
        };
        let span = self.place.parser(part.span())?;
        let span = match part {
            // The parser's span of a conversion ends behind what is converted.
            Expr::Cast { data_type, .. } => self.place.up_to(span, &data_type.to_string()),
            _ => span,
        };
        Some(Culprit { span, ty: None, what })
    }
}

impl Visitor for Search<'_, '_> {
    type Break = Culprit;

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<Culprit> {
        self.queries += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<Culprit> {
        self.queries = self.queries.saturating_sub(1);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, part: &Expr) -> ControlFlow<Culprit> {
        // Parts of a subquery have another scope.
        if self.queries > 0 || matches!(part, Expr::Wildcard(_) | Expr::QualifiedWildcard(..)) {
            return ControlFlow::Continue(());
        }
        let Some(error) = failure(self.planner, part, self.schema) else { return ControlFlow::Continue(()) };
        let same = sentence(&error) == self.words;
        if let Expr::Subquery(inner) = part
            && same
            && let Some(found) = query(self.planner, self.place, inner, &error)
        {
            return ControlFlow::Break(found);
        }
        match self.culprit(part) {
            Some(culprit) if same => ControlFlow::Break(culprit),
            culprit => {
                if self.other.is_none() && !matches!(error.find_root(), DataFusionError::SchemaError(..)) {
                    self.other = culprit;
                }
                ControlFlow::Continue(())
            }
        }
    }
}

/// Why a part cannot be planned, in the order a query's planning finds it: names, types, conversions.
fn failure(planner: &Planner<'_>, part: &Expr, schema: &DFSchema) -> Option<DataFusionError> {
    let resolved = match planner.resolve(part, schema) {
        Ok(resolved) => resolved,
        Err(error) => return Some(error),
    };
    if let Err(error) = resolved.get_type(schema) {
        return Some(error);
    }
    planner.coerced(resolved, schema).and_then(|typed| typed.get_type(schema)).err()
}

fn arguments(call: &ast::Function) -> impl Iterator<Item = &Expr> {
    let list = match &call.args {
        ast::FunctionArguments::List(list) => list.args.as_slice(),
        _ => &[],
    };
    list.iter().filter_map(|argument| match argument {
        ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(e)) => Some(e),
        ast::FunctionArg::Named { arg: ast::FunctionArgExpr::Expr(e), .. } => Some(e),
        _ => None,
    })
}

/// Finds the scope of every expression of a query.
struct Queries<'p, 'a> {
    planner: &'p Planner<'a>,
    place: &'p Place<'a>,
    error: &'p DataFusionError,
}

impl Queries<'_, '_> {
    fn query(&self, query: &Query, outer: &[ast::Cte]) -> Option<Culprit> {
        let mut ctes = outer.to_vec();
        for cte in query.with.iter().flat_map(|w| &w.cte_tables) {
            if let Some(found) = self.query(&cte.query, &ctes) {
                return Some(found);
            }
            ctes.push(cte.clone());
        }
        self.body(&query.body, &ctes)
    }

    fn body(&self, body: &SetExpr, ctes: &[ast::Cte]) -> Option<Culprit> {
        match body {
            SetExpr::Select(select) => self.select(select, ctes),
            SetExpr::Query(query) => self.query(query, ctes),
            SetExpr::SetOperation { left, right, .. } => self.body(left, ctes).or_else(|| self.body(right, ctes)),
            SetExpr::Values(values) => {
                let rows = values.rows.iter().flat_map(|row| row.content.iter());
                self.any(rows, &DFSchema::empty())
            }
            _ => None,
        }
    }

    fn select(&self, select: &Select, ctes: &[ast::Cte]) -> Option<Culprit> {
        let joins = || select.from.iter().flat_map(|t| &t.joins);
        let factors = select.from.iter().map(|t| &t.relation).chain(joins().map(|j| &j.relation));
        for factor in factors {
            if let TableFactor::Derived { subquery, .. } = factor
                && let Some(found) = self.query(subquery, ctes)
            {
                return Some(found);
            }
        }
        let schema = match self.scope(select, ctes) {
            Some(schema) => schema,
            None => {
                // The joins' own conditions may be what fails: without them there is a scope to plan them in.
                let mut bare = select.clone();
                for join in bare.from.iter_mut().flat_map(|t| &mut t.joins) {
                    join.join_operator = JoinOperator::CrossJoin(JoinConstraint::None);
                }
                let schema = self.scope(&bare, ctes)?;
                return self.any(joins().filter_map(|j| condition(&j.join_operator)), &schema);
            }
        };
        if self.error.find_root().message().contains("non-boolean predicate")
            && let Some(selection) = &select.selection
            && let Ok(typed) = self.planner.typed(selection, &schema)
            && let Ok(ty) = typed.get_type(&schema)
            && !matches!(ty, DataType::Boolean | DataType::Null)
        {
            return Some(Culprit { span: self.place.parser(selection.span())?, ty: Some(ty), what: What::Other });
        }
        let projected = select.projection.iter().filter_map(|item| match item {
            SelectItem::UnnamedExpr(e) | SelectItem::ExprWithAlias { expr: e, .. } => Some(e),
            _ => None,
        });
        let grouped: &[Expr] = match &select.group_by {
            GroupByExpr::Expressions(expressions, _) => expressions,
            GroupByExpr::All(_) => &[],
        };
        let conditions = joins().filter_map(|j| condition(&j.join_operator));
        self.any(conditions.chain(&select.selection).chain(projected).chain(grouped).chain(&select.having), &schema)
    }

    fn any<'e>(&self, expressions: impl Iterator<Item = &'e Expr>, schema: &DFSchema) -> Option<Culprit> {
        for e in expressions {
            if let Some(error) = failure(self.planner, e, schema)
                && sentence(&error) == sentence(self.error)
            {
                return expression(self.planner, self.place, e, schema, self.error);
            }
        }
        None
    }

    /// The columns of a select's tables.
    fn scope(&self, select: &Select, ctes: &[ast::Cte]) -> Option<DFSchema> {
        let bare = Select {
            distinct: None,
            projection: vec![SelectItem::Wildcard(ast::WildcardAdditionalOptions::default())],
            selection: None,
            group_by: GroupByExpr::Expressions(Vec::new(), Vec::new()),
            having: None,
            qualify: None,
            sort_by: Vec::new(),
            named_window: Vec::new(),
            ..select.clone()
        };
        let with = (!ctes.is_empty()).then(|| ast::With {
            with_token: ast::helpers::attached_token::AttachedToken::empty(),
            recursive: false,
            cte_tables: ctes.to_vec(),
        });
        let query = Query {
            with,
            body: Box::new(SetExpr::Select(Box::new(bare))),
            order_by: None,
            limit_clause: None,
            fetch: None,
            locks: Vec::new(),
            for_clause: None,
            settings: None,
            format_clause: None,
            pipe_operators: Vec::new(),
        };
        if select.from.is_empty() {
            return Some(DFSchema::empty());
        }
        let plan = self.planner.plan(&query).ok()?;
        Some(plan.schema().as_ref().clone())
    }
}

fn condition(operator: &JoinOperator) -> Option<&Expr> {
    let constraint = match operator {
        JoinOperator::Join(c)
        | JoinOperator::Inner(c)
        | JoinOperator::Left(c)
        | JoinOperator::LeftOuter(c)
        | JoinOperator::Right(c)
        | JoinOperator::RightOuter(c)
        | JoinOperator::FullOuter(c)
        | JoinOperator::CrossJoin(c)
        | JoinOperator::Semi(c)
        | JoinOperator::LeftSemi(c)
        | JoinOperator::RightSemi(c)
        | JoinOperator::Anti(c)
        | JoinOperator::LeftAnti(c)
        | JoinOperator::RightAnti(c) => c,
        _ => return None,
    };
    match constraint {
        JoinConstraint::On(e) => Some(e),
        _ => None,
    }
}
