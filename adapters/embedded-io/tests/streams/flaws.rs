//! Streams that fail, or lie: the exchange ends once, and the error names the operation.

use core::cell::Cell;

use embedded_io::{ErrorKind, ErrorType};
use embedded_io_async::{Read, Write};
use wirenut::http::{self, Rule};
use wirenut_embedded_io::{Connection, Error, Operation, Shutdown, Split};
use wirenut_reference::DEVICE_LIMITS;

use crate::watched::Watched;
use crate::world::{End, Reader, World, Writer, join, run, wire};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Flaw {
    Fails,
    /// Nothing was written, though something was given.
    IsZero,
    /// More than there was.
    IsMore,
}

/// A stream of which the `nth` use of an operation is not as it should be.
struct Flawed {
    inner: End,
    operation: Operation,
    flaw: Flaw,
    uses: Cell<usize>,
    aborts: usize,
}

/// One of its halves.
struct Half<'a, T> {
    inner: &'a mut T,
    flawed: Option<(Operation, Flaw)>,
    uses: &'a Cell<usize>,
}

impl<T: ErrorType<Error = ErrorKind>> ErrorType for Half<'_, T> {
    type Error = ErrorKind;
}

impl<T> Half<'_, T> {
    /// The flaw, if it is the turn of this use.
    fn flaw(&self, operation: Operation) -> Option<Flaw> {
        let (_, flaw) = self.flawed.filter(|&(flawed, _)| flawed == operation)?;
        let left = self.uses.get();
        self.uses.set(left.saturating_sub(1));
        (left == 1).then_some(flaw)
    }
}

fn miscount(flaw: Flaw, length: usize) -> Result<usize, ErrorKind> {
    match flaw {
        Flaw::Fails => Err(ErrorKind::TimedOut),
        Flaw::IsZero => Ok(0),
        Flaw::IsMore => Ok(length + 1),
    }
}

impl Read for Half<'_, Reader> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        match self.flaw(Operation::Read) {
            Some(flaw) => miscount(flaw, buf.len()),
            None => self.inner.read(buf).await,
        }
    }
}

impl Write for Half<'_, Writer> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        match self.flaw(Operation::Write) {
            Some(flaw) => miscount(flaw, buf.len()),
            None => self.inner.write(buf).await,
        }
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        match self.flaw(Operation::Flush) {
            Some(_) => Err(ErrorKind::TimedOut),
            None => self.inner.flush().await,
        }
    }
}

impl ErrorType for Flawed {
    type Error = ErrorKind;
}

impl Shutdown for Flawed {
    async fn shutdown_write(&mut self) -> Result<(), ErrorKind> {
        if self.operation == Operation::Shutdown {
            return Err(ErrorKind::TimedOut);
        }
        self.inner.shutdown_write().await
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
        let (flawed, uses) = (Some((self.operation, self.flaw)), &self.uses);
        let reader = Half { inner: &mut self.inner.reader, flawed, uses };
        (reader, Half { inner: &mut self.inner.writer, flawed, uses })
    }
}

type Closed = Vec<Result<(), http::Error>>;

/// Serves this request on a stream with that flaw.
fn serve(
    operation: Operation,
    nth: usize,
    flaw: Flaw,
    request: &[u8],
) -> (Result<(), Error<ErrorKind>>, Closed, usize) {
    let (world, service) = (World::default(), Watched::default());
    let (inner, mut there) = wire(10_000);
    let mut stream = Flawed { inner, operation, flaw, uses: Cell::new(nth), aborts: 0 };
    stream.inner.reader.most = 80;
    let (mut input, mut output) = ([0; 2048], [0; 300]);
    let connection = Connection::new(&DEVICE_LIMITS, &mut input, &mut output);
    let served = connection.serve(&mut stream, &service, &world);
    // Whether all of it is taken depends on the flaw.
    let (outcome, _) = run(&world, join(served, there.writer.write_all(request)));
    (outcome, service.closed(), stream.aborts)
}

const DOWNLOAD: &[u8] = b"GET /download?bytes=900 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const UPLOAD: &[u8] =
    b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 90\r\n\r\n12345678901234567890123456789012345678901234567890";

#[test]
fn a_failure_of_each_operation_ends_the_exchange_once() {
    let lost = |offset| vec![Err(http::Error { rule: Rule::Reset, offset })];
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
        let (outcome, was_closed, aborts) = serve(operation, nth, Flaw::Fails, request);
        let told = Err(Error::Stream(operation, ErrorKind::TimedOut));
        assert_eq!((outcome, was_closed, aborts), (told, closed, 1), "{operation} {nth}");
    }
}

#[test]
fn impossible_numbers_of_bytes_are_failures() {
    let lost = |offset| vec![Err(http::Error { rule: Rule::Reset, offset })];
    for (operation, nth, flaw, request, closed) in [
        (Operation::Write, 2, Flaw::IsZero, DOWNLOAD, lost(64)),
        (Operation::Write, 2, Flaw::IsMore, DOWNLOAD, lost(64)),
        (Operation::Read, 2, Flaw::IsMore, UPLOAD, lost(80)),
    ] {
        let (outcome, was_closed, aborts) = serve(operation, nth, flaw, request);
        assert_eq!(
            (outcome, was_closed, aborts),
            (Err(Error::Miscounted(operation)), closed, 1),
            "{operation} {flaw:?}"
        );
    }
}

#[test]
fn a_read_of_nothing_is_the_peers_end() {
    let (outcome, closed, aborts) = serve(Operation::Read, 2, Flaw::IsZero, UPLOAD);
    let truncated = http::Error { rule: Rule::Truncated, offset: 80 };
    assert_eq!((outcome, closed, aborts), (Err(Error::Protocol(truncated)), vec![Err(truncated)], 0));
}

#[test]
fn the_first_reason_is_told() {
    let (outcome, ..) = serve(Operation::Write, 1, Flaw::Fails, b"GET nothing HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(matches!(outcome, Err(Error::Protocol(http::Error { rule: Rule::InvalidTarget, .. }))), "{outcome:?}");
}
