//! The sockets of embassy-net 0.9, and the timers of embassy-time.

use embassy_net::tcp::{Error, TcpReader, TcpSocket, TcpWriter};
use embedded_io::ErrorType;
use embedded_io_async::Write;
use wirenut::time::Instant;

use crate::{Clock, Shutdown, Split, Timer};

mod anew;
mod listener;
mod memory;
pub use listener::Listener;
pub use memory::Memory;

impl Shutdown for TcpSocket<'_> {
    /// Returns when the peer has all that was written, and knows that there is no more.
    async fn shutdown_write(&mut self) -> Result<(), Error> {
        self.close();
        self.flush().await
    }

    /// Returns when the peer has all that was written.
    async fn drain(&mut self) -> Result<(), Error> {
        self.flush().await
    }

    /// Returns when the reset has left.
    async fn abort(&mut self) {
        TcpSocket::abort(self);
        // It fails never: what it waits for is the reset.
        let _ = self.flush().await;
    }
}

impl<'s> Split for TcpSocket<'s> {
    type Reader<'a>
        = TcpReader<'a>
    where
        Self: 'a;
    type Writer<'a>
        = EmbassyWriter<'a>
    where
        Self: 'a;

    fn split(&mut self) -> (TcpReader<'_>, EmbassyWriter<'_>) {
        let (reader, writer) = TcpSocket::split(self);
        (reader, EmbassyWriter(writer))
    }
}

/// The writing half of a [`TcpSocket`], which is not flushed.
///
/// The stack sends what was written without being told. embassy-net's own flush would wait until the peer has
/// acknowledged it, and so keep the connection from reading on; only its end has to be waited for ([`Shutdown`]).
#[expect(missing_debug_implementations, reason = "embassy-net's has none")]
pub struct EmbassyWriter<'a>(TcpWriter<'a>);

impl ErrorType for EmbassyWriter<'_> {
    type Error = Error;
}

impl Write for EmbassyWriter<'_> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Error> {
        self.0.write(buf).await
    }

    async fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

/// The time since the device started. It knows no time of day.
#[derive(Clone, Copy, Debug, Default)]
pub struct EmbassyTimer;

impl Clock for EmbassyTimer {
    fn now(&self) -> Instant {
        Instant::from_micros(embassy_time::Instant::now().as_micros())
    }
}

impl Timer for EmbassyTimer {
    async fn wait_until(&self, at: Instant) {
        // What is too late for the ticks of the device is never.
        match embassy_time::Instant::try_from_micros(at.as_micros()) {
            Some(at) => embassy_time::Timer::at(at).await,
            None => core::future::pending().await,
        }
    }
}
