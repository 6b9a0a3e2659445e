//! Tells whoever connects to a path who they are: `unix_socket /tmp/who`, and elsewhere `nc -U /tmp/who`.
//!
//! The path is there for this user only, and is removed at SIGTERM and SIGINT.

use std::io::Write;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::retry_on_intr;
use wirenut_linux::signal;
use wirenut_linux::socket::{Attempt, Mode, Socket};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let termination = signal::termination()?;
    let path = std::env::args().nth(1).ok_or("where?")?;
    let (listener, pathname) = Socket::stream()?.listen_at(path, 0o600, 10)?;
    listener.set_mode(Mode::NonBlocking)?;
    println!("{}", pathname.as_path().display());
    loop {
        let mut watched = [PollFd::new(&listener, PollFlags::IN), PollFd::new(&termination, PollFlags::IN)];
        retry_on_intr(|| poll(&mut watched, None))?;
        if !watched[1].revents().is_empty() {
            return Ok(());
        }
        if let Attempt::Done((stream, _)) = listener.accept(Mode::Blocking)? {
            let who = stream.peer_credentials()?;
            // A peer that is gone already has no use for it.
            let _ = writeln!(&stream, "process {}, user {}, group {}", who.process, who.user, who.group);
        }
    }
}
