//! Functions of the language: the formats of `is …`, as SQL calls them: `is_email(x)`, `is_date(x, '%d.%m.%Y')`.
//!
//! All are pure; NULL gives NULL. They read any text type as it lies, row by row, without copying.

mod codes;
mod contact;
mod date;
mod moments;
mod network;
mod number;
pub(crate) mod schema;
mod significance;
mod text;

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayAccessor, ArrayRef, AsArray, BooleanArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::types::logical_string;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    AggregateUDF, Coercion, ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature,
    TypeSignatureClass, Volatility,
};

/// The functions, by name.
pub fn all() -> Vec<ScalarUDF> {
    let mut functions: Vec<ScalarUDF> = TESTS.iter().map(|test| ScalarUDF::from(TextTest::new(test))).collect();
    functions.extend(FORMED.iter().map(|test| ScalarUDF::from(FormedTest::new(test))));
    functions.push(ScalarUDF::from(schema::JsonSchemaTest::new()));
    functions.extend(significance::all());
    functions
}

/// The aggregate functions, by name.
pub fn aggregates() -> Vec<AggregateUDF> {
    moments::all()
}

/// Whether a text can stand behind `is format`: the form of a date or a time.
pub(crate) fn is_form(format: &str, form: &str) -> bool {
    match format {
        "date" => date::is_format(form),
        "timestamp" => date::is_format(form) && date::is_time_form(form),
        "time" => date::is_time_form(form),
        _ => true,
    }
}

/// The function that decides a format, if this engine has one: `is_email` of `email`.
pub fn of_format(format: &str) -> Option<String> {
    let name = format!("is_{format}");
    (name == schema::NAME || FORMED.iter().any(|t| t.name == name) || TESTS.iter().any(|t| t.name == name))
        .then_some(name)
}

/// Whether a function has an answer to any arguments of its types: a test of one text, the length of a text.
pub(crate) fn never_fails(name: &str) -> bool {
    name == "character_length" || TESTS.iter().any(|t| t.name == name)
}

/// A test of one text.
#[derive(Debug)]
struct Test {
    name: &'static str,
    holds: fn(&str) -> bool,
}

const TESTS: &[Test] = &[
    Test { name: "is_bic", holds: codes::is_bic },
    Test { name: "is_blank", holds: text::is_blank },
    Test { name: "is_cidr", holds: network::is_cidr },
    Test { name: "is_country", holds: codes::is_country },
    Test { name: "is_country3", holds: codes::is_country3 },
    Test { name: "is_credit_card", holds: codes::is_credit_card },
    Test { name: "is_currency", holds: codes::is_currency },
    Test { name: "is_email", holds: contact::is_email },
    Test { name: "is_iban", holds: codes::is_iban },
    Test { name: "is_ip", holds: network::is_ip },
    Test { name: "is_ipv4", holds: network::is_ipv4 },
    Test { name: "is_ipv6", holds: network::is_ipv6 },
    Test { name: "is_isbn", holds: codes::is_isbn },
    Test { name: "is_json", holds: text::is_json },
    Test { name: "is_language", holds: codes::is_language },
    Test { name: "is_latitude", holds: number::is_latitude },
    Test { name: "is_longitude", holds: number::is_longitude },
    Test { name: "is_lower", holds: text::is_lower },
    Test { name: "is_mac", holds: network::is_mac },
    Test { name: "is_missing", holds: text::is_missing },
    Test { name: "is_money", holds: number::is_money },
    Test { name: "is_percentage", holds: number::is_percentage },
    Test { name: "is_phone", holds: contact::is_phone },
    Test { name: "is_semver", holds: codes::is_semver },
    Test { name: "is_ssn", holds: codes::is_ssn },
    Test { name: "is_subdivision", holds: codes::is_subdivision },
    Test { name: "is_title", holds: text::is_title },
    Test { name: "is_upper", holds: text::is_upper },
    Test { name: "is_url", holds: network::is_url },
    Test { name: "is_uuid", holds: text::is_uuid },
    Test { name: "is_vin", holds: codes::is_vin },
];

/// A test of texts, made of a form.
type TestOf<'f> = Box<dyn Fn(&str) -> bool + 'f>;

/// A test of texts in a form that is given beside them.
#[derive(Debug)]
struct Formed {
    name: &'static str,
    /// The form where none is given; `None`: it must be.
    form: Option<&'static str>,
    /// The test, unless the form is none.
    test: for<'f> fn(&'f str) -> Option<TestOf<'f>>,
}

const FORMED: &[Formed] = &[
    Formed { name: "is_date", form: Some(date::ISO), test: date::date_test },
    Formed { name: "is_postal_code", form: None, test: codes::postal_test },
    Formed { name: "is_time", form: Some(date::TIME), test: date::time_test },
    Formed { name: "is_timestamp", form: Some(date::RFC3339), test: date::timestamp_test },
];

/// A test with a form as a function of SQL: `is_date(text [, form])`.
#[derive(Debug, PartialEq, Eq, Hash)]
struct FormedTest {
    name: &'static str,
    signature: Signature,
}

impl FormedTest {
    fn new(test: &'static Formed) -> Self {
        Self { name: test.name, signature: one_or_two_texts() }
    }
}

impl ScalarUDFImpl for FormedTest {
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
        let Some(formed) = FORMED.iter().find(|t| t.name == self.name) else {
            return Err(DataFusionError::Internal(format!("{} is no test", self.name)));
        };
        let (texts, form) = match args.args.as_slice() {
            [texts] => (texts, formed.form),
            [texts, ColumnarValue::Scalar(form)] => match form.try_as_str() {
                Some(Some(form)) => (texts, Some(form)),
                _ => return Ok(ColumnarValue::Scalar(None::<bool>.into())),
            },
            _ => return Err(DataFusionError::Execution(format!("the form of `{}` must be a constant", self.name))),
        };
        let form = form.ok_or_else(|| DataFusionError::Execution(format!("`{}` needs a form", self.name)))?;
        let test = (formed.test)(form)
            .ok_or_else(|| DataFusionError::Execution(format!("`{form}` is not a form that `{}` knows", self.name)))?;
        judge(texts, test)
    }
}

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

/// As `judge`, of texts in an array.
pub(crate) fn judge_array(array: &ArrayRef, holds: impl FnMut(&str) -> bool) -> Result<ArrayRef> {
    let verdicts = match array.data_type() {
        DataType::Utf8 => judge_texts(array.as_string::<i32>(), holds),
        DataType::LargeUtf8 => judge_texts(array.as_string::<i64>(), holds),
        DataType::Utf8View => judge_texts(array.as_string_view(), holds),
        DataType::Null => BooleanArray::new_null(array.len()),
        other => return Err(no_text(other)),
    };
    Ok(Arc::new(verdicts))
}

fn judge_texts<'a>(texts: impl ArrayAccessor<Item = &'a str>, mut holds: impl FnMut(&str) -> bool) -> BooleanArray {
    let nulls = texts.logical_nulls();
    let is_null = |i| nulls.as_ref().is_some_and(|n| n.is_null(i));
    let verdicts = BooleanBuffer::collect_bool(texts.len(), |i| !is_null(i) && holds(texts.value(i)));
    BooleanArray::new(verdicts, nulls)
}

fn no_text(ty: &DataType) -> DataFusionError {
    DataFusionError::Internal(format!("text is needed, not {ty}"))
}
