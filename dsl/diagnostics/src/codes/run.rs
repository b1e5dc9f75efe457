//! What happens while a command runs: E1xxx.

codes! {}
