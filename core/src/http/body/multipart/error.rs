//! Which rule a form breaks, and at which byte.

use core::fmt;

use crate::http::status::Status;
use crate::rules::rules;

/// Why a form was refused. An error poisons its [`Parser`](super::Parser): every later call returns the same one.
///
/// ```
/// use wirenut::http::Status;
/// use wirenut::http::multipart::{Error, Rule};
/// let error = Error { rule: Rule::MissingName, offset: 41 };
/// assert_eq!(error.rule.status(), Status::BAD_REQUEST);
/// assert_eq!(std::format!("{error}"), "part without a name at byte 41 (RFC 7578 4.2)");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Error {
    /// What was broken.
    pub rule: Rule,
    /// The byte that broke it, counted from the first byte of the content. Of a field whose value is wrong: the first
    /// byte of its line. Of a field that is missing: the first byte of the head. Of a form that ends too early: its
    /// length.
    pub offset: u64,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {} ({})", self.rule.text(), self.offset, self.rule.section())
    }
}

impl core::error::Error for Error {}

rules! {
    /// A rule that a form can break.
    Rule
    /// The status to answer with: 400, or 413 for what exceeds [`Limits`](super::Limits).
    status
    /// More than [`Limits::preamble_bytes`](super::Limits::preamble_bytes) before the first delimiter.
    PreambleTooLong: CONTENT_TOO_LARGE, "RFC 2046 5.1.1", "preamble too long";
    /// A boundary is followed by something other than padding and a line end, or `--`.
    InvalidDelimiter: BAD_REQUEST, "RFC 2046 5.1.1", "boundary without a line end behind it";
    /// A delimiter directly behind the empty line of a part's head, or behind the start of its content.
    DelimiterAtContentStart: BAD_REQUEST, "RFC 2046 5.1.1", "delimiter directly behind the head of a part";
    /// More than [`Limits::padding_bytes`](super::Limits::padding_bytes) behind a boundary.
    PaddingTooLong: CONTENT_TOO_LARGE, "RFC 2046 5.1.1", "padding behind a boundary too long";
    /// More than [`Limits::parts`](super::Limits::parts); the end of the delimiter line before the first one too many.
    TooManyParts: CONTENT_TOO_LARGE, "RFC 7578 4.3", "too many parts";
    /// The head of a part is longer than [`Limits::head_bytes`](super::Limits::head_bytes) or the store.
    HeadTooLarge: CONTENT_TOO_LARGE, "RFC 7578 4.8", "head of a part too large";
    /// A line feed without carriage return before it, in a delimiter or in a head.
    BareLineFeed: BAD_REQUEST, "RFC 2046 4.1.1", "line feed without carriage return";
    /// A carriage return without line feed, behind a boundary or in a head.
    BareCarriageReturn: BAD_REQUEST, "RFC 2046 4.1.1", "carriage return without line feed";
    /// A field name is empty or holds a byte that is not of a token.
    InvalidFieldName: BAD_REQUEST, "RFC 9110 5.1", "invalid field name in a part";
    /// A field line ends before its colon.
    MissingColon: BAD_REQUEST, "RFC 2045 3", "field line without colon in a part";
    /// White space between field name and colon.
    SpaceBeforeColon: BAD_REQUEST, "RFC 9112 5.1", "white space before the colon of a field line in a part";
    /// A line of a head begins with white space.
    ObsoleteLineFolding: BAD_REQUEST, "RFC 9112 5.2", "folded field line in a part";
    /// NUL or another control in a field value.
    InvalidFieldValue: BAD_REQUEST, "RFC 9110 5.5", "control character in a field value of a part";
    /// A part without a Content-Disposition field.
    MissingDisposition: BAD_REQUEST, "RFC 7578 4.2", "part without Content-Disposition";
    /// A second Content-Disposition or Content-Type field in one head.
    DuplicateField: BAD_REQUEST, "RFC 7578 4.2", "field twice in one part";
    /// A Content-Disposition that is not `form-data` with parameters.
    InvalidDisposition: BAD_REQUEST, "RFC 7578 4.2", "invalid Content-Disposition";
    /// A Content-Disposition without a `name` parameter.
    MissingName: BAD_REQUEST, "RFC 7578 4.2", "part without a name";
    /// `name` or `filename` twice in one Content-Disposition.
    DuplicateParameter: BAD_REQUEST, "RFC 7578 4.2", "parameter twice in a Content-Disposition";
    /// `filename*` (or `name*`), which forms must not use.
    ExtendedParameter: BAD_REQUEST, "RFC 7578 4.2", "extended parameter in a Content-Disposition";
    /// A Content-Transfer-Encoding other than `7bit`, `8bit` and `binary`.
    TransferEncoding: BAD_REQUEST, "RFC 7578 4.7", "encoded part";
    /// The content of a part is longer than [`Limits::part_bytes`](super::Limits::part_bytes).
    PartTooLarge: CONTENT_TOO_LARGE, "RFC 9110 15.5.14", "content of a part too large";
    /// The content ended before the closing delimiter.
    MissingCloseDelimiter: BAD_REQUEST, "RFC 2046 5.1.1", "form ends without its closing delimiter";
    /// More than [`Limits::epilogue_bytes`](super::Limits::epilogue_bytes) behind the closing delimiter.
    EpilogueTooLong: CONTENT_TOO_LARGE, "RFC 2046 5.1.1", "epilogue too long";
}
