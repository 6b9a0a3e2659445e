//! poll(2).

use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

use rustix::io::Errno;
use wirenut::readiness::{Event, Interest, LevelTriggered, Poller, Readiness, Token, Waited};
use wirenut::time::Duration;

use super::waited::waited;
use crate::error::Error;
use crate::sys::poll::{Entry, poll};

/// The poller for a few sources, whatever their numbers: each wait shows the kernel all of them.
///
/// ```
/// use std::os::fd::AsFd;
/// use wirenut_linux::poller::{Interest, Poll, Poller, Token, Waited};
/// use wirenut_linux::socket::UdpSocket;
///
/// let socket = UdpSocket::bind_to(&"127.0.0.1:0".parse()?)?;
/// let mut poller = Poll::new();
/// poller.register(socket.as_fd(), Token(0), Interest::READABLE | Interest::WRITABLE)?;
/// assert_eq!(poller.wait(None)?, Waited::Ready);
/// let event = poller.next_event().unwrap();
/// assert!(event.is_writable() && !event.is_readable());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Poll {
    /// What the kernel is shown, and has told.
    table: Vec<Entry>,
    /// The names, in the order of the table.
    tokens: Vec<Token>,
    /// By descriptor: where in the table it is, and one; zero for one that is not there.
    places: Vec<u32>,
    /// The next entry to look at.
    next: usize,
    /// How many of the entries from there on were told something.
    left: usize,
}

impl Poll {
    /// One that nothing is registered with.
    #[must_use]
    pub const fn new() -> Self {
        Self { table: Vec::new(), tokens: Vec::new(), places: Vec::new(), next: 0, left: 0 }
    }

    /// Where in the table it is.
    fn place(&self, descriptor: RawFd) -> Option<usize> {
        let place = *self.places.get(usize::try_from(descriptor).ok()?)?;
        usize::try_from(place.checked_sub(1)?).ok()
    }

    fn set_place(&mut self, descriptor: RawFd, place: Option<usize>) {
        // Descriptors are not negative, and fewer than would not fit.
        let descriptor = usize::try_from(descriptor).unwrap_or(0);
        if descriptor >= self.places.len() {
            self.places.resize(descriptor + 1, 0);
        }
        self.places[descriptor] = place.and_then(|place| u32::try_from(place + 1).ok()).unwrap_or(0);
    }

    fn drop_event(&mut self, place: usize) {
        if core::mem::take(&mut self.table[place].revents) != 0 && place >= self.next {
            self.left -= 1;
        }
    }

    fn exchange(&mut self, one: usize, other: usize) {
        self.table.swap(one, other);
        self.tokens.swap(one, other);
        for place in [one, other] {
            self.set_place(self.table[place].fd, Some(place));
        }
    }
}

impl Poller for Poll {
    type Source<'s> = BorrowedFd<'s>;
    type Error = Error;

    fn register(&mut self, source: BorrowedFd<'_>, token: Token, interest: Interest) -> Result<(), Error> {
        let descriptor = source.as_raw_fd();
        if self.place(descriptor).is_some() {
            return Err(Error::on("watch", &descriptor, Errno::EXIST));
        }
        self.set_place(descriptor, Some(self.table.len()));
        self.table.push(Entry { fd: descriptor, events: events(interest), revents: 0 });
        self.tokens.push(token);
        Ok(())
    }

    fn modify(&mut self, source: BorrowedFd<'_>, token: Token, interest: Interest) -> Result<(), Error> {
        let descriptor = source.as_raw_fd();
        let unknown = || Error::on("watch otherwise", &descriptor, Errno::NOENT);
        let place = self.place(descriptor).ok_or_else(unknown)?;
        self.drop_event(place);
        self.table[place].events = events(interest);
        self.tokens[place] = token;
        Ok(())
    }

    fn deregister(&mut self, source: BorrowedFd<'_>, _: Token) -> Result<(), Error> {
        let descriptor = source.as_raw_fd();
        let unknown = || Error::on("stop watching", &descriptor, Errno::NOENT);
        let mut place = self.place(descriptor).ok_or_else(unknown)?;
        self.drop_event(place);
        // The hole moves to the end; on its way it must not carry an entry past the one to look at next.
        if place < self.next {
            self.next -= 1;
            self.exchange(place, self.next);
            place = self.next;
        }
        self.exchange(place, self.table.len() - 1);
        self.table.pop();
        self.tokens.pop();
        self.set_place(descriptor, None);
        Ok(())
    }

    fn wait(&mut self, limit: Option<Duration>) -> Result<Waited, Error> {
        if self.left > 0 {
            return Ok(Waited::Ready);
        }
        let found = poll(&mut self.table, limit);
        (self.next, self.left) = (0, found.unwrap_or(0));
        waited(found.map(|found| found > 0))
    }

    fn next_event(&mut self) -> Option<Event> {
        if self.left == 0 {
            return None;
        }
        let step = self.table[self.next..].iter().position(|entry| entry.revents != 0)?;
        let place = self.next + step;
        let readiness = readiness(self.table[place].revents);
        self.drop_event(place);
        self.next = place + 1;
        Some(Event { token: self.tokens[place], readiness })
    }
}

impl LevelTriggered for Poll {}

fn events(interest: Interest) -> libc::c_short {
    let flag = |wanted, flag| if interest.contains(wanted) { flag } else { 0 };
    flag(Interest::READABLE, libc::POLLIN | libc::POLLRDHUP)
        | flag(Interest::WRITABLE, libc::POLLOUT)
        | flag(Interest::PRIORITY, libc::POLLPRI)
        | flag(Interest::READ_CLOSED, libc::POLLRDHUP)
}

fn readiness(events: libc::c_short) -> Readiness {
    const FLAGS: [(libc::c_short, Readiness); 6] = [
        (libc::POLLIN, Readiness::READABLE),
        (libc::POLLPRI, Readiness::PRIORITY),
        (libc::POLLOUT, Readiness::WRITABLE),
        // A descriptor that was closed before it was deregistered is an error, too.
        (libc::POLLERR | libc::POLLNVAL, Readiness::ERROR),
        (libc::POLLHUP, Readiness::HANG_UP),
        (libc::POLLRDHUP, Readiness::READ_CLOSED),
    ];
    let told = FLAGS.iter().filter(|(flag, _)| events & flag != 0);
    told.fold(Readiness::NOTHING, |all, (_, ready)| all | *ready)
}
