//! Config keys and values: E02xx.

codes! {
    UNKNOWN_KEY = "E0200", "a key that its owner does not have",
        why: "Each connector, channel, model and heal block declares its keys once; a key that would have no effect is refused.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' with (delimeter = ';');",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' with (delimiter = ';');";
    DUPLICATE_KEY = "E0201", "a key is given twice",
        why: "One of the two would be ignored.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' with (delimiter = ';', delimiter = ',');",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' with (delimiter = ';');";
    WRONG_VALUE = "E0202", "a value is not what its key takes",
        why: "Texts stand in `'…'`, enum words do not; durations are written `30s`, sizes `64MiB`, shares `5%`, lists `[a, b]`.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' with (header = 'yes');",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' with (header = true);";
    MISSING_KEY = "E0203", "a key that must be given is not",
        why: "Without it the statement cannot do its work, and nothing stands for it.",
        bad: "pipe 1;\nconnection shop postgres;",
        good: "pipe 1;\nsecret pg_url from env 'PG_URL';\nconnection shop postgres with (url = secret pg_url);";
    SECRET_REQUIRED = "E0204", "a text where a secret belongs",
        why: "A program is shown, logged and put under version control; what opens a door is declared with `secret` and only referred to.",
        bad: "pipe 1;\nconnection shop postgres with (url = 'postgres://db.example/shop');",
        good: "pipe 1;\nsecret pg_url from env 'PG_URL';\nconnection shop postgres with (url = secret pg_url);";
    SECRET_NOT_TAKEN = "E0205", "a secret where a plain value belongs",
        why: "The value of this key is shown in plans and reports, so it cannot be a secret.",
        bad: "pipe 1;\nsecret sign from env 'SIGN';\nsource orders from csv 'data/orders.csv' with (delimiter = secret sign);",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' with (delimiter = ';');";
    CREDENTIALS_IN_URL = "E0206", "a password or a token stands in a text",
        why: "A program is shown, logged and put under version control. Keep what opens a door in a `secret`, and give it to the key that takes one.",
        bad: "pipe 1;\nconnection api http with (base = 'https://pipe:hunter2@api.example');",
        good: "pipe 1;\nsecret api_password from env 'API_PASSWORD';\nconnection api http with (base = 'https://api.example', auth = basic(user = 'pipe', password = secret api_password));";
    OLDER_KEY = "W0207", "a key by the name it had before",
        why: "The older name is still read. `pipe 1;` programs keep it until the next version of the language.",
        bad: "source orders from csv 'orders.csv' with (sep = ';');  (if `delimiter` had once been called `sep`)",
        good: "source orders from csv 'orders.csv' with (delimiter = ';');";
    CANNOT_WRITE = "E0209", "this connector cannot be written",
        why: "Some connectors only read.",
        bad: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nload orders into json 'out/orders';",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv' schema (order_id bigint, email text, total decimal(12, 2), ordered_at timestamp);\nload orders into ndjson 'out/orders';";
    MISSING_LOCATOR = "E0210", "a source does not say what to read, or a load where to write",
        why: "A source of files names a file, a pattern or a folder; a load names a folder, a file or a table.",
        bad: "pipe 1;\nsource orders from csv;",
        good: "pipe 1;\nsource orders from csv 'data/orders.csv';";
    UNKNOWN_CHANNEL_KIND = "E0211", "no kind of channel has this name",
        why: "Notifications go to a webhook, slack, teams, pagerduty, email, a file or stdout.",
        bad: "pipe 1;\nchannel screen stdoot;",
        good: "pipe 1;\nchannel screen stdout;";
    PARAM_VALUE = "E0212", "a param that does not fit its key",
        why: "A key takes a param of its own kind: text for texts and words, a number for numbers and shares, a boolean for `true` and `false`. Lists, durations and sizes are written out.",
        bad: "pipe 1;\nparam separator int = 5;\nsource orders from csv 'data/orders.csv' with (delimiter = $separator);",
        good: "pipe 1;\nparam separator text = ';';\nsource orders from csv 'data/orders.csv' with (delimiter = $separator);";
}
