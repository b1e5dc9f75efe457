use insta::assert_snapshot;
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::{Style, concise, full_with, github, json, page, sorted, summary};
use crate::codes::syntax::UNKNOWN_STATEMENT as CODE;
use crate::{Diagnostic, FileId, Severity, Sources, Span, codes};

const PLAIN: Style = Style { color: false, unicode: true, width: 80 };

/// Where `text` is in a file.
fn at(sources: &Sources, file: FileId, text: &str) -> Span {
    let whole = &sources.get(file).expect("a file").text;
    let start = whole.find(text).unwrap_or_else(|| panic!("no {text:?}"));
    Span::new(file, start..start + text.len())
}

fn file(text: &str) -> (Sources, FileId) {
    let mut sources = Sources::default();
    let id = sources.add("shop.pipe", text);
    (sources, id)
}

fn drawn(text: &str, underlined: &str, said: &str) -> String {
    let (sources, id) = file(text);
    let d = Diagnostic::error(CODE, "something is wrong", at(&sources, id, underlined)).saying(said);
    full_with(&[d], &sources, PLAIN)
}

#[test]
fn a_message_shows_the_place_the_lines_around_it_and_what_next() {
    let (sources, id) =
        file("pipe 1;\n\nsource orders from csv 'a.csv' with (delimitr = ';');\nload orders into csv 'b';\n");
    let d = Diagnostic::error(CODE, "`csv` has no key `delimitr`", at(&sources, id, "delimitr"))
        .saying("not a key of a csv source")
        .help("did you mean `delimiter`?")
        .note("a csv source takes `header`, `delimiter`, `quote`, `escape`, `null`, `encoding`, `comment`, `trim` and others");
    assert_snapshot!(full_with(&[d], &sources, PLAIN), @r"
     error[E0001]: `csv` has no key `delimitr`
      ╭─[shop.pipe:3:38]
    2 │
    3 │ source orders from csv 'a.csv' with (delimitr = ';');
      ·                                      ────┬───
      ·                                          ╰── not a key of a csv source
    4 │ load orders into csv 'b';
      ╰────
     help: did you mean `delimiter`?
     note: a csv source takes `header`, `delimiter`, `quote`, `escape`, `null`,
           `encoding`, `comment`, `trim` and others
    ");
}

#[test]
fn tabs_wide_characters_and_crlf_are_underlined_right() {
    assert_snapshot!(drawn("--- größe ☃\r\n\tmodel 価格\tas selct 1;\r\nload x;\r\n", "selct", "here"), @r"
     error[E0001]: something is wrong
      ╭─[shop.pipe:2:14]
    1 │ --- größe ☃
    2 │     model 価格  as selct 1;
      ·                    ──┬──
      ·                      ╰── here
    3 │ load x;
      ╰────
    ");
    assert_snapshot!(drawn("model a as select 'ä𝄞', b;", "b;", ""), @r"
     error[E0001]: something is wrong
      ╭─[shop.pipe:1:25]
    1 │ model a as select 'ä𝄞', b;
      ·                         ──
      ╰────
    ");
    assert_snapshot!(drawn("a\u{0}\u{1b}[31mb \u{202e}x", "x", "not red"), @r"
     error[E0001]: something is wrong
      ╭─[shop.pipe:1:11]
    1 │ a��[31mb �x
      ·           ┬
      ·           ╰── not red
      ╰────
    ");
}

#[test]
fn the_end_of_a_file_and_an_empty_file_can_be_pointed_at() {
    let (sources, id) = file("model a as\n");
    let end = Diagnostic::error(CODE, "not ended", Span::new(id, 11..11)).saying("missing `;`");
    assert_snapshot!(full_with(&[end], &sources, PLAIN), @r"
     error[E0001]: not ended
      ╭─[shop.pipe:2:1]
    1 │ model a as
    2 │
      · ▲
      · ╰── missing `;`
      ╰────
    ");
    let (sources, id) = file("");
    let end = Diagnostic::warning(CODE, "nothing here", Span::new(id, 0..0)).saying("empty");
    assert_snapshot!(full_with(&[end], &sources, PLAIN), @r"
     warning[E0001]: nothing here
      ╭─[shop.pipe:1:1]
    1 │
      · ▲
      · ╰── empty
      ╰────
    ");
}

#[test]
fn several_places_stand_in_one_drawing_when_they_are_near() {
    let (sources, id) = file("model a as select 1;\nmodel a as select 2;\n\n\n\n\n\nmodel b as select 3;\n");
    let first = at(&sources, id, "a as select 1");
    let second = Span::new(id, 27..28);
    let far = at(&sources, id, "b as");
    let d = Diagnostic::error(CODE, "`a` is declared twice", second)
        .saying("again here")
        .label(Span { end: first.start + 1, ..first }, "first here")
        .label(Span { end: far.start + 1, ..far }, "a free name");
    assert_snapshot!(full_with(&[d], &sources, PLAIN), @r"
     error[E0001]: `a` is declared twice
      ╭─[shop.pipe:2:7]
    1 │ model a as select 1;
      ·       ┬
      ·       ╰── first here
    2 │ model a as select 2;
      ·       ┬
      ·       ╰── again here
    3 │
      ╰────
      ╭─[shop.pipe:8:7]
    7 │
    8 │ model b as select 3;
      ·       ┬
      ·       ╰── a free name
      ╰────
    ");
}

#[test]
fn places_in_other_files_have_drawings_of_their_own() {
    let mut sources = Sources::default();
    let main = sources.add("main.pipe", "use 'shared/sources.pipe';\nmodel orders as select 1;\n");
    let shared = sources.add("shared/sources.pipe", "--- ü\nsource orders from csv 'x.csv';\n");
    let d = Diagnostic::error(CODE, "`orders` is declared twice", at(&sources, main, "orders"))
        .label(at(&sources, shared, "orders"), "first declared here")
        .help("give one of them another name");
    assert_snapshot!(full_with(&[d], &sources, PLAIN), @r"
     error[E0001]: `orders` is declared twice
      ╭─[main.pipe:2:7]
    1 │ use 'shared/sources.pipe';
    2 │ model orders as select 1;
      ·       ──────
      ╰────
     note: first declared here
      ╭─[shared/sources.pipe:2:8]
    1 │ --- ü
    2 │ source orders from csv 'x.csv';
      ·        ──────
      ╰────
     help: give one of them another name
    ");
}

#[test]
fn long_lines_are_cut_around_the_place() {
    let long = format!(
        "model a as select {}, totl from orders where {};",
        "column_name, ".repeat(30),
        "x > 0 and ".repeat(30)
    );
    assert_snapshot!(drawn(&long, "totl", "no such column in `orders`; it has `id`, `total`, `ordered_at` and 12 others"), @r"
     error[E0001]: something is wrong
      ╭─[shop.pipe:1:411]
    1 │ …mn_name, column_name, , totl from orders where x > 0 and x > 0 and x > 0…
      ·                          ──┬─
      ·                            ╰─┤ no such column in `orders`; it has `id`,
      ·                              │ `total`, `ordered_at` and 12 others
      ╰────
    ");
    let late = format!("model a as select {}x", "1, ".repeat(18));
    assert_snapshot!(drawn(&late, "x", "a text that is too long to stand to the right of the place it is about"), @r"
     error[E0001]: something is wrong
      ╭─[shop.pipe:1:73]
    1 │ …1, 1, 1, 1, 1, 1, 1, 1, x
      ·                          ┬
      ·                          ╰─┤ a text that is too long to stand to the
      ·                            │ right of the place it is about
      ╰────
    ");
}

#[test]
fn a_place_of_many_lines_is_shown_by_its_first() {
    let block = "rules a {\n  x not null;\n  y not null;\n  z not null;\n  w not null;\n}\n";
    assert_snapshot!(drawn(block, block, "this block"), @r"
     error[E0001]: something is wrong
      ╭─[shop.pipe:1:1]
    1 │ rules a {
      · ────┬────
      ·     ╰── this block
    2 │   x not null;
      ╰────
    ");
    assert_snapshot!(drawn("select a,\n  b\nfrom c", "a,\n  b", "two lines"), @r"
     error[E0001]: something is wrong
      ╭─[shop.pipe:1:8]
    1 │ ╭─▶ select a,
    2 │ ├─▶   b
      · ╰──── two lines
    3 │     from c
      ╰────
    ");
}

#[test]
fn without_a_place_there_is_the_message() {
    let d = Diagnostic::new(CODE, Severity::Error, "no file matches `*.pipe`\nin `x`").help("name one");
    assert_snapshot!(full_with(&[d], &Sources::default(), PLAIN), @r"
    error[E0001]: no file matches `*.pipe` in `x`
    help: name one
    ");
}

#[test]
fn ascii_and_colours_are_drawn_on_demand() {
    let (sources, id) = file("modle a as select 1;");
    let d = Diagnostic::warning(CODE, "unknown statement `modle`", at(&sources, id, "modle"))
        .saying("here")
        .help("`model`?");
    assert_snapshot!(full_with(std::slice::from_ref(&d), &sources, Style { unicode: false, ..PLAIN }), @r"
     warning[E0001]: unknown statement `modle`
      ,-[shop.pipe:1:1]
    1 | modle a as select 1;
      : ^^|^^
      :   `-- here
      `----
     help: `model`?
    ");
    let colored = full_with(&[d], &sources, Style { color: true, ..PLAIN });
    assert_snapshot!(colored.replace('\u{1b}', "␛"), @r"
     ␛[33mwarning[E0001]:␛[0m unknown statement `modle`
      ╭─[␛[36;1;4mshop.pipe:1:1␛[0m]
    ␛[2m1␛[0m │ modle a as select 1;
      · ␛[33m──┬──␛[0m
      ·   ␛[33m╰── ␛[33mhere␛[0m␛[0m
      ╰────
     ␛[36mhelp:␛[0m `model`?
    ");
}

fn three() -> (Sources, Vec<Diagnostic>) {
    let (sources, id) = file("é\t%a,\r\nbb: c");
    let list = vec![
        Diagnostic::new(CODE, Severity::Error, "no place"),
        Diagnostic::error(CODE, "second: 100%\nof it", at(&sources, id, "bb")).note("a, b").help("c: d"),
        Diagnostic::warning(CODE, "first", at(&sources, id, "%a")).label(at(&sources, id, "c"), "and here"),
        Diagnostic::warning(CODE, "first", at(&sources, id, "%a")).label(at(&sources, id, "c"), "and here"),
    ];
    (sources, list)
}

#[test]
fn the_other_forms_tell_the_same_in_the_order_of_places() {
    let (sources, list) = three();
    assert_eq!(sorted(&list).len(), 3, "the same twice is told once");
    assert_eq!(summary(&list), "2 errors, 1 warning");
    assert_eq!(summary(&[]), "");
    assert_snapshot!(concise(&list, &sources), @r"
    shop.pipe:1:3: warning[E0001]: first
    shop.pipe:2:1: error[E0001]: second: 100% of it
    error[E0001]: no place
    ");
    assert_snapshot!(github(&list, &sources), @r"
    ::warning file=shop.pipe,line=1,col=3,endLine=1,endColumn=5,title=E0001::first
    ::error file=shop.pipe,line=2,col=1,endLine=2,endColumn=3,title=E0001::second: 100%25%0Aof it%0Ahelp: c: d%0Anote: a, b
    ::error title=E0001::no place
    ");
    assert_snapshot!(json(&list, &sources), @r#"
    [
      {
        "code": "E0001",
        "severity": "warning",
        "message": "first",
        "file": "shop.pipe",
        "line": 1,
        "column": 3,
        "end_line": 1,
        "end_column": 5,
        "start": 3,
        "end": 5,
        "help": null,
        "notes": [],
        "labels": [
          {
            "file": "shop.pipe",
            "line": 1,
            "column": 3,
            "end_line": 1,
            "end_column": 5,
            "start": 3,
            "end": 5,
            "text": ""
          },
          {
            "file": "shop.pipe",
            "line": 2,
            "column": 5,
            "end_line": 2,
            "end_column": 6,
            "start": 12,
            "end": 13,
            "text": "and here"
          }
        ]
      },
      {
        "code": "E0001",
        "severity": "error",
        "message": "second: 100%\nof it",
        "file": "shop.pipe",
        "line": 2,
        "column": 1,
        "end_line": 2,
        "end_column": 3,
        "start": 8,
        "end": 10,
        "help": "c: d",
        "notes": [
          "a, b"
        ],
        "labels": [
          {
            "file": "shop.pipe",
            "line": 2,
            "column": 1,
            "end_line": 2,
            "end_column": 3,
            "start": 8,
            "end": 10,
            "text": ""
          }
        ]
      },
      {
        "code": "E0001",
        "severity": "error",
        "message": "no place",
        "file": null,
        "line": null,
        "column": null,
        "end_line": null,
        "end_column": null,
        "start": null,
        "end": null,
        "help": null,
        "notes": [],
        "labels": []
      }
    ]
    "#);
}

#[test]
fn a_page_is_wrapped() {
    let shown = page(codes::page("e0301").expect("a page"));
    assert_snapshot!(shown, @r"
    E0301: a number in SQL touches a word

    `1_000` and `5m` are a number and a duration in config, but not in SQL, which
    would read `1` with the alias `_000`, and `5` with the alias `m`, and say
    nothing. Write `1000`, and `interval '5 minutes'`.

    Wrong:

        model daily as select 1_000;

    Right:

        model daily as select 1000 as x;
    ");
    for p in codes::pages() {
        let wide: Vec<_> =
            page(p).lines().filter(|l| l.width() > 80 && !l.starts_with("    ")).map(str::to_owned).collect();
        assert!(wide.is_empty(), "{}: {wide:?}", p.code);
    }
}

#[test]
fn many_are_counted_not_drawn() {
    let (sources, id) = file(&"x\n".repeat(300));
    let all: Vec<_> = (0..300).map(|i| Diagnostic::error(CODE, "wrong", Span::new(id, i * 2..i * 2 + 1))).collect();
    let shown = full_with(&all, &sources, PLAIN);
    assert!(shown.ends_with("  and 200 more; `--format concise` lists all\n"), "{shown}");
    assert_eq!(concise(&all, &sources).lines().count(), 300);
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "select", " ", "\t", "\n", "\r\n", "\r", "ü", "価", "𝄞", "e\u{301}", "\u{feff}", "\u{0}", "\u{1b}",
            "\u{202e}", "…", "%",
        ])
        .prop_map(str::to_owned),
        "[a-z ,]{0,90}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|v| v.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_with_any_places_is_drawn_within_the_width(
        texts in prop::collection::vec(text(), 1..3),
        places in prop::collection::vec((0..3usize, 0..4_000usize, 0..40usize, "[a-zü ]{0,60}"), 0..5),
        message in text(),
        width in 40..120usize,
        unicode in any::<bool>(),
    ) {
        let mut sources = Sources::default();
        for (i, text) in texts.iter().enumerate() {
            sources.add(format!("f{i}.pipe"), text.as_str());
        }
        let mut d = Diagnostic::new(CODE, Severity::Error, message.clone()).help(message);
        for (file, start, length, said) in places {
            let text = texts.get(file).map_or("", String::as_str);
            let floor = |mut n: usize| { n = n.min(text.len()); while !text.is_char_boundary(n) { n -= 1; } n };
            d = d.label(Span::new(FileId(file as u32), floor(start % (text.len() + 1))..floor(start % (text.len() + 1) + length)), said);
        }
        let shown = full_with(std::slice::from_ref(&d), &sources, Style { color: false, unicode, width });
        for line in shown.lines() {
            prop_assert!(!line.chars().any(char::is_control), "{line:?}");
        }
        if d.labels.len() < 2 {
            for line in shown.lines() {
                prop_assert!(line.width() <= width, "{} > {width}: {line:?}\n{shown}", line.width());
            }
        }
        prop_assert_eq!(concise(std::slice::from_ref(&d), &sources).lines().count(), 1);
        prop_assert_eq!(github(std::slice::from_ref(&d), &sources).lines().count(), 1);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&json(&[d], &sources)).is_ok());
    }
}
