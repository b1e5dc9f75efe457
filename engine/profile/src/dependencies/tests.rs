//! Tables of the kinds that dependencies are looked for in, with errors of known kinds: what holds is found, nothing else is.

use std::collections::{BTreeMap, BTreeSet};

use super::groups::{Codes, Groups};
use super::{DependencyCandidate, found};
use crate::cells::mixed;

/// Random numbers of a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(1);
        (mixed(self.0) % bound as u64) as usize
    }

    fn chance(&mut self, share: f64) -> bool {
        (self.below(1_000_000) as f64) < share * 1e6
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    fn word(&mut self, syllables: usize) -> String {
        (0..syllables)
            .map(|_| format!("{}{}", self.of(&['b', 'd', 'k', 'm', 'n', 's', 't']), self.of(&['a', 'i', 'o'])))
            .collect()
    }
}

#[derive(Clone, Copy, Debug)]
enum Error {
    Typo,
    Swap,
    Missing,
    Mixed,
}

/// Rows of texts with the names of their columns; an empty text is NULL.
struct Table {
    names: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn codes(&self) -> Vec<Codes> {
        let column = |place: usize| {
            let mut known: BTreeMap<&str, u32> = BTreeMap::new();
            let mut codes = Vec::new();
            for row in &self.rows {
                let next = known.len() as u32 + 1;
                codes.push(if row[place].is_empty() { 0 } else { *known.entry(&row[place]).or_insert(next) });
            }
            Codes { place, codes, distinct: known.len() }
        };
        (0..self.names.len()).map(column).collect()
    }

    fn found(&self) -> Vec<DependencyCandidate> {
        found(&self.codes(), |_| true, |_| false)
    }

    /// What is found, by names.
    fn told(&self) -> BTreeSet<(String, &'static str)> {
        let names = |places: &[usize]| places.iter().map(|p| self.names[*p]).collect::<Vec<_>>().join(",");
        self.found().iter().map(|f| (names(&f.columns), self.names[f.determines])).collect()
    }

    /// Puts errors into this share of the cells of all columns but the first.
    fn spoil(&mut self, random: &mut Random, share: f64, error: Error) {
        let clean = self.rows.clone();
        for row in &mut self.rows {
            for (place, cell) in row.iter_mut().enumerate().skip(1) {
                if !random.chance(share) {
                    continue;
                }
                let kind = if let Error::Mixed = error {
                    *random.of(&[Error::Typo, Error::Swap, Error::Missing])
                } else {
                    error
                };
                match kind {
                    Error::Swap => cell.clone_from(&random.of(&clean)[place]),
                    Error::Missing => cell.clear(),
                    Error::Typo | Error::Mixed => {
                        let mut letters: Vec<char> = cell.chars().collect();
                        let at = random.below(letters.len());
                        letters[at] = *random.of(&['x', 'y', 'z', 'q']);
                        *cell = letters.into_iter().collect();
                    }
                }
            }
        }
    }
}

/// Measurements at sites: sites in towns in regions, measures in groups. `combined` is made of region and measure; `rare`,
/// `colour` and `amount` depend on nothing, and `favourite` only leans on the site.
fn measurements(seed: u64, rows: usize, sites: usize) -> (Table, Random) {
    let mut random = Random(seed << 32);
    let towns: Vec<[String; 3]> = (0..sites * 3 / 4)
        .map(|i| {
            let region = if random.chance(0.8) { "north" } else { random.of(&["south", "east", "west"]) };
            [format!("{}{i}", random.word(3)), region.to_owned(), (*random.of(&["alpha", "beta", "gamma"])).to_owned()]
        })
        .collect();
    let known: Vec<Vec<String>> = (0..sites)
        .map(|i| {
            let [town, region, zone] = &towns[if i < towns.len() { i } else { random.below(towns.len()) }];
            let open = if random.chance(0.85) { "yes" } else { "no" };
            let owner = *random.of(&["public", "private", "church", "state"]);
            let name = format!("{} {i}", random.word(4));
            let texts = [format!("{}", 10_000 + i * 7), name, town.clone(), region.clone(), zone.clone()];
            texts
                .into_iter()
                .chain([open.to_owned(), owner.to_owned(), (*random.of(&["red", "green", "blue"])).to_owned()])
                .collect()
        })
        .collect();
    let measures: Vec<[String; 3]> = (0..25)
        .map(|i| [format!("m-{i:02}"), format!("share of {} {i}", random.word(4)), format!("group {}", i % 5)])
        .collect();
    let row = |i: usize, random: &mut Random| {
        let site = random.of(&known).clone();
        let measure = random.of(&measures).clone();
        let rare = if random.chance(0.02) { "y" } else { "n" };
        let colour = (*random.of(&["red", "green", "blue"])).to_owned();
        let favourite =
            if random.chance(0.6) { site[7].clone() } else { (*random.of(&["red", "green", "blue"])).to_owned() };
        let combined = format!("{}/{}", site[3], measure[0]);
        let amount = format!("{}", random.below(90_000));
        let mut cells = vec![i.to_string()];
        cells.extend(site.into_iter().take(7));
        cells.extend(measure);
        cells.extend([combined, rare.to_owned(), colour, amount, favourite]);
        cells
    };
    let rows = (0..rows).map(|i| row(i, &mut random)).collect();
    let names = vec![
        "row",
        "site",
        "name",
        "town",
        "region",
        "zone",
        "open",
        "owner",
        "code",
        "title",
        "group",
        "combined",
        "rare",
        "colour",
        "amount",
        "favourite",
    ];
    (Table { names, rows }, random)
}

fn true_ones() -> BTreeSet<(String, &'static str)> {
    [
        ("site", vec!["name", "town", "region", "zone", "open", "owner"]),
        ("name", vec!["site", "town", "region", "zone", "open", "owner"]),
        ("town", vec!["region", "zone"]),
        ("code", vec!["title", "group"]),
        ("title", vec!["code", "group"]),
        ("combined", vec!["region", "code", "title", "group"]),
        ("region,code", vec!["combined"]),
    ]
    .into_iter()
    .flat_map(|(by, decided)| decided.into_iter().map(move |d| (by.to_owned(), d)))
    .collect()
}

#[test]
fn what_holds_is_found_under_errors_and_nothing_else() {
    for error in [Error::Typo, Error::Swap, Error::Missing, Error::Mixed] {
        for (seed, (share, rows, sites)) in
            [(0.01, 600, 16), (0.03, 1500, 60), (0.05, 1000, 40), (0.1, 2000, 50)].into_iter().enumerate()
        {
            // A value swapped with that of another row in a column of few values is seldom seen as wrong.
            if matches!(error, Error::Swap) && share > 0.05 {
                continue;
            }
            let (mut table, mut random) = measurements(seed as u64, rows, sites);
            let clean = table.codes();
            table.spoil(&mut random, share, error);
            let told = table.told();
            // A few sites may agree by accident: what holds without exception in the clean table is not wrong.
            let place = |name: &str| table.names.iter().position(|n| *n == name).unwrap();
            let holds = |by: &str, decided: &str| {
                Groups::of(&clean[place(by)].codes, &clean[place(decided)].codes).violations == 0
            };
            let missing: Vec<_> = true_ones().difference(&told).cloned().collect();
            // Of the pairs that decide the same one is enough.
            let missing: Vec<_> = missing.into_iter().filter(|(by, _)| !by.contains(',')).collect();
            let wrong: Vec<_> = told.iter().filter(|(by, decided)| !by.contains(',') && !holds(by, decided)).collect();
            assert!(missing.is_empty() && wrong.is_empty(), "{error:?} {share}: missing {missing:?}, wrong {wrong:?}");
            for (by, decided) in told.iter().filter(|(by, _)| by.contains(',')) {
                assert_eq!(*decided, "combined", "{by} decides nothing else: {error:?} {share}");
            }
        }
    }
}

#[test]
fn a_pair_decides_where_one_column_has_exceptions_with_a_reason() {
    // One site of another region: 980 rows of a region outvote 20 of another, and no share of violations shows it.
    let (mut table, mut random) = measurements(5, 1000, 40);
    for (i, row) in table.rows.iter_mut().enumerate() {
        let region = if i % 50 == 7 { "far" } else { "near" };
        row[4] = region.to_owned();
        row[3] = format!("{region} town {}", i % 13);
        row[11] = format!("{region}/{}", row[8]);
    }
    table.spoil(&mut random, 0.03, Error::Typo);
    let told = table.told();
    assert!(!told.contains(&("code".to_owned(), "combined")), "{told:?}");
    assert!(told.contains(&("region,code".to_owned(), "combined")), "{told:?}");
}

#[test]
fn groups_that_are_split_are_no_dependency() {
    // Two of forty towns have two sites each: a town nearly decides its site.
    let (mut table, mut random) = measurements(6, 1000, 40);
    for row in &mut table.rows {
        let site: usize = row[1].parse::<usize>().unwrap() % 40;
        row[1] = format!("site {site}");
        row[3] = format!("town {}", if site < 4 { site / 2 } else { site });
    }
    table.spoil(&mut random, 0.02, Error::Typo);
    let told = table.told();
    assert!(told.contains(&("site".to_owned(), "town")) && !told.contains(&("town".to_owned(), "site")), "{told:?}");
}

/// What thirty sources say of sixty trains; of a column that is disputed a third to a half is wrong or missing.
fn reported(seed: u64, wrong: f64) -> Table {
    let mut random = Random(seed << 32);
    let time = |random: &mut Random| format!("{}:{:02}", random.below(24), random.below(60));
    let trains: Vec<Vec<String>> = (0..60).map(|_| (0..4).map(|_| time(&mut random)).collect()).collect();
    // Sources copy from each other: a train has some wrong times that come back.
    let rumours: Vec<Vec<String>> = (0..180).map(|_| (0..4).map(|_| time(&mut random)).collect()).collect();
    let mut rows = Vec::new();
    for source in 0..30 {
        for (number, train) in trains.iter().enumerate() {
            if random.chance(0.2) {
                continue;
            }
            let mut row = vec![rows.len().to_string(), format!("source {source}"), format!("train {number}")];
            for (place, true_time) in train.iter().enumerate() {
                let is_wrong = random.chance(wrong);
                let rumour = &rumours[number * 3 + random.below(3)][place];
                let told = if !is_wrong { true_time } else { rumour };
                row.push(if is_wrong && random.chance(0.4) { String::new() } else { told.clone() });
            }
            rows.push(row);
        }
    }
    Table { names: vec!["row", "source", "train", "due", "left", "expected", "arrived"], rows }
}

#[test]
fn what_sources_dispute_is_decided_by_the_thing_they_report_on() {
    let expected: BTreeSet<(String, &str)> =
        ["due", "left", "expected", "arrived"].map(|told| ("train".to_owned(), told)).into();
    for (seed, wrong) in [(1, 0.3), (2, 0.4), (3, 0.5)] {
        assert_eq!(reported(seed, wrong).told(), expected, "{wrong}");
    }
    // Customers and months are a key too; but what they order is not said of the customer.
    let mut orders = reported(4, 0.3);
    let mut random = Random(9);
    for row in &mut orders.rows {
        for cell in row.iter_mut().skip(3) {
            *cell = format!("{}", random.below(9));
        }
    }
    assert_eq!(orders.told(), BTreeSet::new());
}

#[test]
fn what_chance_explains_is_no_dependency() {
    let mut random = Random(11);
    let rows = (0..2000)
        .map(|i| {
            // Nearly always the same; groups of one; a few values; many.
            let flag = if random.chance(0.01) { "y" } else { "n" };
            vec![
                i.to_string(),
                flag.to_owned(),
                format!("g{}", random.below(50)),
                format!("c{}", random.below(3)),
                format!("k{}", random.below(900)),
            ]
        })
        .collect();
    let table = Table { names: vec!["id", "flag", "group", "class", "many"], rows };
    assert_eq!(table.told(), BTreeSet::new());
}
