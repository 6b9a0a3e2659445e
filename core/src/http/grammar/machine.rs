//! The byte machine: it runs the table over all of a message that is not content, for both roles.

use super::state::State as S;
use super::words::Word;
use crate::http::flags::Flags;
use crate::http::framing::BodyFraming;
use crate::http::limits::Limits;
use crate::http::version::Version;

/// What is known of the message that is read. It owns no bytes: what it keeps of a head lies in the store that is lent
/// to [`Self::read`].
///
/// ```text
/// store:  │ start line │ field lines that were asked for │ the word that is read │ free │
///         0                                           kept                      +word
/// ```
#[derive(Clone, Debug)]
// In this order no more than sixteen zeros stand together in a new one: a compiler for size makes a call of more.
#[repr(C)]
pub(crate) struct Machine {
    /// Content-Length, or the size of the chunk; then how much of that is left.
    pub(crate) length: u64,
    /// Bytes of content that were taken. While a head is read: the port, or the IP literal.
    pub(crate) total: u64,
    /// How many bytes of this head, chunk-size line or trailer section may still come.
    pub(super) room: u32,
    /// Bytes of the store that are kept.
    pub(crate) kept: u32,
    /// Bytes of the message that were consumed.
    pub(crate) offset: u64,
    pub(crate) flags: Flags,
    pub(crate) state: S,
    /// What is read: the field, or its word.
    pub(super) field: Word,
    /// How much of the word that is read is in the store, or [`LONG`], or [`LOST`]. Before a request: its empty lines.
    pub(super) word: u8,
    /// Field lines.
    pub(crate) field_count: u8,
}

/// The word is longer than any that means something.
pub(super) const LONG: u8 = u8::MAX;

/// The store had no room for the word, so nobody knows what it means.
pub(super) const LOST: u8 = LONG - 1;

impl Machine {
    /// Before the first message.
    pub(crate) const fn new(limits: &Limits, start: S) -> Self {
        Self {
            length: 0,
            total: 0,
            offset: 0,
            kept: 0,
            room: limits.head_bytes,
            flags: Flags::NONE,
            state: start,
            field: Word::OTHER,
            word: 0,
            field_count: 0,
        }
    }

    /// Before the first response.
    pub(crate) const fn response(limits: &Limits) -> Self {
        Self { flags: Flags::RESPONSE, ..Self::new(limits, S::StatusStart) }
    }

    /// The version of the message whose head is complete.
    pub(crate) const fn version(&self) -> Version {
        if self.flags.has(Flags::HTTP10) { Version::Http10 } else { Version::Http11 }
    }

    /// Before the next message; of the flags, `stay` stay.
    pub(crate) fn reset(&mut self, limits: &Limits, start: S, stay: Flags) {
        let mut flags = self.flags;
        flags.keep(stay);
        *self = Self { flags, ..Self::new(limits, start) };
    }

    /// Has nothing of a message come?
    #[cfg(feature = "quick")]
    pub(crate) const fn is_at_start(&self) -> bool {
        matches!(self.state, S::RequestStart | S::StatusStart)
    }

    /// Has nothing of a message come but empty lines before it?
    pub(crate) const fn is_between_messages(&self) -> bool {
        matches!(self.state, S::RequestStart | S::RequestStartLf | S::StatusStart)
    }

    /// How many bytes at the front of the store must be there again at the next call: none, but while a head or a trailer
    /// section is read, and until what is read of it was used.
    pub(crate) fn stored(&self) -> usize {
        if (self.state >= S::SizeStart && self.state != S::SectionDone) || self.is_between_messages() {
            return 0;
        }
        let has_word = !self.flags.has(Flags::KEEPS) && self.word < LOST;
        index(self.kept).wrapping_add(if has_word { usize::from(self.word) } else { 0 })
    }

    /// Is a word read that will be looked up?
    pub(super) const fn is_in_word(&self) -> bool {
        matches!(self.state, S::Name | S::Option | S::Coding)
    }

    /// How the content of a request is delimited whose head was judged.
    pub(crate) const fn framing(&self) -> BodyFraming {
        if self.flags.has(Flags::CHUNKED) { BodyFraming::Chunked } else { BodyFraming::Length(self.length) }
    }

    /// The lines of a complete head or trailer section, as they are kept: the start line of a head first.
    pub(crate) fn lines<'s>(&self, store: &'s [u8]) -> &'s [u8] {
        store.get(..index(self.kept)).unwrap_or(&[])
    }

    /// The head was given out, and content follows that is delimited so.
    pub(crate) fn begin_content(&mut self, limits: &Limits, framing: BodyFraming) {
        self.total = 0;
        match framing {
            BodyFraming::Length(length) => {
                self.length = length;
                self.state = if length == 0 { S::End } else { S::Content };
            }
            BodyFraming::Chunked => {
                self.state = S::SizeStart;
                self.length = 0;
                self.room = limits.chunk_line_bytes;
            }
        }
    }

    /// The data of a chunk follow; `used` bytes stood before them.
    #[cfg(feature = "quick")]
    pub(crate) fn begin_chunk(&mut self, limits: &Limits, size: u64, used: usize) {
        self.length = size;
        self.room = after_chunk(limits);
        self.state = S::ChunkData;
        self.offset = self.offset.saturating_add(u64::try_from(used).unwrap_or(u64::MAX));
    }

    /// `taken` bytes of content are consumed.
    #[inline]
    pub(crate) fn take_content(&mut self, taken: u64) {
        // No count of bytes that have come reaches 64 bits.
        self.offset = self.offset.wrapping_add(taken);
        self.total = self.total.wrapping_add(taken);
        if self.state == S::UntilClose {
            return;
        }
        self.length = self.length.saturating_sub(taken);
        if self.length == 0 {
            self.state = if self.state == S::ChunkData { S::ChunkDataCr } else { S::End };
        }
    }
}

/// How many bytes may come behind the data of a chunk: their line end, and the next chunk-size line.
pub(super) const fn after_chunk(limits: &Limits) -> u32 {
    limits.chunk_line_bytes.saturating_add(2)
}

pub(super) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
