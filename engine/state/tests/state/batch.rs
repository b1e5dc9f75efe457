//! A batch with everything in it, for the other tests: two loads, quarantine, ledger, baseline, heals.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use pipe_state::*;
use serde_json::json;

pub const AT: &str = "2026-01-02T03:04:05Z";

/// A project in a folder: `.pipe` and `out`.
pub struct Project {
    pub root: PathBuf,
    pub state: State,
}

impl Project {
    pub fn new(root: &Path) -> Project {
        Project { root: root.to_owned(), state: State::open(&root.join(".pipe")).unwrap() }
    }

    pub fn path(&self, rest: &str) -> PathBuf {
        self.root.join(rest)
    }

    pub fn begin(&mut self, run: &str) {
        let start = RunStart {
            id: run.into(),
            command: "run".into(),
            started_at: AT.into(),
            program_fingerprint: "f00d".into(),
            targets: vec!["orders".into()],
            params: BTreeMap::from([("day".into(), "2026-01-01".into())]),
        };
        self.state.begin_run(&start).unwrap();
    }

    /// Stages `out/<name>` with this text and says how to publish it.
    pub fn stage(&self, batch: &str, load: &str, name: &str, text: &str) -> PublishStep {
        let target = self.path("out").join(name);
        let staged = self.path(&format!("out/.pipe-staging-{batch}")).join(name);
        write(&staged, text);
        let bytes = text.len() as u64;
        PublishStep { load: Some(load.into()), source: None, staged, target, replace: false, rows: 1, bytes }
    }

    /// Stages a whole batch: a file each for the loads `orders` and `orders_2`, one for the quarantine, one for the ledger.
    pub fn full_batch(&mut self, run: &str, batch: &str) -> CommitRecord {
        let own = self.state.staging_dir(run).join(batch);
        let folders = [self.path(&format!("out/.pipe-staging-{batch}")), own.clone()];
        self.state.stage_begun(run, batch, &folders).unwrap();
        let mut publish = vec![
            self.stage(batch, "orders", &format!("part-{batch}.csv"), "a\n1\n"),
            self.stage(batch, "orders_2", &format!("second-{batch}.csv"), "a\n1\n"),
        ];
        let quarantine = self.state.quarantine_dir("orders").join(format!("{run}-{batch}.parquet"));
        let ledger = self.state.ledger_dir().join(format!("{run}-{batch}.parquet"));
        for (target, name) in [(&quarantine, "quarantine.parquet"), (&ledger, "ledger.parquet")] {
            write(&own.join(name), "PAR1");
            publish.push(PublishStep {
                staged: own.join(name),
                target: target.clone(),
                bytes: 4,
                ..Default::default()
            });
        }
        let taken = TakenFile {
            path: format!("data/{batch}.csv"),
            size: 10,
            modified_ns: 5,
            hash: "abcd".into(),
            rows: 3,
            ..Default::default()
        };
        let load =
            |name: &str| LoadCommit { load: name.into(), rows: 1, taken: vec![taken.clone()], ..Default::default() };
        CommitRecord {
            run: run.into(),
            batch: batch.into(),
            at: AT.into(),
            table: table_record(),
            loads: vec![load("orders"), load("orders_2")],
            publish,
            quarantine: vec![QuarantineFile {
                path: quarantine,
                rows: 2,
                state: RowState::Held,
                exceptions: vec![(RowRange::one(1), RowState::AwaitingApproval)],
                reasons: BTreeMap::from([("quantity.between".into(), 2)]),
                sources: vec![QuarantineSource { path: taken.path.clone(), hash: "abcd".into(), rows: 2 }],
            }],
            ledger: vec![LedgerFile { path: ledger, cells: 1 }],
            baselines: vec![Baseline {
                source: "orders".into(),
                at: AT.into(),
                schema: json!([{"name": "a", "type": "int"}]),
                pinned: true,
                contract: Some("apiVersion: v3.1.0".into()),
                profiles: vec![1, 2, 3],
            }],
            ..Default::default()
        }
    }
}

fn table_record() -> TableRecord {
    TableRecord {
        account: TableAccount {
            table: "orders".into(),
            outcome: "committed".into(),
            read: 3,
            committed: 1,
            quarantined: 2,
            waiting: 1,
            unhealed: 1,
            files: 1,
            bytes: 10,
            ..Default::default()
        },
        rules: vec![RuleResult {
            rule: "volume".into(),
            check: "between".into(),
            severity: "error".into(),
            dimension: "volume".into(),
            passed: true,
            rows: 3,
            observed: Some("3".into()),
            value: Some(3.0),
            value_after: Some(3.0),
            ..Default::default()
        }],
        failures: vec![FailureRecord {
            failure: "rule_failed".into(),
            fields: BTreeMap::from([("rule".into(), "quantity.between".into())]),
            rows: 2,
            handled: "quarantined".into(),
            clause: Some(1),
            ..Default::default()
        }],
        heals: vec![HealRecord {
            number: 1,
            clause: 1,
            text: "on rule_failed => quarantine".into(),
            clause_hash: "c1".into(),
            action: "set".into(),
            cells: 1,
            rows: 1,
            confidence: 1.0,
            state: "applied".into(),
            ..Default::default()
        }],
        metrics: vec![Metric { name: "count(*)".into(), value: 3.0, scope: Scope::Batch, ..Default::default() }],
        columns: Vec::new(),
    }
}

pub fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// All files under a folder, relative, sorted; folders that are empty end with `/`.
pub fn tree(root: &Path) -> Vec<String> {
    fn walk(root: &Path, at: &Path, out: &mut Vec<String>) {
        let mut entries: Vec<_> = fs::read_dir(at).unwrap().map(|e| e.unwrap().path()).collect();
        entries.sort();
        if entries.is_empty() && at != root {
            out.push(format!("{}/", at.strip_prefix(root).unwrap().display()));
        }
        for entry in entries {
            if entry.is_dir() {
                walk(root, &entry, out);
            } else {
                out.push(entry.strip_prefix(root).unwrap().display().to_string());
            }
        }
    }
    let mut out = Vec::new();
    if root.exists() {
        walk(root, root, &mut out);
    }
    out
}
