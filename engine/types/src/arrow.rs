//! The mapping.

use std::sync::Arc;

use ::arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use pipe_schema::Type;

/// The zone of every `timestamptz`.
pub const UTC: &str = "UTC";

/// How values of a type lie in memory. Text and bytes are views, times count microseconds, decimals have 128 bits, or
/// 256 for more than 38 digits; `json` and `uuid` are text.
pub fn to_arrow(ty: &Type) -> DataType {
    match ty {
        Type::Boolean => DataType::Boolean,
        Type::TinyInt => DataType::Int8,
        Type::SmallInt => DataType::Int16,
        Type::Int => DataType::Int32,
        Type::BigInt => DataType::Int64,
        Type::Float => DataType::Float32,
        Type::Double => DataType::Float64,
        Type::Decimal(precision, scale) if *precision <= 38 => DataType::Decimal128(*precision, *scale),
        Type::Decimal(precision, scale) => DataType::Decimal256(*precision, *scale),
        Type::Text | Type::Json | Type::Uuid => DataType::Utf8View,
        Type::Bytes => DataType::BinaryView,
        Type::Date => DataType::Date32,
        Type::Time => DataType::Time64(TimeUnit::Microsecond),
        Type::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        Type::TimestampTz => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
        Type::List(item) => DataType::List(Arc::new(Field::new_list_field(to_arrow(item), true))),
        Type::Struct(fields) => {
            DataType::Struct(fields.iter().map(|(name, ty)| Field::new(name, to_arrow(ty), true)).collect::<Fields>())
        }
    }
}

/// The language's name for an Arrow type: the narrowest type that holds all its values (nanoseconds are cut to
/// microseconds). `None` for what the language cannot name: intervals, maps, unions.
pub fn from_arrow(ty: &DataType) -> Option<Type> {
    Some(match ty {
        DataType::Boolean => Type::Boolean,
        DataType::Int8 => Type::TinyInt,
        DataType::Int16 | DataType::UInt8 => Type::SmallInt,
        DataType::Int32 | DataType::UInt16 => Type::Int,
        DataType::Int64 | DataType::UInt32 => Type::BigInt,
        DataType::UInt64 => Type::Decimal(20, 0),
        DataType::Float16 | DataType::Float32 => Type::Float,
        DataType::Float64 => Type::Double,
        DataType::Decimal32(p, s)
        | DataType::Decimal64(p, s)
        | DataType::Decimal128(p, s)
        | DataType::Decimal256(p, s) => Type::Decimal(*p, *s),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => Type::Text,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => Type::Bytes,
        DataType::Date32 | DataType::Date64 => Type::Date,
        DataType::Time32(_) | DataType::Time64(_) => Type::Time,
        DataType::Timestamp(_, None) => Type::Timestamp,
        DataType::Timestamp(_, Some(_)) => Type::TimestampTz,
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => Type::List(Box::new(from_arrow(item.data_type())?)),
        DataType::Struct(fields) => Type::Struct(
            fields.iter().map(|f| Some((f.name().clone(), from_arrow(f.data_type())?))).collect::<Option<_>>()?,
        ),
        DataType::Dictionary(_, value) => from_arrow(value)?,
        DataType::RunEndEncoded(_, value) => from_arrow(value.data_type())?,
        DataType::Map(..) | DataType::Union(..) | DataType::Interval(_) | DataType::Duration(_) => return None,
    })
}

/// Whether a column in memory is what the language calls `ty`, however its values lie: `text` is `Utf8` and `Utf8View`,
/// and so are `json` and `uuid`.
pub fn is(found: &DataType, ty: &Type) -> bool {
    from_arrow(found).is_some_and(|found| from_arrow(&to_arrow(ty)) == Some(found))
}

/// A type as a message names it: the language's word, or Arrow's in lower case where it has none.
pub fn describe(ty: &DataType) -> String {
    match ty {
        DataType::Null => "null".to_owned(),
        DataType::Interval(_) | DataType::Duration(_) => "interval".to_owned(),
        _ => from_arrow(ty).map_or_else(|| ty.to_string().to_lowercase(), |t| t.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use ::arrow::datatypes::IntervalUnit;

    use super::*;

    fn scalars() -> Vec<Type> {
        vec![
            Type::Boolean,
            Type::TinyInt,
            Type::SmallInt,
            Type::Int,
            Type::BigInt,
            Type::Float,
            Type::Double,
            Type::Decimal(12, 2),
            Type::Decimal(50, 2),
            Type::Text,
            Type::Bytes,
            Type::Date,
            Type::Time,
            Type::Timestamp,
            Type::TimestampTz,
        ]
    }

    #[test]
    fn every_type_comes_back() {
        for ty in scalars() {
            let list = Type::List(Box::new(ty.clone()));
            let nested = Type::Struct(vec![("a".to_owned(), ty.clone()), ("b".to_owned(), list.clone())]);
            for ty in [ty, list, nested] {
                assert_eq!(from_arrow(&to_arrow(&ty)), Some(ty));
            }
        }
        for text in [Type::Json, Type::Uuid] {
            assert_eq!(from_arrow(&to_arrow(&text)), Some(Type::Text));
        }
    }

    #[test]
    fn a_column_is_of_its_type_however_it_lies_in_memory() {
        for ty in scalars().iter().chain(&[Type::Json, Type::Uuid]) {
            assert!(is(&to_arrow(ty), ty), "{ty}");
        }
        assert!(is(&DataType::Utf8, &Type::Json) && is(&DataType::LargeBinary, &Type::Bytes));
        assert!(is(&DataType::Timestamp(TimeUnit::Nanosecond, None), &Type::Timestamp));
        assert!(!is(&DataType::Int64, &Type::Int) && !is(&DataType::Decimal128(12, 2), &Type::Decimal(12, 3)));
        assert!(!is(&DataType::Interval(IntervalUnit::DayTime), &Type::Text));
    }

    #[test]
    fn messages_speak_the_language() {
        assert_eq!(describe(&DataType::Decimal128(10, 2)), "decimal(10, 2)");
        assert_eq!(describe(&DataType::LargeUtf8), "text");
        assert_eq!(describe(&DataType::Interval(IntervalUnit::DayTime)), "interval");
    }
}
