//! From a table to a contract that reads back as the same columns and the same rules.
//!
//! What the standard has words for is said in them: `required`, `unique`, `primaryKey`, options of types, its library of
//! metrics, `sql`, relationships, service levels. Each such form is read back before it is used; what does not come back as
//! the same rule is written as it stands in the program, `type: custom, engine: pipe`.

mod forms;

use pipe_check::{Loaded, Rule};
use pipe_diagnostics::codes::contract as codes;
use pipe_diagnostics::{Diagnostic, Severity};
use pipe_schema::Type;

use crate::terms::{Column, Terms, canonical};
use crate::yaml::{self, Yaml};
use forms::{Form, Place};

/// A contract that was written.
#[derive(Clone, Debug)]
pub struct Exported {
    /// Its text, YAML.
    pub text: String,
    /// How many rules it has.
    pub rules: usize,
    /// Rules that no contract can hold, each at its place in the program.
    pub left_out: Vec<Diagnostic>,
}

/// Writes the contract of a table. `columns` are those that are known of a table that declares none.
///
/// # Errors
/// A message when there is no such table, or its columns are not known.
pub fn export(loaded: &Loaded, table: &str, columns: Option<Vec<Column>>) -> Result<Exported, Box<Diagnostic>> {
    let program = &loaded.program;
    let refuse =
        |code, message: String, help: String| Err(Box::new(Diagnostic::new(code, Severity::Error, message).help(help)));
    let names: Vec<&str> = program.sources.keys().chain(program.models.keys()).map(String::as_str).collect();
    if !names.contains(&table) {
        let near = pipe_diagnostics::nearest(table, names.iter().copied());
        let help = near.map_or_else(|| format!("there are {}", names.join(", ")), |n| format!("did you mean `{n}`?"));
        return refuse(codes::NO_TABLE, format!("the program has no table `{table}`"), help);
    }
    let terms = Terms::of(program, table, columns);
    if terms.columns.is_empty() {
        let help = "declare them with `schema (…)`, or run the program once".to_owned();
        return refuse(codes::NO_COLUMNS, format!("the columns of `{table}` are not known"), help);
    }
    let mut left_out = Vec::new();
    let rules: Vec<&Rule> = terms.rules.iter().filter(|r| fits(r, &mut left_out)).collect();
    let document = Document { loaded, table, columns: &terms.columns };
    let chosen = document.chosen(&rules);
    let mut text = document.print(&chosen);
    if !document.reads_back(&text, &rules) {
        text = document.print(&lines(&rules).iter().map(|line| document.own(line)).collect::<Vec<_>>());
    }
    Ok(Exported { text, rules: rules.len(), left_out })
}

/// Whether a contract can hold the rule; what it cannot is told.
fn fits(rule: &Rule, left_out: &mut Vec<Diagnostic>) -> bool {
    let own = rule.subject.iter().chain(&rule.filter);
    let Some(param) = own.flat_map(|e| &e.params).next() else { return true };
    let message = format!("rule `{}` needs `${}`, and a contract has no params", rule.name, param.value);
    left_out.push(Diagnostic::new(codes::LEFT_OUT, Severity::Warning, message).label(rule.span, ""));
    false
}

/// The rules of each line of the program.
fn lines<'r>(rules: &[&'r Rule]) -> Vec<Vec<&'r Rule>> {
    let mut out: Vec<Vec<&Rule>> = Vec::new();
    for rule in rules {
        match out.last_mut() {
            Some(line) if line.first().is_some_and(|r| r.span == rule.span) => line.push(rule),
            _ => out.push(vec![rule]),
        }
    }
    out
}

/// A line with one blank where it has several to align it; texts and names in quotes, and what has comments, stay as they are.
fn folded(line: &str) -> String {
    if line.contains(['\n', '\r', '$']) || line.contains("--") || line.contains("/*") {
        return line.to_owned();
    }
    let mut out = String::new();
    let mut quote = None;
    for c in line.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '\'' | '"' | '`') => quote = Some(c),
            _ => {}
        }
        if !(quote.is_none() && c == ' ' && out.ends_with(' ')) {
            out.push(c);
        }
    }
    out
}

struct Document<'a> {
    loaded: &'a Loaded,
    table: &'a str,
    columns: &'a [Column],
}

impl Document<'_> {
    /// A form for each rule: one that reads back, or the line of the program.
    fn chosen(&self, rules: &[&Rule]) -> Vec<Form> {
        let key = forms::primary_key(rules).filter(|(form, of)| self.is_sound(form, of));
        let in_key = |rule: &Rule| key.as_ref().is_some_and(|(_, of)| of.iter().any(|r| r.name == rule.name));
        let mut out = Vec::new();
        for line in lines(rules) {
            let outside: Vec<&Rule> = line.iter().copied().filter(|r| !in_key(r)).collect();
            let said: Option<Vec<Form>> = outside
                .iter()
                .map(|rule| forms::candidates(rule, self.table).into_iter().find(|form| self.is_sound(form, &[rule])))
                .collect();
            match said {
                Some(forms) => out.extend(forms),
                // The whole line, unless a part of it is the key.
                None if outside.len() == line.len() => out.push(self.own(&line)),
                None => return lines(rules).iter().map(|line| self.own(line)).collect(),
            }
        }
        out.extend(key.map(|(form, _)| form));
        out
    }

    /// A line of the program as it stands there.
    fn own(&self, line: &[&Rule]) -> Form {
        let text = line.first().map_or("", |rule| self.loaded.sources.text(rule.span));
        let text = folded(text.trim().trim_end_matches(';').trim());
        let column =
            line.first().and_then(|r| r.column.clone()).filter(|c| line.iter().all(|r| r.column.as_ref() == Some(c)));
        let entries =
            vec![("type", Yaml::text("custom")), ("engine", Yaml::text("pipe")), ("implementation", Yaml::text(text))];
        Form { place: Place::Quality(column), entries }
    }

    fn is_sound(&self, form: &Form, rules: &[&Rule]) -> bool {
        self.reads_back(&self.print(std::slice::from_ref(form)), rules)
    }

    /// Whether a contract reads back as just these rules, and these columns.
    fn reads_back(&self, text: &str, rules: &[&Rule]) -> bool {
        let Ok(contract) = crate::read("contract.yaml", text) else { return false };
        let Some(read) = contract.tables.get(self.table) else { return false };
        let (mut found, mut wanted): (Vec<String>, Vec<String>) =
            (read.rules.iter().map(canonical).collect(), rules.iter().map(|r| canonical(r)).collect());
        found.sort();
        wanted.sort();
        contract.not_judged.is_empty() && read.columns == self.columns && found == wanted
    }

    fn print(&self, forms: &[Form]) -> String {
        let program = &self.loaded.program;
        let docs = program.sources.get(self.table).map(|s| &s.docs);
        let docs = docs.or_else(|| program.models.get(self.table).map(|m| &m.docs));
        let docs = docs.map(|lines| lines.join("\n")).filter(|d| !d.trim().is_empty());
        let placed = |place: &Place| -> Vec<Yaml> {
            forms.iter().filter(|f| f.place == *place).map(|f| Yaml::Map(f.entries.clone())).collect()
        };
        let mut table = vec![("name", Yaml::text(self.table)), ("physicalType", Yaml::text("table"))];
        table.extend(docs.map(|d| ("description", Yaml::text(d))));
        table.push(("properties", Yaml::List(self.columns.iter().map(|c| property(c, forms)).collect())));
        table.push(("quality", Yaml::List(placed(&Place::Quality(None)))));
        let document = [
            ("apiVersion", Yaml::text("v3.1.0")),
            ("kind", Yaml::text("DataContract")),
            ("id", Yaml::text(self.table)),
            ("name", Yaml::text(self.table)),
            ("version", Yaml::text("1.0.0")),
            ("status", Yaml::text("active")),
            ("servers", Yaml::List(self.server().into_iter().collect())),
            ("schema", Yaml::List(vec![Yaml::Map(table)])),
            ("slaProperties", Yaml::List(placed(&Place::ServiceLevel))),
        ];
        yaml::print(&document)
    }

    /// Where the files of a source are.
    fn server(&self) -> Option<Yaml> {
        let source = self.loaded.program.sources.get(self.table)?;
        let files = pipe_schema::connector(&source.connector).is_some_and(|c| c.files) && source.connection.is_none();
        let locator = source.locator.as_ref().filter(|_| files)?;
        Some(Yaml::Map(vec![
            ("server", Yaml::text("files")),
            ("type", Yaml::text("local")),
            ("path", Yaml::text(locator)),
            ("format", Yaml::text(&source.connector)),
        ]))
    }
}

/// A column with what is said of it.
fn property(column: &Column, forms: &[Form]) -> Yaml {
    let mut entries = vec![("name", Yaml::text(&column.name))];
    if let Some(ty) = &column.ty {
        entries.extend(typed(ty));
    }
    let of_column = |place: Place| forms.iter().filter(move |f| f.place == place).flat_map(|f| f.entries.clone());
    for form in forms.iter().filter(|f| f.place == Place::Key) {
        let at = form.entries.iter().position(|(_, c)| *c == Yaml::text(&column.name));
        if let Some(at) = at {
            entries.push(("required", Yaml::yes()));
            entries.push(("primaryKey", Yaml::yes()));
            entries.push(("primaryKeyPosition", Yaml::number(at + 1)));
        }
    }
    entries.extend(of_column(Place::Property(column.name.clone())));
    entries.push(("logicalTypeOptions", Yaml::Map(of_column(Place::Options(column.name.clone())).collect())));
    let items = |place: Place| {
        let found = forms.iter().filter(|f| f.place == place).map(|f| Yaml::Map(f.entries.clone()));
        Yaml::List(found.collect())
    };
    entries.push(("relationships", items(Place::Relationship(column.name.clone()))));
    entries.push(("quality", items(Place::Quality(Some(column.name.clone())))));
    Yaml::Map(entries)
}

/// A type: the standard's kind of values, and ours to the width.
fn typed(ty: &Type) -> Vec<(&'static str, Yaml)> {
    let logical = match ty {
        Type::Boolean => "boolean",
        Type::TinyInt | Type::SmallInt | Type::Int | Type::BigInt => "integer",
        Type::Float | Type::Double | Type::Decimal(..) => "number",
        Type::Text | Type::Json | Type::Uuid | Type::Bytes => "string",
        Type::Date => "date",
        Type::Time => "time",
        Type::Timestamp | Type::TimestampTz => "timestamp",
        Type::List(_) => "array",
        Type::Struct(_) => "object",
    };
    let mut entries = vec![("logicalType", Yaml::text(logical)), ("physicalType", Yaml::text(ty.to_string()))];
    match ty {
        Type::List(item) => entries.push(("items", Yaml::Map(typed(item)))),
        Type::Struct(fields) => {
            let field = |(name, ty): &(String, Type)| {
                Yaml::Map(std::iter::once(("name", Yaml::text(name))).chain(typed(ty)).collect())
            };
            entries.push(("properties", Yaml::List(fields.iter().map(field).collect())));
        }
        _ => {}
    }
    entries
}
