//! Connections as diagrams: of characters, and as a picture.

use std::fs;

use roxmltree::Document;
use wirenut::tcp::segment::Flags;

use super::{conversation, packet, packet_of, pcap, trace};
use crate::process::wirenut;

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
        (8, &["HTTP/1.1 204 No Content"]),
        (10, &["TIME-WAIT │", "LAST-ACK"]),
        (11, &["CLOSED"]),
    ] {
        assert!(parts.iter().all(|part| lines[at].contains(part)), "{at}: {output}");
    }
    assert!(!output.contains('\x1b'));
    let (status, none, errors) = trace(&["--timeline=2"], &pcap(1, &conversation(), false, u32::to_le_bytes));
    assert_eq!(none, "9 packets: 9 of TCP in 1 connection\n");
    assert_eq!((status, errors.as_str()), (Some(1), "wirenut: cannot draw connection 2: the last one is 1\n"));
}

/// A picture of the conversation of this many connections, and what else was printed.
fn picture(options: &[&str], packets: &[Vec<u8>]) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("picture.svg");
    let options = [&["--svg", path.to_str().unwrap()], options].concat();
    let (status, output, errors) = trace(&options, &pcap(101, packets, false, u32::to_le_bytes));
    assert_eq!((status, errors.as_str()), (Some(0), ""));
    (fs::read_to_string(&path).unwrap(), output)
}

/// The texts of a class, from top to bottom.
fn texts<'d>(document: &'d Document<'_>, class: &str) -> Vec<&'d str> {
    let nodes = document.descendants().filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "text")));
    let of_class = nodes.filter(|node| node.attribute("class").is_some_and(|all| all.split(' ').any(|it| it == class)));
    of_class.filter_map(|node| node.text()).collect()
}

#[test]
fn a_picture_has_the_segments_states_and_messages() {
    let (svg, output) = picture(&[], &conversation());
    assert!(output.contains("TIME-WAIT CLOSED") && output.contains("9 packets"), "{output}");
    let document = Document::parse(&svg).unwrap();
    assert_eq!(texts(&document, "message"), [r"GET /a\x1b[2J HTTP/1.1", "HTTP/1.1 204 No Content"]);
    let states = ["SYN-SENT", "ESTABLISHED", "FIN-WAIT-1", "TIME-WAIT"];
    let states = [&states[..], &["LISTEN", "SYN-RECEIVED", "ESTABLISHED", "CLOSE-WAIT", "LAST-ACK", "CLOSED"]].concat();
    assert_eq!(texts(&document, "state"), states);
    assert_eq!(texts(&document, "odd"), ["! retransmission"]);
    assert_eq!(texts(&document, "end"), ["client 10.0.0.2:40000", "server 10.0.0.1:80"]);
    let classes: Vec<&str> = document.descendants().filter_map(|node| node.attribute("class")).collect();
    let count = |wanted: &str| classes.iter().filter(|class| class.split(' ').any(|class| class == wanted)).count();
    assert_eq!((count("arrow"), count("data"), count("again"), count("reset")), (9, 3, 1, 0));
    assert!(texts(&document, "mono").contains(&"PSH ACK seq 1 ack 1 len 32"), "{svg}");
    // Each state has its band, and each band a colour in both schemes.
    for state in states {
        let class = state.to_ascii_lowercase();
        assert!(count(&class) > 0 && svg.matches(&format!(".{class} {{")).count() == 2, "{state}");
    }
    assert!(svg.contains("@media (prefers-color-scheme: dark)") && !svg.contains("<script"));
}

/// What a peer sends ends no element, and begins none.
#[test]
fn a_picture_is_well_formed_whatever_a_peer_sends() {
    let request = b"GET /]]>&amp;\"'<script>\xff\0\x08</text> HTTP/1.1\r\n\r\n";
    let packets = [packet(true, Flags::SYN, 0, 0, b""), packet(true, Flags::ACK, 1, 1, request)];
    let (svg, _) = picture(&[], &packets);
    let document = Document::parse(&svg).unwrap();
    let shown = r#"GET /]]>&amp;"'<script>\xff\x00\x08</text> HTTP/1.1"#;
    assert_eq!(texts(&document, "message"), [shown]);
    assert!(document.descendants().all(|node| !node.has_tag_name(("http://www.w3.org/2000/svg", "script"))));
}

#[test]
fn no_more_segments_are_drawn_than_asked_for() {
    let ports = [40_000, 40_001, 40_002];
    let mut packets: Vec<Vec<u8>> = ports.iter().map(|port| packet_of(*port, true, Flags::SYN, 0, 0, b"")).collect();
    packets.extend(ports.iter().map(|port| packet_of(*port, false, Flags::RST | Flags::ACK, 0, 1, b"")));
    for (options, arrows, said) in [
        (
            &["--limit", "4"][..],
            4,
            &["2 more segments not drawn (see --limit)", "… 1 more segment of this connection"][..],
        ),
        (&["--only", "2"], 2, &[]),
    ] {
        let (svg, _) = picture(options, &packets);
        let document = Document::parse(&svg).unwrap();
        let classes = document.descendants().filter_map(|node| node.attribute("class"));
        assert_eq!(classes.filter(|class| class.starts_with("arrow")).count(), arrows, "{options:?}");
        let quiet = texts(&document, "quiet");
        assert!(said.iter().all(|text| quiet.contains(text)), "{options:?}: {quiet:?}");
    }
    let capture = pcap(101, &packets, false, u32::to_le_bytes);
    let (_, output, _) = trace(&["--timeline", "--limit", "4"], &capture);
    assert!(output.contains("… 1 more segment\n") && output.contains("2 more segments not drawn (see --limit)\n"));
    let (_, output, _) = trace(&["--timeline", "--only", "3"], &capture);
    assert!(output.starts_with("connection 3: client 10.0.0.2:40002") && output.matches("connection ").count() == 1);
}

#[test]
fn a_picture_may_go_to_standard_output() {
    let (status, output, _) = trace(&["--svg", "-"], &pcap(101, &conversation(), false, u32::to_le_bytes));
    assert_eq!((status, Document::parse(&output).is_ok()), (Some(0), true));
    let (status, output, errors) =
        trace(&["--svg", "/nowhere/x.svg"], &pcap(101, &conversation(), false, u32::to_le_bytes));
    assert_eq!((status, output.as_str()), (Some(1), ""));
    assert!(errors.starts_with("wirenut: cannot write to '/nowhere/x.svg': No such file"), "{errors}");
}

#[test]
fn a_picture_never_replaces_the_capture() {
    let folder = tempfile::tempdir().unwrap();
    let [capture, link] = ["capture.pcap", "link.svg"].map(|name| folder.path().join(name));
    let bytes = pcap(101, &conversation(), false, u32::to_le_bytes);
    fs::write(&capture, &bytes).unwrap();
    std::os::unix::fs::symlink(&capture, &link).unwrap();
    for picture in [&capture, &link] {
        let mut command = wirenut();
        let output = command.arg("trace").arg(&capture).arg("--svg").arg(picture).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.ends_with(": it is the capture, which would be lost\n"), "{errors}");
        assert_eq!((output.status.code(), fs::read(&capture).unwrap() == bytes), (Some(1), true));
    }
}

#[test]
fn drawings_that_nobody_would_see_are_refused() {
    for (options, said) in [
        (&["--only", "1"][..], "--only cannot be used without --timeline or --svg"),
        (&["--svg", "-", "--json"], "--json cannot be used with --svg -"),
        (&["--svg", "-", "--timeline"], "--timeline cannot be used with --svg -"),
    ] {
        let (status, output, errors) = trace(options, &pcap(101, &conversation(), false, u32::to_le_bytes));
        assert_eq!((status, output.as_str()), (Some(2), ""), "{options:?}");
        assert!(errors.contains(said), "{options:?}: {errors}");
    }
}

/// A silence is shown where it is long.
#[test]
fn pauses_are_shown() {
    let mut capture =
        pcap(101, &[packet(true, Flags::SYN, 0, 0, b""), packet(true, Flags::SYN, 0, 0, b"")], false, u32::to_le_bytes);
    let second = 24 + 16 + 40;
    capture[second..second + 4].copy_from_slice(&1_700_000_003_u32.to_le_bytes());
    let (_, svg, _) = trace(&["--svg", "-"], &capture);
    let document = Document::parse(&svg).unwrap();
    assert!(texts(&document, "quiet").contains(&"3.001s later"), "{svg}");
}
