//! `cron '…'`: minute, hour, day of month, month, day of week, as in crontab(5): `*`, numbers, names, ranges, steps, lists.

/// A field: what it is called, its bounds, its names from the lower bound on.
struct Field {
    what: &'static str,
    low: u32,
    high: u32,
    names: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field { what: "minute", low: 0, high: 59, names: &[] },
    Field { what: "hour", low: 0, high: 23, names: &[] },
    Field { what: "day of month", low: 1, high: 31, names: &[] },
    Field {
        what: "month",
        low: 1,
        high: 12,
        names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    },
    // 0 and 7 are both Sunday.
    Field { what: "day of week", low: 0, high: 7, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

/// What is wrong with a schedule, if anything is.
pub(crate) fn wrong(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split_whitespace().collect();
    if parts.len() != FIELDS.len() {
        return Some(format!("it has {} of the 5 fields: minute, hour, day of month, month, day of week", parts.len()));
    }
    if let Some(why) = FIELDS.iter().zip(&parts).find_map(|(field, part)| field.wrong(part)) {
        return Some(why);
    }
    never(&parts).then(|| "no month has such a day".to_owned())
}

impl Field {
    fn wrong(&self, text: &str) -> Option<String> {
        text.split(',').find_map(|item| self.item(item))
    }

    fn item(&self, item: &str) -> Option<String> {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (item, None),
        };
        if let Some(step) = step
            && !step.parse::<u32>().is_ok_and(|n| n > 0 && n <= self.high)
        {
            return Some(format!("`{step}` is no step of the {}", self.what));
        }
        if range == "*" {
            return None;
        }
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        match (self.value(from), self.value(to)) {
            (Some(a), Some(b)) if a > b => Some(format!("`{range}` of the {} runs backwards", self.what)),
            (Some(_), Some(_)) => None,
            (None, _) => Some(self.no_value(from)),
            (_, None) => Some(self.no_value(to)),
        }
    }

    fn value(&self, text: &str) -> Option<u32> {
        let named = self.names.iter().position(|n| n.eq_ignore_ascii_case(text)).and_then(|i| u32::try_from(i).ok());
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        named
            .map(|i| i + self.low)
            .or_else(|| text.parse().ok().filter(|_| digits))
            .filter(|n| (self.low..=self.high).contains(n))
    }

    fn no_value(&self, text: &str) -> String {
        format!("`{text}` is no {}: it goes from {} to {}", self.what, self.low, self.high)
    }
}

/// Whether plain days stand beside plain months of which none has them, and no day of week helps.
fn never(parts: &[&str]) -> bool {
    let [_, _, days, months, weekday] = parts else { return false };
    if *weekday != "*" {
        return false;
    }
    let numbers = |text: &str, field: usize| -> Option<Vec<u32>> {
        text.split(',').map(|t| FIELDS.get(field).and_then(|f| f.value(t))).collect()
    };
    let (Some(days), Some(months)) = (numbers(days, 2), numbers(months, 3)) else { return false };
    let longest = |month: u32| match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    !months.iter().any(|m| days.iter().any(|d| *d <= longest(*m)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crontabs_are_read() {
        for good in ["0 2 * * *", "*/5 0-6,22 1,15 jan-mar MON-fri", "0 0 29 2 *", "0 0 31 2 mon", "0 0 * * 7"] {
            assert_eq!(wrong(good), None, "{good}");
        }
        for (bad, why) in [
            ("0 2 * *", "4 of the 5"),
            ("60 2 * * *", "`60` is no minute"),
            ("0 2 * foo *", "`foo` is no month"),
            ("0 9-5 * * *", "backwards"),
            ("*/0 * * * *", "no step"),
            ("0 0 31 2,4 *", "no month"),
            ("", "0 of the 5"),
            ("+1 * * * *", "`+1` is no minute"),
        ] {
            assert!(wrong(bad).is_some_and(|w| w.contains(why)), "{bad}: {:?}", wrong(bad));
        }
    }
}
