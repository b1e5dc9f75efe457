//! What is remembered of a column.
