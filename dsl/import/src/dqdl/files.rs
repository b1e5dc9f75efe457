//! Rules about files: their age, size and contents, by `files('…')`.

use super::condition::{self, Condition, Value};
use super::judge;
use super::parse::Written;
use super::tokens::{Kind, Token};
use crate::args::{refuse, wrong};
use crate::rule::{Rule, Said};
use crate::words;

/// The types of these rules.
pub(super) const KINDS: &[&str] = &["FileFreshness", "FileSize", "FileUniqueness", "FileMatch"];

/// The rule of one of [`KINDS`].
pub(super) fn rule(written: &Written) -> Said<Rule> {
    let span = written.span;
    if written.filter.is_some() {
        return refuse(span, "a rule about files has no rows that `where` could pick");
    }
    let mut tags = Tags::read(written)?;
    let (first, second) = match written.parameters.as_slice() {
        [first] => (first, None),
        [first, second] if written.kind == "FileMatch" => (first, Some(second)),
        [] => {
            return refuse(
                span,
                "it is about the files that the table was read from, and the file does not say where these are; name them, `\"data/orders/\"`",
            );
        }
        _ => return wrong(span, format!("`{}` names too many files", written.kind)),
    };
    let files = listed(first, tags.recent.take(), written)?;
    match (written.kind.as_str(), second) {
        ("FileFreshness", _) => share("file_freshness", &modified(written)?, &files, written),
        ("FileSize", _) => {
            let note = "a KB is 1024 bytes";
            let named = written.condition.iter().any(|t| unit(t).is_some_and(|bytes| bytes > 1.0));
            let rule = share("file_size", &bytes(written)?, &files, written)?;
            Ok(if named { rule.note(note) } else { rule })
        }
        ("FileUniqueness", _) => {
            let Some(condition) = condition::read(&written.condition, span)? else {
                return wrong(span, "`FileUniqueness` needs a condition such as `= 1`");
            };
            let sql = format!(
                "(select coalesce(cast(count(*) filter (where alike = 1) as double) / nullif(sum(alike), 0), 0) from (select count(*) as alike from {files} group by sha256) as contents)"
            );
            let note = "the share of the files whose content no other has";
            Ok(Rule::query("file_uniqueness", sql, one(judge::number(&condition, span)?, written)?).note(note))
        }
        (_, Some(second)) => {
            let other = listed(second, None, written)?;
            let sql = format!(
                "(select count(*) from (select sha256 from (select sha256, 1 as side from {files} union all select sha256, -1 as side from {other}) as sides group by sha256 having sum(side) <> 0) as differing)"
            );
            Ok(Rule::query("file_match", sql, "= 0")
                .note("the contents of the files are compared, and not their names"))
        }
        _ => share("file_match", &checksum(tags.hash, written)?, &files, written),
    }
}

/// What stands behind `with`, the threshold taken out.
struct Tags {
    /// How many of the files, the newest first.
    recent: Option<u32>,
    /// The column of `files` that has the checksum.
    hash: &'static str,
}

impl Tags {
    fn read(written: &Written) -> Said<Self> {
        let mut tags = Self { recent: None, hash: "sha256" };
        let is_match = written.kind == "FileMatch";
        for (tag, value) in &written.tags {
            match (tag.as_str(), value.to_uppercase().as_str(), value.parse::<u32>()) {
                ("recentFiles", _, Ok(count)) if !is_match => tags.recent = Some(count),
                ("hashAlgorithm", "SHA-256", _) if is_match => tags.hash = "sha256",
                ("hashAlgorithm", "MD5", _) if is_match => tags.hash = "md5",
                ("ruleType", ..) => {}
                _ => return refuse(written.span, format!("the tag `{tag} = \"{value}\"` cannot be said")),
            }
        }
        Ok(tags)
    }
}

/// The files of a location as a table, the newest of them where so many are asked for.
fn listed(location: &str, recent: Option<u32>, written: &Written) -> Said<String> {
    if let Some((scheme, _)) = location.split_once("://").filter(|(scheme, _)| *scheme != "file") {
        return refuse(
            written.span,
            format!(
                "files on `{scheme}://` cannot be listed yet; put the path of a folder on this machine in its place"
            ),
        );
    }
    let files = format!("files({})", words::text(location));
    Ok(match recent {
        Some(count) => format!("(select * from {files} order by modified desc, path limit {count}) as recent"),
        None => files,
    })
}

/// All files, or as many as the threshold says, are as `condition` has it; where there is no file the share is 0.
fn share(name: &str, condition: &str, files: &str, written: &Written) -> Said<Rule> {
    let sql = format!(
        "(select coalesce(cast(count(*) filter (where {condition}) as double) / nullif(count(*), 0), 0) from {files})"
    );
    let predicate = match &written.threshold {
        None => ">= 1".to_owned(),
        Some(threshold) => match condition::read(threshold, written.span)? {
            Some(threshold) => one(judge::number(&threshold, written.span)?, written)?,
            None => return wrong(written.span, "a threshold is a share of the files, `with threshold > 0.9`"),
        },
    };
    Ok(Rule::query(name, sql, predicate))
}

/// The one predicate of a condition; those on earlier runs can be two.
fn one(predicates: Vec<String>, written: &Written) -> Said<String> {
    match <[String; 1]>::try_from(predicates) {
        Ok([predicate]) => Ok(predicate),
        Err(_) => refuse(written.span, "a share of files between two numbers of earlier runs cannot be said"),
    }
}

/// When a file was changed, as a condition; the bounds of `between` stand in either order.
fn modified(written: &Written) -> Said<String> {
    let moment = |value: &Value| match value {
        Value::Sql(sql) if sql.starts_with("(now()") => Ok(sql.clone()),
        Value::Sql(sql) if is_date(sql) => Ok(format!("cast({sql} as timestamptz)")),
        _ => refuse(
            written.span,
            "the time of a file is compared with a date, `\"2026-01-31\"`, or with `now()`; of which day a time of day is, is not said",
        ),
    };
    let bounds = |low: &Value, high: &Value| -> Said<(String, String)> {
        let (low, high) = (moment(low)?, moment(high)?);
        Ok((format!("least({low}, {high})"), format!("greatest({low}, {high})")))
    };
    match condition::read(&written.condition, written.span)? {
        Some(Condition::Compare(sign, value)) => Ok(format!("modified {sign} {}", moment(&value)?)),
        Some(Condition::Between(low, high)) => {
            bounds(&low, &high).map(|(low, high)| format!("modified > {low} and modified < {high}"))
        }
        Some(Condition::NotBetween(low, high)) => {
            bounds(&low, &high).map(|(low, high)| format!("modified <= {low} or modified >= {high}"))
        }
        _ => wrong(written.span, "`FileFreshness` needs a time, `> (now() - 24 hours)` or `between` two of them"),
    }
}

/// Whether a constant is a day, or a day and a time: `'2026-01-31'`, `'2026-01-31 09:30'`.
fn is_date(sql: &str) -> bool {
    let shape: String = sql.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let times = ["", " 00:00", " 00:00:00", "T00:00:00", "T00:00:00Z"];
    times.iter().any(|time| shape == format!("'0000-00-00{time}'"))
}

/// The size of a file as a condition.
fn bytes(written: &Written) -> Said<String> {
    let (mut tokens, mut rest) = (Vec::new(), written.condition.as_slice());
    while let Some((token, after)) = rest.split_first() {
        rest = after;
        let Kind::Number(n) = &token.kind else {
            tokens.push(token.clone());
            continue;
        };
        let (Some(unit), Ok(count)) = (after.first().and_then(unit), n.parse::<f64>()) else {
            return wrong(token.span, "a size has a unit: `B`, `KB`, `MB`, `GB` or `TB`");
        };
        rest = after.get(1..).unwrap_or_default();
        tokens.push(Token { kind: Kind::Number(format!("{}", count * unit)), span: token.span });
    }
    let sql = |value: &Value| value.sql(written.span);
    Ok(match condition::read(&tokens, written.span)? {
        Some(Condition::Compare(sign, value)) => format!("bytes {sign} {}", sql(&value)?),
        Some(Condition::Between(low, high)) => format!("bytes > {} and bytes < {}", sql(&low)?, sql(&high)?),
        Some(Condition::NotBetween(low, high)) => format!("bytes <= {} or bytes >= {}", sql(&low)?, sql(&high)?),
        _ => return wrong(written.span, "`FileSize` needs a size, `> 2 MB` or `between` two of them"),
    })
}

/// How many bytes a unit has.
fn unit(token: &Token) -> Option<f64> {
    let Kind::Word(word) = &token.kind else { return None };
    let power = ["B", "KB", "MB", "GB", "TB"].iter().position(|unit| word.eq_ignore_ascii_case(unit))?;
    Some(1024f64.powi(i32::try_from(power).ok()?))
}

/// The checksum of a file as a condition.
fn checksum(column: &str, written: &Written) -> Said<String> {
    let Some(Condition::In(values)) = condition::read(&written.condition, written.span)? else {
        return wrong(written.span, "`FileMatch` needs two locations, or checksums: `in [\"…\"]`");
    };
    let sums = values.iter().map(|v| v.sql(written.span).map(|sum| sum.to_lowercase())).collect::<Said<Vec<_>>>()?;
    Ok(format!("{column} in ({})", sums.join(", ")))
}
