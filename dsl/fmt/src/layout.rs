//! Statements, blocks and their items.

use pipe_syntax::TokenKind;

use crate::doc::{Doc, print};
use crate::flow::{Cursor, Flow, MAX_ALIGNED, before};
use crate::tree::Leaf;

/// The whole file.
pub(crate) fn file(leaves: &[Leaf<'_>]) -> Doc {
    let mut cursor = Cursor::new(leaves);
    let mut docs = Vec::new();
    let mut loads = load_run(cursor.clone());
    while let Some(first) = cursor.peek() {
        if first.starts_paragraph() {
            docs.push(Doc::BlankLine);
        }
        if first.text.is_empty() {
            // The end, with the last comments.
            docs.push(before(first));
            break;
        }
        if first.is_sign(";") {
            // Ends nothing: only its comments stay.
            let _ = cursor.take();
            docs.push(stray(first));
            continue;
        }
        if cursor.rest().len() <= loads.until {
            loads = load_run(cursor.clone());
        }
        docs.push(statement(&mut cursor, &loads));
        docs.push(Doc::HardLine);
    }
    Doc::Concat(docs)
}

/// The comments at a `;` that ends nothing.
fn stray(leaf: &Leaf<'_>) -> Doc {
    let mut flow = Flow::default();
    flow.comments_of(leaf);
    if !leaf.before.is_empty() {
        // Docs above it document nothing, and must not go to what is below.
        flow.push(Doc::BlankLine);
    }
    flow.finish()
}

/// Loads one below the other, whose tables are aligned.
struct Loads {
    /// How many tokens are left behind them.
    until: usize,
    /// The widest table; 0 where there is no load.
    width: usize,
}

fn load_run(mut cursor: Cursor<'_, '_>) -> Loads {
    let mut width = 0;
    let mut first = true;
    while let Some(leaf) = cursor.peek().filter(|leaf| leaf.is(TokenKind::Keyword, "load")) {
        if !first && (leaf.starts_paragraph() || !leaf.before.is_empty()) {
            break;
        }
        first = false;
        let table = cursor.rest().get(1).map_or(0, |table| table.text.chars().count());
        width = if table <= MAX_ALIGNED { width.max(table) } else { width };
        while cursor.take().is_some_and(|leaf| !leaf.is_sign(";")) {}
    }
    // Where no load stands, the next statement asks again.
    Loads { until: if first { usize::MAX } else { cursor.rest().len() }, width }
}

fn statement(cursor: &mut Cursor<'_, '_>, loads: &Loads) -> Doc {
    let keyword = cursor.peek().map(|leaf| leaf.text.to_ascii_lowercase()).unwrap_or_default();
    let mut flow = Flow::default();
    let tables = if keyword == "load" { loads.width } else { 0 };
    cursor.flow(&mut flow, None, &|leaf| leaf.is_sign(";") || leaf.is_sign("{"), &|previous, leaf, _| {
        let pads = tables > 0 && leaf.is(TokenKind::Keyword, "into") && previous.kind == TokenKind::Name;
        pads.then(|| Doc::Blanks(tables.saturating_sub(previous.text.chars().count()) + 1))
    });
    match cursor.take() {
        Some(end) if end.is_sign("{") => {
            flow.push(Doc::Blanks(1));
            flow.leaf(end);
            block(cursor, &keyword, &mut flow);
        }
        Some(end) => flow.end(end, false),
        None => {}
    }
    flow.finish()
}

/// The items of a block and its `}`; the `{` is taken.
fn block(cursor: &mut Cursor<'_, '_>, keyword: &str, flow: &mut Flow) {
    let heads = if keyword == "rules" { head_width(cursor.clone()) } else { 0 };
    let mut items = Vec::new();
    let mut first = true;
    while let Some(leaf) = cursor.peek().filter(|leaf| !leaf.is_sign("}")) {
        items.push(Doc::HardLine);
        if leaf.starts_paragraph() && !first {
            items.push(Doc::BlankLine);
        }
        first = false;
        if leaf.is_sign(";") {
            let _ = cursor.take();
            items.push(stray(leaf));
            continue;
        }
        let mut item = Flow::default();
        match keyword {
            "rules" => rule(cursor, &mut item, heads),
            "heal" => clause(cursor, &mut item),
            _ => cursor.flow(&mut item, None, &ends_item, &|_, _, _| None),
        }
        if let Some(end) = cursor.peek().filter(|leaf| leaf.is_sign(";")) {
            let _ = cursor.take();
            item.end(end, false);
        }
        items.push(item.finish());
    }
    let Some(close) = cursor.take() else { return };
    if !close.before.is_empty() {
        items.push(Doc::HardLine);
        if close.starts_paragraph() && !first {
            items.push(Doc::BlankLine);
        }
        items.push(before(close));
    }
    let empty = items.is_empty();
    flow.push(Doc::nest(2, Doc::Concat(items)));
    if !empty {
        flow.push(Doc::HardLine);
    }
    flow.push(Doc::text("}"));
    flow.tail_of(close);
    if let Some(end) = cursor.peek().filter(|leaf| leaf.is_sign(";") && leaf.margin.is_none()) {
        // `};`
        let _ = cursor.take();
        flow.comments_of(end);
    }
}

fn ends_item(leaf: &Leaf<'_>) -> bool {
    leaf.is_sign(";") || leaf.is_sign("}")
}

/// A rule: its head, padded, and the rest, which breaks before options and behind commas if it must.
fn rule(cursor: &mut Cursor<'_, '_>, item: &mut Flow, heads: usize) {
    let start = cursor.clone();
    let width = head(cursor);
    let head_len = start.rest().len() - cursor.rest().len();
    let mut head_cursor = Cursor::new(start.rest().get(..head_len).unwrap_or(&[]));
    head_cursor.flow(item, None, &|_| false, &|_, _, _| None);
    if cursor.peek().is_none_or(ends_item) {
        return;
    }
    let mut rest = Flow::default();
    // `closed` and the like have no subject: the item begins with them.
    if head_len > 0 {
        item.push(Doc::Blanks(width.map_or(1, |width| heads.saturating_sub(width) + 1)));
        rest.go_on();
    }
    cursor.flow(&mut rest, None, &ends_item, &|previous, leaf, next| {
        let option = starts_option(previous, leaf, next);
        (option || previous.is_sign(",")).then_some(Doc::nest(4, Doc::Line))
    });
    let tail = rest.take_tail();
    item.push(Doc::group(rest.finish()));
    item.keep(tail);
}

/// Whether this word starts an option of a rule; `null` does in `null fails`.
fn starts_option(previous: &Leaf<'_>, leaf: &Leaf<'_>, next: Option<&Leaf<'_>>) -> bool {
    const OPTIONS: &[&str] = &["tolerate", "warn", "fail", "by", "severity", "dimension", "where", "approx", "because"];
    leaf.kind == TokenKind::Keyword
        && !previous.is(TokenKind::Keyword, "order")
        && (OPTIONS.contains(&leaf.text.to_ascii_lowercase().as_str())
            || leaf.is(TokenKind::Keyword, "null")
                && !previous.is(TokenKind::Keyword, "not")
                && next.is_some_and(|next| next.is(TokenKind::Keyword, "fails")))
}

/// The widest head of the rules of a block that may be aligned.
fn head_width(mut cursor: Cursor<'_, '_>) -> usize {
    let mut widest = 0;
    while cursor.peek().is_some_and(|leaf| !leaf.is_sign("}")) {
        let width = head(&mut cursor);
        // A rule that is only a head has nothing to align.
        let rest = cursor.peek().is_some_and(|leaf| !ends_item(leaf));
        widest = if rest { widest.max(width.unwrap_or(0)) } else { widest };
        while cursor.take().is_some_and(|leaf| !leaf.is_sign(";")) {
            if cursor.peek().is_some_and(|leaf| leaf.is_sign("}")) {
                break;
            }
        }
    }
    widest
}

/// Takes the head of a rule: `name:`, or the subject. Its width if it may be aligned.
fn head(cursor: &mut Cursor<'_, '_>) -> Option<usize> {
    let start = cursor.clone();
    let named = start.rest().get(1).is_some_and(|leaf| leaf.is_sign(":"));
    if named {
        let _ = cursor.take();
        let _ = cursor.take();
    } else if cursor.peek().is_some_and(|leaf| leaf.is_sign("(")) {
        while let Some(leaf) = cursor.take() {
            if leaf.is_sign(")") {
                break;
            }
        }
    } else {
        while cursor.peek().is_some_and(|leaf| leaf.kind == TokenKind::Name || leaf.is_sign(",")) {
            let _ = cursor.take();
        }
    }
    let len = start.rest().len() - cursor.rest().len();
    let head = start.rest().get(..len).unwrap_or(&[]);
    let first_comments = head.first().is_some_and(|leaf| !leaf.after.is_empty());
    if len == 0 || first_comments || head.iter().skip(1).any(Leaf::has_comment) {
        return None;
    }
    let mut flow = Flow::default();
    let mut bare: Vec<Leaf<'_>> = head.to_vec();
    if let Some(first) = bare.first_mut() {
        first.before.clear();
    }
    Cursor::new(&bare).flow(&mut flow, None, &|_| false, &|_, _, _| None);
    let printed = print(&flow.finish());
    let width = printed.trim_end().chars().count();
    Some(width).filter(|width| *width <= MAX_ALIGNED && !printed.trim_end().contains('\n'))
}

/// A clause: the failures and the guard, and below them the steps.
fn clause(cursor: &mut Cursor<'_, '_>, item: &mut Flow) {
    let mut on = Flow::default();
    cursor.flow(&mut on, None, &|leaf| leaf.is_sign("=>") || ends_item(leaf), &|_, leaf, _| {
        (leaf.is_sign("|") || leaf.is(TokenKind::Keyword, "where")).then_some(Doc::nest(4, Doc::Line))
    });
    item.push(Doc::group(on.finish()));
    let mut steps = Flow::default();
    cursor.flow(&mut steps, None, &ends_item, &|_, leaf, _| leaf.is(TokenKind::Keyword, "else").then_some(Doc::Line));
    let tail = steps.take_tail();
    item.push(Doc::nest(2, Doc::Concat(vec![Doc::HardLine, Doc::group(steps.finish())])));
    item.keep(tail);
}
