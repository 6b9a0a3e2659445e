//! Packets per second: headers read by etherparse, by nom and by the core, and the tracker over few and many connections.
//!
//! Usage: `packets [CONNECTIONS...]`, by default 1,000 and 1,000,000. Each row is the best of five turns over the same
//! frames, in nanoseconds for each packet, with the ratio to etherparse. What each reads is summed up, and must be the same.
//!
//! `packets --count PARSER CONNECTIONS TURNS` reads all frames so often by one of them, for valgrind. `packets write
//! CONNECTIONS PACKETS FILE` writes the first packets of each connection, ten at most, as a capture, for programs that read one.

mod nom_parser;

use core::hash::BuildHasher;
use core::hint::black_box;
use core::net::IpAddr;
use std::hash::RandomState;
use std::time::Instant as Clock;

use etherparse::{SlicedPacket, TransportSlice};
use wirenut::ip::{Captured, Ipv4Header, LinkType, Packet, Protocol};
use wirenut::tcp::SequenceNumber;
use wirenut::tcp::segment::{Flags, Header, OptionValues, Segment, Timestamps};
use wirenut::tcp::tracker::{Policy, Slot, Tracker};
use wirenut::time::Instant;

fn main() {
    let usage = "usage: packets [CONNECTIONS...]\n       packets --count PARSER CONNECTIONS TURNS\n       \
                 packets write CONNECTIONS PACKETS FILE";
    wirenut_bench::with_arguments(usage, |arguments| {
        match arguments {
            ["write", count, packets, path] => {
                let frames = Frames::new(count.parse().ok()?, packets.parse().ok()?);
                std::fs::write(path, frames.capture()).expect("a file that can be written");
                return Some(());
            }
            ["--count", parser, count, turns] => return repeat(parser, count.parse().ok()?, turns.parse().ok()?),
            _ => {}
        }
        let counts: Result<Vec<u32>, _> = arguments.iter().map(|count| count.parse()).collect();
        let counts = counts.ok()?;
        let counts = if counts.is_empty() { vec![1_000, 1_000_000] } else { counts };
        counts.into_iter().for_each(compare);
        Some(())
    });
}

/// Frames of so many connections, which take turns as strangers would.
struct Frames {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Frames {
    /// The first `packets` of each connection, of which there are ten.
    fn new(connections: u32, packets: usize) -> Self {
        let mut frames = Self { bytes: Vec::new(), ends: vec![0] };
        let (data, nothing) = ([b'x'; 100], [0; 0]);
        let steps: [(bool, u8, u32, u32, &[u8]); 10] = [
            (true, 2, 0, 0, &nothing),
            (false, 18, 0, 1, &nothing),
            (true, 16, 1, 1, &nothing),
            (true, 24, 1, 1, &data),
            (false, 16, 1, 101, &nothing),
            (false, 24, 1, 101, &data),
            (true, 16, 101, 101, &nothing),
            (true, 17, 101, 101, &nothing),
            (false, 17, 101, 102, &nothing),
            (true, 16, 102, 102, &nothing),
        ];
        // A multiplication by an odd number walks over all connections, far from one to the next.
        for (time, (is_client, flags, sequence, acknowledgment, payload)) in (0_u32..).zip(steps).take(packets) {
            for at in 0..connections {
                let number = (u64::from(at) * 982_451_653 % u64::from(connections)) as u32;
                frames.push(number, is_client, flags, [sequence, acknowledgment], time, payload);
            }
        }
        frames
    }

    fn push(&mut self, number: u32, is_client: bool, flags: u8, [sequence, ack]: [u32; 2], time: u32, payload: &[u8]) {
        let client = (0x0a00_0000 + number / 50_000).to_be_bytes();
        let (client, server) = ((client, (10_000 + number % 50_000) as u16), ([192, 168, 0, 1], 443));
        let (from, to) = if is_client { (client, server) } else { (server, client) };
        let timestamps = Some(Timestamps { value: time, echo: time.wrapping_sub(1) });
        let header = Header {
            sequence: SequenceNumber::new(number.wrapping_mul(77_777)).add(sequence),
            acknowledgment: SequenceNumber::new(number.wrapping_mul(77_777)).add(ack),
            flags: Flags::from_bits(flags),
            window: 1_000,
            options: OptionValues { timestamps, ..OptionValues::NONE },
            ..Header::new(from.1, to.1)
        };
        let mut bytes = [0; 300];
        bytes[12..14].copy_from_slice(&[8, 0]);
        let ip = Ipv4Header::new(from.0.into(), to.0.into(), Protocol::TCP, header.len() + payload.len());
        let rest = ip.emit(&mut bytes[14..]).expect("room");
        let length = header.emit(from.0.into(), to.0.into(), payload, rest).expect("room");
        self.bytes.extend_from_slice(&bytes[..14 + ip.len() + length]);
        self.ends.push(self.bytes.len());
    }

    /// As pcap, a packet a microsecond.
    fn capture(&self) -> Vec<u8> {
        let mut capture = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1].map(u32::to_le_bytes).as_flattened().to_vec();
        for (frame, time) in self.iter().zip(0_u32..) {
            let length = frame.len() as u32;
            let numbers = [1_700_000_000 + time / 1_000_000, time % 1_000_000, length, length];
            capture.extend_from_slice(numbers.map(u32::to_le_bytes).as_flattened());
            capture.extend_from_slice(frame);
        }
        capture
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.ends.windows(2).map(|ends| &self.bytes[ends[0]..ends[1]])
    }
}

fn compare(connections: u32) {
    let frames = Frames::new(connections, 10);
    println!("\n{connections} connections, {} packets", frames.ends.len() - 1);
    let theirs = time(&frames, || (), |(), frame| by_etherparse(frame));
    row("etherparse", theirs, theirs);
    row("nom", time(&frames, || (), |(), frame| by_nom(frame)), theirs);
    row("the core's views", time(&frames, || (), |(), frame| by_views(frame).1), theirs);
    let std_hash = time(&frames, || tracker(connections, RandomState::new()), track);
    row("tracker, hash of std", std_hash, theirs);
    println!("{} bytes for each connection", size_of::<Slot>());
}

/// Reads all frames so often, by the parser of that name.
fn repeat(parser: &str, connections: u32, turns: u32) -> Option<()> {
    let frames = Frames::new(connections, 10);
    let read = |read: fn(&[u8]) -> u64| {
        for frame in (0..turns).flat_map(|_| frames.iter()) {
            black_box(read(black_box(frame)));
        }
    };
    match parser {
        "etherparse" => read(by_etherparse),
        "nom" => read(by_nom),
        "views" => read(|frame| by_views(frame).1),
        "tracker" => {
            for _ in 0..turns {
                let mut tracker = tracker(connections, RandomState::new());
                frames.iter().for_each(|frame| {
                    black_box(track(&mut tracker, black_box(frame)));
                });
            }
        }
        _ => return None,
    }
    Some(())
}

fn row(name: &str, (nanos, sum): (f64, u64), (base, expected): (f64, u64)) {
    assert_eq!(sum, expected, "{name} reads something else");
    println!("{name:24} {nanos:8.1} ns  {:6.2}", nanos / base);
}

/// The nanoseconds for each frame, and the sum of what was read.
fn time<S>(frames: &Frames, start: impl Fn() -> S, read: impl Fn(&mut S, &[u8]) -> u64) -> (f64, u64) {
    let mut best = (f64::MAX, 0);
    for _ in 0..5 {
        let mut state = start();
        let begin = Clock::now();
        let sum = frames.iter().fold(0_u64, |sum, frame| sum.wrapping_add(read(&mut state, black_box(frame))));
        let nanos = begin.elapsed().as_nanos() as f64 / (frames.ends.len() - 1) as f64;
        if nanos < best.0 {
            best = (nanos, sum);
        }
    }
    best
}

fn summed(sequence: u32, flags: u8, length: usize) -> u64 {
    u64::from(sequence) + u64::from(flags) + length as u64
}

fn by_etherparse(frame: &[u8]) -> u64 {
    let packet = SlicedPacket::from_ethernet(frame).expect("a packet");
    let Some(TransportSlice::Tcp(segment)) = &packet.transport else { panic!("no segment") };
    let flags = [segment.fin(), segment.syn(), segment.rst(), segment.psh(), segment.ack()];
    let flags = flags.into_iter().enumerate().map(|(at, is_set)| u8::from(is_set) << at).sum();
    summed(segment.sequence_number(), flags, segment.payload().len())
}

fn by_nom(frame: &[u8]) -> u64 {
    let (_, segment) = nom_parser::segment(frame).expect("a packet");
    summed(segment.sequence, segment.flags, segment.payload.len())
}

#[inline(always)]
fn by_views(frame: &[u8]) -> (([IpAddr; 2], Segment<'_>), u64) {
    let packet = LinkType::Ethernet.network_packet(Captured::whole(frame)).expect("a frame").expect("IP");
    let packet = Packet::parse(packet).expect("a packet");
    let segment = Segment::parse(packet.payload()).expect("a segment");
    let sum = summed(segment.sequence().value(), segment.flags().bits(), segment.payload().length());
    (([packet.source(), packet.destination()], segment), sum)
}

fn tracker<H: BuildHasher>(connections: u32, hasher: H) -> Tracker<Vec<Slot>, H> {
    Tracker::new(vec![Slot::EMPTY; connections as usize], hasher, Policy { max_half_open: u32::MAX })
}

/// From one place, as programs do it.
#[inline(never)]
fn track<H: BuildHasher>(tracker: &mut Tracker<Vec<Slot>, H>, frame: &[u8]) -> u64 {
    let ((addresses, segment), sum) = by_views(frame);
    let observed = tracker.observe(Instant::START, addresses, &segment);
    assert!(observed.anomalies.is_empty(), "{observed:?}");
    sum
}
