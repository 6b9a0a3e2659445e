//! Messages of the core's framing over each kind of stream: in memory, a pair of pipes, a socket that blocks, tokio.

use std::io::{self, PipeReader, PipeWriter, Read as _, Write as _};
use std::net::{Shutdown as Direction, TcpListener, TcpStream};
use std::thread;

use embedded_io::{ErrorKind, ErrorType};
use embedded_io_async::Write as _;
use wirenut::framing::{
    Frames, Lines, MessageConnection, MessageHandler, MessageLimits, Next, Outbox, Skipped, Slip, Trailer,
};
use wirenut::time::{Duration, Instant};
use wirenut_embedded_io::blocking::{Sequential, Shutdown, converse as converse_blocking};
use wirenut_embedded_io::{Buffers, Clock, SystemClock, Tcp, TokioStream, TokioTimer, Whole, converse};

use crate::world::{World, join, read_to_end, run, wire};

/// The longest message, in each of these.
const STORE: usize = 32;

/// Answers each message by the same with a mark, and closes behind "bye".
#[derive(Default)]
struct Marked {
    skipped: Vec<Skipped>,
}

impl MessageHandler for Marked {
    const ROOM: usize = 80;

    fn message(&mut self, message: &[u8], outbox: &mut Outbox<'_>) -> Next {
        let answer = [message, b"!"].concat();
        match outbox.send(&answer) {
            Ok(()) if message != b"bye" => Next::More,
            Ok(()) | Err(_) => Next::Close,
        }
    }

    fn skipped(&mut self, skipped: Skipped) {
        self.skipped.push(skipped);
    }
}

type OfLines = Whole<MessageConnection<Lines, Marked>>;

const LIMITS: MessageLimits = MessageLimits {
    message: Duration::from_secs(2),
    idle: Duration::from_secs(9),
    write: Duration::from_secs(4),
    linger: Duration::from_secs(3),
};

fn lines(limits: MessageLimits, now: Instant) -> OfLines {
    Whole(MessageConnection::new(Frames::new(Lines::new()), Marked::default(), limits, now))
}

/// What is said, and what comes back. The peer ends behind it.
const TALKS: &[(&[u8], &[u8])] = &[
    (b"", b""),
    (b"one\ntwo\n", b"one!\ntwo!\n"),
    (b"one\nhalf", b"one!\nhalf!\n"),
    (b"one\r\nbye\nthree\n", b"one!\nbye!\n"),
    (b"a line that is longer than the store of its reader\ntwo\n", b"two!\n"),
];

/// Has a peer say something in memory, cut in pieces, and maybe end. What comes back; how that ends, and when.
fn in_memory(cut: usize, said: &[u8], ends: bool) -> (Vec<u8>, Result<(), ErrorKind>, Duration) {
    let world = World::default();
    let (mut here, mut there) = wire(1000);
    (here.reader.most, here.writer.most) = (cut, cut);
    let mut endpoint = lines(LIMITS, world.now());
    let (mut input, mut store, mut output) = ([0; 16], [0; STORE], [0; 100]);
    let buffers = Buffers { input: &mut input, store: &mut store, output: &mut output };
    let spoken = converse(&mut here, &mut endpoint, buffers, &world, &());
    let heard = async {
        let _ = there.writer.write_all(said).await;
        if ends {
            wirenut_embedded_io::Shutdown::shutdown_write(&mut there.writer).await.expect("open");
        }
        read_to_end(&mut there.reader).await
    };
    let (outcome, (bytes, end)) = run(&world, join(spoken, heard));
    assert_eq!(outcome, Ok(()));
    (bytes, end, world.now().saturating_since(Instant::START))
}

#[test]
fn messages_are_the_same_in_any_cut() {
    for (said, expected) in TALKS {
        for cut in 1..=said.len().max(1) {
            let heard = in_memory(cut, said, true);
            assert_eq!(heard, (expected.to_vec(), Ok(()), Duration::default()), "{} cut {cut}", said.escape_ascii());
        }
    }
}

#[test]
fn deadlines_end_who_stops() {
    for (said, expected, end, seconds) in [
        // Half a message; none at all, and the peer does not end either; nothing behind the last word.
        (&b"one\nha"[..], &b"one!\n"[..], Err(ErrorKind::ConnectionReset), 2),
        (b"one\n", b"one!\n", Ok(()), 9 + 3),
        (b"bye\n", b"bye!\n", Ok(()), 3),
    ] {
        let heard = in_memory(7, said, false);
        assert_eq!(heard, (expected.to_vec(), end, Duration::from_secs(seconds)), "{}", said.escape_ascii());
    }
}

#[test]
fn who_reads_nothing_is_cut_off() {
    let world = World::default();
    let (mut here, mut there) = wire(20);
    let mut endpoint = lines(LIMITS, world.now());
    let (mut input, mut store, mut output) = ([0; 16], [0; STORE], [0; 100]);
    let buffers = Buffers { input: &mut input, store: &mut store, output: &mut output };
    let said = async {
        let _ = there.writer.write_all(&b"0123456\n".repeat(20)).await;
    };
    let (outcome, ()) = run(&world, join(converse(&mut here, &mut endpoint, buffers, &world, &()), said));
    assert_eq!((outcome, world.now().saturating_since(Instant::START)), (Ok(()), LIMITS.write));
    assert_eq!(run(&world, read_to_end(&mut there.reader)).1, Err(ErrorKind::ConnectionReset));
}

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let peer = TcpStream::connect(listener.local_addr().expect("an address")).expect("a server");
    peer.set_read_timeout(Some(core::time::Duration::from_secs(20))).expect("a socket");
    (listener.accept().expect("a connection").0, peer)
}

/// Says something in small pieces, ends, and compares what comes back.
fn talk(mut peer: TcpStream, said: &[u8], expected: &[u8]) {
    for piece in said.chunks(3) {
        peer.write_all(piece).expect("a peer");
    }
    peer.shutdown(Direction::Write).expect("a peer");
    let mut heard = Vec::new();
    peer.read_to_end(&mut heard).expect("a good end");
    assert_eq!(heard.escape_ascii().to_string(), expected.escape_ascii().to_string());
}

#[test]
fn messages_are_spoken_over_sockets_that_block() {
    for (said, expected) in TALKS {
        let (here, peer) = pair();
        let peer = thread::spawn(move || talk(peer, said, expected));
        let (mut socket, clock) = (Tcp::new(here).expect("a socket"), SystemClock::new());
        let mut endpoint = lines(MessageLimits::DEFAULT, clock.now());
        let (mut input, mut store, mut output) = ([0; 16], [0; STORE], [0; 100]);
        let buffers = Buffers { input: &mut input, store: &mut store, output: &mut output };
        let wait = |socket: &mut Tcp, wanted| socket.wait(wanted, &clock);
        converse_blocking(&mut socket, &mut endpoint, buffers, &clock, wait).expect("a good end");
        let skipped = endpoint.0.into_handler().skipped.len();
        assert_eq!(skipped, usize::from(said.starts_with(b"a line that is longer")));
        drop(socket);
        peer.join().expect("it hears what it should");
    }
}

#[test]
fn messages_are_spoken_over_tokio() {
    for (said, expected) in TALKS {
        let (here, peer) = pair();
        let peer = thread::spawn(move || talk(peer, said, expected));
        crate::tokio::run(async {
            here.set_nonblocking(true).expect("a socket");
            let mut stream = TokioStream::new(tokio::net::TcpStream::from_std(here).expect("a socket"));
            let timer = TokioTimer::new();
            let mut endpoint = lines(MessageLimits::DEFAULT, timer.now());
            let (mut input, mut store, mut output) = ([0; 16], [0; STORE], [0; 100]);
            let buffers = Buffers { input: &mut input, store: &mut store, output: &mut output };
            converse(&mut stream, &mut endpoint, buffers, &timer, &()).await.expect("a good end");
        });
        peer.join().expect("it hears what it should");
    }
}

/// Two pipes, one for each direction, as a child process has them.
struct Pipes {
    reader: PipeReader,
    /// Closed at our end.
    writer: Option<PipeWriter>,
}

impl ErrorType for Pipes {
    type Error = io::Error;
}

impl embedded_io::Read for Pipes {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buf)
    }
}

impl embedded_io::Write for Pipes {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.writer.as_mut().ok_or(io::ErrorKind::BrokenPipe)?.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shutdown for Pipes {
    fn shutdown_write(&mut self) -> io::Result<()> {
        self.writer = None;
        Ok(())
    }

    fn abort(&mut self) {
        self.writer = None;
    }
}

/// Frames of SLIP with a checksum, over pipes: what a program does that speaks with a child, or with a serial line.
#[test]
fn frames_are_spoken_over_pipes() {
    let frames = Frames::new(Slip::new()).with_trailer(Trailer::fcs_16());
    let (there, mut tell) = io::pipe().expect("a pipe");
    let (mut hear, back) = io::pipe().expect("a pipe");
    let served = thread::spawn(move || {
        let (mut pipes, clock) = (Sequential(Pipes { reader: there, writer: Some(back) }), SystemClock::new());
        let connection = MessageConnection::new(frames, Marked::default(), MessageLimits::DEFAULT, clock.now());
        let mut endpoint = Whole(connection);
        let (mut input, mut store, mut output) = ([0; 16], [0; STORE], [0; 100]);
        let buffers = Buffers { input: &mut input, store: &mut store, output: &mut output };
        converse_blocking(&mut pipes, &mut endpoint, buffers, &clock, |_, _| {}).expect("a good end");
        endpoint.0.into_handler().skipped.len()
    });
    let encoded = |message: &[u8]| {
        let mut out = [0; 100];
        let length = frames.encode(message, &mut out).expect("room");
        out[..length].to_vec()
    };
    let mut noisy = encoded(b"noise");
    noisy[2] ^= 1;
    for frame in [encoded(b"\xc0one"), noisy, encoded(b"two")] {
        tell.write_all(&frame).expect("it reads");
    }
    drop(tell);
    let mut heard = Vec::new();
    hear.read_to_end(&mut heard).expect("it ends");
    assert_eq!(heard, [encoded(b"\xc0one!"), encoded(b"two!")].concat());
    assert_eq!(served.join().expect("no panic"), 1);
}
