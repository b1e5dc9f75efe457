//! How states are written: whole numbers as LEB128, floating-point numbers as their bits, texts behind their length.

/// Why bytes are no state, or two states do not go together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetricsError {
    /// The bytes end too early or hold what no state writes.
    #[error("the stored metric is damaged: {0}")]
    Damaged(&'static str),
    /// Written by a newer version.
    #[error("the stored metric has version {0}, newer than this program knows")]
    Newer(u8),
    /// States of columns of different kinds.
    #[error("metrics of a {0} and a {1} column do not merge")]
    Kinds(String, String),
    /// Arrow refused a conversion.
    #[error("{0}")]
    Arrow(String),
    /// A sketch refused its input.
    #[error("{0}")]
    Sketch(String),
}

impl From<arrow::error::ArrowError> for MetricsError {
    fn from(error: arrow::error::ArrowError) -> Self {
        MetricsError::Arrow(error.to_string())
    }
}

impl From<datasketches::error::Error> for MetricsError {
    fn from(error: datasketches::error::Error) -> Self {
        MetricsError::Sketch(error.to_string())
    }
}

/// Writes a state.
#[derive(Debug, Default)]
pub struct Writer(pub Vec<u8>);

impl Writer {
    pub fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    pub fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    /// Small whatever its sign: zigzag.
    pub fn signed(&mut self, value: i64) {
        self.number(((value << 1) ^ (value >> 63)).cast_unsigned());
    }

    pub fn float(&mut self, value: f64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub fn bytes(&mut self, value: &[u8]) {
        self.number(value.len() as u64);
        self.0.extend_from_slice(value);
    }
}

/// Reads a state.
#[derive(Debug)]
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn byte(&mut self) -> Result<u8, MetricsError> {
        let (first, rest) = self.0.split_first().ok_or(MetricsError::Damaged("it ends too early"))?;
        self.0 = rest;
        Ok(*first)
    }

    pub fn number(&mut self) -> Result<u64, MetricsError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(MetricsError::Damaged("a number is too long"))
    }

    pub fn signed(&mut self) -> Result<i64, MetricsError> {
        let value = self.number()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    pub fn float(&mut self) -> Result<f64, MetricsError> {
        let bytes = self.take(8)?.try_into().map_err(|_| MetricsError::Damaged("it ends too early"))?;
        Ok(f64::from_le_bytes(bytes))
    }

    /// How many things follow; never more than there are bytes left, so that damaged bytes ask for no memory.
    pub fn count(&mut self) -> Result<usize, MetricsError> {
        let count = usize::try_from(self.number()?).map_err(|_| MetricsError::Damaged("a count is too large"))?;
        if count > self.0.len() { Err(MetricsError::Damaged("it ends too early")) } else { Ok(count) }
    }

    pub fn bytes(&mut self) -> Result<&'a [u8], MetricsError> {
        let length = self.count()?;
        self.take(length)
    }

    pub fn text(&mut self) -> Result<String, MetricsError> {
        String::from_utf8(self.bytes()?.to_vec()).map_err(|_| MetricsError::Damaged("a text is no UTF-8"))
    }

    /// Nothing may be left.
    pub fn end(self) -> Result<(), MetricsError> {
        if self.0.is_empty() { Ok(()) } else { Err(MetricsError::Damaged("there is more than one state")) }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], MetricsError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(MetricsError::Damaged("it ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }
}
