//! A chat without a server: who is in a multicast group hears what each of them types, on one thread.
//!
//! `group_chat ANN 239.255.1.2:7007`, and elsewhere in the network with another name; with an interface's index behind
//! it, by that one: 1 is loopback.

use core::net::SocketAddr;
use std::io::{self, Read as _, Stdin};
use std::os::fd::AsFd as _;

use wirenut_linux::Error;
use wirenut_linux::poller::{Interest, Poll, Poller as _, Token};
use wirenut_linux::socket::{Attempt, Family, Mode, Socket, UdpSocket};

const TYPED: Token = Token(0);
const HEARD: Token = Token(1);

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (name, group, interface) = match &arguments[..] {
        [name, group] => (name, group, 0),
        [name, group, interface] => (name, group, interface.parse()?),
        _ => return Err("group_chat NAME GROUP:PORT [INTERFACE]".into()),
    };
    let group: SocketAddr = group.parse()?;
    let socket = join(&group, interface)?;
    println!("{name} is in {group}");

    let mut poller = Poll::new();
    poller.register(io::stdin().as_fd(), TYPED, Interest::READABLE)?;
    poller.register(socket.as_fd(), HEARD, Interest::READABLE)?;
    loop {
        let _ = poller.wait(None)?;
        while let Some(event) = poller.next_event() {
            if event.token == HEARD {
                print_next(&socket)?;
            } else if !say_typed(&mut io::stdin(), name, &socket, &group)? {
                return Ok(());
            }
        }
    }
}

/// Everybody on this machine binds the same port, and the group, so that nothing else comes.
fn join(group: &SocketAddr, interface: u32) -> Result<UdpSocket, Error> {
    let socket = Socket::udp(Family::of(group))?;
    socket.set_reuse_address(true)?;
    socket.bind(group)?;
    socket.join_multicast(group.ip(), interface)?;
    socket.set_multicast_interface(interface)?;
    socket.set_mode(Mode::NonBlocking)?;
    Ok(socket)
}

/// A terminal gives a line at a time, and nothing at its end: false.
fn say_typed(typed: &mut Stdin, name: &str, socket: &UdpSocket, group: &SocketAddr) -> Result<bool, io::Error> {
    let mut bytes = [0; 1_000];
    let count = typed.read(&mut bytes)?;
    for line in String::from_utf8_lossy(&bytes[..count]).lines() {
        // Who does not hear it has missed it, as datagrams are.
        let _ = socket.send_to(format!("{name}: {line}").as_bytes(), group)?;
    }
    Ok(count > 0)
}

/// Strangers must not command the terminal.
fn print_next(socket: &UdpSocket) -> Result<(), Error> {
    let mut bytes = [0; 2_000];
    if let Attempt::Done((message, _)) = socket.recv_from(&mut bytes)? {
        println!("{}", String::from_utf8_lossy(&bytes[..message.length]).replace(char::is_control, "?"));
    }
    Ok(())
}
