//! Statements without a block, and the heads of those with one.

use pest::iterators::Pair;
use pipe_diagnostics::codes::syntax as code;
use pipe_grammar::{LANGUAGE_VERSION, Rule};

use super::{Lower, Lowered, Parts, Refused};
use crate::ast::*;
use crate::lexer::Lexer;
use crate::splitter::Docs;

/// A statement that ends at `;`.
pub(crate) fn statement(lower: &mut Lower<'_>, pair: Pair<'_, Rule>) -> Lowered<StatementKind> {
    let rule = pair.as_rule();
    let mut parts = Parts::of(pair.clone());
    Ok(match rule {
        Rule::version => StatementKind::Version(lower.version(&parts.part()?)?),
        Rule::use_file => StatementKind::Use(lower.text(&parts.part()?)),
        Rule::param => StatementKind::Param(lower.param(parts)?),
        Rule::secret => StatementKind::Secret(Secret {
            name: lower.name(&parts.part()?),
            provider: lower.word(&parts.part()?),
            key: lower.text(&parts.part()?),
        }),
        Rule::connection => StatementKind::Connection(lower.connection(parts)?),
        Rule::channel => StatementKind::Channel(lower.connection(parts)?),
        Rule::source => StatementKind::Source(lower.source(parts)?),
        Rule::model => StatementKind::Model(lower.model(parts)?),
        Rule::load => StatementKind::Load(Load {
            table: lower.name(&parts.part()?),
            into: lower.name(&parts.part()?),
            locator: lower.text(&parts.part()?),
            with: lower.maybe_with(&mut parts)?,
        }),
        Rule::schedule => StatementKind::Schedule(lower.schedule(parts)?),
        _ => return Err(Refused),
    })
}

/// The head of a statement with a block, which is still empty.
pub(crate) fn head(lower: &mut Lower<'_>, pair: Pair<'_, Rule>) -> Lowered<StatementKind> {
    let rule = pair.as_rule();
    let mut parts = Parts::of(pair);
    Ok(match rule {
        Rule::profile => StatementKind::Profile(Profile { name: lower.name(&parts.part()?), items: Vec::new() }),
        Rule::rules => StatementKind::Rules(Rules { table: lower.name(&parts.part()?), items: Vec::new() }),
        Rule::heal => StatementKind::Heal(Heal {
            table: parts.accept(Rule::table).map(|table| lower.name(&table)),
            with: lower.maybe_with(&mut parts)?,
            clauses: Vec::new(),
        }),
        Rule::test => StatementKind::Test(Test { name: lower.name(&parts.part()?), items: Vec::new() }),
        _ => return Err(Refused),
    })
}

impl Lower<'_> {
    fn version(&mut self, pair: &Pair<'_, Rule>) -> Lowered<Spanned<u32>> {
        let version = self.whole::<u32>(pair)?;
        // The binary reads this version and the one before; before 1 there was none.
        if version.value == LANGUAGE_VERSION || version.value + 1 == LANGUAGE_VERSION && version.value > 0 {
            return Ok(version);
        }
        let message = format!("version {} of the language is not known", version.value);
        self.refuse(code::VERSION, message, version.span, &format!("this program reads `pipe {LANGUAGE_VERSION};`"))
    }

    fn param(&mut self, mut parts: Parts<'_>) -> Lowered<Param> {
        Ok(Param {
            name: self.name(&parts.part()?),
            ty: self.type_name(parts.part()?)?,
            default: parts.next().map(|literal| self.literal(literal)).transpose()?,
        })
    }

    fn connection(&mut self, mut parts: Parts<'_>) -> Lowered<Connection> {
        Ok(Connection {
            name: self.name(&parts.part()?),
            kind: self.word(&parts.part()?),
            with: self.maybe_with(&mut parts)?,
        })
    }

    fn source(&mut self, mut parts: Parts<'_>) -> Lowered<Source> {
        Ok(Source {
            name: self.name(&parts.part()?),
            from: self.name(&parts.part()?),
            locator: parts.accept(Rule::text).map(|text| self.text(&text)),
            clauses: parts.map(|clause| self.source_clause(clause)).collect::<Lowered<_>>()?,
        })
    }

    fn source_clause(&mut self, pair: Pair<'_, Rule>) -> Lowered<SourceClause> {
        Ok(match pair.as_rule() {
            Rule::with => SourceClause::With(self.with(pair)?),
            Rule::schema => SourceClause::Schema(self.schema(pair)?),
            Rule::incremental => SourceClause::Incremental(self.cursor(pair)?),
            Rule::stream => SourceClause::Stream(self.cursor(pair)?),
            Rule::cdc => SourceClause::Cdc(self.names(Parts::of(pair).part()?)),
            Rule::contract => SourceClause::Contract(self.text(&Parts::of(pair).part()?)),
            _ => return Err(Refused),
        })
    }

    fn cursor(&mut self, pair: Pair<'_, Rule>) -> Lowered<Cursor> {
        let mut parts = Parts::of(pair);
        let column = self.name(&parts.part()?);
        let lag = match parts.accept(Rule::lag) {
            Some(lag) => Some(self.duration(&Parts::of(lag).part()?)?),
            None => None,
        };
        Ok(Cursor { column, lag })
    }

    fn schema(&mut self, pair: Pair<'_, Rule>) -> Lowered<Spanned<Vec<ColumnDef>>> {
        let span = self.span(&pair);
        let docs = self.column_docs(&pair);
        let mut columns = Vec::new();
        for column in Parts::of(pair) {
            let start = self.base + column.as_span().start();
            let docs = docs.iter().find(|(at, _)| *at == start).map(|(_, lines)| lines.clone()).unwrap_or_default();
            let mut parts = Parts::of(column);
            let name = self.name(&parts.part()?);
            let ty = self.type_name(parts.part()?)?;
            let aliases = match parts.accept(Rule::aliases).map(Parts::of).and_then(|mut inner| inner.next()) {
                Some(names) if names.as_rule() == Rule::names => self.names(names),
                Some(name) => vec![self.name(&name)],
                None => Vec::new(),
            };
            columns.push(ColumnDef { docs, name, ty, aliases });
        }
        Ok(Spanned::new(columns, span))
    }

    /// The `---` lines of a schema, with the byte of the token they stand above.
    fn column_docs(&self, schema: &Pair<'_, Rule>) -> Vec<(usize, Vec<String>)> {
        let range = self.span(schema).range();
        let text = self.text.get(..range.end).unwrap_or("");
        let mut found = Vec::new();
        if !schema.as_str().contains("---") {
            return found;
        }
        let mut docs = Docs::new(false);
        for token in Lexer::new(text, range.start) {
            if token.lexeme.is_trivia() {
                docs.see(text, token);
                continue;
            }
            if !docs.lines.is_empty() {
                found.push((token.start, docs.lines));
            }
            docs = Docs::new(false);
        }
        found
    }

    fn model(&mut self, mut parts: Parts<'_>) -> Lowered<Model> {
        let name = self.name(&parts.part()?);
        let with = self.maybe_with(&mut parts)?;
        let body = parts.part()?;
        let body = match body.as_rule() {
            Rule::query => ModelBody::Sql(self.sql(&body)),
            _ => ModelBody::File(self.text(&body)),
        };
        Ok(Model { name, with, body })
    }

    fn schedule(&mut self, mut parts: Parts<'_>) -> Lowered<Schedule> {
        let name = self.name(&parts.part()?);
        let trigger = self.trigger(parts.part()?)?;
        let zone = match parts.accept(Rule::zone) {
            Some(zone) => Some(self.text(&Parts::of(zone).part()?)),
            None => None,
        };
        let catchup = parts.accept(Rule::catchup).map(|word| self.spanned(&word, ()));
        let mut targets = Vec::new();
        while let Some(table) = parts.accept(Rule::table) {
            targets.push(self.name(&table));
        }
        Ok(Schedule { name, trigger, zone, catchup, targets, with: self.maybe_with(&mut parts)? })
    }

    fn trigger(&mut self, pair: Pair<'_, Rule>) -> Lowered<Trigger> {
        let mut parts = Parts::of(pair);
        let first = parts.part()?;
        Ok(match first.as_rule() {
            Rule::text => Trigger::Cron(self.text(&first)),
            Rule::measure => Trigger::Every(self.duration(&first)?),
            _ => Trigger::After(std::iter::once(first).chain(parts).map(|name| self.name(&name)).collect()),
        })
    }
}
