//! The states of a TCP connection, and all that changes them (RFC 9293, sections 3.3.2 and 3.10), as one table.
//!
#![doc = include_str!("states.svg")]
//!
//! [`ROWS`] is what there is: in which states which event does what. [`State::handle`] looks it up; a [`Connection`] keeps
//! what one end has to keep (three bytes) and says what its user sees of it. Docs, diagrams and tests are made from the
//! same rows. Nothing is sent or received here: this is a model for adapters, which say by it what a stack's state means
//! to its user, for trackers of connections on a wire, for tests, and for people.
//!
//! **Sequence numbers are abstract.** Whether a segment is acceptable, in order, and what it acknowledges are facts about it
//! that its [`Segment`] carries; whoever has numbers finds out, by RFC 9293, section 3.4. So there are 120 segments, and 133
//! events, and what each does in each state can be tried.
//!
//! ```
//! use wirenut::tcp::state::{Acknowledgement, Connection, Call, Event, Kind, Segment, Sends, Sequence, State};
//! // A connection that both ends end at the same time, as one of them sees it.
//! let segment = |kind, acknowledgement| Event::Segment(Segment { kind, sequence: Sequence::InOrder, acknowledgement });
//! let mut end = Connection::new();
//! for (event, state, sends) in [
//!     (Event::Call(Call::OpenPassive), State::Listen, Sends::Nothing),
//!     (segment(Kind::Syn, Acknowledgement::Absent), State::SynReceived, Sends::SynAck),
//!     (segment(Kind::Empty, Acknowledgement::New), State::Established, Sends::Nothing),
//!     (Event::Call(Call::Close), State::FinWait1, Sends::Fin),
//!     (segment(Kind::Fin, Acknowledgement::Old), State::Closing, Sends::Ack),
//!     (segment(Kind::Empty, Acknowledgement::Fin), State::TimeWait, Sends::Nothing),
//! ] {
//!     assert_eq!(end.handle(event)?.sends, sends);
//!     assert_eq!(end.state(), state);
//! }
//! # Ok::<(), wirenut::tcp::state::Refusal>(())
//! ```
//!
//! # What the RFC alone does not end
//!
//! Both ends of a connection finish once the link between them delivers; a search through all interleavings shows it. But:
//!
//! - Where one end aborts or crashes and no RST gets through, the other may stay in FIN-WAIT-2: it has nothing left to send, so
//!   nobody resets it. Systems give that state a time, which is [`TimeOut::User`].
//! - Two ends of which neither accepts what the other sends (an old SYN came to a listener, whose user closed at once)
//!   acknowledge each other's acknowledgements, until one of them pauses ([`Sends::ChallengeAck`]).
//!
//! Out of scope: sequence numbers, windows, retransmission, urgent data, security compartments, ICMP errors.
//!
#![doc = include_str!("table.md")]

mod connection;
mod connection_state;
mod event;
mod lookup;
mod socket;
mod successors;
mod table;
#[cfg(test)]
mod tests;
mod transition;

pub use connection::Connection;
pub use connection_state::State;
pub use event::{Acknowledgement, Call, Event, Kind, Segment, Sequence, TimeOut};
pub use socket::{Queues, RecvResult, SendResult, SocketError};
pub(super) use successors::Successors;
pub use table::{On, ROWS, Row};
pub use transition::{Open, Paragraph, Refusal, Sends, Signal, Transition};
