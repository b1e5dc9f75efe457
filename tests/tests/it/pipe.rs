//! Runs the real binary, as a user would.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A command that ran to its end.
pub struct Ran {
    /// Its exit code.
    pub code: i32,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Ran {
    /// Standard output as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| {
            panic!("{e}: standard output is not one JSON object:\n{}\n{}", self.stdout, self.stderr)
        })
    }

    /// Fails, with all that was said, unless the exit code is `code`.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "exit code; it said:\n{}\n{}", self.stdout, self.stderr);
        self
    }
}

/// The binary `pipe`, beside the folder this test was built into.
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("the test's own path");
    let folder = test.parent().and_then(Path::parent).expect("target/<profile>/deps/<test>");
    let binary = folder.join(format!("pipe{}", std::env::consts::EXE_SUFFIX));
    assert!(
        binary.is_file(),
        "`{}` is missing: build it with `cargo build --bin pipe`, or run `tests/run`",
        binary.display()
    );
    binary
}

/// The binary with arguments, in a folder; without colours, without what the caller's environment might say.
pub fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.current_dir(folder).args(args).env_clear().stdin(Stdio::null());
    for kept in ["PATH", "HOME", "TMPDIR", "LLVM_PROFILE_FILE"] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    command
}

/// Runs `pipe` with these arguments in a folder.
pub fn pipe(folder: &Path, args: &[&str]) -> Ran {
    ran(command(folder, args).output().expect("pipe starts"))
}

/// Runs `pipe` with these arguments in a folder and gives it a text to read.
pub fn pipe_with_input(folder: &Path, args: &[&str], input: &str) -> Ran {
    let mut command = command(folder, args);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("pipe starts");
    let mut stdin = child.stdin.take().expect("a pipe to it");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || std::io::Write::write_all(&mut stdin, input.as_bytes()));
    let output = child.wait_with_output().expect("pipe ends");
    writer.join().expect("the writer ends").expect("pipe reads its input");
    ran(output)
}

fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
    }
}

/// The folder of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the repository").to_owned()
}

/// A folder with one program, and files beside it.
pub fn project(program: &str, files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("p.pipe"), program).unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Copies a folder of the repository, without what runs leave in it, so that a test does not touch the repository.
pub fn copy_of(folder: &str) -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a temporary folder");
    copy_folder(&repository().join(folder), copy.path());
    copy
}

/// The same, to a folder that is there or is made.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the folder is made");
    for entry in std::fs::read_dir(from).expect("the folder is listed") {
        let entry = entry.expect("an entry");
        let name = entry.file_name();
        if name == "out" || name == ".pipe" {
            continue;
        }
        let target = to.join(&name);
        if entry.file_type().expect("its type").is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("the file is copied");
        }
    }
}

/// Runs the project `a.pipe` of a folder in this process, by a clock that stands so many seconds after 1 June 2026, a Monday.
pub fn run_at(folder: &Path, seconds: i64) -> pipe_run::Report {
    let loaded = pipe_check::load(folder, &[folder.join("a.pipe")], None);
    let mut options = pipe_run::Options::new(folder.join(".pipe"));
    options.threads = 2;
    options.now = chrono::DateTime::from_timestamp(1_780_272_000 + seconds, 0).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(pipe_run::run(&loaded, &options, &pipe_run::report::Silent))
}
