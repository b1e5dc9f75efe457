//! Suggestions as blocks of a program.

use pipe_diagnostics::Diagnostic;

use crate::decide::Suggestions;
use crate::words;

/// A line of a comment.
const WIDTH: usize = 116;

impl Suggestions {
    /// Whether there is nothing to add.
    pub fn is_empty(&self) -> bool {
        self.rules.iter().all(|r| r.rule.is_empty()) && self.healing.clauses.is_empty()
    }

    /// The rules and the heal block, each line under its evidence; not formatted.
    pub fn blocks(&self) -> String {
        let mut out = self.rule_block();
        if self.healing.clauses.is_empty() {
            return out;
        }
        out.push('\n');
        if self.has_heal {
            out += &comment("", "clauses for the heal block that is there, before the one that takes whatever fails");
        }
        for (setting, why) in &self.healing.settings {
            out += &comment("", &format!("{setting}: {why}"));
        }
        let settings: Vec<&str> = self.healing.settings.iter().map(|(s, _)| s.as_str()).collect();
        let with = if settings.is_empty() { String::new() } else { format!(" with ({})", settings.join(", ")) };
        out + &format!("heal {}{with} {{\n{}}}\n", words::name(&self.table), self.clauses())
    }

    /// The rules, each under its evidence.
    pub(crate) fn rule_block(&self) -> String {
        let written = || self.rules.iter().filter(|r| !r.rule.is_empty());
        if written().next().is_none() {
            return String::new();
        }
        let rows = words::counted(self.rows, "row");
        let mut out = comment(
            "",
            &format!("suggested from {rows}, {} of them held back to validate it", words::count(self.held)),
        );
        out += &format!("rules {} {{\n", words::name(&self.table));
        for rule in written() {
            out += &format!("{}  {};\n", comment("  ", &rule.evidence), rule.rule);
        }
        out + "}\n"
    }

    /// The clauses alone, each under its evidence.
    pub fn clauses(&self) -> String {
        let each = self.healing.clauses.iter();
        each.map(|(clause, why)| format!("{}  {clause};\n", comment("  ", why))).collect()
    }

    /// [`Suggestions::blocks`] in the one style.
    ///
    /// # Errors
    /// What was written is no program: a fault of this one.
    pub fn text(&self) -> Result<String, Vec<Diagnostic>> {
        pipe_fmt::format(&format!("pipe 1;\n\n{}", self.blocks()))
    }
}

/// A comment of as many lines as it takes.
fn comment(indent: &str, text: &str) -> String {
    let mut out = String::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && indent.len() + 3 + line.chars().count() + 1 + word.chars().count() > WIDTH {
            out += &format!("{indent}-- {line}\n");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line += word;
    }
    out + &format!("{indent}-- {line}\n")
}
