//! Leads a process through what ps(1) shows: R, S, T and Z, each with its state in the five-state model.

extern crate alloc;

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::io::{PipeWriter, Read, pipe};

use wirenut_linux::Error;
use wirenut_linux::process::spawn;
use wirenut_linux::process::status::{Observation, Phase, State, Status};
use wirenut_linux::signal::{self, Handler, Signal};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let (mut reader, writer) = pipe()?;
    let child = spawn(move || work(writer))?;
    // It has its handler.
    reader.read_to_end(&mut Vec::new())?;
    show(child.pid(), State::Running)?;
    child.send(Signal::SIGUSR1)?;
    show(child.pid(), State::Sleeping)?;
    child.send(Signal::SIGSTOP)?;
    show(child.pid(), State::Stopped)?;
    child.kill()?;
    show(child.pid(), State::Zombie)?;
    child.join()?;
    println!("{}", Status::of(child.pid()).map_or_else(|error| error.to_string(), |status| status.state.to_string()));
    Ok(())
}

/// Works until SIGUSR1 comes, and waits for nothing in particular then.
fn work(begun: PipeWriter) -> Result<(), Error> {
    let asked = Arc::new(AtomicUsize::new(0));
    signal::handle(Signal::SIGUSR1, Handler::new().count(&asked))?;
    drop(begun);
    while asked.load(Ordering::SeqCst) == 0 {
        core::hint::spin_loop();
    }
    loop {
        std::thread::park();
    }
}

/// Waits until the process is in that state, and shows it.
fn show(pid: u32, state: State) -> Result<(), Box<dyn core::error::Error>> {
    let before = Observation::of(pid)?;
    loop {
        let now = Observation::of(pid)?;
        let phase = Phase::between(&before, &now);
        // One that has not run since the first look may be ready, or may not have been counted yet.
        if now.state == state && phase != Phase::Ready {
            let flags = Status::of(pid)?.flags();
            println!("{state}{flags} {phase:?}");
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}
