//! Sentences of the grammar: random programs made from `pipe.pest` itself, so that every form the grammar has is made.

use std::collections::{BTreeMap, BTreeSet};

use pest_meta::ast::{Expr, RuleType};
use pest_meta::parser::{Rule as Meta, consume_rules, parse};

use crate::random::Random;

/// Rules whose sentences are picked from a list: what stands in them is judged by more than the grammar.
const PICKED: [(&str, &[&str]); 12] = [
    ("plain", &["a", "b2", "orders", "größe", "_x", "source", "select", "a_rather_long_name_of_a_column", "Total"]),
    ("quoted", &["\"Q \"\"q\"", "`b``q`", "\"select\"", "\"größe\""]),
    ("text", &["'x'", "''", "'it''s; -- no'", "'a (long) text: {with} all sorts of signs in it'", "'é\n  𝄞'"]),
    ("number", &["1", "14", "0.5", "-2", "1_000", "1e3"]),
    ("percent", &["1%", "0.1%", "20%"]),
    ("measure", &["250ms", "30s", "5m", "2h", "7d", "64KB", "1.5MiB"]),
    ("literal", &["1", "-2.5", "'x'", "true", "null", "date '2026-01-31'", "timestamp '2026-01-31 12:00'"]),
    ("type_word", &["int", "BIGINT", "decimal", "text", "timestamp", "double  precision", "struct", "json"]),
    ("type_zone", &["with time zone", "without time zone"]),
    (
        "query",
        &[
            "select 1 as x",
            "select a,\n    b\n  from orders\nwhere a > 1",
            "with x as (select ';' as y) select * from x",
        ],
    ),
    (
        "sql",
        &[
            "a > 1",
            "count(*)",
            "a in ('x;', \"y\", $t$ ) $t$)",
            "a\n   + b -- why\n  + c",
            "$ratio < 0.5",
            "'(' || e'\\''",
        ],
    ),
    ("word", &["csv", "postgres", "accuracy", "error", "rows", "date", "rule_failed", "kind", "env", "median"]),
];

/// What stands between two tokens.
const GAPS: [&str; 10] = [" ", " ", " ", " ", "\n", "\n  ", "\t", "\r\n", " -- c\n", " /* c */ "];

/// Statements that are a sentence and a `;`.
const SIMPLE: [&str; 10] =
    ["version", "use_file", "param", "secret", "connection", "channel", "load", "source", "model", "schedule"];

/// Heads of blocks with what stands in them.
const BLOCKS: [(&str, &[&str]); 4] =
    [("profile", &["param", "connection"]), ("rules", &["rule_item"]), ("heal", &["clause"]), ("test", &["test_item"])];

/// A grammar to make sentences of.
#[derive(Debug)]
pub struct Sentences {
    rules: BTreeMap<String, (RuleType, Expr)>,
    /// How deep the shallowest sentence of a rule is.
    depths: BTreeMap<String, usize>,
}

/// A sentence, and the rules that made it.
#[derive(Clone, Debug, Default)]
pub struct Sentence {
    /// The text.
    pub text: String,
    /// Their names.
    pub rules: BTreeSet<String>,
}

impl Sentences {
    /// Reads a grammar.
    ///
    /// # Panics
    /// When pest cannot read it.
    pub fn new(grammar: &str) -> Self {
        let pairs = parse(Meta::grammar_rules, grammar).unwrap_or_else(|e| unreachable!("{e}"));
        let rules = consume_rules(pairs).unwrap_or_else(|e| unreachable!("{e:?}"));
        let rules = rules.into_iter().map(|r| (r.name, (r.ty, r.expr))).collect();
        let mut all = Self { rules, depths: BTreeMap::new() };
        // Until nothing gets shallower; rules that end nowhere stay out.
        loop {
            let found: Vec<(String, usize)> = all
                .rules
                .iter()
                .filter_map(|(name, (_, e))| Some((name.clone(), 1 + all.depth(e)?)))
                .filter(|(name, depth)| all.depths.get(name).is_none_or(|d| d > depth))
                .collect();
            if found.is_empty() {
                return all;
            }
            all.depths.extend(found);
        }
    }

    /// All its rules that sentences of statements and items are made of, but for what is picked from lists.
    pub fn reachable(&self) -> BTreeSet<String> {
        let starts = SIMPLE
            .iter()
            .copied()
            .chain(BLOCKS.iter().flat_map(|(head, items)| [*head].into_iter().chain(items.iter().copied())));
        let mut open: Vec<String> = starts.map(str::to_owned).collect();
        let mut seen = BTreeSet::new();
        while let Some(name) = open.pop() {
            let Some((_, e)) = self.rules.get(&name) else { continue };
            if !seen.insert(name.clone()) || picked(&name).is_some() {
                continue;
            }
            open.extend(e.iter_top_down().filter_map(|e| if let Expr::Ident(name) = e { Some(name) } else { None }));
        }
        // What only lookaheads name is never made.
        seen.retain(|name| !["option_start", "cont", "start", "wide"].contains(&name.as_str()));
        seen
    }

    /// A program of one statement, which need not be right: units, ranges and words of closed sets are judged behind the grammar.
    pub fn statement(&self, random: &mut Random) -> Sentence {
        let mut out = Sentence::default();
        let which = random.between(0, (SIMPLE.len() + 2 * BLOCKS.len()) as u64 - 1) as usize;
        if let Some(rule) = SIMPLE.get(which) {
            self.rule(rule, false, 12, random, &mut out);
            out.text.push(';');
            return out;
        }
        // Blocks hold most of the language.
        let (head, items) = BLOCKS[(which - SIMPLE.len()) % BLOCKS.len()];
        self.rule(head, false, 12, random, &mut out);
        out.text.push_str(" {\n");
        for _ in 0..random.between(0, 4) {
            let item = word(random, items);
            self.rule(item, false, 14, random, &mut out);
            out.text.push_str(";\n");
        }
        out.text.push('}');
        out
    }

    fn depth(&self, e: &Expr) -> Option<usize> {
        match e {
            Expr::Ident(name) if !self.rules.contains_key(name) => Some(0),
            Expr::Ident(name) if picked(name).is_some() => Some(0),
            Expr::Ident(name) => self.depths.get(name).copied(),
            Expr::Seq(a, b) => Some(self.depth(a)?.max(self.depth(b)?)),
            Expr::Choice(a, b) => [self.depth(a), self.depth(b)].into_iter().flatten().min(),
            Expr::RepOnce(e) | Expr::Push(e) | Expr::RepExact(e, _) | Expr::RepMin(e, _) => self.depth(e),
            _ => Some(0),
        }
    }

    fn rule(&self, name: &str, atomic: bool, fuel: usize, random: &mut Random, out: &mut Sentence) {
        out.rules.insert(name.to_owned());
        if let Some(list) = picked(name) {
            return out.text.push_str(word(random, list));
        }
        let Some((ty, e)) = self.rules.get(name) else {
            let text: &[&str] = match name {
                "ANY" | "ASCII_ALPHA" | "ASCII_ALPHANUMERIC" | "ALPHABETIC" => &["a", "x", "é"],
                "ASCII_DIGIT" | "NUMBER" | "ASCII_HEX_DIGIT" => &["1", "7"],
                "WHITE_SPACE" => &[" "],
                _ => &[""],
            };
            return out.text.push_str(word(random, text));
        };
        let atomic = atomic || matches!(ty, RuleType::Atomic | RuleType::CompoundAtomic);
        self.expr(e, atomic, fuel.saturating_sub(1), random, out);
    }

    fn expr(&self, kind: &Expr, atomic: bool, fuel: usize, random: &mut Random, out: &mut Sentence) {
        let gap = |random: &mut Random, out: &mut Sentence| {
            if !atomic && !out.text.is_empty() {
                out.text.push_str(word(random, &GAPS));
            }
        };
        match kind {
            Expr::Str(text) => out.text.push_str(text),
            Expr::Insens(word) if random.once_in(12) => out.text.push_str(&word.to_uppercase()),
            Expr::Insens(word) => out.text.push_str(word),
            Expr::Range(low, _) => out.text.push_str(low),
            Expr::Ident(name) => self.rule(name, atomic, fuel, random, out),
            Expr::Seq(a, b) => {
                self.expr(a, atomic, fuel, random, out);
                if !is_empty(a) && !is_empty(b) {
                    gap(random, out);
                }
                self.expr(b, atomic, fuel, random, out);
            }
            Expr::Choice(..) => {
                let mut all = Vec::new();
                alternatives(kind, &mut all);
                let fitting: Vec<&Expr> =
                    all.iter().copied().filter(|e| self.depth(e).is_some_and(|d| d <= fuel)).collect();
                let shallow = || all.iter().copied().min_by_key(|e| self.depth(e).unwrap_or(usize::MAX));
                let one = if fitting.is_empty() { shallow() } else { Some(*random.pick::<&Expr>(&fitting)) };
                if let Some(one) = one {
                    self.expr(one, atomic, fuel, random, out);
                }
            }
            Expr::Opt(e) | Expr::Rep(e) | Expr::RepOnce(e) => {
                let least = u64::from(matches!(kind, Expr::RepOnce(_)));
                let fits = self.depth(e).is_some_and(|d| d <= fuel);
                let more = match kind {
                    _ if !fits => 0,
                    Expr::Rep(_) => 2,
                    _ => 1,
                };
                for i in 0..least + random.between(0, more) {
                    if i > 0 {
                        gap(random, out);
                    }
                    self.expr(e, atomic, fuel, random, out);
                }
            }
            // What only looks ahead makes nothing.
            _ => {}
        }
    }
}

fn picked(name: &str) -> Option<&'static [&'static str]> {
    PICKED.iter().find(|(rule, _)| *rule == name).map(|(_, list)| *list)
}

/// Whether nothing is made of it.
fn is_empty(e: &Expr) -> bool {
    match e {
        Expr::PosPred(_) | Expr::NegPred(_) => true,
        Expr::Ident(name) => name == "SOI" || name == "EOI",
        _ => false,
    }
}

/// `a | b | c` as a list.
fn alternatives<'e>(e: &'e Expr, out: &mut Vec<&'e Expr>) {
    match e {
        Expr::Choice(a, b) => {
            alternatives(a, out);
            alternatives(b, out);
        }
        _ => out.push(e),
    }
}

fn word(random: &mut Random, words: &[&'static str]) -> &'static str {
    random.pick::<&'static str>(words)
}
