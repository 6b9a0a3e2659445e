//! Follows TCP connections from their captured segments: the states of both ends, what was lost or sent again, how long
//! round trips take, and what is unusual.
//!
//! A [`Tracker`] is a table over slots that the caller gives, 128 bytes for each connection. Each segment is
//! [observed](Tracker::observe) once, in the order of the capture. The answer ([`Observed`]) says which connection it is of,
//! who sent it, how its bytes lie to those before ([`Order`]), what is unusual ([`Anomaly`]), and both ends' states
//! before and after. A [`Stream`] beside it puts the bytes of one direction in order, in a buffer of the caller's.
//!
//! What is assumed, since a watcher sees segments and no ends:
//!
//! - **Each segment arrives** that its receiver would accept (RFC 9293 §3.10.7.4, RFC 7323 §5.3), and nothing else does. If it is lost
//!   behind the place of the capture, the receiver's state is ahead until it is sent again. A FIN counts once no gap is
//!   left before it.
//! - **An end that has not answered a SYN is in LISTEN**, whether or not anybody listens there. It is CLOSED once it
//!   refuses.
//! - **TIME-WAIT lasts** until another connection begins between the same ends, or needs the slot: nothing on the wire
//!   shows its end.
//! - **One gap is kept** for each direction, and what was captured last behind it. Where there are more gaps at once, bytes
//!   between them count as new when they come again, and a FIN behind them counts when it is acknowledged. A second gap
//!   needs another sequence number for each end, for which 128 bytes have no room. A [`Stream`] keeps eight.
//! - **States change along arrows of the [table](crate::tcp::state::ROWS)**; the tracker has no list of its own. One segment
//!   may change both ends. Where a connection is picked up on its way, or the capture has lost segments, or one segment
//!   fills a gap and acknowledges, a state goes along several arrows at once. One change is no arrow, but a correction:
//!   CLOSE-WAIT to CLOSING, when an end's FIN shows that the other's had not arrived before it, as was assumed.
//! - **The tracker does not look at checksums**: where a network card writes them, captures show others. To look at them, call
//!   [`Segment::checksum`](crate::tcp::segment::Segment::checksum), and leave out the segments that are wrong.
//!
//! ```
//! use std::hash::RandomState;
//! use wirenut::ip::Captured;
//! use wirenut::tcp::segment::{Flags, Header, Segment};
//! use wirenut::tcp::state::State;
//! use wirenut::tcp::tracker::{Policy, Side, Sides, Slot, Tracker};
//! use wirenut::time::Instant;
//!
//! let mut tracker = Tracker::new([Slot::EMPTY; 16], RandomState::new(), Policy::DEFAULT);
//! let (client, server) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
//! let mut bytes = [0; 20];
//! Header { flags: Flags::SYN, ..Header::new(40_000, 80) }.emit(client, server, b"", &mut bytes)?;
//! let syn = Segment::parse(Captured::whole(&bytes))?;
//! let observed = tracker.observe(Instant::START, [client, server], &syn);
//! assert!(observed.is_new && observed.sender == Side::Client && observed.anomalies.is_empty());
//! assert_eq!(observed.states, Sides { client: State::SynSent, server: State::Listen });
//! # Ok::<(), wirenut::ip::PacketError>(())
//! ```

mod anomaly;
mod connection;
mod coverage;
mod end;
mod facts;
mod follow;
mod key;
mod observed;
mod round_trip;
mod slot;
mod states;
mod stream;
mod table;

pub use anomaly::{Anomalies, Anomaly};
pub use connection::{Connection, ConnectionId};
pub use observed::{Observed, Order, Side, Sides};
pub use slot::Slot;
pub use stream::{Received, Stream};
pub use table::{EndedConnection, Policy, Tracker};

const _: () = assert!(size_of::<Slot>() <= 128);
