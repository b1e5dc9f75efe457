//! What texts are, and how those that are written in another way are read.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use pipe_profile::{ColumnProfile, Format, FormatGuess};

use crate::candidate::{Ask, Candidate, Cast, Facts, Rank, Repair};
use crate::columns::rule;
use crate::words;

/// Of the texts, so many must be of a format.
const MOST: f64 = 0.9;
/// Of the texts that do not convert, so many may stay unread.
const UNREAD: f64 = 0.5;

/// The format of a column of texts as a rule.
pub fn of(column: &ColumnProfile) -> Vec<Candidate> {
    let Some(guess) = column.format.as_ref().filter(|g| column.ty == "text" && g.share >= MOST && g.sampled >= 20)
    else {
        return Vec::new();
    };
    let (predicate, check) = match guess.format {
        Format::Uuid => ("is uuid".to_owned(), "uuid"),
        Format::Email => ("is email".to_owned(), "email"),
        Format::Url => ("is url".to_owned(), "url"),
        Format::Ipv4 => ("is ipv4".to_owned(), "ipv4"),
        Format::Ipv6 => ("is ipv6".to_owned(), "ipv6"),
        Format::Mac => ("is mac".to_owned(), "mac"),
        Format::Iban => ("is iban".to_owned(), "iban"),
        Format::CreditCard => ("is credit_card".to_owned(), "credit_card"),
        Format::Country if column.distinct.value >= 3 => ("is country".to_owned(), "country"),
        Format::Json => ("is json".to_owned(), "json"),
        Format::Date => match guess.written.as_slice() {
            [form] if *form != "%Y-%m-%d" => (format!("is date {}", words::text(form)), "date"),
            [_] => ("is date".to_owned(), "date"),
            _ => return Vec::new(),
        },
        Format::Timestamp => match guess.written.as_slice() {
            ["%+"] => ("castable as timestamp".to_owned(), "castable"),
            [form] => (format!("is timestamp {}", words::text(form)), "timestamp"),
            _ => return Vec::new(),
        },
        Format::Time => ("is time".to_owned(), "time"),
        Format::Integer if !is_code(column) => ("castable as bigint".to_owned(), "castable"),
        Format::Decimal => ("castable as decimal(38, 10)".to_owned(), "castable"),
        _ => return Vec::new(),
    };
    let mut found = rule(column, predicate, check, Rank::Format);
    found.most = 1.0 - MOST;
    found.evidence = exception(guess);
    if guess.format == Format::Date
        && let [usual] = guess.written.as_slice()
        && let Some(expression) = rewriting(guess, usual, &words::name(&column.name))
    {
        found.after = Some(format!("({expression}) {}", found.predicate));
        found.repair = Some(Repair::Set { column: column.name.clone(), expression });
    }
    if check == "castable" && matches!(guess.format, Format::Decimal | Format::Integer) {
        let others: Vec<&str> =
            column.top.iter().map(|v| v.value.as_str()).filter(|v| v.parse::<f64>().is_err()).collect();
        let others = if others.is_empty() { guess.exception.iter().map(String::as_str).collect() } else { others };
        // Where no number has a decimal point none has a decimal comma.
        let numbers = column.top.iter().filter(|v| v.value.parse::<f64>().is_ok());
        let whole = column.patterns.iter().all(|p| !p.pattern.contains('.')) && numbers.clone().count() > 0;
        let whole = whole && numbers.clone().all(|v| v.value.parse::<i128>().is_ok());
        if let Some(expression) = reading(&others, whole, &words::name(&column.name)) {
            found.after = Some(format!("({expression}) {}", found.predicate));
            found.repair = Some(Repair::Set { column: column.name.clone(), expression });
        }
    }
    vec![found]
}

/// The expression that writes dates as most of them are written, of those that are written in another way.
fn rewriting(guess: &FormatGuess, usual: &str, name: &str) -> Option<String> {
    let rewritten = guess.others.iter().filter_map(|other| Some((digits(other.form)?, reordered(other.form, usual)?)));
    rewritten.fold(None, |inner: Option<String>, (from, to)| {
        let inner = inner.unwrap_or_else(|| name.to_owned());
        Some(format!("regexp_replace({inner}, {}, {})", words::text(&from), words::text(&to)))
    })
}

/// The parts of a date that are written in digits, and how many they have.
const DIGITS: [(&str, usize); 3] = [("%Y", 4), ("%m", 2), ("%d", 2)];

/// The regular expression of dates in this form; `None` where one has words.
fn digits(form: &str) -> Option<String> {
    let plain = DIGITS
        .iter()
        .fold(form.replace('.', "\\."), |text, (part, digits)| text.replace(part, &format!("([0-9]{{{digits}}})")));
    (!plain.contains('%')).then(|| format!("^{plain}$"))
}

/// A date of one form in another, as what replaces the match of [`digits`].
fn reordered(from: &str, to: &str) -> Option<String> {
    let mut order: Vec<(usize, &str)> = DIGITS.iter().filter_map(|(part, _)| Some((from.find(part)?, *part))).collect();
    order.sort_unstable();
    let group = |text: String, (i, (_, part)): (usize, &(usize, &str))| text.replace(part, &format!("\\{}", i + 1));
    let text = order.iter().enumerate().fold(to.to_owned(), group);
    (!text.contains('%')).then_some(text)
}

/// How values that do not convert are read: each column by the way most of them are written in.
pub fn casts(facts: &Facts<'_>) -> Vec<Candidate> {
    facts.casts.iter().filter_map(cast).collect()
}

fn cast(cast: &Cast) -> Option<Candidate> {
    let texts: Vec<&str> = cast.texts.iter().map(String::as_str).collect();
    let whole = matches!(cast.ty.as_str(), "tinyint" | "smallint" | "int" | "bigint");
    let expression = if matches!(cast.ty.as_str(), "date" | "timestamp") {
        let guess = pipe_profile::guess(&texts)?;
        let reads = if guess.format == Format::Date { "to_date" } else { "to_timestamp" };
        // What may be day before month or month before day is not guessed.
        let [form] = guess.written.as_slice() else { return None };
        format!("{reads}($value, {})", words::text(form))
    } else {
        reading(&texts, whole, "$value")?
    };
    let example = cast.texts.iter().find(|t| way(t, whole).is_some()).or(cast.texts.first())?;
    Some(Candidate {
        columns: vec![cast.column.clone()],
        name: None,
        subject: String::new(),
        predicate: String::new(),
        check: "cast",
        ask: Ask::Cast { ty: cast.ty.clone() },
        rank: Rank::Format,
        evidence: format!("{} no {}, such as {}", plural(cast.rows), cast.ty, words::shown(example)),
        most: UNREAD,
        repair: Some(Repair::Cast { column: cast.column.clone(), expression }),
        options: "",
        after: None,
    })
}

fn plural(rows: u64) -> String {
    if rows == 1 { "1 text is".to_owned() } else { format!("{} texts are", words::count(rows)) }
}

/// Whether whole numbers are names and no quantities: all have the same number of digits.
fn is_code(column: &ColumnProfile) -> bool {
    column
        .patterns
        .first()
        .is_some_and(|p| p.share >= MOST && p.pattern.chars().all(|c| c == '9') && p.pattern.len() > 1)
}

fn exception(guess: &FormatGuess) -> String {
    let words = guess.format.words();
    let mut told = match &guess.exception {
        Some(text) => format!("{} are {words}, {} is not", words::share(guess.share), words::shown(text)),
        None => format!("all are {words}"),
    };
    for other in &guess.others {
        let share = words::share(other.texts as f64 / guess.sampled.max(1) as f64);
        told += &format!(", {share} written {}", words::shown(other.form));
    }
    told
}

/// Characters of a unit at most, blanks among them: ` ounces`.
const UNIT: usize = 8;
/// So many texts make a way to write.
const SLIPS: usize = 3;

/// What is replaced by what, in this order.
type Way = Vec<(String, &'static str)>;

/// The way that reads a number as this text writes it: without currency, with a decimal point, without separators of thousands. `None` if
/// it is no number, or is one already. `whole`: the others are whole numbers, so that a comma before three digits stands between thousands.
fn way(text: &str, whole: bool) -> Option<Way> {
    let text = text.trim();
    let start = text.find(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+'))?;
    let end = text.rfind(|c: char| c.is_ascii_digit())? + 1;
    let (before, digits, after) = (text.get(..start)?, text.get(start..end)?, text.get(end..)?);
    // A single letter is a slip, two and more are a unit.
    let is_unit = |text: &str| {
        let letters = text.chars().filter(|c| c.is_alphabetic()).count();
        text.chars().count() <= UNIT && letters != 1 && !text.contains(|c: char| c.is_ascii_digit())
    };
    if !digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '\'' | ' ' | '-' | '+'))
        || !is_unit(before)
        || !is_unit(after)
    {
        return None;
    }
    let mut way: Way = Vec::new();
    way.extend([before, after].into_iter().filter(|u| !u.is_empty()).map(|unit| (unit.to_owned(), "")));
    way.extend(["'", " "].into_iter().filter(|s| digits.contains(*s)).map(|s| (s.to_owned(), "")));
    let behind = |mark: char| digits.rfind(mark).map(|at| (at, digits.len() - at - 1));
    let comma = || (",".to_owned(), ".");
    match (behind(','), behind('.')) {
        // `1.234,50`
        (Some((comma_at, _)), Some((point, _))) if comma_at > point => way.extend([(".".to_owned(), ""), comma()]),
        // `1,234.50`
        (Some(_), Some(_)) => way.push((",".to_owned(), "")),
        // `1,234,567`
        (Some((_, 3)), None) if whole || digits.matches(',').count() > 1 => way.push((",".to_owned(), "")),
        // `12,50`
        (Some((_, digits)), None) if digits != 3 => way.push(comma()),
        // `1,234` may be either.
        (Some(_), None) => return None,
        (None, _) => {}
    }
    (!way.is_empty()).then_some(way)
}

fn read(way: &Way, text: &str) -> Option<f64> {
    let plain = way.iter().fold(text.trim().to_owned(), |text, (from, to)| text.replace(from.as_str(), to));
    plain.parse().ok()
}

/// One way that reads most of the texts, each as its own way would: the most frequent one, and of the others what does not change
/// what is read already.
fn common(texts: &[&str], whole: bool) -> Option<Way> {
    let mut ways: BTreeMap<Way, Vec<&str>> = BTreeMap::new();
    for text in texts {
        if let Some(way) = way(text, whole) {
            ways.entry(way).or_default().push(text);
        }
    }
    // What was written once or twice is a slip.
    let least = SLIPS.min(texts.len());
    let mut ways: Vec<(Way, Vec<&str>)> = ways.into_iter().filter(|(_, texts)| texts.len() >= least).collect();
    ways.sort_by_key(|(way, texts)| (Reverse(texts.len()), way.len()));
    let mut ways = ways.into_iter();
    let (mut one, texts) = ways.next()?;
    let mut right: Vec<(&str, Option<f64>)> = texts.into_iter().map(|t| (t, read(&one, t))).collect();
    for (other, texts) in ways {
        let new: Vec<(String, &'static str)> = other.iter().filter(|r| !one.contains(r)).cloned().collect();
        // Units first, then the marks between digits.
        let mut both: Way = new.into_iter().chain(one.iter().cloned()).collect();
        both.sort_by_key(|(from, to)| (from.chars().count() == 1 && !to.is_empty(), Reverse(from.chars().count())));
        let own: Vec<(&str, Option<f64>)> = texts.into_iter().map(|t| (t, read(&other, t))).collect();
        if right.iter().chain(&own).all(|(text, value)| read(&both, text) == *value) {
            one = both;
            right.extend(own);
        }
    }
    Some(one)
}

/// The expression that reads numbers as these texts write them, over `value`.
fn reading(texts: &[&str], whole: bool, value: &str) -> Option<String> {
    let way = common(texts, whole)?;
    let replaced = |inner: String, (from, to): &(String, &'static str)| {
        format!("replace({inner}, {}, {})", words::text(from), words::text(to))
    };
    Some(way.iter().fold(value.to_owned(), replaced))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_written() {
        let told: Vec<Option<String>> = ["12.50 EUR", "12,50", "1.234,50 €", "1,234.50", "$5", "1,234", "12.5", "none"]
            .into_iter()
            .map(|t| reading(&[t], false, "x"))
            .collect();
        let expected = [
            Some("replace(x, ' EUR', '')"),
            Some("replace(x, ',', '.')"),
            Some("replace(replace(replace(x, ' €', ''), '.', ''), ',', '.')"),
            Some("replace(x, ',', '')"),
            Some("replace(x, '$', '')"),
            None,
            None,
            None,
        ];
        assert_eq!(told.iter().map(Option::as_deref).collect::<Vec<_>>(), expected);
        // Among whole numbers a comma before three digits stands between thousands.
        assert_eq!(reading(&["12,345", "1,234"], true, "x").as_deref(), Some("replace(x, ',', '')"));
        let units = ["12.0 ounces", "16 ounces", "8 ounces", "16 oz", "8 oz", "12 oz"];
        assert_eq!(reading(&units, true, "x").as_deref(), Some("replace(replace(x, ' ounces', ''), ' oz', '')"));
    }

    #[test]
    fn dates_are_written_as_most_of_them_are() {
        let others = |texts: &[&str]| {
            let guess = pipe_profile::guess(texts).unwrap();
            rewriting(&guess, guess.written.first().unwrap(), "x")
        };
        let one = others(&["2026-01-02", "2026-01-03", "31.12.2026"]);
        assert_eq!(one.as_deref(), Some(r"regexp_replace(x, '^([0-9]{2})\.([0-9]{2})\.([0-9]{4})$', '\3-\2-\1')"));
        assert_eq!(
            others(&["31.12.2026", "30.12.2026", "20261229"]).as_deref(),
            Some(r"regexp_replace(x, '^([0-9]{4})([0-9]{2})([0-9]{2})$', '\3.\2.\1')")
        );
        // Words are not turned into digits.
        assert_eq!(others(&["2026-01-02", "2026-01-03", "3 Mar 2026"]), None);
    }

    #[test]
    fn ways_that_agree_are_one() {
        let both = reading(&["4.95 EUR", "4.10 EUR", "5.10 EUR", "4,95", "4,10", "5,10", "x12.50", "1.5x"], false, "x");
        assert_eq!(both.as_deref(), Some("replace(replace(x, ' EUR', ''), ',', '.')"));
        // Here a point stands between thousands: what has a decimal point is not read at all, rather than wrong.
        let one =
            reading(&["1.234,50", "2.000,00", "2.000,01", "2.000,02", "4.95 EUR", "3.95 EUR", "2.95 EUR"], false, "x");
        assert_eq!(one.as_deref(), Some("replace(replace(x, '.', ''), ',', '.')"));
    }
}
