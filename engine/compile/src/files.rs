//! `files('…')` in `from`: the function, its columns, and who gives its rows.

use std::sync::Arc;

use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::ScalarValue;
use datafusion::datasource::empty::EmptyTable;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::Expr;
use datafusion::prelude::SessionContext;

use crate::types::to_arrow;

const NAME: &str = "files";

/// What a call of `files` says that does not take just one text.
pub(crate) const ONE_TEXT: &str = "`files` takes one text: a file, a folder or a glob";

/// The table of a locator's files, with the columns of the schema.
pub type Lister = dyn Fn(SchemaRef, &str) -> Arc<dyn TableProvider> + Send + Sync;

/// Makes the session's `files` list: without it, plans can be made and find no files.
pub fn list_files(context: &SessionContext, lister: Arc<Lister>) {
    context.register_udtf(NAME, Arc::new(Files { lister: Lists(lister) }));
}

/// The function of a session that only plans.
pub(crate) fn register(context: &SessionContext) {
    list_files(context, Arc::new(|schema, _| Arc::new(EmptyTable::new(schema))));
}

/// The columns, as the language declares them.
fn columns() -> SchemaRef {
    let columns = pipe_schema::table_function(NAME).map(|f| f.columns).unwrap_or_default();
    let fields: Vec<Field> = columns.iter().map(|(name, ty, _)| Field::new(*name, to_arrow(ty), false)).collect();
    Arc::new(Schema::new(fields))
}

#[derive(Debug)]
struct Files {
    lister: Lists,
}

struct Lists(Arc<Lister>);

impl std::fmt::Debug for Lists {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lister")
    }
}

impl TableFunctionImpl for Files {
    fn call_with_args(&self, args: TableFunctionArgs<'_, '_>) -> Result<Arc<dyn TableProvider>> {
        match args.exprs() {
            [
                Expr::Literal(
                    ScalarValue::Utf8(Some(locator))
                    | ScalarValue::LargeUtf8(Some(locator))
                    | ScalarValue::Utf8View(Some(locator)),
                    _,
                ),
            ] => Ok((self.lister.0)(columns(), locator)),
            _ => Err(DataFusionError::Plan(ONE_TEXT.to_owned())),
        }
    }
}
