//! Where values are written: a buffer that is given, part after part.

use core::fmt;

use crate::http::message::response::Writer;
use crate::http::value::error::{ValueError, ValueRule};

/// What was written to the beginning of a buffer.
#[derive(Debug)]
pub(super) struct Output<'o> {
    out: &'o mut [u8],
    length: usize,
}

impl<'o> Output<'o> {
    pub(super) const fn new(out: &'o mut [u8]) -> Self {
        Self { out, length: 0 }
    }

    pub(super) const fn length(&self) -> usize {
        self.length
    }

    /// Forgets what is behind `length`.
    pub(super) fn shorten(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// Adds what `put` writes, whole or not at all.
    pub(super) fn add(&mut self, put: impl FnOnce(&mut Writer<'_>)) -> Result<(), ValueError> {
        let room = self.out.len();
        let mut writer = Writer::new(self.out.get_mut(self.length..).unwrap_or_default());
        put(&mut writer);
        let written = writer.finish().map_err(|_| ValueError::new(ValueRule::BufferTooShort, room))?;
        self.length = self.length.saturating_add(written);
        Ok(())
    }

    /// Adds what `fill` writes to the beginning of the room that it is given, if all had room.
    pub(super) fn fill(&mut self, fill: impl FnOnce(&mut [u8]) -> Option<usize>) -> Result<(), ValueError> {
        let room = self.out.len();
        let filled = self.out.get_mut(self.length..).and_then(fill);
        let filled = filled.ok_or(ValueError::new(ValueRule::BufferTooShort, room))?;
        self.length = self.length.saturating_add(filled);
        Ok(())
    }

    pub(super) fn finish(self) -> &'o [u8] {
        self.out.get(..self.length).unwrap_or_default()
    }
}

/// What is written beyond the room shows at the end ([`Writer::finish`]).
impl fmt::Write for Writer<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.put(text.as_bytes());
        Ok(())
    }
}

/// What `put` writes to the beginning of `out`.
pub(super) fn write(out: &mut [u8], put: impl FnOnce(&mut Writer<'_>)) -> Result<&[u8], ValueError> {
    let mut output = Output::new(out);
    output.add(put)?;
    Ok(output.finish())
}
