//! Which rows are held back: a fifth, chosen by what they hold.

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use pipe_profile::Prepared;
use std::sync::Arc;

/// One row of so many is held back.
const OF: u64 = 5;

/// Whether the row of these columns is held back: the same rows whoever reads them in whatever order, and equal rows all or none.
pub fn held_back(columns: Vec<Expr>) -> Expr {
    ScalarUDF::from(HeldBack { signature: Signature::variadic_any(Volatility::Immutable) }).call(columns)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct HeldBack {
    signature: Signature,
}

impl ScalarUDFImpl for HeldBack {
    fn name(&self) -> &str {
        "held_back"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays: Vec<ArrayRef> =
            args.args.iter().map(|arg| arg.to_array(args.number_rows)).collect::<Result<_>>()?;
        let fields = arrays.iter().enumerate().map(|(i, a)| Field::new(format!("c{i}"), a.data_type().clone(), true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let batch = RecordBatch::try_new(schema, arrays)?;
        let (_, rows) = Prepared::batch(&batch).map_err(|e| DataFusionError::External(Box::new(e)))?;
        let held: BooleanArray = rows.iter().map(|hash| Some(hash.rotate_left(17) % OF == 0)).collect();
        Ok(ColumnarValue::Array(Arc::new(held)))
    }
}
