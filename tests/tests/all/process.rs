//! Programs that tests start: where, and how they end.

use core::net::SocketAddr;
use core::time::Duration;
use std::process::Child;
use std::thread;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

/// The root of the repository.
pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The time that a program has to end when it is told to.
const STOP_TIME: Duration = Duration::from_secs(10);

/// Tells a program to end, and sees to it that it does.
pub(crate) fn terminate(child: &mut Child) {
    // It fails where there is nobody left to tell.
    let _ = kill_process(Pid::from_child(child), Signal::TERM);
    let end = Instant::now() + STOP_TIME;
    while Instant::now() < end {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// The address in a line such as `http://127.0.0.1:8080/`.
pub(crate) fn address_of(url: &str) -> Option<SocketAddr> {
    url.trim_end().strip_prefix("http://")?.strip_suffix('/')?.parse().ok()
}
