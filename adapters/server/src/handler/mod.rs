//! Handlers: what a server does on a connection, as plain code that reads and writes, and waits.
//!
//! ```
//! use std::io::{Read, Write};
//! use std::num::NonZeroUsize;
//! use wirenut_server::handler::Stream;
//! use wirenut_server::{Config, Model, Server};
//!
//! let echo = |stream: &Stream| std::io::copy(&mut &*stream, &mut &*stream).map(drop);
//!
//! let model = Model::Threading { threads: NonZeroUsize::new(100).unwrap() };
//! let server = Server::bind("127.0.0.1:0", Config { model, ..Config::DEFAULT })?;
//! # let (address, stopper) = (server.local_addr().unwrap(), server.stopper());
//! # let client = std::thread::spawn(move || {
//! #     let mut client = std::net::TcpStream::connect(address).unwrap();
//! #     client.write_all(b"hello").unwrap();
//! #     client.shutdown(std::net::Shutdown::Write).unwrap();
//! #     let mut answer = String::new();
//! #     client.read_to_string(&mut answer).unwrap();
//! #     assert_eq!(answer, "hello");
//! #     stopper.stop();
//! # });
//! server.run_handler(&echo)?;
//! # client.join().unwrap();
//! # Ok::<(), wirenut_server::Error>(())
//! ```
//!
//! A handler runs under every [model](crate::Model) but the multiplexed one, where it would hold up all others.
//!
//! # What happens on a connection
//!
//! 1. Whoever accepts asks [`Handler::verify`]. Who is not wanted is closed.
//! 2. A proxy must say whom it passes on ([`Config::proxy_protocol`](crate::Config::proxy_protocol)): that is the peer then.
//! 3. The thread or process that serves agrees with it on TLS, if the [server](crate::Server) speaks that, and calls [`Handler::handle`].
//! 4. When that has returned `Ok`, our direction ends, and what the peer still sends is thrown away until it ends its own, for
//!    [`Limits::linger`](wirenut::http::Limits) at most: a close with unread input would destroy what was sent last.
//! 5. When it has returned an error, [`Handler::failed`] or [`Handler::timed_out`] is called, and the connection is reset,
//!    after all that was written has left: so the peer sees that something is missing. A Unix socket knows no reset:
//!    its peer sees an end. Who wants to part in peace from a peer that has failed, after a word of farewell, returns
//!    `Ok`.
//! 6. When it has panicked, that is logged and counted ([`Report::panics`](crate::Report)), and the connection is reset
//!    alike. In a program that is built to abort on panics, the process ends.
//!
//! # The end of the server
//!
//! While the server drains, handlers go on, and may ask [`Stream::is_draining`] to end earlier. When
//! [`Config::drain`](crate::Config::drain) is over, or the server is stopped at once, whatever they do with their
//! [`Stream`] is an error. A handler that does nothing with it holds up the end of its thread, and with it that of the
//! server; a process is killed after another second.

mod farewell;
mod introduction;
#[cfg(feature = "tls")]
mod security;
mod stream;
mod work;

use core::time::Duration;
use std::io;

pub use stream::Stream;
use wirenut_linux::socket::AnyAddress;
pub(crate) use work::Handled;

/// What a server does on a connection. See the [module](self) for the order of these calls.
///
/// Each closure of type `Fn(&Stream) -> io::Result<()>` is one. Whoever wants more than to handle implements the trait:
///
/// ```
/// use std::io::{self, BufRead, BufReader, Write};
/// use wirenut_linux::socket::AnyAddress;
/// use wirenut_server::handler::{Handler, Stream};
///
/// struct Greeter;
///
/// impl Handler for Greeter {
///     fn verify(&self, peer: &AnyAddress) -> bool {
///         peer.internet().is_none_or(|address| address.ip().is_loopback())
///     }
///
///     fn handle(&self, mut stream: &Stream) -> io::Result<()> {
///         let mut name = String::new();
///         BufReader::new(stream).read_line(&mut name)?;
///         writeln!(stream, "Hello, {}!", name.trim_end())
///     }
///
///     fn failed(&self, peer: &AnyAddress, error: &io::Error) {
///         eprintln!("{peer}: {error}");
///     }
/// }
/// # let _: &dyn Handler = &Greeter;
/// ```
pub trait Handler {
    /// Is this peer wanted? Asked by the thread that accepts: keep it short. By default everybody is.
    fn verify(&self, _peer: &AnyAddress) -> bool {
        true
    }

    /// Speaks with one peer. The connection is ended when this has returned.
    ///
    /// # Errors
    /// Whatever went wrong: see the [module](self).
    fn handle(&self, stream: &Stream) -> io::Result<()>;

    /// [`Self::handle`] has returned an error. By default it is logged with the peer, at the level *warn*; where it is the peer
    /// that has gone, *debug*.
    fn failed(&self, peer: &AnyAddress, error: &io::Error) {
        let is_peers = matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe);
        let level = if is_peers { log::Level::Debug } else { log::Level::Warn };
        log::log!(level, "{peer}: {error}");
    }

    /// The same, where it was the stream's time for reading or writing that was over. By default it is logged, at the level
    /// *info*.
    fn timed_out(&self, peer: &AnyAddress) {
        log::info!("{peer}: nothing came or went in time");
    }

    /// How often [`Self::service_actions`] is called. By default never, and the server wakes up for nobody.
    fn service_interval(&self) -> Option<Duration> {
        None
    }

    /// What is to be done now and then beside serving: in the process that was started, by the thread that accepts,
    /// between two waits. It is called that long after it has returned, or later by what the thread has to do then:
    /// under the iterative and pre-threaded models, to serve a connection.
    fn service_actions(&self) {}
}

impl<F: Fn(&Stream) -> io::Result<()>> Handler for F {
    fn handle(&self, stream: &Stream) -> io::Result<()> {
        self(stream)
    }
}
