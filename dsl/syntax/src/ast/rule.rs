//! Items of `rules`.

use super::{Literal, Name, Spanned, Sql, Text, TypeName, Word};

/// `rules table { … }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The table judged.
    pub table: Name,
    /// Items that parsed; the others left a message.
    pub items: Vec<Rule>,
}

/// `[name:] subject [predicates] [options];`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The `---` lines above it.
    pub docs: Vec<String>,
    /// Without one the name is derived.
    pub name: Option<Name>,
    /// What is judged.
    pub subject: Subject,
    /// All of them must hold.
    pub predicates: Vec<Spanned<Predicate>>,
    /// Each at most once.
    pub options: Vec<Spanned<RuleOption>>,
    /// The whole item.
    pub span: Spanned<()>,
}

/// What a rule judges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// `a` or `a, b, c`: each on its own.
    Columns(Vec<Name>),
    /// `( SQL [, SQL]* )`, taken together. The text inside the parentheses; the commas at depth 0 are the checker's.
    Sql(Sql),
    /// The whole table: schema rules `columns (…)`, `closed`, `row count …`; and `any of (…)` over parts of their own.
    Table,
}

/// What an expression is compared with: a literal, `$param`, a column or `(SQL)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A constant.
    Literal(Literal),
    /// `$name`
    Param(Name),
    /// A column, possibly qualified.
    Column(Name),
    /// `( SQL )`
    Sql(Sql),
    /// A duration, for ages: in milliseconds.
    Duration(u64),
    /// A percentage: the digits.
    Percent(String),
}

/// The comparison of a predicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Comparison {
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `=`
    Eq,
    /// `>=`
    Ge,
    /// `>`
    Gt,
    /// `<>` or `!=`
    Ne,
}

/// A predicate, as written. Which are allowed on what is the checker's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predicate {
    /// `not null`
    NotNull,
    /// `not blank`
    NotBlank,
    /// `in (…)`, `not in (…)`
    In {
        /// `not in`
        negated: bool,
        /// The values.
        values: Vec<Spanned<Operand>>,
    },
    /// `not between …`, `not matches …`, `not like …`, `not references …`
    Not(Box<Spanned<Predicate>>),
    /// `not missing`, `not missing ('N/A', -1)`
    NotMissing(Vec<Spanned<Operand>>),
    /// `not in future`
    NotInFuture,
    /// `strictly between a and b`: neither bound is included.
    StrictlyBetween(Spanned<Operand>, Spanned<Operand>),
    /// `between a and b`, inclusive.
    Between(Spanned<Operand>, Spanned<Operand>),
    /// `< 5` and the like.
    Compare(Comparison, Spanned<Operand>),
    /// `matches 'regex'`, anywhere.
    Matches(Text),
    /// `like 'pattern'`
    Like(Text),
    /// `length between a and b`, `length = 5`: the predicate on the length.
    Length(Box<Spanned<Predicate>>),
    /// `is email`, `is date 'fmt'`
    Is {
        /// The format's word.
        format: Word,
        /// Its argument.
        argument: Option<Text>,
    },
    /// `unique`
    Unique,
    /// `references table (column, …)`
    References {
        /// The table referred to.
        table: Name,
        /// Its key.
        columns: Vec<Name>,
    },
    /// `determines (c, …)`
    Determines(Vec<Name>),
    /// `increasing`, `strictly decreasing order by c`
    Monotone(Monotone),
    /// `sequential [step n] [order by c]`
    Sequential {
        /// What is between a value and the next: a number or a duration; 1 when it is not said.
        step: Option<Spanned<Operand>>,
        /// The order.
        order: Option<Name>,
    },
    /// `(starts, ends) not overlapping`
    NotOverlapping,
    /// `(starts, ends) contiguous`
    Contiguous,
    /// `transitions ('new' to 'paid') [order by c]`
    Transitions {
        /// From what to what.
        steps: Vec<(Spanned<Literal>, Spanned<Literal>)>,
        /// The order.
        order: Option<Name>,
    },
    /// `values contain (…)`, `values equal (…)`: the set of distinct values.
    Values {
        /// `equal`: no others.
        equal: bool,
        /// The values.
        values: Vec<Spanned<Operand>>,
    },
    /// `without gaps over 1d`: a duration or a number.
    WithoutGaps(Spanned<Operand>),
    /// `castable as int`
    CastableAs(TypeName),
    /// `mean between 1 and 5`, `quantile 0.9 < 7`, `psi from last_year (total) < 0.2`, `row count >= 1`
    Statistic(Box<Statistic>),
    /// `all of (…)`, `any of (…)`
    Compound(Compound),
    /// `distinct between a and b`, `distinct > 3`: the predicate on the number of distinct values.
    Distinct(Box<Spanned<Predicate>>),
    /// `within 3 sigma`, `within 1.5 iqr`, `within 3.5 mad`: of the column's values; with runs, of the number's in earlier runs.
    WithinSpread {
        /// How many of them.
        factor: Spanned<String>,
        /// `sigma`, `iqr`, `mad`
        unit: Word,
        /// `seasonal 7`: how many runs a season has.
        seasonal: Option<Spanned<u32>>,
        /// `over last 14 runs`
        runs: Option<Runs>,
    },
    /// `within 20% of last run`
    WithinLast(OfEarlier),
    /// `>= 80% of last 10 runs`, `> minimum of last 5 runs - 1`
    CompareLast(Comparison, EarlierBound),
    /// `within 1d`: an age, in milliseconds.
    WithinAge(Spanned<u64>),
    /// `same as table (column)`
    SameAs {
        /// The other table.
        table: Name,
        /// Its column.
        column: Name,
    },
    /// `columns (a, b, …)`: these, in this order.
    Columns(Vec<Name>),
    /// `columns in any order (a, b)`
    ColumnsInAnyOrder(Vec<Name>),
    /// `columns contain (a, b)`
    ColumnsContain(Vec<Name>),
    /// `columns without ('tmp_*')`
    ColumnsWithout(Vec<Text>),
    /// `columns match '^[a-z_]+$'`: the name of each.
    ColumnsMatch(Text),
    /// `columns same as table`
    ColumnsSameAs(Name),
    /// `row count same as table`
    RowCountSameAs(Name),
    /// `type decimal(10, 2)`, `type in (int, bigint)`
    Type(Vec<TypeName>),
    /// `closed`: no other column.
    Closed,
}

/// An option of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleOption {
    /// `tolerate 1%`, `tolerate 5`
    Tolerate(Amount),
    /// `warn above 1%`
    WarnAbove(Amount),
    /// `fail above 5%`
    FailAbove(Amount),
    /// `by (shop, day)`
    By(Vec<Name>),
    /// `approx`
    Approx,
    /// `over last 14 runs`
    OverLast(Runs),
    /// `severity warning`
    Severity(Word),
    /// `dimension accuracy`
    Dimension(Word),
    /// `where (SQL)`
    Where(Sql),
    /// `null fails`
    NullFails,
    /// `because 'text'`
    Because(Text),
}

/// A share of the rows or a number of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amount {
    /// `1%`: the digits.
    Share(String),
    /// `5`: rows.
    Rows(u64),
}

/// `last 14 runs [same weekday]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Runs {
    /// How many; of `last run` 1.
    pub last: Spanned<u32>,
    /// `same weekday`: where that is said.
    pub same_weekday: Option<Spanned<()>>,
}

/// `80% of last run`, `80% of median of last 10 runs`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfEarlier {
    /// The digits of the share.
    pub share: Spanned<String>,
    /// `median`; `None`: the mean.
    pub middle: Option<Word>,
    /// Which runs.
    pub runs: Runs,
}

/// A number reckoned from earlier runs: `80% of median of last 10 runs`, `minimum of last 5 runs - 1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierBound {
    /// What is added up, each with whether it is taken away; the first is of runs.
    pub terms: Vec<(bool, Spanned<EarlierTerm>)>,
    /// `same weekday`: where that is said.
    pub same_weekday: Option<Spanned<()>>,
}

/// A part of a number reckoned from earlier runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EarlierTerm {
    /// `80% of median of last 10 runs`
    Runs {
        /// The digits of the share; `None`: the whole.
        share: Option<Spanned<String>>,
        /// `median`; `None`: the mean.
        of: Option<Word>,
        /// How many runs; of `last run` 1.
        last: Spanned<u32>,
    },
    /// The digits of a number.
    Number(String),
}

/// `[strictly] increasing|decreasing [order by c]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Monotone {
    /// `decreasing`
    pub decreasing: bool,
    /// `strictly`: equal values violate.
    pub strict: bool,
    /// The order; without one, as read.
    pub order: Option<Name>,
}

/// A number computed of the subject, and what must hold of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statistic {
    /// `mean`, `quantile`, `row_count`, …
    pub word: Word,
    /// The share below a `quantile`.
    pub share: Option<Spanned<String>>,
    /// `from table (column)`: the values compared with.
    pub reference: Option<(Name, Name)>,
    /// What must hold of it.
    pub holds: Spanned<Predicate>,
}

/// `all of (…)`, `any of (…)`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compound {
    /// `all of`
    pub all: bool,
    /// What is joined: of a rule without a subject each with its own.
    pub parts: Vec<Part>,
}

/// A part of `all of` or `any of`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// `None`: the subject of the rule.
    pub subject: Option<Subject>,
    /// `None`: the subject is boolean.
    pub predicate: Option<Spanned<Predicate>>,
    /// All of it.
    pub span: Spanned<()>,
}

impl Predicate {
    /// The other tables it looks at.
    pub fn tables(&self) -> Vec<&Name> {
        match self {
            Predicate::References { table, .. }
            | Predicate::SameAs { table, .. }
            | Predicate::ColumnsSameAs(table)
            | Predicate::RowCountSameAs(table) => vec![table],
            Predicate::Not(inner) => inner.value.tables(),
            Predicate::Statistic(statistic) => statistic.reference.iter().map(|(table, _)| table).collect(),
            Predicate::Compound(compound) => {
                compound.parts.iter().flat_map(|p| &p.predicate).flat_map(|p| p.value.tables()).collect()
            }
            _ => Vec::new(),
        }
    }
}
