//! Tickets that a theatre sold in four weeks, a file a day: half as many on Mondays, far too few on one Thursday, rows of a Friday that came two
//! days late.

use super::money;
use crate::random::Random;

/// The Thursday of which most is missing.
const SHORT: u64 = 18;
/// The Friday of which a part came with the Sunday's.
const LATE: u64 = 19;

/// The name and the text of each file.
pub(super) fn files() -> Vec<(String, String)> {
    let mut random = Random::new(20_260_601);
    let mut files: Vec<(String, String)> = Vec::new();
    let mut late = String::new();
    for day in 1..=28_u64 {
        let mut text = "ticket,day,seat,price\n".to_owned();
        let usual = if day % 7 == 1 { 30 } else { 60 } + random.between(0, 4);
        let sold = if day == SHORT { 9 } else { usual };
        for ticket in 1..=sold {
            let price = if random.once_in(150) { String::new() } else { money(1_500 + 250 * random.between(0, 6)) };
            let seat = format!("{}{}", random.pick(&['A', 'B', 'C']), random.between(1, 40));
            let line = format!("{day:02}-{ticket:03},2026-06-{day:02},{seat},{price}\n");
            if day == LATE && ticket > 50 { late += &line } else { text += &line }
        }
        if day == LATE + 2 {
            text += &late;
        }
        files.push((format!("tickets_2026-06-{day:02}.csv"), text));
    }
    files
}
