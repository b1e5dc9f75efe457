//! The progress bar of a run, on standard error and only when that is a terminal.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};

use futures::future::BoxFuture;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pipe_run::report::Observer;

use crate::report::count;
use crate::runtime::Interrupt;

/// What is known of the tables being read.
#[derive(Default)]
struct Read {
    /// Bytes of all tables begun.
    total: u64,
    /// Bytes and rows read so far, by table.
    done: BTreeMap<String, (u64, u64)>,
}

/// Draws how far the tables of a run are read.
pub struct Bar {
    /// Somebody's wish to stop.
    pub interrupt: Interrupt,
    bar: ProgressBar,
    read: Mutex<Read>,
}

impl Bar {
    /// A bar; hidden where standard error is no terminal.
    pub fn new(interrupt: Interrupt) -> Self {
        let bar = if std::io::stderr().is_terminal() {
            ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(10))
        } else {
            ProgressBar::hidden()
        };
        let style = ProgressStyle::with_template("{elapsed:>4} {wide_bar} {bytes}/{total_bytes} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { interrupt, bar, read: Mutex::new(Read::default()) }
    }

    /// Takes the bar off the screen.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn update(&self, change: impl FnOnce(&mut Read)) {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut read);
        let bytes = read.done.values().map(|(b, _)| b).sum();
        let rows: u64 = read.done.values().map(|(_, r)| r).sum();
        self.bar.set_length(read.total.max(bytes));
        self.bar.set_position(bytes);
        self.bar.set_message(format!("{} rows", count(rows)));
    }
}

impl Observer for Bar {
    fn interrupted(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.interrupt.asked())
    }

    fn table_started(&self, _table: &str, _files: u64, bytes: u64) {
        self.update(|read| read.total += bytes);
    }

    fn progress(&self, table: &str, bytes: u64, rows: u64) {
        self.update(|read| {
            read.done.insert(table.to_owned(), (bytes, rows));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_all_tables_add_up() {
        let bar = Bar::new(Interrupt::listen());
        bar.table_started("a", 1, 100);
        bar.table_started("b", 1, 50);
        bar.progress("a", 40, 4);
        bar.progress("a", 100, 9);
        bar.progress("b", 10, 1);
        assert_eq!((bar.bar.position(), bar.bar.length()), (110, Some(150)));
        assert_eq!(bar.bar.message(), "10 rows");
    }
}
