//! Taking connections in.

use rustix::io::Errno;
use rustix::net::sockopt::Timeout;
use rustix::net::{SocketFlags, acceptfrom_with};

use super::address::sealed::Address as _;
use super::attempt::Attempt;
use super::interrupted::retry;
use super::options::Mode;
use super::protocol::{Connected, Connection, Listening, Protocol};
use super::typed::Socket;
use crate::error::Error;
use crate::sys::socket;

/// A connection, and the address of its peer: what [`Socket::accept`] gives.
pub type Accepted<P> = (Socket<P, Connected>, <P as Protocol>::Address);

impl<P: Connection> Socket<P, Listening> {
    /// Takes the next connection, and the peer's address: accept4(2), one system call. The mode is the new socket's; of
    /// this one's options, TCP connections inherit most.
    ///
    /// Connections that were lost before they could be accepted are passed over.
    ///
    /// ```
    /// use wirenut_linux::socket::{Attempt, Mode, TcpListener, TcpStream};
    /// let listener = TcpListener::bind(&"127.0.0.1:0".parse()?)?;
    /// listener.set_mode(Mode::NonBlocking)?;
    /// assert!(matches!(listener.accept(Mode::Blocking)?, Attempt::WouldBlock));
    /// let client = TcpStream::connect(&listener.local_address()?)?;
    /// let (server, peer) = listener.accept(Mode::Blocking)?.done().unwrap();
    /// assert_eq!(peer, client.local_address()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::is_out_of_resources`]: the connection still waits. A poller says so at once again, so pause, or close
    /// something.
    pub fn accept(&self, mode: Mode) -> Result<Attempt<Accepted<P>>, Error> {
        let flags = match mode {
            Mode::Blocking => SocketFlags::CLOEXEC,
            Mode::NonBlocking => SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
        };
        loop {
            match retry(self, Timeout::Recv, || acceptfrom_with(self, flags)) {
                Ok((descriptor, address)) => {
                    let address = address.map_or_else(P::Address::nobody, P::Address::from_any);
                    let address = address.map_err(self.failed("tell who was accepted on"))?;
                    return Ok(Attempt::Done((Socket::connected(descriptor)?, address)));
                }
                Err(Errno::AGAIN) => return Ok(Attempt::WouldBlock),
                Err(errno) if is_of_the_connection(errno) => {}
                Err(errno) => return Err(Error::on("accept a connection on", self, errno)),
            }
        }
    }

    /// Whether a connection waits to be accepted: poll(2), which does not wait. That [`Self::accept`] finds no descriptor
    /// left does not say so, since accept4(2) looks for a descriptor first.
    ///
    /// ```
    /// use wirenut_linux::socket::{TcpListener, TcpStream};
    /// let listener = TcpListener::bind(&"127.0.0.1:0".parse()?)?;
    /// assert!(!listener.has_waiting()?);
    /// let _client = TcpStream::connect(&listener.local_address()?)?;
    /// assert!(listener.has_waiting()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The system has no memory left.
    pub fn has_waiting(&self) -> Result<bool, Error> {
        socket::has_waiting(self).map_err(self.failed("look who waits on"))
    }
}

/// Errors of the network that accept(2) passes on: they are the connection's, not the listener's.
fn is_of_the_connection(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::CONNABORTED
            | Errno::NETDOWN
            | Errno::PROTO
            | Errno::NOPROTOOPT
            | Errno::HOSTDOWN
            | Errno::NONET
            | Errno::HOSTUNREACH
            | Errno::NETUNREACH
    )
}
