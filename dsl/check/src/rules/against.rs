//! Operands against what they are compared with.

use pipe_diagnostics::{Diagnostic, codes::rules as codes, codes::sql};
use pipe_schema::{Level, Type, TypeClass};
use pipe_sql::Expression;
use pipe_syntax::{Literal, Operand, Predicate as Written, Spanned};

use super::subject::Subject;
use crate::cx::Cx;
use crate::literals;
use crate::names::Table;
use crate::rule::Predicate;
use crate::types::{class, class_word};

/// What operands are compared with.
pub(super) struct Against<'t> {
    class: Option<TypeClass>,
    ty: Option<&'t Type>,
    level: Level,
}

impl<'t> Against<'t> {
    /// The subject of a rule.
    pub(super) fn subject(subject: &Subject, table: Option<&'t Table<'t>>, level: Level) -> Self {
        let class = subject.expressions.first().and_then(|e| class(e, table));
        let ty = table.zip(subject.column.as_deref()).and_then(|(t, column)| t.ty(column));
        Self { class, ty, level }
    }

    /// A number that is measured.
    pub(super) fn number() -> Self {
        Self { class: Some(TypeClass::Number), ty: None, level: Level::Row }
    }

    /// `between` and comparisons.
    pub(super) fn comparison(
        &self,
        cx: &mut Cx<'_>,
        table: Option<&Table<'_>>,
        written: &Written,
    ) -> Option<Predicate> {
        match written {
            Written::Between(low, high) => {
                let a = self.operand(cx, table, low);
                let b = self.operand(cx, table, high);
                if above(&low.value, &high.value) {
                    cx.report(
                        Diagnostic::error(
                            codes::BOUNDS,
                            "the lower bound is above the upper one: nothing lies between",
                            low.span.to(high.span),
                        )
                        .help("write the lower bound first"),
                    );
                    return None;
                }
                Some(Predicate::Between(Box::new(a?), Box::new(b?)))
            }
            Written::Compare(c, value) => Some(Predicate::Compare(*c, Box::new(self.operand(cx, table, value)?))),
            _ => None,
        }
    }

    /// One operand; reported where it cannot be compared with the subject.
    pub(super) fn operand(
        &self,
        cx: &mut Cx<'_>,
        table: Option<&Table<'_>>,
        operand: &Spanned<Operand>,
    ) -> Option<Expression> {
        let e = cx.operand(operand, table)?;
        if e.aggregate && self.level == Level::Row {
            cx.report(
                Diagnostic::error(codes::AGGREGATE, "one row's value is compared with an aggregate", e.span)
                    .help("take the aggregate in a subquery: `(total < (select 10 * avg(total) from …))`"),
            );
            return None;
        }
        let Some(wanted) = self.class else { return Some(e) };
        let (code, message) = match (&operand.value, class(&e, table)) {
            (Operand::Duration(_), _) => {
                (sql::WRONG_TYPES, format!("{} is compared with a duration", class_word(wanted)))
            }
            // A text beside another type is read as one.
            (Operand::Literal(Literal::Text(text)), _) if reads_as(text, wanted, self.ty) => return Some(e),
            (Operand::Literal(Literal::Text(_)), _) => {
                let ty = self.ty.map_or_else(|| class_word(wanted).to_owned(), |ty| format!("`{ty}`"));
                (sql::BAD_CONSTANT, format!("{} is not {ty}", e.text))
            }
            (_, Some(found)) if found != wanted => {
                (sql::WRONG_TYPES, format!("{} is compared with {}", class_word(wanted), class_word(found)))
            }
            _ => return Some(e),
        };
        let help = self.ty.map(|ty| format!("write a value such as `{}`", literals::example(ty)));
        cx.report(Diagnostic::error(code, message, operand.span).maybe_help(help));
        None
    }
}

/// Whether a text can be read as a value of a type; of one that is not known, by its family.
fn reads_as(text: &str, class: TypeClass, ty: Option<&Type>) -> bool {
    match class {
        TypeClass::Number => crate::numbers::number(text.trim()).is_some(),
        TypeClass::Boolean => matches!(text.trim().to_ascii_lowercase().as_str(), "true" | "false" | "t" | "f"),
        TypeClass::Time => ty.is_none_or(|ty| literals::fits(&Literal::Text(text.to_owned()), ty)),
        TypeClass::Text | TypeClass::Bytes | TypeClass::Nested => true,
    }
}

/// Whether both are constants and the first is above the second.
fn above(low: &Operand, high: &Operand) -> bool {
    let number = |o: &Operand| match o {
        Operand::Literal(Literal::Number(n)) => crate::numbers::number(n),
        Operand::Percent(p) => crate::numbers::percent(p),
        #[expect(clippy::cast_precision_loss, reason = "bounds of a duration are far below 2^53 milliseconds")]
        Operand::Duration(ms) => Some(*ms as f64),
        _ => None,
    };
    let text = |o: &Operand| match o {
        Operand::Literal(Literal::Text(s) | Literal::Typed(_, s)) => Some(s.clone()),
        _ => None,
    };
    number(low).zip(number(high)).is_some_and(|(a, b)| a > b) || text(low).zip(text(high)).is_some_and(|(a, b)| a > b)
}
