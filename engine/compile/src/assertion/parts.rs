//! What the query of a table rule is made of.

use pipe_check::{Predicate, Rule};
use pipe_diagnostics::Diagnostic;
use pipe_schema::Level;
use sqlparser::ast;

use super::holds::{distinct, expected, holds};
use super::statistic::{self, Counts, FILTER, Over, SUBJECT, rows_of};
use super::tree::{self, ident};

/// What is asked, and what must be observed.
pub(super) struct Parts {
    pub(super) form: Form,
    pub(super) expected: String,
    counts: Counts,
}

/// The forms of the query.
pub(super) enum Form {
    /// One value, of each group when there are groups, and whether it is as expected: TRUE, FALSE or NULL, `None` for rules of
    /// history. Without aggregates it does not read the table.
    Value { observed: Box<ast::Expr>, holds: Option<Box<ast::Expr>>, reads: bool, over: Over },
    /// A boolean that every row must meet: what is observed is how many do not.
    EveryRow(Box<ast::Expr>),
}

impl Parts {
    pub(super) fn of(rule: &Rule) -> Result<Self, Vec<Diagnostic>> {
        let mut parts = Self::made(rule).ok_or_else(|| vec![super::no_assertion(rule)])?;
        if let Form::Value { observed, holds, .. } = &mut parts.form {
            tree::count_what_exists(observed);
            if let Some(holds) = holds {
                tree::count_what_exists(holds);
            }
        }
        Ok(parts)
    }

    /// One value that is only shown.
    pub(super) fn shown(value: ast::Expr, reads: bool) -> Self {
        let form = Form::Value { observed: Box::new(value), holds: None, reads, over: Over::Rows };
        Self { form, expected: String::new(), counts: Counts::default() }
    }

    fn made(rule: &Rule) -> Option<Self> {
        let none = tree::null();
        let subject = rule.subject.first();
        let of = subject.map_or(&none, |s| &s.ast);
        if rule.level == Level::History {
            let (observed, over, counts) = match &rule.predicate {
                Predicate::Statistic(statistic) => {
                    let number = statistic::number(of, statistic, rule.approx)?;
                    (number.value, number.over, number.counts)
                }
                Predicate::Distinct(_) => (distinct(rule, of), Over::Rows, distinct_counts(rule, of)),
                _ => (of.clone(), Over::Rows, all_rows()),
            };
            let form = Form::Value { observed: Box::new(observed), holds: None, reads: true, over };
            return Some(Self { form, expected: expected(&rule.predicate), counts });
        }
        let value = |observed: ast::Expr, holds: ast::Expr, reads, over| Form::Value {
            observed: Box::new(observed),
            holds: Some(Box::new(holds)),
            reads,
            over,
        };
        let computed = match &rule.predicate {
            Predicate::Statistic(statistic) => {
                let number = statistic::number(of, statistic, rule.approx)?;
                let holds = holds(rule, &number.value, &statistic.holds)?;
                Some((number.value, holds, number.over, number.counts))
            }
            Predicate::WithoutGaps(over) => {
                let number = statistic::gaps(&over.ast)?;
                let holds = tree::binary(&number.value, ast::BinaryOperator::Eq, &tree::expression("0")?);
                Some((number.value, holds, number.over, number.counts))
            }
            Predicate::Distinct(_) => {
                let holds = holds(rule, of, &rule.predicate)?;
                Some((distinct(rule, of), holds, Over::Rows, distinct_counts(rule, of)))
            }
            Predicate::RowCountSameAs(table) => {
                let rows = tree::expression("count(*)")?;
                let denominator = tree::scalar(rows.clone(), table);
                let counts = Counts { numerator: Some(rows.clone()), denominator };
                Some((rows, holds(rule, of, &rule.predicate)?, Over::Rows, counts))
            }
            Predicate::Values { .. } | Predicate::Compound { .. } => {
                let holds = holds(rule, of, &rule.predicate)?;
                Some((holds.clone(), holds, Over::Rows, all_rows()))
            }
            _ => None,
        };
        if let Some((observed, holds, over, counts)) = computed {
            let expected = match &rule.predicate {
                Predicate::WithoutGaps(_) => format!("no {}", expected(&rule.predicate).trim_start_matches("without ")),
                Predicate::Distinct(inner) => expected(inner),
                predicate => expected(predicate),
            };
            return Some(Self { form: value(observed, holds, true, over), expected, counts });
        }
        let holds = holds(rule, of, &rule.predicate)?;
        let aggregates = subject.is_some_and(|s| s.aggregate);
        let reads = subject.is_some_and(|s| !s.columns.is_empty());
        if !aggregates && (reads || rule.filter.is_some()) {
            let expected = "0 rows that do not hold".to_owned();
            return Some(Self { form: Form::EveryRow(Box::new(holds)), expected, counts: all_rows() });
        }
        let (observed, expected) = match (&rule.predicate, bare(of)) {
            (Predicate::True, ast::Expr::BinaryOp { left, op, right }) if is_comparison(op) => {
                ((**left).clone(), format!("{op} {right}"))
            }
            (Predicate::True, ast::Expr::Between { expr, negated: false, low, high }) => {
                ((**expr).clone(), format!("between {low} and {high}"))
            }
            (Predicate::True, _) => (of.clone(), "true".to_owned()),
            (predicate, _) => (of.clone(), expected(predicate)),
        };
        let counts = if aggregates { all_rows() } else { Counts::default() };
        Some(Self { form: value(observed, holds, aggregates, Over::Rows), expected, counts })
    }

    /// Whether the query says if the rule holds.
    pub(super) fn judges(&self) -> bool {
        !matches!(self.form, Form::Value { holds: None, .. })
    }

    /// The query as a tree: made from text with the user's trees put in, so that those keep their places. Behind `observed` and
    /// `holds` come the columns of the groups; without groups what the number is a share of, `numerator` and `denominator`.
    pub(super) fn query(&self, rule: &Rule) -> Option<ast::Query> {
        self.query_over(rule, &ident(&rule.table).to_string(), rule.by.is_empty())
    }

    fn query_over(&self, rule: &Rule, from: &str, counted: bool) -> Option<ast::Query> {
        let filter = rule.filter.as_ref().map(|f| f.ast.clone());
        let groups = rule.by.iter().map(|g| ident(g).to_string()).collect::<Vec<_>>().join(", ");
        let grouped = if groups.is_empty() { String::new() } else { format!(" GROUP BY {groups}") };
        let columns = || rule.by.iter().map(|g| ast::SelectItem::UnnamedExpr(tree::column(g)));
        match &self.form {
            Form::EveryRow(row) => {
                let wrong = wrong(rule);
                let ok = if groups.is_empty() { groups } else { format!(", {groups}") };
                let wrong = format!("count(*) FILTER (WHERE ok {wrong})");
                let counts =
                    if counted { format!(", {wrong} AS numerator, count(*) AS denominator") } else { String::new() };
                let mut query = tree::query(&format!(
                    "SELECT {wrong} AS observed, {wrong} = 0 AS holds{counts}{ok} FROM (SELECT NULL FROM {from}) AS judged{grouped}"
                ))?;
                let relation = select_of(&mut query)?.from.first_mut()?;
                let ast::TableFactor::Derived { subquery, .. } = &mut relation.relation else { return None };
                let inner = select_of(subquery)?;
                inner.projection = vec![aliased((**row).clone(), "ok")];
                inner.projection.extend(columns());
                inner.selection = filter;
                Some(query)
            }
            Form::Value { observed, holds, reads, over } => {
                let rows = rows_of(over, from, filter.is_some(), &rule.by);
                let filtered = rows.is_some();
                let from = match rows {
                    Some(rows) => format!(" FROM {rows} AS counted"),
                    None if *reads => format!(" FROM {from}"),
                    None => String::new(),
                };
                let mut query = tree::query(&format!("SELECT NULL{from}{grouped}"))?;
                if filtered {
                    tree::put(&mut query, SUBJECT, &rule.subject.first()?.ast)?;
                    if let Some(filter) = &filter {
                        tree::put(&mut query, FILTER, filter)?;
                    }
                }
                let select = select_of(&mut query)?;
                select.projection = vec![aliased((**observed).clone(), "observed")];
                select.projection.extend(holds.as_ref().map(|holds| aliased(verdict(rule, holds), "holds")));
                let Counts { numerator, denominator } = &self.counts;
                let counts = [(numerator, "numerator"), (denominator, "denominator")].into_iter().filter(|_| counted);
                let counts = counts.filter_map(|(count, name)| Some(aliased(count.clone()?, name)));
                select.projection.extend(counts);
                select.projection.extend(columns());
                select.selection = filter.filter(|_| !filtered);
                Some(query)
            }
        }
    }

    /// The same query as text, over `from`.
    pub(super) fn sql(&self, rule: &Rule, from: &str, print: impl Fn(&ast::Expr) -> String) -> Option<String> {
        let filter = rule.filter.as_ref().map(|f| format!("\nWHERE {}", print(&f.ast))).unwrap_or_default();
        let simple = rule.by.is_empty();
        Some(match &self.form {
            Form::EveryRow(row) if simple => format!(
                "SELECT count(*) AS observed, count(*) = 0 AS holds\nFROM (SELECT {} AS ok FROM {from}{filter}) AS judged\nWHERE ok {}",
                print(row),
                wrong(rule)
            ),
            Form::Value { observed, holds, reads, over: Over::Rows } if simple => {
                let holds =
                    holds.as_ref().map(|h| format!(", {} AS holds", print(&verdict(rule, h)))).unwrap_or_default();
                let from = if *reads { format!("\nFROM {from}{filter}") } else { String::new() };
                format!("SELECT {} AS observed{holds}{from}", print(observed))
            }
            _ => {
                let printed = print(&ast::Expr::Subquery(Box::new(self.query_over(rule, from, false)?)));
                printed.strip_prefix('(').and_then(|p| p.strip_suffix(')')).unwrap_or(&printed).to_owned()
            }
        })
    }
}

/// Of distinct values: how many there are, of the rows with a value.
fn distinct_counts(rule: &Rule, subject: &ast::Expr) -> Counts {
    Counts { numerator: Some(distinct(rule, subject)), ..Counts::of(None, Some("count(x)"), subject) }
}

/// Of a number that is neither a share nor a count: the rows it is over.
fn all_rows() -> Counts {
    Counts { numerator: None, denominator: tree::expression("count(*)") }
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
    ast::SelectItem::ExprWithAlias { expr, alias: ident(alias) }
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
