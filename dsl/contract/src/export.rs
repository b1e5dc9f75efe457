//! From a table to a contract that reads back as the same columns and the same rules.
//!
//! What the standard has words for is said in them: `required`, `unique`, `primaryKey`, options of types, its library of
//! metrics, `sql`, relationships, service levels. Each such form is read back before it is used; what does not come back as
//! the same rule is written as it stands in the program, `type: custom, engine: pipe`.

mod earlier;
mod forms;
mod params;

use pipe_check::{Loaded, Rule};
use pipe_diagnostics::codes::contract as codes;
use pipe_diagnostics::{Diagnostic, Severity};
use pipe_import::Value;
use pipe_schema::Type;

use crate::terms::{Column, Terms, canonical};
use crate::yaml::{self, Yaml};
pub use earlier::Earlier;
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

/// Writes the contract of a table. `columns` are those that are known of a table that declares none; what an earlier version
/// says beyond columns and rules is kept, and its version counted on by what changed, unless one is given.
///
/// # Errors
/// A message when there is no such table, or its columns are not known.
pub fn export(
    loaded: &Loaded,
    table: &str,
    columns: Option<Vec<Column>>,
    earlier: Option<&Earlier>,
    version: Option<&str>,
) -> Result<Exported, Box<Diagnostic>> {
    let program = &loaded.program;
    let refuse =
        |code, message: String, help: String| Err(Box::new(Diagnostic::new(code, Severity::Error, message).help(help)));
    let names: Vec<&str> = program.sources.keys().chain(program.models.keys()).map(String::as_str).collect();
    if !names.contains(&table) {
        let near = pipe_diagnostics::nearest(table, names.iter().copied());
        let help = near.map_or_else(|| format!("there are {}", names.join(", ")), |n| format!("did you mean `{n}`?"));
        return refuse(codes::NO_TABLE, format!("the program has no table `{table}`"), help);
    }
    let made = params::inlined(loaded, table);
    let loaded = made.as_ref().unwrap_or(loaded);
    let terms = Terms::of(&loaded.program, table, columns);
    if terms.columns.is_empty() {
        let help = "declare them with `schema (…)`, or run the program once".to_owned();
        return refuse(codes::NO_COLUMNS, format!("the columns of `{table}` are not known"), help);
    }
    let mut left_out = Vec::new();
    let rules: Vec<&Rule> = terms.rules.iter().filter(|r| fits(loaded, r, &mut left_out)).collect();
    let document = Document { loaded, table, columns: &terms.columns };
    let mut chosen = document.chosen(&rules);
    if !document.reads_back(&document.print(&chosen, None), &rules) {
        chosen = lines(&rules).iter().map(|line| document.own(line)).collect();
    }
    let kept = Kept {
        version: version.map(str::to_owned).or_else(|| earlier?.next(table, &terms)),
        table: earlier.and_then(|e| e.table(table)),
        earlier,
    };
    let mut text = document.print(&chosen, Some(&kept));
    // What was kept may say something of a rule after all.
    if !document.reads_as(&text, &rules) {
        text = document.print(&chosen, Some(&Kept { table: None, ..kept }));
    }
    Ok(Exported { text, rules: rules.len(), left_out })
}

/// Whether a contract can hold the rule; what it cannot is told.
fn fits(loaded: &Loaded, rule: &Rule, left_out: &mut Vec<Diagnostic>) -> bool {
    let Some(param) = params::of(loaded.sources.text(rule.span)) else { return true };
    let message = format!("rule `{}` needs `${param}`, which has no default, and a contract has no params", rule.name);
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

/// What is kept of an earlier version.
struct Kept<'e> {
    earlier: Option<&'e Earlier>,
    /// What it has of the table.
    table: Option<&'e Value>,
    version: Option<String>,
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
        self.reads_back(&self.print(std::slice::from_ref(form), None), rules)
    }

    /// Whether a contract reads back as just these rules, and these columns.
    fn reads_back(&self, text: &str, rules: &[&Rule]) -> bool {
        let judged = crate::read("contract.yaml", text).is_ok_and(|contract| contract.not_judged.is_empty());
        judged && self.reads_as(text, rules)
    }

    /// The same of one that may say more than rules.
    fn reads_as(&self, text: &str, rules: &[&Rule]) -> bool {
        let Ok(contract) = crate::read("contract.yaml", text) else { return false };
        let Some(read) = contract.tables.get(self.table) else { return false };
        let (mut found, mut wanted): (Vec<String>, Vec<String>) =
            (read.rules.iter().map(canonical).collect(), rules.iter().map(|r| canonical(r)).collect());
        found.sort();
        wanted.sort();
        read.columns == self.columns && found == wanted
    }

    fn print(&self, forms: &[Form], kept: Option<&Kept<'_>>) -> String {
        let program = &self.loaded.program;
        let docs = program.sources.get(self.table).map(|s| &s.docs);
        let docs = docs.or_else(|| program.models.get(self.table).map(|m| &m.docs));
        let docs = docs.map(|lines| lines.join("\n")).filter(|d| !d.trim().is_empty());
        let placed = |place: &Place| forms::placed(forms, place);
        let earlier = kept.and_then(|k| k.earlier);
        let before = kept.and_then(|k| k.table);
        let said = |key| before.and_then(|t| t.text(key));
        let mut table = vec![
            ("name", Yaml::text(said("name").unwrap_or(self.table))),
            ("physicalType", Yaml::text(said("physicalType").unwrap_or("table"))),
        ];
        let docs = docs.or_else(|| said("description").map(str::to_owned));
        table.extend(docs.map(|d| ("description", Yaml::text(d))));
        table.extend(before.map(|t| ("", earlier::of_table(t))));
        let property = |column: &Column| {
            let before = before.and_then(|t| earlier::column(t, &column.name));
            property(column, forms, before, earlier.is_some_and(|e| e.has_type(self.table, column)))
        };
        table.push(("properties", Yaml::List(self.columns.iter().map(property).collect())));
        let mut quality = placed(&Place::Quality(None));
        quality.extend(before.map(earlier::prose).unwrap_or_default());
        table.push(("quality", Yaml::List(quality)));
        let mut levels = placed(&Place::ServiceLevel);
        // An element names the table as the contract does.
        for level in &mut levels {
            let Yaml::Map(entries) = level else { continue };
            for (_, element) in entries.iter_mut().filter(|(key, _)| *key == "element") {
                let Yaml::Text(text) = element else { continue };
                if let (Some(name), Some((_, column))) = (said("name"), text.rsplit_once('.')) {
                    *text = format!("{name}.{column}");
                }
            }
        }
        levels.extend(earlier.map(|e| e.levels(self.table)).unwrap_or_default());
        let table = Yaml::Map(table);
        let text = |key, other: &str| Yaml::text(earlier.and_then(|e| e.text(key)).unwrap_or(other));
        let version = kept.and_then(|k| k.version.clone());
        let named = earlier.map_or(Some(self.table), |e| e.text("name"));
        let document = [
            ("apiVersion", Yaml::text("v3.1.0")),
            ("kind", Yaml::text("DataContract")),
            ("id", text("id", self.table)),
            ("name", named.map_or_else(|| Yaml::List(Vec::new()), Yaml::text)),
            ("version", version.map_or_else(|| text("version", "1.0.0"), Yaml::text)),
            ("status", text("status", "active")),
            ("", earlier.map_or_else(|| Yaml::Kept(Vec::new()), Earlier::rest)),
            (
                "servers",
                earlier.and_then(Earlier::servers).unwrap_or_else(|| Yaml::List(self.server().into_iter().collect())),
            ),
            (
                "schema",
                earlier.map_or_else(|| Yaml::List(vec![table.clone()]), |e| e.schema(self.table, table.clone())),
            ),
            ("slaProperties", Yaml::List(levels)),
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
fn property(column: &Column, forms: &[Form], before: Option<&Value>, same_type: bool) -> Yaml {
    let name = before.and_then(|c| c.text("name")).unwrap_or(&column.name);
    let mut entries = vec![("name", Yaml::text(name))];
    if let Some(ty) = column.ty.as_ref().filter(|_| before.is_none() || !same_type) {
        entries.extend(typed(ty));
    }
    entries.extend(before.map(|c| ("", earlier::of_column(c, same_type))));
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
    let relationships = forms::placed(forms, &Place::Relationship(column.name.clone()));
    entries.push(("relationships", Yaml::List(relationships)));
    let mut quality = forms::placed(forms, &Place::Quality(Some(column.name.clone())));
    quality.extend(before.map(earlier::prose).unwrap_or_default());
    entries.push(("quality", Yaml::List(quality)));
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
