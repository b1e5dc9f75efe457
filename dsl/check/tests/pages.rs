//! Every page of the registry that this crate raises: its bad program raises just its code, its good program nothing.

use pipe_check::{Loaded, check_with};
use pipe_diagnostics::codes::{self, names};

/// What cannot be shown by a program alone: files, the command line, tables of connectors that change.
const SITUATIONS: [&str; 4] = ["E0100", "E0107", "W0207", "E0303"];

/// What only the planner finds, among the codes of this crate.
const OF_THE_PLANNER: [&str; 1] = ["E0426"];

/// Checks a page's program as `main.pipe` of a project with a file that it may `use`.
fn page(text: &str) -> Loaded {
    check_with(&[("main.pipe", text), ("shared/sources.pipe", "pipe 1;\n")], 1, None)
}

fn shown(loaded: &Loaded) -> Vec<String> {
    loaded
        .diagnostics
        .iter()
        .map(|d| {
            let under = d.span().map_or("", |s| loaded.sources.text(s));
            format!("{} {} [{under}] {}", d.code, d.message, d.help.as_deref().unwrap_or(""))
        })
        .collect()
}

#[test]
fn bad_programs_raise_their_code_and_good_ones_nothing() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for p in codes::pages() {
        let code = p.code.as_str();
        let mine = ["01", "02", "04", "05", "06"].contains(&code.get(1..3).unwrap_or(""));
        if !mine || SITUATIONS.contains(&code) || OF_THE_PLANNER.contains(&code) {
            continue;
        }
        seen += 1;
        let bad = page(p.bad);
        if bad.diagnostics.is_empty() || bad.diagnostics.iter().any(|d| d.code != p.code) {
            wrong.push(format!("{code} bad: {:?}", shown(&bad)));
        }
        if bad.diagnostics.iter().any(|d| d.is_error() != code.starts_with('E')) {
            wrong.push(format!("{code}: its letter is not its severity"));
        }
        let good = page(p.good);
        if !good.diagnostics.is_empty() {
            wrong.push(format!("{code} good: {:?}", shown(&good)));
        }
    }
    assert!(seen > 90, "{seen}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The pages of SQL whose mistake can be seen without a planner raise their code here as well; the others pass, and are the planner's.
#[test]
fn pages_of_sql_raise_their_code_or_nothing() {
    let mut wrong = Vec::new();
    for p in codes::pages().filter(|p| p.code.as_str().get(1..3) == Some("03")) {
        if SITUATIONS.contains(&p.code.as_str()) {
            continue;
        }
        for (which, text) in [("bad", p.bad), ("good", p.good)] {
            let loaded = page(text);
            let others = loaded.diagnostics.iter().filter(|d| d.code != names::VERSION_MISSING);
            let allowed = |c| which == "bad" && c == p.code;
            if others.clone().any(|d| !allowed(d.code)) {
                wrong.push(format!("{} {which}: {:?}", p.code, shown(&loaded)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
