//! Column types of the language and their Arrow forms.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use pipe_schema::Type;

/// The Arrow type a column of this type has in every scan.
pub fn data_type(ty: &Type) -> DataType {
    match ty {
        Type::Boolean => DataType::Boolean,
        Type::TinyInt => DataType::Int8,
        Type::SmallInt => DataType::Int16,
        Type::Int => DataType::Int32,
        Type::BigInt => DataType::Int64,
        Type::Float => DataType::Float32,
        Type::Double => DataType::Float64,
        Type::Decimal(p, s) if *p <= 38 => DataType::Decimal128(*p, *s),
        Type::Decimal(p, s) => DataType::Decimal256(*p, *s),
        Type::Text | Type::Json | Type::Uuid => DataType::Utf8View,
        Type::Bytes => DataType::BinaryView,
        Type::Date => DataType::Date32,
        Type::Time => DataType::Time64(TimeUnit::Microsecond),
        Type::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        Type::TimestampTz => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Type::List(item) => DataType::List(Arc::new(Field::new_list_field(data_type(item), true))),
        Type::Struct(fields) => {
            DataType::Struct(fields.iter().map(|(name, ty)| Field::new(name, data_type(ty), true)).collect::<Fields>())
        }
    }
}

/// The type of the language that holds every value of an Arrow type: what an inferred or found column is called.
/// `None` for what the language cannot name (maps, unions, intervals).
pub fn type_of(data_type: &DataType) -> Option<Type> {
    Some(match data_type {
        DataType::Null => Type::Text,
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
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Type::Text,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => Type::Bytes,
        DataType::Date32 | DataType::Date64 => Type::Date,
        DataType::Time32(_) | DataType::Time64(_) => Type::Time,
        DataType::Timestamp(_, None) => Type::Timestamp,
        DataType::Timestamp(_, Some(_)) => Type::TimestampTz,
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => Type::List(Box::new(type_of(item.data_type())?)),
        DataType::Struct(fields) => Type::Struct(
            fields.iter().map(|f| Some((f.name().clone(), type_of(f.data_type())?))).collect::<Option<Vec<_>>>()?,
        ),
        DataType::Dictionary(_, value) => type_of(value)?,
        DataType::RunEndEncoded(_, value) => type_of(value.data_type())?,
        DataType::Map(..) | DataType::Union(..) | DataType::Interval(_) | DataType::Duration(_) => return None,
    })
}
