//! A week's sales of three shops. Two write commas between the cells; the one in Lyon writes semicolons and decimal
//! commas. In the list of products some have the wrong category, and one sale is of a product that is in no list.

use std::fmt::Write;

use super::money;
use crate::random::Random;

const SALES: [(&str, u64, u64); 3] = [("berlin", 240, 10_000), ("lyon", 180, 20_000), ("vienna", 150, 30_000)];
const CATEGORIES: [(&str, &str, u64); 6] = [
    ("A", "books", 1290),
    ("B", "games", 2995),
    ("C", "garden", 1850),
    ("D", "kitchen", 3400),
    ("E", "music", 1699),
    ("F", "office", 450),
];
const PRODUCTS_A_LINE: u64 = 8;

/// The name and the text of each file.
pub(super) fn files() -> Vec<(String, String)> {
    let mut random = Random::new(20_260_504);
    let mut files = vec![("products.csv".to_owned(), products()), ("shops.csv".to_owned(), shops())];
    for (shop, count, first) in SALES {
        files.push((format!("sales_{shop}.csv"), sales(shop, count, first, &mut random)));
    }
    files
}

fn shops() -> String {
    "shop,city,country\nberlin,Berlin,DE\nlyon,Lyon,FR\nvienna,Wien,AT\n".to_owned()
}

/// A product line is the letter of the product's number; it determines the category.
fn products() -> String {
    let mut text = "sku,line,category,list_price\n".to_owned();
    for (line, category, price) in CATEGORIES {
        for n in 1..=PRODUCTS_A_LINE {
            let category = match (line, n) {
                ("B", 3) => "gmes",
                ("D", 6) => "books",
                _ => category,
            };
            _ = writeln!(text, "{line}{n:02},{line},{category},{}", money(price + n * 100));
        }
    }
    text
}

fn sales(shop: &str, count: u64, first: u64, random: &mut Random) -> String {
    let lyon = shop == "lyon";
    let mut lines = vec![["sale", "shop", "sku", "quantity", "price", "sold_on"].map(str::to_owned)];
    for i in 0..count {
        let (line, _, base) = *random.pick(&CATEGORIES);
        let n = random.between(1, PRODUCTS_A_LINE);
        let quantity = if random.once_in(5) { random.between(2, 4) } else { 1 };
        let price = money(base + n * 100);
        let sku = if shop == "vienna" && i == 77 { "Z99".to_owned() } else { format!("{line}{n:02}") };
        lines.push([
            (first + i).to_string(),
            shop.to_owned(),
            sku,
            quantity.to_string(),
            if lyon { price.replace('.', ",") } else { price },
            format!("2026-05-{:02}", 4 + i * 7 / count),
        ]);
    }
    lines.iter().map(|cells| cells.join(if lyon { ";" } else { "," }) + "\n").collect()
}
