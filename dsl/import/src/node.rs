//! YAML and JSON as a tree in which everything knows its place. JSON is read as the YAML it is.

use std::collections::{BTreeMap, BTreeSet};

use pipe_diagnostics::codes::import as codes;
use pipe_diagnostics::{Diagnostic, FileId, Span};
use saphyr_parser::{Event, Parser, ScalarStyle};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
}

/// A value. Scalars without quotes are read as YAML 1.2's core schema and JSON read them.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    /// As written, so that no digit is lost.
    Number(String),
    Text(String),
    /// A param of the program, or a sum of such, as SQL; no file has one.
    Param(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) span: Span,
}

/// How deep values may stand in one another; what reads the tree follows it by recursion.
const MAX_DEPTH: usize = 100;
/// How many values a file may have, its aliases written out: a few lines of aliases of aliases stand for billions.
const MAX_NODES: usize = 1_000_000;

/// Reads every document of the text.
///
/// # Errors
/// A message at the place where the text is neither YAML nor JSON, is nested too deep or too large.
pub(crate) fn read(text: &str, file: FileId) -> Result<Vec<Node>, Box<Diagnostic>> {
    let (plain, places) = decoded(text);
    let at = |index: usize| places.get(index).copied().unwrap_or(text.len());
    let broken = |message: String, start: usize| {
        Box::new(
            Diagnostic::error(codes::NOT_READ, message, Span::new(file, start..start))
                .help("it is read as YAML 1.2, of which JSON is a part"),
        )
    };
    let mut builder = Builder::default();
    let mut documents = Vec::new();
    let mut parser = Parser::new_from_str(&plain);
    while let Some(event) = parser.next_event() {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => return Err(broken(format!("not YAML: {}", error.info()), at(error.marker().index()))),
        };
        let start = at(span.start.index());
        let span = Span::new(file, start..at(span.end.index()).max(start));
        if let Err(why) = builder.take(event, span) {
            return Err(broken(why.to_owned(), builder.wrong.map_or(start, |s| s.start as usize)));
        }
        documents.extend(builder.done.take());
    }
    Ok(documents)
}

/// The text with pairs of `\u` escapes, which JSON needs beyond U+FFFF and YAML does not know, written out; and for each of
/// its characters the byte of the original.
fn decoded(text: &str) -> (String, Vec<usize>) {
    let mut out = String::with_capacity(text.len());
    let mut places = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let place = text.len() - rest.len();
        let (written, length) = match surrogates(rest) {
            Some(c) => (c, 12),
            None => (c, c.len_utf8()),
        };
        // A backslash that is escaped itself starts no escape.
        if rest.starts_with("\\\\") {
            out.push_str("\\\\");
            places.extend([place, place + 1]);
            rest = rest.get(2..).unwrap_or("");
            continue;
        }
        // A byte order mark says nothing.
        if !(place == 0 && c == '\u{FEFF}') {
            out.push(written);
            places.push(place);
        }
        rest = rest.get(length..).unwrap_or("");
    }
    (out, places)
}

/// The character of `\ud83d\ude00` at the start of the text.
fn surrogates(text: &str) -> Option<char> {
    let half = |range: std::ops::Range<usize>| -> Option<u16> {
        let escape = text.get(range)?.strip_prefix("\\u")?;
        u16::from_str_radix(escape, 16).ok()
    };
    let (high, low) = (half(0..6)?, half(6..12)?);
    char::decode_utf16([high, low]).next()?.ok().filter(|_| (0xD800..0xDC00).contains(&high))
}

/// A value that is not at its end: its anchor, its place, what it has, and in a mapping the key that waits for its value.
struct Open {
    anchor: usize,
    span: Span,
    value: Container,
}

enum Container {
    List(Vec<Node>),
    Map(Vec<(Key, Node)>, Option<Key>),
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: BTreeMap<usize, (Node, usize)>,
    nodes: usize,
    done: Option<Node>,
    /// What is wrong, where it is not what was read last.
    wrong: Option<Span>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), &'static str> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let kind = if style == ScalarStyle::Plain { plain(&text) } else { Kind::Text(text.into_owned()) };
                let node = Node { kind, span };
                self.anchor(anchor, &node, 1);
                self.put(node, 1)
            }
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor).cloned() else {
                    return Err("this anchor stands inside of what it names");
                };
                self.put(node, size)
            }
            Event::SequenceStart(anchor, _) => self.start(anchor, span, Container::List(Vec::new())),
            Event::MappingStart(anchor, _) => self.start(anchor, span, Container::Map(Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Open { anchor, span: start, value }) = self.open.pop() else { return Ok(()) };
                let kind = match value {
                    Container::List(items) => Kind::List(items),
                    Container::Map(entries, _) => {
                        let mut keys = BTreeSet::new();
                        if let Some((twice, _)) = entries.iter().find(|(k, _)| k.text != "<<" && !keys.insert(&k.text))
                        {
                            self.wrong = Some(twice.span);
                            return Err("this key stands here for the second time: one of them would not be read");
                        }
                        Kind::Map(merged(entries))
                    }
                };
                let node = Node { kind, span: start.to(span) };
                let size = size(&node);
                self.anchor(anchor, &node, size);
                self.put(node, 1)
            }
            _ => Ok(()),
        }
    }

    fn start(&mut self, anchor: usize, span: Span, value: Container) -> Result<(), &'static str> {
        if self.open.len() >= MAX_DEPTH {
            return Err("values stand too deep in one another");
        }
        self.open.push(Open { anchor, span, value });
        Ok(())
    }

    fn anchor(&mut self, anchor: usize, node: &Node, size: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), size));
        }
    }

    fn put(&mut self, node: Node, size: usize) -> Result<(), &'static str> {
        self.nodes = self.nodes.saturating_add(size);
        if self.nodes > MAX_NODES {
            return Err("too many values in one file");
        }
        match self.open.last_mut().map(|o| &mut o.value) {
            None => self.done = Some(node),
            Some(Container::List(items)) => items.push(node),
            Some(Container::Map(entries, key)) => match key.take() {
                Some(key) => entries.push((key, node)),
                None => match node.scalar() {
                    Some(text) => *key = Some(Key { text, span: node.span }),
                    None => {
                        self.wrong = Some(node.span);
                        return Err("a key is a text");
                    }
                },
            },
        }
        Ok(())
    }
}

/// How many values stand in it, itself included.
fn size(node: &Node) -> usize {
    match &node.kind {
        Kind::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Kind::Map(entries) => 1 + entries.iter().map(|(_, v)| size(v)).sum::<usize>(),
        _ => 1,
    }
}

/// Puts the entries of `<<: *other` in, behind those that are written.
fn merged(entries: Vec<(Key, Node)>) -> Vec<(Key, Node)> {
    if !entries.iter().any(|(k, _)| k.text == "<<") {
        return entries;
    }
    let (merges, mut own): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(k, _)| k.text == "<<");
    let others = merges.into_iter().flat_map(|(_, node)| match node.kind {
        Kind::List(items) => items,
        kind => vec![Node { kind, span: node.span }],
    });
    for other in others {
        let Kind::Map(entries) = other.kind else { continue };
        for (key, value) in entries {
            if !own.iter().any(|(k, _)| k.text == key.text) {
                own.push((key, value));
            }
        }
    }
    own
}

fn plain(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" => Kind::Bool(true),
        "false" | "False" | "FALSE" => Kind::Bool(false),
        // One that is too great for all arithmetic is none, and no text either.
        _ if is_number(text) || text.parse::<f64>().is_ok_and(|n| n.is_infinite()) && text.contains(['e', 'E']) => {
            Kind::Number(text.to_owned())
        }
        _ => Kind::Text(text.to_owned()),
    }
}

/// A decimal number as JSON, YAML and SQL write it.
pub(crate) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.chars().any(|c| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'))
        && text.parse::<f64>().is_ok_and(f64::is_finite)
}

impl Node {
    /// The text of a value that is not a list or a mapping; `None` for them and for null.
    pub(crate) fn scalar(&self) -> Option<String> {
        match &self.kind {
            Kind::Bool(b) => Some(b.to_string()),
            Kind::Number(n) => Some(n.clone()),
            Kind::Text(t) => Some(t.clone()),
            Kind::Null | Kind::Param(_) | Kind::List(_) | Kind::Map(_) => None,
        }
    }

    /// The items of a list; one value stands for a list of itself; null for an empty one.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::List(items) => items,
            Kind::Null => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// The entries of a mapping; nothing for all else.
    pub(crate) fn entries(&self) -> &[(Key, Node)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The value of a key; one that is null is not there.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(k, _)| k.text == key).map(|(_, v)| v).filter(|v| !v.is_null())
    }

    /// The text at a key.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        self.get(key).and_then(Node::scalar)
    }

    /// The value as JSON, on one line.
    pub(crate) fn json(&self) -> String {
        match &self.kind {
            Kind::Null => "null".to_owned(),
            Kind::Bool(b) => b.to_string(),
            Kind::Number(n) => n.clone(),
            Kind::Text(t) | Kind::Param(t) => json_text(t),
            Kind::List(items) => format!("[{}]", items.iter().map(Node::json).collect::<Vec<_>>().join(", ")),
            Kind::Map(entries) => {
                let entries = entries.iter().map(|(k, v)| format!("{}: {}", json_text(&k.text), v.json()));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
            }
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    pub(crate) fn is_map(&self) -> bool {
        matches!(self.kind, Kind::Map(_))
    }
}

fn json_text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Node {
        read(text, FileId(0)).expect("read").into_iter().next().expect("a document")
    }

    #[test]
    fn json_is_read_with_its_escapes_and_places() {
        let text = "{\n\t\"é\": [1.50, \"\\ud83d\\ude00 \\\\ud \\/\", null],\n\t\"b\": true}";
        let node = one(text);
        let list = node.get("é").expect("é");
        assert_eq!(list.items()[0].scalar().as_deref(), Some("1.50"));
        assert_eq!(list.items()[1].scalar().as_deref(), Some("😀 \\ud /"));
        assert!(list.items()[2].is_null());
        let b = node.get("b").expect("b");
        assert_eq!(text.get(b.span.range()), Some("true"));
        assert_eq!(text.get(list.items()[1].span.range()), Some("\"\\ud83d\\ude00 \\\\ud \\/\""));
    }

    #[test]
    fn anchors_and_merges_are_written_out() {
        let node = one("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\n");
        let b = node.get("b").expect("b");
        assert_eq!((b.text("x").as_deref(), b.text("y").as_deref()), (Some("1"), Some("3")));
    }

    #[test]
    fn what_is_too_deep_or_too_large_is_refused() {
        assert!(read(&"[".repeat(200), FileId(0)).is_err());
        let mut bomb = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n".to_owned();
        for i in 1..9 {
            let p = i - 1;
            bomb += &format!("a{i}: &a{i} [*a{p},*a{p},*a{p},*a{p},*a{p},*a{p},*a{p},*a{p},*a{p},*a{p}]\n");
        }
        assert!(read(&bomb, FileId(0)).is_err());
        assert!(read("a: [1", FileId(0)).is_err());
    }
}
