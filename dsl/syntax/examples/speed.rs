//! How fast programs are read: `cargo run --release -p pipe-syntax --example speed`. The aim is 3 MB/s.
//!
//! Each text is read once to warm up and five times for the clock; the fastest counts, as the least disturbed.

#![allow(clippy::print_stdout, reason = "it reports to a person")]

use std::time::Instant;

use pipe_diagnostics::FileId;
use pipe_syntax::parse;

/// Sources, rules, clauses, models and loads as people write them, 5 statements for each `n`.
fn program(n: usize) -> String {
    (0..n)
        .map(|i| {
            format!(
                "--- Orders of shop {i}.\nsource orders_{i} from csv 'data/{i}/orders_*.csv' with (header = true, null = ['', 'NA']) schema (\n  \
                 order_id bigint, customer_id bigint, status text, quantity int, total decimal(12, 2) alias sum_total, ordered_at timestamp,\n);\n\
                 rules orders_{i} {{\n  order_id not null, unique;\n  customer_id references customers (id) tolerate 1%;\n  \
                 status in ('new', 'paid', 'shipped');\n  adds_up: (abs(total - quantity * 2) < 0.01) dimension accuracy;\n}}\n\
                 heal orders_{i} {{\n  on source_error(kind: timeout | throttled) => retry 5 times backoff 1s up to 60s;\n  \
                 on rule_failed(rule: order_id.unique) => dedupe keep latest ordered_at;\n  on rule_failed => quarantine;\n}}\n\
                 model daily_{i} as\n  select date_trunc('day', ordered_at) as day, sum(total) as revenue, count(*) as orders\n  \
                 from orders_{i} join customers on customers.id = customer_id -- all of them\n  where status <> 'new' group by 1;\n\
                 load daily_{i} into parquet 'out/daily_{i}' with (mode = overwrite);\n\n"
            )
        })
        .collect()
}

fn main() {
    let block = |item: &str, n: usize| format!("rules t {{\n{}}}\n", item.repeat(n));
    let texts = [
        ("1,000 statements", program(200)),
        ("10,000 statements", program(2_000)),
        ("a block of 2,000 rules", block("  a between 1 and 100 tolerate 1%;\n", 2_000)),
        ("a block of 20,000 rules", block("  a between 1 and 100 tolerate 1%;\n", 20_000)),
        ("a query of 1 MB", format!("model m as select {}1 as x;\n", "coalesce(a, 'text') || ".repeat(45_000))),
        ("a list of 1 MB", format!("source s from csv 's.csv' with (null = [{}'']);\n", "'abcdefgh', ".repeat(85_000))),
        ("10 MB of words", "lorem ipsum dolor sit amet ".repeat(390_000)),
        ("10 MB of open quotes", "source s from 'x\n".repeat(620_000)),
        ("10 MB of open parentheses", format!("rules t {{ a: {}", "(".repeat(10_000_000))),
        ("10 MB of NUL", "\0".repeat(10_000_000)),
    ];
    for (name, text) in texts {
        let fastest = (0..6)
            .map(|_| {
                let start = Instant::now();
                let parsed = parse(&text, FileId(0));
                std::hint::black_box(parsed);
                start.elapsed()
            })
            .skip(1)
            .min()
            .unwrap_or_default();
        let megabytes = text.len() as f64 / 1e6;
        println!(
            "{name:<28} {megabytes:>6.2} MB {:>9.1} ms {:>7.1} MB/s",
            fastest.as_secs_f64() * 1e3,
            megabytes / fastest.as_secs_f64()
        );
    }
}
