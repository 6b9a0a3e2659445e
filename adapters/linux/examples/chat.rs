//! Sends what each peer says to all the others, on one thread, by poll(2).
//!
//! `chat 127.0.0.1:7007`, and elsewhere, as often as you like, `nc 127.0.0.1 7007`.

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::retry_on_intr;
use wirenut_linux::socket::{Attempt, Mode, Received, TcpListener, TcpStream};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let listener = TcpListener::bind(&std::env::args().nth(1).ok_or("where?")?.parse()?)?;
    listener.set_mode(Mode::NonBlocking)?;
    println!("{}", listener.local_address()?);
    let mut peers: Vec<TcpStream> = Vec::new();
    loop {
        let mut watched: Vec<PollFd<'_>> = peers.iter().map(|peer| PollFd::new(peer, PollFlags::IN)).collect();
        watched.push(PollFd::new(&listener, PollFlags::IN));
        retry_on_intr(|| poll(&mut watched, None))?;
        let ready: Vec<bool> = watched.iter().map(|each| !each.revents().is_empty()).collect();
        // The last first, so that the others keep their places when one goes.
        for index in (0..peers.len()).rev().filter(|index| ready[*index]) {
            pass_on(&mut peers, index);
        }
        if let Attempt::Done((peer, _)) = listener.accept(Mode::NonBlocking)? {
            peers.push(peer);
        }
    }
}

fn pass_on(peers: &mut Vec<TcpStream>, from: usize) {
    let mut bytes = [0; 4096];
    match peers[from].recv(&mut bytes) {
        Ok(Received::Data(count)) => {
            for peer in peers.iter().enumerate().filter(|(index, _)| *index != from).map(|(_, peer)| peer) {
                // Who has no room, or is gone, misses something: one who sleeps must not hold up the others.
                let _ = peer.send(&bytes[..count]);
            }
        }
        Ok(Received::WouldBlock) => {}
        Ok(Received::End) | Err(_) => drop(peers.swap_remove(from)),
    }
}
