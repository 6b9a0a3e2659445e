//! What the old process and the new one say to each other, on a pair of sockets that keeps messages whole.
//!
//! ```text
//! new ── "ready" ──▶ old
//! new ◀── "path /run/web" and its file ── old     for each path of a Unix socket
//! new ◀── "yours" ── old
//! ```
//!
//! The end of the stream means that the other one is gone.

use std::ffi::OsStr;
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;

use wirenut::time::Duration;
use wirenut_linux::Error;
use wirenut_linux::socket::{Attempt, Mode, Pathname, Received, SeqpacketStream};

/// The name of the descriptor by which the new process finds its end.
pub(super) const NAME: &str = "wirenut-handover";

const READY: &[u8] = b"ready";
const PATH: &[u8] = b"path ";
const YOURS: &[u8] = b"yours";

/// Larger than any message: a path of a Unix socket has 107 bytes, or 4,096 as an absolute one.
const MAX_MESSAGE: usize = 5_000;

/// For how long the old process waits where the new one does not read.
const PATIENCE: core::time::Duration = core::time::Duration::from_secs(5);

/// The new process's end.
#[derive(Debug)]
pub(super) struct Predecessor(pub(super) SeqpacketStream);

/// What the old process has answered.
#[derive(Debug)]
pub(super) enum Answer {
    /// The service is this process's, with these paths.
    Yours(Vec<Pathname>),
    /// It has died. What it had nobody has now.
    Gone,
}

impl Predecessor {
    /// Says that this process is ready, and waits for the answer, for as long as the old one lives.
    pub(super) fn take_over(self) -> Result<Answer, Error> {
        self.0.set_mode(Mode::Blocking)?;
        let mut pathnames = Vec::new();
        match self.0.send_message(READY) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Answer::Gone),
            Err(error) => return Err(error),
        }
        loop {
            let mut message = [0; MAX_MESSAGE];
            let delivery = match self.0.recv_descriptors(&mut message) {
                Ok(Received::Data(delivery)) => delivery,
                Ok(Received::End) => return Ok(Answer::Gone),
                // There is no time-out.
                Ok(Received::WouldBlock) => continue,
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(Answer::Gone),
                Err(error) => return Err(error),
            };
            let message = message.get(..delivery.message.length).unwrap_or_default();
            if message == YOURS {
                return Ok(Answer::Yours(pathnames));
            }
            if let (Some(path), Some(file)) = (message.strip_prefix(PATH), delivery.descriptors.into_iter().next()) {
                pathnames.push(Pathname::taken_over(OsStr::from_bytes(path), file));
            }
        }
    }
}

/// The old process's end.
#[derive(Debug)]
pub(super) struct Channel(pub(super) SeqpacketStream);

/// What the new process has said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Word {
    Ready,
    /// Nothing yet.
    Nothing,
    /// It is gone, or is no program that knows how to take over.
    Gone,
}

impl Channel {
    /// Waits for so long.
    pub(super) fn hear(&self, patience: Duration) -> Result<Word, Error> {
        if patience == Duration::default() {
            self.0.set_mode(Mode::NonBlocking)?;
        } else {
            self.0.set_mode(Mode::Blocking)?;
            self.0.set_recv_timeout(Some(patience.into()))?;
        }
        let mut message = [0; READY.len()];
        match self.0.recv_message(&mut message) {
            Ok(Received::Data(_)) if message == READY => Ok(Word::Ready),
            Ok(Received::Data(_) | Received::End) => Ok(Word::Gone),
            Ok(Received::WouldBlock) => Ok(Word::Nothing),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(Word::Gone),
            Err(error) => Err(error),
        }
    }

    /// Gives the service away. These paths are the other's to remove, if this succeeds.
    pub(super) fn give(&self, pathnames: &[Pathname]) -> Result<(), Error> {
        self.0.set_mode(Mode::Blocking)?;
        self.0.set_send_timeout(Some(PATIENCE))?;
        for pathname in pathnames {
            let Some(file) = pathname.file() else { continue };
            let message = [PATH, pathname.as_path().as_os_str().as_bytes()].concat();
            sent(self.0.send_descriptors(&message, &[file.as_fd()])?)?;
        }
        sent(self.0.send_message(YOURS)?)
    }
}

fn sent<T>(attempt: Attempt<T>) -> Result<(), Error> {
    let late = || Error::new("give the service to the new process", io::ErrorKind::TimedOut.into());
    attempt.done().map(drop).ok_or_else(late)
}
