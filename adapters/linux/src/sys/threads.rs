//! How many threads this process has: /proc/self/task of proc(5), or unshare(2) where there is no /proc.

use std::fs::{self, DirEntry};
use std::io::{ErrorKind, Result};
use std::os::unix::fs::MetadataExt as _;

const TASKS: &str = "/proc/self/task";
/// PF_EXITING of the kernel's `include/linux/sched.h`: the thread is on its way out, and runs no code of the program.
const EXITING: u64 = 0x4;

/// The threads of this process that may still run code of it.
///
/// A thread that was joined is in /proc for a moment longer: it tells that it ends before it is gone. It does not count.
/// Where there is no /proc, as in an empty root directory, a single thread is all that can be told.
pub(crate) fn count_threads() -> Result<usize> {
    let links = match fs::metadata(TASKS) {
        Ok(tasks) => tasks.nlink(),
        Err(error) if error.kind() == ErrorKind::NotFound && is_alone() => return Ok(1),
        Err(error) => return Err(error),
    };
    // A folder has a link for each folder in it, and two more: proc(5) has nothing that is cheaper to ask.
    if links == 3 {
        return Ok(1);
    }
    let tasks = fs::read_dir(TASKS)?.collect::<Result<Vec<DirEntry>>>()?;
    Ok(tasks.iter().filter(|task| runs(task)).count())
}

/// Whether this process has one thread: for it alone unshare(2) of its group of threads succeeds, and does nothing. A thread
/// that was joined counts until it is gone.
fn is_alone() -> bool {
    // SAFETY: the call takes no pointer. It changes nothing: it fails where there is anything to unshare.
    unsafe { libc::unshare(libc::CLONE_THREAD) == 0 }
}

/// One that vanishes meanwhile does not; one of which nothing can be told may.
fn runs(task: &DirEntry) -> bool {
    match fs::read(task.path().join("stat")) {
        Ok(stat) => flags(&stat).is_none_or(|flags| flags & EXITING == 0),
        Err(error) => !matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ESRCH)),
    }
}

/// The ninth field of /proc/PID/stat. The second is a name in parentheses, which may hold anything.
fn flags(stat: &[u8]) -> Option<u64> {
    let end_of_name = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = str::from_utf8(&stat[end_of_name + 1..]).ok()?;
    rest.split_ascii_whitespace().nth(6)?.parse().ok()
}
