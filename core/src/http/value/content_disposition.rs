//! The Content-Disposition field (RFC 6266), with extended parameters (RFC 8187), read and written.

use super::media_type::add_parameter;
use super::parameter_value::{check_quotable, check_token, put_quoted};
use super::parameters::Parameters;
use super::scanner::Scanner;
use crate::http::value::error::{ValueError, ValueRule};
use crate::http::value::output::Output;
use crate::http::value::percent::PercentEncoded;
use crate::http::value::percent_encode::{EncodeSet, PercentEncode};

/// How content is to be presented, and under which name it may be kept.
///
/// ```
/// use wirenut::http::{ContentDisposition, safe_file_name};
/// let value = b"attachment; filename=\"EURO rates\"; filename*=utf-8''%e2%82%ac%20rates";
/// let disposition = ContentDisposition::parse(value)?;
/// let mut room = [0; 64];
/// let name = disposition.file_name(&mut room)?.and_then(safe_file_name);
/// assert!(disposition.is_attachment() && name == Some("€ rates"));
/// # Ok::<(), wirenut::http::ValueError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ContentDisposition<'b> {
    disposition_type: &'b str,
    parameters: Parameters<'b>,
}

impl<'b> ContentDisposition<'b> {
    /// Reads the value of a Content-Disposition field. One that does not parse is ignored (RFC 6266 §4.1).
    ///
    /// # Errors
    /// [`ValueRule::InvalidDisposition`]: no type. [`ValueRule::InvalidParameter`], [`ValueRule::InvalidQuotedString`];
    /// [`ValueRule::DuplicateName`]: a parameter comes twice (RFC 6266 §4.1). [`ValueRule::TooManyParameters`]: more than
    /// 32. [`ValueRule::UnexpectedByte`]: something behind it. Each with the offset in `value`.
    pub fn parse(value: &'b [u8]) -> Result<Self, ValueError> {
        let mut scanner = Scanner::new(value);
        scanner.skip_blanks();
        let disposition_type = scanner.token(ValueRule::InvalidDisposition)?;
        let parameters = Parameters::read(&mut scanner)?;
        scanner.end()?;
        Ok(Self { disposition_type, parameters })
    }

    /// The type as it came; case means nothing.
    #[must_use]
    pub const fn disposition_type(&self) -> &'b str {
        self.disposition_type
    }

    /// Shall it be kept, and not shown? So is every type but `inline` (RFC 6266 §4.2).
    #[must_use]
    pub const fn is_attachment(&self) -> bool {
        !self.disposition_type.eq_ignore_ascii_case("inline")
    }

    /// All parameters, as they came.
    #[must_use]
    pub const fn parameters(&self) -> Parameters<'b> {
        self.parameters
    }

    /// The name of the file: of `filename*` if there is one that can be decoded, otherwise of `filename` (RFC 6266 §4.3).
    /// It is laid into `room` unless it stands in the value as it is. On failure the content of `room` is undefined.
    ///
    /// The name is whatever the sender likes: use it only as [`safe_file_name`] gives it.
    ///
    /// # Errors
    /// Of `filename`, and without it of `filename*`: [`ValueRule::InvalidUtf8`]; [`ValueRule::BufferTooShort`];
    /// [`ValueRule::InvalidExtendedValue`]; [`ValueRule::UnsupportedCharset`]: another than UTF-8;
    /// [`ValueRule::InvalidPercentEncoding`]. Each with the offset in that parameter's value.
    pub fn file_name<'r>(&self, room: &'r mut [u8]) -> Result<Option<&'r str>, ValueError>
    where
        'b: 'r,
    {
        let extended = self.parameters.get("filename*").map(|value| match value.is_quoted() {
            true => Err(ValueError::new(ValueRule::InvalidExtendedValue, 0)),
            false => extended_value(value.as_raw()),
        });
        match (extended, self.parameters.get("filename")) {
            (Some(Ok(text)), None) => text.decode(room).map(Some),
            (Some(Err(error)), None) => Err(error),
            (Some(Ok(text)), Some(_)) if text.decode(room).is_ok() => text.decode(room).map(Some),
            (_, Some(plain)) => plain.unescape_str(room).map(Some),
            (None, None) => Ok(None),
        }
    }
}

/// The text of an extended value, and where it begins in it.
#[derive(Clone, Copy)]
struct ExtendedText<'b> {
    encoded: &'b [u8],
    start: usize,
}

impl<'b> ExtendedText<'b> {
    fn decode<'r>(self, room: &'r mut [u8]) -> Result<&'r str, ValueError>
    where
        'b: 'r,
    {
        PercentEncoded::new(self.encoded).decode_str(room).map_err(|error| error.behind(self.start))
    }
}

/// Takes `charset "'" [ language ] "'" value-chars` apart (RFC 8187 §3.2.1).
fn extended_value(value: &[u8]) -> Result<ExtendedText<'_>, ValueError> {
    let mut scanner = Scanner::new(value);
    let charset = scanner.take_while(|byte| byte != b'\'');
    let mut is_whole = scanner.takes(b'\'');
    scanner.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_whole &= scanner.takes(b'\'');
    if !is_whole {
        return Err(scanner.error(ValueRule::InvalidExtendedValue));
    }
    if !charset.eq_ignore_ascii_case(b"utf-8") {
        return Err(ValueError::new(ValueRule::UnsupportedCharset, 0));
    }
    let (encoded, start) = (scanner.rest(), scanner.offset());
    scanner.take_while(|byte| byte == b'%' || EXTENDED.keeps(byte));
    if scanner.is_at_end() {
        Ok(ExtendedText { encoded, start })
    } else {
        Err(scanner.error(ValueRule::InvalidExtendedValue))
    }
}

/// `attr-char` of RFC 8187 §3.2.1.
const EXTENDED: EncodeSet = EncodeSet::UNRESERVED.with(b"!#$&+^`|");

/// What is left of a name that somebody else has given, so that it names a file in a folder and nothing else: what stands
/// behind the last `/` or `\`. `None` if that is empty, `.` or `..`, or holds a control character, or one that turns the
/// direction in which text is read.
///
/// Names that a system keeps for devices, and the endings that make programs of files, are still the caller's affair
/// (RFC 6266 §4.3).
///
/// ```
/// use wirenut::http::safe_file_name;
/// assert_eq!(safe_file_name("../../etc/passwd"), Some("passwd"));
/// assert_eq!(safe_file_name("C:\\temp\\a.txt"), Some("a.txt"));
/// assert_eq!(safe_file_name("a/.."), None);
/// assert_eq!(safe_file_name("a\0.txt"), None);
/// ```
#[must_use]
pub fn safe_file_name(name: &str) -> Option<&str> {
    let name = name.rsplit(['/', '\\']).next()?;
    let is_dangerous = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let is_safe = !matches!(name, "" | "." | "..") && !name.chars().any(is_dangerous);
    is_safe.then_some(name)
}

/// Writes a Content-Disposition into a buffer that is given.
///
/// ```
/// use wirenut::http::{ContentDispositionWriter, Field};
/// let mut room = [0; 96];
/// let mut disposition = ContentDispositionWriter::new(&mut room, "attachment")?;
/// disposition.file_name("naïve.txt")?;
/// let field = Field::from_bytes("Content-Disposition", disposition.finish());
/// assert_eq!(field.value, b"attachment; filename=\"na_ve.txt\"; filename*=UTF-8''na%C3%AFve.txt");
/// # Ok::<(), wirenut::http::ValueError>(())
/// ```
#[derive(Debug)]
pub struct ContentDispositionWriter<'o>(Output<'o>);

impl<'o> ContentDispositionWriter<'o> {
    /// Writes the type to the beginning of `out`: `attachment`, `inline` or `form-data`.
    ///
    /// # Errors
    /// [`ValueRule::InvalidDisposition`], with the offset in `disposition_type`; [`ValueRule::BufferTooShort`], with the
    /// length of `out`.
    pub fn new(out: &'o mut [u8], disposition_type: &str) -> Result<Self, ValueError> {
        check_token(disposition_type, ValueRule::InvalidDisposition)?;
        let mut output = Output::new(out);
        output.add(|writer| writer.put(disposition_type.as_bytes()))?;
        Ok(Self(output))
    }

    /// Adds the name of a file, whole or not at all. Where old recipients would read it otherwise (it is not ASCII, or has
    /// `%`, `"` or `\`), it comes in both forms: as `filename` with `_` in these places, and as `filename*`
    /// (RFC 6266 §4.3, appendix D).
    ///
    /// # Errors
    /// [`ValueRule::InvalidQuotedString`]: a control, with its offset in `name`. [`ValueRule::BufferTooShort`], with the
    /// length of `out`.
    pub fn file_name(&mut self, name: &str) -> Result<&mut Self, ValueError> {
        check_quotable(name.as_bytes())?;
        let start = self.0.length();
        self.add_file_name(name).inspect_err(|_| self.0.shorten(start))?;
        Ok(self)
    }

    fn add_file_name(&mut self, name: &str) -> Result<(), ValueError> {
        let is_plain = |letter: char| letter.is_ascii() && !matches!(letter, '%' | '"' | '\\');
        if name.chars().all(is_plain) {
            return self.0.add(|writer| {
                writer.put(b"; filename=");
                put_quoted(writer, name.as_bytes());
            });
        }
        self.0.add(|writer| {
            writer.put(b"; filename=\"");
            for letter in name.chars() {
                let byte = u8::try_from(letter).ok().filter(|_| is_plain(letter));
                writer.put(&[byte.unwrap_or(b'_')]);
            }
            writer.put(b"\"; filename*=UTF-8''");
        })?;
        self.0.fill(|room| PercentEncode::new(name.as_bytes(), &EXTENDED).fill(room))
    }

    /// Adds another parameter, whole or not at all, quoted where it must be. Whether the name comes twice is the caller's
    /// affair.
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

#[cfg(test)]
mod tests {
    use super::*;
    use ValueRule::*;

    /// The name, or the rule and where it was broken.
    type Name<'c> = Result<Option<&'c str>, (ValueRule, usize)>;

    #[test]
    fn names_of_files() {
        let cases: [(&str, Name<'_>); 22] = [
            ("attachment", Ok(None)),
            ("Attachment; filename=example.html", Ok(Some("example.html"))),
            ("INLINE; FILENAME= \"an example.html\"", Err((InvalidParameter, 17))),
            ("INLINE; FILENAME=\"an example.html\"", Ok(Some("an example.html"))),
            ("attachment; filename*= UTF-8''%e2%82%ac%20rates", Err((InvalidParameter, 22))),
            ("attachment; filename*=UTF-8''%e2%82%ac%20rates", Ok(Some("€ rates"))),
            ("attachment; filename=\"EURO rates\"; filename*=utf-8'en'%e2%82%ac", Ok(Some("€"))),
            ("attachment; filename*=UTF-8''b; filename=a", Ok(Some("b"))),
            ("attachment; filename=\"\\\"a\\\\\"", Ok(Some("\"a\\"))),
            ("attachment; filename=\"ä\"", Ok(Some("ä"))),
            // What cannot be decoded is ignored where there is the plain one.
            ("attachment; filename=a; filename*=iso-8859-1''%A3", Ok(Some("a"))),
            ("attachment; filename=a; filename*=UTF-8''%A3", Ok(Some("a"))),
            ("attachment; filename=a; filename*=UTF-8''%zz", Ok(Some("a"))),
            ("attachment; filename=a; filename*=\"UTF-8''b\"", Ok(Some("a"))),
            ("attachment; filename*=iso-8859-1''%A3", Err((UnsupportedCharset, 0))),
            ("attachment; filename*=UTF-8''a%A3", Err((InvalidUtf8, 8))),
            ("attachment; filename*=UTF-8''%zz", Err((InvalidPercentEncoding, 7))),
            ("attachment; filename*=UTF-8'a", Err((InvalidExtendedValue, 7))),
            ("attachment; filename*=UTF-8''a'b", Err((InvalidExtendedValue, 8))),
            ("attachment; filename=a; filename=b", Err((DuplicateName, 24))),
            ("; filename=a", Err((InvalidDisposition, 0))),
            ("attachment; filename=a b", Err((UnexpectedByte, 23))),
        ];
        for (value, expected) in cases {
            let mut room = [0; 32];
            let read = ContentDisposition::parse(value.as_bytes());
            let name = read.and_then(|disposition| disposition.file_name(&mut room));
            assert_eq!(name.map_err(|error| (error.rule, error.offset)), expected, "{value}");
        }
        let short = ContentDisposition::parse(b"x; filename*=UTF-8''%41b").unwrap();
        assert_eq!(short.file_name(&mut [0]).unwrap_err().rule, BufferTooShort);
        assert!(short.is_attachment() && !ContentDisposition::parse(b"Inline").unwrap().is_attachment());
    }

    #[test]
    fn names_that_are_safe() {
        for (name, expected) in [
            ("a.txt", Some("a.txt")),
            (".profile", Some(".profile")),
            ("a b", Some("a b")),
            ("/", None),
            ("", None),
            (".", None),
            ("a\\..", None),
            ("a/b\\c", Some("c")),
            ("a\nb", None),
            ("a\u{85}", None),
            ("txt.\u{202e}exe", None),
            ("日本.txt", Some("日本.txt")),
        ] {
            assert_eq!(safe_file_name(name), expected, "{name:?}");
        }
    }

    #[test]
    fn what_is_written() {
        for (name, expected) in [
            ("a.txt", "x; filename=\"a.txt\""),
            ("a b;c", "x; filename=\"a b;c\""),
            ("", "x; filename=\"\""),
            ("50%", "x; filename=\"50_\"; filename*=UTF-8''50%25"),
            ("a\"b", "x; filename=\"a_b\"; filename*=UTF-8''a%22b"),
            ("€ ä", "x; filename=\"_ _\"; filename*=UTF-8''%E2%82%AC%20%C3%A4"),
        ] {
            let mut room = [0; 64];
            let mut writer = ContentDispositionWriter::new(&mut room, "x").unwrap();
            writer.file_name(name).unwrap();
            assert_eq!(str::from_utf8(writer.finish()), Ok(expected));
        }
        let mut room = [0; 16];
        assert_eq!(ContentDispositionWriter::new(&mut room, "").unwrap_err(), ValueError::new(InvalidDisposition, 0));
        let mut writer = ContentDispositionWriter::new(&mut room, "x").unwrap();
        assert_eq!(writer.file_name("a\r\n").unwrap_err(), ValueError::new(InvalidQuotedString, 1));
        assert_eq!(writer.file_name("abc").unwrap_err(), ValueError::new(BufferTooShort, 16));
        assert_eq!(writer.parameter("name", "a bcdef").unwrap_err().rule, BufferTooShort);
        writer.parameter("name", "abc").unwrap();
        assert_eq!(writer.finish(), b"x; name=abc");
    }
}
