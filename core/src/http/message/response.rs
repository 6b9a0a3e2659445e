//! Response heads, as they are written (RFC 9112 §4, §5).

use super::fields::Field;
use crate::bytes;
use crate::http::error::{Misuse, WriteError};
use crate::http::status::Status;
use crate::http::value::date::HttpDate;

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
        if !(100..1_000).contains(&self.status.code()) || !bytes::is_field_value(self.status.reason().as_bytes()) {
            return Err(Misuse::InvalidStatus);
        }
        for field in self.fields {
            if !field.is_sound() {
                return Err(Misuse::InvalidField);
            }
            if field.is("content-length") || field.is("transfer-encoding") || field.is("connection") {
                return Err(Misuse::FramingField);
            }
        }
        Ok(())
    }
}

/// Writes into a slice that is given to it, all or nothing.
pub(crate) struct Writer<'o> {
    out: &'o mut [u8],
    room: usize,
}

impl<'o> Writer<'o> {
    pub(crate) fn new(out: &'o mut [u8]) -> Self {
        let room = out.len();
        Self { out, room }
    }

    /// Bytes written so far.
    pub(crate) fn written(&self) -> usize {
        self.room.saturating_sub(self.out.len())
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        let place = self.out.get_mut(..bytes.len()).ok_or(WriteError::Full)?;
        bytes::copy(bytes, place);
        self.out = core::mem::take(&mut self.out).get_mut(bytes.len()..).unwrap_or(&mut []);
        Ok(())
    }

    /// As [`Self::put`], for what stands between the others: to call a copy costs more than two bytes do.
    pub(crate) fn put_pair(&mut self, pair: [u8; 2]) -> Result<(), WriteError> {
        let Some((place, _)) = self.out.split_first_chunk_mut() else { return Err(WriteError::Full) };
        *place = pair;
        self.out = core::mem::take(&mut self.out).get_mut(2..).unwrap_or(&mut []);
        Ok(())
    }

    pub(crate) fn put_decimal(&mut self, number: u64) -> Result<(), WriteError> {
        let mut digits = [0; 20];
        let mut rest = number;
        let mut first = digits.len();
        for (at, digit) in digits.iter_mut().enumerate().rev() {
            let last;
            // Most numbers fit into 32 bits, which small processors divide themselves.
            (rest, last) = match u32::try_from(rest) {
                Ok(rest) => (u64::from(rest / 10), u64::from(rest % 10)),
                Err(_) => divided_by_ten(rest),
            };
            *digit = u8::try_from(last).unwrap_or(0).saturating_add(b'0');
            first = at;
            if rest == 0 {
                break;
            }
        }
        self.put(digits.get(first..).unwrap_or(&[]))
    }

    /// The status line, and a Date field where there is a clock.
    pub(crate) fn put_status(&mut self, status: Status, date: Option<&HttpDate>) -> Result<(), WriteError> {
        let mut start = *b"HTTP/1.1 000 ";
        let mut rest = status.code();
        for digit in start.iter_mut().skip(9).take(3).rev() {
            *digit = u8::try_from(rest % 10).unwrap_or(0).saturating_add(b'0');
            rest /= 10;
        }
        self.put(&start)?;
        self.put(status.reason().as_bytes())?;
        self.put_pair(*b"\r\n")?;
        if let Some(date) = date {
            self.put(b"Date: ")?;
            self.put(date.as_bytes())?;
            self.put_pair(*b"\r\n")?;
        }
        Ok(())
    }

    pub(crate) fn put_field(&mut self, field: &Field<'_>) -> Result<(), WriteError> {
        self.put(field.name)?;
        self.put_pair(*b": ")?;
        self.put(field.value)?;
        self.put_pair(*b"\r\n")
    }
}

/// The number divided by ten, and what is left. Sixteen bits at a time: small processors do not divide 64 bits, and what
/// does it for them is 900 bytes long.
#[cold]
fn divided_by_ten(number: u64) -> (u64, u64) {
    [48, 32, 16, 0].iter().fold((0, 0), |(tenth, rest), shift| {
        let part = u32::try_from(rest << 16 | number >> shift & 0xffff).unwrap_or(0);
        (tenth << 16 | u64::from(part / 10), u64::from(part % 10))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_size_are_divided_as_by_the_processor() {
        let mut number = 1_u64;
        for _ in 0..10_000 {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            for number in [number, number >> 20, number >> 40, u64::MAX - (number >> 50)] {
                assert_eq!(divided_by_ten(number), (number / 10, number % 10), "{number}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_not_counted_as_written() {
        let mut out = [0; 4];
        let mut writer = Writer::new(&mut out);
        assert_eq!(writer.put(b"12345"), Err(WriteError::Full));
        assert_eq!(writer.written(), 0);
        assert_eq!(writer.put(b"1234"), Ok(()));
        assert_eq!((writer.put(b"5"), writer.written()), (Err(WriteError::Full), 4));
    }
}
