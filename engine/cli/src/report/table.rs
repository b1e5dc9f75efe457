//! Tables and wrapped lines of at most 80 columns.

use comfy_table::{CellAlignment, ContentArrangement, TableComponent, presets};

use crate::output::plain;

/// The columns of a terminal that everything fits.
pub const WIDTH: u16 = 80;

/// A table with a line under its header and no others; numbers to the right.
pub struct Table(comfy_table::Table);

impl Table {
    /// A table with these columns.
    pub fn new(header: &[&str], width: u16) -> Self {
        let mut table = comfy_table::Table::new();
        table
            .load_preset(presets::NOTHING)
            .set_style(TableComponent::HeaderLines, '─')
            .set_style(TableComponent::MiddleHeaderIntersections, '─')
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width)
            .set_header(header.iter().map(|h| plain(h, 200)));
        for column in table.column_iter_mut() {
            column.set_padding((0, 1));
        }
        Self(table)
    }

    /// Puts these columns to the right.
    pub fn right(&mut self, columns: impl IntoIterator<Item = usize>) {
        for column in columns {
            if let Some(column) = self.0.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }

    /// Adds a row; cells are made safe for terminals.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.0.add_row(cells.into_iter().map(|c| plain(&c, 10_000)));
    }

    /// Its lines, without blanks at their ends.
    pub fn text(&self) -> String {
        self.0.lines().map(|l| l.trim_end().to_owned() + "\n").collect()
    }
}

/// `text` with `first` before its first line and as many blanks before the others, broken at blanks so that lines fit. A word that is longer than a line stands on one of its own.
pub fn wrapped(first: &str, text: &str) -> String {
    let indent = first.chars().count();
    let room = usize::from(WIDTH).saturating_sub(indent).max(20);
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        let word = plain(word, 500);
        let fits = |line: &String| line.is_empty() || line.chars().count() + 1 + word.chars().count() <= room;
        match lines.last_mut() {
            Some(line) if fits(line) => {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    let blanks = " ".repeat(indent);
    let start = |i: usize| if i == 0 { first } else { blanks.as_str() };
    lines.iter().enumerate().map(|(i, line)| format!("{}{line}\n", start(i))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_wrap_at_blanks_under_their_first() {
        let text = wrapped("note: ", &"twelve chars ".repeat(10));
        assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
        assert!(text.lines().skip(1).all(|l| l.starts_with("      t") || l.starts_with("      c")), "{text}");
    }

    #[test]
    fn a_table_fits_whatever_its_cells_hold() {
        let mut table = Table::new(&["name", "value"], WIDTH);
        table.right([1]);
        table.row(["a".repeat(50), "word ".repeat(60)]);
        assert!(table.text().lines().all(|l| l.chars().count() <= 80), "{}", table.text());
    }
}
