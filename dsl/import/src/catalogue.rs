//! Every check of every tool: how it is said, or why it is not.

/// A tool whose suites are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    /// Great Expectations 1.x: expectation suites as JSON.
    GreatExpectations,
    /// dbt: `schema.yml` with its own tests, dbt-utils and dbt-expectations.
    Dbt,
    /// DQDL, the rulesets of AWS Glue Data Quality.
    Dqdl,
    /// Soda: SodaCL and contracts.
    Soda,
    /// The Open Data Contract Standard 3.
    Odcs,
    /// Deequ: checks in code, and suggestions.
    Deequ,
}

/// How a check is said in `.pipe`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// As such a rule.
    As(&'static str),
    /// Not at all, for this reason.
    Not(&'static str),
}

/// A check of a tool.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// As the tool calls it, with the package in front where it is not the tool's own.
    pub name: &'static str,
    /// How it is said.
    pub said: Said,
}

impl Check {
    pub(crate) const fn said(name: &'static str, how: &'static str) -> Self {
        Self { name, said: Said::As(how) }
    }

    pub(crate) const fn refused(name: &'static str, why: &'static str) -> Self {
        Self { name, said: Said::Not(why) }
    }
}

impl Tool {
    /// All tools, in the order of their words.
    pub const ALL: &[Tool] = &[Tool::GreatExpectations, Tool::Dqdl, Tool::Soda, Tool::Dbt, Tool::Odcs, Tool::Deequ];

    /// The word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Tool::GreatExpectations => "gx",
            Tool::Dbt => "dbt",
            Tool::Dqdl => "dqdl",
            Tool::Soda => "soda",
            Tool::Odcs => "odcs",
            Tool::Deequ => "deequ",
        }
    }

    /// As its makers call it.
    pub fn title(self) -> &'static str {
        match self {
            Tool::GreatExpectations => "Great Expectations",
            Tool::Dbt => "dbt",
            Tool::Dqdl => "DQDL",
            Tool::Soda => "Soda",
            Tool::Odcs => "the Open Data Contract Standard",
            Tool::Deequ => "Deequ",
        }
    }
}

/// All checks that a tool's documentation knows, in its order.
pub fn catalogue(tool: Tool) -> &'static [Check] {
    match tool {
        Tool::GreatExpectations => crate::gx::CHECKS,
        Tool::Dbt => crate::dbt::CHECKS,
        Tool::Dqdl => crate::dqdl::CHECKS,
        Tool::Soda => crate::soda::CHECKS,
        Tool::Odcs => crate::odcs::CHECKS,
        Tool::Deequ => crate::deequ::CHECKS,
    }
}
