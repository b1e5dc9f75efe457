//! A page of the reference on a terminal, in 80 columns.

use pipe_schema::reference::Page;

use crate::report::wrapped;

/// What the word is and means, its facts, its keys or fields, an example; ends with a line break.
pub fn text(page: &Page) -> String {
    let mut out = format!("{}: {}\n\n{}", page.word, page.kind, wrapped("", &page.doc));
    if !page.available {
        out += &wrapped("", "Checked; `run` refuses it by name: its engine is not in this binary.");
    }
    if !page.facts.is_empty() {
        out.push('\n');
    }
    for (label, fact) in &page.facts {
        out += &wrapped(&format!("{label}: "), fact);
    }
    for parts in &page.parts {
        out += &format!("\n{}:\n\n", parts.title);
        for (name, takes, doc) in &parts.rows {
            let name = name.replace('`', "");
            out += &wrapped(&format!("  {name}  "), takes);
            out += &wrapped("      ", doc);
        }
    }
    if !page.example.is_empty() {
        out += &format!("\nExample:\n\n{}", wrapped("    ", &page.example));
    }
    out
}
