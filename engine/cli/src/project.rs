//! From a path of the command line to the files of a program and the folder of its state.

use std::path::{Path, PathBuf};

use pipe_check::Loaded;
use pipe_diagnostics::{Diagnostic, Severity, codes};
use pipe_run::Options;

/// Where a command finds its program; options that most commands share.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ProjectArgs {
    /// A `.pipe` file, or a folder whose `*.pipe` files are one program; the current folder if left out
    #[arg(value_name = "FILE|DIR")]
    pub path: Option<PathBuf>,
    /// Apply the overrides of this `profile` of the program
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
}

/// Where a command finds its state.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct StateArgs {
    /// The folder of the state; `.pipe` beside the program if left out
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
}

/// What a command to copy needs behind it to be about the same project and state: ` examples/orders --state s`.
pub fn place(project: &ProjectArgs, state: &StateArgs) -> String {
    let quoted = |path: &Path| {
        let text = path.display().to_string();
        let plain = |c: char| c.is_alphanumeric() || "/._-+".contains(c);
        if !text.is_empty() && text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
    };
    let mut place = project.path.as_deref().map(|p| format!(" {}", quoted(p))).unwrap_or_default();
    if let Some(state) = &state.state {
        place += &format!(" --state {}", quoted(state));
    }
    place
}

/// How much of the machine a command may use.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct EngineArgs {
    /// Threads; all cores if left out
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Memory that may be used before keys, groups and sorts go to disk, such as `512MiB` or `4GB`; no bound if left out
    #[arg(long, value_name = "SIZE", value_parser = size)]
    memory: Option<usize>,
}

/// `64MB`, `64MiB`, as the language writes sizes; at least a megabyte.
fn size(text: &str) -> Result<usize, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits).unwrap_or((text, ""));
    let units =
        [("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
    let unit = units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit.trim())).map(|(_, size)| *size);
    let bytes = number.parse().ok().zip(unit).and_then(|(n, unit): (usize, usize)| n.checked_mul(unit));
    match bytes {
        Some(bytes) if bytes >= 1_000_000 => Ok(bytes),
        Some(_) => Err("it must be at least 1MB".to_owned()),
        None => Err("write it as `512MiB` or `4GB`".to_owned()),
    }
}

/// Values for the program's params.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ParamArgs {
    /// Give a `param` of the program a value; may be repeated
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = name_and_value)]
    params: Vec<(String, String)>,
}

impl ParamArgs {
    /// By name; the last one given counts.
    pub fn values(&self) -> std::collections::BTreeMap<String, String> {
        self.params.iter().cloned().collect()
    }
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_lowercase(), value.to_owned())),
        _ => Err("write it as `name=value`".to_owned()),
    }
}

/// The files of a program.
#[derive(Clone, Debug)]
pub struct Project {
    /// Relative locators start here.
    pub root: PathBuf,
    /// As the user would type them, sorted.
    pub files: Vec<PathBuf>,
}

impl Project {
    /// The file, or the `*.pipe` files of the folder; those whose name starts with a dot are left out.
    ///
    /// # Errors
    /// `E1001`: there is none, or the folder cannot be listed.
    pub fn find(path: Option<&Path>) -> Result<Self, Diagnostic> {
        let shown = path.unwrap_or(Path::new("."));
        let missing = |message: String| Diagnostic::new(codes::run::NO_PROGRAM, Severity::Error, message);
        let kind = std::fs::metadata(shown)
            .map_err(|e| missing(format!("cannot read `{}`: {}", shown.display(), reason(&e))))?;
        if !kind.is_dir() {
            let parent = shown.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            return Ok(Self { root: parent.to_owned(), files: vec![shown.to_owned()] });
        }
        let listed = std::fs::read_dir(shown)
            .and_then(|entries| entries.map(|e| e.map(|e| e.file_name())).collect::<Result<Vec<_>, _>>())
            .map_err(|e| missing(format!("cannot list `{}`: {}", shown.display(), reason(&e))))?;
        let is_program = |name: &Path| {
            name.extension().is_some_and(|e| e == "pipe") && !name.as_os_str().as_encoded_bytes().starts_with(b".")
        };
        let names = listed.iter().map(Path::new).filter(|n| is_program(n));
        let mut files: Vec<PathBuf> = match path {
            Some(folder) => names.map(|n| folder.join(n)).filter(|p| p.is_file()).collect(),
            None => names.filter(|p| p.is_file()).map(Path::to_owned).collect(),
        };
        files.sort();
        if files.is_empty() {
            let help = "name a `.pipe` file or a folder that holds one, such as `pipe run examples/orders`";
            return Err(missing(format!("no `.pipe` file in `{}`", shown.display())).help(help));
        }
        Ok(Self { root: shown.to_owned(), files })
    }

    /// The folder of its state.
    pub fn state(&self, state: &StateArgs) -> PathBuf {
        state.state.clone().unwrap_or_else(|| self.root.join(".pipe"))
    }

    /// Options of a command with an engine, as far as all such commands share them.
    pub fn options(&self, state: &StateArgs, engine: &EngineArgs) -> Options {
        let options = Options::new(self.state(state));
        Options {
            threads: engine.threads.map_or(options.threads, usize::from),
            memory_limit: engine.memory.or(options.memory_limit),
            ..options
        }
    }

    /// Reads and checks the program; what is wrong is among its diagnostics.
    pub fn load(&self, args: &ProjectArgs) -> Loaded {
        pipe_check::load(&self.root, &self.files, args.profile.as_deref())
    }
}

/// What the system says, without its number: `No such file or directory` as `no such file or directory`.
pub fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_its_programs_in_order_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.pipe", "a.pipe", ".hidden.pipe", "c.sql"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let project = Project::find(Some(folder.path())).unwrap();
        let names: Vec<_> = project.files.iter().map(|f| f.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["a.pipe", "b.pipe"]);
        assert_eq!(project.state(&StateArgs::default()), folder.path().join(".pipe"));
    }

    #[test]
    fn a_folder_without_a_program_and_a_file_that_is_not_there_are_said_so() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Project::find(Some(folder.path())).unwrap_err().message.starts_with("no `.pipe` file in `"));
        let missing = folder.path().join("x.pipe");
        assert!(Project::find(Some(&missing)).unwrap_err().message.ends_with("no such file or directory"));
    }

    #[test]
    fn commands_to_copy_name_the_same_project_and_state() {
        let project = |path: &str| ProjectArgs { path: Some(path.into()), profile: None };
        let state = |path: &str| StateArgs { state: Some(path.into()) };
        assert_eq!(place(&ProjectArgs::default(), &StateArgs::default()), "");
        assert_eq!(place(&project("examples/orders"), &state("it's")), r" examples/orders --state 'it'\''s'");
    }

    #[test]
    fn sizes_have_a_unit() {
        assert_eq!((size("64MiB"), size("4gb")), (Ok(64 << 20), Ok(4_000_000_000)));
        for wrong in ["64", "MiB", "1KB", "-1MB", "99999999999999999999GB", "18446744073709551615GB", ""] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn params_are_a_name_and_a_value() {
        assert_eq!(name_and_value("Day=a=b"), Ok(("day".to_owned(), "a=b".to_owned())));
        assert!(name_and_value("day").is_err() && name_and_value("=x").is_err());
    }
}
