//! Heal clauses: E05xx.

codes! {}
