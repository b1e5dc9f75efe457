//! Actions a clause can take.

/// An action.
#[derive(Clone, Copy, Debug)]
pub struct ActionInfo {
    /// As written, two words where it has two: `skip file`.
    pub name: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// A clause that takes it.
    pub example: &'static str,
    /// The failures it applies to; empty: any.
    pub on: &'static [&'static str],
    /// The checks of `rule_failed` it applies to; empty: any.
    pub checks: &'static [&'static str],
    /// Whether it needs rows: its clause does not match a failure that has none.
    pub needs_rows: bool,
    /// Whether it infers values: budgets and the clause's confidence bind it. Else it is stated in full.
    pub inferred: bool,
    /// What the evidence of a proposal is.
    pub evidence: &'static str,
    /// Whether this binary can run it.
    pub available: bool,
}

/// All actions.
pub fn actions() -> &'static [ActionInfo] {
    &[]
}

/// The action with this name.
pub fn action(name: &str) -> Option<&'static ActionInfo> {
    actions().iter().find(|a| a.name == name)
}
