//! A profile as one page: everything is in the file, nothing in it runs, and what comes from the data is text and nothing else.

use std::fmt::Write;

use pipe_profile::{ColumnProfile, Histogram, Numbers, Profile};

use super::style::STYLE;
use super::words;
use crate::output::visible;
use crate::report::{count, counted};

/// The profile as an HTML document.
pub fn html(profile: &Profile) -> String {
    let title = escaped(&profile.table);
    let mut page = String::new();
    // The policy holds even if a text were not escaped: no script, nothing from elsewhere.
    _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} · profile</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
    );
    _ = writeln!(
        page,
        "<p class=\"lead\">What the table holds: {}, {}.</p>",
        counted(profile.rows, "row"),
        counted(profile.columns.len() as u64, "column")
    );
    page += &tiles(profile);
    page += &overview(profile);
    page += &findings(profile);
    page += "<h2>Columns</h2>\n";
    for (number, column) in profile.columns.iter().enumerate() {
        page += &card(number, column, profile);
    }
    let notes: String = profile.notes.iter().map(|n| format!("<p>{}</p>\n", escaped(n))).collect();
    // Of what was kept of earlier rows there is no sample.
    let basis = match profile.sampled_rows {
        0 => String::new(),
        _ => format!("{}. ", escaped(&capital(&words::basis(profile)))),
    };
    _ = write!(
        page,
        "<footer>{notes}<p>{basis}Values marked ± are estimates with their standard error.</p></footer>\n</main>\n</body>\n</html>\n",
    );
    page
}

/// Text as text of a page: no markup, no control characters.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // What would turn the text around it the other way.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => safe.extend(c.escape_unicode()),
            c if c.is_control() => safe.extend(c.escape_default()),
            c => safe.push(c),
        }
    }
    safe
}

/// The first `most` characters, as text of a page.
fn cut(text: &str, most: usize) -> String {
    let mut short: String = text.chars().take(most).collect();
    if text.chars().nth(most).is_some() {
        short.push('…');
    }
    escaped(&short)
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn tiles(profile: &Profile) -> String {
    let cells = profile.rows.saturating_mul(profile.columns.len() as u64);
    let nulls: u64 = profile.columns.iter().map(|c| c.nulls).sum();
    let personal = profile.columns.iter().filter(|c| c.personal.is_some()).count();
    let keys = profile.keys.iter().filter(|k| k.duplicates == Some(0) && k.nulls == Some(0)).count();
    let tiles = [
        (count(profile.rows), "rows"),
        (count(profile.columns.len() as u64), "columns"),
        (words::part(nulls, cells), "of the cells are NULL"),
        (words::about(profile.duplicate_rows), "duplicate rows"),
        (count(keys as u64), "candidate keys"),
        (count(personal as u64), "columns with personal data"),
    ];
    let shown =
        tiles.iter().map(|(number, what)| format!("<div class=\"tile\"><b>{number}</b><span>{what}</span></div>\n"));
    format!("<div class=\"tiles\">\n{}</div>\n", shown.collect::<String>())
}

/// A line a column: what one looks over before anything else.
fn overview(profile: &Profile) -> String {
    let mut table = "<h2 id=\"overview\">Overview</h2>\n<div class=\"card scroll wide\" style=\"padding: 4px 6px\" role=\"region\" \
                     aria-labelledby=\"overview\" tabindex=\"0\">\n<table>\n<tr><th scope=\"col\">column</th><th scope=\"col\">type</th>\
                     <th scope=\"col\">filled</th><th scope=\"col\" class=\"right\">distinct</th><th scope=\"col\">spread</th>\
                     <th scope=\"col\">from</th><th scope=\"col\">to</th><th scope=\"col\"><span class=\"hidden\">findings</span></th></tr>\n"
        .to_owned();
    for (number, column) in profile.columns.iter().enumerate() {
        let filled = if profile.rows == 0 { 0.0 } else { 1.0 - column.nulls as f64 / profile.rows as f64 };
        let spark = column
            .histogram
            .as_ref()
            .filter(|h| h.bins.len() > 1)
            .map(|h| bars(h, 24.0, "spark", &column.name))
            .unwrap_or_default();
        let end = |bound: &Option<String>| bound.as_ref().map(|b| cut(&visible(b), 19)).unwrap_or_default();
        let share = words::share(filled);
        _ = writeln!(
            table,
            "<tr><td><a href=\"#c{number}\"><b>{}</b></a></td><td class=\"soft one\">{}</td>\
             <td title=\"{share}\"><span class=\"meter\"><i style=\"width: {:.1}%\"></i></span><span class=\"hidden\">{share}</span></td>\
             <td class=\"right\">{}</td><td>{spark}</td><td class=\"soft\">{}</td><td class=\"soft\">{}</td><td>{}</td></tr>",
            cut(&column.name, 40),
            cut(&column.ty, 30),
            filled * 100.0,
            words::about(column.distinct).replace("about ", "≈ "),
            end(&column.min),
            end(&column.max),
            chips(column, profile),
        );
    }
    table + "</table>\n</div>\n"
}

fn chips(column: &ColumnProfile, profile: &Profile) -> String {
    let mut chips = String::new();
    let mut chip =
        |class: &str, text: &str| _ = write!(chips, "<span class=\"chip {class}\">{}</span> ", escaped(text));
    let is_key = |k: &&pipe_profile::Key| k.columns.len() == 1 && k.columns.first() == Some(&column.name);
    if let Some(key) = profile.keys.iter().find(is_key) {
        chip("key", if key.duplicates == Some(0) && key.nulls == Some(0) { "key" } else { "nearly a key" });
    }
    for reference in profile.references.iter().filter(|r| r.column == column.name) {
        chip("key", &format!("→ {}", reference.table));
    }
    if let Some(personal) = &column.personal {
        chip("personal", &format!("personal: {}", personal.kind));
    }
    if let Some(format) = &column.format {
        chip("", format.format.words());
    }
    if column.distinct.value == 1 && column.nulls < profile.rows {
        chip("", "constant");
    }
    if profile.rows > 0 && column.nulls == profile.rows {
        chip("bad", "all NULL");
    }
    chips
}

/// Keys, dependencies, references: what holds between columns.
fn findings(profile: &Profile) -> String {
    let sections = [
        ("Keys", profile.keys.iter().map(words::key).collect::<Vec<_>>()),
        ("Dependencies", profile.dependencies.iter().map(words::dependency).collect()),
        ("References", profile.references.iter().map(words::reference).collect()),
    ];
    let mut text = String::new();
    for (title, found) in sections.iter().filter(|(_, found)| !found.is_empty()) {
        _ = writeln!(text, "<h2>{title}</h2>\n<div class=\"card scroll\" style=\"padding: 4px 6px\">\n<table>");
        for (name, told) in found {
            _ = writeln!(
                text,
                "<tr><td><code>{}</code></td><td class=\"soft\">{}</td></tr>",
                escaped(name),
                escaped(told)
            );
        }
        text += "</table>\n</div>\n";
    }
    text
}

fn card(number: usize, column: &ColumnProfile, profile: &Profile) -> String {
    let mut card = format!(
        "<section class=\"card\" id=\"c{number}\">\n<div class=\"head\"><h3>{}</h3><span class=\"soft\">{}</span>{}</div>\n",
        escaped(&column.name),
        escaped(&column.ty),
        chips(column, profile),
    );
    let alone = column.top.is_empty() && column.patterns.is_empty();
    card += if alone { "<div class=\"body two\">\n" } else { "<div class=\"body\">\n" };
    card += &facts(column, profile.rows);
    card += &charts(column);
    if !alone {
        card += &values(column);
    }
    card += "</div>\n";
    if let Some(guess) = &column.format {
        let exception =
            guess.exception.as_ref().map(|e| format!(", but <code>{}</code>", cut(e, 80))).unwrap_or_default();
        _ = writeln!(card, "<p class=\"finding\">Format: {}{exception}</p>", escaped(&words::format(guess)));
    }
    if let Some(personal) = &column.personal {
        let evidence = personal.evidence.join("; ");
        _ = writeln!(card, "<p class=\"finding\">Personal data ({}): {}</p>", personal.kind, escaped(&evidence));
    }
    card + "</section>\n"
}

fn facts(column: &ColumnProfile, rows: u64) -> String {
    let mut facts: Vec<(&str, String)> = Vec::new();
    let missing = words::missing(column, rows);
    facts.push(("missing", if missing.is_empty() { "none".to_owned() } else { missing.join(", ") }));
    facts.push(("distinct", words::distinct(column, rows)));
    for (label, bound) in [("smallest", &column.min), ("largest", &column.max)] {
        facts.extend(bound.as_ref().map(|b| (label, visible(b))));
    }
    let numbers = column.numbers.as_ref().or(column.lengths.as_ref());
    let of_lengths = column.lengths.is_some();
    if let Some(numbers) = numbers {
        let told = [
            (if of_lengths { "mean length" } else { "mean" }, numbers.mean),
            ("deviation", numbers.stddev),
            ("sum", numbers.sum),
        ];
        facts.extend(told.into_iter().filter_map(|(label, n)| n.map(|n| (label, words::number(n)))));
        let told = numbers.quantiles.iter().filter(|_| !of_lengths);
        let label = |share: f64| match share {
            0.01 => "1% quantile",
            0.05 => "5%",
            0.25 => "25%",
            0.5 => "median",
            0.75 => "75%",
            0.95 => "95%",
            _ => "99%",
        };
        facts.extend(told.map(|q| (label(q.share), q.value.clone())));
    }
    let shown = facts.iter().map(|(label, told)| format!("<dt>{label}</dt><dd>{}</dd>\n", cut(told, 60)));
    format!("<dl>\n{}</dl>\n", shown.collect::<String>())
}

fn charts(column: &ColumnProfile) -> String {
    let Some(histogram) = column.histogram.as_ref().filter(|h| !h.bins.is_empty()) else {
        return "<div></div>\n".to_owned();
    };
    let title = if column.lengths.is_some() { "lengths" } else { "distribution" };
    let mut charts = format!("<div>\n<h4>{title}</h4>\n{}", bars(histogram, 120.0, "chart", &column.name));
    let ends = match (&column.lengths, &column.min, &column.max) {
        (None, Some(min), Some(max)) if histogram.below == 0 && histogram.above == 0 => (min.clone(), max.clone()),
        _ => {
            let from = histogram.bins.first().map_or(0.0, |b| b.from);
            let to = histogram.bins.last().map_or(0.0, |b| b.to);
            // A bin of lengths ends before its upper edge, unless it is the only length there is.
            let to = if column.lengths.is_some() && to > from { to - 1.0 } else { to };
            (words::number(from), words::number(to))
        }
    };
    if let Some(numbers) = column.numbers.as_ref().filter(|_| histogram.below == 0 && histogram.above == 0) {
        charts += &boxes(numbers, histogram);
    }
    _ = writeln!(
        charts,
        "<div class=\"axis\"><span>{}</span><span>{}</span></div>",
        cut(&ends.0, 30),
        cut(&ends.1, 30)
    );
    if histogram.below + histogram.above > 0 {
        let far = [(histogram.below, "below"), (histogram.above, "above")];
        let far: Vec<String> =
            far.iter().filter(|(n, _)| *n > 0).map(|(n, side)| format!("{} {side}", count(*n))).collect();
        _ = writeln!(charts, "<div class=\"axis\"><span>far out: {}</span></div>", far.join(", "));
    }
    charts + "</div>\n"
}

/// A bar a bin; what is in it is told when pointed at.
fn bars(histogram: &Histogram, height: f64, class: &str, of: &str) -> String {
    let most = histogram.bins.iter().map(|b| b.count).max().unwrap_or_default().max(1) as f64;
    let width = 400.0 / histogram.bins.len().max(1) as f64;
    let gap = (width * 0.12).min(3.0);
    let mut svg = format!(
        "<svg class=\"{class}\" viewBox=\"0 0 400 {height}\" preserveAspectRatio=\"none\" height=\"{height}\" role=\"img\" aria-label=\"histogram of {}: {}\">",
        cut(of, 60),
        counted(histogram.bins.len() as u64, "bar"),
    );
    for (i, bin) in histogram.bins.iter().enumerate().filter(|(_, b)| b.count > 0) {
        let tall = (bin.count as f64 / most * (height - 2.0)).max(1.0);
        _ = write!(
            svg,
            "<rect class=\"bar\" x=\"{:.2}\" y=\"{:.2}\" width=\"{:.2}\" height=\"{tall:.2}\"><title>{} to {}: {}</title></rect>",
            i as f64 * width + gap / 2.0,
            height - tall,
            width - gap,
            words::number(bin.from),
            words::number(bin.to),
            count(bin.count),
        );
    }
    svg + "</svg>\n"
}

/// Where the middle half lies, and the middle of it: a box and a line under the histogram.
fn boxes(numbers: &Numbers, histogram: &Histogram) -> String {
    let (Some(first), Some(last)) = (histogram.bins.first(), histogram.bins.last()) else { return String::new() };
    let span = last.to - first.from;
    let at = |share: f64| {
        let quantile = numbers.quantiles.iter().find(|q| q.share == share)?;
        (span > 0.0).then(|| ((quantile.number - first.from) / span * 400.0).clamp(0.0, 400.0))
    };
    let places = (at(0.05), at(0.25), at(0.5), at(0.75), at(0.95));
    let (Some(low), Some(left), Some(middle), Some(right), Some(high)) = places else { return String::new() };
    format!(
        "<svg viewBox=\"0 0 400 14\" preserveAspectRatio=\"none\" height=\"14\" role=\"img\" aria-label=\"quantiles\">\
         <title>5% to 95%, the middle half, the median</title>\
         <line x1=\"{low:.2}\" x2=\"{high:.2}\" y1=\"8\" y2=\"8\"/><rect class=\"box\" x=\"{left:.2}\" y=\"3\" width=\"{:.2}\" height=\"10\"/>\
         <line x1=\"{middle:.2}\" x2=\"{middle:.2}\" y1=\"3\" y2=\"13\" stroke-width=\"2\"/></svg>\n",
        (right - left).max(1.0),
    )
}

/// Frequent values and patterns, as bars behind their text.
fn values(column: &ColumnProfile) -> String {
    let mut lists = "<div>\n".to_owned();
    // The longest bar is the most frequent one; how frequent that is stands beside it.
    let line = |text: &str, share: f64, most: f64, title: String| {
        let shown = if text.is_empty() {
            "<span class=\"soft\">(empty)</span>".to_owned()
        } else {
            format!("<span class=\"mono\">{}</span>", cut(&visible(text), 60))
        };
        format!(
            "<div class=\"share\" title=\"{title}\"><i style=\"width: {:.2}%\"></i>{shown}<span>{}</span></div>\n",
            (share / most.max(f64::MIN_POSITIVE)).min(1.0) * 100.0,
            words::share(share)
        )
    };
    if !column.top.is_empty() {
        lists += "<h4>frequent values</h4>\n";
        let most = column.top.first().map_or(1.0, |v| v.share);
        for value in &column.top {
            let error = if value.count_error > 0.0 {
                format!(" ±{}", count(value.count_error.ceil() as u64))
            } else {
                String::new()
            };
            lists += &line(&value.value, value.share, most, format!("{}{error}", counted(value.count, "row")));
        }
    }
    if !column.patterns.is_empty() {
        lists += "<h4 style=\"margin-top: 12px\">patterns</h4>\n";
        let most = column.patterns.first().map_or(1.0, |p| p.share);
        for pattern in column.patterns.iter().take(6) {
            lists += &line(&pattern.pattern, pattern.share, most, counted(pattern.count, "text"));
        }
    }
    lists + "</div>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_the_data_is_text_and_nothing_else() {
        let hostile = "</title><script>alert('1')</script>\" onload=\"x\u{202e}\u{1b}[2J";
        let mut column = ColumnProfile { name: hostile.to_owned(), ty: "text".to_owned(), ..ColumnProfile::default() };
        column.min = Some(hostile.to_owned());
        column.top.push(pipe_profile::Value { value: hostile.to_owned(), count: 2, count_error: 0.0, share: 0.5 });
        column.patterns.push(pipe_profile::Pattern { pattern: hostile.to_owned(), count: 2, share: 0.5 });
        let key = pipe_profile::Key { columns: vec![hostile.to_owned()], duplicates: Some(0), nulls: Some(0) };
        let profile = Profile {
            table: hostile.to_owned(),
            rows: 4,
            columns: vec![column],
            keys: vec![key],
            notes: vec![hostile.to_owned()],
            ..Profile::default()
        };
        let page = html(&profile);
        assert!(
            !page.contains("<script")
                && !page.contains("\" onload")
                && !page.contains('\u{1b}')
                && !page.contains('\u{202e}')
        );
        assert!(page.contains("&lt;script&gt;") && page.matches("<title>").count() == 1);
        assert!(!page.contains("http://") && !page.contains("https://"), "something is from elsewhere");
    }
}
