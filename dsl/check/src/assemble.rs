//! The order of the checks: names first, then each statement, then what statements are to each other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use pipe_diagnostics::{Diagnostic, Severity, Span, codes::names as codes};
use pipe_schema::model_keys;
use pipe_syntax::{self as syntax, ModelBody, Statement, StatementKind};

use crate::config::{Owner, config};
use crate::cx::Cx;
use crate::files::Project;
use crate::names::{self, Names};
use crate::program::{Model, Program};
use crate::{declare, graph, heal, rules, schedule, sink, source, test_statement};

/// Makes a program of the files of a project, and says what is wrong with it.
pub(crate) fn program(project: &Project, root: &Path, profile: Option<&str>) -> (Program, Vec<Diagnostic>) {
    let mut statements: Vec<&Statement> = project.files.iter().flat_map(|(_, f)| &f.statements).collect();
    let (mut names, mut diagnostics) = Names::gather(&statements, &project.sources, &project.diagnostics);
    statements.retain(|statement| !names.is_of_copy(statement));
    diagnostics.extend(version(project, &statements));
    diagnostics.extend(names::profiles(&names, profile));
    if let Some(active) = profile.and_then(|p| names.profiles.get(p).copied()) {
        names.apply(active);
    }
    let mut cx = Cx { sources: &project.sources, names: &names, named: &project.named, out: diagnostics };
    let mut program = Program { root: root.to_owned(), ..Program::default() };
    for statement in &statements {
        declaration(&mut cx, statement, project, &mut program);
    }
    let mut set = rules::RuleSet::default();
    let mut broken = BTreeSet::new();
    for statement in &statements {
        if let StatementKind::Rules(block) = &statement.kind {
            let before = cx.out.len();
            rules::rules(&mut cx, block, &mut set);
            if cx.out.iter().skip(before).any(Diagnostic::is_error) || names.has_hole(statement.span.span) {
                broken.insert(block.table.value.clone());
            }
        }
    }
    program.rules = set.by_table;
    let mut count = BTreeMap::new();
    for statement in &statements {
        if let StatementKind::Load(l) = &statement.kind {
            program.loads.extend(sink::load(&mut cx, l, &mut count));
        }
    }
    let blocks: Vec<(&syntax::Heal, Span)> = statements
        .iter()
        .filter_map(|s| if let StatementKind::Heal(h) = &s.kind { Some((h, s.keyword.span)) } else { None })
        .collect();
    heal::heals(&mut cx, &blocks, &broken, &mut program);
    for statement in &statements {
        match &statement.kind {
            StatementKind::Schedule(s) => {
                let checked = schedule::schedule(&mut cx, s);
                program.schedules.entry(s.name.value.clone()).or_insert(checked);
            }
            StatementKind::Test(t) => {
                test_statement::test(&mut cx, t, &program.rules, broken.is_empty());
                program.tests.entry(t.name.value.clone()).or_insert_with(|| t.clone());
            }
            _ => {}
        }
    }
    sink::together(&mut cx, &program);
    schedule::circles(&mut cx);
    cycles(&mut cx, &statements, &program);
    let out = cx.out;
    (program, out)
}

/// A statement that declares a name others look up.
fn declaration(cx: &mut Cx<'_>, statement: &Statement, project: &Project, program: &mut Program) {
    let names = cx.names;
    match &statement.kind {
        StatementKind::Param(p) => {
            let checked = declare::param(cx, p);
            // After a profile, the declaration that counts is another one.
            let counts = names.params.get(p.name.as_str()).copied();
            if counts.is_some_and(|c| std::ptr::eq(c, p)) {
                program.params.extend(checked.map(|c| (c.name.clone(), c)));
            }
        }
        StatementKind::Secret(s) => {
            let checked = declare::secret(cx, s);
            program.secrets.extend(checked.map(|c| (c.name.clone(), c)));
        }
        StatementKind::Connection(c) => {
            let checked = declare::connection(cx, c);
            let counts = names.connections.get(c.name.as_str()).copied();
            if counts.is_some_and(|known| std::ptr::eq(known, c)) {
                program.connections.extend(checked.map(|c| (c.name.clone(), c)));
            }
        }
        StatementKind::Channel(c) => {
            let checked = declare::channel(cx, c);
            program.channels.extend(checked.map(|c| (c.name.clone(), c)));
        }
        StatementKind::Profile(p) => {
            for item in &p.items {
                declaration(cx, item, project, program);
            }
        }
        StatementKind::Source(s) => {
            let checked = source::source(cx, s, &statement.docs);
            if let Some(checked) = checked {
                program.sources.entry(checked.name.clone()).or_insert(checked);
            }
        }
        StatementKind::Model(m) => {
            if let Some(checked) = model(cx, m, &statement.docs, project) {
                program.models.entry(checked.name.clone()).or_insert(checked);
            }
        }
        _ => {}
    }
}

/// `model name [with (…)] as SELECT …` or `from file 'x.sql'`
fn model(cx: &mut Cx<'_>, m: &syntax::Model, docs: &[String], project: &Project) -> Option<Model> {
    let owner = Owner { what: "a model".to_owned(), at: m.name.span, table: None };
    let config = config(cx, &[model_keys()], m.with.as_ref(), &owner);
    let sql = match &m.body {
        ModelBody::Sql(sql) => sql,
        // A file that is not there was reported when it was looked for.
        ModelBody::File(file) => project.queries.get(&file.span)?,
    };
    let query = cx.query(sql)?;
    Some(Model { name: m.name.value.clone(), docs: docs.to_vec(), query, config, span: m.name.span })
}

/// Without `pipe 1;` a later version of the language may read the program differently.
fn version(project: &Project, statements: &[&Statement]) -> Option<Diagnostic> {
    let said = |s: &&Statement| s.keyword.value == "pipe";
    let (first, _) = project.files.first()?;
    if statements.iter().any(said) || statements.is_empty() {
        return None;
    }
    let line = statements.first().map_or(Span::new(*first, 0..0), |s| s.keyword.span);
    Some(
        Diagnostic::new(
            codes::VERSION_MISSING,
            Severity::Warning,
            "the program does not say which version of the language it is in",
        )
        .label(line, "")
        .help("write `pipe 1;` in front of it"),
    )
}

/// Reports tables that are computed from themselves, by queries, rules or lookups.
fn cycles(cx: &mut Cx<'_>, statements: &[&Statement], program: &Program) {
    let tables: Vec<&str> = cx.names.tables.keys().copied().collect();
    let index: BTreeMap<&str, usize> = tables.iter().enumerate().map(|(i, t)| (*t, i)).collect();
    let mut edges: Vec<Vec<graph::Edge>> = vec![Vec::new(); tables.len()];
    let mut add = |from: &str, to: &str, span: Span| {
        if let (Some(from), Some(to)) = (index.get(from), index.get(to))
            && let Some(edges) = edges.get_mut(*from)
        {
            edges.push(graph::Edge { to: *to, span });
        }
    };
    // `raw.x` is the source as it came: it waits for nothing.
    let one =
        |t: &pipe_sql::TableRef| if let [name] = t.parts.as_slice() { Some((name.clone(), t.span)) } else { None };
    for (name, model) in &program.models {
        for (to, span) in model.query.tables.iter().filter_map(one) {
            add(name, &to, span);
        }
    }
    // A rule may look at its own table.
    for statement in statements {
        let StatementKind::Rules(block) = &statement.kind else { continue };
        for predicate in block.items.iter().flat_map(|i| &i.predicates) {
            for table in predicate.value.tables().into_iter().filter(|t| t.value != block.table.value) {
                add(&block.table, table, table.span);
            }
        }
    }
    for (name, rules) in &program.rules {
        let tables = rules.iter().flat_map(|r| r.subject.iter().chain(&r.filter)).flat_map(|e| &e.tables);
        for (to, span) in tables.filter_map(one).filter(|(to, _)| to != name) {
            add(name, &to, span);
        }
    }
    for (name, block) in &program.heals {
        for action in block.clauses.iter().flat_map(|c| &c.steps).flatten() {
            match &action.syntax {
                syntax::Action::Lookup { table, .. } | syntax::Action::Snap(Some((_, table, _)))
                    if table.value != *name =>
                {
                    add(name, table, table.span);
                }
                _ => {}
            }
            for (to, span) in action.sql.iter().chain(&action.filter).flat_map(|e| &e.tables).filter_map(one) {
                if to != *name {
                    add(name, &to, span);
                }
            }
        }
    }
    for cycle in graph::cycles(&edges) {
        let path: Vec<&str> =
            cycle.nodes.iter().chain(cycle.nodes.first()).filter_map(|n| tables.get(*n).copied()).collect();
        let (Some((first, rest)), Some(table)) = (cycle.spans.split_first(), path.first()) else { continue };
        let message = match path.as_slice() {
            [_, _] => format!("`{table}` is computed from itself"),
            _ => format!("`{table}` is computed from itself: {}", path.join(" -> ")),
        };
        let mut d = Diagnostic::error(codes::CYCLE, message, *first)
            .help("break the circle: `raw.` and a source's name is the source before its rules and heals");
        for (span, (from, to)) in rest.iter().zip(path.iter().skip(1).zip(path.iter().skip(2))) {
            d = d.label(*span, format!("`{from}` needs `{to}`"));
        }
        cx.report(d);
    }
}
