//! The loop of one connection: what is done with what the futures of its stream report. It waits for nothing itself.

use core::mem;
use core::task::{Context, Poll, Waker};

use wirenut::time::Duration;
use wirenut::transport::{Action, Conversation, Disposition, Environment, Input, Protocol};

use crate::endpoint::Caller;
use crate::lane::{Direction, Observe, Order, Time};
use crate::{Clock, ConnectionObserver, Operation, Retirement, StreamError};

/// How long a reset may take to leave: longer than it takes to ask a living neighbour for its address.
const RESET_TIME: Duration = Duration::from_secs(1);

/// What the protocol is told before it goes on.
#[derive(Clone, Copy)]
pub(crate) enum News {
    None,
    /// So many bytes were sent, and so many wait.
    Sent(usize, usize),
    Due,
    Lost,
}

/// What is to be done with the whole stream.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Nothing: the caller has what it wants.
    None,
    /// End our direction, and go on.
    ShutdownWrite,
    /// End our direction, if it has not ended, and be done.
    Close,
    /// Let all that was written leave, and reset it.
    Abort,
    /// Reset it.
    Cut,
}

impl Ending {
    const fn of(action: Action) -> Self {
        match action {
            Action::ShutdownWrite => Self::ShutdownWrite,
            Action::Close => Self::Close,
            Action::Abort => Self::Abort,
            Action::Cut => Self::Cut,
            Action::Wait | Action::Send(_) | Action::Transfer(_) => Self::None,
        }
    }
}

/// What a turn of the protocol came to.
struct Turn {
    action: Action,
    is_cut: bool,
    wants_input: bool,
}

/// One connection, from its first byte to its end.
pub(crate) struct Link<'l, N, C, A, B> {
    pub(crate) endpoint: N,
    pub(crate) conversation: Conversation,
    pub(crate) clock: &'l C,
    pub(crate) alarm: A,
    observed: B,
    /// What has come and was not consumed, in the input buffer.
    pub(crate) unread: (usize, usize),
    /// What is being done with the output buffer.
    sending: Order,
    /// What is to be done once all is flushed.
    then: Ending,
    is_reading: bool,
    /// The peer has ended its direction.
    pub(crate) has_ended: bool,
    /// Something was written since the last flush.
    is_unflushed: bool,
    /// The protocol knows that what is being sent waits.
    is_held_up: bool,
}

impl<'l, N: Caller, C: Clock, A: Time, B: Observe> Link<'l, N, C, A, B> {
    pub(crate) fn new(endpoint: N, conversation: Conversation, clock: &'l C, (alarm, observed): (A, B)) -> Self {
        Self {
            endpoint,
            conversation,
            clock,
            alarm,
            observed,
            unread: (0, 0),
            sending: Order::None,
            then: Ending::None,
            is_reading: false,
            has_ended: false,
            is_unflushed: false,
            is_held_up: false,
        }
    }

    /// The futures of the stream are new: what they were doing is forgotten.
    pub(crate) const fn begin(&mut self) {
        self.is_reading = false;
        self.sending = Order::None;
    }

    /// Goes on until something has to be waited for, or done with the whole stream.
    pub(crate) fn poll<E>(
        &mut self,
        cx: &mut Context<'_>,
        incoming: &mut (impl Direction<Error = E> + ?Sized),
        outgoing: &mut (impl Direction<Error = E> + ?Sized),
        (store, output_capacity): (&mut [u8], usize),
    ) -> Poll<Result<Ending, StreamError<E>>> {
        self.endpoint.wake();
        let mut has_read = false;
        loop {
            let (mut news, mut is_new) = (News::None, false);
            if self.sending != Order::None {
                let outcome = outgoing.poll(cx, self.sending);
                is_new = outcome.is_ready();
                news = match outcome {
                    Poll::Ready(outcome) => self.handle_sent(outcome, outgoing)?,
                    Poll::Pending => self.handle_held_up(),
                };
            }
            let is_sent = self.sending == Order::None;
            let polls = N::IS_DUPLEX || (is_sent && self.then == Ending::None);
            let buffers = [incoming.buffer(), &mut *store, outgoing.buffer()];
            let turn = self.turn(cx.waker(), news, polls.then_some(buffers), output_capacity);
            if turn.is_cut {
                return Poll::Ready(Ok(Ending::Cut));
            }
            if self.endpoint.is_done(is_sent && !self.is_unflushed) {
                return Poll::Ready(Ok(Ending::None));
            }
            if is_sent {
                if let Some(order) = self.next_order(turn.action, output_capacity) {
                    self.sending = order;
                    outgoing.give(order);
                    continue;
                }
                if self.then != Ending::None {
                    return Poll::Ready(Ok(mem::replace(&mut self.then, Ending::None)));
                }
            } else if is_new {
                // The rest has still to be begun, lest nobody is woken by it.
                continue;
            }
            if polls && turn.wants_input && self.receive(cx, incoming)? {
                has_read = true;
                continue;
            }
            match self.observed.wish(cx) {
                Some(Retirement::WhenDone) => self.endpoint.retire(),
                Some(Retirement::Now) if self.conversation.is_shut() => return Poll::Ready(Ok(Ending::Close)),
                Some(Retirement::Now) => {
                    let waker = || cx.waker().clone();
                    let environment = place(&waker, output_capacity);
                    if !(is_sent && self.endpoint.give_way(self.clock.now(), &environment, has_read)) {
                        self.observed.observer().handle_stay();
                    }
                }
                None if !self.alarm.is_due(cx) => return Poll::Pending,
                None => _ = self.tell(cx.waker(), News::Due),
            }
        }
    }

    /// What is to be done with the whole stream is being done. False if the peer does not take it in time. `is_waiting`:
    /// not at the first call.
    pub(crate) fn poll_end<E>(
        &mut self,
        cx: &mut Context<'_>,
        ending: Ending,
        is_waiting: &mut bool,
        mut carry_out: impl FnMut(&mut Context<'_>) -> Poll<Result<(), E>>,
    ) -> Poll<Result<bool, E>> {
        loop {
            if let Poll::Ready(ended) = carry_out(cx) {
                self.tell(cx.waker(), News::Sent(0, 0));
                return Poll::Ready(ended.map(|()| true));
            }
            if mem::replace(is_waiting, true) {
            } else if ending == Ending::Cut {
                self.alarm.set(Some(self.clock.now().saturating_add(RESET_TIME)));
            } else {
                self.tell(cx.waker(), News::Sent(0, 1));
            }
            // To make room, although it ends already.
            if self.observed.wish(cx) == Some(Retirement::Now) {
                return Poll::Ready(Ok(false));
            }
            if !self.alarm.is_due(cx) {
                return Poll::Pending;
            }
            if ending == Ending::Cut || self.tell(cx.waker(), News::Due) {
                return Poll::Ready(Ok(false));
            }
        }
    }

    /// What the output buffer is used for next.
    fn next_order(&mut self, action: Action, output_capacity: usize) -> Option<Order> {
        if let Action::Send(length) = action {
            self.is_unflushed = true;
            return Some(Order::Write(0, length));
        }
        if self.then == Ending::None {
            self.then = Ending::of(action);
        }
        if self.then == Ending::None
            && let Some(place) = self.endpoint.content(self.clock.now(), output_capacity)
        {
            return Some(Order::Content(place.start, place.end));
        }
        mem::take(&mut self.is_unflushed).then_some(Order::Flush)
    }

    /// An order for the output buffer was carried out.
    fn handle_sent<E>(
        &mut self,
        outcome: Result<usize, E>,
        outgoing: &mut (impl Direction<Error = E> + ?Sized),
    ) -> Result<News, StreamError<E>> {
        let was_held_up = mem::replace(&mut self.is_held_up, false);
        let sending = mem::replace(&mut self.sending, Order::None);
        let operation = if matches!(sending, Order::Write(..)) { Operation::Write } else { Operation::Flush };
        let count = outcome.map_err(|error| StreamError::Failed(operation, error))?;
        match sending {
            Order::Write(from, to) => {
                let left = to.wrapping_sub(from).checked_sub(count).filter(|_| count > 0);
                let left = left.ok_or(StreamError::Miscounted(operation))?;
                if left > 0 {
                    self.sending = Order::Write(from.wrapping_add(count), to);
                    outgoing.give(self.sending);
                }
                return Ok(News::Sent(count, left));
            }
            Order::Content(from, to) => {
                self.endpoint.handle_content(self.clock.now(), count, to.saturating_sub(from));
            }
            Order::None | Order::Read(_) | Order::Flush => {
                if was_held_up {
                    return Ok(News::Sent(0, 0));
                }
            }
        }
        Ok(News::None)
    }

    /// What is being sent waits: from now on the peer is held to its pace.
    const fn handle_held_up(&mut self) -> News {
        let left = match self.sending {
            Order::Write(from, to) => to.wrapping_sub(from),
            Order::Content(..) => return News::None,
            Order::None | Order::Read(_) | Order::Flush => 1,
        };
        if mem::replace(&mut self.is_held_up, true) { News::None } else { News::Sent(0, left) }
    }

    /// Goes on with a read. Whether something has come of it.
    fn receive<E>(
        &mut self,
        cx: &mut Context<'_>,
        incoming: &mut (impl Direction<Error = E> + ?Sized),
    ) -> Result<bool, StreamError<E>> {
        if !self.is_reading {
            let Some(from) = self.make_room(incoming.buffer()) else { return Ok(false) };
            self.is_reading = true;
            incoming.give(Order::Read(from));
        }
        // Behind what was not consumed, as when it began.
        let Poll::Ready(outcome) = incoming.poll(cx, Order::Read(self.unread.1)) else { return Ok(false) };
        self.is_reading = false;
        let count = match outcome {
            Ok(count) => count,
            // All is said and sent. Many peers end a session of TLS by an end of the socket under it.
            Err(_) if self.conversation.is_shut() => 0,
            Err(error) => return Err(StreamError::Failed(Operation::Read, error)),
        };
        self.unread.1 = self.unread.1.saturating_add(count);
        if self.unread.1 > incoming.buffer().len() {
            return Err(StreamError::Miscounted(Operation::Read));
        }
        self.has_ended |= count == 0;
        Ok(true)
    }

    /// Moves what was not consumed to the front of the buffer. How much that is, if there is room behind it.
    fn make_room(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let (from, to) = self.unread;
        let length = to.wrapping_sub(from);
        if from > 0 {
            for (front, back) in (0..length).zip(from..) {
                buffer.swap(front, back);
            }
        }
        self.unread = (0, length);
        (length < buffer.len()).then_some(length)
    }

    /// Tells the protocol the news. Whether the connection is to be cut.
    pub(crate) fn tell(&mut self, waker: &Waker, news: News) -> bool {
        self.turn(waker, news, None, 0).is_cut
    }

    /// Tells the protocol the news, and lets it go on if there are buffers.
    fn turn(&mut self, waker: &Waker, news: News, buffers: Option<[&mut [u8]; 3]>, output_capacity: usize) -> Turn {
        let waker = || waker.clone();
        let environment = place(&waker, output_capacity);
        let Self { conversation, unread, alarm, observed, .. } = self;
        let has_ended = self.has_ended;
        let ends = self.then != Ending::None;
        self.endpoint.with(self.clock.now(), &environment, |protocol: &mut dyn Protocol| {
            match news {
                News::None => {}
                News::Sent(sent, left) => conversation.handle_sent(protocol, sent, left),
                News::Due => protocol.handle_timeout(),
                News::Lost => protocol.handle_reset(),
            }
            let mut action = Action::Wait;
            if let Some([input, store, output]) = buffers {
                let bytes = input.get(unread.0..unread.1).unwrap_or(&[]);
                let taken;
                (taken, action) = conversation.poll(protocol, Input { bytes, has_ended }, store, output);
                // Of what lies there.
                unread.0 = unread.0.wrapping_add(taken);
            }
            if action == Action::Wait {
                alarm.set(protocol.poll_timeout());
                if !ends && let Some(standing) = conversation.standing_change(protocol) {
                    observed.observer().set_standing(standing);
                }
            }
            Turn {
                action,
                is_cut: protocol.disposition() == Disposition::Cut,
                // A stream tells its end only to who reads. Where something is unread already it cannot be asked: while it reads,
                // the buffer is lent.
                wants_input: conversation.wants_input(protocol)
                    || (protocol.wants_read_closed() && !conversation.has_ended() && unread.0 == unread.1),
            }
        })
    }
}

/// Where the protocol runs.
fn place(waker: &dyn Fn() -> Waker, output_capacity: usize) -> Environment<'_> {
    Environment { waker, ..Environment::alone(output_capacity) }
}
