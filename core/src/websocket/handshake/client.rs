//! The client's end of a handshake (RFC 6455 §4.1).

use super::accept::{accept, key};
use super::deflate::{self, DeflateOffer, DeflateParameters, DeflateSupport, ExtensionsText};
use super::error::ResponseError;
use super::extension::Extension;
use super::fields::{HandshakeFields, UPGRADE, VERSION};
use super::server::{names, only};
use super::sha1::KEY_LEN;
use crate::http::{Field, Fields, ResponseHead, Status};

/// What a client asks for, and by what it knows the answer.
///
/// The request is GET, with [`Self::fields`] and those of one's own: Origin, Cookie, Authorization.
#[derive(Clone, Copy, Debug)]
pub struct ClientHandshake<'a> {
    key: [u8; KEY_LEN],
    subprotocols: &'a [&'a str],
    subprotocols_text: Text,
    deflate: Option<(DeflateSupport, [DeflateOffer; 2])>,
    extensions: ExtensionsText,
}

/// A list of subprotocols, as it is sent.
#[derive(Clone, Copy, Debug)]
struct Text {
    bytes: [u8; ClientHandshake::SUBPROTOCOL_BYTES],
    length: usize,
}

impl<'a> ClientHandshake<'a> {
    /// So long are the names of the subprotocols at most, with two bytes between them.
    pub const SUBPROTOCOL_BYTES: usize = 128;

    /// A handshake with these bytes, which must be random, and new for each: by them the answer is told from an old one that
    /// somebody between has kept.
    #[must_use]
    pub fn new(random: [u8; 16]) -> Self {
        Self {
            key: key(random),
            subprotocols: &[],
            subprotocols_text: Text { bytes: [0; Self::SUBPROTOCOL_BYTES], length: 0 },
            deflate: None,
            extensions: ExtensionsText::of_offers(&[]),
        }
    }

    /// Asks for one of these, the preferred first. Each is a token, and none comes twice. Those that go beyond
    /// [`Self::SUBPROTOCOL_BYTES`] are not asked for.
    #[must_use]
    pub fn with_subprotocols(mut self, subprotocols: &'a [&'a str]) -> Self {
        let mut text = Text { bytes: [0; Self::SUBPROTOCOL_BYTES], length: 0 };
        let fitting = subprotocols.iter().take_while(|name| text.put(name)).count();
        self.subprotocols = subprotocols.get(..fitting).unwrap_or_default();
        self.subprotocols_text = text;
        self
    }

    /// Offers permessage-deflate: the best that this codec can, and behind it [`DeflateOffer::PLAIN`] for servers that know no
    /// parameters, if the codec needs none.
    #[must_use]
    pub fn with_deflate(mut self, support: DeflateSupport) -> Self {
        let best = support.offer();
        let is_plain_enough =
            best == DeflateOffer { client_max_window_bits: best.client_max_window_bits, ..DeflateOffer::PLAIN };
        let offers = [best, if is_plain_enough { DeflateOffer::PLAIN } else { best }];
        let sent = if is_plain_enough { &offers[..] } else { offers.get(..1).unwrap_or_default() };
        self.extensions = ExtensionsText::of_offers(sent);
        self.deflate = Some((support, offers));
        self
    }

    /// The fields of the request. The connection adds Host and Connection.
    #[must_use]
    pub fn fields(&self) -> HandshakeFields<'_> {
        let mut fields = HandshakeFields::new(UPGRADE);
        fields.push(VERSION);
        fields.push(Field::from_bytes("Sec-WebSocket-Key", &self.key));
        if !self.subprotocols.is_empty() {
            let text = &self.subprotocols_text;
            let value = text.bytes.get(..text.length).unwrap_or_default();
            fields.push(Field::from_bytes("Sec-WebSocket-Protocol", value));
        }
        if self.deflate.is_some() {
            fields.push(Field::from_bytes("Sec-WebSocket-Extensions", self.extensions.as_bytes()));
        }
        fields
    }

    /// Checks the response.
    ///
    /// # Errors
    /// Why the connection is not one of WebSocket: close it. After [`ResponseError::NotSwitched`] it goes on in HTTP.
    pub fn verify(&self, head: &ResponseHead<'_>) -> Result<Verified<'a>, ResponseError> {
        self.verify_fields(head.status, head.fields)
    }

    /// The same, for a client that has kept status and fields of the response, and not its head.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub fn verify_fields(&self, status: Status, fields: Fields<'_>) -> Result<Verified<'a>, ResponseError> {
        if status != Status::SWITCHING_PROTOCOLS {
            return Err(ResponseError::NotSwitched(status));
        }
        let mut upgrades = fields.members("Upgrade");
        let is_websocket = upgrades.next().is_some_and(|name| name.eq_ignore_ascii_case(b"websocket"));
        if !is_websocket || upgrades.next().is_some() {
            return Err(ResponseError::NoUpgrade);
        }
        if !names(&fields, "Connection", b"upgrade") {
            return Err(ResponseError::NoConnectionUpgrade);
        }
        if only(&fields, "Sec-WebSocket-Accept") != Some(&accept(&self.key)) {
            return Err(ResponseError::WrongAccept);
        }
        Ok(Verified { subprotocol: self.verify_subprotocol(fields)?, deflate: self.verify_extensions(fields)? })
    }

    fn verify_subprotocol(&self, fields: Fields<'_>) -> Result<Option<&'a str>, ResponseError> {
        if fields.get("Sec-WebSocket-Protocol").is_none() {
            return Ok(None);
        }
        let named = only(&fields, "Sec-WebSocket-Protocol");
        let chosen = self.subprotocols.iter().find(|asked| named == Some(asked.as_bytes()));
        chosen.copied().map(Some).ok_or(ResponseError::UnrequestedSubprotocol)
    }

    fn verify_extensions(&self, fields: Fields<'_>) -> Result<Option<DeflateParameters>, ResponseError> {
        let mut agreed = None;
        for extension in fields.members("Sec-WebSocket-Extensions").map(Extension::new) {
            let is_deflate = extension.name.eq_ignore_ascii_case(deflate::NAME);
            let Some((support, offers)) = self.deflate.as_ref().filter(|_| is_deflate && agreed.is_none()) else {
                return Err(ResponseError::UnrequestedExtension);
            };
            agreed = Some(support.check(offers, &extension).map_err(|_| ResponseError::InvalidDeflate)?);
        }
        Ok(agreed)
    }
}

impl Text {
    /// Appends a name. False if there is no room.
    fn put(&mut self, name: &str) -> bool {
        let before = if self.length > 0 { ", " } else { "" };
        let start = self.length.saturating_add(before.len());
        let end = start.saturating_add(name.len());
        let Some(place) = self.bytes.get_mut(self.length..end) else { return false };
        let (comma, rest) = place.split_at_mut_checked(before.len()).unwrap_or_default();
        comma.copy_from_slice(before.as_bytes());
        rest.copy_from_slice(name.as_bytes());
        self.length = end;
        true
    }
}

/// What both ends agreed on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verified<'a> {
    /// The subprotocol that is spoken.
    pub subprotocol: Option<&'a str>,
    /// How messages are compressed: the server by `server_…`, the client by `client_…`.
    pub deflate: Option<DeflateParameters>,
}

#[cfg(test)]
mod tests;
