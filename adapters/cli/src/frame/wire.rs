//! The stream: standard input and output, a connection, or a serial device. A signal to end interrupts each wait for it.

use core::time::Duration;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::thread;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use wirenut_linux::lookup::Transport;
use wirenut_linux::signal::{Termination, termination};
use wirenut_linux::socket::{Mode, Pathname, Socket, TcpListener, TcpStream, UnixAddress, UnixStream};

use super::options::{Action, FrameArguments};
use super::serial::Serial;
use crate::failure::Failure;
use crate::listen::At;

/// How long a peer may take to end its direction once all was sent: what it sends then is thrown away.
const LINGER: Duration = Duration::from_secs(2);

/// How long the program may take to end after the first signal.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// How many connections may wait. One is taken.
const BACKLOG: u32 = 1;

/// What has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// So many bytes, at least one.
    Bytes(usize),
    End,
    /// The program is to end.
    Interrupted,
}

/// The stream.
pub(super) struct Wire {
    stream: Stream,
    /// What standard input is, whatever the stream is.
    items: File,
    input: File,
    output: File,
    /// Of the stream, for errors.
    name: String,
    termination: Termination,
}

enum Stream {
    Standard,
    Tcp(TcpStream),
    Unix(UnixStream),
    Serial(Serial),
}

impl Wire {
    /// Opens what the command line says. From here on SIGTERM and SIGINT are the end of the input; whoever is held up by what
    /// it writes to ends a second later nevertheless.
    pub(super) fn open(arguments: &FrameArguments) -> Result<Self, Failure> {
        let termination = termination()?;
        watch(termination)?;
        let (stream, name) = match (&arguments.connect, &arguments.listen, &arguments.serial) {
            (Some(at), _, _) => connect(at)?,
            (_, Some(at), _) => match accept(at, termination)? {
                Some(stream) => stream,
                // Nobody came.
                None => (Stream::Standard, String::new()),
            },
            (_, _, Some(path)) => (Stream::Serial(Serial::open(path, arguments.line())?), path.display().to_string()),
            (None, None, None) => {
                let is_read = arguments.action == Action::Decode;
                (Stream::Standard, if is_read { "standard input" } else { "standard output" }.into())
            }
        };
        let system = |error| Failure::System { what: "open the stream", error };
        let (input, output) = match &stream {
            Stream::Standard => (copy(io::stdin().as_fd()), copy(io::stdout().as_fd())),
            Stream::Tcp(socket) => (copy(socket.as_fd()), copy(socket.as_fd())),
            Stream::Unix(socket) => (copy(socket.as_fd()), copy(socket.as_fd())),
            Stream::Serial(serial) => (copy(serial.as_fd()), copy(serial.as_fd())),
        };
        let items = copy(io::stdin().as_fd()).map_err(system)?;
        Ok(Self { stream, items, input: input.map_err(system)?, output: output.map_err(system)?, name, termination })
    }

    /// The next bytes of the stream.
    pub(super) fn receive(&self, into: &mut [u8]) -> Result<Received, Failure> {
        receive(&self.input, &self.name, self.termination, into)
    }

    /// The next bytes of standard input.
    pub(super) fn receive_input(&self, into: &mut [u8]) -> Result<Received, Failure> {
        receive(&self.items, "standard input", self.termination, into)
    }

    /// Sends all of that.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let name = &self.name;
        self.output.write_all(bytes).map_err(|error| Failure::Write { path: name.into(), error })
    }

    /// All is sent: has it leave, and lets the peer read it before the connection is closed.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        let shut = match &self.stream {
            Stream::Standard => return Ok(()),
            Stream::Serial(serial) => return serial.drain(),
            Stream::Tcp(socket) => socket.shutdown(Shutdown::Write),
            Stream::Unix(socket) => socket.shutdown(Shutdown::Write),
        };
        // A connection that is gone has no end.
        if shut.is_err() {
            return Ok(());
        }
        let (until, mut thrown_away) = (std::time::Instant::now() + LINGER, [0; 4096]);
        loop {
            let left = until.saturating_duration_since(std::time::Instant::now());
            if left.is_zero() || !wait(self.input.as_fd(), self.termination, Some(left)) {
                return Ok(());
            }
            match self.input.read(&mut thrown_away) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {}
                // A reset: whether all has reached the peer, nobody knows.
                Err(error) => return Err(Failure::Write { path: self.name.clone().into(), error }),
            }
        }
    }

    /// Is it standard output, which its reader may close when it has seen enough?
    pub(super) const fn is_standard(&self) -> bool {
        matches!(self.stream, Stream::Standard)
    }
}

fn copy(descriptor: BorrowedFd<'_>) -> io::Result<File> {
    descriptor.try_clone_to_owned().map(|descriptor: OwnedFd| File::from(descriptor))
}

fn connect(at: &At) -> Result<(Stream, String), Failure> {
    match at {
        At::Host(host) => {
            let mut failed = None;
            for address in host.addresses(Transport::Tcp)? {
                match TcpStream::connect(&address) {
                    Ok(socket) => return Ok((Stream::Tcp(socket), address.to_string())),
                    Err(error) => failed = Some(error),
                }
            }
            let unknown = || Failure::System { what: "connect", error: ErrorKind::AddrNotAvailable.into() };
            Err(failed.map_or_else(unknown, Failure::Network))
        }
        At::Path(path) => {
            let socket = UnixStream::connect(&UnixAddress::pathname(path)?)?;
            Ok((Stream::Unix(socket), path.display().to_string()))
        }
    }
}

/// The first connection that comes in. None: a signal to end came before it.
fn accept(at: &At, termination: Termination) -> Result<Option<(Stream, String)>, Failure> {
    match at {
        At::Host(host) => {
            let addresses = host.addresses(Transport::Tcp)?;
            let none = || Failure::System { what: "listen", error: ErrorKind::AddrNotAvailable.into() };
            let listener = TcpListener::bind(addresses.first().ok_or_else(none)?)?;
            tell(&format!("tcp {}", listener.local_address()?));
            if !wait(listener.as_fd(), termination, None) {
                return Ok(None);
            }
            let accepted = listener.accept(Mode::Blocking)?.done();
            Ok(accepted.map(|(socket, peer)| (Stream::Tcp(socket), peer.to_string())))
        }
        At::Path(path) => {
            let (listener, _pathname): (_, Pathname) = Socket::stream()?.listen_at(path, 0o600, BACKLOG)?;
            tell(&format!("unix {}", crate::log::Name::of(path)));
            if !wait(listener.as_fd(), termination, None) {
                return Ok(None);
            }
            let accepted = listener.accept(Mode::Blocking)?.done();
            Ok(accepted.map(|(socket, _)| (Stream::Unix(socket), path.display().to_string())))
        }
    }
}

/// Where it listens; standard output is for items.
fn tell(place: &str) {
    let _ = writeln!(io::stderr(), "{place}");
}

fn receive(input: &File, name: &str, termination: Termination, into: &mut [u8]) -> Result<Received, Failure> {
    loop {
        if !wait(input.as_fd(), termination, None) {
            return Ok(Received::Interrupted);
        }
        match (&*input).read(into) {
            Ok(0) => return Ok(Received::End),
            Ok(count) => return Ok(Received::Bytes(count)),
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {}
            Err(error) => return Err(Failure::Read { path: name.into(), error }),
        }
    }
}

/// Waits until it can be read. False: the program is to end, or the time is over.
fn wait(input: BorrowedFd<'_>, termination: Termination, limit: Option<Duration>) -> bool {
    let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
    let mut watched = [PollFd::from_borrowed_fd(input, PollFlags::IN), PollFd::new(&termination, PollFlags::IN)];
    // Where it cannot be waited for, reading says why.
    retry_on_intr(|| poll(&mut watched, limit.as_ref()))
        .map_or(true, |count| count > 0 && watched[1].revents().is_empty())
}

/// Ends the program soon after the first signal to end, and at once at the second one, whatever it waits for then.
fn watch(termination: Termination) -> Result<(), Failure> {
    let watching = move || {
        let first = [PollFd::new(&termination, PollFlags::IN)];
        let _ = retry_on_intr(|| poll(&mut first.clone(), None));
        let repeated = termination.repeated();
        let mut second = [PollFd::new(&repeated, PollFlags::IN)];
        let _ = retry_on_intr(|| poll(&mut second, Timespec::try_from(LAST_WAIT).ok().as_ref()));
        Serial::restore_all();
        // As shells say it of who has ended by SIGINT.
        std::process::exit(130);
    };
    let started = thread::Builder::new().name("end".into()).spawn(watching);
    started.map(drop).map_err(|error| Failure::System { what: "start a thread", error })
}
