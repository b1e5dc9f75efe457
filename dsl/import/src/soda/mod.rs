//! Soda: checks of version 3 (SodaCL) and contracts of version 4.
//!
//! What its words mean: missing values are NULL and those that are named, and are taken out before values are judged; a
//! share is of all rows; bounds are included unless they stand in round brackets; `when` says what is wrong, a check
//! without it what is right; of a repeated key each value counts once, not each row.

mod contract;
mod forms;
mod language;
mod measure;
mod reconcile;
mod validity;

pub(crate) use measure::{Limits, Metric, rules};
pub(crate) use validity::Validity;

use pipe_diagnostics::Diagnostic;
use pipe_diagnostics::codes::import as codes;

use crate::catalogue::Check;
use crate::import::Cx;
use crate::node::Node;
use crate::query::Own;
use crate::rule::Said;
use crate::words;

/// The metrics and checks of SodaCL; behind them those of contracts.
pub(crate) const CHECKS: &[Check] = &[
    Check::said("row_count", "`row count …`"),
    Check::said("missing_count", "`c not null`, `c not missing (…)`; `tolerate n`"),
    Check::said("missing_percent", "`c not null`, `c not missing (…)`; `tolerate n%`"),
    Check::said("invalid_count", "`c in (…)`, `c is email` and others; `tolerate n`"),
    Check::said("invalid_percent", "`c in (…)`, `c is email` and others; `tolerate n%`"),
    Check::said("valid_count", "an expression that counts"),
    Check::said("valid_percent", "an expression that counts"),
    Check::said("duplicate_count", "`(a, b) unique`; other than none: a query of the values that repeat"),
    Check::said("duplicate_percent", "`(a, b) unique`; other than none: a query of the values that repeat"),
    Check::said("avg", "`c mean …`"),
    Check::said("max", "`c maximum …`"),
    Check::said("min", "`c minimum …`"),
    Check::said("sum", "`c sum …`"),
    Check::said("stddev", "`c stddev …`"),
    Check::said("stddev_samp", "`c stddev …`"),
    Check::said("stddev_pop", "`(stddev_pop(c)) …`"),
    Check::said("variance", "`c variance …`"),
    Check::said("var_samp", "`c variance …`"),
    Check::said("var_pop", "`(var_pop(c)) …`"),
    Check::said("percentile", "`c quantile q …`"),
    Check::said("avg_length", "`(avg(length(c))) …`"),
    Check::said("max_length", "`(max(length(c))) …`"),
    Check::said("min_length", "`(min(length(c))) …`"),
    Check::said("freshness", "`(max(c)) within 1d`"),
    Check::said("schema", "`columns contain (…)`, `columns without (…)`, `c type …`"),
    Check::said("values in … must exist in", "`c references other (c)`"),
    Check::said("values in … must not exist in", "`c not references other (c)`"),
    Check::said("row_count same as", "`row count same as other`"),
    Check::said(
        "change",
        "`row count within 20% of last run`, `row count >= 80% of last 7 runs`, `row count < last run + 50`",
    ),
    Check::said("anomaly detection", "`within 3 sigma over last 14 runs`, in place of a forecast"),
    Check::said("anomaly score", "`within 3 sigma over last 14 runs`, in place of a forecast"),
    Check::refused(
        "distribution_difference",
        "compares with a file of stored bins; say `c psi from last_year (c) < 0.2` of a table that has the old values",
    ),
    Check::said("failed rows", "an expression: not the fail condition"),
    Check::said("user-defined metric", "an expression"),
    Check::said("group by", "an aggregate `by (…)`"),
    Check::said("group evolution", "`c values contain (…)`, `c not matches '^…'`; `when groups change` refused"),
    Check::said("when schema changes", "`on new_column | missing_column | type_changed => fail` of `heal`"),
    Check::said(
        "reconciliation",
        "numbers of two tables: `(abs(… - (select … from other))) = 0`; `columns same as other`",
    ),
    Check::said("for each dataset", "the checks of each table"),
    Check::said(
        "contract: schema",
        "the source's schema; `columns (…)`, `columns in any order (…)`, `columns contain (…)`",
    ),
    Check::said("contract: row_count", "`row count …`"),
    Check::said("contract: missing", "`c not null`, `c not missing (…)`"),
    Check::said("contract: invalid", "`c in (…)`, `c matches '…'` and others"),
    Check::said("contract: duplicate", "`c unique`, `(a, b) unique`"),
    Check::said("contract: aggregate", "`c mean …` and others"),
    Check::said("contract: metric", "an expression"),
    Check::said("contract: failed_rows", "an expression: not the condition"),
    Check::said("contract: freshness", "`(max(c)) within 2h`"),
];

/// The table that a check is of, and the rows of it.
pub(crate) struct Scope<'a> {
    /// Its name here.
    pub(crate) table: &'a str,
    /// Conditions that all hold of the rows judged.
    pub(crate) filter: Vec<String>,
}

impl Scope<'_> {
    /// The table, as queries are asked of it.
    pub(crate) fn own(&self) -> Own<'_> {
        Own { names: &[], table: self.table }
    }

    /// The same table, with one condition more.
    fn with(&self, condition: Option<String>) -> Scope<'_> {
        Scope { table: self.table, filter: condition.into_iter().chain(self.filter.clone()).collect() }
    }

    /// How many rows are judged.
    fn rows(&self) -> String {
        match self.filter.is_empty() {
            true => "count(*)".to_owned(),
            false => format!("count(*) filter (where {})", self.conditions().join(" and ")),
        }
    }

    /// How many values, or combinations of them, occur more than once: a query of the table.
    fn repeated(&self, columns: &[String]) -> String {
        let there = columns.iter().map(|c| format!("{} is not null", words::name(c)));
        let where_ = there.chain(self.conditions()).collect::<Vec<_>>().join(" and ");
        let names = words::names(columns);
        let query = format!("select {names} from {} where {where_} group by {names} having count(*) > 1", self.table);
        format!("(select count(*) from ({query}) as repeated)")
    }

    fn conditions(&self) -> Vec<String> {
        self.filter.iter().map(|f| format!("({})", f.trim())).collect()
    }
}

/// Reads checks or a contract.
pub(crate) fn file(cx: &mut Cx, documents: &[Node]) -> Said<()> {
    let mut found = false;
    for document in documents {
        if document.get("dataset").is_some() && (document.get("columns").is_some() || document.get("checks").is_some())
        {
            contract::read(cx, document)?;
            found = true;
        } else {
            found |= language::read(cx, document);
        }
    }
    if found {
        return Ok(());
    }
    let span = documents.first().map_or_else(|| pipe_diagnostics::Span::new(cx.file, 0..0), |d| d.span);
    Err(Box::new(
        Diagnostic::error(
            codes::NOT_A_SUITE,
            "there are neither `checks for …` nor a contract's `dataset` and `columns`",
            span,
        )
        .help("checks are in `checks.yml`, contracts in a file of their own; `configuration.yml` has none"),
    ))
}
