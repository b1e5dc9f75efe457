//! `pipe run`

use crate::exit::Exit;
use crate::output::Output;

/// run
#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn execute(_args: &Args, _out: &mut Output) -> anyhow::Result<Exit> {
    anyhow::bail!("the engine of this command is not in this binary")
}
