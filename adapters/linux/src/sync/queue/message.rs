//! A message that a consumer has.

use core::mem;
use core::ops::Deref;
use std::thread;

use super::super::identity::this_process;
use super::receiver::Receiver;
use super::slots::Took;

/// A message, and whether somebody died over it.
#[derive(Debug)]
#[must_use]
pub enum Delivery {
    /// To be worked on.
    Message(Message),
    /// As many consumers as [`OnDeath`](super::OnDeath) allows ended before they dropped it: to be reported.
    Lost(Message),
}

impl Delivery {
    /// The message, in any case.
    #[must_use]
    pub fn into_inner(self) -> Message {
        match self {
            Self::Message(message) | Self::Lost(message) => message,
        }
    }
}

/// A message that this process has: a copy of its bytes, whose original stays in the queue until this is dropped.
///
/// To drop it says that it is done with: the queue forgets it, and has room for another. It is given back instead where it
/// is dropped by a panic, or when its process ends. So drop it when its work is done, and not before. To move it into the
/// closure of a child drops it here: have the child receive it.
///
/// ```
/// use wirenut_linux::process;
/// use wirenut_linux::socket::Received;
/// use wirenut_linux::sync::queue::{self, Bounds};
///
/// let (sender, receiver) = queue::bounded(Bounds::DEFAULT)?;
/// sender.send(b"work")?;
/// let child = process::spawn({
///     let receiver = receiver.clone();
///     move || {
///         let _message = receiver.recv().unwrap();
///         std::process::abort();
///     }
/// })?;
/// child.join()?;
/// let Received::Data(delivery) = receiver.recv()? else { panic!() };
/// let message = delivery.into_inner();
/// assert_eq!((&*message, message.deaths(), message.former_owner()), (&b"work"[..], 1, Some(child.pid())));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Message {
    receiver: Receiver,
    took: Took,
    is_returned: bool,
    /// A child that was forked with this does not have the message: its parent does.
    owner: u64,
    /// The thread was already panicking when it took the message.
    panics: bool,
}

impl Message {
    pub(super) fn of(receiver: Receiver, took: Took) -> Self {
        Self { receiver, took, is_returned: false, owner: this_process(), panics: thread::panicking() }
    }

    /// Its bytes. It is done with.
    #[must_use]
    pub fn into_bytes(mut self) -> Vec<u8> {
        mem::take(&mut self.took.bytes)
    }

    /// The value that it was [sent](super::Sender::send_value) as. The message is not done with before it is dropped.
    ///
    /// # Errors
    /// It is no such value, or more than that.
    #[cfg(feature = "serde")]
    pub fn value<T: serde::de::DeserializeOwned>(&self) -> Result<T, crate::value::ValueError> {
        crate::value::from_bytes(&self.took.bytes)
    }

    /// Gives it back: the next consumer gets it, as if this one had died over it.
    pub fn give_back(mut self) {
        self.is_returned = true;
    }

    /// How many consumers have died over it, or gave it back.
    #[must_use]
    pub const fn deaths(&self) -> u32 {
        self.took.deaths
    }

    /// The last process that died over it, or gave it back.
    #[must_use]
    pub const fn former_owner(&self) -> Option<u32> {
        self.took.former
    }
}

impl Deref for Message {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.took.bytes
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        if self.owner != this_process() {
            return;
        }
        let is_done = !self.is_returned && (self.panics || !thread::panicking());
        self.receiver.settle(self.took.slot, self.took.sequence, is_done);
    }
}
