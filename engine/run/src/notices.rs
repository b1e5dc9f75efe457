//! Messages to channels: `file` appends a line of JSON, `stdout` becomes a note of the report.

use std::io::Write;

use serde_json::json;

use crate::engine::Engine;
use crate::report::Report;

/// Sends what clauses asked for, when the run is decided. A channel that cannot be reached costs a note, never the run.
pub fn send(engine: &Engine<'_>, report: &mut Report) {
    for notice in engine.take_notices() {
        let Some(channel) = engine.program().channels.get(&notice.channel) else { continue };
        let failed = match channel.kind.as_str() {
            "file" => {
                let path = engine.program().root.join(channel.config.text("path").unwrap_or("notices.ndjson"));
                let line = json!({
                    "at": engine.at(),
                    "run": engine.run,
                    "outcome": report.outcome,
                    "table": notice.table,
                    "text": notice.text,
                });
                append(&path, &line.to_string()).err().map(|e| format!("`{}`: {e}", path.display()))
            }
            "stdout" => {
                report.notes.push(format!("{}: {}: {}", notice.channel, notice.table, notice.text));
                None
            }
            other => Some(format!("`{other}` is not built into this version")),
        };
        if let Some(why) = failed {
            report.notes.push(format!("channel `{}` was not told: {why}", notice.channel));
        }
    }
}

fn append(path: &std::path::Path, line: &str) -> std::io::Result<()> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)?;
    }
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
    writeln!(file, "{line}")
}
