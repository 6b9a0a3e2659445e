//! What is asked of the server.

use wirenut::http::{Field, Method, Request};
use wirenut::websocket::handshake::{ClientHandshake, DeflateSupport};

use super::options::WsArguments;

/// Calls `send` with the request. (It borrows its fields, of which there are any number.)
pub(super) fn with_request<T>(
    arguments: &WsArguments,
    asked: &ClientHandshake<'_>,
    send: impl FnOnce(&Request<'_>) -> T,
) -> T {
    let fields = asked.fields();
    let mut fields = fields.to_vec();
    fields.extend(arguments.origin.as_ref().map(|origin| Field::new("Origin", origin)));
    fields.extend(arguments.header.iter().map(|(name, value)| Field::new(name, value)));
    send(&Request::new(Method::Get, arguments.url.target(), arguments.url.authority()).with_fields(&fields))
}

/// A handshake with these random bytes.
pub(super) fn ask<'a>(arguments: &WsArguments, subprotocols: &'a [&'a str], random: [u8; 16]) -> ClientHandshake<'a> {
    let asked = ClientHandshake::new(random).with_subprotocols(subprotocols);
    if arguments.no_compression { asked } else { asked.with_deflate(DeflateSupport::DEFAULT) }
}
