//! Functions that stand where a table does in SQL.

use crate::Type;

/// A function that gives a table: `from files('data/*.csv')`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFunctionInfo {
    /// Its name, folded.
    pub name: &'static str,
    /// How it is called.
    pub syntax: &'static str,
    /// What a row of it is, and where it can stand.
    pub doc: &'static str,
    /// Its columns in order: name, type, what it holds. None is ever NULL.
    pub columns: &'static [(&'static str, Type, &'static str)],
    /// A line of a program.
    pub example: &'static str,
}

const FILES: TableFunctionInfo = TableFunctionInfo {
    name: "files",
    syntax: "files('locator')",
    doc: "One row per file: of a folder and its folders, or of those a glob matches, as the locator of a source names them; names that begin with `.` or `_` are left out unless they are spelled out. It stands in the subqueries of rules and in `pipe query`, and takes one text. A glob that matches nothing in a folder that is there gives no rows, and what is asked of none, as a `min`, is NULL: a rule that asks no row of its table, only files, fails then; a `count(*)` is 0. A folder or file that is not there is an error. The files are looked at whenever the rule is judged, and a rule that asks nothing but files is judged in every run, also where its table has no new rows; one that asks rows or tables too is judged with its table.",
    columns: &[
        ("name", Type::Text, "The last part of its path."),
        ("path", Type::Text, "From the folder of the program, as the locator is."),
        ("bytes", Type::BigInt, "Its size."),
        ("modified", Type::TimestampTz, "When it was last changed."),
        ("md5", Type::Text, "Its MD5, in hexadecimal, lower case. The file is read only if this is asked for."),
        ("sha256", Type::Text, "Its SHA-256, likewise."),
    ],
    example: "rules orders { deliveries_fresh: ((select min(modified) from files('deliveries/*.csv')) >= now() - interval '24 hours'); }",
};

/// All table functions.
pub fn table_functions() -> &'static [TableFunctionInfo] {
    &[FILES]
}

/// A table function by its folded name.
pub fn table_function(name: &str) -> Option<&'static TableFunctionInfo> {
    table_functions().iter().find(|f| f.name == name)
}
