//! The byte machine: it runs the table over all of a message that is not content, for both roles.

use super::compact::{self, Entry, Found};
use super::state::State as S;
use super::table::Action as A;
use super::verdict::{broken_limit, broken_rule};
use super::words::{FieldName, LONGEST};
use crate::bytes;
use crate::http::error::Rule;
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
pub(crate) struct Machine {
    /// Content-Length, or the size of the chunk; then how much of that is left.
    pub(crate) length: u64,
    /// Bytes of content that were taken. While a head is read: the port, or the IP literal.
    pub(crate) total: u64,
    /// Bytes of the message that were consumed.
    pub(crate) offset: u64,
    /// Bytes of the store that are kept.
    pub(crate) kept: u32,
    /// How many bytes of this head, chunk-size line or trailer section may still come.
    pub(super) room: u32,
    pub(crate) flags: Flags,
    pub(crate) state: S,
    pub(super) field: FieldName,
    /// The length of the word that is read, or [`LONG`], or [`LOST`].
    pub(super) word: u8,
    /// Field lines.
    pub(crate) field_count: u8,
}

/// The word is longer than any that means something.
pub(super) const LONG: u8 = u8::MAX;

/// The store had no room for the word, so nobody knows what it means.
const LOST: u8 = LONG - 1;

/// How many bytes were consumed; or the rule that the byte behind them breaks.
type Read = (usize, Result<(), Rule>);

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
            field: FieldName::Other,
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
        index(self.kept).saturating_add(if has_word { usize::from(self.word) } else { 0 })
    }

    /// Takes bytes up to the end of the grammar: of a head, of the line in front of a chunk's data, of a trailer section.
    /// All of the input is consumed before that.
    #[inline(never)]
    pub(crate) fn read(&mut self, limits: &Limits, input: &[u8], store: &mut [u8]) -> Read {
        let mut at = 0_usize;
        loop {
            let start = at;
            let end = self.span_end(limits, start, input, store);
            let entry = self.take_quiet(input.get(..end).unwrap_or(input), &mut at, limits, store);
            let Some((entry, byte)) = entry else {
                self.settle(input.get(start..at).unwrap_or(&[]), store);
                return (at, self.judge_end(input.get(at).copied(), at == end));
            };
            // Actions look at what is kept, and change what is to be.
            self.settle(input.get(start..=at).unwrap_or(&[]), store);
            let before = self.state;
            self.state = entry.next;
            if let Err(rule) = self.act(entry.action, byte, before, limits, store) {
                self.offset = self.offset.saturating_sub(1);
                return (at, Err(rule));
            }
            at = at.saturating_add(1);
        }
    }

    /// Takes all up to an entry that does something, which is returned with its byte; or up to a byte that has none, or the
    /// end.
    #[inline(always)]
    fn take_quiet(&mut self, within: &[u8], at: &mut usize, limits: &Limits, store: &mut [u8]) -> Option<(Entry, u8)> {
        let mut state = self.state;
        let entry = loop {
            let Some(&byte) = within.get(*at) else { break None };
            let Found::Entry(entry) = compact::find(state, byte) else { break None };
            if entry.action == A::ValueBegin {
                state = self.value_state();
                continue;
            }
            let count = if entry.is_run() { entry.run_length(within.get(*at..).unwrap_or(&[])) } else { 1 };
            if entry.action == A::Push {
                self.push(within.get(*at..).and_then(|rest| rest.get(..count)).unwrap_or(&[]), limits, store);
            } else if entry.action != A::None {
                break Some((entry, byte));
            }
            *at = at.wrapping_add(count);
            state = entry.next;
        };
        self.state = state;
        entry
    }

    /// Up to which index of the input bytes may be taken, from index `start` on, before the next action: up to its end, or
    /// that of the room in the head (or line, or section), or in the store.
    fn span_end(&self, limits: &Limits, start: usize, input: &[u8], store: &[u8]) -> usize {
        let mut most = index(self.room);
        if self.flags.has(Flags::KEEPS) {
            most = most.min(kept_limit(limits, store).saturating_sub(index(self.kept)));
        }
        start.saturating_add(most).min(input.len())
    }

    /// Why nothing more was taken: `byte` comes next, and `is_full` says that there was no room for it.
    fn judge_end(&self, byte: Option<u8>, is_full: bool) -> Result<(), Rule> {
        let Some(byte) = byte else { return Ok(()) };
        match compact::find(self.state, byte) {
            Found::NoGrammar => Ok(()),
            Found::Nothing | Found::Entry(_) if self.room == 0 => Err(self.broken_limit(self.state)),
            Found::Entry(_) if is_full => Err(self.kept_too_much()),
            Found::Nothing | Found::Entry(_) => Err(self.broken_rule(byte)),
        }
    }

    /// These bytes were taken.
    fn settle(&mut self, piece: &[u8], store: &mut [u8]) {
        let count = u32::try_from(piece.len()).unwrap_or(u32::MAX);
        if self.flags.has(Flags::KEEPS) {
            // There is room for it: that was looked at.
            bytes::copy(piece, store.get_mut(index(self.kept)..).unwrap_or(&mut []));
            self.kept = self.kept.wrapping_add(count);
        }
        self.room = self.room.wrapping_sub(count);
        self.offset = self.offset.wrapping_add(u64::from(count));
    }

    /// Appends one byte to what is kept, if there is room.
    pub(super) fn keep(&mut self, byte: u8, limits: &Limits, store: &mut [u8]) -> bool {
        let at = index(self.kept);
        let has_room = at < kept_limit(limits, store);
        if let Some(place) = store.get_mut(at).filter(|_| has_room) {
            *place = byte;
            self.kept = self.kept.saturating_add(1);
        }
        has_room
    }

    #[cold]
    fn kept_too_much(&self) -> Rule {
        if self.state < S::Line || self.field == FieldName::Target {
            self.broken_limit(self.state)
        } else {
            Rule::FieldTooLarge
        }
    }

    /// Appends to the word. Where it is kept, it lies in its place already.
    pub(super) fn push(&mut self, piece: &[u8], limits: &Limits, store: &mut [u8]) {
        if self.word >= LOST {
            return;
        }
        let start = usize::from(self.word);
        let end = start.saturating_add(piece.len());
        self.word = u8::try_from(end).ok().filter(|_| end <= LONGEST || end <= limits.longest_word()).unwrap_or(LONG);
        if self.word == LONG || self.flags.has(Flags::KEEPS) {
            return;
        }
        let base = index(self.kept);
        match store.get_mut(base.saturating_add(start)..base.saturating_add(end)) {
            Some(place) => bytes::copy(piece, place),
            None => self.word = LOST,
        }
    }

    /// The word that ends before the byte that is read: empty if it is longer than any that means something.
    pub(super) fn word<'s>(&self, store: &'s [u8]) -> Result<&'s [u8], Rule> {
        let length = match self.word {
            LONG => return Ok(&[]),
            LOST => return Err(Rule::FieldTooLarge),
            length => usize::from(length),
        };
        let kept = index(self.kept);
        let word = if self.flags.has(Flags::KEEPS) {
            // The byte behind it, and white space, are kept already.
            let kept = store.get(..kept.saturating_sub(1)).unwrap_or(&[]).trim_ascii_end();
            kept.get(kept.len().saturating_sub(length)..)
        } else {
            store.get(kept..kept.saturating_add(length))
        };
        Ok(word.unwrap_or(&[]))
    }

    #[cold]
    pub(super) fn broken_limit(&self, state: S) -> Rule {
        broken_limit(state, self.flags, self.field == FieldName::Target)
    }

    #[cold]
    fn broken_rule(&self, byte: u8) -> Rule {
        let is_target = self.field == FieldName::Target;
        if is_target && self.flags.has(Flags::CONNECT) {
            return Rule::MismatchedTarget;
        }
        if self.state == S::VersionEnd && self.flags.has(Flags::RESPONSE) {
            return Rule::InvalidStatusLine;
        }
        broken_rule(self.state, byte, is_target)
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
                self.begin_chunk_line(limits);
            }
        }
    }

    pub(super) fn begin_chunk_line(&mut self, limits: &Limits) {
        self.length = 0;
        self.room = limits.chunk_line_bytes;
    }

    /// The data of a chunk follow; `used` bytes stood before them.
    #[cfg(feature = "quick")]
    pub(crate) fn begin_chunk(&mut self, size: u64, used: usize) {
        self.length = size;
        self.room = 2;
        self.state = S::ChunkData;
        self.offset = self.offset.saturating_add(u64::try_from(used).unwrap_or(u64::MAX));
    }

    /// `taken` bytes of content are consumed.
    #[inline]
    pub(crate) fn take_content(&mut self, taken: u64) {
        self.offset = self.offset.saturating_add(taken);
        self.total = self.total.saturating_add(taken);
        if self.state == S::UntilClose {
            return;
        }
        self.length = self.length.saturating_sub(taken);
        if self.length == 0 {
            self.state = if self.state == S::ChunkData { S::ChunkDataCr } else { S::End };
        }
    }
}

/// How many bytes may be kept.
fn kept_limit(limits: &Limits, store: &[u8]) -> usize {
    limits.field_filter.map_or(usize::MAX, |field_filter| index(field_filter.bytes)).min(store.len())
}

pub(super) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
