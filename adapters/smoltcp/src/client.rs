//! The client's end of one socket.

use smoltcp::iface::{SocketHandle, SocketSet};
use smoltcp::time as theirs;
use wirenut::http::{ClientConnection, ClientEvent, Context, Disposition, Error, Limits, Request, Rule, WriteError};

use crate::clock;
use crate::socket::Socket;

/// Asks one server, over one socket: a request, its answer, and the next.
///
/// Requests are written straight into the socket's ring, and answers are read in it. Content is given out piece by piece,
/// so a device fetches what is larger than its memory. `STORE` bytes hold what is known of a head, or of a trailer
/// section, of which not all has come: [`Limits::store_bytes`]. An [`FieldFilter`](wirenut::http::FieldFilter) keeps that small.
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
    /// Bytes that the server had not acknowledged when we last looked.
    unacknowledged: usize,
    /// The connection was told that the server has ended its direction.
    is_ended: bool,
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
        Self { handle, connection, limits, store: [0; STORE], unacknowledged: 0, is_ended: false }
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
        self.write(now, sockets, |connection, cx, room| connection.request(cx, request, room).map(|sent| (sent, ())))
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
        self.write(now, sockets, |connection, cx, room| {
            connection.send_body(cx, piece, room).map(|(taken, sent)| (sent, taken))
        })
    }

    /// The request's content is complete.
    ///
    /// # Errors
    /// As [`ClientConnection::finish`].
    pub fn finish(&mut self, now: theirs::Instant, sockets: &mut SocketSet<'_>) -> Result<(), WriteError> {
        self.write(now, sockets, |connection, cx, room| {
            connection.finish(cx)?;
            Ok((connection.poll_transmit(cx, room), ()))
        })
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
        on_event: impl FnMut(ClientEvent<'_>),
    ) -> Result<(), Error> {
        let cx = Context { now: clock::from_smoltcp(now), limits: self.limits, date: None };
        let mut socket = Socket(sockets.get_mut(self.handle));
        let outcome = self.converse(&cx, &mut socket, on_event);
        match self.connection.disposition() {
            Disposition::Open => {}
            Disposition::ShutdownWrite | Disposition::Close => socket.close(),
            Disposition::Abort | Disposition::Cut => socket.abort(),
        }
        outcome
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

    /// Lets `write` write into the ring. It returns how many bytes it wrote, and what the caller wants to know.
    fn write<R>(
        &mut self,
        now: theirs::Instant,
        sockets: &mut SocketSet<'_>,
        write: impl FnOnce(&mut ClientConnection, &Context<'_>, &mut [u8]) -> Result<(usize, R), WriteError>,
    ) -> Result<R, WriteError> {
        let cx = Context { now: clock::from_smoltcp(now), limits: self.limits, date: None };
        let mut socket = Socket(sockets.get_mut(self.handle));
        let mut result = Err(WriteError::Full);
        socket.write(|room| {
            let written = write(&mut self.connection, &cx, room);
            let sent = written.as_ref().map_or(0, |(sent, _)| *sent);
            result = written.map(|(_, known)| known);
            (sent, ())
        });
        self.note_sent(&cx, &socket);
        result
    }

    /// Tells the connection what the server has acknowledged, and what waits.
    fn note_sent(&mut self, cx: &Context<'_>, socket: &Socket<'_, '_>) {
        let left = socket.unacknowledged();
        if left != self.unacknowledged {
            self.connection.handle_sent(cx, self.unacknowledged.saturating_sub(left), left);
            self.unacknowledged = left;
        }
    }

    fn converse(
        &mut self,
        cx: &Context<'_>,
        socket: &mut Socket<'_, '_>,
        mut on_event: impl FnMut(ClientEvent<'_>),
    ) -> Result<(), Error> {
        if self.connection.disposition() == Disposition::Close {
            return Ok(());
        }
        if socket.is_lost() {
            return Err(self.connection.handle_reset(cx));
        }
        self.note_sent(cx, socket);
        self.connection.handle_timeout(cx)?;
        while socket.write(|room| {
            let sent = self.connection.poll_transmit(cx, room);
            (sent, sent)
        }) > 0
        {}
        self.note_sent(cx, socket);
        // It ends, for the ring does not fill meanwhile, and each round takes something from it, or is the last but one.
        loop {
            let received = socket.received();
            let input = socket.peek();
            let is_all = input.len() == received;
            let (used, event) = self.connection.receive(cx, input, &mut self.store)?;
            let (is_event, content) = match event {
                ClientEvent::NeedMore | ClientEvent::Paused | ClientEvent::Closed => (false, 0),
                ClientEvent::Body(piece) => (true, piece.len()),
                ClientEvent::Interim(_) | ClientEvent::Head(_) | ClientEvent::End(_) => (true, 0),
            };
            if is_event {
                on_event(event);
            }
            if content > 0 {
                self.connection.take_body(cx, content);
            }
            let taken = used.saturating_add(content);
            socket.consume(taken);
            if !is_event && taken == 0 && !(is_all && self.end(cx, socket)?) {
                return Ok(());
            }
        }
    }

    /// Tells the connection, once, that the server has ended its direction. Whether there is more to do.
    fn end(&mut self, cx: &Context<'_>, socket: &Socket<'_, '_>) -> Result<bool, Error> {
        if self.is_ended || !socket.is_ended_by_peer() {
            return Ok(false);
        }
        self.is_ended = true;
        self.connection.handle_eof(cx)?;
        Ok(true)
    }
}
