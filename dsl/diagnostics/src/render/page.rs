//! The page of a code, as `pipe explain E0123` prints it.

use super::text;
use crate::Page;

/// Columns of prose.
const COLUMNS: usize = 78;

/// Title, why, a bad and a good example, a blank line between; ends with a line break.
pub fn page(page: &Page) -> String {
    let mut out = format!("{}: {}\n\n", page.code, page.title);
    for paragraph in page.why.split("\n\n") {
        out.push_str(&text::wrap(paragraph, COLUMNS).join("\n"));
        out.push_str("\n\n");
    }
    if !page.bad.is_empty() {
        out.push_str(&format!("Wrong:\n\n{}\n\n", indented(page.bad)));
    }
    out.push_str(&format!("Right:\n\n{}\n", indented(page.good)));
    out
}

fn indented(code: &str) -> String {
    code.lines().map(|l| format!("    {l}").trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}
