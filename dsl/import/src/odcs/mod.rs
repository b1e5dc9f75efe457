//! Open Data Contract Standard 3: schema, quality and service levels.
//!
//! What its words mean: `mustBeBetween` leaves both bounds out, as the standard's text says; a property that is `required`
//! is never NULL; a metric without a unit counts rows.

mod level;
mod quality;

use pipe_diagnostics::codes::import as codes;
use pipe_diagnostics::{Diagnostic, Span};
use pipe_schema::Type;

use crate::args::{Args, constant, refuse, wrong};
use crate::catalogue::Check;
use crate::compare::{Bounds, in_list};
use crate::import::{Cx, ImportedColumn};
use crate::node::Node;
use crate::rule::{Rule, Said};
use crate::{types, words};

/// What a contract says of data.
pub(crate) const CHECKS: &[Check] = &[
    Check::said("logicalType", "the source's schema"),
    Check::said("physicalType", "the source's schema"),
    Check::said("required", "`c not null`"),
    Check::said("unique", "`c unique`"),
    Check::said("primaryKey", "`(a, b) unique`, `a, b not null`"),
    Check::said("minLength", "`c length >= n`"),
    Check::said("maxLength", "`c length <= n`"),
    Check::said("pattern", "`c matches '…'`"),
    Check::said("minimum", "`c >= n`"),
    Check::said("maximum", "`c <= n`"),
    Check::said("exclusiveMinimum", "`c > n`"),
    Check::said("exclusiveMaximum", "`c < n`"),
    Check::said("multipleOf", "an expression: `(c % n = 0)`"),
    Check::said("format", "`c is email` and others; of dates it is beside the verdict"),
    Check::said("relationships", "`c references other (c)`, `(a, b) references other (a, b)`"),
    Check::said("enum", "`c in (…)`"),
    Check::said("nullValues", "`c not null tolerate …`"),
    Check::said("missingValues", "`c not missing (…) tolerate …`"),
    Check::said("invalidValues", "`c in (…)`, `c matches '…'`"),
    Check::said("duplicateValues", "`c unique`, `(a, b) unique`"),
    Check::said("rowCount", "`row count …`"),
    Check::said("sql", "an aggregate of the table, or how many rows may fulfil a condition"),
    Check::said("latency", "`freshness: (max(c)) within 1d`"),
    Check::said("freshness", "`freshness: (max(c)) within 1d`"),
    Check::said("frequency", "`c without gaps over 1d`"),
    Check::said(
        "retention",
        "`(min(c)) within 30d`; of months and years an expression: `(min(c) >= now() - interval '3 years')`",
    ),
    Check::said("custom", "of `engine: pipe` the rule; of others not: import their file"),
    Check::refused("text", "is a text for people"),
];

/// Reads a contract.
pub(crate) fn contract(cx: &mut Cx, documents: &[Node]) -> Said<()> {
    let found = documents.iter().find(|d| d.get("schema").is_some() && d.get("apiVersion").is_some());
    let Some(document) = found else {
        let span = documents.first().map_or_else(|| Span::new(cx.file, 0..0), |d| d.span);
        return Err(Box::new(
            Diagnostic::error(
                codes::NOT_A_SUITE,
                "this is no data contract: it has no `apiVersion` and `schema`",
                span,
            )
            .help("a contract of the Open Data Contract Standard begins with `apiVersion: v3.1.0`"),
        ));
    };
    let tables = document.get("schema").map(Node::items).unwrap_or_default();
    for table in tables {
        let Some(name) = table.text("physicalName").or_else(|| table.text("name")) else {
            return wrong(table.span, "a table without a name");
        };
        let name = name.rsplit('.').next().unwrap_or(&name).to_owned();
        read_table(cx, table, &name, document, tables.len());
    }
    for level in document.get("slaProperties").map(Node::items).unwrap_or_default() {
        let default = document.text("slaDefaultElement");
        let (table, rules) = match level::service_level(level, default.as_deref(), tables) {
            Ok((table, rule)) => (table, Ok(vec![rule])),
            Err(why) => (cx.tables.first().map(|t| t.name.clone()).unwrap_or_default(), Err(why)),
        };
        cx.add(&table, rules);
    }
    Ok(())
}

fn read_table(cx: &mut Cx, table: &Node, name: &str, document: &Node, tables: usize) {
    let properties = cx.once(name, table.get("properties").map(Node::items).unwrap_or_default(), column_name);
    let mut columns = Vec::new();
    for property in &properties {
        let Some(column) = column_name(property) else { continue };
        let found = column_type(property, 0);
        cx.columns.push(ImportedColumn {
            table: crate::write::identifier(name),
            name: column.to_lowercase(),
            ty: found.as_ref().ok().cloned(),
            exact: property.text("physicalType").is_some_and(|t| types::parse(&t).is_some()),
        });
        match found {
            Ok(ty) => columns.push((column, ty)),
            Err(why) => cx.add(name, Err(why)),
        }
    }
    let locator = locator(document, table, name, tables);
    let docs = table.text("description");
    let described = cx.table(name);
    described.columns = columns;
    described.locator = locator;
    described.docs = docs;
    let mut key: Vec<(usize, String, Span)> = Vec::new();
    for property in &properties {
        let Some(column) = column_name(property) else { continue };
        if flag(property, "primaryKey") {
            let place = property.text("primaryKeyPosition").and_then(|p| p.parse().ok()).unwrap_or(0);
            key.push((place, column.clone(), property.span));
        }
        for rules in of_property(property, &column) {
            cx.add(name, rules);
        }
        for check in property.get("quality").map(Node::items).unwrap_or_default() {
            cx.add(name, quality::quality(check, Some(&column), name));
        }
    }
    key.sort_by_key(|(place, ..)| *place);
    if let Some((_, _, span)) = key.first() {
        let columns: Vec<String> = key.iter().map(|(_, c, _)| c.clone()).collect();
        let mut rules: Vec<Rule> = columns.iter().map(|c| Rule::column(c, "not_null", "not null")).collect();
        rules.push(Rule::key(&columns, "unique", "unique"));
        cx.add(name, Ok(at(rules, *span)));
    }
    for relationship in table.get("relationships").map(Node::items).unwrap_or_default() {
        let from = relationship.get("from").map(Node::items).unwrap_or_default();
        let own: Vec<String> = from.iter().filter_map(Node::scalar).map(|f| last(&f).to_owned()).collect();
        cx.add(name, references(relationship, &own).map(|rule| at(vec![rule], relationship.span)));
    }
    for check in table.get("quality").map(Node::items).unwrap_or_default() {
        cx.add(name, quality::quality(check, None, name));
    }
    for property in properties {
        nested(cx, name, property, 0);
    }
}

/// The last part of a name: `id` of `orders.id`.
fn last(name: &str) -> &str {
    name.rsplit(['.', '/']).next().unwrap_or(name)
}

/// A foreign key of these columns: each leads to a column, all to one table.
fn references(relationship: &Node, own: &[String]) -> Said<Rule> {
    let kind = relationship.text("type").unwrap_or_else(|| "foreignKey".to_owned());
    if kind != "foreignKey" {
        return refuse(relationship.span, format!("a relationship of type `{kind}` says nothing of rows"));
    }
    let to: Vec<String> =
        relationship.get("to").map(Node::items).unwrap_or_default().iter().filter_map(Node::scalar).collect();
    let table = |name: &String| {
        let mut parts = name.rsplit(['.', '/']).skip(1);
        parts.next().filter(|t| !t.is_empty()).map(crate::write::identifier)
    };
    let tables: Vec<_> = to.iter().filter_map(table).collect();
    let fields: Vec<&str> = to.iter().map(|t| last(t)).collect();
    match tables.first() {
        Some(other) if own.len() == to.len() && tables.len() == to.len() && tables.iter().all(|t| t == other) => {
            Ok(Rule::key(own, "references", format!("references {other} ({})", words::names(&fields))))
        }
        _ => wrong(relationship.span, "a relationship leads from columns to as many of one table, `to: table.column`"),
    }
}

/// Tells what is asked of values inside of a value, of which there are no rules.
fn nested(cx: &mut Cx, table: &str, property: &Node, depth: usize) {
    let inner = property.get("properties").map(Node::items).unwrap_or_default();
    for node in inner.iter().chain(property.get("items")).filter(|_| depth < 8) {
        for key in ["quality", "logicalTypeOptions", "relationships", "enum"] {
            if let Some(asked) = node.get(key) {
                let why = format!("`{key}` of nested values is an expression: `(address['city'] <> '')`");
                cx.add(table, refuse(asked.span, why));
            }
        }
        if flag(node, "unique") || (flag(node, "required") && node.get("name").is_some()) {
            let why = "that a nested value is `required` or `unique` is an expression: `(address['city'] is not null)`";
            cx.add(table, refuse(node.span, why));
        }
        nested(cx, table, node, depth + 1);
    }
}

fn at(mut rules: Vec<Rule>, span: Span) -> Vec<Rule> {
    for rule in &mut rules {
        rule.span = span;
    }
    rules
}

fn column_name(property: &Node) -> Option<String> {
    property.text("physicalName").or_else(|| property.text("name"))
}

fn flag(node: &Node, key: &str) -> bool {
    node.text(key).as_deref() == Some("true")
}

/// The type of a property: the database's, or the logical one.
fn column_type(property: &Node, depth: usize) -> Said<Type> {
    let physical = property.text("physicalType").and_then(|t| types::parse(&t));
    let logical = property.text("logicalType").unwrap_or_default();
    let unknown = || {
        let name = property.text("physicalType").unwrap_or_else(|| logical.clone());
        let message = match name.as_str() {
            "" => "a property with neither a `physicalType` nor a `logicalType`".to_owned(),
            name => format!("no type here is like `{name}`"),
        };
        Box::new(
            Diagnostic::error(codes::UNKNOWN_TYPE, message, property.span).help("the column is left out of the schema"),
        )
    };
    if let Some(ty) = physical {
        return Ok(ty);
    }
    Ok(match logical.as_str() {
        "string" => Type::Text,
        "integer" => Type::BigInt,
        "number" => Type::Double,
        "boolean" => Type::Boolean,
        "date" => Type::Date,
        "timestamp" => Type::Timestamp,
        "time" => Type::Time,
        "array" if depth < 8 => match property.get("items") {
            Some(items) => Type::List(Box::new(column_type(items, depth + 1)?)),
            None => return Err(unknown()),
        },
        "object" if depth < 8 => {
            let fields = property.get("properties").map(Node::items).unwrap_or_default();
            let fields = fields.iter().filter_map(|f| Some((column_name(f)?.to_lowercase(), f)));
            let fields = fields.map(|(n, f)| Ok((n, column_type(f, depth + 1)?))).collect::<Said<Vec<_>>>()?;
            if fields.is_empty() { Type::Json } else { Type::Struct(fields) }
        }
        _ => return Err(unknown()),
    })
}

/// Where files of a local server are.
fn locator(document: &Node, table: &Node, name: &str, tables: usize) -> Option<(&'static str, String)> {
    let server =
        document.get("servers").map(Node::items)?.iter().find(|s| s.text("type").as_deref() == Some("local"))?;
    let format = server.text("format")?;
    let connector = pipe_schema::connector(&format).filter(|c| c.files)?.name;
    let path = server.text("path")?;
    let own = table.text("name").unwrap_or_else(|| name.to_owned());
    let filled = path.replace("{model}", &own).replace("{schema}", &own);
    (filled != path || tables == 1).then_some((connector, filled))
}

/// What the entries of a property say, each by itself.
fn of_property(property: &Node, column: &str) -> Vec<Said<Vec<Rule>>> {
    let mut out = Vec::new();
    let is_key = flag(property, "primaryKey");
    if flag(property, "required") && !is_key {
        out.push(Ok(at(vec![Rule::column(column, "not_null", "not null")], property.span)));
    }
    if flag(property, "unique") && !is_key {
        out.push(Ok(at(vec![Rule::column(column, "unique", "unique")], property.span)));
    }
    for relationship in property.get("relationships").map(Node::items).unwrap_or_default() {
        let own = [column.to_owned()];
        out.push(references(relationship, &own).map(|rule| at(vec![rule], relationship.span)));
    }
    if let Some(values) = property.get("enum") {
        let constants = values.items().iter().map(|v| constant(v.get("value").unwrap_or(v))).collect::<Said<Vec<_>>>();
        out.push(constants.map(|all| at(vec![Rule::column(column, "in", in_list(&all))], values.span)));
    }
    if let Some(options) = property.get("logicalTypeOptions") {
        out.push(type_options(options, property, column).map(|rules| at(rules, options.span)));
    }
    out
}

fn type_options(options: &Node, property: &Node, column: &str) -> Said<Vec<Rule>> {
    let args = Args::new(Some(options), options.span);
    let mut rules = Vec::new();
    let mut put = |check: &'static str, predicate: String| rules.push(Rule::column(column, check, predicate));
    let lengths = Bounds::closed(args.number("minLength")?, args.number("maxLength")?);
    for (_, predicate) in lengths.predicates() {
        put("length", format!("length {predicate}"));
    }
    // Of version 3.0 they are flags, of 3.1 bounds of their own.
    let exclusive = |key: &str| -> Said<(bool, Option<String>)> {
        match args.text(key)?.as_deref() {
            None | Some("false") => Ok((false, None)),
            Some("true") => Ok((true, None)),
            Some(_) => Ok((true, args.constant(key)?)),
        }
    };
    let (low, high) = (args.constant("minimum")?, args.constant("maximum")?);
    let ((open_low, least), (open_high, most)) = (exclusive("exclusiveMinimum")?, exclusive("exclusiveMaximum")?);
    let bounds = Bounds { low: least.or(low), high: most.or(high), open_low, open_high };
    for (check, predicate) in bounds.predicates() {
        put(check, predicate);
    }
    if let Some(pattern) = args.text("pattern")? {
        put("matches", format!("matches {}", words::text(&pattern)));
    }
    if let Some(format) = args.text("format")?
        && property.text("logicalType").as_deref() == Some("string")
    {
        let ours = match format.as_str() {
            "email" => "email",
            "uuid" => "uuid",
            "uri" | "url" => "url",
            "ipv4" => "ipv4",
            "ipv6" => "ipv6",
            "date" => "date",
            other => return refuse(options.span, format!("the format `{other}` is not known here")),
        };
        put(ours, format!("is {ours}"));
    }
    if let Some(step) = args.number("multipleOf")? {
        rules.push(Rule::boolean(format!("{column}_multiple"), format!("{} % {step} = 0", words::name(column))));
    }
    args.pass(&["timezone", "defaultTimezone"]);
    for key in ["minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "required"] {
        if args.get(key).is_some() {
            return refuse(
                options.span,
                format!("`{key}` of nested values is an expression: `(array_length(c) >= 1)`"),
            );
        }
    }
    args.done()?;
    Ok(rules)
}
