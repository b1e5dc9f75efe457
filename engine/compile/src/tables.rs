//! The tables SQL can name.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{MemorySchemaProvider, TableProvider};
use datafusion::common::{DataFusionError, TableReference};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::error::Result;
use datafusion::logical_expr::TableSource;
use datafusion::logical_expr::logical_plan::builder::LogicalTableSource;
use datafusion::prelude::SessionContext;

/// Schemas of the language: `raw.orders`, `typed.orders`, `pipe.runs`. Any other name is a bare one, dots and all.
const SCHEMAS: [&str; 3] = ["raw", "typed", "pipe"];

/// Tables by name, as SQL names them: `orders`, `raw.orders`, `pipe.runs`. Names are as folded; no catalog is asked, so
/// planning neither waits nor depends on the order of registration.
#[derive(Clone, Default)]
pub struct Tables {
    sources: BTreeMap<String, Arc<dyn TableSource>>,
}

impl std::fmt::Debug for Tables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.sources.keys()).finish()
    }
}

impl Tables {
    /// No tables.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a table that can be executed, in place of one of the same name. A view is planned in place of its name.
    pub fn insert(&mut self, name: impl Into<String>, table: Arc<dyn TableProvider>) {
        self.sources.insert(name.into(), provider_as_source(table));
    }

    /// Adds a table of which just the columns are known: enough to plan, not to execute.
    pub fn insert_schema(&mut self, name: impl Into<String>, schema: SchemaRef) {
        self.sources.insert(name.into(), Arc::new(LogicalTableSource::new(schema)));
    }

    /// A table that can be executed.
    pub fn provider(&self, name: &str) -> Option<Arc<dyn TableProvider>> {
        self.sources.get(name).and_then(|source| source_as_provider(source).ok())
    }

    /// The columns of a table.
    pub fn schema(&self, name: &str) -> Option<SchemaRef> {
        self.sources.get(name).map(|t| t.schema())
    }

    /// Whether there is such a table.
    pub fn contains(&self, name: &str) -> bool {
        self.sources.contains_key(name)
    }

    /// All names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.sources.keys().map(String::as_str)
    }

    /// Registers what can be executed with a session, so that text planned by DataFusion itself (`pipe query`) finds it.
    ///
    /// # Errors
    /// When the session's catalog refuses a name.
    pub fn register(&self, context: &SessionContext) -> Result<()> {
        let catalog = context.catalog("datafusion");
        for (name, source) in &self.sources {
            let Ok(provider) = source_as_provider(source) else { continue };
            let reference = reference(name);
            if let (Some(schema), Some(catalog)) = (reference.schema(), &catalog)
                && catalog.schema(schema).is_none()
            {
                catalog.register_schema(schema, Arc::new(MemorySchemaProvider::new()))?;
            }
            context.deregister_table(reference.clone())?;
            context.register_table(reference, provider)?;
        }
        Ok(())
    }

    pub(crate) fn source(&self, reference: &TableReference) -> Result<Arc<dyn TableSource>> {
        let name = match reference.schema() {
            Some(schema) => format!("{schema}.{}", reference.table()),
            None => reference.table().to_owned(),
        };
        self.sources.get(&name).cloned().ok_or_else(|| DataFusionError::Plan(format!("table '{name}' not found")))
    }
}

/// How DataFusion refers to a table of this name.
pub fn reference(name: &str) -> TableReference {
    match name.split_once('.') {
        Some((schema, table)) if SCHEMAS.contains(&schema) => TableReference::partial(schema, table),
        _ => TableReference::bare(name),
    }
}
