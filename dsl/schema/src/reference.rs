//! The reference: a page for each word of the language, made from the same tables the checker reads.

use crate::*;

/// What there is to say about a word. All texts are Markdown of one paragraph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The word, as written: `skip file`.
    pub word: String,
    /// What sort of word it is: `an action`.
    pub kind: &'static str,
    /// What it means.
    pub doc: String,
    /// Whether this binary can run it.
    pub available: bool,
    /// Facts: what is said, and of what. A label may be empty.
    pub facts: Vec<(String, String)>,
    /// Parts with names of their own: keys, fields.
    pub parts: Vec<Parts>,
    /// How it is written.
    pub example: String,
}

/// A table in a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// `Keys of a source`.
    pub title: String,
    /// Name, what it takes, what it means.
    pub rows: Vec<(String, String, String)>,
}

/// The chapters, each a kind of word, with their pages in the order of the tables.
pub fn chapters() -> Vec<(&'static str, Vec<Page>)> {
    vec![
        ("Statements", statements().iter().map(statement_page).collect()),
        ("Connectors", connectors().iter().map(connector_page).collect()),
        ("Models", vec![keys_page("model", "the keys of a model", model_keys())]),
        ("Predicates", predicates().map(predicate_page).collect()),
        ("Modifiers", modifiers().iter().map(modifier_page).collect()),
        (
            "Kinds of check",
            catalogue().iter().flat_map(|(about, kinds)| kinds.iter().map(|k| kind_page(about, k))).collect(),
        ),
        ("Failures", failures().iter().map(failure_page).collect()),
        ("Actions", actions().iter().map(action_page).collect()),
        ("Gates", vec![keys_page("heal", "the keys of a `heal` block", heal_keys())]),
        ("Channels", channels().iter().map(channel_page).collect()),
        ("Table functions", table_functions().iter().map(table_function_page).collect()),
        ("Types", Type::words().iter().map(|word| type_page(word)).collect()),
    ]
}

/// The pages of a word, in any case: it can be of several kinds, as `file` and `columns` are. A predicate is found as it is
/// written and by the name of its check.
pub fn find(word: &str) -> Vec<Page> {
    let said = word.trim().to_lowercase();
    let is = |page: &Page| {
        page.word == said || page.facts.iter().any(|(label, text)| label == CHECK && *text == code(&said))
    };
    chapters().into_iter().flat_map(|(_, pages)| pages).filter(is).collect()
}

/// All words that have a page.
pub fn words() -> Vec<String> {
    let mut all: Vec<String> = chapters().into_iter().flat_map(|(_, pages)| pages).map(|page| page.word).collect();
    all.sort();
    all.dedup();
    all
}

/// The reference as Markdown: all chapters, under headings of the second and third level.
pub fn book() -> String {
    let mut out = String::new();
    for (title, pages) in chapters() {
        out.push_str(&format!("## {title}\n\n"));
        for page in pages {
            out.push_str(&markdown(&page));
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

const CHECK: &str = "check";

fn markdown(page: &Page) -> String {
    let mut out = format!("### `{}`\n\n{}\n", page.word, page.doc);
    if !page.available {
        out.push_str("\n*Checked; `run` refuses it by name: its engine is not in this binary.*\n");
    }
    if !page.facts.is_empty() {
        out.push('\n');
    }
    for (label, text) in &page.facts {
        out.push_str(&format!("- {label}: {text}\n"));
    }
    for parts in &page.parts {
        out.push_str(&format!("\n{}\n\n| | takes | |\n|---|---|---|\n", parts.title));
        for (name, takes, doc) in &parts.rows {
            let cell = |text: &str| text.replace('|', "\\|");
            out.push_str(&format!("| {} | {} | {} |\n", cell(name), cell(takes), cell(doc)));
        }
    }
    if page.example.is_empty() {
        out.push('\n');
    } else {
        out.push_str(&format!("\n```pipe\n{}\n```\n\n", page.example));
    }
    out
}

fn statement_page(s: &StatementInfo) -> Page {
    let facts = s.syntax.split("  ").map(|form| ("form".to_owned(), code(form))).collect();
    Page { facts, ..page(s.name, "a statement", s.doc, s.example) }
}

fn connector_page(c: &Connector) -> Page {
    let sets = [
        ("Keys of a connection", Some(c.connection_keys)),
        ("Keys of a source", Some(c.source_keys)),
        ("Keys of a load", c.sink_keys),
    ];
    let parts = sets.into_iter().filter_map(|(title, keys)| Some(parts(title, keys?))).filter(|p| !p.rows.is_empty());
    Page { parts: parts.collect(), available: c.available, ..page(c.name, "a connector", c.doc, c.example) }
}

fn channel_page(c: &ChannelInfo) -> Page {
    let parts = if c.keys.is_empty() { vec![] } else { vec![parts("Keys", c.keys)] };
    Page { parts, available: c.available, ..page(c.name, "a kind of channel", c.doc, c.example) }
}

fn keys_page(word: &str, doc: &str, keys: &'static [ConfigKey]) -> Page {
    let example = match word {
        "model" => "model daily with (materialize = table) as select count(*) as orders from orders;",
        _ => "heal orders with (mode = automatic, confidence = 0.8) { on rule_failed(check: determines) => majority; }",
    };
    let mut doc = doc.to_owned();
    if let Some(first) = doc.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    Page { parts: vec![parts("Keys", keys)], ..page(&format!("{word} with"), "keys", &format!("{doc}."), example) }
}

fn predicate_page(p: &PredicateInfo) -> Page {
    let judges = match p.level {
        Level::Row => "each row on its own",
        Level::Set => "rows against other rows: some of them violate",
        Level::Table => "the table as a whole: no row is to blame",
        Level::Schema => "the columns, before any row",
        Level::History => "the table against earlier runs",
    };
    let mut facts = vec![
        ("judges".to_owned(), judges.to_owned()),
        (CHECK.to_owned(), code(p.name)),
        ("dimension".to_owned(), code(p.dimension)),
    ];
    if !p.types.is_empty() {
        let classes: Vec<_> = p.types.iter().map(|class| class_name(*class)).collect();
        facts.push(("subject".to_owned(), classes.join(", ")));
    }
    let word = if p.syntax.is_empty() { p.name } else { p.syntax };
    let found = |claim: &Claim| match claim.finds {
        Finding::Violations(n) => format!("{n} violate"),
        Finding::Table { holds, observed: "" } => if holds { "holds" } else { "fails" }.to_owned(),
        Finding::Table { holds, observed } => format!("{observed}: {}", if holds { "holds" } else { "fails" }),
        Finding::WarmingUp(observed) => observed.to_owned(),
    };
    let rows = claims(p.name).iter().map(|claim| {
        let rows = if claim.rows.is_empty() { "no rows" } else { claim.rows };
        let earlier = claim.earlier.iter().map(|rows| code(rows)).collect::<Vec<_>>().join(", ");
        let after = if earlier.is_empty() { earlier } else { format!(" after {earlier}") };
        let case = format!(
            "`{}` over `({})` {}{after}: {}",
            claim.rule.trim_end_matches(';'),
            claim.columns,
            code(rows),
            found(claim)
        );
        (claim.says.to_owned(), String::new(), case)
    });
    let rows: Vec<_> = rows.collect();
    let parts = if rows.is_empty() { vec![] } else { vec![Parts { title: "Cases".to_owned(), rows }] };
    Page { facts, parts, available: p.available, ..page(word, "a predicate", p.doc, p.example) }
}

fn modifier_page(m: &ModifierInfo) -> Page {
    let refuses = predicates().filter_map(|p| Some((m.refused_by(p)?, p.name)));
    let mut by_reason: Vec<(&str, Vec<&str>)> = Vec::new();
    for (why, check) in refuses {
        match by_reason.iter_mut().find(|(known, _)| *known == why) {
            Some((_, checks)) => checks.push(check),
            None => by_reason.push((why, vec![check])),
        }
    }
    let row = |(why, checks): (&str, Vec<&str>)| {
        (why.to_owned(), String::new(), checks.iter().map(|c| code(c)).collect::<Vec<_>>().join(", "))
    };
    let rows: Vec<_> = by_reason.into_iter().map(row).collect();
    let parts = if rows.is_empty() { vec![] } else { vec![Parts { title: "Refused".to_owned(), rows }] };
    let facts = vec![("form".to_owned(), code(m.syntax))];
    Page { facts, parts, ..page(m.name, "a modifier of rules", m.doc, m.example) }
}

fn kind_page(about: &str, k: &Kind) -> Page {
    let (doc, example) = match k.way {
        Way::Predicate { check, rule } => {
            let word = predicate(check).map_or(check, |p| if p.syntax.is_empty() { p.name } else { p.syntax });
            (format!("Said by `{word}`."), rule.to_owned())
        }
        Way::Recipe { rule } => ("Said by other words or by SQL.".to_owned(), rule.to_owned()),
        Way::Elsewhere { by } => (format!("Needs no rule: {by}."), String::new()),
        Way::Refused { why } => (format!("Refused: {why}."), String::new()),
    };
    let facts = vec![("about".to_owned(), about.to_lowercase())];
    Page { facts, ..page(&k.name.replace('_', " "), "a kind of check", &doc, &example) }
}

fn failure_page(f: &FailureInfo) -> Page {
    let takes = |ty: FieldType| match ty {
        FieldType::Text => "a text".to_owned(),
        FieldType::Word(words) => words.iter().map(|w| code(w)).collect::<Vec<_>>().join(", "),
        FieldType::Table => "a table".to_owned(),
        FieldType::Column => "a column".to_owned(),
        FieldType::Rule => "a rule".to_owned(),
        FieldType::Check => "a predicate's check".to_owned(),
        FieldType::Type => "a type".to_owned(),
        FieldType::Integer => "a whole number".to_owned(),
        FieldType::Number => "a number".to_owned(),
        FieldType::Bool => "`true` or `false`".to_owned(),
    };
    let rows = f.fields.iter().map(|field| (code(field.name), takes(field.ty), field.doc.to_owned())).collect();
    let facts = vec![("rows to blame".to_owned(), if f.rows { "yes" } else { "none" }.to_owned())];
    let parts = vec![Parts { title: "Fields".to_owned(), rows }];
    Page { facts, parts, ..page(f.name, "a failure", f.doc, f.example) }
}

fn action_page(a: &ActionInfo) -> Page {
    let list = |words: &[&str]| words.iter().map(|w| code(w)).collect::<Vec<_>>().join(", ");
    let mut facts = vec![("answers".to_owned(), if a.on.is_empty() { "any failure".to_owned() } else { list(a.on) })];
    if !a.checks.is_empty() {
        facts.push(("of the checks".to_owned(), list(a.checks)));
    }
    if !a.evidence.is_empty() {
        facts.push(("evidence".to_owned(), a.evidence.to_owned()));
    }
    if a.inferred {
        facts.push(("inferred".to_owned(), "budgets and the clause's confidence bind it".to_owned()));
    }
    Page { facts, available: a.available, ..page(a.name, "an action", a.doc, a.example) }
}

fn table_function_page(f: &TableFunctionInfo) -> Page {
    let rows = f.columns.iter().map(|(name, ty, doc)| (code(name), code(&ty.to_string()), (*doc).to_owned()));
    let parts = vec![Parts { title: "Columns".to_owned(), rows: rows.collect() }];
    let facts = vec![("form".to_owned(), code(f.syntax))];
    Page { facts, parts, ..page(f.name, "a table function", f.doc, f.example) }
}

fn type_page(word: &str) -> Page {
    let doc = match word {
        "boolean" => "`true` or `false`.",
        "tinyint" => "A whole number of 8 bits.",
        "smallint" => "A whole number of 16 bits.",
        "int" => "A whole number of 32 bits.",
        "bigint" => "A whole number of 64 bits.",
        "float" => "A number of 32 bits, binary.",
        "double" => "A number of 64 bits, binary.",
        "decimal" => {
            "An exact number: how many digits, and how many of them behind the point; `decimal` alone is `decimal(38, 10)`."
        }
        "text" => "Text; a length, as in `varchar(20)`, is read and not kept.",
        "bytes" => "Bytes; of a text file, those of the text.",
        "date" => "A day.",
        "time" => "A time of day, to the microsecond.",
        "timestamp" => "A day and a time, to the microsecond, without a zone.",
        "timestamptz" => "A moment, to the microsecond, in UTC.",
        "json" => "Text that is JSON.",
        "uuid" => "Text that is a UUID.",
        _ => "",
    };
    let written = if word == "decimal" { "decimal(12, 2)" } else { word };
    let example =
        format!("source t from csv 't.csv' schema (c {written}, list {written}[], pair struct<a {written}, b text>);");
    let family = Type::parse(word).map(|ty| ("family".to_owned(), class_name(ty.class()).to_owned()));
    Page { facts: family.into_iter().collect(), ..page(word, "a type", doc, &example) }
}

fn class_name(class: TypeClass) -> &'static str {
    match class {
        TypeClass::Boolean => "booleans",
        TypeClass::Number => "numbers",
        TypeClass::Text => "texts",
        TypeClass::Time => "dates and times",
        TypeClass::Bytes => "bytes",
        TypeClass::Nested => "lists and structs",
    }
}

fn parts(title: &str, keys: &[ConfigKey]) -> Parts {
    let rows = keys.iter().flat_map(|key| {
        let mut doc = key.doc.to_owned();
        if key.required {
            doc.push_str(" Required.");
        }
        if let Some(default) = key.default {
            doc.push_str(&format!(" Default `{default}`."));
        }
        if key.secret {
            doc.push_str(" A secret.");
        }
        if !key.available {
            doc.push_str(" Not in this binary.");
        }
        let own = (code(key.name), key.ty.expected(), doc);
        let forms = match key.ty {
            KeyType::Choice(forms) => forms,
            _ => &[],
        };
        let inner = forms.iter().flat_map(|form| {
            form.keys.iter().map(|k| (code(&format!("{}({})", form.name, k.name)), k.ty.expected(), k.doc.to_owned()))
        });
        std::iter::once(own).chain(inner.collect::<Vec<_>>())
    });
    Parts { title: title.to_owned(), rows: rows.collect() }
}

fn page(word: &str, kind: &'static str, doc: &str, example: &str) -> Page {
    Page {
        word: word.to_owned(),
        kind,
        doc: doc.to_owned(),
        available: true,
        facts: vec![],
        parts: vec![],
        example: example.to_owned(),
    }
}

fn code(text: &str) -> String {
    format!("`{text}`")
}
