//! Response heads, as they are written (RFC 9112 §4, §5).

use core::mem;

use super::fields::Field;
use crate::http::error::{Misuse, WriteError};
use crate::http::grammar::words::is_written_in_responses;
use crate::http::status::Status;

/// The head of a response that a service asks for. The connection adds Date, Content-Length, Transfer-Encoding and
/// Connection.
///
/// ```
/// use wirenut::http::{Field, Response, Status};
/// const HELLO: Response<'static> =
///     Response::new(Status::OK).with_fields(&[Field::new("Content-Type", "text/plain")]).with_length(5);
/// assert_eq!(HELLO.length, Some(5));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Response<'a> {
    /// The status.
    pub status: Status,
    /// Fields of the service's own. None that frames the message.
    pub fields: &'a [Field<'a>],
    /// Bytes of the body that will be sent (for HEAD: that GET would send). `None`: not known yet; the body is
    /// chunked, or for an HTTP/1.0 peer ends with the connection.
    pub length: Option<u64>,
    /// Close the connection after this response.
    pub close: bool,
}

impl<'a> Response<'a> {
    /// A response without fields of its own and without a body.
    #[must_use]
    pub const fn new(status: Status) -> Self {
        Self { status, fields: &[], length: Some(0), close: false }
    }

    /// With these fields in place of the former ones.
    #[must_use]
    pub const fn with_fields(mut self, fields: &'a [Field<'a>]) -> Self {
        self.fields = fields;
        self
    }

    /// With a body of so many bytes.
    #[must_use]
    pub const fn with_length(mut self, length: u64) -> Self {
        self.length = Some(length);
        self
    }

    /// With a body whose length is not known yet.
    #[must_use]
    pub const fn with_unknown_length(mut self) -> Self {
        self.length = None;
        self
    }

    /// Closes the connection after this response, and says so.
    #[must_use]
    pub const fn closing(mut self) -> Self {
        self.close = true;
        self
    }

    /// Can this be sent as it is?
    pub(crate) fn check(&self) -> Result<(), Misuse> {
        if !self.status.is_sound() {
            return Err(Misuse::InvalidStatus);
        }
        for field in self.fields {
            if !field.is_sound() {
                return Err(Misuse::InvalidField);
            }
            if is_written_in_responses(field.name) {
                return Err(Misuse::FramingField);
            }
        }
        Ok(())
    }
}

/// Writes into a slice that is given to it, and remembers whether all had room: looked at once, at the end.
pub(crate) struct Writer<'o> {
    /// What is free; nothing once something did not fit.
    rest: &'o mut [u8],
    /// How long all of it was, or [`Self::FULL`] once something did not fit.
    length: usize,
}

impl<'o> Writer<'o> {
    const FULL: usize = usize::MAX;

    pub(crate) const fn new(out: &'o mut [u8]) -> Self {
        Self { length: out.len(), rest: out }
    }

    /// How many bytes were written, if all had room.
    pub(crate) const fn finish(self) -> Result<usize, WriteError> {
        if self.length == Self::FULL { Err(WriteError::Full) } else { Ok(self.length.wrapping_sub(self.rest.len())) }
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) {
        // Here, for a call for each piece costs as much as the copy of a few bytes.
        for (place, byte) in self.take(bytes.len()).iter_mut().zip(bytes) {
            *place = *byte;
        }
    }

    /// The place for so many bytes: none, if there is no room.
    #[inline(always)]
    fn take(&mut self, length: usize) -> &mut [u8] {
        let Some((place, rest)) = mem::take(&mut self.rest).split_at_mut_checked(length) else {
            self.length = Self::FULL;
            return &mut [];
        };
        self.rest = rest;
        place
    }

    /// As [`Self::put`], for what stands between the others: to call a copy costs more than two bytes do.
    #[cfg_attr(target_pointer_width = "64", inline)]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(crate) fn put_pair(&mut self, pair: [u8; 2]) {
        if let Some(place) = self.take(2).first_chunk_mut() {
            *place = pair;
        }
    }

    pub(crate) fn put_decimal(&mut self, number: u64) {
        // It wraps only beyond the longest number, where it is not looked at any more.
        let (mut length, mut bound) = (1_usize, 10_u64);
        while length < LONGEST_NUMBER && number >= bound {
            (length, bound) = (length.wrapping_add(1), bound.wrapping_mul(10));
        }
        let mut rest = number;
        for place in self.take(length).iter_mut().rev() {
            (rest, *place) = tenth(rest);
        }
    }

    /// The status line, and a Date field where there is a clock.
    pub(crate) fn put_status(&mut self, status: Status, date: Option<&[u8; 29]>) {
        self.put(b"HTTP/1.1 ");
        self.put(&status.digits());
        self.put(b" ");
        self.put(status.reason().as_bytes());
        self.put_pair(*b"\r\n");
        if let Some(date) = date {
            self.put_field(&Field { name: b"Date", value: date });
        }
    }

    pub(crate) fn put_field(&mut self, field: &Field<'_>) {
        self.put(field.name);
        self.put_pair(*b": ");
        self.put(field.value);
        self.put_pair(*b"\r\n");
    }

    /// The field that says how long the body is.
    pub(crate) fn put_content_length(&mut self, length: u64) {
        self.put(b"Content-Length: ");
        self.put_decimal(length);
        self.put_pair(*b"\r\n");
    }
}

/// Writes these bytes, all of them or none. Returns how many.
pub(crate) fn put_whole(bytes: &[u8], out: &mut [u8]) -> usize {
    let mut writer = Writer::new(out);
    writer.put(bytes);
    writer.finish().unwrap_or(0)
}

/// Digits of the largest number.
const LONGEST_NUMBER: usize = 20;

/// A tenth of a number, and its last digit.
fn tenth(number: u64) -> (u64, u8) {
    if cfg!(target_pointer_width = "64") {
        return (number / 10, u8::try_from(number % 10).unwrap_or(0) | b'0');
    }
    let word = |number: u64| u32::try_from(number & u64::from(u32::MAX)).unwrap_or(0);
    // Small processors divide 32 bits only: what is left of a limb stands before the next.
    let (high, low) = (word(number >> 32), word(number));
    let upper = ((high % 10) << 16) | (low >> 16);
    let (lower, digit) = tenth_of_word(((upper % 10) << 16) | (low & 0xffff));
    (u64::from(high / 10) << 32 | u64::from(((upper / 10) << 16) | lower), digit)
}

fn tenth_of_word(number: u32) -> (u32, u8) {
    (number / 10, u8::try_from(number % 10).unwrap_or(0) | b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_not_forgotten() {
        let mut out = [b'?'; 4];
        let mut writer = Writer::new(&mut out);
        writer.put(b"12");
        writer.put(b"345");
        // What fits behind it is not written either.
        writer.put(b"6");
        assert_eq!(writer.finish(), Err(WriteError::Full));
        assert_eq!(out, *b"12??");
        let mut writer = Writer::new(&mut out);
        writer.put_pair(*b"ab");
        writer.put(b"cd");
        assert_eq!((writer.finish(), out), (Ok(4), *b"abcd"));
    }

    #[test]
    fn numbers_are_written_as_they_are_read() {
        extern crate std;
        for number in [0, 9, 10, 99, 100, 4_294_967_295, 4_294_967_296, 42_949_672_960, u64::MAX] {
            let mut out = [0; 20];
            let mut writer = Writer::new(&mut out);
            writer.put_decimal(number);
            let written = writer.finish().unwrap();
            assert_eq!(str::from_utf8(&out[..written]).unwrap(), std::format!("{number}"));
        }
    }
}
