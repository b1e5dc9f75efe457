//! What every check needs: the texts, the names, a place for messages.

use pipe_diagnostics::{Code, Diagnostic, Sources, Span, codes::names as codes, nearest};
use pipe_syntax::{Name, Spanned};

use crate::files::Named;
use crate::names::{Names, Table};

/// The context of the checks of one program.
pub(crate) struct Cx<'a> {
    pub(crate) sources: &'a Sources,
    pub(crate) names: &'a Names<'a>,
    /// Other files that statements name.
    pub(crate) named: &'a Named,
    pub(crate) out: Vec<Diagnostic>,
}

impl<'a> Cx<'a> {
    /// Gives a message.
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.out.push(diagnostic);
    }

    /// "unknown `what`", with the nearest of what there is; or what there is, when it is little.
    pub(crate) fn unknown<'n>(
        &mut self,
        code: Code,
        what: &str,
        name: &Spanned<String>,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        let diagnostic = unknown(code, what, name, known);
        self.report(diagnostic);
    }

    /// The table of this name; a message if there is none and no statement that failed to parse may have declared it.
    pub(crate) fn table(&mut self, name: &Name) -> Option<&'a Table<'a>> {
        self.table_as(codes::UNKNOWN_TABLE, name)
    }

    /// As [`Cx::table`], with the code of the message.
    pub(crate) fn table_as(&mut self, code: Code, name: &Name) -> Option<&'a Table<'a>> {
        let names = self.names;
        let found = names.tables.get(name.as_str());
        if found.is_none() && !names.may_be_broken(name) {
            self.unknown(code, "table", name, names.tables.keys().copied());
        }
        found
    }

    /// Reports a column that a table with known columns does not have.
    pub(crate) fn column(&mut self, table: Option<&Table<'_>>, name: &Name) {
        self.column_as(codes::UNKNOWN_COLUMN, table, name);
    }

    /// As [`Cx::column`], with the code of the message.
    pub(crate) fn column_as(&mut self, code: Code, table: Option<&Table<'_>>, name: &Name) {
        if let Some(table) = table
            && let Some(columns) = &table.columns
            && !columns.contains_key(name.as_str())
            && !table.is_meta(name)
        {
            self.report(lacking(code, &table.name.value, "column", name, columns.keys().copied()));
        }
    }

    /// Reports columns that stand twice in a list.
    pub(crate) fn no_duplicates(&mut self, columns: &[Name]) {
        for (i, c) in columns.iter().enumerate() {
            if let Some(first) = columns.iter().take(i).find(|o| o.value == c.value) {
                self.report(twice(
                    codes::DUPLICATE_COLUMN,
                    &format!("column `{}` stands twice", c.value),
                    c.span,
                    first.span,
                ));
            }
        }
    }
}

/// A message with both places of what should be there once.
pub(crate) fn twice(code: Code, message: &str, second: Span, first: Span) -> Diagnostic {
    Diagnostic::error(code, message, second).saying("again here").label(first, "first here")
}

/// "unknown `what` `name`", with what it may be.
pub(crate) fn unknown<'n>(
    code: Code,
    what: &str,
    name: &Spanned<String>,
    known: impl IntoIterator<Item = &'n str>,
) -> Diagnostic {
    Diagnostic::error(code, format!("unknown {what} `{}`", name.value), name.span)
        .maybe_help(suggest(&name.value, known))
}

/// "`owner` has no `what` `name`", with what it has.
pub(crate) fn lacking<'n>(
    code: Code,
    owner: &str,
    what: &str,
    name: &Spanned<String>,
    known: impl IntoIterator<Item = &'n str>,
) -> Diagnostic {
    Diagnostic::error(code, format!("`{owner}` has no {what} `{}`", name.value), name.span)
        .maybe_help(suggest(&name.value, known))
}

/// "did you mean", or all there is when nothing is near and there is little.
pub(crate) fn suggest<'n>(word: &str, known: impl IntoIterator<Item = &'n str>) -> Option<String> {
    const FEW: usize = 24;
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(near) = nearest(word, known.iter().copied()) {
        return Some(format!("did you mean `{near}`?"));
    }
    match known.as_slice() {
        [] => None,
        [one] => Some(format!("there is only `{one}`")),
        _ if known.len() <= FEW => Some(format!("there are {}", list(&known))),
        _ => None,
    }
}

/// "`a`, `b` and `c`".
pub(crate) fn list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|w| format!("`{w}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}
