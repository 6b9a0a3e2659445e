//! `wirenut trace`: captures that the tests write, whole and damaged, and what passes an interface.

mod captures;
mod damage;
mod drawings;
mod live;
mod messages;

use std::fs;

use wirenut::ip::{Ipv4Header, Ipv6Header, Protocol, UdpHeader};
use wirenut::tcp::SequenceNumber;
use wirenut::tcp::segment::{Flags, Header};

use crate::process::run;

const CLIENT: [u8; 4] = [10, 0, 0, 2];
const SERVER: [u8; 4] = [10, 0, 0, 1];

/// A packet of the client, or of the server, with numbers from 1,000 or 9,000 on.
fn packet(is_client: bool, flags: Flags, sequence: u32, acknowledgment: u32, data: &[u8]) -> Vec<u8> {
    packet_of(40_000, is_client, flags, sequence, acknowledgment, data)
}

/// The same of another connection, by the client's port.
fn packet_of(port: u16, is_client: bool, flags: Flags, sequence: u32, acknowledgment: u32, data: &[u8]) -> Vec<u8> {
    let (ends, bases) = if is_client {
        ([(CLIENT, port), (SERVER, 80)], [1_000, 9_000])
    } else {
        ([(SERVER, 80), (CLIENT, port)], [9_000, 1_000])
    };
    let header = Header {
        sequence: SequenceNumber::new(bases[0] + sequence),
        acknowledgment: SequenceNumber::new(bases[1] + acknowledgment),
        flags,
        window: 5_000,
        ..Header::new(ends[0].1, ends[1].1)
    };
    let mut bytes = vec![0; 100 + data.len()];
    let (from, to) = (ends[0].0.into(), ends[1].0.into());
    let ip = Ipv4Header::new(from, to, Protocol::TCP, header.len() + data.len());
    let rest = ip.emit(&mut bytes).unwrap();
    let length = header.emit(from.into(), to.into(), data, rest).unwrap();
    bytes.truncate(ip.len() + length);
    bytes
}

/// A request and its response, with one segment sent again.
fn conversation() -> Vec<Vec<u8>> {
    let (request, response) = (b"GET /a\x1b[2J HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n");
    let (asked, told) = (1 + request.len() as u32, 1 + response.len() as u32);
    vec![
        packet(true, Flags::SYN, 0, 0, b""),
        packet(false, Flags::SYN | Flags::ACK, 0, 1, b""),
        packet(true, Flags::ACK, 1, 1, b""),
        packet(true, Flags::PSH | Flags::ACK, 1, 1, request),
        packet(true, Flags::PSH | Flags::ACK, 1, 1, request),
        packet(false, Flags::PSH | Flags::ACK, 1, asked, response),
        packet(true, Flags::FIN | Flags::ACK, asked, told, b""),
        packet(false, Flags::FIN | Flags::ACK, told, asked + 1, b""),
        packet(true, Flags::ACK, asked + 1, told + 1, b""),
    ]
}

fn datagram() -> Vec<u8> {
    let home = core::net::Ipv6Addr::LOCALHOST;
    let mut bytes = vec![0; 100];
    let ip = Ipv6Header::new(home, home, Protocol::UDP, UdpHeader::LENGTH + 5);
    let rest = ip.emit(&mut bytes).unwrap();
    let header = UdpHeader { source_port: 5_353, destination_port: 53 };
    let length = header.emit(home.into(), home.into(), b"query", rest).unwrap();
    bytes.truncate(ip.len() + length);
    bytes
}

/// The number of Ethernet's link layer, and that frames have a VLAN tag.
const VLAN: u32 = 1 << 16 | 1;

/// What stands before a packet, by the number of the link layer.
fn framed(link: u32, packet: &[u8]) -> Vec<u8> {
    let is_v6 = packet[0] >> 4 == 6;
    let ether_type = if is_v6 { [0x86, 0xdd] } else { [8, 0] };
    let header = match link {
        0 => vec![if is_v6 { 30 } else { 2 }, 0, 0, 0],
        1 => [&[0; 12][..], &ether_type].concat(),
        VLAN => [&[0; 12][..], &[0x81, 0, 0, 7], &ether_type].concat(),
        108 => vec![0, 0, 0, if is_v6 { 24 } else { 2 }],
        113 => [&[0; 14][..], &ether_type].concat(),
        276 => [&ether_type[..], &[0; 18]].concat(),
        _ => Vec::new(),
    };
    [header, packet.to_vec()].concat()
}

/// A packet a millisecond, in microseconds or nanoseconds, in either byte order.
fn pcap(link: u32, packets: &[Vec<u8>], is_nano: bool, number: fn(u32) -> [u8; 4]) -> Vec<u8> {
    let magic = if is_nano { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
    let unit = if is_nano { 1_000_000 } else { 1_000 };
    let version = if number(1)[0] == 1 { number(0x0004_0002) } else { number(0x0002_0004) };
    let mut bytes = [number(magic), version, number(0), number(0), number(65_535), number(link & 0xffff)].concat();
    for (packet, time) in packets.iter().zip(0..) {
        let frame = framed(link, packet);
        let length = u32::try_from(frame.len()).unwrap();
        bytes.extend([number(1_700_000_000), number(time * unit), number(length), number(length)].concat());
        bytes.extend(frame);
    }
    bytes
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let padding = vec![0; body.len().next_multiple_of(4) - body.len()];
    let length = u32::try_from(12 + body.len() + padding.len()).unwrap().to_le_bytes();
    [&kind.to_le_bytes()[..], &length, body, &padding, &length].concat()
}

/// Packets without options, of interfaces that take turns: each has a link layer and a length to which its packets are cut (0:
/// none are).
fn pcapng(packets: &[Vec<u8>], interfaces: &[(u32, usize)]) -> Vec<u8> {
    let mut bytes = block(0x0a0d_0d0a, &[&0x1a2b_3c4d_u32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xff; 8]].concat());
    for (link, snap_length) in interfaces {
        let body = [(link & 0xffff).to_le_bytes(), u32::try_from(*snap_length).unwrap().to_le_bytes()].concat();
        bytes.extend(block(1, &body));
    }
    for (packet, at) in packets.iter().zip(0..) {
        let (link, snap_length) = interfaces[at % interfaces.len()];
        let frame = framed(link, packet);
        let captured = if snap_length == 0 { &frame[..] } else { &frame[..frame.len().min(snap_length)] };
        let time = 1_700_000_000_000_000 + at as u64 * 1_000;
        let interface = (at % interfaces.len()) as u32;
        let numbers = [interface, (time >> 32) as u32, time as u32, captured.len() as u32, frame.len() as u32];
        bytes.extend(block(6, &[numbers.map(u32::to_le_bytes).as_flattened(), captured].concat()));
    }
    bytes
}

/// A simple one: of two interfaces that cut nothing.
fn two_interfaces(packets: &[Vec<u8>]) -> Vec<u8> {
    pcapng(packets, &[(VLAN, 65_535), (101, 65_535)])
}

/// Runs `wirenut trace` on a file of these bytes.
fn trace(options: &[&str], bytes: &[u8]) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture");
    fs::write(&path, bytes).unwrap();
    let (status, output, errors) = run(&[&["trace"], options, &[path.to_str().unwrap()]].concat());
    (status, output, errors.replace(path.to_str().unwrap(), "capture"))
}
