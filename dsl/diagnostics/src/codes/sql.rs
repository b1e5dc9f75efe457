//! Embedded SQL: E03xx.

codes! {}
