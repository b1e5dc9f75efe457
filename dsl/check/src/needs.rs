//! Which params the SQL of a table names: they must have values when it is computed.

use pipe_sql::Expression;
use pipe_syntax::Spanned;

use crate::program::Program;
use crate::rule::Predicate;

impl Program {
    /// The declared params that a table's query, rules and clauses name, each time they do.
    pub fn params_named(&self, table: &str) -> Vec<&Spanned<String>> {
        let model = self.models.get(table).into_iter().flat_map(|m| &m.query.params);
        let rules = self.rules.get(table).into_iter().flatten();
        let judged = rules.flat_map(|r| r.subject.iter().chain(&r.filter).chain(r.predicate.operands()));
        let clauses = || self.heals.get(table).into_iter().flat_map(|h| &h.clauses);
        let actions = clauses().flat_map(|c| c.steps.iter().flatten()).flat_map(|a| a.sql.iter().chain(&a.filter));
        let healed = clauses().flat_map(|c| &c.guard).chain(actions);
        // In a clause a field of the failure hides a param.
        let is_field = |name: &str| name == "value" || pipe_schema::failures().iter().any(|f| f.field(name).is_some());
        model
            .chain(judged.flat_map(|e| &e.params))
            .chain(healed.flat_map(|e| &e.params).filter(|p| !is_field(p)))
            .filter(|p| self.params.contains_key(&p.value))
            .collect()
    }
}

impl Predicate {
    /// The values it compares with.
    fn operands(&self) -> Vec<&Expression> {
        match self {
            Predicate::In { values, .. } | Predicate::Values { values, .. } | Predicate::NotMissing(values) => {
                values.iter().collect()
            }
            Predicate::Between(low, high) | Predicate::StrictlyBetween(low, high) => vec![low, high],
            Predicate::Compare(_, value) | Predicate::WithoutGaps(value) => vec![value],
            Predicate::Sequential { step, .. } => step.iter().map(|s| &**s).collect(),
            Predicate::Transitions { steps, .. } => steps.iter().flat_map(|(from, to)| [from, to]).collect(),
            Predicate::Not(inner) | Predicate::Length(inner) | Predicate::Distinct(inner) => inner.operands(),
            Predicate::Compound { parts, .. } => parts.iter().flat_map(|p| p.predicate.operands()).collect(),
            _ => Vec::new(),
        }
    }
}
