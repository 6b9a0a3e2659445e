//! Runs the table over a piece of input, and keeps what is to be kept of it.
//!
//! What is kept and a word beside it lie in the store, and what was copied in the input: sums of two such places cannot
//! overflow, so they wrap. What a limit decides saturates.

use core::slice::Iter;

use super::compact::{Entries, Entry};
use super::machine::{LONG, LOST, Machine, index};
use super::state::State as S;
use super::table::Action as A;
use super::verdict::broken_rule;
use super::words::Word;
use crate::bytes::{self, CR};
use crate::http::error::Rule;
use crate::http::flags::Flags;
use crate::http::grammar::incoming::Incoming;
use crate::http::limits::Limits;

/// The input of one call, and how far it was read.
pub(super) struct Span<'a> {
    pub(super) limits: &'a Limits,
    input: &'a [u8],
    pub(super) store: &'a mut [u8],
    /// The index behind the byte that is read.
    pub(super) next: usize,
    /// What may be taken from there on: to the end of the input, of the room, or of the store.
    rest: Iter<'a, u8>,
    /// Where that ends.
    end: usize,
    /// The byte that is read.
    pub(super) byte: u8,
    /// How many bytes may be kept in all.
    limit: usize,
    /// What keeps must be copied from here on.
    pub(super) copied: usize,
    /// Where the word begins, if it is one: at 0, if it began in the input before.
    pub(super) word: usize,
    /// Where the room ends that this head, chunk-size line or trailer section has.
    pub(super) room: usize,
}

/// Whether a byte can stand where it stands. If not: the rule that it breaks, or `None` for that of its place.
pub(super) type Judged = Result<(), Option<Rule>>;

impl<'a> Span<'a> {
    pub(super) fn new(machine: &Machine, limits: &'a Limits, input: &'a [u8], store: &'a mut [u8]) -> Self {
        let room = index(machine.room);
        let limit = limits.field_filter.map_or(usize::MAX, |field_filter| index(field_filter.bytes)).min(store.len());
        Self { limits, input, store, next: 0, rest: [].iter(), end: 0, byte: 0, limit, copied: 0, word: 0, room }
    }

    /// The index of the byte that is read.
    pub(super) const fn at(&self) -> usize {
        self.next.wrapping_sub(1)
    }

    /// So many bytes may come behind this one, once it is bounded anew.
    pub(super) fn set_room(&mut self, bytes: u32) {
        self.room = self.next.saturating_add(index(bytes));
    }

    /// The bytes of the input that stand before this one in the word.
    fn word_to(&self, end: usize) -> &'a [u8] {
        self.input.get(self.word..end).unwrap_or(&[])
    }
}

impl Machine {
    /// Takes bytes up to the end of the grammar: of a head, of the line in front of a chunk's data, of a trailer section.
    /// All of the input is consumed before that; or up to a byte that breaks a rule.
    #[inline]
    pub(crate) fn read(&mut self, limits: &Limits, incoming: &mut Incoming<'_, '_>) -> Result<(), Rule> {
        if self.state >= S::SectionDone { Ok(()) } else { self.read_grammar(limits, incoming) }
    }

    #[inline(never)]
    fn read_grammar(&mut self, limits: &Limits, incoming: &mut Incoming<'_, '_>) -> Result<(), Rule> {
        let mut span = Span::new(self, limits, incoming.rest, incoming.store);
        let read = self.run(&mut span);
        let used = span.next;
        incoming.consume(used);
        read
    }

    /// Takes bytes up to the end of the span, or of the grammar.
    #[inline(always)]
    pub(super) fn run(&mut self, span: &mut Span<'_>) -> Result<(), Rule> {
        self.bound(span);
        // The state in which the store was full.
        let mut full = None;
        let read = loop {
            let entry = self.take_quiet(span);
            if let Some(state) = full {
                break Err(self.refuse_beyond(state, entry.is_some(), span));
            }
            let Some(entry) = entry else {
                if span.next < span.end || span.room <= span.next || span.next >= span.input.len() {
                    break self.judge_end(span);
                }
                // Is the next byte one that cannot stand there, or one that there is no room for?
                full = Some(self.state);
                span.end = span.next.wrapping_add(1);
                span.rest = span.input.get(span.next..span.end).unwrap_or(&[]).iter();
                continue;
            };
            let before = self.state;
            self.state = entry.next;
            if let Err(rule) = self.act(entry.action, before, span) {
                span.next = span.at();
                break Err(rule.unwrap_or_else(|| self.broken_rule(before, span.byte)));
            }
            if self.state >= S::SectionDone {
                break Ok(());
            }
        };
        self.leave(span);
        read
    }

    /// Takes all up to an entry that does something, which is returned; or up to a byte that has none, or the end.
    #[inline(always)]
    fn take_quiet(&mut self, span: &mut Span<'_>) -> Option<&'static Entry> {
        let mut rest = span.rest.clone();
        let mut state = self.state;
        let mut refused = 0;
        let entry = 'bytes: loop {
            let Some(&first) = rest.next() else { break None };
            let (mut byte, mut entries) = (first, Entries::of(state));
            loop {
                let Some(entry) = entries.find(byte) else {
                    refused = 1;
                    break 'bytes None;
                };
                if entry.action != A::None {
                    span.byte = byte;
                    break 'bytes Some(entry);
                }
                state = entry.next;
                if !entry.is_run() {
                    break;
                }
                // The byte behind a run is none of its class, and the state is the same.
                let Some(outside) = bytes::next_outside(&mut rest, entry.class()) else { break 'bytes None };
                byte = outside;
            }
        };
        self.state = state;
        span.next = span.end.wrapping_sub(rest.len()).wrapping_sub(refused);
        span.rest = rest;
        entry
    }

    /// So many bytes may come behind this one.
    #[inline(never)]
    pub(super) fn set_room(&self, bytes: u32, span: &mut Span<'_>) {
        span.set_room(bytes);
        self.bound(span);
    }

    /// Finds anew up to where bytes may be taken. Whether the byte that is read may.
    pub(super) fn bound(&self, span: &mut Span<'_>) -> bool {
        let mut end = span.room.min(span.input.len());
        if self.flags.has(Flags::KEEPS) {
            let most = span.limit.saturating_sub(index(self.kept));
            end = end.min(span.copied.wrapping_add(most));
        }
        let rest = span.input.get(span.next..end);
        span.rest = rest.unwrap_or(&[]).iter();
        span.end = end;
        rest.is_some()
    }

    /// From this byte on, all is kept; if there is room.
    pub(super) fn begin_keeping(&mut self, span: &mut Span<'_>) -> Judged {
        self.flags.set(Flags::KEEPS);
        span.copied = span.at();
        if self.bound(span) { Ok(()) } else { Err(Some(self.kept_too_much())) }
    }

    /// From this colon on, the line is kept, and the name of that length before it. Of that, the store has all, or nothing.
    pub(super) fn keep_name(&mut self, length: usize, span: &mut Span<'_>) -> Judged {
        if self.word == 0 {
            bytes::copy(span.word_to(span.at()), span.store.get_mut(index(self.kept)..).unwrap_or(&mut []));
        }
        self.kept = self.kept.wrapping_add(count(length));
        self.begin_keeping(span)
    }

    /// Copies what is kept before index `end`, which is in the bounds.
    #[inline(never)]
    pub(super) fn keep_to(&mut self, end: usize, span: &mut Span<'_>) {
        if self.flags.has(Flags::KEEPS) {
            let piece = span.input.get(span.copied..end).unwrap_or(&[]);
            bytes::copy(piece, span.store.get_mut(index(self.kept)..).unwrap_or(&mut []));
            self.kept = self.kept.wrapping_add(count(piece.len()));
            span.copied = end;
        }
    }

    /// Nothing more can be taken of this input.
    #[inline(always)]
    fn leave(&mut self, span: &mut Span<'_>) {
        let end = span.next;
        if self.is_in_word() {
            self.store_word(end, span);
        }
        self.keep_to(end, span);
        self.room = count(span.room.saturating_sub(end));
        self.offset = self.offset.wrapping_add(u64::from(count(end)));
    }

    /// Appends to the word in the store what this input has of it, up to there. Where it is kept, it lies in its place already.
    #[cold]
    #[inline(never)]
    fn store_word(&mut self, input_end: usize, span: &mut Span<'_>) {
        let keeps = self.flags.has(Flags::KEEPS);
        self.keep_to(input_end, span);
        if self.word >= LOST {
            return;
        }
        let (piece, start) = (span.word_to(input_end), usize::from(self.word));
        let end = start.wrapping_add(piece.len());
        self.word = u8::try_from(end).ok().filter(|_| end <= span.limits.longest_word()).unwrap_or(LONG);
        if self.word == LONG || keeps {
            return;
        }
        let base = index(self.kept);
        match span.store.get_mut(base.wrapping_add(start)..base.wrapping_add(end)) {
            Some(place) => bytes::copy(piece, place),
            None => self.word = LOST,
        }
    }

    /// The word that ends before this byte: empty if it is longer than any that means something. `None`: the store had no
    /// room for it.
    pub(super) fn end_word<'s>(&mut self, span: &'s mut Span<'_>) -> Option<&'s [u8]> {
        if self.word == 0 {
            return Some(span.word_to(span.at()));
        }
        self.store_word(span.at(), span);
        let length = match self.word {
            LOST => return None,
            LONG => 0,
            length => usize::from(length),
        };
        let kept = index(self.kept);
        let end = if self.flags.has(Flags::KEEPS) { kept } else { kept.wrapping_add(length) };
        span.store.get(end.saturating_sub(length)..end)
    }

    /// Why nothing more was taken, unless the store is full.
    #[inline(always)]
    fn judge_end(&self, span: &Span<'_>) -> Result<(), Rule> {
        match span.input.get(span.next) {
            Some(byte) if self.state < S::SectionDone => {
                Err(if span.room <= span.next { self.broken_limit() } else { self.broken_rule(self.state, *byte) })
            }
            _ => Ok(()),
        }
    }

    /// One byte more was looked at than there is room for, from the state `full` on: whether it could be taken.
    #[cold]
    #[inline(never)]
    fn refuse_beyond(&mut self, full: S, is_entry: bool, span: &mut Span<'_>) -> Rule {
        let is_taken = is_entry || span.next == span.end;
        self.state = full;
        span.next = span.end.wrapping_sub(1);
        let byte = span.input.get(span.next).copied().unwrap_or(0);
        if is_taken || is_of_value(full, byte) { self.kept_too_much() } else { self.broken_rule(full, byte) }
    }

    #[cold]
    fn kept_too_much(&self) -> Rule {
        if self.state < S::Line || self.field == Word::TARGET { self.broken_limit() } else { Rule::FieldTooLarge }
    }

    /// The rule of the limit that is reached.
    #[cold]
    #[inline(never)]
    fn broken_limit(&self) -> Rule {
        if self.state >= S::SizeStart {
            Rule::ChunkLineTooLong
        } else if self.flags.has(Flags::TRAILERS) {
            Rule::TrailersTooLarge
        } else if self.flags.has(Flags::RESPONSE) {
            Rule::HeadTooLarge
        } else if self.state <= S::Method {
            Rule::MethodTooLong
        } else if self.state < S::Line || self.field == Word::TARGET {
            Rule::RequestLineTooLong
        } else {
            Rule::HeadTooLarge
        }
    }

    #[cold]
    #[inline(never)]
    fn broken_rule(&self, state: S, byte: u8) -> Rule {
        match self.field {
            Word::TARGET if self.flags.has(Flags::CONNECT) => Rule::MismatchedTarget,
            Word::TARGET => Rule::InvalidTarget,
            _ if state == S::VersionEnd && self.flags.has(Flags::RESPONSE) => Rule::InvalidStatusLine,
            _ => broken_rule(state, byte),
        }
    }
}

/// Does such a byte stand in values that begin here, or in addresses, though perhaps not in this place? Where the store is
/// full, its limit comes first.
fn is_of_value(state: S, byte: u8) -> bool {
    let is_start = [S::Codings, S::LengthStart, S::Expect, S::HostStart].contains(&state);
    let is_address = state >= S::HostIp && state <= S::IpOctet;
    (is_start && (byte == CR || bytes::has_class(byte, bytes::FIELD_VALUE)))
        || (is_address && (bytes::has_class(byte, bytes::HEX) || matches!(byte, b'.' | b':' | b']')))
}

fn count(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
