//! What only a planner can find wrong with a program, before anything of the outside is touched.
//!
//! Models are planned in the order they depend on each other, on the declared columns of the sources; where the columns of a
//! source are not known yet, all that is computed from it is passed over. Plans are made and not optimised: a thousand
//! statements take some tens of milliseconds.

mod clauses;
mod keys;
mod order;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::DateTime;
use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use pipe_check::{Loaded, Predicate, Rule};
use pipe_diagnostics::codes::{names, rules, sql};
use pipe_diagnostics::{Diagnostic, Severity, Span};
use pipe_schema::Level;
use pipe_sql::TableRef;

use crate::{Params, Planner, Settings, Tables, functions, lineage, row_schema, session, types};

pub use clauses::field_column;

/// What checking a program with a planner gives.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    /// What is wrong and was not said by `pipe_check`, in the order of files and places.
    pub diagnostics: Vec<Diagnostic>,
    /// The columns of every table whose columns are known; all may be NULL.
    pub schemas: BTreeMap<String, SchemaRef>,
    /// The tables each table is computed from or its rules refer to.
    pub dependencies: BTreeMap<String, Vec<String>>,
    /// All tables, each behind those its query reads; ties in order of name. Tables that read each other in a circle are
    /// left out.
    pub order: Vec<String>,
    /// The models that are row by row over one table, with that table as their SQL names it.
    pub row_by_row: BTreeMap<String, String>,
}

/// Where a row of a source came from: columns a scan adds behind the data, which rules may name.
fn place_columns() -> [Field; 3] {
    let file = DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Utf8));
    [
        Field::new("_file", file, true),
        Field::new("_line", DataType::UInt64, true),
        Field::new("_row", DataType::UInt64, true),
    ]
}

/// Checks a program. `known` are the columns of sources that declare none, as pinned by an earlier run or inferred just now,
/// by name.
pub fn check_program(loaded: &Loaded, known: &BTreeMap<String, SchemaRef>) -> Analysis {
    // What time it is makes no difference to whether a program is right.
    let Ok(context) = session(&Settings::at(DateTime::UNIX_EPOCH)) else {
        let message = "the SQL engine could not be started";
        let failed = Diagnostic::new(sql::UNPLANNABLE, Severity::Error, message);
        return Analysis { diagnostics: vec![failed], ..Analysis::default() };
    };
    let params = Params::declared(&loaded.program);
    let none = Tables::new();
    let planner = Planner::new(&context, &none, &params, &loaded.sources);
    let mut check = Check {
        loaded,
        planner,
        tables: Tables::new(),
        placed: Tables::new(),
        plans: BTreeSet::new(),
        out: Analysis::default(),
    };
    check.params();
    check.sources(known);
    check.models();
    check.rules();
    check.clauses();
    check.keys();
    check.finish()
}

struct Check<'a> {
    loaded: &'a Loaded,
    planner: Planner<'a>,
    /// What models and subqueries read.
    tables: Tables,
    /// The same, with the places of rows behind the columns of sources: what rules and clauses are judged on.
    placed: Tables,
    /// Models that could be planned, or need not be.
    plans: BTreeSet<String>,
    out: Analysis,
}

impl Check<'_> {
    fn report(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        self.out.diagnostics.extend(diagnostics);
    }

    fn params(&mut self) {
        let wrong = Params::new(&self.loaded.program, &BTreeMap::new()).err();
        self.report(wrong.unwrap_or_default());
    }

    fn sources(&mut self, known: &BTreeMap<String, SchemaRef>) {
        for (name, source) in &self.loaded.program.sources {
            let schema = match &source.schema {
                Some(columns) => types::arrow_schema(columns),
                None => match known.get(name) {
                    Some(schema) => nullable(schema),
                    None => continue,
                },
            };
            let placed = schema.fields().iter().map(Arc::clone).chain(place_columns().map(Arc::new));
            let placed = Arc::new(Schema::new(placed.collect::<Fields>()));
            self.flags(name, &schema, source.span);
            let schema = types::with_flags(&schema, &self.loaded.program, name);
            self.tables.insert_schema(name.clone(), Arc::clone(&schema));
            for tables in [&mut self.tables, &mut self.placed] {
                tables.insert_schema(format!("raw.{name}"), Arc::clone(&placed));
            }
            let flagged = types::with_flags(&placed, &self.loaded.program, name);
            self.placed.insert_schema(name.clone(), flagged);
            self.out.schemas.insert(name.clone(), schema);
        }
    }

    /// Refuses a column that has the name of a flag.
    fn flags(&mut self, table: &str, schema: &SchemaRef, span: Span) {
        let flags = self.loaded.program.filled(table).into_iter().map(|c| pipe_check::flag_of(&c));
        let clash = flags.filter(|f| schema.column_with_name(f).is_some());
        let told = clash.map(|flag| {
            let message = format!("`{table}` has a column `{flag}`, which is the flag that `fill` adds");
            Diagnostic::error(names::DUPLICATE_COLUMN, message, span).help("give the column another name")
        });
        let told: Vec<Diagnostic> = told.collect();
        self.report(told);
    }

    fn models(&mut self) {
        let program = &self.loaded.program;
        self.out.order = order::order(program);
        for table in program.sources.keys().chain(program.models.keys()) {
            self.out.dependencies.insert(table.clone(), program.inputs(table));
        }
        for name in self.out.order.clone() {
            let Some(model) = program.models.get(&name) else { continue };
            let params_known = model.query.params.iter().all(|p| program.params.contains_key(p.value.as_str()));
            if !params_known || !self.all_known(&model.query.tables) {
                continue;
            }
            match self.planner.over(&self.tables).unbound(&model.query) {
                Ok((plan, warnings)) => {
                    self.report(warnings);
                    if let Some(source) = lineage::row_by_row(&plan) {
                        self.out.row_by_row.insert(name.clone(), source);
                    }
                    let schema = nullable(plan.schema().inner());
                    self.flags(&name, &schema, model.span);
                    let schema = types::with_flags(&schema, program, &name);
                    self.tables.insert_schema(name.clone(), Arc::clone(&schema));
                    self.placed.insert_schema(name.clone(), Arc::clone(&schema));
                    self.out.schemas.insert(name.clone(), schema);
                    self.plans.insert(name);
                }
                Err(wrong) => self.report(wrong),
            }
        }
    }

    fn all_known(&self, tables: &[TableRef]) -> bool {
        tables.iter().all(|t| self.tables.contains(&t.parts.join(".")))
    }

    fn rules(&mut self) {
        let mut found = Vec::new();
        let planner = self.planner.over(&self.placed);
        for (table, rules) in &self.loaded.program.rules {
            found.extend(rules.iter().flat_map(json_schemas));
            let Some(schema) = self.placed.schema(table) else { continue };
            let Ok(row) = row_schema(table, &schema) else { continue };
            for rule in rules.iter().filter(|r| self.can_be_planned(r)) {
                let wrong = match rule.level {
                    Level::Row => planner.check_row(rule, &row),
                    Level::Set => planner.check_set(rule, &row),
                    Level::Table | Level::History => planner.check_table(rule, &row),
                    Level::Schema => Ok(()),
                };
                found.extend(wrong.err().unwrap_or_default());
            }
        }
        self.report(found);
    }

    /// Whether everything a rule names is known, and its predicate can be run at all: what cannot is refused by name when a
    /// run asks for it.
    fn can_be_planned(&self, rule: &Rule) -> bool {
        let program = &self.loaded.program;
        // References say so themselves.
        let references = matches!(rule.predicate, Predicate::References { .. } | Predicate::Not(_));
        let other = references || rule.predicate.tables().into_iter().all(|t| self.tables.contains(t));
        let mut expressions =
            rule.subject.iter().chain(&rule.filter).chain(crate::assertion::operands(&rule.predicate));
        rule.is_available()
            && other
            && expressions.all(|e| {
                self.all_known(&e.tables) && e.params.iter().all(|p| program.params.contains_key(p.value.as_str()))
            })
    }

    /// Leaves out what was said already: by `pipe_check` of the same place, or of another rule of the same line.
    fn finish(mut self) -> Analysis {
        let said: Vec<Span> =
            self.loaded.diagnostics.iter().filter(|d| d.is_error()).filter_map(Diagnostic::span).collect();
        let overlaps = |span: Span| {
            said.iter().any(|s| {
                s.file == span.file && s.start < span.end.max(span.start + 1) && span.start < s.end.max(s.start + 1)
            })
        };
        let mut seen = BTreeSet::new();
        self.out.diagnostics.retain(|d| {
            let new = seen.insert((d.code, d.span(), d.message.clone()));
            new && !(d.is_error() && d.span().is_some_and(overlaps))
        });
        self.out.diagnostics.sort_by_key(|d| d.span().map(|s| (s.file, s.start, s.end)));
        self.out
    }
}

/// What is wrong with the JSON Schemas of a rule.
fn json_schemas(rule: &Rule) -> Vec<Diagnostic> {
    let named = crate::assertion::json_schemas(&rule.predicate).into_iter();
    let wrong = named.filter_map(|s| Some((s, functions::schema::compiled(&functions::schema::arguments(s)).err()?)));
    wrong
        .map(|(schema, why)| {
            let name = if schema.text == schema.written { "this".to_owned() } else { format!("`{}`", schema.written) };
            let message = format!("{name} is no JSON Schema: {why}");
            Diagnostic::error(rules::JSON_SCHEMA, message, rule.span)
        })
        .collect()
}

/// The columns as those of a table: rows that break a rule may be NULL anywhere.
fn nullable(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().map(|f| f.as_ref().clone().with_nullable(true));
    Arc::new(Schema::new(fields.collect::<Fields>()))
}
