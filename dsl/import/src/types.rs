//! The types of databases and data frames as `.pipe` has them.

use pipe_schema::Type;

/// Names of types that `.pipe` does not read itself: of Pandas, Spark, SQLAlchemy, warehouses and contracts. Folded.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("object", "text"),
    ("str", "text"),
    ("string", "text"),
    ("stringtype", "text"),
    ("string_", "text"),
    ("unicode", "text"),
    ("nvarchar", "text"),
    ("character varying", "text"),
    ("bpchar", "text"),
    ("clob", "text"),
    ("longtext", "text"),
    ("mediumtext", "text"),
    ("category", "text"),
    ("int8", "bigint"),
    ("int16", "smallint"),
    ("int32", "int"),
    ("int64", "bigint"),
    ("int4", "int"),
    ("int2", "smallint"),
    ("long", "bigint"),
    ("number", "double"),
    ("longtype", "bigint"),
    ("integertype", "int"),
    ("shorttype", "smallint"),
    ("bytetype", "tinyint"),
    ("biginteger", "bigint"),
    ("smallinteger", "smallint"),
    ("mediumint", "int"),
    ("float16", "float"),
    ("float32", "float"),
    ("float64", "double"),
    ("float8", "double"),
    ("float4", "float"),
    ("floattype", "float"),
    ("doubletype", "double"),
    ("double_precision", "double"),
    ("doubleprecision", "double"),
    ("decimaltype", "decimal"),
    ("bignumeric", "decimal"),
    ("bool", "boolean"),
    ("bool_", "boolean"),
    ("booleantype", "boolean"),
    ("datetype", "date"),
    ("datetime", "timestamp"),
    ("datetime64", "timestamp"),
    ("datetime64[ns]", "timestamp"),
    ("datetime64[us]", "timestamp"),
    ("datetime2", "timestamp"),
    ("timestamptype", "timestamp"),
    ("timestampntztype", "timestamp"),
    ("timestamp_ntz", "timestamp"),
    ("timestamp_tz", "timestamptz"),
    ("timestamp_ltz", "timestamptz"),
    ("timestamp without time zone", "timestamp"),
    ("timestamp with time zone", "timestamptz"),
    ("datetimeoffset", "timestamptz"),
    ("binary", "bytes"),
    ("binarytype", "bytes"),
    ("varbinary", "bytes"),
    ("blob", "bytes"),
    ("jsonb", "json"),
    ("variant", "json"),
    ("super", "json"),
];

/// A type by whatever name a tool gives it.
pub(crate) fn parse(name: &str) -> Option<Type> {
    let folded = name.trim().to_lowercase();
    if let Some((_, ours)) = OTHER_NAMES.iter().find(|(theirs, _)| *theirs == folded) {
        return Type::parse(ours);
    }
    if let Some(ty) = Type::parse(&folded) {
        return Some(ty);
    }
    // `NUMBER(38, 0)`, `VARCHAR2(20)`, `DecimalType(10,2)`: the word decides, the numbers are kept where they count.
    let (word, rest) = folded.split_once('(')?;
    let (word, rest) = (word.trim(), rest.strip_suffix(')')?);
    match word {
        "number" | "decimaltype" | "bignumeric" => Type::parse(&format!("decimal({rest})")),
        _ => OTHER_NAMES.iter().find(|(theirs, _)| *theirs == word).and_then(|(_, ours)| Type::parse(ours)),
    }
}
