//! Set rules over the table as it stands: the rows that passed and the failing rows that pass by now, together.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, new_empty_array};
use datafusion::arrow::compute::concat;
use datafusion::arrow::datatypes::{DataType, Int64Type, SchemaRef};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{Expr, ExprFunctionExt, ExprSchemable, SortExpr};
use datafusion::prelude::{DataFrame, cast, col, lit};
use futures::StreamExt;
use pipe_check::Predicate;
use pipe_compile::{SetAssertion, Windowed};
use pipe_connect::source::meta;
use pipe_heal::vote::tally;

use super::ids::{Ids, Numbered, RowId, row_ids};
use super::rows::numbered;
use super::votes::{KeyHasher, Keys, Votes};
use crate::engine::{Engine, Stopped};
use crate::errors;
use crate::groups::Grouped;

/// What the places of rows are called where their own names may be taken.
pub(super) const FILE: &str = "__file";
/// See [`FILE`].
pub(super) const ROW: &str = "__row";

/// What a set rule finds.
#[derive(Debug, Default)]
pub struct Found {
    /// The rows that violate. Of `unique` each has the number of its key; of `determines` those of its votes, one for each
    /// determined column that differs; those without a key have the greatest number there is.
    pub rows: Ids,
    /// How many they are.
    pub count: u64,
    /// Of `unique`: how many keys they have.
    pub keys: usize,
    /// Of `determines`: the votes, each about one of the determined columns.
    pub votes: Votes,
    /// Rows judged.
    pub judged: u64,
    /// Of a rule with a tolerance of each group: the rows that violate in groups that do not fail. They are not among `rows`.
    pub spared: Ids,
    /// Of such a rule: what was found group by group.
    pub grouped: Option<Grouped>,
}

impl Found {
    /// All rows that violate, also those that are spared.
    pub fn violations(&self) -> u64 {
        self.count + self.spared.rows()
    }

    /// Takes rows in that violate for want of a key; they have no number of a key or a vote.
    pub(super) fn add(&mut self, without_key: Vec<RowId>) {
        self.judged += without_key.len() as u64;
        let rows = without_key.into_iter().map(|id| Numbered::new(id, u32::MAX)).collect();
        self.rows = std::mem::take(&mut self.rows).extended(rows);
        self.count = self.rows.rows();
    }

    pub(super) fn set(&mut self, rows: Vec<Numbered>) {
        self.rows = Ids::new(rows);
        self.count = self.rows.rows();
    }
}

/// The table as it stands.
pub struct Standing<'s> {
    /// The session to ask.
    pub engine: &'s Engine<'s>,
    /// The table's name: what expressions are qualified by.
    pub table: &'s str,
    /// The rows that passed, with identity.
    pub passed: Arc<dyn TableProvider>,
    /// The failing rows: if they are among those that passed, they are not there any more.
    pub failing: &'s Ids,
    /// Failing rows that pass by now: columns of `passed`.
    pub passing: Option<Arc<dyn TableProvider>>,
    /// What was committed before: data columns. Its rows never violate, but their keys count and their values vote.
    pub committed: Option<Arc<dyn TableProvider>>,
}

impl Standing<'_> {
    /// The rows, without those taken out.
    ///
    /// # Errors
    /// DataFusion refuses the plan.
    pub async fn rows(&self) -> Result<DataFrame, Stopped> {
        let session = &self.engine.session;
        let mut rows = session.read_table(Arc::clone(&self.passed))?;
        if !self.failing.is_empty() {
            rows = rows.filter(!self.failing.contain())?;
        }
        if let Some(passing) = &self.passing {
            rows = rows.union(session.read_table(Arc::clone(passing))?)?;
        }
        Ok(rows)
    }

    /// Which row each is.
    pub(super) fn places(&self) -> [Expr; 2] {
        let own = |name: &str| Expr::Column(datafusion::common::Column::new(Some(self.table), name));
        [own("_file").alias(FILE), own("_row").alias(ROW)]
    }

    /// The rows a rule judges: its key `k0 …`, what it determines `v0 …`, which row it is.
    async fn judged(&self, assertion: &SetAssertion) -> Result<DataFrame, Stopped> {
        let rows = keyed(self.rows().await?.alias(self.table)?, assertion)?;
        let mut columns = named("k", &assertion.keys);
        columns.extend(named("v", &assertion.determined));
        columns.extend(self.places());
        // Asked several times and computed as often: held, it would cost memory by the row.
        Ok(rows.select(columns)?)
    }

    /// The rows without the key of a rule, of those it is about.
    ///
    /// # Errors
    /// A query fails while running.
    pub async fn without_key(&self, assertion: &SetAssertion) -> Result<Vec<RowId>, Stopped> {
        let mut rows = self.rows().await?.alias(self.table)?;
        if let Some(judged) = &assertion.judged {
            rows = rows.filter(judged.clone())?;
        }
        let nulls = assertion.keys.iter().take(assertion.present()).map(|key| key.clone().is_null());
        let Some(nulls) = nulls.reduce(Expr::or) else { return Ok(Vec::new()) };
        let mut rows = rows.filter(nulls)?.select(self.places().to_vec())?.execute_stream().await?;
        let mut without = Vec::new();
        while let Some(batch) = rows.next().await {
            without.extend(row_ids(&batch?, FILE, ROW)?);
        }
        Ok(without)
    }

    /// What a rule finds.
    ///
    /// # Errors
    /// A query fails while running.
    pub async fn find(&self, predicate: &Predicate, assertion: &SetAssertion) -> Result<Found, Stopped> {
        if let Some(windowed) = &assertion.windowed {
            return self.neighbours(assertion, windowed).await;
        }
        let rows = self.judged(assertion).await?;
        let mut found = Found::default();
        match predicate {
            Predicate::Unique => self.unique(rows, assertion, &mut found).await?,
            Predicate::Determines(_) => self.determines(rows, assertion, &mut found).await?,
            _ => return Err(errors::internal(&"a set rule that is none").into()),
        }
        Ok(found)
    }

    /// The rows that violate beside their neighbours.
    async fn neighbours(&self, assertion: &SetAssertion, windowed: &Windowed) -> Result<Found, Stopped> {
        let rows = keyed(self.rows().await?.alias(self.table)?, assertion)?;
        let numbered = |prefix: &str, expressions: &[Expr]| -> Vec<Expr> {
            let each = expressions.iter().enumerate();
            each.map(|(i, e)| e.clone().alias(format!("{prefix}_{}", i + 1))).collect()
        };
        let mut columns = numbered("key", &assertion.keys);
        columns.extend(numbered("group", &assertion.groups));
        columns.extend(assertion.order.clone().map(|o| o.alias("order_1")));
        columns.extend(numbered("tie", &assertion.ties));
        columns.extend(self.places());
        let mut rows = rows.select(columns)?;
        let mut found = Found { judged: rows.clone().count().await? as u64, ..Found::default() };
        for layer in &windowed.layers {
            let mut columns: Vec<Expr> = rows.schema().columns().into_iter().map(Expr::Column).collect();
            for (name, window) in layer {
                columns.push(rows.parse_sql_expr(window)?.alias(*name));
            }
            rows = rows.select(columns)?;
        }
        let wrong = rows.parse_sql_expr(&windowed.condition)?;
        let mut wrong = rows.filter(wrong)?.select_columns(&[FILE, ROW])?.execute_stream().await?;
        let mut violating = Vec::new();
        while let Some(batch) = wrong.next().await {
            violating.extend(row_ids(&batch?, FILE, ROW)?.into_iter().map(|id| Numbered::new(id, 0)));
        }
        found.set(violating);
        Ok(found)
    }

    /// The rows committed before that a rule judges.
    fn committed(&self, assertion: &SetAssertion) -> Result<Option<DataFrame>, Stopped> {
        let Some(committed) = &self.committed else { return Ok(None) };
        let rows = self.engine.session.read_table(Arc::clone(committed))?.alias(self.table)?;
        Ok(Some(keyed(rows, assertion)?))
    }

    /// Of each determined column: the rows whose value is not their group's most frequent one; of a tie all; NULL differs. Rows
    /// committed before vote too, and never violate: a row that comes late, or back from quarantine, meets its group.
    async fn determines(&self, rows: DataFrame, assertion: &SetAssertion, found: &mut Found) -> Result<(), Stopped> {
        let values = (0..assertion.determined.len()).map(|v| format!("v{v}"));
        let voting: Vec<Expr> = key_names(assertion.keys.len()).chain(values).map(|c| col(c.as_str())).collect();
        let mut voters = rows.clone().select(voting)?;
        if let Some(committed) = self.committed(assertion)? {
            let columns = [named("k", &assertion.keys), named("v", &assertion.determined)].concat();
            voters = voters.union(committed.select(columns)?)?;
        }
        let hasher = hasher(&voters, assertion.keys.len())?;
        let mut groups = Vec::with_capacity(assertion.determined.len());
        for place in 0..assertion.determined.len() {
            groups.push(disagreeing(&voters, &hasher, (assertion.keys.len(), place), &mut found.votes).await?);
        }
        let mut violating = Vec::new();
        let options = FormatOptions::default();
        let mut rows = rows.execute_stream().await?;
        while let Some(batch) = rows.next().await {
            let batch = batch?;
            found.judged += batch.num_rows() as u64;
            let keys = hasher.hashes(&batch).map_err(|e| errors::internal(&e))?;
            let ids = row_ids(&batch, FILE, ROW)?;
            for (groups, cells) in groups.iter().zip(batch.columns().iter().skip(assertion.keys.len())) {
                let texts = ArrayFormatter::try_new(cells.as_ref(), &options).map_err(|e| errors::internal(&e))?;
                for (i, (id, key)) in ids.iter().zip(&keys).enumerate() {
                    let Some(number) = groups.find(*key) else { continue };
                    if cells.is_null(i) || !found.votes.won(number as usize, &texts.value(i).to_string()) {
                        violating.push(Numbered::new(*id, number));
                    }
                }
            }
        }
        found.set(violating);
        Ok(())
    }

    /// Every row of a repeated key.
    async fn unique(&self, rows: DataFrame, assertion: &SetAssertion, found: &mut Found) -> Result<(), Stopped> {
        let names = || key_names(assertion.keys.len()).map(|k| col(k.as_str())).collect::<Vec<Expr>>();
        let mut all = rows.clone().select(names())?;
        if let Some(committed) = self.committed(assertion)? {
            all = all.union(committed.select(named("k", &assertion.keys))?)?;
        }
        let hasher = hasher(&all, assertion.keys.len())?;
        let repeated = all.aggregate(names(), vec![count(lit(1)).alias("n")])?.filter(col("n").gt(lit(1)))?;
        let mut repeated = repeated.select(names())?.execute_stream().await?;
        let mut keys = Keys::default();
        while let Some(batch) = repeated.next().await {
            for key in hasher.hashes(&batch?).map_err(|e| errors::internal(&e))? {
                keys.push(key, numbered(keys.len())?);
            }
        }
        let keys = keys.sorted();
        let mut violating = Vec::new();
        let mut rows = rows.execute_stream().await?;
        while let Some(batch) = rows.next().await {
            let batch = batch?;
            found.judged += batch.num_rows() as u64;
            if keys.len() == 0 {
                continue;
            }
            let hashes = hasher.hashes(&batch).map_err(|e| errors::internal(&e))?;
            for (id, hash) in row_ids(&batch, FILE, ROW)?.into_iter().zip(hashes) {
                violating.extend(keys.find(hash).map(|number| Numbered::new(id, number)));
            }
        }
        found.keys = keys.len();
        found.set(violating);
        Ok(())
    }
}

/// Hashes keys as the first columns of a query have them.
fn hasher(rows: &DataFrame, keys: usize) -> Result<KeyHasher, Stopped> {
    let types = rows.schema().fields().iter().take(keys).map(|f| f.data_type().clone()).collect();
    Ok(KeyHasher::new(types).map_err(|e| errors::internal(&e))?)
}

/// The groups that disagree on a determined column, or that have both values and NULLs, each with the number of its vote.
async fn disagreeing(
    voters: &DataFrame,
    hasher: &KeyHasher,
    (keys, place): (usize, usize),
    votes: &mut Votes,
) -> Result<Keys, Stopped> {
    let mut columns: Vec<Expr> = key_names(keys).map(|k| col(k.as_str())).collect();
    // In the order of keys a group comes in one piece, and groups that agree are forgotten at once.
    let order: Vec<SortExpr> = columns.iter().map(|k| k.clone().sort(true, false)).collect();
    columns.push(col(format!("v{place}").as_str()));
    let counts = voters.clone().aggregate(columns, vec![count(lit(1)).alias("n")])?;
    let counts = if order.is_empty() { counts } else { counts.sort(order)? };
    let mut counts = counts.execute_stream().await?;
    let options = FormatOptions::default();
    let (mut groups, mut open) = (Keys::default(), None::<Group>);
    while let Some(batch) = counts.next().await {
        let batch = batch?;
        let (cells, n) = (batch.column(keys), batch.column(keys + 1).as_primitive::<Int64Type>());
        let texts = ArrayFormatter::try_new(cells.as_ref(), &options).map_err(|e| errors::internal(&e))?;
        for (i, key) in hasher.hashes(&batch).map_err(|e| errors::internal(&e))?.into_iter().enumerate() {
            if open.as_ref().is_none_or(|group| group.key != key) {
                open.take().map(|group| group.close(place, votes, &mut groups)).transpose()?;
            }
            let group = open.get_or_insert_with(|| Group { key, counts: Vec::new(), nulls: false });
            if cells.is_null(i) {
                group.nulls = true;
            } else {
                group.counts.push((texts.value(i).to_string(), u64::try_from(n.value(i)).unwrap_or(0)));
            }
        }
    }
    open.take().map(|group| group.close(place, votes, &mut groups)).transpose()?;
    Ok(groups.sorted())
}

/// The values of a group, counted.
struct Group {
    key: u128,
    counts: Vec<(String, u64)>,
    nulls: bool,
}

impl Group {
    /// Ends the group: if it disagrees it has a vote.
    fn close(self, place: usize, votes: &mut Votes, groups: &mut Keys) -> Result<(), Stopped> {
        if self.counts.len() > 1 || self.nulls {
            // Where nobody votes nobody differs.
            if let Some(vote) = tally(self.counts) {
                groups.push(self.key, numbered(votes.push(place, &vote))?);
            }
        }
        Ok(())
    }
}

/// The last value before each row that has none, in the order of a column and then as the rows were read, those of a `model` by what
/// they hold: the rows, each with the place of its value.
///
/// # Errors
/// The query fails while running.
pub async fn previous(
    standing: &Standing<'_>,
    column: &str,
    order: Option<&str>,
    model: bool,
) -> Result<(Ids, ArrayRef), Stopped> {
    use datafusion::functions_window::expr_fn::last_value;
    use datafusion::logical_expr::WindowFrame;
    let name = Expr::Column(datafusion::common::Column::new_unqualified(column));
    let rows = standing.rows().await?;
    let frame = WindowFrame::new_bounds(
        datafusion::logical_expr::WindowFrameUnits::Rows,
        datafusion::logical_expr::WindowFrameBound::Preceding(datafusion::common::ScalarValue::UInt64(None)),
        datafusion::logical_expr::WindowFrameBound::Preceding(datafusion::common::ScalarValue::UInt64(Some(1))),
    );
    let unqualified = |name: &str| Expr::Column(datafusion::common::Column::new_unqualified(name));
    let schema = standing.passed.schema();
    let values = schema.fields().iter().filter(|f| model && !f.data_type().is_nested()).map(|f| f.name().as_str());
    let values = values.filter(|name| !meta::ALL.contains(name));
    let orders = order.into_iter().chain(values).chain(["_file", "_row"]);
    let before = last_value(name.clone())
        .order_by(orders.map(|by| unqualified(by).sort(true, false)).collect())
        .null_treatment(datafusion::logical_expr::expr::NullTreatment::IgnoreNulls)
        .window_frame(frame)
        .build()?;
    let filled = rows
        .select(vec![name.alias("x"), col("_file").alias(FILE), col("_row").alias(ROW), before.alias("before")])?
        .filter(col("x").is_null().and(col("before").is_not_null()))?;
    let ty = filled.schema().field(3).data_type().clone();
    let (mut found, mut values) = (Vec::new(), Vec::new());
    let mut rest = filled.execute_stream().await?;
    while let Some(batch) = rest.next().await {
        let batch = batch?;
        for id in row_ids(&batch, FILE, ROW)? {
            found.push(Numbered::new(id, numbered(found.len())?));
        }
        values.push(Arc::clone(batch.column(3)));
    }
    values.push(new_empty_array(&ty));
    let values: Vec<&dyn Array> = values.iter().map(|v| v.as_ref()).collect();
    Ok((Ids::new(found), concat(&values).map_err(|e| errors::internal(&e))?))
}

/// One value of a column over the table as it stands: `mean`, `median`, `mode`.
///
/// # Errors
/// The query fails while running.
pub async fn central(
    standing: &Standing<'_>,
    column: &str,
    what: Central,
) -> Result<Option<datafusion::common::ScalarValue>, Stopped> {
    use datafusion::functions_aggregate::expr_fn::{avg, median};
    let rows = standing.rows().await?;
    let name = Expr::Column(datafusion::common::Column::new_unqualified(column));
    let ty = standing.passed.schema().field_with_name(column).map(|f| f.data_type().clone()).unwrap_or(DataType::Null);
    let one = match what {
        Central::Mean => rows.aggregate(vec![], vec![avg(cast(name, DataType::Float64)).alias("x")])?,
        Central::Median => rows.aggregate(vec![], vec![median(name).alias("x")])?,
        Central::Mode => rows
            .filter(name.clone().is_not_null())?
            .aggregate(vec![name.clone().alias("x")], vec![count(lit(1)).alias("n")])?
            .sort(vec![col("n").sort(false, false), col("x").sort(true, false)])?
            .limit(0, Some(1))?
            .select(vec![col("x")])?,
    };
    let schema = one.schema().clone();
    let one = one.select(vec![col("x").cast_to(&ty, &schema)?.alias("x")])?;
    let batches = one.collect().await?;
    let Some(batch) = batches.iter().find(|b| b.num_rows() > 0) else { return Ok(None) };
    let value = datafusion::common::ScalarValue::try_from_array(batch.column(0), 0)?;
    Ok((!value.is_null()).then_some(value))
}

/// What `fill` may take from a column.
#[derive(Clone, Copy, Debug)]
pub enum Central {
    /// The mean.
    Mean,
    /// The median.
    Median,
    /// The most frequent value; of several the least.
    Mode,
}

/// The rows that a rule compares: those that have its key.
pub(super) fn keyed(rows: DataFrame, assertion: &SetAssertion) -> Result<DataFrame, Stopped> {
    let mut rows = match &assertion.judged {
        Some(judged) => rows.filter(judged.clone())?,
        None => rows,
    };
    for key in assertion.keys.iter().take(assertion.present()) {
        rows = rows.filter(key.clone().is_not_null())?;
    }
    Ok(rows)
}

fn named(prefix: &str, expressions: &[Expr]) -> Vec<Expr> {
    expressions.iter().enumerate().map(|(i, e)| e.clone().alias(format!("{prefix}{i}"))).collect()
}

fn key_names(keys: usize) -> impl Iterator<Item = String> {
    (0..keys).map(|i| format!("k{i}"))
}

/// A table of no rows.
///
/// # Errors
/// DataFusion refuses the schema.
pub fn none(schema: &SchemaRef) -> Result<Arc<dyn TableProvider>, Stopped> {
    Ok(Arc::new(MemTable::try_new(Arc::clone(schema), vec![Vec::new()])?))
}
