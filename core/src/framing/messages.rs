//! Messages spoken over a connection: a protocol for the loop of every adapter.

mod handler;
mod limits;

pub use self::handler::{MessageHandler, Next, Outbox};
pub use self::limits::MessageLimits;

use super::encoder::Encoder;
use super::event::Decoder;
use super::frames::{Frames, Item};
use super::trailer::{Checksum, NoTrailer};
use crate::bytes;
use crate::readiness::Standing;
use crate::time::{Duration, Instant};
use crate::transport::{Disposition, Progress, Protocol};

/// A connection of messages: a [`Protocol`] for the loop of every adapter. It owns no bytes. The store of the loop keeps messages
/// that come in pieces, so a message (with its checksum) is never longer than the store; [`Frames::with_limit`] sets a lower
/// limit. [`MessageHandler::skipped`] reports longer ones, unless the codec has lost the stream.
///
/// An adapter tells it the time. If you drive it yourself, call [`Protocol::handle_now`] before anything else, each time.
///
/// ```
/// use wirenut::framing::{Frames, Lines, MessageConnection, MessageHandler, MessageLimits, Next, Outbox};
/// use wirenut::time::Instant;
/// use wirenut::transport::{Action, Conversation, Input, Protocol};
///
/// /// Answers each line by the same, and closes after "bye".
/// struct Echo;
///
/// impl MessageHandler for Echo {
///     const ROOM: usize = 64;
///     fn message(&mut self, line: &[u8], outbox: &mut Outbox<'_>) -> Next {
///         match outbox.send(line) {
///             Ok(()) if line != b"bye" => Next::More,
///             Ok(()) | Err(_) => Next::Close,
///         }
///     }
/// }
///
/// let now = Instant::START;
/// let mut connection = MessageConnection::new(Frames::new(Lines::new()), Echo, MessageLimits::DEFAULT, now);
/// let (mut conversation, mut store, mut output) = (Conversation::new(), [0; 64], [0; 128]);
/// let input = Input { bytes: b"one\ntwo\nbye\nmore\n", has_ended: false };
/// connection.handle_now(now);
/// let (taken, action) = conversation.poll(&mut connection, input, &mut store, &mut output);
/// assert_eq!((taken, action), (17, Action::Send(12)));
/// assert_eq!(&output[..12], b"one\ntwo\nbye\n");
/// ```
#[derive(Clone, Debug)]
pub struct MessageConnection<D, H, C = NoTrailer> {
    frames: Frames<D, C>,
    handler: H,
    limits: MessageLimits,
    state: State,
    /// Something that was sent has not been taken: `deadline` is that of taking it.
    is_unsent: bool,
    now: Instant,
    /// When the peer's present time is over.
    deadline: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Between two messages.
    Idle,
    /// Within a message, or what is skipped.
    Within,
    /// The peer has ended; its last message is not handed out yet.
    Ended,
    /// The peer has ended, and the handler has more to send.
    Finishing,
    /// Our direction ends. `true`: the peer's has ended, too.
    Closing(bool),
    /// The stream is lost.
    Lost,
    Reset,
}

impl<D, H, C> MessageConnection<D, H, C> {
    /// On a connection on which nothing was said.
    #[must_use]
    pub fn new(frames: Frames<D, C>, handler: H, limits: MessageLimits, now: Instant) -> Self {
        let deadline = now.saturating_add(limits.idle);
        Self { frames, handler, limits, state: State::Idle, is_unsent: false, now, deadline }
    }

    /// What is done with the messages.
    pub const fn handler(&self) -> &H {
        &self.handler
    }

    /// The same, to change it: for example, to have it send something.
    pub const fn handler_mut(&mut self) -> &mut H {
        &mut self.handler
    }

    /// What is done with the messages, when the connection is over.
    pub fn into_handler(self) -> H {
        self.handler
    }

    fn close(&mut self, has_ended: bool) {
        self.state = State::Closing(has_ended);
        self.arm(self.limits.linger);
    }

    /// The peer has so long for what is next, or first to take what waits.
    fn arm(&mut self, limit: Duration) {
        if !self.is_unsent {
            self.deadline = self.now.saturating_add(limit);
        }
    }
}

impl<D: Decoder + Encoder, H: MessageHandler, C: Checksum> MessageConnection<D, H, C> {
    /// Hands out a message, and writes what it is answered.
    fn hand_out(&mut self, message: &[u8], output: &mut [u8]) -> usize {
        self.ask(output, |handler, outbox| handler.message(message, outbox))
    }

    /// Has the handler write something.
    fn ask(&mut self, output: &mut [u8], call: impl FnOnce(&mut H, &mut Outbox<'_>) -> Next) -> usize {
        let frames = &self.frames;
        let encode = |message: &[u8], out: &mut [u8]| frames.encode(message, out);
        let mut outbox = Outbox::new(&encode, output);
        let next = call(&mut self.handler, &mut outbox);
        let written = outbox.written();
        match next {
            Next::Close => self.close(matches!(self.state, State::Ended | State::Finishing)),
            Next::More => self.rest(),
        }
        written
    }

    /// A message is over: the time for the next one begins.
    fn rest(&mut self) {
        if matches!(self.state, State::Idle | State::Within) {
            let (state, limit) = match self.frames.is_within() {
                true => (State::Within, self.limits.message),
                false => (State::Idle, self.limits.idle),
            };
            self.state = state;
            self.arm(limit);
        }
    }

    /// All messages that have come are done with. What the handler has to say by itself.
    fn send_more(&mut self, output: &mut [u8], mut written: usize) -> usize {
        while matches!(self.state, State::Idle | State::Within | State::Finishing) && self.handler.has_more() {
            let room = output.get_mut(written..).unwrap_or_default();
            if written > 0 && room.len() < H::ROOM {
                return written;
            }
            let (before, deadline) = (self.state, self.deadline);
            let sent = self.ask(room, H::send_more);
            if self.state == before && (sent == 0 || before == State::Within) {
                // What we send gives a peer no more time for its own message.
                self.deadline = deadline;
            }
            written = written.saturating_add(sent);
            if sent == 0 {
                // Nobody will wake it once the peer has ended.
                if self.state == State::Finishing {
                    self.close(true);
                }
                return written;
            }
        }
        if self.state == State::Finishing {
            self.close(true);
        }
        written
    }

    /// The last message, if the end of the stream ends it.
    fn finish(&mut self, store: &[u8], output: &mut [u8]) -> usize {
        let mut written = 0;
        match self.frames.handle_eof(store) {
            Some(Item::Frame(message)) => written = self.hand_out(message, output),
            Some(Item::Skipped(skipped)) => self.handler.skipped(skipped),
            Some(Item::NeedMore(_)) | None => {}
        }
        if self.state == State::Ended {
            self.state = State::Finishing;
        }
        written
    }
}

impl<D: Decoder + Encoder, H: MessageHandler, C: Checksum> Protocol for MessageConnection<D, H, C> {
    fn drive(&mut self, input: &[u8], store: &mut [u8], output: &mut [u8]) -> Progress {
        let (mut taken, mut written): (usize, usize) = (0, 0);
        while matches!(self.state, State::Idle | State::Within | State::Ended) {
            let room = output.get_mut(written..).unwrap_or_default();
            if written > 0 && room.len() < H::ROOM {
                return Progress { taken, written };
            }
            let (used, item) = match self.frames.receive(bytes::from(input, taken), store) {
                Ok(received) => received,
                Err(error) => {
                    self.state = State::Lost;
                    self.arm(self.limits.write);
                    self.handler.lost(error);
                    return Progress { taken: input.len(), written };
                }
            };
            taken = taken.saturating_add(used);
            match item {
                Item::Frame(message) => written = written.saturating_add(self.hand_out(message, room)),
                Item::Skipped(skipped) => {
                    self.handler.skipped(skipped);
                    self.rest();
                }
                Item::NeedMore(_) if self.state == State::Ended => {
                    written = written.saturating_add(self.finish(store, room));
                }
                Item::NeedMore(_) => {
                    if self.frames.is_within() && self.state == State::Idle {
                        self.rest();
                    }
                    written = self.send_more(output, written);
                    return Progress { taken, written };
                }
            }
        }
        if self.state == State::Finishing {
            written = self.send_more(output, written);
        }
        // Nobody reads what comes behind the end.
        Progress { taken: input.len(), written }
    }

    fn stored(&self) -> usize {
        self.frames.stored()
    }

    fn handle_eof(&mut self) {
        self.state = match self.state {
            State::Idle | State::Within | State::Ended => State::Ended,
            State::Closing(_) => State::Closing(true),
            over @ (State::Finishing | State::Lost | State::Reset) => over,
        };
    }

    fn handle_sent(&mut self, sent: usize, left: usize) {
        let was_unsent = self.is_unsent;
        self.is_unsent = left > 0;
        if left > 0 && (sent > 0 || !was_unsent) {
            self.deadline = self.now.saturating_add(self.limits.write);
        } else if left == 0 && was_unsent {
            match self.state {
                State::Idle | State::Within => self.rest(),
                State::Closing(_) => self.arm(self.limits.linger),
                State::Ended | State::Finishing | State::Lost | State::Reset => self.arm(self.limits.write),
            }
        }
    }

    fn handle_timeout(&mut self) {
        if self.poll_timeout().is_none_or(|due| due > self.now) {
            return;
        }
        match self.state {
            // Who says nothing more is let go in good order, and so is who keeps its direction open, if it has taken all; who
            // stops half-way is not.
            State::Idle if !self.is_unsent => self.close(false),
            State::Closing(_) if !self.is_unsent => self.state = State::Closing(true),
            State::Idle
            | State::Within
            | State::Ended
            | State::Finishing
            | State::Closing(_)
            | State::Lost
            | State::Reset => self.state = State::Reset,
        }
    }

    fn handle_reset(&mut self) {
        self.state = State::Reset;
    }

    fn handle_now(&mut self, now: Instant) {
        self.now = now;
    }

    /// Nothing more is handed out; what was sent leaves, and the connection is closed in good order. A message that is being
    /// received has no answer yet: its peer sees the end.
    fn retire(&mut self) {
        if matches!(self.state, State::Idle | State::Within) {
            self.close(false);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Reset => None,
            State::Ended | State::Finishing if !self.is_unsent => None,
            State::Closing(true) if !self.is_unsent => None,
            State::Idle | State::Within | State::Ended | State::Finishing | State::Closing(_) | State::Lost => {
                Some(self.deadline)
            }
        }
    }

    fn is_readable(&self) -> bool {
        match self.state {
            State::Idle | State::Within => !self.is_unsent,
            State::Closing(has_ended) => !has_ended,
            State::Ended | State::Finishing | State::Lost | State::Reset => false,
        }
    }

    fn standing(&self) -> Standing {
        match self.state {
            State::Idle if !self.is_unsent && !self.handler.has_more() => Standing::Idle,
            State::Within if !self.is_unsent && !self.handler.has_more() => Standing::Reading,
            State::Closing(_) => Standing::Lingering,
            State::Idle | State::Within | State::Ended | State::Finishing | State::Lost | State::Reset => {
                Standing::Busy
            }
        }
    }

    fn disposition(&self) -> Disposition {
        match self.state {
            State::Closing(false) => Disposition::ShutdownWrite,
            State::Closing(true) => Disposition::Close,
            State::Lost => Disposition::Abort,
            State::Reset => Disposition::Cut,
            State::Idle | State::Within | State::Ended | State::Finishing => Disposition::Open,
        }
    }
}

#[cfg(test)]
mod tests;
