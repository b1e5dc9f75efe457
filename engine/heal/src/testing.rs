//! Rules, clauses and expressions for tests, from their text.

use pipe_check::{Action, Clause, HealBlock, Predicate, Rule, Severity, Tolerance};
use pipe_diagnostics::Sources;
use pipe_schema::Level;
use pipe_sql::Expression;
use pipe_syntax::{Action as Syntax, FillWith, StatementKind};

/// An SQL expression.
pub(crate) fn expression(text: &str) -> Expression {
    let mut sources = Sources::default();
    let file = sources.add("test.pipe", text);
    let sql = pipe_syntax::Spanned::new(text.to_owned(), pipe_diagnostics::Span::new(file, 0..text.len()));
    pipe_sql::parse_expressions(&sql, &sources).expect(text).remove(0)
}

/// A rule of `orders`; its column is its subject, when that is one name.
pub(crate) fn rule(name: &str, check: &'static str, predicate: Predicate, subject: Vec<Expression>) -> Rule {
    let column = match subject.as_slice() {
        [one] if one.columns.len() == 1 && one.columns[0].parts == [one.text.clone()] => Some(one.text.clone()),
        _ => None,
    };
    Rule {
        table: "orders".into(),
        name: name.into(),
        docs: Vec::new(),
        column,
        subject,
        predicate,
        check,
        level: Level::Row,
        tolerate: Tolerance::None,
        warn: None,
        by: Vec::new(),
        of_model: false,
        approx: false,
        severity: Severity::Error,
        dimension: "validity".into(),
        filter: None,
        null_fails: false,
        because: None,
        span: pipe_diagnostics::Span::default(),
    }
}

/// A block of clauses: `on … => …;` one after the other.
pub(crate) fn block(clauses: &str) -> HealBlock {
    let text = format!("heal orders {{\n{clauses}\n}}");
    let mut sources = Sources::default();
    let file = sources.add("test.pipe", text.as_str());
    let parsed = pipe_syntax::parse(&text, file);
    assert!(parsed.diagnostics.is_empty(), "{text}: {:?}", parsed.diagnostics);
    let parse = |sql: &pipe_syntax::Sql| pipe_sql::parse_expressions(sql, &sources).expect(&sql.value).remove(0);
    let StatementKind::Heal(heal) = &parsed.file.statements[0].kind else { panic!("{text}") };
    let clauses = heal.clauses.iter().enumerate().map(|(i, clause)| Clause {
        index: i + 1,
        from_star: false,
        docs: Vec::new(),
        patterns: clause.patterns.clone(),
        guard: clause.guard.as_ref().map(parse),
        steps: clause.steps.iter().map(|chain| chain.iter().map(|a| action(a, &parse)).collect()).collect(),
        text: sources.text(clause.span.span).split_whitespace().collect::<Vec<_>>().join(" "),
        span: clause.span.span,
    });
    HealBlock { clauses: clauses.collect(), ..HealBlock::default() }
}

/// The one clause of a text.
pub(crate) fn clause(text: &str) -> Clause {
    block(text).clauses.remove(0)
}

fn action(written: &pipe_syntax::Spanned<Syntax>, parse: &dyn Fn(&pipe_syntax::Sql) -> Expression) -> Action {
    let (sql, filter) = match &written.value {
        Syntax::Cast { using, .. } => (Some(parse(using)), None),
        Syntax::Set { value, filter, .. } => (Some(parse(value)), filter.as_ref().map(parse)),
        Syntax::Fill { with: FillWith::Sql(sql), .. } => (Some(parse(sql)), None),
        _ => (None, None),
    };
    Action { name: name(&written.value), syntax: written.value.clone(), sql, filter, span: written.span }
}

fn name(action: &Syntax) -> &'static str {
    match action {
        Syntax::Retry { .. } => "retry",
        Syntax::UseSource(_) => "use source",
        Syntax::ShrinkBatch => "shrink batch",
        Syntax::SkipFile => "skip file",
        Syntax::Rename(_) => "rename",
        Syntax::Keep => "keep",
        Syntax::Ignore => "ignore",
        Syntax::Cast { .. } => "cast",
        Syntax::Normalize { .. } => "normalize",
        Syntax::Set { .. } => "set",
        Syntax::Fill { .. } => "fill",
        Syntax::Majority(_) => "majority",
        Syntax::Lookup { .. } => "lookup",
        Syntax::Prefer(_) => "prefer",
        Syntax::Snap(_) => "snap",
        Syntax::Clip(_) => "clip",
        Syntax::Dedupe { .. } => "dedupe",
        Syntax::Repair(_) => "repair",
        Syntax::Backfill(_) => "backfill",
        Syntax::ReloadPartition => "reload partition",
        Syntax::Quarantine => "quarantine",
        Syntax::Drop => "drop",
        Syntax::Pause => "pause",
        Syntax::Notify(_) => "notify",
        Syntax::Ask(_) => "ask",
        Syntax::Warn(_) => "warn",
        Syntax::Fail(_) => "fail",
    }
}
