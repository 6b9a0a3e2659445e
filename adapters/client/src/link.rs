//! One connection to a server: the core's connection, a wire, and what moves bytes between them without ever waiting.

use alloc::sync::Arc;
use core::mem;
use core::ops::Range;
use std::io::Read;
use std::os::fd::AsFd as _;

use wirenut::http::{
    CallError, CallListener, CallState, ClientCall, ClientConnection, ClientEvent, Context, Limits, Request, Rule,
    WriteError,
};
use wirenut::time::Instant;
use wirenut::transport::{Action, Conversation, Input, Protocol as _};
use wirenut_linux::monotonic_time;
use wirenut_linux::poller::{Interest, Poll};
use wirenut_linux::socket::{Attempt, Received};
use wirenut_tls::Wire;

use crate::error::Cause;
use crate::observer::Observed;
use crate::watch::{Watch, earlier};
use crate::watcher::Watcher;

/// Room for what comes, and for what goes. Pages that are never used cost nothing.
const BUFFER: usize = 64 * 1024;

/// A turn does at most this many steps: a peer that is fast enough would otherwise keep the thread from its other requests.
const MAX_STEPS: u32 = 256;

/// One connection, with its memory.
pub(crate) struct Link {
    /// The peer, for errors.
    subject: Arc<str>,
    connection: ClientConnection,
    conversation: Conversation,
    store: Box<[u8]>,
    /// How far the request and its answer are.
    call: CallState,
    line: Line,
    /// Memory for the poller of the next request on the connection.
    spare: Poll,
}

impl Link {
    pub(crate) fn new(wire: Wire, limits: &Limits, subject: impl Into<Arc<str>>) -> Self {
        let room = |length| vec![0; length].into_boxed_slice();
        let line = Line {
            wire,
            interest: Interest::READABLE,
            input: room(BUFFER),
            output: room(BUFFER.max(usize::try_from(limits.head_bytes).unwrap_or(BUFFER))),
            unread: 0..0,
            unsent: 0..0,
            has_ended: false,
            broken: None,
            has_failed_to_send: false,
            has_just_sent: false,
            due: None,
            is_tired: false,
        };
        Self {
            subject: subject.into(),
            connection: ClientConnection::new(&context(limits)),
            conversation: Conversation::new(),
            store: room(limits.store_bytes()),
            call: CallState::default(),
            line,
            spare: Poll::new(),
        }
    }

    /// Lets a watcher watch it, up to [`Self::detach`].
    pub(crate) fn attach(&mut self, watcher: &mut dyn Watcher) -> Result<(), Cause> {
        self.line.interest = Interest::READABLE;
        watcher.register(self.line.wire.as_fd(), Interest::READABLE)
    }

    pub(crate) fn detach(&mut self, watcher: &mut dyn Watcher) {
        watcher.deregister(self.line.wire.as_fd());
    }

    /// What a poller needs is kept with the connection, so that no request allocates it. To be called before something is
    /// registered with the watcher, and again after the last is not any more.
    pub(crate) fn exchange_memory(&mut self, watcher: &mut dyn Watcher) {
        watcher.exchange_memory(&mut self.spare);
    }

    /// Whom it leads to, for errors.
    pub(crate) fn subject(&self) -> &Arc<str> {
        &self.subject
    }

    /// What it speaks over.
    pub(crate) const fn wire(&self) -> &Wire {
        &self.line.wire
    }

    /// Has something of the request not left, or could not?
    pub(crate) fn is_sending(&self) -> bool {
        !self.line.unsent.is_empty() || self.line.has_failed_to_send
    }

    /// Begins a request: [`Self::poll`] sends it.
    pub(crate) fn request(&mut self, limits: &Limits, request: &Request<'_>, watch: &Watch) -> Result<(), Cause> {
        let room = &mut self.line.output;
        let head = self.connection.request(&context(limits), request, room).map_err(|error| match error {
            // The buffer is empty, so no later call has more room.
            WriteError::Full => Cause::HeadTooLong(room.len()),
            WriteError::Misuse(_) => Cause::Refused(error),
        })?;
        watch.observe(&Observed::Request(&self.line.output[..head]));
        let mut deaf = |_: ClientEvent<'_>| None;
        let call = ClientCall::new(&mut self.connection, limits, &mut deaf);
        self.call = call.with_request(head, request.length != Some(0)).into_state();
        Ok(())
    }

    /// Sends the request that was begun, its content read from `body`, and receives until the listener has what it asked
    /// for, all without waiting. False: call it again when the watcher says so, or at [`Self::poll_timeout`].
    pub(crate) fn poll(
        &mut self,
        limits: &Limits,
        body: &mut dyn Read,
        listener: CallListener<'_>,
        watch: &Watch,
        watcher: &mut dyn Watcher,
    ) -> Result<bool, Cause> {
        let Self { connection, conversation, store, line, call: state, .. } = self;
        let mut call = ClientCall::new(connection, limits, listener).with_state(mem::take(state));
        let spoken = line.speak(&mut call, conversation, store, body, watch, watcher);
        match spoken {
            Ok(true) => {}
            Ok(false) => *state = call.into_state(),
            Err(_) => {
                line.wire.give_up();
                self.connection.handle_reset(&context(limits));
            }
        }
        spoken
    }

    /// When to poll it again although nothing was ready.
    pub(crate) fn poll_timeout(&self, watch: &Watch) -> Option<Instant> {
        if self.line.is_tired { Some(Instant::START) } else { earlier(self.line.due, watch.deadline()) }
    }

    /// Where content lies in [`Self::received`] that the listener saw at this address.
    pub(crate) fn place(&self, address: usize, length: usize) -> Range<usize> {
        let start = address.saturating_sub(self.line.input.as_ptr().addr());
        start..start.saturating_add(length)
    }

    /// The buffer that was received into.
    pub(crate) fn received(&self) -> &[u8] {
        &self.line.input
    }

    /// May the request that failed be sent again on another connection, as far as this one knows?
    pub(crate) fn may_retry(&self) -> bool {
        let is_lost = self
            .connection
            .error()
            .is_none_or(|error| matches!(error.rule, Rule::Unanswered | Rule::NotProcessed | Rule::Reset));
        is_lost && self.connection.may_retry(0)
    }

    /// May another request be sent on it: is it idle, and has the server not ended it meanwhile?
    pub(crate) fn is_reusable(&mut self) -> bool {
        self.is_idle() && self.line.wire.is_quiet()
    }

    /// Is all said and heard, and the connection still open?
    pub(crate) fn is_idle(&self) -> bool {
        let Line { unread, unsent, has_ended, broken, .. } = &self.line;
        let is_clear = unread.is_empty() && unsent.is_empty() && !has_ended && broken.is_none();
        is_clear && self.connection.is_idle()
    }

    /// Ends an idle connection in good order.
    pub(crate) fn close(mut self) {
        self.line.wire.shutdown_write();
    }

    /// The wire, and what came behind the head that ended HTTP on it.
    pub(crate) fn into_wire(self) -> (Wire, Vec<u8>) {
        let Line { wire, input, unread, .. } = self.line;
        (wire, input[unread].to_vec())
    }
}

fn context(limits: &Limits) -> Context<'_> {
    Context { now: monotonic_time(), limits, date: None }
}

/// The part of a link that is not the protocol.
struct Line {
    wire: Wire,
    /// What a watcher watches the wire for.
    interest: Interest,
    input: Box<[u8]>,
    output: Box<[u8]>,
    /// What has come and was not consumed, in the input.
    unread: Range<usize>,
    /// What is to be sent, in the output.
    unsent: Range<usize>,
    has_ended: bool,
    /// The wire takes no more; perhaps an answer says why.
    broken: Option<Cause>,
    has_failed_to_send: bool,
    /// An answer has hardly come yet, so the next step does not try to receive it.
    has_just_sent: bool,
    /// When the protocol wants to be asked again.
    due: Option<Instant>,
    /// There is more to do at once.
    is_tired: bool,
}

/// What a step of the conversation came to.
struct Step {
    action: Action,
    wants_input: bool,
}

impl Line {
    /// Does what the conversation says until the call has what it is for (true), or until nothing can be done at once.
    fn speak(
        &mut self,
        call: &mut ClientCall<'_>,
        conversation: &mut Conversation,
        store: &mut [u8],
        body: &mut dyn Read,
        watch: &Watch,
        watcher: &mut dyn Watcher,
    ) -> Result<bool, Cause> {
        if let Some(due) = self.due.take() {
            let now = monotonic_time();
            if due <= now {
                call.at(now).handle_timeout();
            }
        }
        self.is_tired = false;
        for _ in 0..MAX_STEPS {
            let now = monotonic_time();
            watch.check(now)?;
            let step = self.step(call, conversation, store, now);
            self.check(call)?;
            // What this step has written is not sent yet: it may be the last chunk of content that was answered early.
            let has_written = matches!(step.action, Action::Send(_));
            let is_sent = !has_written && self.unsent.is_empty() && self.wire.flush().unwrap_or(true);
            if call.is_done(is_sent) || (call.is_heard() && self.broken.is_some()) {
                return Ok(true);
            }
            if let Action::Send(count) = step.action {
                self.unsent = 0..count;
            }
            let may_send_content = self.unsent.is_empty() && self.broken.is_none() && step.action == Action::Wait;
            if !self.unsent.is_empty() {
                if self.send(call, conversation, now) {
                    continue;
                }
            } else if may_send_content {
                if let Some(place) = call.content_place(now, self.output.len()) {
                    // An answer that has come may say that the server wants no more content.
                    if !(step.wants_input && self.recv()?) {
                        self.read_content(call, place, body, now)?;
                    }
                    continue;
                }
                // The content may have ended with that.
                if call.is_done(is_sent) {
                    return Ok(true);
                }
            } else if let Some(cause) = ending(step.action, &mut self.wire) {
                return Err(self.broken.take().unwrap_or(cause));
            }
            let may_have_come = !self.has_just_sent || self.wire.holds_unread();
            if step.wants_input && may_have_come && self.recv()? {
                continue;
            }
            self.has_just_sent = false;
            self.due = call.at(now).poll_timeout();
            self.prepare_wait(step.wants_input, watcher)?;
            return Ok(false);
        }
        self.is_tired = true;
        Ok(false)
    }

    /// Fails if the call has failed. A broken wire causes all later errors, so it is reported in their place.
    fn check(&mut self, call: &ClientCall<'_>) -> Result<(), Cause> {
        let Some(error) = call.error() else { return Ok(()) };
        Err(self.broken.take().unwrap_or(match error {
            CallError::Protocol(error) => Cause::Protocol(error),
            CallError::Refused(error) => Cause::Refused(error),
        }))
    }

    /// Lets the protocol do all that it can.
    fn step(
        &mut self,
        call: &mut ClientCall<'_>,
        conversation: &mut Conversation,
        store: &mut [u8],
        now: Instant,
    ) -> Step {
        let input = Input { bytes: &self.input[self.unread.clone()], has_ended: self.has_ended };
        // While something is being sent from it, the output is not free.
        let output: &mut [u8] = if self.unsent.is_empty() { &mut self.output } else { &mut [] };
        let mut protocol = call.at(now);
        let (taken, action) = conversation.poll(&mut protocol, input, store, output);
        self.unread.start += taken;
        Step { action, wants_input: conversation.wants_input(&protocol) }
    }

    /// Sends. Whether something has left, so that there may be more to do.
    fn send(&mut self, call: &mut ClientCall<'_>, conversation: &mut Conversation, now: Instant) -> bool {
        let sent = match &self.broken {
            // Drops the bytes, so that the protocol goes on to receive.
            Some(_) => self.unsent.len(),
            None => match self.wire.send(&self.output[self.unsent.clone()]) {
                Ok(Attempt::Done(sent)) => sent,
                Ok(Attempt::WouldBlock) => 0,
                Err(error) => {
                    (self.broken, self.has_failed_to_send) = (Some(error.into()), true);
                    self.unsent.len()
                }
            },
        };
        self.unsent.start += sent;
        self.has_just_sent = sent > 0;
        conversation.handle_sent(&mut call.at(now), sent, self.unsent.len());
        sent > 0
    }

    fn read_content(
        &mut self,
        call: &mut ClientCall<'_>,
        place: Range<usize>,
        body: &mut dyn Read,
        now: Instant,
    ) -> Result<(), Cause> {
        let room = &mut self.output[place];
        let most = room.len();
        let count = loop {
            match body.read(room) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        call.handle_content(now, *count.as_ref().unwrap_or(&usize::MAX), most);
        count.map(drop).map_err(Cause::Source)
    }

    /// Receives what is there. Whether something came, or the end.
    fn recv(&mut self) -> Result<bool, Cause> {
        if self.unread.is_empty() {
            self.unread = 0..0;
        } else if self.unread.end == self.input.len() {
            self.input.copy_within(self.unread.clone(), 0);
            self.unread = 0..self.unread.len();
        }
        let room = &mut self.input[self.unread.end..];
        if room.is_empty() {
            return Err(Cause::Other("the head of the response finds no room"));
        }
        match self.wire.recv(room) {
            Ok(Received::Data(count)) => self.unread.end += count,
            Ok(Received::End) => self.has_ended = true,
            Ok(Received::WouldBlock) => return Ok(false),
            // The failure to send came first.
            Err(error) => return Err(self.broken.take().unwrap_or(error.into())),
        }
        Ok(true)
    }

    /// Has the watcher watch the wire for what is to be done.
    fn prepare_wait(&mut self, wants_input: bool, watcher: &mut dyn Watcher) -> Result<(), Cause> {
        if let Some(cause) = self.broken.take_if(|_| !wants_input) {
            // There is nothing to wait for.
            return Err(cause);
        }
        let is_unsent = (!self.unsent.is_empty() && self.broken.is_none()) || !self.wire.flush().unwrap_or(true);
        let mut interest = if wants_input { Interest::READABLE } else { Interest::NOTHING };
        if is_unsent {
            interest = interest | Interest::WRITABLE;
        }
        if mem::replace(&mut self.interest, interest) != interest {
            watcher.modify(self.wire.as_fd(), interest)?;
        }
        Ok(())
    }
}

/// Why the connection is over before the call has what it asked for. `None`: it is not.
fn ending(action: Action, wire: &mut Wire) -> Option<Cause> {
    match action {
        Action::Wait | Action::Send(_) => None,
        Action::ShutdownWrite => {
            wire.shutdown_write();
            None
        }
        Action::Close | Action::Abort | Action::Cut | Action::Transfer(_) => {
            Some(Cause::Other("the connection is over"))
        }
    }
}
