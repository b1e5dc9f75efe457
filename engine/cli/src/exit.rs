//! Exit codes: the first that holds.

/// How a command ended, as the shell sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit(pub u8);

impl Exit {
    /// All was committed, healed included; or a look found nothing.
    pub const OK: Exit = Exit(0);
    /// Failed, nothing was committed; or a look found something.
    pub const FAILED: Exit = Exit(1);
    /// The program or the command line is wrong; or a look was not possible.
    pub const INVALID: Exit = Exit(2);
    /// Interrupted, nothing half-written.
    pub const INTERRUPTED: Exit = Exit(130);
}
