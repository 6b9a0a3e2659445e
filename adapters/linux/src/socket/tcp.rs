//! What can be told to TCP: tcp(7).

use core::time::Duration;

use rustix::net::sockopt;

use super::protocol::{Connected, Listening, Open, State, Tcp};
use super::typed::Socket;
use crate::error::Error;
use crate::sys::socket;

/// When to ask a silent peer whether it is still there, and when to give it up. In whole seconds, rounded up.
///
/// ```
/// use wirenut_linux::socket::KeepAlive;
/// let dead_after = |k: KeepAlive| k.idle + k.interval * k.probes;
/// assert_eq!(dead_after(KeepAlive::DEFAULT).as_secs(), 7_200 + 9 * 75);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct KeepAlive {
    /// After how long a silence the first probe is sent (TCP_KEEPIDLE): 1 to 32,767 s.
    pub idle: Duration,
    /// How long after a probe the next one is sent (TCP_KEEPINTVL): 1 to 32,767 s.
    pub interval: Duration,
    /// After how many probes without an answer the connection is lost (TCP_KEEPCNT): 1 to 127.
    pub probes: u32,
}

impl KeepAlive {
    /// What Linux does where nobody has changed it: two hours, then every 75 seconds, nine times.
    pub const DEFAULT: Self = Self { idle: Duration::from_secs(7_200), interval: Duration::from_secs(75), probes: 9 };
}

impl<S: State> Socket<Tcp, S> {
    /// Sends small pieces at once (TCP_NODELAY), and does not wait until what was sent is acknowledged. What a listener is
    /// told, its connections inherit.
    ///
    /// ```
    /// use wirenut_linux::socket::{Family, Socket};
    /// let socket = Socket::tcp(Family::V4)?;
    /// assert!(!socket.no_delay()?);
    /// socket.set_no_delay(true)?;
    /// assert!(socket.no_delay()?);
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// None that are known.
    pub fn set_no_delay(&self, is_on: bool) -> Result<(), Error> {
        sockopt::set_tcp_nodelay(self, is_on).map_err(self.failed("set no-delay of"))
    }

    /// Whether small pieces are sent at once.
    ///
    /// # Errors
    /// None that are known.
    pub fn no_delay(&self) -> Result<bool, Error> {
        sockopt::tcp_nodelay(self).map_err(self.failed("tell no-delay of"))
    }

    /// Finds out whether a silent peer is still there (SO_KEEPALIVE); `None`: not, which is how sockets begin. A peer that is
    /// not makes receiving fail with `TimedOut`.
    ///
    /// ```
    /// use core::time::Duration;
    /// use wirenut_linux::socket::{Family, KeepAlive, Socket};
    /// let socket = Socket::tcp(Family::V4)?;
    /// let often = KeepAlive { idle: Duration::from_secs(60), interval: Duration::from_secs(10), probes: 3 };
    /// socket.set_keep_alive(Some(often))?;
    /// assert_eq!(socket.keep_alive()?, Some(often));
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidInput`: a value is out of its bounds.
    pub fn set_keep_alive(&self, times: Option<KeepAlive>) -> Result<(), Error> {
        let set = || {
            if let Some(times) = times {
                sockopt::set_tcp_keepidle(self, times.idle)?;
                sockopt::set_tcp_keepintvl(self, times.interval)?;
                sockopt::set_tcp_keepcnt(self, times.probes)?;
            }
            sockopt::set_socket_keepalive(self, times.is_some())
        };
        set().map_err(self.failed("set keep-alive of"))
    }

    /// What silent peers are asked.
    ///
    /// # Errors
    /// None that are known.
    pub fn keep_alive(&self) -> Result<Option<KeepAlive>, Error> {
        let ask = || {
            if !sockopt::socket_keepalive(self)? {
                return Ok(None);
            }
            let (idle, interval) = (sockopt::tcp_keepidle(self)?, sockopt::tcp_keepintvl(self)?);
            Ok(Some(KeepAlive { idle, interval, probes: sockopt::tcp_keepcnt(self)? }))
        };
        ask().map_err(self.failed("tell keep-alive of"))
    }

    /// Gives the connection up when something that was sent is not acknowledged for that long (TCP_USER_TIMEOUT), in
    /// milliseconds; zero: when the system thinks so, which is some fifteen minutes.
    ///
    /// ```
    /// use wirenut_linux::socket::{Family, Socket};
    /// Socket::tcp(Family::V4)?.set_user_timeout(30_000)?;
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidInput`: more than 2^31 - 1.
    pub fn set_user_timeout(&self, milliseconds: u32) -> Result<(), Error> {
        sockopt::set_tcp_user_timeout(self, milliseconds).map_err(self.failed("set the user time-out of"))
    }
}

impl Socket<Tcp, Listening> {
    /// Leaves connections in the queue until their peers have sent something (TCP_DEFER_ACCEPT), but for about that many
    /// seconds at most: the system rounds up to the times at which it would ask again. Zero: until they are connected.
    ///
    /// ```
    /// use wirenut_linux::socket::TcpListener;
    /// TcpListener::bind(&"127.0.0.1:0".parse()?)?.set_defer_accept(3)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// None that are known.
    pub fn set_defer_accept(&self, seconds: u32) -> Result<(), Error> {
        socket::set_defer_accept(self, seconds).map_err(self.failed("set defer-accept of"))
    }

    /// Lets peers that were here before send with their first segment (TCP_FASTOPEN), and so many of them wait. What they
    /// send may come twice: not for what must be done once only. `net.ipv4.tcp_fastopen` must allow it.
    ///
    /// ```
    /// use wirenut_linux::socket::TcpListener;
    /// TcpListener::bind(&"127.0.0.1:0".parse()?)?.set_fast_open(16)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// None that are known.
    pub fn set_fast_open(&self, most: u32) -> Result<(), Error> {
        socket::set_fast_open(self, most).map_err(self.failed("set fast-open of"))
    }
}

impl Socket<Tcp, Open> {
    /// Sends what is sent first together with the request for a connection, if the peer allows it
    /// (TCP_FASTOPEN_CONNECT). Connecting then says at once that it is done, and only sending may find that nobody is there.
    ///
    /// ```
    /// use wirenut_linux::socket::{Attempt, Family, Socket, TcpListener};
    /// let listener = TcpListener::bind(&"127.0.0.1:0".parse()?)?;
    /// let socket = Socket::tcp(Family::V4)?;
    /// socket.set_fast_open_connect(true)?;
    /// assert_eq!(socket.connect(&listener.local_address()?)?.send(b"first")?, Attempt::Done(5));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidInput`: `net.ipv4.tcp_fastopen` does not allow it.
    pub fn set_fast_open_connect(&self, is_on: bool) -> Result<(), Error> {
        socket::set_fast_open_connect(self, is_on).map_err(self.failed("set fast-open of"))
    }
}

impl Socket<Tcp, Connected> {
    /// Has the socket be writable only while fewer bytes than this wait to leave (TCP_NOTSENT_LOWAT), of those that were
    /// sent on it. With 1: a poller reports it as writable once everything has left, also before it is acknowledged.
    ///
    /// Sending itself takes as much as before, up to the buffer for sending.
    ///
    /// ```
    /// use std::os::fd::AsFd;
    /// use wirenut_linux::poller::{Interest, Poll, Poller, Token, Waited};
    /// use wirenut_linux::socket::{Attempt, TcpListener, TcpStream};
    /// let listener = TcpListener::bind(&"127.0.0.1:0".parse()?)?;
    /// let stream = TcpStream::connect(&listener.local_address()?)?;
    /// stream.set_unsent_low_water_mark(1)?;
    /// assert_eq!(stream.send(b"goodbye")?, Attempt::Done(7));
    /// let mut poller = Poll::new();
    /// poller.register(stream.as_fd(), Token(0), Interest::WRITABLE)?;
    /// assert_eq!(poller.wait(None)?, Waited::Ready); // it is on its way
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// None that are known.
    pub fn set_unsent_low_water_mark(&self, bytes: u32) -> Result<(), Error> {
        socket::set_unsent_low_water_mark(self, bytes).map_err(self.failed("set the low-water mark of"))
    }
}
