//! Request heads (RFC 9112 §2 to §7): one pass, which takes every decision that framing needs and leaves the field
//! lines validated where they came in.
//!
//! A head is judged line by line, and a line only once its end is there (or the limit is reached): so any cut of the
//! same bytes gives the same head, or the same error at the same byte. What was searched is not searched again, so
//! bytes that come one at a time cost linear time.

use super::error::Rule;
use super::fields::{self, Field, Fields, Flaw, Line};
use super::flags::Flags;
use super::{Limits, Method, Target, Version, target};
use crate::scan::{self, SP};

/// A request's head. Borrows from the bytes that were received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Head<'b> {
    /// The method.
    pub method: Method<'b>,
    /// What the request is for.
    pub target: Target<'b>,
    /// The version.
    pub version: Version,
    /// The field lines.
    pub fields: Fields<'b>,
    /// What follows the head.
    pub body: BodyFraming,
}

/// How a message's body is delimited (RFC 9112 §6.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BodyFraming {
    /// So many bytes; zero where there is no body.
    Length(u64),
    /// By the chunked transfer coding.
    Chunked,
}

impl BodyFraming {
    /// The length, if it is known before the end.
    #[must_use]
    pub const fn length(self) -> Option<u64> {
        match self {
            Self::Length(length) => Some(length),
            Self::Chunked => None,
        }
    }
}

/// A broken rule and the index of the byte that broke it.
pub(crate) type Broken = (Rule, usize);

/// How far a section of lines was read that may come in pieces: a head, or a trailer section.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LineProgress {
    /// Where the first line begins that is not judged yet.
    pub(crate) line: u32,
    /// Up to where no end of that line was found.
    pub(crate) searched: u32,
}

/// The bytes of a section that are there: all, or as many as the limit allows.
#[derive(Clone, Copy)]
pub(crate) struct Section<'b> {
    bytes: &'b [u8],
    is_full: bool,
    too_large: Rule,
}

impl<'b> Section<'b> {
    pub(crate) fn new(input: &'b [u8], limit: u32, too_large: Rule) -> Self {
        let limit = index(limit);
        Self { bytes: input.get(..limit).unwrap_or(input), is_full: input.len() >= limit, too_large }
    }

    /// The lines between two indexes.
    pub(crate) fn lines(&self, start: usize, end: usize) -> Fields<'b> {
        Fields::validated(self.bytes.get(start..end).unwrap_or(&[]))
    }
}

impl LineProgress {
    /// Is it certain, without reading, that the pending line has no end yet?
    fn still_waits(&mut self, section: &Section<'_>) -> bool {
        let unsearched = section.bytes.get(index(self.searched)..).unwrap_or(&[]);
        let waits = self.searched > 0 && !section.is_full && scan::line_feed(unsearched).is_none();
        if waits {
            self.searched = count(section.bytes.len());
        }
        waits
    }

    /// Reads field lines from index `at` on, giving each with the index of its line to `note`. The index of the empty
    /// line that ends the section, or `None` where more bytes are needed.
    #[inline]
    pub(crate) fn read_fields<'b>(
        &mut self,
        section: &Section<'b>,
        start: usize,
        mut note: impl FnMut(Field<'b>, usize) -> Result<(), Broken>,
    ) -> Result<Option<usize>, Broken> {
        if self.still_waits(section) {
            return Ok(None);
        }
        let mut at = start.max(index(self.line));
        loop {
            match fields::line(section.bytes.get(at..).unwrap_or(&[])) {
                Ok(Line::Field { field, length }) => {
                    note(field, at)?;
                    at = at.saturating_add(length);
                }
                Ok(Line::Empty) => return Ok(Some(at)),
                Err(flaw) => return self.stop(section, at, flaw),
            }
        }
    }

    /// A line could not be read. It is judged if its end is there or never will be; otherwise more is needed.
    #[cold]
    #[inline(never)]
    fn stop<T>(&mut self, section: &Section<'_>, line: usize, flaw: Flaw) -> Result<Option<T>, Broken> {
        let at = line.saturating_add(flaw.at);
        let has_end = section.bytes.get(at..).is_some_and(|rest| scan::line_feed(rest).is_some());
        match flaw.rule {
            Some(rule) if has_end || section.is_full => Err((rule, at)),
            None if section.is_full => Err((section.too_large, section.bytes.len())),
            _ => {
                self.line = count(line);
                self.searched = count(section.bytes.len());
                Ok(None)
            }
        }
    }
}

/// Reads a request head that may come in pieces. Its owner keeps it between two calls, and gives the same bytes again
/// with more behind them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadReader {
    pub(crate) content_length: u64,
    pub(crate) progress: LineProgress,
    pub(crate) flags: Flags,
    pub(crate) field_count: u8,
}

impl HeadReader {
    /// Reads on. `None`: more bytes are needed. Otherwise the head and its length.
    pub(crate) fn read<'b>(&mut self, limits: &Limits, input: &'b [u8]) -> Result<Option<(usize, Head<'b>)>, Broken> {
        let mut section = Section::new(input, limits.head_bytes, Rule::RequestLineTooLong);
        let mut progress = self.progress;
        let mut request = None;
        if progress.line == 0 {
            if progress.still_waits(&section) {
                self.progress = progress;
                return Ok(None);
            }
            match request_line(section.bytes) {
                Ok(read) => request = Some(read),
                Err(flaw) => {
                    let stopped = progress.stop(&section, 0, flaw);
                    self.progress = progress;
                    return stopped;
                }
            }
            // A line feed was found, so what was searched before says nothing about the next line.
            progress.searched = 0;
        }
        section.too_large = Rule::HeadTooLarge;
        if let Some((line, _)) = &request {
            self.flags.set(line.flags());
        }
        let start = request.as_ref().map_or(0, |(_, length)| *length);
        let end = progress.read_fields(&section, start, |field, line| self.note(limits, section.bytes, line, field))?;
        self.progress = progress;
        let Some(end) = end else { return Ok(None) };
        let Some((request, start)) = request.or_else(|| request_line(section.bytes).ok()) else {
            return Err((Rule::InvalidMethod, 0));
        };
        let head = self.finish(limits, request, section.lines(start, end), end)?;
        Ok(Some((end.saturating_add(2), head)))
    }

    /// Takes from a field what framing needs. The names that matter are told apart by length and first letter first.
    #[inline]
    fn note(&mut self, limits: &Limits, bytes: &[u8], line: usize, field: Field<'_>) -> Result<(), Broken> {
        if self.field_count >= limits.field_count {
            return Err((Rule::TooManyFields, line));
        }
        self.field_count = self.field_count.saturating_add(1);
        let noted = match (field.name.len(), field.name.first().map(u8::to_ascii_lowercase)) {
            (4, Some(b'h')) if field.is("host") => self.note_host(field.value),
            (6, Some(b'e')) if field.is("expect") => self.note_expect(field.value),
            (7, Some(b'u')) if field.is("upgrade") => {
                self.flags.set(Flags::UPGRADE_FIELD);
                return Ok(());
            }
            (10, Some(b'c')) if field.is("connection") => {
                self.note_connection(field.value);
                return Ok(());
            }
            (14, Some(b'c')) if field.is("content-length") => self.note_content_length(field.value),
            (17, Some(b't')) if field.is("transfer-encoding") => self.note_transfer_encoding(field.value),
            _ => return Ok(()),
        };
        noted.map_err(|rule| (rule, offset_of(field.value, bytes)))
    }

    fn note_host(&mut self, value: &[u8]) -> Result<(), Rule> {
        if self.flags.has(Flags::HOST) {
            return Err(Rule::DuplicateHost);
        }
        self.flags.set(Flags::HOST);
        if target::is_host_field(value) { Ok(()) } else { Err(Rule::InvalidHost) }
    }

    fn note_expect(&mut self, value: &[u8]) -> Result<(), Rule> {
        // An HTTP/1.0 client cannot expect (RFC 9110 §10.1.1); what it says is ignored.
        if self.flags.has(Flags::HTTP10) {
            return Ok(());
        }
        if !value.eq_ignore_ascii_case(b"100-continue") {
            return Err(Rule::UnknownExpectation);
        }
        self.flags.set(Flags::EXPECT_CONTINUE);
        Ok(())
    }

    fn note_connection(&mut self, value: &[u8]) {
        for option in list(value) {
            match option.len() {
                5 if option.eq_ignore_ascii_case(b"close") => self.flags.set(Flags::CLOSE),
                7 if option.eq_ignore_ascii_case(b"upgrade") => self.flags.set(Flags::UPGRADE_OPTION),
                10 if option.eq_ignore_ascii_case(b"keep-alive") => self.flags.set(Flags::KEEP_ALIVE),
                _ => {}
            }
        }
    }

    fn note_content_length(&mut self, value: &[u8]) -> Result<(), Rule> {
        if self.flags.has(Flags::CONTENT_LENGTH) {
            return Err(Rule::DuplicateContentLength);
        }
        if self.flags.has(Flags::TRANSFER_ENCODING) {
            return Err(Rule::ContentLengthWithTransferEncoding);
        }
        self.flags.set(Flags::CONTENT_LENGTH);
        self.content_length = scan::decimal(value).ok_or(Rule::InvalidContentLength)?;
        Ok(())
    }

    fn note_transfer_encoding(&mut self, value: &[u8]) -> Result<(), Rule> {
        if self.flags.has(Flags::HTTP10) {
            return Err(Rule::TransferEncodingInHttp10);
        }
        if self.flags.has(Flags::CONTENT_LENGTH) {
            return Err(Rule::ContentLengthWithTransferEncoding);
        }
        self.flags.set(Flags::TRANSFER_ENCODING);
        for coding in list(value) {
            // Nothing may follow `chunked`, and it may not be there twice (RFC 9112 §6.1).
            if self.flags.has(Flags::CHUNKED) {
                return Err(Rule::ChunkedNotFinal);
            }
            let name = coding.split(|&byte| byte == b';').next().map_or(coding, scan::trim);
            if !scan::is_token(name) {
                return Err(Rule::InvalidTransferEncoding);
            }
            if coding.eq_ignore_ascii_case(b"chunked") {
                self.flags.set(Flags::CHUNKED);
            } else {
                self.flags.set(Flags::OTHER_CODING);
            }
        }
        Ok(())
    }

    /// The empty line at index `end` has come: what can only be judged now.
    fn finish<'b>(
        &self,
        limits: &Limits,
        request: RequestLine<'b>,
        fields: Fields<'b>,
        end: usize,
    ) -> Result<Head<'b>, Broken> {
        let broken = |rule| Err((rule, end));
        let RequestLine { method, target, target_start, version } = request;
        let target = Target::parse(method, target).map_err(|rule| (rule, target_start))?;
        if !self.flags.has(Flags::HOST) && version == Version::Http11 {
            return broken(Rule::MissingHost);
        }
        if target.authority.is_some() && fields.get("host").is_some_and(|host| !target.agrees_with(host)) {
            return Err((Rule::MismatchedTarget, target_start));
        }
        let body = if !self.flags.has(Flags::TRANSFER_ENCODING) {
            BodyFraming::Length(self.content_length)
        } else if !self.flags.has(Flags::CHUNKED) {
            return broken(Rule::ChunkedNotFinal);
        } else if self.flags.has(Flags::OTHER_CODING) {
            return broken(Rule::UnknownTransferCoding);
        } else {
            BodyFraming::Chunked
        };
        if body.length().is_some_and(|length| length > limits.body_bytes) {
            return broken(Rule::BodyTooLarge);
        }
        Ok(Head { method, target, version, fields, body })
    }
}

/// The parts of a request line, not yet judged together.
#[derive(Clone, Copy)]
struct RequestLine<'b> {
    method: Method<'b>,
    target: &'b [u8],
    target_start: usize,
    version: Version,
}

impl RequestLine<'_> {
    fn flags(&self) -> Flags {
        let mut flags = Flags::NONE;
        if self.method == Method::Head {
            flags.set(Flags::HEAD);
        }
        if self.method == Method::Connect {
            flags.set(Flags::CONNECT);
        }
        if self.version == Version::Http10 { flags.with(Flags::HTTP10) } else { flags }
    }
}

/// ```text
/// request-line = method SP request-target SP HTTP-version CRLF
/// ```
#[inline]
fn request_line(bytes: &[u8]) -> Result<(RequestLine<'_>, usize), Flaw> {
    let method_end = match bytes {
        [b'G', b'E', b'T', SP, ..] => 3,
        [b'P', b'O', b'S', b'T', SP, ..] => 4,
        _ => scan::token_end(bytes),
    };
    let (method, rest) = bytes.split_at_checked(method_end).unwrap_or((bytes, &[]));
    let rest = match rest {
        [SP, rest @ ..] if method_end > 0 => rest,
        [] => return Err(Flaw::ended(method_end)),
        _ => return Err(Flaw::broken(Rule::InvalidMethod, method_end)),
    };
    let target_start = method_end.saturating_add(1);
    let target_length = scan::target_end(rest);
    let target_end = target_start.saturating_add(target_length);
    let (target, rest) = rest.split_at_checked(target_length).unwrap_or((rest, &[]));
    let rest = match rest {
        [SP, rest @ ..] if target_length > 0 => rest,
        [] => return Err(Flaw::ended(target_end)),
        _ => return Err(Flaw::broken(Rule::InvalidTarget, target_end)),
    };
    let version_start = target_end.saturating_add(1);
    let (version, rest) = version(rest, version_start)?;
    let end = version_start.saturating_add(8);
    fields::line_end(rest, end, Rule::InvalidVersion)?;
    let line = RequestLine { method: Method::from_token(method), target, target_start, version };
    Ok((line, end.saturating_add(2)))
}

/// `HTTP-version`, which begins at index `at` of the head.
#[inline]
fn version(bytes: &[u8], at: usize) -> Result<(Version, &[u8]), Flaw> {
    match bytes {
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1', rest @ ..] => Ok((Version::Http11, rest)),
        [b'H', b'T', b'T', b'P', b'/', major @ b'0'..=b'9', b'.', minor @ b'0'..=b'9', rest @ ..] => {
            match (major, minor) {
                (b'1', b'0') => Ok((Version::Http10, rest)),
                (b'1', _) => Ok((Version::Http11, rest)),
                _ => Err(Flaw::broken(Rule::UnsupportedVersion, at.saturating_add(5))),
            }
        }
        _ => {
            // The longest prefix that could become a version, so that a cut one is waited for.
            let fits = |(byte, pattern): &(&u8, &u8)| match **pattern {
                b'#' => byte.is_ascii_digit(),
                literal => **byte == literal,
            };
            let good = bytes.iter().zip(b"HTTP/#.#").take_while(fits).count();
            let at = at.saturating_add(good);
            Err(if good == bytes.len() { Flaw::ended(at) } else { Flaw::broken(Rule::InvalidVersion, at) })
        }
    }
}

/// The members of a comma-separated list (RFC 9110 §5.6.1). Empty ones are given out too.
fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(scan::trim)
}

/// Where in `bytes` their part `part` begins.
pub(crate) fn offset_of(part: &[u8], bytes: &[u8]) -> usize {
    part.as_ptr().addr().saturating_sub(bytes.as_ptr().addr())
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn count(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
