//! Histograms of one line.

/// What the bars of a sparkline are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocks {
    /// The eighths of Unicode's block elements.
    Eighths,
    /// Characters of ASCII that are more and more black, for terminals that know no others.
    Ascii,
}

impl Blocks {
    /// For standard output: a terminal whose locale is not UTF-8 gets ASCII; files and pipes are UTF-8, as all that is printed.
    pub fn of(terminal: bool) -> Self {
        let named =
            ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
        Self::for_locale(terminal, named.as_deref())
    }

    fn for_locale(terminal: bool, locale: Option<&str>) -> Self {
        let locale = locale.unwrap_or("C").to_ascii_lowercase();
        let utf8 = locale.contains("utf-8") || locale.contains("utf8");
        // Windows and macOS terminals take UTF-8 whatever a locale says.
        if terminal && !utf8 && cfg!(target_os = "linux") { Blocks::Ascii } else { Blocks::Eighths }
    }

    fn bars(self) -> [char; 9] {
        match self {
            Blocks::Eighths => [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
            Blocks::Ascii => [' ', '.', ':', '-', '=', '+', '*', '%', '#'],
        }
    }

    /// Bars of so many eighths, at most 8.
    pub fn bars_of(self, eighths: impl Iterator<Item = u64>) -> String {
        let bars = self.bars();
        let bar = |eighths: u64| usize::try_from(eighths).ok().and_then(|i| bars.get(i)).copied().unwrap_or(' ');
        eighths.map(bar).collect()
    }

    /// A bar a count, the largest one full; whatever is not 0 can be seen.
    pub fn line(self, counts: impl Iterator<Item = u64> + Clone) -> String {
        let most = counts.clone().max().unwrap_or_default().max(1);
        let eighths = |count: u64| u64::try_from((u128::from(count) * 8).div_ceil(u128::from(most))).unwrap_or(8);
        self.bars_of(counts.map(eighths))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_bar_is_full_and_the_smallest_can_be_seen() {
        assert_eq!(Blocks::Eighths.line([0, 1, 500, 1000].into_iter()), " ▁▄█");
        assert_eq!(Blocks::Ascii.line([0, 1, 500, 1000].into_iter()), " .=#");
        assert_eq!(Blocks::Eighths.line([u64::MAX, 0].into_iter()), "█ ");
        assert_eq!(Blocks::Eighths.line(std::iter::empty()), "");
    }

    #[test]
    fn only_terminals_that_cannot_show_blocks_go_without() {
        assert_eq!(Blocks::for_locale(false, None), Blocks::Eighths);
        assert_eq!(Blocks::for_locale(true, Some("de_DE.UTF-8")), Blocks::Eighths);
        if cfg!(target_os = "linux") {
            assert_eq!(Blocks::for_locale(true, None), Blocks::Ascii);
            assert_eq!(Blocks::for_locale(true, Some("POSIX")), Blocks::Ascii);
        }
    }
}
