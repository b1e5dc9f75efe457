//! The tables are in order: names once, defaults readable, references to each other right.

use std::collections::BTreeSet;

use crate::*;

fn check_keys(owner: &str, keys: &[ConfigKey]) {
    let mut names = BTreeSet::new();
    for key in keys {
        assert!(names.insert(key.name), "{owner}: {} twice", key.name);
        assert!(!key.doc.is_empty() && !key.example.is_empty(), "{owner}: {} has no doc or example", key.name);
        assert!(!(key.required && key.default.is_some()), "{owner}: {} is required and has a default", key.name);
        assert_eq!(key.default.is_some(), key.default_value().is_some(), "{owner}: default of {}", key.name);
        assert!(!key.secret || key.example.starts_with("secret "), "{owner}: example of {}", key.name);
        match (key.ty, key.default_value()) {
            (KeyType::Word(words) | KeyType::OneOf(words), Some(ConfigValue::Word(w) | ConfigValue::Text(w))) => {
                assert!(words.contains(&w.as_str()), "{owner}: default of {}", key.name);
            }
            (KeyType::Char, Some(ConfigValue::Text(c))) => assert_eq!(c.chars().count(), 1, "{owner}: {}", key.name),
            (KeyType::Integer(low, high), Some(ConfigValue::Integer(n))) => assert!((low..=high).contains(&n)),
            (KeyType::Choice(forms), _) => {
                for form in forms {
                    check_keys(form.name, form.keys);
                }
            }
            _ => {}
        }
    }
}

#[test]
fn keys_are_unique_and_their_defaults_are_values() {
    check_keys("model", model_keys());
    check_keys("heal", heal_keys());
    for channel in channels() {
        check_keys(channel.name, channel.keys);
    }
    for c in connectors() {
        check_keys(c.name, c.connection_keys);
        for own in [Some(c.source_keys), c.sink_keys].into_iter().flatten() {
            // Without a connection, both stand in one `with`.
            let both: Vec<_> = c.connection_keys.iter().chain(own).copied().collect();
            check_keys(c.name, &both);
        }
    }
}

#[test]
fn names_are_unique() {
    fn once<'a>(names: impl Iterator<Item = &'a str>) {
        let mut seen = BTreeSet::new();
        for name in names {
            assert!(seen.insert(name), "{name} twice");
        }
    }
    once(connectors().iter().map(|c| c.name));
    once(channels().iter().map(|c| c.name));
    once(failures().iter().map(|f| f.name));
    once(actions().iter().map(|a| a.name));
    once(predicates().map(|p| p.name));
    for f in failures() {
        once(f.fields.iter().map(|f| f.name));
    }
}

#[test]
fn actions_name_failures_and_checks_that_exist() {
    for a in actions() {
        for f in a.on {
            let failure = failure(f).unwrap_or_else(|| panic!("{}: {f}", a.name));
            assert!(failure.rows || !a.needs_rows, "{} needs rows, {f} has none", a.name);
        }
        for c in a.checks {
            assert!(predicate(c).is_some_and(|p| p.level == Level::Row || p.level == Level::Set), "{}: {c}", a.name);
        }
        assert!(a.checks.is_empty() || a.on == ["rule_failed"], "{}", a.name);
        assert!(!a.inferred || !a.evidence.is_empty(), "{}", a.name);
        assert!(a.example.contains(a.name), "{}", a.name);
    }
}

#[test]
fn an_action_is_refused_only_where_it_cannot_apply() {
    let dedupe = action("dedupe").expect("dedupe");
    assert!(dedupe.applies_to("rule_failed", Some("unique")) && dedupe.applies_to("rule_failed", None));
    assert!(!dedupe.applies_to("rule_failed", Some("not_null")) && !dedupe.applies_to("bad_record", None));
    assert!(action("notify").is_some_and(|a| a.applies_to("structural", None)));
}

#[test]
fn dimensions_are_of_the_closed_set() {
    for p in predicates() {
        assert!(DIMENSIONS.contains(&p.dimension), "{}", p.name);
        assert!(p.example.ends_with(';') && !p.doc.is_empty(), "{}", p.name);
    }
}
