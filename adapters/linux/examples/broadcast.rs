//! Tells all machines of a network, or hears what is told: UDP broadcast.
//!
//! `broadcast hear 0.0.0.0:7007`, and elsewhere `broadcast tell 192.168.1.255:7007 hello`.

use core::net::SocketAddr;

use wirenut_linux::Error;
use wirenut_linux::socket::{Attempt, Family, Socket};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["hear", address] => hear(&address.parse()?)?,
        ["tell", address, text] => tell(&address.parse()?, text)?,
        _ => return Err("broadcast hear ADDRESS, or broadcast tell ADDRESS TEXT".into()),
    }
    Ok(())
}

fn hear(address: &SocketAddr) -> Result<(), Error> {
    let socket = Socket::udp(Family::of(address))?;
    // Several programs of this machine may hear.
    socket.set_reuse_address(true)?;
    socket.bind(address)?;
    println!("{}", socket.local_address()?);
    let mut bytes = vec![0; 65_535];
    while let Attempt::Done((message, from)) = socket.recv_from(&mut bytes)? {
        println!("{from}: {}", String::from_utf8_lossy(&bytes[..message.length]).replace(char::is_control, "?"));
    }
    Ok(())
}

fn tell(everybody: &SocketAddr, text: &str) -> Result<(), Error> {
    let socket = Socket::udp(Family::of(everybody))?;
    // Without this the system refuses: a mistyped address would reach more than one.
    socket.set_broadcast(true)?;
    socket.send_to(text.as_bytes(), everybody).map(drop)
}
