//! What an entry of the table does beyond going on to its next state, and what only a whole section decides.

use super::machine::{Machine, after_chunk, index};
use super::span::{Judged, Span};
use super::state::State as S;
use super::table::Action as A;
use super::words::{self, Word};
use crate::bytes::{self, HTAB, LF, SP, list};
use crate::http::error::Rule;
use crate::http::flags::Flags;
use crate::http::limits::Limits;
use crate::http::method;

/// Empty lines that are overlooked before a request line (RFC 9112 §2.2).
const EMPTY_LINES: u8 = 4;

impl Machine {
    /// What an entry does beyond going on from the state `before`; it may refuse the byte.
    #[inline(never)]
    pub(super) fn act(&mut self, action: A, before: S, span: &mut Span<'_>) -> Judged {
        let byte = span.byte;
        let fits = match action {
            A::None => true,
            A::EmptyLine => {
                self.set_room(span.limits.head_bytes, span);
                self.word = self.word.wrapping_add(1);
                self.word <= EMPTY_LINES
            }
            A::Begin => {
                span.set_room(span.limits.head_bytes.saturating_sub(1));
                return self.begin_keeping(span);
            }
            A::MethodEnd => {
                self.end_method(span);
                true
            }
            A::Asterisk if !self.flags.has(Flags::OPTIONS) => return Err(Some(Rule::MismatchedTarget)),
            A::Asterisk => true,
            A::AuthorityBegin => {
                self.begin_authority();
                true
            }
            A::AuthorityEnd => self.end_authority(byte, before),
            A::OtherVersion => return Err(Some(Rule::UnsupportedVersion)),
            A::Http10 => {
                self.flags.set(Flags::HTTP10);
                true
            }
            A::RequestEnd => !self.flags.has(Flags::RESPONSE),
            A::StatusBegin => self.flags.has(Flags::RESPONSE),
            A::StatusDigit => {
                if byte == b'2' && self.flags.has(Flags::CONNECT_ASKED) {
                    self.flags.set(Flags::CONNECT);
                }
                byte != b'0'
            }
            A::StartLineEnd | A::LineEnd => {
                self.end_line(span);
                true
            }
            A::TooManyFields => return Err(Some(Rule::TooManyFields)),
            A::WordBegin => {
                self.word = 0;
                span.word = span.at();
                true
            }
            A::NameEnd => return self.end_name(span),
            A::OptionGap => return self.look_up(span),
            A::OptionEnd => {
                if before == S::Option {
                    self.look_up(span)?;
                }
                match self.field {
                    Word::CLOSE => self.flags.set(Flags::CLOSE),
                    Word::KEEP_ALIVE => self.flags.set(Flags::KEEP_ALIVE),
                    Word::UPGRADE => self.flags.set(Flags::UPGRADE_OPTION),
                    _ => {}
                }
                true
            }
            A::Coding => return self.end_coding(before, span),
            A::LengthDigit => self.grow_length(10, byte),
            A::SizeDigit if !self.grow_length(16, byte) => return Err(Some(Rule::ChunkSizeOverflow)),
            A::SizeDigit => true,
            A::Expect => {
                self.flags.set(Flags::EXPECT_CONTINUE);
                true
            }
            A::IpBegin => {
                self.begin_ip();
                true
            }
            A::GroupBegin => self.begin_group(byte),
            A::GroupDigit => self.grow_group(byte),
            A::GroupEnd => self.end_group(),
            A::Ellipsis => self.note_ellipsis(),
            A::FirstOctetEnd => self.end_first_octet(),
            A::OctetDigit => self.grow_octet(byte),
            A::OctetEnd => self.end_octet(),
            A::IpEnd => self.is_ip_complete(),
            A::PortBegin => {
                self.total = 0;
                true
            }
            A::PortDigit => {
                let before = u32::try_from(self.total).unwrap_or(u32::MAX);
                // It was no more than that.
                let port = before.wrapping_mul(10).wrapping_add(u32::from(bytes::digit(byte)));
                self.total = u64::from(port);
                port <= u32::from(u16::MAX)
            }
            A::HostEnd => return self.end_host(span),
            A::SectionEnd => return self.end_section(span),
            A::SizeEnd => return self.end_size(span),
        };
        if fits { Ok(()) } else { Err(None) }
    }

    /// The word that ends before this byte.
    #[inline(never)]
    fn look_up(&mut self, span: &mut Span<'_>) -> Judged {
        let Some(word) = self.end_word(span) else { return Err(Some(Rule::FieldTooLarge)) };
        self.field = Word::of(word);
        self.word = 0;
        Ok(())
    }

    /// One more digit of Content-Length or of a chunk's size; whether the number is not too large.
    #[inline(never)]
    fn grow_length(&mut self, base: u32, digit: u8) -> bool {
        let half = |number: u64| number & u64::from(u32::MAX);
        let (base, digit) = (u64::from(base), u64::from(bytes::digit(digit)));
        // None of these is more than 64 bits.
        let low = half(self.length).wrapping_mul(base).wrapping_add(digit);
        let high = (self.length >> 32).wrapping_mul(base).wrapping_add(low >> 32);
        self.length = high << 32 | half(low);
        high >> 32 == 0
    }

    fn end_method(&mut self, span: &mut Span<'_>) {
        // It is all that is kept.
        self.keep_to(span.at(), span);
        match list::find(method::NAMES, span.store.get(..index(self.kept)).unwrap_or(&[])) {
            method::HEAD => self.flags.set(Flags::HEAD),
            method::OPTIONS => self.flags.set(Flags::OPTIONS),
            method::CONNECT => {
                self.begin_authority();
                self.flags.set(Flags::CONNECT);
                self.state = S::Host;
            }
            _ => {}
        }
    }

    pub(super) fn begin_authority(&mut self) {
        self.field = Word::TARGET;
        self.flags.set(Flags::AUTHORITY);
    }

    /// White space, or in a target a slash or a question mark, ends a host: whether it can.
    fn end_authority(&mut self, byte: u8, before: S) -> bool {
        if self.field != Word::TARGET {
            return byte != b'/' && byte != b'?';
        }
        let fits = match byte {
            // It has a port.
            b' ' => !self.flags.has(Flags::CONNECT) || before == S::Port,
            b'\t' => false,
            _ => !self.flags.has(Flags::CONNECT),
        };
        if fits {
            self.field = Word::OTHER;
        }
        if byte == b' ' {
            self.state = S::Version;
        }
        fits
    }

    /// A carriage return follows a host: no target ends so, and a field must name the authority of the target.
    fn end_host(&mut self, span: &mut Span<'_>) -> Judged {
        if self.field == Word::TARGET {
            return Err(None);
        }
        if self.flags.has(Flags::AUTHORITY) {
            self.keep_to(span.at(), span);
            if !self.names_authority(span.store) {
                return Err(Some(Rule::MismatchedTarget));
            }
        }
        Ok(())
    }

    /// Does the Host field, the last line that is kept, name the authority of the target (RFC 9112 §3.2)?
    #[cold]
    #[inline(never)]
    fn names_authority(&self, store: &[u8]) -> bool {
        let kept = store.get(..index(self.kept)).unwrap_or(&[]);
        let mut host = kept;
        loop {
            let line = bytes::behind(host, LF);
            if line.is_empty() {
                break;
            }
            host = line;
        }
        let authority = if self.flags.has(Flags::CONNECT) {
            bytes::behind(kept, SP)
        } else {
            bytes::behind(bytes::behind(bytes::behind(kept, b':'), b'/'), b'/')
        };
        let (mut host, mut authority) = (bytes::behind(host, b':').iter(), authority.iter());
        while let [SP | HTAB, ..] = host.as_slice() {
            host.next();
        }
        loop {
            let (a, b) = (host.next().map_or(SP, |byte| *byte), authority.next().map_or(SP, |byte| *byte));
            if a <= SP {
                return matches!(b, SP | b'/' | b'?');
            }
            // Of what may stand in a host, only letters differ in no more than this bit.
            if (a ^ b) & !0x20 != 0 {
                return false;
            }
        }
    }

    fn end_name(&mut self, span: &mut Span<'_>) -> Judged {
        self.field_count = self.field_count.wrapping_add(1);
        let is_trailer = self.flags.has(Flags::TRAILERS);
        let field_filter = span.limits.field_filter;
        let Some(word) = self.end_word(span) else { return Err(Some(Rule::FieldTooLarge)) };
        if is_trailer && words::is_forbidden_trailer(word) {
            return Err(Some(Rule::ForbiddenTrailer));
        }
        let length = word.len();
        let is_asked = field_filter.is_some_and(|field_filter| field_filter.keeps(word));
        self.field = if is_trailer { Word::OTHER } else { Word::of_name(word) };
        self.note_name()?;
        let is_compared = self.field == Word::HOST && self.flags.has(Flags::AUTHORITY);
        if (is_asked || is_compared) && !self.flags.has(Flags::KEEPS) {
            self.keep_name(length, span)?;
        }
        self.word = 0;
        Ok(())
    }

    /// Which state reads the value of this field, and what its name tells.
    fn note_name(&mut self) -> Judged {
        let flags = self.flags;
        // What a response to CONNECT, or any response, says of these means nothing (RFC 9110 §9.3.6).
        let is_response = flags.has(Flags::RESPONSE);
        let is_tunnel = is_response && flags.has(Flags::CONNECT);
        match self.field {
            Word::HOST if !is_response => {
                self.note(S::HostStart, Flags::HOST, flags.has(Flags::HOST).then_some(Rule::DuplicateHost))
            }
            Word::CONTENT_LENGTH if !is_tunnel => {
                let broken = if flags.has(Flags::CONTENT_LENGTH) {
                    Some(Rule::DuplicateContentLength)
                } else if flags.has(Flags::TRANSFER_ENCODING) {
                    Some(Rule::ContentLengthWithTransferEncoding)
                } else {
                    None
                };
                self.note(S::LengthStart, Flags::CONTENT_LENGTH, broken)
            }
            Word::TRANSFER_ENCODING if !is_tunnel => {
                let broken = if flags.has(Flags::HTTP10) {
                    Some(Rule::TransferEncodingInHttp10)
                } else if flags.has(Flags::CHUNKED) {
                    // Nothing may follow `chunked`, and it may not be there twice (RFC 9112 §6.1).
                    Some(Rule::ChunkedNotFinal)
                } else if flags.has(Flags::CONTENT_LENGTH) {
                    Some(Rule::ContentLengthWithTransferEncoding)
                } else {
                    None
                };
                self.note(S::Codings, Flags::TRANSFER_ENCODING, broken)
            }
            Word::CONNECTION => self.note(S::Options, Flags::NONE, None),
            // An HTTP/1.0 client cannot expect (RFC 9110 §10.1.1); what it says is ignored.
            Word::EXPECT if !is_response && !flags.has(Flags::HTTP10) => self.note(S::Expect, Flags::NONE, None),
            Word::UPGRADE => self.note(S::Value, Flags::UPGRADE_FIELD, None),
            _ => {
                self.field = Word::OTHER;
                Ok(())
            }
        }
    }

    /// Such a field comes, and it breaks this rule, or none.
    #[inline(always)]
    fn note(&mut self, state: S, sets: Flags, broken: Option<Rule>) -> Judged {
        self.state = state;
        self.flags.set(sets);
        broken.map_or(Ok(()), |rule| Err(Some(rule)))
    }

    /// The name of a transfer coding is complete, or a separator follows it and white space.
    fn end_coding(&mut self, before: S, span: &mut Span<'_>) -> Judged {
        if before == S::Coding {
            self.look_up(span)?;
            self.flags.set(if self.field == Word::CHUNKED { Flags::CHUNKED } else { Flags::OTHER_CODING });
        }
        match span.byte {
            b',' if self.flags.has(Flags::CHUNKED) => Err(Some(Rule::ChunkedNotFinal)),
            // It has no parameters (RFC 9112 §7.1).
            b';' if self.flags.has(Flags::CHUNKED) => Err(None),
            _ => Ok(()),
        }
    }

    /// A line is complete. Of the next one, its name decides whether it is kept; without a filter all lines are.
    fn end_line(&mut self, span: &mut Span<'_>) {
        let keeps_all = span.limits.field_filter.is_none();
        if keeps_all || self.flags.has(Flags::KEEPS) {
            self.keep_to(span.next, span);
            self.flags.clear(Flags::KEEPS);
            if keeps_all {
                self.flags.set(Flags::KEEPS);
            }
            span.copied = span.next;
            self.bound(span);
        }
        self.field = Word::OTHER;
        self.word = 0;
        span.word = span.next;
        if self.field_count >= span.limits.field_count {
            self.state = S::LastLine;
        }
    }

    /// All lines of a head or of a trailer section have come: what can only be judged now.
    fn end_section(&mut self, span: &mut Span<'_>) -> Judged {
        // The empty line is no field line.
        self.keep_to(span.at(), span);
        self.flags.clear(Flags::KEEPS);
        self.bound(span);
        if self.flags.has(Flags::TRAILERS) {
            Ok(())
        } else if self.flags.has(Flags::RESPONSE) {
            // By those who know what was asked.
            self.state = S::ResponseRead;
            Ok(())
        } else {
            self.judge_request(span.limits).map_err(Some)
        }
    }

    fn judge_request(&self, limits: &Limits) -> Result<(), Rule> {
        if !self.flags.has(Flags::HOST) && !self.flags.has(Flags::HTTP10) {
            Err(Rule::MissingHost)
        } else if !self.flags.has(Flags::TRANSFER_ENCODING) {
            if self.length > limits.body_bytes { Err(Rule::BodyTooLarge) } else { Ok(()) }
        } else if !self.flags.has(Flags::CHUNKED) {
            Err(Rule::ChunkedNotFinal)
        } else if self.flags.has(Flags::OTHER_CODING) {
            Err(Rule::UnknownTransferCoding)
        } else {
            Ok(())
        }
    }

    /// A chunk-size line is complete: its data follow, or the trailer section.
    fn end_size(&mut self, span: &mut Span<'_>) -> Judged {
        let is_too_large = self.total.checked_add(self.length).is_none_or(|total| total > span.limits.body_bytes);
        if is_too_large {
            return Err(Some(Rule::BodyTooLarge));
        }
        if self.length > 0 {
            span.room = span.next.saturating_add(index(after_chunk(span.limits)));
            return Ok(());
        }
        self.state = S::Line;
        self.flags.set(Flags::TRAILERS);
        (self.kept, self.field_count) = (0, 0);
        self.set_room(span.limits.trailer_bytes, span);
        self.end_line(span);
        Ok(())
    }
}
