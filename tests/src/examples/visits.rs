//! Visits to museums, as somebody sends them who says nothing about them: towns misspelt, a ticket in other letters, prices with a unit,
//! words for a missing guide, lines twice.

use super::money;
use crate::random::Random;

const VISITS: u64 = 1_200;
const MUSEUMS: [(&str, &str, &str); 12] = [
    ("Old Mill", "Lindau", "south"),
    ("Harbour House", "Stade", "north"),
    ("Glass Works", "Zwiesel", "south"),
    ("Salt Barn", "Lueneburg", "north"),
    ("Clock Tower", "Furtwangen", "south"),
    ("Paper Mill", "Homburg", "south"),
    ("Ship Yard", "Rostock", "north"),
    ("Wool Hall", "Neumuenster", "north"),
    ("Silver Mine", "Freiberg", "east"),
    ("Lace House", "Plauen", "east"),
    ("Toy Box", "Seiffen", "east"),
    ("Print Shop", "Leipzig", "east"),
];

/// The name and the text of each file.
pub(super) fn files() -> Vec<(String, String)> {
    let mut random = Random::new(20_260_501);
    let mut text = "visit_id,museum,town,region,ticket,price,visited_on,guide\n".to_owned();
    for visit in 1..=VISITS {
        let (museum, town, region) = *random.pick(&MUSEUMS);
        let ticket = *random.pick(&["adult", "adult", "child", "family"]);
        let cents = match ticket {
            "adult" => 900 + 50 * random.between(0, 4),
            "child" => 400 + 50 * random.between(0, 2),
            _ => 2_000 + 100 * random.between(0, 5),
        };
        let town = if random.once_in(40) { slip(town, &mut random) } else { town.to_owned() };
        let region = if random.once_in(50) { slip(region, &mut random) } else { region.to_owned() };
        let ticket = if random.once_in(30) { ticket.to_uppercase() } else { ticket.to_owned() };
        let unit = if random.once_in(25) { " EUR" } else { "" };
        let guide = match random.between(0, 9) {
            0 => "N/A",
            1..=4 => "",
            _ => random.pick(&["Anna", "Bela", "Caro", "Dora"]),
        };
        let line = format!(
            "{visit},{museum},{town},{region},{ticket},{}{unit},2026-05-{:02},{guide}\n",
            money(cents),
            1 + visit * 30 / (VISITS + 1)
        );
        text += &line;
        if random.once_in(200) {
            text += &line;
        }
    }
    vec![("visits.csv".to_owned(), text)]
}

/// A letter left out.
fn slip(word: &str, random: &mut Random) -> String {
    let at = random.between(1, word.chars().count() as u64 - 2);
    word.chars().enumerate().filter(|(i, _)| *i as u64 != at).map(|(_, c)| c).collect()
}
