//! `nothing`, and packets: a segment is read, with its addresses, options and checksum, and another one is written.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut::ip::{Captured, LinkType, Packet};
use wirenut::tcp::segment::{Header, Segment};
use wirenut_size_probes::{BUFFER, receive, send};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut buffer, mut room) = ([0; BUFFER], [0; BUFFER]);
    loop {
        let length = receive(&mut buffer);
        let frame = Captured::whole(buffer.get(..length).unwrap_or(&[]));
        let Ok(Some(packet)) = LinkType::Ethernet.network_packet(frame) else { continue };
        let Ok(packet) = Packet::parse(packet) else { continue };
        let Ok(segment) = Segment::parse(packet.payload()) else { continue };
        let (from, to) = (packet.source(), packet.destination());
        black_box(segment.checksum(from, to));
        let Ok(header) = Header::parse(&segment) else { continue };
        if let Ok(length) = header.emit(to, from, segment.payload().bytes(), &mut room) {
            send(room.get(..length).unwrap_or(&[]));
        }
    }
}
