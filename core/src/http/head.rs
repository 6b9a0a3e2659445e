//! Request heads (RFC 9112 §2 to §7): one pass, which takes every decision that framing needs and leaves the field
//! lines validated where they came in.
//!
//! A head is judged line by line, and a line only once its end is there (or the limit is reached): so any cut of the
//! same bytes gives the same head, or the same error at the same byte. What was searched is not searched again, so
//! bytes that come one at a time cost linear time.

use super::error::Rule;
use super::fields::{self, Field, FieldLine, Fields, Flaw};
use super::flags::Flags;
use super::interest::{self, Room, SectionKind};
use super::start_line::{RequestLine, StartLine};
use super::{Interest, Limits, Method, Target, TargetForm, Version, target};
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
    kind: SectionKind,
    interest: Option<&'static Interest>,
}

impl<'b> Section<'b> {
    fn head(limits: &Limits, limit: u32, input: &'b [u8]) -> Self {
        Self::new(input, limit, Rule::HeadTooLarge, SectionKind::Head, limits.interest)
    }

    /// A trailer section; `dropped` bytes of it are not there any more.
    pub(crate) fn trailers(limits: &Limits, dropped: u32, input: &'b [u8]) -> Self {
        let limit = limits.trailer_bytes.saturating_sub(dropped);
        Self::new(input, limit, Rule::TrailersTooLarge, SectionKind::Trailers, limits.interest)
    }

    fn new(
        input: &'b [u8],
        limit: u32,
        too_large: Rule,
        kind: SectionKind,
        interest: Option<&'static Interest>,
    ) -> Self {
        let limit = index(limit);
        let bytes = input.get(..limit).unwrap_or(input);
        Self { bytes, is_full: input.len() >= limit, too_large, kind, interest }
    }

    /// What is left for lines that are kept, from index `at` on.
    fn room(&self, at: usize) -> Option<Room> {
        Some(Room::at(self.interest?, self.kind, self.bytes, at))
    }

    /// The lines between two indexes.
    pub(crate) fn lines(&self, start: usize, end: usize) -> Fields<'b> {
        Fields::validated(self.bytes.get(start..end).unwrap_or(&[]), self.interest)
    }
}

impl LineProgress {
    /// Where reading goes on.
    pub(crate) fn start(self) -> usize {
        index(self.line)
    }

    /// Is it certain, without reading, that the pending line has no end yet?
    pub(crate) fn still_waits(&mut self, section: &Section<'_>) -> bool {
        let unsearched = section.bytes.get(index(self.searched)..).unwrap_or(&[]);
        let waits = self.searched > 0 && !section.is_full && scan::line_feed(unsearched).is_none();
        if waits {
            self.searched = count(section.bytes.len());
        }
        waits
    }

    /// Reads field lines from index `at` on, giving each to `note`. The index of the empty line that ends the section, or
    /// `None` where more bytes are needed.
    #[inline(always)]
    pub(crate) fn read_fields(
        &mut self,
        section: Section<'_>,
        mut at: usize,
        mut note: impl FnMut(&[u8], FieldLine) -> Result<(), Broken>,
    ) -> Result<Option<usize>, Broken> {
        let bytes = section.bytes;
        let mut ends = scan::LineEnds::new(bytes, at);
        let mut room = section.room(at);
        loop {
            if fields::is_line_end(bytes, at) {
                return Ok(Some(at));
            }
            let line = match FieldLine::between(bytes, at, ends.of(at)) {
                Some(line) => line,
                // It has rare characters, or it is none.
                None => match fields::line(bytes, at) {
                    Ok(Some(line)) => line,
                    Ok(None) => return Ok(Some(at)),
                    Err(flaw) => return self.stop(section, room.as_ref(), at, flaw),
                },
            };
            if let Some(room) = &mut room {
                room.take(bytes, line)?;
            }
            note(bytes, line)?;
            at = line.end();
        }
    }

    /// Makes room in a head; see [`Self::compact`].
    pub(crate) fn compact_head(
        &mut self,
        interest: &'static Interest,
        dropped: &mut u64,
        bytes: &mut [u8],
    ) -> Result<usize, Broken> {
        // The first line is never dropped, nor judged before its end.
        if self.line == 0 { Ok(bytes.len()) } else { self.compact(interest, SectionKind::Head, dropped, bytes) }
    }

    /// Makes room in a section, and counts what is dropped; see [`interest::compact`]. Of what is wrong with it, the
    /// distance to its beginning is told, not the index.
    pub(crate) fn compact(
        &mut self,
        interest: &'static Interest,
        kind: SectionKind,
        dropped: &mut u64,
        bytes: &mut [u8],
    ) -> Result<usize, Broken> {
        let before = usize::try_from(*dropped).unwrap_or(usize::MAX);
        let (line, length) = interest::compact(interest, kind, bytes, self.start())
            .map_err(|(rule, at)| (rule, at.saturating_add(before)))?;
        (self.line, self.searched) = (count(line), count(length));
        let gone = u64::try_from(bytes.len().saturating_sub(length)).unwrap_or(u64::MAX);
        *dropped = dropped.saturating_add(gone);
        Ok(length)
    }

    /// A line could not be read. It is judged if its end is there or never will be; otherwise more is needed.
    #[cold]
    #[inline(never)]
    fn stop<T>(
        &mut self,
        section: Section<'_>,
        room: Option<&Room>,
        line: usize,
        flaw: Flaw,
    ) -> Result<Option<T>, Broken> {
        let at = flaw.at;
        let has_end = section.bytes.get(at..).is_some_and(|rest| scan::line_feed(rest).is_some());
        if (has_end || section.is_full)
            && let Some(overflow) = room.and_then(|room| room.overflow(section.bytes, line))
            && overflow <= at
        {
            return Err((Rule::FieldTooLarge, overflow));
        }
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

/// Reads a head that may come in pieces. Its owner keeps it between two calls, and gives the same bytes again
/// with more behind them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadReader {
    pub(crate) facts: Facts,
    pub(crate) progress: LineProgress,
    pub(crate) field_count: u8,
    /// Bytes of it that are not there any more.
    pub(crate) dropped: u32,
}

/// What a head has said about its framing so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    pub(crate) content_length: u64,
    pub(crate) flags: Flags,
}

/// A whole head, which is not yet judged as a whole.
#[derive(Clone, Copy)]
pub(crate) struct HeadLines<'b, S> {
    pub(crate) start: S,
    pub(crate) fields: Fields<'b>,
    /// Where the empty line begins.
    pub(crate) end: usize,
}

impl<S> HeadLines<'_, S> {
    /// The length of the head.
    pub(crate) fn length(&self) -> usize {
        self.end.wrapping_add(2)
    }
}

impl HeadReader {
    /// Reads on. `None`: more bytes are needed.
    #[inline(always)]
    pub(crate) fn read<'b, S: StartLine>(
        &mut self,
        limits: &Limits,
        input: &'b [u8],
    ) -> Result<Option<HeadLines<'b, S>>, Broken> {
        let limit = limits.head_bytes.saturating_sub(self.dropped);
        let mut section = Section::head(limits, limit, input);
        if self.progress.line == 0 {
            let limit = limits.interest.map_or(limit, |interest| limit.min(interest.bytes));
            section = Section::head(limits, limit, input);
        }
        if self.progress.still_waits(&section) {
            return Ok(None);
        }
        let mut start = S::UNREAD;
        let mut at = self.progress.start();
        let is_cut = at > 0;
        if !is_cut {
            start = match S::read(section.bytes) {
                Ok(line) => line,
                Err(flaw) => {
                    let section = Section { too_large: S::too_long(section.bytes), ..section };
                    return self.progress.stop(section, None, 0, flaw);
                }
            };
            if start.version() == Version::Http10 {
                self.facts.flags.set(Flags::HTTP10);
            }
            at = start.end();
            section = Section::head(limits, limit, input);
        }
        let Self { facts, progress, field_count, .. } = self;
        let mut count = *field_count;
        let end = progress.read_fields(section, at, |bytes, line| {
            if count >= limits.field_count {
                return Err((Rule::TooManyFields, line.value_end));
            }
            count = count.wrapping_add(1);
            if is_perhaps_framing(bytes, line) { facts.note::<S>(bytes, line) } else { Ok(()) }
        })?;
        *field_count = count;
        let Some(end) = end else { return Ok(None) };
        if is_cut {
            start = read_again(section.bytes)?;
        }
        Ok(Some(HeadLines { start, fields: section.lines(start.end(), end), end }))
    }
}

impl HeadReader {
    /// How far from the beginning of the head the byte at index `at` of `bytes` came.
    #[cold]
    pub(crate) fn distance(&self, at: usize, bytes: &[u8]) -> usize {
        // Nothing of the first line is ever dropped.
        let is_in_first_line = scan::line_feed(bytes).is_none_or(|line_feed| at <= line_feed);
        if is_in_first_line { at } else { at.saturating_add(index(self.dropped)) }
    }
}

/// The start line of a head that came in pieces: it was judged with the first of them.
#[cold]
#[inline(never)]
fn read_again<S: StartLine>(bytes: &[u8]) -> Result<S, Broken> {
    S::read(bytes).map_err(|_| (S::too_long(bytes), 0))
}

/// Could this be one of the six fields that framing needs? By the length of its name, each has one first letter.
#[inline(always)]
fn is_perhaps_framing(bytes: &[u8], line: FieldLine) -> bool {
    const FIRST_LETTERS: &[u8; 32] = b"....h.eu..c...c..t..............";
    // A longer name may find the letter of a shorter one: that costs a second look, no more.
    let length = line.colon.wrapping_sub(line.start) & 31;
    let first = bytes.get(line.start).map_or(0, |first| first | 0x20);
    FIRST_LETTERS.get(length) == Some(&first)
}

impl Facts {
    /// Takes from a field what framing needs.
    #[inline(never)]
    fn note<S: StartLine>(&mut self, bytes: &[u8], line: FieldLine) -> Result<(), Broken> {
        let Some(Field { name, value }) = line.field(bytes) else { return Err((Rule::InvalidFieldName, line.start)) };
        let at = offset_of(value, bytes);
        // What a 2xx to CONNECT says of a length means nothing (RFC 9110 §9.3.6).
        let is_tunnel = !S::IS_REQUEST && self.flags.has(Flags::CONNECT);
        let noted = match name.len() {
            4 if S::IS_REQUEST && is_lower(name, b"host") => self.note_host(bytes, at, at.wrapping_add(value.len())),
            6 if S::IS_REQUEST && is_lower(name, b"expect") => self.note_expect(value),
            7 if is_lower(name, b"upgrade") => {
                self.flags.set(Flags::UPGRADE_FIELD);
                Ok(())
            }
            10 if is_lower(name, b"connection") => {
                self.note_connection(value);
                Ok(())
            }
            14 if !is_tunnel && is_lower(name, b"content-length") => self.note_content_length(value),
            17 if !is_tunnel && name.eq_ignore_ascii_case(b"transfer-encoding") => self.note_transfer_encoding(value),
            _ => Ok(()),
        };
        noted.map_err(|rule| (rule, at))
    }

    /// The value lies between `start` and `end`.
    fn note_host(&mut self, bytes: &[u8], start: usize, end: usize) -> Result<(), Rule> {
        if self.flags.has(Flags::HOST) {
            return Err(Rule::DuplicateHost);
        }
        self.flags.set(Flags::HOST);
        if target::is_host_field(bytes, start, end) { Ok(()) } else { Err(Rule::InvalidHost) }
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
        if is_lower(value, b"keep-alive") {
            self.flags.set(Flags::KEEP_ALIVE);
            return;
        }
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

    /// All lines of a request's head have come: what can only be judged now.
    #[inline(always)]
    pub(crate) fn judge<'b>(
        &mut self,
        limits: &Limits,
        bytes: &'b [u8],
        lines: &HeadLines<'b, RequestLine>,
    ) -> Result<Head<'b>, Broken> {
        let HeadLines { start: request, fields, end } = *lines;
        let broken = |rule| Err((rule, end));
        let method = request.method(bytes);
        if method == Method::Head {
            self.flags.set(Flags::HEAD);
        } else if method == Method::Connect {
            self.flags.set(Flags::CONNECT);
        }
        let target_start = request.target_start();
        let target = bytes.get(target_start..request.target_end).ok_or(Rule::InvalidTarget);
        let target = target.and_then(|raw| Target::parse(method, raw)).map_err(|rule| (rule, target_start))?;
        if !self.flags.has(Flags::HOST) && request.version == Version::Http11 {
            return broken(Rule::MissingHost);
        }
        if target.form() != TargetForm::Origin && fields.get("host").is_some_and(|host| !target.agrees_with(host)) {
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
        Ok(Head { method, target, version: request.version, fields, body })
    }
}

/// Is this, without regard to case, `lower`, of 4 to 16 bytes? For what holds no control: for those the digits and signs
/// would match.
#[inline(always)]
fn is_lower(bytes: &[u8], lower: &[u8]) -> bool {
    bytes.len() == lower.len() && lower_ends(bytes) == lower_ends(lower)
}

/// The first and the last bytes in lower case, as two words that may overlap: all of 4 to 16 bytes.
#[inline(always)]
fn lower_ends(bytes: &[u8]) -> Option<(u64, u64)> {
    let word = |half: &[u8; 8]| u64::from_le_bytes(*half) | 0x2020_2020_2020_2020;
    let half = |quarter: &[u8; 4]| u64::from(u32::from_le_bytes(*quarter) | 0x2020_2020);
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => Some((word(first), word(last))),
        _ => Some((half(bytes.first_chunk()?), half(bytes.last_chunk()?))),
    }
}

/// The members of a comma-separated list (RFC 9110 §5.6.1). Empty ones are given out too.
fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(scan::trim)
}

/// Where in `bytes` their part `part` begins.
fn offset_of(part: &[u8], bytes: &[u8]) -> usize {
    part.as_ptr().addr().saturating_sub(bytes.as_ptr().addr())
}

pub(crate) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn count(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn words_compare_names_as_the_plain_loop_does() {
        for lower in ["host", "close", "expect", "upgrade", "connection", "content-length", "sixteen-bytes-it"] {
            let lower = lower.as_bytes();
            assert!(is_lower(lower, lower) && is_lower(&lower.to_ascii_uppercase(), lower), "{}", lower.escape_ascii());
            assert!(!is_lower(&lower[1..], lower) && !is_lower(&[lower, b"x"].concat(), lower));
            for place in 0..lower.len() {
                for byte in b' '..=u8::MAX {
                    let mut name = lower.to_vec();
                    name[place] = byte;
                    let expected = name.eq_ignore_ascii_case(lower);
                    assert_eq!(is_lower(&name, lower), expected, "{}", name.escape_ascii());
                }
            }
        }
    }
}
