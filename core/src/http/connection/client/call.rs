//! One call of a client: a request goes out while its answer is heard.

use core::mem;
use core::ops::Range;

use crate::http::connection::client::{ClientConnection, ClientEvent};
use crate::http::connection::context::Context;
use crate::http::error::{Error, Rule, WriteError};
use crate::http::limits::Limits;
use crate::readiness::Standing;
use crate::time::Instant;
use crate::transport::{Disposition, Progress, Protocol};

/// Hears what comes, event by event. `Some`: the call has what it is for, and so many bytes of the content are taken.
pub type CallListener<'c> = &'c mut dyn FnMut(ClientEvent<'_>) -> Option<usize>;

/// Why a call failed, where it was not the transport.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum CallError {
    /// A rule of the protocol was broken, or a deadline passed.
    Protocol(Error),
    /// The content is not what the request declared, or finds no room.
    Refused(WriteError),
}

/// A client's connection during one call of an adapter: it sends a request, and listens until it has heard what the call
/// is for. To read the content of an answer is a call, too, which sends nothing.
///
/// The head of the request lies in the output buffer already ([`ClientConnection::request`]). The adapter drives
/// [`Self::at`] by a [`Conversation`](crate::transport::Conversation), reads content to [`Self::content_place`] whenever
/// the conversation waits and the output buffer is free, and stops when [`Self::is_done`]. While the adapter sends from
/// the output buffer, it lends an empty one, so that the answer is heard meanwhile.
///
/// ```
/// use wirenut::http::{ClientCall, ClientConnection, ClientEvent, Context, Limits, Method, Request};
/// use wirenut::time::Instant;
/// use wirenut::transport::{Action, Conversation, Input};
///
/// let (limits, now) = (Limits::DEFAULT, Instant::START);
/// let cx = Context { now, limits: &limits, date: None };
/// let (mut connection, mut conversation) = (ClientConnection::new(&cx), Conversation::new());
/// let (mut store, mut output) = ([0; Limits::DEFAULT.store_bytes()], [0; 256]);
/// let head = connection.request(&cx, &Request::new(Method::Get, "/", "example.org"), &mut output).unwrap();
///
/// let mut status = None;
/// let mut listener = |event: ClientEvent<'_>| {
///     let ClientEvent::Head(head) = event else { return None };
///     status = Some(head.status.code());
///     Some(0)
/// };
/// let mut call = ClientCall::new(&mut connection, &limits, &mut listener).with_request(head, false);
/// let nothing = Input { bytes: b"", has_ended: false };
/// let (_, action) = conversation.poll(&mut call.at(now), nothing, &mut store, &mut output);
/// assert_eq!(action, Action::Send(head));
/// conversation.handle_sent(&mut call.at(now), head, 0);
/// let answer = Input { bytes: b"HTTP/1.1 204 No Content\r\n\r\n", has_ended: false };
/// let _ = conversation.poll(&mut call.at(now), answer, &mut store, &mut output);
/// assert!(call.is_done(true));
/// assert_eq!(status, Some(204));
/// ```
pub struct ClientCall<'c> {
    connection: &'c mut ClientConnection,
    limits: &'c Limits,
    listener: CallListener<'c>,
    /// Bytes of the head that lie in the output buffer.
    head: usize,
    /// Content is still to be read from its source.
    has_content: bool,
    /// Where content lies in the output buffer that is not sent.
    content: Range<usize>,
    is_heard: bool,
    error: Option<CallError>,
}

/// What a call remembers while its adapter waits without it: see [`ClientCall::into_state`]. By default that of a call that
/// only listens.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CallState {
    head: usize,
    has_content: bool,
    content: Range<usize>,
    is_heard: bool,
}

impl<'c> ClientCall<'c> {
    /// A call that only listens.
    #[must_use]
    pub fn new(connection: &'c mut ClientConnection, limits: &'c Limits, listener: CallListener<'c>) -> Self {
        Self { connection, limits, listener, head: 0, has_content: false, content: 0..0, is_heard: false, error: None }
    }

    /// The call sends a request: the first `head` bytes of the output buffer, and then content if `has_content`.
    #[must_use]
    pub const fn with_request(mut self, head: usize, has_content: bool) -> Self {
        (self.head, self.has_content) = (head, has_content);
        self
    }

    /// The call goes on where [`Self::into_state`] left it, over the same connection and the same output buffer.
    #[must_use]
    pub fn with_state(self, state: CallState) -> Self {
        let CallState { head, has_content, content, is_heard } = state;
        Self { head, has_content, content, is_heard, ..self }
    }

    /// Ends the borrow of connection and listener, where the adapter has to wait: [`Self::with_state`] goes on with it. What
    /// the listener has heard is not heard again, and an error that was not looked at is lost.
    ///
    /// ```
    /// # use wirenut::http::{ClientCall, ClientConnection, Context, Limits, Method, Request};
    /// # use wirenut::time::Instant;
    /// # use wirenut::transport::{Action, Conversation, Input};
    /// # let (limits, now) = (Limits::DEFAULT, Instant::START);
    /// # let cx = Context { now, limits: &limits, date: None };
    /// # let (mut connection, mut conversation) = (ClientConnection::new(&cx), Conversation::new());
    /// # let (mut store, mut output) = ([0; Limits::DEFAULT.store_bytes()], [0; 256]);
    /// # let nothing = Input { bytes: b"", has_ended: false };
    /// let head = connection.request(&cx, &Request::new(Method::Get, "/", "a"), &mut output).unwrap();
    /// let state = ClientCall::new(&mut connection, &limits, &mut |_| None).with_request(head, false).into_state();
    /// // … and later:
    /// let mut listener = |_: wirenut::http::ClientEvent<'_>| None;
    /// let mut call = ClientCall::new(&mut connection, &limits, &mut listener).with_state(state);
    /// let (_, action) = conversation.poll(&mut call.at(now), nothing, &mut store, &mut output);
    /// assert_eq!(action, Action::Send(head));
    /// ```
    #[must_use]
    pub fn into_state(self) -> CallState {
        let Self { head, has_content, content, is_heard, .. } = self;
        CallState { head, has_content, content, is_heard }
    }

    /// The call at this time, as what a conversation drives.
    #[must_use]
    pub const fn at(&mut self, now: Instant) -> ClientCallAt<'_, 'c> {
        let limits = self.limits;
        ClientCallAt { call: self, cx: Context { now, limits, date: None } }
    }

    /// Why it failed, if it did. The first reason.
    #[must_use]
    pub const fn error(&self) -> Option<CallError> {
        self.error
    }

    /// Has the listener heard what the call is for?
    #[must_use]
    pub const fn is_heard(&self) -> bool {
        self.is_heard
    }

    /// Is it over: has it failed, or is all heard, and all sent or no longer wanted? `is_sent`: the transport has taken all
    /// that was written.
    #[must_use]
    pub fn is_done(&self, is_sent: bool) -> bool {
        let is_sent = is_sent && !self.has_content && self.content.is_empty();
        self.error.is_some() || (self.is_heard && (is_sent || self.connection.is_stopped()))
    }

    /// Where in an output buffer of that length content is to be read to, if some is wanted now: in its second half, for what
    /// is sent of it is made in the first. Tell [`Self::handle_content`] what came of it. An output of less than two bytes has
    /// no such place, and the call fails with [`WriteError::Full`].
    #[must_use]
    pub fn content_place(&mut self, now: Instant, output: usize) -> Option<Range<usize>> {
        if !self.has_content || !self.content.is_empty() || self.connection.is_held() || self.connection.is_stopped() {
            return None;
        }
        let start = half(output);
        let unsent = self.connection.unsent().and_then(|unsent| usize::try_from(unsent).ok()).unwrap_or(usize::MAX);
        let room = output.saturating_sub(start);
        if unsent == 0 {
            self.finish(now);
            return None;
        }
        if room == 0 {
            // To end here would send content that ends too early.
            self.fail(CallError::Refused(WriteError::Full));
            return None;
        }
        let length = room.min(unsent);
        self.content = start..start;
        Some(start..start.saturating_add(length))
    }

    /// `count` bytes of content were read to the front of that place, which has room for `most`. Zero: that is all. More
    /// than `most`: the source has failed.
    pub fn handle_content(&mut self, now: Instant, count: usize, most: usize) {
        if count > most {
            let cx = Context { now, limits: self.limits, date: None };
            let error = self.connection.abort(&cx, Rule::SourceFailed);
            self.fail(CallError::Protocol(error));
        } else if count == 0 {
            self.finish(now);
        }
        self.content.end = self.content.start.saturating_add(count.min(most));
    }

    /// All content was sent.
    fn finish(&mut self, now: Instant) {
        let cx = Context { now, limits: self.limits, date: None };
        self.has_content = false;
        if let Err(error) = self.connection.finish(&cx) {
            self.fail(CallError::Refused(error));
        }
    }

    #[cold]
    #[inline(never)]
    fn fail(&mut self, error: CallError) {
        self.error = self.error.or(Some(error));
    }

    fn note(&mut self, result: Result<(), Error>) {
        if let Err(error) = result {
            self.fail(CallError::Protocol(error));
        }
    }

    /// Writes what is to be sent now. Returns how much that is.
    fn write(&mut self, cx: &Context<'_>, output: &mut [u8]) -> Result<usize, WriteError> {
        if self.head > 0 && !output.is_empty() {
            return Ok(mem::take(&mut self.head));
        }
        let Range { start, end } = self.content;
        if start == end {
            return Ok(self.connection.poll_transmit(cx, output));
        }
        if self.connection.is_stopped() {
            (self.content, self.has_content) = (0..0, false);
            return Ok(0);
        }
        // What is sent is made in front of where it was read to.
        let Some((room, rest)) = output.split_at_mut_checked(half(output.len())) else { return Ok(0) };
        let base = room.len();
        let piece = rest.get(start.saturating_sub(base)..end.saturating_sub(base)).unwrap_or(&[]);
        if piece.is_empty() {
            return Ok(0);
        }
        let (taken, written) = self.connection.send_body(cx, piece, room)?;
        if taken == 0 && !self.connection.is_held() {
            return Err(WriteError::Full);
        }
        self.content.start = start.saturating_add(taken);
        Ok(written)
    }

    /// Reads what has come. Returns how much was taken.
    fn read(&mut self, cx: &Context<'_>, input: &[u8], store: &mut [u8]) -> Result<usize, Error> {
        if self.is_heard {
            return Ok(0);
        }
        let (used, event) = self.connection.receive(cx, input, store)?;
        let Some(taken) = (self.listener)(event) else { return Ok(used) };
        self.is_heard = true;
        self.connection.take_body(cx, taken);
        Ok(used.saturating_add(taken))
    }
}

/// Content is read to the second half of the output, and sent from the first.
const fn half(length: usize) -> usize {
    length.div_ceil(2)
}

/// A [`ClientCall`] with the time: see [`ClientCall::at`].
pub struct ClientCallAt<'a, 'c> {
    call: &'a mut ClientCall<'c>,
    cx: Context<'c>,
}

impl Protocol for ClientCallAt<'_, '_> {
    fn drive(&mut self, input: &[u8], store: &mut [u8], output: &mut [u8]) -> Progress {
        let Self { call, cx } = self;
        if call.error.is_some() {
            return Progress::default();
        }
        let written = call.write(cx, output).unwrap_or_else(|error| {
            call.fail(CallError::Refused(error));
            0
        });
        // What is to be sent goes first: a stream may block in a read for ever while nothing was asked.
        if written > 0 {
            return Progress { taken: 0, written };
        }
        let taken = call.read(cx, input, store).unwrap_or_else(|error| {
            call.fail(CallError::Protocol(error));
            0
        });
        Progress { taken, written }
    }

    fn stored(&self) -> usize {
        self.call.connection.stored()
    }

    fn handle_eof(&mut self) {
        let handled = self.call.connection.handle_eof(&self.cx);
        self.call.note(handled);
    }

    fn handle_sent(&mut self, sent: usize, left: usize) {
        self.call.connection.handle_sent(&self.cx, sent, left);
    }

    fn handle_timeout(&mut self) {
        let handled = self.call.connection.handle_timeout(&self.cx);
        self.call.note(handled);
    }

    fn handle_reset(&mut self) {
        self.call.connection.handle_reset(&self.cx);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.call.connection.poll_timeout(self.cx.now)
    }

    fn is_readable(&self) -> bool {
        self.call.connection.is_readable() && !self.call.is_heard
    }

    fn standing(&self) -> Standing {
        Standing::Busy
    }

    fn disposition(&self) -> Disposition {
        self.call.connection.disposition()
    }
}
