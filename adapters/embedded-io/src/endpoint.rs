//! What is spoken over a stream, from its first byte to its end.

use core::ops::Range;

use wirenut::time::Instant;
use wirenut::transport::{Environment, Protocol};

/// One end of a protocol, kept for as long as a connection lasts: what [`converse`](crate::converse) speaks.
///
/// A [`Protocol`] borrows the time, so it is made anew for each call. An endpoint makes it; for one that keeps the time itself, so
/// does [`Whole`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// # use tokio::io::{AsyncReadExt, AsyncWriteExt};
/// use wirenut::readiness::Standing;
/// use wirenut::time::Instant;
/// use wirenut::transport::{Disposition, Environment, Progress, Protocol};
/// use wirenut_embedded_io::{Buffers, Endpoint, TokioStream, TokioTimer, converse};
///
/// /// Sends back each whole line, until the peer ends.
/// struct Echo { is_over: bool }
///
/// impl Protocol for Echo {
///     fn drive(&mut self, input: &[u8], _: &mut [u8], output: &mut [u8]) -> Progress {
///         let line = input.split_inclusive(|&byte| byte == b'\n').next().filter(|line| line.ends_with(b"\n"));
///         let Some(line) = line.filter(|line| line.len() <= output.len()) else { return Progress::default() };
///         output[..line.len()].copy_from_slice(line);
///         Progress { taken: line.len(), written: line.len() }
///     }
///     fn handle_eof(&mut self) { self.is_over = true; }
///     fn handle_sent(&mut self, _: usize, _: usize) {}
///     fn handle_timeout(&mut self) {}
///     fn handle_reset(&mut self) {}
///     fn poll_timeout(&self) -> Option<Instant> { None }
///     fn is_readable(&self) -> bool { true }
///     fn standing(&self) -> Standing { Standing::Busy }
///     fn disposition(&self) -> Disposition { if self.is_over { Disposition::Close } else { Disposition::Open } }
/// }
///
/// impl Endpoint for Echo {
///     fn with<R>(&mut self, _: Instant, _: &Environment<'_>, call: impl FnOnce(&mut dyn Protocol) -> R) -> R {
///         call(self)
///     }
/// }
///
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// let mut client = tokio::net::TcpStream::connect(listener.local_addr()?).await?;
/// client.write_all(b"hello\n").await?;
/// client.shutdown().await?;
///
/// let mut stream = TokioStream::new(listener.accept().await?.0);
/// let (mut input, mut output) = ([0; 64], [0; 64]);
/// let buffers = Buffers { input: &mut input, store: &mut [], output: &mut output };
/// converse(&mut stream, &mut Echo { is_over: false }, buffers, &TokioTimer::new(), &()).await.expect("a good end");
/// # let mut answer = String::new();
/// # client.read_to_string(&mut answer).await?;
/// # assert_eq!(answer, "hello\n");
/// # Ok(())
/// # }
/// ```
pub trait Endpoint {
    /// Makes the protocol for this time and place, and lends it to `call`, which is to be called once.
    fn with<R>(&mut self, now: Instant, environment: &Environment<'_>, call: impl FnOnce(&mut dyn Protocol) -> R) -> R;

    /// Somebody woke the task, perhaps by a waker that the protocol gave away.
    fn wake(&mut self) {}

    /// The connection is to end in good order ([`Retirement::WhenDone`]). By default it goes on.
    fn retire(&mut self) {}

    /// The connection is to give way to another one ([`Retirement::Now`]). `has_read`: bytes have come, and were taken,
    /// since that was wished. `false`: it is in use, and goes on. `true`: it ends, and what it has to say yet is sent. By
    /// default it goes on.
    fn give_way(&mut self, now: Instant, environment: &Environment<'_>, has_read: bool) -> bool {
        let _ = (now, environment, has_read);
        false
    }
}

/// An endpoint of a protocol that keeps all it works with itself, and takes the time by
/// [`Protocol::handle_now`]: for example a [`MessageConnection`](wirenut::framing::MessageConnection).
///
/// ```
/// use wirenut::framing::{Frames, Lines, MessageConnection, MessageHandler, MessageLimits, Next, Outbox};
/// use wirenut_embedded_io::blocking::{Sequential, converse};
/// use wirenut_embedded_io::{Buffers, Clock, SystemClock, Tcp, Whole};
///
/// /// Answers each line by the same.
/// struct Echo;
///
/// impl MessageHandler for Echo {
///     const ROOM: usize = 100;
///     fn message(&mut self, line: &[u8], outbox: &mut Outbox<'_>) -> Next {
///         outbox.send(line).map_or(Next::Close, |()| Next::More)
///     }
/// }
///
/// # use std::io::{Read as _, Write as _};
/// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// # let mut client = std::net::TcpStream::connect(listener.local_addr()?)?;
/// # client.write_all(b"hello\n")?;
/// # client.shutdown(std::net::Shutdown::Write)?;
/// let (mut socket, clock) = (Tcp::new(listener.accept()?.0)?, SystemClock::new());
/// let lines = MessageConnection::new(Frames::new(Lines::new()), Echo, MessageLimits::DEFAULT, clock.now());
/// let (mut input, mut store, mut output) = ([0; 100], [0; 100], [0; 200]);
/// let buffers = Buffers { input: &mut input, store: &mut store, output: &mut output };
/// let wait = |socket: &mut Tcp, wanted| socket.wait(wanted, &clock);
/// converse(&mut socket, &mut Whole(lines), buffers, &clock, wait).map_err(std::io::Error::other)?;
/// # let mut answer = String::new();
/// # client.read_to_string(&mut answer)?;
/// # assert_eq!(answer, "hello\n");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Whole<P>(pub P);

impl<P: Protocol> Endpoint for Whole<P> {
    fn with<R>(&mut self, now: Instant, _: &Environment<'_>, call: impl FnOnce(&mut dyn Protocol) -> R) -> R {
        self.0.handle_now(now);
        call(&mut self.0)
    }

    fn wake(&mut self) {
        self.0.handle_wake();
    }

    fn retire(&mut self) {
        self.0.retire();
    }

    fn give_way(&mut self, now: Instant, _: &Environment<'_>, has_read: bool) -> bool {
        self.0.handle_now(now);
        !has_read && self.0.give_way(false)
    }
}

/// How a connection is to end, by the wish of its [`ConnectionObserver`](crate::ConnectionObserver).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Retirement {
    /// At once if it is idle, otherwise after the response in flight: the server ends.
    WhenDone,
    /// At once, to make room for another one, unless it is in use: an idle connection is closed, a head that does not
    /// come is answered, and a connection that lingers is closed. If that is wished while it ends already, it is reset.
    Now,
}

/// What the ends of this crate ask of the loop beyond that.
pub(crate) trait Caller: Endpoint {
    /// It is read while something is being written, too.
    const IS_DUPLEX: bool = false;

    /// Does the loop end here, with the stream as it is? `is_sent`: all that was written is sent.
    fn is_done(&self, is_sent: bool) -> bool {
        let _ = is_sent;
        false
    }

    /// Where in the output buffer content is to be read to, if it is wanted now.
    fn content(&mut self, now: Instant, output: usize) -> Option<Range<usize>> {
        let _ = (now, output);
        None
    }

    /// So many bytes of content were read to the front of that, of at most so many. More than that: the source has failed.
    fn handle_content(&mut self, now: Instant, count: usize, most: usize) {
        let _ = (now, count, most);
    }
}

/// An endpoint whose conversation lasts until the connection is over.
pub(crate) struct Lasting<'e, N>(pub(crate) &'e mut N);

impl<N: Endpoint> Endpoint for Lasting<'_, N> {
    fn with<R>(&mut self, now: Instant, environment: &Environment<'_>, call: impl FnOnce(&mut dyn Protocol) -> R) -> R {
        self.0.with(now, environment, call)
    }

    fn wake(&mut self) {
        self.0.wake();
    }

    fn retire(&mut self) {
        self.0.retire();
    }

    fn give_way(&mut self, now: Instant, environment: &Environment<'_>, has_read: bool) -> bool {
        self.0.give_way(now, environment, has_read)
    }
}

impl<N: Endpoint> Caller for Lasting<'_, N> {}
