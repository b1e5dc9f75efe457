//! Checks a case, as `pipe check` does, and compares what it raises with what it must raise.

use std::collections::BTreeMap;

use pipe_check::{Loaded, check_with};
use pipe_compile::check_program;
use pipe_diagnostics::{Diagnostic, FileId, Span, codes::names};

use super::spec::{Case, Expected, Spec};

/// What came of a case.
#[derive(Debug)]
pub struct Verdict {
    /// What was checked; the case's own text is the first file.
    pub loaded: Loaded,
    /// What was raised, by the line of the case's text it starts on, from 1; 0 for what is not in that text.
    pub found: Vec<(usize, Diagnostic)>,
    /// What was raised and not expected, or expected and not raised, a line each.
    pub wrong: Vec<String>,
}

/// Everything that is to be said of a program without its data: the first `entries` texts belong to it by themselves.
pub fn checked(files: &[(&str, &str)], entries: usize) -> Loaded {
    let mut loaded = check_with(files, entries, None);
    let planned = check_program(&loaded, &BTreeMap::new()).diagnostics;
    loaded.diagnostics.extend(planned);
    loaded
}

/// Checks a case.
pub fn judge(case: &Case) -> Verdict {
    let names: Vec<String> = (0..case.given.len()).map(|i| format!("given_{i}.pipe")).collect();
    let mut files = vec![("case.pipe", case.text.as_str())];
    files.extend(names.iter().map(String::as_str).zip(case.given.iter().map(String::as_str)));
    let entries = files.len();
    files.extend(case.files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let loaded = checked(&files, entries);
    let own = |span: Span| span.file == FileId(0);
    let line = |d: &Diagnostic| match d.span() {
        Some(span) if own(span) => {
            loaded.sources.get(span.file).map_or(0, |f| f.index.position(span.start).line as usize)
        }
        _ => 0,
    };
    // A case need not say its version.
    let expects_version = case.expected.iter().any(|e| e.code == names::VERSION_MISSING.as_str());
    let shown = |d: &&Diagnostic| expects_version || d.code != names::VERSION_MISSING;
    let found: Vec<(usize, Diagnostic)> =
        loaded.diagnostics.iter().filter(shown).map(|d| (line(d), d.clone())).collect();
    let mut left: Vec<&Expected> = case.expected.iter().collect();
    let mut wrong = Vec::new();
    for (line, d) in &found {
        match left.iter().position(|e| meets(*line, d, &loaded, e)) {
            Some(i) => _ = left.remove(i),
            None => wrong.push(format!("{}: raised, not expected: {}", place(case, *line), told(d, &loaded))),
        }
    }
    for e in left {
        let file = case.place.split(':').next().unwrap_or("");
        let underlined = e.underlined.as_deref().unwrap_or("");
        wrong.push(format!(
            "{file}:{}: expected, not raised: {}[{}]: {underlined:?} {}",
            e.at, e.severity, e.code, e.fragment
        ));
    }
    Verdict { loaded, found, wrong }
}

fn place(case: &Case, line: usize) -> String {
    let file = case.place.split(':').next().unwrap_or("");
    let line = line.checked_sub(1).and_then(|i| case.lines.get(i)).copied().unwrap_or(case.first_line);
    format!("{file}:{line}")
}

fn severity(d: &Diagnostic) -> &'static str {
    if d.is_error() { "error" } else { "warning" }
}

fn meets(line: usize, d: &Diagnostic, loaded: &Loaded, e: &Expected) -> bool {
    line == e.line
        && severity(d) == e.severity
        && d.code.as_str() == e.code
        && e.underlined.as_ref().is_none_or(|u| *u == underlined(d, loaded))
        && said(d).contains(&e.fragment)
}

/// The first line of what is underlined, with `…` where there is more.
fn underlined(d: &Diagnostic, loaded: &Loaded) -> String {
    let text = d.span().map_or("", |s| loaded.sources.text(s));
    let first = text.lines().next().unwrap_or("").trim_end();
    let more = if first.len() < text.trim_end().len() { "…" } else { "" };
    format!("{first}{more}").replace('\0', "␀").replace('\r', "␍").replace('\t', "␉")
}

/// The message, and what to do next in parentheses.
fn said(d: &Diagnostic) -> String {
    let help = d.help.as_ref().map(|h| format!(" ({h})")).unwrap_or_default();
    format!("{}{help}", d.message)
}

/// As it would be written in a spec.
fn told(d: &Diagnostic, loaded: &Loaded) -> String {
    format!("{}[{}]: \"{}\" {}", severity(d), d.code, underlined(d, loaded), said(d))
}

/// The spec with what its cases raise written under the lines it is raised on, in place of what was expected.
pub fn blessed(spec: &Spec, cases: &[Case]) -> String {
    let mut lines: Vec<Option<String>> = spec.text.lines().map(|l| Some(l.to_owned())).collect();
    let mut under: Vec<(usize, String)> = Vec::new();
    for case in cases {
        let verdict = judge(case);
        if verdict.wrong.is_empty() {
            continue;
        }
        for e in &case.expected {
            if let Some(line) = lines.get_mut(e.at - 1) {
                *line = None;
            }
        }
        for (line, d) in &verdict.found {
            let at = line.checked_sub(1).and_then(|i| case.lines.get(i)).copied().unwrap_or(case.first_line - 1);
            let above = spec.text.lines().nth(at - 1).unwrap_or("");
            let indent: String = above.chars().take_while(|c| *c == ' ').collect();
            under.push((at, format!("{indent}-- {}", told(d, &verdict.loaded))));
        }
    }
    let mut out = String::new();
    for (i, line) in lines.iter().enumerate() {
        if let Some(line) = line {
            out.push_str(line);
            out.push('\n');
        }
        for (_, told) in under.iter().filter(|(at, _)| *at == i + 1) {
            out.push_str(told);
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::spec::cases;
    use super::*;

    fn spec(program: &str) -> Spec {
        Spec { name: "t.md".into(), text: format!("# T\n```pipe\n{program}\n```\n") }
    }

    fn wrong(program: &str) -> Vec<String> {
        cases(&spec(program)).iter().flat_map(|c| judge(c).wrong).collect()
    }

    #[test]
    fn what_is_raised_and_what_is_expected_must_be_the_same() {
        assert_eq!(wrong("param a int;\nparam b txt;\n-- error[E0119]: \"txt\" unknown type"), [] as [&str; 0]);
        assert_eq!(wrong("param a int;\n-- error[E0119]: \"int\" unknown type").len(), 1, "not raised");
        assert_eq!(wrong("param b txt;").len(), 1, "not expected");
        for other in [
            "error[E0120]: \"txt\" unknown type",
            "warning[E0119]: \"txt\" unknown type",
            "error[E0119]: \"tx\" unknown type",
            "error[E0119]: \"txt\" no such type",
        ] {
            assert_eq!(wrong(&format!("param b txt;\n-- {other}")).len(), 2, "{other}");
        }
        assert_eq!(wrong("-- error[E0119]: \"txt\"\nparam b txt;").len(), 2, "another line");
    }

    #[test]
    fn a_blessed_spec_holds_and_stays() {
        let spec = spec("profile p {\n  param a txt;\n  -- error[E0001]: \"x\" nothing\n}\nparam b int;");
        let once = Spec { text: blessed(&spec, &cases(&spec)), ..spec };
        assert!(cases(&once).iter().all(|c| judge(c).wrong.is_empty()), "{}", once.text);
        assert!(once.text.contains("\n  -- error["), "{}", once.text);
        assert_eq!(blessed(&once, &cases(&once)), once.text);
    }
}
