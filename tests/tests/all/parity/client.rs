//! A client on a socket.

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Instant;

use wirenut_tests::parity::{Case, Close, Step, Transcript};

/// No answer takes so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// Between two pieces, so that the server sees two.
const PAUSE: Duration = Duration::from_millis(2);

/// Why there is no transcript.
#[derive(Debug)]
pub(crate) enum Failure {
    /// There was no connection, or it ended before the first byte of an answer.
    Refused,
    /// The server did what it must not, in words.
    Wrong(String),
}

enum News {
    Bytes(Vec<u8>),
    Close(Close),
    Silence,
}

/// A socket, TCP or Unix.
trait Stream: Sync {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize>;
    fn write_all(&self, bytes: &[u8]) -> io::Result<()>;
    fn shutdown(&self, how: Shutdown);
    fn be_patient(&self) -> io::Result<()>;
}

macro_rules! streams {
    ($($stream:ty),*) => {$(
        impl Stream for $stream {
            fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
                Read::read(&mut &*self, buffer)
            }

            fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
                Write::write_all(&mut &*self, bytes)
            }

            fn shutdown(&self, how: Shutdown) {
                let _ = self.shutdown(how);
            }

            fn be_patient(&self) -> io::Result<()> {
                self.set_write_timeout(Some(PATIENCE))?;
                self.set_read_timeout(Some(PATIENCE))
            }
        }
    )*};
}

streams!(TcpStream, UnixStream);

/// Does what the client of `case` does, and reads until the server ends the connection. Where an answer is expected,
/// none at all is [`Failure::Refused`].
pub(crate) fn converse(address: SocketAddr, case: &Case, is_answered: bool) -> Result<Transcript, Failure> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(|_| Failure::Refused)?;
    stream.set_nodelay(true).map_err(|error| Failure::Wrong(format!("cannot prepare a socket: {error}")))?;
    converse_over(&stream, case, is_answered)
}

/// The same over a Unix socket.
pub(crate) fn converse_unix(path: &Path, case: &Case, is_answered: bool) -> Result<Transcript, Failure> {
    converse_over(&UnixStream::connect(path).map_err(|_| Failure::Refused)?, case, is_answered)
}

fn converse_over(stream: &impl Stream, case: &Case, is_answered: bool) -> Result<Transcript, Failure> {
    stream.be_patient().map_err(|error| Failure::Wrong(format!("cannot prepare a socket: {error}")))?;
    // Read all the while: a server that cannot send does not receive.
    let (sender, news) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || listen(stream, &sender));
        let mut client = Client { stream, news, output: Vec::new(), close: None, was_reset: false };
        let result = client
            .act(case)
            .and_then(|got| if is_answered && got.is_empty() { Err(Failure::Refused) } else { Ok(got) });
        // Whatever it came to, the listener must not wait.
        stream.shutdown(Shutdown::Both);
        result
    })
}

fn listen(stream: &impl Stream, news: &Sender<News>) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let message = match stream.read(&mut buffer) {
            Ok(0) => News::Close(Close::Ended),
            Ok(length) => News::Bytes(buffer[..length].to_vec()),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => News::Silence,
            Err(_) => News::Close(Close::Reset),
        };
        let is_last = !matches!(message, News::Bytes(_));
        if news.send(message).is_err() || is_last {
            return;
        }
    }
}

struct Client<'s, S> {
    stream: &'s S,
    news: Receiver<News>,
    output: Vec<u8>,
    close: Option<Close>,
    /// Was it a write that was told so?
    was_reset: bool,
}

impl<S: Stream> Client<'_, S> {
    fn act(&mut self, case: &Case) -> Result<Transcript, Failure> {
        for (index, step) in case.steps.iter().enumerate() {
            match step {
                Step::Send(bytes) => {
                    if index > 0 {
                        thread::sleep(PAUSE);
                    }
                    // Who has said his last word takes no more: what came tells. But a reset is told only once.
                    let sent = self.stream.write_all(bytes);
                    self.was_reset |= sent.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset);
                }
                Step::Await(count) => self.wait(case, |output| case.has_answers(*count, output))?,
                Step::AwaitBody(bytes) => self.wait(case, |output| case.has_body(*bytes, output))?,
                Step::End => {
                    self.stream.shutdown(Shutdown::Write);
                }
            }
        }
        self.wait(case, |_| false)?;
        let close = if self.was_reset { Close::Reset } else { self.close.unwrap_or(Close::Reset) };
        Transcript::read(&case.methods, &self.output, close).map_err(Failure::Wrong)
    }

    /// Gathers what comes until that is true of it, or the connection has ended.
    fn wait(&mut self, case: &Case, is_there: impl Fn(&[u8]) -> bool) -> Result<(), Failure> {
        let end = Instant::now() + PATIENCE;
        while self.close.is_none() && !is_there(&self.output) {
            match self.news.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(News::Bytes(bytes)) => self.output.extend(bytes),
                Ok(News::Close(close)) => self.close = Some(close),
                Ok(News::Silence) | Err(_) => {
                    let got = Transcript::read(&case.methods, &self.output, Close::Ended);
                    return Err(Failure::Wrong(format!("neither an answer nor an end; so far: {got:?}")));
                }
            }
        }
        Ok(())
    }
}
