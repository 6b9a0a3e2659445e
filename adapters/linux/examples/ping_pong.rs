//! A parent and its child send signals to and fro, each with a number.
//!
//! `ping_pong 5` plays five rounds.

use wirenut::time::Duration;
use wirenut_linux::Error;
use wirenut_linux::process::Process;
use wirenut_linux::signal::{self, Info, Signal, SignalSet, Value};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let rounds: i32 = std::env::args().nth(1).ok_or("how many rounds?")?.parse()?;
    let parent = std::process::id();
    // Blocked in both before the first is sent: one that comes before its wait is kept, and does not end the process.
    let (ping, pong) = (Signal::SIGUSR1.into(), Signal::SIGUSR2.into());
    let _blocked = signal::block(&pong);
    let child = Process::new().name("pong").daemon(true).block(&ping).spawn(move || {
        for _ in 0..rounds {
            let number = number(&next(&ping)?);
            signal::queue(Signal::SIGUSR2, parent, (number + 1).into())?;
        }
        Ok::<(), Error>(())
    })?;
    let mut count = 0;
    for _ in 0..rounds {
        signal::queue(Signal::SIGUSR1, child.pid(), count.into())?;
        let info = next(&pong)?;
        let from = info.sender().filter(|sender| sender.process == child.pid()).ok_or("a signal of somebody else")?;
        println!("ping {count}, pong {} from user {}", number(&info), from.user);
        count = number(&info) + 1;
    }
    println!("{}", child.join()?);
    Ok(())
}

/// Nobody waits for ever for one who has gone.
fn next(set: &SignalSet) -> Result<Info, Error> {
    let gone = || Error::new("hear from the other process", std::io::ErrorKind::TimedOut.into());
    signal::wait(set, Some(Duration::from_secs(10)))?.done().ok_or_else(gone)
}

fn number(info: &Info) -> i32 {
    info.value().map_or(0, Value::as_i32)
}
