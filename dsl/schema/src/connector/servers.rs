//! Servers, object stores and table formats. Their engines come later: programs that name them are checked, runs refused.

use crate::{Choice, ConfigKey, Connector, KeyType};

const MODES: KeyType = KeyType::Word(&["append", "overwrite", "create", "upsert"]);
const FORMATS: KeyType = KeyType::Word(&["csv", "tsv", "json", "ndjson", "parquet"]);

const MODE: ConfigKey = ConfigKey::new(
    "mode",
    MODES,
    "`append`: adds what is new; `overwrite`: replaces everything; `create`: refuses if there is anything yet; `upsert`: replaces the rows with the same `key`.",
    "upsert",
)
.or("append");
const KEY: ConfigKey =
    ConfigKey::new("key", KeyType::Columns, "The columns that tell one row from another.", "[order_id]").or("[]");
const PARTITION: ConfigKey =
    ConfigKey::new("partition", KeyType::Partition, "One folder for each value, outermost first.", "[day(ordered_at)]")
        .or("[]");
const FORMAT: ConfigKey =
    ConfigKey::new("format", FORMATS, "How the objects are written; without it their ending decides.", "parquet");
const URL: ConfigKey =
    ConfigKey::new("url", KeyType::Text, "Where the server is and who asks.", "secret pg_url").required().secret();
const POOL: ConfigKey =
    ConfigKey::new("pool", KeyType::Integer(1, 256), "The most connections open at once.", "8").or("4");
const CONNECT_TIMEOUT: ConfigKey =
    ConfigKey::new("connect_timeout", KeyType::Duration, "How long to wait for a connection.", "10s").or("30s");
const BATCH: ConfigKey =
    ConfigKey::new("batch_size", KeyType::Integer(1, 1_000_000), "How many rows go over the wire at once.", "1000")
        .or("10000");

const DATABASE: &[ConfigKey] = &[URL, POOL, CONNECT_TIMEOUT];
const TABLE_SOURCE: &[ConfigKey] = &[BATCH];
const TABLE_SINK: &[ConfigKey] = &[MODE, KEY, BATCH];
const OBJECT_SOURCE: &[ConfigKey] = &[FORMAT];
const OBJECT_SINK: &[ConfigKey] = &[FORMAT, MODE, PARTITION];

/// PostgreSQL.
pub(super) const POSTGRES: Connector = Connector {
    name: "postgres",
    doc: "Tables of a PostgreSQL database.",
    example: "connection warehouse postgres with (url = secret pg_url, pool = 4);",
    available: false,
    files: false,
    connection_keys: DATABASE,
    source_keys: TABLE_SOURCE,
    sink_keys: Some(TABLE_SINK),
};

/// MySQL and MariaDB.
pub(super) const MYSQL: Connector = Connector {
    name: "mysql",
    doc: "Tables of a MySQL or MariaDB database.",
    example: "connection shop mysql with (url = secret mysql_url);",
    available: false,
    files: false,
    connection_keys: DATABASE,
    source_keys: TABLE_SOURCE,
    sink_keys: Some(TABLE_SINK),
};

/// SQLite.
pub(super) const SQLITE: Connector = Connector {
    name: "sqlite",
    doc: "Tables of a SQLite file.",
    example: "connection app sqlite with (file = 'app.db');",
    available: false,
    files: false,
    connection_keys: &[
        ConfigKey::new("file", KeyType::Text, "The database, relative to the program.", "'app.db'").required()
    ],
    source_keys: TABLE_SOURCE,
    sink_keys: Some(TABLE_SINK),
};

/// MongoDB.
pub(super) const MONGODB: Connector = Connector {
    name: "mongodb",
    doc: "Collections of a MongoDB database.",
    example: "connection app mongodb with (url = secret mongo_url, database = 'shop');",
    available: false,
    files: false,
    connection_keys: &[URL, ConfigKey::new("database", KeyType::Text, "The database.", "'shop'").required(), POOL],
    source_keys: TABLE_SOURCE,
    sink_keys: Some(TABLE_SINK),
};

/// Amazon S3 and what speaks its protocol.
pub(super) const S3: Connector = Connector {
    name: "s3",
    doc: "Objects of an S3 bucket.",
    example: "connection lake s3 with (bucket = 'lake', region = 'eu-central-1', secret_access_key = secret s3_key, access_key_id = secret s3_id);",
    available: false,
    files: true,
    connection_keys: &[
        ConfigKey::new("bucket", KeyType::Text, "The bucket.", "'lake'").required(),
        ConfigKey::new("region", KeyType::Text, "Where it is.", "'eu-central-1'"),
        ConfigKey::new(
            "endpoint",
            KeyType::Text,
            "Another server that speaks the protocol.",
            "'https://minio.example'",
        ),
        ConfigKey::new("access_key_id", KeyType::Text, "Who asks; without it the machine's own role.", "secret s3_id")
            .secret(),
        ConfigKey::new("secret_access_key", KeyType::Text, "The key to it.", "secret s3_key").secret(),
    ],
    source_keys: OBJECT_SOURCE,
    sink_keys: Some(OBJECT_SINK),
};

/// Google Cloud Storage.
pub(super) const GCS: Connector = Connector {
    name: "gcs",
    doc: "Objects of a Google Cloud Storage bucket.",
    example: "connection lake gcs with (bucket = 'lake', service_account = secret gcs_account);",
    available: false,
    files: true,
    connection_keys: &[
        ConfigKey::new("bucket", KeyType::Text, "The bucket.", "'lake'").required(),
        ConfigKey::new("service_account", KeyType::Text, "The account's key, as JSON.", "secret gcs_account").secret(),
    ],
    source_keys: OBJECT_SOURCE,
    sink_keys: Some(OBJECT_SINK),
};

/// Azure Blob Storage.
pub(super) const AZURE: Connector = Connector {
    name: "azure",
    doc: "Blobs of an Azure storage container.",
    example: "connection lake azure with (account = 'shop', container = 'lake', access_key = secret azure_key);",
    available: false,
    files: true,
    connection_keys: &[
        ConfigKey::new("account", KeyType::Text, "The storage account.", "'shop'").required(),
        ConfigKey::new("container", KeyType::Text, "The container.", "'lake'").required(),
        ConfigKey::new(
            "access_key",
            KeyType::Text,
            "The account's key; without it the machine's own identity.",
            "secret azure_key",
        )
        .secret(),
    ],
    source_keys: OBJECT_SOURCE,
    sink_keys: Some(OBJECT_SINK),
};

/// Delta Lake.
pub(super) const DELTA: Connector = Connector {
    name: "delta",
    doc: "A Delta Lake table; the locator is its folder.",
    example: "load orders into delta 'out/orders' with (mode = upsert, key = [order_id]);",
    available: false,
    files: false,
    connection_keys: &[ConfigKey::new("root", KeyType::Text, "Stands before every locator.", "'/data/lake'")],
    source_keys: &[ConfigKey::new(
        "version",
        KeyType::Integer(0, i64::MAX),
        "The version to read; without it the newest.",
        "12",
    )],
    sink_keys: Some(&[MODE, KEY, PARTITION]),
};

/// Kafka.
pub(super) const KAFKA: Connector = Connector {
    name: "kafka",
    doc: "Topics of a Kafka cluster.",
    example: "connection bus kafka with (brokers = ['kafka-1:9092', 'kafka-2:9092']);",
    available: false,
    files: false,
    connection_keys: &[
        ConfigKey::new("brokers", KeyType::Texts, "Where to ask for the cluster.", "['kafka-1:9092']").required(),
        ConfigKey::new("user", KeyType::Text, "Who asks.", "'pipe'"),
        ConfigKey::new("password", KeyType::Text, "The user's password.", "secret kafka_password").secret(),
    ],
    source_keys: &[
        ConfigKey::new("format", KeyType::Word(&["json", "avro", "text"]), "What a message holds.", "json").or("json"),
        ConfigKey::new("start", KeyType::Word(&["earliest", "latest"]), "Where the first run begins.", "latest")
            .or("earliest"),
    ],
    sink_keys: Some(&[
        ConfigKey::new("format", KeyType::Word(&["json", "avro"]), "What a message holds.", "json").or("json"),
        KEY,
    ]),
};

/// REST APIs.
pub(super) const HTTP: Connector = Connector {
    name: "http",
    doc: "JSON over HTTP; the locator is the path or the whole URL.",
    example: "connection api http with (base = 'https://api.example', auth = bearer(token = secret api_token));",
    available: false,
    files: false,
    connection_keys: &[
        ConfigKey::new("base", KeyType::Text, "Stands before every locator.", "'https://api.example'"),
        ConfigKey::new("auth", KeyType::Choice(AUTH), "Who asks.", "bearer(token = secret api_token)"),
        ConfigKey::new("timeout", KeyType::Duration, "How long a request may take.", "10s").or("30s"),
    ],
    source_keys: &[
        ConfigKey::new("records", KeyType::Text, "Where the rows are in an answer, as a JSON path.", "'$.items[*]'")
            .or("'$'"),
        ConfigKey::new("paging", KeyType::Choice(PAGING), "How the next page is asked for.", "cursor(path = '$.next')"),
    ],
    sink_keys: Some(&[
        ConfigKey::new("method", KeyType::Word(&["post", "put", "patch"]), "How rows are sent.", "put").or("post"),
        ConfigKey::new("batch_size", KeyType::Integer(1, 100_000), "How many rows a request carries.", "100").or("1"),
    ]),
};

const AUTH: &[Choice] = &[
    Choice {
        name: "bearer",
        doc: "A token in the `Authorization` header.",
        keys: &[ConfigKey::new("token", KeyType::Text, "The token.", "secret api_token").required().secret()],
    },
    Choice {
        name: "basic",
        doc: "A user and a password.",
        keys: &[
            ConfigKey::new("user", KeyType::Text, "Who asks.", "'pipe'").required(),
            ConfigKey::new("password", KeyType::Text, "The user's password.", "secret api_password")
                .required()
                .secret(),
        ],
    },
    Choice {
        name: "header",
        doc: "A header of the API's own.",
        keys: &[
            ConfigKey::new("name", KeyType::Text, "The header.", "'X-Api-Key'").required(),
            ConfigKey::new("value", KeyType::Text, "What it carries.", "secret api_key").required().secret(),
        ],
    },
];

const PAGING: &[Choice] = &[
    Choice {
        name: "cursor",
        doc: "The answer names the next page.",
        keys: &[
            ConfigKey::new("path", KeyType::Text, "Where the cursor is in an answer.", "'$.next'").required(),
            ConfigKey::new(
                "param",
                KeyType::Text,
                "The query parameter that takes it; without one the cursor is a URL.",
                "'after'",
            ),
        ],
    },
    Choice {
        name: "page",
        doc: "Pages are numbered.",
        keys: &[
            ConfigKey::new("param", KeyType::Text, "The query parameter.", "'page'").or("'page'"),
            ConfigKey::new("start", KeyType::Integer(0, 1), "The first page's number.", "0").or("1"),
        ],
    },
    Choice {
        name: "offset",
        doc: "Rows are counted.",
        keys: &[
            ConfigKey::new("param", KeyType::Text, "The query parameter.", "'offset'").or("'offset'"),
            ConfigKey::new("limit", KeyType::Integer(1, 100_000), "How many rows a page has.", "500").or("100"),
        ],
    },
];
