//! Byte streams as the standard library and `embedded-io` know them.

use std::io::{self, ErrorKind, IoSlice, IoSliceMut};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};

use super::options::Mode;
use super::protocol::{ByteStream, Connected};
use super::{Attempt, Received, Socket};
use crate::error::Error;

/// "Would block" is the error [`ErrorKind::WouldBlock`], as everywhere in the standard library.
impl<P: ByteStream> io::Read for &Socket<P, Connected> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        from_received(self.recv(into)?)
    }

    fn read_vectored(&mut self, into: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        from_received(self.recv_vectored(into)?)
    }
}

/// The same as for the reference.
impl<P: ByteStream> io::Read for Socket<P, Connected> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        (&*self).read(into)
    }

    fn read_vectored(&mut self, into: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&*self).read_vectored(into)
    }
}

/// Nothing is kept back here, so flushing does nothing.
impl<P: ByteStream> io::Write for &Socket<P, Connected> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        from_attempt(self.send(bytes)?)
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        from_attempt(self.send_vectored(pieces)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The same as for the reference.
impl<P: ByteStream> io::Write for Socket<P, Connected> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self).write(bytes)
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        (&*self).write_vectored(pieces)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn from_received(received: Received) -> io::Result<usize> {
    match received {
        Received::Data(count) => Ok(count),
        Received::End => Ok(0),
        Received::WouldBlock => Err(ErrorKind::WouldBlock.into()),
    }
}

fn from_attempt(attempt: Attempt<usize>) -> io::Result<usize> {
    attempt.done().ok_or_else(|| ErrorKind::WouldBlock.into())
}

impl<P: ByteStream> embedded_io::ErrorType for Socket<P, Connected> {
    type Error = Error;
}

/// Waits, as that trait asks for, also where the socket does not block. A time-out that is over is an error.
///
/// ```
/// use embedded_io::{Read, ReadReady, Write};
/// use wirenut_linux::socket::UnixStream;
/// let (mut one, mut other) = UnixStream::pair()?;
/// assert!(!other.read_ready()?);
/// one.write_all(b"hello")?;
/// assert!(other.read_ready()?);
/// let mut bytes = [0; 5];
/// other.read_exact(&mut bytes).unwrap();
/// assert_eq!(&bytes, b"hello");
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
impl<P: ByteStream> embedded_io::Read for Socket<P, Connected> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Error> {
        loop {
            match self.recv(into)? {
                Received::Data(count) => return Ok(count),
                Received::End => return Ok(0),
                Received::WouldBlock => self.wait(PollFlags::IN, "receive on")?,
            }
        }
    }
}

/// Waits alike.
impl<P: ByteStream> embedded_io::Write for Socket<P, Connected> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        loop {
            match self.send(bytes)? {
                Attempt::Done(count) => return Ok(count),
                Attempt::WouldBlock => self.wait(PollFlags::OUT, "send on")?,
            }
        }
    }

    fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

impl<P: ByteStream> embedded_io::ReadReady for Socket<P, Connected> {
    fn read_ready(&mut self) -> Result<bool, Error> {
        self.is_ready(PollFlags::IN)
    }
}

impl<P: ByteStream> embedded_io::WriteReady for Socket<P, Connected> {
    fn write_ready(&mut self) -> Result<bool, Error> {
        self.is_ready(PollFlags::OUT)
    }
}

impl<P: ByteStream> Socket<P, Connected> {
    fn wait(&self, what: PollFlags, operation: &'static str) -> Result<(), Error> {
        if self.mode()? == Mode::Blocking {
            return Err(Error::on(operation, self, Errno::TIMEDOUT));
        }
        let waited = retry_on_intr(|| poll(&mut [PollFd::new(self, what)], None));
        waited.map(|_| ()).map_err(self.failed("wait for"))
    }

    fn is_ready(&self, what: PollFlags) -> Result<bool, Error> {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        let ready = retry_on_intr(|| poll(&mut [PollFd::new(self, what)], Some(&now)));
        ready.map(|count| count > 0).map_err(self.failed("wait for"))
    }
}
