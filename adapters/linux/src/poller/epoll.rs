//! epoll(7).

use core::marker::PhantomData;
use std::os::fd::{AsFd, BorrowedFd};

use wirenut::readiness::{Event, Interest, LevelTriggered, Poller, Readiness, Token, Waited};
use wirenut::time::Duration;

use super::waited::waited;
use crate::error::Error;
use crate::sys::epoll::{self, Entry};

/// How many events one wait finds at most; the others have their turn in the next.
const MAX_EVENTS: usize = 512;

/// The poller for many sources: the kernel keeps the set, and a wait costs what the ready ones cost.
pub type Epoll = EpollInstance<Level>;

/// [`Epoll`] that tells once when a source becomes ready: read or write until "would block".
pub type EdgeEpoll = EpollInstance<Edge>;

/// [`Epoll`] or [`EdgeEpoll`]: one thing but for the flag EPOLLET.
///
/// ```
/// use wirenut_linux::poller::{EdgeEpoll, Epoll};
/// let tells_for_as_long_as_it_is_so = Epoll::new()?;
/// let tells_when_it_becomes_so = EdgeEpoll::new()?;
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
#[derive(Debug)]
pub struct EpollInstance<T> {
    system: epoll::Epoll,
    batch: Box<[Entry]>,
    /// The next event to fetch.
    next: usize,
    /// The end of what was found. An event that was dropped has no flags.
    found: usize,
    trigger: PhantomData<T>,
}

/// Level-triggered: what is ready is told in every wait.
#[derive(Debug)]
pub enum Level {}

/// Edge-triggered: what is ready is told once.
#[derive(Debug)]
pub enum Edge {}

/// [`Level`] or [`Edge`].
pub trait Trigger: sealed::Trigger {}

mod sealed {
    pub trait Trigger {
        const FLAG: libc::c_int;
    }
}

impl Trigger for Level {}
impl sealed::Trigger for Level {
    const FLAG: libc::c_int = 0;
}

impl Trigger for Edge {}
impl sealed::Trigger for Edge {
    const FLAG: libc::c_int = libc::EPOLLET;
}

/// The instance itself, for another poller: readable while it has something to tell.
impl<T> AsFd for EpollInstance<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.system.as_fd()
    }
}

impl<T: Trigger> EpollInstance<T> {
    /// One that nothing is registered with.
    ///
    /// # Errors
    /// The process or the system has no descriptor left.
    pub fn new() -> Result<Self, Error> {
        let system = epoll::Epoll::new().map_err(|errno| Error::plain("make an epoll instance", errno))?;
        let batch = vec![Entry { events: 0, u64: 0 }; MAX_EVENTS].into_boxed_slice();
        Ok(Self { system, batch, next: 0, found: 0, trigger: PhantomData })
    }

    /// Tells when it can be read, as do the other pollers that it is registered with in this way: of those that wait, not
    /// all are woken for one event (EPOLLEXCLUSIVE). For a listener that several threads or processes accept from. It
    /// must be deregistered, as closing it is not enough while others watch it, and cannot be modified.
    ///
    /// # Errors
    /// As [`Poller::register`].
    pub fn register_shared(&mut self, source: BorrowedFd<'_>, token: Token) -> Result<(), Error> {
        let mut entry = Self::entry(token, Interest::READABLE);
        // The kernel takes no half-close beside it.
        entry.events = entry.events & !libc::EPOLLRDHUP.cast_unsigned() | libc::EPOLLEXCLUSIVE.cast_unsigned();
        self.system.add(source, entry).map_err(|errno| Error::on("watch", &source, errno))
    }

    fn entry(token: Token, interest: Interest) -> Entry {
        let flag = |wanted, flag| if interest.contains(wanted) { flag } else { 0 };
        let events = flag(Interest::READABLE, libc::EPOLLIN | libc::EPOLLRDHUP)
            | flag(Interest::WRITABLE, libc::EPOLLOUT)
            | flag(Interest::PRIORITY, libc::EPOLLPRI)
            | flag(Interest::READ_CLOSED, libc::EPOLLRDHUP)
            | T::FLAG;
        Entry { events: events.cast_unsigned(), u64: token.0 }
    }

    /// Drops the events of that name that were not fetched.
    fn drop_events(&mut self, token: Token) {
        for entry in self.batch[self.next..self.found].iter_mut().filter(|entry| entry.u64 == token.0) {
            entry.events = 0;
        }
    }
}

impl<T: Trigger> Poller for EpollInstance<T> {
    type Source<'s> = BorrowedFd<'s>;
    type Error = Error;

    fn register(&mut self, source: BorrowedFd<'_>, token: Token, interest: Interest) -> Result<(), Error> {
        let added = self.system.add(source, Self::entry(token, interest));
        added.map_err(|errno| Error::on("watch", &source, errno))
    }

    fn modify(&mut self, source: BorrowedFd<'_>, token: Token, interest: Interest) -> Result<(), Error> {
        let modified = self.system.modify(source, Self::entry(token, interest));
        modified.map_err(|errno| Error::on("watch otherwise", &source, errno))?;
        self.drop_events(token);
        Ok(())
    }

    fn deregister(&mut self, source: BorrowedFd<'_>, token: Token) -> Result<(), Error> {
        self.system.delete(source).map_err(|errno| Error::on("stop watching", &source, errno))?;
        self.drop_events(token);
        Ok(())
    }

    fn wait(&mut self, limit: Option<Duration>) -> Result<Waited, Error> {
        if self.batch[self.next..self.found].iter().any(|entry| entry.events != 0) {
            return Ok(Waited::Ready);
        }
        let found = self.system.wait(&mut self.batch, limit);
        (self.next, self.found) = (0, found.unwrap_or(0));
        waited(found.map(|found| found > 0))
    }

    #[inline]
    fn next_event(&mut self) -> Option<Event> {
        while let Some(entry) = self.batch[..self.found].get(self.next) {
            self.next += 1;
            if entry.events != 0 {
                return Some(Event { token: Token(entry.u64), readiness: readiness(entry.events) });
            }
        }
        None
    }
}

impl LevelTriggered for Epoll {}

fn readiness(events: u32) -> Readiness {
    const FLAGS: [(libc::c_int, Readiness); 6] = [
        (libc::EPOLLIN, Readiness::READABLE),
        (libc::EPOLLPRI, Readiness::PRIORITY),
        (libc::EPOLLOUT, Readiness::WRITABLE),
        (libc::EPOLLERR, Readiness::ERROR),
        (libc::EPOLLHUP, Readiness::HANG_UP),
        (libc::EPOLLRDHUP, Readiness::READ_CLOSED),
    ];
    let mut readiness = Readiness::NOTHING;
    for (flag, ready) in FLAGS {
        if events & flag.cast_unsigned() != 0 {
            readiness |= ready;
        }
    }
    readiness
}
