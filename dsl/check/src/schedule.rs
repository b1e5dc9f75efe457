//! `schedule`.

use std::collections::BTreeSet;

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
        && zone.value.parse::<chrono_tz::Tz>().is_err()
    {
        let near = pipe_diagnostics::nearest(&zone.value, chrono_tz::TZ_VARIANTS.iter().map(|z| z.name()));
        let help = near
            .map_or("write a name of the IANA database, such as `'Europe/Berlin'` or `'UTC'`".into(), |near| {
                format!("did you mean `{near}`?")
            });
        cx.report(Diagnostic::error(codes::ZONE, format!("`{}` is no time zone", zone.value), zone.span).help(help));
    }
    no_effect(cx, s);
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

/// What is written and changes nothing: a zone where no calendar is asked, a catch-up where no time is missed.
fn no_effect(cx: &mut Cx<'_>, s: &syntax::Schedule) {
    let (why, after) = match s.trigger {
        Trigger::Cron(_) => return,
        Trigger::Every(_) => ("a pause is as long in every zone", false),
        Trigger::After(_) => ("what comes after something else has no time of its own", true),
    };
    let catchup = s.catchup.as_ref().filter(|_| after).map(|word| ("catchup", word.span));
    for (word, span) in s.zone.iter().map(|zone| ("zone", zone.span)).chain(catchup) {
        cx.report(
            Diagnostic::warning(codes::NO_EFFECT, format!("`{word}` has no effect here: {why}"), span)
                .help("leave it out, or write the times as `cron '…'`"),
        );
    }
}

/// Reports schedules that wait for each other.
pub(crate) fn circles(cx: &mut Cx<'_>) {
    let names = cx.names;
    let waits_for = |name: &str| match names.schedules.get(name).map(|s| &s.trigger) {
        Some(Trigger::After(names)) => names.as_slice(),
        _ => &[],
    };
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for &start in names.schedules.keys() {
        // Depth first: the way here, and how much of each stop's list has been tried.
        let mut way: Vec<(&str, usize)> = vec![(start, 0)];
        let mut seen: BTreeSet<&str> = BTreeSet::from([start]);
        while let Some((at, tried)) = way.last_mut() {
            let (here, next) = (*at, waits_for(at).get(*tried));
            *tried += 1;
            let Some(next) = next else {
                way.pop();
                continue;
            };
            if next.value == start && here != start && !told.contains(start) {
                let circle: Vec<&str> = way.iter().map(|(name, _)| *name).chain([start]).collect();
                told.extend(&circle);
                let message = format!("schedule `{start}` waits for itself: {}", circle.join(" -> "));
                cx.report(
                    Diagnostic::error(codes::AFTER, message, next.span)
                        .help("let one of them start by `cron` or `every`"),
                );
            } else if names.schedules.contains_key(next.as_str()) && seen.insert(&next.value) {
                way.push((&next.value, 0));
            }
        }
    }
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
