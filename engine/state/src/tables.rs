//! The state as tables: `pipe.runs`, `pipe.rule_results` and so on. Each is one query and the types of its columns.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanBuilder, Float64Builder, Int64Builder, RecordBatch, StringBuilder};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType};
use arrow::error::ArrowError;
use rusqlite::Row;

use crate::{State, StateError};

/// A table of the `pipe` schema.
struct Table {
    name: &'static str,
    columns: &'static [(&'static str, Kind)],
    query: &'static str,
}

/// A column's type.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Int,
    Float,
    Bool,
    /// RFC 3339 text in the state, a timestamp in UTC to a reader.
    Time,
}

use Kind::{Bool, Float, Int, Text, Time};

const TABLES: &[Table] = &[
    Table {
        name: "runs",
        columns: &[
            ("run", Text),
            ("command", Text),
            ("started_at", Time),
            ("finished_at", Time),
            ("outcome", Text),
            ("exit_code", Int),
            ("targets", Text),
            ("params", Text),
            ("fingerprint", Text),
            ("batches", Int),
            ("tables", Int),
            ("read", Int),
            ("committed", Int),
            ("quarantined", Int),
        ],
        query: "select r.id, r.command, r.started_at, r.finished_at, r.outcome, r.exit_code, r.targets, r.params, r.fingerprint,
                (select count(*) from batch b where b.run = r.id), count(a.tbl), coalesce(sum(a.read_rows), 0),
                coalesce(sum(case when a.batch is not null then a.committed end), 0),
                coalesce(sum(case when a.batch is not null then a.quarantined end), 0)
                from run r left join account a on a.run = r.id group by r.seq order by r.seq",
    },
    Table {
        name: "tables",
        columns: &[
            ("run", Text),
            ("table", Text),
            ("batch", Text),
            ("outcome", Text),
            ("read", Int),
            ("committed", Int),
            ("quarantined", Int),
            ("waiting", Int),
            ("dropped", Int),
            ("duplicates_removed", Int),
            ("kept", Int),
            ("healed_cells", Int),
            ("healed_rows", Int),
            ("files", Int),
            ("bytes", Int),
            ("without", Text),
        ],
        query: "select a.run, a.tbl, b.id, a.outcome, a.read_rows, a.committed, a.quarantined, a.waiting, a.dropped, a.duplicates_removed,
                a.kept, a.healed_cells, a.healed_rows, a.files, a.bytes, a.without
                from account a left join batch b on b.seq = a.batch order by a.rowid",
    },
    Table {
        name: "rule_results",
        columns: &[
            ("run", Text),
            ("table", Text),
            ("rule", Text),
            ("batch", Text),
            ("check", Text),
            ("severity", Text),
            ("dimension", Text),
            ("column", Text),
            ("level", Text),
            ("passed", Bool),
            ("verdict", Text),
            ("violations", Int),
            ("violations_after", Int),
            ("rows", Int),
            ("ratio", Float),
            ("numerator", Int),
            ("denominator", Int),
            ("value", Float),
            ("value_after", Float),
            ("tolerate", Text),
            ("warn_above", Text),
            ("observed", Text),
            ("expected", Text),
            ("exact", Bool),
            ("sql", Text),
            ("failing_rows_sql", Text),
            ("samples", Text),
            ("groups", Text),
            ("because", Text),
        ],
        query: "select r.run, r.tbl, r.rule, b.id, r.check_name, r.severity, r.dimension, r.col, r.level,
                case when r.verdict = 'warming_up' then null else r.passed end, r.verdict,
                r.violations, r.violations_after, r.rows, r.ratio, r.numerator, r.denominator, r.value, r.value_after,
                r.tolerate, r.warn_above, r.observed, r.expected, r.exact, r.sql, r.failing_rows_sql, r.samples,
                coalesce(r.groups, '[]'), r.because
                from rule_result r left join batch b on b.seq = r.batch order by r.rowid",
    },
    Table {
        name: "metrics",
        columns: &[
            ("run", Text),
            ("table", Text),
            ("batch", Text),
            ("at", Time),
            ("scope", Text),
            ("partition", Text),
            ("group", Text),
            ("column", Text),
            ("metric", Text),
            ("value", Float),
            ("state", Text),
        ],
        query: "select m.run, m.tbl, b.id, m.at, m.scope, nullif(m.part, ''), nullif(m.grp, ''), m.col, m.name, m.value, m.state
                from measured m left join batch b on b.seq = m.batch order by m.seq",
    },
    Table {
        name: "scores",
        columns: &[
            ("run", Text),
            ("at", Time),
            ("level", Text),
            ("table", Text),
            ("name", Text),
            ("score", Float),
            ("score_after", Float),
            ("weight", Int),
            ("rules", Int),
        ],
        query: "select s.run, r.started_at, s.level, nullif(s.tbl, ''), nullif(s.name, ''), s.score, s.after, s.weight, s.rules
                from score s join run r on r.id = s.run order by r.seq, s.level, s.tbl, s.name",
    },
    Table {
        name: "failures",
        columns: &[
            ("run", Text),
            ("table", Text),
            ("failure", Text),
            ("batch", Text),
            ("fields", Text),
            ("rows", Int),
            ("handled", Text),
            ("clause", Int),
            ("samples", Text),
            ("help", Text),
        ],
        query: "select f.run, f.tbl, f.failure, b.id, f.fields, f.rows, f.handled, f.clause, f.samples, f.help
                from failure f left join batch b on b.seq = f.batch order by f.rowid",
    },
    Table {
        name: "heals",
        columns: &[
            ("heal", Int),
            ("run", Text),
            ("table", Text),
            ("batch", Text),
            ("number", Int),
            ("clause", Int),
            ("text", Text),
            ("column", Text),
            ("action", Text),
            ("failure", Text),
            ("cells", Int),
            ("rows", Int),
            ("confidence", Float),
            ("arithmetic", Text),
            ("state", Text),
            ("reason", Text),
            ("detail", Text),
        ],
        query: "select h.id, h.run, h.tbl, b.id, h.number, h.clause, h.text, nullif(h.col, ''), h.action, h.failure, h.cells, h.rows,
                h.confidence, h.arithmetic, h.state, h.reason, h.detail
                from heal h left join batch b on b.seq = h.batch order by h.id",
    },
    Table {
        name: "loads",
        columns: &[
            ("load", Text),
            ("file", Text),
            ("run", Text),
            ("batch", Text),
            ("taken_at", Time),
            ("size", Int),
            ("modified_ns", Int),
            ("hash", Text),
            ("rows", Int),
            ("forgotten_by", Text),
        ],
        query: "select t.load, t.path, b.run, b.id, b.committed_at, t.size, t.modified_ns, t.hash, t.rows, g.run
                from taken t join batch b on b.seq = t.batch left join batch g on g.seq = t.forgotten_by order by t.rowid",
    },
    Table {
        name: "baselines",
        columns: &[
            ("source", Text),
            ("version", Int),
            ("current", Bool),
            ("run", Text),
            ("at", Time),
            ("pinned", Bool),
            ("schema", Text),
        ],
        query: "select l.source, l.version, l.version = (select max(version) from baseline where source = l.source), b.run, l.at, l.pinned, l.schema
                from baseline l join batch b on b.seq = l.batch order by l.source, l.version",
    },
];

/// The tables of the `pipe` schema that the state holds, with their columns. Those backed by Parquet (`quarantine_<table>`, `ledger`) are not among them.
pub fn tables() -> Vec<(&'static str, SchemaRef)> {
    TABLES.iter().map(|t| (t.name, t.schema())).collect()
}

impl State {
    /// The tables of the `pipe` schema that [`State::read`] reads, with their columns, in the order of the manual.
    pub fn tables() -> Vec<(&'static str, SchemaRef)> {
        tables()
    }

    /// All rows of such a table, oldest first, as they are now.
    ///
    /// # Errors
    /// [`StateError::Unknown`] for any other name.
    pub fn read(&self, name: &str) -> Result<RecordBatch, StateError> {
        let table = TABLES
            .iter()
            .find(|t| t.name == name)
            .ok_or_else(|| StateError::Unknown { what: "table", name: name.to_owned() })?;
        let mut columns: Vec<Column> = table.columns.iter().map(|(_, kind)| Column::new(*kind)).collect();
        self.rows(table.query, [], |row| {
            columns.iter_mut().enumerate().try_for_each(|(i, column)| column.push(row, i))
        })?;
        let arrays = columns.into_iter().map(Column::finish).collect::<Result<Vec<_>, _>>();
        arrays
            .and_then(|arrays| RecordBatch::try_new(table.schema(), arrays))
            .map_err(|error| StateError::Arrow { table: table.name, error })
    }
}

impl Table {
    fn schema(&self) -> SchemaRef {
        let field = |(name, kind): &(&str, Kind)| Field::new(*name, kind.data_type(), true);
        Arc::new(Schema::new(self.columns.iter().map(field).collect::<Vec<_>>()))
    }
}

impl Kind {
    fn data_type(self) -> DataType {
        match self {
            Text => DataType::Utf8,
            Int => DataType::Int64,
            Float => DataType::Float64,
            Bool => DataType::Boolean,
            Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        }
    }
}

/// A column being filled.
enum Column {
    Text(StringBuilder),
    Int(Int64Builder),
    Float(Float64Builder),
    Bool(BooleanBuilder),
    Time(StringBuilder),
}

impl Column {
    fn new(kind: Kind) -> Column {
        match kind {
            Text => Column::Text(StringBuilder::new()),
            Int => Column::Int(Int64Builder::new()),
            Float => Column::Float(Float64Builder::new()),
            Bool => Column::Bool(BooleanBuilder::new()),
            Time => Column::Time(StringBuilder::new()),
        }
    }

    fn push(&mut self, row: &Row<'_>, index: usize) -> rusqlite::Result<()> {
        match self {
            Column::Text(b) | Column::Time(b) => b.append_option(row.get::<_, Option<String>>(index)?),
            Column::Int(b) => b.append_option(row.get(index)?),
            Column::Float(b) => b.append_option(row.get(index)?),
            Column::Bool(b) => b.append_option(row.get(index)?),
        }
        Ok(())
    }

    fn finish(self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Column::Text(mut b) => Arc::new(b.finish()),
            Column::Int(mut b) => Arc::new(b.finish()),
            Column::Float(mut b) => Arc::new(b.finish()),
            Column::Bool(mut b) => Arc::new(b.finish()),
            // A time that is none is NULL: one odd text must not hide the table.
            Column::Time(mut b) => {
                let options = CastOptions { safe: true, ..CastOptions::default() };
                // Arrow reads names of zones only with a database of them; the zone's own name is set after.
                let zone = DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()));
                let times = cast_with_options(&b.finish(), &zone, &options)?;
                Arc::new(times.as_primitive::<TimestampMicrosecondType>().clone().with_timezone("UTC"))
            }
        })
    }
}
