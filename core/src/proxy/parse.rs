//! Reads a header, of whichever version.

use super::error::{Error, Rule};
use super::header::Parsed;
use super::limits::Limits;
use super::{v1, v2};

/// Reads a header from the front of `input`: the first bytes of a connection, or a datagram. Any cut comes to the same: the
/// same header, or the same rule at the same byte. In a datagram the header must be whole: there
/// [`Parsed::NeedMore`] is an error.
///
/// It keeps nothing, and begins at the first byte each time; that is at most 107 bytes, until a header of version 2 is
/// whole.
///
/// ```
/// use wirenut::proxy::{Limits, Parsed, parse};
/// assert_eq!(parse(&Limits::DEFAULT, b"PROXY UNK"), Ok(Parsed::NeedMore(15)));
/// assert!(parse(&Limits::DEFAULT, b"GET / HTTP/1.1\r\n").is_err());
/// ```
///
/// # Errors
/// The rule that is broken, and the byte that breaks it.
pub fn parse<'b>(limits: &Limits, input: &'b [u8]) -> Result<Parsed<'b>, Error> {
    match input {
        [] => Ok(Parsed::NeedMore(v1::SHORTEST)),
        [b'P', ..] => v1::parse(input),
        [b'\r', ..] => v2::parse(limits, input),
        _ => Err(Error::new(Rule::InvalidSignature, 0)),
    }
}
