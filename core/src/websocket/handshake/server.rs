//! The server's end of a handshake (RFC 6455 §4.2).

use super::accept::{Accept, accept, as_key};
use super::deflate::{DeflateParameters, DeflateSupport, ExtensionsText};
use super::error::RequestError;
use super::fields::{HandshakeFields, UPGRADE, VERSION};
use super::origin::OriginPolicy;
use super::sha1::KEY_LEN;
use crate::bytes;
use crate::http::{BodyFraming, Field, Fields, Method, RequestHead, Version};

/// The fields that a handshake reads: what a [`FieldFilter`](crate::http::FieldFilter) must name, if there is one.
pub const READ_FIELDS: [&str; 8] = [
    "Host",
    "Connection",
    "Upgrade",
    "Origin",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Extensions",
];

/// The same for a server that does not compress: what [`upgrade()`](crate::websocket::upgrade()) reads.
pub const PLAIN_READ_FIELDS: [&str; 7] =
    ["Host", "Connection", "Upgrade", "Origin", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol"];

/// What a refusal with 426 says beside its status: what would be understood (RFC 6455 §4.4, RFC 9110 §15.5.22).
pub const REFUSAL_FIELDS: [Field<'static>; 2] = [UPGRADE, VERSION];

/// What a server wants of a handshake.
///
/// ```
/// use wirenut::http::{Limits, RequestHead};
/// use wirenut::websocket::handshake::{RequestError, ServerHandshake};
/// let bytes = b"GET /chat HTTP/1.1\r\nHost: a.example\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
///     Origin: http://b.example\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
/// let mut store = [0; Limits::DEFAULT.store_bytes()];
/// let (_, head) = RequestHead::parse(&Limits::DEFAULT, bytes, &mut store).unwrap().unwrap();
/// let refused = ServerHandshake::DEFAULT.accept(&head).unwrap_err();
/// assert_eq!((refused, refused.status().code()), (RequestError::ForbiddenOrigin, 403));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ServerHandshake<'o> {
    /// The subprotocols that are spoken, the preferred first: of those that the client asks for, too, the first here is
    /// chosen. Without a common one none is agreed on, and the caller decides what that means. Each is a token (RFC 6455 §4.1).
    ///
    /// Default: `&[]`.
    pub subprotocols: &'o [&'o str],
    /// Which pages may connect.
    ///
    /// Default: `OriginPolicy::SameHost`.
    pub origins: OriginPolicy<'o>,
    /// The codec of permessage-deflate, if there is one. `None`: what is offered is declined.
    ///
    /// Default: `None`.
    pub deflate: Option<DeflateSupport>,
}

impl<'o> ServerHandshake<'o> {
    /// No subprotocol, pages of the same host, no compression.
    pub const DEFAULT: Self = Self { subprotocols: &[], origins: OriginPolicy::SameHost, deflate: None };

    /// Reads a request. The answer is 101 with [`Accepted::fields`].
    ///
    /// # Errors
    /// Which rule the request breaks. The answer is [`RequestError::status`], for 426 with [`REFUSAL_FIELDS`].
    pub fn accept(&self, head: &RequestHead<'_>) -> Result<Accepted<'o>, RequestError> {
        let key = self.check(head)?;
        let subprotocol = self.choose_subprotocol(head.fields)?;
        let deflate = self.deflate.and_then(|support| support.agree_to_fields(head.fields));
        let extensions = deflate.map(|agreed| ExtensionsText::of_answer(&agreed));
        Ok(Accepted { accept: accept(key), extensions, subprotocol, deflate })
    }

    /// The same, without what is negotiated: returns the key.
    fn check<'b>(&self, head: &RequestHead<'b>) -> Result<&'b [u8; KEY_LEN], RequestError> {
        let fields = &head.fields;
        // Whoever does not ask for WebSocket at all is told so first.
        if !names(fields, "Upgrade", b"websocket") {
            return Err(RequestError::NoUpgrade);
        }
        if head.method != Method::Get {
            return Err(RequestError::NotGet);
        }
        if head.version != Version::Http11 {
            return Err(RequestError::NotHttp11);
        }
        if !names(fields, "Connection", b"upgrade") {
            return Err(RequestError::NoConnectionUpgrade);
        }
        if head.body != BodyFraming::Length(0) {
            return Err(RequestError::HasContent);
        }
        if !matches!(only(fields, "Sec-WebSocket-Version"), Some(b"13")) {
            return Err(RequestError::UnsupportedVersion);
        }
        let key = only(fields, "Sec-WebSocket-Key").ok_or(RequestError::NotOneKey)?;
        let key = as_key(key).ok_or(RequestError::InvalidKey)?;
        let host = fields.get("Host").unwrap_or_default();
        let mut origins = head.fields.into_iter();
        while let Some(origin) = origins.next_value("Origin") {
            if !self.origins.allows(origin, host) {
                return Err(RequestError::ForbiddenOrigin);
            }
        }
        Ok(key)
    }

    /// Reads a request for a server that speaks no subprotocol and does not compress: returns the key, which
    /// [`accept`] answers.
    pub(in crate::websocket) fn accept_plain<'b>(
        &self,
        head: &RequestHead<'b>,
    ) -> Result<&'b [u8; KEY_LEN], RequestError> {
        let key = self.check(head)?;
        let is_sound = head.fields.members("Sec-WebSocket-Protocol").all(bytes::is_token);
        if is_sound { Ok(key) } else { Err(RequestError::InvalidSubprotocols) }
    }

    fn choose_subprotocol(&self, fields: Fields<'_>) -> Result<Option<&'o str>, RequestError> {
        let mut asked = fields.members("Sec-WebSocket-Protocol");
        if !asked.all(bytes::is_token) {
            return Err(RequestError::InvalidSubprotocols);
        }
        let mut chosen = None;
        for own in self.subprotocols {
            let asked = fields.members("Sec-WebSocket-Protocol");
            match asked.filter(|name| *name == own.as_bytes()).count() {
                0 => {}
                1 => chosen = chosen.or(Some(*own)),
                _ => return Err(RequestError::InvalidSubprotocols),
            }
        }
        Ok(chosen)
    }
}

/// Is this word a member of the list, in any case?
pub(super) fn names(fields: &Fields<'_>, name: &str, word: &[u8]) -> bool {
    fields.members(name).any(|member| member.eq_ignore_ascii_case(word))
}

/// The value of the field, if it comes exactly once.
pub(super) fn only<'b>(fields: &Fields<'b>, name: &str) -> Option<&'b [u8]> {
    let mut fields = fields.into_iter();
    let value = fields.next_value(name)?;
    fields.next_value(name).is_none().then_some(value)
}

/// A request that was accepted.
#[derive(Clone, Copy, Debug)]
pub struct Accepted<'o> {
    accept: Accept,
    extensions: Option<ExtensionsText>,
    /// The subprotocol that is spoken.
    pub subprotocol: Option<&'o str>,
    /// How messages are compressed: the server by `server_…`, the client by `client_…`.
    pub deflate: Option<DeflateParameters>,
}

impl Accepted<'_> {
    /// The fields of the 101. The connection adds Connection.
    #[must_use]
    pub fn fields(&self) -> HandshakeFields<'_> {
        let mut fields = HandshakeFields::new(UPGRADE);
        fields.push(Field::from_bytes("Sec-WebSocket-Accept", &self.accept));
        if let Some(subprotocol) = self.subprotocol {
            fields.push(Field::new("Sec-WebSocket-Protocol", subprotocol));
        }
        if let Some(extensions) = &self.extensions {
            fields.push(Field::from_bytes("Sec-WebSocket-Extensions", extensions.as_bytes()));
        }
        fields
    }

    /// The same without compression: for a codec that there is no memory for.
    #[must_use]
    pub fn without_deflate(self) -> Self {
        Self { deflate: None, extensions: None, ..self }
    }
}

#[cfg(test)]
mod tests;
