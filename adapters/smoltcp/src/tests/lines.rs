//! A connection of another protocol than HTTP: lines, which are sent back.

use alloc::vec;
use alloc::vec::Vec;

use smoltcp::iface::{Interface, SocketHandle, SocketSet};
use smoltcp::socket::tcp::{Socket, State};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::IpAddress;
use wirenut::readiness::Standing;
use wirenut::transport::{Disposition, Progress, Protocol};

use super::wire::{self, End};
use crate::{Connection, Leaving, clock};

const LINE: usize = 16;
const LINGER: Duration = Duration::from_secs(5);

/// Sends back each line. Behind `close` it says no more; behind `abort` it resets.
struct Echo {
    held: usize,
    disposition: Disposition,
    /// When it closes, if no line comes.
    deadline: Option<Instant>,
    is_reset: bool,
}

impl Protocol for Echo {
    fn drive(&mut self, input: &[u8], line: &mut [u8], output: &mut [u8]) -> Progress {
        if self.disposition != Disposition::Open {
            return Progress { taken: input.len(), written: 0 };
        }
        let taken = input.iter().position(|&byte| byte == b'\n').map_or(input.len(), |end| end + 1);
        let length = self.held + taken;
        let is_whole = input[..taken].ends_with(b"\n");
        if is_whole && length > output.len() {
            return Progress::default();
        }
        line[self.held..length].copy_from_slice(&input[..taken]);
        let written = if is_whole { length } else { 0 };
        output[..written].copy_from_slice(&line[..written]);
        self.held = length - written;
        self.disposition = match &line[..written] {
            b"close\n" => Disposition::ShutdownWrite,
            b"abort\n" => Disposition::Abort,
            _ => Disposition::Open,
        };
        Progress { taken, written }
    }

    fn handle_eof(&mut self) {
        self.disposition = Disposition::Close;
    }

    fn handle_sent(&mut self, _: usize, _: usize) {}

    fn handle_timeout(&mut self) {
        self.deadline = None;
        self.disposition = Disposition::Close;
    }

    fn handle_reset(&mut self) {
        self.is_reset = true;
        self.disposition = Disposition::Cut;
    }

    fn poll_timeout(&self) -> Option<wirenut::time::Instant> {
        self.deadline.map(clock::from_smoltcp)
    }

    fn is_readable(&self) -> bool {
        true
    }

    fn standing(&self) -> Standing {
        Standing::Busy
    }

    fn disposition(&self) -> Disposition {
        self.disposition
    }
}

/// One stack with its end of the wire.
struct Stack {
    end: End,
    interface: Interface,
    sockets: SocketSet<'static>,
    handle: SocketHandle,
}

impl Stack {
    fn new(mut end: End, last: u8, rings: [usize; 2]) -> Self {
        let mut sockets = SocketSet::new(vec![]);
        let handle = sockets.add(wire::socket(rings));
        Self { interface: wire::interface(&mut end, last), end, sockets, handle }
    }

    fn poll(&mut self, now: Instant) {
        self.interface.poll(now, &mut self.end, &mut self.sockets);
    }

    fn socket(&mut self) -> &mut Socket<'static> {
        self.sockets.get_mut(self.handle)
    }
}

/// A peer with ordinary rings, and the echo with small ones.
struct Pair {
    now: Instant,
    ours: Stack,
    peer: Stack,
    echo: Echo,
    connection: Connection,
    leaving: Option<Leaving>,
    line: [u8; LINE],
    is_free: bool,
}

impl Pair {
    /// Connected.
    fn new(rings: [usize; 2]) -> Self {
        let (our_end, peer_end) = wire::wire();
        let mut pair = Self {
            now: Instant::ZERO,
            ours: Stack::new(our_end, 1, rings),
            peer: Stack::new(peer_end, 2, [4096; 2]),
            echo: Echo { held: 0, disposition: Disposition::Open, deadline: None, is_reset: false },
            connection: Connection::new(),
            leaving: None,
            line: [0; LINE],
            is_free: false,
        };
        pair.ours.socket().listen(7).unwrap();
        let Stack { sockets, interface, handle, .. } = &mut pair.peer;
        let socket = sockets.get_mut::<Socket<'_>>(*handle);
        socket.connect(interface.context(), (IpAddress::v4(10, 0, 0, 1), 7), 50_000).unwrap();
        pair.run_ms(5);
        pair
    }

    fn run_ms(&mut self, millis: u64) {
        for _ in 0..millis * 5 {
            self.now += Duration::from_micros(200);
            self.peer.poll(self.now);
            self.ours.poll(self.now);
            let (now, socket) = (self.now, self.ours.sockets.get_mut::<Socket<'_>>(self.ours.handle));
            if let Some(leaving) = &mut self.leaving {
                self.is_free |= leaving.poll(now, socket);
            } else if self.connection.poll(now, socket, &mut self.echo, &mut self.line, &mut [0; LINE]) {
                self.leaving = Some(Leaving::new(now, socket, LINGER));
            }
            self.ours.poll(self.now);
        }
    }

    fn send(&mut self, bytes: &[u8]) {
        assert_eq!(self.peer.socket().send_slice(bytes), Ok(bytes.len()));
    }

    /// All that the peer gets within a while.
    fn receive(&mut self) -> Vec<u8> {
        let mut received = vec![];
        for _ in 0..60 {
            self.run_ms(10);
            let mut piece = [0; 4096];
            let count = self.peer.socket().recv_slice(&mut piece).unwrap_or(0);
            received.extend_from_slice(&piece[..count]);
        }
        received
    }
}

#[test]
fn lines_come_back_in_whatever_pieces_they_come_and_wherever_the_ring_ends() {
    let text = b"one\n\ntwo, longer\nthree\n4\n".repeat(3);
    // Of a receiving ring of one byte, too, and of a sending one that holds no more than a line.
    for rings in [[1, LINE], [7, LINE], [16, 23], [1024, 1024]] {
        for cut in [1, 2, 3, 5, 11, text.len()] {
            let mut pair = Pair::new(rings);
            for piece in text.chunks(cut) {
                pair.send(piece);
                pair.run_ms(2);
            }
            pair.send(b"unfinished");
            assert_eq!(pair.receive(), text, "rings {rings:?}, cut {cut}");
        }
    }
}

#[test]
fn a_peer_that_ends_gets_all_its_lines_first_and_then_our_end() {
    for rings in [[7, LINE], [1024, 1024]] {
        let mut pair = Pair::new(rings);
        let text = b"one\ntwo\nthree\n".repeat(20);
        pair.send(&text);
        pair.send(b"unfinished");
        pair.peer.socket().close();
        assert_eq!(pair.receive(), text);
        assert_eq!((pair.peer.socket().state(), pair.is_free, pair.echo.is_reset), (State::TimeWait, true, false));
    }
}

#[test]
fn the_end_is_told_behind_the_second_piece_of_the_ring() {
    for length in 1..LINE {
        let mut pair = Pair::new([LINE; 2]);
        let first = [&[b'x'; LINE][..length - 1], b"\n"].concat();
        pair.send(&first);
        pair.run_ms(20);
        pair.send(b"0123456789\n");
        pair.peer.socket().close();
        assert_eq!(pair.receive(), [&first[..], b"0123456789\n"].concat(), "behind {length} bytes");
    }
}

#[test]
fn nothing_is_reset_because_of_bytes_behind_our_end() {
    let mut pair = Pair::new([7, LINE]);
    pair.send(b"one\nclose\n");
    pair.send(&[b'x'; 1000]);
    assert_eq!(pair.receive(), b"one\nclose\n");
    assert_eq!((pair.peer.socket().state(), pair.peer.socket().send_queue()), (State::CloseWait, 0));
    pair.peer.socket().close();
    pair.run_ms(300);
    assert_eq!((pair.peer.socket().state(), pair.is_free, pair.echo.is_reset), (State::Closed, true, false));
}

#[test]
fn an_abort_waits_for_the_lines_before_it() {
    let mut pair = Pair::new([64, LINE]);
    // The peer's window stays closed until it reads.
    pair.peer.socket().set_ack_delay(Some(Duration::from_secs(2)));
    pair.send(b"one\ntwo\nabort\nnever\n");
    pair.run_ms(500);
    assert_eq!((pair.peer.socket().state(), pair.leaving.is_none()), (State::Established, true));
    let mut received = pair.receive();
    for _ in 0..9 {
        received.extend(pair.receive());
    }
    assert_eq!(received, b"one\ntwo\nabort\n");
    assert_eq!((pair.peer.socket().state(), pair.is_free), (State::Closed, true));
}

#[test]
fn a_reset_is_told_once_and_frees_the_socket() {
    let mut pair = Pair::new([64, LINE]);
    pair.send(b"one\n");
    pair.run_ms(5);
    pair.peer.socket().abort();
    pair.run_ms(50);
    assert_eq!((pair.echo.is_reset, pair.is_free), (true, true));
}

#[test]
fn whoever_does_not_end_behind_a_close_is_reset_after_the_time_to_linger() {
    let mut pair = Pair::new([64, LINE]);
    pair.echo.deadline = Some(pair.now + Duration::from_secs(1));
    pair.run_ms(999);
    assert_eq!(pair.peer.socket().state(), State::Established);
    pair.run_ms(2);
    assert_eq!(pair.peer.socket().state(), State::CloseWait);
    // What it sends is thrown away meanwhile.
    pair.send(&[b'x'; 1000]);
    pair.run_ms(4_900);
    assert_eq!(
        (pair.peer.socket().state(), pair.peer.socket().send_queue(), pair.is_free),
        (State::CloseWait, 0, false)
    );
    pair.run_ms(200);
    assert_eq!((pair.peer.socket().state(), pair.is_free), (State::Closed, true));
}
