//! A transport over a socket that holds bytes in both directions, as TLS does: nothing that it holds is forgotten.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;

use wirenut::readiness::{Event, Interest, Poller, Readiness, Token};
use wirenut::transport::Disposition;
use wirenut_linux::connection::{Connection, Failed, Flushed, Memory, Next, Transport, no_transfer};
use wirenut_linux::poller::Poll;
use wirenut_linux::socket::{Mode, Received, UnixStream};

use crate::echo::{Echo, LINE};

/// Receives all that is there, and gives some of it at a time; takes all that is sent, and sends some of it at a time.
struct Holding {
    socket: UnixStream,
    /// What must come, and be thrown away, before anything is said.
    greeting: usize,
    received: Vec<u8>,
    has_ended: bool,
    unsent: Vec<u8>,
    is_ending: bool,
    is_closed: bool,
}

const GIVEN: usize = 7;
const SENT: usize = 5;

impl Transport for &mut Holding {
    fn prepare(&mut self) -> Result<Option<Interest>, Failed> {
        let mut bytes = [0; 100];
        while self.greeting > 0 {
            let most = self.greeting.min(2);
            match Transport::recv(&mut &self.socket, &mut bytes[..most])? {
                Received::Data(count) => self.greeting -= count,
                Received::WouldBlock => return Ok(Some(Interest::READABLE)),
                Received::End => return Err(Failed),
            }
        }
        Ok(None)
    }

    fn recv(&mut self, into: &mut [u8]) -> Result<Received, Failed> {
        let mut bytes = [0; 1000];
        match Transport::recv(&mut &self.socket, &mut bytes)? {
            Received::Data(count) => self.received.extend_from_slice(&bytes[..count]),
            Received::End => self.has_ended = true,
            Received::WouldBlock => {}
        }
        let count = self.received.len().min(GIVEN).min(into.len());
        into[..count].copy_from_slice(&self.received[..count]);
        self.received.drain(..count);
        Ok(match count {
            0 if self.has_ended => Received::End,
            0 => Received::WouldBlock,
            count => Received::Data(count),
        })
    }

    fn holds_unread(&mut self) -> bool {
        !self.received.is_empty() || self.has_ended
    }

    fn send(&mut self, bytes: &[u8]) -> Result<usize, Failed> {
        assert!(self.unsent.is_empty() && self.greeting == 0 && !self.is_ending);
        self.unsent.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn held(&mut self) -> usize {
        self.unsent.len()
    }

    fn flush(&mut self) -> Result<Option<Flushed>, Failed> {
        if self.unsent.is_empty() {
            return Ok(None);
        }
        let count = self.unsent.len().min(SENT);
        let sent = Transport::send(&mut &self.socket, &self.unsent[..count])?;
        self.unsent.drain(..sent);
        if self.unsent.is_empty() && self.is_ending {
            self.socket.shutdown(Shutdown::Write).unwrap();
        }
        Ok(Some(Flushed { sent, held: self.unsent.len() }))
    }

    fn shutdown_write(&mut self) {
        self.unsent.extend_from_slice(b"the end");
        self.is_ending = true;
    }

    fn close(&mut self) {
        if !self.is_ending && self.greeting == 0 {
            Transport::send(&mut &self.socket, b"the end").unwrap();
        }
        self.is_closed = true;
    }

    fn untaken_bytes(&mut self) -> u64 {
        self.unsent.len() as u64
    }

    fn set_low_water_mark(&mut self) -> bool {
        false
    }
}

/// Serves lines until the connection is over.
fn serve(transport: &mut Holding, echo: &mut Echo) -> Next {
    let (mut connection, mut poller) = (Connection::new(), Poll::new());
    let (mut input, mut store, mut output, mut leftover) = ([0; 1000], [0; LINE], [0; 64], None);
    poller.register(transport.socket.as_fd(), Token(0), connection.interest()).unwrap();
    let mut event = None;
    loop {
        let before = connection.interest();
        let memory = Memory { input: &mut input, store: &mut store, output: &mut output, leftover: &mut leftover };
        match connection.turn(&mut *transport, event.take(), echo, memory, no_transfer).next {
            Next::Again => continue,
            Next::Wait => {}
            end @ (Next::Close | Next::Reset) => return end,
        }
        if connection.interest() != before {
            poller.modify(transport.socket.as_fd(), Token(0), connection.interest()).unwrap();
        }
        let _ = poller.wait(Some(wirenut::time::Duration::from_secs(20))).unwrap();
        event = Some(poller.next_event().expect("something was forgotten"));
    }
}

fn pair(greeting: usize) -> (UnixStream, Holding) {
    let (peer, socket) = UnixStream::pair().unwrap();
    socket.set_mode(Mode::NonBlocking).unwrap();
    let (received, unsent) = (Vec::new(), Vec::new());
    (peer, Holding { socket, greeting, received, has_ended: false, unsent, is_ending: false, is_closed: false })
}

#[test]
fn nothing_that_is_held_is_forgotten() {
    let lines = b"one\ntwo\nthree\n".repeat(9);
    for ends_first in [true, false] {
        let (peer, mut transport) = pair(5);
        (&peer).write_all(b"hello").unwrap();
        (&peer).write_all(&lines).unwrap();
        (&peer).write_all(b"close\n").unwrap();
        if ends_first {
            peer.shutdown(Shutdown::Write).unwrap();
        }
        let back = std::thread::scope(|scope| {
            let reading = scope.spawn(move || {
                let mut back = Vec::new();
                (&peer).read_to_end(&mut back).unwrap();
                drop(peer);
                back
            });
            let mut echo = Echo::NEW;
            assert_eq!(serve(&mut transport, &mut echo), Next::Close);
            assert!(transport.is_closed && transport.unsent.is_empty() && transport.is_ending != ends_first);
            drop(transport);
            reading.join().unwrap()
        });
        assert_eq!(back, [&lines[..], b"close\nthe end"].concat());
    }
}

#[test]
fn who_is_not_prepared_ends_without_a_word() {
    for (disposition, next) in [(Disposition::Close, Next::Close), (Disposition::Abort, Next::Reset)] {
        let (_peer, mut transport) = pair(5);
        let mut echo = Echo { disposition, ..Echo::NEW };
        let mut connection = Connection::new();
        let (mut input, mut leftover) = ([0; 10], None);
        let memory = Memory { input: &mut input, store: &mut [], output: &mut [], leftover: &mut leftover };
        let readable = Event { token: Token(0), readiness: Readiness::READABLE };
        assert_eq!(connection.turn(&mut transport, Some(readable), &mut echo, memory, no_transfer).next, next);
        assert_eq!(transport.is_closed, next == Next::Close);
    }
}
