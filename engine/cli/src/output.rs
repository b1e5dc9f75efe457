//! The one place that writes to standard output and standard error.
//!
//! A reader that goes away (`pipe query … | head`) is no error: from then on nothing is written, and the command ends with
//! the code that its work deserves. Any other error is kept and told at the end.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

/// Standard output and standard error of a command.
pub struct Output {
    stdout: BufWriter<Stdout>,
    closed: bool,
    failed: Option<io::Error>,
    /// Whether standard output is a terminal.
    pub terminal: bool,
    /// How standard output is painted.
    pub paint: Paint,
    /// How standard error is painted.
    pub paint_err: Paint,
}

impl Output {
    /// The process's own streams; colours only on terminals, and not under `NO_COLOR`.
    pub fn new() -> Self {
        let colours = std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        let terminal = io::stdout().is_terminal();
        Self {
            stdout: BufWriter::with_capacity(1 << 16, io::stdout()),
            closed: false,
            failed: None,
            terminal,
            paint: Paint(terminal && colours),
            paint_err: Paint(io::stderr().is_terminal() && colours),
        }
    }

    /// Writes to standard output.
    pub fn print(&mut self, text: &str) {
        // What goes wrong is kept by `write`.
        _ = self.write_all(text.as_bytes());
    }

    /// Writes to standard output, or to standard error where the former is kept free.
    pub fn tell(&mut self, aside: bool, text: &str) {
        if aside { self.error(text) } else { self.print(text) }
    }

    /// Writes to standard error; what was printed before comes first. Nobody could be told if that failed.
    pub fn error(&mut self, text: &str) {
        _ = self.flush();
        let mut stderr = io::stderr().lock();
        _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
    }

    /// Whether nobody reads standard output any more.
    pub fn is_closed(&self) -> bool {
        self.closed || self.failed.is_some()
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// The first error of standard output, unless its reader went away.
    pub fn finish(mut self) -> io::Result<()> {
        _ = self.flush();
        self.failed.map_or(Ok(()), Err)
    }

    /// Takes an error down; gives it back unless it only says that the reader went away.
    fn keep(&mut self, error: io::Error) -> Option<io::Error> {
        let kind = error.kind();
        if kind == io::ErrorKind::BrokenPipe {
            self.closed = true;
            return None;
        }
        if self.failed.is_none() {
            self.failed = Some(error);
        }
        Some(kind.into())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_closed() {
            return Ok(bytes.len());
        }
        match self.stdout.write(bytes) {
            Err(e) => self.keep(e).map_or(Ok(bytes.len()), Err),
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.is_closed() {
            return Ok(());
        }
        match self.stdout.flush() {
            Err(e) => self.keep(e).map_or(Ok(()), Err),
            flushed => flushed,
        }
    }
}

/// Paints words, or leaves them as they are.
#[derive(Clone, Copy, Debug)]
pub struct Paint(pub bool);

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// What to look at first.
    pub fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    /// What went well.
    pub fn good(self, text: &str) -> String {
        self.with("1;32", text)
    }

    /// What wants a look.
    pub fn warn(self, text: &str) -> String {
        self.with("1;33", text)
    }

    /// What went wrong.
    pub fn bad(self, text: &str) -> String {
        self.with("1;31", text)
    }

    /// What is by the way.
    pub fn dim(self, text: &str) -> String {
        self.with("2", text)
    }
}

/// A text from data as it is, in quotes where it would not be seen otherwise: blank, or with blanks around it.
pub fn visible(text: &str) -> String {
    if text.trim() == text && !text.is_empty() { text.to_owned() } else { format!("'{text}'") }
}

/// Text from data, safe on a terminal: control characters escaped, cut to `most` characters as shown, with a mark.
pub fn plain(text: &str, most: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(most.saturating_mul(4)));
    let mut long = 0;
    for c in text.chars() {
        let escaped = c.escape_default();
        long += if c.is_control() { escaped.len() } else { 1 };
        if long > most {
            shown.push('…');
            break;
        }
        if c.is_control() { shown.extend(escaped) } else { shown.push(c) }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_seen() {
        assert_eq!(["", " a", "a b"].map(visible), ["''", "' a'", "a b"]);
    }

    #[test]
    fn text_from_data_cannot_steer_a_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\nc", 100), "a\\u{1b}[2Jb\\nc");
        assert_eq!(plain("ärger", 3), "ärg…");
    }

    #[test]
    fn paint_is_off_away_from_terminals() {
        assert_eq!(Paint(false).bad("no"), "no");
        assert_eq!(Paint(true).bad("no"), "\u{1b}[1;31mno\u{1b}[0m");
    }
}
