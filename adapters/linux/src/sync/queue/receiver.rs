//! The end that messages come out of.

use alloc::sync::Arc;
use core::sync::atomic::Ordering;
use std::os::fd::{BorrowedFd, OwnedFd};

use wirenut::time::Duration;

use super::super::deadline::Deadline;
use super::end::End;
use super::message::{Delivery, Message};
use super::slots::{Moves, Slots};
use crate::error::Error;
use crate::process::inherited;
use crate::socket::Received;

/// The end of a queue that messages come out of. Clones are the same end, and so are those of forked children: each message
/// goes to one of them.
#[derive(Clone, Debug)]
pub struct Receiver(Arc<End>);

/// With one of so many messages, or of as many as there are slots to look at, a consumer looks for what the dead have left,
/// though it need not wait.
const SWEEP: u64 = 1_024;

impl Receiver {
    pub(super) fn of(end: End) -> Self {
        Self(inherited::note(end))
    }

    /// Waits for the oldest message. [`Received::End`] when there is none, and never will be: nobody sends any more, and no
    /// other process has one that may come back.
    ///
    /// # Errors
    /// The system failed; no message is lost.
    pub fn recv(&self) -> Result<Received<Delivery>, Error> {
        self.recv_until(Deadline::after(None))
    }

    /// The same, but waits no longer than `limit`: [`Received::WouldBlock`] then.
    ///
    /// ```
    /// use wirenut::time::Duration;
    /// use wirenut_linux::socket::Received;
    /// use wirenut_linux::sync::queue::{self, Bounds};
    /// let (sender, receiver) = queue::bounded(Bounds::DEFAULT)?;
    /// assert!(matches!(receiver.recv_timeout(Duration::from_millis(1))?, Received::WouldBlock));
    /// drop(sender);
    /// assert!(matches!(receiver.recv_timeout(Duration::from_millis(1))?, Received::End));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As of [`Self::recv`].
    pub fn recv_timeout(&self, limit: Duration) -> Result<Received<Delivery>, Error> {
        self.recv_until(Deadline::after(Some(limit)))
    }

    /// The same, and does not wait.
    ///
    /// # Errors
    /// As of [`Self::recv`].
    pub fn try_recv(&self) -> Result<Received<Delivery>, Error> {
        let end = &self.0;
        let received = end.look_now(&end.slots.open().polls_items, &end.items, || self.attempt())?;
        Ok(received.unwrap_or(Received::WouldBlock))
    }

    fn recv_until(&self, deadline: Deadline) -> Result<Received<Delivery>, Error> {
        // Most often there is one, and no time is asked for.
        if let Some(received) = self.attempt()? {
            return Ok(received);
        }
        let end = &self.0;
        let received = end.wait(&end.slots.open().items, deadline, Slots::seems_empty, || self.attempt())?;
        Ok(received.unwrap_or(Received::WouldBlock))
    }

    /// `None` where there is nothing yet.
    fn attempt(&self) -> Result<Option<Received<Delivery>>, Error> {
        let end = &self.0;
        if let Some(delivery) = self.pop()? {
            return Ok(Some(Received::Data(delivery)));
        }
        if end.slots.open().is_closed.load(Ordering::Acquire) == 0 && !end.is_alone()? {
            return Ok(None);
        }
        // Nobody sends any more. What was sent before that was seen, and what dead consumers had, is still there.
        end.slots.bury()?;
        if let Some(delivery) = self.pop()? {
            return Ok(Some(Received::Data(delivery)));
        }
        let is_out = end.slots.is_out();
        if is_out {
            // Pollers must not be called for it again and again until that comes back, or is done with.
            end.hush();
        } else if end.slots.open().polls_items.load(Ordering::Relaxed) != 0 {
            // For all that poll, and for good.
            end.items.raise();
        }
        Ok((!is_out).then_some(Received::End))
    }

    fn pop(&self) -> Result<Option<Delivery>, Error> {
        self.0.check()?;
        let took = self.0.slots.pop();
        self.0.tell_pollers();
        let Some(took) = took? else { return Ok(None) };
        if took.sequence.is_multiple_of(SWEEP.max(self.capacity() as u64)) {
            self.0.slots.bury()?;
        }
        let is_lost = took.is_lost;
        let message = Message::of(self.clone(), took);
        Ok(Some(if is_lost { Delivery::Lost(message) } else { Delivery::Message(message) }))
    }

    /// Is done with a message, or gives it back.
    pub(super) fn settle(&self, slot: usize, sequence: u64, is_done: bool) {
        let end = &self.0;
        let open = end.slots.open();
        if !is_done {
            // What it fails with is found again by whoever uses the queue next.
            if end.slots.give_back(slot, sequence).is_ok_and(|was_ours| was_ours) {
                end.items.raise();
            }
        } else if let Ok(Some(moves)) = end.slots.free(slot, sequence) {
            if moves == Moves::ForTheOther {
                end.room.raise();
            }
            open.room.notify_one();
            // At the end others wait for what is not settled yet.
            let is_polled = open.polls_items.load(Ordering::Relaxed) != 0;
            if open.is_closed.load(Ordering::Relaxed) != 0 {
                open.items.notify_all();
                end.items.raise();
            } else if is_polled && end.slots.seems_empty() && end.is_alone().unwrap_or(true) {
                end.items.raise();
            }
        }
        end.tell_pollers();
    }

    /// A descriptor that is readable while there may be a message, or nobody sends any more: to be registered with a poller
    /// as readable. See the [module](super).
    ///
    /// ```
    /// use wirenut::time::Duration;
    /// use wirenut_linux::poller::{Epoll, Interest, Poller, Token, Waited};
    /// use wirenut_linux::socket::Received;
    /// use wirenut_linux::sync::queue::{self, Bounds};
    /// let (sender, receiver) = queue::bounded(Bounds::DEFAULT)?;
    /// let mut poller = Epoll::new()?;
    /// poller.register(receiver.readiness()?, Token(1), Interest::READABLE)?;
    /// assert_eq!(poller.wait(Some(Duration::default()))?, Waited::TimedOut);
    /// sender.send(b"hello")?;
    /// assert_eq!(poller.wait(None)?, Waited::Ready);
    /// while let Received::Data(delivery) = receiver.try_recv()? {
    ///     assert_eq!(*delivery.into_inner(), *b"hello");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The process has no descriptor left.
    pub fn readiness(&self) -> Result<BorrowedFd<'_>, Error> {
        let end = &self.0;
        end.readiness(&end.slots.open().polls_items, &end.items, Slots::seems_empty)
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

    /// How many messages the queue holds at most.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.0.slots.capacity()
    }

    /// What a stranger needs for a receiver of the same queue, to be sent over a Unix socket in this order.
    #[must_use]
    pub fn descriptors(&self) -> [BorrowedFd<'_>; 4] {
        self.0.descriptors()
    }

    /// A receiver of a queue that another process has made.
    ///
    /// # Errors
    /// They are not those of a queue, or there is no memory.
    pub fn from_descriptors(descriptors: [OwnedFd; 4]) -> Result<Self, Error> {
        End::from_descriptors(descriptors).map(Self::of)
    }
}
