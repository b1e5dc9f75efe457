//! Names, texts and numbers as rules and their evidence write them.

/// A column or table: in quotes where it has to be.
pub fn name(name: &str) -> String {
    pipe_sql::quote(name)
}

/// Names with commas between.
pub fn names<S: AsRef<str>>(all: &[S]) -> String {
    all.iter().map(|n| name(n.as_ref())).collect::<Vec<_>>().join(", ")
}

/// A text in quotes.
pub fn text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// `1,234`
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 row`, `1,234 rows`
pub fn counted(number: u64, what: &str) -> String {
    format!("{} {what}{}", count(number), if number == 1 { "" } else { "s" })
}

/// A share as a percentage that never rounds to nothing or to all: `0.3%`, `<0.1%`.
pub fn share(part: f64) -> String {
    let percent = part * 100.0;
    match percent {
        p if p == 0.0 || p >= 100.0 => format!("{p:.0}%"),
        p if p < 0.1 => "<0.1%".to_owned(),
        p if p > 99.9 => ">99.9%".to_owned(),
        p if !(10.0..=99.0).contains(&p) => format!("{p:.1}%"),
        p => format!("{p:.0}%"),
    }
}

/// A value in a comment: on one line, not too long.
pub fn shown(value: &str) -> String {
    let plain: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let short: String = plain.chars().take(40).collect();
    if short.len() < plain.len() { format!("`{short}…`") } else { format!("`{short}`") }
}
