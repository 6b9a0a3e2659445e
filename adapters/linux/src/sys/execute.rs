//! fork(2) and execve(2): another program in a child, which gets descriptors under numbers that are chosen.
//!
//! This process may have any number of threads: between the two calls the child does nothing but system calls, on memory that
//! was made before.

use alloc::ffi::CString;
use core::ffi::c_char;
use core::iter;
use core::ptr;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};

use rustix::io::{Errno, Result, fcntl_dupfd_cloexec};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use super::fork::forget_handlers;
use super::sigset::{Bits, How, change_mask};
use super::socket::last_error;

/// An entry of the environment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Variable {
    /// `NAME=value`.
    Fixed(CString),
    /// `NAME=`, and then the child's process id, which nobody knows before it is there.
    ProcessId(Vec<u8>),
}

/// As many digits as a process id has at most, and the zero byte behind them.
const DIGITS: usize = 11;

/// The status of a child that could not become the program. Nobody sees it but who looks at a dying process.
const NOT_EXECUTED: libc::c_int = 127;

/// What the child works on.
struct Plan {
    program: *const c_char,
    arguments: Vec<*const c_char>,
    environment: Vec<*const c_char>,
    /// Where the child writes its process id.
    process_ids: Vec<*mut u8>,
    /// From which number to which: none of the first is among the second.
    descriptors: Vec<(RawFd, RawFd)>,
    report: RawFd,
}

/// Starts a program in a child. It has these descriptors, under numbers from `first` on, and those of ours that are not closed on
/// exec(2). Signals that are ignored here are ignored there; all others have their defaults, and none is blocked.
///
/// Returns when the program has begun. If it cannot, that is the error, and there is no child.
pub(crate) fn execute(
    program: &CString,
    arguments: &[CString],
    environment: Vec<Variable>,
    first: RawFd,
    passed: &[BorrowedFd<'_>],
) -> Result<Pid> {
    let end = first + RawFd::try_from(passed.len()).map_err(|_| Errno::MFILE)?;
    // Beyond all numbers that the child fills, so that none is overwritten before it is read.
    let beyond: Vec<OwnedFd> = passed.iter().map(|fd| fcntl_dupfd_cloexec(fd, end)).collect::<Result<_>>()?;
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
    let writer = fcntl_dupfd_cloexec(writer, end)?;
    let (mut fixed, mut patched) = (Vec::new(), Vec::new());
    for variable in environment {
        match variable {
            Variable::Fixed(entry) => fixed.push(entry),
            Variable::ProcessId(name) => patched.push((name.len(), [&name[..], &[0; DIGITS]].concat())),
        }
    }
    let patched: Vec<(*const c_char, *mut u8)> = patched
        .iter_mut()
        .map(|(name, entry)| {
            let begin = entry.as_mut_ptr();
            (begin.cast_const().cast(), begin.wrapping_add(*name))
        })
        .collect();
    let plan = Plan {
        program: program.as_ptr(),
        arguments: arguments.iter().map(|argument| argument.as_ptr()).chain(iter::once(ptr::null())).collect(),
        environment: fixed
            .iter()
            .map(|entry| entry.as_ptr())
            .chain(patched.iter().map(|(entry, _)| *entry))
            .chain(iter::once(ptr::null()))
            .collect(),
        process_ids: patched.iter().map(|(_, place)| *place).collect(),
        descriptors: beyond.iter().map(AsRawFd::as_raw_fd).zip(first..).collect(),
        report: writer.as_raw_fd(),
    };
    // A handler that runs in the child would act for the parent.
    let before = change_mask(How::Set, Bits::MAX);
    // SAFETY: the call takes no pointer. What other threads hold at this moment is held in the child for ever; so the child calls
    // nothing that takes a lock or allocates.
    let forked = match unsafe { libc::fork() } {
        // SAFETY: this is the child, and all that the plan points to lives in the frames above, of which it has a copy.
        0 => unsafe { become_program(&plan) },
        // Nothing is called before errno is looked at.
        forked => Pid::from_raw(forked.max(0)).ok_or_else(last_error),
    };
    change_mask(How::Set, before);
    let pid = forked?;
    drop(writer);
    match heard(reader.into()) {
        None => Ok(pid),
        Some(errno) => {
            reap(pid);
            Err(errno)
        }
    }
}

/// Async-signal-safe.
///
/// # Safety
/// To be called in a child that was just forked and has all signals blocked. All pointers of the plan are valid: zero-terminated
/// texts, arrays of such that end with null, and [`DIGITS`] bytes for each process id.
unsafe fn become_program(plan: &Plan) -> ! {
    // SAFETY: the calls take no pointer, or the ones that the caller vouches for.
    unsafe {
        let pid = libc::getpid();
        for place in &plan.process_ids {
            write_decimal(*place, pid);
        }
        for (from, to) in &plan.descriptors {
            while libc::dup2(*from, *to) < 0 {
                match last_error() {
                    Errno::INTR | Errno::BUSY => {}
                    errno => give_up(plan.report, errno),
                }
            }
        }
        // Those that are blocked and have come act by default from now on, and on this process alone.
        forget_handlers();
        change_mask(How::Set, 0);
        libc::execve(plan.program, plan.arguments.as_ptr(), plan.environment.as_ptr());
        give_up(plan.report, last_error())
    }
}

/// Async-signal-safe: tells the parent why, and ends.
fn give_up(report: RawFd, errno: Errno) -> ! {
    let number = errno.raw_os_error().to_ne_bytes();
    // SAFETY: the descriptor is open, and the kernel reads the four bytes of `number`, which it takes as a whole.
    unsafe { libc::write(report, number.as_ptr().cast(), number.len()) };
    // SAFETY: the call takes no pointer.
    unsafe { libc::_exit(NOT_EXECUTED) }
}

/// # Safety
/// There are [`DIGITS`] bytes, and the number is positive.
unsafe fn write_decimal(mut place: *mut u8, number: libc::pid_t) {
    let mut divisor = 1;
    while number / divisor >= 10 {
        divisor *= 10;
    }
    while divisor > 0 {
        let digit = u8::try_from(number / divisor % 10).unwrap_or(0);
        // SAFETY: a positive number of 32 bits has ten digits at most.
        unsafe { place.write(b'0' + digit) };
        place = place.wrapping_add(1);
        divisor /= 10;
    }
    // SAFETY: there is a byte behind ten digits.
    unsafe { place.write(0) };
}

/// Waits until the child has become the program, or has said why it could not.
fn heard(mut reader: File) -> Option<Errno> {
    let mut number = [0; size_of::<i32>()];
    reader.read_exact(&mut number).is_ok().then(|| Errno::from_raw_os_error(i32::from_ne_bytes(number)))
}

fn reap(pid: Pid) {
    while matches!(waitid(WaitId::Pid(pid), WaitIdOptions::EXITED), Err(Errno::INTR)) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn process_ids_are_written_as_numbers() {
        for number in [1, 9, 10, 4_194_304, libc::pid_t::MAX] {
            let mut place = [1; DIGITS];
            // SAFETY: there is room, and the numbers are positive.
            unsafe { write_decimal(place.as_mut_ptr(), number) };
            let end = place.iter().position(|byte| *byte == 0).unwrap();
            let text: String = place[..end].iter().copied().map(char::from).collect();
            assert_eq!(text, number.to_string());
        }
    }
}
