//! What follows the head of a response, as only the whole head and the request decide (RFC 9112 §6.3).

use super::machine::Machine;
use crate::http::error::Rule;
use crate::http::flags::Flags;
use crate::http::framing::ResponseFraming;
use crate::http::limits::Limits;
use crate::http::status::Status;

impl Machine {
    /// See [`framing`]. Interim responses count as field lines, so that there is an end to them.
    pub(crate) fn judge_response(&self, limits: &Limits, status: Status) -> Result<ResponseFraming, Rule> {
        let framing = framing(self.flags, self.length, limits, status)?;
        let is_interim = status.is_informational() && framing != ResponseFraming::Tunnel;
        if is_interim && self.field_count >= limits.field_count { Err(Rule::TooManyFields) } else { Ok(framing) }
    }
}

/// The status of a start line.
pub(crate) fn status(line: &[u8]) -> Status {
    let digits = line.get(CODE_START..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
    Status::from_digits(digits)
}

/// RFC 9112 §6.3, in its order, but that any 2xx to CONNECT begins a tunnel, also 204 (RFC 9110 §9.3.6).
fn framing(flags: Flags, length: u64, limits: &Limits, status: Status) -> Result<ResponseFraming, Rule> {
    if status == Status::SWITCHING_PROTOCOLS {
        let says_what = flags.has_all(Flags::UPGRADE_FIELD.with(Flags::UPGRADE_OPTION));
        let is_asked = flags.has(Flags::UPGRADE_ASKED) && !flags.has(Flags::HTTP10);
        return if is_asked && says_what { Ok(ResponseFraming::Tunnel) } else { Err(Rule::UnrequestedSwitch) };
    }
    if flags.has(Flags::CONNECT_ASKED) && status.is_successful() {
        return Ok(ResponseFraming::Tunnel);
    }
    if flags.has(Flags::HEAD_ASKED) || status.forbids_body() {
        return Ok(ResponseFraming::Length(0));
    }
    if flags.has(Flags::CHUNKED) {
        return if flags.has(Flags::OTHER_CODING) {
            Err(Rule::UnknownTransferCoding)
        } else {
            Ok(ResponseFraming::Chunked)
        };
    }
    if !flags.has(Flags::CONTENT_LENGTH) {
        return Ok(ResponseFraming::UntilClose);
    }
    if length > limits.body_bytes { Err(Rule::BodyTooLarge) } else { Ok(ResponseFraming::Length(length)) }
}

/// Where the status code stands.
const CODE_START: usize = 9;

/// Where the reason phrase begins.
pub(crate) const REASON_START: usize = 13;
