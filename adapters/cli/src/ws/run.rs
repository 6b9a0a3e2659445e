//! Waiting for the socket, standard input and deadlines, until the connection is over.

use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};

use wirenut::transport::Protocol;
use wirenut::websocket::CloseCode;
use wirenut_client::Upgraded;
use wirenut_linux::poller::{Interest, Poll, Poller, Token};
use wirenut_linux::{Error, monotonic_time};

use super::client::Client;
use super::duplex::{Duplex, Next};
use super::failure::WsFailure;
use super::is_typed;
use super::lines::{Line, Lines};
use super::options::{WsArguments, shown};
use super::speaker::End;
use crate::failure::Failure;

const SOCKET: Token = Token(0);
const INPUT: Token = Token(1);

/// Speaks until the connection is over.
pub(super) fn run(arguments: &WsArguments, socket: Upgraded, client: Client) -> Result<(), Failure> {
    let mut running = Running {
        arguments,
        socket,
        client,
        connection: Duplex::new(),
        lines: Lines::new(arguments),
        line: 0,
        bad_lines: 0,
        is_greeted: false,
    };
    running.converse()?;
    running.outcome()
}

struct Running<'a> {
    arguments: &'a WsArguments,
    socket: Upgraded,
    client: Client,
    connection: Duplex,
    lines: Lines,
    /// The number of the line that was read last.
    line: u64,
    bad_lines: u64,
    /// The person at the keyboard knows that the connection is there.
    is_greeted: bool,
}

impl Running<'_> {
    fn converse(&mut self) -> Result<(), Failure> {
        let input = io::stdin();
        let mut poller = Poll::new();
        poller.register(self.socket.as_fd(), SOCKET, self.connection.interest())?;
        let mut watch = Watch { is_on: false };
        let (mut event, mut is_input) = (None, false);
        loop {
            let now = monotonic_time();
            if self.client.at(now).poll_timeout().is_some_and(|due| due <= now) {
                self.client.at(now).handle_timeout();
            }
            if core::mem::take(&mut is_input) {
                self.read_lines()?;
            }
            let now = monotonic_time();
            if self.connection.turn(&mut self.socket, event.take(), &mut self.client.at(now)) == Next::End {
                return Ok(());
            }
            self.greet();
            let reads = !self.arguments.echo && self.client.speaker.wants_more();
            watch.set(&mut poller, input.as_fd(), reads)?;
            poller.modify(self.socket.as_fd(), SOCKET, self.connection.interest())?;
            let now = monotonic_time();
            let limit = self.client.at(now).poll_timeout().map(|due| due.saturating_since(now));
            let _ = poller.wait(limit)?;
            while let Some(told) = poller.next_event() {
                match told.token {
                    INPUT => is_input = true,
                    _ => event = Some(told),
                }
            }
        }
    }

    fn read_lines(&mut self) -> Result<(), Failure> {
        let Self { lines, client, line, bad_lines, .. } = self;
        let mut take = |read: Line| {
            *line += 1;
            match read {
                Ok((kind, message)) => client.speaker.queue(kind, message),
                Err(bad) => {
                    *bad_lines += 1;
                    // Not `eprintln!`, which panics where standard error is closed.
                    let _ = writeln!(io::stderr(), "wirenut: line {line} was not sent: {}", bad.text());
                }
            }
        };
        match lines.read(&mut take) {
            Ok(Some(())) => {}
            Ok(None) => client.speaker.finish(),
            Err(errno) => return Err(Failure::System { what: "read standard input", error: errno.into() }),
        }
        Ok(())
    }

    fn greet(&mut self) {
        if !self.is_greeted {
            self.is_greeted = true;
            if is_typed() && !self.arguments.echo {
                let _ = writeln!(io::stderr(), "connected to {}; Ctrl-D closes", shown(&self.arguments.url));
            }
        }
    }

    fn outcome(mut self) -> Result<(), Failure> {
        match self.client.speaker.take_unprinted() {
            // Whoever reads the first lines alone, as `head` does, misses nothing.
            Some(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            Some(error) => return Err(Failure::Write { path: "standard output".into(), error }),
            None => {}
        }
        let failure = match self.client.speaker.end() {
            Some(End::Clean(Some((code, reason))))
                if *code != CloseCode::NORMAL && !self.client.speaker.is_finished() =>
            {
                WsFailure::Closed(*code, reason.clone())
            }
            Some(End::Clean(_)) | None if self.bad_lines > 0 => WsFailure::Lines(self.bad_lines),
            Some(End::Clean(_)) | None => return Ok(()),
            Some(End::Failed(error)) => WsFailure::Broken(*error),
            Some(End::Abnormal(how)) => WsFailure::Lost(*how),
        };
        Err(failure.into())
    }
}

/// Does a poller watch standard input?
struct Watch {
    is_on: bool,
}

impl Watch {
    /// Registers standard input while it is read. A poller reports that the writer of a pipe has gone whatever interest it
    /// has, and again at each wait.
    fn set(&mut self, poller: &mut Poll, input: BorrowedFd<'_>, is_on: bool) -> Result<(), Error> {
        if is_on && !self.is_on {
            poller.register(input, INPUT, Interest::READABLE)?;
        } else if !is_on && self.is_on {
            poller.deregister(input, INPUT)?;
        }
        self.is_on = is_on;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_that_is_not_read_wakes_nobody_when_its_writer_has_gone() {
        let (input, writer) = io::pipe().unwrap();
        drop(writer);
        let (mut poller, mut watch) = (Poll::new(), Watch { is_on: false });
        for is_on in [false, true, true, false, false, true] {
            watch.set(&mut poller, input.as_fd(), is_on).unwrap();
            let _ = poller.wait(Some(wirenut::time::Duration::default())).unwrap();
            assert_eq!(poller.next_event().is_some(), is_on);
        }
    }
}
