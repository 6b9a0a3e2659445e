//! Request heads (RFC 9112 §2 to §7): one pass, which takes every decision that framing needs and leaves the field
//! lines validated where they came in.

use super::error::Rule;
use super::facts::Facts;
use super::fields::{FieldLine, Fields};
use super::flags::Flags;
use super::section::{Broken, LineProgress, Section, index};
use super::start_line::{RequestLine, StartLine};
use super::{Limits, Method, Target, TargetForm, Version};
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
                    let section = section.refused_as(S::too_long(section.bytes));
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
