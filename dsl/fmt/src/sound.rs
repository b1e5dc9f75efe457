//! What formatting must not change: the tree, SQL compared by its tokens, and the comments.

use pipe_syntax::{
    Action, File, FillWith, ModelBody, Operand, Predicate, RuleOption, Spanned, Sql, Statement, StatementKind, Subject,
    TestItem, TokenKind, sql_tokens, tokens,
};

/// The comments of a text, in order, without blanks at their ends.
pub(crate) fn comments(text: &str) -> Vec<&str> {
    let is_comment = |kind| matches!(kind, TokenKind::Comment | TokenKind::Doc);
    let comments = tokens(text).into_iter().filter(|token| is_comment(token.kind));
    comments.map(|token| text.get(token.range).unwrap_or("").trim_end()).collect()
}

/// The first statement that is not the same in both files; SQL is the same if its tokens are. A `pipe` statement that
/// only `after` has, at its top, is the formatter's.
pub(crate) fn changed<'f>(before: &'f mut File, after: &'f mut File) -> Option<&'f Statement> {
    let is_version = |statement: &Statement| matches!(statement.kind, StatementKind::Version(_));
    if !has_version(before) && after.statements.first().is_some_and(is_version) {
        after.statements.remove(0);
    }
    before.statements.iter_mut().chain(after.statements.iter_mut()).for_each(statement);
    let same = before.statements.iter().zip(&after.statements).take_while(|(a, b)| a == b).count();
    before.statements.get(same).or_else(|| after.statements.get(same))
}

/// Whether the file says which version of the language it is in.
pub(crate) fn has_version(file: &File) -> bool {
    file.statements.iter().any(|statement| matches!(statement.kind, StatementKind::Version(_)))
}

fn statement(statement: &mut Statement) {
    match &mut statement.kind {
        StatementKind::Model(model) => {
            if let ModelBody::Sql(sql) = &mut model.body {
                fold(sql);
            }
        }
        StatementKind::Rules(rules) => {
            for rule in &mut rules.items {
                subject(&mut rule.subject);
                rule.predicates.iter_mut().for_each(predicate);
                for option in &mut rule.options {
                    if let RuleOption::Where(sql) = &mut option.value {
                        fold(sql);
                    }
                }
            }
        }
        StatementKind::Heal(heal) => {
            for clause in &mut heal.clauses {
                clause.guard.iter_mut().for_each(fold);
                clause.steps.iter_mut().flatten().for_each(action);
            }
        }
        StatementKind::Test(test) => {
            for item in &mut test.items {
                match &mut item.value {
                    TestItem::GivenSql { sql, .. } | TestItem::ExpectSql { sql, .. } => fold(sql),
                    TestItem::ExpectHeal(healed) => action(healed),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn subject(subject: &mut Subject) {
    if let Subject::Sql(sql) = subject {
        fold(sql);
    }
}

fn predicate(node: &mut Spanned<Predicate>) {
    match &mut node.value {
        Predicate::In { values, .. } | Predicate::NotMissing(values) | Predicate::Values { values, .. } => {
            values.iter_mut().for_each(operand);
        }
        Predicate::Not(inner) => predicate(inner),
        Predicate::Statistic(statistic) => predicate(&mut statistic.holds),
        Predicate::Compound(compound) => {
            for part in &mut compound.parts {
                part.subject.iter_mut().for_each(subject);
                part.predicate.iter_mut().for_each(predicate);
            }
        }
        Predicate::Between(low, high) | Predicate::StrictlyBetween(low, high) => {
            operand(low);
            operand(high);
        }
        Predicate::Compare(_, value) => operand(value),
        Predicate::Length(inner) | Predicate::Distinct(inner) => predicate(inner),
        _ => {}
    }
}

fn operand(operand: &mut Spanned<Operand>) {
    if let Operand::Sql(sql) = &mut operand.value {
        fold(sql);
    }
}

fn action(action: &mut Spanned<Action>) {
    match &mut action.value {
        Action::Cast { using, .. } => fold(using),
        Action::Set { value, filter, .. } => {
            fold(value);
            filter.iter_mut().for_each(fold);
        }
        Action::Fill { with: FillWith::Sql(sql), .. } => fold(sql),
        Action::Clip(Some((_, low, high))) => {
            operand(low);
            operand(high);
        }
        _ => {}
    }
}

/// White space between tokens to one blank.
fn fold(sql: &mut Sql) {
    sql.value = sql_tokens(&sql.value).collect::<Vec<_>>().join(" ");
}
