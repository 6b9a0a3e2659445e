//! Streams that fail, or lie: the exchange ends once, and the error names the operation. On streams of both kinds, at both
//! ends.

use core::cell::Cell;

use embedded_io::{ErrorKind, ErrorType, ReadReady, WriteReady};
use embedded_io_async::{Read, Write};
use wirenut::http::{self, Method, Request, Rule};
use wirenut::time::Instant;
use wirenut_embedded_io::{Client, Error, Operation, Server, Shutdown, Split, blocking};
use wirenut_reference::DEVICE_LIMITS;

use crate::space::Space;
use crate::watched::Watched;
use crate::world::{End, Reader, World, Writer, join, run, wire};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Flaw {
    Fails,
    /// It fails to tell whether it is ready. (Of streams that block only.)
    IsMute,
    /// Nothing was read, or written, though there was something.
    IsZero,
    /// More than there was, or than there was room for.
    IsMore,
}

/// The `nth` use of an operation is not as it should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Fault {
    operation: Operation,
    nth: usize,
    flaw: Flaw,
}

const fn fault(operation: Operation, nth: usize, flaw: Flaw) -> Fault {
    Fault { operation, nth, flaw }
}

/// A fault, and how often its operation was used.
struct Armed {
    fault: Fault,
    uses: Cell<usize>,
}

impl Armed {
    const fn new(fault: Fault) -> Self {
        Self { fault, uses: Cell::new(0) }
    }

    /// Is it the turn of this use?
    fn strikes(&self, operation: Operation) -> bool {
        if operation == self.fault.operation {
            self.uses.set(self.uses.get() + 1);
        }
        operation == self.fault.operation && self.uses.get() == self.fault.nth
    }

    /// What comes of an operation on so many bytes, if it does not work.
    fn strike(&self, operation: Operation, length: usize) -> Option<Result<usize, ErrorKind>> {
        match self.fault.flaw {
            Flaw::IsMute => None,
            Flaw::Fails => self.strikes(operation).then_some(Err(ErrorKind::BrokenPipe)),
            Flaw::IsZero => self.strikes(operation).then_some(Ok(0)),
            Flaw::IsMore => self.strikes(operation).then_some(Ok(length + 1)),
        }
    }

    /// It is ready, if it says so.
    fn tell(&self, operation: Operation, is_ready: bool) -> Result<bool, ErrorKind> {
        let is_mute = self.fault.flaw == Flaw::IsMute && self.strikes(operation);
        if is_mute { Err(ErrorKind::BrokenPipe) } else { Ok(is_ready) }
    }
}

/// A stream with a fault.
struct Flawed {
    inner: End,
    armed: Armed,
    aborts: usize,
}

/// One of its halves.
struct Half<'a, T> {
    inner: &'a mut T,
    armed: &'a Armed,
}

impl<T: ErrorType<Error = ErrorKind>> ErrorType for Half<'_, T> {
    type Error = ErrorKind;
}

impl Read for Half<'_, Reader> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        match self.armed.strike(Operation::Read, buf.len()) {
            Some(struck) => struck,
            None => self.inner.read(buf).await,
        }
    }
}

impl Write for Half<'_, Writer> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        match self.armed.strike(Operation::Write, buf.len()) {
            Some(struck) => struck,
            None => self.inner.write(buf).await,
        }
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        match self.armed.strike(Operation::Flush, 0) {
            Some(struck) => struck.map(drop),
            None => self.inner.flush().await,
        }
    }
}

impl ErrorType for Flawed {
    type Error = ErrorKind;
}

impl Shutdown for Flawed {
    async fn shutdown_write(&mut self) -> Result<(), ErrorKind> {
        match self.armed.strike(Operation::Shutdown, 0) {
            Some(struck) => struck.map(drop),
            None => self.inner.shutdown_write().await,
        }
    }

    async fn abort(&mut self) {
        self.aborts += 1;
        self.inner.abort().await;
    }
}

impl Split for Flawed {
    type Reader<'a> = Half<'a, Reader>;
    type Writer<'a> = Half<'a, Writer>;

    fn split(&mut self) -> (Self::Reader<'_>, Self::Writer<'_>) {
        let armed = &self.armed;
        (Half { inner: &mut self.inner.reader, armed }, Half { inner: &mut self.inner.writer, armed })
    }
}

/// So much is read at once.
const MOST: usize = 80;

/// A stream that blocks, with a fault: what comes is there, all that goes is taken, and then nothing happens any more.
struct Blocking<'a> {
    incoming: &'a [u8],
    armed: Armed,
    aborts: usize,
}

impl ErrorType for Blocking<'_> {
    type Error = ErrorKind;
}

impl embedded_io::Read for Blocking<'_> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        self.armed.strike(Operation::Read, buf.len()).unwrap_or_else(|| {
            let count = MOST.min(buf.len()).min(self.incoming.len());
            let (front, rest) = self.incoming.split_at(count);
            buf[..count].copy_from_slice(front);
            self.incoming = rest;
            Ok(count)
        })
    }
}

impl embedded_io::Write for Blocking<'_> {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        self.armed.strike(Operation::Write, buf.len()).unwrap_or(Ok(buf.len()))
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.armed.strike(Operation::Flush, 0).map_or(Ok(()), |struck| struck.map(drop))
    }
}

impl ReadReady for Blocking<'_> {
    fn read_ready(&mut self) -> Result<bool, ErrorKind> {
        self.armed.tell(Operation::Read, !self.incoming.is_empty())
    }
}

impl WriteReady for Blocking<'_> {
    fn write_ready(&mut self) -> Result<bool, ErrorKind> {
        self.armed.tell(Operation::Write, true)
    }
}

impl blocking::Shutdown for Blocking<'_> {
    fn shutdown_write(&mut self) -> Result<(), ErrorKind> {
        self.armed.strike(Operation::Shutdown, 0).map_or(Ok(()), |struck| struck.map(drop))
    }

    fn abort(&mut self) {
        self.aborts += 1;
    }
}

type Outcome<T> = Result<T, Error<ErrorKind>>;

/// What came of a connection, how its exchanges were closed, and how often the stream was given up.
type Served = (Outcome<()>, Vec<Result<(), http::Error>>, usize);

/// Serves this request on an async stream with that fault.
fn serve(fault: Fault, request: &[u8]) -> Served {
    let (world, service) = (World::default(), Watched::default());
    let (inner, mut there) = wire(10_000);
    let mut stream = Flawed { inner, armed: Armed::new(fault), aborts: 0 };
    stream.inner.reader.most = MOST;
    let mut space = Space::<2048, 300>::new();
    let connection = Server::new(&DEVICE_LIMITS, space.buffers());
    let served = connection.serve(&mut stream, &service, &world);
    // Whether all of it is taken depends on the flaw.
    let (outcome, _) = run(&world, join(served, there.writer.write_all(request)));
    (outcome, service.closed(), stream.aborts)
}

/// The same on a stream that blocks.
fn serve_blocking(fault: Fault, request: &[u8]) -> Served {
    let (clock, service) = (Cell::new(Instant::START), Watched::default());
    let mut stream = Blocking { incoming: request, armed: Armed::new(fault), aborts: 0 };
    let mut space = Space::<2048, 300>::new();
    let connection = Server::new(&DEVICE_LIMITS, space.buffers());
    let outcome = connection.serve_blocking(&mut stream, &service, &|| clock.get(), |_, wanted| {
        clock.set(wanted.until.expect("a deadline"));
    });
    (outcome, service.closed(), stream.aborts)
}

const BOTH: [fn(Fault, &[u8]) -> Served; 2] = [serve, serve_blocking];

const DOWNLOAD: &[u8] = b"GET /download?bytes=900 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const UPLOAD: &[u8] =
    b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 90\r\n\r\n12345678901234567890123456789012345678901234567890";

fn lost(offset: u64) -> Vec<Result<(), http::Error>> {
    vec![Err(http::Error { rule: Rule::Reset, offset })]
}

#[test]
fn a_failure_of_each_operation_ends_the_exchange_once() {
    for (operation, nth, request, closed) in [
        (Operation::Read, 1, UPLOAD, vec![]),
        // In the middle of the content.
        (Operation::Read, 2, UPLOAD, lost(80)),
        (Operation::Write, 1, DOWNLOAD, lost(64)),
        (Operation::Write, 2, DOWNLOAD, lost(64)),
        // The response was handed over before.
        (Operation::Flush, 1, DOWNLOAD, vec![Ok(())]),
        (Operation::Shutdown, 1, DOWNLOAD, vec![Ok(())]),
    ] {
        let fault = fault(operation, nth, Flaw::Fails);
        let expected = (Err(Error::Stream(operation, ErrorKind::BrokenPipe)), closed, 1);
        assert_eq!(BOTH.map(|serve| serve(fault, request)), [expected.clone(), expected], "{fault:?}");
    }
}

#[test]
fn a_read_that_fails_once_all_is_sent_is_the_peers_end() {
    let served = BOTH.map(|serve| serve(fault(Operation::Read, 2, Flaw::Fails), DOWNLOAD));
    let expected = (Ok(()), vec![Ok(())], 0);
    assert_eq!(served, [expected.clone(), expected]);
}

#[test]
fn impossible_numbers_of_bytes_are_failures() {
    for (fault, request, closed) in [
        (fault(Operation::Write, 2, Flaw::IsZero), DOWNLOAD, lost(64)),
        (fault(Operation::Write, 2, Flaw::IsMore), DOWNLOAD, lost(64)),
        (fault(Operation::Read, 2, Flaw::IsMore), UPLOAD, lost(80)),
    ] {
        let expected = (Err(Error::Miscounted(fault.operation)), closed, 1);
        assert_eq!(BOTH.map(|serve| serve(fault, request)), [expected.clone(), expected], "{fault:?}");
    }
}

#[test]
fn a_stream_that_cannot_tell_whether_it_is_ready_has_failed() {
    for (operation, request, closed) in [(Operation::Read, UPLOAD, lost(80)), (Operation::Write, DOWNLOAD, lost(64))] {
        let served = serve_blocking(fault(operation, 2, Flaw::IsMute), request);
        assert_eq!(served, (Err(Error::Stream(operation, ErrorKind::BrokenPipe)), closed, 1));
    }
}

#[test]
fn a_read_of_nothing_is_the_peers_end() {
    let truncated = http::Error { rule: Rule::Truncated, offset: 80 };
    let expected = (Err(Error::Protocol(truncated)), vec![Err(truncated)], 0);
    let served = BOTH.map(|serve| serve(fault(Operation::Read, 2, Flaw::IsZero), UPLOAD));
    assert_eq!(served, [expected.clone(), expected]);
}

#[test]
fn the_first_reason_is_told() {
    for serve in BOTH {
        let fault = fault(Operation::Write, 1, Flaw::Fails);
        let (outcome, ..) = serve(fault, b"GET nothing HTTP/1.1\r\nHost: a\r\n\r\n");
        assert!(matches!(outcome, Err(Error::Protocol(http::Error { rule: Rule::InvalidTarget, .. }))), "{outcome:?}");
    }
}

/// What came of a request, how often the stream was given up, and what a call says after that.
type Asked = (Outcome<()>, usize, Outcome<()>);

const REQUEST: Request<'_> = Request::new(Method::Put, "/", "a").with_length(500);
const CONTENT: &[u8] = &[b'x'; 500];
const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n123456789012345678901234567890123456789012345678901234567890";

/// Asks on an async stream with that fault, on which the answer is there already.
fn ask(fault: Fault) -> Asked {
    let world = World::default();
    let (inner, mut there) = wire(10_000);
    let mut stream = Flawed { inner, armed: Armed::new(fault), aborts: 0 };
    stream.inner.reader.most = MOST;
    run(&world, there.writer.write_all(ANSWER)).expect("room");
    let mut space = Space::<2048, 200>::new();
    let mut client = Client::new(&mut stream, &world, &DEVICE_LIMITS, space.buffers());
    let (outcome, after) = run(&world, async {
        let asked = async {
            client.send(&REQUEST, CONTENT, |_| ()).await?;
            while client.read(&mut [0; 100]).await? > 0 {}
            Ok(())
        };
        let asked = asked.await;
        (asked, client.read(&mut [0; 100]).await.map(drop))
    });
    let outcome = outcome.and_then(|()| run(&world, client.close()));
    (outcome, stream.aborts, after)
}

/// The same on a stream that blocks.
fn ask_blocking(fault: Fault) -> Asked {
    let clock = Cell::new(Instant::START);
    let now = || clock.get();
    let mut stream = Blocking { incoming: ANSWER, armed: Armed::new(fault), aborts: 0 };
    let mut space = Space::<2048, 200>::new();
    let wait = |_: &mut Blocking<'_>, wanted: blocking::Wanted| clock.set(wanted.until.expect("a deadline"));
    let mut client = blocking::Client::new(&mut stream, &now, wait, &DEVICE_LIMITS, space.buffers());
    let mut ask = || {
        client.send(&REQUEST, CONTENT, |_| ())?;
        while client.read(&mut [0; 100])? > 0 {}
        Ok(())
    };
    let asked = ask();
    let after = client.read(&mut [0; 100]).map(drop);
    (asked.and_then(|()| client.close()), stream.aborts, after)
}

const ASKED: [fn(Fault) -> Asked; 2] = [ask, ask_blocking];

#[test]
fn a_client_gives_up_a_stream_that_fails_or_lies() {
    let reset = |offset| Err(Error::Protocol(http::Error { rule: Rule::Reset, offset }));
    for (operation, nth, after) in [
        (Operation::Read, 1, reset(0)),
        // In the middle of the content of the answer.
        (Operation::Read, 2, reset(80)),
        (Operation::Write, 1, reset(0)),
        // In the middle of the content of the request.
        (Operation::Write, 2, reset(0)),
        (Operation::Flush, 1, reset(0)),
        (Operation::Shutdown, 1, Ok(())),
    ] {
        let fault = fault(operation, nth, Flaw::Fails);
        let expected = (Err(Error::Stream(operation, ErrorKind::BrokenPipe)), 1, after);
        assert_eq!(ASKED.map(|ask| ask(fault)), [expected; 2], "{fault:?}");
    }
    for (fault, after) in [
        (fault(Operation::Write, 2, Flaw::IsZero), reset(0)),
        (fault(Operation::Write, 2, Flaw::IsMore), reset(0)),
        (fault(Operation::Read, 1, Flaw::IsMore), reset(0)),
        (fault(Operation::Read, 2, Flaw::IsMore), reset(80)),
    ] {
        let expected = (Err(Error::Miscounted(fault.operation)), 1, after);
        assert_eq!(ASKED.map(|ask| ask(fault)), [expected; 2], "{fault:?}");
    }
    for operation in [Operation::Read, Operation::Write] {
        let asked = ask_blocking(fault(operation, 1, Flaw::IsMute));
        assert_eq!(asked, (Err(Error::Stream(operation, ErrorKind::BrokenPipe)), 1, reset(0)));
    }
}

#[test]
fn a_client_that_reads_nothing_is_at_the_servers_end() {
    for (nth, rule, offset) in [(1, Rule::Unanswered, 0), (2, Rule::Truncated, 80)] {
        let error = Error::Protocol(http::Error { rule, offset });
        let asked = ASKED.map(|ask| ask(fault(Operation::Read, nth, Flaw::IsZero)));
        assert_eq!(asked, [(Err(error), 1, Err(error)); 2]);
    }
}
