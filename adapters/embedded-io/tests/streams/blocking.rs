//! Streams that block: in memory, where they lie about readiness, and sockets of the standard library.

use core::cell::Cell;
use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown as Direction, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write, WriteReady};
use wirenut::http::{self, Limits, Method, Request, Rule};
use wirenut::time::Instant;
use wirenut_embedded_io::blocking::{Client, Sequential, Shutdown, Wanted};
use wirenut_embedded_io::{Error, Server, SystemClock, Tcp};
use wirenut_reference::{DEVICE_LIMITS, MemoryDevice, Reference, pattern_byte};

use crate::space::Space;
use crate::watched::Watched;

/// What a line says of its readiness.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Says {
    /// The truth.
    Truth,
    /// That it is ready every time; then an operation times out.
    Always,
    /// That it is not.
    Never,
}

/// A line that delivers so many bytes each second, and takes all.
struct Line<'c> {
    clock: &'c Cell<Instant>,
    incoming: &'static [u8],
    /// Whose next bytes come then.
    ready_at: Instant,
    says: Says,
    /// It stays open behind its bytes.
    stalls: bool,
    taken: Vec<u8>,
    is_shut: bool,
    aborts: usize,
}

impl<'c> Line<'c> {
    const fn new(clock: &'c Cell<Instant>, incoming: &'static [u8], says: Says) -> Self {
        Self {
            clock,
            incoming,
            ready_at: Instant::START,
            says,
            stalls: false,
            taken: Vec::new(),
            is_shut: false,
            aborts: 0,
        }
    }

    fn is_ready(&self) -> bool {
        self.clock.get() >= self.ready_at && self.says != Says::Never
    }
}

impl ErrorType for Line<'_> {
    type Error = ErrorKind;
}

impl Read for Line<'_> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        if !self.is_ready() {
            return Err(ErrorKind::TimedOut);
        }
        let count = 10.min(buf.len()).min(self.incoming.len());
        let (front, rest) = self.incoming.split_at(count);
        buf[..count].copy_from_slice(front);
        self.incoming = rest;
        self.ready_at = self.clock.get().saturating_add(wirenut::time::Duration::from_secs(1));
        Ok(count)
    }
}

impl Write for Line<'_> {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        assert!(!self.is_shut, "written behind the end");
        if !self.is_ready() {
            return Err(ErrorKind::TimedOut);
        }
        self.taken.extend(&buf[..7.min(buf.len())]);
        Ok(7.min(buf.len()))
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

impl ReadReady for Line<'_> {
    fn read_ready(&mut self) -> Result<bool, ErrorKind> {
        let is_silent = self.stalls && self.incoming.is_empty();
        Ok(self.says == Says::Always || (self.is_ready() && !is_silent))
    }
}

impl WriteReady for Line<'_> {
    fn write_ready(&mut self) -> Result<bool, ErrorKind> {
        Ok(self.says == Says::Always || self.is_ready())
    }
}

impl Shutdown for Line<'_> {
    fn shutdown_write(&mut self) -> Result<(), ErrorKind> {
        self.is_shut = true;
        Ok(())
    }

    fn abort(&mut self) {
        self.aborts += 1;
    }
}

const ECHO: &[u8] = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n01234567890123456789";

/// Each wait lasts a second, or until the deadline.
fn wait(clock: &Cell<Instant>, wanted: Wanted) {
    let second = clock.get().saturating_add(wirenut::time::Duration::from_secs(1));
    assert!(wanted.reads || wanted.writes || wanted.until.is_some(), "nothing is waited for");
    clock.set(wanted.until.map_or(second, |until| until.min(second)));
}

fn serve(line: &mut Line<'_>, service: &Watched) -> Result<(), Error<ErrorKind>> {
    let mut space = Space::<2048, 512>::new();
    let connection = Server::new(&DEVICE_LIMITS, space.buffers());
    let clock = line.clock;
    connection.serve_blocking(line, service, &|| clock.get(), |_, wanted| wait(clock, wanted))
}

/// Asks over a line. The content of the answer.
fn ask(line: &mut Line<'_>) -> Result<Vec<u8>, Error<ErrorKind>> {
    let mut space = Space::<2048, 512>::new();
    let clock = line.clock;
    let (now, wait) = (|| clock.get(), |_: &mut Line<'_>, wanted| wait(clock, wanted));
    let mut client = Client::new(line, &now, wait, &DEVICE_LIMITS, space.buffers());
    client.send(&Request::new(Method::Put, "/", "a").with_length(4), &b"full"[..], |_| ())?;
    let (mut content, mut piece) = (Vec::new(), [0; 20]);
    loop {
        match client.read(&mut piece)? {
            0 => break,
            count => content.extend(&piece[..count]),
        }
    }
    client.close()?;
    Ok(content)
}

#[test]
fn a_slow_line_is_served_whether_it_tells_the_truth_or_not() {
    for says in [Says::Truth, Says::Always] {
        let (clock, service) = (Cell::default(), Watched::default());
        let mut line = Line::new(&clock, ECHO, says);
        assert_eq!(serve(&mut line, &service), Ok(()), "{says:?}");
        assert!(line.taken.ends_with(b"\r\n\r\n01234567890123456789"));
        assert!(line.is_shut && line.aborts == 0);
        assert_eq!(service.closed(), [Ok(())]);
    }
}

#[test]
fn a_line_that_is_never_ready_is_ended_by_its_deadline() {
    let (clock, service) = (Cell::default(), Watched::default());
    let mut line = Line::new(&clock, ECHO, Says::Never);
    // Nothing of a request came, so there is nobody to answer.
    assert_eq!(serve(&mut line, &service), Ok(()));
    assert_eq!((clock.get().as_micros(), line.taken.len()), (DEVICE_LIMITS.head.as_micros(), 0));
}

#[test]
fn a_line_that_stalls_in_the_content_is_too_slow() {
    let (clock, service) = (Cell::default(), Watched::default());
    let mut line = Line { stalls: true, ..Line::new(&clock, &ECHO[..60], Says::Truth) };
    let outcome = serve(&mut line, &service);
    let rule = Rule::BodyTimeout;
    assert!(matches!(outcome, Err(Error::Protocol(http::Error { rule: broken, .. })) if broken == rule), "{outcome:?}");
    assert_eq!((service.closed().len(), line.aborts), (1, 1));
}

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n01234567890123456789";

#[test]
fn a_client_asks_over_a_slow_line_whether_it_tells_the_truth_or_not() {
    for says in [Says::Truth, Says::Always] {
        let clock = Cell::default();
        let mut line = Line::new(&clock, ANSWER, says);
        assert_eq!(ask(&mut line), Ok(b"01234567890123456789".to_vec()), "{says:?}");
        assert!(line.taken.ends_with(b"\r\n\r\nfull"));
        assert!(line.is_shut && line.aborts == 0);
    }
}

#[test]
fn a_client_leaves_a_line_that_is_never_ready_or_stalls_by_its_deadline() {
    let clock = Cell::default();
    for (line, rule) in [
        (Line::new(&clock, ANSWER, Says::Never), Rule::WriteTimeout),
        (Line { stalls: true, ..Line::new(&clock, &ANSWER[..20], Says::Truth) }, Rule::HeadTimeout),
        (Line { stalls: true, ..Line::new(&clock, &ANSWER[..50], Says::Truth) }, Rule::BodyTimeout),
    ] {
        let mut line = line;
        let asked = ask(&mut line);
        assert!(matches!(asked, Err(Error::Protocol(error)) if error.rule == rule), "{asked:?}");
        assert_eq!(line.aborts, 1);
    }
}

/// Reads that block, until there is something or the end.
pub(crate) struct Blocking(pub(crate) TcpStream);

impl ErrorType for Blocking {
    type Error = std::io::Error;
}

impl Read for Blocking {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buf)
    }
}

impl Write for Blocking {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        self.0.write(buf)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

impl Shutdown for Blocking {
    fn shutdown_write(&mut self) -> std::io::Result<()> {
        self.0.shutdown(Direction::Write)
    }

    fn abort(&mut self) {
        let _ = self.0.shutdown(Direction::Both);
    }
}

/// No answer takes so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// Serves one connection in a thread of its own, while `client` uses the other end.
pub(crate) fn over_sockets<R>(
    serve: impl FnOnce(TcpStream) -> Result<(), Error<std::io::Error>> + Send,
    client: impl FnOnce(TcpStream) -> R,
) -> (R, Result<(), Error<std::io::Error>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::scope(|scope| {
        let server = scope.spawn(move || serve(listener.accept().expect("a connection").0));
        let stream = TcpStream::connect(address).expect("a server");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        let result = client(stream);
        (result, server.join().expect("a server that does not panic"))
    })
}

fn serve_ready(limits: &Limits, stream: TcpStream) -> Result<(), Error<std::io::Error>> {
    let mut space = Space::<2048, 2048>::new();
    let clock = SystemClock::new();
    let connection = Server::new(limits, space.buffers());
    let mut socket = Tcp::new(stream).expect("a socket");
    let service = Reference { device: MemoryDevice::new() };
    connection.serve_blocking(&mut socket, &service, &clock, |socket, wanted| socket.wait(wanted, &clock))
}

fn serve_sequential(stream: TcpStream) -> Result<(), Error<std::io::Error>> {
    let mut space = Space::<2048, 2048>::new();
    let clock = SystemClock::new();
    let connection = Server::new(&DEVICE_LIMITS, space.buffers());
    let service = Reference { device: MemoryDevice::new() };
    connection.serve_blocking(&mut Sequential(Blocking(stream)), &service, &clock, |_, wanted| {
        if let Some(until) = wanted.until {
            thread::sleep(until.saturating_since(wirenut_embedded_io::Clock::now(&clock)).into());
        }
    })
}

/// A peer that reads late: most of the answer waits with the system when the connection is to be reset.
#[test]
fn an_answer_that_waits_with_the_system_arrives_before_a_reset() {
    const LENGTH: usize = 1_000_000;
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let mut client = TcpStream::connect(listener.local_addr().expect("an address")).expect("a server");
    let requests = b"GET /download?bytes=1000000 HTTP/1.1\r\nHost: a\r\n\r\n\
        POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n";
    client.write_all(requests).expect("a server");
    let (stream, _) = listener.accept().expect("a connection");
    let server = thread::spawn(move || serve_ready(&DEVICE_LIMITS, stream));
    thread::sleep(Duration::from_millis(300));
    let mut answers = Vec::new();
    let end = client.read_to_end(&mut answers);
    let served = server.join().expect("no panic");
    assert!(matches!(served, Err(Error::Protocol(_))), "{served:?}");
    assert!(answers.len() > LENGTH && answers.ends_with(b"hello\r\n"), "{} bytes", answers.len());
    assert_eq!(end.expect_err("no good end").kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn sockets_carry_bodies_both_ways_and_end_in_order() {
    let requests = "GET /slow?ms=20 HTTP/1.1\r\nHost: a\r\n\r\n\
        POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n";
    let last = "GET /download?bytes=300000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let client = |mut stream: TcpStream| {
        stream.write_all(requests.as_bytes()).expect("a server");
        stream.write_all(&vec![b'x'; 300_000]).expect("a server");
        stream.write_all(last.as_bytes()).expect("a server");
        let mut answers = Vec::new();
        stream.read_to_end(&mut answers).expect("an end");
        answers
    };
    let ready = over_sockets(|stream| serve_ready(&DEVICE_LIMITS, stream), client);
    for (answers, served) in [ready, over_sockets(serve_sequential, client)] {
        served.expect("a good end");
        let start = answers.len() - 300_000;
        assert!((0..300_000).map(pattern_byte).eq(answers[start..].iter().copied()));
        let heads = String::from_utf8_lossy(&answers[..start]).into_owned();
        assert!(heads.contains("done\n") && heads.contains("\"length\":300000"), "{heads}");
        assert!(heads.contains("Date: "), "{heads}");
    }
}

#[test]
fn a_silent_peer_is_left_by_its_deadline_although_reads_block() {
    let limits = Limits { head: wirenut::time::Duration::from_millis(50), ..DEVICE_LIMITS };
    let (begun, has_begun) = mpsc::channel();
    let (got, served) = over_sockets(
        move |stream| {
            // Whoever has not begun when the time is over gets no answer.
            has_begun.recv().expect("a client");
            serve_ready(&limits, stream)
        },
        |mut stream| {
            stream.write_all(b"GET / HT").expect("a server");
            begun.send(()).expect("a server");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).map(|_| answer)
        },
    );
    assert!(got.expect("an answer").starts_with("HTTP/1.1 408 "));
    assert!(matches!(served, Err(Error::Protocol(error)) if error.rule == Rule::HeadTimeout));
}

#[test]
fn an_answer_that_is_cut_off_is_reset() {
    let limits = Limits {
        write: wirenut::time::Pace { grace: wirenut::time::Duration::from_millis(50), ..DEVICE_LIMITS.write },
        ..DEVICE_LIMITS
    };
    let (ended, has_ended) = mpsc::channel();
    let (end, served) = over_sockets(
        move |stream| {
            let served = serve_ready(&limits, stream);
            ended.send(()).expect("a client");
            served
        },
        |mut stream| {
            stream.write_all(b"GET /download?bytes=1000000000 HTTP/1.1\r\nHost: a\r\n\r\n").expect("a server");
            // It takes nothing until the server has lost its patience.
            has_ended.recv_timeout(PATIENCE).expect("an end");
            std::io::copy(&mut stream, &mut std::io::sink())
        },
    );
    assert_eq!(end.expect_err("no good end").kind(), std::io::ErrorKind::ConnectionReset);
    assert!(matches!(served, Err(Error::Protocol(error)) if error.rule == Rule::WriteTimeout));
}

#[test]
fn a_client_fetches_more_than_its_buffers_hold() {
    let (length, served) = over_sockets(
        |stream| serve_ready(&DEVICE_LIMITS, stream),
        |stream| {
            let mut space = Space::<2048, 256>::new();
            let (mut socket, clock) = (Tcp::new(stream).expect("a socket"), SystemClock::new());
            let wait = |socket: &mut Tcp, wanted| socket.wait(wanted, &clock);
            let mut client = Client::new(&mut socket, &clock, wait, &DEVICE_LIMITS, space.buffers());
            let setting = Request::new(Method::Put, "/setting", "a").with_length(2);
            assert_eq!(client.send(&setting, &b"23"[..], |head| head.status.code()).expect("an answer"), 204);
            let request = Request::new(Method::Get, "/download?bytes=500000", "a");
            // What there is of the answer before must be read, though it is nothing.
            assert_eq!(client.read(&mut [0; 10]).expect("an end"), 0);
            assert_eq!(client.send(&request, &[][..], |head| head.status.code()).expect("an answer"), 200);
            let (mut length, mut piece) = (0, [0; 300]);
            loop {
                match client.read(&mut piece).expect("content") {
                    0 => break,
                    count => length += count,
                }
            }
            assert!(client.connection().is_idle());
            client.close().expect("a good end");
            length
        },
    );
    assert_eq!(length, 500_000);
    served.expect("a good end");
}
