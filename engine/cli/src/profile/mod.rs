//! Profiles of tables for people: in the terminal, as a page.

mod html;
mod spark;
mod style;
mod text;
mod words;

pub use html::html;
pub use spark::Blocks;
pub use text::text;
pub use words::number;
