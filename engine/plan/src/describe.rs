//! A program as objects.

use std::collections::{BTreeMap, BTreeSet};

use pipe_check::words::{duration, predicate_text, quoted, tolerance_text};
use pipe_check::{Connection, HealBlock, Load, Model, Predicate, Program, Rule, Schedule, Source};
use pipe_syntax::Trigger;
use xxhash_rust::xxh3::xxh3_128;

use crate::predicate::{sql, subject_text};
use crate::value::{config, literal};
use crate::{Kind, LoadNews, News, Object, Plan, Selection, dependencies};

/// The version of the plan's text and JSON.
const FORMAT: u32 = 1;

/// The plan of what is selected: the objects it needs, and what is new of it, where that is known. `params` are the values given on the command line.
pub fn plan(program: &Program, selection: &Selection, params: &BTreeMap<String, String>, news: Option<&News>) -> Plan {
    let tables: BTreeSet<&String> = selection.tables.iter().collect();
    let mut objects = Vec::new();
    for (name, param) in &program.params {
        let mut object = Object::new(Kind::Param, name);
        object.set("type", param.ty.to_string());
        match (params.get(name), &param.default) {
            (Some(given), _) => object.set("value", quoted(given)),
            (None, Some(default)) => object.set("value", literal(default)),
            (None, None) => {}
        }
        objects.push(object);
    }
    for name in &tables {
        if let Some(found) = program.sources.get(*name) {
            let mut object = source(found);
            object.list(
                "flags",
                program.filled(name).iter().map(|c| format!("{} boolean", pipe_check::flag_of(c))).collect(),
            );
            object.set_if("baseline", news.and_then(|n| n.baselines.get(*name)).cloned());
            if let Some(contract) = news.and_then(|n| n.contracts.get(*name)) {
                object.list("contract breaks", contract.breaking.clone());
                object.list("contract changes", contract.compatible.clone());
                object.set_if("contract is not read", contract.wrong.clone());
            }
            objects.push(object);
        }
        objects.extend(program.models.get(*name).map(|m| model(program, m)));
        objects.extend(program.rules.get(*name).into_iter().flatten().map(rule));
        objects.extend(program.heals.get(*name).map(|h| heal(name, h)));
    }
    for found in program.loads.iter().filter(|l| selection.loads.contains(&l.name)) {
        let mut object = load(found);
        match news.and_then(|n| n.loads.get(&found.name)) {
            Some(LoadNews::Nothing) => object.set("new", "nothing"),
            Some(LoadNews::Everything) => object.set("new", "everything"),
            Some(LoadNews::Files(files)) => object.list("new", files.clone()),
            Some(LoadNews::Changed(files)) => object.list("changed since they were loaded", files.clone()),
            Some(LoadNews::Past { column, value }) => object.set("new", format!("{column} > {value}")),
            None => {}
        }
        objects.push(object);
    }
    let used: BTreeSet<&String> = connections_used(program, selection);
    objects.extend(
        program.connections.values().filter(|c| used.contains(&c.name)).map(|c| connection(Kind::Connection, c)),
    );
    objects.extend(program.channels.values().map(|c| connection(Kind::Channel, c)));
    objects.extend(program.secrets.values().map(|s| {
        let mut object = Object::new(Kind::Secret, &s.name);
        object.set("from", format!("{} {}", s.provider, quoted(&s.key)));
        object
    }));
    objects.extend(program.schedules.values().map(schedule));
    objects.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    Plan { format_version: FORMAT, order: selection.tables.clone(), objects }
}

/// What a table means, with all it is computed from: 32 hex digits that stay when comments, white space, order or files change.
pub fn fingerprint(program: &Program, table: &str) -> String {
    let mut tables = BTreeSet::new();
    let mut open = vec![table.to_owned()];
    while let Some(next) = open.pop() {
        if tables.insert(next.clone()) {
            open.extend(dependencies(program, &next));
        }
    }
    let selection = Selection { tables: tables.into_iter().collect(), loads: Vec::new() };
    let mut plan = plan(program, &selection, &BTreeMap::new(), None);
    plan.objects.retain(|o| !matches!(o.kind, Kind::Schedule | Kind::Channel | Kind::Secret));
    for object in &mut plan.objects {
        object.properties.retain(|(key, _)| key != "doc");
    }
    format!("{:032x}", xxh3_128(plan.to_string().as_bytes()))
}

fn connections_used<'a>(program: &'a Program, selection: &Selection) -> BTreeSet<&'a String> {
    let sources = selection.tables.iter().filter_map(|t| program.sources.get(t)).filter_map(|s| s.connection.as_ref());
    let loads = program.loads.iter().filter(|l| selection.loads.contains(&l.name));
    sources.chain(loads.filter_map(|l| l.connection.as_ref())).collect()
}

fn connection(kind: Kind, found: &Connection) -> Object {
    let mut object = Object::new(kind, &found.name);
    config(&mut object, &found.config, false);
    object.set("kind", &found.kind);
    object
}

pub(crate) fn source(found: &Source) -> Object {
    let mut object = Object::new(Kind::Source, &found.name);
    config(&mut object, &found.config, false);
    object.set("connector", &found.connector);
    object.set_if("connection", found.connection.clone());
    object.set_if("contract", found.contract.as_ref().map(|c| c.path.clone()));
    object.set_if("locator", found.locator.clone());
    if let Some((column, lag)) = &found.incremental {
        object.set("incremental by", column);
        object.set_if("lag", lag.map(duration));
    }
    match &found.schema {
        Some(columns) => object.list(
            "columns",
            columns
                .iter()
                .map(|c| match c.aliases.as_slice() {
                    [] => format!("{} {}", c.name, c.ty),
                    aliases => format!("{} {} alias {}", c.name, c.ty, aliases.join(", ")),
                })
                .collect(),
        ),
        None => object.set("columns", "inferred at the first run"),
    }
    object.list("doc", found.docs.clone());
    object
}

pub(crate) fn model(program: &Program, found: &Model) -> Object {
    let mut object = Object::new(Kind::Model, &found.name);
    config(&mut object, &found.config, false);
    object.list("inputs", program.inputs(&found.name));
    let params: BTreeSet<String> = found.query.params.iter().map(|p| p.value.clone()).collect();
    object.list("params", params.into_iter().collect());
    object.list("query", format!("{:#}", found.query.ast).lines().map(str::to_owned).collect());
    object.list("doc", found.docs.clone());
    object
}

pub(crate) fn rule(found: &Rule) -> Object {
    let mut object = Object::new(Kind::Rule, format!("{}.{}", found.table, found.name));
    object.set("check", found.check);
    object.set("dimension", &found.dimension);
    object.set("severity", found.severity.word());
    object.set_if("subject", subject_text(found));
    object.set_if("predicate", Some(predicate_text(&found.predicate)).filter(|p| !p.is_empty()));
    if let Some(files) = schema_files(&found.predicate) {
        object.list("json schema", files);
    }
    object.set_if("tolerate", tolerance_text(found.tolerate));
    object.set_if("warn above", found.warn.and_then(tolerance_text));
    object.set_if("by", Some(found.by.join(", ")).filter(|by| !by.is_empty()));
    object.set_if("approx", found.approx.then_some("yes".to_owned()));
    object.set_if("where", found.filter.as_ref().map(sql));
    object.set_if("because", found.because.clone());
    if found.null_fails {
        object.set("null", "fails");
    }
    object.list("doc", found.docs.clone());
    object
}

/// The texts behind the path of a JSON Schema, a line each: what the rule says when its file changes.
fn schema_files(predicate: &Predicate) -> Option<Vec<String>> {
    let Predicate::JsonSchema(schema) = predicate else { return None };
    let own = (schema.text != schema.written).then_some((&schema.place, &schema.text));
    let texts = own.into_iter().chain(&schema.files);
    let lines = |(name, text): (&String, &String)| {
        let lines: Vec<String> = text.lines().map(|l| format!("  {l}")).collect();
        std::iter::once(name.clone()).chain(lines)
    };
    Some(texts.flat_map(lines).collect())
}

pub(crate) fn heal(table: &str, found: &HealBlock) -> Object {
    let mut object = Object::new(Kind::Heal, table);
    config(&mut object, &found.config, true);
    let clauses = found.clauses.iter().map(|c| format!("{} {}", c.index, c.text.trim_end_matches(';')));
    object.list("clauses", clauses.collect());
    object
}

pub(crate) fn load(found: &Load) -> Object {
    let mut object = Object::new(Kind::Load, &found.name);
    config(&mut object, &found.config, true);
    object.set("connector", &found.connector);
    object.set_if("connection", found.connection.clone());
    object.set("locator", &found.locator);
    object.set("table", &found.table);
    object
}

fn schedule(found: &Schedule) -> Object {
    let mut object = Object::new(Kind::Schedule, &found.name);
    let when = match &found.syntax.trigger {
        Trigger::Cron(cron) => format!("cron {}", quoted(cron)),
        Trigger::Every(millis) => format!("every {}", duration(millis.value)),
        Trigger::After(names) => {
            format!("after {}", names.iter().map(|n| n.value.as_str()).collect::<Vec<_>>().join(", "))
        }
    };
    object.set("when", when);
    object.set_if("zone", found.syntax.zone.as_ref().map(|z| z.value.clone()));
    if found.syntax.catchup.is_some() {
        object.set("catchup", "true");
    }
    object.list("run", found.syntax.targets.iter().map(|t| t.value.clone()).collect());
    object
}
