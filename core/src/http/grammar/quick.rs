//! The quick front: one pass over a whole, usual head, sixteen bytes at a time. It only ever accepts, and only what the
//! [grammar](super) accepts, with the same facts; whatever it does not like is read by the grammar from the first
//! byte. So it changes nothing but speed.

use super::field_line::{self, FieldLine};
use super::machine::Machine;
use super::response_framing::REASON_START;
use super::state::State;
use super::words::is_perhaps_framing;
use crate::bytes::{self, CR, LF, SP};
use crate::http::flags::Flags;
use crate::http::framing::ResponseFraming;
use crate::http::limits::Limits;
use crate::http::method::Method;
use crate::http::status::Status;
use crate::http::version::Version;

/// The head of a request that was accepted: where its parts lie.
pub(crate) struct QuickRequest<'b> {
    /// Bytes of the head.
    pub(crate) length: usize,
    pub(crate) method: Method<'b>,
    /// In origin form.
    pub(crate) target: &'b [u8],
    pub(crate) version: Version,
    /// The field lines.
    pub(crate) lines: &'b [u8],
}

/// The head of a response that was accepted: where its parts lie.
pub(crate) struct QuickResponse<'b> {
    /// Bytes of the head.
    pub(crate) length: usize,
    pub(crate) status: Status,
    pub(crate) reason: &'b [u8],
    pub(crate) version: Version,
    /// The field lines.
    pub(crate) lines: &'b [u8],
    /// What follows.
    pub(crate) body: ResponseFraming,
}

/// What the fields of a head say about framing.
struct HeadFraming {
    flags: Flags,
    length: u64,
    /// Field lines, and what a client counts with them.
    field_count: u8,
}

/// Reads the request's head that `bytes` begin with, for a machine that is at its start.
#[inline(always)]
pub(crate) fn request<'b>(machine: &mut Machine, limits: &Limits, bytes: &'b [u8]) -> Option<QuickRequest<'b>> {
    let method_end = if bytes.first_chunk() == Some(b"GET ") { 3 } else { method_end(bytes)? };
    let target_start = method_end.wrapping_add(1);
    if bytes.get(target_start) != Some(&b'/') {
        return None;
    }
    let target_end = bytes::target_end(bytes, target_start);
    let version = match bytes.get(target_end..)?.first_chunk()? {
        b" HTTP/1.1\r\n" => Version::Http11,
        b" HTTP/1.0\r\n" => Version::Http10,
        _ => return None,
    };
    let method = match bytes.get(..method_end)? {
        b"GET" => Method::Get,
        b"POST" => Method::Post,
        b"HEAD" => Method::Head,
        b"PUT" => Method::Put,
        method => Method::from_token(method),
    };
    let mut framing = HeadFraming::new(machine);
    if version == Version::Http10 {
        framing.flags.set(Flags::HTTP10);
    }
    if method == Method::Head {
        framing.flags.set(Flags::HEAD);
    } else if method == Method::Connect {
        return None;
    }
    let (end, lines) = framing.read_fields::<true>(limits, bytes, target_end.wrapping_add(11))?;
    if !framing.flags.has(Flags::HOST) && version == Version::Http11 {
        return None;
    }
    let is_chunked = framing.flags.has(Flags::CHUNKED);
    if framing.length > limits.body_bytes && !is_chunked {
        return None;
    }
    let target = bytes.get(target_start..target_end)?;
    framing.give_to(machine, end);
    Some(QuickRequest { length: end, method, target, version, lines })
}

/// Reads the response's head that `bytes` begin with, for a machine that is at its start and knows what was asked.
pub(crate) fn response<'b>(machine: &mut Machine, limits: &Limits, bytes: &'b [u8]) -> Option<QuickResponse<'b>> {
    let mut framing = HeadFraming::new(machine);
    let [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor @ b'0'..=b'9', SP, a @ b'1'..=b'9', b, c, SP] =
        bytes.first_chunk::<{ REASON_START }>()?
    else {
        return None;
    };
    let version = if *minor == b'0' { Version::Http10 } else { Version::Http11 };
    if version == Version::Http10 {
        framing.flags.set(Flags::HTTP10);
    }
    if !b.is_ascii_digit() || !c.is_ascii_digit() || machine.flags.has(Flags::CONNECT_ASKED) {
        return None;
    }
    let status = Status::from_digits([*a, *b, *c]);
    let reason_end = bytes::value_end(bytes, REASON_START);
    if !field_line::is_line_end(bytes, reason_end) {
        return None;
    }
    let (end, lines) = framing.read_fields::<false>(limits, bytes, reason_end.wrapping_add(2))?;
    let reason = bytes.get(REASON_START..reason_end)?;
    let before = machine.clone();
    framing.give_to(machine, end);
    let Ok(body) = machine.judge_response(limits, status) else {
        *machine = before;
        return None;
    };
    Some(QuickResponse { length: end, status, reason, version, lines, body })
}

impl HeadFraming {
    #[inline(always)]
    fn new(machine: &Machine) -> Self {
        Self { flags: Flags::NONE, length: 0, field_count: machine.field_count }
    }

    /// Reads field lines from index `at` on. Where the head ends, and the lines.
    #[inline(always)]
    fn read_fields<'b, const IS_REQUEST: bool>(
        &mut self,
        limits: &Limits,
        bytes: &'b [u8],
        start: usize,
    ) -> Option<(usize, &'b [u8])> {
        let mut at = start;
        let mut ends = bytes::LineEnds::new(bytes, at);
        while !field_line::is_line_end(bytes, at) {
            let line = match FieldLine::between(bytes, at, ends.of(at)) {
                Some(line) => line,
                // It has rare characters, or it is none.
                None => field_line::line(bytes, at)?,
            };
            if self.field_count >= limits.field_count {
                return None;
            }
            self.field_count = self.field_count.wrapping_add(1);
            let first = bytes.get(line.start).copied().unwrap_or(0);
            if is_perhaps_framing(line.colon.wrapping_sub(line.start), first) {
                self.note::<IS_REQUEST>(bytes, line)?;
            }
            at = line.end();
        }
        let end = at.wrapping_add(2);
        let most =
            limits.field_filter.map_or(limits.head_bytes, |field_filter| field_filter.bytes.min(limits.head_bytes));
        let fits = u32::try_from(end).is_ok_and(|end| end <= most);
        fits.then_some((end, bytes.get(start..at)?))
    }

    /// Takes from a field what framing needs. `None`: it is not a usual one.
    #[inline(never)]
    fn note<const IS_REQUEST: bool>(&mut self, bytes: &[u8], line: FieldLine) -> Option<()> {
        let (name, value) = line.name_and_value(bytes)?;
        match name.len() {
            4 if IS_REQUEST && is_lower(name, b"host") => {
                self.set_once(Flags::HOST)?;
                is_usual_host(value).then_some(())
            }
            6 if IS_REQUEST && is_lower(name, b"expect") => {
                let is_usual = !self.flags.has(Flags::HTTP10) && value.eq_ignore_ascii_case(b"100-continue");
                self.flags.set(Flags::EXPECT_CONTINUE);
                is_usual.then_some(())
            }
            7 if is_lower(name, b"upgrade") => {
                self.flags.set(Flags::UPGRADE_FIELD);
                Some(())
            }
            10 if is_lower(name, b"connection") => {
                self.note_connection(value);
                Some(())
            }
            14 if is_lower(name, b"content-length") && !self.flags.has(Flags::TRANSFER_ENCODING) => {
                self.set_once(Flags::CONTENT_LENGTH)?;
                self.length = bytes::decimal(value)?;
                Some(())
            }
            14 if is_lower(name, b"content-length") => None,
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
                self.set_once(Flags::TRANSFER_ENCODING)?;
                self.flags.set(Flags::CHUNKED);
                let is_alone = !self.flags.has(Flags::HTTP10) && !self.flags.has(Flags::CONTENT_LENGTH);
                (is_alone && value.eq_ignore_ascii_case(b"chunked")).then_some(())
            }
            _ => Some(()),
        }
    }

    fn set_once(&mut self, flag: Flags) -> Option<()> {
        let is_first = !self.flags.has(flag);
        self.flags.set(flag);
        is_first.then_some(())
    }

    fn note_connection(&mut self, value: &[u8]) {
        if is_lower(value, b"keep-alive") {
            self.flags.set(Flags::KEEP_ALIVE);
            return;
        }
        for option in value.split(|&byte| byte == b',').map(bytes::trim) {
            match option.len() {
                5 if option.eq_ignore_ascii_case(b"close") => self.flags.set(Flags::CLOSE),
                7 if option.eq_ignore_ascii_case(b"upgrade") => self.flags.set(Flags::UPGRADE_OPTION),
                10 if option.eq_ignore_ascii_case(b"keep-alive") => self.flags.set(Flags::KEEP_ALIVE),
                _ => {}
            }
        }
    }

    /// The head was accepted: the machine has read its `end` bytes.
    #[inline(always)]
    fn give_to(&self, machine: &mut Machine, end: usize) {
        machine.flags.set(self.flags);
        machine.length = self.length;
        machine.field_count = self.field_count;
        machine.offset = machine.offset.saturating_add(u64::try_from(end).unwrap_or(u64::MAX));
    }
}

/// Takes all that stands before the data of a chunk, if it is here, is right, and holds no extension. Returns how many bytes
/// that were: none where the grammar has to look.
#[inline]
pub(crate) fn chunk_framing(machine: &mut Machine, limits: &Limits, bytes: &[u8]) -> usize {
    let line = match (machine.state, bytes) {
        (State::ChunkDataCr, [CR, LF, line @ ..]) => line,
        (State::SizeStart, line) => line,
        _ => return 0,
    };
    let Some((size, data)) = chunk_line(limits, line) else { return 0 };
    let is_large = machine.total.checked_add(size).is_none_or(|total| total > limits.body_bytes);
    if is_large || size == 0 {
        return 0;
    }
    let used = bytes.len().wrapping_sub(data.len());
    machine.begin_chunk(limits, size, used);
    used
}

/// The size in the chunk-size line that `bytes` begin with, and what is behind the line: if it keeps its limit, and is
/// nothing but digits, too few of them to overflow.
#[inline(always)]
fn chunk_line<'b>(limits: &Limits, bytes: &'b [u8]) -> Option<(u64, &'b [u8])> {
    let (mut size, mut rest) = (0_u64, bytes);
    while let [byte, after @ ..] = rest
        && let Some(digit) = bytes::hex_digit(*byte)
    {
        // With one more it might overflow.
        if size >> 56 != 0 {
            return None;
        }
        size = size << 4 | u64::from(digit);
        rest = after;
    }
    let [CR, LF, data @ ..] = rest else { return None };
    let length = bytes.len().wrapping_sub(data.len());
    let fits = u32::try_from(length).is_ok_and(|length| length > 2 && length <= limits.chunk_line_bytes);
    fits.then_some((size, data))
}

/// The length of the method that `bytes` begin with; a space follows it.
#[inline(never)]
fn method_end(bytes: &[u8]) -> Option<usize> {
    let end = bytes::token_end(bytes, 0);
    (end > 0 && bytes.get(end) == Some(&SP)).then_some(end)
}

/// A registered name without percent-encoding, or an IPv4 address, and perhaps a port of up to four digits; or nothing.
#[inline(always)]
fn is_usual_host(host: &[u8]) -> bool {
    let name_end = bytes::reg_name_end(host, 0);
    match host.get(name_end..) {
        Some([]) => true,
        Some([b':', port @ ..]) => name_end > 0 && port.len() <= 4 && port.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// Is this, without regard to case, `lower`, of 4 to 16 bytes? For what holds no control: for those the digits and signs
/// would match.
#[inline(always)]
fn is_lower(bytes: &[u8], lower: &[u8]) -> bool {
    bytes.len() == lower.len() && lower_ends(bytes) == lower_ends(lower)
}

/// The first and the last bytes in lower case, as two words that may overlap: all of 4 to 16 bytes.
#[inline(always)]
fn lower_ends(bytes: &[u8]) -> Option<(u64, u64)> {
    let word = |half: &[u8; 8]| u64::from_le_bytes(*half) | 0x2020_2020_2020_2020;
    let half = |quarter: &[u8; 4]| u64::from(u32::from_le_bytes(*quarter) | 0x2020_2020);
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => Some((word(first), word(last))),
        _ => Some((half(bytes.first_chunk()?), half(bytes.last_chunk()?))),
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn words_compare_names_as_the_plain_loop_does() {
        for lower in ["host", "close", "expect", "upgrade", "connection", "content-length", "sixteen-bytes-it"] {
            let lower = lower.as_bytes();
            assert!(is_lower(lower, lower) && is_lower(&lower.to_ascii_uppercase(), lower), "{}", lower.escape_ascii());
            assert!(!is_lower(&lower[1..], lower) && !is_lower(&[lower, b"x"].concat(), lower));
            for place in 0..lower.len() {
                for byte in b' '..=u8::MAX {
                    let mut name = lower.to_vec();
                    name[place] = byte;
                    let expected = name.eq_ignore_ascii_case(lower);
                    assert_eq!(is_lower(&name, lower), expected, "{}", name.escape_ascii());
                }
            }
        }
    }
}
