//! Assertions on rows against the other rows of the table, or against another table.

use datafusion::common::DFSchema;
use datafusion::logical_expr::type_coercion::binary::comparison_coercion;
use datafusion::logical_expr::{Expr, ExprSchemable};
use pipe_check::{Predicate, Rule};
use pipe_diagnostics::Diagnostic;
use pipe_diagnostics::codes::sql;
use sqlparser::ast;

use super::tree::{self, ident};
use super::window::{self, windowed};
use crate::conversions::is_text;
use crate::types::describe;
use crate::{Planner, row_schema};

/// What a set rule compares, as expressions over a row: keys of both sides are of the same types.
#[derive(Clone, Debug)]
pub struct SetAssertion {
    /// The rows judged: TRUE or not; `None`: all.
    pub judged: Option<Expr>,
    /// The subject: the key, with the groups of `by` in front where keys are counted; of neighbours the value.
    pub keys: Vec<Expr>,
    /// Of predicates on neighbours: the columns of `by`, and the one that orders the rows.
    pub groups: Vec<Expr>,
    /// See `groups`.
    pub order: Option<Expr>,
    /// Of predicates on neighbours, of a model: what tells rows of one order apart, for they come in none.
    pub ties: Vec<Expr>,
    /// Of predicates on neighbours: which rows violate.
    pub windowed: Option<super::Windowed>,
    /// Of `references`: a key that is there violates.
    pub forbidden: bool,
    /// Whether a key with a NULL in it violates too; else it is not judged.
    pub null_fails: bool,
    /// Of `determines`: the columns whose values the key decides, each on its own.
    pub determined: Vec<Expr>,
    /// Of `references`: the other table, and its key over a row of it (see [`row_schema`]).
    pub other: Option<(String, Vec<Expr>)>,
}

impl SetAssertion {
    /// How many of the first keys a row must have to be compared: of ranges the beginning, for an end that is not there is one that
    /// has not come.
    pub fn present(&self) -> usize {
        if self.windowed.is_some() { 1 } else { self.keys.len() }
    }
}

impl Planner<'_> {
    /// A rule of level `Set` over a row of `schema`. Of `references` the other table is the planner's.
    ///
    /// # Errors
    /// What is wrong with its expressions, each at its place; keys of types that cannot be compared; a param without a value.
    pub fn set_assertion(&self, rule: &Rule, schema: &DFSchema) -> Result<SetAssertion, Vec<Diagnostic>> {
        self.check_set(rule, schema)?;
        let judged = rule.filter.as_ref().map(|f| self.condition(f, schema)).transpose()?;
        let mut keys =
            rule.subject.iter().map(|s| self.expression(s, schema)).collect::<Result<Vec<_>, Vec<Diagnostic>>>()?;
        let column = |name: &str, schema: &DFSchema| {
            let (qualifier, field) =
                schema.qualified_field_with_unqualified_name(name).map_err(|_| vec![no_column(rule, name, schema)])?;
            Ok::<Expr, Vec<Diagnostic>>(Expr::from((qualifier, field)))
        };
        let mut determined = Vec::new();
        let mut other = None;
        let (asked, forbidden) = match &rule.predicate {
            Predicate::Not(inner) => (inner.as_ref(), true),
            other => (other, false),
        };
        let mut groups = rule.by.iter().map(|g| column(g, schema)).collect::<Result<Vec<_>, _>>()?;
        // Who decides by a query of its own has just the columns that the rule names.
        let ties = self.ties(rule).into_iter().filter(|c| schema.has_column_with_unqualified_name(c));
        let ties = ties.map(|c| column(&c, schema)).collect::<Result<Vec<_>, _>>()?;
        let rows: Vec<String> = (1..=ties.len()).map(|i| format!("tie_{i}")).collect();
        let rows = [rows, vec!["__file".to_owned(), "__row".to_owned()]].concat().join(", ");
        let windowed = window::windowed(&rule.predicate, groups.len(), &rows, |e| self.printed(e));
        if matches!(rule.predicate, Predicate::Unique | Predicate::Determines(_)) {
            keys.splice(0..0, std::mem::take(&mut groups));
        }
        let order = ordered_by(&rule.predicate).map(|name| column(name, schema)).transpose()?;
        match asked {
            Predicate::Determines(columns) => {
                for name in columns {
                    determined.push(column(name, schema)?);
                }
            }
            Predicate::References { table, columns } => {
                let theirs = self.other_schema(rule, table)?;
                let mut other_keys = Vec::new();
                for (key, name) in keys.iter_mut().zip(columns) {
                    let their = column(name, &theirs)?;
                    let common = common_type(rule, key, schema, &their, &theirs, name)?;
                    let cast =
                        |e: Expr, s: &DFSchema| e.cast_to(&common, s).map_err(|_| vec![super::no_assertion(rule)]);
                    *key = cast(key.clone(), schema)?;
                    other_keys.push(cast(their, &theirs)?);
                }
                other = Some((table.clone(), other_keys));
            }
            _ => {}
        }
        let null_fails = rule.null_fails;
        Ok(SetAssertion { judged, keys, groups, order, windowed, forbidden, null_fails, determined, other, ties })
    }

    /// The columns that tell rows of a model apart: all that have an order.
    pub(super) fn ties(&self, rule: &Rule) -> Vec<String> {
        let schema = self.tables.schema(&rule.table).filter(|_| rule.of_model);
        let fields = schema.iter().flat_map(|s| s.fields()).filter(|f| !f.data_type().is_nested());
        fields.map(|f| f.name().clone()).collect()
    }

    /// Checks a set rule without binding params.
    pub(crate) fn check_set(&self, rule: &Rule, schema: &DFSchema) -> Result<(), Vec<Diagnostic>> {
        let mut wrong = Vec::new();
        let mut types = Vec::new();
        for subject in &rule.subject {
            match self.row_expression(subject, schema) {
                Ok(typed) => {
                    if let Ok(ty) = typed.get_type(schema) {
                        wrong.extend(super::row::takes(rule, subject, &ty).err().unwrap_or_default());
                    }
                    types.push(typed);
                }
                Err(e) => wrong.extend(e),
            }
        }
        if let Some(filter) = &rule.filter {
            wrong.extend(self.row_condition(filter, schema).err().unwrap_or_default());
        }
        let asked = match &rule.predicate {
            Predicate::Not(inner) => inner.as_ref(),
            other => other,
        };
        match asked {
            Predicate::Determines(columns) => {
                let missing = columns.iter().filter(|c| !schema.has_column_with_unqualified_name(c));
                wrong.extend(missing.map(|c| no_column(rule, c, schema)));
            }
            Predicate::References { table, columns } if self.tables.contains(table) => {
                let theirs = self.other_schema(rule, table)?;
                for (i, name) in columns.iter().enumerate() {
                    match (theirs.qualified_field_with_unqualified_name(name), types.get(i)) {
                        (Err(_), _) => wrong.push(no_column(rule, name, &theirs)),
                        (Ok(field), Some(key)) => {
                            let their = Expr::from(field);
                            wrong.extend(
                                common_type(rule, key, schema, &their, &theirs, name).err().unwrap_or_default(),
                            );
                        }
                        (Ok(_), None) => {}
                    }
                }
            }
            _ => {}
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    fn other_schema(&self, rule: &Rule, table: &str) -> Result<DFSchema, Vec<Diagnostic>> {
        let schema = self.tables.schema(table).ok_or_else(|| {
            let message = format!("there is no table `{table}`");
            let help = crate::error::known(table, "tables", self.tables.names());
            vec![Diagnostic::error(sql::QUERY_TABLE, message, rule.span).help(help)]
        })?;
        row_schema(table, &schema).map_err(|_| vec![super::no_assertion(rule)])
    }
}

/// The column that orders the rows of a predicate on neighbours.
pub(super) fn ordered_by(predicate: &Predicate) -> Option<&String> {
    match predicate {
        Predicate::Monotone { order, .. }
        | Predicate::Sequential { order, .. }
        | Predicate::Transitions { order, .. } => order.as_ref(),
        _ => None,
    }
}

fn common_type(
    rule: &Rule,
    key: &Expr,
    schema: &DFSchema,
    their: &Expr,
    theirs: &DFSchema,
    name: &str,
) -> Result<datafusion::arrow::datatypes::DataType, Vec<Diagnostic>> {
    let no = || vec![super::no_assertion(rule)];
    let (mine, other) = (key.get_type(schema).map_err(|_| no())?, their.get_type(theirs).map_err(|_| no())?);
    let common = comparison_coercion(&mine, &other).filter(|_| is_text(&mine) == is_text(&other));
    common.ok_or_else(|| {
        let message =
            format!("a key of type {} cannot refer to `{name}`, which is {}", describe(&mine), describe(&other));
        let span = rule.subject.first().map_or(rule.span, |s| s.span);
        vec![
            Diagnostic::error(sql::WRONG_TYPES, message, span)
                .help("refer to a column of the same type, or convert the key"),
        ]
    })
}

fn no_column(rule: &Rule, name: &str, schema: &DFSchema) -> Diagnostic {
    let table = schema.iter().next().and_then(|(q, _)| q).map_or(rule.table.as_str(), |q| q.table());
    let names = schema.fields().iter().map(|f| f.name().as_str());
    Diagnostic::error(sql::QUERY_COLUMN, format!("there is no column `{name}` in `{table}`"), rule.span)
        .help(crate::error::known(name, "columns", names))
}

/// The columns of `by`, as SQL writes them.
fn groups(rule: &Rule) -> Vec<String> {
    rule.by.iter().map(|g| ident(g).to_string()).collect()
}

/// The conditions of the rows that a set rule judges: its `where`, and what is not there of the keys that it cannot compare.
struct Conditions {
    filter: Vec<String>,
    /// What is compared, as SQL.
    keys: Vec<String>,
}

impl Conditions {
    fn of(rule: &Rule, print: impl Fn(&ast::Expr) -> String) -> Self {
        let filter = rule.filter.iter().map(|f| print(&tree::operand(&f.ast))).collect();
        let ranges = matches!(rule.predicate, Predicate::NotOverlapping | Predicate::Contiguous);
        let present = if ranges { 1 } else { rule.subject.len() };
        let mut keys: Vec<String> = rule.subject.iter().take(present).map(|s| print(&tree::operand(&s.ast))).collect();
        if matches!(rule.predicate, Predicate::Unique | Predicate::Determines(_)) {
            // The groups are part of the key, and a key with a NULL is compared with none.
            keys.extend(groups(rule));
        }
        Self { filter, keys }
    }

    /// Behind `FROM`: the rows with a key.
    fn keyed(&self, from: &str) -> String {
        let keyed = self.keys.iter().map(|k| format!("{k} IS NOT NULL"));
        let conditions: Vec<String> = self.filter.iter().cloned().chain(keyed).collect();
        format!("{from}\n  WHERE {}", conditions.join(" AND "))
    }

    /// Behind `FROM`: the rows without one.
    fn without(&self, from: &str) -> String {
        let nulls: Vec<String> = self.keys.iter().map(|k| format!("{k} IS NULL")).collect();
        let nulls = if nulls.len() == 1 { nulls.join("") } else { format!("({})", nulls.join(" OR ")) };
        let conditions: Vec<String> = self.filter.iter().cloned().chain([nulls]).collect();
        format!("{from}\n  WHERE {}", conditions.join(" AND "))
    }
}

/// The query of how many rows a set rule judges, with `by` in each group. `exempt`: which of those without a key it does not judge.
pub(super) fn rows_judged(rule: &Rule, from: &str, exempt: &str, print: impl Fn(&ast::Expr) -> String) -> String {
    let by = groups(rule).join(", ");
    let columns = if by.is_empty() { "1 AS row" } else { &by };
    let conditions = Conditions::of(rule, print);
    let mut judged = format!("SELECT {columns} FROM {}", conditions.keyed(from));
    if rule.null_fails {
        judged = format!("{judged}\nUNION ALL\nSELECT {columns} FROM {}{exempt}", conditions.without(from));
    }
    if by.is_empty() {
        return format!("SELECT count(*) AS rows FROM (\n{judged}\n) AS judged");
    }
    format!("SELECT {by}, count(*) AS rows FROM (\n{judged}\n) AS judged\nGROUP BY {by}")
}

/// The query of the rows that violate a set rule, over `from`; exactly who violates is said in `pipe_schema::predicates`.
/// `order`: what the rows of a source are in order by, for `increasing`; `exempt`: which rows without a key are not judged.
pub(super) fn failing_rows(
    rule: &Rule,
    from: &str,
    order: &str,
    exempt: &str,
    print: impl Fn(&ast::Expr) -> String,
) -> Option<String> {
    let conditions = Conditions::of(rule, &print);
    let compared = compared(rule, &conditions.keyed(from), order, &print)?;
    if !rule.null_fails {
        return Some(compared);
    }
    Some(format!("{compared}\nUNION ALL BY NAME\nSELECT * FROM {}{exempt}", conditions.without(from)))
}

/// The rows that violate beside others, of those judged.
fn compared(rule: &Rule, judged: &str, order: &str, print: impl Fn(&ast::Expr) -> String) -> Option<String> {
    let keys: Vec<String> = rule.subject.iter().map(|s| print(&s.ast)).collect();
    let by = groups(rule);
    if let Some(windowed) = windowed(&rule.predicate, rule.by.len(), order, &print) {
        let mut named: Vec<String> = keys.iter().enumerate().map(|(i, k)| format!("{k} AS key_{}", i + 1)).collect();
        named.extend(by.iter().enumerate().map(|(i, g)| format!("{g} AS group_{}", i + 1)));
        named.extend(ordered_by(&rule.predicate).map(|o| format!("{} AS order_1", ident(o))));
        let mut sql = format!("SELECT *, {} FROM {judged}", named.join(", "));
        for layer in &windowed.layers {
            let windows: Vec<String> = layer.iter().map(|(name, window)| format!("{window} AS {name}")).collect();
            sql = format!("SELECT *, {} FROM (\n  {sql}\n) AS rows_", windows.join(", "));
        }
        return Some(format!("SELECT * FROM (\n  {sql}\n) AS judged\nWHERE {}", windowed.condition));
    }
    let key = by.iter().chain(&keys).cloned().collect::<Vec<_>>().join(", ");
    let (asked, join) = match &rule.predicate {
        Predicate::Not(inner) => (inner.as_ref(), "SEMI"),
        other => (other, "ANTI"),
    };
    Some(match asked {
        Predicate::Unique => format!(
            "SELECT * FROM (\n  SELECT *, count(*) OVER (PARTITION BY {key}) AS same_key FROM {judged}\n) AS judged\nWHERE same_key > 1"
        ),
        Predicate::References { table, columns } => {
            let named: Vec<String> = keys.iter().enumerate().map(|(i, k)| format!("{k} AS key_{}", i + 1)).collect();
            let on: Vec<String> =
                columns.iter().enumerate().map(|(i, c)| format!("judged.key_{} = other.{}", i + 1, ident(c))).collect();
            format!(
                "SELECT judged.* FROM (\n  SELECT *, {} FROM {judged}\n) AS judged\nLEFT {join} JOIN {} AS other ON {}",
                named.join(", "),
                ident(table),
                on.join(" AND ")
            )
        }
        Predicate::Determines(columns) => determines(judged, &key, columns),
        _ => return None,
    })
}

/// The rows whose value is not the one most frequent value of their group. For each column: `votes` of the row's own value,
/// the `most` of the group, and how many rows have a value with so many votes; more than `most`: a tie. NULL has no votes: where
/// there is a value it differs, and where there is none nothing does.
fn determines(judged: &str, key: &str, columns: &[String]) -> String {
    let each = |f: &dyn Fn(usize, &str) -> String| -> Vec<String> {
        columns.iter().enumerate().map(|(i, c)| f(i + 1, &ident(c).to_string())).collect()
    };
    let votes = each(&|i, c| format!("count({c}) OVER (PARTITION BY {key}, {c}) AS votes_{i}")).join(", ");
    let most = each(&|i, _| format!("max(votes_{i}) OVER (PARTITION BY {key}) AS most_{i}")).join(", ");
    let tied = each(&|i, _| {
        format!("sum(CASE WHEN votes_{i} = most_{i} THEN 1 ELSE 0 END) OVER (PARTITION BY {key}) AS tied_{i}")
    })
    .join(", ");
    let wrong = each(&|i, _| format!("most_{i} > 0 AND (votes_{i} < most_{i} OR tied_{i} > most_{i})")).join(" OR ");
    format!(
        "SELECT * FROM (\n  SELECT *, {tied} FROM (\n  SELECT *, {most} FROM (\n  SELECT *, {votes} FROM {judged}\n  ) AS counted\n  ) AS ranked\n) AS judged\nWHERE {wrong}"
    )
}
