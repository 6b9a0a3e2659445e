//! The bytes of one direction, put in order.

use crate::bytes::copy;
use crate::tcp::SequenceNumber;

/// How many runs of bytes behind gaps are kept.
const RUNS: usize = 8;

/// Puts the bytes of one direction of a connection in order, in a buffer of the caller's.
///
/// What comes in order is given back as it is. What comes ahead of a gap is kept in the buffer, as far as there is room,
/// and given out when the gap is filled; or when the caller gives the gap up, because the bytes were not captured. What
/// the buffer does not need for that holds the last bytes that were given out: so bytes that come again are compared,
/// and a [conflict](Received::has_conflict) is found as far back as it reaches.
///
/// ```
/// use wirenut::tcp::SequenceNumber;
/// use wirenut::tcp::tracker::Stream;
/// let mut stream = Stream::new([0; 64], SequenceNumber::new(1_000));
/// assert_eq!(stream.receive(SequenceNumber::new(1_000), b"GET /").bytes, b"GET /");
/// // Ahead of a gap:
/// assert_eq!(stream.receive(SequenceNumber::new(1_010), b"1.1\r\n").bytes, b"");
/// assert_eq!((stream.gap(), stream.buffered()), (Some(5), &b""[..]));
/// // What fills it brings out what was kept.
/// assert_eq!(stream.receive(SequenceNumber::new(1_005), b" HTTP").bytes, b" HTTP");
/// assert_eq!(stream.buffered(), b"1.1\r\n");
/// stream.consume(5);
/// assert_eq!(stream.next(), SequenceNumber::new(1_015));
/// // The same bytes again, and others in their place.
/// assert!(!stream.receive(SequenceNumber::new(1_000), b"GET /").has_conflict);
/// assert!(stream.receive(SequenceNumber::new(1_000), b"PUT /").has_conflict);
/// ```
#[derive(Clone, Debug)]
pub struct Stream<B> {
    buffer: B,
    /// The first byte that was not given out yet.
    next: SequenceNumber,
    /// Where in the buffer that byte belongs.
    at: usize,
    /// How many bytes before it the buffer still holds.
    behind: usize,
    /// What is kept, in order, each with a gap before it; the first may begin at `next`. As distances from `next`.
    runs: [Run; RUNS],
}

/// From one byte to before another. An empty one is no run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Run {
    start: usize,
    end: usize,
}

/// What came of some bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Received<'s> {
    /// Those of them that come next, in order. [`Stream::buffered`] may have more behind them.
    pub bytes: &'s [u8],
    /// Others came before in the place of some of them: the one who reads and the one who watches may see different
    /// streams. The bytes that came first count.
    pub has_conflict: bool,
    /// How many of them had no room, and are lost: too far ahead, or behind too many gaps.
    pub lost: usize,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Stream<B> {
    /// Nothing has come; the first byte will have this number. The buffer's length bounds how far bytes may come ahead.
    #[must_use]
    pub const fn new(buffer: B, first: SequenceNumber) -> Self {
        Self { buffer, next: first, at: 0, behind: 0, runs: [Run { start: 0, end: 0 }; RUNS] }
    }

    /// These bytes were captured. While [`Self::buffered`] has some, take them first.
    pub fn receive<'s>(&mut self, start: SequenceNumber, bytes: &'s [u8]) -> Received<'s> {
        let (old, new) = match start.distance(self.next) {
            0.. => (0, bytes),
            before => {
                let count = usize::try_from(before.unsigned_abs()).unwrap_or(usize::MAX).min(bytes.len());
                let (old, new) = bytes.split_at_checked(count).unwrap_or((bytes, &[]));
                (old.len(), new)
            }
        };
        let old = bytes.get(..old).unwrap_or(&[]);
        let mut has_conflict = self.differs_behind(start, old);
        let place = usize::try_from(start.distance(self.next).max(0)).unwrap_or(usize::MAX);
        has_conflict |= self.differs_ahead(place, new);
        if place == 0 && self.runs.first().is_none_or(|run| run.start > 0 || run.end == 0) {
            let length = self.runs.first().filter(|run| run.end > 0).map_or(new.len(), |run| run.start.min(new.len()));
            let (given, rest) = new.split_at_checked(length).unwrap_or((new, &[]));
            self.remember(given);
            self.advance(given.len());
            // What lies behind the next run, which is taken from the buffer.
            let lost = self.keep(0, rest);
            return Received { bytes: given, has_conflict, lost };
        }
        let lost = self.keep(place, new);
        Received { bytes: &[], has_conflict, lost }
    }

    /// What was kept and comes next now: to be [consumed](Self::consume). It may come in two pieces, one after the other.
    #[must_use]
    pub fn buffered(&self) -> &[u8] {
        let length = self.runs.first().filter(|run| run.start == 0).map_or(0, |run| run.end);
        let buffer = self.buffer.as_ref();
        let end = self.at.saturating_add(length).min(buffer.len());
        buffer.get(self.at..end).unwrap_or(&[])
    }

    /// The first `count` bytes of [`Self::buffered`] are taken: of more than there are, all.
    pub fn consume(&mut self, count: usize) {
        let count = count.min(self.buffered().len());
        let room = self.buffer.as_ref().len();
        self.behind = self.behind.saturating_add(count).min(room);
        self.advance(count);
    }

    /// The number of the byte that comes next.
    #[must_use]
    pub const fn next(&self) -> SequenceNumber {
        self.next
    }

    /// How many bytes are missing before those that are kept. None: nothing is kept behind a gap.
    #[must_use]
    pub fn gap(&self) -> Option<usize> {
        self.runs.first().filter(|run| run.start > 0 && run.end > 0).map(|run| run.start)
    }

    /// Gives up the bytes before this number, which were not captured. What lies behind is next. Returns how many were
    /// given up, those among them that were kept and not taken yet included.
    pub fn skip_to(&mut self, number: SequenceNumber) -> usize {
        let count = usize::try_from(number.distance(self.next).max(0)).unwrap_or(usize::MAX);
        self.behind = 0;
        self.advance(count);
        count
    }

    /// What comes next moves on by so many bytes.
    fn advance(&mut self, count: usize) {
        self.next = self.next.add(u32::try_from(count).unwrap_or(u32::MAX));
        self.at = self.index(count);
        if self.runs[0].end == 0 {
            return;
        }
        for run in &mut self.runs {
            *run = Run { start: run.start.saturating_sub(count), end: run.end.saturating_sub(count) };
        }
        self.tidy();
    }

    /// Where in the buffer the byte is so far from `next`.
    fn index(&self, distance: usize) -> usize {
        let room = self.buffer.as_ref().len();
        self.at.saturating_add(distance.checked_rem(room).unwrap_or(0)).checked_rem(room).unwrap_or(0)
    }

    /// Given out directly: written where they belong, as far as nothing is kept there, to be compared later.
    fn remember(&mut self, bytes: &[u8]) {
        let room = self.buffer.as_ref().len();
        let ahead = self.runs.iter().map(|run| run.end).max().unwrap_or(0);
        // Where something is kept, these lie before it, and are fewer than there is room. Otherwise the last ones count.
        let skipped = bytes.len().saturating_sub(room);
        let (first, wrapped) = (self.index(skipped), bytes.get(skipped..).unwrap_or(&[]));
        let (one, other) = wrapped.split_at_checked(room.saturating_sub(first)).unwrap_or((wrapped, &[]));
        let buffer = self.buffer.as_mut();
        copy(one, buffer.get_mut(first..).unwrap_or(&mut []));
        copy(other, buffer);
        let length = ahead.max(bytes.len());
        self.behind = self.behind.min(room.saturating_sub(length.min(room))).saturating_add(bytes.len()).min(room);
    }

    fn write(&mut self, distance: usize, byte: u8) {
        let index = self.index(distance);
        if let Some(place) = self.buffer.as_mut().get_mut(index) {
            *place = byte;
        }
    }

    fn read(&self, distance: usize) -> Option<u8> {
        self.buffer.as_ref().get(self.index(distance)).copied()
    }

    /// Do bytes before `next` differ from those that were given out, as far as they are remembered?
    fn differs_behind(&self, start: SequenceNumber, bytes: &[u8]) -> bool {
        let room = self.buffer.as_ref().len();
        let back = usize::try_from(start.distance(self.next).min(0).unsigned_abs()).unwrap_or(usize::MAX);
        let forgotten = back.saturating_sub(self.behind);
        bytes.iter().enumerate().skip(forgotten).any(|(offset, byte)| {
            let distance = room.saturating_sub(back.saturating_sub(offset));
            self.read(distance) != Some(*byte)
        })
    }

    /// Do bytes differ from those that are kept in their places?
    fn differs_ahead(&self, place: usize, bytes: &[u8]) -> bool {
        self.runs.iter().filter(|run| run.start < run.end).any(|run| {
            let (start, end) = (run.start.max(place), run.end.min(place.saturating_add(bytes.len())));
            (start..end).any(|distance| self.read(distance) != bytes.get(distance.saturating_sub(place)).copied())
        })
    }

    /// Keeps those bytes that have room and are not kept yet. Returns how many had none.
    fn keep(&mut self, place: usize, bytes: &[u8]) -> usize {
        let room = self.buffer.as_ref().len();
        let fitting = room.saturating_sub(place).min(bytes.len());
        let lost = bytes.len().saturating_sub(fitting);
        let run = Run { start: place, end: place.saturating_add(fitting) };
        if fitting == 0 {
            return lost;
        }
        let touches = |other: &Run| other.start < other.end && other.start <= run.end && run.start <= other.end;
        let has_place = self.runs.iter().any(|other| touches(other) || other.start == other.end);
        if !has_place {
            return bytes.len();
        }
        for (offset, byte) in bytes.iter().enumerate().take(fitting) {
            let distance = place.saturating_add(offset);
            if !self.runs.iter().any(|run| run.start <= distance && distance < run.end) {
                self.write(distance, *byte);
            }
        }
        self.behind = self.behind.min(room.saturating_sub(run.end));
        let mut joined = run;
        for other in &mut self.runs {
            if other.start < other.end && other.start <= joined.end && joined.start <= other.end {
                joined = Run { start: joined.start.min(other.start), end: joined.end.max(other.end) };
                *other = Run::default();
            }
        }
        if let Some(free) = self.runs.iter_mut().find(|run| run.start == run.end) {
            *free = joined;
        }
        self.tidy();
        lost
    }

    /// The runs in order, empty ones last.
    fn tidy(&mut self) {
        for run in &mut self.runs {
            if run.start == run.end {
                *run = Run::default();
            }
        }
        self.runs.sort_unstable_by_key(|run| if run.end == 0 { usize::MAX } else { run.start });
    }
}
