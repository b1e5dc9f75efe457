//! Two days of a shop's orders. On the second day the shop renamed a column, writes some prices with their currency, sent
//! orders twice, took orders of customers that nobody knows, and one line broke.

use std::fmt::Write;

use super::money;
use crate::random::Random;

const CUSTOMERS: u64 = 120;
const ORDERS_A_DAY: u64 = 500;

const FIRST: [&str; 20] = [
    "ada", "alan", "anna", "bela", "carl", "dora", "emmy", "erik", "greta", "hugo", "ida", "jan", "karin", "lars",
    "mia", "nils", "olga", "paul", "rosa", "uwe",
];
const LAST: [&str; 15] = [
    "berg", "blum", "fischer", "hahn", "koch", "krug", "lang", "maier", "noether", "roth", "seidel", "stern", "vogel",
    "weber", "wolf",
];
const COUNTRIES: [&str; 5] = ["AT", "CH", "DE", "DE", "FR"];
const STATUSES: [&str; 5] = ["new", "paid", "paid", "shipped", "returned"];
const PRICES: [u64; 8] = [299, 495, 790, 1230, 1999, 2450, 4900, 12_900];

/// The name and the text of each file.
pub(super) fn files() -> Vec<(String, String)> {
    let mut random = Random::new(20_260_101);
    let people: Vec<String> =
        (0..CUSTOMERS).map(|_| format!("{}.{}", random.pick(&FIRST), random.pick(&LAST))).collect();
    vec![
        ("customers.csv".to_owned(), customers(&people, &mut random)),
        ("orders_2026-01-01.csv".to_owned(), day_one(&people, &mut random)),
        ("orders_2026-01-02.csv".to_owned(), day_two(&people, &mut random)),
    ]
}

fn customers(people: &[String], random: &mut Random) -> String {
    let mut text = "id,name,country,since\n".to_owned();
    for (i, person) in people.iter().enumerate() {
        let since = format!("{}-{:02}-{:02}", random.between(2019, 2025), random.between(1, 12), random.between(1, 28));
        _ = writeln!(text, "{},{person},{},{since}", i + 1, random.pick(&COUNTRIES));
    }
    text
}

/// An order, its cells as they will be written.
#[derive(Clone)]
struct Order {
    id: u64,
    customer: u64,
    email: String,
    status: String,
    quantity: u64,
    price: u64,
    price_text: String,
    total: u64,
    at: String,
}

impl Order {
    /// A good order of a day.
    fn new(id: u64, day: u64, people: &[String], random: &mut Random) -> Self {
        let customer = random.between(1, CUSTOMERS);
        let person = people.get(customer as usize - 1).map_or("", String::as_str);
        let (quantity, price) = (random.between(1, 6), *random.pick(&PRICES));
        // The day goes on from id to id, so that a later order has a later time.
        let second = 8 * 3600 + (id % 1000) * 75 + random.between(0, 60);
        let at = format!("2026-01-{day:02} {:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
        Self {
            id,
            customer,
            email: format!("{person}@example.com"),
            status: (*random.pick(&STATUSES)).to_owned(),
            quantity,
            price,
            price_text: money(price),
            total: quantity * price,
            at,
        }
    }

    fn line(&self) -> String {
        let Order { id, customer, email, status, quantity, price_text, total, at, .. } = self;
        format!("{id},{customer},{email},{status},{quantity},{price_text},{},{at}\n", money(*total))
    }
}

/// As agreed, but for three addresses that are none.
fn day_one(people: &[String], random: &mut Random) -> String {
    let mut text = "order_id,customer_id,email,status,quantity,unit_price,total,ordered_at\n".to_owned();
    for i in 0..ORDERS_A_DAY {
        let mut order = Order::new(1000 + i, 1, people, random);
        if [111, 222, 333].contains(&i) {
            order.email = order.email.replace('@', " at ");
        }
        text += &order.line();
    }
    text
}

/// `total` is now `total_amount`, and the dirt of the module's first lines.
fn day_two(people: &[String], random: &mut Random) -> String {
    let mut text = "order_id,customer_id,email,status,quantity,unit_price,total_amount,ordered_at\n".to_owned();
    for i in 0..ORDERS_A_DAY {
        let mut order = Order::new(2000 + i, 2, people, random);
        match i {
            // Some tills write the currency, one of them with a decimal comma.
            _ if i % 37 == 5 => order.price_text = format!("{} EUR", money(order.price)),
            _ if i % 61 == 7 => order.price_text = format!("\"{} EUR\"", money(order.price).replace('.', ",")),
            // No number at all: nothing can be made of it.
            140 => order.price_text = "on request".to_owned(),
            // Discounts that were taken off the total and nowhere else.
            90 | 180 | 270 | 360 | 450 => order.total -= 50,
            // Customers that are not in customers.csv.
            60 | 260 | 460 => order.customer = 900 + i,
            // A status nobody knows, and a quantity nobody orders.
            200 => order.status = "lost".to_owned(),
            201 => order.quantity = 0,
            _ => {}
        }
        if i == 201 {
            order.total = 0;
        }
        text += &order.line();
        // Sent again an hour later, further on in its life.
        if i % 83 == 10 {
            let mut again = order.clone();
            again.status = "shipped".to_owned();
            again.at = again.at.replacen("2026-01-02", "2026-01-03", 1);
            text += &again.line();
        }
        // The line that broke: its end is missing.
        if i == 300 {
            text += "2999,17,ida.wolf@exa\n";
        }
    }
    text
}
