//! The text of a file: unpacked and, where it is not UTF-8, decoded.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::physical_plan::metrics::Count;
use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};

use super::{Compression, Disk};
use crate::source::{InputFile, Phase, SourceError};

/// A byte that never occurs in UTF-8: stands where a byte sequence has no meaning in the file's encoding, so that the record around it is found broken.
const UNDECODABLE: u8 = 0xff;

/// How a file's bytes become text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packing {
    /// `None`: by magic bytes, then by suffix.
    pub compression: Option<Compression>,
    /// UTF-8 is passed through as it is; records are checked one by one. A byte order mark in the file wins.
    pub encoding: &'static Encoding,
    /// Text a packed file may unpack to, in bytes.
    pub max_decompressed: u64,
}

impl Default for Packing {
    fn default() -> Self {
        Packing { compression: None, encoding: UTF_8, max_decompressed: 16 << 30 }
    }
}

/// A file's text, front to back.
pub(crate) struct Text {
    disk: Shared,
    input: InputFile,
    compression: Compression,
    /// Bytes read from disk to find the compression, not yet given out.
    head: Vec<u8>,
    packed: Option<Box<dyn Read + Send>>,
    decoder: Option<Decoder>,
    undecoded: Vec<u8>,
    given: u64,
}

/// A disk file that the decompressor reads and that is finished afterwards.
#[derive(Clone)]
struct Shared(Arc<Mutex<Disk>>);

impl Shared {
    fn with<T>(&self, f: impl FnOnce(&mut Disk) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Read for Shared {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.with(|disk| disk.read(out))
    }
}

impl Text {
    /// Opens a listed file.
    pub(crate) fn open(input: &InputFile, packing: Packing, scanned: Count) -> Result<Text, SourceError> {
        let mut disk = Disk::open(input, scanned)?;
        let mut head = Vec::new();
        disk.fill(&mut head, 16).map_err(|e| SourceError::io(&e, Phase::Read, &input.name))?;
        let file_name = super::disk::file_name(&input.location);
        let compression = packing.compression.unwrap_or_else(|| Compression::detect(&file_name, &head));
        let disk = Shared(Arc::new(Mutex::new(disk)));
        let packed = if compression == Compression::None {
            None
        } else {
            let whole = io::Cursor::new(std::mem::take(&mut head)).chain(disk.clone());
            Some(compression.unpack(whole, packing.max_decompressed, &input.name)?)
        };
        let mut text = Text {
            disk,
            input: input.clone(),
            compression,
            head,
            packed,
            decoder: None,
            undecoded: Vec::new(),
            given: 0,
        };
        text.undecoded = text.first_bytes()?;
        let encoding = Encoding::for_bom(&text.undecoded).map_or(packing.encoding, |(encoding, _)| encoding);
        if encoding == UTF_8 {
            let mark = text.undecoded.strip_prefix(&[0xef, 0xbb, 0xbf]).map(<[u8]>::to_vec);
            text.undecoded = mark.unwrap_or(text.undecoded);
        } else {
            text.decoder = Some(encoding.new_decoder_with_bom_removal());
        }
        Ok(text)
    }

    /// Appends about `want` bytes of text to `out`; whether the file ended.
    pub(crate) fn fill(&mut self, out: &mut Vec<u8>, want: usize) -> Result<bool, SourceError> {
        let before = out.len();
        let ended = match self.decoder.take() {
            None => {
                out.append(&mut self.undecoded);
                self.fill_raw(out, want)
            }
            Some(mut decoder) => {
                let ended = self.decode(&mut decoder, out, want);
                self.decoder = Some(decoder);
                ended
            }
        };
        self.given += (out.len() - before) as u64;
        ended.map_err(|e| self.error(&e))
    }

    /// Enough bytes to see a byte order mark.
    fn first_bytes(&mut self) -> Result<Vec<u8>, SourceError> {
        let mut bytes = Vec::new();
        while bytes.len() < 4 {
            if self.fill_raw(&mut bytes, 4).map_err(|e| self.error(&e))? {
                break;
            }
        }
        Ok(bytes)
    }

    /// Appends bytes as they are after unpacking.
    fn fill_raw(&mut self, out: &mut Vec<u8>, want: usize) -> io::Result<bool> {
        match &mut self.packed {
            Some(packed) => {
                out.reserve(want);
                let n = packed.as_mut().take(want as u64).read_to_end(out)?;
                Ok(n < want)
            }
            None => {
                let head = std::mem::take(&mut self.head);
                out.extend_from_slice(&head);
                self.disk.with(|disk| disk.fill(out, want.saturating_sub(head.len()).max(1)))
            }
        }
    }

    fn decode(&mut self, decoder: &mut Decoder, out: &mut Vec<u8>, want: usize) -> io::Result<bool> {
        let goal = out.len() + want;
        loop {
            let mut raw = std::mem::take(&mut self.undecoded);
            let ended = self.fill_raw(&mut raw, want.min(64 * 1024))?;
            let mut rest = raw.as_slice();
            loop {
                let room =
                    decoder.max_utf8_buffer_length_without_replacement(rest.len()).unwrap_or(rest.len() * 3 + 16);
                let at = out.len();
                out.resize(at + room, 0);
                let space = out.get_mut(at..).unwrap_or_default();
                let (result, read, written) = decoder.decode_to_utf8_without_replacement(rest, space, ended);
                out.truncate(at + written);
                rest = rest.get(read..).unwrap_or_default();
                match result {
                    DecoderResult::InputEmpty => break,
                    DecoderResult::OutputFull => {}
                    DecoderResult::Malformed(..) => out.push(UNDECODABLE),
                }
            }
            if ended || out.len() >= goal {
                return Ok(ended);
            }
        }
    }

    fn error(&self, error: &io::Error) -> SourceError {
        let name = &self.input.name;
        if let Some(inner) = error.get_ref().and_then(|e| e.downcast_ref::<SourceError>()) {
            return inner.clone();
        }
        // An error of the operating system is the disk's, any other the decompressor's.
        if self.compression == Compression::None || error.raw_os_error().is_some() {
            return SourceError::io(error, Phase::Read, name);
        }
        let kind = self.compression.word();
        let message = if error.kind() == io::ErrorKind::UnexpectedEof {
            format!("`{name}` ends in the middle of its {kind} data, after {} bytes of text; copy it again", self.given)
        } else {
            format!("`{name}` is not {kind} data after {} bytes of text: {error}; copy it again", self.given)
        };
        SourceError::new("data", Phase::Read, message).in_file(name).with_status(SourceError::DAMAGED_ARCHIVE)
    }

    /// Where in the file the text goes on that was not given out yet; `None`: the file is packed or decoded, and cannot be read from there.
    pub(crate) fn place(&self) -> Option<u64> {
        let unpacked = self.packed.is_none() && self.decoder.is_none();
        let held = (self.head.len() + self.undecoded.len()) as u64;
        unpacked.then(|| self.bytes_read().saturating_sub(held))
    }

    /// Bytes read from disk so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.disk.with(|disk| disk.bytes_read())
    }

    /// After the text has ended: the hash of the file's bytes.
    pub(crate) fn finish(&mut self) -> Result<u128, SourceError> {
        self.disk.with(Disk::finish)
    }
}
