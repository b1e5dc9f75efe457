//! The planner's errors as diagnostics: at the right place of the `.pipe` file, in the language's words, with the nearest
//! names.

mod find;
mod narrow;
mod place;
mod translate;

use datafusion::common::utils::datafusion_strsim::levenshtein;
use datafusion::common::{Diagnostic as PlannerMessage, SchemaError};
use datafusion::error::DataFusionError;
use pipe_diagnostics::codes::sql;
use pipe_diagnostics::{Diagnostic, Span, nearest};

pub(crate) use find::{Tree, function_name};
pub(crate) use narrow::{Culprit, expression as expression_culprit, query as query_culprit};
pub(crate) use place::Place;
pub use translate::sentence;

use crate::planner::NO_TABLE_FUNCTION;
use crate::{Planner, files};

/// How many names a help lists before it says "and more".
const LISTED: usize = 12;

/// An error to explain: where its fragment is, and what was planned.
pub(crate) struct Explain<'p, 'a, 't> {
    pub(crate) planner: &'p Planner<'a>,
    pub(crate) place: Place<'a>,
    pub(crate) tree: Tree<'t>,
    /// The narrowest part that fails; asked only for errors about types.
    pub(crate) culprit: &'p dyn Fn() -> Option<Culprit>,
}

impl Explain<'_, '_, '_> {
    /// The diagnostics of an error, at least one.
    pub(crate) fn all(&self, error: &DataFusionError) -> Vec<Diagnostic> {
        let mut out: Vec<Diagnostic> = Vec::new();
        for error in flat(error) {
            let d = self.one(error);
            if !out.contains(&d) {
                out.push(d);
            }
        }
        out
    }

    fn one(&self, error: &DataFusionError) -> Diagnostic {
        let message = error.diagnostic();
        let root = error.find_root();
        if let DataFusionError::SchemaError(schema, _) = root {
            return self.schema(schema, message);
        }
        let text = root.message();
        let told = message.map_or("", |m| m.message.as_str());
        if let DataFusionError::NotImplemented(_) = root {
            let span = (self.culprit)().map_or_else(|| self.spot(message), |c| c.span);
            let text = sentence(error);
            let text = match text.strip_prefix("unsupported ") {
                Some(what) => format!("not supported: {what}"),
                None if text.contains("not supported") || text.contains("not implemented") => text,
                None => format!("not supported: {text}"),
            };
            return Diagnostic::error(sql::NOT_SUPPORTED, text, span);
        }
        if let Some(name) = text.strip_prefix(NO_TABLE_FUNCTION) {
            return self.table_function(name.trim_matches('\''));
        }
        if text == files::ONE_TEXT {
            let call = pipe_schema::table_functions().iter().find_map(|f| self.tree.relation(f.name));
            let span = call.and_then(|s| self.place.parser(s)).unwrap_or(self.place.whole);
            return Diagnostic::error(sql::UNPLANNABLE, text, span).help("write `files('deliveries/*.csv')`");
        }
        if told.starts_with("table ") || text.ends_with("not found") && text.contains("table ") {
            return self.table(text.as_ref(), message);
        }
        if told.starts_with("Invalid function") {
            return self.function(told, message);
        }
        if text.starts_with("There is no window function named ") {
            return self.function(text.as_ref(), message);
        }
        if told.contains("must appear in GROUP BY") {
            return self.not_grouped(told, message);
        }
        if text.starts_with("HAVING clause references") {
            return self.having_not_grouped();
        }
        if told.contains("different number of columns") || told.starts_with("Too many columns") {
            return self.column_counts(told, message);
        }
        if text.starts_with("Aggregate functions are not allowed in") {
            return self.aggregate_in_where();
        }
        if text.starts_with("Aggregate function calls cannot be nested") {
            return self.nested_aggregates();
        }
        if text.starts_with("Cannot create filter with non-boolean predicate") || told.starts_with("NOT cannot be used")
        {
            return self.not_boolean(told, &text, message);
        }
        if text.starts_with("Projections require unique expression names") {
            // `… "orders.order_id" at position 0 and "orders.order_id" at position 1 …`
            let name = text.split('"').nth(1).map_or("", |n| n.rsplit('.').next().unwrap_or(n));
            let span = self.tree.last_item(name).and_then(|s| self.place.parser(s)).unwrap_or(self.place.whole);
            return duplicate(name, span);
        }
        if let Some(name) = text.strip_prefix("The window ").and_then(|t| t.strip_suffix(" is not defined!")) {
            let span = self.tree.window(name).and_then(|s| self.place.parser(s)).unwrap_or(self.place.whole);
            return Diagnostic::error(sql::UNPLANNABLE, format!("there is no window `{name}`"), span)
                .help(format!("declare it behind `from`: `window {name} as (order by …)`"));
        }
        self.types(error, message)
    }

    /// Where a message points, or the whole fragment.
    fn spot(&self, message: Option<&PlannerMessage>) -> Span {
        self.pointed(message).unwrap_or(self.place.whole)
    }

    fn pointed(&self, message: Option<&PlannerMessage>) -> Option<Span> {
        self.place.planner(message?.span?)
    }

    fn named(&self, name: &str) -> Option<Span> {
        self.tree.column(name).and_then(|s| self.place.parser(s))
    }

    fn schema(&self, error: &SchemaError, message: Option<&PlannerMessage>) -> Diagnostic {
        match error {
            SchemaError::FieldNotFound { field, valid_fields } => {
                let span = self.pointed(message).or_else(|| self.named(&field.name)).unwrap_or(self.place.whole);
                let mut tables: Vec<&str> =
                    valid_fields.iter().filter_map(|f| f.relation.as_ref()).map(|r| r.table()).collect();
                tables.dedup();
                if let Some(table) = field.relation.as_ref().map(|r| r.table())
                    && !tables.contains(&table)
                    && !tables.is_empty()
                {
                    let message = format!("there is no table `{table}` in this query");
                    return Diagnostic::error(sql::QUERY_COLUMN, message, span).help(known(table, "tables", tables));
                }
                let of = field.relation.as_ref().map(|r| format!(" in `{}`", r.table())).unwrap_or_default();
                let names = valid_fields
                    .iter()
                    .filter(|f| field.relation.is_none() || f.relation == field.relation)
                    .map(|f| f.name.as_str());
                Diagnostic::error(sql::QUERY_COLUMN, format!("there is no column `{}`{of}", field.name), span)
                    .help(known(&field.name, "columns", names))
            }
            SchemaError::AmbiguousReference { field } => {
                let span = self.pointed(message).or_else(|| self.named(&field.name)).unwrap_or(self.place.whole);
                let choices: Vec<String> = message
                    .iter()
                    .flat_map(|m| &m.notes)
                    .filter_map(|n| n.message.strip_prefix("possible column "))
                    .map(|c| format!("`{c}`"))
                    .collect();
                let help = match choices.as_slice() {
                    [] => format!("say of which table, as in `t.{}`", field.name),
                    choices => format!("write {}", choices.join(" or ")),
                };
                Diagnostic::error(
                    sql::AMBIGUOUS_COLUMN,
                    format!("more than one table has a column `{}`", field.name),
                    span,
                )
                .help(help)
            }
            SchemaError::DuplicateQualifiedField { name, .. } | SchemaError::DuplicateUnqualifiedField { name } => {
                let span = self.named(name).unwrap_or_else(|| self.spot(message));
                duplicate(name, span)
            }
        }
    }

    fn table(&self, text: &str, message: Option<&PlannerMessage>) -> Diagnostic {
        let name = quoted(text).unwrap_or_default();
        Diagnostic::error(sql::QUERY_TABLE, format!("there is no table `{name}`"), self.spot(message)).help(known(
            name,
            "tables",
            self.planner.tables.names(),
        ))
    }

    fn function(&self, text: &str, message: Option<&PlannerMessage>) -> Diagnostic {
        let name = quoted(text).unwrap_or_else(|| text.rsplit(' ').next().unwrap_or_default());
        let named = || self.tree.function_name(name).and_then(|s| self.place.as_is(s));
        let span = self.pointed(message).or_else(named).unwrap_or(self.place.whole);
        if self.planner.state.window_functions().contains_key(name) {
            return Diagnostic::error(sql::UNPLANNABLE, format!("`{name}` is taken over a window of rows"), span)
                .help(format!("say which, as in `{name}(…) over (order by …)`"));
        }
        if let Some(known) = pipe_schema::predicate(name).filter(|p| p.syntax.starts_with(name)) {
            return Diagnostic::error(sql::UNKNOWN_FUNCTION, format!("there is no function `{name}`"), span)
                .help(format!("rules have a predicate of this name, as in `{}`", known.example.trim_end_matches(';')));
        }
        let names = self.planner.function_names();
        let near = nearest(name, names.iter().map(String::as_str))
            .filter(|near| levenshtein(name, near) <= 1 + name.chars().count() / 4);
        Diagnostic::error(sql::UNKNOWN_FUNCTION, format!("there is no function `{name}`"), span)
            .maybe_help(near.map(|n| format!("did you mean `{n}`?")))
    }

    fn table_function(&self, name: &str) -> Diagnostic {
        let span = self.tree.relation(name).and_then(|s| self.place.parser(s)).unwrap_or(self.place.whole);
        let names = pipe_schema::table_functions().iter().map(|f| f.name);
        Diagnostic::error(sql::UNKNOWN_FUNCTION, format!("there is no function `{name}` that gives a table"), span)
            .help(known(name, "functions that give a table", names))
    }

    fn not_grouped(&self, told: &str, message: Option<&PlannerMessage>) -> Diagnostic {
        let planned = quoted(told).unwrap_or_default();
        let column = planned.rsplit('.').next().unwrap_or(planned);
        let span = self.pointed(message).or_else(|| self.named(column)).unwrap_or(self.place.whole);
        let written = if span == self.place.whole { column } else { self.place.text(span) };
        Diagnostic::error(sql::NOT_GROUPED, format!("`{written}` is neither grouped nor aggregated"), span)
            .help(format!("add it to `group by`, or aggregate it, as in `max({written})`"))
    }

    fn having_not_grouped(&self) -> Diagnostic {
        let having = match self.tree {
            Tree::Query(query) => narrow::having(query),
            Tree::Expression(_) => None,
        };
        let span = having.and_then(|s| self.place.parser(s)).unwrap_or(self.place.whole);
        Diagnostic::error(sql::NOT_GROUPED, "`having` names a column that is neither grouped nor aggregated", span)
            .help("conditions on single rows stand in `where`")
    }

    fn nested_aggregates(&self) -> Diagnostic {
        let is_aggregate = |name: &str| self.planner.state.aggregate_functions().contains_key(name);
        let span = self.tree.nested_aggregate(is_aggregate).and_then(|s| self.place.parser(s));
        let message = "an aggregate cannot stand inside another";
        Diagnostic::error(sql::UNPLANNABLE, message, span.unwrap_or(self.place.whole))
            .help("aggregate in two steps: a query over a subquery, or two models")
    }

    fn column_counts(&self, told: &str, message: Option<&PlannerMessage>) -> Diagnostic {
        let (text, help) = match told.split_once(" queries have") {
            Some((operator, _)) => (
                format!("the two sides of `{}` have different numbers of columns", operator.to_lowercase()),
                "select as many columns on both sides",
            ),
            None => (
                "this subquery gives more than one column where one value is needed".to_owned(),
                "select just one column",
            ),
        };
        let subquery = || self.tree.subquery().and_then(|s| self.place.parser(s));
        let span = self.pointed(message).or_else(subquery).unwrap_or(self.place.whole);
        let mut d = Diagnostic::error(sql::COLUMN_COUNTS, text, span).help(help);
        for note in message.iter().flat_map(|m| &m.notes) {
            if let Some(span) = note.span.and_then(|s| self.place.planner(s))
                && let Some(count) = note.message.strip_prefix("this side has ")
            {
                let count = count.trim_end_matches(" fields");
                d = d.label(span, format!("{count} {}", if count == "1" { "column" } else { "columns" }));
            }
        }
        d
    }

    fn aggregate_in_where(&self) -> Diagnostic {
        let found = self.tree.aggregate(|name| self.planner.state.aggregate_functions().contains_key(name));
        let span = match self.tree {
            // The select list may hold an aggregate too; the one to blame is found in the text behind `where`.
            Tree::Query(query) => narrow::selection_aggregate(query, self.planner).or(found),
            Tree::Expression(_) => found,
        };
        let span = span.and_then(|s| self.place.parser(s)).unwrap_or(self.place.whole);
        Diagnostic::error(sql::AGGREGATE_HERE, "`where` is decided row by row: it takes no aggregate", span)
            .help("conditions on groups stand in `having`")
    }

    fn not_boolean(&self, told: &str, text: &str, message: Option<&PlannerMessage>) -> Diagnostic {
        let culprit = (self.culprit)();
        let span = self.pointed(message).or_else(|| culprit.as_ref().map(|c| c.span)).unwrap_or(self.place.whole);
        let ty = match culprit {
            Some(Culprit { ty: Some(ty), .. }) => crate::types::describe(&ty),
            _ => {
                let of =
                    told.strip_prefix("NOT cannot be used with ").or_else(|| Some(text.rsplit_once(" returning ")?.1));
                translate::type_names(of.unwrap_or_default())
            }
        };
        not_boolean(&ty, span)
    }

    /// Errors about types, and all that is left.
    fn types(&self, error: &DataFusionError, message: Option<&PlannerMessage>) -> Diagnostic {
        let Some(culprit) = (self.culprit)() else {
            let text = sentence(error);
            let called = text.split_once("call to `").and_then(|(_, rest)| rest.split('`').next());
            let span = self
                .pointed(message)
                .or_else(|| self.tree.function(called?).and_then(|s| self.place.parser(s)))
                .unwrap_or(self.place.whole);
            return Diagnostic::error(sql::UNPLANNABLE, text, span);
        };
        culprit.diagnostic(error)
    }
}

/// The errors of a collection, each on its own.
fn flat(error: &DataFusionError) -> Vec<&DataFusionError> {
    match error {
        DataFusionError::Collection(errors) => errors.iter().flat_map(flat).collect(),
        DataFusionError::Diagnostic(_, inner) | DataFusionError::Context(_, inner)
            if matches!(inner.as_ref(), DataFusionError::Collection(_)) =>
        {
            flat(inner)
        }
        one => vec![one],
    }
}

/// What the planner warns of.
pub(crate) fn warning(message: &PlannerMessage, place: &Place<'_>) -> Diagnostic {
    let span = message.span.and_then(|s| place.planner(s)).unwrap_or(place.whole);
    let mut text = message.message.replace("always evaluates to NULL", "is always NULL").replace("NULL", "null");
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    let help = message.helps.first().map(|h| h.message.to_lowercase());
    Diagnostic::warning(sql::NULL_COMPARISON, text, span).maybe_help(help)
}

/// Two columns of one name.
pub(crate) fn duplicate(name: &str, span: Span) -> Diagnostic {
    Diagnostic::error(sql::DUPLICATE_COLUMN, format!("two columns are named `{name}`"), span)
        .help(format!("give one another name, as in `{name} as {name}_2`"))
}

/// A condition that is none.
pub(crate) fn not_boolean(ty: &str, span: Span) -> Diagnostic {
    Diagnostic::error(sql::NOT_BOOLEAN, format!("a condition is needed here, and this is {ty}"), span)
        .help("compare it with something, as in `x > 0`")
}

/// The nearest of the names that would have been right, or the first of them.
pub(crate) fn known<'n>(wrong: &str, what: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    let mut names: Vec<&str> = names.into_iter().filter(|n| !n.starts_with('_') && !n.starts_with('$')).collect();
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|n| seen.insert(*n));
    if let Some(near) = nearest(wrong, names.iter().copied()) {
        return format!("did you mean `{near}`?");
    }
    let listed: Vec<String> = names.iter().take(LISTED).map(|n| format!("`{n}`")).collect();
    let more = if names.len() > LISTED { " and more" } else { "" };
    if listed.is_empty() {
        format!("there are no {what}")
    } else {
        format!("the {what} are {}{more}", listed.join(", "))
    }
}

/// What stands in the first single quotes.
fn quoted(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once('\'')?;
    rest.rsplit_once('\'').map(|(inside, _)| inside.split('\'').next().unwrap_or(inside))
}
