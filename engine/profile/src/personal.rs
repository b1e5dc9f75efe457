//! Data about persons: what a column's name and its texts say of it.

use serde::Serialize;

use crate::cells::Kind;
use crate::formats::{Format, FormatGuess};

/// Why a column may hold data about persons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Personal {
    /// What kind of data: `email`, `phone`, `name`, `address`, `iban`, `card`, `birth date`, `ip address`, `id number`.
    pub kind: &'static str,
    /// Whether the texts themselves say so, and not only the column's name.
    pub certain: bool,
    /// What speaks for it.
    pub evidence: Vec<String>,
}

/// A kind of personal data: the format that shows it, the words in names of columns that hint at it.
struct Rule {
    kind: &'static str,
    formats: &'static [Format],
    /// In parts of the column's name: all words of one entry.
    words: &'static [&'static str],
}

const RULES: [Rule; 9] = [
    Rule { kind: "email", formats: &[Format::Email], words: &["email", "mail", "e mail"] },
    Rule { kind: "iban", formats: &[Format::Iban], words: &["iban", "bank account", "account number"] },
    Rule {
        kind: "card",
        formats: &[Format::CreditCard],
        words: &["card number", "credit card", "cardnumber", "creditcard", "pan"],
    },
    Rule { kind: "ip address", formats: &[Format::Ipv4, Format::Ipv6], words: &["ip", "ip address", "ipaddress"] },
    Rule {
        kind: "phone",
        formats: &[Format::Phone],
        words: &["phone", "telephone", "mobile", "tel", "telefon", "handy", "fax", "phonenumber"],
    },
    Rule {
        kind: "birth date",
        formats: &[],
        words: &["birth", "birthday", "birthdate", "dob", "born", "geburtsdatum", "geburtstag"],
    },
    Rule {
        kind: "id number",
        formats: &[],
        words: &["ssn", "social security", "passport", "tax id", "national id", "steuernummer", "nino", "personnummer"],
    },
    Rule {
        kind: "address",
        formats: &[],
        words: &[
            "address",
            "street",
            "addr",
            "strasse",
            "postcode",
            "zip",
            "postal code",
            "plz",
            "zipcode",
            "address1",
        ],
    },
    Rule {
        kind: "name",
        formats: &[],
        words: &[
            "first name",
            "last name",
            "surname",
            "firstname",
            "lastname",
            "full name",
            "fullname",
            "given name",
            "family name",
            "middle name",
            "vorname",
            "nachname",
            "customer name",
            "contact name",
            "person",
            "username",
            "user name",
        ],
    },
];

/// What speaks for personal data in a column. `texts` are those of the sample.
pub fn find(name: &str, kind: Kind, texts: &[&str], format: Option<&FormatGuess>) -> Option<Personal> {
    let words = words(name);
    let hinted = |rule: &Rule| {
        let has = |hint: &&&str| hint.split(' ').all(|word| words.iter().any(|w| w == word));
        rule.words.iter().find(has).map(|_| format!("the column is called `{name}`"))
    };
    for rule in RULES {
        let hint = hinted(&rule);
        let content = match rule.kind {
            "name" => names(texts),
            "address" => streets(texts),
            // A number that could be a telephone's is one if the column says so, or a country code does.
            "phone" => share(texts, &rule).filter(|_| hint.is_some() || texts.iter().any(|t| t.starts_with('+'))),
            _ => share(texts, &rule),
        };
        let certain = content.is_some();
        let plausible = certain
            || match rule.kind {
                "birth date" => kind == Kind::Temporal || format.is_some_and(|f| f.format == Format::Date),
                "id number" | "card" | "phone" => matches!(kind, Kind::Text | Kind::Integer),
                _ => kind == Kind::Text && format.is_none(),
            };
        if plausible && (certain || hint.is_some() && (!texts.is_empty() || kind != Kind::Text)) {
            return Some(Personal { kind: rule.kind, certain, evidence: hint.into_iter().chain(content).collect() });
        }
    }
    None
}

/// The words of a column's name: `customerEmail_1` is `customer`, `email`, `1`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let begins = c.is_uppercase() && before.is_lowercase();
        if begins || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|w| !w.is_empty());
    words
}

/// At least a tenth of the texts have one of the rule's formats: few suffice where one is too many.
fn share(texts: &[&str], rule: &Rule) -> Option<String> {
    let fit = texts.iter().filter(|t| rule.formats.iter().any(|f| f.fits(t.trim()))).count();
    let format = rule.formats.first()?;
    told(fit, texts.len(), 0.1, &format!("are {}", format.words()))
}

/// Texts that begin with a given name that many people have.
fn names(texts: &[&str]) -> Option<String> {
    let named = |text: &&&str| {
        let mut words = text.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty());
        let first = words.next().unwrap_or_default().to_lowercase();
        words.clone().count() <= 3 && GIVEN_NAMES.split(' ').any(|name| name == first)
    };
    let fit = texts.iter().filter(named).count();
    told(fit, texts.len(), 0.15, "begin with a common given name")
}

/// Texts with a number and a word that streets are called by.
fn streets(texts: &[&str]) -> Option<String> {
    let street = |text: &&&str| {
        let lower = text.to_lowercase();
        let word = lower.split(|c: char| !c.is_alphabetic()).any(|w| {
            STREETS.split(' ').any(|s| w == s)
                || ["strasse", "straße", "gasse", "weg"].iter().any(|end| w.len() > 5 && w.ends_with(end))
        });
        word && lower.bytes().any(|b| b.is_ascii_digit())
    };
    let fit = texts.iter().filter(street).count();
    told(fit, texts.len(), 0.2, "have a number and a street")
}

fn told(fit: usize, of: usize, least: f64, what: &str) -> Option<String> {
    let share = fit as f64 / of.max(1) as f64;
    // Never 100% of what is not all.
    let percent = (share * 1000.0).floor() / 10.0;
    (fit >= 2 && share >= least).then(|| format!("{percent}% of {of} sampled texts {what}"))
}

const STREETS: &str = "street st road rd avenue ave lane ln drive boulevard blvd court square rue via viale calle avenida platz allee ulica straat";

/// Given names that are common in countries of Europe and America; names that are everyday words or places are left out.
const GIVEN_NAMES: &str = "james john robert michael william david richard joseph thomas charles christopher daniel matthew anthony \
    donald steven paul andrew joshua kenneth kevin brian george edward ronald timothy jason jeffrey ryan jacob gary nicholas \
    eric jonathan stephen larry justin scott brandon benjamin samuel gregory frank alexander raymond patrick jack dennis jerry \
    mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty margaret sandra ashley kimberly \
    emily donna michelle carol amanda dorothy melissa deborah stephanie rebecca sharon laura cynthia kathleen amy angela shirley \
    anna brenda pamela emma nicole helen samantha katherine christine debra rachel carolyn janet catherine maria heather diane \
    ruth julie olivia joyce virginia victoria kelly lauren christina joan evelyn judith megan andrea cheryl hannah jacqueline \
    peter hans klaus jürgen stefan andreas wolfgang martin markus matthias lukas jonas felix leon finn paul emil max moritz jan nils \
    hugo bela carl otto karl friedrich heinrich anja petra sabine monika ursula claudia katrin birgit heike greta emmy lena lea \
    mia ida ada dora clara frieda johanna marie sophie luise jean pierre jacques luc antoine julien nicolas camille chloe manon \
    isabelle nathalie jose juan antonio manuel francisco javier carlos miguel pedro luis carmen ana isabel dolores pilar lucia \
    sofia elena paula giovanni giuseppe marco luca francesco alessandro matteo giulia chiara francesca martina sven lars erik \
    anders ole ingrid astrid freya piotr jakub krzysztof agnieszka katarzyna ivan dmitri olga natalia mohammed ahmed fatima ali";

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, kind: Kind, texts: &[&str]) -> Option<(&'static str, bool)> {
        find(name, kind, texts, crate::formats::guess(texts).as_ref()).map(|p| (p.kind, p.certain))
    }

    #[test]
    fn names_and_texts_of_columns_are_evidence() {
        let mails = ["a@example.com", "b@example.com", "no"];
        assert_eq!(found("contact", Kind::Text, &mails), Some(("email", true)));
        assert_eq!(found("name", Kind::Text, &["emmy.wolf", "Greta Hahn", "X Y"]), Some(("name", true)));
        assert_eq!(found("lastName", Kind::Text, &["Nowak", "Silva"]), Some(("name", false)));
        assert_eq!(found("date_of_birth", Kind::Temporal, &[]), Some(("birth date", false)));
        assert_eq!(found("adresse", Kind::Text, &["Lange Straße 5", "Kirchgasse 12"]), Some(("address", true)));
        assert_eq!(found("k", Kind::Text, &["DE89370400440532013000", "GB82WEST12345698765432"]), Some(("iban", true)));
    }

    #[test]
    fn what_only_sounds_like_it_is_not_told() {
        assert_eq!(found("name", Kind::Text, &["Desk Lamp", "Coffee Table"]), None);
        assert_eq!(found("shipping", Kind::Text, &["fast", "slow"]), None);
        assert_eq!(found("email_sent", Kind::Boolean, &[]), None);
        assert_eq!(found("part", Kind::Text, &["030 123-4567", "030 123-4568"]), None);
    }

    #[test]
    fn names_of_columns_fall_into_words() {
        assert_eq!(words("customerEmail_1"), ["customer", "email", "1"]);
        assert_eq!(words("IPAddress"), ["ipaddress"]);
    }
}
