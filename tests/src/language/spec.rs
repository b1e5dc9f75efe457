//! Reads specs.

/// A spec: a Markdown file.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Its name, `rules.md`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// A program of a spec, with what it must raise.
#[derive(Clone, Debug)]
pub struct Case {
    /// `rules.md:12`, the line of its first line.
    pub place: String,
    /// The line of the spec its first line stands on, from 1.
    pub first_line: usize,
    /// The program, without the lines that say what it raises.
    pub text: String,
    /// For each line of `text`, its line in the spec.
    pub lines: Vec<usize>,
    /// Files that belong to the program as well.
    pub given: Vec<String>,
    /// Files it may name, with their texts.
    pub files: Vec<(String, String)>,
    /// What it must raise, in the order written.
    pub expected: Vec<Expected>,
}

/// `-- error[E0200]: "delimitr" no key`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Its line in the spec, from 1.
    pub at: usize,
    /// The line of the program it stands under, from 1; 0 above the first.
    pub line: usize,
    /// `error` or `warning`.
    pub severity: String,
    /// The code.
    pub code: String,
    /// The text underlined, its first line; `None` where it is not said.
    pub underlined: Option<String>,
    /// A part of the message, or of what to do next.
    pub fragment: String,
}

/// A fenced block.
struct Block<'a> {
    info: &'a str,
    first_line: usize,
    lines: Vec<&'a str>,
}

/// The cases of a spec, in its order.
pub fn cases(spec: &Spec) -> Vec<Case> {
    let mut found = Vec::new();
    // What is given before the first section counts for the whole spec, later ones for their section.
    let (mut everywhere, mut section) = (Vec::new(), Vec::new());
    let mut in_section = false;
    let mut files = Vec::new();
    let mut block: Option<Block<'_>> = None;
    for (i, line) in spec.text.lines().enumerate() {
        match (&mut block, line.strip_prefix("```")) {
            (Some(open), Some(_)) => {
                let (kind, rest) = open.info.split_once(' ').unwrap_or((open.info, ""));
                let text = open.lines.join("\n");
                match (kind, rest.split_once(' ').unwrap_or((rest, ""))) {
                    (_, ("file", name)) => files.push((name.to_owned(), text)),
                    ("pipe", ("given", _)) if in_section => section.push(text),
                    ("pipe", ("given", _)) => everywhere.push(text),
                    ("pipe", _) => {
                        let given = everywhere.iter().chain(&section).cloned().collect();
                        found.push(case(spec, open, given, std::mem::take(&mut files)));
                    }
                    _ => {}
                }
                block = None;
            }
            (Some(open), None) => open.lines.push(line),
            (None, Some(info)) => block = Some(Block { info: info.trim(), first_line: i + 2, lines: Vec::new() }),
            (None, None) if line.starts_with("## ") => {
                in_section = true;
                section.clear();
            }
            (None, None) => {}
        }
    }
    found
}

fn case(spec: &Spec, block: &Block<'_>, given: Vec<String>, files: Vec<(String, String)>) -> Case {
    let (mut text, mut lines, mut expected) = (Vec::new(), Vec::new(), Vec::new());
    for (i, line) in block.lines.iter().enumerate() {
        let at = block.first_line + i;
        match expectation(line) {
            Some((severity, code, underlined, fragment)) => {
                expected.push(Expected { at, line: text.len(), severity, code, underlined, fragment });
            }
            None => {
                // A word that stands for what cannot be typed.
                text.push(line.replace("␀", "\0").replace("␍", "\r").replace("␉", "\t"));
                lines.push(at);
            }
        }
    }
    let place = format!("{}:{}", spec.name, block.first_line);
    Case { place, first_line: block.first_line, text: text.join("\n"), lines, given, files, expected }
}

/// `-- error[E0200]: "delimitr" no key` in its parts.
fn expectation(line: &str) -> Option<(String, String, Option<String>, String)> {
    let rest = line.trim_start().strip_prefix("-- ")?;
    let (severity, rest) = rest.split_once('[')?;
    let (code, rest) = rest.split_once("]:")?;
    if !matches!(severity, "error" | "warning") {
        return None;
    }
    let rest = rest.trim();
    let (underlined, fragment) =
        match rest.strip_prefix('"').and_then(|r| r.split_once("\" ").or(r.strip_suffix('"').map(|r| (r, "")))) {
            Some((underlined, fragment)) => (Some(underlined.to_owned()), fragment),
            None => (None, rest),
        };
    Some((severity.to_owned(), code.to_owned(), underlined, fragment.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_is_cut_into_cases() {
        let text = "# T\n```pipe given\npipe 1;\n```\n## A\n```sql file a.sql\nselect 1\n```\n```pipe\nmodel a;\n  -- error[E0004]: \"a\" odd\nx\n-- warning[W0101]: \"\"\n```\n## B\n```pipe given\nparam b int;\n```\n```pipe\n```\n";
        let spec = Spec { name: "t.md".into(), text: text.into() };
        let all = cases(&spec);
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].place.as_str(), all[0].text.as_str()), ("t.md:10", "model a;\nx"));
        assert_eq!(all[0].lines, [10, 12]);
        assert_eq!(all[0].files, [("a.sql".to_owned(), "select 1".to_owned())]);
        assert_eq!(all[0].given, ["pipe 1;"]);
        assert_eq!(all[1].given, ["pipe 1;", "param b int;"]);
        let expected = &all[0].expected;
        assert_eq!(
            (expected[0].line, expected[0].underlined.as_deref(), expected[0].fragment.as_str()),
            (1, Some("a"), "odd")
        );
        assert_eq!(
            (expected[1].line, expected[1].underlined.as_deref(), expected[1].code.as_str()),
            (2, Some(""), "W0101")
        );
    }
}
