//! A client on a socket.

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
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

/// Does what the client of `case` does, and reads until the server ends the connection. Where an answer is expected,
/// none at all is [`Failure::Refused`].
pub(crate) fn converse(address: SocketAddr, case: &Case, is_answered: bool) -> Result<Transcript, Failure> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(|_| Failure::Refused)?;
    let prepare = || {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_read_timeout(Some(PATIENCE))
    };
    prepare().map_err(|error| Failure::Wrong(format!("cannot prepare a socket: {error}")))?;
    // Read all the while: a server that cannot send does not receive.
    let (sender, news) = mpsc::channel();
    thread::scope(|scope| {
        let stream = &stream;
        scope.spawn(move || listen(stream, &sender));
        let mut client = Client { stream, news, output: Vec::new(), close: None, was_reset: false };
        let result = client
            .act(case)
            .and_then(|got| if is_answered && got.is_empty() { Err(Failure::Refused) } else { Ok(got) });
        // Whatever it came to, the listener must not wait.
        let _ = stream.shutdown(Shutdown::Both);
        result
    })
}

fn listen(mut stream: &TcpStream, news: &Sender<News>) {
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

struct Client<'s> {
    stream: &'s TcpStream,
    news: Receiver<News>,
    output: Vec<u8>,
    close: Option<Close>,
    /// Was it a write that was told so?
    was_reset: bool,
}

impl Client<'_> {
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
                    let _ = self.stream.shutdown(Shutdown::Write);
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
