//! The session every plan of a run is made and executed in.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use datafusion::error::Result;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::memory_pool::{FairSpillPool, MemoryPool, TrackConsumersPool, UnboundedMemoryPool};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::planner::TypePlanner;
use datafusion::prelude::{SessionConfig, SessionContext};
use sqlparser::ast::{DataType as SqlType, TimezoneInfo};

use crate::{clock, files, functions, types};

/// How many of the largest consumers an out-of-memory message names.
const NAMED_CONSUMERS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4);

/// Bytes of files that one side of a join may have to be held whole.
const HELD_JOIN_SIDE: usize = 32 << 20;

/// The merge reservation of a sort where memory is not scarce; DataFusion's own default.
const SORT_RESERVATION: usize = 10 << 20;

/// The most that is sorted at once: texts of one batch count their bytes in 31 bits.
const SORT_IN_PLACE: usize = 1 << 30;

/// What a session is given.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Partitions of a plan; 0 counts as 1.
    pub threads: usize,
    /// Bytes the operators may hold together; beyond it they spill or fail. `None`: no bound.
    pub memory_limit: Option<usize>,
    /// Where operators spill to; `None`: the system's temporary folder.
    pub spill_dir: Option<PathBuf>,
    /// Bytes spilled files may take together; `None`: DataFusion's default (100 GiB).
    pub spill_limit: Option<u64>,
    /// What `now()` is, for the whole session.
    pub now: DateTime<Utc>,
}

impl Settings {
    /// One thread, unbounded memory, the system's temporary folder: what checking and tests take.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self { threads: 1, memory_limit: None, spill_dir: None, spill_limit: None, now }
    }
}

/// Makes a session: the generic dialect, spans collected, unquoted names folded, no `information_schema`, a memory pool
/// that shares fairly among those who can spill, the clock frozen at `settings.now` for all plans, and the language's
/// functions.
///
/// # Errors
/// When the spill folder cannot be made.
pub fn session(settings: &Settings) -> Result<SessionContext> {
    let threads = settings.threads.max(1);
    let mut config = SessionConfig::new().with_target_partitions(threads).with_information_schema(false);
    let options = config.options_mut();
    options.sql_parser.collect_spans = true;
    options.sql_parser.enable_ident_normalization = true;
    options.execution.time_zone = Some(types::UTC.to_owned());
    // The smaller side of a join is held whole and the other streams past it: to send the rows of both to where their keys belong
    // copies each of them, however many columns it has. It does not spill, so it must be small beside what there is.
    let held = settings.memory_limit.map_or(HELD_JOIN_SIDE, |limit| (limit / 16).min(HELD_JOIN_SIDE));
    options.optimizer.hash_join_single_partition_threshold = held;
    if let Some(limit) = settings.memory_limit {
        // Each sorting partition sets this aside before it reads a row; in a small pool the default would leave nothing.
        options.execution.sort_spill_reservation_bytes = (limit / (16 * threads)).min(SORT_RESERVATION);
        // What fits the pool is sorted at once. To merge sorted batches instead takes a copy of the keys of all of them, which
        // the sort has not asked for: in a small pool it fails where it should spill.
        options.execution.sort_in_place_threshold_bytes = limit.min(SORT_IN_PLACE);
    }

    let pool: Arc<dyn MemoryPool> = match settings.memory_limit {
        Some(limit) => Arc::new(TrackConsumersPool::new(FairSpillPool::new(limit), NAMED_CONSUMERS)),
        None => Arc::new(UnboundedMemoryPool::default()),
    };
    let mut runtime = RuntimeEnvBuilder::new().with_memory_pool(pool);
    if let Some(dir) = &settings.spill_dir {
        runtime = runtime.with_temp_file_path(dir);
    }
    if let Some(limit) = settings.spill_limit {
        runtime = runtime.with_max_temp_directory_size(limit);
    }

    let state = SessionStateBuilder::new_with_default_features()
        .with_config(config)
        .with_runtime_env(runtime.build_arc()?)
        .with_type_planner(type_planner())
        .build();
    let context = SessionContext::new_with_state(state);
    for function in clock::functions(settings.now).into_iter().chain(functions::all()) {
        context.register_udf(function);
    }
    for aggregate in functions::aggregates() {
        context.register_udaf(aggregate);
    }
    files::register(&context);
    Ok(context)
}

/// Reads type names in SQL as the language does.
pub(crate) fn type_planner() -> Arc<dyn TypePlanner> {
    Arc::new(LanguageTypes)
}

/// Makes the type names of `CAST` and typed literals mean what they mean in `schema (…)`, where DataFusion's choice
/// differs: times count microseconds, `json` and `uuid` are text.
#[derive(Debug)]
struct LanguageTypes;

impl TypePlanner for LanguageTypes {
    fn plan_type_field(&self, sql_type: &SqlType) -> Result<Option<FieldRef>> {
        let microseconds = |precision: &Option<u64>| precision.is_none_or(|p| p == 6);
        let zoned = |zone: &TimezoneInfo| matches!(zone, TimezoneInfo::Tz | TimezoneInfo::WithTimeZone);
        let ty = match sql_type {
            SqlType::Timestamp(p, zone) if microseconds(p) => {
                DataType::Timestamp(TimeUnit::Microsecond, zoned(zone).then(|| types::UTC.into()))
            }
            SqlType::Datetime(p) | SqlType::TimestampNtz(p) if microseconds(p) => {
                DataType::Timestamp(TimeUnit::Microsecond, None)
            }
            SqlType::Time(p, zone) if microseconds(p) && !zoned(zone) => DataType::Time64(TimeUnit::Microsecond),
            SqlType::JSON | SqlType::Uuid => DataType::Utf8,
            SqlType::Bytes(_) => DataType::Binary,
            _ => return Ok(None),
        };
        Ok(Some(Arc::new(Field::new("", ty, true))))
    }
}
