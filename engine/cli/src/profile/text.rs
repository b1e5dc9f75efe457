//! A profile in the terminal: a block a column, at most 80 columns wide.

use std::fmt::Write;

use pipe_profile::{ColumnProfile, Profile};

use super::spark::Blocks;
use super::words;
use crate::output::{Paint, plain, visible};
use crate::report::{count, counted, wrapped};

/// The profile as text, with a line break at its end.
pub fn text(profile: &Profile, paint: Paint, blocks: Blocks) -> String {
    let duplicates = match profile.duplicate_rows.value {
        0 => "no duplicate rows".to_owned(),
        n => format!("{}{} duplicate", if profile.duplicate_rows.exact { "" } else { "about " }, counted(n, "row")),
    };
    let head = format!(
        "{}: {}, {}, {duplicates}",
        plain(&profile.table, 60),
        counted(profile.rows, "row"),
        counted(profile.columns.len() as u64, "column"),
    );
    let mut text = format!("{}\n", paint.bold(&head));
    for column in &profile.columns {
        text.push('\n');
        text += &block(column, profile.rows, paint, blocks);
    }
    let findings = [
        ("keys", profile.keys.iter().map(words::key).collect::<Vec<_>>()),
        ("dependencies", profile.dependencies.iter().map(words::dependency).collect()),
        ("references", profile.references.iter().map(words::reference).collect()),
    ];
    for (title, found) in findings.iter().filter(|(_, found)| !found.is_empty()) {
        _ = write!(text, "\n{}\n", paint.bold(title));
        for (name, told) in found {
            text += &wrapped("  ", &format!("{name}: {told}"));
        }
    }
    let notes = profile.notes.iter().cloned().chain((profile.sampled_rows > 0).then(|| words::basis(profile)));
    for (n, note) in notes.enumerate() {
        if n == 0 {
            text.push('\n');
        }
        text += &paint.dim(wrapped("", &note).trim_end());
        text.push('\n');
    }
    text
}

fn block(column: &ColumnProfile, rows: u64, paint: Paint, blocks: Blocks) -> String {
    let mut text = format!("{}  {}\n", paint.bold(&plain(&column.name, 60)), paint.dim(&plain(&column.ty, 200)));
    let mut line = |label: &str, told: &str| {
        if !told.is_empty() {
            text += &wrapped(&format!("  {label:<10} "), told);
        }
    };
    if rows == column.nulls {
        line("missing", if rows == 0 { "no rows" } else { "all NULL" });
        return text;
    }
    line("missing", &words::missing(column, rows).join(", "));
    line("distinct", &words::distinct(column, rows));
    if let (Some(min), Some(max)) = (&column.min, &column.max) {
        line("range", &format!("{} to {}", plain(&visible(min), 28), plain(&visible(max), 28)));
    }
    for (label, numbers) in [("mean", &column.numbers), ("length", &column.lengths)] {
        let Some(numbers) = numbers else { continue };
        if let Some(mean) = numbers.mean {
            let deviation = numbers.stddev.map(|s| format!(", deviation {}", words::number(s))).unwrap_or_default();
            let average = if label == "length" { "mean " } else { "" };
            line(label, &format!("{average}{}{deviation}", words::number(mean)));
        }
        let told =
            numbers.quantiles.iter().filter(|q| label == "mean" && [0.05, 0.25, 0.5, 0.75, 0.95].contains(&q.share));
        let told: Vec<String> = told.map(|q| format!("{:.0}% {}", q.share * 100.0, plain(&q.value, 30))).collect();
        line("quantiles", &told.join(", "));
    }
    if let Some(histogram) = column.histogram.as_ref().filter(|h| h.bins.len() > 1) {
        let bars = blocks.line(histogram.bins.iter().map(|b| b.count));
        let outside = [(histogram.below, "below"), (histogram.above, "above")];
        let outside = outside.iter().filter(|(n, _)| *n > 0).map(|(n, side)| format!(" {} {side}", count(*n)));
        let end = if blocks == Blocks::Ascii { ['[', ']'] } else { ['▕', '▏'] };
        let [open, close] = end;
        // Not wrapped: blanks are bars.
        let label = if column.lengths.is_some() { "lengths" } else { "histogram" };
        _ = writeln!(text, "  {label:<10} {open}{bars}{close}{}", outside.collect::<String>());
    }
    let mut line = |label: &str, told: &str| {
        if !told.is_empty() {
            text += &wrapped(&format!("  {label:<10} "), told);
        }
    };
    let shown = |value: &str, share: f64| format!("{} {}", plain(&visible(value), 40), words::share(share));
    let top: Vec<String> = column.top.iter().take(5).map(|v| shown(&v.value, v.share)).collect();
    let about = if column.top.iter().any(|v| v.count_error > 0.0) { "about " } else { "" };
    if !top.is_empty() {
        line("frequent", &format!("{about}{}", top.join(", ")));
    }
    let patterns: Vec<String> = column.patterns.iter().take(3).map(|p| shown(&p.pattern, p.share)).collect();
    line("patterns", &patterns.join(", "));
    if let Some(guess) = &column.format {
        let exception = guess.exception.as_ref().map(|e| format!(", but `{}`", plain(e, 40))).unwrap_or_default();
        line("format", &format!("{}{exception}", words::format(guess)));
    }
    if let Some(personal) = &column.personal {
        line("personal", &format!("{}: {}", personal.kind, personal.evidence.join("; ")));
    }
    text
}
