//! The handshake (RFC 6455 §4), in both roles: a request of HTTP/1.1 that asks for `websocket`, and its answer.
//!
//! A server reads the request with [`ServerHandshake::accept`], and a client writes and checks one with
//! [`ClientHandshake`]. Neither does I/O: the heads are read and written by the connections of [`http`](crate::http), which
//! are tunnels after the 101.
//!
//! ```
//! use wirenut::http::{ClientConnection, ClientEvent, Context, Limits, Method, Request};
//! use wirenut::http::{Response, ServerConnection, ServerEvent, Status};
//! use wirenut::websocket::handshake::{ClientHandshake, ServerHandshake};
//! # use wirenut::time::Instant;
//! # let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
//! # let (mut client, mut server) = (ClientConnection::new(&cx), ServerConnection::new(&cx));
//! # let (mut store, mut wire) = ([0; Limits::DEFAULT.store_bytes()], [0; 512]);
//!
//! // The client, with 16 random bytes.
//! let asked = ClientHandshake::new(*b"the sample nonce").with_subprotocols(&["chat.v2", "chat"]);
//! let fields = asked.fields();
//! let request = Request::new(Method::Get, "/room", "hut.local").with_fields(&fields);
//! let length = client.request(&cx, &request, &mut wire).unwrap();
//!
//! // The server.
//! let (_, ServerEvent::Head(head)) = server.receive(&cx, &wire[..length], &mut store).unwrap() else { panic!() };
//! let accepted = ServerHandshake { subprotocols: &["chat"], ..ServerHandshake::DEFAULT }.accept(&head)?;
//! assert_eq!(accepted.subprotocol, Some("chat"));
//! let fields = accepted.fields();
//! let response = Response::new(Status::SWITCHING_PROTOCOLS).with_fields(&fields);
//! let length = server.respond(&cx, &response, &mut wire).unwrap();
//!
//! // The client.
//! let (_, ClientEvent::Head(head)) = client.receive(&cx, &wire[..length], &mut store).unwrap() else { panic!() };
//! assert_eq!(asked.verify(&head)?.subprotocol, Some("chat"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod accept;
mod client;
mod deflate;
mod error;
mod extension;
mod fields;
mod origin;
mod server;
mod sha1;

pub(super) use accept::accept;
pub use client::{ClientHandshake, Verified};
pub use deflate::{DeflateOffer, DeflateParameters, DeflateSupport, ExtensionsText, WindowBits};
pub use error::{RequestError, ResponseError};
pub use fields::HandshakeFields;
pub(super) use fields::UPGRADE;
pub use origin::OriginPolicy;
pub use server::{Accepted, PLAIN_READ_FIELDS, READ_FIELDS, REFUSAL_FIELDS, ServerHandshake};
