//! Which found column is the missing one.

/// A rename by evidence needs this score.
pub const LEAST_SCORE: f64 = 0.8;
/// And this distance to the second best, both ways.
pub const LEAST_MARGIN: f64 = 0.15;

/// A name without case, `_`, `-`, blanks and camel case.
pub fn fold(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
