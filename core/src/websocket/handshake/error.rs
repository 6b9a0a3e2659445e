//! Why a handshake fails.

use core::fmt;

use crate::http::Status;
use crate::rules::rules;

rules! {
    /// Why a server refuses a handshake: the client's request breaks a rule.
    RequestError
    /// The status to answer with. With 426 go the fields of [`REFUSAL_FIELDS`](super::REFUSAL_FIELDS).
    status

    /// The method is not GET.
    NotGet: METHOD_NOT_ALLOWED, "RFC 6455 4.2.1", "method that is not GET";
    /// HTTP/1.0 knows no Upgrade.
    NotHttp11: UPGRADE_REQUIRED, "RFC 6455 4.2.1", "version below HTTP/1.1";
    /// No Upgrade field names `websocket`: this is another request, perhaps of somebody who wants to look at the page.
    NoUpgrade: UPGRADE_REQUIRED, "RFC 6455 4.2.1", "no Upgrade to websocket";
    /// The Connection field does not name `upgrade`: a proxy between has perhaps taken it away.
    NoConnectionUpgrade: BAD_REQUEST, "RFC 6455 4.2.1", "Connection without upgrade";
    /// The request has content.
    HasContent: BAD_REQUEST, "RFC 6455 4.1", "content in a handshake";
    /// Sec-WebSocket-Version is not 13, or missing.
    UnsupportedVersion: UPGRADE_REQUIRED, "RFC 6455 4.4", "Sec-WebSocket-Version other than 13";
    /// There is not exactly one Sec-WebSocket-Key.
    NotOneKey: BAD_REQUEST, "RFC 6455 11.3.1", "not exactly one Sec-WebSocket-Key";
    /// The key is not 16 bytes in Base64.
    InvalidKey: BAD_REQUEST, "RFC 6455 4.2.1", "Sec-WebSocket-Key that is not 16 bytes in Base64";
    /// A subprotocol is no token, or named twice.
    InvalidSubprotocols: BAD_REQUEST, "RFC 6455 4.1", "Sec-WebSocket-Protocol with something else than distinct tokens";
    /// The page that opens the connection may not ([`OriginPolicy`](super::OriginPolicy)).
    ForbiddenOrigin: FORBIDDEN, "RFC 6455 10.2", "Origin that is not allowed";
}

impl core::error::Error for RequestError {}

/// Why a client gives a handshake up: the server's response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ResponseError {
    /// The server does not switch: it answers with this status. A redirect (3xx) or a demand for credentials (401) is the
    /// caller's to follow.
    NotSwitched(Status),
    /// The Upgrade field is not `websocket`.
    NoUpgrade,
    /// The Connection field does not name `upgrade`.
    NoConnectionUpgrade,
    /// There is not exactly one Sec-WebSocket-Accept, or it does not answer our key: somebody between has an old answer, or
    /// the server speaks something else.
    WrongAccept,
    /// The server names a subprotocol that was not asked for, or several.
    UnrequestedSubprotocol,
    /// The server names an extension that was not asked for.
    UnrequestedExtension,
    /// The server's parameters of permessage-deflate answer none of our offers, or are malformed.
    InvalidDeflate,
}

impl ResponseError {
    /// Where the rule is written.
    #[must_use]
    pub const fn section(self) -> &'static str {
        match self {
            Self::InvalidDeflate => "RFC 7692 7.1",
            Self::NotSwitched(_)
            | Self::NoUpgrade
            | Self::NoConnectionUpgrade
            | Self::WrongAccept
            | Self::UnrequestedSubprotocol
            | Self::UnrequestedExtension => "RFC 6455 4.1",
        }
    }
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotSwitched(status) => return write!(f, "answered with {status} in place of 101"),
            Self::NoUpgrade => "101 without an Upgrade to websocket",
            Self::NoConnectionUpgrade => "101 whose Connection does not name upgrade",
            Self::WrongAccept => "Sec-WebSocket-Accept that does not answer the key",
            Self::UnrequestedSubprotocol => "subprotocol that was not asked for",
            Self::UnrequestedExtension => "extension that was not asked for",
            Self::InvalidDeflate => "parameters of permessage-deflate that answer no offer",
        })
    }
}

impl core::error::Error for ResponseError {}
