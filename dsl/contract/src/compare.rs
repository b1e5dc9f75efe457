//! From one version of what is promised to the next: what changed, and what of it breaks something.

use pipe_check::{Rule, Severity, words};
use pipe_diagnostics::Code;
use pipe_diagnostics::codes::contract as codes;
use pipe_schema::{Type, TypeClass};

use crate::bounds::{Moved, moved};
use crate::terms::{Column, Terms, canonical, is_plain, key, subject};

/// Whose versions are compared, which decides what a change can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Two versions of a contract.
    Versions,
    /// A program that reads what a contract promises: from what the program counts on to what is promised.
    Reader,
    /// A program that makes what a contract promises: from what is promised to what the program makes.
    Producer,
}

impl Role {
    /// What the two sides are called.
    fn sides(self) -> (&'static str, &'static str) {
        match self {
            Role::Versions => ("the version that was accepted", "the contract"),
            Role::Reader => ("the program", "the contract"),
            Role::Producer => ("the contract", "the program"),
        }
    }
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// A column is gone.
    ColumnDropped,
    /// A column came.
    ColumnAdded,
    /// A type holds less than it did.
    TypeNarrowed,
    /// A type holds more than it did.
    TypeWidened,
    /// A type is another one.
    TypeChanged,
    /// A column must have a value that need not before.
    RequiredAdded,
    /// A key is gone, or another one.
    KeyChanged,
    /// A rule lets more pass, is gone, or is another one.
    RuleLoosened,
    /// A rule lets less pass, or is new.
    RuleTightened,
    /// Data may be later, fewer or further apart than promised before.
    ServiceLevelWorse,
}

impl ChangeKind {
    /// As programs read it.
    pub fn word(self) -> &'static str {
        match self {
            ChangeKind::ColumnDropped => "column_dropped",
            ChangeKind::ColumnAdded => "column_added",
            ChangeKind::TypeNarrowed => "type_narrowed",
            ChangeKind::TypeWidened => "type_widened",
            ChangeKind::TypeChanged => "type_changed",
            ChangeKind::RequiredAdded => "required_added",
            ChangeKind::KeyChanged => "key_changed",
            ChangeKind::RuleLoosened => "rule_loosened",
            ChangeKind::RuleTightened => "rule_tightened",
            ChangeKind::ServiceLevelWorse => "service_level_worse",
        }
    }

    /// The code of its message, where it can break something.
    pub fn code(self) -> Option<Code> {
        Some(match self {
            ChangeKind::ColumnDropped => codes::COLUMN_DROPPED,
            ChangeKind::TypeNarrowed | ChangeKind::TypeWidened | ChangeKind::TypeChanged => codes::TYPE_CHANGED,
            ChangeKind::RequiredAdded => codes::REQUIRED_ADDED,
            ChangeKind::KeyChanged => codes::KEY_CHANGED,
            ChangeKind::RuleLoosened => codes::RULE_LOOSENED,
            ChangeKind::ServiceLevelWorse => codes::SERVICE_LEVEL,
            ChangeKind::ColumnAdded | ChangeKind::RuleTightened => return None,
        })
    }
}

/// A change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Of which kind.
    pub kind: ChangeKind,
    /// Whether what was right before may be wrong now.
    pub breaking: bool,
    /// The column, or the rule's name.
    pub subject: String,
    /// What happened, as a sentence without an end.
    pub says: String,
}

/// What changed from `old` to `new`, breaking or not: columns in their order, then keys, then rules in theirs.
pub fn compare(old: &Terms, new: &Terms, role: Role) -> Vec<Change> {
    let mut out = Vec::new();
    columns(old, new, role, &mut out);
    keys(old, new, role, &mut out);
    rules(old, new, role, &mut out);
    out
}

fn change(kind: ChangeKind, breaking: bool, subject: &str, says: String) -> Change {
    Change { kind, breaking, subject: subject.to_owned(), says }
}

fn columns(old: &Terms, new: &Terms, role: Role, out: &mut Vec<Change>) {
    let (before, after) = role.sides();
    // Columns that nobody declared are not compared.
    if old.columns.is_empty() || new.columns.is_empty() {
        return;
    }
    for column in &old.columns {
        let name = &column.name;
        match new.columns.iter().find(|c| c.name == *name) {
            None => {
                let says = format!("column `{name}` is dropped: {before} has it, {after} does not");
                out.push(change(ChangeKind::ColumnDropped, true, name, says));
            }
            Some(now) => out.extend(type_change(column, now, role)),
        }
    }
    for column in new.columns.iter().filter(|c| !old.columns.iter().any(|o| o.name == c.name)) {
        let says = format!("column `{}` is new in {after}", column.name);
        out.push(change(ChangeKind::ColumnAdded, false, &column.name, says));
    }
}

fn type_change(old: &Column, new: &Column, role: Role) -> Option<Change> {
    let (from, to) = (old.ty.as_ref()?, new.ty.as_ref()?);
    let same = if old.exact && new.exact { from == to } else { same_class(from, to) };
    if same {
        return None;
    }
    let (kind, breaking, how) = match (from.is_lossless_in(to), to.is_lossless_in(from)) {
        // A reader's own type has to hold whatever is promised.
        (true, false) => (ChangeKind::TypeWidened, role == Role::Reader, "widened"),
        (false, true) => (ChangeKind::TypeNarrowed, true, "narrowed"),
        _ => (ChangeKind::TypeChanged, true, "changed"),
    };
    let (before, after) = role.sides();
    let says = format!("column `{}` is {how}: `{from}` in {before}, `{to}` in {after}", old.name);
    Some(change(kind, breaking, &old.name, says))
}

/// Whether two types are of one logical kind: whole numbers, numbers, texts, dates, times of the day, points in time.
fn same_class(a: &Type, b: &Type) -> bool {
    let kind = |ty: &Type| match ty {
        Type::TinyInt | Type::SmallInt | Type::Int | Type::BigInt => 1,
        // Any number may be called a number.
        Type::Float | Type::Double | Type::Decimal(..) => 2,
        Type::Date => 3,
        Type::Time => 4,
        Type::Timestamp | Type::TimestampTz => 5,
        _ => 0,
    };
    let number = |ty: &Type| ty.class() == TypeClass::Number;
    match (kind(a), kind(b)) {
        (0, 0) => a.class() == b.class(),
        (1, 2) | (2, 1) => number(a) && number(b),
        (a, b) => a == b,
    }
}

fn list(columns: &[&str]) -> String {
    format!("({})", columns.join(", "))
}

fn keys(old: &Terms, new: &Terms, role: Role, out: &mut Vec<Change>) {
    let (before, after) = role.sides();
    let kept: Vec<Vec<&str>> = new.keys().collect();
    for gone in old.keys().filter(|k| !kept.contains(k)) {
        let others: Vec<String> = kept.iter().filter(|k| !old.keys().any(|o| o == **k)).map(|k| list(k)).collect();
        let now = if others.is_empty() { "no longer is".to_owned() } else { format!("has {}", others.join(" and ")) };
        let name = list(&gone);
        let says = match others.is_empty() {
            true => format!("the key {name} is gone: it is unique in {before}, and not in {after}"),
            false => format!("the key {name} of {before} is another: {after} {now}"),
        };
        out.push(change(ChangeKind::KeyChanged, true, &name, says));
    }
}

fn rules(old: &Terms, new: &Terms, role: Role, out: &mut Vec<Change>) {
    let (before, after) = role.sides();
    let mut taken = vec![false; new.rules.len()];
    // A key was told of already.
    let is_key = |rule: &Rule| rule.check == "unique" && is_plain(rule) && key(rule).is_some();
    for rule in old.rules.iter().filter(|r| !is_key(r)) {
        let name = &rule.name;
        let relied_on = rule.severity >= Severity::Error;
        let Some(now) = partner(rule, new, &mut taken) else {
            let required = rule.check == "not_null" && is_plain(rule);
            let (kind, gone) = match (required, is_service_level(rule)) {
                (true, _) => (ChangeKind::RuleLoosened, format!("column `{}` is no longer required", subject(rule))),
                (_, true) => (ChangeKind::ServiceLevelWorse, format!("the service level `{name}` is gone")),
                _ => (ChangeKind::RuleLoosened, format!("rule `{name}` is gone")),
            };
            // A reader may ask for more than anybody promised; what a column is, a contract always says.
            let breaking = relied_on && (role != Role::Reader || required);
            out.push(change(kind, breaking, name, format!("{gone}: {before} has it, {after} does not")));
            continue;
        };
        let moved = moved(rule, now);
        if moved == Moved::Same {
            continue;
        }
        let service = is_service_level(rule);
        let (old_text, new_text) = (text(rule), text(now));
        let (kind, what) = match (moved, service) {
            (Moved::Tighter, _) => (ChangeKind::RuleTightened, format!("rule `{name}` is stricter")),
            (_, true) => (ChangeKind::ServiceLevelWorse, format!("the service level `{name}` is worse")),
            (Moved::Looser, _) => (ChangeKind::RuleLoosened, format!("rule `{name}` is looser")),
            _ => (ChangeKind::RuleLoosened, format!("rule `{name}` is another")),
        };
        let says = format!("{what}: `{old_text}` in {before}, `{new_text}` in {after}");
        out.push(change(kind, relied_on && moved != Moved::Tighter, name, says));
    }
    let fresh = new.rules.iter().zip(&taken).filter(|(rule, taken)| !**taken && !is_key(rule)).map(|(rule, _)| rule);
    for rule in fresh {
        if rule.check == "not_null" && is_plain(rule) {
            let says = format!("column `{}` is required in {after}, and not in {before}", subject(rule));
            // Who reads a column minds no promise that it has a value.
            out.push(change(ChangeKind::RequiredAdded, role != Role::Reader, &rule.name, says));
        } else {
            let says = format!("rule `{}` is new in {after}: `{}`", rule.name, text(rule));
            out.push(change(ChangeKind::RuleTightened, false, &rule.name, says));
        }
    }
}

/// The rule of the other version that this one has become: the same, or of the same name, or the only one of this check on
/// this subject.
fn partner<'n>(rule: &Rule, new: &'n Terms, taken: &mut [bool]) -> Option<&'n Rule> {
    let by: [&dyn Fn(&Rule) -> bool; 3] =
        [&|r| canonical(r) == canonical(rule), &|r| r.name == rule.name && r.check == rule.check, &|r| {
            r.check == rule.check && subject(r) == subject(rule) && !subject(r).is_empty() || is_bound(r, rule)
        }];
    for is in by {
        let found = new.rules.iter().zip(taken.iter_mut()).find(|(r, taken)| !**taken && is(r));
        if let Some((found, taken)) = found {
            *taken = true;
            return Some(found);
        }
    }
    None
}

/// Whether both are bounds of one column: `>= 0` may become `between 0 and 5`.
fn is_bound(a: &Rule, b: &Rule) -> bool {
    let bound = |r: &Rule| matches!(r.check, "between" | "strictly_between" | "lt" | "le" | "gt" | "ge") && is_plain(r);
    a.column.is_some() && a.column == b.column && bound(a) && bound(b)
}

/// Whether a rule is about when data comes and how long it stays.
fn is_service_level(rule: &Rule) -> bool {
    matches!(rule.check, "within_age" | "gaps") || rule.name == "retention" || rule.dimension == "timeliness"
}

fn text(rule: &Rule) -> String {
    let mut out = match words::predicate_text(&rule.predicate) {
        predicate if predicate.is_empty() => subject(rule),
        predicate => predicate,
    };
    if let Some(tolerated) = words::tolerance_text(rule.tolerate) {
        out += &format!(" tolerate {tolerated}");
    }
    if rule.severity != Severity::Error {
        out += &format!(" severity {}", rule.severity.word());
    }
    if let Some(filter) = &rule.filter {
        out += &format!(" where ({})", filter.ast);
    }
    out
}
