//! Bytes over a connection.

use core::time::Duration;
use std::io::{IoSlice, IoSliceMut};
use std::net::Shutdown;
use std::os::fd::AsFd;

use rustix::io::Errno;
use rustix::net::sockopt::{self, Timeout};
use rustix::net::{RecvAncillaryBuffer, RecvFlags, SendAncillaryBuffer, SendFlags};

use super::attempt::{Attempt, Received};
use super::interrupted::retry;
use super::protocol::{ByteStream, Connected, Connection, State};
use super::typed::Socket;
use crate::error::Error;
use crate::sys::sendfile::sendfile;
use crate::sys::socket::untaken_bytes;

impl<P: ByteStream> Socket<P, Connected> {
    /// Receives what is there, and waits while nothing is: recv(2).
    ///
    /// ```
    /// use wirenut_linux::socket::{Attempt, Mode, Received, UnixStream};
    /// let (one, other) = UnixStream::pair()?;
    /// let mut bytes = [0; 10];
    /// assert_eq!(one.send(b"abc")?, Attempt::Done(3));
    /// assert_eq!(other.recv(&mut bytes)?, Received::Data(3));
    /// other.set_mode(Mode::NonBlocking)?;
    /// assert_eq!(other.recv(&mut bytes)?, Received::WouldBlock);
    /// assert_eq!(other.recv(&mut [])?, Received::Data(0));
    /// drop(one);
    /// assert_eq!(other.recv(&mut bytes)?, Received::End);
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// `ConnectionReset`: the peer has broken it off, and what was not yet received may be lost. `TimedOut`: the peer does
    /// not answer (see [`Socket::set_keep_alive`]).
    pub fn recv(&self, into: &mut [u8]) -> Result<Received, Error> {
        self.recv_with(into, RecvFlags::empty())
    }

    /// Receives without taking: the next call gives the same bytes again (MSG_PEEK).
    ///
    /// ```
    /// use wirenut_linux::socket::{Attempt, Received, UnixStream};
    /// let (one, other) = UnixStream::pair()?;
    /// assert_eq!(one.send(b"abc")?, Attempt::Done(3));
    /// let mut bytes = [0; 10];
    /// assert_eq!(other.peek(&mut bytes[..2])?, Received::Data(2));
    /// assert_eq!(other.recv(&mut bytes)?, Received::Data(3));
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::recv`].
    pub fn peek(&self, into: &mut [u8]) -> Result<Received, Error> {
        self.recv_with(into, RecvFlags::PEEK)
    }

    fn recv_with(&self, into: &mut [u8], flags: RecvFlags) -> Result<Received, Error> {
        // The system would wait for bytes that there is no room for.
        if into.is_empty() {
            return Ok(Received::Data(0));
        }
        let result = retry(self, Timeout::Recv, || rustix::net::recv(self, &mut *into, flags));
        self.received(result.map(|(count, _)| count))
    }

    /// Receives into several buffers, in their order: recvmsg(2).
    ///
    /// ```
    /// use std::io::IoSliceMut;
    /// use wirenut_linux::socket::{Attempt, Received, UnixStream};
    /// let (one, other) = UnixStream::pair()?;
    /// assert_eq!(one.send(b"headbody")?, Attempt::Done(8));
    /// let (mut head, mut body) = ([0; 4], [0; 100]);
    /// let received = other.recv_vectored(&mut [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)])?;
    /// assert_eq!((received, &head, &body[..4]), (Received::Data(8), b"head", &b"body"[..]));
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::recv`]; and there may be 1024 buffers at most.
    pub fn recv_vectored(&self, into: &mut [IoSliceMut<'_>]) -> Result<Received, Error> {
        if into.iter().all(|slice| slice.is_empty()) {
            return Ok(Received::Data(0));
        }
        let mut control = RecvAncillaryBuffer::default();
        let result = retry(self, Timeout::Recv, || rustix::net::recvmsg(self, into, &mut control, RecvFlags::empty()));
        self.received(result.map(|message| message.bytes))
    }

    fn received(&self, result: Result<usize, Errno>) -> Result<Received, Error> {
        match result {
            Ok(0) => Ok(Received::End),
            Ok(count) => Ok(Received::Data(count)),
            Err(Errno::AGAIN) => Ok(Received::WouldBlock),
            Err(errno) => Err(Error::on("receive on", self, errno)),
        }
    }

    /// Sends as many of the bytes as there is room for, at least one of them, and says how many: send(2). A blocking
    /// socket sends all of them, unless its time-out is over or a signal comes. [`std::io::Write::write_all`] sends all.
    ///
    /// ```
    /// use wirenut_linux::socket::{Attempt, Mode, UnixStream};
    /// let (one, other) = UnixStream::pair()?;
    /// one.set_mode(Mode::NonBlocking)?;
    /// let Attempt::Done(sent) = one.send(&[0; 10_000_000])? else { unreachable!() };
    /// assert!(sent < 10_000_000);
    /// drop(other);
    /// let error = one.send(b"more").unwrap_err(); // and no SIGPIPE
    /// assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// `BrokenPipe`: our direction has ended, or the connection. `ConnectionReset`: the peer has broken it off.
    pub fn send(&self, bytes: &[u8]) -> Result<Attempt<usize>, Error> {
        self.send_with(bytes, SendFlags::NOSIGNAL)
    }

    /// Sends as [`Self::send`] does, and says that more follows at once, so that TCP waits for a full segment, for at most
    /// 200 ms (MSG_MORE).
    ///
    /// ```
    /// use wirenut_linux::socket::{Attempt, Mode, TcpListener, TcpStream};
    /// let listener = TcpListener::bind(&"127.0.0.1:0".parse()?)?;
    /// let client = TcpStream::connect(&listener.local_address()?)?;
    /// let (server, _) = listener.accept(Mode::Blocking)?.done().unwrap();
    /// assert_eq!(client.send_more(b"head ")?, Attempt::Done(5));
    /// assert_eq!(client.send(b"body")?, Attempt::Done(4));
    /// let mut bytes = [0; 9];
    /// std::io::Read::read_exact(&mut &server, &mut bytes)?;
    /// assert_eq!(&bytes, b"head body");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::send`].
    pub fn send_more(&self, bytes: &[u8]) -> Result<Attempt<usize>, Error> {
        self.send_with(bytes, SendFlags::NOSIGNAL | SendFlags::MORE)
    }

    fn send_with(&self, bytes: &[u8], flags: SendFlags) -> Result<Attempt<usize>, Error> {
        self.sent(retry(self, Timeout::Send, || rustix::net::send(self, bytes, flags)))
    }

    /// Sends several pieces, in their order, as if they were one: sendmsg(2).
    ///
    /// ```
    /// use std::io::IoSlice;
    /// use wirenut_linux::socket::{Attempt, UnixStream};
    /// let (one, other) = UnixStream::pair()?;
    /// assert_eq!(one.send_vectored(&[IoSlice::new(b"head"), IoSlice::new(b"body")])?, Attempt::Done(8));
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::send`]; and there may be 1024 pieces at most.
    pub fn send_vectored(&self, pieces: &[IoSlice<'_>]) -> Result<Attempt<usize>, Error> {
        let mut control = SendAncillaryBuffer::default();
        self.sent(retry(self, Timeout::Send, || rustix::net::sendmsg(self, pieces, &mut control, SendFlags::NOSIGNAL)))
    }

    /// Sends a part of a file without a copy in this process: sendfile(2). Takes up to `length` bytes that begin at that
    /// `offset`, as many as there is room for, and says how many; zero: the file ends at the offset, or before it. The
    /// file's own position plays no part, so any number of parts of one file can be sent at a time.
    ///
    /// The call has no flag against SIGPIPE, unlike all others here. Rust programs ignore that signal, unless they ask for
    /// it.
    ///
    /// ```
    /// use std::fs::File;
    /// use wirenut_linux::socket::{Attempt, UnixStream};
    /// let (one, other) = UnixStream::pair()?;
    /// let file = File::open("Cargo.toml")?;
    /// assert_eq!(one.send_file(&file, 1, 7)?, Attempt::Done(7));
    /// let mut bytes = [0; 7];
    /// std::io::Read::read_exact(&mut &other, &mut bytes)?;
    /// assert_eq!(&bytes, b"package");
    /// assert_eq!(one.send_file(&file, file.metadata()?.len(), 7)?, Attempt::Done(0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::send`]. And those of reading the file, such as `InvalidInput` where it is of a kind that the system
    /// cannot send (a pipe). An offset above 2^63 - 1 is an overflow.
    pub fn send_file(&self, file: &impl AsFd, offset: u64, length: u64) -> Result<Attempt<u64>, Error> {
        let moved = retry(self, Timeout::Send, || sendfile(self, file, offset, length));
        Attempt::of(moved).map_err(self.failed("send a file on"))
    }

    /// How many bytes have come that were not received (FIONREAD).
    ///
    /// ```
    /// use wirenut_linux::socket::{Attempt, Received, UnixStream};
    /// let (one, other) = UnixStream::pair()?;
    /// assert_eq!(other.unread_bytes()?, 0);
    /// assert_eq!(one.send(b"hello")?, Attempt::Done(5));
    /// assert_eq!(other.unread_bytes()?, 5);
    /// assert_eq!(other.recv(&mut [0; 2])?, Received::Data(2));
    /// assert_eq!(other.unread_bytes()?, 3);
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// None that are known.
    pub fn unread_bytes(&self) -> Result<u64, Error> {
        rustix::io::ioctl_fionread(self).map_err(self.failed("count the unread bytes of"))
    }

    /// How much of what was sent the peer has not taken (SIOCOUTQ): over TCP, bytes that its system has not acknowledged,
    /// and one for the end of our direction; over a Unix socket, memory that is held for what was not received. Zero: all
    /// was taken.
    ///
    /// ```
    /// use wirenut_linux::socket::{Attempt, Received, UnixStream};
    /// let (one, other) = UnixStream::pair()?;
    /// assert_eq!(one.untaken_bytes()?, 0);
    /// assert_eq!(one.send(b"hello")?, Attempt::Done(5));
    /// assert!(one.untaken_bytes()? >= 5);
    /// assert_eq!(other.recv(&mut [0; 5])?, Received::Data(5));
    /// assert_eq!(one.untaken_bytes()?, 0);
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// None that are known.
    pub fn untaken_bytes(&self) -> Result<u64, Error> {
        untaken_bytes(self).map_err(self.failed("count the untaken bytes of"))
    }

    fn sent(&self, result: Result<usize, Errno>) -> Result<Attempt<usize>, Error> {
        Attempt::of(result).map_err(self.failed("send on"))
    }
}

impl<P: ByteStream, S: State> Socket<P, S> {
    /// For how long closing waits until all is sent and acknowledged (SO_LINGER), in whole seconds, rounded up. `None`, as
    /// sockets begin: it does not wait, and the system goes on sending. Zero: what is not sent is thrown away, and the peer
    /// sees a reset (see [`Socket::abort`]).
    ///
    /// Dropping a socket cannot say whether all was sent, also after waiting. Who must know ends its direction and receives
    /// until the end.
    ///
    /// ```
    /// use core::time::Duration;
    /// use wirenut_linux::socket::{Family, Socket};
    /// let socket = Socket::tcp(Family::V4)?;
    /// socket.set_linger(Some(Duration::from_millis(1_500)))?;
    /// assert_eq!(socket.linger()?, Some(Duration::from_secs(2)));
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidInput`: more than 2^31 - 1 seconds.
    pub fn set_linger(&self, limit: Option<Duration>) -> Result<(), Error> {
        sockopt::set_socket_linger(self, limit).map_err(self.failed("set linger of"))
    }

    /// For how long closing waits.
    ///
    /// # Errors
    /// None that are known.
    pub fn linger(&self) -> Result<Option<Duration>, Error> {
        sockopt::socket_linger(self).map_err(self.failed("tell linger of"))
    }
}

impl<P: ByteStream> Socket<P, Connected> {
    /// Closes, and breaks the connection off: the peer sees a reset, and not an end. A Unix socket knows no
    /// reset: its peer sees an end.
    ///
    /// ```
    /// use wirenut_linux::socket::{Mode, TcpListener, TcpStream};
    /// let listener = TcpListener::bind(&"127.0.0.1:0".parse()?)?;
    /// let client = TcpStream::connect(&listener.local_address()?)?;
    /// listener.accept(Mode::Blocking)?.done().unwrap().0.abort()?;
    /// assert_eq!(client.recv(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// None that are known; then it is closed in the usual way.
    pub fn abort(self) -> Result<(), Error> {
        self.set_linger(Some(Duration::ZERO))
    }
}

impl<P: Connection> Socket<P, Connected> {
    /// Ends our direction, or stops receiving, or both: shutdown(2). Dropping the socket ends both for us, but what is
    /// still to be received then makes TCP break the connection off: end our direction, and receive to the end first.
    ///
    /// ```
    /// use std::net::Shutdown;
    /// use wirenut_linux::socket::{Attempt, Received, UnixStream};
    /// let (one, other) = UnixStream::pair()?;
    /// one.shutdown(Shutdown::Write)?;
    /// assert_eq!(other.recv(&mut [0])?, Received::End);
    /// assert_eq!(other.send(b"still there")?, Attempt::Done(11));
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// `NotConnected`: the connection has ended already.
    pub fn shutdown(&self, how: Shutdown) -> Result<(), Error> {
        let how = match how {
            Shutdown::Read => rustix::net::Shutdown::Read,
            Shutdown::Write => rustix::net::Shutdown::Write,
            Shutdown::Both => rustix::net::Shutdown::Both,
        };
        rustix::net::shutdown(self, how).map_err(self.failed("shut down"))
    }
}
