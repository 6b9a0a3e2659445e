//! Credentials and challenges written (RFC 9110 §11): a scheme and parameters.

use super::parameter_value::{self, check_quotable, check_token};
use crate::http::message::response::Writer;
use crate::http::value::error::{ValueError, ValueRule};
use crate::http::value::output::Output;

/// Writes a challenge or credentials with parameters into a buffer that is given. Send each challenge in a field line of
/// its own: not all clients take lists of them apart as they should (RFC 9110 §11.6.1).
///
/// ```
/// use wirenut::http::{AuthenticationWriter, Field};
/// let mut room = [0; 64];
/// let mut challenge = AuthenticationWriter::new(&mut room, "Basic")?;
/// challenge.parameter("realm", "the \"back\" room")?.parameter("charset", "UTF-8")?;
/// let field = Field::from_bytes("WWW-Authenticate", challenge.finish());
/// assert_eq!(field.value, b"Basic realm=\"the \\\"back\\\" room\", charset=\"UTF-8\"");
/// # Ok::<(), wirenut::http::ValueError>(())
/// ```
#[derive(Debug)]
pub struct AuthenticationWriter<'o> {
    output: Output<'o>,
    is_first: bool,
}

impl<'o> AuthenticationWriter<'o> {
    /// Writes the scheme to the beginning of `out`.
    ///
    /// # Errors
    /// [`ValueRule::InvalidAuthScheme`], with the offset in `scheme`; [`ValueRule::BufferTooShort`], with the length of
    /// `out`.
    pub fn new(out: &'o mut [u8], scheme: &str) -> Result<Self, ValueError> {
        check_token(scheme, ValueRule::InvalidAuthScheme)?;
        let mut output = Output::new(out);
        output.add(|writer| writer.put(scheme.as_bytes()))?;
        Ok(Self { output, is_first: true })
    }

    /// Adds a parameter as a quoted string, whole or not at all: `realm` must be one (RFC 9110 §11.5). Whether the name
    /// comes twice is the caller's affair.
    ///
    /// # Errors
    /// [`ValueRule::InvalidAuthParameter`]: the name is no token. [`ValueRule::InvalidQuotedString`]: a control in the
    /// value. Each with the offset in its part. [`ValueRule::BufferTooShort`], with the length of `out`.
    pub fn parameter(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<&mut Self, ValueError> {
        check_quotable(value.as_ref())?;
        self.add(name, |writer| parameter_value::put_quoted(writer, value.as_ref()))
    }

    /// Adds a parameter as a token, whole or not at all: some of Digest must be (RFC 7616 §3.4).
    ///
    /// # Errors
    /// [`ValueRule::InvalidAuthParameter`]: the name or the value is no token, with the offset in it.
    /// [`ValueRule::BufferTooShort`], with the length of `out`.
    pub fn token(&mut self, name: &str, value: &str) -> Result<&mut Self, ValueError> {
        check_token(value, ValueRule::InvalidAuthParameter)?;
        self.add(name, |writer| writer.put(value.as_bytes()))
    }

    fn add(&mut self, name: &str, put: impl FnOnce(&mut Writer<'_>)) -> Result<&mut Self, ValueError> {
        check_token(name, ValueRule::InvalidAuthParameter)?;
        let separator: &[u8] = if self.is_first { b" " } else { b", " };
        self.output.add(|writer| {
            writer.put(separator);
            writer.put(name.as_bytes());
            writer.put(b"=");
            put(writer);
        })?;
        self.is_first = false;
        Ok(self)
    }

    /// What was written.
    #[must_use]
    pub fn finish(self) -> &'o [u8] {
        self.output.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ValueRule::*;

    #[test]
    fn what_cannot_be_written() {
        let mut room = [0; 16];
        assert_eq!(AuthenticationWriter::new(&mut room, "a b").unwrap_err(), ValueError::new(InvalidAuthScheme, 1));
        let mut writer = AuthenticationWriter::new(&mut room, "Digest").unwrap();
        assert_eq!(writer.token("a", "b c").unwrap_err(), ValueError::new(InvalidAuthParameter, 1));
        assert_eq!(writer.parameter("a=", "b").unwrap_err(), ValueError::new(InvalidAuthParameter, 1));
        assert_eq!(writer.parameter("a", "\u{7f}").unwrap_err(), ValueError::new(InvalidQuotedString, 0));
        assert_eq!(writer.parameter("a", "123456").unwrap_err(), ValueError::new(BufferTooShort, 16));
        writer.token("qop", "auth").unwrap();
        assert_eq!(writer.finish(), b"Digest qop=auth");
    }
}
