//! What a client must remember of a request to read its answer.

use crate::http::method::Method;

/// What a request asks for, as far as its answer depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ResponseKind {
    /// A response with content.
    Content,
    /// A response without (HEAD).
    Head,
    /// A tunnel, if the response is 2xx.
    Connect,
    /// Another protocol, if the response is 101.
    Upgrade,
}

/// A request that was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RequestKind {
    pub(crate) kind: ResponseKind,
    /// Does asking twice mean the same as asking once (RFC 9110 §9.2.2)?
    pub(crate) is_idempotent: bool,
}

impl RequestKind {
    pub(crate) fn new(method: Method<'_>, has_upgrade: bool) -> Self {
        let (kind, is_idempotent) = match method {
            Method::Head => (ResponseKind::Head, true),
            Method::Connect => (ResponseKind::Connect, false),
            Method::Get | Method::Put | Method::Delete | Method::Options | Method::Trace => {
                (ResponseKind::Content, true)
            }
            Method::Post | Method::Patch | Method::Other(_) => (ResponseKind::Content, false),
        };
        let kind = if has_upgrade && kind == ResponseKind::Content { ResponseKind::Upgrade } else { kind };
        Self { kind, is_idempotent }
    }

    pub(crate) const fn bits(self) -> u16 {
        let kind = match self.kind {
            ResponseKind::Content => 0,
            ResponseKind::Head => 2,
            ResponseKind::Connect => 4,
            ResponseKind::Upgrade => 6,
        };
        if self.is_idempotent { kind | 1 } else { kind }
    }

    pub(crate) const fn from_bits(bits: u16) -> Self {
        let kind = match bits & 6 {
            0 => ResponseKind::Content,
            2 => ResponseKind::Head,
            4 => ResponseKind::Connect,
            _ => ResponseKind::Upgrade,
        };
        Self { kind, is_idempotent: bits & 1 == 1 }
    }
}
