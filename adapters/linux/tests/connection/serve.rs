//! One connection that is served in a thread of its own, and its peer.

use core::time::Duration as Span;
use std::fs::File;
use std::os::fd::AsFd;
use std::thread::{self, JoinHandle};
use std::time::Instant as Clock;

use wirenut::time::{Duration, Instant};
use wirenut::transport::Protocol;
use wirenut_linux::connection::{Connection, Memory, Next};
use wirenut_linux::poller::{Epoll, Poller, Token};
use wirenut_linux::socket::{
    Attempt, ByteStream, Connected, Mode, Received, Socket, TcpListener, TcpStream, UnixStream,
};

use crate::echo::{Echo, LINE};

/// A byte stream of this machine.
pub(crate) trait Stream: ByteStream + Send + Sync + 'static {
    /// An abort is a reset.
    const HAS_RESET: bool;

    /// Two ends that do not wait for ever.
    fn pair() -> (Socket<Self, Connected>, Socket<Self, Connected>)
    where
        Self: Sized;

    /// Closes it by a reset, where there is such a thing.
    fn reset(socket: Socket<Self, Connected>)
    where
        Self: Sized;
}

impl Stream for wirenut_linux::socket::Tcp {
    const HAS_RESET: bool = true;

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind(&"127.0.0.1:0".parse().unwrap()).unwrap();
        let peer = TcpStream::connect(&listener.local_address().unwrap()).unwrap();
        let (socket, _) = listener.accept(Mode::Blocking).unwrap().done().unwrap();
        peer.set_no_delay(true).unwrap();
        (peer, socket)
    }

    fn reset(socket: TcpStream) {
        socket.abort().unwrap();
    }
}

impl Stream for wirenut_linux::socket::Stream {
    const HAS_RESET: bool = false;

    fn pair() -> (UnixStream, UnixStream) {
        UnixStream::pair().unwrap()
    }

    fn reset(_: UnixStream) {}
}

/// How a connection ended, and what it did until then.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) echo: Echo,
    pub(crate) next: Next,
    /// A turn left something.
    pub(crate) has_left: bool,
}

/// Serves the protocol to a peer, whose end is returned.
pub(crate) fn serve<P: Stream>(echo: Echo) -> (Socket<P, Connected>, JoinHandle<Ended>) {
    let (peer, socket) = P::pair();
    socket.set_mode(Mode::NonBlocking).unwrap();
    peer.set_recv_timeout(Some(Span::from_secs(60))).unwrap();
    peer.set_send_timeout(Some(Span::from_secs(60))).unwrap();
    (peer, thread::spawn(move || run(socket, echo)))
}

fn run<P: Stream>(socket: Socket<P, Connected>, mut echo: Echo) -> Ended {
    let (start, mut connection, mut poller) = (Clock::now(), Connection::new(), Epoll::new().unwrap());
    let (mut leftover, mut has_left) = (None, false);
    let (file, mut offset) = (File::open(std::env::current_exe().unwrap()).unwrap(), 0);
    poller.register(socket.as_fd(), Token(0), connection.interest()).unwrap();
    let mut next = Next::Wait;
    while !next.is_end() {
        let limit = match next {
            Next::Again => Some(Duration::default()),
            Next::Wait | Next::Close | Next::Reset => echo.poll_timeout().map(|due| due.saturating_since(echo.now)),
        };
        let _ = poller.wait(limit).unwrap();
        let event = poller.next_event();
        echo.now = Instant::from_micros(u64::try_from(start.elapsed().as_micros()).unwrap());
        if echo.poll_timeout().is_some_and(|due| due <= echo.now) {
            echo.handle_timeout();
        }
        let interest = connection.interest();
        // Nothing is in the buffers that is needed.
        let (mut input, mut store, mut output) = ([b'?'; 1000], [b'?'; LINE], [b'?'; 5000]);
        let memory = Memory { input: &mut input, store: &mut store, output: &mut output, leftover: &mut leftover };
        let turn = connection.turn(&socket, event, &mut echo, memory, |echo, _, length| {
            match socket.send_file(&file, offset, length) {
                Ok(Attempt::Done(moved)) => {
                    offset += moved;
                    echo.transfer = Some(length - moved).filter(|&left| left > 0 && moved > 0);
                    if moved == 0 {
                        echo.disposition = wirenut::transport::Disposition::Abort;
                    }
                    Attempt::Done(moved)
                }
                Ok(Attempt::WouldBlock) => Attempt::WouldBlock,
                Err(_) => {
                    echo.handle_reset();
                    Attempt::Done(0)
                }
            }
        });
        assert_eq!(connection.has_leftover(), leftover.is_some());
        has_left |= leftover.is_some();
        next = turn.next;
        if !next.is_end() && connection.interest() != interest {
            poller.modify(socket.as_fd(), Token(0), connection.interest()).unwrap();
        }
    }
    if next == Next::Reset {
        P::reset(socket);
    }
    Ended { echo, next, has_left }
}

/// All that comes, and whether a reset is behind it.
pub(crate) fn read_all<P: ByteStream>(peer: &Socket<P, Connected>) -> (Vec<u8>, bool) {
    let (mut all, mut bytes) = (Vec::new(), vec![0; 1 << 16]);
    loop {
        match peer.recv(&mut bytes) {
            Ok(Received::Data(count)) => all.extend_from_slice(&bytes[..count]),
            Ok(Received::End) => return (all, false),
            Ok(Received::WouldBlock) => panic!("nothing came for a minute, after {} bytes", all.len()),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return (all, true),
            Err(error) => panic!("{error}"),
        }
    }
}
