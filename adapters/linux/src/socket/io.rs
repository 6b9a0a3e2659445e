//! Byte streams as the standard library and `embedded-io` know them.

use std::io::{self, ErrorKind, IoSlice, IoSliceMut};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};

use super::attempt::{Attempt, Received};
use super::options::Mode;
use super::protocol::{ByteStream, Connected};
use super::typed::Socket;
use crate::error::Error;

/// "Would block" is the error [`ErrorKind::WouldBlock`], as everywhere in the standard library.
///
/// ```
/// use std::io::{ErrorKind, Read, Write};
/// use wirenut_linux::socket::{Mode, UnixStream};
/// let (one, other) = UnixStream::pair()?;
/// other.set_mode(Mode::NonBlocking)?;
/// assert_eq!((&other).read(&mut [0; 9]).unwrap_err().kind(), ErrorKind::WouldBlock);
/// (&one).write_all(b"hello")?;
/// drop(one);
/// assert_eq!(std::io::read_to_string(&other)?, "hello");
/// # Ok::<(), std::io::Error>(())
/// ```
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
///
/// ```
/// use std::io::{IoSlice, Write};
/// use wirenut_linux::socket::{Received, UnixStream};
/// let (one, other) = UnixStream::pair()?;
/// write!(&one, "{} and ", 1)?;
/// assert_eq!((&one).write_vectored(&[IoSlice::new(b"2 and "), IoSlice::new(b"3")])?, 7);
/// assert_eq!(other.recv(&mut [0; 100])?, Received::Data(13));
/// # Ok::<(), std::io::Error>(())
/// ```
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
/// use embedded_io::{Read, Write};
/// use wirenut_linux::socket::{Mode, UnixStream};
/// let (mut one, mut other) = UnixStream::pair()?;
/// other.set_mode(Mode::NonBlocking)?;
/// let writer = std::thread::spawn(move || one.write_all(b"hello"));
/// let mut bytes = [0; 5];
/// other.read_exact(&mut bytes).unwrap();
/// assert_eq!(&bytes, b"hello");
/// writer.join().unwrap()?;
/// assert_eq!(other.read(&mut bytes)?, 0); // the end
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
///
/// ```
/// use embedded_io::Write;
/// use wirenut_linux::socket::{Mode, Received, UnixStream};
/// let (mut one, other) = UnixStream::pair()?;
/// one.set_mode(Mode::NonBlocking)?;
/// let reader = std::thread::spawn(move || {
///     let mut total = 0;
///     while let Received::Data(count) = other.recv(&mut [0; 10_000])? {
///         total += count;
///     }
///     Ok::<usize, wirenut_linux::Error>(total)
/// });
/// one.write_all(&[0; 1_000_000])?; // more than there is room for
/// drop(one);
/// assert_eq!(reader.join().unwrap()?, 1_000_000);
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
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

/// The end and an error are ready, too.
///
/// ```
/// let (mut one, other) = wirenut_linux::socket::UnixStream::pair()?;
/// assert!(!embedded_io::ReadReady::read_ready(&mut one)?);
/// drop(other);
/// assert!(embedded_io::ReadReady::read_ready(&mut one)?);
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
impl<P: ByteStream> embedded_io::ReadReady for Socket<P, Connected> {
    fn read_ready(&mut self) -> Result<bool, Error> {
        self.is_ready(PollFlags::IN)
    }
}

/// Where some bytes have room, the next call sends some, and need not send all.
///
/// ```
/// use wirenut_linux::socket::{Attempt, Mode};
/// let (mut one, _other) = wirenut_linux::socket::UnixStream::pair()?;
/// one.set_mode(Mode::NonBlocking)?;
/// assert!(embedded_io::WriteReady::write_ready(&mut one)?);
/// while one.send(&[0; 100_000])? != Attempt::WouldBlock {}
/// assert!(!embedded_io::WriteReady::write_ready(&mut one)?);
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
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
