//! Why a connection closes: RFC 6455 §7.4.

use core::{fmt, str};

use super::utf8::Utf8;

/// A status code that may stand in a Close frame (RFC 6455 §7.4, and the registry of IANA that it begins): 1000 to 1003,
/// 1007 to 1014, and 3000 to 4999.
///
/// ```
/// use wirenut::websocket::CloseCode;
/// assert_eq!(CloseCode::new(1000), Some(CloseCode::NORMAL));
/// assert_eq!(CloseCode::new(4711).map(CloseCode::get), Some(4711));
/// // "No status" and "abnormal" are never sent.
/// assert_eq!((CloseCode::new(1005), CloseCode::new(1006)), (None, None));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: the purpose is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// 1001: the endpoint goes away: a server stops, or a browser leaves the page.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: the peer broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// 1003: a kind of data that this end does not accept, such as binary where it wants text.
    pub const UNSUPPORTED_DATA: Self = Self(1003);
    /// 1007: payload that does not fit its kind, such as text that is not UTF-8.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// 1008: a message that breaks a policy of this end.
    pub const POLICY_VIOLATION: Self = Self(1008);
    /// 1009: a message that is too long.
    pub const TOO_BIG: Self = Self(1009);
    /// 1010: a client expected an extension that the server did not agree to.
    pub const MISSING_EXTENSION: Self = Self(1010);
    /// 1011: a server met a condition that it did not expect.
    pub const INTERNAL_ERROR: Self = Self(1011);
    /// 1012: the service restarts (IANA).
    pub const SERVICE_RESTART: Self = Self(1012);
    /// 1013: try again later (IANA).
    pub const TRY_AGAIN_LATER: Self = Self(1013);

    /// The code with this number, if it may be sent.
    #[must_use]
    pub const fn new(code: u16) -> Option<Self> {
        match code {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(Self(code)),
            _ => None,
        }
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a Close frame says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CloseReason<'b> {
    /// Its status code.
    pub code: CloseCode,
    /// UTF-8: the connection has checked that by [`Self::is_utf8`].
    reason: &'b [u8],
}

impl<'b> CloseReason<'b> {
    /// What this payload of a Close frame says, if it has a code that may be sent (RFC 6455 §5.5.1).
    pub(super) fn read(payload: &'b [u8]) -> Option<Self> {
        let (code, reason) = payload.split_first_chunk()?;
        Some(Self { code: CloseCode::new(u16::from_be_bytes(*code))?, reason })
    }

    pub(super) fn is_utf8(&self) -> bool {
        let mut utf8 = Utf8::NEW;
        utf8.check(self.reason).is_ok() && utf8.is_complete()
    }

    /// A text for whoever debugs, of at most 123 bytes. Often empty.
    ///
    /// It becomes a `str` only here, so a device that never calls this does not link [`str::from_utf8`] for it.
    #[must_use]
    pub fn reason(&self) -> &'b str {
        str::from_utf8(self.reason).unwrap_or_default()
    }
}

impl fmt::Debug for CloseReason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloseReason").field("code", &self.code).field("reason", &self.reason()).finish()
    }
}

impl fmt::Display for CloseReason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.reason.is_empty() { self.code.fmt(f) } else { write!(f, "{} {}", self.code, self.reason()) }
    }
}
