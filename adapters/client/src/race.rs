//! Connects raced over both address families (RFC 8305).

use core::net::SocketAddr;
use std::io;
use std::os::fd::AsFd as _;

use wirenut::time::{Duration, Instant};
use wirenut_linux::monotonic_time;
use wirenut_linux::poller::Interest;
use wirenut_linux::socket::{Connecting, Family, Progress, Socket, Tcp, TcpStream};

use crate::error::Cause;
use crate::watch::Watch;
use crate::watcher::Watcher;

/// How long an attempt has the wire for itself (RFC 8305 §5, §8).
pub(crate) const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Addresses beyond that are not tried.
const MAX_ADDRESSES: usize = 16;

/// The families take turns, beginning with that of the first address; within one the order stays (RFC 8305 §4).
fn interleaved(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut first, mut second): (Vec<_>, Vec<_>) =
        addresses.iter().copied().partition(|address| address.is_ipv6() == first_is_v6);
    first.truncate(MAX_ADDRESSES);
    second.truncate(MAX_ADDRESSES);
    let mut second = second.into_iter();
    let mut all = Vec::new();
    for address in first {
        all.push(address);
        all.extend(second.next());
    }
    all.extend(second);
    all.dedup();
    all.truncate(MAX_ADDRESSES);
    all
}

/// Connects to the first address that answers. Each attempt begins when the one before has failed, or after
/// [`ATTEMPT_DELAY`], and goes on beside those that follow.
pub(crate) struct Race {
    addresses: Vec<SocketAddr>,
    /// Those that were begun, in the order of the addresses; none where one has failed.
    attempts: Vec<Option<Socket<Tcp, Connecting>>>,
    /// When the next one begins.
    next_at: Instant,
    /// The first one.
    failure: Option<(Cause, SocketAddr)>,
}

type Winner = (TcpStream, SocketAddr);

impl Race {
    pub(crate) fn new(addresses: &[SocketAddr]) -> Self {
        Self { addresses: interleaved(addresses), attempts: Vec::new(), next_at: Instant::START, failure: None }
    }

    /// The connection. `None`: not yet; ask again when the watcher says so, or at [`Self::poll_timeout`]. Where no attempt
    /// succeeds: the error of the first, and which it was.
    pub(crate) fn poll(
        &mut self,
        watch: &Watch,
        watcher: &mut dyn Watcher,
    ) -> Result<Option<Winner>, (Cause, SocketAddr)> {
        let run = self.run(watch, watcher);
        if !matches!(run, Ok(None)) {
            // The others are not wanted any more.
            self.attempts.iter().flatten().for_each(|socket| watcher.deregister(socket.as_fd()));
        }
        run.map_err(|cause| {
            let first = self.addresses.first().copied().unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 0)));
            let is_lost = self.is_lost();
            self.failure.take().filter(|_| is_lost).unwrap_or((cause, first))
        })
    }

    /// When the next attempt begins.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        (self.attempts.len() < self.addresses.len()).then_some(self.next_at)
    }

    fn run(&mut self, watch: &Watch, watcher: &mut dyn Watcher) -> Result<Option<Winner>, Cause> {
        let now = monotonic_time();
        watch.check(now)?;
        // Nobody says which of them is ready, and they are few.
        for place in 0..self.attempts.len() {
            let Some(socket) = self.attempts[place].take() else { continue };
            watcher.deregister(socket.as_fd());
            if let Some(winner) = self.note(place, socket.finish(), watcher) {
                return Ok(Some(winner));
            }
        }
        while self.attempts.len() < self.addresses.len() {
            if now < self.next_at && !self.attempts.iter().all(Option::is_none) {
                return Ok(None);
            }
            self.next_at = now.saturating_add(ATTEMPT_DELAY);
            if let Some(winner) = self.begin(watcher) {
                return Ok(Some(winner));
            }
        }
        if self.is_lost() { Err(Cause::Other("the host has no address")) } else { Ok(None) }
    }

    /// Have all attempts failed?
    fn is_lost(&self) -> bool {
        self.attempts.len() == self.addresses.len() && self.attempts.iter().all(Option::is_none)
    }

    /// Begins the next attempt.
    fn begin(&mut self, watcher: &mut dyn Watcher) -> Option<Winner> {
        let place = self.attempts.len();
        let address = *self.addresses.get(place)?;
        self.attempts.push(None);
        let progress = Socket::tcp(Family::of(&address)).and_then(|socket| socket.start_connect(&address));
        self.note(place, progress, watcher)
    }

    /// What has become of an attempt.
    fn note(
        &mut self,
        place: usize,
        progress: Result<Progress<Tcp>, wirenut_linux::Error>,
        watcher: &mut dyn Watcher,
    ) -> Option<Winner> {
        let address = *self.addresses.get(place)?;
        let cause = match progress {
            // The system may choose the very port that it connects to, so that TCP meets itself.
            Ok(Progress::Connected(stream)) if stream.local_address().is_ok_and(|own| own == address) => {
                wirenut_linux::Error::new("connect", io::ErrorKind::ConnectionRefused.into()).into()
            }
            Ok(Progress::Connected(stream)) => return Some((stream, address)),
            Ok(Progress::Connecting(socket)) => match watcher.register(socket.as_fd(), Interest::WRITABLE) {
                Ok(()) => {
                    self.attempts[place] = Some(socket);
                    return None;
                }
                Err(cause) => cause,
            },
            Err(error) => error.into(),
        };
        self.failure.get_or_insert((cause, address));
        None
    }
}

#[cfg(test)]
mod tests {
    use std::net;

    use wirenut_linux::poller::{Poll, Poller as _};

    use super::*;
    use crate::watch::earlier;

    /// A listener whose queue is full, so that it answers no further connect; and what fills it.
    fn full(address: &str) -> io::Result<(net::TcpListener, Vec<net::TcpStream>)> {
        let listener = net::TcpListener::bind(address)?;
        wirenut_linux::socket::TcpListener::from(listener.try_clone()?).set_backlog(0).unwrap();
        let mut waiting = Vec::new();
        let limit = core::time::Duration::from_millis(100);
        while let Ok(stream) = net::TcpStream::connect_timeout(&listener.local_addr()?, limit) {
            waiting.push(stream);
            assert!(waiting.len() < 1_000);
        }
        Ok((listener, waiting))
    }

    fn connect(addresses: &[SocketAddr], watch: &Watch) -> Result<Winner, (Cause, SocketAddr)> {
        let (mut race, mut watcher) = (Race::new(addresses), Poll::new());
        loop {
            if let Some(winner) = race.poll(watch, &mut watcher)? {
                return Ok(winner);
            }
            watcher.wait_until(earlier(race.poll_timeout(), watch.deadline()), monotonic_time).unwrap();
            while watcher.next_event().is_some() {}
        }
    }

    fn watch() -> Watch {
        Watch::new(Some(Duration::from_secs(20)), None)
    }

    #[test]
    fn the_address_that_answers_wins() {
        let silent = full("127.0.0.1:0").unwrap();
        let answering = ["127.0.0.1:0", "[::1]:0"].map(net::TcpListener::bind);
        for answering in answering.into_iter().flatten() {
            let addresses = [silent.0.local_addr().unwrap(), answering.local_addr().unwrap()];
            let (stream, address) = connect(&addresses, &watch()).unwrap();
            assert_eq!((address, stream.peer_address().unwrap()), (addresses[1], addresses[1]));
        }
        let Ok(silent) = full("[::1]:0") else { return };
        let answering = net::TcpListener::bind("127.0.0.1:0").unwrap();
        let addresses = [silent.0.local_addr().unwrap(), answering.local_addr().unwrap()];
        assert_eq!(connect(&addresses, &watch()).unwrap().1, addresses[1]);
    }

    /// What is refused does not have its delay: all of them together would take longer than the watch allows.
    #[test]
    fn a_refusal_is_followed_at_once() {
        let sockets = [(); 14].map(|()| {
            // Bound, so that nobody else is there, and nobody listens.
            let socket = Socket::tcp(Family::V4).unwrap();
            socket.bind(&"127.0.0.1:0".parse().unwrap()).unwrap();
            socket
        });
        let closed = sockets.each_ref().map(|socket| socket.local_address().unwrap());
        let short = Watch::new(Some(Duration::from_secs(3)), None);
        let (cause, address) = connect(&closed, &short).map(drop).unwrap_err();
        assert!(matches!(cause, Cause::System(error) if error.kind() == io::ErrorKind::ConnectionRefused));
        assert_eq!(address, closed[0]);
    }

    #[test]
    fn nobody_answers_in_time() {
        let silent = full("127.0.0.1:0").unwrap();
        let address = silent.0.local_addr().unwrap();
        let watch = Watch::new(Some(Duration::from_millis(20)), None);
        let (cause, at) = connect(&[address, address], &watch).map(drop).unwrap_err();
        assert!(matches!(cause, Cause::TimedOut(limit) if limit.as_millis() == 20));
        assert_eq!(at, address);
    }

    #[test]
    fn families_take_turns() {
        let read = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<SocketAddr>>();
        for (given, expected) in [
            (
                &["[::1]:1", "[::2]:1", "1.1.1.1:1", "2.2.2.2:1"][..],
                &["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1"][..],
            ),
            (&["1.1.1.1:1", "[::1]:1", "[::2]:1"], &["1.1.1.1:1", "[::1]:1", "[::2]:1"]),
            (&["1.1.1.1:1", "2.2.2.2:1"], &["1.1.1.1:1", "2.2.2.2:1"]),
            (&[], &[]),
        ] {
            assert_eq!(interleaved(&read(given)), read(expected));
        }
        let many: Vec<SocketAddr> = (0..100).map(|number| SocketAddr::from(([10, 0, 0, number], 1))).collect();
        assert_eq!(interleaved(&many).len(), MAX_ADDRESSES);
    }
}
