//! `schedule`.

use pipe_diagnostics::{Diagnostic, codes::load as codes, codes::names::UNKNOWN_PARAM};
use pipe_schema::Type;
use pipe_syntax::{self as syntax, Literal, Trigger, Value};

use crate::cx::{Cx, suggest, twice};
use crate::literals;
use crate::program::Schedule;
use crate::sql::Scope;

/// `schedule name when run targets [with (…)];`
pub(crate) fn schedule(cx: &mut Cx<'_>, s: &syntax::Schedule) -> Schedule {
    match &s.trigger {
        Trigger::Cron(text) => {
            if let Some(why) = crate::cron::wrong(text) {
                cx.report(
                    Diagnostic::error(codes::CRON, format!("`{}` is no schedule: {why}", text.value), text.span)
                        .help("write it as in `cron '0 2 * * *'`, every night at two"),
                );
            }
        }
        Trigger::Every(every) if every.value == 0 => {
            cx.report(
                Diagnostic::error(codes::EVERY, "a schedule waits between its runs", every.span)
                    .help("write a time such as `every 5m`"),
            );
        }
        Trigger::Every(_) => {}
        Trigger::After(names) => {
            for name in names {
                after(cx, s, name);
            }
        }
    }
    if let Some(zone) = &s.zone
        && !is_zone(zone)
    {
        cx.report(
            Diagnostic::error(codes::ZONE, format!("`{}` is no time zone", zone.value), zone.span)
                .help("write a name of the IANA database, such as `'Europe/Berlin'` or `'UTC'`"),
        );
    }
    for (i, target) in s.targets.iter().enumerate() {
        self::target(cx, target);
        if let Some(first) = s.targets.iter().take(i).find(|t| t.value == target.value) {
            let message = format!("`{}` is run twice", target.value);
            cx.report(twice(codes::UNKNOWN_TARGET, &message, target.span, first.span).help("name it once"));
        }
    }
    params(cx, s);
    Schedule { name: s.name.value.clone(), syntax: s.clone(), span: s.name.span }
}

fn target(cx: &mut Cx<'_>, name: &syntax::Name) {
    let names = cx.names;
    if !names.is_target(name) && !names.may_be_broken(name) {
        cx.unknown(codes::UNKNOWN_TARGET, "target", name, names.tables.keys().copied());
    }
}

fn after(cx: &mut Cx<'_>, s: &syntax::Schedule, name: &syntax::Name) {
    let names = cx.names;
    if name.value == s.name.value {
        cx.report(
            Diagnostic::error(codes::AFTER, format!("schedule `{}` waits for itself", s.name.value), name.span)
                .help("name another schedule, or a table"),
        );
    } else if !names.schedules.contains_key(name.as_str()) && !names.is_target(name) && !names.may_be_broken(name) {
        let known = names.schedules.keys().chain(names.tables.keys()).copied();
        cx.unknown(codes::AFTER, "schedule or table", name, known);
    }
}

/// A name of the IANA database by its form; whether there is such a place is known where schedules run.
fn is_zone(text: &str) -> bool {
    !text.is_empty()
        && text.split('/').all(|part| {
            part.starts_with(|c: char| c.is_ascii_alphabetic())
                && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+'))
        })
}

/// `with (param = value)`; `due` is the moment the run was due.
fn params(cx: &mut Cx<'_>, s: &syntax::Schedule) {
    let names = cx.names;
    let entries = s.with.as_ref().map_or(&[][..], |w| &w.entries);
    for (i, entry) in entries.iter().enumerate() {
        if let Some(first) = entries.iter().take(i).find(|e| e.key.value == entry.key.value) {
            let message = format!("param `{}` is given twice", entry.key.value);
            let code = pipe_diagnostics::codes::config::DUPLICATE_KEY;
            cx.report(twice(code, &message, entry.key.span, first.key.span));
            continue;
        }
        let Some(param) = names.params.get(entry.key.as_str()) else {
            cx.param(UNKNOWN_PARAM, &entry.key, &Scope::default());
            continue;
        };
        let Some(ty) = Type::parse(&param.ty) else { continue };
        let fits = match &entry.value.value {
            Value::Word(word) if word == "due" => ty.class() == pipe_schema::TypeClass::Time,
            Value::Text(text) => literals::fits(&Literal::Text(text.clone()), &ty),
            Value::Number(n) => literals::fits(&Literal::Number(n.clone()), &ty),
            Value::Bool(b) => literals::fits(&Literal::Bool(*b), &ty),
            _ => false,
        };
        if !fits {
            let written = cx.sources.text(entry.value.span).to_owned();
            let help = match &entry.value.value {
                Value::Word(word) => suggest(word, ["due"]),
                _ => None,
            };
            let help = help
                .filter(|h| h.starts_with("did"))
                .unwrap_or(format!("write `due`, or a value such as `{}`", literals::example(&ty)));
            cx.report(
                Diagnostic::error(
                    codes::SCHEDULE_VALUE,
                    format!("`{written}` is no `{ty}` for param `{}`", entry.key.value),
                    entry.value.span,
                )
                .label(param.ty.span, "declared here")
                .help(help),
            );
        }
    }
}
