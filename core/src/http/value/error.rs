//! Why a value could not be read or written: which rule, at which byte.

use core::fmt;

use crate::rules::rules;

/// A value breaks a rule of its grammar, or does not fit.
///
/// Whoever reads a field treats it then as its RFC says, most often as if it had not come; for a query or a form the
/// answer is 400.
///
/// ```
/// use wirenut::http::{ValueError, ValueRule};
/// let error = ValueError { rule: ValueRule::InvalidPercentEncoding, offset: 3 };
/// assert_eq!(error.rule.section(), "RFC 3986 2.1");
/// assert_eq!(std::format!("{error}"), "percent sign without two hexadecimal digits at byte 3 (RFC 3986 2.1)");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ValueError {
    /// What was broken.
    pub rule: ValueRule,
    /// The byte that broke it, counted from the first byte of what was given to be read. Its length, where more should
    /// have come. Of what is written: in the part that cannot be written, or from where on it does not fit.
    pub offset: usize,
}

impl ValueError {
    /// This rule, broken at this byte.
    #[must_use]
    pub(crate) const fn new(rule: ValueRule, offset: usize) -> Self {
        Self { rule, offset }
    }

    /// The same, counted from `start` bytes further ahead: of a part, seen from the whole.
    #[must_use]
    pub(crate) const fn behind(self, start: usize) -> Self {
        Self { rule: self.rule, offset: self.offset.saturating_add(start) }
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {} ({})", self.rule.text(), self.offset, self.rule.section())
    }
}

impl core::error::Error for ValueError {}

rules! {
    /// A rule that a value can break.
    ValueRule

    // One group for each value. What several values share comes first.
    /// The buffer that was given is too short for the result. Its content is then undefined.
    BufferTooShort: "RFC 9110 5.5", "buffer too short for the value";
    /// The value is not UTF-8 where text was asked for.
    InvalidUtf8: "RFC 3629 3", "invalid UTF-8";
    /// The value is not of the type that was asked for: no number, or one too large for it.
    WrongType: "RFC 9110 5.5", "value of another type than asked for";
    /// A name comes twice where only one value can be meant.
    DuplicateName: "RFC 9110 5.3", "name given more than once";

    /// A byte that cannot stand there: most often behind the end of a value that was complete.
    UnexpectedByte: "RFC 9110 5.5", "byte that cannot stand there";

    /// A `%` without two hexadecimal digits behind it.
    InvalidPercentEncoding: "RFC 3986 2.1", "percent sign without two hexadecimal digits";

    /// A cookie without `=`, or with nothing before it.
    InvalidCookiePair: "RFC 6265 4.1.1", "cookie without a name or without an equals sign";
    /// A cookie's name is no token; of one that a client sends back, it holds a control, `;` or `=`.
    InvalidCookieName: "RFC 6265 4.1.1", "invalid name of a cookie";
    /// A cookie's value holds a control, white space, `"`, `,`, `;` or `\`; of one that a client sends back, a control or
    /// `;`.
    InvalidCookieValue: "RFC 6265 4.1.1", "invalid value of a cookie";
    /// The Domain of a cookie is not labels of letters, digits and hyphens with dots between them.
    InvalidCookieDomain: "RFC 6265 4.1.1", "invalid Domain of a cookie";
    /// The Path of a cookie does not begin with a slash, or holds a control or `;`.
    InvalidCookiePath: "RFC 6265 4.1.1", "invalid Path of a cookie";
    /// A Set-Cookie field holds a control: clients ignore it.
    ControlInCookie: "RFC 6265bis 5.6", "control character in a cookie";
    /// Name and value together are longer than 4096 bytes: clients ignore the cookie.
    CookieTooLong: "RFC 6265bis 5.6", "cookie longer than 4096 bytes";
    /// The name begins with `__Secure-` or `__Host-`, but the cookie is not Secure; with `__Host-`, but it has a Domain, or
    /// its Path is not `/`: clients ignore it.
    BrokenCookiePrefix: "RFC 6265bis 4.1.3", "cookie without the attributes that the prefix of its name asks for";
    /// SameSite=None or Partitioned without Secure: clients ignore the cookie.
    InsecureCookie: "RFC 6265bis 5.7", "SameSite=None or Partitioned without Secure";

    /// What comes is the beginning of no value of a structured field, or nothing comes.
    InvalidBareItem: "RFC 9651 4.2.3.1", "no value of a structured field";
    /// A key of a structured field does not begin with a small letter or `*`, or holds what no key holds.
    InvalidKey: "RFC 9651 4.2.3.3", "invalid key of a structured field";
    /// A number of a structured field has no digit, or too many of them.
    InvalidNumber: "RFC 9651 4.2.4", "invalid number";
    /// A string of a structured field has no end, holds something other than printable ASCII, or a `\\` that escapes nothing.
    InvalidString: "RFC 9651 4.2.5", "invalid string of a structured field";
    /// A token of a structured field does not begin with a letter or `*`, or holds what no token holds.
    InvalidStructuredToken: "RFC 9651 3.3.4", "invalid token of a structured field";
    /// A byte sequence of a structured field is not base64 between colons.
    InvalidByteSequence: "RFC 9651 4.2.7", "invalid byte sequence";
    /// A boolean of a structured field is neither `?0` nor `?1`.
    InvalidBoolean: "RFC 9651 4.2.8", "invalid boolean";
    /// A date of a structured field is not a whole number of seconds.
    InvalidStructuredDate: "RFC 9651 4.2.9", "date of a structured field that is no whole number";
    /// A display string of a structured field has no end, or is not UTF-8 in percent-encoding with small letters.
    InvalidDisplayString: "RFC 9651 4.2.10", "invalid display string";
    /// The items of an inner list are not separated by spaces, or it has no end.
    InvalidInnerList: "RFC 9651 4.2.1.2", "inner list without a space or an end";
    /// Something other than a comma behind a member of a list or a dictionary.
    MissingComma: "RFC 9651 4.2.1", "member without a comma behind it";
    /// A comma at the end of a list or a dictionary.
    TrailingComma: "RFC 9651 4.2.1", "comma without a member behind it";
    /// Something behind a structured field that was complete.
    TrailingCharacters: "RFC 9651 4.2", "something behind the end of a structured field";

    /// A parameter without a name, an equals sign or a value.
    InvalidParameter: "RFC 9110 5.6.6", "parameter without a name, an equals sign or a value";
    /// More than 32 parameters.
    TooManyParameters: "RFC 9110 5.6.6", "more than 32 parameters";
    /// A quoted string has no end, or holds a control.
    InvalidQuotedString: "RFC 9110 5.6.4", "quoted string without an end, or with a control character";
    /// A media type without a type, a slash or a subtype.
    InvalidMediaType: "RFC 9110 8.3.1", "media type without a type, a slash or a subtype";
    /// A weight is not a number from 0 to 1 with three digits at most behind its full stop.
    InvalidWeight: "RFC 9110 12.4.2", "invalid weight";

    /// No authentication scheme.
    InvalidAuthScheme: "RFC 9110 11.1", "no authentication scheme";
    /// Behind an authentication scheme stands neither a token68 nor parameters.
    InvalidAuthParameter: "RFC 9110 11.2", "neither a token68 nor parameters of authentication";
    /// The authentication scheme is another one than asked for.
    OtherAuthScheme: "RFC 9110 11.4", "another authentication scheme";
    /// Text that is not base64 with its padding.
    InvalidBase64: "RFC 4648 4", "invalid base64";
    /// Credentials of Basic without a colon, or with a control character.
    InvalidBasicCredentials: "RFC 7617 2", "Basic credentials without a colon, or with a control character";

    /// No address, `unknown` or obfuscated identifier, or not between quotes where it must be.
    InvalidNode: "RFC 7239 6", "invalid identifier of a node";
    /// No network in the notation of address, slash and prefix length.
    InvalidNetwork: "RFC 4632 3.1", "invalid network";

    /// A cache directive without a name, or with an argument that is neither a token nor a quoted string.
    InvalidDirective: "RFC 9111 5.2", "invalid cache directive";

    /// No disposition type.
    InvalidDisposition: "RFC 6266 4.1", "no disposition type";
    /// An extended value is not a charset, a language and a percent-encoded text between apostrophes.
    InvalidExtendedValue: "RFC 8187 3.2.1", "invalid extended value";
    /// The charset of an extended value is not UTF-8.
    UnsupportedCharset: "RFC 8187 3.2.1", "charset other than UTF-8";

    /// A byte that a URI cannot have there.
    InvalidUriCharacter: "RFC 3986 2", "byte that cannot stand in this part of a URI";
    /// What stands before the first colon is no scheme, and cannot be a segment of a relative path, either.
    InvalidScheme: "RFC 3986 3.1", "invalid scheme";
    /// A host between brackets that is no IP address, or not followed by a port.
    InvalidIpLiteral: "RFC 3986 3.2.2", "invalid IP literal";
    /// A port that is no decimal number.
    InvalidPort: "RFC 3986 3.2.3", "invalid port";
    /// The base has no scheme, so nothing can be resolved against it.
    RelativeBase: "RFC 3986 5.1", "base URI without a scheme";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_says_what_is_wrong_and_where_that_is_written() {
        for (number, rule) in ValueRule::ALL.iter().enumerate() {
            let is_known = ["RFC ", "WHATWG "].iter().any(|source| rule.section().starts_with(source));
            assert!(is_known && !rule.text().ends_with('.'), "{rule}");
            assert!(ValueRule::ALL[number + 1..].iter().all(|other| other.text() != rule.text()), "{rule} twice");
        }
    }
}
