//! Measures how long a process takes from before its fork to its first instruction, and until it is joined. `bench/forks`
//! runs it, in turns with Python.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::time::Instant;

use wirenut_linux::process;

fn main() {
    wirenut_bench::with_arguments("usage: forks spawn|fork COUNT", |arguments| {
        let [how, count] = *arguments else { return None };
        let turn = match how {
            "spawn" => spawn,
            "fork" => fork,
            _ => return None,
        };
        measure(turn, count.parse().ok().filter(|count| *count > 0)?);
        Some(())
    });
}

/// One process: nanoseconds until it has ended. It writes those until its first instruction.
type Turn = fn(Instant, PipeWriter) -> u64;

/// Prints the medians of nanoseconds until the first instruction, and until the end.
fn measure(turn: Turn, count: usize) {
    let times = (0..count).map(|_| {
        let (reader, writer) = pipe().expect("descriptors");
        let joined = turn(Instant::now(), writer);
        (first(reader), joined)
    });
    let (first, joined): (Vec<u64>, Vec<u64>) = times.unzip();
    println!("{} {}", median(first), median(joined));
}

fn first(mut reader: PipeReader) -> u64 {
    let mut nanoseconds = [0; 8];
    reader.read_exact(&mut nanoseconds).expect("what the child has written");
    u64::from_ne_bytes(nanoseconds)
}

fn median(mut times: Vec<u64>) -> u64 {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The clock is the same one on both sides of a fork.
fn since(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

fn spawn(begun: Instant, mut writer: PipeWriter) -> u64 {
    let child = process::spawn(move || {
        let first = since(begun);
        writer.write_all(&first.to_ne_bytes())
    });
    assert!(child.and_then(|child| Ok(child.join()?)).expect("a child").is_success());
    since(begun)
}

/// What the system needs, without anything around it.
fn fork(begun: Instant, mut writer: PipeWriter) -> u64 {
    // SAFETY: the call takes no pointer, and this process has one thread.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let first = since(begun);
        let is_written = writer.write_all(&first.to_ne_bytes()).is_ok();
        // SAFETY: the call takes no pointer.
        unsafe { libc::_exit(if is_written { 0 } else { 1 }) };
    }
    let mut status = 0;
    // SAFETY: the kernel writes one `int` to `status`, which outlives the call.
    assert!(unsafe { libc::waitpid(child, &raw mut status, 0) } == child && status == 0);
    since(begun)
}
