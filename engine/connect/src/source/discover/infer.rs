//! The type of a column from its first values.

use pipe_schema::Type;

use crate::source::columns::value;

/// What the values seen so far have in common. Starts out fitting everything.
#[derive(Clone, Debug)]
pub(super) struct Inference {
    seen: bool,
    integer: bool,
    double: bool,
    /// A number among them: `nan` alone is a word.
    number: bool,
    boolean: bool,
    date: bool,
    timestamp: bool,
    /// With a zone behind every time.
    zoned: bool,
}

impl Default for Inference {
    fn default() -> Self {
        Inference {
            seen: false,
            integer: true,
            double: true,
            number: false,
            boolean: true,
            date: true,
            timestamp: true,
            zoned: true,
        }
    }
}

impl Inference {
    /// Takes one value into account.
    pub(super) fn see(&mut self, text: &str) {
        let bytes = value::trimmed(text.as_bytes());
        if bytes.is_empty() {
            return;
        }
        self.seen = true;
        // A number that begins with zeros is a code: `007` and `7` are two of them.
        let digits = bytes.strip_prefix(b"-").or_else(|| bytes.strip_prefix(b"+")).unwrap_or(bytes);
        let code = matches!(digits, [b'0', second, ..] if second.is_ascii_digit()) || bytes.starts_with(b"+");
        self.integer = self.integer && !code && value::integer::<i64>(bytes).is_some();
        self.double = self.double && !code && value::double(bytes).is_some();
        self.number |= bytes.iter().any(u8::is_ascii_digit);
        self.boolean = self.boolean && (bytes.eq_ignore_ascii_case(b"true") || bytes.eq_ignore_ascii_case(b"false"));
        let is_date = bytes.len() == 10 && value::date(bytes).is_some();
        self.date = self.date && is_date;
        self.timestamp = self.timestamp && value::timestamp(bytes).is_some();
        let zone = bytes.get(16..).unwrap_or_default();
        self.zoned = self.zoned && zone.iter().any(|b| matches!(b, b'Z' | b'z' | b'+' | b'-' | b'C'));
    }

    /// The narrowest type that all values have.
    pub(super) fn ty(&self) -> Type {
        if !self.seen {
            Type::Text
        } else if self.boolean {
            Type::Boolean
        } else if self.integer {
            Type::BigInt
        } else if self.double && self.number {
            Type::Double
        } else if self.date {
            Type::Date
        } else if self.timestamp && self.zoned {
            Type::TimestampTz
        } else if self.timestamp {
            Type::Timestamp
        } else {
            Type::Text
        }
    }
}

/// The type that holds the values of both: columns of several files.
pub(super) fn unify(a: &Type, b: &Type) -> Type {
    match (a, b) {
        (a, b) if a == b => a.clone(),
        (Type::BigInt, Type::Double) | (Type::Double, Type::BigInt) => Type::Double,
        (Type::Date, Type::Timestamp) | (Type::Timestamp, Type::Date) => Type::Timestamp,
        _ => Type::Text,
    }
}
