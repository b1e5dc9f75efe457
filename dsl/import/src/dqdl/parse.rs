//! Rulesets as trees.

use std::collections::BTreeMap;

use pipe_diagnostics::codes::import as codes;
use pipe_diagnostics::{Diagnostic, FileId, Span};

use super::tokens::{Kind, Token, tokens};
use crate::rule::Said;

/// A rule, or several joined.
#[derive(Debug)]
pub(super) enum Tree {
    One(Written),
    Joined { all: bool, parts: Vec<Tree> },
}

/// A rule as it stands: `ColumnValues "a" > 5 where "b = 1" with threshold > 0.9`.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) kind: String,
    pub(super) span: Span,
    pub(super) parameters: Vec<String>,
    /// What stands behind the parameters and before `where` and `with`.
    pub(super) condition: Vec<Token>,
    pub(super) filter: Option<String>,
    pub(super) threshold: Option<Vec<Token>>,
    /// `with ignoreCase = "true"`.
    pub(super) tags: Vec<(String, String)>,
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    file: FileId,
    end: usize,
    variables: BTreeMap<String, Vec<Token>>,
}

/// How deep rules may stand in one another.
const MAX_DEPTH: usize = 30;

/// A ruleset.
#[derive(Debug)]
pub(super) struct Ruleset {
    /// Its rules; each is a tree, or why it cannot be read.
    pub(super) rules: Vec<Said<Tree>>,
    /// What stands beside them and judges nothing.
    pub(super) beside: Vec<(Span, String)>,
}

/// The rules of a ruleset.
///
/// # Errors
/// What makes the text no ruleset.
pub(super) fn ruleset(text: &str, file: FileId) -> Said<Ruleset> {
    let mut reader = Reader { tokens: tokens(text, file)?, at: 0, file, end: text.len(), variables: BTreeMap::new() };
    let (mut rules, mut beside) = (Vec::new(), Vec::new());
    let mut found = false;
    while let Some(token) = reader.peek().cloned() {
        let Kind::Word(name) = token.kind else { return Err(reader.unexpected("a section such as `Rules = [ … ]`")) };
        reader.at += 1;
        reader.sign("=")?;
        match name.to_lowercase().as_str() {
            "rules" => {
                found = true;
                rules.extend(reader.rules()?);
            }
            // Analyzers measure and judge nothing; metadata and labels are beside the verdict.
            "analyzers" => {
                beside.push((token.span, "`Analyzers` measure and judge nothing; `pipe profile` measures".to_owned()));
                reader.skip()?;
            }
            "metadata" | "defaultlabels" => {
                beside.push((token.span, format!("`{name}` name rules for people")));
                reader.skip()?;
            }
            _ => {
                let value = reader.value()?;
                reader.variables.insert(name, value);
            }
        }
    }
    if found { Ok(Ruleset { rules, beside }) } else { Err(Box::new(not_a_ruleset(Span::new(file, 0..0)))) }
}

fn not_a_ruleset(span: Span) -> Diagnostic {
    Diagnostic::error(codes::NOT_A_SUITE, "this is no ruleset: it has no `Rules = [ … ]`", span)
        .help("a ruleset is the text of `Ruleset` of AWS Glue Data Quality")
}

impl Reader {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token { kind: Kind::Sign(s), .. }) if *s == sign)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token { kind: Kind::Word(w), .. }) if w.eq_ignore_ascii_case(word))
    }

    fn span(&self) -> Span {
        self.peek().map_or_else(|| Span::new(self.file, self.end..self.end), |t| t.span)
    }

    fn unexpected(&self, what: &str) -> Box<Diagnostic> {
        Box::new(Diagnostic::error(codes::NOT_READ, format!("here there should be {what}"), self.span()))
    }

    fn sign(&mut self, sign: &str) -> Said<()> {
        if !self.is_sign(sign) {
            return Err(self.unexpected(&format!("`{sign}`")));
        }
        self.at += 1;
        Ok(())
    }

    /// Passes over a section in brackets.
    fn skip(&mut self) -> Said<()> {
        let mut depth = 0usize;
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::Sign("[" | "{") => depth += 1,
                Kind::Sign("]" | "}") => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Ok(());
            }
        }
        Err(self.unexpected("the end of the section, `]`"))
    }

    /// A variable's value: one word, or all between brackets.
    fn value(&mut self) -> Said<Vec<Token>> {
        let start = self.at;
        let (open, close) = if self.is_sign("[") { ("[", "]") } else { ("(", ")") };
        if !self.is_sign(open) {
            self.at += 1;
            return Ok(self.tokens.get(start..self.at).unwrap_or_default().to_vec());
        }
        while !self.is_sign(close) {
            if self.peek().is_none() {
                return Err(self.unexpected(&format!("`{close}`")));
            }
            self.at += 1;
        }
        self.at += 1;
        Ok(self.tokens.get(start..self.at).unwrap_or_default().to_vec())
    }

    fn rules(&mut self) -> Said<Vec<Said<Tree>>> {
        self.sign("[")?;
        let mut rules = Vec::new();
        while !self.is_sign("]") {
            rules.push(self.joined(0));
            // A rule that is not understood ends at the next comma outside brackets.
            if rules.last().is_some_and(Result::is_err) {
                self.skip_to_comma();
            }
            if self.is_sign(",") {
                self.at += 1;
            } else if !self.is_sign("]") {
                return Err(self.unexpected("`,` or `]`"));
            }
        }
        self.at += 1;
        Ok(rules)
    }

    fn skip_to_comma(&mut self) {
        let mut depth = 0usize;
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::Sign("[" | "(" | "{") => depth += 1,
                Kind::Sign("]" | ")" | "}") if depth > 0 => depth -= 1,
                Kind::Sign("," | "]") if depth == 0 => return,
                _ => {}
            }
            self.at += 1;
        }
    }

    fn joined(&mut self, depth: usize) -> Said<Tree> {
        if depth > MAX_DEPTH {
            return Err(self.unexpected("fewer brackets around a rule"));
        }
        if !self.is_sign("(") {
            return self.rule().map(Tree::One);
        }
        let mut parts = vec![self.in_brackets(depth)?];
        let mut word = None;
        while self.is_word("and") || self.is_word("or") {
            let all = self.is_word("and");
            if word.is_some_and(|before| before != all) {
                return Err(self.unexpected("brackets around rules that are joined by another word"));
            }
            word = Some(all);
            self.at += 1;
            parts.push(self.in_brackets(depth)?);
        }
        match (word, parts.pop()) {
            (None, Some(one)) => Ok(one),
            (word, last) => {
                parts.extend(last);
                Ok(Tree::Joined { all: word.unwrap_or(true), parts })
            }
        }
    }

    fn in_brackets(&mut self, depth: usize) -> Said<Tree> {
        self.sign("(")?;
        let tree = self.joined(depth + 1)?;
        self.sign(")")?;
        Ok(tree)
    }

    fn rule(&mut self) -> Said<Written> {
        let Some(Token { kind: Kind::Word(kind), span }) = self.peek().cloned() else {
            return Err(self.unexpected("a rule such as `RowCount > 0`"));
        };
        self.at += 1;
        let mut parameters = Vec::new();
        while let Some(Token { kind: Kind::Text(text), .. }) = self.peek() {
            parameters.push(text.clone());
            self.at += 1;
        }
        let condition = self.until(&["where", "with", "labels"])?;
        let mut written =
            Written { kind, span, parameters, condition, filter: None, threshold: None, tags: Vec::new() };
        loop {
            if self.is_word("where") {
                self.at += 1;
                let Some(Token { kind: Kind::Text(text), .. }) = self.peek() else {
                    return Err(self.unexpected("a condition in quotes"));
                };
                written.filter = Some(text.clone());
                self.at += 1;
            } else if self.is_word("with") {
                self.at += 1;
                if self.is_word("threshold") {
                    self.at += 1;
                    written.threshold = Some(self.until(&["where", "with", "labels"])?);
                } else {
                    let tag = self.until(&["where", "with", "labels"])?;
                    let [Token { kind: Kind::Word(name), .. }, _, value] = tag.as_slice() else {
                        return Err(self.unexpected("a tag such as `with ignoreCase = \"true\"`"));
                    };
                    if let Kind::Text(value) | Kind::Word(value) | Kind::Number(value) = &value.kind {
                        written.tags.push((name.clone(), value.clone()));
                    }
                }
            } else if self.is_word("labels") {
                self.at += 1;
                self.until(&["where", "with"])?;
            } else {
                return Ok(written);
            }
        }
    }

    /// The words up to one of `ends`, a comma or a closing bracket; variables filled in.
    fn until(&mut self, ends: &[&str]) -> Said<Vec<Token>> {
        let mut out = Vec::new();
        let mut depth = 0usize;
        while let Some(token) = self.peek().cloned() {
            match &token.kind {
                Kind::Word(w) if depth == 0 && ends.iter().any(|e| w.eq_ignore_ascii_case(e)) => break,
                Kind::Sign("," | "]" | ")" | "}") if depth == 0 => break,
                Kind::Sign("[" | "(" | "{") => depth += 1,
                Kind::Sign("]" | ")" | "}") => depth -= 1,
                _ => {}
            }
            self.at += 1;
            match &token.kind {
                Kind::Variable(name) => match self.variables.get(name) {
                    Some(value) => out.extend(value.iter().map(|t| Token { kind: t.kind.clone(), span: token.span })),
                    None => {
                        let message = format!("there is no variable `{name}`");
                        return Err(Box::new(Diagnostic::error(codes::ARGUMENT, message, token.span)));
                    }
                },
                _ => out.push(token),
            }
        }
        Ok(out)
    }
}
