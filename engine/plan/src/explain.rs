//! One object of the program, with all that is known of it.

use pipe_check::Program;

use crate::describe::{heal, load, model, rule, source};
use crate::{Facts, Object, dependencies};

/// What `pipe explain NAME` prints: a source or model with its rules, clauses and loads; a rule as `table.rule`, or by its own name where that is unique; a load. Empty when nothing has this name.
pub fn explain(program: &Program, name: &str, facts: &dyn Facts) -> Vec<Object> {
    let mut objects = table(program, name, facts);
    if objects.is_empty() {
        objects.extend(program.loads.iter().filter(|l| l.name == name).map(load));
    }
    if objects.is_empty() {
        let all = program.rules.values().flatten();
        let named = all.filter(|r| r.name == name || name.strip_prefix(&r.table) == Some(&format!(".{}", r.name)));
        objects.extend(named.map(|r| judged(r, facts)));
    }
    objects
}

fn table(program: &Program, name: &str, facts: &dyn Facts) -> Vec<Object> {
    let mut objects = Vec::new();
    objects.extend(program.sources.get(name).map(source));
    objects.extend(program.models.get(name).map(|m| {
        let mut object = model(program, m);
        let plan = facts.logical_plan(name);
        object.list("logical plan", plan.iter().flat_map(|p| p.lines()).map(str::to_owned).collect());
        object
    }));
    for object in &mut objects {
        // What a model reads is told already; its rules may refer to more.
        let needs = dependencies(program, name);
        if !program.models.contains_key(name) || needs != program.inputs(name) {
            object.list("needs", needs);
        }
        let columns = facts.columns(name).unwrap_or_default();
        let text = |c: crate::ColumnFact| format!("{} {}{}", c.name, c.ty, if c.nullable { "" } else { " not null" });
        object.list("judged by", facts.groups(name));
        object.list("schema", columns.into_iter().map(text).collect());
    }
    if objects.is_empty() {
        return objects;
    }
    objects.extend(program.rules.get(name).into_iter().flatten().map(|r| judged(r, facts)));
    objects.extend(program.heals.get(name).map(|h| heal(name, h)));
    objects.extend(program.loads.iter().filter(|l| l.table == name).map(load));
    objects
}

fn judged(found: &pipe_check::Rule, facts: &dyn Facts) -> Object {
    let mut object = rule(found);
    let sql = facts.assertion(found);
    object.list("assertion", sql.iter().flat_map(|s| s.lines()).map(str::to_owned).collect());
    object
}
