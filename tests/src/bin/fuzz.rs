//! `fuzz TARGET [SEED] [CASES]` runs cases of a fuzz target; `fuzz TARGET FILE` runs one again.

use std::process::ExitCode;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use pipe_tests::fuzz::{TARGETS, run, target};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some(target) = args.first().and_then(|name| target(name)) else {
        let names: Vec<&str> = TARGETS.iter().map(|t| t.name).collect();
        println!("usage: fuzz TARGET [SEED] [CASES], or fuzz TARGET FILE; the targets are {}", names.join(", "));
        return ExitCode::from(2);
    };
    let number = |i: usize| args.get(i).and_then(|text| text.parse::<u64>().ok());
    if let (Some(file), None) = (args.get(1), number(1)) {
        (target.run)(&std::fs::read(file).expect("a file"));
        return ExitCode::SUCCESS;
    }
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let (seed, cases) = (number(1).unwrap_or_else(now), number(2).unwrap_or(100_000));
    let start = Instant::now();
    if let Err((seed, bytes)) = run(target, seed, cases) {
        let file = format!("fuzz-{}-{seed}", target.name);
        std::fs::write(&file, bytes).expect("written");
        println!("seed {seed} fails; its case is in `{file}`");
        return ExitCode::FAILURE;
    }
    println!("{cases} cases from seed {seed} in {:.1} s", start.elapsed().as_secs_f64());
    ExitCode::SUCCESS
}
