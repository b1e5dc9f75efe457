//! Files: CSV, TSV, JSON, NDJSON, Parquet.

use crate::{ConfigKey, Connector, KeyType};

/// What `encoding` takes; each is a label of the WHATWG Encoding Standard.
const ENCODINGS: &[&str] = &[
    "utf-8",
    "utf-16",
    "utf-16le",
    "utf-16be",
    "latin1",
    "iso-8859-1",
    "iso-8859-2",
    "iso-8859-5",
    "iso-8859-7",
    "iso-8859-9",
    "iso-8859-15",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "koi8-r",
    "macintosh",
    "shift_jis",
    "euc-jp",
    "euc-kr",
    "gbk",
    "gb18030",
    "big5",
];

const ROOT: ConfigKey = ConfigKey::new("root", KeyType::Text, "Stands before every locator.", "'/data/shop'");

const CONNECTION: &[ConfigKey] = &[ROOT];

const HEADER: ConfigKey = ConfigKey::new(
    "header",
    KeyType::Bool,
    "Whether the first record names the columns; without it the schema's columns are taken in order.",
    "false",
)
.or("true");
const DELIMITER: ConfigKey = ConfigKey::new("delimiter", KeyType::Char, "Stands between two fields.", "';'").or("','");
const TAB: ConfigKey = ConfigKey::new("delimiter", KeyType::Char, "Stands between two fields.", "'|'").or("'\\t'");
const QUOTE: ConfigKey = ConfigKey::new(
    "quote",
    KeyType::Char,
    "Stands around a field that holds a delimiter, a quote or a line break.",
    "''''",
)
.or("'\"'");
const ESCAPE: ConfigKey = ConfigKey::new(
    "escape",
    KeyType::Char,
    "Takes the meaning of the character behind it inside quotes; without it a doubled quote is a quote.",
    "'\\'",
);
const NULL: ConfigKey =
    ConfigKey::new("null", KeyType::Texts, "The unquoted fields that are NULL, compared exactly.", "['', 'NA']")
        .or("['']");
const ENCODING: ConfigKey = ConfigKey::new(
    "encoding",
    KeyType::OneOf(ENCODINGS),
    "The characters of the file; a byte order mark wins over it.",
    "'latin1'",
)
.or("'utf-8'");
const COMMENT: ConfigKey = ConfigKey::new("comment", KeyType::Char, "A line that starts with it is skipped.", "'#'");
const NEWLINES: ConfigKey = ConfigKey::new(
    "newlines_in_values",
    KeyType::Bool,
    "Whether a quoted field may hold line breaks. `false`: a record ends with its line, so that an open quote breaks one record only.",
    "false",
)
.or("true");
const TRIM: ConfigKey =
    ConfigKey::new("trim", KeyType::Bool, "Whether blanks and tabs around an unquoted field are left out.", "true")
        .or("false");
const SKIP: ConfigKey = ConfigKey::new(
    "skip_lines",
    KeyType::Integer(0, 1_000_000),
    "How many lines of each file come before the header or the first record.",
    "2",
)
.or("0");
const MAX_FIELD: ConfigKey =
    ConfigKey::new("max_field", KeyType::Size, "A longer field makes its record a broken one.", "1MiB").or("16MiB");
const MAX_RECORD: ConfigKey =
    ConfigKey::new("max_record", KeyType::Size, "A longer object is a broken record.", "1MiB").or("16MiB");
const MAX_DECOMPRESSED: ConfigKey =
    ConfigKey::new("max_decompressed", KeyType::Size, "A compressed file that unpacks to more is refused.", "100GiB")
        .or("16GiB");
const COMPRESSION: ConfigKey = ConfigKey::new(
    "compression",
    KeyType::Word(&["auto", "none", "gzip", "zstd", "bz2", "xz"]),
    "How the files are packed; `auto` goes by their ending: `.gz`, `.zst`, `.bz2`, `.xz`.",
    "gzip",
)
.or("auto");
const PARTITIONED: ConfigKey = ConfigKey::new(
    "partitioned",
    KeyType::Bool,
    "Whether folders named `key=value` in the path of a file are columns of its rows.",
    "true",
)
.or("false");

/// What a load into files takes.
const MODE: ConfigKey = ConfigKey::new(
    "mode",
    KeyType::Word(&["append", "overwrite", "create"]),
    "`append`: adds what is new; `overwrite`: replaces everything; `create`: refuses if there is anything yet.",
    "overwrite",
)
.or("append");
const PARTITION: ConfigKey = ConfigKey::new(
    "partition",
    KeyType::Partition,
    "One folder `key=value` for each value, outermost first; the locator is then a folder.",
    "[day(ordered_at)]",
)
.or("[]");
const PACKED: ConfigKey =
    ConfigKey::new("compression", KeyType::Word(&["none", "gzip", "zstd"]), "How the files are packed.", "gzip")
        .or("none");
const NULL_AS: ConfigKey =
    ConfigKey::new("null", KeyType::Text, "What stands for NULL; a text equal to it is quoted.", "'NULL'").or("''");

/// Text fields between commas.
pub(super) const CSV: Connector = Connector {
    name: "csv",
    doc: "Comma-separated text. A record that cannot be read is a `bad_record`, never the end of the read.",
    example: "source orders from csv 'data/orders_*.csv' with (delimiter = ';', null = ['', 'NA']);",
    available: true,
    files: true,
    connection_keys: CONNECTION,
    source_keys: &[
        HEADER,
        DELIMITER,
        QUOTE,
        ESCAPE,
        NULL,
        ENCODING,
        COMMENT,
        NEWLINES,
        TRIM,
        SKIP,
        MAX_FIELD,
        COMPRESSION,
        MAX_DECOMPRESSED,
        PARTITIONED,
    ],
    sink_keys: Some(&[MODE, PARTITION, HEADER, DELIMITER, QUOTE, NULL_AS, PACKED]),
};

/// Text fields between tabs.
pub(super) const TSV: Connector = Connector {
    name: "tsv",
    doc: "Tab-separated text: `csv` with another delimiter.",
    example: "source events from tsv 'data/events.tsv';",
    available: true,
    files: true,
    connection_keys: CONNECTION,
    source_keys: &[
        HEADER,
        TAB,
        QUOTE,
        ESCAPE,
        NULL,
        ENCODING,
        COMMENT,
        NEWLINES,
        TRIM,
        SKIP,
        MAX_FIELD,
        COMPRESSION,
        MAX_DECOMPRESSED,
        PARTITIONED,
    ],
    sink_keys: Some(&[MODE, PARTITION, HEADER, TAB, QUOTE, NULL_AS, PACKED]),
};

/// A JSON document a file.
pub(super) const JSON: Connector = Connector {
    name: "json",
    doc: "JSON documents: a file is one object or an array of objects, each a row.",
    example: "source shops from json 'data/shops.json';",
    available: true,
    files: true,
    connection_keys: CONNECTION,
    source_keys: &[MAX_RECORD, COMPRESSION, MAX_DECOMPRESSED, PARTITIONED],
    sink_keys: None,
};

/// A JSON object a line.
pub(super) const NDJSON: Connector = Connector {
    name: "ndjson",
    doc: "A JSON object a line.",
    example: "source readings from ndjson 'data/*.ndjson.gz';",
    available: true,
    files: true,
    connection_keys: CONNECTION,
    source_keys: &[MAX_RECORD, COMPRESSION, MAX_DECOMPRESSED, PARTITIONED],
    sink_keys: Some(&[MODE, PARTITION, PACKED]),
};

/// Parquet.
pub(super) const PARQUET: Connector = Connector {
    name: "parquet",
    doc: "Parquet files.",
    example: "load orders into parquet 'out/orders' with (partition = [day(ordered_at)]);",
    available: true,
    files: true,
    connection_keys: CONNECTION,
    source_keys: &[PARTITIONED],
    sink_keys: Some(&[
        MODE,
        PARTITION,
        ConfigKey::new(
            "compression",
            KeyType::Word(&["zstd", "snappy", "gzip", "lz4", "none"]),
            "How the pages are packed; `zstd` makes files a third smaller than `snappy` and takes longer to write.",
            "snappy",
        )
        .or("snappy"),
        ConfigKey::new("row_group_size", KeyType::Integer(1, 16_777_216), "The most rows of a row group.", "100_000")
            .or("1048576"),
    ]),
};
