//! `wirenut echo`: sends back what comes, over TCP, UDP and Unix sockets, to try clients and networks on.
//!
//! One thread, a poller, and so many connections with a buffer of fixed size each: who does not receive is not read from.

mod connection;
mod datagrams;
mod protocol;
mod repeats;
mod streams;
mod watched;

use core::fmt::Display;
use core::time::Duration;
use std::io::{self, Write};
use std::time::Instant;

use wirenut_linux::Error;
use wirenut_linux::lookup::Transport;
use wirenut_linux::poller::{Epoll, Event, Poll, Select, Token};
use wirenut_linux::signal::{self, Termination};
use wirenut_linux::socket::{Socket, TcpListener, UdpSocket};

use crate::arguments::EchoArguments;
use crate::failure::Failure;
use crate::listen::{At, Place};
use crate::log::{Name, Writer};
use crate::server::PollerName;
use datagrams::Datagrams;
use streams::Streams;
use watched::{Watched, Watcher};

/// For how long what was received is still sent back after the command was told to stop.
const DRAIN: Duration = Duration::from_secs(1);

/// How often it looks again, where the system had no room for another connection.
const PAUSE: Duration = Duration::from_millis(100);

/// How many connections may wait while all places are taken.
const BACKLOG: u32 = 128;

/// Who may connect to the path: the user.
const PERMISSIONS: u32 = 0o600;

/// The name of what tells that the command is to end.
const TERMINATION: Token = Token(u64::MAX);

/// The place of what an echo listens at; those of connections are counted from zero.
const LISTENER: usize = u32::MAX as usize;

/// Something that listens, and echoes what it hears.
trait Echo<P> {
    /// What has that place may be ready. An error if the listener is to be looked at again soon, ready or not.
    fn handle(&mut self, place: usize, poller: &mut P) -> Result<(), Error>;

    /// No connection is taken in any more.
    fn stop(&mut self, poller: &mut P) -> Result<(), Error>;

    /// Nothing is left to be sent back, since it was told to stop.
    fn is_done(&self) -> bool;
}

/// The name of what has that place with the echo of that number.
const fn token(number: usize, place: usize) -> Token {
    Token((number as u64) << 32 | place as u64)
}

/// Prints where it listens, and echoes until SIGTERM or SIGINT.
///
/// # Errors
/// [`Failure::Network`]: an address is taken, or not ours, or waiting failed. [`Failure::System`]: no thread is left.
pub fn echo(arguments: &EchoArguments) -> Result<(), Failure> {
    let failed = |error| Failure::System { what: "start a thread for the log", error };
    crate::log::write_errors_to_standard_error(Writer::Thread).map_err(failed)?;
    match arguments.server.model.poller.unwrap_or(PollerName::Epoll) {
        PollerName::Epoll => echo_with(Epoll::new()?, arguments),
        PollerName::Poll => echo_with(Poll::new(), arguments),
        PollerName::Select => echo_with(Select::new(), arguments),
    }
}

fn echo_with<P: Watcher>(mut poller: P, arguments: &EchoArguments) -> Result<(), Failure> {
    let termination = Watched::new(signal::termination()?, TERMINATION, &mut poller)?;
    let mut echoes: Vec<Box<dyn Echo<P>>> = Vec::new();
    let mut lines = String::new();
    let mut say = |protocol: &str, place: &dyn Display| lines += &format!("{protocol} {place}\n");
    // Paths are removed at the end.
    let mut pathnames = Vec::new();
    let most = arguments.server.model.max_connections.map_or(100, |most| u16::try_from(most.get()).unwrap_or(u16::MAX));
    for place in &arguments.places.listen {
        match place {
            Place::Stream(At::Host(host)) => {
                for address in host.addresses(Transport::Tcp)? {
                    let listener = TcpListener::bind(&address)?;
                    say("tcp", &listener.local_address()?);
                    echoes.push(Box::new(Streams::new(listener, most, echoes.len(), &mut poller)?));
                }
            }
            Place::Datagram(At::Host(host)) => {
                for address in host.addresses(Transport::Udp)? {
                    let socket = UdpSocket::bind_to(&address)?;
                    say("udp", &socket.local_address()?);
                    echoes.push(Box::new(Datagrams::new(socket, echoes.len(), &mut poller)?));
                }
            }
            Place::Stream(At::Path(path)) => {
                let (listener, pathname) = Socket::stream()?.listen_at(path, PERMISSIONS, BACKLOG)?;
                say("unix", &Name::of(pathname.as_path()));
                pathnames.push(pathname);
                echoes.push(Box::new(Streams::new(listener, most, echoes.len(), &mut poller)?));
            }
            Place::Datagram(At::Path(_)) | Place::Number(_) | Place::Named(_) => {}
        }
    }
    // Not `print!`, which panics where standard output is closed.
    let _ = io::stdout().write_all(lines.as_bytes());
    run(&mut echoes, termination, &mut poller)?;
    Ok(drain(&mut echoes, &mut poller)?)
}

/// Until it is told to end.
fn run<P: Watcher>(
    echoes: &mut [Box<dyn Echo<P>>],
    termination: Watched<Termination>,
    poller: &mut P,
) -> Result<(), Error> {
    let mut is_paused = false;
    loop {
        let _ = poller.wait(is_paused.then_some(PAUSE.into()))?;
        if core::mem::take(&mut is_paused) {
            for echo in &mut *echoes {
                is_paused |= echo.handle(LISTENER, poller).is_err();
            }
        }
        while let Some(event) = poller.next_event() {
            if event.token == TERMINATION {
                return termination.close(poller);
            }
            // What fails here is the system's lack of something, and passes.
            is_paused |= handle(echoes, event, poller).is_err();
        }
    }
}

/// Until nothing is left to be sent back, or it took too long.
fn drain<P: Watcher>(echoes: &mut [Box<dyn Echo<P>>], poller: &mut P) -> Result<(), Error> {
    let deadline = Instant::now() + DRAIN;
    for echo in &mut *echoes {
        echo.stop(poller)?;
    }
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || echoes.iter().all(|echo| echo.is_done()) {
            return Ok(());
        }
        let _ = poller.wait(Some(left.into()))?;
        while let Some(event) = poller.next_event() {
            handle(echoes, event, poller)?;
        }
    }
}

fn handle<P>(echoes: &mut [Box<dyn Echo<P>>], event: Event, poller: &mut P) -> Result<(), Error> {
    let (number, place) = (event.token.0 >> 32, event.token.0 & u64::from(u32::MAX));
    echoes[number as usize].handle(place as usize, poller)
}
