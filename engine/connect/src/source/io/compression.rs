//! Which compression a file has, and how much text it may unpack to.

use std::io::{self, Read};

use datafusion::datasource::file_format::file_compression_type::FileCompressionType;

use crate::source::{Phase, SourceError};

/// What a file is packed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Zstd,
    Bzip2,
    Xz,
}

impl Compression {
    /// The word of the `compression` key.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
            Compression::Bzip2 => "bz2",
            Compression::Xz => "xz",
        }
    }

    /// By the word of the `compression` key; `None` for `auto` and unknown words.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "none" => Compression::None,
            "gzip" | "gz" => Compression::Gzip,
            "zstd" | "zst" => Compression::Zstd,
            "bz2" | "bzip2" => Compression::Bzip2,
            "xz" => Compression::Xz,
            _ => return None,
        })
    }

    /// By the file's first bytes, else by its suffix. `head` holds at least ten bytes of files that have them.
    pub(crate) fn detect(name: &str, head: &[u8]) -> Self {
        if head.is_empty() {
            return Compression::None;
        }
        if head.starts_with(&[0x1f, 0x8b, 0x08]) {
            return Compression::Gzip;
        }
        if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            return Compression::Zstd;
        }
        if head.starts_with(&[0xfd, b'7', b'z', b'X', b'Z', 0]) {
            return Compression::Xz;
        }
        // `BZh9` alone could be text: the block's or the end's magic follows.
        let block = head.get(4..10);
        if head.starts_with(b"BZh")
            && (block == Some(&[0x31, 0x41, 0x59, 0x26, 0x53, 0x59])
                || block == Some(&[0x17, 0x72, 0x45, 0x38, 0x50, 0x90]))
        {
            return Compression::Bzip2;
        }
        match name.rsplit_once('.').map(|(_, suffix)| suffix) {
            Some("gz" | "gzip") => Compression::Gzip,
            Some("zst" | "zstd") => Compression::Zstd,
            Some("bz2" | "bzip2") => Compression::Bzip2,
            Some("xz") => Compression::Xz,
            _ => Compression::None,
        }
    }

    /// Unpacks `reader`, all members of it, up to `limit` bytes of text.
    pub(crate) fn unpack(
        self,
        reader: impl Read + Send + 'static,
        limit: u64,
        name: &str,
    ) -> Result<Box<dyn Read + Send>, SourceError> {
        let kind = match self {
            Compression::None => return Ok(Box::new(reader)),
            Compression::Gzip => FileCompressionType::GZIP,
            Compression::Zstd => FileCompressionType::ZSTD,
            Compression::Bzip2 => FileCompressionType::BZIP2,
            Compression::Xz => FileCompressionType::XZ,
        };
        let unpacked = kind.convert_read(reader).map_err(|e| {
            SourceError::new("data", Phase::Read, format!("cannot unpack `{name}` as {}: {e}", self.word()))
                .in_file(name)
        })?;
        Ok(Box::new(Bounded { inner: unpacked, left: limit, limit, name: name.to_string() }))
    }
}

/// Stops a decompression bomb.
struct Bounded {
    inner: Box<dyn Read + Send>,
    left: u64,
    limit: u64,
    name: String,
}

impl Read for Bounded {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        match self.left.checked_sub(n as u64) {
            Some(left) => self.left = left,
            None => {
                let message = format!(
                    "`{}` unpacks to more than {} bytes; if that is right, raise `max_decompressed`",
                    self.name, self.limit
                );
                return Err(io::Error::other(SourceError::new("quota", Phase::Read, message).in_file(&self.name)));
            }
        }
        Ok(n)
    }
}
