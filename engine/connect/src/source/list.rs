//! Finding the files of a source.

use std::path::{Path, PathBuf};

use object_store::local::LocalFileSystem;
use object_store::path::Path as StorePath;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use regex::Regex;

use super::{InputFile, Phase, SourceError, SourceSpec};

/// The files a locator names, sorted by name: one file, all files of a folder and its folders, or those a glob matches
/// (`*`, `?`, `[..]` within a name, `**` across folders). Names that begin with `.` or `_` are skipped unless the
/// locator spells them out.
///
/// # Errors
/// `not_found` when nothing matches, with what was looked for and names that are near; `config` for a URL of a store
/// that is not available; what the store says otherwise.
pub async fn list(spec: &SourceSpec) -> Result<Vec<InputFile>, SourceError> {
    let looked = look(&spec.root, &spec.locator, || format!("source `{}`: ", spec.name)).await?;
    if looked.found.is_empty() {
        return Err(nothing(&spec.locator, &looked).await);
    }
    let mut found = looked.found;
    if !spec.config.bool("partitioned") {
        found.iter_mut().for_each(|f| f.partitions.clear());
    }
    Ok(found)
}

/// The files a locator names, as [`list`] finds them; none where the folder it looks in is there and has none.
///
/// # Errors
/// As [`list`], but for a glob or a folder without files.
pub(crate) async fn list_any(root: &Path, locator: &str) -> Result<Vec<InputFile>, SourceError> {
    let looked = look(root, locator, String::new).await?;
    if looked.found.is_empty() && !looked.start().is_dir() {
        return Err(nothing(locator, &looked).await);
    }
    Ok(looked.found)
}

/// What a locator names, sorted by name, and where that was looked for.
struct Looked {
    root: PathBuf,
    parts: Vec<Part>,
    found: Vec<InputFile>,
}

impl Looked {
    /// The folder that the parts before the first glob name.
    fn start(&self) -> PathBuf {
        let names = self.parts.iter().map_while(|part| match part {
            Part::Literal(name) => Some(name),
            Part::Glob(..) | Part::Deep => None,
        });
        self.root.join(names.collect::<PathBuf>())
    }
}

async fn look(root: &Path, locator: &str, whose: impl Fn() -> String) -> Result<Looked, SourceError> {
    let locator = local_locator(locator, whose)?;
    let parts = parts(&locator);
    let mut walk = Walk { store: LocalFileSystem::new(), found: Vec::new() };
    let root = if Path::new(&locator).is_absolute() { PathBuf::from("/") } else { absolute(root)? };
    let prefix = if Path::new(&locator).is_absolute() { "/" } else { "" };
    let start = Place { path: root.clone(), name: prefix.to_string(), partitions: Vec::new() };
    // A name may have brackets in it: what is there as it is written wins over what it could match.
    if root.join(&locator).is_file() {
        let literal: Vec<Part> = names(&locator).map(|name| Part::Literal(name.to_string())).collect();
        walk.descend(start, &literal).await?;
    } else {
        walk.descend(start, &parts).await?;
    }
    let mut found = walk.found;
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found.dedup_by(|a, b| a.location == b.location);
    Ok(Looked { root, parts, found })
}

/// The locator as a path; `file://` is one, other URLs are refused by name.
fn local_locator(given: &str, whose: impl Fn() -> String) -> Result<String, SourceError> {
    let locator = given.trim_end_matches('/');
    let Some((scheme, _)) = given.split_once("://") else {
        return Ok(if locator.is_empty() { "/".to_string() } else { locator.to_string() });
    };
    if scheme == "file"
        && let Ok(path) = url::Url::parse(given).map_err(|_| ()).and_then(|url| url.to_file_path())
    {
        return Ok(path.to_string_lossy().into_owned());
    }
    Err(SourceError::new(
        "config",
        Phase::List,
        format!("{}files on `{scheme}://` cannot be read yet; give a path", whose()),
    ))
}

/// The folder locators start in, without `..` in its path: the store refuses it.
fn absolute(root: &Path) -> Result<PathBuf, SourceError> {
    let shown = root.display().to_string();
    let plain = root.canonicalize().or_else(|_| std::path::absolute(root));
    plain.map_err(|e| SourceError::io(&e, Phase::List, &shown))
}

/// The folder above, of where a link leads as the system would have it.
fn above(path: &Path) -> PathBuf {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    real.parent().map_or(real.clone(), Path::to_path_buf)
}

/// One name of a locator.
#[derive(Debug)]
enum Part {
    Literal(String),
    Glob(Regex, String),
    /// `**`: any number of folders, none too.
    Deep,
}

fn names(locator: &str) -> impl Iterator<Item = &str> {
    locator.split('/').filter(|name| !name.is_empty() && *name != ".")
}

fn parts(locator: &str) -> Vec<Part> {
    names(locator)
        .map(|name| match name {
            "**" => Part::Deep,
            name => match glob(name) {
                Some(regex) => Part::Glob(regex, name.to_string()),
                None => Part::Literal(name.to_string()),
            },
        })
        .collect()
}

/// The regular expression of a name with `*`, `?` or `[..]`; `None`: it has none of them.
fn glob(name: &str) -> Option<Regex> {
    let mut regex = String::from("^");
    let mut special = false;
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        match c {
            '*' => {
                regex.push_str("(?s:.*)");
                special = true;
            }
            '?' => {
                regex.push_str("(?s:.)");
                special = true;
            }
            '[' => match rest.split_once(']') {
                Some((set, after)) if !set.is_empty() && set != "!" => {
                    let (negated, set) = match set.strip_prefix(['!', '^']) {
                        Some(set) => ("^", set),
                        None => ("", set),
                    };
                    let mut plain = String::new();
                    for c in set.chars() {
                        if c.is_ascii_punctuation() && c != '-' {
                            plain.push('\\');
                        }
                        plain.push(c);
                    }
                    regex.push_str(&format!("[{negated}{plain}]"));
                    rest = after;
                    special = true;
                }
                _ => regex.push_str("\\["),
            },
            c => regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    regex.push('$');
    if special { Regex::new(&regex).ok() } else { None }
}

/// A folder the walk has come to.
#[derive(Clone, Debug)]
struct Place {
    path: PathBuf,
    /// As the user would type it, with a `/` at the end; empty at the root.
    name: String,
    partitions: Vec<(String, String)>,
}

impl Place {
    fn folder(&self, name: &str, glob: bool) -> Place {
        let mut partitions = self.partitions.clone();
        if glob && let Some((key, value)) = name.split_once('=').filter(|(key, _)| !key.is_empty()) {
            partitions.push((key.to_lowercase(), unescape(value)));
        }
        let path = if name == ".." { above(&self.path) } else { self.path.join(name) };
        Place { path, name: format!("{}{name}/", self.name), partitions }
    }
}

/// Hive writes special characters of a value as `%2F`.
fn unescape(value: &str) -> String {
    let bytes = value.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                out.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| value.to_string())
}

/// Whether a name is skipped where the locator does not spell it out.
fn hidden(name: &str) -> bool {
    name.starts_with(['.', '_'])
}

struct Walk {
    store: LocalFileSystem,
    found: Vec<InputFile>,
}

impl Walk {
    /// Follows `parts` from `place`.
    async fn descend(&mut self, mut place: Place, mut parts: &[Part]) -> Result<(), SourceError> {
        // Names without a glob need no listing.
        while let [Part::Literal(name), rest @ ..] = parts {
            if rest.is_empty() {
                return self.target(&place, name).await;
            }
            // A partition that the locator itself names is a column as well.
            place = place.folder(name, true);
            parts = rest;
        }
        let (folders, files) = self.entries(&place).await?;
        match parts {
            [] => {
                for (name, meta) in files.iter().filter(|(name, _)| !hidden(name)) {
                    self.take(&place, name, meta);
                }
                for name in folders.iter().filter(|name| !hidden(name)) {
                    Box::pin(self.descend(place.folder(name, true), &[])).await?;
                }
            }
            [Part::Deep, rest @ ..] => {
                if rest.is_empty() {
                    return Box::pin(self.descend(place, &[])).await;
                }
                Box::pin(self.descend(place.clone(), rest)).await?;
                for name in folders.iter().filter(|name| !hidden(name)) {
                    Box::pin(self.descend(place.folder(name, true), parts)).await?;
                }
            }
            [Part::Glob(regex, pattern), rest @ ..] => {
                let matches = |name: &str| regex.is_match(name) && (!hidden(name) || hidden(pattern));
                if rest.is_empty() {
                    for (name, meta) in files.iter().filter(|(name, _)| matches(name)) {
                        self.take(&place, name, meta);
                    }
                }
                for name in folders.iter().filter(|name| matches(name)) {
                    Box::pin(self.descend(place.folder(name, true), rest)).await?;
                }
            }
            // Consumed above.
            [Part::Literal(_), ..] => {}
        }
        Ok(())
    }

    /// The last name of a locator: a file, or a folder with all that is in it.
    async fn target(&mut self, place: &Place, name: &str) -> Result<(), SourceError> {
        let path = place.path.join(name);
        match std::fs::metadata(&path) {
            Ok(meta) if meta.is_dir() => Box::pin(self.descend(place.folder(name, true), &[])).await,
            Ok(_) => {
                let shown = format!("{}{name}", place.name);
                let meta = self
                    .store
                    .head(&store_path(&path, &shown)?)
                    .await
                    .map_err(|e| SourceError::store(&e, Phase::List, &shown))?;
                self.take(place, name, &meta);
                Ok(())
            }
            Err(e) if matches!(e.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => Ok(()),
            Err(e) => Err(SourceError::io(&e, Phase::List, &format!("{}{name}", place.name))),
        }
    }

    /// Names of the folders and files of a folder; none when there is no such folder.
    async fn entries(&self, place: &Place) -> Result<(Vec<String>, Vec<(String, ObjectMeta)>), SourceError> {
        match std::fs::metadata(&place.path) {
            Ok(meta) if meta.is_dir() => {}
            Ok(_) => return Ok((Vec::new(), Vec::new())),
            Err(e) if matches!(e.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
                return Ok((Vec::new(), Vec::new()));
            }
            Err(e) => return Err(SourceError::io(&e, Phase::List, &place.name)),
        }
        let path = store_path(&place.path, &place.name)?;
        let listed = self
            .store
            .list_with_delimiter(Some(&path))
            .await
            .map_err(|e| SourceError::store(&e, Phase::List, &place.name))?;
        let last = |path: &StorePath| path.filename().map(str::to_string);
        let mut folders: Vec<String> = listed.common_prefixes.iter().filter_map(last).collect();
        let mut files: Vec<(String, ObjectMeta)> =
            listed.objects.into_iter().filter_map(|meta| Some((last(&meta.location)?, meta))).collect();
        folders.sort();
        files.sort_by(|a, b| a.0.cmp(&b.0));
        Ok((folders, files))
    }

    fn take(&mut self, place: &Place, name: &str, meta: &ObjectMeta) {
        self.found.push(InputFile {
            name: format!("{}{name}", place.name),
            location: place.path.join(name),
            size: meta.size,
            modified_ns: meta.last_modified.timestamp_nanos_opt().unwrap_or(0),
            partitions: place.partitions.clone(),
        });
    }
}

fn store_path(path: &Path, shown: &str) -> Result<StorePath, SourceError> {
    StorePath::from_absolute_path(path)
        .map_err(|e| SourceError::new("config", Phase::List, format!("cannot list `{shown}`: {e}")))
}

/// Nothing was found: what was looked for, and what is there instead.
async fn nothing(locator: &str, Looked { root, parts, .. }: &Looked) -> SourceError {
    let walk = Walk { store: LocalFileSystem::new(), found: Vec::new() };
    let mut place = Place { path: root.clone(), name: String::new(), partitions: Vec::new() };
    let mut wanted = None;
    for part in parts {
        match part {
            Part::Literal(name) => {
                if !place.path.join(name).is_dir() {
                    wanted = Some(name.clone());
                    break;
                }
                place = place.folder(name, false);
            }
            Part::Glob(_, pattern) => {
                wanted = Some(pattern.clone());
                break;
            }
            Part::Deep => break,
        }
    }
    let mut names: Vec<String> = Vec::new();
    if let Ok((folders, files)) = walk.entries(&place).await {
        names.extend(folders.into_iter().map(|name| name + "/"));
        names.extend(files.into_iter().map(|(name, _)| name));
        names.retain(|name| !hidden(name));
    }
    let looked = root.join(locator);
    let mut message = format!("no file matches `{locator}` (looked for `{}`)", looked.display());
    let plain = wanted.map(|wanted| wanted.replace(['*', '?'], ""));
    let bare = names.iter().map(|name| name.trim_end_matches('/'));
    let near = plain.and_then(|wanted| pipe_diagnostics::nearest(&wanted, bare));
    let near = near.and_then(|near| names.iter().find(|name| name.trim_end_matches('/') == near));
    let folder = if place.name.is_empty() { "the folder".to_string() } else { format!("`{}`", place.name) };
    if !place.path.is_dir() {
        message.push_str(&format!("; there is no folder `{}`", place.path.display()));
    } else if let Some(near) = near {
        message.push_str(&format!("; did you mean `{}{near}`?", place.name));
    } else if names.is_empty() {
        message.push_str(&format!("; {folder} is empty"));
    } else {
        let some: Vec<String> = names.iter().take(3).map(|name| format!("`{name}`")).collect();
        let more = if names.len() > 3 { ", …" } else { "" };
        message.push_str(&format!("; {folder} has {}{more}", some.join(", ")));
    }
    SourceError::new("not_found", Phase::List, message).with_status("NotFound")
}
