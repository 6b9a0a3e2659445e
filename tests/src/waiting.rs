//! Waiting for what must come, however slow the machine is.

use core::time::Duration;
use std::thread;
use std::time::Instant;

/// Longer than anything takes: only so that a test that fails ends.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Looks again every few milliseconds until something is found, and returns that. A failure names `what`.
///
/// ```
/// use wirenut_tests::waiting::until;
/// let thread = std::thread::spawn(|| "done");
/// until("its end", || thread.is_finished().then_some(()));
/// ```
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what} does not come");
        thread::sleep(Duration::from_millis(2));
    }
}
