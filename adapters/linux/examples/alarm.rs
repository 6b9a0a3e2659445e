//! Handles the signal of an alarm, and pauses until it has come.
//!
//! `alarm 1500` waits for one and a half seconds.

extern crate alloc;

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};

use wirenut::time::Duration;
use wirenut_linux::signal::{self, Handler, Signal};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let time = Duration::from_millis(std::env::args().nth(1).ok_or("how many milliseconds?")?.parse()?);
    let alarms = Arc::new(AtomicUsize::new(0));
    let handler = Handler::new().count(&alarms).write(std::io::stdout(), b"the handler runs\n")?;
    signal::handle(Signal::SIGALRM, handler)?;

    // It is blocked but while the program is suspended: else it could come between the look and the suspension, which then
    // would never end.
    let blocked = signal::block(&Signal::SIGALRM.into());
    signal::alarm(time)?;
    println!("waiting");
    while alarms.load(Ordering::SeqCst) == 0 {
        signal::suspend(&blocked.previous());
    }
    println!("the alarm has come");
    Ok(())
}
