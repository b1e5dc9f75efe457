//! A changed source, as opposed to bad rows: judged on arrival and again after healing. Never does a changed source pass
//! for bad rows, and never is a lost batch a success.

use crate::failure::ratio;
use crate::names;

/// `structural` after healing is measured over at least so many rows of the table.
pub const LEAST_ROWS: u64 = 20;
/// A header must match at least this share of the declared columns.
pub const LEAST_HEADER_MATCH: f64 = 0.5;
/// More than this share of records that do not decode is a wrong encoding, not a few bad bytes.
pub const MOST_UNDECODABLE: f64 = 0.1;

/// What delimiters a file may have in place of the one it should.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// Why a batch looks like a changed source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The header matches too little.
    Header,
    /// Another delimiter than declared.
    Delimiter,
    /// Another encoding than declared.
    Encoding,
    /// No rows at all.
    Empty,
    /// A rule violated by all rows.
    AllRows,
    /// More rows than `max_quarantine` nobody healed.
    MaxQuarantine,
    /// A loaded file changed.
    FileChanged,
}

impl Reason {
    /// All.
    pub const ALL: [Reason; 7] = [
        Reason::Header,
        Reason::Delimiter,
        Reason::Encoding,
        Reason::Empty,
        Reason::AllRows,
        Reason::MaxQuarantine,
        Reason::FileChanged,
    ];

    /// As a pattern names it.
    pub fn word(self) -> &'static str {
        match self {
            Reason::Header => "header",
            Reason::Delimiter => "delimiter",
            Reason::Encoding => "encoding",
            Reason::Empty => "empty",
            Reason::AllRows => "all_rows",
            Reason::MaxQuarantine => "max_quarantine",
            Reason::FileChanged => "file_changed",
        }
    }
}

/// What a file looks like before its rows are judged.
#[derive(Clone, Debug, Default)]
pub struct Arrival<'a> {
    /// The declared columns, each with its aliases. Empty when none are declared: no header is wrong then.
    pub declared: &'a [Vec<String>],
    /// The header's columns; empty when the format has none.
    pub found: &'a [String],
    /// The delimiter it was split by; `None` for formats without.
    pub delimiter: Option<char>,
    /// Data records, if they are known already.
    pub records: Option<u64>,
    /// Records with bytes that do not decode.
    pub undecodable: u64,
}

/// Why the batch looks like a changed source, with the ratio that says so and the sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Why.
    pub reason: Reason,
    /// For `header` the share of declared columns that match, for `encoding` that of records that do not decode, for
    /// `max_quarantine` and `all_rows` that of rows; 0 for the others.
    pub ratio: f64,
    /// As people see it.
    pub sentence: String,
}

/// Judges a file on arrival. Names match when they are equal but for case, `_`, `-`, blanks and camel case.
pub fn arrival(seen: &Arrival<'_>) -> Option<Finding> {
    let read = seen.records.unwrap_or(0);
    let undecodable = ratio(seen.undecodable, read);
    if undecodable > MOST_UNDECODABLE {
        let sentence = format!("{} of {read} records do not decode: is it another encoding", seen.undecodable);
        return Some(Finding { reason: Reason::Encoding, ratio: undecodable, sentence });
    }
    if let Some(finding) = header(seen) {
        return Some(finding);
    }
    (seen.records == Some(0)).then(|| Finding {
        reason: Reason::Empty,
        ratio: 0.0,
        sentence: "there are no rows; allow it with `on structural(reason: empty) => keep`".to_owned(),
    })
}

fn header(seen: &Arrival<'_>) -> Option<Finding> {
    if seen.declared.is_empty() || seen.found.is_empty() {
        return None;
    }
    let total = seen.declared.len();
    let matched = matching(seen.declared, seen.found.iter().map(String::as_str));
    let share = share_of(matched, total);
    if share >= LEAST_HEADER_MATCH {
        return None;
    }
    for delimiter in DELIMITERS.into_iter().filter(|d| seen.delimiter.is_some() && seen.delimiter != Some(*d)) {
        let split = seen.found.iter().flat_map(|name| name.split(delimiter)).map(|n| n.trim().trim_matches('"'));
        let by_other = matching(seen.declared, split);
        if by_other > matched && share_of(by_other, total) >= LEAST_HEADER_MATCH {
            let shown = if delimiter == '\t' { "\\t".to_owned() } else { delimiter.to_string() };
            let sentence = format!(
                "split by `{shown}` the header has {by_other} of {total} declared columns, as declared it has {matched}"
            );
            return Some(Finding { reason: Reason::Delimiter, ratio: share, sentence });
        }
    }
    let sentence = format!("the header has {matched} of {total} declared columns");
    Some(Finding { reason: Reason::Header, ratio: share, sentence })
}

fn matching<'n>(declared: &[Vec<String>], found: impl Iterator<Item = &'n str>) -> usize {
    let found: std::collections::BTreeSet<String> = found.map(names::fold).collect();
    declared.iter().filter(|names| names.iter().any(|name| found.contains(&names::fold(name)))).count()
}

fn share_of(part: usize, whole: usize) -> f64 {
    ratio(part as u64, whole as u64)
}

/// What is to become of a batch, after healing. The order is that of severity.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It goes on; its unhealed rows take their fates.
    Proceed,
    /// It is bad throughout but too small to blame the source: it goes to quarantine whole, the watermark moves, exit 3.
    QuarantineWhole,
    /// The load stops: nothing is committed, nothing quarantined, no watermark moved.
    Stop(Finding),
}

/// A batch and what came before it, for [`judge`].
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// Its rows as read.
    pub rows: u64,
    /// Its rows that no clause healed, kept or dropped and that do not wait.
    pub unhealed: u64,
    /// A rule that every row violates, unhealed.
    pub violated_by_all: Option<&'a str>,
    /// Earlier batches of the table as `(rows, unhealed)`, the latest first. As many as 20 rows take are looked at.
    pub earlier: &'a [(u64, u64)],
}

/// Judges a batch after healing. The share of unhealed rows is taken over this batch and, when it has fewer than
/// [`LEAST_ROWS`], as many earlier rows as are needed for that; of the earliest batch that is needed only in part, its
/// share counts.
pub fn judge(batch: &Batch<'_>, max_quarantine: f64) -> Verdict {
    let unhealed = batch.unhealed.min(batch.rows);
    if unhealed == 0 {
        return Verdict::Proceed;
    }
    let mut seen = batch.rows;
    #[expect(clippy::cast_precision_loss, reason = "a share of row counts")]
    let mut bad = unhealed as f64;
    for &(rows, unhealed) in batch.earlier {
        let taken = LEAST_ROWS.saturating_sub(seen).min(rows);
        #[expect(clippy::cast_precision_loss, reason = "at most 20")]
        let weight = taken as f64;
        bad += weight * ratio(unhealed.min(rows), rows);
        seen += taken;
    }
    if seen >= LEAST_ROWS {
        #[expect(clippy::cast_precision_loss, reason = "a share of row counts")]
        let share = bad / seen as f64;
        // Every one of the rows looked at must be bad: in a batch of 20 or more that is the rule's own verdict.
        if let Some(rule) = batch.violated_by_all.filter(|_| batch.rows >= LEAST_ROWS || share >= 1.0) {
            let sentence = format!("all {} rows violate `{rule}` and none was healed", batch.rows);
            return Verdict::Stop(Finding { reason: Reason::AllRows, ratio: share, sentence });
        }
        if share > max_quarantine {
            let earlier = seen - batch.rows;
            let over = if earlier == 0 { String::new() } else { format!(", with {earlier} earlier rows") };
            let sentence = format!(
                "{unhealed} of {} rows were not healed: {:.1}%{over}, more than `max_quarantine` {}%",
                batch.rows,
                share * 100.0,
                percent(max_quarantine)
            );
            return Verdict::Stop(Finding { reason: Reason::MaxQuarantine, ratio: share, sentence });
        }
    }
    if unhealed == batch.rows { Verdict::QuarantineWhole } else { Verdict::Proceed }
}

/// Whether waiting rows hold the whole batch back: more than `max_quarantine` of them wait, or a schema proposal does.
pub fn batch_waits(waiting: u64, rows: u64, max_quarantine: f64, schema_proposal: bool) -> bool {
    schema_proposal || ratio(waiting, rows) > max_quarantine
}

/// A share as a percentage without needless digits: `50`, `0.1`.
pub(crate) fn percent(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn declared(names: &[&str]) -> Vec<Vec<String>> {
        names.iter().map(|n| n.split('/').map(str::to_owned).collect()).collect()
    }

    fn arrive(names: &[&str], found: &[&str], delimiter: char) -> Option<(Reason, f64)> {
        let (declared, found) = (declared(names), found.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
        let seen = Arrival {
            declared: &declared,
            found: &found,
            delimiter: Some(delimiter),
            records: Some(3),
            undecodable: 0,
        };
        arrival(&seen).map(|f| (f.reason, f.ratio))
    }

    #[test]
    fn reasons_are_those_of_the_language() {
        assert_eq!(Reason::ALL.map(Reason::word), pipe_schema::STRUCTURAL_REASONS);
    }

    #[test]
    fn a_header_must_match_half() {
        let names = ["order_id", "total/sum_total", "status", "day"];
        assert_eq!(arrive(&names, &["OrderId", "Sum Total", "x", "y"], ','), None);
        assert_eq!(arrive(&names, &["order_id", "a", "b", "c"], ','), Some((Reason::Header, 0.25)));
        assert_eq!(arrive(&[], &["a"], ','), None);
    }

    #[test]
    fn another_delimiter_is_told_from_another_header() {
        let names = ["order_id", "total", "status", "day"];
        assert_eq!(arrive(&names, &["order_id;total;status;day"], ','), Some((Reason::Delimiter, 0.0)));
        assert_eq!(arrive(&names, &["a;b;c;d"], ','), Some((Reason::Header, 0.0)));
        assert_eq!(arrive(&names, &["order_id;total;status;day"], ';'), Some((Reason::Header, 0.0)));
    }

    #[test]
    fn empty_and_undecodable_input() {
        let names = declared(&["a"]);
        let found = ["a".to_owned()];
        let seen = Arrival { declared: &names, found: &found, delimiter: Some(','), records: Some(0), undecodable: 0 };
        assert_eq!(arrival(&seen).unwrap().reason, Reason::Empty);
        assert_eq!(arrival(&Arrival { records: None, ..seen.clone() }), None);
        let seen = Arrival { records: Some(100), undecodable: 11, ..seen };
        assert_eq!(arrival(&seen).unwrap().reason, Reason::Encoding);
        assert_eq!(arrival(&Arrival { undecodable: 10, ..seen }), None);
    }

    fn verdict(rows: u64, unhealed: u64, earlier: &[(u64, u64)]) -> Verdict {
        judge(&Batch { rows, unhealed, violated_by_all: None, earlier }, 0.5)
    }

    fn stopped(verdict: &Verdict) -> Option<Reason> {
        if let Verdict::Stop(f) = verdict { Some(f.reason) } else { None }
    }

    #[test]
    fn more_than_the_share_stops() {
        assert_eq!(verdict(100, 50, &[]), Verdict::Proceed);
        let stop = verdict(100, 51, &[]);
        let Verdict::Stop(finding) = &stop else { panic!("{stop:?}") };
        assert_eq!(finding.sentence, "51 of 100 rows were not healed: 51.0%, more than `max_quarantine` 50%");
    }

    #[test]
    fn a_small_batch_is_measured_with_the_rows_before_it() {
        // 12 bad rows and 8 good ones before them.
        assert_eq!(stopped(&verdict(12, 12, &[(100, 0)])), Some(Reason::MaxQuarantine));
        // 5 bad rows, 15 good ones: nothing says that the source changed, but nothing of the batch is left.
        assert_eq!(verdict(5, 5, &[(100, 0)]), Verdict::QuarantineWhole);
        assert_eq!(verdict(5, 4, &[(100, 0)]), Verdict::Proceed);
        assert_eq!(verdict(5, 4, &[(10, 10)]), Verdict::Proceed, "15 rows are too few to judge by");
        assert_eq!(stopped(&verdict(5, 4, &[(10, 10), (5, 0)])), Some(Reason::MaxQuarantine));
        assert_eq!(verdict(19, 19, &[]), Verdict::QuarantineWhole);
    }

    #[test]
    fn a_rule_violated_by_all_stops_whatever_the_share() {
        let all = |rows, earlier| judge(&Batch { rows, unhealed: rows, violated_by_all: Some("a.ge"), earlier }, 1.0);
        assert_eq!(stopped(&all(20, &[])), Some(Reason::AllRows));
        assert_eq!(all(19, &[]), Verdict::QuarantineWhole);
        assert_eq!(all(19, &[(1, 0)]), Verdict::QuarantineWhole);
        assert_eq!(stopped(&all(19, &[(1, 1)])), Some(Reason::AllRows));
    }

    #[test]
    fn a_lost_batch_is_never_a_success() {
        let lost = judge(&Batch { rows: 50, unhealed: 50, violated_by_all: None, earlier: &[] }, 1.0);
        assert_eq!(lost, Verdict::QuarantineWhole);
    }

    #[test]
    fn waiting_rows_hold_a_batch_back_beyond_the_share() {
        assert!(!batch_waits(5, 10, 0.5, false) && batch_waits(6, 10, 0.5, false) && batch_waits(0, 10, 0.5, true));
    }

    fn severity(v: &Verdict) -> u8 {
        match v {
            Verdict::Proceed => 0,
            Verdict::QuarantineWhole => 1,
            Verdict::Stop(_) => 2,
        }
    }

    proptest! {
        #[test]
        fn more_unhealed_rows_are_never_judged_milder(
            rows in 1u64..60, a in 0u64..60, b in 0u64..60, max in 0.0f64..=1.0,
            earlier in prop::collection::vec((0u64..30).prop_flat_map(|n| (Just(n), 0..=n)), 0..4),
        ) {
            let (low, high) = (a.min(b).min(rows), a.max(b).min(rows));
            let of = |unhealed| {
                let all = (unhealed == rows).then_some("r");
                severity(&judge(&Batch { rows, unhealed, violated_by_all: all, earlier: &earlier }, max))
            };
            prop_assert!(of(low) <= of(high));
            let looser = |max| severity(&judge(&Batch { rows, unhealed: high, violated_by_all: None, earlier: &earlier }, max));
            prop_assert!(looser(max) >= looser(1.0));
            prop_assert!(of(rows) >= 1, "a batch without a good row is no success");
        }
    }
}
