//! Writes and reads the parts of a frame. Reading never panics and allocates nothing for bytes that did not arrive.

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the frame is cut or does not follow the format")]
pub struct Malformed;

/// A frame under construction.
pub struct Writer(Vec<u8>);

impl Writer {
    /// Leaves room for the length; `bytes` is about how many will come.
    pub fn new(bytes: usize) -> Self {
        let mut frame = Vec::with_capacity(8 + bytes);
        frame.extend_from_slice(&[0; 8]);
        Self(frame)
    }

    /// A part of one, without a length.
    pub fn part(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub fn finish(self) -> Vec<u8> {
        self.finish_before(0)
    }

    /// The beginning of a frame of which so many bytes follow.
    pub fn finish_before(mut self, bytes: usize) -> Vec<u8> {
        let length = (self.0.len() - 8 + bytes) as u64;
        self.0[..8].copy_from_slice(&length.to_le_bytes());
        self.0
    }

    pub fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub fn text(&mut self, text: &str) {
        self.u64(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    pub fn optional(&mut self, text: Option<&str>) {
        self.u8(u8::from(text.is_some()));
        if let Some(text) = text {
            self.text(text);
        }
    }

    pub fn texts(&mut self, texts: &[impl AsRef<str>]) {
        self.u64(texts.len() as u64);
        texts.iter().for_each(|text| self.text(text.as_ref()));
    }
}

/// The rest of a frame that is being read.
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub fn new(frame: &'a [u8]) -> Self {
        Self(frame)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (head, rest) = self.0.split_at_checked(count).ok_or(Malformed)?;
        self.0 = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N)?.try_into().map_err(|_| Malformed)
    }

    pub fn u8(&mut self) -> Result<u8, Malformed> {
        Ok(self.array::<1>()?[0])
    }

    pub fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_le_bytes)
    }

    pub fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_le_bytes)
    }

    pub fn flag(&mut self) -> Result<bool, Malformed> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed),
        }
    }

    pub fn usize(&mut self) -> Result<usize, Malformed> {
        usize::try_from(self.u64()?).map_err(|_| Malformed)
    }

    pub fn text(&mut self) -> Result<String, Malformed> {
        self.text_within(usize::MAX)
    }

    /// A text of at most `most` bytes.
    pub fn text_within(&mut self, most: usize) -> Result<String, Malformed> {
        let length = self.usize()?;
        if length > most { Err(Malformed) } else { self.slice(length).map(str::to_owned) }
    }

    /// A text that stays where it is in the frame.
    pub fn borrowed(&mut self) -> Result<&'a str, Malformed> {
        let length = self.usize()?;
        self.slice(length)
    }

    fn slice(&mut self, length: usize) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.take(length)?).map_err(|_| Malformed)
    }

    pub fn optional(&mut self) -> Result<Option<String>, Malformed> {
        self.optional_within(usize::MAX)
    }

    pub fn optional_within(&mut self, most: usize) -> Result<Option<String>, Malformed> {
        if self.flag()? { self.text_within(most).map(Some) } else { Ok(None) }
    }

    /// A list whose items have at least `least` bytes, so that a false count allocates nothing.
    pub fn list<T>(
        &mut self,
        least: usize,
        item: impl FnMut(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        self.list_within(usize::MAX, least, item)
    }

    /// As [`list`](Self::list), of at most `most` items.
    pub fn list_within<T>(
        &mut self,
        most: usize,
        least: usize,
        mut item: impl FnMut(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        let count = self.usize()?;
        if count > most || count > self.0.len() / least.max(1) {
            return Err(Malformed);
        }
        (0..count).map(|_| item(self)).collect()
    }

    pub fn texts_within(&mut self, most: usize) -> Result<Vec<String>, Malformed> {
        self.list_within(most, 8, Self::text)
    }

    pub fn end<T>(self, value: T) -> Result<T, Malformed> {
        if self.0.is_empty() { Ok(value) } else { Err(Malformed) }
    }
}
