//! Column types as the language writes them.

mod parse;

use std::fmt;

/// A column type. Its text form is what the formatter and the plan print and what SQL's `CAST` takes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `boolean`
    Boolean,
    /// `tinyint`
    TinyInt,
    /// `smallint`
    SmallInt,
    /// `int`
    Int,
    /// `bigint`
    BigInt,
    /// `float`: 32 bits
    Float,
    /// `double`
    Double,
    /// `decimal(precision, scale)`
    Decimal(u8, i8),
    /// `text`
    Text,
    /// `bytes`
    Bytes,
    /// `date`
    Date,
    /// `time`
    Time,
    /// `timestamp`: microseconds, no zone
    Timestamp,
    /// `timestamptz`: microseconds, UTC
    TimestampTz,
    /// `json`: text that is JSON
    Json,
    /// `uuid`: text that is a UUID
    Uuid,
    /// `int[]`
    List(Box<Type>),
    /// `struct<a int, b text>`
    Struct(Vec<(String, Type)>),
}

/// A family of types, for what predicates, patterns and messages ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeClass {
    /// `boolean`
    Boolean,
    /// Whole numbers, floats, decimals
    Number,
    /// `text`, `json`, `uuid`
    Text,
    /// `date`, `time`, `timestamp`, `timestamptz`
    Time,
    /// `bytes`
    Bytes,
    /// Lists and structs
    Nested,
}

impl TypeClass {
    /// How a message calls it.
    pub const fn word(self) -> &'static str {
        match self {
            TypeClass::Boolean => "boolean",
            TypeClass::Number => "a number",
            TypeClass::Text => "text",
            TypeClass::Time => "a date or time",
            TypeClass::Bytes => "bytes",
            TypeClass::Nested => "a list or struct",
        }
    }
}

impl Type {
    /// Reads a type name, case-insensitively, with SQL's usual other names (`integer`, `varchar(n)`, `numeric`, `double precision`, `timestamp with time zone`, …). `None`: no such type.
    ///
    /// A length or a precision of seconds is read and not kept: `varchar(20)` is `text`. `decimal` alone is `decimal(38, 10)`, as in DataFusion.
    pub fn parse(text: &str) -> Option<Type> {
        parse::parse(text)
    }

    /// The names to suggest for a misspelt type.
    pub fn words() -> &'static [&'static str] {
        &[
            "boolean",
            "tinyint",
            "smallint",
            "int",
            "bigint",
            "float",
            "double",
            "decimal",
            "text",
            "bytes",
            "date",
            "time",
            "timestamp",
            "timestamptz",
            "json",
            "uuid",
        ]
    }

    /// Its family.
    pub fn class(&self) -> TypeClass {
        match self {
            Type::Boolean => TypeClass::Boolean,
            Type::TinyInt
            | Type::SmallInt
            | Type::Int
            | Type::BigInt
            | Type::Float
            | Type::Double
            | Type::Decimal(..) => TypeClass::Number,
            Type::Text | Type::Json | Type::Uuid => TypeClass::Text,
            Type::Bytes => TypeClass::Bytes,
            Type::Date | Type::Time | Type::Timestamp | Type::TimestampTz => TypeClass::Time,
            Type::List(_) | Type::Struct(_) => TypeClass::Nested,
        }
    }

    /// Whether every value of this type has the same value in `to`.
    pub fn is_lossless_in(&self, to: &Type) -> bool {
        use Type::{BigInt, Date, Decimal, Double, Float, Int, SmallInt, Text, Timestamp, TinyInt};
        let digits = |ty: &Type| match ty {
            TinyInt => Some(3),
            SmallInt => Some(5),
            Int => Some(10),
            BigInt => Some(19),
            _ => None,
        };
        match (self, to) {
            (from, to) if from == to => true,
            (_, Text) | (Date, Timestamp) | (Float, Double) => true,
            (TinyInt | SmallInt, Float) | (TinyInt | SmallInt | Int, Double) => true,
            (from, Decimal(p, s)) if digits(from).is_some() => {
                digits(from).is_some_and(|d| i32::from(*p) - i32::from(*s) >= d)
            }
            (Decimal(p, s), Decimal(q, t)) => t >= s && i32::from(*q) - i32::from(*t) >= i32::from(*p) - i32::from(*s),
            (from, to) => matches!((digits(from), digits(to)), (Some(a), Some(b)) if a <= b),
        }
    }

    /// The word before any arguments: `decimal` of `decimal(10, 2)`; what a pattern `type: decimal` compares.
    pub fn word(&self) -> &'static str {
        match self {
            Type::Boolean => "boolean",
            Type::TinyInt => "tinyint",
            Type::SmallInt => "smallint",
            Type::Int => "int",
            Type::BigInt => "bigint",
            Type::Float => "float",
            Type::Double => "double",
            Type::Decimal(..) => "decimal",
            Type::Text => "text",
            Type::Bytes => "bytes",
            Type::Date => "date",
            Type::Time => "time",
            Type::Timestamp => "timestamp",
            Type::TimestampTz => "timestamptz",
            Type::Json => "json",
            Type::Uuid => "uuid",
            Type::List(_) => "list",
            Type::Struct(_) => "struct",
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Decimal(p, s) => write!(f, "decimal({p}, {s})"),
            Type::List(t) => write!(f, "{t}[]"),
            Type::Struct(fields) => {
                f.write_str("struct<")?;
                for (i, (name, ty)) in fields.iter().enumerate() {
                    let plain =
                        name.chars().all(|c| c == '_' || c.is_lowercase() || c.is_ascii_digit()) && !name.is_empty();
                    let quote = if plain { "" } else { "\"" };
                    write!(f, "{}{quote}{name}{quote} {ty}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str(">")
            }
            other => f.write_str(other.word()),
        }
    }
}
