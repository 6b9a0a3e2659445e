//! Which process something in shared memory belongs to, and whether it still lives.

use alloc::collections::BTreeMap;
use std::fs;
use std::io;

use crate::sys::identity::remembered;

/// Bits of the number of a process: the kernel's largest is 2²².
const NUMBER: u32 = 22;

/// This process, in one word: its number, and when it started, since numbers are used again. Never zero.
pub(crate) fn this_process() -> u64 {
    remembered(|| {
        let number = u64::from(std::process::id());
        // Without /proc, or a descriptor to read it, it is the number alone.
        of(number, started(number).map_or(0, |(start, _)| start))
    })
}

/// The number in an identity.
pub(crate) fn number(identity: u64) -> u32 {
    (identity & ((1 << NUMBER) - 1)) as u32
}

/// Whether that process is there. A zombie is not: it does nothing any more.
fn is_alive(identity: u64) -> bool {
    if identity == this_process() {
        return true;
    }
    let number = u64::from(number(identity));
    match started(number) {
        // One that had no descriptor to read its start with is known by its number alone.
        Ok((start, is_running)) => is_running && (identity >> NUMBER == 0 || of(number, start) == identity),
        // Ended, or this process has no descriptor to read with: that there is one is seen without. Without /proc nobody is
        // taken for dead.
        Err(_) => fs::exists(format!("/proc/{number}")).unwrap_or(true) || !fs::exists("/proc/self").unwrap_or(false),
    }
}

/// Who of many lives: each is looked for once.
#[derive(Default)]
pub(crate) struct Census(BTreeMap<u64, bool>);

impl Census {
    pub(crate) fn is_alive(&mut self, identity: u64) -> bool {
        *self.0.entry(identity).or_insert_with(|| is_alive(identity))
    }
}

const fn of(number: u64, start: u64) -> u64 {
    number | start << NUMBER
}

/// When the process started, in ticks since the machine did, and whether it runs: proc_pid_stat(5).
fn started(number: u64) -> io::Result<(u64, bool)> {
    let stat = fs::read(format!("/proc/{number}/stat"))?;
    parse(&stat).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn parse(stat: &[u8]) -> Option<(u64, bool)> {
    // The name, in brackets, may hold anything.
    let behind = stat.iter().rposition(|byte| *byte == b')')?;
    let mut fields = str::from_utf8(stat.get(behind + 1..)?).ok()?.split_ascii_whitespace();
    let state = fields.next()?;
    let threads = fields.clone().nth(16)?;
    let start = fields.nth(18)?.parse().ok()?;
    // A process whose first thread has ended is shown as a zombie, too, while others run.
    Some((start, !matches!(state, "Z" | "X") || threads.parse::<u32>().is_ok_and(|threads| threads > 1)))
}
