//! Credentials of the scheme Basic (RFC 7617).

use super::base64;
use super::constant_time::constant_time_eq;
use super::scanner::Scanner;
use crate::bytes;
use crate::http::value::error::{ValueError, ValueRule};
use crate::http::value::output;

/// A user and a password: bytes, which are UTF-8 if the challenge said so (RFC 7617 §2.1).
///
/// ```
/// use wirenut::http::{BasicCredentials, Fields};
/// let fields = Fields::parse(b"Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n").unwrap();
/// let mut room = [0; 64];
/// let credentials = fields.get("Authorization").map(|value| BasicCredentials::parse(value, &mut room));
/// let may_enter = credentials.is_some_and(|read| read.is_ok_and(|read| read.is("Aladdin", "open sesame")));
/// assert!(may_enter);
/// ```
#[derive(Clone, Copy)]
pub struct BasicCredentials<'b> {
    /// The user: what stands before the first colon.
    pub user: &'b [u8],
    /// The password.
    pub password: &'b [u8],
}

impl<'b> BasicCredentials<'b> {
    /// Reads the value of an Authorization field, decoded into `room`: that has space enough if it is as long as `value`.
    /// On failure its content is undefined; it holds a secret afterwards.
    ///
    /// Credentials that do not parse authenticate nobody: answer 401, or 400.
    ///
    /// # Errors
    /// [`ValueRule::InvalidAuthScheme`]; [`ValueRule::OtherAuthScheme`]; [`ValueRule::InvalidAuthParameter`]: nothing
    /// stands behind the scheme; [`ValueRule::InvalidBase64`]. Each with the offset in `value`.
    /// [`ValueRule::InvalidBasicCredentials`]: no colon, or a
    /// control (RFC 7617 §2), with the offset in what was decoded; [`ValueRule::BufferTooShort`], with the length of
    /// `room`.
    pub fn parse(value: &[u8], room: &'b mut [u8]) -> Result<Self, ValueError> {
        let (token, start) = token_of(value)?;
        let decoded = base64::decode(token, room)
            .map_err(|error| if error.rule == ValueRule::InvalidBase64 { error.behind(start) } else { error })?;
        let error = |at| ValueError::new(ValueRule::InvalidBasicCredentials, at);
        // Almost none has one: all are looked at as the compiler likes, and searched only then.
        let has_control = decoded.iter().fold(false, |any, byte| any | byte.is_ascii_control());
        if has_control {
            return Err(error(decoded.iter().position(u8::is_ascii_control).unwrap_or(0)));
        }
        let colon = decoded.iter().position(|byte| *byte == b':').ok_or(error(decoded.len()))?;
        let (user, password) = decoded.split_at_checked(colon).ok_or(error(colon))?;
        Ok(Self { user, password: password.strip_prefix(b":").ok_or(error(colon))? })
    }

    /// Are these the user and the password? How long it takes does not tell how much of them is right
    /// ([`constant_time_eq`]). Keep passwords of people as hashes only, and compare those.
    #[must_use]
    pub fn is(&self, user: impl AsRef<[u8]>, password: impl AsRef<[u8]>) -> bool {
        constant_time_eq(self.user, user.as_ref()) & constant_time_eq(self.password, password.as_ref())
    }

    /// Writes the value of an Authorization field to the beginning of `out`, and gives what was written. On failure the
    /// content of `out` is undefined.
    ///
    /// ```
    /// use wirenut::http::BasicCredentials;
    /// let credentials = BasicCredentials { user: b"Aladdin", password: b"open sesame" };
    /// let mut room = [0; 64];
    /// assert_eq!(credentials.write(&mut room), Ok(&b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="[..]));
    /// ```
    ///
    /// # Errors
    /// [`ValueRule::InvalidBasicCredentials`]: a colon in the user, or a control in either, with the offset in its part.
    /// [`ValueRule::BufferTooShort`], with the length of `out`.
    pub fn write<'o>(&self, out: &'o mut [u8]) -> Result<&'o [u8], ValueError> {
        let is_bad = |byte: &u8| byte.is_ascii_control();
        let in_user = self.user.iter().position(|byte| *byte == b':' || is_bad(byte));
        if let Some(at) = in_user.or_else(|| self.password.iter().position(is_bad)) {
            return Err(ValueError::new(ValueRule::InvalidBasicCredentials, at));
        }
        output::write(out, |writer| {
            writer.put(b"Basic ");
            base64::put(writer, self.user.iter().chain(b":").chain(self.password).copied());
        })
    }
}

/// What stands behind the scheme, and where.
fn token_of(value: &[u8]) -> Result<(&[u8], usize), ValueError> {
    let mut scanner = Scanner::new(value);
    scanner.skip_blanks();
    let before = scanner;
    let scheme = scanner.token_bytes(ValueRule::InvalidAuthScheme)?;
    if !scheme.eq_ignore_ascii_case(b"Basic") {
        return Err(before.error(ValueRule::OtherAuthScheme));
    }
    let behind_scheme = scanner.offset();
    scanner.skip_blanks();
    let (token, start) = (bytes::trim(scanner.rest()), scanner.offset());
    if token.is_empty() || start == behind_scheme {
        return Err(scanner.error(ValueRule::InvalidAuthParameter));
    }
    Ok((token, start))
}

/// Without the secret.
impl core::fmt::Debug for BasicCredentials<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "BasicCredentials({}:_)", self.user.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ValueRule::*;

    /// User and password, or the rule and where it was broken.
    type Read<'c> = Result<(&'c [u8], &'c [u8]), (ValueRule, usize)>;

    #[test]
    fn users_and_passwords() {
        let cases: [(&str, Read<'_>); 14] = [
            ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", Ok((b"Aladdin", b"open sesame"))),
            // RFC 7617 §2.1: a pound sign in UTF-8.
            ("Basic dGVzdDoxMjPCow==", Ok((b"test", b"123\xc2\xa3"))),
            ("basic  Og== ", Ok((b"", b""))),
            ("Basic YTpiOmM=", Ok((b"a", b"b:c"))),
            ("Basic YQ==", Err((InvalidBasicCredentials, 1))),
            ("Basic YTph\u{7f}", Err((InvalidBase64, 10))),
            ("Basic YTpiCg==", Err((InvalidBasicCredentials, 3))),
            ("Basic YTpi_w==", Err((InvalidBase64, 10))),
            ("Basic YTpi-w==", Err((InvalidBase64, 10))),
            ("Basic YTp", Err((InvalidBase64, 9))),
            (" Basic  YTp", Err((InvalidBase64, 11))),
            ("Basic", Err((InvalidAuthParameter, 5))),
            ("Basic a=b, c=d", Err((InvalidBase64, 7))),
            ("Bearer abc", Err((OtherAuthScheme, 0))),
        ];
        for (value, expected) in cases {
            let mut room = [0; 32];
            let read = BasicCredentials::parse(value.as_bytes(), &mut room).map(|read| (read.user, read.password));
            assert_eq!(read.map_err(|error| (error.rule, error.offset)), expected, "{value}");
        }
        let error = BasicCredentials::parse(b"Basic YTpi", &mut [0; 2]).unwrap_err();
        assert_eq!(error, ValueError::new(BufferTooShort, 2));
    }

    #[test]
    fn what_cannot_be_written() {
        let mut room = [0; 10];
        for (user, password, expected) in [
            ("a:b", "", Err((InvalidBasicCredentials, 1))),
            ("a", "b\n", Err((InvalidBasicCredentials, 1))),
            ("a", "bc", Err((BufferTooShort, 10))),
            ("a", "b", Ok(&b"Basic YTpi"[..])),
        ] {
            let credentials = BasicCredentials { user: user.as_bytes(), password: password.as_bytes() };
            let written = credentials.write(&mut room).map_err(|error| (error.rule, error.offset));
            assert_eq!(written, expected, "{user} {password}");
        }
    }

    #[test]
    fn both_must_be_right() {
        let credentials = BasicCredentials { user: b"u", password: b"p" };
        let answers =
            [("u", "p"), ("u", "q"), ("v", "p"), ("", "")].map(|(user, password)| credentials.is(user, password));
        assert_eq!(answers, [true, false, false, false]);
    }
}
