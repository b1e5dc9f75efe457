//! `now()`, `current_date` and `current_time`, frozen to the run's clock.
//!
//! DataFusion takes the time anew for every statement it plans; a run plans many and must see one time in all of them,
//! also when it is planned again from a saved plan. So these replace DataFusion's own, under the same names.

use chrono::{DateTime, Timelike, Utc};
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::types::UTC;

/// The functions of the clock, stopped at `now`: `now()` alias `current_timestamp` (`timestamptz`, microseconds),
/// `current_date` alias `today` (`date`, in UTC), `current_time` (`time`, in UTC).
pub fn functions(now: DateTime<Utc>) -> Vec<ScalarUDF> {
    let micros = now.timestamp_micros();
    let days = i32::try_from(now.timestamp().div_euclid(86_400)).unwrap_or(i32::MAX);
    let time = i64::from(now.num_seconds_from_midnight()) * 1_000_000 + i64::from(now.nanosecond() / 1_000);
    [
        Frozen::new("now", &["current_timestamp"], ScalarValue::TimestampMicrosecond(Some(micros), Some(UTC.into()))),
        Frozen::new("current_date", &["today"], ScalarValue::Date32(Some(days))),
        Frozen::new("current_time", &[], ScalarValue::Time64Microsecond(Some(time))),
    ]
    .map(ScalarUDF::from)
    .into()
}

/// What `now()` is in plans of this clock.
pub fn now_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into()))
}

/// A function without arguments that always gives the same value.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Frozen {
    name: &'static str,
    aliases: Vec<String>,
    value: ScalarValue,
    signature: Signature,
}

impl Frozen {
    fn new(name: &'static str, aliases: &[&str], value: ScalarValue) -> Self {
        // Stable, not immutable: a plan that is kept must not keep the time.
        let signature = Signature::nullary(Volatility::Stable);
        Self { name, aliases: aliases.iter().map(|a| (*a).to_owned()).collect(), value, signature }
    }
}

impl ScalarUDFImpl for Frozen {
    fn name(&self) -> &str {
        self.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.value.data_type())
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Ok(ColumnarValue::Scalar(self.value.clone()))
    }

    fn simplify(&self, _: Vec<Expr>, _: &SimplifyContext) -> Result<ExprSimplifyResult> {
        Ok(ExprSimplifyResult::Simplified(Expr::Literal(self.value.clone(), None)))
    }
}
