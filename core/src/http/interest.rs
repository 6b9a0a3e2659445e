//! Which fields somebody will ask for: so that a head may be larger than the buffer that it is received in.

use core::ops::Range;

use super::chunked;
use super::error::Rule;
use super::fields::{self, FieldLine};
use super::section::Broken;
use crate::scan;

/// The fields of a head, or of a trailer section, that are kept; all others are validated, counted and dropped.
///
/// Named in [`Limits::interest`](super::Limits::interest), it shows the same fields, and refuses the same messages at
/// the same byte, whether the receive buffer holds a whole head or only [`Self::buffer_bytes`]. In the small one, the
/// caller has [`ServerConnection::compact`](super::ServerConnection::compact) make room whenever it is full; in the
/// large one nothing is moved or copied.
///
/// Kept beside those that are named: Connection, Content-Length, Expect, Host, Transfer-Encoding and Upgrade, which
/// the connection itself needs.
///
/// ```
/// use wirenut::http::{Context, Event, Interest, Limits, ServerConnection};
/// # use wirenut::time::Instant;
/// const LIMITS: Limits = Limits { interest: Some(&Interest { names: &["Accept"], bytes: 100 }), ..Limits::DEFAULT };
/// # let cx = Context { now: Instant::START, limits: &LIMITS, date: None };
/// let mut connection = ServerConnection::new(&cx);
/// let head = b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n";
/// let Ok((_, Event::Head(head))) = connection.receive(&cx, head) else { panic!() };
/// assert_eq!((head.fields.get("accept"), head.fields.get("user-agent")), (Some(&b"*/*"[..]), None));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Interest {
    /// The names, without regard to case.
    pub names: &'static [&'static str],
    /// Bytes of the first line and of the lines that are kept, line ends included. A longer request line is answered
    /// 414 (in its method 501), more in kept fields 431.
    pub bytes: u32,
}

impl Interest {
    /// The fields that the connection itself needs.
    const OF_CONNECTION: [&'static str; 6] =
        ["Host", "Connection", "Content-Length", "Transfer-Encoding", "Expect", "Upgrade"];

    /// What a buffer holds beside kept lines and a name: a colon, a line end that is half there, and room to go on, so
    /// that a long head is not moved for every byte.
    const SPARE_BYTES: usize = 38;

    /// The smallest receive buffer, in bytes.
    ///
    /// ```
    /// use wirenut::http::Interest;
    /// assert_eq!(Interest { names: &["Accept", "Content-Type"], bytes: 198 }.buffer_bytes(), 256);
    /// ```
    #[must_use]
    pub const fn buffer_bytes(&self) -> usize {
        #[expect(clippy::as_conversions, reason = "there is no const conversion; a buffer is not larger than memory")]
        let bytes = self.bytes as usize;
        bytes.saturating_add(self.telling_bytes()).saturating_add(Self::SPARE_BYTES)
    }

    /// After so many bytes a name is certainly not one of those that are kept, nor one that no trailer field may have.
    const fn telling_bytes(&self) -> usize {
        let mut longest = chunked::LONGEST_FORBIDDEN_TRAILER;
        let mut names = self.names;
        while let [name, rest @ ..] = names {
            if name.len() > longest {
                longest = name.len();
            }
            names = rest;
        }
        longest.saturating_add(1)
    }

    /// Is this one of those that are kept?
    pub(crate) fn keeps(&self, name: &[u8]) -> bool {
        let is_name = |kept: &&str| kept.as_bytes().eq_ignore_ascii_case(name);
        Self::OF_CONNECTION.iter().any(is_name) || self.names.iter().any(is_name)
    }
}

/// What is made of lines.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SectionKind {
    /// A head: its first line is not a field line, and always kept.
    Head,
    /// A trailer section.
    Trailers,
}

/// What is left of [`Interest::bytes`] at some line of a section.
pub(crate) struct Room {
    interest: &'static Interest,
    kind: SectionKind,
    left: usize,
}

impl Room {
    /// The room in front of the line at index `end` of `bytes`; those before it were judged.
    #[cold]
    #[inline(never)]
    pub(crate) fn at(interest: &'static Interest, kind: SectionKind, bytes: &[u8], end: usize) -> Self {
        let first = first_field_line(kind, bytes);
        let left = usize::try_from(interest.bytes).unwrap_or(usize::MAX).saturating_sub(first);
        let mut room = Self { interest, kind, left };
        let mut at = first;
        while at < end
            && let Ok(Some(line)) = fields::line(bytes, at)
        {
            // It was judged before, when it did fit.
            let _ = room.take(bytes, line);
            at = line.end();
        }
        room
    }

    /// A whole line was read.
    #[cold]
    #[inline(never)]
    pub(crate) fn take(&mut self, bytes: &[u8], line: FieldLine) -> Result<(), Broken> {
        if self.keeps(bytes, line.start, line.colon) {
            let length = line.end().wrapping_sub(line.start);
            self.left =
                self.left.checked_sub(length).ok_or((Rule::FieldTooLarge, line.start.wrapping_add(self.left)))?;
        }
        Ok(())
    }

    /// The index of the first byte for which there is no room, if the unfinished line at index `start` is one that is
    /// kept, and that byte is there.
    pub(crate) fn overflow(&self, bytes: &[u8], start: usize) -> Option<usize> {
        let colon = scan::token_end(bytes, start);
        let overflow = start.saturating_add(self.left);
        let is_kept = bytes.get(colon) == Some(&b':') && self.keeps(bytes, start, colon);
        (is_kept && overflow < bytes.len()).then_some(overflow)
    }

    fn keeps(&self, bytes: &[u8], start: usize, colon: usize) -> bool {
        let name = bytes.get(start..colon).unwrap_or(&[]);
        // A forbidden one is kept so that it can be refused at its first byte.
        self.interest.keeps(name) || (self.kind == SectionKind::Trailers && chunked::is_forbidden_trailer(name))
    }

    /// What must be kept of the unfinished line at index `start`, the last of `bytes`.
    ///
    /// What is wrong with it is told now, for its end might never fit.
    fn parts(&self, bytes: &[u8], start: usize) -> Result<[Range<usize>; 3], Broken> {
        let flaw = match fields::line(bytes, start) {
            // It is finished, and was not looked at.
            Ok(_) => return Ok([start..bytes.len(), 0..0, 0..0]),
            Err(flaw) => flaw,
        };
        let overflow = self.overflow(bytes, start);
        if let Some(overflow) = overflow.filter(|&overflow| overflow <= flaw.at) {
            return Err((Rule::FieldTooLarge, overflow));
        }
        if let Some(rule) = flaw.rule {
            return Err((rule, flaw.at));
        }
        let colon = scan::token_end(bytes, start);
        let has_colon = bytes.get(colon) == Some(&b':');
        if has_colon && self.keeps(bytes, start, colon) {
            return Ok([start..bytes.len(), 0..0, 0..0]);
        }
        // A part of a name tells that it is not kept, and a colon that it is one. Behind the value a carriage return may
        // wait for its line feed.
        let name_end = colon.min(start.saturating_add(self.interest.telling_bytes()));
        let value_start = if has_colon { colon.wrapping_add(1) } else { colon };
        Ok([start..name_end, colon..value_start, flaw.at..bytes.len()])
    }
}

/// Moves to the front of `bytes` what is kept of them: of the judged lines before index `pending` those that the interest
/// names, and of the unfinished line there what is needed to go on with it. Returns where that line begins now, and
/// how many bytes are left of all.
pub(crate) fn compact(
    interest: &'static Interest,
    kind: SectionKind,
    bytes: &mut [u8],
    pending: usize,
) -> Result<(usize, usize), Broken> {
    let room = Room::at(interest, kind, bytes, pending);
    let parts = room.parts(bytes, pending)?;
    let mut at = first_field_line(kind, bytes);
    let mut end = at;
    let mut keep = |bytes: &mut [u8], part: Range<usize>| {
        let length = part.len();
        bytes.copy_within(part, end);
        end = end.wrapping_add(length);
        end
    };
    let mut new_pending = at;
    while at < pending
        && let Ok(Some(line)) = fields::line(bytes, at)
    {
        if room.keeps(bytes, at, line.colon) {
            new_pending = keep(bytes, at..line.end());
        }
        at = line.end();
    }
    for part in parts {
        keep(bytes, part);
    }
    Ok((new_pending, end))
}

/// Where field lines begin.
fn first_field_line(kind: SectionKind, bytes: &[u8]) -> usize {
    match kind {
        SectionKind::Head => scan::line_feed(bytes).map_or(0, |line_feed| line_feed.wrapping_add(1)),
        SectionKind::Trailers => 0,
    }
}
