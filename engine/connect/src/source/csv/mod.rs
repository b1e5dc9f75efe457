//! CSV: one thread cuts a file into chunks of whole records, any thread splits a chunk into cells.
//!
//! Quoting follows csv-core: a quote opens a value only at its start, a doubled quote is one quote, what follows a
//! closing quote belongs to the value. Two things differ, so that a stray quote costs one record and not the rest of
//! the file: a quoted value that spans lines and is not closed before a delimiter or line end, and one that is not
//! closed at all, end with their line. Quoted and unquoted empty values are told apart.

mod chunker;
mod quotes;
mod search;
mod split;

pub(crate) use chunker::CsvChunker;
pub(crate) use split::{field_count, split};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::source::chunk::Chunker;
    use crate::source::options::Dialect;

    type Rows = Vec<(u64, Option<String>, Vec<u8>)>;

    /// Line, reason and text of all records.
    fn rows(mut text: &[u8], dialect: &Dialect, target: usize) -> Rows {
        let mut chunker = CsvChunker::new(dialect.clone(), 0, target);
        let mut rows = Vec::new();
        while let Some(chunk) = chunker.next(&mut text).unwrap() {
            assert_eq!(chunk.first_row, rows.len() as u64);
            let dialect = Dialect { newline: chunk.newline, ..dialect.clone() };
            let cells = split(&chunk, &dialect, 2);
            assert_eq!(cells.rows.len() as u64, chunk.rows);
            for (i, row) in cells.rows.iter().enumerate() {
                let reason = cells.bad.iter().find(|(bad, _)| *bad == i).map(|(_, reason)| reason.clone());
                let record = chunk.text[row.start as usize..row.end as usize].to_vec();
                rows.push((chunk.first_line + u64::from(row.line), reason, record));
            }
        }
        rows
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        /// Bounds on fields and records hold wherever the text is cut.
        #[test]
        fn bounds_do_not_depend_on_chunks(
            text in "[a,\"\n\r]{0,120}",
            max_field in 1usize..30,
            more in 1usize..40,
            target in 1usize..50,
        ) {
            let dialect = Dialect { header: false, max_field, max_record: max_field + more, ..Dialect::default() };
            prop_assert_eq!(rows(text.as_bytes(), &dialect, 1 << 20), rows(text.as_bytes(), &dialect, target));
        }
    }
}
