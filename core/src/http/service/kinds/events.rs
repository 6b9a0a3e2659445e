//! Server-sent events (WHATWG HTML §9.2).

use core::fmt::{self, Display, Write};
use core::task::Waker;

use super::event::Event;
use crate::http::error::WriteError;
use crate::http::message::fields::Field;
use crate::http::message::response::Response;
use crate::http::service::Step;
use crate::http::service::exchange::Exchange;
use crate::http::service::handler::{HandlerError, Result};
use crate::http::service::responder::{Responder, Wakeup};
use crate::http::status::Status;
use crate::time::{Duration, Instant};

/// After so long without an event a comment is sent, so that nobody between takes the connection for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A stream of server-sent events. Made by [`Responder::events`].
#[derive(Clone, Debug)]
pub struct Events<F> {
    next: F,
    /// When `next` wants to be asked.
    until: Option<Instant>,
    /// When the peer wants a sign of life.
    keep_alive: Instant,
}

impl<F> Events<F> {
    pub(in crate::http::service) fn begin(next: F, responder: &mut Responder<'_>) -> Result<Self> {
        let fields = [Field::new("Content-Type", "text/event-stream"), Field::new("Cache-Control", "no-store")];
        responder.respond(&Response::new(Status::OK).with_fields(&fields).with_unknown_length())?;
        Ok(Self { next, until: None, keep_alive: responder.now().saturating_add(KEEP_ALIVE) })
    }

    fn wait<S>(&self) -> Step<S> {
        Step::Wait(Some(self.until.map_or(self.keep_alive, |until| until.min(self.keep_alive))))
    }
}

impl<A, S, F: FnMut(A, &mut EventSink<'_, '_>) -> Result<()>> Exchange<A, S> for Events<F> {
    fn proceed(&mut self, app: A, responder: &mut Responder<'_>) -> Result<Step<S>> {
        if responder.has_peer_ended() {
            return Ok(Step::Done);
        }
        let now = responder.now();
        let is_last = responder.is_draining();
        let is_alive_only = responder.wakeup() == Some(Wakeup::Time) && self.until.is_none_or(|until| now < until);
        let mut sink = EventSink { responder, until: None, has_sent: false, has_no_room: false, is_last };
        if is_alive_only && !is_last {
            if now >= self.keep_alive {
                sink.comment("")?;
                self.keep_alive = now.saturating_add(KEEP_ALIVE);
            }
            return Ok(self.wait());
        }
        let asked = (self.next)(app, &mut sink);
        self.until = sink.until;
        if sink.has_sent {
            self.keep_alive = now.saturating_add(KEEP_ALIVE);
        }
        match asked {
            // It is asked again when there is.
            Err(HandlerError::Write(WriteError::Full)) if sink.has_no_room => Ok(Step::More),
            Err(error) => Err(error),
            Ok(()) if sink.is_last => Ok(Step::Done),
            Ok(()) => Ok(self.wait()),
        }
    }
}

/// Where events go: what the function of [`Responder::events`] is given.
///
/// The function sends the events that there are, and says when it wants to be asked again: at a time ([`Self::wait`]), by
/// a waker ([`Self::waker`]), or both. It is asked at once after the response has begun. Each event is sent whole or not at
/// all: where there is no room for one, [`Self::send_event`] fails; return that error, by `?`, and the function is asked again
/// when there is room. So what an event takes from the application is taken after it was sent.
///
/// The stream ends when the function says so ([`Self::end`]) or fails, when the client leaves, and when the server drains:
/// then the function is asked a last time ([`Self::is_last`]), and again only for what found no room. One that always has
/// more than there is room for looks at that and ends; otherwise it is cut when the server's time to end is over. Without
/// events a comment is sent every 15 seconds.
///
/// A client that comes back says in the field `Last-Event-ID` which event it had last.
///
/// ```
/// use wirenut::http::service::{Event, routes};
/// use wirenut::time::Duration;
///
/// let service = routes!((), get("/ticks", |_, _, responder| {
///     let mut tick = 0_u32;
///     responder.events(move |_, events| {
///         events.send_event(&Event::new(tick).with_name("tick").with_id(&tick))?;
///         tick += 1;
///         events.wait(Duration::from_secs(1));
///         Ok(())
///     })
/// }));
/// # let _ = service;
/// ```
pub struct EventSink<'s, 'a> {
    responder: &'s mut Responder<'a>,
    until: Option<Instant>,
    has_sent: bool,
    has_no_room: bool,
    is_last: bool,
}

impl EventSink<'_, '_> {
    /// Sends an event that has only data, of any number of lines.
    ///
    /// # Errors
    /// As [`Self::send_event`].
    pub fn send(&mut self, data: impl Display) -> Result<()> {
        self.send_event(&Event::new(data))
    }

    /// Sends an event.
    ///
    /// # Errors
    /// [`WriteError::Full`] if there is no room for it now, or if it is longer than the room that is reserved
    /// ([`Limits::output_reserve`](crate::http::Limits::output_reserve)); the latter ends the stream.
    /// [`Misuse::InvalidField`](crate::http::Misuse::InvalidField) if the name or the id is more than a line.
    pub fn send_event<D: Display>(&mut self, event: &Event<'_, D>) -> Result<()> {
        event.check()?;
        self.put(|out| event.write(out))
    }

    /// Sends a comment, which clients ignore. More than a line becomes several comments.
    ///
    /// # Errors
    /// As [`Self::send_event`].
    pub fn comment(&mut self, text: &str) -> Result<()> {
        self.put(|out| text.split(['\r', '\n']).try_for_each(|line| writeln!(out, ":{line}")))
    }

    fn put(&mut self, put: impl FnOnce(&mut Cursor<'_>) -> fmt::Result) -> Result<()> {
        let is_sent = self.responder.fill_whole(|place| {
            let mut out = Cursor { place, length: 0 };
            put(&mut out).ok().map(|()| out.length)
        })?;
        if is_sent {
            self.has_sent = true;
            return Ok(());
        }
        self.has_no_room = true;
        Err(WriteError::Full.into())
    }

    /// Has the function asked again at this time, if no waker does it before.
    pub const fn wait_until(&mut self, until: Instant) {
        self.until = Some(until);
    }

    /// Has the function asked again after so long, if no waker does it before.
    pub fn wait(&mut self, span: Duration) {
        self.until = Some(self.now().saturating_add(span));
    }

    /// Has the function asked again when it is woken: see [`Responder::waker`]. Keep it in a
    /// [`Wakers`](crate::http::service::Wakers), which has a place for each exchange and not for each call.
    #[must_use]
    pub fn waker(&self) -> Waker {
        self.responder.waker()
    }

    /// Ends the stream after this call.
    pub const fn end(&mut self) {
        self.is_last = true;
    }

    /// Does the stream end after this call? Either [`Self::end`] was called, or the server drains.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        self.is_last
    }

    /// The time of this call.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.responder.now()
    }
}

impl fmt::Debug for EventSink<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSink").field("until", &self.until).field("is_last", &self.is_last).finish_non_exhaustive()
    }
}

struct Cursor<'p> {
    place: &'p mut [u8],
    length: usize,
}

impl Write for Cursor<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length.saturating_add(text.len());
        self.place.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
