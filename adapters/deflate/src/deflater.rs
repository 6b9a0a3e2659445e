//! From messages to compressed payloads.

use core::fmt;

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Method, Status, Strategy};

use crate::{Context, Finished, Progress};

/// How each message ends that DEFLATE has flushed: this is not sent (RFC 7692, 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// What an empty message is (RFC 7692, 7.2.3.6): the first byte of a block without compression, whose rest is the tail.
const EMPTY: u8 = 0x00;

/// How a [`Deflater`] compresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DeflaterConfig {
    /// From 1 (fast) to 9 (small); 0 does not compress. More is taken for 9.
    pub level: u8,
    /// How much memory the hash and the buffer of symbols take: 1 (least) to 9; 8 is what zlib takes.
    pub memory_level: u8,
    /// The window that the peer grants: 9 to 15 bits. A window of 8 bits is not offered by DEFLATE's implementations:
    /// decline it.
    pub window_bits: u8,
    /// Whether a message refers to those before it.
    pub context: Context,
}

impl DeflaterConfig {
    /// Level 6, memory level 8, 15 bits, with context take-over.
    pub const DEFAULT: Self = Self { level: 6, memory_level: 8, window_bits: 15, context: Context::TakeOver };
}

impl Default for DeflaterConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Deflates messages for one peer, one after the other.
///
/// Call [`deflate`](Self::deflate) with the pieces of a message, and [`finish`](Self::finish) at its end. Decide before the
/// first piece whether a message is sent compressed: what a deflater has seen, the peer must see, too, or later messages refer
/// to bytes that the peer does not have.
///
/// ```
/// use wirenut_deflate::{Deflater, DeflaterConfig};
///
/// let mut deflater = Deflater::new(DeflaterConfig::DEFAULT);
/// let mut lengths = [0; 2];
/// for length in &mut lengths {
///     let mut payload = [0; 64];
///     let piece = deflater.deflate(b"the same measurement", &mut payload);
///     assert_eq!(piece.taken, 20);
///     let end = deflater.finish(&mut payload[piece.written..]);
///     assert!(end.is_done);
///     *length = piece.written + end.written;
/// }
/// assert!(lengths[1] < lengths[0] / 2);
/// ```
pub struct Deflater {
    // None until a byte comes, and again behind each message without take-over.
    stream: Option<Deflate>,
    config: DeflaterConfig,
    is_empty: bool,
    held: Held,
}

impl Deflater {
    /// The least room with which a call goes on.
    pub const MIN_ROOM: usize = 16;

    /// How many bytes the payload of a message of so many bytes has at most, and so much room that it can be written at once,
    /// without pieces before it. `None`: more than there are numbers.
    #[must_use]
    pub fn max_deflated_len(length: usize) -> Option<usize> {
        // At worst nine bits for a byte, and blocks without compression of half a KiB at the lowest memory level.
        length.checked_add(length / 8)?.checked_add(length / 64)?.checked_add(64)
    }

    /// Numbers that are out of range are taken for the nearest within. Allocates nothing.
    #[must_use]
    pub fn new(config: DeflaterConfig) -> Self {
        let config = DeflaterConfig {
            level: config.level.min(9),
            memory_level: config.memory_level.clamp(1, 9),
            window_bits: config.window_bits.clamp(9, 15),
            ..config
        };
        Self { stream: None, config, is_empty: true, held: Held::default() }
    }

    /// Takes a piece of a message. What it writes may be nothing: DEFLATE collects. With less room than
    /// [`MIN_ROOM`](Self::MIN_ROOM), and where the room ends, it takes less than `input`.
    pub fn deflate(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        if input.is_empty() || output.len() < Self::MIN_ROOM {
            return Progress { taken: 0, written: 0 };
        }
        self.is_empty = false;
        let (progress, _) = self.step(input, output, DeflateFlush::NoFlush);
        progress
    }

    /// Ends a message: writes what is left of it, if there is at least [`MIN_ROOM`](Self::MIN_ROOM). The payload of a
    /// message is complete once `is_done`; the next piece begins another one.
    pub fn finish(&mut self, output: &mut [u8]) -> Finished {
        if output.len() < Self::MIN_ROOM {
            return Finished { written: 0, is_done: false };
        }
        if self.is_empty {
            if let Some(first) = output.first_mut() {
                *first = EMPTY;
            }
            return Finished { written: 1, is_done: true };
        }
        let (progress, is_done) = self.step(&[], output, DeflateFlush::SyncFlush);
        if is_done {
            self.is_empty = true;
            let tail = self.held.take();
            debug_assert_eq!(tail, TAIL, "a flush ends with an empty block");
            if self.config.context == Context::Reset {
                self.stream = None;
            }
        }
        Finished { written: progress.written, is_done }
    }

    /// Also says whether DEFLATE has no more to write: it left room.
    fn step(&mut self, input: &[u8], output: &mut [u8], flush: DeflateFlush) -> (Progress, bool) {
        let config = self.config;
        let stream = self.stream.get_or_insert_with(|| Deflate::new_with_config(zlib_config(config)));
        let held = self.held.release(output);
        let room = output.get_mut(held..).unwrap_or_default();
        let (total_in, total_out, length) = (stream.total_in(), stream.total_out(), room.len());
        let status = stream.compress(input, room, flush);
        debug_assert!(matches!(status, Ok(Status::Ok | Status::BufError)), "DEFLATE takes all bytes: {status:?}");
        let made = difference(stream.total_out(), total_out);
        let written = self.held.keep(output.get(..held + made).unwrap_or_default());
        (Progress { taken: difference(stream.total_in(), total_in), written }, made < length)
    }
}

impl fmt::Debug for Deflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deflater")
            .field("config", &self.config)
            .field("is_empty", &self.is_empty)
            .field("is_allocated", &self.stream.is_some())
            .finish_non_exhaustive()
    }
}

/// The last bytes that DEFLATE wrote: they are the tail, if the message ends with them.
#[derive(Default)]
struct Held {
    bytes: [u8; TAIL.len()],
    length: usize,
}

impl Held {
    /// Puts them in front of the output, which has room for them.
    fn release(&mut self, output: &mut [u8]) -> usize {
        for (to, from) in output.iter_mut().zip(self.bytes.iter().take(self.length)) {
            *to = *from;
        }
        core::mem::take(&mut self.length)
    }

    /// Keeps the last bytes of what is written, and says how many are before them.
    fn keep(&mut self, written: &[u8]) -> usize {
        let before = written.len().saturating_sub(TAIL.len());
        let last = written.get(before..).unwrap_or_default();
        for (to, from) in self.bytes.iter_mut().zip(last) {
            *to = *from;
        }
        self.length = last.len();
        before
    }

    fn take(&mut self) -> [u8; TAIL.len()] {
        self.length = 0;
        self.bytes
    }
}

fn zlib_config(config: DeflaterConfig) -> DeflateConfig {
    DeflateConfig {
        level: i32::from(config.level),
        method: Method::Deflated,
        // Negative: without zlib's header.
        window_bits: -i32::from(config.window_bits),
        mem_level: i32::from(config.memory_level),
        strategy: Strategy::Default,
    }
}

/// Of totals that one call has moved: at most the length of a slice.
fn difference(after: u64, before: u64) -> usize {
    usize::try_from(after.saturating_sub(before)).unwrap_or(usize::MAX)
}
