//! What the expressions of many rules have in common, evaluated once for each batch.
//!
//! A table with two hundred rules asks the same things again and again: the same regular expression, the length of the same text. Such
//! parts become columns behind the batch's own, and the expressions refer to them. What is asked of one text column alone is asked of
//! its distinct texts, where a batch has few.
//!
//! A part is taken out only where it would be evaluated anyway, or cannot fail: `b <> 0 and a / b > 1` divides by no zero.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringViewArray, UInt32Array};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{HashMap, Result};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{
    BinaryExpr, CaseExpr, Column, InListExpr, IsNotNullExpr, IsNullExpr, LambdaExpr, Literal, NotExpr,
};
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_expr_common::physical_expr::is_volatile;

/// Texts are told apart where no more than one in so many rows brings a new one.
const ROWS_PER_TEXT: usize = 16;

type Expression = Arc<dyn PhysicalExpr>;

/// Columns that are added to a batch before expressions are evaluated on it: the answers of texts, then the shared parts.
#[derive(Debug, Default)]
pub(crate) struct Common {
    texts: Vec<OfText>,
    shared: Option<Shared>,
}

impl Common {
    /// What `expressions` over batches of `input` have in common. They are changed to refer to it, and say the same as before.
    ///
    /// # Errors
    /// An expression has no type, which is a fault of the planner.
    pub(crate) fn of(input: &SchemaRef, mut expressions: Vec<&mut Expression>) -> Result<Self> {
        let mut asking = Asking { input, places: HashMap::default(), texts: Vec::new(), answers: Vec::new() };
        for expression in &mut expressions {
            **expression = asking.without_texts(expression, true)?;
        }
        let Asking { texts, answers, .. } = asking;
        let texts = texts.into_iter().map(|(column, tests)| OfText::new(column, tests)).collect::<Result<_>>()?;
        let fields = input.fields().iter().cloned().chain(answers).collect();
        Ok(Self { texts, shared: Some(Shared::of(fields, expressions)?) })
    }

    /// The batch with the columns behind its own.
    ///
    /// # Errors
    /// A part fails while running, as the expressions would that it was taken from.
    pub(crate) fn with(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let Some(shared) = &self.shared else { return Ok(batch.clone()) };
        let mut answers = Vec::new();
        for text in &self.texts {
            text.ask(batch, &mut answers)?;
        }
        answers.sort_by_key(|(place, _)| *place);
        shared.with(batch.columns().iter().cloned().chain(answers.into_iter().map(|(_, answer)| answer)).collect())
    }
}

/// Takes what is asked of one text column alone out of expressions.
struct Asking<'i> {
    input: &'i SchemaRef,
    /// What is asked, with its place among the answers.
    places: HashMap<Expression, usize>,
    /// What is asked of each column, by its place.
    texts: Vec<(Column, Vec<(usize, Expression)>)>,
    answers: Vec<FieldRef>,
}

impl Asking<'_> {
    /// The expression over the answers. `certain`: it is always evaluated.
    fn without_texts(&mut self, expression: &Expression, certain: bool) -> Result<Expression> {
        let certain = certain || is_harmless(expression);
        if certain && let Some(column) = text_of(expression, self.input) {
            return self.asked(expression, &column);
        }
        over(expression, |part, always| self.without_texts(part, certain && always))
    }

    /// The answer's column.
    fn asked(&mut self, expression: &Expression, column: &Column) -> Result<Expression> {
        let place = match self.places.get(expression) {
            Some(place) => *place,
            None => {
                let place = self.answers.len();
                let name = format!("answer {place}");
                self.answers.push(Arc::new(Field::new(name, expression.data_type(self.input)?, true)));
                let first = |e: Expression| match e.downcast_ref::<Column>() {
                    Some(c) => Ok(Transformed::yes(Arc::new(Column::new(c.name(), 0)) as Expression)),
                    None => Ok(Transformed::no(e)),
                };
                let test = (place, Arc::clone(expression).transform_up(first).data()?);
                match self.texts.iter_mut().find(|(known, _)| known == column) {
                    Some((_, tests)) => tests.push(test),
                    None => self.texts.push((column.clone(), vec![test])),
                }
                self.places.insert(Arc::clone(expression), place);
                place
            }
        };
        let index = self.input.fields().len() + place;
        let name = self.answers.get(place).map_or("", |field| field.name().as_str());
        Ok(Arc::new(Column::new(name, index)))
    }
}

/// What is asked of a text column alone.
#[derive(Debug)]
struct OfText {
    column: Column,
    /// By their places among all answers; over batches of that column.
    tests: Vec<(usize, Expression)>,
    shared: Shared,
}

impl OfText {
    fn new(column: Column, mut tests: Vec<(usize, Expression)>) -> Result<Self> {
        let field = Arc::new(Field::new(column.name(), DataType::Utf8View, true));
        let shared = Shared::of(vec![field], tests.iter_mut().map(|(_, test)| test).collect())?;
        Ok(Self { column, tests, shared })
    }

    /// Adds the answers of a batch's rows.
    fn ask(&self, batch: &RecordBatch, answers: &mut Vec<(usize, ArrayRef)>) -> Result<()> {
        let rows = self.column.evaluate(batch)?.into_array(batch.num_rows())?;
        let distinct = rows.as_string_view_opt().and_then(Distinct::of);
        let texts = match &distinct {
            Some(distinct) => take(&rows, &distinct.firsts, None)?,
            None => Arc::clone(&rows),
        };
        let few = self.shared.with(vec![Arc::clone(&texts)])?;
        for (place, test) in &self.tests {
            let answer = test.evaluate(&few)?.into_array(few.num_rows())?;
            let answer = match &distinct {
                Some(distinct) => distinct.spread(&answer, &texts, &rows)?,
                None => answer,
            };
            answers.push((*place, answer));
        }
        Ok(())
    }
}

/// The distinct texts of a column.
struct Distinct {
    /// The first row of each; NULL is one too.
    firsts: UInt32Array,
    /// Of each row its text among them.
    texts: UInt32Array,
}

impl Distinct {
    /// `None`: they are many. Equal views are equal texts; the same text in two places of memory counts twice.
    fn of(rows: &StringViewArray) -> Option<Self> {
        let most = rows.len() / ROWS_PER_TEXT;
        let (mut firsts, mut texts) = (Vec::new(), Vec::with_capacity(rows.len()));
        let (mut known, mut null) = (HashMap::<u128, u32>::default(), None);
        for (row, view) in (0u32..).zip(rows.views()) {
            let next = u32::try_from(firsts.len()).ok()?;
            let text = match rows.is_null(row as usize) {
                true => *null.get_or_insert(next),
                false => *known.entry(*view).or_insert(next),
            };
            if text == next {
                if firsts.len() == most {
                    return None;
                }
                firsts.push(row);
            }
            texts.push(text);
        }
        Some(Self { firsts: firsts.into(), texts: texts.into() })
    }

    /// The answer of each row from that of each text.
    fn spread(&self, answer: &ArrayRef, texts: &ArrayRef, rows: &ArrayRef) -> Result<ArrayRef> {
        // Mostly all texts are as they should be.
        if let Some(answers) = answer.as_boolean_opt().filter(|answers| !answers.has_false()) {
            let all = BooleanBuffer::new_set(rows.len());
            if answers.null_count() == 0 {
                return Ok(Arc::new(BooleanArray::new(all, None)));
            }
            if answers.nulls() == texts.nulls() {
                return Ok(Arc::new(BooleanArray::new(all, rows.nulls().cloned())));
            }
        }
        Ok(take(answer, &self.texts, None)?)
    }
}

/// Parts of several expressions, by level: those of a level are over a batch's columns and the parts of the levels before.
#[derive(Debug)]
struct Shared {
    /// The columns before each level, and after the last.
    schemas: Vec<SchemaRef>,
    levels: Vec<Vec<Expression>>,
}

/// How an expression is used by others.
#[derive(Default)]
struct Uses {
    times: usize,
    /// Whether it is certain to be evaluated.
    certain: bool,
}

impl Shared {
    /// The parts that `expressions` over these columns share. They are changed to refer to them.
    fn of(mut fields: Vec<FieldRef>, expressions: Vec<&mut Expression>) -> Result<Self> {
        let (mut uses, mut order) = (HashMap::default(), Vec::new());
        for expression in &expressions {
            count(expression, true, &mut uses, &mut order);
        }
        let is_shared = |e: &Expression| uses.get(e).is_some_and(|u| u.times > 1 && u.certain) && !is_volatile(e);
        let mut parts: Vec<(usize, Expression)> =
            order.into_iter().filter(is_shared).map(|e| (depth(&e, &is_shared), e)).collect();
        // Those of a level stay in the order they were met in.
        parts.sort_by_key(|(depth, _)| *depth);
        let (mut schemas, mut levels) = (vec![schema(&fields)], Vec::<Vec<Expression>>::new());
        let (input, mut known) = (schema(&fields), HashMap::<Expression, Expression>::default());
        for level in parts.chunk_by(|(a, _), (b, _)| a == b) {
            let over_known = level.iter().map(|(_, e)| over(e, |part, _| referring(part, &known)));
            levels.push(over_known.collect::<Result<_>>()?);
            for (_, part) in level {
                let name = format!("part {}", fields.len());
                known.insert(Arc::clone(part), Arc::new(Column::new(&name, fields.len())));
                fields.push(Arc::new(Field::new(name, part.data_type(&input)?, true)));
            }
            schemas.push(schema(&fields));
        }
        for expression in expressions {
            *expression = referring(expression, &known)?;
        }
        Ok(Self { schemas, levels })
    }

    /// These columns as a batch, with those of the parts.
    fn with(&self, mut columns: Vec<ArrayRef>) -> Result<RecordBatch> {
        let mut schemas = self.schemas.iter().cloned();
        let first = schemas.next().unwrap_or_else(|| Arc::new(Schema::empty()));
        let mut batch = RecordBatch::try_new(first, columns.clone())?;
        for (level, schema) in self.levels.iter().zip(schemas) {
            for part in level {
                columns.push(part.evaluate(&batch)?.into_array(batch.num_rows())?);
            }
            batch = RecordBatch::try_new(schema, columns.clone())?;
        }
        Ok(batch)
    }
}

fn schema(fields: &[FieldRef]) -> SchemaRef {
    Arc::new(Schema::new(fields.to_vec()))
}

/// Counts how often an expression and its parts are used; `order`: as they are met. The parts of what is met again are not counted
/// again: they would be evaluated with it once.
fn count(expression: &Expression, certain: bool, uses: &mut HashMap<Expression, Uses>, order: &mut Vec<Expression>) {
    if expression.children().is_empty() {
        return;
    }
    let certain = certain || is_harmless(expression);
    let known = uses.entry(Arc::clone(expression)).or_insert_with(|| {
        order.push(Arc::clone(expression));
        Uses::default()
    });
    let (met, was_certain) = (known.times > 0, known.certain);
    known.times += 1;
    known.certain |= certain;
    if !met || (certain && !was_certain) {
        for (part, always) in parts(expression) {
            count(part, certain && always, uses, order);
        }
    }
}

/// How many shared parts stand inside each other in an expression.
fn depth(expression: &Expression, is_shared: &impl Fn(&Expression) -> bool) -> usize {
    let of = |(part, _): (&Expression, bool)| depth(part, is_shared) + usize::from(is_shared(part));
    parts(expression).into_iter().map(of).max().unwrap_or(0)
}

/// The expression with columns in place of the parts that are known.
fn referring(expression: &Expression, known: &HashMap<Expression, Expression>) -> Result<Expression> {
    match known.get(expression) {
        Some(column) => Ok(Arc::clone(column)),
        None => over(expression, |part, _| referring(part, known)),
    }
}

/// The expression over other parts. `change` is told of each part whether it is evaluated whenever the expression is.
fn over(
    expression: &Expression,
    mut change: impl FnMut(&Expression, bool) -> Result<Expression>,
) -> Result<Expression> {
    let parts = parts(expression);
    let changed: Vec<Expression> = parts.iter().map(|(part, always)| change(part, *always)).collect::<Result<_>>()?;
    // What did not change stays as it is: some are prepared at a cost.
    match parts.iter().zip(&changed).all(|((part, _), new)| Arc::ptr_eq(part, new)) {
        true => Ok(Arc::clone(expression)),
        false => Arc::clone(expression).with_new_children(changed),
    }
}

/// What an expression is made of, each with whether it is evaluated, on all rows, whenever the expression is. None of what has variables of
/// its own.
fn parts(expression: &Expression) -> Vec<(&Expression, bool)> {
    let children = expression.children();
    if children.iter().any(|c| c.is::<LambdaExpr>()) {
        return Vec::new();
    }
    let function = expression.downcast_ref::<ScalarFunctionExpr>();
    let chooses = expression.is::<CaseExpr>() || function.is_some_and(|f| f.fun().short_circuits());
    let logical =
        expression.downcast_ref::<BinaryExpr>().is_some_and(|b| matches!(b.op(), Operator::And | Operator::Or));
    let always = |i: usize| !chooses && (!logical || i == 0);
    children.into_iter().enumerate().map(|(i, child)| (child, always(i))).collect()
}

/// Whether evaluating it can never be an error.
fn is_harmless(expression: &Expression) -> bool {
    use Operator::{And, Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, NotEq, Or};
    let harmless = match expression.downcast_ref::<BinaryExpr>().map(BinaryExpr::op) {
        Some(op) => matches!(op, And | Or | Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom),
        None => {
            let e = expression;
            e.is::<Column>() || e.is::<Literal>() || is_null_test(e) || e.is::<NotExpr>() || e.is::<InListExpr>()
        }
    };
    harmless && expression.children().into_iter().all(is_harmless)
}

fn is_null_test(expression: &Expression) -> bool {
    expression.is::<IsNullExpr>() || expression.is::<IsNotNullExpr>()
}

/// The text column that an expression asks something of, and of nothing else.
fn text_of(expression: &Expression, input: &SchemaRef) -> Option<Column> {
    let children = expression.children();
    // Whether a text is there is known without looking at it.
    let is_known = is_null_test(expression) && children.iter().all(|c| c.is::<Column>());
    if children.is_empty() || is_known || is_volatile(expression) {
        return None;
    }
    let columns = collect_columns(expression);
    let column = columns.iter().next().filter(|_| columns.len() == 1)?;
    let field = input.fields().get(column.index())?;
    (*field.data_type() == DataType::Utf8View).then(|| column.clone())
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::Int64Array;
    use datafusion::arrow::compute::concat_batches;
    use datafusion::common::ScalarValue;
    use datafusion::physical_expr::expressions::{binary, case, in_list, is_not_null, is_null, lit, not};
    use proptest::prelude::*;

    use super::*;

    fn input() -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new("a", DataType::Int64, true),
            Field::new("s", DataType::Utf8View, true),
            Field::new("t", DataType::Utf8View, true),
        ]))
    }

    fn column(index: usize) -> Expression {
        Arc::new(Column::new(input().field(index).name(), index))
    }

    fn text(text: &str) -> Expression {
        lit(ScalarValue::Utf8View(Some(text.to_owned())))
    }

    fn two(left: Expression, op: Operator, right: Expression) -> Expression {
        binary(left, op, right, &input()).unwrap()
    }

    /// 10 / a, which fails where a is 0.
    fn divided() -> Expression {
        two(lit(10i64), Operator::Divide, column(0))
    }

    /// Booleans of a few kinds, so that parts come twice.
    fn rule() -> impl Strategy<Value = Expression> {
        let words = || prop::sample::select(vec!["", "x", "y", "a text that is longer than a view"]);
        let leaf = prop_oneof![
            (0usize..3).prop_map(|c| is_null(column(c)).unwrap()),
            (0i64..3).prop_map(|n| two(column(0), Operator::Gt, lit(n))),
            (0i64..3).prop_map(|n| two(two(column(0), Operator::Minus, lit(1i64)), Operator::Lt, lit(n))),
            (0i64..3).prop_map(|n| two(divided(), Operator::Gt, lit(n))),
            (1usize..3, words()).prop_map(|(c, word)| two(column(c), Operator::Eq, text(word))),
            (1usize..3, words()).prop_map(|(c, word)| two(column(c), Operator::RegexMatch, text(word))),
            (1usize..3, words(), any::<bool>()).prop_map(|(c, word, not)| in_list(
                column(c),
                vec![text(word), text("x")],
                &not,
                &input()
            )
            .unwrap()),
            Just(two(column(1), Operator::Lt, column(2))),
        ];
        leaf.prop_recursive(3, 8, 2, |inner| {
            prop_oneof![
                (inner.clone(), inner.clone()).prop_map(|(a, b)| two(a, Operator::And, b)),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| two(a, Operator::Or, b)),
                inner.clone().prop_map(|e| not(e).unwrap()),
                (inner.clone(), inner.clone())
                    .prop_map(|(when, then)| case(None, vec![(when, then)], Some(lit(true))).unwrap()),
                inner.prop_map(|then| {
                    let sure =
                        two(is_not_null(column(0)).unwrap(), Operator::And, two(column(0), Operator::NotEq, lit(0i64)));
                    case(None, vec![(sure, then)], Some(lit(true))).unwrap()
                }),
            ]
        })
    }

    /// Rows with few texts or many, in batches that hold them in one place or in several.
    fn rows() -> impl Strategy<Value = RecordBatch> {
        let text = || {
            prop::option::weighted(
                0.8,
                prop_oneof![
                    4 => prop::sample::select(vec!["", "x", "y", "a text that is longer than a view"]).prop_map(str::to_owned),
                    1 => "[a-z]{0,14}"
                ],
            )
        };
        let few = prop::sample::select(vec![Some("x".to_owned()), None]);
        let row = || {
            prop_oneof![
                6 => (Just(Some(1i64)), Just(Some("x".to_owned())), few.clone()),
                1 => (prop::option::of(-1i64..3), text(), text())
            ]
        };
        prop::collection::vec(prop::collection::vec(row(), 1..120), 1..3).prop_map(|parts| {
            let batch = |rows: &Vec<(Option<i64>, Option<String>, Option<String>)>| {
                let a: Int64Array = rows.iter().map(|r| r.0).collect();
                let s: StringViewArray = rows.iter().map(|r| r.1.as_deref()).collect();
                let t: StringViewArray = rows.iter().map(|r| r.2.as_deref()).collect();
                RecordBatch::try_new(input(), vec![Arc::new(a), Arc::new(s), Arc::new(t)]).unwrap()
            };
            concat_batches(&input(), &parts.iter().map(batch).collect::<Vec<_>>()).unwrap()
        })
    }

    proptest! {
        #[test]
        fn expressions_say_the_same_of_what_they_share(rules in prop::collection::vec(rule(), 1..6), rows in rows()) {
            let mut sharing = rules.clone();
            let common = Common::of(&input(), sharing.iter_mut().collect()).unwrap();
            let value = |e: &Expression, batch: &RecordBatch| {
                e.evaluate(batch).and_then(|v| v.into_array(batch.num_rows())).map_err(|e| e.to_string())
            };
            let alone: std::result::Result<Vec<ArrayRef>, String> = rules.iter().map(|e| value(e, &rows)).collect();
            let shared = common.with(&rows).map_err(|e| e.to_string());
            let shared = shared.and_then(|batch| sharing.iter().map(|e| value(e, &batch)).collect::<std::result::Result<Vec<_>, _>>());
            prop_assert_eq!(alone, shared);
        }
    }

    fn of(rules: &[Expression]) -> (Common, Vec<Expression>) {
        let mut sharing = rules.to_vec();
        (Common::of(&input(), sharing.iter_mut().collect()).unwrap(), sharing)
    }

    #[test]
    fn what_comes_twice_is_evaluated_once_and_what_is_asked_of_texts_of_each_text_once() {
        let less = two(column(0), Operator::Minus, lit(1i64));
        let rules = [
            two(Arc::clone(&less), Operator::Lt, lit(5i64)),
            two(less, Operator::Gt, lit(0i64)),
            two(column(1), Operator::RegexMatch, text("x")),
            is_not_null(column(1)).unwrap(),
        ];
        let (common, sharing) = of(&rules);
        assert_eq!(
            sharing.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["part 4@4 < 5", "part 4@4 > 0", "answer 0@3", "s@1 IS NOT NULL"]
        );
        assert_eq!((common.texts.len(), common.shared.unwrap().levels.len()), (1, 1));
    }

    #[test]
    fn what_may_fail_is_taken_out_only_where_it_is_evaluated_anyway() {
        let sure = two(column(0), Operator::NotEq, lit(0i64));
        let guarded = |n: i64| two(Arc::clone(&sure), Operator::And, two(divided(), Operator::Gt, lit(n)));
        let parts = |rules: &[Expression]| {
            let parts: Vec<Expression> = of(rules).0.shared.unwrap().levels.into_iter().flatten().collect();
            parts.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(parts(&[guarded(1), guarded(2)]), ["a@0 != 0"]);
        assert_eq!(parts(&[guarded(1), two(divided(), Operator::Lt, lit(3i64))]), ["10 / a@0"]);
    }

    #[test]
    fn few_texts_are_told_apart_and_many_are_not() {
        let rows: StringViewArray =
            (0..64).map(|i| (i % 7 > 0).then_some(["x", "a text that is longer than a view"][i % 2])).collect();
        let distinct = Distinct::of(&rows).map(|d| d.firsts.len());
        // Each copy of a long text lies in a place of its own.
        assert_eq!(distinct, None);
        let rows = take(
            &StringViewArray::from_iter([Some("a text that is longer than a view"), None, Some("x")]),
            &UInt32Array::from_iter_values((0..64).map(|i| i % 3)),
            None,
        )
        .unwrap();
        let distinct = Distinct::of(rows.as_string_view()).unwrap();
        assert_eq!(distinct.firsts.values(), &[0, 1, 2]);
        assert_eq!(distinct.texts.values()[..5], [0, 1, 2, 0, 1]);
    }
}
