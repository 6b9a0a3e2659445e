//! Streams: what a connection needs beyond reading and writing.

use embedded_io::ErrorType;
use embedded_io_async::{Read, Write};

/// How a stream ends: what `embedded-io` does not say.
///
/// Bytes that were written before an end in good order must arrive; so a connection writes, flushes, ends its own
/// direction, and reads on until the peer ends the other one. A reset is for what must not look whole.
pub trait Shutdown: ErrorType {
    /// Ends our direction, behind all that was written: TCP's FIN, close_notify of TLS. Reading goes on.
    ///
    /// # Errors
    /// Where the stream has failed before.
    async fn shutdown_write(&mut self) -> Result<(), Self::Error>;

    /// Gives the stream up, both ways, so that the peer can see that what it got is not whole: TCP's RST, or at least
    /// no close_notify. The stream is only dropped afterwards.
    async fn abort(&mut self);
}

/// A stream whose two directions can be used at once.
pub trait Split: Shutdown {
    /// What is read from.
    type Reader<'a>: Read<Error = Self::Error>
    where
        Self: 'a;
    /// What is written to.
    type Writer<'a>: Write<Error = Self::Error>
    where
        Self: 'a;

    /// Both directions. They are dropped before the stream is ended.
    ///
    /// A read that has begun is kept until it is complete, so it need not be safe to cancel. The exception is a read
    /// that is pending when our direction ends, or the connection: nobody wants its bytes any more.
    fn split(&mut self) -> (Self::Reader<'_>, Self::Writer<'_>);
}

/// A stream of two separate halves; the writer knows how to end.
///
/// ```no_run
/// # fn uart(receiver: impl embedded_io_async::Read<Error = core::convert::Infallible>, sender: impl embedded_io_async::Write<Error = core::convert::Infallible>) {
/// use wirenut_embedded_io::{Halves, NoShutdown};
/// let stream = Halves { reader: receiver, writer: NoShutdown(sender) };
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Halves<R, W> {
    /// What is read from.
    pub reader: R,
    /// What is written to.
    pub writer: W,
}

impl<R, W: ErrorType> ErrorType for Halves<R, W> {
    type Error = W::Error;
}

impl<R, W: Shutdown> Shutdown for Halves<R, W> {
    async fn shutdown_write(&mut self) -> Result<(), Self::Error> {
        self.writer.shutdown_write().await
    }

    async fn abort(&mut self) {
        self.writer.abort().await;
    }
}

impl<R: Read<Error = W::Error>, W: Write + Shutdown> Split for Halves<R, W> {
    type Reader<'a>
        = &'a mut R
    where
        Self: 'a;
    type Writer<'a>
        = &'a mut W
    where
        Self: 'a;

    fn split(&mut self) -> (Self::Reader<'_>, Self::Writer<'_>) {
        (&mut self.reader, &mut self.writer)
    }
}

/// A stream that cannot end: on a UART there is nothing after the last byte but silence.
///
/// The peer cannot see an end, so a response whose length is not known is chunked, as ever in HTTP/1.1, and one that
/// was cut off looks as if its rest were late. After the last response what comes is thrown away for
/// [`Limits::linger`](wirenut::http::Limits::linger), since the peer cannot end its direction either.
#[derive(Clone, Copy, Debug)]
pub struct NoShutdown<T>(pub T);

impl<T: ErrorType> ErrorType for NoShutdown<T> {
    type Error = T::Error;
}

impl<T: Read> Read for NoShutdown<T> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Self::Error> {
        self.0.read(buf).await
    }
}

impl<T: Write> Write for NoShutdown<T> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Self::Error> {
        self.0.write(buf).await
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        self.0.flush().await
    }
}

impl<T: ErrorType> Shutdown for NoShutdown<T> {
    async fn shutdown_write(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn abort(&mut self) {}
}
