//! JSON Schema: `is_json_schema(text, schema [, place, file, its text, …])`.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::plan_err;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use jsonschema::{Retrieve, Uri, Validator};
use pipe_check::JsonSchema;
use serde_json::Value;

use super::judge;

/// The function's name in SQL.
pub(crate) const NAME: &str = "is_json_schema";

/// What paths of files become as URIs; the library's own scheme for what has none.
const BASE: &str = "json-schema:///";

/// The constants that the function takes behind the text judged.
pub(crate) fn arguments(schema: &JsonSchema) -> Vec<&str> {
    let mut out = vec![schema.text.as_str()];
    if !schema.files.is_empty() {
        out.push(&schema.place);
        out.extend(schema.files.iter().flat_map(|(name, text)| [name.as_str(), text.as_str()]));
    }
    out
}

/// A schema made ready to judge documents, from the constants of [`arguments`].
///
/// # Errors
/// Why it is none: in the words of a message.
pub(crate) fn compiled(arguments: &[&str]) -> std::result::Result<Validator, String> {
    let Some((schema, rest)) = arguments.split_first() else { return Err("there is no schema".to_owned()) };
    let (place, files) = rest.split_first().unwrap_or((&"", &[]));
    let schema: Value = serde_json::from_str(schema).map_err(|e| format!("it is no JSON: {e}"))?;
    let read = |pair: &[&str]| match pair {
        [name, text] => {
            serde_json::from_str(text).map(|v| (uri(name), v)).map_err(|e| format!("`{name}` is no JSON: {e}"))
        }
        _ => Err("a file without its text".to_owned()),
    };
    let files = files.chunks(2).map(read).collect::<std::result::Result<BTreeMap<String, Value>, String>>()?;
    let options = jsonschema::options().with_base_uri(uri(place)).with_retriever(Files(files));
    options.build(&schema).map_err(|e| {
        let path = e.instance_path().to_string();
        let why = e.source().map_or_else(|| e.to_string(), |source| source.to_string());
        if path.is_empty() { why } else { format!("at `{path}`: {why}") }
    })
}

/// Whether a text is JSON that the schema accepts.
pub(crate) fn accepts(validator: &Validator, text: &str) -> bool {
    serde_json::from_str(text).is_ok_and(|document| validator.is_valid(&document))
}

fn uri(path: &str) -> String {
    let mut out = BASE.to_owned();
    for byte in path.trim_start_matches('/').bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}

/// The files that came with the schema. Nothing is fetched.
struct Files(BTreeMap<String, Value>);

impl Retrieve for Files {
    fn retrieve(&self, uri: &Uri<String>) -> std::result::Result<Value, Box<dyn Error + Send + Sync>> {
        match self.0.get(uri.as_str()) {
            Some(found) => Ok(found.clone()),
            None => {
                let shown = uri.as_str().trim_start_matches(BASE);
                Err(format!("`{shown}` is no file of the project, and nothing is fetched").into())
            }
        }
    }
}

/// The function of SQL.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct JsonSchemaTest {
    signature: Signature,
}

impl JsonSchemaTest {
    pub(super) fn new() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl fmt::Debug for JsonSchemaTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)
    }
}

impl ScalarUDFImpl for JsonSchemaTest {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        if types.len() < 2 || !types.iter().all(|ty| ty.is_string() || ty.is_null()) {
            return plan_err!("{NAME} takes a text and a schema");
        }
        Ok(types.to_vec())
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Some((texts, constants)) = args.args.split_first() else {
            return Err(DataFusionError::Internal(format!("{NAME} takes a text and a schema")));
        };
        let constant = |value: &ColumnarValue| match value {
            ColumnarValue::Scalar(value) => value.try_as_str().flatten().map(str::to_owned),
            ColumnarValue::Array(_) => None,
        };
        let Some(constants) = constants.iter().map(constant).collect::<Option<Vec<String>>>() else {
            return Err(DataFusionError::Execution(format!("the schema of `{NAME}` must be a constant")));
        };
        let constants: Vec<&str> = constants.iter().map(String::as_str).collect();
        let validator = compiled(&constants).map_err(DataFusionError::Execution)?;
        judge(texts, |text| accepts(&validator, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(text: &str, files: &[(&str, &str)]) -> JsonSchema {
        JsonSchema {
            written: String::new(),
            text: text.to_owned(),
            place: "rules/my schemas/event.json".to_owned(),
            files: files.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect(),
        }
    }

    #[test]
    fn references_lead_to_the_files_that_came_along() {
        let types = ("rules/common/types.json", r#"{"$defs": {"id": {"$ref": "id.json"}}}"#);
        let id = ("rules/common/id.json", r#"{"type": "integer"}"#);
        let event = schema(r#"{"properties": {"id": {"$ref": "../common/types.json#/$defs/id"}}}"#, &[types, id]);
        let validator = compiled(&arguments(&event)).unwrap();
        assert!(accepts(&validator, r#"{"id": 1}"#));
        assert!(!accepts(&validator, r#"{"id": "1"}"#));
        assert!(!accepts(&validator, "{"));
    }

    #[test]
    fn of_what_is_no_schema_is_said_why() {
        let why = |text: &str| compiled(&arguments(&schema(text, &[]))).map(|_| ()).unwrap_err();
        assert_eq!(
            why(r#"{"type": "objekt"}"#),
            "at `/type`: \"objekt\" is not valid under any of the schemas listed in the 'anyOf' keyword"
        );
        assert!(why("{").starts_with("it is no JSON: "));
        let fetched = why(r#"{"$ref": "https://example.com/a.json"}"#);
        assert!(
            fetched.contains("`https://example.com/a.json` is no file of the project, and nothing is fetched"),
            "{fetched}"
        );
        assert!(why(r##"{"$ref": "#/nowhere"}"##).contains("nowhere"));
    }

    #[test]
    fn the_draft_is_the_one_that_the_schema_names() {
        // In draft 4 `exclusiveMinimum` is a flag; from draft 6 on a bound of its own.
        let four = r#"{"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1, "exclusiveMinimum": true}"#;
        let validator = compiled(&[four]).unwrap();
        assert!(!accepts(&validator, "1") && accepts(&validator, "2"));
        assert!(compiled(&[r#"{"minimum": 1, "exclusiveMinimum": true}"#]).is_err());
        let latest = compiled(&[r#"{"prefixItems": [{"type": "string"}]}"#]).unwrap();
        assert!(!accepts(&latest, "[1]") && accepts(&latest, r#"["a"]"#));
    }
}
