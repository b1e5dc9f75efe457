//! Failures a clause can match, with their fields.

/// A kind of failure.
#[derive(Clone, Copy, Debug)]
pub struct FailureInfo {
    /// As written: `rule_failed`.
    pub name: &'static str,
    /// When it is raised.
    pub doc: &'static str,
    /// A clause that matches it.
    pub example: &'static str,
    /// Its fields, also `$field` in the SQL of a clause.
    pub fields: &'static [Field],
    /// Whether rows are to blame: actions on rows apply.
    pub rows: bool,
}

/// A field of a failure.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// As written.
    pub name: &'static str,
    /// What it holds.
    pub ty: FieldType,
    /// One sentence.
    pub doc: &'static str,
}

/// What a field holds; decides what a pattern may be and the SQL type of `$field`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FieldType {
    /// Free text.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A table, source or load of the program.
    Table,
    /// A column of the failure's table.
    Column,
    /// A rule of the failure's table.
    Rule,
    /// A predicate's name.
    Check,
    /// A column type; `decimal` matches `decimal(10, 2)`.
    Type,
    /// A whole number.
    Integer,
    /// A number, 0 to 1 for ratios and scores.
    Number,
    /// `true`, `false`
    Bool,
}

/// The kinds of `source_error`, `load_error` and `model_error`.
pub const KINDS: &[&str] = &[
    "timeout",
    "connection",
    "throttled",
    "auth",
    "permission",
    "not_found",
    "quota",
    "conflict",
    "constraint",
    "duplicate_key",
    "schema",
    "type",
    "parse",
    "data",
    "protocol",
    "config",
    "internal",
    "unknown",
];

/// Where in its work a source or a sink was.
pub const PHASES: &[&str] = &["connect", "read", "parse", "write", "commit"];

/// How bad a rule's violation is, mildest first.
pub const SEVERITIES: &[&str] = &["info", "warning", "error", "critical"];

/// What a rule is about.
pub const DIMENSIONS: &[&str] = &["accuracy", "completeness", "consistency", "timeliness", "uniqueness", "validity"];

/// Why a batch looks like a changed source.
pub const STRUCTURAL_REASONS: &[&str] =
    &["header", "delimiter", "encoding", "empty", "all_rows", "max_quarantine", "file_changed"];

const fn field(name: &'static str, ty: FieldType, doc: &'static str) -> Field {
    Field { name, ty, doc }
}

const SOURCE: Field = field("source", FieldType::Table, "The source.");
const TABLE: Field = field("table", FieldType::Table, "The table.");
const KIND: Field =
    field("kind", FieldType::Word(KINDS), "What sort of error it is, by its code first, then by its text.");
const PHASE: Field = field("phase", FieldType::Word(PHASES), "Where in its work it stood.");
const MESSAGE: Field = field("message", FieldType::Text, "What was said.");
const RATIO: Field = field("ratio", FieldType::Number, "The share of the rows as read that are to blame, 0 to 1.");
const ROWS: Field = field("rows", FieldType::Integer, "How many rows are to blame.");
const RULE: Field = field("rule", FieldType::Rule, "The rule, as reports name it.");
const CHECK: Field = field("check", FieldType::Check, "The rule's predicate.");
const DIMENSION: Field = field("dimension", FieldType::Word(DIMENSIONS), "What the rule is about.");
const SEVERITY: Field = field("severity", FieldType::Word(SEVERITIES), "How bad a violation is.");

const FAILURES: &[FailureInfo] = &[
    FailureInfo {
        name: "source_error",
        doc: "A source cannot be reached or read.",
        example: "on source_error(kind: timeout | throttled) => retry 5 times backoff 1s up to 60s;",
        fields: &[
            SOURCE,
            KIND,
            PHASE,
            field("status", FieldType::Integer, "The HTTP status; NULL where there is none."),
            MESSAGE,
        ],
        rows: false,
    },
    FailureInfo {
        name: "load_error",
        doc: "A sink refuses. Tried on the block of the loaded table; `quarantine` takes the rows it rejects.",
        example: "on load_error(kind: constraint) => quarantine;",
        fields: &[
            TABLE,
            field("target", FieldType::Table, "The load, as `--target` names it."),
            KIND,
            PHASE,
            field("rows", FieldType::Integer, "How many rows the sink rejects."),
            MESSAGE,
        ],
        rows: true,
    },
    FailureInfo {
        name: "model_error",
        doc: "A query fails while it runs.",
        example: "on model_error(kind: quota) => retry 2 times backoff 10s;",
        fields: &[field("model", FieldType::Table, "The model."), KIND, MESSAGE],
        rows: false,
    },
    FailureInfo {
        name: "missing_column",
        doc: "A declared column is absent.",
        example: "on missing_column where ($score >= 0.8 and $margin >= 0.15) => rename;",
        fields: &[
            SOURCE,
            field("column", FieldType::Column, "The declared column."),
            field("type", FieldType::Type, "Its declared type."),
            field("candidate", FieldType::Text, "The column of the source that looks most like it; NULL without one."),
            field("score", FieldType::Number, "How much the candidate looks like it, 0 to 1."),
            field("margin", FieldType::Number, "How far the candidate is ahead of the second best, 0 to 1."),
        ],
        rows: false,
    },
    FailureInfo {
        name: "new_column",
        doc: "The source has a column that is not declared.",
        example: "on new_column => keep;",
        fields: &[
            SOURCE,
            field("column", FieldType::Text, "The column of the source."),
            field("type", FieldType::Type, "The type its values have."),
        ],
        rows: false,
    },
    FailureInfo {
        name: "type_changed",
        doc: "The type of a column of the source is not the declared one.",
        example: "on type_changed(lossless: true) => warn;",
        fields: &[
            SOURCE,
            field("column", FieldType::Column, "The column."),
            field("declared", FieldType::Type, "The declared type."),
            field("found", FieldType::Type, "The type its values have."),
            field("lossless", FieldType::Bool, "Whether every value of the one is a value of the other."),
        ],
        rows: false,
    },
    FailureInfo {
        name: "bad_record",
        doc: "A line or document cannot be parsed.",
        example: "on bad_record where ($ratio < 0.01) => quarantine;",
        fields: &[
            SOURCE,
            field("file", FieldType::Text, "The file, as reports name it."),
            field("line", FieldType::Integer, "The line of the first broken record, from 1."),
            field("reason", FieldType::Text, "Why the first broken record cannot be parsed."),
            RATIO,
            ROWS,
        ],
        rows: true,
    },
    FailureInfo {
        name: "cast_failed",
        doc: "Values of a column do not convert to its type. `$value` is the text of one.",
        example: "on cast_failed(type: decimal) => cast using (replace($value, ',', '.')) else quarantine;",
        fields: &[
            TABLE,
            field("column", FieldType::Column, "The column."),
            field("type", FieldType::Type, "Its declared type."),
            RATIO,
            ROWS,
        ],
        rows: true,
    },
    FailureInfo {
        name: "rule_failed",
        doc: "A row or set rule fails. Without a severity it matches `error` and `critical`.",
        example: "on rule_failed(check: determines) => majority else keep;",
        fields: &[
            TABLE,
            RULE,
            field(
                "column",
                FieldType::Column,
                "The column judged; NULL when the rule judges several or an expression.",
            ),
            CHECK,
            DIMENSION,
            SEVERITY,
            ROWS,
            RATIO,
        ],
        rows: true,
    },
    FailureInfo {
        name: "table_failed",
        doc: "A rule over the whole table fails; no row is to blame.",
        example: "on table_failed(rule: volume) => notify oncall then fail 'too few orders';",
        fields: &[
            TABLE,
            RULE,
            CHECK,
            DIMENSION,
            SEVERITY,
            field("observed", FieldType::Text, "What was found, as text."),
            field("expected", FieldType::Text, "What would have passed, as text."),
        ],
        rows: false,
    },
    FailureInfo {
        name: "structural",
        doc: "The batch looks like a changed source, not like bad rows.",
        example: "on structural(reason: empty) => keep;",
        fields: &[
            TABLE,
            field("reason", FieldType::Word(STRUCTURAL_REASONS), "What looks changed."),
            field(
                "ratio",
                FieldType::Number,
                "The share that was measured, 0 to 1: of names that match, or of rows that are bad.",
            ),
        ],
        rows: false,
    },
];

/// All failures.
pub fn failures() -> &'static [FailureInfo] {
    FAILURES
}

impl FailureInfo {
    /// The field with this name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|f| f.name == name)
    }
}

/// The failure with this name.
pub fn failure(name: &str) -> Option<&'static FailureInfo> {
    failures().iter().find(|f| f.name == name)
}
