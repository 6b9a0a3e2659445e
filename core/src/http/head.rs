//! Request heads (RFC 9112 §2 to §7): one pass, which takes every decision that framing needs and leaves the field
//! lines validated where they came in.
//!
//! A head is judged line by line, and a line only once its end is there (or the limit is reached): so any cut of the
//! same bytes gives the same head, or the same error at the same byte. What was searched is not searched again, so
//! bytes that come one at a time cost linear time.

use super::error::Rule;
use super::fields::{self, Field, Fields, Flaw, Line};
use super::flags::Flags;
use super::start_line::{RequestLine, StartLine};
use super::{Limits, Method, Target, Version, target};
use crate::scan;

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

/// A head that is there up to the empty line at index `end`.
pub(crate) struct Lines<'b, S> {
    pub(crate) start: S,
    pub(crate) fields: Fields<'b>,
    pub(crate) end: usize,
}

/// Reads a head that may come in pieces. Its owner keeps it between two calls, and gives the same bytes again
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
        let Some(lines) = self.read_lines::<RequestLine<'_>>(limits, input)? else { return Ok(None) };
        let end = lines.end;
        let head = self.finish(limits, lines.start, lines.fields, end)?;
        Ok(Some((end.saturating_add(2), head)))
    }

    /// Reads on, up to the end of the head, which is not yet judged as a whole.
    #[inline]
    pub(crate) fn read_lines<'b, S: StartLine<'b>>(
        &mut self,
        limits: &Limits,
        input: &'b [u8],
    ) -> Result<Option<Lines<'b, S>>, Broken> {
        let mut section = Section::new(input, limits.head_bytes, S::TOO_LONG);
        let mut progress = self.progress;
        let mut start_line = None;
        if progress.line == 0 {
            if progress.still_waits(&section) {
                self.progress = progress;
                return Ok(None);
            }
            match S::read(section.bytes) {
                Ok(read) => start_line = Some(read),
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
        if let Some((line, _)) = &start_line {
            self.flags.set(line.flags());
        }
        let first = start_line.as_ref().map_or(0, |(_, length)| *length);
        let end =
            progress.read_fields(&section, first, |field, line| self.note::<S>(limits, section.bytes, line, field))?;
        self.progress = progress;
        let Some(end) = end else { return Ok(None) };
        let Some((start, first)) = start_line.or_else(|| S::read(section.bytes).ok()) else {
            return Err((S::TOO_LONG, 0));
        };
        Ok(Some(Lines { start, fields: section.lines(first, end), end }))
    }

    /// Takes from a field what framing needs. The names that matter are told apart by length and first letter first.
    #[inline]
    fn note<'b, S: StartLine<'b>>(
        &mut self,
        limits: &Limits,
        bytes: &[u8],
        line: usize,
        field: Field<'_>,
    ) -> Result<(), Broken> {
        if self.field_count >= limits.field_count {
            return Err((Rule::TooManyFields, line));
        }
        self.field_count = self.field_count.saturating_add(1);
        let noted = match (field.name.len(), field.name.first().map(u8::to_ascii_lowercase)) {
            (4, Some(b'h')) if S::IS_REQUEST && field.is("host") => self.note_host(field.value),
            (6, Some(b'e')) if S::IS_REQUEST && field.is("expect") => self.note_expect(field.value),
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
