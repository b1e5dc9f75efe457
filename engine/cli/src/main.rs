//! `pipe`: the command line. Everything that is printed is printed here; the libraries return data.

mod bare;
mod commands;
mod diagnose;
mod exit;
mod output;
mod profile;
mod progress;
mod project;
mod reference;
mod report;
mod results;
mod runtime;
mod suggest;
mod validation;

use std::process::ExitCode;

use output::Output;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let mut out = Output::new();
    let exit = commands::main(std::env::args_os().collect(), &mut out);
    let code = match out.finish() {
        Ok(()) => exit,
        Err(error) => {
            let mut told = Output::new();
            told.error(&format!("error: cannot write to standard output: {}\n", project::reason(&error)));
            if exit == exit::Exit::OK { exit::Exit::FAILED } else { exit }
        }
    };
    ExitCode::from(code.0)
}
