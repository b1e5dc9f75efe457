//! Loads, schedules, tests: E06xx.

codes! {}
