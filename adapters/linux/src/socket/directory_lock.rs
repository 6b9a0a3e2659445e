//! The lock that programs take turns by which make and remove sockets in a directory: flock(2).
//!
//! Whoever may read a directory may hold its lock, for as long as they like. So nobody waits for it without end.

use core::time::Duration;
use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::thread;
use std::time::Instant;

use rustix::fs::{FlockOperation, Stat, flock, fstat, major, minor};
use rustix::io::Errno;

use crate::error::Cause;

/// For how long it is waited: those who only take turns hold it for less than a millisecond.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long between two tries.
const PAUSE: Duration = Duration::from_millis(10);

/// Locks a directory until the descriptor is closed. It waits a few seconds at most, and then says who has the lock.
pub(super) fn acquire(directory: impl AsFd) -> Result<(), Cause> {
    let begun = Instant::now();
    loop {
        match flock(&directory, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(()),
            Err(Errno::WOULDBLOCK | Errno::INTR) if begun.elapsed() < PATIENCE => thread::sleep(PAUSE),
            Err(Errno::WOULDBLOCK | Errno::INTR) => return Err(Cause::Library(timed_out(&fstat(&directory)?))),
            Err(errno) => return Err(errno.into()),
        }
    }
}

fn timed_out(status: &Stat) -> io::Error {
    let locks = fs::read_to_string("/proc/locks").unwrap_or_default();
    let holder = match holder(&locks, status) {
        None => "another program".to_owned(),
        Some(process) => match fs::metadata(format!("/proc/{process}")) {
            Ok(metadata) => format!("process {process} of user {}", metadata.uid()),
            // Descriptors are inherited, and with them the lock.
            Err(_) => format!("process {process}, which has ended and left it to another one,"),
        },
    };
    let seconds = PATIENCE.as_secs();
    let text = format!(
        "{holder} has its directory locked by flock(2), for more than {seconds} s: try again once that has ended"
    );
    io::Error::new(io::ErrorKind::TimedOut, text)
}

/// Who has locked this file, in the lines of `/proc/locks` (proc(5)):
///
/// ```text
/// 1: FLOCK  ADVISORY  WRITE 4711 08:01:131073 0 EOF
/// ```
fn holder(locks: &str, status: &Stat) -> Option<u32> {
    let device = format!("{:02x}:{:02x}", major(status.st_dev), minor(status.st_dev));
    let holders = locks.lines().filter_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let (kind, process, file) = (words.next()?, words.nth(2)?, words.next()?);
        let (its_device, number) = file.rsplit_once(':')?;
        let is_same = kind == "FLOCK" && number.parse() == Ok(status.st_ino);
        is_same.then_some((its_device == device, process.parse().ok()?))
    });
    // Layered file systems show another device than they lock on; the same number there is a good guess.
    holders.max_by_key(|(is_same_device, _)| *is_same_device).map(|(_, process)| process)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, Mode, OFlags, makedev, openat};

    #[test]
    fn the_holder_is_the_one_of_this_file() {
        let mut status = fstat(openat(CWD, "/", OFlags::PATH, Mode::empty()).unwrap()).unwrap();
        (status.st_dev, status.st_ino) = (makedev(8, 1), 42);
        for (locks, expected) in [
            ("", None),
            ("1: FLOCK  ADVISORY  WRITE 10 08:01:42 0 EOF\n", Some(10)),
            ("1: POSIX  ADVISORY  WRITE 10 08:01:42 0 EOF\n2: FLOCK  ADVISORY  READ  11 08:01:42 0 EOF\n", Some(11)),
            ("1: FLOCK  ADVISORY  WRITE 10 08:01:43 0 EOF\n", None),
            ("1: FLOCK  ADVISORY  WRITE 10 08:01:42 0 EOF\n2: FLOCK  ADVISORY  WRITE 11 08:02:42 0 EOF\n", Some(10)),
            ("1: FLOCK  ADVISORY  WRITE 11 00:2f:42 0 EOF\n", Some(11)),
            ("nonsense\n\n1: FLOCK\n", None),
        ] {
            assert_eq!(holder(locks, &status), expected, "{locks}");
        }
    }
}
