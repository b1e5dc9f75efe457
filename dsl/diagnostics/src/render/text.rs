//! Text on a terminal: its width, lines that fit, characters that must not reach it.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What stands for a character that would steer the terminal or turn the direction of the text.
const REPLACED: char = '\u{fffd}';

/// Columns of a character; 0 for one that joins the character before it.
pub(super) fn char_width(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// Columns of a text.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// The character as it may be printed: no control characters, nothing that reorders the text around it.
pub(super) fn harmless(c: char) -> char {
    let reorders = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if c.is_control() || reorders { REPLACED } else { c }
}

/// A text on one line, harmless.
pub(super) fn one_line(text: &str) -> String {
    text.lines().map(|l| l.chars().map(harmless).collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// Cuts a text into lines of at most `columns`, at blanks where there are some.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let used = lines.last().map_or(0, |l| width(l));
        if used > 0 && used + 1 + width(word) > columns {
            lines.push(String::new());
        }
        for (i, piece) in break_word(word, columns).into_iter().enumerate() {
            if i > 0 {
                lines.push(String::new());
            }
            if let Some(line) = lines.last_mut() {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(&piece);
            }
        }
    }
    lines
}

/// A word in pieces of at most `columns`.
fn break_word(word: &str, columns: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for c in word.chars() {
        if used + char_width(c) > columns && used > 0 {
            pieces.push(String::new());
            used = 0;
        }
        used += char_width(c);
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
        }
    }
    pieces
}

/// Lines behind `first`, the later ones indented as far.
pub(super) fn hanging(first: &str, text: &str, columns: usize) -> String {
    let indent = width(first);
    let lines = wrap(text, columns.saturating_sub(indent));
    let indented = lines.join(&format!("\n{}", " ".repeat(indent)));
    format!("{first}{indented}\n")
}
