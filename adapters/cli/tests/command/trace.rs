//! `wirenut trace`: captures that the tests write, whole and damaged.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use wirenut::ip::{Ipv4Header, Ipv6Header, Protocol, UdpHeader};
use wirenut::tcp::SequenceNumber;
use wirenut::tcp::segment::{Flags, Header};
use wirenut_tests::tools::has;

use crate::process::{run, wirenut};

const CLIENT: [u8; 4] = [10, 0, 0, 2];
const SERVER: [u8; 4] = [10, 0, 0, 1];

/// A packet of the client, or of the server, with numbers from 1,000 or 9,000 on.
fn packet(is_client: bool, flags: Flags, sequence: u32, acknowledgment: u32, data: &[u8]) -> Vec<u8> {
    let (ends, bases) = if is_client {
        ([(CLIENT, 40_000), (SERVER, 80)], [1_000, 9_000])
    } else {
        ([(SERVER, 80), (CLIENT, 40_000)], [9_000, 1_000])
    };
    let header = Header {
        sequence: SequenceNumber::new(bases[0] + sequence),
        acknowledgment: SequenceNumber::new(bases[1] + acknowledgment),
        flags,
        window: 5_000,
        ..Header::new(ends[0].1, ends[1].1)
    };
    let mut bytes = vec![0; 1_000];
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

/// What stands before a packet, by the number of the link layer.
fn framed(link: u32, packet: &[u8]) -> Vec<u8> {
    let is_v6 = packet[0] >> 4 == 6;
    let ether_type = if is_v6 { [0x86, 0xdd] } else { [8, 0] };
    let header = match link {
        0 => vec![if is_v6 { 30 } else { 2 }, 0, 0, 0],
        1 => [&[0; 12][..], &[0x81, 0, 0, 7], &ether_type].concat(),
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
    let mut bytes = [number(magic), version, number(0), number(0), number(65_535), number(link)].concat();
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

/// Two interfaces of two link layers, which take turns; packets have no options, and are cut to `snap_length`.
fn pcapng(packets: &[Vec<u8>], snap_length: usize) -> Vec<u8> {
    let mut bytes = block(0x0a0d_0d0a, &[&0x1a2b_3c4d_u32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xff; 8]].concat());
    for link in [1_u32, 101] {
        let body = [link.to_le_bytes(), u32::try_from(snap_length).unwrap().to_le_bytes()].concat();
        bytes.extend(block(1, &body));
    }
    for (packet, at) in packets.iter().zip(0_u32..) {
        let frame = framed([1, 101][at as usize % 2], packet);
        let captured = &frame[..frame.len().min(snap_length)];
        let time = 1_700_000_000_000_000 + u64::from(at) * 1_000;
        let numbers = [at % 2, (time >> 32) as u32, time as u32, captured.len() as u32, frame.len() as u32];
        bytes.extend(block(6, &[numbers.map(u32::to_le_bytes).as_flattened(), captured].concat()));
    }
    bytes
}

/// Runs `wirenut trace` on a file of these bytes.
fn trace(options: &[&str], bytes: &[u8]) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture");
    fs::write(&path, bytes).unwrap();
    let (status, output, errors) = run(&[&["trace"], options, &[path.to_str().unwrap()]].concat());
    (status, output, errors.replace(path.to_str().unwrap(), "capture"))
}

const ROW: [&str; 10] = [
    "1",
    "10.0.0.2:40000",
    "10.0.0.1:80",
    "TIME-WAIT",
    "CLOSED",
    "0.008s",
    "6/3",
    "64/27",
    "2.000ms",
    "retransmission",
];

#[test]
fn captures_of_every_form_show_the_same_connection() {
    let packets = conversation();
    let mut captures: Vec<Vec<u8>> =
        [0, 1, 101, 113, 276].iter().map(|link| pcap(*link, &packets, false, u32::to_le_bytes)).collect();
    captures.push(pcap(1, &packets, true, u32::to_le_bytes));
    captures.push(pcap(1, &packets, false, u32::to_be_bytes));
    captures.push(pcapng(&packets, 65_535));
    // What is cut off is counted by its length.
    captures.push(pcapng(&packets, 60));
    for (capture, at) in captures.iter().zip(0..) {
        let (status, output, errors) = trace(&[], capture);
        assert_eq!((status, errors.as_str()), (Some(0), ""), "{at}");
        let row: Vec<&str> = output.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!(row, ROW, "{at}: {output}");
        assert!(output.ends_with("9 packets: 9 of TCP in 1 connections\n"), "{at}: {output}");
    }
}

#[test]
fn other_packets_are_counted() {
    let mut packets = conversation();
    packets.extend([datagram(), datagram(), vec![0x42; 30], packet(true, Flags::RST, 5, 0, b"")]);
    packets.push([&[0x45, 0, 0, 24, 0, 0, 0x20, 0, 64, 6, 0, 0][..], &[10; 12]].concat());
    packets.push([&[0x45, 0, 0, 24, 0, 0, 0, 0, 64, 1, 0, 0][..], &[10; 12]].concat());
    let (status, output, _) = trace(&[], &pcap(1, &packets, false, u32::to_le_bytes));
    let counts = "15 packets: 10 of TCP in 1 connections, 2 of UDP in 1 flows, 1 of other protocols, 1 fragments, \
                  1 malformed\nthe first malformed one: header length below the least there can be at byte 0 \
                  (RFC 791 3.1, RFC 9293 3.1)\n";
    assert!(status == Some(0) && output.ends_with(counts), "{output}");
    let (_, output, _) = trace(&[], &pcap(147, &packets, false, u32::to_le_bytes));
    assert_eq!(output, "15 packets: 0 of TCP in 0 connections, 15 of unknown link layers\n");
}

#[test]
fn a_timeline_draws_segments_states_and_messages() {
    let (status, output, errors) = trace(&["--timeline"], &pcap(1, &conversation(), false, u32::to_le_bytes));
    assert_eq!((status, errors.as_str()), (Some(0), ""));
    let lines: Vec<&str> = output.lines().collect();
    assert_eq!(lines[0], "connection 1: client 10.0.0.2:40000, server 10.0.0.1:80");
    for (at, parts) in [
        (1, &["0.000000", " SYN seq 0 ", "▶│"][..]),
        (2, &["0.001000", "ESTABLISHED │◀", " SYN ACK seq 0 ack 1 ", "SYN-RECEIVED", "rtt 1.000ms"]),
        (4, &["0.003000", " PSH ACK seq 1 ack 1 len 32 "]),
        (5, &[r"GET /a\x1b[2J HTTP/1.1"]),
        (6, &["! retransmission"]),
        (9, &["HTTP/1.1 204 No Content"]),
        (11, &["TIME-WAIT │", "LAST-ACK"]),
        (12, &["CLOSED"]),
    ] {
        assert!(parts.iter().all(|part| lines[at].contains(part)), "{at}: {output}");
    }
    assert!(!output.contains('\x1b'));
    let (_, none, _) = trace(&["--timeline=2"], &pcap(1, &conversation(), false, u32::to_le_bytes));
    assert_eq!(none, "");
}

#[test]
fn json_tells_the_same() {
    let (status, output, _) = trace(&["--json"], &pcap(1, &conversation(), false, u32::to_le_bytes));
    let all: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert_eq!((status, &all["packets"]["tcp"]), (Some(0), &9.into()));
    let connection = &all["connections"][0];
    assert_eq!(connection["client"]["state"], "TIME-WAIT");
    assert_eq!(connection["server"]["bytes"], 27);
    assert_eq!(connection["anomalies"], serde_json::json!({ "retransmission": 1 }));
    assert_eq!(connection["first_micros"], 1_700_000_000_000_000_u64);
}

#[test]
fn what_comes_before_damage_is_shown() {
    let whole = pcap(1, &conversation(), false, u32::to_le_bytes);
    let (status, output, errors) = trace(&[], &whole[..whole.len() - 1]);
    assert!(output.contains("8 packets: 8 of TCP"), "{output}");
    let last = whole.len() - 16 - 18 - 40;
    assert_eq!(
        (status, errors),
        (Some(1), format!("wirenut: cannot read 'capture' from byte {last} on: it is cut off\n"))
    );

    let mut blocks = pcapng(&conversation(), 65_535);
    let end = blocks.len();
    blocks.extend([6, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    let (status, output, errors) = trace(&[], &blocks);
    assert!(status == Some(1) && output.contains("9 packets: 9 of TCP"), "{output}");
    assert!(errors.starts_with(&format!("wirenut: cannot read 'capture' from byte {end} on: it is ")), "{errors}");

    for bytes in [&b""[..], b"GET / HTTP/1.1\r\n\r\n", &[0xd4, 0xc3, 0xb2]] {
        let (status, output, errors) = trace(&[], bytes);
        let expected = "wirenut: cannot read 'capture': this is neither pcap nor pcapng\n";
        assert_eq!((status, output.as_str(), errors.as_str()), (Some(1), "", expected));
    }
    let (status, _, errors) = run(&["trace", "/nowhere/x"]);
    assert!(status == Some(1) && errors.starts_with("wirenut: cannot read '/nowhere/x': No such file"), "{errors}");
}

/// A pipe gives a header in pieces.
#[test]
fn standard_input_may_come_byte_by_byte() {
    let mut child = wirenut().args(["trace", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    for byte in pcapng(&conversation(), 65_535) {
        input.write_all(&[byte]).unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("9 packets: 9 of TCP in 1 connections"), "{text}");
}

#[test]
fn memory_is_bounded_by_the_limit() {
    let mut packets = Vec::new();
    for port in 0..50_u16 {
        let mut packet = packet(true, Flags::SYN, 0, 0, b"");
        packet[20..22].copy_from_slice(&(2_000 + port).to_be_bytes());
        packets.push(packet);
    }
    let (status, output, _) = trace(&["--connections", "7"], &pcap(101, &packets, false, u32::to_le_bytes));
    let expected = "50 packets: 50 of TCP in 7 connections, 43 more connections (see --connections)\n";
    assert!(status == Some(0) && output.ends_with(expected), "{output}");
}

/// tshark reads what these tests write, and sees one whole connection.
#[test]
fn another_program_reads_these_captures() {
    if !has("tshark") {
        return;
    }
    for bytes in [pcap(1, &conversation(), false, u32::to_le_bytes), pcapng(&conversation(), 65_535)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("capture");
        fs::write(&path, bytes).unwrap();
        let mut tshark = std::process::Command::new("tshark");
        tshark.args(["-T", "fields", "-e", "tcp.completeness", "-e", "tcp.analysis.retransmission", "-r"]).arg(&path);
        let output = tshark.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        // SYN, SYN ACK, ACK, data and FIN.
        assert!(text.lines().last().is_some_and(|line| line.starts_with("31")), "{text}");
        assert_eq!(text.lines().filter(|line| line.ends_with('1') && line.contains('\t')).count(), 1, "{text}");
    }
}
