//! Expressions that do once what DataFusion's do for every batch. A pass evaluates the same rules on thousands of batches.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, make_view};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::datatypes::{DataType, FieldRef, Schema};
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::logical_expr::{ColumnarValue, Operator};
use datafusion::physical_expr::expressions::{BinaryExpr, InListExpr, Literal};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use regex_automata::meta::{Cache, Regex};

use crate::functions;
use crate::shift::Shift;

/// Texts of so many bytes stand in a view itself.
const INLINE: usize = 12;

/// The expression with what can be prepared prepared: regular expressions and JSON Schemas are compiled, short texts to be
/// found are views, constant intervals are numbers.
pub(crate) fn prepared(expression: Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
    let done = expression.transform_up(|e| {
        let of = [Prepared::matches, Prepared::among, Prepared::accepts, Prepared::moves];
        Ok(match of.iter().find_map(|of| of(&e)) {
            Some(new) => Transformed::yes(Arc::new(new) as Arc<dyn PhysicalExpr>),
            None => Transformed::no(e),
        })
    })?;
    Ok(done.data)
}

/// What is done with the values of one expression, in place of `original`, which it equals in everything but speed.
struct Prepared {
    original: Arc<dyn PhysicalExpr>,
    of: Arc<dyn PhysicalExpr>,
    step: Step,
}

enum Step {
    /// Whether a regular expression is found. A search needs memory of its own: what a batch used the next one takes up.
    Matches(Regex, Mutex<Vec<Cache>>),
    /// Whether a text is one of a few short ones, as views.
    Among { views: Vec<u128>, negated: bool },
    /// Whether a JSON Schema accepts a document.
    Accepts(Box<jsonschema::Validator>),
    /// A time, moved by a constant interval.
    Moves(Shift),
}

impl Prepared {
    fn new(original: &Arc<dyn PhysicalExpr>, of: &Arc<dyn PhysicalExpr>, step: Step) -> Self {
        Self { original: Arc::clone(original), of: Arc::clone(of), step }
    }

    /// `text ~ 'literal'`
    fn matches(e: &Arc<dyn PhysicalExpr>) -> Option<Self> {
        let binary = e.downcast_ref::<BinaryExpr>().filter(|b| *b.op() == Operator::RegexMatch)?;
        let pattern = binary.right().downcast_ref::<Literal>()?;
        let regex = Regex::new(pattern.value().try_as_str()??).ok()?;
        Some(Self::new(e, binary.left(), Step::Matches(regex, Mutex::default())))
    }

    /// `text in ('short', …)`
    fn among(e: &Arc<dyn PhysicalExpr>) -> Option<Self> {
        let list = e.downcast_ref::<InListExpr>()?;
        let view = |item: &Arc<dyn PhysicalExpr>| {
            let text = item.downcast_ref::<Literal>()?.value().try_as_str()??;
            (text.len() <= INLINE).then(|| make_view(text.as_bytes(), 0, 0))
        };
        let views = list.list().iter().map(view).collect::<Option<Vec<_>>>()?;
        Some(Self::new(e, list.expr(), Step::Among { views, negated: list.negated() }))
    }

    /// `is_json_schema(text, 'schema', …)`
    fn accepts(e: &Arc<dyn PhysicalExpr>) -> Option<Self> {
        let call = e.downcast_ref::<ScalarFunctionExpr>().filter(|f| f.name() == functions::schema::NAME)?;
        let (text, constants) = call.args().split_first()?;
        let constants: Option<Vec<&str>> =
            constants.iter().map(|c| c.downcast_ref::<Literal>()?.value().try_as_str()?).collect();
        let validator = functions::schema::compiled(&constants?).ok()?;
        Some(Self::new(e, text, Step::Accepts(Box::new(validator))))
    }

    /// `time + interval 'constant'`
    fn moves(e: &Arc<dyn PhysicalExpr>) -> Option<Self> {
        Shift::of(e).map(|(time, shift)| Self::new(e, time, Step::Moves(shift)))
    }
}

impl Step {
    /// What it makes of the values; `None`: the original must do it.
    fn done(&self, values: &ArrayRef) -> Option<Result<ArrayRef>> {
        match self {
            Step::Matches(regex, caches) if values.data_type().is_string() => {
                let held = || caches.lock().unwrap_or_else(PoisonError::into_inner);
                let kept = held().pop();
                let mut cache = kept.unwrap_or_else(|| regex.create_cache());
                let found = functions::judge_array(values, |text| {
                    regex.search_half_with(&mut cache, &regex_automata::Input::new(text).earliest(true)).is_some()
                });
                held().push(cache);
                Some(found)
            }
            Step::Among { views, negated } if *values.data_type() == DataType::Utf8View => {
                let all = values.as_string_view();
                let is_found = |i: usize| all.views().get(i).is_some_and(|view| views.contains(view)) != *negated;
                let found = BooleanBuffer::collect_bool(all.len(), is_found);
                Some(Ok(Arc::new(BooleanArray::new(found, all.logical_nulls()))))
            }
            Step::Accepts(validator) if values.data_type().is_string() => {
                Some(functions::judge_array(values, |text| functions::schema::accepts(validator, text)))
            }
            Step::Moves(shift) => shift.moved(values).map(Ok),
            _ => None,
        }
    }
}

impl PhysicalExpr for Prepared {
    fn data_type(&self, schema: &Schema) -> Result<DataType> {
        self.original.data_type(schema)
    }

    fn nullable(&self, schema: &Schema) -> Result<bool> {
        self.original.nullable(schema)
    }

    fn return_field(&self, schema: &Schema) -> Result<FieldRef> {
        self.original.return_field(schema)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        match self.of.evaluate(batch)? {
            ColumnarValue::Array(values) => match self.step.done(&values) {
                Some(done) => done.map(ColumnarValue::Array),
                None => self.original.evaluate(batch),
            },
            ColumnarValue::Scalar(_) => self.original.evaluate(batch),
        }
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        self.original.children()
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn PhysicalExpr>>) -> Result<Arc<dyn PhysicalExpr>> {
        prepared(Arc::clone(&self.original).with_new_children(children)?)
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.original.fmt_sql(f)
    }
}

impl PartialEq for Prepared {
    fn eq(&self, other: &Self) -> bool {
        self.original.eq(&other.original)
    }
}

impl Eq for Prepared {}

impl Hash for Prepared {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.original.hash(state);
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.original, f)
    }
}

impl fmt::Display for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.original, f)
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{StringArray, StringViewArray};
    use datafusion::arrow::datatypes::{Field, TimeUnit};
    use datafusion::physical_expr::expressions::{binary, col, in_list, lit};
    use proptest::prelude::*;

    use super::*;

    fn texts() -> impl Strategy<Value = Vec<Option<String>>> {
        let text = prop_oneof![
            Just("new".to_owned()),
            Just("a longer text than".to_owned()),
            Just("7".to_owned()),
            "[a-c.]{0,14}",
            "\\PC{0,6}"
        ];
        prop::collection::vec(proptest::option::of(text), 0..20)
    }

    fn both(array: ArrayRef, e: impl Fn(Arc<dyn PhysicalExpr>, &Schema) -> Arc<dyn PhysicalExpr>) {
        let schema = Arc::new(Schema::new(vec![Field::new("x", array.data_type().clone(), true)]));
        let batch = RecordBatch::try_new(Arc::clone(&schema), vec![array]).unwrap();
        let original = e(col("x", &schema).unwrap(), &schema);
        let fast = prepared(Arc::clone(&original)).unwrap();
        let value = |e: &Arc<dyn PhysicalExpr>| e.evaluate(&batch).unwrap().into_array(batch.num_rows()).unwrap();
        // Twice: what is kept for the next batch must not be of this one.
        for _ in 0..2 {
            assert_eq!(value(&original).as_boolean(), value(&fast).as_boolean(), "{original}");
        }
    }

    proptest! {
        #[test]
        fn prepared_expressions_say_the_same(texts in texts(), negated: bool) {
            for array in [Arc::new(StringViewArray::from_iter(&texts)) as ArrayRef, Arc::new(StringArray::from_iter(&texts))] {
                let text = |s: &str, array: &ArrayRef| lit(if *array.data_type() == DataType::Utf8 {
                    datafusion::common::ScalarValue::Utf8(Some(s.to_owned()))
                } else {
                    datafusion::common::ScalarValue::Utf8View(Some(s.to_owned()))
                });
                for pattern in ["a", "", r"\.[a-z]+$", "^new$", "(?i)B|x"] {
                    both(Arc::clone(&array), |x, s| binary(x, Operator::RegexMatch, text(pattern, &array), s).unwrap());
                }
                let few = ["new", "", "abc", "a.b.c.a.b.c.", "ä", "b", "c", "d"];
                let of_schema = Arc::new(functions::all().into_iter().find(|f| f.name() == functions::schema::NAME).unwrap());
                both(Arc::clone(&array), |x, s| {
                    let arguments = vec![x, text(r#"{"type": "integer"}"#, &array)];
                    let of_schema = Arc::clone(&of_schema);
                    Arc::new(ScalarFunctionExpr::try_new(of_schema, arguments, s, Arc::default()).unwrap())
                });
                both(Arc::clone(&array), |x, s| {
                    in_list(x, few.iter().map(|t| text(t, &array)).collect(), &negated, s).unwrap()
                });
            }
        }
    }

    #[test]
    fn what_a_pass_evaluates_is_prepared() {
        let schema = Schema::new(vec![Field::new("x", DataType::Utf8View, true)]);
        let view = |s: &str| lit(datafusion::common::ScalarValue::Utf8View(Some(s.to_owned())));
        let x = || col("x", &schema).unwrap();
        let matches = binary(x(), Operator::RegexMatch, view("a+$"), &schema).unwrap();
        let among = in_list(x(), vec![view("a"), view("b")], &false, &schema).unwrap();
        let schema_test = functions::all().into_iter().find(|f| f.name() == functions::schema::NAME).unwrap();
        let arguments = vec![x(), view(r#"{"type": "object"}"#)];
        let accepts = ScalarFunctionExpr::try_new(Arc::new(schema_test), arguments, &schema, Arc::default()).unwrap();
        let times = Schema::new(vec![Field::new("t", DataType::Timestamp(TimeUnit::Second, None), true)]);
        let hour = lit(datafusion::common::ScalarValue::new_interval_mdn(0, 0, 3_600_000_000_000));
        let moves = binary(col("t", &times).unwrap(), Operator::Plus, hour, &times).unwrap();
        for e in [matches, among, Arc::new(accepts), moves] {
            assert!(prepared(e).unwrap().downcast_ref::<Prepared>().is_some());
        }
    }
}
