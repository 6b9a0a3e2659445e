//! A server over a datagram socket of tokio 1: what a user sees.

use alloc::vec::Vec;
use core::future::poll_fn;
use core::pin::pin;
use std::io;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use wirenut::time::Duration;

mod handled;
mod report;
mod running;
mod socket;

pub use report::{TokioDatagramFailure, TokioDatagramReport};
pub use socket::TokioDatagramSocket;

use handled::handled;
use running::Running;

use super::TokioTimer;

/// How [`TokioDatagrams`] are handled.
///
/// ```
/// use wirenut_embedded_io::TokioDatagramConfig;
/// const DNS: TokioDatagramConfig = TokioDatagramConfig { datagram_bytes: 4_096, ..TokioDatagramConfig::DEFAULT };
/// assert_eq!(DNS.handlers, 64);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TokioDatagramConfig {
    /// How long a datagram may be, in bytes. A longer one is not handled, and told as [`TokioDatagramFailure::TooLong`].
    ///
    /// Default: `65_535`, which no UDP datagram exceeds.
    pub datagram_bytes: usize,
    /// How many are handled at a time. At least one. Each takes as much memory as its datagram has bytes, and its reply.
    ///
    /// Default: `64`.
    pub handlers: usize,
    /// For how long one may be handled, until its reply is with the system. After that its handler is dropped.
    ///
    /// Default: `Duration::from_secs(10)`.
    pub patience: Duration,
    /// For how long a server that was told to stop goes on to handle what has come by then.
    ///
    /// Default: `Duration::from_secs(30)`.
    pub drain: Duration,
}

impl TokioDatagramConfig {
    /// Sane values for a server on a machine with memory to spare.
    pub const DEFAULT: Self = Self {
        datagram_bytes: 65_535,
        handlers: 64,
        patience: Duration::from_secs(10),
        drain: Duration::from_secs(30),
    };
}

impl Default for TokioDatagramConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A server over a datagram socket, UDP or Unix, in a runtime of tokio's: an async function answers each datagram.
///
/// ```
/// use wirenut_embedded_io::{TokioDatagramConfig, TokioDatagrams};
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> std::io::Result<()> {
///     let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await?;
///     # let client = tokio::net::UdpSocket::bind("127.0.0.1:0").await?;
///     # client.connect(socket.local_addr()?).await?;
///     # client.send(b"hello").await?;
///     let server = TokioDatagrams::new(socket, TokioDatagramConfig::DEFAULT)?;
///     let stop = async { _ = tokio::signal::ctrl_c().await };
///     # let stop = async {
///     #     let mut reply = [0; 8];
///     #     let count = client.recv(&mut reply).await.unwrap();
///     #     assert_eq!(&reply[..count], b"HELLO");
///     # };
///     let handler = async |mut datagram: Vec<u8>, _: &_| {
///         datagram.make_ascii_uppercase();
///         Some(datagram)
///     };
///     let report = server.serve(handler, stop, |failure| eprintln!("{failure}")).await;
///     assert_eq!((report.received, report.replied), (1, 1));
///     Ok(())
/// }
/// ```
///
/// All handlers run within the one future that [`Self::serve`] returns: so the function is only borrowed, and may be neither
/// `Send` nor `Sync`. Replies leave in the order in which handlers are done.
///
/// Where as many are handled as may be, others wait in the receive buffer of the socket. When that is full, the system drops
/// what comes then (UDP), or lets the sender wait (Unix).
#[derive(Debug)]
pub struct TokioDatagrams<D: TokioDatagramSocket> {
    socket: AsyncFd<D::Socket>,
    config: TokioDatagramConfig,
}

impl<D: TokioDatagramSocket> TokioDatagrams<D> {
    /// Takes a datagram socket of tokio's or of the standard library. Nobody is served yet: datagrams wait in the receive
    /// buffer.
    ///
    /// # Errors
    /// The system, or the runtime, does not take the socket.
    ///
    /// # Panics
    /// Where [`TokioDatagramConfig::handlers`] is 0; and outside of a runtime of tokio's whose I/O is enabled.
    pub fn new(socket: D, config: TokioDatagramConfig) -> io::Result<Self> {
        assert!(config.handlers > 0, "no handler at all");
        let socket = socket.into_socket()?;
        #[expect(
            deprecated,
            reason = "what replaces it is unsafe; it asks for a descriptor of its own, as each of these has"
        )]
        let socket = AsyncFd::with_interest(socket, Interest::READABLE)?;
        Ok(Self { socket, config })
    }

    /// Has `handler` handle each datagram until `stop` is ready, and ends gracefully then. What it returns is sent to the peer;
    /// `None`: nothing is. `on_failure` is called with failures, for the log: ten in a second at most, for anybody can send
    /// what fails. The report counts them all.
    ///
    /// A panic of the handler costs its reply, and nothing else. A reply that cannot be sent is lost, as datagrams are.
    ///
    /// A graceful end handles what has come by then. What is left after [`TokioDatagramConfig::drain`] is dropped. So it is
    /// where the future is dropped. The file of a Unix socket stays: whoever has made it removes it.
    pub fn serve(
        self,
        handler: impl AsyncFn(Vec<u8>, &D::Peer) -> Option<Vec<u8>>,
        stop: impl Future<Output = ()>,
        on_failure: impl FnMut(TokioDatagramFailure<D::Peer>),
    ) -> impl Future<Output = TokioDatagramReport> {
        async move {
            let Self { socket, config } = self;
            let handle = |datagram, peer| handled::<D>(socket.get_ref(), &handler, datagram, peer, config.patience);
            let mut running = Running::<D, _, _, _>::new(&socket, config, TokioTimer::new(), handle, on_failure);
            let mut stop = pin!(stop);
            poll_fn(|cx| running.poll(cx, stop.as_mut())).await
        }
    }
}
