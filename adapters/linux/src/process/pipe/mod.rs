//! Pipes that carry messages between processes: one-way and two-way.
//!
//! ```
//! use wirenut_linux::process::pipe::pipe;
//! let (sender, receiver) = pipe()?;
//! sender.send(b"hello")?;
//! sender.send(b"")?; // a message, too
//! drop(sender);
//! assert_eq!(receiver.recv()?.as_deref(), Some(&b"hello"[..]));
//! assert_eq!(receiver.recv()?.as_deref(), Some(&b""[..]));
//! assert_eq!(receiver.recv()?, None); // the last sender is gone
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An end goes to another process by fork(2), or [as a descriptor](End::send_descriptors) with a message. Threads share
//! it, or [`Clone`] it, which takes no descriptor.
//!
//! # What is always so
//!
//! - A message comes whole, once, and to one receiver, however many processes send and receive: the kernel frames it.
//! - Messages of one sender come in their order.
//! - "Nothing is there", an empty message and the end are three answers. So are "no room" and "nobody will receive it",
//!   which is [an error](SendError::Closed) and never the signal SIGPIPE.
//! - A message that a receiver has no room for is [handed to it whole](RecvError::TooLarge) nevertheless.
//! - Messages that were sent can be received after their sender has ended, however it did. A message that a receiver has
//!   taken is gone with that receiver; for those that must not be, there is the queue.
//! - A call that a signal interrupted goes on, and its time-out is not begun anew.
//! - A descriptor is closed on exec(2).
//!
//! # The end
//!
//! [`End::recv`] says `None` when the last sending end is closed *in every process*, and all messages are received; sending
//! fails when the last receiving end is closed everywhere. A child has copies of all ends that its parent had, also of
//! those that it has no use for, and one that lives on with a copy of a sender delays the end. So:
//!
//! - Move into the child's closure the end that it needs. That closes the parent's copy.
//! - Have the child [close](End::close) what is its parent's: its copy of the end that the parent keeps.
//! - Where that is not enough, end the stream for all its senders by [`End::shutdown_send`].
//!
//! # Limits
//!
//! A message has [`End::max_message`] bytes at most: 212,960 as most systems are set up. [`pipe_with`] and [`duplex_with`]
//! raise it. About as many bytes wait in the pipe before a sender has to wait; each message counts some hundred bytes
//! more than it has.
//!
//! # How
//!
//! A pipe is a pair of Unix sockets of type SOCK_SEQPACKET: unix(7). A pipe(2) with O_DIRECT keeps messages apart, too, but
//! cuts those above PIPE_BUF (4096 bytes), has no empty ones, and carries no descriptors. A stream with lengths needs a
//! lock for its writers and one for its readers, and whoever is killed while it holds one leaves half a message.

mod direction;
mod end;
mod failed;
mod open;
mod recv;
mod room;
mod send;
#[cfg(feature = "serde")]
mod value;
mod wait;

pub use direction::{Both, Receives, Receiving, Sending, Sends};
pub use end::{Duplex, End, Receiver, Sender};
pub use failed::{RecvError, SendError};
pub use open::{duplex, duplex_with, pipe, pipe_with};
pub use recv::Delivery;
#[cfg(feature = "serde")]
pub use value::ValueError;
#[cfg(feature = "serde")]
pub(super) use value::{append, from_bytes};
