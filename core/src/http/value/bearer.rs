//! Credentials of the scheme Bearer (RFC 6750 §2.1).

use super::authentication::{Authentication, is_token68};
use super::constant_time::constant_time_eq;
use crate::http::value::error::{ValueError, ValueRule};
use crate::http::value::output;

/// A token: who bears it may enter.
///
/// ```
/// use wirenut::http::BearerToken;
/// let token = BearerToken::parse(b"Bearer mF_9.B5f-4.1JqM")?;
/// assert!(token.is("mF_9.B5f-4.1JqM"));
/// # Ok::<(), wirenut::http::ValueError>(())
/// ```
#[derive(Clone, Copy)]
pub struct BearerToken<'b>(&'b str);

impl<'b> BearerToken<'b> {
    /// Reads the value of an Authorization field. What does not parse authenticates nobody: answer 401, with the challenge
    /// only, or 400 and `error="invalid_request"` (RFC 6750 §3.1).
    ///
    /// # Errors
    /// [`ValueRule::OtherAuthScheme`]; those of [`Authentication::parse`](crate::http::Authentication::parse).
    pub fn parse(value: &'b [u8]) -> Result<Self, ValueError> {
        let credentials = Authentication::parse(value)?;
        if !credentials.is_scheme("Bearer") {
            return Err(ValueError::new(ValueRule::OtherAuthScheme, 0));
        }
        let length = credentials.scheme().len();
        credentials.token68().map(Self).ok_or(ValueError::new(ValueRule::InvalidAuthParameter, length))
    }

    /// A token to be sent.
    ///
    /// # Errors
    /// [`ValueRule::InvalidAuthParameter`] if it is not letters, digits, `-`, `.`, `_`, `~`, `+` and `/`, with `=` at its
    /// end only.
    pub fn new(token: &'b str) -> Result<Self, ValueError> {
        if is_token68(token) { Ok(Self(token)) } else { Err(ValueError::new(ValueRule::InvalidAuthParameter, 0)) }
    }

    /// The token. It is a secret: compare it with [`Self::is`], and do not log it.
    #[must_use]
    pub const fn as_str(&self) -> &'b str {
        self.0
    }

    /// Is it this token? How long it takes does not tell how much of it is right ([`constant_time_eq`]).
    #[must_use]
    pub fn is(&self, token: impl AsRef<[u8]>) -> bool {
        constant_time_eq(self.0.as_bytes(), token.as_ref())
    }

    /// Writes the value of an Authorization field to the beginning of `out`, and gives what was written. On failure the
    /// content of `out` is undefined.
    ///
    /// ```
    /// use wirenut::http::BearerToken;
    /// let mut room = [0; 32];
    /// assert_eq!(BearerToken::new("abc=")?.write(&mut room), Ok(&b"Bearer abc="[..]));
    /// # Ok::<(), wirenut::http::ValueError>(())
    /// ```
    ///
    /// # Errors
    /// [`ValueRule::BufferTooShort`], with the length of `out`.
    pub fn write<'o>(&self, out: &'o mut [u8]) -> Result<&'o [u8], ValueError> {
        output::write(out, |writer| {
            writer.put(b"Bearer ");
            writer.put(self.0.as_bytes());
        })
    }
}

/// Without the secret.
impl core::fmt::Debug for BearerToken<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("BearerToken(_)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ValueRule::*;

    #[test]
    fn tokens() {
        for (value, expected) in [
            ("Bearer mF_9.B5f-4.1JqM", Ok("mF_9.B5f-4.1JqM")),
            ("bearer a==", Ok("a==")),
            ("Bearer", Err((InvalidAuthParameter, 6))),
            ("Bearer a b", Err((InvalidAuthParameter, 9))),
            ("Bearer =", Err((InvalidAuthParameter, 7))),
            ("Bearer a=b, c=d", Err((InvalidAuthParameter, 6))),
            ("Basic abc", Err((OtherAuthScheme, 0))),
            ("", Err((InvalidAuthScheme, 0))),
        ] {
            let read = BearerToken::parse(value.as_bytes()).map(|token| token.as_str());
            assert_eq!(read.map_err(|error| (error.rule, error.offset)), expected, "{value}");
        }
        for token in ["", "a b", "a=b", "a\n", "é", "a "] {
            assert!(BearerToken::new(token).is_err(), "{token}");
        }
    }
}
