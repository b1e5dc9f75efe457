//! Suggestions put into a program's text.

use pipe_diagnostics::{Diagnostic, FileId};
use pipe_syntax::{Clause, StatementKind, TokenKind, parse, tokens};

use crate::decide::Suggestions;

impl Suggestions {
    /// The text with the rules behind it, in the one style, and with the heal block if it `has_heal` nowhere. What stood there stays as it
    /// was; where all of it was in style, all of it is again.
    ///
    /// # Errors
    /// What was written is no program: a fault of this one.
    pub fn appended(&self, text: &str, has_heal: bool) -> Result<String, Vec<Diagnostic>> {
        let blocks = if has_heal { self.rule_block() } else { self.blocks() };
        let formatted = pipe_fmt::format(&format!("pipe 1;\n\n{blocks}"))?;
        let added = formatted.strip_prefix("pipe 1;").unwrap_or(&formatted).trim();
        if added.is_empty() {
            return Ok(text.to_owned());
        }
        Ok(styled(text, format!("{}\n\n{added}\n", text.trim_end())))
    }

    /// The text with the clauses in the block `heal table`: before the first clause that takes whatever fails, at the end if
    /// there is none. `None` where the text has no such block.
    pub fn healed(&self, text: &str) -> Option<String> {
        let parsed = parse(text, FileId::default());
        let (statement, heal) = parsed.file.statements.iter().find_map(|statement| match &statement.kind {
            StatementKind::Heal(heal) if heal.table.as_ref().is_some_and(|t| t.value == self.table) => {
                Some((statement, heal))
            }
            _ => None,
        })?;
        let before = heal.clauses.iter().position(takes_all).unwrap_or(heal.clauses.len());
        // Behind what comes before: the comments above a clause stay with it.
        let from = match before.checked_sub(1).and_then(|last| heal.clauses.get(last)) {
            Some(clause) => (clause.span.span.end as usize, ";"),
            None => (statement.span.span.start as usize, "{"),
        };
        let (start, sign) = from;
        let sign_at = |token: &&pipe_syntax::Token| {
            token.range.start + 1 >= start
                && token.kind == TokenKind::Sign
                && text.get(token.range.clone()) == Some(sign)
        };
        let at = tokens(text).iter().find(sign_at)?.range.end;
        let (head, tail) = text.split_at_checked(at)?;
        let clauses = self.clauses();
        Some(styled(
            text,
            format!(
                "{head}\n{}{}",
                clauses.trim_end_matches('\n'),
                if tail.starts_with('\n') { tail.to_owned() } else { format!("\n{tail}") }
            ),
        ))
    }
}

/// Whether a clause answers every rule that fails.
fn takes_all(clause: &Clause) -> bool {
    clause.guard.is_none() && clause.patterns.iter().any(|p| p.failure.value == "rule_failed" && p.fields.is_empty())
}

/// In style if the old text was.
fn styled(old: &str, new: String) -> String {
    let was = pipe_fmt::format(old).is_ok_and(|formatted| formatted == old);
    if was { pipe_fmt::format(&new).unwrap_or(new) } else { new }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heal::Healing;

    fn clause() -> Suggestions {
        let healing = Healing {
            clauses: vec![("on rule_failed(check: determines) => majority else keep".to_owned(), "why".to_owned())],
            ..Healing::default()
        };
        Suggestions { table: "t".to_owned(), healing, ..Suggestions::default() }
    }

    #[test]
    fn clauses_come_before_the_one_that_takes_all() {
        let text = "pipe 1;\n\nheal t with (max_quarantine = 5%) {\n  -- copies\n  on rule_failed(check: unique)\n    => dedupe keep first;\n  -- the rest\n  on rule_failed\n    => quarantine; -- kept\n}\n";
        let healed = clause().healed(text).unwrap();
        let expected = "pipe 1;\n\nheal t with (max_quarantine = 5%) {\n  -- copies\n  on rule_failed(check: unique)\n    => dedupe keep first;\n  -- why\n  on rule_failed(check: determines)\n    => majority else keep;\n  -- the rest\n  on rule_failed\n    => quarantine; -- kept\n}\n";
        assert_eq!(healed, expected);
    }

    #[test]
    fn a_block_without_clauses_before_takes_them_first() {
        let text = "pipe 1;\nheal t { on rule_failed => quarantine; }\n";
        let healed = clause().healed(text).unwrap();
        assert!(healed.find("determines").unwrap() < healed.find("quarantine").unwrap(), "{healed}");
        assert!(pipe_fmt::format(&healed).is_ok(), "{healed}");
        assert_eq!(clause().healed("pipe 1;\nheal u { on rule_failed => quarantine; }\n"), None);
    }
}
