//! `segments`, and a tracker of four connections.
#![no_std]
#![no_main]

use core::hash::{BuildHasherDefault, Hasher};
use core::hint::black_box;

use wirenut::ip::{Captured, LinkType, Packet};
use wirenut::tcp::segment::{Header, Segment};
use wirenut::tcp::tracker::{Policy, Slot, Tracker};
use wirenut_size_probes::{BUFFER, keep, now, receive, send};

/// FNV-1a: four connections need no better one.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut buffer, mut room) = ([0; BUFFER], [0; BUFFER]);
    let mut tracker = Tracker::new([Slot::EMPTY; 4], BuildHasherDefault::<Fnv>::default(), Policy::DEFAULT);
    keep(&tracker);
    loop {
        let length = receive(&mut buffer);
        let frame = Captured::whole(buffer.get(..length).unwrap_or(&[]));
        let Ok(Some(packet)) = LinkType::Ethernet.network_packet(frame) else { continue };
        let Ok(packet) = Packet::parse(packet) else { continue };
        let Ok(segment) = Segment::parse(packet.payload()) else { continue };
        let (from, to) = (packet.source(), packet.destination());
        black_box(segment.checksum(from, to));
        black_box(tracker.observe(now(), [from, to], &segment));
        let Ok(header) = Header::parse(&segment) else { continue };
        if let Ok(length) = header.emit(to, from, segment.payload().bytes(), &mut room) {
            send(room.get(..length).unwrap_or(&[]));
        }
    }
}
