//! A protocol that is not HTTP, over each kind of stream: lines that come back. So the order of the loop is seen to hold
//! whatever is spoken.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown as Direction, TcpStream};
use std::thread;

use embassy_net::StackResources;
use embassy_net::tcp::TcpSocket;
use embassy_net_driver_channel as channel;
use embedded_io::ErrorKind;
use embedded_io_async::Write;
use wirenut::readiness::Standing;
use wirenut::time::{Duration, Instant};
use wirenut::transport::{Disposition, Environment, Progress, Protocol};
use wirenut_embedded_io::blocking::{Sequential, converse as converse_blocking};
use wirenut_embedded_io::{
    Buffers, Clock, EmbassyTimer, Endpoint, Operation, Shutdown, StreamError, SystemClock, Tcp, TokioStream,
    TokioTimer, converse,
};

use crate::blocking::Blocking;
use crate::embassy_net::{SOCKETS, carry, stack};
use crate::world::{World, join, read_to_end, run, wire};

/// How long a peer may take nothing, or linger.
const TIME: Duration = Duration::from_secs(3);

/// Sends each whole line back. `close` ends the connection behind it, `abort` resets it.
#[derive(Default)]
struct Echo {
    now: Instant,
    /// When its time is over.
    until: Option<Instant>,
    ending: Option<Disposition>,
    is_lost: bool,
}

impl Protocol for Echo {
    fn drive(&mut self, input: &[u8], _: &mut [u8], output: &mut [u8]) -> Progress {
        match self.ending {
            Some(Disposition::ShutdownWrite) => return Progress { taken: input.len(), written: 0 },
            Some(_) => return Progress::default(),
            None => {}
        }
        let line = input.split_inclusive(|&byte| byte == b'\n').next().filter(|line| line.ends_with(b"\n"));
        let Some(line) = line.filter(|line| line.len() <= output.len()) else {
            return self.spill(input, output);
        };
        self.ending = match line {
            b"close\n" => Some(Disposition::ShutdownWrite),
            b"abort\n" => Some(Disposition::Abort),
            _ => None,
        };
        output[..line.len()].copy_from_slice(line);
        Progress { taken: line.len(), written: line.len() }
    }

    fn handle_eof(&mut self) {
        if matches!(self.ending, None | Some(Disposition::ShutdownWrite)) {
            self.ending = Some(Disposition::Close);
        }
    }

    fn handle_sent(&mut self, _: usize, left: usize) {
        let is_waiting = left > 0 || self.ending == Some(Disposition::ShutdownWrite);
        self.until = is_waiting.then(|| self.now.saturating_add(TIME));
    }

    fn handle_timeout(&mut self) {
        if self.until.is_some_and(|until| until <= self.now) {
            self.until = None;
            let lingers = self.ending == Some(Disposition::ShutdownWrite);
            self.ending = Some(if lingers { Disposition::Close } else { Disposition::Cut });
        }
    }

    fn handle_reset(&mut self) {
        assert!(!self.is_lost, "told twice");
        self.is_lost = true;
        self.ending = Some(Disposition::Cut);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.until
    }

    fn is_readable(&self) -> bool {
        matches!(self.ending, None | Some(Disposition::ShutdownWrite))
    }

    fn standing(&self) -> Standing {
        Standing::Busy
    }

    fn disposition(&self) -> Disposition {
        self.ending.unwrap_or(Disposition::Open)
    }
}

impl Echo {
    /// A line waits in the buffer until all of it has come; one that fills the buffer goes back in pieces.
    fn spill(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        let count = if input.len() < output.len() { 0 } else { output.len() };
        output[..count].copy_from_slice(&input[..count]);
        Progress { taken: count, written: count }
    }
}

impl Endpoint for Echo {
    fn with<R>(&mut self, now: Instant, _: &Environment<'_>, call: impl FnOnce(&mut dyn Protocol) -> R) -> R {
        self.now = now;
        call(self)
    }
}

const SIZE: usize = 64;

fn in_memory(cut: usize, said: &[u8], has_end: bool) -> (Result<(), StreamError<ErrorKind>>, Vec<u8>, End) {
    let world = World::default();
    let (mut here, mut there) = wire(1000);
    here.reader.most = cut;
    here.writer.most = cut;
    here.writer.flushes = true;
    let mut echo = Echo::default();
    let (mut input, mut output) = ([0; SIZE], [0; SIZE]);
    let buffers = Buffers { input: &mut input, store: &mut [], output: &mut output };
    let spoken = converse(&mut here, &mut echo, buffers, &world, &());
    let heard = async {
        // It may end in the middle.
        let _ = there.writer.write_all(said).await;
        if has_end {
            there.writer.shutdown_write().await.expect("open");
        }
        read_to_end(&mut there.reader).await
    };
    let (outcome, (bytes, end)) = run(&world, join(spoken, heard));
    // Nothing but the time to linger is ever waited for.
    let is_lingering = said.starts_with(b"one\nclose") && !has_end;
    assert_eq!(world.now().saturating_since(Instant::START), if is_lingering { TIME } else { Duration::default() });
    (outcome, bytes, end)
}

/// How the peer sees the end.
type End = Result<(), ErrorKind>;

/// What is said, whether an end follows, what comes back, and how that ends.
type Talk = (&'static [u8], bool, &'static [u8], End);

const TALKS: &[Talk] = &[
    (b"one\ntwo\nth", true, b"one\ntwo\n", Ok(())),
    (b"one\nclose\n", true, b"one\nclose\n", Ok(())),
    // It lingers, and throws away what comes.
    (b"one\nclose\nmore and more and more", false, b"one\nclose\n", Ok(())),
    (b"one\ntwo\nabort\nthree\n", false, b"one\ntwo\nabort\n", Err(ErrorKind::ConnectionReset)),
];

#[test]
fn lines_come_back_in_memory_in_any_cut() {
    for &(said, has_end, expected, end) in TALKS {
        for cut in 1..=said.len() {
            let (outcome, heard, ended) = in_memory(cut, said, has_end);
            assert_eq!((outcome, &heard[..], ended), (Ok(()), expected, end), "{} cut {cut}", said.escape_ascii());
        }
    }
    // Longer than any buffer.
    let long = [&[b'x'; 500][..], b"\n"].concat();
    assert_eq!(in_memory(7, &long, true), (Ok(()), long, Ok(())));
}

#[test]
fn a_peer_that_reads_nothing_is_cut_off_in_memory() {
    let world = World::default();
    let (mut here, mut there) = wire(10);
    let mut echo = Echo::default();
    let (mut input, mut output) = ([0; SIZE], [0; SIZE]);
    let buffers = Buffers { input: &mut input, store: &mut [], output: &mut output };
    let said = async {
        let _ = there.writer.write_all(&b"0123456\n".repeat(20)).await;
    };
    let (outcome, ()) = run(&world, join(converse(&mut here, &mut echo, buffers, &world, &()), said));
    assert_eq!((outcome, echo.ending), (Ok(()), Some(Disposition::Cut)));
    assert_eq!(world.now().saturating_since(Instant::START), TIME);
    assert_eq!(run(&world, read_to_end(&mut there.reader)).1, Err(ErrorKind::ConnectionReset));
}

#[test]
fn a_stream_that_fails_is_told_once() {
    let world = World::default();
    let (mut here, mut there) = wire(1000);
    let mut echo = Echo::default();
    let (mut input, mut output) = ([0; SIZE], [0; SIZE]);
    let buffers = Buffers { input: &mut input, store: &mut [], output: &mut output };
    let said = async {
        there.writer.write_all(b"one\n").await.expect("room");
        there.writer.abort().await;
    };
    let (outcome, ()) = run(&world, join(converse(&mut here, &mut echo, buffers, &world, &()), said));
    assert_eq!(outcome, Err(StreamError::Failed(Operation::Read, ErrorKind::ConnectionReset)));
    assert!(echo.is_lost);
}

/// Has a peer talk over a socket of the system, and compares. A reset is told once: to who reads, or to who still writes.
fn talk(mut peer: TcpStream, said: &[u8], has_end: bool, expected: &[u8], end: Result<(), ErrorKind>) {
    let sent = said.chunks(3).try_for_each(|piece| peer.write_all(piece));
    if has_end {
        peer.shutdown(Direction::Write).expect("a peer");
    }
    let mut heard = Vec::new();
    let ended = sent.and(peer.read_to_end(&mut heard).map(drop)).map_err(|error| error.kind());
    assert_eq!(heard, expected);
    assert_eq!(ended.is_err(), end.is_err(), "{ended:?}");
}

/// Two ends, and the time that the other one may take.
fn pair() -> (TcpStream, TcpStream) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let peer = TcpStream::connect(listener.local_addr().expect("an address")).expect("a server");
    peer.set_read_timeout(Some(core::time::Duration::from_secs(20))).expect("a socket");
    (listener.accept().expect("a connection").0, peer)
}

/// On each kind of stream that blocks.
fn over_std(resets: bool, serve: impl Fn(TcpStream) -> io::Result<()> + Sync) {
    for &(said, has_end, expected, end) in TALKS {
        let (here, peer) = pair();
        thread::scope(|scope| {
            let served = scope.spawn(|| serve(here));
            talk(peer, said, has_end, expected, if resets { end } else { Ok(()) });
            served.join().expect("no panic").expect("a good end");
        });
    }
}

#[test]
fn lines_come_back_over_sockets_that_say_whether_they_are_ready() {
    over_std(true, |stream| {
        let (mut socket, clock) = (Tcp::new(stream)?, SystemClock::new());
        let (mut input, mut output) = ([0; SIZE], [0; SIZE]);
        let buffers = Buffers { input: &mut input, store: &mut [], output: &mut output };
        let wait = |socket: &mut Tcp, wanted| socket.wait(wanted, &clock);
        converse_blocking(&mut socket, &mut Echo::default(), buffers, &clock, wait).map_err(io::Error::other)
    });
}

#[test]
fn lines_come_back_over_sockets_that_only_block() {
    // This kind of stream knows no reset.
    over_std(false, |stream| {
        // So the time to linger is looked at, although reads block; but a busy machine may stall for so long as a short one lasts.
        stream.set_read_timeout(Some(core::time::Duration::from_secs(2)))?;
        let (mut socket, clock) = (Sequential(Blocking(stream)), SystemClock::new());
        let (mut input, mut output) = ([0; SIZE], [0; SIZE]);
        let buffers = Buffers { input: &mut input, store: &mut [], output: &mut output };
        converse_blocking(&mut socket, &mut Echo::default(), buffers, &clock, |_, _| {}).map_err(io::Error::other)
    });
}

#[test]
fn lines_come_back_over_tokio() {
    for &(said, has_end, expected, end) in TALKS {
        let (here, peer) = pair();
        thread::scope(|scope| {
            scope.spawn(|| talk(peer, said, has_end, expected, end));
            crate::tokio::run(async {
                here.set_nonblocking(true).expect("a socket");
                let mut stream = TokioStream::new(tokio::net::TcpStream::from_std(here).expect("a socket"));
                let (mut input, mut output) = ([0; SIZE], [0; SIZE]);
                let buffers = Buffers { input: &mut input, store: &mut [], output: &mut output };
                let (mut echo, timer) = (Echo::default(), TokioTimer::new());
                converse(&mut stream, &mut echo, buffers, &timer, &()).await.expect("a good end");
            });
        });
    }
}

/// Lets a peer talk over embassy-net. What came back, and whether that had a good end.
async fn over_embassy(said: &[u8], has_end: bool) -> (Vec<u8>, bool) {
    let (mut state, mut resources) = (channel::State::new(), StackResources::<SOCKETS>::new());
    let (wire, server, mut server_runner) = stack(1, &mut state, &mut resources);
    let (mut state, mut resources) = (channel::State::new(), StackResources::<SOCKETS>::new());
    let (other_wire, client, mut client_runner) = stack(2, &mut state, &mut resources);
    let (_, mut server_in, mut server_out) = wire.split();
    let (_, mut client_in, mut client_out) = other_wire.split();
    let speak = async {
        let (mut received, mut sent) = ([0; 256], [0; 256]);
        let mut socket = TcpSocket::new(server, &mut received, &mut sent);
        socket.accept(80).await.expect("a connection");
        let (mut input, mut output) = ([0; SIZE], [0; SIZE]);
        let buffers = Buffers { input: &mut input, store: &mut [], output: &mut output };
        converse(&mut socket, &mut Echo::default(), buffers, &EmbassyTimer, &()).await.expect("a good end");
    };
    let talk = async {
        let (mut received, mut sent) = ([0; 256], [0; 256]);
        let mut socket = TcpSocket::new(client, &mut received, &mut sent);
        socket.connect((core::net::Ipv4Addr::new(10, 0, 0, 1), 80)).await.expect("a server");
        socket.write_all(said).await.expect("a server");
        if has_end {
            socket.close();
        }
        let (mut heard, mut piece) = (Vec::new(), [0; 100]);
        loop {
            match socket.read(&mut piece).await {
                Ok(0) => return (heard, true),
                Ok(count) => heard.extend(&piece[..count]),
                Err(_) => return (heard, false),
            }
        }
    };
    let both = async { tokio::join!(speak, talk).1 };
    tokio::select! {
        heard = both => heard,
        _ = carry(&mut server_out, &mut client_in) => unreachable!(),
        _ = carry(&mut client_out, &mut server_in) => unreachable!(),
        () = async { server_runner.run().await } => unreachable!(),
        () = async { client_runner.run().await } => unreachable!(),
    }
}

#[test]
fn lines_come_back_over_embassy_net() {
    for &(said, has_end, expected, end) in TALKS {
        crate::tokio::run(async {
            let (heard, is_good) = over_embassy(said, has_end).await;
            assert_eq!((&heard[..], is_good), (expected, end.is_ok()), "{}", said.escape_ascii());
        });
    }
}
