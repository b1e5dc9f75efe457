//! Actions against the failures they answer, the columns they name, the SQL in them.

use pipe_diagnostics::{Diagnostic, codes::heal as codes, codes::names as name_codes, codes::rules, codes::sql};
use pipe_schema::{ActionInfo, TypeClass};
use pipe_sql::Expression;
use pipe_syntax::{Action as Written, FillWith, Name, Spanned, Sql};

use super::clause::Answered;
use super::matching::{self, wanted};
use super::{Home, pattern};
use crate::cx::{Cx, list};
use crate::names::{Table, TableKind};
use crate::program::Action;
use crate::types::{class, class_word};

/// What `normalize … as` knows.
const FORMS: [&str; 5] = ["date", "number", "unit", "case", "blanks"];

/// The action's name in the table of actions.
pub(crate) fn name(action: &Written) -> &'static str {
    match action {
        Written::Retry { .. } => "retry",
        Written::UseSource(_) => "use source",
        Written::ShrinkBatch => "shrink batch",
        Written::SkipFile => "skip file",
        Written::Rename(_) => "rename",
        Written::Keep => "keep",
        Written::Ignore => "ignore",
        Written::Cast { .. } => "cast",
        Written::Normalize { .. } => "normalize",
        Written::Set { .. } => "set",
        Written::Fill { .. } => "fill",
        Written::Majority(_) => "majority",
        Written::Lookup { .. } => "lookup",
        Written::Prefer(_) => "prefer",
        Written::Snap(_) => "snap",
        Written::Clip(_) => "clip",
        Written::Dedupe { .. } => "dedupe",
        Written::Repair(_) => "repair",
        Written::Backfill(_) => "backfill",
        Written::ReloadPartition => "reload partition",
        Written::Quarantine => "quarantine",
        Written::Drop => "drop",
        Written::Pause => "pause",
        Written::Notify(_) => "notify",
        Written::Ask(_) => "ask",
        Written::Warn(_) => "warn",
        Written::Fail(_) => "fail",
    }
}

/// Checks an action of a clause. `failures_known`: whether all alternatives are failures.
pub(super) fn action(
    cx: &mut Cx<'_>,
    written: &Spanned<Written>,
    answered: &Answered<'_>,
    failures_known: bool,
) -> Option<Action> {
    let info = pipe_schema::action(name(&written.value))?;
    let before = cx.out.len();
    if failures_known {
        applies(cx, info, written, answered);
    }
    if cx.out.len() == before {
        lints(cx, written, answered);
    }
    names(cx, written, answered.home);
    if let Some(table) = answered.home.table().filter(|t| t.is_model()) {
        refuse_unordered(cx, written, table);
    }
    let (sql, filter) = fragments(cx, &written.value, answered);
    let wrong = cx.out.iter().skip(before).any(Diagnostic::is_error);
    (!wrong).then(|| Action { name: info.name, syntax: written.value.clone(), sql, filter, span: written.span })
}

/// Reports an action that cannot answer one of the failures.
fn applies(cx: &mut Cx<'_>, info: &ActionInfo, written: &Spanned<Written>, answered: &Answered<'_>) {
    for (p, failure) in &answered.alternatives {
        if !info.on.is_empty() && !info.on.contains(&failure.name) {
            let message = format!("`{}` cannot answer `{}`", info.name, failure.name);
            cx.report(
                Diagnostic::error(codes::NOT_FOR_FAILURE, message, written.span)
                    .label(p.failure.span, "the failure")
                    .help(format!("it answers {}", list(info.on))),
            );
            return;
        }
        let checks = wanted(p, "check");
        let wrong = checks.iter().flatten().find(|c| !info.applies_to(failure.name, Some(c)));
        if let Some(check) = wrong {
            refuse_check(cx, info, written, check);
            return;
        }
    }
    // Without a check in the pattern: at least one of the rules it matches must be one the action can answer.
    let Some(rules) = &answered.rules else { return };
    let only_rules = answered.alternatives.iter().all(|(_, f)| f.name == "rule_failed");
    if only_rules
        && let Some(first) = rules.first()
        && !rules.iter().any(|r| info.applies_to("rule_failed", Some(r.check)))
    {
        refuse_check(cx, info, written, first.check);
    }
}

/// Reports an action that takes the rows of a model in an order, and does not say which.
pub(super) fn refuse_unordered(cx: &mut Cx<'_>, written: &Spanned<Written>, table: &Table<'_>) {
    let Some(instead) = matching::unordered(&written.value) else { return };
    let message = format!("`{}` is a model, and its rows come in no order", table.name.value);
    cx.report(Diagnostic::error(rules::UNORDERED, message, written.span).help(instead));
}

fn refuse_check(cx: &mut Cx<'_>, info: &ActionInfo, written: &Spanned<Written>, check: &str) {
    let message = format!("`{}` cannot answer a rule of check `{check}`", info.name);
    cx.report(
        Diagnostic::error(codes::NOT_FOR_CHECK, message, written.span)
            .help(format!("it answers {}", list(info.checks))),
    );
}

/// Looks up what an action names: columns, tables, sources, channels.
pub(crate) fn names(cx: &mut Cx<'_>, written: &Spanned<Written>, home: &Home<'_>) {
    let table = home.table();
    let column = |cx: &mut Cx<'_>, name: &Name| pattern::column(cx, name, home);
    match &written.value {
        // A test's `expect heal` has no table: there both names may be what an injection made of them.
        Written::Rename(Some((_, to))) if table.is_some() => column(cx, to),
        Written::Fill { column: c, with } => {
            let order = if let FillWith::Previous(order) = with { order.as_ref() } else { None };
            for c in c.iter().chain(order) {
                column(cx, c);
            }
        }
        Written::Cast { column: Some(c), .. } | Written::Set { column: c, .. } => {
            column(cx, c);
        }
        Written::Normalize { column: c, format, .. } => {
            if let Some(c) = c {
                column(cx, c);
            }
            if !FORMS.contains(&format.as_str()) {
                cx.unknown(codes::UNKNOWN_FORM, "form", format, FORMS);
            }
        }
        Written::Majority(Some((c, by))) => {
            column(cx, c);
            for k in by {
                column(cx, k);
            }
            cx.no_duplicates(by);
        }
        Written::Lookup { column: c, table: from, by } => {
            let other = cx.table(from);
            for k in c.iter().chain(by) {
                column(cx, k);
                cx.column(other, k);
            }
            cx.no_duplicates(by);
        }
        Written::Snap(Some((c, to, theirs))) => {
            column(cx, c);
            let other = cx.table(to);
            cx.column(other, theirs);
        }
        Written::Clip(Some((c, low, high))) => {
            column(cx, c);
            for operand in [low, high] {
                cx.operand(operand, table);
            }
        }
        Written::Dedupe { by, keep } => {
            for k in by {
                column(cx, k);
            }
            cx.no_duplicates(by);
            if let Some(c) = matching::ordering(keep) {
                column(cx, c);
            }
        }
        Written::Repair(columns) => {
            for c in columns {
                column(cx, c);
            }
            cx.no_duplicates(columns);
        }
        Written::UseSource(name) => use_source(cx, name, table),
        Written::Prefer(sources) => {
            for name in sources {
                preferred(cx, name);
            }
            cx.no_duplicates(sources);
        }
        Written::Notify(name) => {
            let names = cx.names;
            if !names.channels.contains_key(name.as_str()) && !names.may_be_broken(name) {
                let mut d =
                    crate::cx::unknown(name_codes::UNKNOWN_CHANNEL, "channel", name, names.channels.keys().copied());
                if d.help.is_none() {
                    d = d.help(format!("declare it: `channel {} stdout;`", name.value));
                }
                cx.report(d);
            }
        }
        _ => {}
    }
}

fn use_source(cx: &mut Cx<'_>, name: &Name, table: Option<&Table<'_>>) {
    let Some(found) = cx.table(name) else { return };
    let why = match found.kind {
        TableKind::Model => "is a model",
        TableKind::Source(_) if table.is_some_and(|t| t.name.value == name.value) => "is the source that fails",
        TableKind::Source(_) => return,
    };
    cx.report(
        Diagnostic::error(codes::USE_SOURCE, format!("`{}` {why}", name.value), name.span)
            .help("name another declared source with the same columns"),
    );
}

/// A source of `prefer source in (…)`.
fn preferred(cx: &mut Cx<'_>, name: &Name) {
    if cx.table(name).is_some_and(|t| matches!(t.kind, TableKind::Model)) {
        cx.report(
            Diagnostic::error(codes::USE_SOURCE, format!("`{}` is a model", name.value), name.span)
                .help("name declared sources, the most trusted first"),
        );
    }
}

/// Warns of what is legal and seldom meant.
fn lints(cx: &mut Cx<'_>, written: &Spanned<Written>, answered: &Answered<'_>) {
    match &written.value {
        Written::Retry { times: None, .. } => cx.report(
            Diagnostic::warning(codes::RETRY_UNBOUNDED, "this retries until the run's budget is used up", written.span)
                .help("say how often: `retry 5 times backoff 1s up to 60s`"),
        ),
        Written::Retry { times: Some(times), .. } if times.value == 0 => cx.report(
            Diagnostic::warning(codes::RETRY_UNBOUNDED, "retrying 0 times is no retry", times.span)
                .help("write a number from 1 on, or `fail`"),
        ),
        Written::Retry { backoff: Some(from), up_to: Some(to), .. } if from.value > to.value => cx.report(
            Diagnostic::error(codes::BACKOFF, "the first wait is longer than the longest", from.span.to(to.span))
                .help("write the shorter one first: `backoff 1s up to 60s`"),
        ),
        Written::Drop => cx.report(
            Diagnostic::warning(codes::DROP, "dropped rows are only counted: this cannot be undone", written.span)
                .help("`quarantine` takes them out of the batch too, and keeps them"),
        ),
        Written::Set { column, .. } => {
            if let Some(why) = answered.guarded.get(column.as_str()) {
                cx.report(
                    Diagnostic::warning(
                        codes::SETS_KEY,
                        format!("this writes `{}`, which {why}", column.value),
                        column.span,
                    )
                    .help("a clause that names such a column may write it: check that this is meant"),
                );
            }
        }
        Written::Fill { column, with: FillWith::Mean | FillWith::Median } => {
            let rules = answered.rules.as_deref().unwrap_or(&[]);
            let types = matching::written_types(column.as_ref().map(|c| c.as_str()), answered.home.table(), rules);
            if let Some((name, ty)) = types.iter().find(|(_, ty)| ty.class() != TypeClass::Number) {
                cx.report(
                    Diagnostic::error(
                        codes::FILL_TYPE,
                        format!("`{name}` is `{ty}`: it has no mean and no median"),
                        written.span,
                    )
                    .help("fill with `mode`, `previous` or an expression"),
                );
            }
        }
        _ => {}
    }
}

/// The SQL of an action: the value, and which rows.
fn fragments(cx: &mut Cx<'_>, written: &Written, answered: &Answered<'_>) -> (Option<Expression>, Option<Expression>) {
    match written {
        Written::Cast { using, .. } => (value(cx, using, answered), None),
        Written::Set { value: v, filter, column } => {
            let e = value(cx, v, answered);
            if let (Some(e), Some(table)) = (&e, answered.home.table()) {
                assigned(cx, e, column, table);
            }
            let filter = filter.as_ref().and_then(|f| value(cx, f, answered));
            if let Some(f) = &filter
                && let Some(found) = class(f, answered.home.table())
                && found != TypeClass::Boolean
            {
                let message = format!("`where` picks rows by a boolean, and this is {}", class_word(found));
                cx.report(
                    Diagnostic::error(sql::NOT_BOOLEAN, message, f.span).help("write it as in `where (total > 0)`"),
                );
            }
            (e, filter)
        }
        Written::Fill { with: FillWith::Sql(v), .. } => (value(cx, v, answered), None),
        _ => (None, None),
    }
}

fn value(cx: &mut Cx<'_>, sql: &Sql, answered: &Answered<'_>) -> Option<Expression> {
    let e = cx.expression(sql, &answered.scope)?;
    cx.columns_of(&e, answered.home.table());
    if e.aggregate || e.subquery {
        let what = if e.aggregate { "an aggregate" } else { "a subquery" };
        cx.report(
            Diagnostic::error(
                sql::NOT_OF_A_ROW,
                format!("a row is healed from itself alone, and there is {what} in this"),
                e.span,
            )
            .help(
                "`lookup … from table` takes values from elsewhere; `fill with median` and the like look at the column",
            ),
        );
        return None;
    }
    Some(e)
}

/// Reports a value that no conversion makes the column's type.
fn assigned(cx: &mut Cx<'_>, e: &Expression, column: &Name, table: &Table<'_>) {
    let (Some(ty), Some(found)) = (table.ty(column), class(e, Some(table))) else { return };
    // Text converts to anything; numbers and booleans to text. The rest is a slip.
    let wanted = ty.class();
    if found == wanted || found == TypeClass::Text || wanted == TypeClass::Text {
        return;
    }
    cx.report(
        Diagnostic::error(
            sql::NOT_CONVERTIBLE,
            format!("`{}` is `{ty}`, and this is {}", column.value, class_word(found)),
            e.span,
        )
        .help(format!("convert it: `cast(… as {ty})`")),
    );
}
