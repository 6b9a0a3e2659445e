//! Reads a body that may come in pieces.

use super::super::chunked::{self, ChunkLine, ChunkPhase};
use super::super::interest::SectionKind;
use super::super::section::{Broken, LineProgress, Section, index};
use super::super::{Fields, Interest, Limits, Rule};
use crate::scan::{CR, LF};

/// What delimits what is received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Receiving {
    /// `remaining` bytes.
    Length,
    /// A chunk-size line.
    ChunkLine(ChunkPhase),
    /// The data of a chunk, `remaining` bytes.
    ChunkData,
    /// The carriage return behind the data.
    ChunkCarriageReturn,
    /// The line feed behind the data.
    ChunkLineFeed,
    /// The trailer section.
    Trailers,
    /// All until the peer ends its direction.
    UntilClose,
}

/// What was found.
pub(crate) enum Piece<'b> {
    /// Nothing more without more bytes.
    NeedMore,
    /// Content, never empty. It is consumed by [`BodyReader::take`].
    Data(&'b [u8]),
    /// The end, with the trailer fields.
    End(Fields<'b>),
}

/// Reads a body: a view of what a connection keeps about it, so that its fields can lie side by side with the others.
pub(crate) struct BodyReader<'c> {
    pub(crate) receiving: &'c mut Receiving,
    /// Bytes left of the body, or of the chunk; of trailers, how many were dropped.
    pub(crate) remaining: &'c mut u64,
    /// Bytes of content that were taken.
    pub(crate) received: &'c mut u64,
    /// Bytes of the message that were consumed.
    pub(crate) offset: &'c mut u64,
    /// In a trailer section; in a chunk-size line, `searched` counts its bytes.
    pub(crate) progress: &'c mut LineProgress,
}

impl BodyReader<'_> {
    /// Reads on. Returns how many bytes of framing were consumed, and what follows them. `has_ended`: nothing comes
    /// behind `input`.
    #[inline]
    pub(crate) fn read<'b>(
        &mut self,
        limits: &Limits,
        has_ended: bool,
        input: &'b [u8],
    ) -> Result<(usize, Piece<'b>), Broken> {
        let mut rest = input;
        loop {
            let used = input.len().saturating_sub(rest.len());
            match (*self.receiving, rest) {
                (Receiving::Length, _) if *self.remaining == 0 => return Ok((used, Piece::End(Fields::EMPTY))),
                (Receiving::Trailers, _) => return self.read_trailers(limits, used, rest),
                (Receiving::UntilClose, []) if has_ended => return Ok((used, Piece::End(Fields::EMPTY))),
                (_, []) => return Ok((used, Piece::NeedMore)),
                (Receiving::Length | Receiving::ChunkData, _) => {
                    let piece = usize::try_from(*self.remaining).ok().and_then(|most| rest.get(..most)).unwrap_or(rest);
                    return Ok((used, Piece::Data(piece)));
                }
                (Receiving::UntilClose, _) => return Ok((used, Piece::Data(rest))),
                (
                    Receiving::ChunkLine(_) | Receiving::ChunkCarriageReturn | Receiving::ChunkLineFeed,
                    [byte, after @ ..],
                ) => {
                    if let Some(data) = self.read_whole_framing(limits, rest) {
                        rest = data;
                        continue;
                    }
                    self.read_chunk_framing(limits, *byte).map_err(|rule| (rule, 0))?;
                    *self.offset = self.offset.saturating_add(1);
                    rest = after;
                }
            }
        }
    }

    /// `taken` bytes of the content that was found are consumed.
    #[inline]
    pub(crate) fn take(&mut self, taken: u64) {
        if *self.receiving != Receiving::UntilClose {
            *self.remaining = self.remaining.saturating_sub(taken);
        }
        *self.offset = self.offset.saturating_add(taken);
        *self.received = self.received.saturating_add(taken);
        if *self.receiving == Receiving::ChunkData && *self.remaining == 0 {
            *self.receiving = Receiving::ChunkCarriageReturn;
        }
    }

    /// Takes all that stands before the data of a chunk, if it is here, is right, and holds no extension; returns what
    /// is behind. Anything else is read byte by byte: that comes to the same, and finds the byte that is wrong.
    #[inline]
    fn read_whole_framing<'b>(&mut self, limits: &Limits, rest: &'b [u8]) -> Option<&'b [u8]> {
        let line = match (*self.receiving, rest) {
            (Receiving::ChunkCarriageReturn, [CR, LF, line @ ..]) => line,
            (Receiving::ChunkLine(ChunkPhase::Size), line) if self.progress.searched == 0 => line,
            _ => return None,
        };
        let (size, data) = chunked::whole_line(limits, line)?;
        self.received.checked_add(size).filter(|total| *total <= limits.body_bytes)?;
        self.begin_chunk(size);
        let used = rest.len().saturating_sub(data.len());
        *self.offset = self.offset.saturating_add(u64::try_from(used).unwrap_or(u64::MAX));
        Some(data)
    }

    /// A chunk-size line was read.
    fn begin_chunk(&mut self, size: u64) {
        *self.progress = LineProgress::default();
        *self.remaining = size;
        *self.receiving = if size == 0 { Receiving::Trailers } else { Receiving::ChunkData };
    }

    /// Takes one byte of what stands between the data of chunks.
    fn read_chunk_framing(&mut self, limits: &Limits, byte: u8) -> Result<(), Rule> {
        if let Receiving::ChunkLine(phase) = *self.receiving {
            return self.read_chunk_line(limits, phase, byte);
        }
        match (*self.receiving == Receiving::ChunkCarriageReturn, byte) {
            (true, CR) => *self.receiving = Receiving::ChunkLineFeed,
            (false, LF) => *self.receiving = Receiving::ChunkLine(ChunkPhase::Size),
            _ => return Err(Rule::MissingChunkEnd),
        }
        Ok(())
    }

    fn read_chunk_line(&mut self, limits: &Limits, phase: ChunkPhase, byte: u8) -> Result<(), Rule> {
        let mut line = ChunkLine { phase, size: *self.remaining, length: self.progress.searched };
        match line.advance(limits, byte) {
            Ok(false) => {
                *self.remaining = line.size;
                self.progress.searched = line.length;
                *self.receiving = Receiving::ChunkLine(line.phase);
                Ok(())
            }
            Ok(true) => {
                self.begin_chunk(line.size);
                match self.received.checked_add(line.size) {
                    Some(total) if total <= limits.body_bytes => Ok(()),
                    _ => Err(Rule::BodyTooLarge),
                }
            }
            Err((rule, was_before)) => {
                *self.offset = self.offset.saturating_sub(u64::from(was_before));
                Err(rule)
            }
        }
    }

    fn read_trailers<'b>(
        &mut self,
        limits: &Limits,
        used: usize,
        rest: &'b [u8],
    ) -> Result<(usize, Piece<'b>), Broken> {
        let dropped = u32::try_from(*self.remaining).unwrap_or(u32::MAX);
        let section = Section::trailers(limits, dropped, rest);
        if self.progress.still_waits(&section) {
            return Ok((used, Piece::NeedMore));
        }
        let start = self.progress.start();
        let read = self.progress.read_fields(section, start, |bytes, line| {
            let is_forbidden = line.field(bytes).is_some_and(|field| chunked::is_forbidden_trailer(field.name));
            if is_forbidden { Err((Rule::ForbiddenTrailer, line.start)) } else { Ok(()) }
        });
        // Nothing is told of a line of which something was dropped.
        let read = read.map_err(|(rule, at)| (rule, at.saturating_add(index(dropped))))?;
        Ok(match read {
            None => (used, Piece::NeedMore),
            Some(end) => {
                *self.remaining = 0;
                (used.saturating_add(end).saturating_add(2), Piece::End(section.lines(0, end)))
            }
        })
    }

    /// Makes room in a trailer section, of which `bytes` are there. Returns how many are left.
    pub(crate) fn compact(&mut self, interest: &'static Interest, bytes: &mut [u8]) -> Result<usize, Broken> {
        self.progress.compact(interest, SectionKind::Trailers, self.remaining, bytes)
    }
}
