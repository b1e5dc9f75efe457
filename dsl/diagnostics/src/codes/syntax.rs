//! Text and statements: E00xx.

codes! {
    UNKNOWN_STATEMENT = "E0001", "a statement starts with a word that is not a statement",
        why: "The first word of a statement decides its form. The statements are pipe, use, param, secret, profile, connection, channel, source, model, rules, heal, load, schedule and test.",
        bad: "modle daily as select 1 as x;",
        good: "model daily as select 1 as x;";
}
