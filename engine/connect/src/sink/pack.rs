//! Compression of text files.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use flate2::write::GzEncoder;

use super::{SinkError, SinkSpec, Target};

/// How a text file is packed. Files of both packed forms may be put one behind the other, and are read as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pack {
    None,
    Gzip,
    Zstd,
}

impl Pack {
    /// By the key; when it is not given, a target of one file goes by its own ending.
    pub(crate) fn of(spec: &SinkSpec) -> Result<Pack, SinkError> {
        if !spec.config.is_given("compression")
            && let Target::File(path) = &spec.target
        {
            match path.extension().and_then(|e| e.to_str()) {
                Some("gz") => return Ok(Pack::Gzip),
                Some("zst") => return Ok(Pack::Zstd),
                _ => {}
            }
        }
        match spec.config.text("compression").unwrap_or("none") {
            "none" => Ok(Pack::None),
            "gzip" => Ok(Pack::Gzip),
            "zstd" => Ok(Pack::Zstd),
            other => {
                let reason = "it is one of none, gzip, zstd";
                Err(SinkError::Config { key: "compression", value: other.to_owned(), reason })
            }
        }
    }

    /// What a file's name ends with.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Pack::None => "",
            Pack::Gzip => ".gz",
            Pack::Zstd => ".zst",
        }
    }

    /// The bytes a packed file starts with.
    pub(crate) fn magic(self) -> &'static [u8] {
        match self {
            Pack::None => &[],
            Pack::Gzip => &[0x1f, 0x8b],
            Pack::Zstd => &[0x28, 0xb5, 0x2f, 0xfd],
        }
    }

    /// Reads a file of this form unpacked.
    pub(crate) fn reader(self, file: File) -> io::Result<Box<dyn io::Read>> {
        Ok(match self {
            Pack::None => Box::new(file),
            Pack::Gzip => Box::new(flate2::read::MultiGzDecoder::new(io::BufReader::new(file))),
            Pack::Zstd => Box::new(zstd::Decoder::new(file)?),
        })
    }
}

/// A text file being written.
pub(crate) enum Packer {
    None(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
    Zstd(zstd::Encoder<'static, BufWriter<File>>),
}

impl Packer {
    pub(crate) fn new(pack: Pack, file: File) -> io::Result<Packer> {
        let out = BufWriter::with_capacity(256 << 10, file);
        Ok(match pack {
            Pack::None => Packer::None(out),
            Pack::Gzip => Packer::Gzip(GzEncoder::new(out, flate2::Compression::default())),
            Pack::Zstd => Packer::Zstd(zstd::Encoder::new(out, zstd::DEFAULT_COMPRESSION_LEVEL)?),
        })
    }

    /// Ends the packed stream and hands back the file, all of it with the operating system.
    pub(crate) fn finish(self, path: &Path) -> Result<File, SinkError> {
        let out = match self {
            Packer::None(out) => Ok(out),
            Packer::Gzip(gz) => gz.finish(),
            Packer::Zstd(zstd) => zstd.finish(),
        };
        out.and_then(|out| out.into_inner().map_err(io::IntoInnerError::into_error))
            .map_err(|e| SinkError::io("write", path, e))
    }
}

impl Write for Packer {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Packer::None(out) => out.write(buf),
            Packer::Gzip(out) => out.write(buf),
            Packer::Zstd(out) => out.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Packer::None(out) => out.flush(),
            Packer::Gzip(out) => out.flush(),
            Packer::Zstd(out) => out.flush(),
        }
    }
}
