//! The client's end of one socket.

use smoltcp::iface::{SocketHandle, SocketSet};
use smoltcp::time as theirs;
use wirenut::http::{ClientConnection, ClientEvent, Context, Error, Limits, Request, Rule, WriteError};
use wirenut::readiness::Standing;
use wirenut::time::Instant;
use wirenut::transport::{Disposition, Progress, Protocol};

use crate::clock;
use crate::connection::Connection;
use crate::socket::Socket;

/// Asks one server, over one socket: a request, its answer, and the next.
///
/// Requests are written straight into the socket's ring, and answers are read in it. Content is given out piece by piece,
/// so a device fetches what is larger than its memory. `STORE` bytes hold what is known of a head, or of a trailer
/// section, of which not all has come: [`Limits::store_bytes`]. A [`FieldFilter`](wirenut::http::FieldFilter) keeps
/// that small.
///
/// ```no_run
/// # use smoltcp::iface::{Interface, SocketHandle, SocketSet};
/// # use smoltcp::{phy::Device, socket::tcp::Socket, time::Instant};
/// # fn fetch(mut interface: Interface, mut device: impl Device, handle: SocketHandle, mut sockets: SocketSet<'_>, now: fn() -> Instant, sleep_until: fn(Option<Instant>)) -> Result<(), Box<dyn core::error::Error>> {
/// use wirenut::http::{ClientEvent, FieldFilter, Limits, Method, Request, WriteError};
/// use wirenut_smoltcp::Client;
///
/// const FILTER: FieldFilter = FieldFilter { names: &["ETag"], bytes: 198 };
/// const LIMITS: Limits = Limits { field_filter: Some(&FILTER), ..Limits::DEFAULT };
///
/// let server = (smoltcp::wire::IpAddress::v4(192, 0, 2, 1), 80);
/// sockets.get_mut::<Socket<'_>>(handle).connect(interface.context(), server, 50_000)?;
/// let mut client = Client::<{ LIMITS.store_bytes() }>::new(now(), handle, &LIMITS);
/// let request = Request::new(Method::Get, "/firmware.bin", "192.0.2.1");
/// let (mut is_asked, mut is_complete) = (false, false);
/// while !is_complete {
///     interface.poll(now(), &mut device, &mut sockets);
///     if !is_asked {
///         // There is no room before the connection is open.
///         match client.request(now(), &mut sockets, &request) {
///             Err(WriteError::Full) => {}
///             asked => is_asked = asked.is_ok(),
///         }
///     }
///     client.poll(now(), &mut sockets, |event| match event {
///         ClientEvent::Body(piece) => { /* flash.write(piece) */ }
///         ClientEvent::End(_) => is_complete = true,
///         _ => {}
///     })?;
///     sleep_until(client.poll_timeout(now(), interface.poll_at(now(), &sockets)));
/// }
/// # Ok(())
/// # }
/// ```
pub struct Client<const STORE: usize> {
    handle: SocketHandle,
    connection: ClientConnection,
    limits: &'static Limits,
    store: [u8; STORE],
    wire: Connection,
}

impl<const STORE: usize> Client<STORE> {
    /// A client on a socket that is connecting or connected, and is left to the client from now on.
    ///
    /// # Panics
    /// Where `STORE` is less than [`Limits::store_bytes`]: answers would be refused that the limits allow.
    #[must_use]
    pub fn new(now: theirs::Instant, handle: SocketHandle, limits: &'static Limits) -> Self {
        assert!(limits.store_bytes() <= STORE, "STORE is less than Limits::store_bytes");
        let connection = ClientConnection::new(&Context { now: clock::from_smoltcp(now), limits, date: None });
        Self { handle, connection, limits, store: [0; STORE], wire: Connection::new() }
    }

    /// Asks. Content, of a request whose length is not zero, follows by [`Self::send_body`] and [`Self::finish`].
    ///
    /// # Errors
    /// [`WriteError::Full`] while there is no room for the whole head, as before the connection is open: ask again
    /// after the next poll of the interface. [`WriteError::Misuse`] if the request is none, or cannot be sent now.
    /// Either way nothing has happened.
    pub fn request(
        &mut self,
        now: theirs::Instant,
        sockets: &mut SocketSet<'_>,
        request: &Request<'_>,
    ) -> Result<(), WriteError> {
        let write = &mut |connection: &mut ClientConnection, cx: &Context<'_>, room: &mut [u8]| {
            connection.request(cx, request, room).map(|sent| (sent, 0))
        };
        self.write(now, sockets, write).map(|_| ())
    }

    /// Sends a piece of the request's content. Returns how much of it was taken: less than offered if there is little
    /// room, or none while the content is held back ([`ClientConnection::is_held`]).
    ///
    /// # Errors
    /// As [`ClientConnection::send_body`].
    pub fn send_body(
        &mut self,
        now: theirs::Instant,
        sockets: &mut SocketSet<'_>,
        piece: &[u8],
    ) -> Result<usize, WriteError> {
        let write = &mut |connection: &mut ClientConnection, cx: &Context<'_>, room: &mut [u8]| {
            connection.send_body(cx, piece, room).map(|(taken, sent)| (sent, taken))
        };
        self.write(now, sockets, write)
    }

    /// The request's content is complete.
    ///
    /// # Errors
    /// As [`ClientConnection::finish`].
    pub fn finish(&mut self, now: theirs::Instant, sockets: &mut SocketSet<'_>) -> Result<(), WriteError> {
        let write = &mut |connection: &mut ClientConnection, cx: &Context<'_>, room: &mut [u8]| {
            connection.finish(cx)?;
            Ok((connection.poll_transmit(cx, room), 0))
        };
        self.write(now, sockets, write).map(|_| ())
    }

    /// Gives `on_event` all that has come: heads, pieces of content, and their end. Call it after each poll of the
    /// interface, then sleep no longer than [`Self::poll_timeout`] says; what is not polled for stays in the ring and
    /// closes the window of TCP.
    ///
    /// [`ClientEvent::NeedMore`], [`ClientEvent::Paused`] and [`ClientEvent::Closed`] are not given out. An end of the
    /// connection in good order is seen in [`Self::connection`].
    ///
    /// # Errors
    /// What the server did wrong, or that it is gone. The connection is reset then, and each further call returns
    /// the same; [`ClientConnection::may_retry`] says whether to ask again elsewhere.
    pub fn poll(
        &mut self,
        now: theirs::Instant,
        sockets: &mut SocketSet<'_>,
        mut on_event: impl FnMut(ClientEvent<'_>),
    ) -> Result<(), Error> {
        let cx = Context { now: clock::from_smoltcp(now), limits: self.limits, date: None };
        let mut asking = Asking { connection: &mut self.connection, cx, on_event: &mut on_event };
        let (socket, scratch) = (&mut Socket(sockets.get_mut(self.handle)), &mut [0; OUTPUT_BYTES]);
        // An end in good order is seen in the connection, and to close again what is closing changes nothing.
        let _ = self.wire.proceed(cx.now, true, socket, &mut asking, &mut self.store, scratch);
        self.connection.error().map_or(Ok(()), Err)
    }

    /// When to poll again, if nothing happens before: the deadline of the connection, or of the stack, whose own is what
    /// `Interface::poll_at` says.
    #[must_use]
    pub fn poll_timeout(&self, now: theirs::Instant, stack: Option<theirs::Instant>) -> Option<theirs::Instant> {
        let ours = self.connection.poll_timeout(clock::from_smoltcp(now)).and_then(clock::to_smoltcp);
        ours.into_iter().chain(stack).min()
    }

    /// The connection, to look at: is it idle, so that there may be another request? May one that failed be sent again?
    #[must_use]
    pub const fn connection(&self) -> &ClientConnection {
        &self.connection
    }

    /// Ends the connection: in good order if nothing is outstanding, otherwise by a reset. Poll the interface on until
    /// the socket is closed.
    pub fn close(&mut self, now: theirs::Instant, sockets: &mut SocketSet<'_>) {
        let mut socket = Socket(sockets.get_mut(self.handle));
        if self.connection.is_idle() || self.connection.disposition() == Disposition::Close {
            self.connection.retire();
            socket.close();
        } else {
            let cx = Context { now: clock::from_smoltcp(now), limits: self.limits, date: None };
            self.connection.abort(&cx, Rule::HostClosed);
            socket.abort();
        }
    }

    /// Lets `write` write into the ring. It returns how many bytes it wrote, and how many were taken.
    // Of no type of its own: it is there once, with the stack's way to the ring.
    fn write(
        &mut self,
        now: theirs::Instant,
        sockets: &mut SocketSet<'_>,
        write: Write<'_>,
    ) -> Result<usize, WriteError> {
        let cx = Context { now: clock::from_smoltcp(now), limits: self.limits, date: None };
        let mut socket = Socket(sockets.get_mut(self.handle));
        let mut result = Err(WriteError::Full);
        socket.write(|room| {
            let written = write(&mut self.connection, &cx, room);
            let sent = written.as_ref().map_or(0, |(sent, _)| *sent);
            result = written.map(|(_, taken)| taken);
            (sent, ())
        });
        let on_event = &mut |_: ClientEvent<'_>| {};
        self.wire.note_sent(&mut Asking { connection: &mut self.connection, cx, on_event }, &socket);
        result
    }
}

/// Writes into a ring: how many bytes, and how many were taken.
type Write<'w> =
    &'w mut dyn FnMut(&mut ClientConnection, &Context<'_>, &mut [u8]) -> Result<(usize, usize), WriteError>;

/// What the connection itself has to say fits: the end of content in chunks.
const OUTPUT_BYTES: usize = 16;

/// A client's connection for one call, with whoever takes what comes.
struct Asking<'c> {
    connection: &'c mut ClientConnection,
    cx: Context<'c>,
    on_event: &'c mut dyn FnMut(ClientEvent<'_>),
}

impl Protocol for Asking<'_> {
    fn drive(&mut self, input: &[u8], store: &mut [u8], output: &mut [u8]) -> Progress {
        let written = self.connection.poll_transmit(&self.cx, output);
        if written > 0 {
            return Progress { taken: 0, written };
        }
        let mut taken: usize = 0;
        // It ends, for each round takes something, or gives out the end of an answer, of which no more than five are due.
        loop {
            // An error stays with the connection.
            let rest = input.get(taken..).unwrap_or(&[]);
            let Ok((used, event)) = self.connection.receive(&self.cx, rest, store) else { break };
            let (is_event, content) = match event {
                ClientEvent::NeedMore | ClientEvent::Paused | ClientEvent::Closed => (false, 0),
                ClientEvent::Body(piece) => (true, piece.len()),
                ClientEvent::Interim(_) | ClientEvent::Head(_) | ClientEvent::End(_) => (true, 0),
            };
            if is_event {
                (self.on_event)(event);
            }
            self.connection.take_body(&self.cx, content);
            let used = used.saturating_add(content);
            taken = taken.saturating_add(used);
            if !is_event && used == 0 {
                break;
            }
        }
        Progress { taken, written: 0 }
    }

    fn handle_eof(&mut self) {
        let _ = self.connection.handle_eof(&self.cx);
    }

    fn handle_sent(&mut self, sent: usize, left: usize) {
        self.connection.handle_sent(&self.cx, sent, left);
    }

    fn handle_timeout(&mut self) {
        let _ = self.connection.handle_timeout(&self.cx);
    }

    fn handle_reset(&mut self) {
        let _ = self.connection.handle_reset(&self.cx);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.connection.poll_timeout(self.cx.now)
    }

    fn is_readable(&self) -> bool {
        self.connection.is_readable()
    }

    /// A client gives way to nobody.
    fn standing(&self) -> Standing {
        Standing::Busy
    }

    fn disposition(&self) -> Disposition {
        match self.connection.disposition() {
            // What is on its way asks for answers that nobody will read.
            Disposition::Abort => Disposition::Cut,
            kept @ (Disposition::Open | Disposition::ShutdownWrite | Disposition::Close | Disposition::Cut) => kept,
        }
    }
}
