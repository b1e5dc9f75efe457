//! A day of twelve sensors, a reading every ten minutes, as NDJSON. Two fell silent for a while, some readings have no
//! temperature, one sensor sends tenths of a degree for some hours, a few values are impossible, and a line broke.

use std::fmt::Write;

use crate::random::Random;

const SENSORS: u64 = 12;
const READINGS_A_DAY: u64 = 144;

/// The name and the text of each file.
pub(super) fn files() -> Vec<(String, String)> {
    let mut random = Random::new(20_260_301);
    vec![("readings_2026-03-01.ndjson".to_owned(), day(&mut random)), ("sensors.csv".to_owned(), places())]
}

fn places() -> String {
    let mut text = "sensor,room,floor\n".to_owned();
    for s in 1..=SENSORS {
        _ = writeln!(text, "s{s:02},room {},{}", 100 * ((s - 1) / 4 + 1) + (s - 1) % 4, (s - 1) / 4 + 1);
    }
    text
}

fn day(random: &mut Random) -> String {
    let mut text = String::new();
    for reading in 0..READINGS_A_DAY {
        let (hour, minute) = (reading / 6, reading % 6 * 10);
        for s in 1..=SENSORS {
            // Silent: sensor 3 from nine to eleven, sensor 8 for forty minutes at noon.
            if (s == 3 && (9..11).contains(&hour)) || (s == 8 && (72..76).contains(&reading)) {
                continue;
            }
            // Tenths of a degree: cool at night, warm after noon, each room a little different.
            let warmth = 60 - (i64::try_from(hour).unwrap_or(0) - 15).abs() * 4;
            let tenths =
                180 + warmth + i64::try_from(s * 3).unwrap_or(0) + i64::try_from(random.between(0, 6)).unwrap_or(0);
            let second_probe = tenths + i64::try_from(random.between(0, 4)).unwrap_or(0) - 2;
            let humidity = 35 + random.between(0, 15);
            let temperature = match (s, reading) {
                // Sends tenths as if they were degrees.
                (5, 30..42) => format!("{tenths}.0"),
                // A loose contact.
                (11, 50 | 51 | 97) => "-127.0".to_owned(),
                // No reading at all.
                _ if (reading * SENSORS + s) % 89 == 17 => "null".to_owned(),
                _ => degrees(tenths),
            };
            _ = writeln!(
                text,
                r#"{{"sensor": "s{s:02}", "at": "2026-03-01T{hour:02}:{minute:02}:00", "temperature": {temperature}, "probe": {}, "humidity": {humidity}}}"#,
                degrees(second_probe),
            );
        }
        if reading == 100 {
            text += "{\"sensor\": \"s07\", \"at\": \"2026-03-01T16:4\n";
        }
    }
    text
}

fn degrees(tenths: i64) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}
