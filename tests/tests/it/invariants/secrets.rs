//! Invariant 9: secrets are in no log, plan, report, error or state file.

use std::path::Path;

use crate::pipe::command;
use crate::rows::files;

use super::world::{Outcome, SECRET};

/// Files below a folder, and texts, in which the secret stands.
fn leaks(folder: &Path, texts: &[String]) -> Vec<String> {
    let holds = |bytes: &[u8]| bytes.windows(SECRET.len()).any(|w| w == SECRET.as_bytes());
    let in_files =
        files(folder).into_iter().filter(|f| holds(&std::fs::read(f).unwrap())).map(|f| f.display().to_string());
    in_files.chain(texts.iter().filter(|t| holds(t.as_bytes())).cloned()).collect()
}

/// Invariant 9, of a generated case: the one file with the secret is the one it was read from.
pub fn told_nobody(folder: &Path, o: &Outcome, plan: &str) -> Result<(), String> {
    let report = serde_json::to_string(&o.report).unwrap();
    let found = leaks(folder, &[report, plan.to_owned()]);
    match found.as_slice() {
        [own] if own.ends_with("key.txt") => Ok(()),
        found => Err(format!("the secret is in {found:?}")),
    }
}

/// Invariant 9, through the command line. The secret is the url of a channel and of a connection, good for what runs and for what is refused.
#[test]
fn a_secret_is_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let program = "pipe 1;\nsecret key from env 'PIPE_TEST_SECRET';\n\
        connection far postgres with (url = secret key);\nchannel oncall webhook with (url = secret key);\n\
        source t from csv 'in.csv' schema (n bigint, s text);\nsource u from far 'public.u';\n\
        rules t { n not null; }\nheal t { on rule_failed => quarantine; }\n\
        load t into csv 'out.csv' with (mode = overwrite);\nload u into csv 'u.csv' with (mode = overwrite);\n";
    std::fs::write(folder.path().join("p.pipe"), program).unwrap();
    std::fs::write(folder.path().join("in.csv"), "n,s\n1,a\n,b\n").unwrap();
    let mut texts = Vec::new();
    let commands: [&[&str]; 12] = [
        &["run", "--target", "t"],
        &["run", "--target", "t", "--format", "json", "--full-refresh"],
        &["run"],
        &["run", "--target", "u", "--format", "json"],
        &["check", "--format", "json"],
        &["plan", "--target", "t"],
        &["plan"],
        &["explain", "t"],
        &["explain", "u"],
        &["query", "select * from u"],
        &["runs"],
        &["fmt", "--diff"],
    ];
    for arguments in commands {
        let output = command(folder.path(), arguments).env("PIPE_TEST_SECRET", SECRET).output().unwrap();
        texts.push(String::from_utf8_lossy(&output.stdout).into_owned());
        texts.push(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    assert!(texts[0].contains("committed"), "{}", texts[0]);
    assert_eq!(leaks(folder.path(), &texts), Vec::<String>::new());
    // What looks for it finds it, in a state file and in what is said.
    std::fs::write(folder.path().join(".pipe/run.log"), format!("url = {SECRET}\n")).unwrap();
    assert_eq!(leaks(folder.path(), &texts).len(), 1);
    assert_eq!(leaks(folder.path(), &[format!("error: cannot reach {SECRET}")]).len(), 2);
}
