//! `wirenut echo`: sends back what comes, over TCP, UDP and Unix sockets, to try clients and networks on.
//!
//! One thread, poll(2), and so many connections with a buffer of fixed size each: who does not receive is not read from.

mod connection;
mod datagrams;
mod streams;

use alloc::vec;
use core::fmt::Display;
use core::time::Duration;
use std::io::{self, Write};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use wirenut_linux::signal::{self, Termination};
use wirenut_linux::socket::{Socket, TcpListener, UdpSocket};

use crate::arguments::EchoArguments;
use crate::failure::Failure;
use datagrams::Datagrams;
use streams::Streams;

/// For how long what was received is still sent back after the command was told to stop.
const DRAIN: Duration = Duration::from_secs(1);

/// How often it looks again, where the system had no room for another connection.
const PAUSE: Duration = Duration::from_millis(100);

/// How many connections may wait while all places are taken.
const BACKLOG: u32 = 128;

/// Who may connect to the path: the user.
const PERMISSIONS: u32 = 0o600;

/// Something that listens, and echoes what it hears.
trait Echo {
    /// Adds what is to be waited for.
    fn watch<'a>(&'a self, watched: &mut Vec<PollFd<'a>>);

    /// What that was ready for, in the same order. False if it is to be called again soon, without being ready.
    fn handle(&mut self, ready: &mut vec::IntoIter<PollFlags>) -> bool;

    /// Nothing new is taken in any more. True when nothing is left to be sent back.
    fn stop(&mut self) -> bool;
}

/// Prints where it listens, and echoes until SIGTERM or SIGINT.
///
/// # Errors
/// [`Failure::Network`]: an address is taken, or not ours. [`Failure::System`]: waiting failed.
pub fn echo(arguments: &EchoArguments) -> Result<(), Failure> {
    let termination = signal::termination()?;
    let mut echoes: Vec<Box<dyn Echo>> = Vec::new();
    let mut lines = String::new();
    let mut say = |protocol: &str, place: &dyn Display| lines += &format!("{protocol} {place}\n");
    if let Some(address) = arguments.tcp() {
        let listener = TcpListener::bind(&address)?;
        say("tcp", &listener.local_address()?);
        echoes.push(Box::new(Streams::new(listener, arguments.connections)?));
    }
    if let Some(address) = arguments.udp {
        let socket = UdpSocket::bind_to(&address)?;
        say("udp", &socket.local_address()?);
        echoes.push(Box::new(Datagrams::new(socket)?));
    }
    // The path is removed at the end.
    let mut _pathname = None;
    if let Some(path) = &arguments.unix {
        let (listener, pathname) = Socket::stream()?.listen_at(path, PERMISSIONS, BACKLOG)?;
        say("unix", &pathname.as_path().display());
        _pathname = Some(pathname);
        echoes.push(Box::new(Streams::new(listener, arguments.connections)?));
    }
    // Not `print!`, which panics where standard output is closed.
    let _ = io::stdout().write_all(lines.as_bytes());
    run(&mut echoes, termination).map_err(|error| Failure::System { what: "wait for sockets", error })
}

fn run(echoes: &mut [Box<dyn Echo>], termination: Termination) -> io::Result<()> {
    let mut is_paused = false;
    loop {
        let mut watched = vec![PollFd::new(&termination, PollFlags::IN)];
        echoes.iter().for_each(|echo| echo.watch(&mut watched));
        let mut ready = wait(&mut watched, is_paused.then_some(PAUSE))?;
        if ready.next().is_some_and(|flags| !flags.is_empty()) {
            return drain(echoes);
        }
        is_paused = false;
        for echo in &mut *echoes {
            is_paused |= !echo.handle(&mut ready);
        }
    }
}

fn drain(echoes: &mut [Box<dyn Echo>]) -> io::Result<()> {
    let deadline = Instant::now() + DRAIN;
    loop {
        let mut is_done = true;
        for echo in &mut *echoes {
            is_done &= echo.stop();
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if is_done || left.is_zero() {
            return Ok(());
        }
        let mut watched = Vec::new();
        echoes.iter().for_each(|echo| echo.watch(&mut watched));
        let mut ready = wait(&mut watched, Some(left))?;
        for echo in &mut *echoes {
            echo.handle(&mut ready);
        }
    }
}

fn wait(watched: &mut [PollFd<'_>], limit: Option<Duration>) -> io::Result<vec::IntoIter<PollFlags>> {
    // A time that does not fit is for ever.
    let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
    retry_on_intr(|| poll(watched, limit.as_ref()))?;
    Ok(watched.iter().map(PollFd::revents).collect::<Vec<_>>().into_iter())
}
