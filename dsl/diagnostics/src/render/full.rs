//! For people: the message, the lines it is about with the places underlined, what to do next. Drawn by miette.

use std::fmt;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters, ThemeStyles};
use textwrap::{WordSeparator, WordSplitter};

use super::snippet::{Marked, Snippet};
use super::{sorted, text, word};
use crate::{Diagnostic, FileId, Label, Severity, Sources};

/// Nobody reads more than this at once.
const MOST: usize = 100;

/// How to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether the terminal shows colours.
    pub color: bool,
    /// Whether it shows more than ASCII for lines and arrows.
    pub unicode: bool,
    /// Its columns; below 40 counts as 40.
    pub width: usize,
}

/// All diagnostics for a terminal of `width` columns, by place. Lines are drawn in Unicode unless the environment says that
/// the terminal cannot; to decide that too, see [`full_with`].
pub fn full(diagnostics: &[Diagnostic], sources: &Sources, color: bool, width: usize) -> String {
    full_with(diagnostics, sources, Style { color, unicode: terminal_has_unicode(), width })
}

/// The same, reading nothing from the environment.
pub fn full_with(diagnostics: &[Diagnostic], sources: &Sources, style: Style) -> String {
    let style = Style { width: style.width.max(40), ..style };
    let all = sorted(diagnostics);
    let mut drawn: Vec<String> = all.iter().take(MOST).map(|d| one(d, sources, style)).collect();
    if all.len() > MOST {
        drawn.push(format!("  and {} more; `--format concise` lists all\n", all.len() - MOST));
    }
    drawn.join("\n")
}

/// Not where the locale names another character set, nor on the Linux console.
fn terminal_has_unicode() -> bool {
    let named = |name| std::env::var(name).ok().filter(|v| !v.is_empty());
    if named("TERM").is_some_and(|t| t == "linux" || t == "dumb") {
        return false;
    }
    let locale = named("LC_ALL").or_else(|| named("LC_CTYPE")).or_else(|| named("LANG"));
    locale.is_none_or(|l| {
        let l = l.to_lowercase();
        l.ends_with("utf-8") || l.ends_with("utf8") || (!l.contains('.') && l != "c" && l != "posix")
    })
}

fn one(d: &Diagnostic, sources: &Sources, style: Style) -> String {
    let mut out = String::new();
    let home = d.span().map(|s| s.file);
    let (here, elsewhere): (Vec<_>, Vec<_>) = d.labels.iter().partition(|l| Some(l.span.file) == home);
    let heading = format!("{}[{}]:", word(d.severity), d.code);
    out.push_str(&block(&heading, &d.message, &here, home, sources, style, Some(d.severity)));
    let mut files: Vec<FileId> = elsewhere.iter().map(|l| l.span.file).collect();
    files.dedup();
    for file in files {
        // The first place of another file is told in the heading, so that its text is not said twice.
        let of_file: Vec<_> = elsewhere.iter().copied().filter(|l| l.span.file == file).collect();
        let said = of_file.first().map_or("", |l| l.text.as_str());
        let bare = of_file.first().map(|l| Label { span: l.span, text: String::new() });
        let labels: Vec<&Label> = bare.iter().chain(of_file.iter().skip(1).copied()).collect();
        let said = if said.is_empty() { "see here" } else { said };
        out.push_str(&block("note:", said, &labels, Some(file), sources, style, None));
    }
    for (heading, more) in d.help.iter().map(|h| ("help:", h)).chain(d.notes.iter().map(|n| ("note:", n))) {
        let shown = text::hanging(&format!("  {heading} "), &text::one_line(more), style.width);
        out.push_str(&match style.color {
            true => shown.replacen(heading, &format!("\u{1b}[36m{heading}\u{1b}[0m"), 1),
            false => shown,
        });
    }
    // miette leaves blanks behind the numbers of empty lines.
    out.lines().map(|l| format!("{}\n", l.trim_end())).collect()
}

/// A heading with its text, and the lines of one file.
fn block(
    heading: &str,
    message: &str,
    labels: &[&Label],
    file: Option<FileId>,
    sources: &Sources,
    style: Style,
    severity: Option<Severity>,
) -> String {
    let marked: Vec<Marked<'_>> =
        labels.iter().enumerate().map(|(i, l)| Marked { span: l.span, text: &l.text, primary: i == 0 }).collect();
    let drawn = file.and_then(|f| sources.get(f)).map(|f| Snippet::new(f, &marked, style.width));
    let (snippet, labels) = drawn.map_or((None, Vec::new()), |(s, l)| (Some(s), l));
    let report = Report { message: text::one_line(message), severity, labels, snippet };
    let mut out = String::new();
    let drawn = handler(heading, &report.labels, severity, style).render_report(&mut out, &report);
    match drawn {
        Ok(()) => out,
        // Nothing is worth losing the message for.
        Err(fmt::Error) => format!("  {heading} {}\n", report.message),
    }
}

fn handler(heading: &str, labels: &[LabeledSpan], severity: Option<Severity>, style: Style) -> GraphicalReportHandler {
    let mut characters = if style.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() };
    characters.error = heading.into();
    characters.warning = heading.into();
    characters.advice = heading.into();
    // The message's further lines are indented only; a bar beside them would look like a part of the drawing.
    let mut styles = if style.color { ThemeStyles::ansi() } else { ThemeStyles::none() };
    if style.color {
        let primary = match severity {
            Some(Severity::Error) => styles.error,
            Some(Severity::Warning) => styles.warning,
            None => styles.advice,
        };
        let mut by_place: Vec<&LabeledSpan> = labels.iter().collect();
        by_place.sort_by_key(|l| l.offset());
        styles.highlights = by_place.iter().map(|l| if l.primary() { primary } else { styles.link }).collect();
        if styles.highlights.is_empty() {
            styles.highlights.push(primary);
        }
    }
    GraphicalReportHandler::new_themed(GraphicalTheme { characters, styles })
        .with_width(style.width)
        .with_context_lines(1)
        // Paths and times are copied from messages: they stay whole where they fit on a line.
        .with_word_separator(WordSeparator::AsciiSpace)
        .with_word_splitter(WordSplitter::NoHyphenation)
        .with_links(false)
        .without_cause_chain()
        .without_syntax_highlighting()
}

/// A diagnostic as miette draws it.
#[derive(Debug)]
struct Report {
    message: String,
    severity: Option<Severity>,
    labels: Vec<LabeledSpan>,
    snippet: Option<Snippet>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report {}

impl miette::Diagnostic for Report {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Some(Severity::Error) => miette::Severity::Error,
            Some(Severity::Warning) => miette::Severity::Warning,
            None => miette::Severity::Advice,
        })
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.snippet.as_ref().map(|s| s as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty()).then(|| Box::new(self.labels.iter().cloned()) as Box<_>)
    }
}
