//! Each situation that a source can be in, and what every poller must say of it.

use std::io::{ErrorKind, Read, Write, pipe};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::SendFlags;
use wirenut::time::Duration;
use wirenut_linux::poller::{Interest, Readiness, Token, Waited};

use crate::Tested;

const READ: Interest = Interest::READABLE;
const WRITE: Interest = Interest::WRITABLE;
const URGENT: Interest = Interest::PRIORITY;

/// A source in its situation, and what must stay open meanwhile.
type Made = (OwnedFd, Option<OwnedFd>);

struct Situation {
    name: &'static str,
    make: fn() -> Made,
    asked: Interest,
    /// Readable, writable, urgent: so it is, as far as that was asked for.
    told: &'static str,
    /// What a poller that gives hints must add.
    hint: Readiness,
}

const NO_HINT: Readiness = Readiness::NOTHING;

#[rustfmt::skip]
const SITUATIONS: &[Situation] = &[
    Situation { name: "idle", make: idle, asked: READ, told: "", hint: NO_HINT },
    Situation { name: "idle, not asked to read", make: idle, asked: WRITE, told: "w", hint: NO_HINT },
    Situation { name: "bytes", make: bytes, asked: READ, told: "r", hint: NO_HINT },
    Situation { name: "bytes, not asked for", make: bytes, asked: WRITE, told: "w", hint: NO_HINT },
    Situation { name: "bytes, nothing asked for", make: bytes, asked: Interest::NOTHING, told: "", hint: NO_HINT },
    Situation { name: "full", make: full, asked: WRITE, told: "", hint: NO_HINT },
    Situation { name: "half-closed", make: half_closed, asked: READ, told: "r", hint: Readiness::READ_CLOSED },
    Situation { name: "closed", make: closed, asked: READ, told: "r", hint: Readiness::HANG_UP },
    Situation { name: "pipe without a writer", make: unwritten, asked: READ, told: "r", hint: Readiness::HANG_UP },
    Situation { name: "pipe without a reader", make: unread, asked: WRITE, told: "w", hint: Readiness::ERROR },
    Situation { name: "reset", make: reset, asked: READ, told: "r", hint: Readiness::ERROR },
    Situation { name: "waits to be accepted", make: backlog, asked: READ, told: "r", hint: NO_HINT },
    Situation { name: "out of band", make: out_of_band, asked: URGENT, told: "u", hint: NO_HINT },
];

pub(crate) fn what_is_asked_for_and_so_is_told<P: Tested>() {
    for Situation { name, make, asked, told, hint } in SITUATIONS {
        let mut poller = P::make();
        let (source, _kept) = make();
        poller.register(source.as_fd(), Token(u64::MAX), *asked).unwrap();
        // What comes over TCP may take its time, even here.
        let limit = Duration::from_micros(if told.is_empty() { 0 } else { 5_000_000 });
        let waited = poller.wait(Some(limit)).unwrap();
        assert_eq!(waited, if told.is_empty() { Waited::TimedOut } else { Waited::Ready }, "{name}");
        let Some(event) = poller.next_event() else {
            assert_eq!(*told, "", "{name}");
            continue;
        };
        assert_eq!((event.token, poller.next_event()), (Token(u64::MAX), None), "{name}");
        let asked_and_so =
            [("r", READ, event.is_readable()), ("w", WRITE, event.is_writable()), ("u", URGENT, event.is_priority())];
        let so = asked_and_so.iter().filter(|(_, interest, so)| *so && asked.contains(*interest));
        assert_eq!(so.map(|(letter, _, _)| *letter).collect::<String>(), *told, "{name}: {event:?}");
        let hinted = event.readiness.contains(*hint);
        assert_eq!(hinted, P::GIVES_HINTS || *hint == NO_HINT, "{name}: {event:?}");
        let of_failure = event.is_error() || event.is_hang_up();
        assert!(of_failure || asked.contains(READ) || !event.is_readable(), "{name}: {event:?}");
        assert!(of_failure || asked.contains(WRITE) || !event.is_writable(), "{name}: {event:?}");
    }
}

fn idle() -> Made {
    let (one, other) = UnixStream::pair().unwrap();
    (one.into(), Some(other.into()))
}

fn bytes() -> Made {
    let (one, mut other) = UnixStream::pair().unwrap();
    other.write_all(b"x").unwrap();
    (one.into(), Some(other.into()))
}

fn full() -> Made {
    let (mut one, other) = UnixStream::pair().unwrap();
    one.set_nonblocking(true).unwrap();
    while one.write(&[0; 4096]).is_ok() {}
    (one.into(), Some(other.into()))
}

fn half_closed() -> Made {
    let (one, other) = tcp();
    other.shutdown(Shutdown::Write).unwrap();
    (one.into(), Some(other.into()))
}

fn closed() -> Made {
    let (one, _) = UnixStream::pair().unwrap();
    (one.into(), None)
}

fn unwritten() -> Made {
    (pipe().unwrap().0.into(), None)
}

fn unread() -> Made {
    (pipe().unwrap().1.into(), None)
}

fn reset() -> Made {
    let (one, other) = tcp();
    rustix::net::sockopt::set_socket_linger(&other, Some(core::time::Duration::ZERO)).unwrap();
    drop(other);
    // On loopback a reset has come when the close returns, and an address of the peer is there no longer.
    assert_eq!(one.peer_addr().unwrap_err().kind(), ErrorKind::NotConnected);
    (one.into(), None)
}

fn backlog() -> Made {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let waiting = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (listener.into(), Some(waiting.into()))
}

fn out_of_band() -> Made {
    let (mut one, other) = tcp();
    rustix::net::send(&other, b"nu", SendFlags::OOB).unwrap();
    let mut byte = [0];
    one.read_exact(&mut byte).unwrap();
    (one.into(), Some(other.into()))
}

fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let one = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (one, listener.accept().unwrap().0)
}
