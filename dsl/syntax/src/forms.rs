//! Which rule reads a statement or an item, and how messages call it.

use pipe_grammar::Rule;

use crate::message::Context;

/// How a statement is read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    /// Ends at `;`.
    Simple(Rule, Context),
    /// A head and a block.
    Block(Rule, Context),
}

/// The form of the statements that start with `word`, which is in lower case.
pub(crate) fn form(word: &str) -> Option<Form> {
    let simple = |rule, what| Some(Form::Simple(rule, Context { what, end: "`;`" }));
    let block = |rule, what| Some(Form::Block(rule, Context { what, end: "`{`" }));
    match word {
        "pipe" => simple(Rule::version, "the `pipe` statement"),
        "use" => simple(Rule::use_file, "the `use` statement"),
        "param" => simple(Rule::param, "the `param` statement"),
        "secret" => simple(Rule::secret, "the `secret` statement"),
        "connection" => simple(Rule::connection, "the `connection` statement"),
        "channel" => simple(Rule::channel, "the `channel` statement"),
        "source" => simple(Rule::source, "the `source` statement"),
        "model" => simple(Rule::model, "the `model` statement"),
        "load" => simple(Rule::load, "the `load` statement"),
        "schedule" => simple(Rule::schedule, "the `schedule` statement"),
        "profile" => block(Rule::profile, "the `profile` statement"),
        "rules" => block(Rule::rules, "the `rules` statement"),
        "heal" => block(Rule::heal, "the `heal` statement"),
        "test" => block(Rule::test, "the `test` statement"),
        _ => None,
    }
}

/// How an item of `rules` is called.
pub(crate) const RULE: &str = "this rule";

/// How the items of a block are called; `word` starts the statement.
pub(crate) fn item(word: &str) -> Context {
    let what = match word {
        "rules" => RULE,
        "heal" => "this clause",
        _ => "this item",
    };
    Context { what, end: "`;`" }
}

/// The rule of an item of the block of a statement that starts with `word`.
pub(crate) fn item_rule(word: &str, item: &str) -> Option<Rule> {
    match word {
        "rules" => Some(Rule::rule_item),
        "heal" => Some(Rule::clause),
        "test" => Some(Rule::test_item),
        "profile" => {
            let first = item.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("").to_lowercase();
            match form(&first) {
                Some(Form::Simple(rule @ (Rule::param | Rule::connection), _)) => Some(rule),
                _ => None,
            }
        }
        _ => None,
    }
}
