//! Paths of files: what a pattern reads, what a load writes, and whether the two meet. Nothing is asked of the disk.

/// A locator of files as segments, under the folder its connection names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The segments; the first is `/` for absolute paths, the scheme and host for URLs.
    segments: Vec<String>,
    /// Whether the last segment has an extension: one file, or a pattern of files; else a folder.
    pub(crate) is_file: bool,
}

/// Endings that only say how a file is packed.
const PACKED: [&str; 4] = [".gz", ".zst", ".bz2", ".xz"];

impl Place {
    /// A locator; `root` stands before it when it is relative.
    pub(crate) fn new(root: Option<&str>, locator: &str) -> Place {
        let absolute = locator.starts_with('/') || locator.contains("://");
        let whole = match root {
            Some(root) if !absolute => format!("{root}/{locator}"),
            _ => locator.to_owned(),
        };
        let mut segments: Vec<String> = Vec::new();
        if whole.starts_with('/') {
            segments.push("/".into());
        }
        for part in whole.split('/') {
            match part {
                "" | "." => {}
                ".." if segments.last().is_some_and(|s| s != "/" && s != "..") => _ = segments.pop(),
                part => segments.push(part.to_owned()),
            }
        }
        let is_file =
            !whole.ends_with('/') && segments.last().is_some_and(|s| s != "." && s != ".." && extension(s).is_some());
        Place { segments, is_file }
    }

    /// Whether a load that writes here with a connector could be read by a source from `pattern`.
    pub(crate) fn is_read_by(&self, connector: &str, pattern: &Place) -> bool {
        let (mine, theirs) = (self.segments.as_slice(), pattern.segments.as_slice());
        if self.is_file {
            return if pattern.is_file { matches(theirs, mine) } else { begins(theirs, mine) };
        }
        if !pattern.is_file {
            // Folder and folder: one of them holds the other.
            return begins(theirs, mine) || begins(mine, theirs);
        }
        let Some((file, folders)) = theirs.split_last() else { return false };
        // A pattern of files meets what is written into a folder when its folders can be that folder or lie in it, and its ending is the written one.
        let ending = extension(file).filter(|e| !e.contains(['*', '?', '[', '{']));
        let meets = if folders.iter().any(|f| f == "**") {
            let fixed = folders.iter().take_while(|f| *f != "**").count();
            folders.iter().zip(mine).take(fixed).all(|(p, s)| segment(p, s))
        } else {
            begins_pattern(folders, mine)
        };
        meets && ending.is_none_or(|e| e == connector || connector == "json" && e == "ndjson")
    }

    /// Whether one is the other, or a folder that holds it.
    pub(crate) fn overlaps(&self, other: &Place) -> bool {
        self.segments == other.segments
            || !self.is_file && other.segments.starts_with(&self.segments)
            || !other.is_file && self.segments.starts_with(&other.segments)
    }
}

/// `csv` of `orders.csv.gz`.
fn extension(segment: &str) -> Option<&str> {
    let bare = PACKED.iter().find_map(|p| segment.strip_suffix(p)).unwrap_or(segment);
    let (stem, ending) = bare.rsplit_once('.').or(if bare.len() < segment.len() { Some((bare, "")) } else { None })?;
    (!stem.is_empty()).then_some(ending)
}

/// Whether the folder `pattern` (segments may be globs) is `path` or holds it.
fn begins(pattern: &[String], path: &[String]) -> bool {
    pattern.len() <= path.len() && pattern.iter().zip(path).all(|(p, s)| segment(p, s))
}

/// Whether the folders of a pattern are `folder`, or lie in it.
fn begins_pattern(pattern: &[String], folder: &[String]) -> bool {
    pattern.len() >= folder.len() && pattern.iter().zip(folder).all(|(p, s)| segment(p, s))
}

/// Whether a pattern, with `**` for any number of folders, matches a path.
fn matches(pattern: &[String], path: &[String]) -> bool {
    // Row by row, so that many `**` stay linear in each: reach[i] says whether the pattern so far matches path[..i].
    let mut reach = vec![false; path.len() + 1];
    if let Some(first) = reach.first_mut() {
        *first = true;
    }
    for p in pattern {
        let mut next = vec![false; path.len() + 1];
        let mut any = false;
        for (i, r) in reach.iter().enumerate() {
            any |= *r;
            if p == "**" {
                set(&mut next, i, any);
            } else if *r && path.get(i).is_some_and(|s| segment(p, s)) {
                set(&mut next, i + 1, true);
            }
        }
        reach = next;
    }
    reach.last() == Some(&true)
}

fn set(row: &mut [bool], i: usize, value: bool) {
    if let Some(cell) = row.get_mut(i) {
        *cell = value;
    }
}

/// Whether a segment with `*`, `?` and `[…]` matches a name. A class and a `{…}` count as anything: better one refusal too many than a load that feeds itself.
fn segment(pattern: &str, name: &str) -> bool {
    if pattern == name || pattern.contains(['[', '{']) {
        return true;
    }
    let (mut p, mut n) = (pattern.chars(), name.chars());
    // Behind the last `*`, and what it has not taken yet: it takes one more character when the rest does not fit.
    let mut star: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let (mut next_p, mut next_n) = (p.clone(), n.clone());
        match (next_p.next(), next_n.next()) {
            (Some('*'), _) => {
                star = Some((next_p.clone(), n.clone()));
                p = next_p;
            }
            (Some(a), Some(b)) if a == '?' || a == b => (p, n) = (next_p, next_n),
            (None, None) => return true,
            _ => {
                let Some((behind, left)) = &mut star else { return false };
                if left.next().is_none() {
                    return false;
                }
                (p, n) = (behind.clone(), left.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(connector: &str, target: &str, pattern: &str) -> bool {
        Place::new(None, target).is_read_by(connector, &Place::new(None, pattern))
    }

    #[test]
    fn a_load_that_a_source_would_read_is_seen() {
        assert!(read("csv", "data/out.csv", "data/*.csv"));
        assert!(read("csv", "data/out.csv", "data"));
        assert!(read("csv", "data/out", "data/**/*.csv"));
        assert!(read("csv", "data/out", "data/*/*.csv"));
        assert!(read("csv", "data", "./data/orders_*.csv"));
        assert!(read("csv", "data", "data/*.csv.gz"));
        assert!(read("parquet", "data/out", "data"));
        assert!(read("csv", "data/out.csv", "data/x/../out.csv"));
        assert!(read("csv", "a/b/c/out.csv", "**/*.csv"));
    }

    #[test]
    fn a_load_elsewhere_is_not() {
        assert!(!read("csv", "out/orders.csv", "data/*.csv"));
        assert!(!read("csv", "data/out", "data/*.csv"));
        assert!(!read("parquet", "data", "data/*.csv"));
        assert!(!read("csv", "data/out.csv", "data/orders_*.csv"));
        assert!(!read("csv", "/data/out.csv", "data/*.csv"));
        assert!(!read("csv", "out", "data/**/*.csv"));
    }

    #[test]
    fn segments() {
        for (pattern, name) in [
            ("*", "a"),
            ("a*", "a"),
            ("*.csv", "x.csv"),
            ("a?c", "abc"),
            ("*a*b", "xaabab"),
            ("[ab]", "z"),
            ("é*", "éa"),
        ] {
            assert!(segment(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("a?", "a"), ("*.csv", "x.csv.gz"), ("*a*b", "xaaba"), ("", "a"), ("a", "")] {
            assert!(!segment(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn a_name_with_an_extension_is_a_file() {
        for (locator, file) in [
            ("a/b.csv", true),
            ("a/b.csv.gz", true),
            ("a/b.gz", true),
            ("a/b", false),
            ("a.b/c", false),
            ("a/.hidden", false),
            ("a/b.csv/", false),
        ] {
            assert_eq!(Place::new(None, locator).is_file, file, "{locator}");
        }
        assert_eq!(Place::new(Some("/x"), "y/z.csv"), Place::new(None, "/x/y/z.csv"));
        assert!(Place::new(None, "out").overlaps(&Place::new(None, "out/orders")));
        assert!(!Place::new(None, "out").overlaps(&Place::new(None, "outer")));
    }
}
