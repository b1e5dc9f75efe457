//! What is counted for each candidate, in the rows that were held back and in the others.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::Schema;
use datafusion::error::Result;
use datafusion::functions_aggregate::expr_fn::sum;
use datafusion::logical_expr::{Expr, lit, when};
use futures::future::BoxFuture;
use pipe_compile::{Params, Planner, Tables, row_schema};
use pipe_profile::Profile;
use pipe_suggest::{Ask, Candidate, ColumnVotes, Copies, Measure, Repair, Tally, Votes};

use super::rows::{HELD, ROWS, Rows, TEXTS, numbers, quoted};
use crate::engine::Engine;
use crate::profile::verify::column;

/// The table that candidates are checked on by themselves.
const TABLE: &str = "t";

/// Cells of a row that differ from their votes, at least, for the row to be taken for one that has another one's key.
const MOST: usize = 2;

/// Rows that agree in a group for its vote to tell moved rows: misspelt keys that happen to be the same are small groups.
const GROUP: usize = 4;

/// A condition of a violation and one of being judged.
struct Condition {
    candidate: usize,
    /// Of what the repair makes of the values.
    after: bool,
    judged: Expr,
    violates: Expr,
}

/// The measures of all candidates, in their order; `None` for one that cannot be counted: its rule is not right for the types of the
/// columns, or its query fails.
pub async fn all(
    engine: &Engine<'_>,
    rows: &Rows<'_>,
    profile: &Profile,
    candidates: &[Candidate],
    votes: &mut Votes,
) -> Result<Vec<Option<Measure>>> {
    let mut measures: Vec<Option<Measure>> = vec![None; candidates.len()];
    let conditions = conditions(engine, rows, profile, candidates)?;
    for (candidate, measure) in fused(rows, &conditions).await? {
        if let Some(place) = measures.get_mut(candidate) {
            // Asked in parts, a rule and what its repair leaves may come apart.
            let known = place.get_or_insert_default();
            known.left += measure.left;
            if measure.seen.judged + measure.held.judged > 0 {
                (known.seen, known.held) = (measure.seen, measure.held);
            }
        }
    }
    for (candidate, measure) in candidates.iter().zip(&mut measures) {
        match &candidate.ask {
            Ask::Rows => {}
            Ask::Cast { ty } => {
                let Some(Repair::Cast { column, expression }) = &candidate.repair else { continue };
                *measure = cast(rows, column, ty, expression).await.ok();
            }
            Ask::Nothing => *measure = Some(Measure::default()),
            Ask::Key => *measure = key(rows, profile, &candidate.columns).await.ok(),
            Ask::Reference { table, key } => *measure = reference(rows, &candidate.columns, table, key).await.ok(),
            Ask::Decided(decided) => {
                *measure = Some(dependency(rows, profile, &candidate.columns, decided, votes).await?)
            }
        }
    }
    Ok(measures)
}

/// The candidates that judge rows, compiled as `check` and a run would.
fn conditions(
    engine: &Engine<'_>,
    rows: &Rows<'_>,
    profile: &Profile,
    candidates: &[Candidate],
) -> Result<Vec<Condition>> {
    let columns: Vec<String> =
        profile.columns.iter().map(|c| format!("{} {}", pipe_sql::quote(&c.name), c.ty)).collect();
    let mut text =
        format!("pipe 1; source {TABLE} from csv 't.csv' schema ({}); rules {TABLE} {{\n", columns.join(", "));
    for (number, candidate) in candidates.iter().enumerate().filter(|(_, c)| c.ask == Ask::Rows) {
        text += &format!("  c{number}: {};\n", candidate.rule());
        if let Some(after) = &candidate.after {
            text += &format!("  a{number}: {after};\n");
        }
    }
    text += "}\n";
    let loaded = pipe_check::check(&[("suggest.pipe", &text)]);
    let fields: Vec<_> = rows.all.schema().fields().iter().filter(|f| f.name() != HELD).cloned().collect();
    let schema = Schema::new(fields);
    let row = row_schema(TABLE, &schema)?;
    let mut tables = Tables::new();
    tables.insert_schema(TABLE, Arc::new(schema));
    let params = Params::declared(&loaded.program);
    let planner = Planner::new(&engine.session, &tables, &params, &loaded.sources);
    let mut found = Vec::new();
    for rule in loaded.program.rules.get(TABLE).into_iter().flatten() {
        let after = rule.name.starts_with('a');
        let candidate = rule.name.get(1..).and_then(|n| n.parse().ok());
        if let (Some(candidate), Ok(assertion)) = (candidate, planner.row_assertion(rule, &row)) {
            let judged = assertion.passes.is_not_null();
            found.push(Condition { candidate, after, judged, violates: assertion.violates });
        }
    }
    Ok(found)
}

/// One pass for all conditions; where one cannot be evaluated of a value, halves are asked until it stands alone.
fn fused<'a>(rows: &'a Rows<'_>, conditions: &'a [Condition]) -> BoxFuture<'a, Result<Vec<(usize, Measure)>>> {
    Box::pin(async move {
        if conditions.is_empty() {
            return Ok(Vec::new());
        }
        match counted(rows, conditions).await {
            Ok(found) => Ok(found),
            Err(_) if conditions.len() == 1 => Ok(Vec::new()),
            Err(_) => {
                let (first, second) = conditions.split_at(conditions.len() / 2);
                let mut found = fused(rows, first).await?;
                found.extend(fused(rows, second).await?);
                Ok(found)
            }
        }
    })
}

async fn counted(rows: &Rows<'_>, conditions: &[Condition]) -> Result<Vec<(usize, Measure)>> {
    let mut sums = Vec::new();
    for (place, condition) in conditions.iter().enumerate() {
        for (what, holds) in [("judged", &condition.judged), ("violates", &condition.violates)] {
            let one = when(holds.clone().is_true(), lit(1_i64)).otherwise(lit(0_i64))?;
            sums.push(sum(one).alias(format!("{what}{place}")));
        }
    }
    let held = sum(when(column(HELD), lit(1_i64)).otherwise(lit(0_i64))?).alias("held");
    let sums = std::iter::once(held).chain(sums).collect();
    let asked = rows.all.clone().alias(TABLE)?.aggregate(vec![column(HELD).alias("part")], sums)?;
    let mut measures: BTreeMap<usize, Measure> = BTreeMap::new();
    for row in numbers(&asked.collect().await?)? {
        let [part, _, sums @ ..] = row.as_slice() else { continue };
        for (condition, pair) in conditions.iter().zip(sums.chunks_exact(2)) {
            let [judged, violations] = pair else { continue };
            let measure = measures.entry(condition.candidate).or_default();
            if condition.after {
                measure.left += violations;
                continue;
            }
            let tally = Tally { judged: *judged, violations: *violations };
            *(if *part == 1 { &mut measure.held } else { &mut measure.seen }) = tally;
        }
    }
    Ok(measures.into_iter().collect())
}

fn present(columns: &[String]) -> String {
    columns.iter().map(|c| format!("{} is not null", quoted(c))).collect::<Vec<_>>().join(" and ")
}

fn list(columns: &[String]) -> String {
    columns.iter().map(|c| quoted(c)).collect::<Vec<_>>().join(", ")
}

async fn key(rows: &Rows<'_>, profile: &Profile, columns: &[String]) -> Result<Measure> {
    let (present, list) = (present(columns), list(columns));
    let sql = format!(
        "select sum(n - h), sum(case when n > 1 then n - h else 0 end), sum(h), sum(case when n > 1 then h else 0 end), count(*) \
         from (select count(*) as n, sum(case when {HELD} then 1 else 0 end) as h from {ROWS} where {present} group by {list})"
    );
    let found = rows.numbers(&sql).await?;
    let Some([seen, seen_bad, held, held_bad, keys]) = found.first().map(Vec::as_slice) else {
        return Ok(Measure::default());
    };
    let mut measure = Measure {
        seen: Tally { judged: *seen, violations: *seen_bad },
        held: Tally { judged: *held, violations: *held_bad },
        ..Measure::default()
    };
    if seen_bad + held_bad > 0 {
        measure.copies = copies(rows, profile, columns, *keys).await?;
    }
    Ok(measure)
}

/// What tells rows with the same key apart; `keys` is how many keys there are.
async fn copies(rows: &Rows<'_>, profile: &Profile, columns: &[String], keys: u64) -> Result<Copies> {
    let among = format!("{ROWS} where {}", present(columns));
    let all: Vec<String> = profile.columns.iter().map(|c| c.name.clone()).collect();
    let count = |of: &[String]| format!("select count(*) from (select distinct {} from {among})", list(of));
    // What has no order has no distinct rows either.
    let first = |found: Vec<Vec<u64>>| found.first().and_then(|r| r.first()).copied();
    if rows.numbers(&count(&all)).await.ok().and_then(first) == Some(keys) {
        return Ok(Copies::Equal);
    }
    let total = first(rows.numbers(&format!("select count(*) from {among}")).await?);
    for time in profile.columns.iter().filter(|c| c.ty.starts_with("timestamp") && c.nulls == 0) {
        let versions: Vec<String> = columns.iter().chain([&time.name]).cloned().collect();
        if first(rows.numbers(&count(&versions)).await?) == total {
            return Ok(Copies::Versions(time.name.clone()));
        }
    }
    Ok(Copies::Unknown)
}

async fn reference(rows: &Rows<'_>, columns: &[String], table: &str, key: &str) -> Result<Measure> {
    let (other, key) = (quoted(&other(table)), quoted(key));
    let list = list(columns);
    let sql = format!(
        "select held, count(*), sum(case when o.k is null then 1 else 0 end) \
         from (select {list} as v, {HELD} as held from {ROWS} where {}) r \
         left join (select distinct {key} as k from {other}) o on r.v = o.k group by held",
        present(columns)
    );
    let mut measure = Measure::default();
    for row in rows.numbers(&sql).await? {
        let [part, judged, violations] = row.as_slice() else { continue };
        let tally = Tally { judged: *judged, violations: *violations };
        *(if *part == 1 { &mut measure.held } else { &mut measure.seen }) = tally;
    }
    Ok(measure)
}

/// By what name another table is asked.
pub fn other(table: &str) -> String {
    format!("__suggest_{table}")
}

/// Of the texts that do not convert, those that an expression does not read either.
async fn cast(rows: &Rows<'_>, column: &str, ty: &str, expression: &str) -> Result<Measure> {
    let column = quoted(column);
    let read = expression.replace("$value", &column);
    let sql = format!(
        "select {HELD}, count(*), sum(case when try_cast({read} as {ty}) is null then 1 else 0 end) \
         from {TEXTS} where trim({column}) <> '' and try_cast({column} as {ty}) is null group by {HELD}"
    );
    let mut measure = Measure::default();
    for row in rows.numbers(&sql).await? {
        let [part, judged, violations] = row.as_slice() else { continue };
        let tally = Tally { judged: *judged, violations: *violations };
        *(if *part == 1 { &mut measure.held } else { &mut measure.seen }) = tally;
    }
    Ok(measure)
}

/// Lets the rows that were not held back vote on those that were.
async fn dependency(
    rows: &Rows<'_>,
    profile: &Profile,
    columns: &[String],
    decided: &[String],
    votes: &mut Votes,
) -> Result<Measure> {
    let mut measure = Measure::default();
    let disputed = profile.dependencies.iter().any(|d| d.columns == columns && d.disputed);
    if let [first, second] = columns {
        measure.either = either(rows, [first, second], decided).await?;
    }
    if !disputed && decided.len() >= MOST {
        // Two errors meet by accident, three hardly.
        let moved = moved(rows, columns, decided).await?;
        measure.either |= moved;
        votes.moved |= moved && decided.len() > MOST;
    }
    let mut unheard = Votes::default();
    let votes = if measure.either { &mut unheard } else { votes };
    for right in decided {
        let known = profile.dependencies.iter().find(|d| d.columns == columns && d.determines == *right);
        let counted = known.and_then(|d| Some(Tally { judged: d.compared?, violations: d.violations? }));
        let seen = match counted {
            Some(seen) => seen,
            None => off_groups(rows, columns, right).await?,
        };
        let held = held_votes(rows, columns, right, votes).await?;
        measure.each.push((seen, held));
        if measure.seen.share() <= seen.share() {
            measure.seen = seen;
        }
        if measure.held.share() <= held.share() {
            measure.held = held;
        }
    }
    Ok(measure)
}

/// Whether of the cells that votes by two columns would change more than chance explains have the value that rows with another value in
/// one of the two have: there the key is as likely wrong as the cell.
async fn either(rows: &Rows<'_>, keys: [&String; 2], decided: &[String]) -> Result<bool> {
    let [a, b] = keys.map(|c| quoted(c));
    let (mut changed, mut alike, mut chance) = (0, 0, 0.0);
    for right in decided {
        let y = quoted(right);
        let sql = format!(
            "with r as (select {a} as a, {b} as b, {y} as y from {ROWS} where {a} is not null and {b} is not null and {y} is not null), \
             v as (select a, b, y, count(*) as n from r group by a, b, y), \
             g as (select a, b, y as w from (select *, row_number() over (partition by a, b order by n desc, y) as place \
                   from v) where place = 1 and n >= 2), \
             pa as (select a, w, count(*) as n from g group by a, w), pb as (select b, w, count(*) as n from g group by b, w), \
             da as (select a, count(*) as d from pa group by a), db as (select b, count(*) as d from pb group by b), \
             c as (select r.a, r.b, r.y from r join g on r.a = g.a and r.b = g.b where r.y <> g.w) \
             select count(*), sum(case when pa.w is not null or pb.w is not null then 1 else 0 end), \
             sum(da.d + db.d), (select count(distinct y) from r) \
             from c left join pa on c.a = pa.a and c.y = pa.w left join pb on c.b = pb.b and c.y = pb.w \
             join da on c.a = da.a join db on c.b = db.b"
        );
        let found = rows.numbers(&sql).await?;
        let Some([cells, same, siblings, values]) = found.first().map(Vec::as_slice) else { continue };
        changed += cells;
        alike += same;
        chance += (*siblings as f64 / (*values).max(1) as f64).min(*cells as f64);
    }
    Ok(pipe_suggest::more_than_chance(changed, alike, chance))
}

/// Of the rows that are not held back, those that differ from the most frequent value of their group.
async fn off_groups(rows: &Rows<'_>, columns: &[String], right: &str) -> Result<Tally> {
    let (list, right) = (list(columns), quoted(right));
    let sql = format!(
        "select sum(n), sum(n) - sum(most) from (select sum(n) as n, max(n) as most from \
         (select {list}, {right}, count(*) as n from {ROWS} where not {HELD} and {} group by {list}, {right}) group by {list})",
        present(columns)
    );
    let found = rows.numbers(&sql).await?;
    let Some([judged, violations]) = found.first().map(Vec::as_slice) else { return Ok(Tally::default()) };
    Ok(Tally { judged: *judged, violations: *violations })
}

/// Whether of the cells of all rows that votes would change too many stand in rows where most of what is decided would change: there what
/// decides is wrong, a row has the key of another one, and its cells are right.
async fn moved(rows: &Rows<'_>, columns: &[String], decided: &[String]) -> Result<bool> {
    let list = list(columns);
    let on = columns.iter().map(|c| format!("r.{0} = g.{0}", quoted(c))).collect::<Vec<_>>().join(" and ");
    let mut joins = String::new();
    let mut changes = Vec::new();
    for (i, right) in decided.iter().enumerate() {
        let right = quoted(right);
        joins += &format!(
            " left join (select {list}, y from (select {list}, {right} as y, row_number() over (partition by {list} \
             order by count(*) desc, {right}) as place, count(*) as n, \
             sum(count(*)) over (partition by {list}) as total from {ROWS} where {right} is not null and {} \
             group by {list}, {right}) where place = 1 and n >= {GROUP} and n * 10 >= total * 6) g{i} on {}",
            present(columns),
            on.replace("g.", &format!("g{i}.")),
        );
        changes.push(format!("case when g{i}.y is not null and (r.{right} is distinct from g{i}.y) then 1 else 0 end"));
    }
    let changed = changes.join(" + ");
    let sql = format!(
        "select count(*), sum(n), sum(case when n >= {MOST} and n * 2 > {} then n else 0 end) \
         from (select {changed} as n from {ROWS} r{joins} where {})",
        decided.len(),
        columns.iter().map(|c| format!("r.{} is not null", quoted(c))).collect::<Vec<_>>().join(" and ")
    );
    let found = rows.numbers(&sql).await?;
    let Some([rows, changed, moved]) = found.first().map(Vec::as_slice) else { return Ok(false) };
    Ok(pipe_suggest::moved(*rows, decided.len(), *changed, *moved, MOST))
}

async fn held_votes(rows: &Rows<'_>, columns: &[String], right: &str, votes: &mut Votes) -> Result<Tally> {
    let keys: Vec<String> = (0..columns.len()).map(|i| format!("k{i}")).collect();
    let named: Vec<String> = columns.iter().zip(&keys).map(|(c, k)| format!("{} as {k}", quoted(c))).collect();
    let on = |a: &str, b: &str| keys.iter().map(|k| format!("{a}.{k} = {b}.{k}")).collect::<Vec<_>>().join(" and ");
    let (named, keys_list, right_name) = (named.join(", "), keys.join(", "), quoted(right));
    // NULL does not vote but is voted over; one row alone is no majority, as two values with as many votes are none.
    let sql = format!(
        "with r as (select {named}, {right_name} as y, {HELD} as held from {ROWS} where {}), \
         v as (select {keys_list}, y, count(*) as n from r where not held and y is not null group by {keys_list}, y), \
         g as (select * from (select {keys_list}, y as w, n, sum(n) over (partition by {keys_list}) as total, \
               row_number() over (partition by {keys_list} order by n desc, y) as place, \
               lead(n) over (partition by {keys_list} order by n desc, y) as next from v) \
               where place = 1 and n >= 2 and (next is null or next < n)) \
         select cast(floor(g.n * 10.0 / g.total) as bigint) as tenth, count(*) as judged, \
         sum(case when (r.y is distinct from g.w) then 1 else 0 end) as changed, \
         sum(case when (r.y is distinct from g.w) and v.n >= 2 and v.n * 10 >= g.total then 1 else 0 end) as contested \
         from r join g on {} left join v on {} and r.y = v.y where r.held group by 1",
        present(columns),
        on("r", "g"),
        on("r", "v"),
    );
    let mut tally = Tally::default();
    let mut here = ColumnVotes { column: right.to_owned(), ..ColumnVotes::default() };
    for row in rows.numbers(&sql).await? {
        let [tenth, judged, changed, contested] = row.as_slice() else { continue };
        tally.judged += judged;
        tally.violations += changed;
        let tenth = usize::try_from(*tenth).unwrap_or_default();
        if let (Some((all, against)), Some(here)) = (votes.changed.get_mut(tenth), here.changed.get_mut(tenth)) {
            *all += changed;
            *against += contested;
            *here += changed;
        }
    }
    here.cells = tally.judged;
    votes.columns.push(here);
    Ok(tally)
}
