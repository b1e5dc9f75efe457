//! The registry of codes: a page each, in files by range, numbers never reused.
//!
//! `E00xx` text and statements, `E01xx` project, names and types, `E02xx` config, `E03xx` SQL, `E04xx` rules, `E05xx` heal
//! clauses, `E06xx` loads, schedules and tests; `E1xxx` what happens while a command runs. `W` for warnings, same ranges.

use std::fmt;

/// A code of the registry, such as `E0102`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(&'static str);

impl Code {
    /// The text, such as `E0102`.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// What `pipe explain <code>` prints.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// The code.
    pub code: Code,
    /// One line, lower case.
    pub title: &'static str,
    /// Why it is an error and what to do, in a few sentences.
    pub why: &'static str,
    /// A program (ranges below `E1000`: a test checks that it raises just this code) or a situation.
    pub bad: &'static str,
    /// The same, mended (a test checks that it raises nothing).
    pub good: &'static str,
}

/// Declares codes with their pages; one constant each, and `PAGES` of them all.
macro_rules! codes {
    ($($name:ident = $code:literal, $title:literal, why: $why:literal, bad: $bad:literal, good: $good:literal;)*) => {
        $(#[doc = $title] pub const $name: $crate::Code = $crate::codes::Code($code);)*
        pub(super) const PAGES: &[$crate::Page] = &[
            $($crate::Page { code: $name, title: $title, why: $why, bad: $bad, good: $good },)*
        ];
    };
}

pub mod config;
pub mod contract;
pub mod heal;
pub mod import;
pub mod load;
pub mod names;
pub mod rules;
pub mod run;
pub mod sql;
pub mod syntax;

/// All pages, by code.
pub fn pages() -> impl Iterator<Item = &'static Page> {
    [
        syntax::PAGES,
        names::PAGES,
        config::PAGES,
        sql::PAGES,
        rules::PAGES,
        heal::PAGES,
        load::PAGES,
        run::PAGES,
        import::PAGES,
        contract::PAGES,
    ]
    .into_iter()
    .flatten()
}

/// The page of a code; case does not count.
pub fn page(code: &str) -> Option<&'static Page> {
    pages().find(|p| p.code.as_str().eq_ignore_ascii_case(code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_code_is_used_twice() {
        let mut seen = BTreeSet::new();
        for page in pages() {
            assert!(seen.insert(page.code), "{} twice", page.code);
            assert!(!page.title.is_empty() && !page.why.is_empty() && !page.good.is_empty(), "{}", page.code);
        }
    }
}
