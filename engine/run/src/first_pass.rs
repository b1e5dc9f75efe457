//! The pass over a table's rows: its rules planned for them, the keys that others refer to, a file for each thread.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use futures::StreamExt;
use pipe_compile::{SetAssertion, row_schema};
use pipe_connect::source::meta;
use pipe_quality::{KeyPlan, KnownKeys, Membership, StageSpec, SuspectSchema};

use crate::columns;
use crate::engine::{Stopped, Watch};
use crate::errors;
use crate::evaluate::Evaluator;
use crate::pass::{Input, pass};
use crate::passed::Passed;
use crate::rulebook::{Observed, Rulebook, key_plan};
use crate::settle::data_schema;
use crate::staging::Part;
use crate::states::States;

/// Key hashes a thread holds before it spills, for each key: 16 MiB.
pub(crate) const KEY_HASHES: usize = 2 << 20;
/// Keys a table may refer to that are held in memory, for each rule: as hashes about 32 MiB.
pub(crate) const KNOWN_KEYS: usize = 1 << 20;
/// Bytes of suspect rows a thread holds before it spills.
pub(crate) const SUSPECT_BYTES: usize = 16 << 20;

impl Evaluator<'_, '_> {
    /// The rules planned for an input, references with the keys they may have.
    pub(crate) async fn rulebook(&self, input: &Input) -> Result<Rulebook, Stopped> {
        let mut tables = self.task.tables.clone();
        tables.insert_schema(self.task.table, data_schema(&input.schema, input.columns));
        let planner = self.engine.planner(&tables);
        let at = |name: &str| input.schema.index_of(name).ok();
        let (raw, bad) = (at(meta::RAW), at(meta::BAD));
        let mut book = Rulebook::new(&planner, self.task.table, self.rules, &input.schema, input.columns)?.with_casts(
            &input.schema,
            raw,
            bad,
        );
        for (rule, assertion) in &book.references {
            let Some((other, keys)) = &assertion.other else { continue };
            let Some(provider) = self.task.tables.provider(other) else {
                return Err(
                    errors::internal(&format!("`{other}` was not evaluated before `{}`", self.task.table)).into()
                );
            };
            let theirs = row_schema(other, &provider.schema())?;
            let columns = keys.iter().map(|k| planner.physical(k, &theirs)).collect::<Result<_, _>>()?;
            let plan = KeyPlan { rule: *rule, columns, judged: None };
            let mut known = KnownKeys::new(KNOWN_KEYS, &self.task.scratch);
            let mut rows = self.engine.session.read_table(provider)?.execute_stream().await?;
            while let Some(batch) = rows.next().await {
                known.add(&plan, &batch?)?;
            }
            let known = Arc::new(known.finish().map_err(|e| errors::io(&e))?);
            let KeyPlan { columns, judged, .. } = key_plan(&planner, *rule, assertion, &book.row)?;
            let key = KeyPlan { rule: *rule, columns, judged: None };
            let SetAssertion { forbidden, null_fails, .. } = *assertion;
            let column = book.rule(*rule).and_then(|r| r.column.as_ref());
            let column = column.and_then(|c| book.row.index_of_column_by_name(None, c));
            book.judge.memberships.push(Membership { rule: *rule, key, judged, known, forbidden, null_fails, column });
        }
        Ok(book)
    }

    /// One pass over the rows. `identity`: those that pass say which row each is, for something is going to look at them together.
    pub(crate) async fn pass(
        &self,
        input: &Input,
        book: &Rulebook,
        identity: bool,
        watch: Watch<'_>,
    ) -> Result<Passed, Stopped> {
        let spec = StageSpec {
            columns: input.columns,
            meta: input.meta,
            judge: book.judge.sharing(&input.schema)?,
            aggregates: Arc::clone(&book.aggregates),
            keys: if identity { Vec::new() } else { book.keys.clone() },
            identity,
            files: self.task.tracked,
            aside: self.aside(&input.files),
            suspects: SuspectSchema::new(&input.schema),
            spill_dir: self.task.scratch.clone(),
            suspect_bytes: SUSPECT_BYTES,
            key_hashes: KEY_HASHES,
            sample_columns: book.sample_columns.clone(),
            unordered: input.numbered,
        };
        let good = spec.good_schema(&input.schema);
        let direct = self.task.direct.as_ref().filter(|_| !identity);
        // Rows that keep their places are written once more, when it is known which of them commit.
        let data = data_schema(&input.schema, input.columns);
        let part = |thread: usize| -> Result<Part, Stopped> {
            let part = match direct {
                Some((sink, dir)) => Part::sink(sink, dir, thread).map_err(|e| errors::io(&e))?,
                None => Part::own(&self.task.scratch, if identity { "rows" } else { "part" }, thread, &good),
            };
            Ok(part.looking(self.states(&data).filter(|_| !identity)))
        };
        let parts = (0..input.partitions()).map(part).collect::<Result<Vec<_>, _>>()?;
        let extra = part(parts.len())?;
        let spec = Arc::new(spec);
        let context = self.engine.session.task_ctx();
        let (staged, rows) = pass(input, &context, &spec, parts, self.task.table, watch).await?;
        Ok(Passed::new(staged, rows, extra, good, identity, input.clone()))
    }

    /// For what the rows that commit look like, where later runs are going to ask or a load tells partitions apart.
    pub(crate) fn states(&self, data: &SchemaRef) -> Option<States> {
        let asks = self.rules.iter().any(|r| r.level == pipe_schema::Level::History);
        let partition = partition_of(self.engine.program(), self.task.table);
        ((asks || !partition.is_empty()) && !self.again).then(|| States::new(data, asks, partition))
    }

    /// Rules about columns, before any row.
    pub(crate) fn schema_rules(&self, book: &Rulebook, input: &Input) -> Result<BTreeMap<u16, Observed>, Stopped> {
        // Flags are no columns of the source.
        let found = data_schema(&input.schema, input.columns - input.flags);
        let planner = self.engine.planner(&book.tables);
        let numbered = (0..).zip(self.rules).filter(|(_, rule)| rule.level == pipe_schema::Level::Schema);
        let judge = |(i, rule)| Ok((i, columns::judge(&planner, rule, &found, &self.declared)?));
        numbered.map(judge).collect()
    }
}

/// The fields by which the first load of a table that has partitions tells them.
pub(crate) fn partition_of<'p>(program: &'p pipe_check::Program, table: &str) -> &'p [pipe_schema::PartitionField] {
    let loads = program.loads.iter().filter(|load| load.table == table);
    loads.map(|load| load.config.partition("partition")).find(|fields| !fields.is_empty()).unwrap_or_default()
}
