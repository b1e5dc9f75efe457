//! What of the language the specs show: each part of it at least once as it should be, and once as it should not.

use std::collections::{BTreeMap, BTreeSet};

use pipe_diagnostics::codes::syntax::UNEXPECTED;
use pipe_diagnostics::{FileId, Span};
use pipe_schema::{actions, channels, connectors, failures, heal_keys, model_keys, predicates};
use pipe_syntax::{
    Action, Clause, Comparison, Predicate, Rule, Statement, StatementKind, Subject, TestItem, With, parse,
};

use super::judge::Verdict;
use super::spec::Case;
use super::words;

/// A part of the language: `action dedupe`, `key csv source delimiter`.
pub type Feature = String;

/// The statements.
const STATEMENTS: [&str; 14] = [
    "pipe",
    "use",
    "param",
    "secret",
    "profile",
    "connection",
    "channel",
    "source",
    "model",
    "rules",
    "heal",
    "load",
    "schedule",
    "test",
];

/// All parts that must be shown.
pub fn wanted() -> BTreeSet<Feature> {
    let mut all: BTreeSet<Feature> = STATEMENTS.iter().map(|s| format!("statement {s}")).collect();
    for c in connectors() {
        let owners = [("connection", Some(c.connection_keys)), ("source", Some(c.source_keys)), ("load", c.sink_keys)];
        for (owner, keys) in owners {
            all.extend(keys.into_iter().flatten().map(|k| format!("key {} {owner} {}", c.name, k.name)));
        }
    }
    for c in channels() {
        all.extend(c.keys.iter().map(|k| format!("key {} channel {}", c.name, k.name)));
    }
    all.extend(model_keys().iter().map(|k| format!("key model {}", k.name)));
    all.extend(heal_keys().iter().map(|k| format!("key heal {}", k.name)));
    all.extend(predicates().map(|p| format!("predicate {}", p.name)));
    all.extend(failures().iter().map(|f| format!("failure {}", f.name)));
    all.extend(failures().iter().flat_map(|f| f.fields.iter().map(|field| format!("field {} {}", f.name, field.name))));
    all.extend(channels().iter().map(|c| format!("channel {}", c.name)));
    all.extend(words::features());
    all.extend(actions().iter().map(|a| format!("action {}", a.name)));
    all
}

/// The parts shown so far.
#[derive(Debug, Default)]
pub struct Coverage {
    /// In programs without an error.
    pub good: BTreeSet<Feature>,
    /// Where something was raised.
    pub bad: BTreeSet<Feature>,
    /// The codes raised.
    pub codes: BTreeSet<String>,
}

impl Coverage {
    /// Adds a case that was judged.
    pub fn add(&mut self, case: &Case, verdict: &Verdict) {
        self.codes.extend(verdict.found.iter().map(|(_, d)| d.code.as_str().to_owned()));
        let parts = parts(case);
        if !verdict.found.iter().any(|(_, d)| d.is_error()) {
            self.good.extend(parts.iter().map(|(name, _)| name.clone()));
        }
        for span in verdict.found.iter().filter_map(|(_, d)| d.span()).filter(|s| s.file == FileId(0)) {
            let touched = parts.iter().filter(|(_, of)| of.start <= span.start && span.start <= of.end);
            self.bad.extend(touched.map(|(name, _)| name.clone()));
        }
        // What does not parse is not in the tree: the words before tell what it was to be.
        let file = parse(&case.text, FileId(0)).file;
        for span in verdict.found.iter().filter(|(_, d)| d.code == UNEXPECTED).filter_map(|(_, d)| d.span()) {
            let around =
                file.statements.iter().find(|s| s.span.span.start <= span.start && span.end <= s.span.span.end);
            self.bad.extend(around.and_then(|s| words::broken(&case.text, s, span)));
        }
    }
}

/// The parts of the language a case's text is made of, with their places.
fn parts(case: &Case) -> Vec<(Feature, Span)> {
    let file = parse(&case.text, FileId(0)).file;
    let others: Vec<_> = case.given.iter().map(|text| parse(text, FileId(1)).file).collect();
    let mut kinds: BTreeMap<&str, &str> = BTreeMap::new();
    for s in file.statements.iter().chain(others.iter().flat_map(|f| &f.statements)) {
        if let StatementKind::Connection(c) = &s.kind {
            kinds.insert(&c.name.value, &c.kind.value);
        }
    }
    let mut finder = Finder { text: &case.text, kinds, parts: Vec::new() };
    for s in &file.statements {
        finder.statement(s);
    }
    finder.parts
}

struct Finder<'a> {
    text: &'a str,
    /// The kinds of connections, by name.
    kinds: BTreeMap<&'a str, &'a str>,
    parts: Vec<(Feature, Span)>,
}

impl Finder<'_> {
    fn add(&mut self, name: String, span: Span) {
        self.parts.push((name, span));
    }

    fn statement(&mut self, s: &Statement) {
        self.add(format!("statement {}", s.keyword.value), s.span.span);
        if s.keyword.value != "heal" {
            self.worded(s);
        }
        match &s.kind {
            StatementKind::Profile(p) => p.items.iter().for_each(|i| self.statement(i)),
            StatementKind::Connection(c) => self.keys(&format!("{} connection", c.kind.value), c.with.as_ref()),
            StatementKind::Channel(c) => {
                self.add(format!("channel {}", c.kind.value), s.span.span);
                self.keys(&format!("{} channel", c.kind.value), c.with.as_ref());
            }
            StatementKind::Source(source) => {
                let kind = self.kind(&source.from.value);
                for clause in &source.clauses {
                    if let pipe_syntax::SourceClause::With(with) = clause {
                        self.keys(&format!("{kind} source"), Some(with));
                    }
                }
            }
            StatementKind::Load(load) => {
                let kind = self.kind(&load.into.value);
                self.keys(&format!("{kind} load"), load.with.as_ref());
            }
            StatementKind::Model(m) => self.keys("model", m.with.as_ref()),
            StatementKind::Rules(rules) => rules.items.iter().for_each(|r| self.rule(r)),
            StatementKind::Heal(heal) => {
                self.keys("heal", heal.with.as_ref());
                heal.clauses.iter().for_each(|c| self.clause(c));
            }
            StatementKind::Test(test) => {
                for item in &test.items {
                    match &item.value {
                        TestItem::ExpectFailure(p) | TestItem::InjectFailure { failure: p, .. } => {
                            self.add(format!("failure {}", p.failure.value), item.span);
                        }
                        TestItem::ExpectHeal(action) => self.add(format!("action {}", action_name(action)), item.span),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    /// Parts known by their words, each up to the next one or the end of its item.
    fn worded(&mut self, s: &Statement) {
        let named = words::named(self.text, s);
        for (i, (feature, span)) in named.iter().enumerate() {
            let own = span.range();
            let next = named.get(i + 1).map_or(s.span.span.range().end, |(_, next)| next.range().start);
            let rest = &self.text[own.end..next];
            let end = own.end + rest.find(';').unwrap_or(rest.trim_end().len());
            self.add(feature.clone(), Span::new(span.file, own.start..end));
        }
    }

    fn kind(&self, name: &str) -> String {
        self.kinds.get(name).copied().unwrap_or(name).to_owned()
    }

    fn keys(&mut self, owner: &str, with: Option<&With>) {
        for entry in with.into_iter().flat_map(|w| &w.entries) {
            self.add(format!("key {owner} {}", entry.key.value), entry.key.span.to(entry.value.span));
        }
    }

    fn rule(&mut self, rule: &Rule) {
        if rule.predicates.is_empty() && matches!(rule.subject, Subject::Sql(_)) {
            self.add("predicate boolean".into(), rule.span.span);
        }
        // What is wrong with a predicate is often underlined at its subject.
        let whole = rule.span.span;
        for p in &rule.predicates {
            let span = if rule.predicates.len() == 1 { whole } else { p.span };
            self.add(format!("predicate {}", check_name(&p.value)), span);
        }
    }

    fn clause(&mut self, clause: &Clause) {
        for p in &clause.patterns {
            let end = p.fields.last().map_or(p.failure.span, |(_, value)| value.span);
            self.add(format!("failure {}", p.failure.value), p.failure.span.to(end));
            for (field, value) in &p.fields {
                self.add(format!("field {} {}", p.failure.value, field.value), field.span.to(value.span));
            }
            // `$field` in its SQL.
            let whole = clause.span.span;
            let start = whole.range().start;
            for field in pipe_schema::failure(&p.failure.value).iter().flat_map(|f| f.fields) {
                let name = format!("${}", field.name);
                for (at, _) in self.text[whole.range()].match_indices(&name) {
                    let span = Span::new(whole.file, start + at..start + at + name.len());
                    self.add(format!("field {} {}", p.failure.value, field.name), span);
                }
            }
        }
        for action in clause.steps.iter().flatten() {
            self.add(format!("action {}", action_name(&action.value)), action.span);
        }
    }
}

fn check_name(p: &Predicate) -> String {
    match p {
        Predicate::NotNull => "not_null",
        Predicate::NotBlank => "not_blank",
        Predicate::In { negated: false, .. } => "in",
        Predicate::In { negated: true, .. } => "not_in",
        Predicate::Between(..) => "between",
        Predicate::Compare(Comparison::Lt, _) => "lt",
        Predicate::Compare(Comparison::Le, _) => "le",
        Predicate::Compare(Comparison::Eq, _) => "eq",
        Predicate::Compare(Comparison::Ge, _) => "ge",
        Predicate::Compare(Comparison::Gt, _) => "gt",
        Predicate::Compare(Comparison::Ne, _) => "ne",
        Predicate::Matches(_) => "matches",
        Predicate::Like(_) => "like",
        Predicate::Length(_) => "length",
        Predicate::Is { format, .. } => return format.value.clone(),
        Predicate::Unique => "unique",
        Predicate::References { .. } => "references",
        Predicate::Determines(_) => "determines",
        Predicate::Monotone(m) => {
            if m.decreasing {
                "decreasing"
            } else {
                "increasing"
            }
        }
        Predicate::StrictlyBetween(..) => "strictly_between",
        Predicate::Not(inner) => return format!("not_{}", check_name(&inner.value)),
        Predicate::NotMissing(_) => "not_missing",
        Predicate::NotInFuture => "not_in_future",
        Predicate::CastableAs(_) => "castable",
        Predicate::Sequential { .. } => "sequential",
        Predicate::NotOverlapping => "not_overlapping",
        Predicate::Contiguous => "contiguous",
        Predicate::Transitions { .. } => "transitions",
        Predicate::Values { equal, .. } => {
            if *equal {
                "values_equal"
            } else {
                "values_contain"
            }
        }
        Predicate::WithoutGaps(_) => "gaps",
        Predicate::Statistic(statistic) => return statistic.word.value.clone(),
        Predicate::Compound(compound) => {
            if compound.all {
                "all_of"
            } else {
                "any_of"
            }
        }
        Predicate::Distinct(_) => "distinct",
        Predicate::WithinSpread { seasonal: Some(_), .. } => "within_season",
        Predicate::WithinSpread { runs: None, .. } => "outliers",
        Predicate::WithinSpread { unit, .. } => return format!("within_{}", unit.value),
        Predicate::WithinLast(_) => "within_last",
        Predicate::CompareLast(Comparison::Lt | Comparison::Le, _) => "below_last",
        Predicate::CompareLast(..) => "above_last",
        Predicate::WithinAge(_) => "within_age",
        Predicate::SameAs { .. } => "same_as",
        Predicate::Columns(_) => "columns",
        Predicate::ColumnsInAnyOrder(_) => "columns_set",
        Predicate::ColumnsContain(_) => "columns_contain",
        Predicate::ColumnsWithout(_) => "columns_without",
        Predicate::ColumnsMatch(_) => "columns_match",
        Predicate::ColumnsSameAs(_) => "columns_same_as",
        Predicate::RowCountSameAs(_) => "row_count_same_as",
        Predicate::Type(_) => "type",
        Predicate::Closed => "closed",
    }
    .to_owned()
}

fn action_name(a: &Action) -> &'static str {
    match a {
        Action::Retry { .. } => "retry",
        Action::UseSource(_) => "use source",
        Action::ShrinkBatch => "shrink batch",
        Action::SkipFile => "skip file",
        Action::Rename(_) => "rename",
        Action::Keep => "keep",
        Action::Ignore => "ignore",
        Action::Cast { .. } => "cast",
        Action::Normalize { .. } => "normalize",
        Action::Set { .. } => "set",
        Action::Fill { .. } => "fill",
        Action::Majority(_) => "majority",
        Action::Lookup { .. } => "lookup",
        Action::Prefer(_) => "prefer",
        Action::Snap(_) => "snap",
        Action::Clip(_) => "clip",
        Action::Dedupe { .. } => "dedupe",
        Action::Repair(_) => "repair",
        Action::Backfill(_) => "backfill",
        Action::ReloadPartition => "reload partition",
        Action::Quarantine => "quarantine",
        Action::Drop => "drop",
        Action::Pause => "pause",
        Action::Notify(_) => "notify",
        Action::Ask(_) => "ask",
        Action::Warn(_) => "warn",
        Action::Fail(_) => "fail",
    }
}
