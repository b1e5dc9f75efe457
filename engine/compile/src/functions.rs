//! stub
use datafusion::logical_expr::ScalarUDF;
/// x
pub fn all() -> Vec<ScalarUDF> {
    Vec::new()
}
