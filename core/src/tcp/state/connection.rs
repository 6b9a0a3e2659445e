//! One end of a connection: its state, how it was opened, and how it ended.

use super::connection_state::State;
use super::event::{Call, Event};
use super::socket::{Queues, RecvResult, SendResult, SocketError};
use super::transition::{Open, Refusal, Signal, Transition};
use crate::readiness::Readiness;

/// One end of a connection: its state, how it was opened, and how it ended. Three bytes.
///
/// It does what the table says to what happens, and says what the user then sees. Sequence numbers, data and timers are
/// the caller's.
///
/// ```
/// use wirenut::tcp::state::{Acknowledgement, Call, Connection, Event, Kind, RecvResult, Segment, Sends, Sequence, State};
/// let segment = |kind, acknowledgement| Event::Segment(Segment { kind, sequence: Sequence::InOrder, acknowledgement });
/// let mut client = Connection::new();
/// assert_eq!(client.handle(Event::Call(Call::OpenActive))?.sends, Sends::Syn);
/// assert_eq!(client.handle(segment(Kind::Syn, Acknowledgement::New))?.sends, Sends::Ack);
/// assert_eq!((client.state(), client.recv(false)), (State::Established, RecvResult::WouldBlock));
/// // The peer ends its direction.
/// client.handle(segment(Kind::Fin, Acknowledgement::Old))?;
/// assert_eq!((client.state(), client.recv(false)), (State::CloseWait, RecvResult::End));
/// # Ok::<(), wirenut::tcp::state::Refusal>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Connection {
    state: State,
    open: Open,
    ending: Ending,
}

/// What is known of a connection that is CLOSED.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum Ending {
    /// There was none, or the user threw it away.
    #[default]
    None,
    /// Both ends have ended it.
    Orderly,
    /// It failed, and the user does not know yet.
    Failed(SocketError),
}

impl Connection {
    /// No connection yet: CLOSED.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: State::Closed, open: Open::Passive, ending: Ending::None }
    }

    /// Its state.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// How it was opened last. Not opened yet: by a passive OPEN.
    #[must_use]
    pub const fn open(&self) -> Open {
        self.open
    }

    /// Something happened: goes to the state that follows.
    ///
    /// # Errors
    /// A call that the state refuses, or a timer that does not run in it; nothing has changed.
    pub fn handle(&mut self, event: Event) -> Result<Transition, Refusal> {
        let transition = self.state.handle(self.open, event)?;
        let is_reused = self.state == State::TimeWait && transition.to == State::SynReceived;
        if transition.to == State::Listen || is_reused {
            self.open = Open::Passive;
        } else if transition.to == State::SynSent {
            self.open = Open::Active;
        }
        if transition.to != State::Closed {
            self.ending = Ending::None;
        } else if self.state != State::Closed {
            self.ending = ending(event, transition.signal);
        }
        self.state = transition.to;
        Ok(transition)
    }

    /// What recv(2) gives. `has_data`: something has come that was not received. It comes first, also where the connection
    /// failed; a stack that throws it away then, as RFC 9293 says, has none.
    #[must_use]
    pub const fn recv(&self, has_data: bool) -> RecvResult {
        match (self.state, self.ending) {
            (State::Closed, Ending::Failed(error)) if !has_data => RecvResult::Failed(error),
            (State::Closed, Ending::None) => RecvResult::Failed(SocketError::NotConnected),
            _ => self.state.recv(has_data),
        }
    }

    /// What send(2) gives. `has_room`: there is room for data.
    ///
    /// Linux says EPIPE where POSIX and this say ENOTCONN.
    ///
    /// ```
    /// use wirenut::tcp::state::{Call, Connection, Event, SendResult, SocketError, TimeOut};
    /// let mut client = Connection::new();
    /// assert_eq!(client.send(true), SendResult::Failed(SocketError::NotConnected));
    /// client.handle(Event::Call(Call::OpenActive))?;
    /// assert_eq!(client.send(true), SendResult::WouldBlock);
    /// client.handle(Event::TimeOut(TimeOut::GivenUp))?;
    /// assert_eq!(client.send(true), SendResult::Failed(SocketError::TimedOut));
    /// # Ok::<(), wirenut::tcp::state::Refusal>(())
    /// ```
    #[must_use]
    pub const fn send(&self, has_room: bool) -> SendResult {
        match (self.state, self.ending) {
            (State::Closed, Ending::Failed(error)) => SendResult::Failed(error),
            (State::Closed, Ending::None) => SendResult::Failed(SocketError::NotConnected),
            _ => self.state.send(has_room),
        }
    }

    /// Why it failed, told once, as SO_ERROR and the first call are: after that receiving gives the end, and sending EPIPE.
    ///
    /// ```
    /// use wirenut::tcp::state::{Call, Connection, Event, RecvResult, SocketError, TimeOut};
    /// let mut client = Connection::new();
    /// client.handle(Event::Call(Call::OpenActive))?;
    /// client.handle(Event::TimeOut(TimeOut::User))?;
    /// assert_eq!(client.take_error(), Some(SocketError::TimedOut));
    /// assert_eq!((client.take_error(), client.recv(false)), (None, RecvResult::End));
    /// # Ok::<(), wirenut::tcp::state::Refusal>(())
    /// ```
    pub const fn take_error(&mut self) -> Option<SocketError> {
        let Ending::Failed(error) = self.ending else { return None };
        self.ending = Ending::Orderly;
        Some(error)
    }

    /// What a call would not wait for: [`State::readiness`], and whether the connection failed, or never was.
    ///
    /// ```
    /// use wirenut::readiness::Readiness;
    /// use wirenut::tcp::state::{Connection, Queues};
    /// assert_eq!(Connection::new().readiness(Queues::default()), Readiness::WRITABLE | Readiness::HANG_UP);
    /// ```
    #[must_use]
    pub fn readiness(&self, queues: Queues) -> Readiness {
        match (self.state, self.ending) {
            (State::Closed, Ending::None) => Readiness::WRITABLE | Readiness::HANG_UP,
            (State::Closed, Ending::Failed(_)) => self.state.readiness(queues) | Readiness::ERROR,
            _ => self.state.readiness(queues),
        }
    }
}

const fn ending(event: Event, signal: Signal) -> Ending {
    match (signal, event) {
        (Signal::Refused, _) => Ending::Failed(SocketError::ConnectionRefused),
        (Signal::Reset, _) => Ending::Failed(SocketError::ConnectionReset),
        (Signal::TimedOut, _) => Ending::Failed(SocketError::TimedOut),
        // CLOSE of what was not open, or ABORT.
        (_, Event::Call(Call::Close | Call::CloseBehindData | Call::Abort)) => Ending::None,
        _ => Ending::Orderly,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_small() {
        assert_eq!(size_of::<Connection>(), 3);
    }
}
