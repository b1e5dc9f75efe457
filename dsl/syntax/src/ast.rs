//! The tree. Equality ignores spans, so that a re-parsed program can be compared with the one it was printed from.

mod rule;

use pipe_diagnostics::Span;

pub use rule::*;

/// A value and the bytes it was read from. Equality and hashing ignore the span.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spanned<T> {
    /// What was read.
    pub value: T,
    /// Where.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value with its place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Spanned<T> {}

impl<T: std::hash::Hash> std::hash::Hash for Spanned<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}

impl<T> std::ops::Deref for Spanned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

/// A name as it counts: folded to lower case unless it was quoted with `"…"` or backquotes.
pub type Name = Spanned<String>;

/// A keyword, connector, enum word: always folded to lower case.
pub type Word = Spanned<String>;

/// A text literal `'…'`, with `''` undone.
pub type Text = Spanned<String>;

/// A piece of SQL, verbatim: without the parentheses around it or the `;` behind it. Its span covers just `text`.
pub type Sql = Spanned<String>;

/// A parsed file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// In the order of the text.
    pub statements: Vec<Statement>,
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The lines of the `---` comment above it, without the dashes.
    pub docs: Vec<String>,
    /// From the keyword to the `;` or `}`; equality ignores it, see [`Spanned`].
    pub span: Spanned<()>,
    /// The first word.
    pub keyword: Word,
    /// What it declares.
    pub kind: StatementKind,
}

/// What a statement declares; the form is decided by its first word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// `pipe 1;`
    Version(Spanned<u32>),
    /// `use 'path';`
    Use(Text),
    /// `param name type [= literal];`
    Param(Param),
    /// `secret name from provider 'key';`
    Secret(Secret),
    /// `profile name { … }`
    Profile(Profile),
    /// `connection name connector [with (…)];`
    Connection(Connection),
    /// `channel name kind [with (…)];`
    Channel(Connection),
    /// `source name from x ['locator'] …;`
    Source(Source),
    /// `model name [with (…)] as SELECT …;` or `from file 'x.sql'`
    Model(Model),
    /// `rules table { … }`
    Rules(Rules),
    /// `heal table [with (…)] { … }`
    Heal(Heal),
    /// `load table into x 'locator' [with (…)];`
    Load(Load),
    /// `schedule name …;`
    Schedule(Schedule),
    /// `test name { … }`
    Test(Test),
    /// Could not be parsed; its message was given. Later passes ignore it, and names it may have declared count as known.
    Error {
        /// The name behind the keyword, if one could be read.
        name: Option<Name>,
    },
}

/// A typed value, bound in SQL as `$name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// An SQL type, such as `date` or `decimal(10, 2)`.
    pub ty: TypeName,
    /// Without one, `--param name=value` is needed.
    pub default: Option<Spanned<Literal>>,
}

/// An SQL type as written, lower case, single blanks: `decimal(10, 2)`, `timestamp`, `int[]`.
pub type TypeName = Spanned<String>;

/// A constant of the language (outside SQL fragments).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// `'…'`
    Text(String),
    /// Digits as written without `_`, with sign: `-12.50`, `1e6`.
    Number(String),
    /// `true`, `false`
    Bool(bool),
    /// `null`
    Null,
    /// `date '…'`, `timestamp '…'`, `time '…'`, `interval '…'`: the word and the text.
    Typed(String, String),
}

/// A reference to a secret: never the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Its name.
    pub name: Name,
    /// `env`, `file`, …
    pub provider: Word,
    /// The variable, the path.
    pub key: Text,
}

/// Overrides for an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// As in `--profile name`.
    pub name: Name,
    /// `param` and `connection` statements; others were refused.
    pub items: Vec<Statement>,
}

/// A connection or a channel: a name, a kind and its configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Its name.
    pub name: Name,
    /// The connector or channel kind.
    pub kind: Word,
    /// Its configuration.
    pub with: Option<With>,
}

/// `with (key = value, …)`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct With {
    /// In the order written; duplicates are kept for the checker to refuse.
    pub entries: Vec<Entry>,
    /// The whole clause.
    pub span: Spanned<()>,
}

/// `key = value`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Word,
    /// The value.
    pub value: Spanned<Value>,
}

/// A configuration value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `'text'`
    Text(String),
    /// Digits as written, without `_`.
    Number(String),
    /// `true`, `false`
    Bool(bool),
    /// `250ms 30s 5m 2h 7d`, in milliseconds.
    Duration(u64),
    /// `64KB 64MiB`, in bytes; `KB` is 1000, `KiB` 1024.
    Size(u64),
    /// `0.1%`: the digits, `0.1`.
    Percent(String),
    /// A bare word: an enum value or a column.
    Word(String),
    /// `[a, b]`
    List(Vec<Spanned<Value>>),
    /// `secret name`
    Secret(Name),
    /// `$name`
    Param(Name),
    /// `day(ordered_at)`, `bearer(token = secret t)`, `due`-like words excepted.
    Call(Call),
}

/// A word with arguments, positional or named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The word.
    pub name: Word,
    /// Positional arguments.
    pub args: Vec<Spanned<Value>>,
    /// Named arguments.
    pub entries: Vec<Entry>,
}

/// `source name from x ['locator'] clauses;`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The table it declares.
    pub name: Name,
    /// A connector or a declared connection.
    pub from: Name,
    /// A path, glob, URL, table: what the connector reads.
    pub locator: Option<Text>,
    /// In the order written; each at most once (the checker refuses a second).
    pub clauses: Vec<SourceClause>,
}

/// A clause of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceClause {
    /// `with (…)`
    With(With),
    /// `schema (…)`
    Schema(Spanned<Vec<ColumnDef>>),
    /// `incremental by c [lag d]`
    Incremental(Cursor),
    /// `stream by c [lag d]`
    Stream(Cursor),
    /// `cdc by (key, …)`
    Cdc(Vec<Name>),
    /// `contract` (an ODCS file), accepted by the grammar for its checker.
    Contract(Text),
}

/// A column a load or stream goes forward by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The column.
    pub column: Name,
    /// How late rows may come, in milliseconds.
    pub lag: Option<Spanned<u64>>,
}

/// `name type [alias a]` or `name type alias (a, b)` of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnDef {
    /// The `---` lines above it.
    pub docs: Vec<String>,
    /// The column.
    pub name: Name,
    /// Its type.
    pub ty: TypeName,
    /// Other names the source may use for it.
    pub aliases: Vec<Name>,
}

/// `model name [with (…)] as SELECT …`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// The table it declares.
    pub name: Name,
    /// Its configuration.
    pub with: Option<With>,
    /// The query.
    pub body: ModelBody,
}

/// Where the query of a model is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelBody {
    /// Here.
    Sql(Sql),
    /// In a file of its own, relative to this one.
    File(Text),
}

/// `heal table [with (…)] { … }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heal {
    /// The table; `None` for `heal *`.
    pub table: Option<Name>,
    /// Gates: mode, confidence, budgets.
    pub with: Option<With>,
    /// Clauses that parsed, in order.
    pub clauses: Vec<Clause>,
}

/// `on failure | failure where (SQL) => steps else steps;`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// The `---` lines above it.
    pub docs: Vec<String>,
    /// Alternatives.
    pub patterns: Vec<FailurePattern>,
    /// The guard.
    pub guard: Option<Sql>,
    /// `steps [else steps]*`, at least one; each a chain of `then`.
    pub steps: Vec<Vec<Spanned<Action>>>,
    /// The whole item.
    pub span: Spanned<()>,
}

/// `failure(field: pattern, …)`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailurePattern {
    /// `rule_failed`, `bad_record`, …
    pub failure: Word,
    /// Omitted fields match anything.
    pub fields: Vec<(Word, Spanned<FieldPattern>)>,
}

/// What a field must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldPattern {
    /// `_`
    Any,
    /// Alternatives `a | b`, at least one.
    OneOf(Vec<Spanned<FieldValue>>),
}

/// A value a field is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// A word, possibly dotted (`order_id.unique`) or a type with arguments (`decimal(10, 2)`).
    Word(String),
    /// A constant.
    Literal(Literal),
}

/// An action with its arguments, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// `retry n times backoff a [up to b]`; durations in milliseconds.
    Retry {
        /// How often; `None` without a bound (warned of).
        times: Option<Spanned<u32>>,
        /// First wait.
        backoff: Option<Spanned<u64>>,
        /// Longest wait.
        up_to: Option<Spanned<u64>>,
    },
    /// `use source name`
    UseSource(Name),
    /// `shrink batch`
    ShrinkBatch,
    /// `skip file`
    SkipFile,
    /// `rename [a to b]`
    Rename(Option<(Name, Name)>),
    /// `keep`
    Keep,
    /// `ignore`
    Ignore,
    /// `cast [c] using (SQL)`
    Cast {
        /// The column; else the failure's.
        column: Option<Name>,
        /// The conversion.
        using: Sql,
    },
    /// `normalize [c] as format ['argument']`
    Normalize {
        /// The column; else the failure's.
        column: Option<Name>,
        /// `date`, `number`, …
        format: Word,
        /// Such as a date format.
        argument: Option<Text>,
    },
    /// `set c = (SQL) [where (SQL)]`
    Set {
        /// The column written.
        column: Name,
        /// Its new value.
        value: Sql,
        /// Which of the violating rows.
        filter: Option<Sql>,
    },
    /// `fill [c] with (SQL)|mean|median|mode|previous [order by c]`
    Fill {
        /// The column; else the failure's.
        column: Option<Name>,
        /// With what.
        with: FillWith,
    },
    /// `majority [of c by (k, …)]`
    Majority(Option<(Name, Vec<Name>)>),
    /// `lookup [c] from table [by (k, …)]`
    Lookup {
        /// The column; else the failure's.
        column: Option<Name>,
        /// The reference table.
        table: Name,
        /// The key; else the rule's.
        by: Vec<Name>,
    },
    /// `prefer source in (…)`
    Prefer(Vec<Name>),
    /// `snap [c to table (col)]`
    Snap(Option<(Name, Name, Name)>),
    /// `clip [c to (a, b)]`
    Clip(Option<(Name, Spanned<Operand>, Spanned<Operand>)>),
    /// `dedupe [by (k, …)] keep first [order by c]|latest c|most complete`
    Dedupe {
        /// The key; else the rule's.
        by: Vec<Name>,
        /// Which row stays.
        keep: KeepRow,
    },
    /// `repair [c, …]`
    Repair(Vec<Name>),
    /// `backfill n d`: the days.
    Backfill(Spanned<u64>),
    /// `reload partition`
    ReloadPartition,
    /// `quarantine`
    Quarantine,
    /// `drop`
    Drop,
    /// `pause`
    Pause,
    /// `notify channel`
    Notify(Name),
    /// `ask 'text'`
    Ask(Text),
    /// `warn`, with an optional text
    Warn(Option<Text>),
    /// `fail ['text']`
    Fail(Option<Text>),
}

/// What `fill` puts in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FillWith {
    /// An expression over the row.
    Sql(Sql),
    /// The column's mean.
    Mean,
    /// The column's median.
    Median,
    /// The column's most frequent value.
    Mode,
    /// The value of the row before, in the order of a column or as the rows were read.
    Previous(Option<Name>),
}

/// Which of the rows of a key stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeepRow {
    /// The first read, or in the order of a column.
    First(Option<Name>),
    /// The one with the greatest value of a column.
    Latest(Name),
    /// The one with the fewest NULLs.
    MostComplete,
}

/// `load table into x 'locator' [with (…)];`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// The table loaded. A load has no name of its own; `--target` takes the table's.
    pub table: Name,
    /// A connector or a declared connection.
    pub into: Name,
    /// Where to.
    pub locator: Text,
    /// Its configuration.
    pub with: Option<With>,
}

/// `schedule name when run targets [with (…)];`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Its name.
    pub name: Name,
    /// When.
    pub trigger: Trigger,
    /// `zone 'Europe/Berlin'`
    pub zone: Option<Text>,
    /// `catchup`
    pub catchup: Option<Spanned<()>>,
    /// The tables run.
    pub targets: Vec<Name>,
    /// Param values.
    pub with: Option<With>,
}

/// What starts a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// `cron '0 2 * * *'`
    Cron(Text),
    /// `every 5m`, in milliseconds.
    Every(Spanned<u64>),
    /// `after name, …`
    After(Vec<Name>),
}

/// `test name { … }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// Its name.
    pub name: Name,
    /// Items that parsed, in order.
    pub items: Vec<Spanned<TestItem>>,
}

/// An item of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestItem {
    /// `at '2026-01-01 12:00'`
    At(Text),
    /// `given table from connector 'file'`
    GivenFile {
        /// The table given.
        table: Name,
        /// The connector that reads it.
        connector: Word,
        /// The file.
        file: Text,
    },
    /// `given table as SELECT …`
    GivenSql {
        /// The table given.
        table: Name,
        /// Its rows.
        sql: Sql,
    },
    /// `inject rename a to b [in table]`
    InjectRename {
        /// The old name.
        from: Name,
        /// The new name.
        to: Name,
        /// Where; the one given table that is meant otherwise, as for all drift.
        table: Option<Name>,
    },
    /// `inject retype c to type [in table]`
    InjectRetype {
        /// The column.
        column: Name,
        /// Its new type.
        ty: TypeName,
        /// Where.
        table: Option<Name>,
    },
    /// `inject drop column c [in table]`
    InjectDropColumn {
        /// The column.
        column: Name,
        /// Where.
        table: Option<Name>,
    },
    /// `inject add column c [type] [in table]`
    InjectAddColumn {
        /// The new column.
        column: Name,
        /// Its type.
        ty: Option<TypeName>,
        /// Where.
        table: Option<Name>,
    },
    /// `inject delimiter ';' [in table]`
    InjectDelimiter {
        /// The new delimiter.
        delimiter: Text,
        /// Where.
        table: Option<Name>,
    },
    /// `inject bad record ['text'] [in table]`
    InjectBadRecord {
        /// The record.
        record: Option<Text>,
        /// Where.
        table: Option<Name>,
    },
    /// `inject kill before commit`, `after commit`
    InjectKill {
        /// Before or after.
        before: bool,
    },
    /// `inject failure(…) [n times]`
    InjectFailure {
        /// The failure.
        failure: FailurePattern,
        /// How often.
        times: Option<Spanned<u32>>,
    },
    /// `expect heal action`
    ExpectHeal(Spanned<Action>),
    /// `expect failure failure(…)`
    ExpectFailure(FailurePattern),
    /// `expect table rows n [quarantined n] …`: words with numbers.
    ExpectCounts {
        /// The table.
        table: Name,
        /// `rows`, `quarantined`, `dropped`, `healed`, … with the numbers.
        counts: Vec<(Word, Spanned<u64>)>,
    },
    /// `expect table as SELECT …`
    ExpectSql {
        /// The table.
        table: Name,
        /// Its rows.
        sql: Sql,
    },
    /// `expect exit n`
    ExpectExit(Spanned<u32>),
}
