//! select(2).

use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

use rustix::io::Errno;
use wirenut::readiness::{Event, Interest, LevelTriggered, Poller, Readiness, Token, Waited};
use wirenut::time::Duration;

use super::waited::waited;
use crate::error::Error;
use crate::sys::select::{FD_SETSIZE, Set, select};

/// What each of the three sets asks for and tells.
const MEANINGS: [(Interest, Readiness); 3] = [
    (Interest::READABLE, Readiness::READABLE),
    (Interest::WRITABLE, Readiness::WRITABLE),
    (Interest::PRIORITY, Readiness::PRIORITY),
];

/// The poller that every system has had since 1983: three sets of bits, for descriptors below 1,024. Others are refused:
/// in C, they are written beyond the set.
///
/// ```
/// use std::os::fd::AsFd;
/// use wirenut_linux::poller::{Interest, Poller, Select, Token, Waited};
/// use wirenut_linux::socket::UdpSocket;
///
/// let socket = UdpSocket::bind_to(&"127.0.0.1:0".parse()?)?;
/// let mut poller = Select::new();
/// poller.register(socket.as_fd(), Token(0), Interest::READABLE | Interest::WRITABLE)?;
/// assert_eq!(poller.wait(None)?, Waited::Ready);
/// let event = poller.next_event().unwrap();
/// assert!(event.is_writable() && !event.is_readable());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Select {
    registered: Set,
    wanted: [Set; 3],
    /// What was found and not fetched yet.
    found: [Set; 3],
    /// No word before this one has anything that was found.
    next_word: usize,
    /// The names, by descriptor.
    tokens: Box<[Token]>,
}

impl Default for Select {
    fn default() -> Self {
        Self::new()
    }
}

impl Select {
    /// One that nothing is registered with.
    #[must_use]
    pub fn new() -> Self {
        Self {
            registered: Set::EMPTY,
            wanted: [Set::EMPTY; 3],
            found: [Set::EMPTY; 3],
            next_word: 0,
            tokens: vec![Token(0); FD_SETSIZE].into_boxed_slice(),
        }
    }

    fn registered(&self, descriptor: RawFd) -> Option<usize> {
        let descriptor = usize::try_from(descriptor).ok().filter(|descriptor| *descriptor < FD_SETSIZE)?;
        self.registered.contains(descriptor).then_some(descriptor)
    }

    fn want(&mut self, descriptor: usize, token: Token, interest: Interest) {
        self.tokens[descriptor] = token;
        for (set, (wanted, _)) in self.wanted.iter_mut().zip(MEANINGS) {
            set.set(descriptor, interest.contains(wanted));
        }
        for set in &mut self.found {
            set.set(descriptor, false);
        }
    }
}

impl Poller for Select {
    type Source<'s> = BorrowedFd<'s>;
    type Error = Error;

    fn register(&mut self, source: BorrowedFd<'_>, token: Token, interest: Interest) -> Result<(), Error> {
        let number = source.as_raw_fd();
        if self.registered(number).is_some() {
            return Err(Error::on("watch", &number, Errno::EXIST));
        }
        let descriptor = usize::try_from(number)
            .ok()
            .filter(|descriptor| *descriptor < FD_SETSIZE)
            .ok_or_else(|| Error::on("watch by select(2), which ends at descriptor 1023,", &number, Errno::INVAL))?;
        self.registered.set(descriptor, true);
        self.want(descriptor, token, interest);
        Ok(())
    }

    fn modify(&mut self, source: BorrowedFd<'_>, token: Token, interest: Interest) -> Result<(), Error> {
        let unknown = || Error::on("watch otherwise", &source, Errno::NOENT);
        let descriptor = self.registered(source.as_raw_fd()).ok_or_else(unknown)?;
        self.want(descriptor, token, interest);
        Ok(())
    }

    fn deregister(&mut self, source: BorrowedFd<'_>, token: Token) -> Result<(), Error> {
        let unknown = || Error::on("stop watching", &source, Errno::NOENT);
        let descriptor = self.registered(source.as_raw_fd()).ok_or_else(unknown)?;
        self.want(descriptor, token, Interest::NOTHING);
        self.registered.set(descriptor, false);
        Ok(())
    }

    fn wait(&mut self, limit: Option<Duration>) -> Result<Waited, Error> {
        if Set::first(&self.found, self.next_word).is_some() {
            return Ok(Waited::Ready);
        }
        let mut sets = self.wanted;
        let selected = select(self.registered.end(), &mut sets, limit);
        self.next_word = 0;
        self.found = if selected.is_ok() { sets } else { [Set::EMPTY; 3] };
        waited(selected.map(|()| Set::first(&self.found, 0).is_some()))
    }

    fn next_event(&mut self) -> Option<Event> {
        let descriptor = Set::first(&self.found, self.next_word)?;
        self.next_word = Set::word_of(descriptor);
        let mut readiness = Readiness::NOTHING;
        for (set, (_, ready)) in self.found.iter_mut().zip(MEANINGS) {
            if set.contains(descriptor) {
                readiness |= ready;
            }
            set.set(descriptor, false);
        }
        Some(Event { token: self.tokens[descriptor], readiness })
    }
}

impl LevelTriggered for Select {}
