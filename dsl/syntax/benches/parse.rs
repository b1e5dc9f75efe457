//! How fast splitter and parser are: one JSON line. `cargo bench -p pipe-syntax --bench parse`
#![allow(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and may panic"
)]

use std::fmt::Write;
use std::hint::black_box;
use std::time::Instant;

/// A program of every form in common use, about a megabyte.
fn program() -> String {
    let mut text = String::from("pipe 1;\nparam day date = '2026-01-01';\nchannel told stdout;\n\n");
    for i in 0..1000 {
        write!(
            text,
            r#"--- Orders of shop {i}.
source orders_{i} from csv 'data/{i}/*.csv' with (header = true, delimiter = ';') schema (
  id          bigint,
  email       text,
  total       decimal(12, 2) alias sum_total,
  ordered_at  timestamp,
);

rules orders_{i} {{
  id         not null, unique;
  email      is email severity warning;
  total      between 0 and 1000;
  adds_up:   (abs(total - id) < 0.01) tolerate 0.1% dimension accuracy;
  fresh:     (max(ordered_at)) within 1d;
}}

heal orders_{i} {{
  on missing_column(column: total) where ($score >= 0.8)
    => rename;
  on rule_failed(rule: id.unique)
    => dedupe keep latest ordered_at;
  on rule_failed
    => quarantine then notify told;
}}

model daily_{i} as
  select date_trunc('day', ordered_at) as day, sum(total) as revenue, count(*) as orders -- of all
  from orders_{i}
  where ordered_at >= $day
  group by 1;

load daily_{i} into parquet 'out/daily_{i}' with (mode = overwrite, partition = [day]);

"#
        )
        .unwrap();
    }
    text
}

fn main() {
    let text = program();
    let mut seconds: Vec<f64> = (0..7)
        .map(|_| {
            let mut sources = pipe_diagnostics::Sources::default();
            let file = sources.add("bench.pipe", text.as_str());
            let began = Instant::now();
            let parsed = black_box(pipe_syntax::parse(black_box(&text), file));
            let seconds = began.elapsed().as_secs_f64();
            assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics.first());
            seconds
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    let megabytes = text.len() as f64 / 1e6;
    println!("{{\"megabytes\": {megabytes:.2}, \"megabytes_per_second\": {:.2}}}", megabytes / seconds[3]);
}
