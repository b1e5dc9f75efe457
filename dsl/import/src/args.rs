//! The arguments of a check: each is read or refused, none is passed over.

use std::cell::RefCell;
use std::collections::BTreeSet;

use pipe_diagnostics::codes::import as codes;
use pipe_diagnostics::{Diagnostic, Span, nearest};

use crate::node::{Key, Kind, Node};
use crate::rule::Said;
use crate::words;

/// The arguments of one check.
pub(crate) struct Args<'n> {
    entries: &'n [(Key, Node)],
    seen: RefCell<BTreeSet<String>>,
    /// Where the check stands.
    pub(crate) span: Span,
}

/// Says why a check is not said.
pub(crate) fn refuse<T>(span: Span, why: impl Into<String>) -> Said<T> {
    Err(Box::new(Diagnostic::error(codes::NOT_SAID, why, span)))
}

/// Says what is wrong with an argument.
pub(crate) fn wrong<T>(span: Span, why: impl Into<String>) -> Said<T> {
    Err(Box::new(Diagnostic::error(codes::ARGUMENT, why, span)))
}

impl<'n> Args<'n> {
    /// The entries of a mapping; none where there is none.
    pub(crate) fn new(node: Option<&'n Node>, span: Span) -> Self {
        Self { entries: node.map_or(&[], Node::entries), seen: RefCell::default(), span }
    }

    /// The value at a key; null is no value.
    pub(crate) fn get(&self, key: &str) -> Option<&'n Node> {
        self.seen.borrow_mut().insert(key.to_owned());
        self.entries.iter().find(|(k, _)| k.text == key).map(|(_, v)| v).filter(|v| !v.is_null())
    }

    /// The value at a key that has to be there.
    pub(crate) fn need(&self, key: &str) -> Said<&'n Node> {
        match self.get(key) {
            Some(node) => Ok(node),
            None => wrong(self.span, format!("`{key}` is missing")),
        }
    }

    /// The text at a key.
    pub(crate) fn text(&self, key: &str) -> Said<Option<String>> {
        self.get(key).map(text).transpose()
    }

    /// The text at a key that has to be there.
    pub(crate) fn need_text(&self, key: &str) -> Said<String> {
        text(self.need(key)?)
    }

    /// The constant at a key, as SQL.
    pub(crate) fn constant(&self, key: &str) -> Said<Option<String>> {
        self.get(key).map(constant).transpose()
    }

    /// The number at a key.
    pub(crate) fn number(&self, key: &str) -> Said<Option<String>> {
        self.get(key).map(number).transpose()
    }

    /// Whether the flag at a key is set; `default` where it is not said.
    pub(crate) fn flag(&self, key: &str, default: bool) -> Said<bool> {
        let Some(node) = self.get(key) else { return Ok(default) };
        match node.scalar().as_deref() {
            Some("true" | "True") => Ok(true),
            Some("false" | "False") => Ok(false),
            _ => wrong(node.span, format!("`{key}` is neither true nor false")),
        }
    }

    /// The texts of the list at a key.
    pub(crate) fn texts(&self, key: &str) -> Said<Vec<String>> {
        self.need(key)?.items().iter().map(text).collect()
    }

    /// The constants of the list at a key, and whether there is a null among them.
    pub(crate) fn constants(&self, key: &str) -> Said<(Vec<String>, bool)> {
        let items = self.need(key)?.items();
        let values: Said<Vec<String>> = items.iter().filter(|i| !i.is_null()).map(constant).collect();
        Ok((values?, items.iter().any(Node::is_null)))
    }

    /// Marks keys that have no bearing on the verdict.
    pub(crate) fn pass(&self, keys: &[&str]) {
        self.seen.borrow_mut().extend(keys.iter().map(|k| (*k).to_owned()));
    }

    /// Refuses a key that nobody read.
    pub(crate) fn done(&self) -> Said<()> {
        let seen = self.seen.borrow();
        let Some((key, _)) = self.entries.iter().find(|(k, v)| !seen.contains(&k.text) && !v.is_null()) else {
            return Ok(());
        };
        let near = nearest(&key.text, seen.iter().map(String::as_str));
        Err(Box::new(
            Diagnostic::error(codes::ARGUMENT, format!("the argument `{}` is not known here", key.text), key.span)
                .maybe_help(near.map(|n| format!("did you mean `{n}`?"))),
        ))
    }
}

/// The text of a scalar.
pub(crate) fn text(node: &Node) -> Said<String> {
    filled(node)?;
    match node.scalar() {
        Some(text) => Ok(text),
        None => wrong(node.span, "a text is needed here"),
    }
}

/// A scalar as a constant of SQL.
pub(crate) fn constant(node: &Node) -> Said<String> {
    filled(node)?;
    match words::constant(node) {
        Some(constant) => Ok(constant),
        None if matches!(node.kind, Kind::Number(_)) => wrong(node.span, "this number is too great to compare with"),
        None => wrong(node.span, "a constant is needed here: a number, a text, true or false"),
    }
}

/// A number.
pub(crate) fn number(node: &Node) -> Said<String> {
    filled(node)?;
    if let Kind::Param(sql) = &node.kind {
        return Ok(sql.clone());
    }
    match node.scalar() {
        Some(n) if crate::node::is_number(n.trim()) => Ok(words::number(n.trim())),
        _ => wrong(node.span, "a number is needed here"),
    }
}

/// Refuses what is filled in only when the other tool runs.
fn filled(node: &Node) -> Said<()> {
    let template = match &node.kind {
        Kind::Text(t) => t.contains("{{") || t.contains("{%") || t.contains("${"),
        Kind::Map(entries) => entries.iter().any(|(k, _)| k.text == "$PARAMETER"),
        _ => false,
    };
    if template {
        return Err(Box::new(
            Diagnostic::error(codes::TEMPLATE, "what stands here is filled in only when the suite runs", node.span)
                .help("write its value in; in `.pipe` a value of the outside is a `param`"),
        ));
    }
    Ok(())
}
