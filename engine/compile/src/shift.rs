//! Times moved by a constant interval, without a calendar: a rule such as `shipped_at >= ordered_at - interval '1 hour'` moves every row.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use datafusion::arrow::datatypes::{
    DataType, IntervalMonthDayNano, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, Literal};

/// Seconds in 100,000 years: times further from 1970 are left to the calendar, which says where it ends.
const FAR: i64 = 100_000 * 366 * 86_400;
const DAY: i64 = 86_400 * 1_000_000_000;

/// An interval without months that is added to times.
#[derive(Clone, Copy)]
pub(crate) struct Shift {
    /// Of 24 hours: only where the clock is never moved.
    days: i64,
    nanoseconds: i64,
}

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

impl Shift {
    /// `time + interval 'constant'`, `time - interval 'constant'`: the time, and how far it is moved.
    pub(crate) fn of(e: &Arc<dyn PhysicalExpr>) -> Option<(&Arc<dyn PhysicalExpr>, Self)> {
        let binary = e.downcast_ref::<BinaryExpr>()?;
        let interval = binary.right().downcast_ref::<Literal>()?;
        let ScalarValue::IntervalMonthDayNano(Some(IntervalMonthDayNano { months: 0, days, nanoseconds })) =
            *interval.value()
        else {
            return None;
        };
        let days = i64::from(days);
        let by = match binary.op() {
            Operator::Plus => Self { days, nanoseconds },
            Operator::Minus => Self { days: -days, nanoseconds: nanoseconds.checked_neg()? },
            _ => return None,
        };
        Some((binary.left(), by))
    }

    /// In units of a type with this time zone; `None`: it is no whole number of them, or its days may be longer or shorter.
    fn of_type(self, unit: TimeUnit, zone: Option<&str>) -> Option<i64> {
        let nanoseconds = match (self.days, zone) {
            (0, _) => self.nanoseconds,
            (days, None) => days.checked_mul(DAY)?.checked_add(self.nanoseconds)?,
            (_, Some(_)) => return None,
        };
        let size = 1_000_000_000 / per_second(unit);
        (nanoseconds % size == 0).then_some(nanoseconds / size)
    }

    /// The times moved; `None`: the calendar must do it.
    pub(crate) fn moved(self, times: &ArrayRef) -> Option<ArrayRef> {
        let DataType::Timestamp(unit, zone) = times.data_type() else { return None };
        let by = self.of_type(*unit, zone.as_deref())?;
        let far = FAR.saturating_mul(per_second(*unit)).min(i64::MAX / 2);
        if by.unsigned_abs() > far.unsigned_abs() / 2 {
            return None;
        }
        match unit {
            TimeUnit::Second => added(times.as_primitive::<TimestampSecondType>(), by, far),
            TimeUnit::Millisecond => added(times.as_primitive::<TimestampMillisecondType>(), by, far),
            TimeUnit::Microsecond => added(times.as_primitive::<TimestampMicrosecondType>(), by, far),
            TimeUnit::Nanosecond => added(times.as_primitive::<TimestampNanosecondType>(), by, far),
        }
    }
}

/// The values plus `by`; `None`: one is further than `far` from 0.
fn added<T: ArrowPrimitiveType<Native = i64>>(times: &PrimitiveArray<T>, by: i64, far: i64) -> Option<ArrayRef> {
    let near = times.values().iter().fold(true, |near, time| near & (-far..=far).contains(time));
    let moved = || times.unary::<_, T>(|time| time.wrapping_add(by)).with_data_type(times.data_type().clone());
    near.then(|| Arc::new(moved()) as ArrayRef)
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::RecordBatch;
    use datafusion::arrow::datatypes::{Field, Schema};
    use datafusion::physical_expr::expressions::{binary, col, lit};
    use proptest::prelude::*;

    use super::*;
    use crate::prepared::prepared;

    fn times(unit: TimeUnit, zone: Option<&str>, values: &[Option<i64>]) -> ArrayRef {
        let array: ArrayRef = match unit {
            TimeUnit::Second => Arc::new(PrimitiveArray::<TimestampSecondType>::from_iter(values)),
            TimeUnit::Millisecond => Arc::new(PrimitiveArray::<TimestampMillisecondType>::from_iter(values)),
            TimeUnit::Microsecond => Arc::new(PrimitiveArray::<TimestampMicrosecondType>::from_iter(values)),
            TimeUnit::Nanosecond => Arc::new(PrimitiveArray::<TimestampNanosecondType>::from_iter(values)),
        };
        datafusion::arrow::compute::cast(&array, &DataType::Timestamp(unit, zone.map(Into::into))).unwrap()
    }

    fn value() -> impl Strategy<Value = i64> {
        prop_oneof![any::<i64>(), -10_000_000_000_000i64..10_000_000_000_000, Just(0), Just(-1)]
    }

    proptest! {
        #[test]
        fn moved_times_are_those_of_the_calendar(
            values in prop::collection::vec(prop::option::of(value()), 0..8),
            unit in prop::sample::select(vec![TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond]),
            zone in prop::sample::select(vec![None, Some("UTC"), Some("Europe/Vienna")]),
            days in prop_oneof![Just(0), -40i32..40, any::<i32>()],
            nanoseconds in prop_oneof![Just(3_600_000_000_000i64), Just(1_500_000), Just(7), Just(i64::MIN), -9_000_000_000_000_000i64..0],
            months in prop_oneof![3 => Just(0), 1 => -3i32..3],
            op in prop::sample::select(vec![Operator::Plus, Operator::Minus]),
        ) {
            let array = times(unit, zone, &values);
            let schema = Arc::new(Schema::new(vec![Field::new("t", array.data_type().clone(), true)]));
            let batch = RecordBatch::try_new(Arc::clone(&schema), vec![array]).unwrap();
            let interval = lit(ScalarValue::IntervalMonthDayNano(Some(IntervalMonthDayNano { months, days, nanoseconds })));
            let slow = binary(col("t", &schema).unwrap(), op, interval, &schema).unwrap();
            let fast = prepared(Arc::clone(&slow)).unwrap();
            let value = |e: &Arc<dyn PhysicalExpr>| e.evaluate(&batch).and_then(|v| v.into_array(batch.num_rows())).map_err(|e| e.to_string());
            prop_assert_eq!(value(&slow), value(&fast));
        }
    }

    #[test]
    fn what_is_common_needs_no_calendar() {
        let schema = Schema::new(vec![Field::new("t", DataType::Timestamp(TimeUnit::Microsecond, None), true)]);
        let interval = lit(ScalarValue::IntervalMonthDayNano(Some(IntervalMonthDayNano::new(0, 2, 60_000_000_000))));
        let slow = binary(col("t", &schema).unwrap(), Operator::Minus, interval, &schema).unwrap();
        let (_, shift) = Shift::of(&slow).unwrap();
        let array = times(TimeUnit::Microsecond, None, &[Some(1_700_000_000_000_000), None]);
        let day = 86_400_000_000;
        let expected = times(TimeUnit::Microsecond, None, &[Some(1_700_000_000_000_000 - 2 * day - 60_000_000), None]);
        assert_eq!(shift.moved(&array).unwrap().as_ref(), expected.as_ref());
    }
}
