//! What both ends have: the memory, and the descriptors by which the system tells each of the other.

use alloc::sync::Arc;
use core::hint;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::OnceLock;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::retry_on_intr;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::time::Timespec;

use super::super::deadline::{Deadline, milliseconds};
use super::super::event_count::{EventCount, RECHECK};
use super::super::memory::Memory;
use super::slots::Slots;
use crate::error::Error;
use crate::process::inherited;
use crate::sys::epoll::{Entry, Epoll};
use crate::sys::eventfd::EventFd;

/// How often a process looks before it sleeps: some microseconds, in which the other side is often done.
const SPINS: u32 = 200;

/// One end, of one process: dropping the last clone is what the other side learns.
#[derive(Debug)]
pub(super) struct End {
    pub(super) slots: Arc<Slots>,
    /// A socket whose peer all ends of the other side have: it hangs up when the last of them is closed. No byte is ever
    /// sent.
    tie: OwnedFd,
    _farewell: Farewell,
    /// Readable while there may be messages, if anybody polls for them.
    pub(super) items: EventFd,
    /// Readable while there may be room, if anybody polls for it.
    pub(super) room: EventFd,
    /// This process was forked without it.
    is_closed_here: AtomicBool,
    /// When it is looked again for what the dead have left, by those that never wait.
    next_burial: AtomicU64,
    /// What is polled: of the tie and one of the two.
    readiness: OnceLock<Epoll>,
}

/// Both ends of a new queue.
pub(super) fn pair(slots: Slots) -> Result<(End, End), Error> {
    let failed = |errno| Error::plain("make a queue", errno);
    let (one, other) =
        socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None).map_err(failed)?;
    let event = || EventFd::new().map_err(|error| Error::new("make a queue", error));
    let again = |event: &EventFd| event.try_clone().map_err(|error| Error::new("make a queue", error));
    let slots = Arc::new(slots);
    let (items, room) = (event()?, event()?);
    let receiving = End::of(Arc::clone(&slots), other, again(&items)?, again(&room)?);
    Ok((End::of(slots, one, items, room), receiving))
}

impl inherited::End for End {
    fn descriptor(&self) -> BorrowedFd<'_> {
        self.tie.as_fd()
    }

    fn note_closed(&self) {
        self.is_closed_here.store(true, Ordering::Relaxed);
    }
}

impl End {
    fn of(slots: Arc<Slots>, tie: OwnedFd, items: EventFd, room: EventFd) -> Self {
        let _farewell = Farewell(Arc::clone(&slots));
        Self {
            slots,
            tie,
            _farewell,
            items,
            room,
            is_closed_here: AtomicBool::new(false),
            next_burial: AtomicU64::new(0),
            readiness: OnceLock::new(),
        }
    }

    /// What [`Self::from_descriptors`] takes.
    pub(super) fn descriptors(&self) -> [BorrowedFd<'_>; 4] {
        [self.slots.place().as_fd(), self.tie.as_fd(), self.items.as_fd(), self.room.as_fd()]
    }

    pub(super) fn from_descriptors([memory, tie, items, room]: [OwnedFd; 4]) -> Result<Self, Error> {
        Ok(Self::of(Arc::new(Slots::attach(Memory::from(memory))?), tie, items.into(), room.into()))
    }

    /// Fails in a process that was forked without this end: its messages would come behind the end of the stream.
    #[inline]
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.is_closed_here.load(Ordering::Relaxed) {
            return Err(Error::new("use an end of a queue", inherited::not_captured()));
        }
        Ok(())
    }

    /// Whether nobody has the other end any more.
    pub(super) fn is_alone(&self) -> Result<bool, Error> {
        let mut watched = [PollFd::new(&self.tie, PollFlags::empty())];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        retry_on_intr(|| poll(&mut watched, Some(&now))).map_err(|errno| Error::plain("watch a queue", errno))?;
        Ok(watched[0].revents().intersects(PollFlags::HUP | PollFlags::ERR))
    }

    /// A descriptor that is readable with `event`, or when the other side is gone. From now on `polls` says that somebody polls
    /// for it; `seems_idle` tells whether there is nothing yet.
    pub(super) fn readiness(
        &self,
        polls: &AtomicU32,
        event: &EventFd,
        seems_idle: impl Fn(&Slots) -> bool,
    ) -> Result<BorrowedFd<'_>, Error> {
        let readiness = self.poller(event)?;
        polls.store(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if !seems_idle(&self.slots) {
            event.raise();
        }
        Ok(readiness)
    }

    fn poller(&self, event: &EventFd) -> Result<BorrowedFd<'_>, Error> {
        if let Some(poller) = self.readiness.get() {
            return Ok(poller.as_fd());
        }
        let failed = |errno| Error::plain("watch a queue", errno);
        let poller = Epoll::new().map_err(failed)?;
        for watched in [event.as_fd(), self.tie.as_fd()] {
            poller.add(watched, Entry { events: libc::EPOLLIN.cast_unsigned(), u64: 0 }).map_err(failed)?;
        }
        Ok(self.readiness.get_or_init(|| poller).as_fd())
    }

    /// The other side is gone, which is no news any more: from now on only the event makes pollers look.
    pub(super) fn hush(&self) {
        // It fails where that was done already.
        let _ = self.readiness.get().map(|poller| poller.delete(self.tie.as_fd()));
    }

    /// What `look` finds now: also among what the dead have left, now and then. `event` is cleared where `polls` says that
    /// somebody polls for it, and there is nothing.
    #[inline]
    pub(super) fn look_now<T, E: From<Error>>(
        &self,
        polls: &AtomicU32,
        event: &EventFd,
        mut look: impl FnMut() -> Result<Option<T>, E>,
    ) -> Result<Option<T>, E> {
        if let Some(found) = look()? {
            return Ok(Some(found));
        }
        if self.bury_now_and_then()?
            && let Some(found) = look()?
        {
            return Ok(Some(found));
        }
        if polls.load(Ordering::Relaxed) == 0 {
            return Ok(None);
        }
        // Whoever says that there is nothing looks again: the other side may have come just before.
        event.clear();
        fence(Ordering::SeqCst);
        let found = look()?;
        if found.is_some() {
            event.raise();
        }
        Ok(found)
    }

    /// Gives back what the dead have left, and returns true, unless that was done less than [`RECHECK`] ago.
    fn bury_now_and_then(&self) -> Result<bool, Error> {
        let now = milliseconds();
        if now < self.next_burial.load(Ordering::Relaxed) {
            return Ok(false);
        }
        self.next_burial.store(now + RECHECK.as_millis(), Ordering::Relaxed);
        self.slots.bury()?;
        Ok(true)
    }

    /// Pollers hear of rings that were made anew, of either side.
    #[inline]
    pub(super) fn tell_pollers(&self) {
        self.slots.tell_of_new_rings(|| {
            self.items.raise();
            self.room.raise();
        });
    }

    /// Waits until `look` finds something. `seems_idle` tells, without a lock, that it need not try. Where a wait is long,
    /// what the dead have left is given back.
    pub(super) fn wait<T, E: From<Error>>(
        &self,
        change: &EventCount,
        deadline: Deadline,
        seems_idle: impl Fn(&Slots) -> bool,
        mut look: impl FnMut() -> Result<Option<T>, E>,
    ) -> Result<Option<T>, E> {
        for _ in 0..SPINS {
            if !seems_idle(&self.slots) {
                break;
            }
            hint::spin_loop();
        }
        let mut next = Deadline::after(Some(RECHECK));
        change.wait_until(deadline, || {
            if next.is_over() {
                next = Deadline::after(Some(RECHECK));
                self.slots.bury()?;
            }
            look()
        })
    }
}

/// Wakes all that wait, so that they see who is left. Dropped behind the tie.
#[derive(Debug)]
struct Farewell(Arc<Slots>);

impl Drop for Farewell {
    fn drop(&mut self) {
        self.0.open().items.notify_all();
        self.0.open().room.notify_all();
    }
}
