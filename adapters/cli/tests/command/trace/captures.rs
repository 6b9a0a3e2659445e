//! Captures of all forms: the same connection, and what is counted beside it.

use alloc::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::process::Stdio;

use wirenut::tcp::segment::Flags;
use wirenut_tests::tools::has;

use super::{VLAN, conversation, datagram, packet, packet_of, pcap, pcapng, trace, two_interfaces};
use crate::process::{run, wirenut};

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
        [0, 1, VLAN, 101, 108, 113, 276].iter().map(|link| pcap(*link, &packets, false, u32::to_le_bytes)).collect();
    captures.push(pcap(1, &packets, true, u32::to_le_bytes));
    captures.push(pcap(1, &packets, false, u32::to_be_bytes));
    captures.push(two_interfaces(&packets));
    // What is cut off is counted by its length.
    captures.push(pcapng(&packets, &[(VLAN, 60), (101, 60)]));
    captures.push(pcapng(&packets, &[(1, 54), (0, 65_535), (101, 0), (276, 70), (113, 1_500), (108, 44)]));
    for (capture, at) in captures.iter().zip(0..) {
        let (status, output, errors) = trace(&[], capture);
        assert_eq!((status, errors.as_str()), (Some(0), ""), "{at}");
        let row: Vec<&str> = output.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!(row, ROW, "{at}: {output}");
        assert!(output.ends_with("\n\n9 packets: 9 of TCP in 1 connection\n"), "{at}: {output}");
    }
}

#[test]
fn other_packets_are_counted() {
    let mut packets = conversation();
    packets.extend([datagram(), datagram(), vec![0x42; 30], packet(true, Flags::RST, 5, 0, b"")]);
    packets.push([&[0x45, 0, 0, 24, 0, 0, 0x20, 0, 64, 6, 0, 0][..], &[10; 12]].concat());
    packets.push([&[0x45, 0, 0, 24, 0, 0, 0, 0, 64, 1, 0, 0][..], &[10; 12]].concat());
    let (status, output, _) = trace(&[], &pcap(1, &packets, false, u32::to_le_bytes));
    let counts = "15 packets: 10 of TCP in 1 connection, 2 of UDP in 1 flow\n\
                  skipped: 1 of other protocols, 1 in fragments, 1 malformed\n\
                  malformed: 1 × header length below the least there can be at byte 0 (RFC 791 3.1, RFC 9293 3.1); the first is \
                  packet 12\n";
    assert!(status == Some(0) && output.ends_with(counts), "{output}");
    let (_, output, _) = trace(&[], &pcap(147, &packets, false, u32::to_le_bytes));
    assert_eq!(output, "15 packets: 0 of TCP in 0 connections\nskipped: 15 of unknown link layers\n");
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

/// A pipe gives a header in pieces.
#[test]
fn standard_input_may_come_byte_by_byte() {
    let mut child = wirenut().args(["trace", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    for byte in two_interfaces(&conversation()) {
        input.write_all(&[byte]).unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("9 packets: 9 of TCP in 1 connection\n"), "{text}");
}

/// Connections that are not listed are followed all the same, and each is counted once.
#[test]
fn memory_is_bounded_by_the_limit() {
    let syns = || (2_000..2_050).map(|port| packet_of(port, true, Flags::SYN, 0, 0, b""));
    let packets: Vec<Vec<u8>> = syns().chain(syns()).collect();
    let (status, output, _) = trace(&["--connections", "7"], &pcap(101, &packets, false, u32::to_le_bytes));
    let expected = "100 packets: 100 of TCP in 7 connections\n43 more connections not listed (see --connections)\n";
    assert!(status == Some(0) && output.ends_with(expected), "{output}");
}

/// tshark reads what these tests write, and sees one whole connection.
#[test]
fn another_program_reads_these_captures() {
    if !has("tshark") {
        return;
    }
    for bytes in [pcap(1, &conversation(), false, u32::to_le_bytes), two_interfaces(&conversation())] {
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

/// tshark counts as many connections in a capture of many, some of which use the ports of others again.
#[test]
fn another_program_counts_as_many_connections() {
    if !has("tshark") {
        return;
    }
    let mut packets = Vec::new();
    // A connection that is begun anew has other numbers.
    let again = (40_000..40_010).map(|port| (port, 500_000));
    for (port, start) in (40_000..40_060).map(|port| (port, 0)).chain(again) {
        let last = if port % 3 == 0 { Flags::RST } else { Flags::FIN } | Flags::ACK;
        packets.extend([
            packet_of(port, true, Flags::SYN, start, start, b""),
            packet_of(port, false, Flags::SYN | Flags::ACK, start, start + 1, b""),
            packet_of(port, true, Flags::ACK, start + 1, start + 1, b"data"),
            packet_of(port, false, last, start + 1, start + 5, b""),
            packet_of(port, true, last, start + 5, start + 2, b""),
            packet_of(port, false, Flags::ACK, start + 2, start + 6, b""),
        ]);
    }
    let bytes = pcap(101, &packets, false, u32::to_le_bytes);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture");
    fs::write(&path, &bytes).unwrap();
    let mut tshark = std::process::Command::new("tshark");
    let output = tshark.args(["-T", "fields", "-e", "tcp.stream", "-r"]).arg(&path).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let streams: BTreeSet<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    let (_, output, _) = trace(&["--json"], &bytes);
    let all: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert_eq!(all["connections"].as_array().unwrap().len(), streams.len(), "{text}");
}

/// Only packets of that port count; the others are counted as such.
#[test]
fn a_port_may_be_picked_out_of_a_capture() {
    let mut packets = conversation();
    packets.extend([packet_of(40_001, true, Flags::SYN, 0, 0, b""), datagram()]);
    for (port, expected) in [
        ("40000", "11 packets: 9 of TCP in 1 connection\nskipped: 2 of other ports\n"),
        ("80", "11 packets: 10 of TCP in 2 connections\nskipped: 1 of other ports\n"),
        ("53", "11 packets: 0 of TCP in 0 connections, 1 of UDP in 1 flow\nskipped: 10 of other ports\n"),
    ] {
        let (status, output, _) = trace(&["--port", port], &pcap(1, &packets, false, u32::to_le_bytes));
        assert!(status == Some(0) && output.ends_with(expected), "{port}: {output}");
    }
}

/// As `head` does.
#[test]
fn a_reader_may_leave_early() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture");
    let packets: Vec<Vec<u8>> = (0..2_000).flat_map(|_| conversation()).collect();
    fs::write(&path, pcap(1, &packets, false, u32::to_le_bytes)).unwrap();
    for option in ["--json", "--timeline", "--svg=-", "--connections=9"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = wirenut().args(["trace", option]).arg(&path).stdout(writer).output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{option}");
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = wirenut().args(["trace", option]).arg(&path).stdout(full).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.starts_with("wirenut: cannot write to 'standard output': "), "{option}: {errors}");
    }
}

/// A bar is drawn on a terminal, and nowhere else. `script` gives the command one.
#[test]
fn progress_is_shown_on_a_terminal_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture");
    // Zeros are records without bytes; the file has a hole.
    fs::write(&path, pcap(147, &[], false, u32::to_le_bytes)).unwrap();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(24 + (33 << 20)).unwrap();
    let path = path.to_str().unwrap();
    let expected = "2162688 packets: 0 of TCP in 0 connections\nskipped: 2162688 of unknown link layers\n";
    assert_eq!(run(&["trace", path]), (Some(0), expected.into(), String::new()));
    let command = format!("{} trace {path}", env!("CARGO_BIN_EXE_wirenut"));
    let mut script = std::process::Command::new("script");
    let script = script.args(["-qec", &command, "/dev/null"]).env("TERM", "xterm").stdin(Stdio::null()).output();
    let Ok(output) = script else { return };
    let text = String::from_utf8_lossy(&output.stdout).replace('\r', "");
    assert!(text.contains("% of 33.00 MiB") && text.ends_with(expected), "{text:?}");
}
