//! A table's rules, planned for one pass over one input.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type, SchemaRef, TimeUnit, UInt64Type};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::physical_expr::aggregate::AggregateFunctionExpr;
use datafusion::physical_plan::PhysicalExpr;
use pipe_check::{Predicate, Rule};
use pipe_compile::{FusedAssertion, Planner, SetAssertion, TableAssertion, Tables, row_schema};
use pipe_quality::{Aggregate, CastCheck, Judge, KeyPlan, Reason, RowRule};
use pipe_schema::Level;

use crate::engine::Stopped;
use crate::groups::{Grouped, is_proven_by_hashes};
use crate::report::HistoryReport;

/// Aggregates whose state grows with the input: a pass that held them would too, so they are asked of the staged rows.
const HEAVY: [&str; 8] =
    ["median", "percentile_cont", "quantile_cont", "array_agg", "string_agg", "first_value", "last_value", "nth_value"];

/// Whether the state of an aggregate grows with the input.
pub fn is_heavy(aggregate: &AggregateFunctionExpr) -> bool {
    aggregate.is_distinct() || HEAVY.contains(&aggregate.fun().name())
}

/// The rules of a table.
#[derive(Debug)]
pub struct Rulebook {
    /// All rules, in the order written.
    pub rules: Vec<Rule>,
    /// Row rules (and the casts); references are added when their tables are known.
    pub judge: Judge,
    /// Aggregates of the table rules that one pass can feed.
    pub aggregates: Arc<[Aggregate]>,
    /// Table rules.
    pub table: Vec<TableRule>,
    /// `unique`, `determines`, `increasing`, by rule.
    pub set: Vec<(u16, SetAssertion)>,
    /// `references`, by rule.
    pub references: Vec<(u16, SetAssertion)>,
    /// Of `set` those that are proven by hashes of their keys.
    pub keys: Vec<KeyPlan>,
    /// What rules with a tolerance of each group find group by group.
    pub grouped: BTreeMap<u16, Grouped>,
    /// What samples of a reason show.
    pub sample_columns: BTreeMap<Reason, Vec<usize>>,
    /// The input's columns, as expressions see them.
    pub row: DFSchema,
    /// What the rules may name: the tables they refer to, and their own.
    pub tables: Tables,
}

/// A table rule.
#[derive(Debug)]
pub struct TableRule {
    /// Its place among the rules.
    pub rule: u16,
    /// What is asked.
    pub assertion: TableAssertion,
    /// Its aggregates among [`Rulebook::aggregates`]; `None`: it is asked as a query.
    pub fused: Option<Range<usize>>,
}

/// A table rule's verdict.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// As shown.
    pub text: String,
    /// As kept for later runs: numbers; times as seconds since 1970.
    pub value: Option<f64>,
    /// What is counted, where it is a share or a count.
    pub numerator: Option<u64>,
    /// How many there are of what it is over.
    pub denominator: Option<u64>,
    /// Whether it is as expected.
    pub holds: bool,
    /// Whether it is far from what it was in earlier runs.
    pub anomalous: bool,
    /// What was observed of each group, in order of their names; of rules with `by`.
    pub groups: Vec<Group>,
    /// What it was compared with; of rules on earlier runs.
    pub history: Option<Box<HistoryReport>>,
}

/// What was observed of a group.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Its columns with their values: `shop = b`; empty: all rows.
    pub name: String,
    /// As kept for later runs.
    pub value: Option<f64>,
    /// Whether it is far from what it was in earlier runs.
    pub anomalous: bool,
}

impl Group {
    /// A group of which nothing was observed yet.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }
}

impl Rulebook {
    /// Plans the rules of `table`. `input` are the columns of the pass's input, the data columns first; `planner` knows the table itself and those its rules refer to.
    ///
    /// # Errors
    /// What the planner finds wrong with a rule.
    pub fn new(
        planner: &Planner<'_>,
        table: &str,
        rules: &[Rule],
        input: &SchemaRef,
        columns: usize,
    ) -> Result<Self, Stopped> {
        let all: Vec<u16> = (0u16..).take(rules.len()).collect();
        Self::of(planner, table, rules, &all, false, input, columns)
    }

    /// As [`Rulebook::new`], but that of the rules only those with these numbers are planned. `heavy`: aggregates whose state grows with
    /// the input are fed by the pass too, because reading the rows again costs more.
    ///
    /// # Errors
    /// As there.
    pub fn of(
        planner: &Planner<'_>,
        table: &str,
        rules: &[Rule],
        open: &[u16],
        heavy: bool,
        input: &SchemaRef,
        columns: usize,
    ) -> Result<Self, Stopped> {
        let row = row_schema(table, input)?;
        let mut book = Rulebook {
            rules: rules.to_vec(),
            judge: Judge::default(),
            aggregates: Arc::new([]),
            table: Vec::new(),
            set: Vec::new(),
            references: Vec::new(),
            keys: Vec::new(),
            grouped: BTreeMap::new(),
            sample_columns: BTreeMap::new(),
            row,
            tables: planner.tables().clone(),
        };
        let mut aggregates = Vec::new();
        for (index, rule) in (0u16..).zip(rules).filter(|(i, _)| open.contains(i)) {
            match rule.level {
                Level::Row => book.row_rule(planner, index, rule)?,
                Level::Set => book.set_rule(planner, index, rule)?,
                Level::Table | Level::History => book.table_rule(planner, index, rule, heavy, &mut aggregates)?,
                Level::Schema => {}
            }
            let mut shown: Vec<usize> = rule
                .subject
                .iter()
                .flat_map(|e| &e.columns)
                .filter_map(|c| c.parts.last())
                .filter_map(|name| input.fields().iter().take(columns).position(|f| f.name() == name))
                .collect();
            if let Predicate::Determines(determined) = &rule.predicate {
                shown.extend(determined.iter().filter_map(|n| input.fields().iter().position(|f| f.name() == n)));
            }
            shown.dedup();
            if !shown.is_empty() {
                book.sample_columns.insert(Reason::Rule(index), shown);
            }
        }
        book.aggregates = aggregates.into();
        Ok(book)
    }

    fn row_rule(&mut self, planner: &Planner<'_>, index: u16, rule: &Rule) -> Result<(), Stopped> {
        let assertion = planner.row_assertion(rule, &self.row)?;
        let column = rule.column.as_ref().and_then(|c| self.row.index_of_column_by_name(None, c));
        self.judge.rules.push(RowRule {
            rule: index,
            column,
            passes: planner.physical(&assertion.passes, &self.row)?,
            judged: assertion.judged.map(|j| planner.physical(&j, &self.row)).transpose()?,
            null_fails: rule.null_fails,
        });
        Ok(())
    }

    fn set_rule(&mut self, planner: &Planner<'_>, index: u16, rule: &Rule) -> Result<(), Stopped> {
        let assertion = planner.set_assertion(rule, &self.row)?;
        if assertion.other.is_some() {
            self.references.push((index, assertion));
            return Ok(());
        }
        if is_proven_by_hashes(rule) {
            self.keys.push(key_plan(planner, index, &assertion, &self.row)?);
        }
        self.set.push((index, assertion));
        Ok(())
    }

    fn table_rule(
        &mut self,
        planner: &Planner<'_>,
        index: u16,
        rule: &Rule,
        together: bool,
        aggregates: &mut Vec<Aggregate>,
    ) -> Result<(), Stopped> {
        let assertion = planner.table_assertion(rule)?;
        let mut fused = None;
        if let Some(plan) = assertion.fused.as_ref().filter(|f| f.input.is_none()) {
            let judged = plan.judged.as_ref().map(|j| planner.physical(j, &self.row)).transpose()?;
            let mut lowered = Vec::new();
            for aggregate in &plan.aggregates {
                let aggregate = planner.aggregate(aggregate, &self.row)?;
                let filter = both(aggregate.filter, judged.clone());
                lowered.push(Aggregate { function: aggregate.function, filter });
            }
            if together || !lowered.iter().any(|a| is_heavy(&a.function)) {
                fused = Some(aggregates.len()..aggregates.len() + lowered.len());
                aggregates.extend(lowered);
            }
        }
        self.table.push(TableRule { rule: index, assertion, fused });
        Ok(())
    }

    /// Which text columns behind `_raw` belong to which data column.
    pub fn with_casts(mut self, input: &SchemaRef, raw: Option<usize>, bad: Option<usize>) -> Self {
        self.judge.raw = raw;
        self.judge.bad = bad;
        if let Some(datafusion::arrow::datatypes::DataType::Struct(fields)) =
            raw.and_then(|r| input.fields().get(r)).map(|f| f.data_type())
        {
            self.judge.casts = fields
                .iter()
                .enumerate()
                .filter_map(|(raw, f)| Some(CastCheck { column: input.index_of(f.name()).ok()?, raw }))
                .collect();
        }
        self
    }

    /// The rule with this number.
    pub fn rule(&self, index: u16) -> Option<&Rule> {
        self.rules.get(usize::from(index))
    }
}

/// What a fused table rule observed, from the values of its aggregates.
///
/// # Errors
/// The rule's expression fails on them.
pub fn observe(planner: &Planner<'_>, fused: &FusedAssertion, values: &[ScalarValue]) -> Result<Observed, Stopped> {
    let columns = values.iter().map(ScalarValue::to_array).collect::<Result<Vec<_>, _>>()?;
    let batch = RecordBatch::try_new(Arc::clone(fused.values.inner()), columns)
        .map_err(datafusion::error::DataFusionError::from)?;
    let value = |e: &datafusion::logical_expr::Expr| -> Result<_, Stopped> {
        Ok(planner.physical(e, &fused.values)?.evaluate(&batch)?.into_array(1)?)
    };
    let holds = fused.holds.as_ref().map(value).transpose()?;
    let counted = |e: &Option<_>| -> Result<_, Stopped> {
        Ok(e.as_ref().map(value).transpose()?.and_then(|count| whole(count.as_ref())))
    };
    let (numerator, denominator) = (counted(&fused.numerator)?, counted(&fused.denominator)?);
    let seen = observed(value(&fused.observed)?.as_ref(), holds.as_deref());
    Ok(Observed { numerator, denominator, ..seen })
}

/// An observation from one-row columns.
pub fn observed(value: &dyn Array, holds: Option<&dyn Array>) -> Observed {
    let options = FormatOptions::default().with_null("NULL");
    let text = ArrayFormatter::try_new(value, &options).map(|f| f.value(0).to_string()).unwrap_or_default();
    let holds = holds.and_then(|h| h.as_boolean_opt()).is_none_or(|h| h.is_valid(0) && h.value(0));
    Observed { text, value: number(value), holds, ..Observed::default() }
}

/// The first value as a whole number.
pub fn whole(value: &dyn Array) -> Option<u64> {
    let number = cast(value, &DataType::UInt64).ok()?;
    let number = number.as_primitive_opt::<UInt64Type>()?;
    number.is_valid(0).then(|| number.value(0))
}

/// The first value as a number; times as seconds since 1970.
fn number(value: &dyn Array) -> Option<f64> {
    const MICROSECONDS: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);
    let is_moment = matches!(value.data_type(), DataType::Timestamp(..) | DataType::Date32 | DataType::Date64);
    let (value, unit) = match is_moment {
        true => (cast(&cast(value, &MICROSECONDS).ok()?, &DataType::Int64).ok()?, 1e6),
        false => (datafusion::arrow::array::make_array(value.to_data()), 1.0),
    };
    let number = cast(&value, &DataType::Float64).ok()?;
    let number = number.as_primitive_opt::<Float64Type>()?;
    number.is_valid(0).then(|| number.value(0) / unit)
}

/// The columns a rule reads, of the row it judges: its subject's and its filter's.
pub fn columns_of(rule: &Rule) -> impl Iterator<Item = &str> {
    let expressions = rule.subject.iter().chain(&rule.filter);
    expressions.flat_map(|e| &e.columns).filter_map(|c| c.parts.last().map(String::as_str))
}

/// The key of a set rule, ready to be evaluated.
///
/// # Errors
/// A column that is not in `row`.
pub fn key_plan(
    planner: &Planner<'_>,
    rule: u16,
    assertion: &SetAssertion,
    row: &DFSchema,
) -> Result<KeyPlan, Stopped> {
    let columns = assertion.keys.iter().map(|k| planner.physical(k, row)).collect::<Result<_, _>>()?;
    let judged = assertion.judged.as_ref().map(|j| planner.physical(j, row)).transpose()?;
    Ok(KeyPlan { rule, columns, judged })
}

fn both(a: Option<Arc<dyn PhysicalExpr>>, b: Option<Arc<dyn PhysicalExpr>>) -> Option<Arc<dyn PhysicalExpr>> {
    use datafusion::logical_expr::Operator;
    use datafusion::physical_expr::expressions::BinaryExpr;
    match (a, b) {
        (Some(a), Some(b)) => Some(Arc::new(BinaryExpr::new(a, Operator::And, b))),
        (a, b) => a.or(b),
    }
}
