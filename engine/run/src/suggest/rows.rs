//! The rows that are asked: written once, as most questions read a column or two.

use std::path::Path;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::dataframe::DataFrameWriteOptions;
use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use datafusion::prelude::{DataFrame, ParquetReadOptions, SessionContext};

use pipe_suggest::Cast;

use super::split::held_back;
use crate::profile::verify::column;

/// The rows by this name.
pub const ROWS: &str = "__suggest";
/// The same as texts, of columns that are not.
pub const TEXTS: &str = "__suggest_texts";
/// Whether a row is held back.
pub const HELD: &str = "_held";

/// Texts that are looked at of those that do not convert.
const SHOWN: usize = 200;

/// Rows with what tells those that are held back.
pub struct Rows<'s> {
    session: &'s SessionContext,
    /// All of them.
    pub all: DataFrame,
    columns: Vec<String>,
}

impl<'s> Rows<'s> {
    /// Writes the columns of `rows` into `folder` and reads them from there.
    ///
    /// # Errors
    /// The rows cannot be read, the folder not be written.
    pub async fn stage(
        session: &'s SessionContext,
        rows: DataFrame,
        columns: &[String],
        folder: &Path,
    ) -> Result<Rows<'s>> {
        let own: Vec<Expr> = columns.iter().map(|c| column(c)).collect();
        let held = held_back(own.clone()).alias(HELD);
        let rows = rows.select(own.into_iter().chain([held]).collect::<Vec<_>>())?;
        let path = folder.join("suggest").display().to_string() + "/";
        let schema = rows.schema().as_arrow().clone();
        rows.write_parquet(&path, DataFrameWriteOptions::new(), None).await?;
        // Where there are no rows no file was written.
        std::fs::create_dir_all(&path)?;
        session.register_parquet(ROWS, &path, ParquetReadOptions::default().schema(&schema)).await?;
        let all = session.table(ROWS).await?;
        Ok(Rows { session, all, columns: columns.to_vec() })
    }

    /// Of each column that is no text, how many of its texts do not convert, and some of them. `texts` are the columns as they came.
    ///
    /// # Errors
    /// The rows cannot be read.
    pub async fn casts(&self, texts: DataFrame, columns: &[(String, String)]) -> Result<Vec<Cast>> {
        let known = |name: &str| texts.schema().has_column_with_unqualified_name(name);
        let typed: Vec<&(String, String)> = columns.iter().filter(|(name, ty)| known(name) && is_cast(ty)).collect();
        if typed.is_empty() {
            return Ok(Vec::new());
        }
        let own: Vec<Expr> = typed.iter().map(|(name, _)| column(name)).collect();
        let held = held_back(own.clone()).alias(HELD);
        let view = texts.select(own.into_iter().chain([held]).collect::<Vec<_>>())?;
        self.session.register_table(TEXTS, view.into_view())?;
        let fails = |name: &str, ty: &str| {
            let name = quoted(name);
            format!("trim({name}) <> '' and try_cast({name} as {ty}) is null")
        };
        let sums: Vec<String> =
            typed.iter().map(|(name, ty)| format!("sum(case when {} then 1 else 0 end)", fails(name, ty))).collect();
        let failing = self.numbers(&format!("select {} from {TEXTS}", sums.join(", "))).await?;
        let mut found = Vec::new();
        for ((name, ty), rows) in typed.into_iter().zip(failing.into_iter().flatten()) {
            if rows == 0 {
                continue;
            }
            let sql = format!(
                "select {0} from {TEXTS} where {1} group by 1 order by count(*) desc, 1 limit {SHOWN}",
                quoted(name),
                fails(name, ty)
            );
            let mut shown = Vec::new();
            for batch in self.session.sql(&sql).await?.collect().await? {
                let column = datafusion::arrow::compute::cast(batch.column(0), &DataType::Utf8)?;
                shown.extend(column.as_string::<i32>().iter().flatten().map(str::to_owned));
            }
            found.push(Cast { column: name.clone(), ty: ty.clone(), rows, texts: shown });
        }
        Ok(found)
    }

    /// Of columns of doubles those whose numbers all have as many decimals, as the type that keeps them as they are written: a double prints
    /// `374.90` as `374.9`. Known after [`Rows::casts`].
    ///
    /// # Errors
    /// The rows cannot be read.
    pub async fn decimals(&self, columns: &[(String, String)]) -> Result<Vec<(String, String)>> {
        // Columns that no file has are none of the texts.
        let Ok(texts) = self.session.table(TEXTS).await else { return Ok(Vec::new()) };
        let known = |name: &str| texts.schema().has_column_with_unqualified_name(name);
        let doubles: Vec<&String> =
            columns.iter().filter(|(name, ty)| ty == "double" && known(name)).map(|(name, _)| name).collect();
        let asked = doubles.iter().map(|name| {
            let text = format!("trim({})", quoted(name));
            let number = format!("try_cast({text} as double) is not null");
            let point = format!("strpos({text}, '.')");
            let only = |value: &str| format!("case when {number} then {value} end");
            format!(
                "sum({}), min({}), max({}), max({}), sum({})",
                only(&format!("case when regexp_like({text}, '^-?[0-9]+[.][0-9]+$') then 0 else 1 end")),
                only(&format!("length({text}) - {point}")),
                only(&format!("length({text}) - {point}")),
                only(&point),
                only(&format!("case when {text} like '%0' then 1 else 0 end")),
            )
        });
        let asked: Vec<String> = asked.collect();
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let told = self.numbers(&format!("select {} from {TEXTS}", asked.join(", "))).await?.concat();
        let mut found = Vec::new();
        for (name, sizes) in doubles.into_iter().zip(told.chunks_exact(5)) {
            let [odd, least, most, whole, zeros] = sizes else { continue };
            if *odd == 0 && least == most && *most >= 1 && whole + most <= 19 && *zeros > 0 {
                found.push((name.clone(), format!("decimal(18, {most})")));
            }
        }
        Ok(found)
    }

    /// Those that are not held back, without the mark.
    ///
    /// # Errors
    /// DataFusion refuses the plan.
    pub fn seen(&self) -> Result<DataFrame> {
        let own: Vec<Expr> = self.columns.iter().map(|c| column(c)).collect();
        self.all.clone().filter(column(HELD).is_not_true())?.select(own)
    }

    /// How many are held back.
    ///
    /// # Errors
    /// A query fails while running.
    pub async fn held(&self) -> Result<u64> {
        Ok(self.all.clone().filter(column(HELD))?.count().await? as u64)
    }

    /// The whole numbers that a query gives, row by row; what is NULL is 0.
    ///
    /// # Errors
    /// The query is refused or fails while running.
    pub async fn numbers(&self, sql: &str) -> Result<Vec<Vec<u64>>> {
        numbers(&self.session.sql(sql).await?.collect().await?)
    }
}

/// Whether SQL reads this type of a text as a scan does.
fn is_cast(ty: &str) -> bool {
    ty.starts_with("decimal")
        || matches!(ty, "tinyint" | "smallint" | "int" | "bigint" | "float" | "double" | "date" | "timestamp")
}

/// The cells of batches as whole numbers, row by row; NULL and what is below is 0, true is 1.
///
/// # Errors
/// A column that holds no numbers.
pub fn numbers(batches: &[RecordBatch]) -> Result<Vec<Vec<u64>>> {
    let mut rows = Vec::new();
    for batch in batches {
        let cast = |array: &ArrayRef| datafusion::arrow::compute::cast(array, &DataType::Int64);
        let columns: Vec<ArrayRef> = batch.columns().iter().map(cast).collect::<std::result::Result<_, _>>()?;
        for row in 0..batch.num_rows() {
            let cell = |column: &ArrayRef| {
                let values = column.as_primitive::<Int64Type>();
                if values.is_null(row) { 0 } else { u64::try_from(values.value(row)).unwrap_or_default() }
            };
            rows.push(columns.iter().map(cell).collect());
        }
    }
    Ok(rows)
}

/// A name for SQL.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
