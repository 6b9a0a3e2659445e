//! The byte machine: it runs the table over all of a message that is not content, for both roles.

use super::State as S;
use super::compact::{self, Entry};
use super::ip_literal::IpLiteral;
use super::table::Action as A;
use super::verdict::{broken_limit, broken_rule};
use super::words::{self, FieldName, find};
use crate::http::error::Rule;
use crate::http::flags::Flags;
use crate::http::head::BodyFraming;
use crate::http::limits::Limits;
use crate::http::method::Method;
use crate::http::version::Version;
use crate::scan::{self, LF};

/// Empty lines that are overlooked before a request line (RFC 9112 §2.2), in bytes.
const EMPTY_LINE_BYTES: u64 = 8;

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
    room: u32,
    pub(crate) flags: Flags,
    pub(crate) state: S,
    field: FieldName,
    /// The length of the word that is read; of long ones, [`u8::MAX`].
    word: u8,
    /// Field lines.
    pub(crate) field_count: u8,
}

impl Machine {
    /// Is this a target that this method allows? Nothing is kept of it.
    pub(crate) fn check_target(method: Method<'_>, target: &[u8]) -> Result<(), Rule> {
        let mut machine = Self::new(&UNBOUNDED, S::Target);
        match method {
            Method::Options => machine.flags.set(Flags::OPTIONS),
            Method::Connect => {
                machine.begin_authority();
                machine.flags.set(Flags::CONNECT);
                machine.state = S::Host;
            }
            _ => {}
        }
        machine.read(&UNBOUNDED, target, &mut []).1?;
        machine.read(&UNBOUNDED, b" ", &mut []).1?;
        if machine.state == S::Version && machine.offset == 1 + u64::try_from(target.len()).unwrap_or(0) {
            Ok(())
        } else {
            Err(Rule::InvalidTarget)
        }
    }

    /// May a Host field have this value?
    pub(crate) fn is_host(value: &[u8]) -> bool {
        let mut machine = Self::new(&UNBOUNDED, S::Host);
        let read = machine.read(&UNBOUNDED, value, &mut []).1;
        read.is_ok() && machine.state != S::HostGap && machine.read(&UNBOUNDED, b"\r", &mut []).1.is_ok()
    }
}

/// For what is in memory as a whole.
const UNBOUNDED: Limits = Limits { head_bytes: u32::MAX, ..Limits::DEFAULT };

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
        if self.state >= S::SizeStart || self.is_between_messages() {
            return 0;
        }
        let word = if self.flags.has(Flags::KEEPS) { 0 } else { usize::from(self.word) };
        index(self.kept).saturating_add(word)
    }

    /// Takes bytes up to the end of the grammar: of a head, of the line in front of a chunk's data, of a trailer section.
    /// All of the input is consumed before that.
    #[inline(never)]
    pub(crate) fn read(&mut self, limits: &Limits, input: &[u8], store: &mut [u8]) -> Read {
        let mut used = 0;
        let outcome = loop {
            let rest = input.get(used..).unwrap_or(&[]);
            let (Some(&byte), rows @ [_, ..]) = (rest.first(), compact::rows(self.state)) else { break Ok(()) };
            if self.room == 0 {
                break Err(self.broken_limit(self.state));
            }
            let Some(entry) = rows.iter().find(|entry| entry.takes(byte)) else {
                break Err(self.broken_rule(byte));
            };
            if entry.action == A::ValueBegin {
                self.state = self.value_state();
                continue;
            }
            let (count, taken) = self.take(*entry, rest, limits, store);
            used = used.saturating_add(count);
            if taken.is_err() {
                break taken;
            }
        };
        self.offset = self.offset.saturating_add(u64::try_from(used).unwrap_or(u64::MAX));
        (used, outcome)
    }

    /// Takes the byte, or the run of bytes, of an entry.
    #[inline(always)]
    fn take(&mut self, entry: Entry, rest: &[u8], limits: &Limits, store: &mut [u8]) -> Read {
        let before = self.state;
        let count = if entry.is_run() { entry.run_length(rest.get(..index(self.room)).unwrap_or(rest)) } else { 1 };
        let piece = rest.get(..count).unwrap_or(rest);
        if self.flags.has(Flags::KEEPS)
            && let Err(broken) = self.keep(piece, limits, store)
        {
            return broken;
        }
        self.room = self.room.saturating_sub(u32::try_from(count).unwrap_or(u32::MAX));
        self.state = entry.next;
        match entry.action {
            A::None => {}
            A::Push => self.push(piece, store),
            action => {
                let byte = piece.first().copied().unwrap_or(0);
                if let Err(rule) = self.act(action, byte, before, limits, store) {
                    return (0, Err(rule));
                }
            }
        }
        (count, Ok(()))
    }

    /// Appends to what is kept.
    fn keep(&mut self, piece: &[u8], limits: &Limits, store: &mut [u8]) -> Result<(), Read> {
        let start = index(self.kept);
        let most = limits.interest.map_or(usize::MAX, |interest| index(interest.bytes)).min(store.len());
        let end = start.saturating_add(piece.len());
        match store.get_mut(start..end) {
            Some(place) if end <= most => scan::copy(piece, place),
            _ => return Err((most.saturating_sub(start), Err(self.kept_too_much()))),
        }
        self.kept = u32::try_from(end).unwrap_or(u32::MAX);
        Ok(())
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
    fn push(&mut self, piece: &[u8], store: &mut [u8]) {
        let start = usize::from(self.word);
        let end = start.saturating_add(piece.len());
        if !self.flags.has(Flags::KEEPS) {
            let base = index(self.kept);
            if let Some(place) = store.get_mut(base.saturating_add(start)..base.saturating_add(end)) {
                scan::copy(piece, place);
            }
        }
        self.word = u8::try_from(end).unwrap_or(u8::MAX);
    }

    /// The word that ends before the byte that is read: empty if it is longer than any that means something.
    fn word<'s>(&self, limits: &Limits, store: &'s [u8]) -> Result<&'s [u8], Rule> {
        let length = usize::from(self.word);
        if self.word == u8::MAX {
            return Ok(&[]);
        }
        let kept = index(self.kept);
        let word = if self.flags.has(Flags::KEEPS) {
            // The byte behind it, and white space, are kept already.
            let kept = store.get(..kept.saturating_sub(1)).unwrap_or(&[]).trim_ascii_end();
            kept.get(kept.len().saturating_sub(length)..)
        } else {
            store.get(kept..kept.saturating_add(length))
        };
        match word {
            Some(word) => Ok(word),
            None if length > limits.longest_word() => Ok(&[]),
            // It would not be known what the word means.
            None => Err(Rule::FieldTooLarge),
        }
    }

    /// The state that reads the value of this field.
    fn value_state(&self) -> S {
        if self.flags.has(Flags::TRAILERS) {
            return S::Value;
        }
        match self.field {
            FieldName::Host => S::Host,
            FieldName::ContentLength => S::LengthStart,
            FieldName::TransferEncoding => S::CodingStart,
            FieldName::Connection => S::Options,
            // An HTTP/1.0 client cannot expect (RFC 9110 §10.1.1); what it says is ignored.
            FieldName::Expect if !self.flags.has(Flags::HTTP10) => S::Expect,
            FieldName::Expect | FieldName::Upgrade | FieldName::Other | FieldName::Target => S::Value,
        }
    }

    #[cold]
    fn broken_limit(&self, state: S) -> Rule {
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

    /// What an entry does beyond going on; it may refuse the byte.
    #[inline(never)]
    fn act(&mut self, action: A, byte: u8, before: S, limits: &Limits, store: &mut [u8]) -> Result<(), Rule> {
        match action {
            A::None | A::Push | A::ValueBegin => {}
            A::EmptyLine => {
                self.room = limits.head_bytes;
                if self.offset >= EMPTY_LINE_BYTES {
                    return Err(Rule::InvalidMethod);
                }
            }
            A::Begin => {
                self.room = limits.head_bytes.saturating_sub(1);
                self.flags.set(Flags::KEEPS);
                self.keep(&[byte], limits, store).map_err(|_| self.broken_limit(before))?;
                self.push(&[byte], store);
            }
            A::MethodEnd => self.end_method(store),
            A::Asterisk if !self.flags.has(Flags::OPTIONS) => return Err(Rule::MismatchedTarget),
            A::Asterisk => {}
            A::AuthorityBegin => self.begin_authority(),
            A::AuthorityEnd => return self.end_authority(byte, before),
            A::OtherVersion => return Err(Rule::UnsupportedVersion),
            A::Http10 => self.flags.set(Flags::HTTP10),
            A::RequestEnd if self.flags.has(Flags::RESPONSE) => return Err(Rule::InvalidStatusLine),
            A::StatusBegin if !self.flags.has(Flags::RESPONSE) => return Err(Rule::InvalidVersion),
            A::RequestEnd | A::StatusBegin => {}
            A::StatusDigit if byte == b'0' => return Err(Rule::InvalidStatusLine),
            A::StatusDigit if byte == b'2' && self.flags.has(Flags::CONNECT_ASKED) => self.flags.set(Flags::CONNECT),
            A::StatusDigit => {}
            A::StartLineEnd => self.end_line(limits),
            A::NameBegin => {
                if self.field_count >= limits.field_count {
                    return Err(Rule::TooManyFields);
                }
                self.field_count = self.field_count.saturating_add(1);
                self.word = 0;
                self.push(&[byte], store);
            }
            A::NameEnd => self.end_name(limits, store)?,
            A::PushGap => {
                // A member with white space in it is no word that is known.
                let length = if self.word == 0 { 0 } else { u8::MAX };
                self.word = length;
                self.push(&[byte], store);
            }
            A::Option => self.end_option(limits, store)?,
            A::CodingBegin => {
                // Nothing may follow `chunked`, and it may not be there twice (RFC 9112 §6.1).
                if self.flags.has(Flags::CHUNKED) {
                    return Err(Rule::ChunkedNotFinal);
                }
                self.word = 0;
                self.push(&[byte], store);
            }
            A::Coding => return self.end_coding(byte, before, limits, store),
            A::LengthDigit => {
                let digit = u64::from(byte & 15);
                let grown = self.length.checked_mul(10).and_then(|tens| tens.checked_add(digit));
                self.length = grown.ok_or(Rule::InvalidContentLength)?;
            }
            A::Expect => self.flags.set(Flags::EXPECT_CONTINUE),
            A::IpBegin => self.total = 0,
            A::IpDigit => self.grow_ip(|ip| ip.digit(byte))?,
            A::IpColon => self.grow_ip(IpLiteral::colon)?,
            A::IpDot => self.grow_ip(IpLiteral::dot)?,
            A::IpEnd => self.grow_ip(|ip| ip.is_complete().then_some(ip))?,
            A::PortBegin => self.total = 0,
            A::PortDigit => {
                self.total = self.total.saturating_mul(10).saturating_add(u64::from(byte & 15));
                if self.total > u64::from(u16::MAX) {
                    return Err(self.broken_host());
                }
            }
            A::HostEnd => return self.end_host(store),
            A::LineEnd => self.end_line(limits),
            A::SectionEnd => return self.end_section(limits),
            A::SizeDigit => {
                if self.length >> 60 != 0 {
                    return Err(Rule::ChunkSizeOverflow);
                }
                let digit = scan::hex_digit(byte).unwrap_or(0);
                self.length = self.length << 4 | u64::from(digit);
            }
            A::SizeEnd => return self.end_size(limits),
            A::ChunkEnd => self.begin_chunk_line(limits),
        }
        Ok(())
    }

    fn end_method(&mut self, store: &[u8]) {
        // The method is all that is kept, but for the space.
        let method = store.get(..usize::from(self.word)).unwrap_or(&[]);
        match method {
            b"HEAD" => self.flags.set(Flags::HEAD),
            b"OPTIONS" => self.flags.set(Flags::OPTIONS),
            b"CONNECT" => {
                self.begin_authority();
                self.flags.set(Flags::CONNECT);
                self.state = S::Host;
            }
            _ => {}
        }
    }

    fn begin_authority(&mut self) {
        self.field = FieldName::Target;
        self.flags.set(Flags::AUTHORITY);
    }

    /// White space, or in a target a slash or a question mark, ends a host.
    fn end_authority(&mut self, byte: u8, before: S) -> Result<(), Rule> {
        let is_target = self.field == FieldName::Target;
        let is_connect = is_target && self.flags.has(Flags::CONNECT);
        let fits = match byte {
            b' ' if is_connect => before == S::Port,
            b' ' => true,
            b'\t' => !is_target,
            _ => is_target && !is_connect,
        };
        if !fits {
            return Err(self.broken_host());
        }
        if is_target {
            self.field = FieldName::Other;
            if byte == b' ' {
                self.state = S::Version;
            }
        }
        Ok(())
    }

    /// The rule that a byte breaks which cannot stand in, or behind, this host.
    #[cold]
    fn broken_host(&self) -> Rule {
        match self.field {
            FieldName::Target if self.flags.has(Flags::CONNECT) => Rule::MismatchedTarget,
            FieldName::Target => Rule::InvalidTarget,
            _ => Rule::InvalidHost,
        }
    }

    fn grow_ip(&mut self, grow: impl FnOnce(IpLiteral) -> Option<IpLiteral>) -> Result<(), Rule> {
        let ip = IpLiteral::from_bits(u32::try_from(self.total).unwrap_or(0));
        match grow(ip) {
            Some(ip) => {
                self.total = u64::from(ip.bits());
                Ok(())
            }
            None => Err(self.broken_host()),
        }
    }

    /// A carriage return follows a host: no target ends so, and a field must name the authority of the target.
    fn end_host(&mut self, store: &[u8]) -> Result<(), Rule> {
        if self.field == FieldName::Target {
            return Err(self.broken_host());
        }
        if self.flags.has(Flags::AUTHORITY) && !self.names_authority(store) {
            return Err(Rule::MismatchedTarget);
        }
        Ok(())
    }

    /// Does the Host field, the last line that is kept, name the authority of the target (RFC 9112 §3.2)?
    #[cold]
    fn names_authority(&self, store: &[u8]) -> bool {
        let kept = store.get(..index(self.kept)).unwrap_or(&[]);
        let line = kept.rsplit(|&byte| byte == LF).next().unwrap_or(&[]);
        let host = line.split(|&byte| byte == b':').next().and_then(|name| line.get(name.len().wrapping_add(1)..));
        let target = kept.split(|&byte| byte == b' ').nth(1).unwrap_or(&[]);
        let authority = if self.flags.has(Flags::CONNECT) {
            target
        } else {
            target.split(|&byte| byte == b'/' || byte == b'?').nth(2).unwrap_or(&[])
        };
        host.is_some_and(|host| host.trim_ascii().eq_ignore_ascii_case(authority))
    }

    fn end_name(&mut self, limits: &Limits, store: &mut [u8]) -> Result<(), Rule> {
        let word = self.word(limits, store)?;
        let is_trailer = self.flags.has(Flags::TRAILERS);
        if is_trailer && words::is_forbidden_trailer(word) {
            return Err(Rule::ForbiddenTrailer);
        }
        let is_asked = limits.interest.is_some_and(|interest| interest.keeps(word));
        self.field = if is_trailer { FieldName::Other } else { FieldName::of(word) };
        self.note_name()?;
        let is_compared = self.field == FieldName::Host && self.flags.has(Flags::AUTHORITY);
        if (is_asked || is_compared) && !self.flags.has(Flags::KEEPS) {
            self.flags.set(Flags::KEEPS);
            let length = usize::from(self.word);
            let name = index(self.kept)..index(self.kept).saturating_add(length);
            let limit = limits.interest.map_or(u32::MAX, |interest| interest.bytes);
            // It lies where it is to be kept.
            self.kept = u32::try_from(name.end).unwrap_or(u32::MAX);
            if self.kept > limit {
                return Err(Rule::FieldTooLarge);
            }
            self.keep(b":", limits, store).map_err(|_| Rule::FieldTooLarge)?;
        }
        self.word = 0;
        Ok(())
    }

    /// What the name of a field tells.
    fn note_name(&mut self) -> Result<(), Rule> {
        // What a response to CONNECT, or any response, says of these means nothing (RFC 9110 §9.3.6).
        let is_response = self.flags.has(Flags::RESPONSE);
        let is_tunnel = is_response && self.flags.has(Flags::CONNECT);
        let (sets, broken) = match self.field {
            FieldName::Host | FieldName::Expect if is_response => (Flags::NONE, None),
            FieldName::ContentLength | FieldName::TransferEncoding if is_tunnel => (Flags::NONE, None),
            FieldName::Host => (Flags::HOST, self.flags.has(Flags::HOST).then_some(Rule::DuplicateHost)),
            FieldName::ContentLength if self.flags.has(Flags::CONTENT_LENGTH) => {
                (Flags::NONE, Some(Rule::DuplicateContentLength))
            }
            FieldName::ContentLength => (Flags::CONTENT_LENGTH, self.both_lengths(Flags::TRANSFER_ENCODING)),
            FieldName::TransferEncoding if self.flags.has(Flags::HTTP10) => {
                (Flags::NONE, Some(Rule::TransferEncodingInHttp10))
            }
            FieldName::TransferEncoding => (Flags::TRANSFER_ENCODING, self.both_lengths(Flags::CONTENT_LENGTH)),
            FieldName::Upgrade => (Flags::UPGRADE_FIELD, None),
            FieldName::Connection | FieldName::Expect => return Ok(()),
            FieldName::Other | FieldName::Target => return Ok(()),
        };
        if sets == Flags::NONE {
            self.field = FieldName::Other;
        }
        self.flags.set(sets);
        broken.map_or(Ok(()), Err)
    }

    fn both_lengths(&self, other: Flags) -> Option<Rule> {
        self.flags.has(other).then_some(Rule::ContentLengthWithTransferEncoding)
    }

    /// A member of Connection is complete.
    fn end_option(&mut self, limits: &Limits, store: &[u8]) -> Result<(), Rule> {
        match find(words::OPTIONS, self.word(limits, store)?) {
            words::CLOSE => self.flags.set(Flags::CLOSE),
            words::KEEP_ALIVE => self.flags.set(Flags::KEEP_ALIVE),
            words::UPGRADE => self.flags.set(Flags::UPGRADE_OPTION),
            _ => {}
        }
        self.word = 0;
        Ok(())
    }

    /// The name of a transfer coding is complete, or a separator follows it and white space.
    fn end_coding(&mut self, byte: u8, before: S, limits: &Limits, store: &[u8]) -> Result<(), Rule> {
        if before == S::Coding {
            let is_chunked = find(words::CHUNKED, self.word(limits, store)?) != 0;
            self.flags.set(if is_chunked { Flags::CHUNKED } else { Flags::OTHER_CODING });
            self.word = 0;
        }
        match byte {
            b',' if self.flags.has(Flags::CHUNKED) => Err(Rule::ChunkedNotFinal),
            // It has no parameters (RFC 9112 §7.1).
            b';' if self.flags.has(Flags::CHUNKED) => Err(Rule::InvalidTransferEncoding),
            _ => Ok(()),
        }
    }

    /// A line is complete: of the next one, its name decides whether it is kept.
    fn end_line(&mut self, limits: &Limits) {
        self.field = FieldName::Other;
        self.word = 0;
        self.keep_lines(limits);
    }

    /// Without an interest all lines are kept.
    fn keep_lines(&mut self, limits: &Limits) {
        self.flags.clear(Flags::KEEPS);
        if limits.interest.is_none() {
            self.flags.set(Flags::KEEPS);
        }
    }

    /// All lines of a head or of a trailer section have come: what can only be judged now.
    fn end_section(&mut self, limits: &Limits) -> Result<(), Rule> {
        if self.flags.has(Flags::KEEPS) {
            // The empty line is no field line.
            self.kept = self.kept.saturating_sub(1);
            self.flags.clear(Flags::KEEPS);
        }
        if self.flags.has(Flags::TRAILERS) || self.flags.has(Flags::RESPONSE) {
            return Ok(());
        }
        self.total = 0;
        if !self.flags.has(Flags::HOST) && !self.flags.has(Flags::HTTP10) {
            return Err(Rule::MissingHost);
        }
        if self.flags.has(Flags::TRANSFER_ENCODING) {
            return if !self.flags.has(Flags::CHUNKED) {
                Err(Rule::ChunkedNotFinal)
            } else if self.flags.has(Flags::OTHER_CODING) {
                Err(Rule::UnknownTransferCoding)
            } else {
                Ok(())
            };
        }
        if self.length > limits.body_bytes { Err(Rule::BodyTooLarge) } else { Ok(()) }
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

    fn begin_chunk_line(&mut self, limits: &Limits) {
        self.length = 0;
        self.room = limits.chunk_line_bytes;
    }

    /// The data of a chunk follow; `used` bytes stood before them.
    #[cfg(feature = "quick")]
    pub(crate) fn begin_chunk(&mut self, size: u64, used: usize) {
        self.length = size;
        self.state = S::ChunkData;
        self.offset = self.offset.saturating_add(u64::try_from(used).unwrap_or(u64::MAX));
    }

    /// A chunk-size line is complete: its data follow, or the trailer section.
    fn end_size(&mut self, limits: &Limits) -> Result<(), Rule> {
        let is_too_large = self.total.checked_add(self.length).is_none_or(|total| total > limits.body_bytes);
        if is_too_large {
            return Err(Rule::BodyTooLarge);
        }
        if self.length == 0 {
            self.state = S::Line;
            self.flags.set(Flags::TRAILERS);
            (self.kept, self.field_count, self.room) = (0, 0, limits.trailer_bytes);
            self.end_line(limits);
        }
        Ok(())
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

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
