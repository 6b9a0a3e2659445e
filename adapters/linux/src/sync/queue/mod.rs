//! Messages between processes: a bounded queue of many producers and many consumers, in memory that they share.
//!
//! A message is whole or not there: whoever is killed while sending has sent nothing, or all. A consumer has a message until
//! it drops it; if it is killed before, the message goes to the next one, or is reported, as [`OnDeath`] says. So every
//! message whose `send` has returned is in the end dropped by one consumer, or reported.
//!
//! The stream ends when the last [`Sender`] of all processes is gone, however it went, and the queue is empty. A child that
//! [`process::spawn`](crate::process::spawn) forks has the ends that its closure has captured, and no others, so it delays no
//! end by what it cannot reach.
//!
//! ```
//! use wirenut_linux::process;
//! use wirenut_linux::socket::Received;
//! use wirenut_linux::sync::queue::{self, Bounds};
//!
//! let (sender, receiver) = queue::bounded(Bounds { messages: 16, ..Bounds::DEFAULT })?;
//! let child = process::spawn(move || {
//!     // The parent's copy of `sender` is gone: it was moved into this closure.
//!     for number in 0..3_u8 {
//!         sender.send(&[number]).unwrap();
//!     }
//! })?;
//! let mut sum = 0;
//! while let Received::Data(delivery) = receiver.recv()? {
//!     sum += delivery.into_inner()[0];
//! }
//! assert_eq!(sum, 3);
//! child.join()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! To join a producer whose messages nobody has taken does not hang: they lie in the queue, and in no buffer of the producer.
//!
//! **Pollers.** [`Receiver::readiness`] and [`Sender::readiness`] are descriptors for any poller, readable when there is
//! something to take, or room, or the other side is gone. They are level-triggered hints: go on with `try_recv` or `try_send`
//! until it would block. A poller does not hear that somebody dies: what that process has left is found by those that wait in
//! `recv` or `send`, or call `try_recv` or `try_send` and would block, within 50 ms. So where only pollers are used, and
//! consumers may be killed, wait with a time-out and try again.
//!
//! **Strangers** are sent the [descriptors](Sender::descriptors) of an end over a Unix socket.

mod end;
mod message;
mod receiver;
mod sender;
mod slots;

pub use message::{Delivery, Message};
pub use receiver::Receiver;
pub use sender::{SendError, Sender};

#[cfg(feature = "serde")]
pub use crate::value::ValueError;

use super::memory::Memory;
use crate::error::Error;

/// How much a queue holds, and what becomes of a message whose consumer dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Messages in the queue, those included that consumers have and have not dropped. At most [`MAX_MESSAGES`].
    pub messages: usize,
    /// Bytes of a message. At most [`MAX_MESSAGE_BYTES`].
    pub message_bytes: usize,
    /// When a consumer is killed, panics, or gives a message back.
    pub on_death: OnDeath,
}

impl Bounds {
    /// 1,024 messages of at most 4 KiB; a message goes to another consumer three times before it is reported. Memory is taken
    /// as it is used first: 4 MiB if all are as large.
    pub const DEFAULT: Self = Self { messages: 1_024, message_bytes: 4_096, on_death: OnDeath::Redeliver { times: 3 } };
}

/// What becomes of a message whose consumer ended before it dropped it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDeath {
    /// The next consumer gets it as [`Delivery::Lost`]: it may be half done, and nobody but the program knows.
    Report,
    /// Others get it as any message, so many times at most: then it is reported, since it may be what kills them.
    Redeliver {
        /// How often.
        times: u32,
    },
}

/// The most messages of a queue.
pub const MAX_MESSAGES: usize = 1 << 20;

/// The most bytes of a message.
pub const MAX_MESSAGE_BYTES: usize = 1 << 30;

/// A queue in memory without a name, for this process, its children, and whom it sends the descriptors to.
///
/// # Errors
/// A bound is zero messages or beyond the most ([`InvalidInput`](std::io::ErrorKind::InvalidInput)); or there is no memory,
/// or no descriptor: a queue has five.
pub fn bounded(bounds: Bounds) -> Result<(Sender, Receiver), Error> {
    let slots = slots::Slots::make(Memory::anonymous()?, bounds)?;
    let (sending, receiving) = end::pair(slots)?;
    Ok((Sender::of(sending), Receiver::of(receiving)))
}
