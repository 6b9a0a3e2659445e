//! Sections of lines that may come in pieces: heads and trailers.
//!
//! A section is judged line by line, and a line only once its end is there (or the limit is reached): so any cut of the
//! same bytes gives the same lines, or the same error at the same byte. What was searched is not searched again, so
//! bytes that come one at a time cost linear time.

use super::error::Rule;
use super::fields::{self, FieldLine, Fields, Flaw};
use super::interest::{self, Room, SectionKind};
use super::{Interest, Limits};
use crate::scan;

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
    pub(crate) bytes: &'b [u8],
    is_full: bool,
    too_large: Rule,
    kind: SectionKind,
    interest: Option<&'static Interest>,
}

impl<'b> Section<'b> {
    pub(crate) fn head(limits: &Limits, limit: u32, input: &'b [u8]) -> Self {
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

    /// The same, where it is refused by another rule if it is too large.
    pub(crate) fn refused_as(self, too_large: Rule) -> Self {
        Self { too_large, ..self }
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
    pub(crate) fn stop<T>(
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

pub(crate) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn count(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
