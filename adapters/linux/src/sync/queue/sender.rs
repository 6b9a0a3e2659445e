//! The end that messages go into.

use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::Ordering;
use std::os::fd::{BorrowedFd, OwnedFd};

use wirenut::time::Duration;

use super::super::deadline::Deadline;
use super::end::End;
use super::slots::{Moves, Slots};
use crate::error::Error;
use crate::process::inherited;
#[cfg(feature = "serde")]
use crate::value::ValueError;

/// The end of a queue that messages go into. Clones are the same end; so are those of forked children.
#[derive(Clone, Debug)]
pub struct Sender(Arc<End>);

impl Sender {
    pub(super) fn of(end: End) -> Self {
        Self(inherited::note(end))
    }

    /// Puts a copy of the bytes into the queue, and waits for room where it is full. An empty message is one, too.
    ///
    /// When this returns `Ok` the message is in the queue, and stays there if this process dies.
    ///
    /// # Errors
    /// See [`SendError`]; nothing was sent. That no receiver is left is found where the queue is full.
    pub fn send(&self, message: &[u8]) -> Result<(), SendError> {
        self.send_until(message, Deadline::after(None))
    }

    /// The same, but waits no longer than `limit`: [`SendError::Full`] then.
    ///
    /// # Errors
    /// See [`SendError`].
    pub fn send_timeout(&self, message: &[u8], limit: Duration) -> Result<(), SendError> {
        self.send_until(message, Deadline::after(Some(limit)))
    }

    /// The same, and does not wait: [`SendError::Full`] where there is no room.
    ///
    /// ```
    /// use wirenut_linux::sync::queue::{self, Bounds, SendError};
    /// let (sender, receiver) = queue::bounded(Bounds { messages: 1, message_bytes: 8, ..Bounds::DEFAULT })?;
    /// assert!(matches!(sender.try_send(b"more than eight"), Err(SendError::TooLong { limit: 8 })));
    /// sender.try_send(b"first")?;
    /// assert!(matches!(sender.try_send(b"second"), Err(SendError::Full)));
    /// assert_eq!((sender.len(), sender.is_full()), (1, true));
    /// drop(receiver);
    /// assert!(matches!(sender.try_send(b"second"), Err(SendError::Disconnected)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// See [`SendError`].
    pub fn try_send(&self, message: &[u8]) -> Result<(), SendError> {
        let end = &self.0;
        let sent = end.look_now(&end.slots.open().polls_room, &end.room, || self.attempt(message))?;
        sent.ok_or(SendError::Full)
    }

    /// Sends a value, in the format of postcard: see [`Self::send`].
    ///
    /// ```
    /// use wirenut_linux::socket::Received;
    /// use wirenut_linux::sync::queue::{self, Bounds};
    /// let (sender, receiver) = queue::bounded(Bounds::DEFAULT)?;
    /// sender.send_value(&("a point", [1.5, -2.0]))?;
    /// let Received::Data(delivery) = receiver.recv()? else { panic!() };
    /// let point: (String, [f64; 2]) = delivery.into_inner().value()?;
    /// assert_eq!(point, ("a point".to_owned(), [1.5, -2.0]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`SendError::Value`]: it cannot be written as bytes. And those of [`Self::send`].
    #[cfg(feature = "serde")]
    pub fn send_value<T: serde::Serialize + ?Sized>(&self, value: &T) -> Result<(), SendError> {
        self.send(&crate::value::to_bytes(value).map_err(SendError::Value)?)
    }

    fn send_until(&self, message: &[u8], deadline: Deadline) -> Result<(), SendError> {
        // Most often there is room, and no time is asked for.
        if let Some(()) = self.attempt(message)? {
            return Ok(());
        }
        let room = &self.0.slots.open().room;
        self.0.wait(room, deadline, Slots::seems_full, || self.attempt(message))?.ok_or(SendError::Full)
    }

    /// `None` where there is no room.
    fn attempt(&self, message: &[u8]) -> Result<Option<()>, SendError> {
        self.0.check()?;
        let (slots, open) = (&self.0.slots, self.0.slots.open());
        if message.len() > slots.message_bytes() {
            return Err(SendError::TooLong { limit: slots.message_bytes() });
        }
        if open.is_closed.load(Ordering::Relaxed) != 0 {
            return Err(SendError::Closed);
        }
        let pushed = slots.push(message);
        self.0.tell_pollers();
        match pushed? {
            Some(moves) => {
                if moves == Moves::ForTheOther {
                    self.0.items.raise();
                }
                open.items.notify_one();
                Ok(Some(()))
            }
            None if self.0.is_alone()? => Err(SendError::Disconnected),
            None => Ok(None),
        }
    }

    /// No more messages, from anybody: those in the queue are still received, and then the stream ends.
    pub fn close(&self) {
        let open = self.0.slots.open();
        open.is_closed.store(1, Ordering::Release);
        open.items.notify_all();
        open.room.notify_all();
        self.0.items.raise();
        self.0.room.raise();
    }

    /// A descriptor that is readable while there may be room, or nobody receives any more: to be registered with a poller as
    /// readable. See the [module](super).
    ///
    /// # Errors
    /// The process has no descriptor left.
    pub fn readiness(&self) -> Result<BorrowedFd<'_>, Error> {
        self.0.readiness(&self.0.slots.open().polls_room, &self.0.room, Slots::seems_full)
    }

    /// How many messages wait to be received, at this moment.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.slots.len()
    }

    /// Whether none waits, at this moment.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.slots.seems_empty()
    }

    /// Whether there is no room, at this moment: also messages that consumers have and have not dropped take room.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.0.slots.seems_full()
    }

    /// How many messages the queue holds at most.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.0.slots.capacity()
    }

    /// What a stranger needs for a sender of the same queue, to be sent over a Unix socket in this order. While they are on
    /// their way the stream does not end.
    ///
    /// ```
    /// use wirenut_linux::socket::Received;
    /// use wirenut_linux::sync::queue::{self, Bounds, Sender};
    /// let (sender, receiver) = queue::bounded(Bounds::DEFAULT)?;
    /// let passed = sender.descriptors().map(|descriptor| descriptor.try_clone_to_owned().unwrap());
    /// let stranger = Sender::from_descriptors(passed)?;
    /// drop(sender);
    /// stranger.send(b"here I am")?;
    /// let Received::Data(delivery) = receiver.recv()? else { panic!() };
    /// assert_eq!(*delivery.into_inner(), *b"here I am");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn descriptors(&self) -> [BorrowedFd<'_>; 4] {
        self.0.descriptors()
    }

    /// A sender of a queue that another process has made.
    ///
    /// # Errors
    /// They are not those of a queue, or there is no memory.
    pub fn from_descriptors(descriptors: [OwnedFd; 4]) -> Result<Self, Error> {
        End::from_descriptors(descriptors).map(Self::of)
    }
}

/// Why a message was not sent.
#[derive(Debug)]
#[non_exhaustive]
pub enum SendError {
    /// There is no room, or was none in time.
    Full,
    /// The queue was [closed](Sender::close).
    Closed,
    /// Nobody receives any more.
    Disconnected,
    /// The message has more bytes than [`Bounds::message_bytes`](super::Bounds::message_bytes).
    TooLong {
        /// Which are so many.
        limit: usize,
    },
    /// The value cannot be written as bytes.
    #[cfg(feature = "serde")]
    Value(ValueError),
    /// The system failed.
    System(Error),
}

impl From<Error> for SendError {
    fn from(error: Error) -> Self {
        Self::System(error)
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("the queue is full"),
            Self::Closed => f.write_str("the queue is closed"),
            Self::Disconnected => f.write_str("nobody receives from the queue"),
            Self::TooLong { limit } => write!(f, "the message is longer than the queue's limit of {limit} bytes"),
            #[cfg(feature = "serde")]
            Self::Value(error) => write!(f, "the value cannot be written as bytes: {error}"),
            Self::System(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for SendError {}
