//! `load`: where to, how, and whether it meets another load or a source.

use std::collections::BTreeMap;

use pipe_diagnostics::{Diagnostic, Span, codes::config as config_codes, codes::load as codes};
use pipe_schema::Config;
use pipe_syntax as syntax;

use crate::config::{Owner, config, no_credentials};
use crate::cx::{Cx, list};
use crate::declare::via;
use crate::names::TableKind;
use crate::places::Place;
use crate::program::{Load, Program, Source};

/// `load table into connector-or-connection 'locator' with (…);`
pub(crate) fn load(cx: &mut Cx<'_>, l: &syntax::Load, count: &mut BTreeMap<String, usize>) -> Option<Load> {
    let table = cx.table(&l.table);
    no_credentials(cx, &l.locator, l.locator.span);
    if l.locator.trim().is_empty() {
        let message = format!("the load of `{}` does not say where to write", l.table.value);
        cx.report(
            Diagnostic::error(config_codes::MISSING_LOCATOR, message, l.locator.span)
                .help(format!("write a folder, a file or a table: `into {} 'out/{}'`", l.into.value, l.table.value)),
        );
        return None;
    }
    let via = via(cx, &l.into)?;
    let connector = via.connector;
    let Some(keys) = connector.sink_keys else {
        let writable: Vec<&str> =
            pipe_schema::connectors().iter().filter(|c| c.sink_keys.is_some()).map(|c| c.name).collect();
        cx.report(
            Diagnostic::error(
                config_codes::CANNOT_WRITE,
                format!("`{}` cannot be written", connector.name),
                l.into.span,
            )
            .help(format!("loads write into {}", list(&writable))),
        );
        return None;
    };
    let owner = Owner { what: format!("a load into `{}`", connector.name), at: l.into.span, table };
    let config = config(cx, &via.keys(keys), l.with.as_ref(), &owner);
    mode(cx, l, &config, connector.files);
    table?;
    let nth = count.entry(l.table.value.clone()).or_default();
    *nth += 1;
    Some(Load {
        name: if *nth == 1 { l.table.value.clone() } else { format!("{}_{nth}", l.table.value) },
        table: l.table.value.clone(),
        connector: connector.name.to_owned(),
        connection: via.connection,
        locator: l.locator.value.clone(),
        config,
        span: l.locator.span,
    })
}

/// Where a value stands, or the whole clause, or what stands for it.
fn value_span(l: &syntax::Load, key: &str) -> Span {
    let with = l.with.as_ref();
    with.and_then(|w| w.entries.iter().find(|e| e.key.value == key).map(|e| e.value.span))
        .or(with.map(|w| w.span.span))
        .unwrap_or(l.locator.span)
}

/// A mode against the other keys and the locator.
fn mode(cx: &mut Cx<'_>, l: &syntax::Load, config: &Config, files: bool) {
    let mode = config.text("mode").unwrap_or("");
    if mode == "upsert" && config.list("key").is_empty() {
        cx.report(
            Diagnostic::error(codes::KEY_NEEDED, "`upsert` needs to know one row from another", value_span(l, "mode"))
                .help("add the columns that do, as in `key = [order_id]`"),
        );
    }
    if !files || !Place::new(None, &l.locator).is_file {
        return;
    }
    let folder = l.locator.rsplit_once('/').map_or("out", |(folder, _)| folder);
    if mode == "append" {
        let message = format!("`{}` is one file, and nothing can be added to it in one commit", l.locator.value);
        let mut d = Diagnostic::error(codes::APPEND_TO_FILE, message, l.locator.span);
        if config.is_given("mode") {
            d = d.label(value_span(l, "mode"), "adds to what is there");
        } else {
            d = d.note("`append` is the mode of a load that names none");
        }
        cx.report(
            d.help(format!("name a folder, such as `'{folder}/{}'`, or write `mode = overwrite`", l.table.value)),
        );
    }
    if !config.partition("partition").is_empty() {
        let message = format!("`{}` is one file, and partitions are folders", l.locator.value);
        cx.report(
            Diagnostic::error(codes::PARTITION_IN_FILE, message, l.locator.span)
                .label(value_span(l, "partition"), "makes folders")
                .help(format!("name a folder, such as `'{folder}/{}'`", l.table.value)),
        );
    }
}

/// Where files are: the store, and the place in it. `None` for what is no file.
type Where<'p> = Option<(Option<&'p str>, Place)>;

/// What the loads of a program are to each other and to its sources.
pub(crate) fn together(cx: &mut Cx<'_>, program: &Program) {
    let sources: Vec<(&Source, Where<'_>)> = program
        .sources
        .values()
        .map(|s| (s, s.locator.as_deref().and_then(|l| files_at(program, &s.connector, s.connection.as_deref(), l))))
        .collect();
    let mut earlier: Vec<(&Load, Where<'_>)> = Vec::new();
    for load in &program.loads {
        let here = files_at(program, &load.connector, load.connection.as_deref(), &load.locator);
        if let Some((first, _)) = earlier.iter().find(|(e, at)| same_place((load, &here), (e, at))) {
            let message = format!("loads `{}` and `{}` write to one place", first.name, load.name);
            cx.report(
                Diagnostic::error(codes::SAME_PLACE, message, load.span)
                    .label(first.span, "written here first")
                    .help("give each load a folder, a file or a table of its own"),
            );
        }
        reads_back(cx, load, here.as_ref(), &sources);
        lag(cx, program, load);
        earlier.push((load, here));
    }
}

fn files_at<'p>(program: &'p Program, connector: &str, connection: Option<&str>, locator: &str) -> Where<'p> {
    let connector = pipe_schema::connector(connector).filter(|c| c.files)?;
    let connection = connection.and_then(|c| program.connections.get(c));
    let root = connection.and_then(|c| c.config.text("root"));
    // Where there is no key for a folder of the local disk, a connection leads to a store of its own.
    let remote = !connector.connection_keys.iter().any(|k| k.name == "root");
    let store = connection.filter(|_| remote).map(|c| c.name.as_str());
    Some((store, Place::new(root, locator)))
}

fn same_place((a, at): (&Load, &Where<'_>), (b, bt): (&Load, &Where<'_>)) -> bool {
    match (at, bt) {
        (Some((store, place)), Some((other_store, other))) => store == other_store && place.overlaps(other),
        _ => (&a.connector, &a.connection, &a.locator) == (&b.connector, &b.connection, &b.locator),
    }
}

/// A load that a source would read again.
fn reads_back(cx: &mut Cx<'_>, load: &Load, here: Option<&(Option<&str>, Place)>, sources: &[(&Source, Where<'_>)]) {
    let Some((store, target)) = here else { return };
    for (source, at) in sources {
        if let Some((other, pattern)) = at
            && store == other
            && target.is_read_by(&load.connector, pattern)
        {
            let message = format!("source `{}` would read what this load writes", source.name);
            cx.report(
                Diagnostic::error(codes::OUTPUT_IN_SOURCE, message, load.span)
                    .label(source.locator_span, "reads here")
                    .help("write to a folder of its own, such as `'out'`"),
            );
        }
    }
}

/// Rows that come late are read again: into `append` without a key they would be there twice.
fn lag(cx: &mut Cx<'_>, program: &Program, load: &Load) {
    if load.config.text("mode") != Some("append") || !load.config.list("key").is_empty() {
        return;
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut queue = vec![load.table.clone()];
    while let Some(table) = queue.pop() {
        if !seen.insert(table.clone()) {
            continue;
        }
        queue.extend(
            program
                .models
                .get(&table)
                .into_iter()
                .flat_map(|m| m.query.tables.iter().filter_map(|t| t.parts.last().cloned())),
        );
        let Some(source) = program.sources.get(&table) else { continue };
        if let Some((_, Some(_))) = source.incremental
            && let Some(TableKind::Source(written)) = cx.names.tables.get(table.as_str()).map(|t| t.kind)
        {
            let span = written.clauses.iter().find_map(|c| match c {
                syntax::SourceClause::Incremental(c) => c.lag.map(|l| l.span),
                _ => None,
            });
            let message = "`append` would add late rows again and again";
            cx.report(
                Diagnostic::error(codes::LAG_INTO_APPEND, message, load.span)
                    .label(span.unwrap_or(source.span), format!("`{table}` reads the last rows again for late ones"))
                    .help("load with `mode = upsert` and a `key`, or leave `lag` out"),
            );
            return;
        }
    }
}
