//! Makes children that end at once, and counts the zombies: `zombies HOW`, where HOW is
//!
//! - `made`: nobody waits for them;
//! - `known`: each is joined, when its descriptor says that it has ended;
//! - `ignored`: SIGCHLD is ignored, so the system keeps no status;
//! - `detached`: they are grandchildren, whom init(1) reaps.

use std::os::fd::AsFd;

use wirenut_linux::Error;
use wirenut_linux::poller::{Epoll, Interest, Poller, Token};
use wirenut_linux::process::status::{State, Status, all};
use wirenut_linux::process::{self, Child};

const COUNT: u64 = 5;

fn main() -> Result<(), Box<dyn core::error::Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("made") => {
            let children = children()?;
            await_end(&children, |_| Ok(()))?;
            println!("{} zombies", zombies()?);
        }
        Some("known") => {
            let children = children()?;
            await_end(&children, |child| child.join().map(drop))?;
            println!("{} zombies", zombies()?);
        }
        Some("ignored") => {
            process::ignore_children()?;
            let children = children()?;
            await_end(&children, |_| Ok(()))?;
            println!("{} zombies", zombies()?);
        }
        Some("detached") => {
            for _ in 0..COUNT {
                process::spawn_detached(|| {})?;
            }
            println!("{} zombies", zombies()?);
        }
        _ => return Err("zombies made|known|ignored|detached".into()),
    }
    Ok(())
}

fn children() -> Result<Vec<Child>, process::SpawnError> {
    (0..COUNT).map(|_| process::spawn(|| {})).collect()
}

/// One poller waits for all of them.
fn await_end(children: &[Child], ended: fn(&Child) -> Result<(), Error>) -> Result<(), Error> {
    let mut poller = Epoll::new()?;
    for (number, child) in (0..).zip(children) {
        poller.register(child.as_fd(), Token(number), Interest::READABLE)?;
    }
    let mut left = children.len();
    while left > 0 {
        let _ = poller.wait(None)?;
        while let Some(event) = poller.next_event() {
            let child = &children[usize::try_from(event.token.0).unwrap_or_default()];
            poller.deregister(child.as_fd(), event.token)?;
            ended(child)?;
            left -= 1;
        }
    }
    Ok(())
}

/// How many children of this process are zombies.
fn zombies() -> Result<usize, Error> {
    let statuses = all()?.into_iter().filter_map(|pid| Status::of(pid).ok());
    Ok(statuses.filter(|status| status.parent == std::process::id() && status.state == State::Zombie).count())
}
