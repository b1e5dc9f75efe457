//! Text and statements: E00xx.

codes! {
    UNKNOWN_STATEMENT = "E0001", "a statement starts with a word that is not a statement",
        why: "The first word of a statement decides its form. The statements are pipe, use, param, secret, profile, connection, channel, source, model, rules, heal, load, schedule and test.",
        bad: "modle daily as select 1 as x;",
        good: "model daily as select 1 as x;";
    NOT_ENDED = "E0002", "a statement, an item or a block is not ended",
        why: "A statement and an item of a block end with `;`, a block with `}`. Where a later line starts at column 0 with a statement, the one before is taken to end there, so that the rest of the file is still read.",
        bad: "param day date\nparam night date;",
        good: "param day date;\nparam night date;";
    NOT_CLOSED = "E0003", "a quote or a comment is not closed",
        why: "Text stands in `'…'`, with `''` for a quote in it; a name with blanks or capitals in `\"…\"` or backquotes; a long comment in `/* … */`, which nest. What is not closed would take the rest of the file with it.",
        bad: "source orders from csv 'data/orders.csv;",
        good: "source orders from csv 'data/orders.csv';";
    UNEXPECTED = "E0004", "a word or sign does not fit its place",
        why: "Each statement has one form, and the message lists what may stand here. No word is reserved: a name may be any word, and a word in double quotes is always a name.",
        bad: "source orders frm csv 'data/orders.csv';",
        good: "source orders from csv 'data/orders.csv';";
    DOUBLE_QUOTES = "E0005", "double quotes where a text is expected",
        why: "As in SQL, `'…'` is a text and `\"…\"` is a name.",
        bad: "source orders from csv \"data/orders.csv\";",
        good: "source orders from csv 'data/orders.csv';";
    BAD_UNIT = "E0006", "a number with a unit that does not fit",
        why: "Durations are whole milliseconds written with one unit: `250ms`, `30s`, `5m` (minutes), `2h`, `7d`. Sizes are whole bytes: `64KB` is 64000 of them, `64KiB` 65536. There are no months: they have no fixed length.",
        bad: "source orders from csv 'orders.csv';\nschedule hourly every 60min run orders;",
        good: "source orders from csv 'orders.csv';\nschedule hourly every 60m run orders;";
    BAD_NUMBER = "E0007", "a number that is not whole, or out of range",
        why: "Counts of runs, rows and attempts are whole numbers that are not negative.",
        bad: "source orders from csv 'orders.csv';\nrules orders { volume: (count(*)) within 3 sigma over last 1.5 runs; }",
        good: "source orders from csv 'orders.csv';\nrules orders { volume: (count(*)) within 3 sigma over last 14 runs; }";
    TOO_DEEP = "E0008", "parentheses nest too deep",
        why: "Parentheses, brackets and braces may nest 128 deep. A query that needs more reads better as several models.",
        bad: "model deep as select ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1)))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))) as x;",
        good: "model flat as select ((1)) as x;";
    BAD_CHARACTER = "E0009", "a control character outside quotes",
        why: "A NUL or another control character is a sign of a broken file or of the wrong encoding: programs are UTF-8.",
        bad: "param day\u{0} date;",
        good: "param day date;";
    VERSION = "E0010", "a version of the language that this program does not read",
        why: "`pipe 1;` says which version of the language a file is written in. A newer version needs a newer program.",
        bad: "pipe 2;",
        good: "pipe 1;";
    VERSION_PLACE = "E0011", "the version does not come first",
        why: "The version decides how all other statements are read, so it stands before them, once.",
        bad: "param day date;\npipe 1;",
        good: "pipe 1;\nparam day date;";
    PROFILE_ITEM = "E0012", "a statement that a profile cannot hold",
        why: "A profile overrides params and connections for an environment. Everything else is the same in all environments.",
        bad: "profile prod { model a as select 1 as x; }",
        good: "param day date = '2026-01-31';\nprofile prod { param day date = '2026-01-01'; }";
    NO_CHANGE = "E1900", "the formatter refuses its own output",
        why: "The formatter reads its output again and compares it with the program. Where they differ it writes nothing: this is a defect of the formatter, not of the program.",
        bad: "a program that would mean something else, or lose a comment, when formatted",
        good: "format the rest of the file by hand and report the statement that was named";
}
