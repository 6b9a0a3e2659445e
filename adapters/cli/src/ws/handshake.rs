//! Opening: the connection, what is asked of the server, and what it answers.

use std::fs::File;

use wirenut::websocket::handshake::{ClientHandshake, DeflateParameters, DeflateSupport};
use wirenut_client::{Client, Redirects, RequestBuilder, Timeouts, Upgraded};

use super::failure::WsFailure;
use super::keys::random;
use super::options::WsArguments;
use crate::failure::Failure;
use crate::route::RouteError;

/// Opens a WebSocket: the connection, and how messages are compressed.
pub(super) fn open(arguments: &WsArguments) -> Result<(Upgraded, Option<DeflateParameters>), Failure> {
    let subprotocols: Vec<&str> = arguments.subprotocol.iter().map(String::as_str).collect();
    let asked = ClientHandshake::new(random()).with_subprotocols(&subprotocols);
    let asked = if arguments.no_compression { asked } else { asked.with_deflate(DeflateSupport::DEFAULT) };
    let client = client(arguments)?;
    let response = request(&client, arguments, &asked).send().map_err(WsFailure::of_client)?;
    let verified = asked.verify_fields(response.status(), response.headers().fields());
    let deflate = verified.map_err(WsFailure::Handshake)?.deflate;
    Ok((response.into_upgraded().map_err(WsFailure::of_client)?, deflate))
}

fn request<'b>(client: &Client, arguments: &WsArguments, asked: &ClientHandshake<'_>) -> RequestBuilder<'b> {
    let mut request = client.get(&arguments.url).timeout(arguments.timeout);
    for field in asked.fields().iter() {
        request = request.header(String::from_utf8_lossy(field.name), field.value);
    }
    if let Some(origin) = &arguments.origin {
        request = request.header("Origin", origin.as_str());
    }
    arguments.header.iter().fold(request, |request, (name, value)| request.header(name, value.as_str()))
}

fn client(arguments: &WsArguments) -> Result<Client, Failure> {
    let timeouts = Timeouts { response: arguments.timeout.into(), ..Timeouts::DEFAULT };
    let builder = arguments.route.client(timeouts, |path| File::open(path)).map_err(|error| match error {
        RouteError::Certificates { path, error } => WsFailure::Certificates { path, error },
        RouteError::Proxy(error) => WsFailure::Client(error),
    })?;
    Ok(builder.redirects(Redirects::OFF).build())
}
