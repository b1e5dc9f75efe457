//! What is found before anything is read, and how it is bound.

use std::collections::BTreeMap;
use std::fs;

use pipe_schema::{ConfigValue, Type};
use tempfile::tempdir;

use super::table::{Table, cells};
use crate::source::{Discovery, Drift, FieldSpec, FindingKind, bind};

async fn found(content: impl AsRef<[u8]>, set: impl FnOnce(Table) -> Table) -> Discovery {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("a.csv"), content).unwrap();
    set(Table::new(dir.path(), "csv", "a.csv")).discovery().await.unwrap()
}

fn kinds(discovery: &Discovery) -> Vec<FindingKind> {
    discovery.findings.iter().map(|f| f.kind.clone()).collect()
}

#[tokio::test]
async fn types_are_inferred_and_leading_zeros_stay_text() {
    let discovery = found(
        "Id,zip,price,flag,day,at,utc,word,empty,mixed,nan\n\
         1,01234,1.5,true,2026-01-31,2026-01-31 10:00,2026-01-31T10:00:00Z,x,,1,nan\n\
         -2,99999,2,False,2026-02-28,2026-02-28,2026-02-28 10:00:00+01:00,2,,x,inf\n",
        |t| t,
    )
    .await;
    let types: Vec<(&str, String)> = discovery.columns.iter().map(|c| (c.name.as_str(), c.ty.to_string())).collect();
    assert_eq!(
        types,
        [
            ("id", "bigint"),
            ("zip", "text"),
            ("price", "double"),
            ("flag", "boolean"),
            ("day", "date"),
            ("at", "timestamp"),
            ("utc", "timestamptz"),
            ("word", "text"),
            ("empty", "text"),
            ("mixed", "text"),
            ("nan", "text"),
        ]
        .map(|(n, t)| (n, t.to_string()))
    );
    assert_eq!(discovery.columns[0].header, "Id");
    assert_eq!(discovery.columns[0].samples, ["1", "-2"]);
    assert_eq!(discovery.findings, []);
}

#[tokio::test]
async fn headers_that_are_no_good_names_are_reported_and_made_unique() {
    let discovery = found("id,total,,Total,total,total_2\n1,2,3,4,5,6\n", |t| t).await;
    let names: Vec<&str> = discovery.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names.len(), 6);
    let distinct: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), 6, "{names:?}");
    assert_eq!((names[1], names[2], names[5]), ("total", "column_3", "total_2"));
    assert_eq!(
        kinds(&discovery),
        [
            FindingKind::EmptyHeader { position: 3 },
            FindingKind::CaseClash { headers: vec!["total".into(), "Total".into()] },
            FindingKind::DuplicateHeader { column: "total".into() },
        ]
    );
    assert!(discovery.findings.iter().all(|f| f.kind.structural() == Some("header")));
}

#[tokio::test]
async fn empty_and_header_only_files() {
    for content in ["", "\n\n", "\u{feff}"] {
        assert_eq!(kinds(&found(content, |t| t).await), [FindingKind::Empty], "{content:?}");
    }
    let header_only = found("id,total\n", |t| t).await;
    assert_eq!(kinds(&header_only), [FindingKind::HeaderOnly]);
    assert_eq!(header_only.findings[0].message, "`a.csv` has a header and no records");
    assert_eq!(header_only.findings[0].kind.structural(), Some("empty"));
    assert_eq!(header_only.columns.len(), 2);
}

#[tokio::test]
async fn a_header_that_matches_too_little_is_structural() {
    let declared = [("id", Type::Int), ("total", Type::Double), ("day", Type::Date)];
    let discovery = found("id,b,c\n1,2,3\n", |t| t.declare(&declared)).await;
    assert_eq!(kinds(&discovery), [FindingKind::HeaderMismatch { matched: 1, declared: 3 }]);
    let discovery = found("id,total,c\n1,2,3\n", |t| t.declare(&declared)).await;
    assert_eq!(kinds(&discovery), []);
}

#[tokio::test]
async fn another_delimiter_is_suspected() {
    let discovery = found("id;name;price\n1;x;1,5\n2;y;2,5\n", |t| t).await;
    // `,` splits the records, but not the header.
    assert_eq!(kinds(&discovery), [FindingKind::Delimiter { found: ';', columns: 3 }]);
    assert!(discovery.findings[0].message.contains("give `delimiter = ';'`"), "{}", discovery.findings[0].message);
    assert_eq!(kinds(&found("name\nx\ny;z\n", |t| t).await), []);
}

#[tokio::test]
async fn another_encoding_is_suspected() {
    let utf16: Vec<u8> = "id,name\n1,x\n2,y\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(kinds(&found(&utf16, |t| t).await).contains(&FindingKind::Encoding { found: "utf-16le" }));
    assert!(kinds(&found(&utf16, |t| t.text_key("encoding", "utf-16le")).await).is_empty());
    let utf16: Vec<u8> = "id,name\n1,x\n2,y\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert!(kinds(&found(&utf16, |t| t).await).contains(&FindingKind::Encoding { found: "utf-16be" }));
    let latin = b"id,name\n1,Zo\xeb\n2,Ren\xe9\n";
    assert_eq!(kinds(&found(latin, |t| t).await), [FindingKind::Encoding { found: "windows-1252" }]);
    // One stray byte in many lines is a bad record.
    let mut text = b"id,name\n".to_vec();
    for i in 0..50 {
        text.extend_from_slice(format!("{i},x\n").as_bytes());
    }
    text.extend_from_slice(b"51,\xff\n");
    assert_eq!(kinds(&found(&text, |t| t).await), []);
}

#[tokio::test]
async fn a_character_cut_by_the_end_of_the_head_is_no_finding() {
    let mut text = String::new();
    while text.len() < (1 << 20) + 100 {
        text.push_str("1,ßßßßßßßßßßßßßßßßßßßßßßßßß\n");
    }
    for pad in 0..4 {
        let content = format!("id,name\n{}{text}", "x".repeat(pad));
        assert_eq!(kinds(&found(&content, |t| t).await), [], "{pad}");
    }
}

#[tokio::test]
async fn files_of_one_glob_have_bindings_of_their_own() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("1.csv"), "id,total,Extra\n1,10,e\n").unwrap();
    fs::write(dir.path().join("2.csv"), "SUM_TOTAL,id\n20,2\n").unwrap();
    fs::write(dir.path().join("3.csv"), "id,amount\n3,30\n").unwrap();
    fs::write(dir.path().join("4.csv"), "id\n4\n").unwrap();
    let mut table = Table::new(dir.path(), "csv", "*.csv");
    table.spec.declared = Some(vec![
        FieldSpec::new("id", Type::Int),
        FieldSpec::new("total", Type::Int).with_aliases(vec!["sum_total".into()]),
    ]);
    table.renames = BTreeMap::from([("total".to_string(), "amount".to_string())]);
    let rows: Vec<_> = table.rows().await.into_iter().map(|r| r.cells).collect();
    assert_eq!(rows, [cells(&["1", "10"]), cells(&["2", "20"]), cells(&["3", "30"]), cells(&["4", "∅"])]);
    let (_, _, bound) = table.bound().await.unwrap();
    assert_eq!(
        bound.drift,
        [
            Drift::New { file: 0, column: "extra".into(), ty: Type::Text },
            Drift::Missing { file: 3, column: "total".into() },
        ]
    );
    let discovery = table.discovery().await.unwrap();
    let without = bind(&table.spec, &discovery, table.spec.declared.as_ref().unwrap(), &BTreeMap::new());
    assert!(without.drift.contains(&Drift::Missing { file: 2, column: "total".into() }));
    assert!(without.drift.contains(&Drift::New { file: 2, column: "amount".into(), ty: Type::BigInt }));
}

#[tokio::test]
async fn columns_of_several_files_have_a_type_that_holds_all() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("1.csv"), "a,b,c\n1,2026-01-01,\n").unwrap();
    fs::write(dir.path().join("2.csv"), "c,b,a\n7,2026-01-01 10:00,1.5\n").unwrap();
    let discovery = Table::new(dir.path(), "csv", "*.csv").discovery().await.unwrap();
    let types: Vec<_> = discovery.columns.iter().map(|c| (c.name.as_str(), c.ty.clone())).collect();
    assert_eq!(types, [("a", Type::Double), ("b", Type::Timestamp), ("c", Type::BigInt)]);
}

#[tokio::test]
async fn a_partition_stands_in_for_a_column_and_does_not_replace_one() {
    let dir = tempdir().unwrap();
    fs::create_dir_all(dir.path().join("year=2026")).unwrap();
    fs::write(dir.path().join("year=2026/a.csv"), "id,year\n1,1999\n").unwrap();
    fs::write(dir.path().join("year=2026/b.csv"), "id\n2\nx,y\n").unwrap();
    let rows = Table::new(dir.path(), "csv", "*/*.csv")
        .key("partitioned", ConfigValue::Bool(true))
        .declare(&[("id", Type::Int), ("year", Type::Int)])
        .rows()
        .await;
    let seen: Vec<_> = rows.into_iter().map(|r| r.cells).collect();
    // A broken record has no values, not even that of its path.
    assert_eq!(seen, [cells(&["1", "1999"]), cells(&["2", "2026"]), cells(&["∅", "∅"])]);
}
