//! A session as the protocol of a conversation.

use super::Service;
use super::session::Session;
use crate::http::connection::context::Context;
use crate::http::error::Rule;
use crate::readiness::Standing;
use crate::time::Instant;
use crate::transport::{Disposition, Environment, Progress, Protocol};

/// A session for one call, with all that it works with: what a [`Conversation`](crate::transport::Conversation) drives.
///
/// ```
/// # use wirenut::http::{Context, RequestHead, Limits, Response, Status, WriteError};
/// # use wirenut::http::service::{Responder, Service, Serving, Session, Step};
/// # use wirenut::time::Instant;
/// # use wirenut::transport::{Action, Conversation, Environment, Input};
/// # struct Hello;
/// # impl Service for Hello {
/// #     type Exchange = ();
/// #     type Source = core::convert::Infallible;
/// #     fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
/// #         responder.send(&Response::new(Status::OK), b"hello")?;
/// #         Ok(((), Step::Done))
/// #     }
/// # }
/// let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
/// let (mut session, mut conversation) = (Session::<Hello>::new(&cx), Conversation::new());
/// let (mut store, mut output) = ([0; Limits::DEFAULT.store_bytes()], [0; 256]);
/// let environment = Environment::alone(output.len());
///
/// let mut serving = Serving { session: &mut session, service: &Hello, cx, environment: &environment };
/// let input = Input { bytes: b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", has_ended: false };
/// let (taken, action) = conversation.poll(&mut serving, input, &mut store, &mut output);
/// assert_eq!((taken, action), (27, Action::Send(43)));
/// assert_eq!(&output[..43], b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
/// ```
pub struct Serving<'c, S: Service + ?Sized> {
    /// What is spoken.
    pub session: &'c mut Session<S>,
    /// Who is asked.
    pub service: &'c S,
    /// The time of this call, and the bounds.
    pub cx: Context<'c>,
    /// Where it runs.
    pub environment: &'c Environment<'c>,
}

impl<S: Service + ?Sized> Serving<'_, S> {
    /// The connection is given up at once, by the host or for want of its transfer's source: see
    /// [`Session::handle_lost`].
    pub fn give_up(&mut self, rule: Rule) {
        self.session.handle_lost(&self.cx, self.service, rule);
    }

    /// The host has moved `bytes` of [`Session::transfer`] itself.
    pub fn handle_transferred(&mut self, bytes: u64) {
        self.session.handle_transferred(&self.cx, self.service, bytes);
    }
}

impl<S: Service + ?Sized> Protocol for Serving<'_, S> {
    // Where it is inlined, the loop around it becomes larger than the call.
    #[inline(never)]
    fn drive(&mut self, input: &[u8], store: &mut [u8], output: &mut [u8]) -> Progress {
        self.session.drive(&self.cx, self.environment, self.service, input, store, output)
    }

    #[inline]
    fn stored(&self) -> usize {
        self.session.stored()
    }

    fn handle_eof(&mut self) {
        self.session.handle_eof(&self.cx, self.service);
    }

    fn handle_read_closed(&mut self) {
        self.session.handle_read_closed();
    }

    #[inline]
    fn wants_read_closed(&self) -> bool {
        self.session.is_waiting()
    }

    #[inline]
    fn handle_sent(&mut self, sent: usize, left: usize) {
        self.session.handle_sent(&self.cx, sent, left);
    }

    fn handle_wake(&mut self) {
        self.session.wake();
    }

    fn handle_drain(&mut self) {
        self.session.handle_drain();
    }

    fn retire(&mut self) {
        self.session.retire();
    }

    /// A head that did not come is answered (408, [`Rule::HeadTimeout`]), and an idle connection ends.
    ///
    /// ```
    /// # use wirenut::http::{Context, RequestHead, Limits, Rule, WriteError};
    /// # use wirenut::http::service::{Responder, Service, Serving, Session, Step};
    /// # use wirenut::time::Instant;
    /// # use wirenut::transport::{Action, Conversation, Environment, Input, Protocol};
    /// # struct Nothing;
    /// # impl Service for Nothing {
    /// #     type Exchange = ();
    /// #     type Source = core::convert::Infallible;
    /// #     fn request(&self, _: &RequestHead<'_>, _: &mut Responder<'_>) -> Result<((), Step), WriteError> {
    /// #         Ok(((), Step::Done))
    /// #     }
    /// # }
    /// let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
    /// let (mut session, mut conversation) = (Session::<Nothing>::new(&cx), Conversation::new());
    /// let (mut store, mut output) = ([0; Limits::DEFAULT.store_bytes()], [0; 256]);
    /// let environment = Environment::alone(output.len());
    /// let mut serving = Serving { session: &mut session, service: &Nothing, cx, environment: &environment };
    ///
    /// let part = Input { bytes: b"GET / HTTP/1.1\r\nHo", has_ended: false };
    /// assert_eq!(conversation.poll(&mut serving, part, &mut store, &mut output), (18, Action::Wait));
    /// assert!(!serving.give_way(true), "the rest of the head waits unread");
    /// assert!(serving.give_way(false));
    /// assert_eq!(serving.session.take_error().map(|error| error.rule), Some(Rule::HeadTimeout));
    ///
    /// let nothing = Input { bytes: b"", has_ended: false };
    /// let (_, action) = conversation.poll(&mut serving, nothing, &mut store, &mut output);
    /// assert!(matches!(action, Action::Send(_)) && output.starts_with(b"HTTP/1.1 408 Request Timeout\r\n"));
    /// assert_eq!(conversation.poll(&mut serving, nothing, &mut store, &mut output), (0, Action::ShutdownWrite));
    /// ```
    fn give_way(&mut self, has_unread: bool) -> bool {
        match self.session.standing() {
            Standing::Lingering => {}
            Standing::Busy => return false,
            Standing::Idle | Standing::Reading if has_unread => return false,
            Standing::Idle => self.session.evict(),
            Standing::Reading => self.give_up(Rule::HeadTimeout),
        }
        true
    }

    fn handle_timeout(&mut self) {
        self.session.handle_timeout(&self.cx, self.service);
    }

    fn handle_reset(&mut self) {
        // A peer that goes once all is said has taken it, or does not want it: that is nothing to tell.
        let is_said = matches!(self.session.disposition(), Disposition::ShutdownWrite | Disposition::Close);
        self.session.handle_lost(&self.cx, self.service, Rule::Reset);
        if is_said {
            self.session.take_error();
        }
    }

    #[inline(always)]
    fn poll_timeout(&self) -> Option<Instant> {
        self.session.poll_timeout(self.cx.now)
    }

    #[inline]
    fn is_readable(&self) -> bool {
        self.session.is_readable()
    }

    #[inline]
    fn standing(&self) -> Standing {
        self.session.standing()
    }

    #[inline]
    fn disposition(&self) -> Disposition {
        self.session.disposition()
    }

    #[inline]
    fn transfer(&self) -> Option<u64> {
        self.session.transfer_length()
    }
}
