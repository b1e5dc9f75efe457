//! Where in a tree something is named, for errors that come without a place.

use std::ops::ControlFlow;

use sqlparser::ast::{
    self, Expr, ObjectNamePart, SelectItem, SetExpr, Spanned, Value, visit_expressions, visit_relations,
};
use sqlparser::tokenizer::Span;

/// A parsed fragment.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tree<'t> {
    Query(&'t ast::Query),
    Expression(&'t Expr),
}

impl Tree<'_> {
    /// The first expression, in the order of the text, for which `f` gives something; subqueries are looked into.
    pub(crate) fn find<T>(&self, mut f: impl FnMut(&Expr) -> Option<T>) -> Option<T> {
        let visit = |e: &Expr| match f(e) {
            Some(found) => ControlFlow::Break(found),
            None => ControlFlow::Continue(()),
        };
        let flow = match self {
            Tree::Query(query) => visit_expressions(*query, visit),
            Tree::Expression(expression) => visit_expressions(*expression, visit),
        };
        flow.break_value()
    }

    /// Where a column is named, qualified or not.
    pub(crate) fn column(&self, name: &str) -> Option<Span> {
        let is = |ident: &ast::Ident| ident.value.eq_ignore_ascii_case(name);
        self.find(|e| match e {
            Expr::Identifier(ident) if is(ident) => Some(ident.span),
            Expr::CompoundIdentifier(parts) if parts.last().is_some_and(is) => Some(e.span()),
            _ => None,
        })
    }

    /// Where a function is called; the whole call.
    pub(crate) fn function(&self, name: &str) -> Option<Span> {
        self.find(|e| match e {
            Expr::Function(call) if function_name(call).eq_ignore_ascii_case(name) => Some(e.span()),
            _ => None,
        })
    }

    /// Where a function is named.
    pub(crate) fn function_name(&self, name: &str) -> Option<Span> {
        self.find(|e| match e {
            Expr::Function(call) if function_name(call).eq_ignore_ascii_case(name) => Some(call.name.span()),
            _ => None,
        })
    }

    /// Where a table, or a function that gives one, is first named.
    pub(crate) fn relation(&self, name: &str) -> Option<Span> {
        let visit = |relation: &ast::ObjectName| match relation.to_string().eq_ignore_ascii_case(name) {
            true => ControlFlow::Break(relation.span()),
            false => ControlFlow::Continue(()),
        };
        let flow = match self {
            Tree::Query(query) => visit_relations(*query, visit),
            Tree::Expression(expression) => visit_relations(*expression, visit),
        };
        flow.break_value()
    }

    /// Where a named window is asked for.
    pub(crate) fn window(&self, name: &str) -> Option<Span> {
        self.find(|e| match e {
            Expr::Function(ast::Function { over: Some(ast::WindowType::NamedWindow(ident)), .. })
                if ident.value.eq_ignore_ascii_case(name) =>
            {
                Some(ident.span)
            }
            _ => None,
        })
    }

    /// Where an aggregate stands inside another: the inner call.
    pub(crate) fn nested_aggregate(&self, is_aggregate: impl Fn(&str) -> bool) -> Option<Span> {
        self.find(|e| {
            let Expr::Function(call) = e else { return None };
            if call.over.is_some() || !is_aggregate(&function_name(call).to_lowercase()) {
                return None;
            }
            let outer = e.span();
            Tree::Expression(e).find(|inner| match inner {
                Expr::Function(call) if is_aggregate(&function_name(call).to_lowercase()) && inner.span() != outer => {
                    Some(inner.span())
                }
                _ => None,
            })
        })
    }

    /// Where an aggregate that is none of `windows` stands: the whole call.
    pub(crate) fn aggregate(&self, is_aggregate: impl Fn(&str) -> bool) -> Option<Span> {
        self.find(|e| match e {
            Expr::Function(call) if call.over.is_none() && is_aggregate(&function_name(call).to_lowercase()) => {
                Some(e.span())
            }
            _ => None,
        })
    }

    /// The last item of a select list that gives a column of this name.
    pub(crate) fn last_item(&self, name: &str) -> Option<Span> {
        let Tree::Query(query) = self else { return None };
        let SetExpr::Select(select) = query.body.as_ref() else { return None };
        let is = |ident: &ast::Ident| ident.value.eq_ignore_ascii_case(name);
        select.projection.iter().rev().find_map(|item| match item {
            SelectItem::UnnamedExpr(e @ Expr::Identifier(ident)) if is(ident) => Some(e.span()),
            SelectItem::UnnamedExpr(e @ Expr::CompoundIdentifier(parts)) if parts.last().is_some_and(is) => {
                Some(e.span())
            }
            SelectItem::ExprWithAlias { alias, .. } if is(alias) => Some(alias.span),
            _ => None,
        })
    }

    /// Where a subquery stands.
    pub(crate) fn subquery(&self) -> Option<Span> {
        self.find(|e| match e {
            Expr::Subquery(q) | Expr::Exists { subquery: q, .. } | Expr::InSubquery { subquery: q, .. } => {
                Some(q.span())
            }
            _ => None,
        })
    }

    /// Where a text stands as a constant.
    pub(crate) fn text(&self, text: &str) -> Option<Span> {
        self.find(|e| match e {
            Expr::Value(v) => match &v.value {
                Value::SingleQuotedString(s) | Value::EscapedStringLiteral(s) | Value::NationalStringLiteral(s)
                    if s == text =>
                {
                    Some(v.span)
                }
                _ => None,
            },
            Expr::TypedString(typed) if matches!(&typed.value.value, Value::SingleQuotedString(s) if s == text) => {
                Some(typed.value.span)
            }
            _ => None,
        })
    }
}

/// The last part of a call's name.
pub(crate) fn function_name(call: &ast::Function) -> &str {
    match call.name.0.last() {
        Some(ObjectNamePart::Identifier(ident)) => &ident.value,
        Some(ObjectNamePart::Function(f)) => &f.name.value,
        None => "",
    }
}
