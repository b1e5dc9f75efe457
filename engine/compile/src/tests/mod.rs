//! Tests that plan and run; what they share.

mod analysis;
mod models;
mod rules;
mod run;
mod sets;
mod tables;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use datafusion::arrow::datatypes::{Field, Fields, Schema, SchemaRef};
use datafusion::prelude::SessionContext;
use pipe_check::{Param, Program};
use pipe_diagnostics::{Diagnostic, Sources, Span};
use pipe_schema::Type;
use pipe_sql::{Expression, Query};
use pipe_syntax::{Literal, Spanned};

use crate::{Params, Planner, Settings, Tables, session, types};

/// 2026-01-31 12:30:00 UTC.
pub(super) fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_769_862_600, 0).unwrap()
}

/// A session, some tables without rows, a param `day`.
pub(super) struct Fixture {
    pub(super) context: SessionContext,
    pub(super) tables: Tables,
    pub(super) params: Params,
    pub(super) sources: Sources,
}

pub(super) fn schema(columns: &[(&str, &str)]) -> SchemaRef {
    let field = |(name, ty): &(&str, &str)| Field::new(*name, types::to_arrow(&Type::parse(ty).unwrap()), true);
    Arc::new(Schema::new(columns.iter().map(field).collect::<Fields>()))
}

impl Fixture {
    pub(super) fn new() -> Self {
        let context = session(&Settings::at(noon())).unwrap();
        let mut tables = Tables::new();
        tables.insert_schema(
            "orders",
            schema(&[
                ("order_id", "bigint"),
                ("customer_id", "bigint"),
                ("email", "text"),
                ("status", "text"),
                ("quantity", "int"),
                ("unit_price", "decimal(10, 2)"),
                ("total", "decimal(12, 2)"),
                ("ordered_at", "timestamp"),
                ("größe", "double"),
            ]),
        );
        tables.insert_schema("customers", schema(&[("id", "bigint"), ("name", "text"), ("email", "text")]));
        let mut program = Program::default();
        for (name, ty, default) in [("day", Type::Date, Some("2026-01-01")), ("shop", Type::Text, None)] {
            let default = default.map(|d| Literal::Text(d.to_owned()));
            let param = Param { name: name.to_owned(), ty, default, span: Span::default() };
            program.params.insert(name.to_owned(), param);
        }
        let params = Params::new(&program, &BTreeMap::new()).unwrap();
        Self { context, tables, params, sources: Sources::default() }
    }

    pub(super) fn planner(&self) -> Planner<'_> {
        Planner::new(&self.context, &self.tables, &self.params, &self.sources)
    }

    /// A query in a file of its own, behind text that is not ASCII and a tab.
    pub(super) fn query(&mut self, sql: &str) -> Query {
        let before = "-- größer als früher\nmodel m as /* ä */\t";
        let file = self.sources.add("m.pipe", format!("{before}{sql};"));
        let span = Span::new(file, before.len()..before.len() + sql.len());
        pipe_sql::parse_query(&Spanned::new(sql.to_owned(), span), &self.sources).unwrap()
    }

    pub(super) fn expressions(&mut self, sql: &str) -> Vec<Expression> {
        let before = "-- größer als früher\nrules m { x:\t(";
        let file = self.sources.add("m.pipe", format!("{before}{sql}); }}"));
        let span = Span::new(file, before.len()..before.len() + sql.len());
        pipe_sql::parse_expressions(&Spanned::new(sql.to_owned(), span), &self.sources).unwrap()
    }

    /// What is wrong with a query: the code, the text underlined, the message, the help.
    pub(super) fn wrong(&mut self, sql: &str) -> Vec<[String; 4]> {
        let query = self.query(sql);
        let diagnostics = self.planner().model(&query).err().unwrap_or_default();
        diagnostics.iter().map(|d| self.told(d)).collect()
    }

    pub(super) fn told(&self, d: &Diagnostic) -> [String; 4] {
        let underlined = d.span().map_or("", |s| self.sources.text(s));
        [d.code.to_string(), underlined.to_owned(), d.message.clone(), d.help.clone().unwrap_or_default()]
    }
}
