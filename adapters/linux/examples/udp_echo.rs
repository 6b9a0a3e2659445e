//! Sends each datagram back to where it came from.
//!
//! `udp_echo 127.0.0.1:7007`, and elsewhere `nc -u 127.0.0.1 7007`.

use wirenut_linux::socket::{Attempt, UdpSocket};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let socket = UdpSocket::bind_to(&std::env::args().nth(1).ok_or("where?")?.parse()?)?;
    println!("{}", socket.local_address()?);
    let mut bytes = vec![0; 65_535];
    while let Attempt::Done((message, from)) = socket.recv_from(&mut bytes)? {
        // An answer that cannot be sent is lost, as datagrams are.
        if let Err(error) = socket.send_to(&bytes[..message.length], &from) {
            eprintln!("{error}");
        }
    }
    Ok(())
}
