//! How the repository is kept: which crate may know which, how long files are, what lies at the top, what stays out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use cargo_metadata::{CrateType, DependencyKind, Metadata, MetadataCommand, PackageId};

use crate::pipe::repository;

/// Which crates a crate may name in its manifest. A crate that is not listed here has no place yet: give it one.
const MAY_KNOW: [(&str, &[&str]); 20] = [
    ("pipe-grammar", &[]),
    ("pipe-diagnostics", &[]),
    ("pipe-schema", &["pipe-diagnostics"]),
    ("pipe-syntax", &["pipe-diagnostics", "pipe-grammar"]),
    ("pipe-sql", &["pipe-diagnostics", "pipe-syntax"]),
    ("pipe-check", &["pipe-diagnostics", "pipe-schema", "pipe-sql", "pipe-syntax"]),
    ("pipe-fmt", &["pipe-diagnostics", "pipe-sql", "pipe-syntax"]),
    ("pipe-import", &["pipe-check", "pipe-diagnostics", "pipe-fmt", "pipe-schema", "pipe-sql", "pipe-syntax"]),
    ("pipe-contract", &["pipe-check", "pipe-diagnostics", "pipe-import", "pipe-schema", "pipe-sql", "pipe-syntax"]),
    ("pipe-types", &["pipe-schema"]),
    ("pipe-compile", LANGUAGE_AND_TYPES),
    ("pipe-connect", LANGUAGE_AND_TYPES),
    ("pipe-heal", LANGUAGE),
    ("pipe-plan", LANGUAGE),
    ("pipe-profile", &[]),
    ("pipe-quality", LANGUAGE),
    ("pipe-suggest", &["pipe-diagnostics", "pipe-fmt", "pipe-profile", "pipe-sql", "pipe-syntax"]),
    ("pipe-state", &["pipe-diagnostics"]),
    (
        "pipe-run",
        &[
            "pipe-check",
            "pipe-compile",
            "pipe-connect",
            "pipe-contract",
            "pipe-diagnostics",
            "pipe-heal",
            "pipe-plan",
            "pipe-profile",
            "pipe-quality",
            "pipe-schema",
            "pipe-sql",
            "pipe-state",
            "pipe-suggest",
            "pipe-syntax",
        ],
    ),
    (
        "pipe-cli",
        &[
            "pipe-check",
            "pipe-compile",
            "pipe-contract",
            "pipe-diagnostics",
            "pipe-fmt",
            "pipe-import",
            "pipe-plan",
            "pipe-profile",
            "pipe-run",
            "pipe-schema",
            "pipe-sql",
            "pipe-suggest",
            "pipe-syntax",
        ],
    ),
];

const LANGUAGE: &[&str] = &["pipe-check", "pipe-diagnostics", "pipe-schema", "pipe-sql", "pipe-syntax"];

const LANGUAGE_AND_TYPES: &[&str] =
    &["pipe-check", "pipe-diagnostics", "pipe-schema", "pipe-sql", "pipe-syntax", "pipe-types"];

/// What must not be reached from a crate, however far down. The language runs in editors: it knows no engine and no runtime. Healing decides and never acts.
const NEVER: [(&[&str], &[&str]); 3] = [
    (
        &[
            "pipe-grammar",
            "pipe-diagnostics",
            "pipe-syntax",
            "pipe-sql",
            "pipe-schema",
            "pipe-check",
            "pipe-fmt",
            "pipe-import",
            "pipe-contract",
        ],
        &["datafusion", "arrow", "tokio", "object_store", "rusqlite"],
    ),
    (&["pipe-heal"], &["datafusion", "tokio", "object_store", "rusqlite"]),
    (&["pipe-profile", "pipe-suggest"], &["datafusion", "tokio", "object_store", "rusqlite"]),
];

fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(repository().join("Cargo.toml")).exec().expect("cargo metadata")
}

#[test]
fn crates_know_only_whom_they_may() {
    let metadata = metadata();
    let allowed: BTreeMap<&str, &[&str]> = MAY_KNOW.into_iter().collect();
    let members: BTreeSet<String> = metadata.workspace_packages().iter().map(|p| p.name.to_string()).collect();
    let mut forbidden = Vec::new();
    for package in metadata.workspace_packages() {
        if package.name.as_str() == "pipe-tests" {
            continue;
        }
        let Some(may) = allowed.get(package.name.as_str()) else {
            forbidden.push(format!("{} is not in MAY_KNOW", package.name));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal) {
            if members.contains(&dependency.name) && !may.contains(&dependency.name.as_str()) {
                forbidden.push(format!("{} -> {}", package.name, dependency.name));
            }
        }
    }
    assert!(forbidden.is_empty(), "edges that are not allowed: {forbidden:#?}");
}

#[test]
fn the_language_reaches_no_engine_and_healing_no_input_or_output() {
    let metadata = metadata();
    let names: BTreeMap<&PackageId, &str> = metadata.packages.iter().map(|p| (&p.id, p.name.as_str())).collect();
    let resolve = metadata.resolve.as_ref().expect("a resolved graph");
    // Only what a crate is linked with: neither its tests' dependencies nor its build script's, and no macros.
    let libraries: BTreeSet<&PackageId> = metadata
        .packages
        .iter()
        .filter(|p| !p.targets.iter().any(|t| t.crate_types.contains(&CrateType::ProcMacro)))
        .map(|p| &p.id)
        .collect();
    let linked: BTreeMap<&PackageId, Vec<&PackageId>> = resolve
        .nodes
        .iter()
        .map(|node| {
            let normal = node.deps.iter().filter(|d| d.dep_kinds.iter().any(|k| k.kind == DependencyKind::Normal));
            (&node.id, normal.map(|d| &d.pkg).filter(|p| libraries.contains(p)).collect())
        })
        .collect();
    for (crates, never) in NEVER {
        for name in crates {
            let start = names.iter().find(|(_, n)| *n == name).map(|(id, _)| *id).expect("a crate of the workspace");
            let (mut seen, mut open) = (BTreeSet::new(), vec![start]);
            while let Some(id) = open.pop() {
                if seen.insert(id) {
                    open.extend(linked.get(id).into_iter().flatten());
                }
            }
            let reached: BTreeSet<&str> = seen.iter().filter_map(|id| names.get(id).copied()).collect();
            for forbidden in never {
                assert!(!reached.contains(forbidden), "{name} reaches {forbidden}");
            }
        }
    }
}

/// The files of the repository, but for what is built, what runs leave behind and what starts with a dot; relative, sorted.
fn files() -> Vec<PathBuf> {
    let repository = repository();
    let (mut found, mut open) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(repository.join(&folder)).expect("a folder of the repository") {
            let entry = entry.expect("an entry");
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = folder.join(&name);
            if entry.file_type().expect("its type").is_dir() {
                if !name.starts_with('.') && name != "target" && name != "out" {
                    open.push(path);
                }
            } else if !name.starts_with('.') {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_file_has_one_subject_and_at_most_800_lines() {
    let long: Vec<String> = files()
        .into_iter()
        .filter(|f| f.extension().is_some_and(|e| e == "rs" || e == "pest"))
        .filter_map(|f| {
            let lines = std::fs::read_to_string(repository().join(&f)).expect("UTF-8").lines().count();
            (lines > 800).then(|| format!("{}: {lines} lines", f.display()))
        })
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn a_library_opens_with_a_table_of_contents() {
    let long: Vec<String> = files()
        .into_iter()
        .filter(|f| f.ends_with("src/lib.rs"))
        .filter_map(|f| {
            let lines = std::fs::read_to_string(repository().join(&f)).expect("UTF-8").lines().count();
            (lines > 100).then(|| format!("{}: {lines} lines", f.display()))
        })
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn the_top_level_is_the_card_on_the_door() {
    let card = [
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "dsl",
        "engine",
        "examples",
        "grammar",
        "snapshots",
        "tests",
    ];
    let top: BTreeSet<String> = files()
        .iter()
        .filter_map(|f| f.components().next())
        .map(|c| c.as_os_str().to_string_lossy().into_owned())
        .collect();
    let extra: Vec<&String> = top.iter().filter(|name| !card.contains(&name.as_str())).collect();
    assert!(extra.is_empty(), "not on the card: {extra:?}");
}

/// Words are put together here, so that this file does not find itself.
#[test]
fn what_stays_out_of_the_repository() {
    let marks = [
        ["todo", "!("].concat(),
        ["unimplemented", "!("].concat(),
        ["not yet ", "implemented"].concat(),
        ["#[", "ignore"].concat(),
        ["/wo", "rk/"].concat(),
        ["/tm", "p/"].concat(),
        ["../sha", "red"].concat(),
        ["<<<<", "<<< "].concat(),
        [">>>>", ">>> "].concat(),
    ];
    let mut found = Vec::new();
    for file in files() {
        let Ok(text) = std::fs::read_to_string(repository().join(&file)) else { continue };
        for (number, line) in text.lines().enumerate() {
            found.extend(
                marks
                    .iter()
                    .filter(|m| line.contains(m.as_str()))
                    .map(|m| format!("{}:{}: {m}", file.display(), number + 1)),
            );
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn every_crate_forbids_unsafe_code_and_takes_the_lints_of_the_workspace() {
    for package in metadata().workspace_packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path).expect("a manifest");
        // Tests may panic: theirs are the only lints of their own.
        let lints = if package.name.as_str() == "pipe-tests" {
            "[lints.rust]\nunsafe_code = \"forbid\""
        } else {
            "[lints]\nworkspace = true"
        };
        assert!(manifest.contains(lints), "{} has other lints", package.name);
    }
    let root = std::fs::read_to_string(repository().join("Cargo.toml")).expect("the manifest");
    assert!(root.contains("unsafe_code = \"forbid\""));
}
