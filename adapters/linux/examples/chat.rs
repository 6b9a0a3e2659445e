//! Sends what each peer says to all the others, on one thread, by select, poll or epoll.
//!
//! `chat select 127.0.0.1:7007`, and elsewhere, as often as you like, `nc 127.0.0.1 7007`.

extern crate alloc;

use alloc::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd};

use wirenut_linux::Error;
use wirenut_linux::poller::{Epoll, Interest, LevelTriggered, Poll, Select, Token};
use wirenut_linux::socket::{Attempt, Mode, Received, TcpListener, TcpStream};

const LISTENER: Token = Token(0);

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [poller, address] = &arguments[..] else { return Err("chat select|poll|epoll ADDRESS".into()) };
    let listener = TcpListener::bind(&address.parse()?)?;
    listener.set_mode(Mode::NonBlocking)?;
    println!("{}", listener.local_address()?);
    match poller.as_str() {
        "select" => chat(Select::new(), &listener)?,
        "poll" => chat(Poll::new(), &listener)?,
        "epoll" => chat(Epoll::new()?, &listener)?,
        other => return Err(format!("no poller '{other}'").into()),
    }
    Ok(())
}

/// Each turn reads once: what is left is told again, as the poller is level-triggered.
fn chat(
    mut poller: impl for<'s> LevelTriggered<Source<'s> = BorrowedFd<'s>, Error = Error>,
    listener: &TcpListener,
) -> Result<(), Error> {
    poller.register(listener.as_fd(), LISTENER, Interest::READABLE)?;
    let mut peers: BTreeMap<Token, TcpStream> = BTreeMap::new();
    let mut names = (1..).map(Token);
    loop {
        let _ = poller.wait(None)?;
        while let Some(event) = poller.next_event() {
            if event.token != LISTENER {
                if !pass_on(&peers, event.token) {
                    let Some(peer) = peers.remove(&event.token) else { continue };
                    poller.deregister(peer.as_fd(), event.token)?;
                }
            } else if let (Attempt::Done((peer, _)), Some(name)) = (listener.accept(Mode::NonBlocking)?, names.next()) {
                poller.register(peer.as_fd(), name, Interest::READABLE)?;
                peers.insert(name, peer);
            }
        }
    }
}

/// False if the peer is gone.
fn pass_on(peers: &BTreeMap<Token, TcpStream>, from: Token) -> bool {
    let mut bytes = [0; 4096];
    match peers[&from].recv(&mut bytes) {
        Ok(Received::Data(count)) => {
            for (_, peer) in peers.iter().filter(|(name, _)| **name != from) {
                // Who has no room, or is gone, misses something: one who sleeps must not hold up the others.
                let _ = peer.send(&bytes[..count]);
            }
            true
        }
        Ok(Received::WouldBlock) => true,
        Ok(Received::End) | Err(_) => false,
    }
}
