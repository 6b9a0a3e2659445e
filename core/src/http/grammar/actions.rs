//! What an entry of the table does beyond going on to its next state, and what only a whole section decides.

use super::ip_literal::IpLiteral;
use super::machine::{LONG, Machine, index};
use super::state::State as S;
use super::table::Action as A;
use super::words::{self, FieldName, find};
use crate::bytes::{self, LF};
use crate::http::error::Rule;
use crate::http::flags::Flags;
use crate::http::limits::Limits;

/// Empty lines that are overlooked before a request line (RFC 9112 §2.2), in bytes.
const EMPTY_LINE_BYTES: u64 = 8;

impl Machine {
    /// The state that reads the value of this field.
    pub(super) fn value_state(&self) -> S {
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

    /// What an entry does beyond going on; it may refuse the byte.
    #[inline(never)]
    pub(super) fn act(
        &mut self,
        action: A,
        byte: u8,
        before: S,
        limits: &Limits,
        store: &mut [u8],
    ) -> Result<(), Rule> {
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
                if !self.keep(byte, limits, store) {
                    return Err(self.broken_limit(before));
                }
                self.push(&[byte], limits, store);
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
                self.push(&[byte], limits, store);
            }
            A::NameEnd => self.end_name(limits, store)?,
            A::PushGap => {
                // A member with white space in it is no word that is known.
                self.word = if self.word == 0 { 0 } else { LONG };
                self.push(&[byte], limits, store);
            }
            A::Option => self.end_option(store)?,
            A::CodingBegin => {
                self.word = 0;
                self.push(&[byte], limits, store);
            }
            A::Coding => return self.end_coding(byte, before, store),
            A::LengthDigit => {
                let digit = u64::from(byte & 15);
                let grown = self.length.checked_mul(10).and_then(|tens| tens.checked_add(digit));
                self.length = grown.ok_or(Rule::InvalidContentLength)?;
            }
            A::Expect => self.flags.set(Flags::EXPECT_CONTINUE),
            A::IpBegin => self.total = 0,
            A::IpByte => return self.grow_ip(byte),
            A::PortBegin => self.total = 0,
            A::PortDigit => {
                self.total = self.total.saturating_mul(10).saturating_add(u64::from(byte & 15));
                if self.total > u64::from(u16::MAX) {
                    return Err(self.broken_host());
                }
            }
            A::HostEnd => return self.end_host(store),
            A::LineEnd => self.end_line(limits),
            A::SectionEnd => return self.end_section(limits, store),
            A::SizeDigit => {
                if self.length >> 60 != 0 {
                    return Err(Rule::ChunkSizeOverflow);
                }
                let digit = bytes::hex_digit(byte).unwrap_or(0);
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

    pub(super) fn begin_authority(&mut self) {
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
            FieldName::Host | FieldName::Other | FieldName::Connection | FieldName::ContentLength => Rule::InvalidHost,
            FieldName::TransferEncoding | FieldName::Expect | FieldName::Upgrade => Rule::InvalidHost,
        }
    }

    fn grow_ip(&mut self, byte: u8) -> Result<(), Rule> {
        let ip = IpLiteral::from_bits(u32::try_from(self.total).unwrap_or(0));
        let ip = ip.after(byte).ok_or_else(|| self.broken_host())?;
        self.total = u64::from(ip.bits());
        Ok(())
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
        let word = self.word(store)?;
        let is_trailer = self.flags.has(Flags::TRAILERS);
        if is_trailer && words::is_forbidden_trailer(word) {
            return Err(Rule::ForbiddenTrailer);
        }
        let is_asked = limits.field_filter.is_some_and(|field_filter| field_filter.keeps(word));
        self.field = if is_trailer { FieldName::Other } else { FieldName::of(word) };
        self.note_name()?;
        let is_compared = self.field == FieldName::Host && self.flags.has(Flags::AUTHORITY);
        if (is_asked || is_compared) && !self.flags.has(Flags::KEEPS) {
            self.flags.set(Flags::KEEPS);
            let length = usize::from(self.word);
            let name = index(self.kept)..index(self.kept).saturating_add(length);
            let limit = limits.field_filter.map_or(u32::MAX, |field_filter| field_filter.bytes);
            // It lies where it is to be kept.
            self.kept = u32::try_from(name.end).unwrap_or(u32::MAX);
            if self.kept > limit {
                return Err(Rule::FieldTooLarge);
            }
            if !self.keep(b':', limits, store) {
                return Err(Rule::FieldTooLarge);
            }
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
            // Nothing may follow `chunked`, and it may not be there twice (RFC 9112 §6.1).
            FieldName::TransferEncoding if self.flags.has(Flags::CHUNKED) => (Flags::NONE, Some(Rule::ChunkedNotFinal)),
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
    fn end_option(&mut self, store: &[u8]) -> Result<(), Rule> {
        match find(words::OPTIONS, self.word(store)?) {
            words::CLOSE => self.flags.set(Flags::CLOSE),
            words::KEEP_ALIVE => self.flags.set(Flags::KEEP_ALIVE),
            words::UPGRADE => self.flags.set(Flags::UPGRADE_OPTION),
            _ => {}
        }
        self.word = 0;
        Ok(())
    }

    /// The name of a transfer coding is complete, or a separator follows it and white space.
    fn end_coding(&mut self, byte: u8, before: S, store: &[u8]) -> Result<(), Rule> {
        if before == S::Coding {
            let is_chunked = find(words::CHUNKED, self.word(store)?) != 0;
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

    /// Without a filter all lines are kept.
    fn keep_lines(&mut self, limits: &Limits) {
        self.flags.clear(Flags::KEEPS);
        if limits.field_filter.is_none() {
            self.flags.set(Flags::KEEPS);
        }
    }

    /// All lines of a head or of a trailer section have come: what can only be judged now.
    fn end_section(&mut self, limits: &Limits, store: &[u8]) -> Result<(), Rule> {
        if self.flags.has(Flags::KEEPS) {
            // The empty line is no field line.
            self.kept = self.kept.saturating_sub(1);
            self.flags.clear(Flags::KEEPS);
        }
        if self.flags.has(Flags::TRAILERS) {
            return Ok(());
        }
        if self.flags.has(Flags::RESPONSE) {
            return self.judge_kept_response(limits, store);
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

    /// A chunk-size line is complete: its data follow, or the trailer section.
    fn end_size(&mut self, limits: &Limits) -> Result<(), Rule> {
        let is_too_large = self.total.checked_add(self.length).is_none_or(|total| total > limits.body_bytes);
        if is_too_large {
            return Err(Rule::BodyTooLarge);
        }
        // The line end behind the data.
        self.room = 2;
        if self.length == 0 {
            self.state = S::Line;
            self.flags.set(Flags::TRAILERS);
            (self.kept, self.field_count, self.room) = (0, 0, limits.trailer_bytes);
            self.end_line(limits);
        }
        Ok(())
    }
}
