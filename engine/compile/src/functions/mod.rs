//! Functions of the language: the formats of `is …`, as SQL calls them: `is_email(x)`, `is_date(x, '%d.%m.%Y')`.
//!
//! All are pure; NULL gives NULL. They read any text type as it lies, row by row, without copying.

mod contact;
mod date;
mod network;
mod text;

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayAccessor, ArrayRef, AsArray, BooleanArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::types::logical_string;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    Coercion, ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature,
    TypeSignatureClass, Volatility,
};

/// The functions, by name.
pub fn all() -> Vec<ScalarUDF> {
    let mut functions: Vec<ScalarUDF> = TESTS.iter().map(|test| ScalarUDF::from(TextTest::new(test))).collect();
    functions.push(ScalarUDF::from(date::IsDate::new()));
    functions
}

pub(crate) use date::is_format as is_date_format;

/// The function that decides a format, if this engine has one: `is_email` of `email`.
pub fn of_format(format: &str) -> Option<String> {
    let name = format!("is_{format}");
    (name == date::NAME || TESTS.iter().any(|t| t.name == name)).then_some(name)
}

/// A test of one text.
#[derive(Debug)]
struct Test {
    name: &'static str,
    holds: fn(&str) -> bool,
}

const TESTS: &[Test] = &[
    Test { name: "is_blank", holds: text::is_blank },
    Test { name: "is_email", holds: contact::is_email },
    Test { name: "is_ip", holds: network::is_ip },
    Test { name: "is_ipv4", holds: network::is_ipv4 },
    Test { name: "is_ipv6", holds: network::is_ipv6 },
    Test { name: "is_json", holds: text::is_json },
    Test { name: "is_url", holds: network::is_url },
    Test { name: "is_uuid", holds: text::is_uuid },
];

/// A test as a function of SQL.
#[derive(Debug, PartialEq, Eq, Hash)]
struct TextTest {
    name: &'static str,
    signature: Signature,
}

impl TextTest {
    fn new(test: &'static Test) -> Self {
        Self { name: test.name, signature: Signature::coercible(vec![text_argument()], Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for TextTest {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let test = TESTS.iter().find(|t| t.name == self.name);
        let (Some(test), [text]) = (test, args.args.as_slice()) else {
            return Err(DataFusionError::Internal(format!("{} takes one argument", self.name)));
        };
        judge(text, test.holds)
    }
}

/// An argument that is text of any kind.
fn text_argument() -> Coercion {
    Coercion::new_exact(TypeSignatureClass::Native(logical_string()))
}

/// One or two texts.
fn one_or_two_texts() -> Signature {
    let one = TypeSignature::Coercible(vec![text_argument()]);
    let two = TypeSignature::Coercible(vec![text_argument(), text_argument()]);
    Signature::one_of(vec![one, two], Volatility::Immutable)
}

/// Whether `holds`, for each text; NULL of NULL.
fn judge(texts: &ColumnarValue, holds: impl Fn(&str) -> bool) -> Result<ColumnarValue> {
    match texts {
        ColumnarValue::Array(array) => judge_array(array, holds).map(ColumnarValue::Array),
        ColumnarValue::Scalar(value) => match value.try_as_str() {
            Some(text) => Ok(ColumnarValue::Scalar(text.map(holds).into())),
            None if value.is_null() => Ok(ColumnarValue::Scalar(None::<bool>.into())),
            None => Err(no_text(&value.data_type())),
        },
    }
}

fn judge_array(array: &ArrayRef, holds: impl Fn(&str) -> bool) -> Result<ArrayRef> {
    let verdicts = match array.data_type() {
        DataType::Utf8 => judge_texts(array.as_string::<i32>(), holds),
        DataType::LargeUtf8 => judge_texts(array.as_string::<i64>(), holds),
        DataType::Utf8View => judge_texts(array.as_string_view(), holds),
        DataType::Null => BooleanArray::new_null(array.len()),
        other => return Err(no_text(other)),
    };
    Ok(Arc::new(verdicts))
}

fn judge_texts<'a>(texts: impl ArrayAccessor<Item = &'a str>, holds: impl Fn(&str) -> bool) -> BooleanArray {
    let nulls = texts.logical_nulls();
    let is_null = |i| nulls.as_ref().is_some_and(|n| n.is_null(i));
    let verdicts = BooleanBuffer::collect_bool(texts.len(), |i| !is_null(i) && holds(texts.value(i)));
    BooleanArray::new(verdicts, nulls)
}

fn no_text(ty: &DataType) -> DataFusionError {
    DataFusionError::Internal(format!("text is needed, not {ty}"))
}
