//! WebSocket in a service: an exchange that a handler begins.

use core::fmt;
use core::marker::PhantomData;

use super::compression::{Compression, NoCompression};
use super::connection::{Abnormal, Connection, Context, MessageHandler, PieceHandler};
use super::handshake::{Accepted, REFUSAL_FIELDS, RequestError, ServerHandshake, UPGRADE, accept};
use super::limits::Limits;
use super::role::Role;
use crate::http::service::{Exchange, HandlerError, Responder, Result, Step};
use crate::http::{Error, Field, Fields, RequestHead, Response, Rule, Status, WriteError};
use crate::time::Instant;
use crate::transport::Protocol;

/// Takes a connection over for this handler of whole messages: with [`Upgrade::DEFAULT`].
///
/// ```
/// use wirenut::http::service::routes;
/// use wirenut::websocket::{self, MessageHandler, Next, Outbox};
///
/// /// Sends each text back.
/// struct Echo;
///
/// impl MessageHandler for Echo {
///     const ROOM: usize = 256;
///     fn text(&mut self, text: &str, outbox: &mut Outbox<'_>) -> Next {
///         outbox.text(text).into()
///     }
/// }
///
/// let service = routes!((), get("/echo", |_, request, responder| websocket::upgrade(request, responder, Echo)));
/// # let _ = service;
/// ```
///
/// # Errors
/// The request is no handshake, or not one of a page of this host; it is answered.
// Among all else that a session does, it would be larger on a device.
#[inline(never)]
pub fn upgrade<H: MessageHandler>(
    head: &RequestHead<'_>,
    responder: &mut Responder<'_>,
    handler: H,
) -> Result<WebSocket<H>> {
    // As `Upgrade::DEFAULT` does, for which nothing is negotiated.
    let key = ServerHandshake::DEFAULT.accept_plain(head).map_err(|error| refuse(error, responder))?;
    let accept = accept(key);
    let fields = [UPGRADE, Field::from_bytes("Sec-WebSocket-Accept", &accept)];
    responder.send(&Response::new(Status::SWITCHING_PROTOCOLS).with_fields(&fields), b"")?;
    Ok(WebSocket::new(NoCompression, &Limits::DEFAULT, responder, handler))
}

/// How a service takes connections over.
///
/// ```
/// use wirenut::http::service::routes;
/// use wirenut::websocket::handshake::{OriginPolicy, ServerHandshake};
/// use wirenut::websocket::{MessageHandler, Next, Outbox, Upgrade};
///
/// /// Answers in the version that was agreed on.
/// struct Clock { is_new: bool }
///
/// impl MessageHandler for Clock {
///     const ROOM: usize = 32;
///     fn text(&mut self, _: &str, outbox: &mut Outbox<'_>) -> Next {
///         outbox.text(if self.is_new { "{\"time\":12}" } else { "12" }).into()
///     }
/// }
///
/// const CLOCK: Upgrade<'static> = Upgrade {
///     handshake: ServerHandshake {
///         subprotocols: &["clock.v2", "clock.v1"],
///         origins: OriginPolicy::OneOf(&["https://hut.example"]),
///         ..ServerHandshake::DEFAULT
///     },
///     ..Upgrade::DEFAULT
/// };
///
/// let service = routes!((), get("/clock", |_, request, responder| {
///     let accepted = CLOCK.accept(request, responder)?;
///     let is_new = accepted.subprotocol == Some("clock.v2");
///     CLOCK.begin(&accepted, responder, Clock { is_new })
/// }));
/// # let _ = service;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Upgrade<'o> {
    /// What the handshake must be like.
    ///
    /// Default: `ServerHandshake::DEFAULT`.
    pub handshake: ServerHandshake<'o>,
    /// The bounds of the connection. Whole messages are bounded by the store, too, which is that of the connection:
    /// [`http::Limits::store_bytes`](crate::http::Limits::store_bytes) less 126.
    ///
    /// Default: `&Limits::DEFAULT`.
    pub limits: &'static Limits,
}

impl Default for Upgrade<'_> {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl<'o> Upgrade<'o> {
    /// Pages of the same host, no subprotocol, no compression.
    pub const DEFAULT: Self = Self { handshake: ServerHandshake::DEFAULT, limits: &Limits::DEFAULT };

    /// Reads the request. What [`Self::begin`] answers it with.
    ///
    /// # Errors
    /// The request is no handshake that is accepted: it is answered with the status of its [`RequestError`], and without the
    /// text of it, which a device has no room for. A service that explains calls [`ServerHandshake::accept`] itself.
    pub fn accept(&self, head: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<Accepted<'o>> {
        self.handshake.accept(head).map_err(|error| refuse(error, responder))
    }

    /// Answers with 101: from now on the handler gets whole messages, and no compression was agreed on.
    ///
    /// # Errors
    /// As [`Responder::respond`].
    pub fn begin<H: MessageHandler>(
        &self,
        accepted: &Accepted<'_>,
        responder: &mut Responder<'_>,
        handler: H,
    ) -> Result<WebSocket<H>> {
        self.begin_with(&accepted.without_deflate(), responder, handler, NoCompression)
    }

    /// The same with a codec, which keeps to what was agreed on ([`Accepted::deflate`]), for whole messages or pieces of them.
    ///
    /// # Errors
    /// As [`Responder::respond`].
    pub fn begin_with<H, C, K>(
        &self,
        accepted: &Accepted<'_>,
        responder: &mut Responder<'_>,
        handler: H,
        compression: C,
    ) -> Result<WebSocket<H, C, K>> {
        self.switch(accepted, responder)?;
        Ok(WebSocket::new(compression, self.limits, responder, handler))
    }

    /// Only answers with 101: for exchanges that drive a [`Connection`] themselves
    /// ([`Tunnel::speak`](crate::http::service::Tunnel::speak)). Whoever has no codec answers to
    /// [`Accepted::without_deflate`].
    ///
    /// # Errors
    /// As [`Responder::respond`].
    pub fn switch(&self, accepted: &Accepted<'_>, responder: &mut Responder<'_>) -> Result<()> {
        let fields = accepted.fields();
        Ok(responder.send(&Response::new(Status::SWITCHING_PROTOCOLS).with_fields(&fields), b"")?)
    }

    /// As [`Self::begin`], for a handler of pieces, whose messages may be longer than any buffer.
    ///
    /// # Errors
    /// As [`Responder::respond`].
    pub fn begin_pieces<H: PieceHandler>(
        &self,
        accepted: &Accepted<'_>,
        responder: &mut Responder<'_>,
        handler: H,
    ) -> Result<WebSocket<H, NoCompression, InPieces>> {
        self.begin_with(&accepted.without_deflate(), responder, handler, NoCompression)
    }
}

/// Answers a request that is no handshake.
fn refuse(error: RequestError, responder: &mut Responder<'_>) -> HandlerError {
    match send_refusal(error, responder) {
        Ok(()) => HandlerError::Answered,
        Err(error) => HandlerError::Write(error),
    }
}

/// The same. It returns no more than a byte, which is less than a `HandlerError` is.
#[cold]
#[inline(never)]
fn send_refusal(error: RequestError, responder: &mut Responder<'_>) -> core::result::Result<(), WriteError> {
    let status = error.status();
    // Also where there are no fields: a plain service has nobody who would answer a status for it.
    let fields: &[Field<'_>] = if error == RequestError::NotGet {
        &[Field::new("Allow", "GET")]
    } else if status == Status::UPGRADE_REQUIRED {
        &REFUSAL_FIELDS
    } else {
        &[Field::new("Content-Type", "text/plain; charset=utf-8")]
    };
    responder.send(&Response::new(status).with_fields(fields), status.reason().as_bytes())
}

/// A [`WebSocket`] gives its handler whole messages, which are kept in the store.
#[derive(Clone, Copy, Debug)]
pub enum WholeMessages {}

/// A [`WebSocket`] gives its handler messages as they come.
#[derive(Clone, Copy, Debug)]
pub enum InPieces {}

/// A connection of WebSocket as an exchange of a service. Made by [`upgrade`] or an [`Upgrade`].
///
/// A handler that sends without being asked says so by `PUSHES`, and names its times. To be woken it takes a waker
/// ([`Responder::waker`]) when it begins. While the server drains, the peer gets a Close with 1001 and has
/// [`Limits::close`](super::Limits::close) to answer.
///
/// Routes run it as the [`Exchange`] that it is. A [`Service`](crate::http::service::Service) of one's own keeps it in its
/// `Exchange`, and calls `converse`; and [`Exchange::closed`] when it is closed itself: otherwise the handler does not learn
/// that a connection was lost.
///
/// ```
/// use core::convert::Infallible;
/// use wirenut::http::service::{Exchange, HandlerError, Responder, Service, Step};
/// use wirenut::http::{Error, Fields, RequestHead, WriteError};
/// use wirenut::websocket::{self, Kind, MessageHandler, Next, Outbox, WebSocket};
///
/// /// Sends each message back.
/// struct Echo;
///
/// impl MessageHandler for Echo {
///     const ROOM: usize = 256;
///     fn message(&mut self, kind: Kind, message: &[u8], outbox: &mut Outbox<'_>) -> Next {
///         outbox.message(kind, message).into()
///     }
/// }
///
/// enum InFlight {
///     Socket(WebSocket<Echo>),
///     /// The request was no handshake.
///     Refused,
/// }
///
/// struct Sockets;
///
/// impl Service for Sockets {
///     type Exchange = InFlight;
///     type Source = Infallible;
///     const UPGRADES: bool = true;
///
///     fn request(&self, head: &RequestHead<'_>, out: &mut Responder<'_>) -> Result<(InFlight, Step), WriteError> {
///         match websocket::upgrade(head, out, Echo) {
///             Ok(socket) => Ok((InFlight::Socket(socket), Step::More)),
///             Err(HandlerError::Write(error)) => Err(error),
///             Err(_) => Ok((InFlight::Refused, Step::Done)),
///         }
///     }
///     fn body(&self, flight: &mut InFlight, piece: &[u8], out: &mut Responder<'_>) -> Result<(usize, Step), WriteError> {
///         let InFlight::Socket(socket) = flight else { return Ok((0, Step::Done)) };
///         Ok(socket.converse(piece, false, out))
///     }
///     fn end(&self, flight: &mut InFlight, _: Fields<'_>, out: &mut Responder<'_>) -> Result<Step, WriteError> {
///         let InFlight::Socket(socket) = flight else { return Ok(Step::Done) };
///         Ok(socket.converse(&[], true, out).1)
///     }
///     fn proceed(&self, flight: &mut InFlight, out: &mut Responder<'_>) -> Result<Step, WriteError> {
///         let InFlight::Socket(socket) = flight else { return Ok(Step::Done) };
///         Ok(socket.converse(&[], false, out).1)
///     }
///     fn closed(&self, flight: InFlight, outcome: Result<(), Error>) {
///         let InFlight::Socket(socket) = flight else { return };
///         Exchange::<(), Infallible>::closed(socket, (), outcome);
///     }
/// }
/// ```
pub struct WebSocket<H, C = NoCompression, K = WholeMessages> {
    connection: Connection<ServerInTunnel<H, K>, C>,
    handler: H,
    limits: &'static Limits,
}

/// A [`Server`](super::role::Server) in a service, for this handler.
struct ServerInTunnel<H, K>(PhantomData<fn() -> (H, K)>);

impl<H, C, K> WebSocket<H, C, K> {
    fn new(compression: C, limits: &'static Limits, responder: &Responder<'_>, handler: H) -> Self {
        let cx = Context { now: responder.now(), limits };
        let connection = Connection::with_compression(ServerInTunnel(PhantomData), compression, &cx);
        Self { connection, handler, limits }
    }
}

impl<H: fmt::Debug, C, K> fmt::Debug for WebSocket<H, C, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").field("handler", &self.handler).finish_non_exhaustive()
    }
}

macro_rules! exchange {
    ($delivery:ty, $handler:ident, $speak:ident) => {
        impl<H: $handler> Role for ServerInTunnel<H, $delivery> {
            const IS_SERVER: bool = true;
            const IN_TUNNEL: bool = true;
            const WATCHES: bool = H::WATCHES;

            fn next_key(&mut self) -> Option<[u8; 4]> {
                None
            }
        }

        impl<H: $handler, C: Compression> WebSocket<H, C, $delivery> {
            /// Lets the connection do what it can with this piece of what has come. `has_ended`: the peer has ended its stream,
            /// and nothing follows the piece. Returns how many bytes of the piece were taken, and the step to return.
            ///
            /// For a [`Service`](crate::http::service::Service) that keeps this in its `Exchange`: call it in `body`, `end`
            /// and `proceed`, and [`Exchange::closed`] in `closed`, as the example of [`WebSocket`] does. The methods of
            /// [`Exchange`] call it, too.
            #[inline(never)]
            pub fn converse<S>(
                &mut self,
                piece: &[u8],
                has_ended: bool,
                responder: &mut Responder<'_>,
            ) -> (usize, Step<S>) {
                let cx = Context { now: responder.now(), limits: self.limits };
                // The call that begins it has no tunnel yet; the next follows at once.
                let Some(mut tunnel) = responder.tunnel() else { return (0, Step::More) };
                let mut speaking = self.connection.$speak(&mut self.handler, cx);
                if has_ended {
                    speaking.handle_eof();
                }
                tunnel.speak(piece, &mut speaking)
            }
        }

        impl<A, S, H: $handler, C: Compression> Exchange<A, S> for WebSocket<H, C, $delivery> {
            const UPGRADES: bool = true;

            fn proceed(&mut self, _: A, responder: &mut Responder<'_>) -> Result<Step<S>> {
                Ok(self.converse(&[], false, responder).1)
            }

            fn body(&mut self, _: A, piece: &[u8], responder: &mut Responder<'_>) -> Result<(usize, Step<S>)> {
                Ok(self.converse(piece, false, responder))
            }

            fn end(&mut self, _: A, _: Fields<'_>, responder: &mut Responder<'_>) -> Result<Step<S>> {
                Ok(self.converse(&[], true, responder).1)
            }

            fn closed(mut self, _: A, outcome: core::result::Result<(), Error>) {
                if let Err(error) = outcome {
                    let how = if error.rule == Rule::WriteTimeout { Abnormal::WriteTimeout } else { Abnormal::Reset };
                    let cx = Context { now: Instant::START, limits: self.limits };
                    self.connection.$speak(&mut self.handler, cx).handle_lost(how);
                }
            }
        }
    };
}

exchange!(WholeMessages, MessageHandler, speak);
exchange!(InPieces, PieceHandler, speak_pieces);

#[cfg(test)]
mod tests;
