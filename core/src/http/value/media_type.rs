//! Media types (RFC 9110 §8.3.1), read and written.

use super::parameter_value::{self, ParameterValue, check_quotable, check_token};
use super::parameters::{Parameter, Parameters};
use super::scanner::Scanner;
use crate::http::value::error::{ValueError, ValueRule};
use crate::http::value::output::Output;

/// A type, a subtype, and parameters, where they came in.
///
/// Two are equal if types, subtypes and the names of parameters are, in any case, and the values of parameters are, quoted
/// or not, in any order; of the charset's value, case means nothing, either.
///
/// ```
/// use wirenut::http::MediaType;
/// let media_type = MediaType::parse(b"Text/HTML;Charset=\"utf-8\"")?;
/// assert!(media_type.is("text/html"));
/// assert!(media_type.charset().is_some_and(|charset| charset.is_ignoring_case("UTF-8")));
/// assert_eq!(media_type, MediaType::parse(b"text/html; charset=UTF-8")?);
/// # Ok::<(), wirenut::http::ValueError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MediaType<'b> {
    top_level_type: &'b str,
    subtype: &'b str,
    parameters: Parameters<'b>,
}

impl<'b> MediaType<'b> {
    /// Reads the value of a Content-Type field, or one of the ranges of Accept, in which `*` is a token like others.
    ///
    /// A Content-Type that does not parse says nothing about the content: the recipient may look at it, or take it for
    /// `application/octet-stream` (RFC 9110 §8.3), or answer 415 (§15.5.16).
    ///
    /// # Errors
    /// [`ValueRule::InvalidMediaType`]: no type, slash or subtype. [`ValueRule::InvalidParameter`]: one without `=` or
    /// without a value. [`ValueRule::InvalidQuotedString`]. [`ValueRule::DuplicateName`]: a parameter comes twice, which
    /// RFC 6838 §4.3 forbids. [`ValueRule::TooManyParameters`]: more than 32. [`ValueRule::UnexpectedByte`]: something
    /// behind it. Each with the offset in `value`.
    pub fn parse(value: &'b [u8]) -> Result<Self, ValueError> {
        let mut scanner = Scanner::new(value);
        scanner.skip_blanks();
        let top_level_type = scanner.token(ValueRule::InvalidMediaType)?;
        if !scanner.takes(b'/') {
            return Err(scanner.error(ValueRule::InvalidMediaType));
        }
        let subtype = scanner.token(ValueRule::InvalidMediaType)?;
        let parameters = Parameters::read(&mut scanner)?;
        scanner.end()?;
        Ok(Self { top_level_type, subtype, parameters })
    }

    /// What stands before the slash: `text` of `text/html`.
    #[must_use]
    pub const fn top_level_type(&self) -> &'b str {
        self.top_level_type
    }

    /// What stands behind the slash: `html` of `text/html`.
    #[must_use]
    pub const fn subtype(&self) -> &'b str {
        self.subtype
    }

    /// The structured syntax suffix (RFC 6838 §4.2.8): `json` of `application/problem+json`.
    #[must_use]
    pub fn suffix(&self) -> Option<&'b str> {
        self.subtype.rsplit_once('+').map(|(_, suffix)| suffix)
    }

    /// Is it this type and subtype, whatever its parameters? `name` is written with the slash, in any case.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        name.split_once('/').is_some_and(|(top_level_type, subtype)| {
            self.top_level_type.eq_ignore_ascii_case(top_level_type) && self.subtype.eq_ignore_ascii_case(subtype)
        })
    }

    /// All parameters.
    #[must_use]
    pub const fn parameters(&self) -> Parameters<'b> {
        self.parameters
    }

    /// The charset (RFC 9110 §8.3.2), of which case means nothing.
    #[must_use]
    pub fn charset(&self) -> Option<ParameterValue<'b>> {
        self.parameters.get("charset")
    }

    /// The boundary of a multipart type (RFC 2046 §5.1.1).
    #[must_use]
    pub fn boundary(&self) -> Option<ParameterValue<'b>> {
        self.parameters.get("boundary")
    }

    /// Does it have this parameter with this value? Of a charset, case means nothing.
    pub(super) fn has_parameter(&self, wanted: Parameter<'_>) -> bool {
        let is_charset = wanted.name.eq_ignore_ascii_case("charset");
        self.parameters.get(wanted.name).is_some_and(|value| match is_charset {
            true => value.equals_ignoring_case(wanted.value),
            false => value == wanted.value,
        })
    }
}

impl PartialEq for MediaType<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.top_level_type.eq_ignore_ascii_case(other.top_level_type)
            && self.subtype.eq_ignore_ascii_case(other.subtype)
            && self.parameters.into_iter().count() == other.parameters.into_iter().count()
            && self.parameters.into_iter().all(|parameter| other.has_parameter(parameter))
    }
}

impl Eq for MediaType<'_> {}

/// Writes a media type into a buffer that is given.
///
/// ```
/// use wirenut::http::{Field, MediaTypeWriter};
/// let mut room = [0; 64];
/// let mut media_type = MediaTypeWriter::new(&mut room, "multipart/form-data")?;
/// media_type.parameter("boundary", "a b")?;
/// let field = Field::from_bytes("Content-Type", media_type.finish());
/// assert_eq!(field.value, b"multipart/form-data; boundary=\"a b\"");
/// # Ok::<(), wirenut::http::ValueError>(())
/// ```
#[derive(Debug)]
pub struct MediaTypeWriter<'o>(Output<'o>);

impl<'o> MediaTypeWriter<'o> {
    /// Writes type, slash and subtype to the beginning of `out`.
    ///
    /// # Errors
    /// [`ValueRule::InvalidMediaType`], with the offset in `name`; [`ValueRule::BufferTooShort`], with the length of
    /// `out`.
    pub fn new(out: &'o mut [u8], name: &str) -> Result<Self, ValueError> {
        let mut scanner = Scanner::new(name.as_bytes());
        scanner.token(ValueRule::InvalidMediaType)?;
        let has_slash = scanner.takes(b'/');
        let has_subtype = has_slash && scanner.token(ValueRule::InvalidMediaType).is_ok();
        if !has_subtype || !scanner.is_at_end() {
            return Err(scanner.error(ValueRule::InvalidMediaType));
        }
        let mut output = Output::new(out);
        output.add(|writer| writer.put(name.as_bytes()))?;
        Ok(Self(output))
    }

    /// Adds a parameter, whole or not at all: what was written before stays. The value is quoted where it must be. Whether
    /// the name comes twice is the caller's affair.
    ///
    /// # Errors
    /// [`ValueRule::InvalidParameter`]: the name is no token. [`ValueRule::InvalidQuotedString`]: a control in the value.
    /// Each with the offset in its part. [`ValueRule::BufferTooShort`], with the length of `out`.
    pub fn parameter(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<&mut Self, ValueError> {
        add_parameter(&mut self.0, name, value.as_ref())?;
        Ok(self)
    }

    /// What was written.
    #[must_use]
    pub fn finish(self) -> &'o [u8] {
        self.0.finish()
    }
}

/// Adds `; name=value`.
pub(super) fn add_parameter(output: &mut Output<'_>, name: &str, value: &[u8]) -> Result<(), ValueError> {
    check_token(name, ValueRule::InvalidParameter)?;
    check_quotable(value)?;
    output.add(|writer| {
        writer.put_pair(*b"; ");
        writer.put(name.as_bytes());
        writer.put(b"=");
        parameter_value::put(writer, value);
    })
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use ValueRule::*;

    /// Type and parameters, or the rule and where it was broken.
    type Read<'c> = Result<&'c str, (ValueRule, usize)>;

    #[test]
    fn media_types_in_all_their_spellings() {
        let cases: [(&str, Read<'_>); 28] = [
            ("text/html", Ok("text/html")),
            ("text/html;", Ok("text/html")),
            ("text/html ;\t; a=b;", Ok("text/html|a=b")),
            (" text/html ; charset=utf-8 ", Ok("text/html|charset=utf-8")),
            ("Text/HTML;Charset=\"utf-8\"", Ok("Text/HTML|Charset=utf-8")),
            ("a/b;c=\"\\\\\\\"\\a;,\"", Ok("a/b|c=\\\"a;,")),
            ("a/b;c=\"\"", Ok("a/b|c=")),
            ("a/b+c+d", Ok("a/b+c+d")),
            ("*/*", Ok("*/*")),
            ("", Err((InvalidMediaType, 0))),
            ("text", Err((InvalidMediaType, 4))),
            ("/html", Err((InvalidMediaType, 0))),
            ("text/", Err((InvalidMediaType, 5))),
            ("text /html", Err((InvalidMediaType, 4))),
            ("text/ html", Err((InvalidMediaType, 5))),
            ("text/html charset=a", Err((UnexpectedByte, 10))),
            ("text/html, text/plain", Err((UnexpectedByte, 9))),
            ("text/html/x", Err((UnexpectedByte, 9))),
            ("a/b;c", Err((InvalidParameter, 5))),
            ("a/b;c=", Err((InvalidParameter, 6))),
            ("a/b;c =d", Err((InvalidParameter, 5))),
            ("a/b;c= d", Err((InvalidParameter, 6))),
            ("a/b;=d", Err((UnexpectedByte, 4))),
            ("a/b;c=\"d", Err((InvalidQuotedString, 8))),
            ("a/b;c=\"d\\", Err((InvalidQuotedString, 9))),
            ("a/b;c=\"\u{1}\"", Err((InvalidQuotedString, 7))),
            ("a/b;c=d;x=y;C=e", Err((DuplicateName, 12))),
            ("a/b;c=\"d\"e", Err((UnexpectedByte, 9))),
        ];
        for (value, expected) in cases {
            let read = MediaType::parse(value.as_bytes()).map(|read| {
                let parameters = read.parameters().into_iter().map(|parameter| {
                    let value: alloc::vec::Vec<u8> = parameter.value.bytes().collect();
                    alloc::format!("|{}={}", parameter.name, alloc::string::String::from_utf8(value).unwrap())
                });
                let parameters: alloc::string::String = parameters.collect();
                alloc::format!("{}/{}{parameters}", read.top_level_type(), read.subtype())
            });
            assert_eq!(read.as_deref().map_err(|error| (error.rule, error.offset)), expected, "{value}");
        }
    }

    #[test]
    fn as_many_parameters_as_are_allowed() {
        let value = |count| -> alloc::string::String {
            let parameters: alloc::string::String = (0..count).map(|number| alloc::format!(";p{number}=1")).collect();
            alloc::format!("a/b{parameters}")
        };
        assert!(MediaType::parse(value(32).as_bytes()).is_ok());
        let error = MediaType::parse(value(33).as_bytes()).unwrap_err();
        assert_eq!(error.rule, TooManyParameters);
    }

    #[test]
    fn equal_are_those_that_mean_the_same() {
        for (one, other, expected) in [
            ("text/html;charset=utf-8", "Text/HTML;Charset=\"utf-8\"", true),
            ("text/html;charset=utf-8", "text/html; charset=\"UTF-8\"", true),
            ("text/html;charset=utf-8", "text/html", false),
            ("text/html", "text/plain", false),
            ("a/b;c=d;e=f", "a/b;E=f;C=d", true),
            ("a/b;c=d", "a/b;c=D", false),
            ("a/b;c=d", "a/b;e=d", false),
        ] {
            let [one, other] = [one, other].map(|text| MediaType::parse(text.as_bytes()).unwrap());
            assert_eq!((one == other, other == one), (expected, expected), "{one:?} {other:?}");
        }
    }

    #[test]
    fn suffixes() {
        for (value, expected) in [("image/svg+xml", Some("xml")), ("a/b+c+d", Some("d")), ("a/b", None)] {
            assert_eq!(MediaType::parse(value.as_bytes()).unwrap().suffix(), expected);
        }
    }

    #[test]
    fn what_cannot_be_written() {
        let mut room = [0; 12];
        for (name, offset) in [("text", 4), ("text/", 5), ("te xt/a", 2), ("text/a;b", 6), ("", 0)] {
            let error = MediaTypeWriter::new(&mut room, name).unwrap_err();
            assert_eq!((error.rule, error.offset), (InvalidMediaType, offset), "{name}");
        }
        let mut writer = MediaTypeWriter::new(&mut room, "a/b").unwrap();
        assert_eq!(writer.parameter("c d", "").unwrap_err(), ValueError::new(InvalidParameter, 1));
        assert_eq!(writer.parameter("c", "d\n").unwrap_err(), ValueError::new(InvalidQuotedString, 1));
        assert_eq!(writer.parameter("c", "0123456").unwrap_err(), ValueError::new(BufferTooShort, 12));
        assert_eq!(writer.parameter("c", "").unwrap().parameter("d", "").unwrap_err().rule, BufferTooShort);
        assert_eq!(writer.finish(), b"a/b; c=\"\"");
    }
}
