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

/// How long a peer may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MessageLimits {
    /// From the first byte of a message, or of what is skipped, to its end. Default: 30 s.
    pub message: Duration,
    /// Between two messages. Default: 5 min.
    pub idle: Duration,
    /// To take some of what was sent. Default: 30 s.
    pub write: Duration,
    /// To end its direction, once ours has ended. Default: 5 s.
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

/// A connection on which messages are spoken. It owns no bytes: the store of the loop keeps messages that come in pieces, so
/// that is how long a message may be.
///
/// ```
/// use wirenut::framing::{Frames, Lines, MessageConnection, MessageHandler, MessageLimits, Next, Outbox};
/// use wirenut::time::Instant;
/// use wirenut::transport::{Action, Conversation, Input};
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
/// let mut connection = MessageConnection::new(Frames::new(Lines::new()), MessageLimits::DEFAULT, now);
/// let (mut conversation, mut store, mut output) = (Conversation::new(), [0; 64], [0; 128]);
/// let input = Input { bytes: b"one\ntwo\nbye\nmore\n", has_ended: false };
/// let (taken, action) = conversation.poll(&mut connection.speak(&mut Echo, now), input, &mut store, &mut output);
/// assert_eq!((taken, action), (17, Action::Send(12)));
/// assert_eq!(&output[..12], b"one\ntwo\nbye\n");
/// ```
#[derive(Clone, Debug)]
pub struct MessageConnection<D, C = NoTrailer> {
    frames: Frames<D, C>,
    limits: MessageLimits,
    state: State,
    /// When the peer's present time is over.
    deadline: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Between two messages.
    Idle,
    /// Within a message, or what is skipped.
    Within,
    /// Something that was sent has not been taken.
    Unsent,
    /// The peer has ended; its last message is not handed out yet.
    Ended,
    /// Our direction ends. `true`: the peer's has ended, too.
    Closing(bool),
    /// The stream is lost.
    Lost,
    Reset,
}

impl<D, C> MessageConnection<D, C> {
    /// On a connection on which nothing was said.
    #[must_use]
    pub fn new(frames: Frames<D, C>, limits: MessageLimits, now: Instant) -> Self {
        Self { frames, limits, state: State::Idle, deadline: now.saturating_add(limits.idle) }
    }

    /// The connection for one call of the loop.
    pub const fn speak<'c, H>(&'c mut self, handler: &'c mut H, now: Instant) -> Messages<'c, D, C, H> {
        Messages { connection: self, handler, now }
    }

    /// Ends the connection in good order: after the message in progress of being answered, nothing is handed out any more.
    pub fn retire(&mut self, now: Instant) {
        if matches!(self.state, State::Idle | State::Within | State::Unsent) {
            self.close(false, now);
        }
    }

    fn close(&mut self, has_ended: bool, now: Instant) {
        (self.state, self.deadline) = (State::Closing(has_ended), now.saturating_add(self.limits.linger));
    }
}

/// A [`MessageConnection`] for one call, with its handler and the time: what a
/// [`Conversation`](crate::transport::Conversation) drives.
pub struct Messages<'c, D, C, H> {
    connection: &'c mut MessageConnection<D, C>,
    handler: &'c mut H,
    now: Instant,
}

impl<D: Decoder + Encoder, C: Checksum, H: MessageHandler> Messages<'_, D, C, H> {
    /// Hands out a message, and writes what it is answered.
    fn hand_out(&mut self, message: &[u8], output: &mut [u8]) -> usize {
        let has_ended = self.connection.state == State::Ended;
        let frames = &self.connection.frames;
        let encode = |message: &[u8], out: &mut [u8]| frames.encode(message, out);
        let mut outbox = Outbox { encode: &encode, room: output, written: 0 };
        let next = self.handler.message(message, &mut outbox);
        let written = outbox.written;
        match next {
            Next::Close => self.connection.close(has_ended, self.now),
            Next::More => self.rest(),
        }
        written
    }

    /// A message is over, or its answer has been taken: the time for the next one begins.
    fn rest(&mut self) {
        if self.connection.state != State::Ended {
            let limits = self.connection.limits;
            let (state, limit) = match self.connection.frames.is_within() {
                true => (State::Within, limits.message),
                false => (State::Idle, limits.idle),
            };
            (self.connection.state, self.connection.deadline) = (state, self.now.saturating_add(limit));
        }
    }

    /// The last message, if the end of the stream ends it.
    fn finish(&mut self, store: &[u8], output: &mut [u8]) -> usize {
        let written = match self.connection.frames.handle_eof(store) {
            Some(Item::Frame(message)) => self.hand_out(message, output),
            Some(Item::Skipped(skipped)) => {
                self.handler.skipped(skipped);
                0
            }
            Some(Item::NeedMore(_)) | None => 0,
        };
        self.connection.close(true, self.now);
        written
    }
}

impl<D: Decoder + Encoder, C: Checksum, H: MessageHandler> Protocol for Messages<'_, D, C, H> {
    fn drive(&mut self, input: &[u8], store: &mut [u8], output: &mut [u8]) -> Progress {
        let (mut taken, mut written): (usize, usize) = (0, 0);
        while matches!(self.connection.state, State::Idle | State::Within | State::Unsent | State::Ended) {
            let room = output.get_mut(written..).unwrap_or_default();
            if written > 0 && room.len() < H::ROOM {
                return Progress { taken, written };
            }
            let (used, item) = match self.connection.frames.receive(bytes::from(input, taken), store) {
                Ok(received) => received,
                Err(error) => {
                    self.connection.state = State::Lost;
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
                Item::NeedMore(_) if self.connection.state == State::Ended => {
                    written = written.saturating_add(self.finish(store, room));
                }
                Item::NeedMore(_) => {
                    if self.connection.frames.is_within() && self.connection.state == State::Idle {
                        self.rest();
                    }
                    return Progress { taken, written };
                }
            }
        }
        // Nobody reads what comes behind the end.
        Progress { taken: input.len(), written }
    }

    fn stored(&self) -> usize {
        self.connection.frames.stored()
    }

    fn handle_eof(&mut self) {
        self.connection.state = match self.connection.state {
            State::Idle | State::Within | State::Unsent | State::Ended => State::Ended,
            State::Closing(_) => State::Closing(true),
            over @ (State::Lost | State::Reset) => over,
        };
    }

    fn handle_sent(&mut self, sent: usize, left: usize) {
        let state = self.connection.state;
        if matches!(state, State::Idle | State::Within | State::Unsent) {
            if left == 0 && state == State::Unsent {
                self.rest();
            } else if left > 0 && (sent > 0 || state != State::Unsent) {
                self.connection.state = State::Unsent;
                self.connection.deadline = self.now.saturating_add(self.connection.limits.write);
            }
        } else if sent > 0 {
            self.connection.deadline = self.now.saturating_add(self.connection.limits.linger);
        }
    }

    fn handle_timeout(&mut self) {
        if self.poll_timeout().is_none_or(|due| due > self.now) {
            return;
        }
        match self.connection.state {
            // Who says nothing more is let go in good order; who stops half-way is not.
            State::Idle => self.connection.close(false, self.now),
            State::Within | State::Unsent | State::Ended | State::Closing(_) | State::Lost | State::Reset => {
                self.connection.state = State::Reset;
            }
        }
    }

    fn handle_reset(&mut self) {
        self.connection.state = State::Reset;
    }

    fn poll_timeout(&self) -> Option<Instant> {
        match self.connection.state {
            State::Reset | State::Ended => None,
            State::Idle | State::Within | State::Unsent | State::Closing(_) | State::Lost => {
                Some(self.connection.deadline)
            }
        }
    }

    fn is_readable(&self) -> bool {
        matches!(self.connection.state, State::Idle | State::Within | State::Closing(false))
    }

    fn standing(&self) -> Standing {
        match self.connection.state {
            State::Idle => Standing::Idle,
            State::Within => Standing::Reading,
            State::Closing(_) => Standing::Lingering,
            State::Unsent | State::Ended | State::Lost | State::Reset => Standing::Busy,
        }
    }

    fn disposition(&self) -> Disposition {
        match self.connection.state {
            State::Closing(false) => Disposition::ShutdownWrite,
            State::Closing(true) => Disposition::Close,
            State::Lost => Disposition::Abort,
            State::Reset => Disposition::Cut,
            State::Idle | State::Within | State::Unsent | State::Ended => Disposition::Open,
        }
    }
}
