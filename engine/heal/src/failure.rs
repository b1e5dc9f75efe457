//! Failures as typed values. Their names and fields are those of [`pipe_schema::failures`].

use std::collections::BTreeMap;
use std::fmt;

use pipe_check::Rule;
use pipe_schema::Type;

use crate::classify::{Kind, Phase};
use crate::structural::Reason;

/// A failure: what patterns match and guards read.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// As written in a clause: `rule_failed`.
    pub name: &'static str,
    /// The table whose heal block answers it; for failures of a source its name.
    pub table: String,
    /// The fields that have a value. A field that is declared but not here is NULL in a guard.
    pub fields: BTreeMap<&'static str, FieldValue>,
    /// Rows to blame; 0 when none is.
    pub rows: u64,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldValue {
    /// Text, a name, an enum word, a type.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number; ratios and scores from 0 to 1.
    Number(f64),
    /// `true`, `false`
    Bool(bool),
}

impl From<&str> for FieldValue {
    fn from(text: &str) -> Self {
        FieldValue::Text(text.to_owned())
    }
}

impl From<u64> for FieldValue {
    fn from(n: u64) -> Self {
        FieldValue::Integer(i64::try_from(n).unwrap_or(i64::MAX))
    }
}

impl From<f64> for FieldValue {
    fn from(n: f64) -> Self {
        FieldValue::Number(n)
    }
}

impl From<bool> for FieldValue {
    fn from(b: bool) -> Self {
        FieldValue::Bool(b)
    }
}

impl fmt::Display for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FieldValue::Text(s) => f.write_str(s),
            FieldValue::Integer(n) => write!(f, "{n}"),
            FieldValue::Number(n) => write!(f, "{n}"),
            FieldValue::Bool(b) => write!(f, "{b}"),
        }
    }
}

/// The best rename for a missing column.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The found column.
    pub column: String,
    /// How well it fits, 0 to 1.
    pub score: f64,
    /// The distance to the second best, both ways, 0 to 1.
    pub margin: f64,
}

impl Failure {
    fn new(name: &'static str, table: &str, rows: u64) -> Self {
        Self { name, table: table.to_owned(), fields: BTreeMap::new(), rows }
    }

    fn with(mut self, field: &'static str, value: impl Into<FieldValue>) -> Self {
        self.fields.insert(field, value.into());
        self
    }

    fn with_some(self, field: &'static str, value: Option<impl Into<FieldValue>>) -> Self {
        match value {
            Some(value) => self.with(field, value),
            None => self,
        }
    }

    /// A source cannot be reached or read. `status` is the protocol's own code: an HTTP status.
    pub fn source_error(source: &str, kind: Kind, phase: Phase, status: Option<u16>, message: &str) -> Self {
        Self::new("source_error", source, 0)
            .with("source", source)
            .with("kind", kind.word())
            .with("phase", phase.word())
            .with_some("status", status.map(u64::from))
            .with("message", message)
    }

    /// A sink refuses; `rows` are those it rejects, 0 when it refuses as a whole. `target` is the load's name.
    pub fn load_error(table: &str, target: &str, kind: Kind, phase: Phase, rows: u64, message: &str) -> Self {
        Self::new("load_error", table, rows)
            .with("table", table)
            .with("target", target)
            .with("kind", kind.word())
            .with("phase", phase.word())
            .with("rows", rows)
            .with("message", message)
    }

    /// A query fails while running.
    pub fn model_error(model: &str, kind: Kind, message: &str) -> Self {
        Self::new("model_error", model, 0).with("model", model).with("kind", kind.word()).with("message", message)
    }

    /// A declared column is absent. Without a candidate `$score` and `$margin` are NULL, so no guard on them holds.
    pub fn missing_column(source: &str, column: &str, ty: &Type, candidate: Option<&Candidate>) -> Self {
        Self::new("missing_column", source, 0)
            .with("source", source)
            .with("column", column)
            .with("type", ty.to_string().as_str())
            .with_some("candidate", candidate.map(|c| c.column.as_str()))
            .with_some("score", candidate.map(|c| c.score))
            .with_some("margin", candidate.map(|c| c.margin))
    }

    /// A column that is not declared; `ty` as inferred.
    pub fn new_column(source: &str, column: &str, ty: &Type) -> Self {
        Self::new("new_column", source, 0)
            .with("source", source)
            .with("column", column)
            .with("type", ty.to_string().as_str())
    }

    /// The source's type differs; `lossless` when every value of the found type is one of the declared.
    pub fn type_changed(source: &str, column: &str, declared: &Type, found: &Type, lossless: bool) -> Self {
        Self::new("type_changed", source, 0)
            .with("source", source)
            .with("column", column)
            .with("declared", declared.to_string().as_str())
            .with("found", found.to_string().as_str())
            .with("lossless", lossless)
    }

    /// Records that cannot be parsed: the file and line (from 1) of the first, why, how many of `read` records.
    pub fn bad_record(source: &str, file: &str, line: u64, reason: &str, rows: u64, read: u64) -> Self {
        Self::new("bad_record", source, rows)
            .with("source", source)
            .with("file", file)
            .with("line", line)
            .with("reason", reason)
            .with("ratio", ratio(rows, read))
            .with("rows", rows)
    }

    /// Values that do not convert to the column's type: in `rows` of `read` rows.
    pub fn cast_failed(table: &str, column: &str, ty: &Type, rows: u64, read: u64) -> Self {
        Self::new("cast_failed", table, rows)
            .with("table", table)
            .with("column", column)
            .with("type", ty.to_string().as_str())
            .with("ratio", ratio(rows, read))
            .with("rows", rows)
    }

    /// A row or set rule fails: `rows` of the `judged` rows violate it.
    pub fn rule_failed(rule: &Rule, rows: u64, judged: u64) -> Self {
        Self::new("rule_failed", &rule.table, rows)
            .with("table", rule.table.as_str())
            .with("rule", rule.name.as_str())
            .with_some("column", rule.column.as_deref())
            .with("check", rule.check)
            .with("dimension", rule.dimension.as_str())
            .with("severity", rule.severity.word())
            .with("rows", rows)
            .with("ratio", ratio(rows, judged))
    }

    /// A rule over the whole table fails; `observed` and `expected` as the report prints them.
    pub fn table_failed(rule: &Rule, observed: &str, expected: &str) -> Self {
        Self::new("table_failed", &rule.table, 0)
            .with("table", rule.table.as_str())
            .with("rule", rule.name.as_str())
            .with("check", rule.check)
            .with("dimension", rule.dimension.as_str())
            .with("severity", rule.severity.word())
            .with("observed", observed)
            .with("expected", expected)
    }

    /// The batch looks like a changed source, not like bad rows.
    pub fn structural(table: &str, reason: Reason, ratio: f64) -> Self {
        Self::new("structural", table, 0).with("table", table).with("reason", reason.word()).with("ratio", ratio)
    }

    /// A field's text, if it has one.
    pub fn text(&self, field: &str) -> Option<&str> {
        match self.fields.get(field) {
            Some(FieldValue::Text(s)) => Some(s),
            _ => None,
        }
    }

    /// What `$field` stands for in a guard: every declared field, `None` (NULL) where the failure has no value for it.
    pub fn parameters(&self) -> BTreeMap<&'static str, Option<FieldValue>> {
        let mut out: BTreeMap<&'static str, Option<FieldValue>> = pipe_schema::failure(self.name)
            .into_iter()
            .flat_map(|info| info.fields)
            .map(|field| (field.name, None))
            .collect();
        out.extend(self.fields.iter().map(|(name, value)| (*name, Some(value.clone()))));
        out
    }

    /// The fields as texts, for the report.
    pub fn field_texts(&self) -> BTreeMap<String, String> {
        self.fields.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect()
    }

    /// The field that tells this failure from others of its name.
    fn identifying(&self) -> &'static [&'static str] {
        match self.name {
            "source_error" | "load_error" | "model_error" => &["kind"],
            "rule_failed" | "table_failed" => &["rule"],
            "bad_record" => &["source"],
            "structural" => &["reason"],
            _ => &["column"],
        }
    }
}

/// `rule_failed(rule: order_id.unique)`: the name and the field that tells it from others, as a pattern would name it.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        let mut open = "(";
        for field in self.identifying() {
            if let Some(text) = self.text(field) {
                write!(f, "{open}{field}: ")?;
                if text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.') && !text.is_empty() {
                    f.write_str(text)?;
                } else {
                    write!(f, "'{}'", text.replace('\'', "''"))?;
                }
                open = ", ";
            }
        }
        if open == ", " { f.write_str(")") } else { Ok(()) }
    }
}

/// `part / whole`, 0 when there is no whole.
#[expect(clippy::cast_precision_loss, reason = "a ratio of row counts; 53 bits are plenty")]
pub(crate) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{expression, rule};

    /// One of each, all fields given.
    fn samples() -> Vec<Failure> {
        let judged = rule("order_id.unique", "unique", pipe_check::Predicate::Unique, vec![expression("order_id")]);
        let candidate = Candidate { column: "sum_total".into(), score: 0.91, margin: 0.4 };
        vec![
            Failure::source_error("orders", Kind::Throttled, Phase::Read, Some(429), "slow down"),
            Failure::load_error("orders", "orders_2", Kind::Constraint, Phase::Write, 3, "no"),
            Failure::model_error("daily", Kind::Quota, "memory"),
            Failure::missing_column("orders", "total", &Type::Decimal(10, 2), Some(&candidate)),
            Failure::new_column("orders", "it's", &Type::Text),
            Failure::type_changed("orders", "total", &Type::Decimal(10, 2), &Type::Text, false),
            Failure::bad_record("orders", "data/a.csv", 7, "3 fields, expected 8", 2, 100),
            Failure::cast_failed("orders", "unit_price", &Type::Decimal(10, 2), 1, 4),
            Failure::rule_failed(&judged, 2, 8),
            Failure::table_failed(&judged, "12", "between 1000 and 2000"),
            Failure::structural("orders", Reason::MaxQuarantine, 0.75),
        ]
    }

    #[test]
    fn names_and_fields_are_those_of_the_language() {
        let declared: BTreeMap<&str, Vec<&str>> = pipe_schema::failures()
            .iter()
            .map(|f| {
                let mut fields: Vec<&str> = f.fields.iter().map(|f| f.name).collect();
                fields.sort_unstable();
                (f.name, fields)
            })
            .collect();
        let raised: BTreeMap<&str, Vec<&str>> =
            samples().iter().map(|f| (f.name, f.fields.keys().copied().collect())).collect();
        assert_eq!(raised, declared);
    }

    #[test]
    fn fields_hold_what_the_language_says() {
        use pipe_schema::FieldType as T;
        for failure in samples() {
            for field in pipe_schema::failure(failure.name).unwrap().fields {
                let value = &failure.fields[field.name];
                let fits = match field.ty {
                    T::Integer => matches!(value, FieldValue::Integer(_)),
                    T::Number => matches!(value, FieldValue::Number(_)),
                    T::Bool => matches!(value, FieldValue::Bool(_)),
                    T::Word(words) => matches!(value, FieldValue::Text(t) if words.contains(&t.as_str())),
                    _ => matches!(value, FieldValue::Text(_)),
                };
                assert!(fits, "{}.{}: {value:?}", failure.name, field.name);
            }
        }
    }

    #[test]
    fn shown_as_a_pattern_would_name_it() {
        let shown: Vec<String> = samples().iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "source_error(kind: throttled)",
                "load_error(kind: constraint)",
                "model_error(kind: quota)",
                "missing_column(column: total)",
                "new_column(column: 'it''s')",
                "type_changed(column: total)",
                "bad_record(source: orders)",
                "cast_failed(column: unit_price)",
                "rule_failed(rule: order_id.unique)",
                "table_failed(rule: order_id.unique)",
                "structural(reason: max_quarantine)",
            ]
        );
    }

    #[test]
    fn what_has_no_value_is_null_in_a_guard() {
        let parameters = Failure::missing_column("orders", "total", &Type::Int, None).parameters();
        assert_eq!(parameters["score"], None);
        assert_eq!(parameters["column"], Some(FieldValue::Text("total".into())));
        assert!(parameters.contains_key("margin") && parameters.contains_key("candidate"));
    }

    #[test]
    fn ratios_are_over_the_rows_as_read() {
        let failure = Failure::cast_failed("orders", "c", &Type::Int, 1, 4);
        assert_eq!((failure.rows, &failure.fields["ratio"]), (1, &FieldValue::Number(0.25)));
        assert_eq!(Failure::cast_failed("orders", "c", &Type::Int, 0, 0).fields["ratio"], FieldValue::Number(0.0));
    }
}
