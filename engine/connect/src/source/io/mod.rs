//! From a listed file to its text: opened, hashed as it lies on disk, decompressed, decoded.

mod compression;
mod disk;
mod text;

pub(crate) use compression::Compression;
pub(crate) use disk::{Disk, check_unchanged, open, open_blocking};
pub(crate) use text::{Packing, Text};
