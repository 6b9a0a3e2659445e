//! Messages spoken over a connection: a protocol for the loop of every adapter.

use super::encoder::{EncodeError, Encoder};
use super::error::{FrameError, Skipped};
use super::event::Decoder;
use super::frames::{Frames, Item};
use super::trailer::{Checksum, NoTrailer};
use crate::bytes;
use crate::readiness::Standing;
use crate::time::{Duration, Instant};
use crate::transport::{Disposition, Progress, Protocol};

/// What is done with the messages of a connection.
pub trait MessageHandler {
    /// How many bytes the answers to one message take at most, as they are sent. A message is handed out only while there is
    /// room for so many, or nothing else waits to be sent: then an output that is shorter says
    /// [`EncodeError::NoRoom`].
    const ROOM: usize;

    /// A message has come. What is sent into `outbox` leaves together, once the messages that have come are done with.
    fn message(&mut self, message: &[u8], outbox: &mut Outbox<'_>) -> Next;

    /// Is there something to send that no message asks for: the first message of a client, the rest of a long answer, what a
    /// waker told? By default never. Asked at each call of the loop.
    fn has_more(&self) -> bool {
        false
    }

    /// Sends some of that. Called when [`Self::has_more`], the messages that have come are done with, and there is
    /// [`Self::ROOM`] or nothing else waits to be sent. By default nothing is sent.
    fn send_more(&mut self, outbox: &mut Outbox<'_>) -> Next {
        let _ = outbox;
        Next::More
    }

    /// A message was not delivered. By default nothing is done.
    fn skipped(&mut self, skipped: Skipped) {
        let _ = skipped;
    }

    /// The stream is lost. The connection is reset, once all that was sent has left. By default nothing is done.
    fn lost(&mut self, error: FrameError) {
        let _ = error;
    }
}

/// What is done with a connection after a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Next {
    /// Go on.
    More,
    /// Send what was written, and close. Messages behind this one are thrown away.
    Close,
}

/// Writes one message.
type Encode<'o> = dyn Fn(&[u8], &mut [u8]) -> Result<usize, EncodeError> + 'o;

/// Where a handler sends its answers.
pub struct Outbox<'o> {
    encode: &'o Encode<'o>,
    room: &'o mut [u8],
    written: usize,
}

impl Outbox<'_> {
    /// Sends a message, or nothing of it.
    ///
    /// # Errors
    /// [`EncodeError::NoRoom`], and what the codec cannot say.
    pub fn send(&mut self, message: &[u8]) -> Result<(), EncodeError> {
        let room = self.room.get_mut(self.written..).unwrap_or_default();
        self.written = self.written.saturating_add((self.encode)(message, room)?);
        Ok(())
    }
}

/// How long a peer may take. At most one of these runs at a time; while something waits to be sent it is `write`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MessageLimits {
    /// From the first byte of a message, or of what is skipped, to its end; then the connection is reset. Default: 30 s.
    pub message: Duration,
    /// Between two messages; then the connection is closed in good order. Default: 5 min.
    pub idle: Duration,
    /// To take some of what was sent; then the connection is reset. Default: 30 s.
    pub write: Duration,
    /// To end its direction, once ours has ended and it has taken all; then the connection is closed. Default: 5 s.
    pub linger: Duration,
}

impl MessageLimits {
    /// Sane values for a network.
    pub const DEFAULT: Self = Self {
        message: Duration::from_secs(30),
        idle: Duration::from_secs(300),
        write: Duration::from_secs(30),
        linger: Duration::from_secs(5),
    };
}

impl Default for MessageLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A connection on which messages are spoken: a [`Protocol`] for the loop of every adapter. It owns no bytes: the store of the
/// loop keeps messages that come in pieces, so that is how long a message may be.
///
/// Tell it the time ([`Protocol::handle_now`]) before anything else, at each call.
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
        let mut outbox = Outbox { encode: &encode, room: output, written: 0 };
        let next = call(&mut self.handler, &mut outbox);
        let written = outbox.written;
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

/// A handler that is lent.
impl<H: MessageHandler> MessageHandler for &mut H {
    const ROOM: usize = H::ROOM;

    fn message(&mut self, message: &[u8], outbox: &mut Outbox<'_>) -> Next {
        H::message(self, message, outbox)
    }

    fn has_more(&self) -> bool {
        H::has_more(self)
    }

    fn send_more(&mut self, outbox: &mut Outbox<'_>) -> Next {
        H::send_more(self, outbox)
    }

    fn skipped(&mut self, skipped: Skipped) {
        H::skipped(self, skipped);
    }

    fn lost(&mut self, error: FrameError) {
        H::lost(self, error);
    }
}

#[cfg(test)]
mod tests;
