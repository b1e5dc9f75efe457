//! Rules: E04xx.

codes! {}
