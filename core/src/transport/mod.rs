//! The loop of every connection: in which order input is offered, output sent, the end of input told, a transfer moved,
//! and the end of a connection reached. Decided once, for every wire, protocol and role.
//!
//! A [`Conversation`] does no I/O. It drives a [`Protocol`] and yields the next [`Action`]; the adapter does that, and
//! polls again:
//!
//! ```text
//!                    ┌────────────── input, room ──────────────┐
//!                    ▼                                         │
//!     ┌──► Conversation::poll ──► (bytes taken, Action)        │
//!     │              │                                         │
//!     │    Send ─────┤ hand all of it to the transport; handle_sent
//!     │    Transfer ─┤ move bytes yourself; handle_sent        │
//!     │    ShutdownWrite ─ end our direction                   │
//!     │              │                                         │
//!     └──────────────┤                                         │
//!                    ├─► Wait: for bytes if wants_input, for the time of poll_timeout, for a wake
//!                    └─► Close, Abort, Cut: the connection is over
//! ```
//!
//! The order is a contract:
//!
//! 1. What was written is handed over before anything else is asked for. So it is sent before an abort, an error or a
//!    close.
//! 2. The protocol gets all input first; then it learns, once, that the input has ended.
//! 3. Nothing is closed with unread input: after the last output our direction ends ([`Action::ShutdownWrite`]), and the
//!    protocol goes on to read until the peer ends, or its time to linger is over.
//! 4. A close and an abort wait until nothing is unsent; a cut waits for nothing.

mod conversation;
mod environment;
mod protocol;

pub use conversation::{Action, Conversation, Input};
pub use environment::Environment;
pub use protocol::{Disposition, Progress, Protocol};
