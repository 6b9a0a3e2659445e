//! Packets that are made here, followed and drawn.

use core::net::IpAddr;

use proptest::collection::vec;
use proptest::prelude::*;
use wirenut::ip::{Captured, Ipv4Header, Ipv6Header, LinkType, Protocol};
use wirenut::tcp::SequenceNumber;
use wirenut::tcp::segment::{Flags, Header};
use wirenut::time::Instant;

use super::capture::Packet;
use super::drawing::Selection;
use super::watch::{Plan, Watch};
use super::{json, svg, table, timeline};

/// The number of the first byte of either end.
const FIRST: u32 = u32::MAX - 20;

/// A segment: who sends it, its flags, the offset of its data, how much of the other end's it acknowledges, its data, and how
/// much of that was captured.
#[derive(Clone, Debug)]
struct Sent {
    is_client: bool,
    flags: Flags,
    offset: u32,
    acknowledged: u32,
    data: Vec<u8>,
    captured: usize,
}

impl Sent {
    fn new(is_client: bool, flags: Flags, offset: u32, data: &[u8]) -> Self {
        Self { is_client, flags, offset, acknowledged: 0, data: data.into(), captured: data.len() }
    }
}

fn watch(draws: Selection) -> Watch {
    Watch::new(Plan { connections: 100, port: None, draws, segments: 10_000 })
}

/// The watch has seen a packet of IPv4 or IPv6 between these.
fn see(watch: &mut Watch, ends: [IpAddr; 2], sent: &Sent) {
    let [from, to] = if sent.is_client { ends } else { [ends[1], ends[0]] };
    let ports = if sent.is_client { (40_000, 80) } else { (80, 40_000) };
    let header = Header {
        sequence: SequenceNumber::new(FIRST).add(sent.offset),
        acknowledgment: SequenceNumber::new(FIRST).add(sent.acknowledged),
        flags: sent.flags,
        window: 60_000,
        ..Header::new(ports.0, ports.1)
    };
    let mut bytes = vec![0; 200 + sent.data.len()];
    let (before, rest) = match (from, to) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let ip = Ipv4Header::new(source, destination, Protocol::TCP, header.len() + sent.data.len());
            (ip.len(), ip.emit(&mut bytes).unwrap())
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let ip = Ipv6Header::new(source, destination, Protocol::TCP, header.len() + sent.data.len());
            (40, ip.emit(&mut bytes).unwrap())
        }
        _ => panic!("of two versions"),
    };
    let length = before + header.emit(from, to, &sent.data, rest).unwrap();
    let captured = length - (sent.data.len() - sent.captured);
    let frame = Captured::cut(&bytes[..captured], length);
    watch.packet(&Packet { time: Instant::from_micros(1_000_000), link: Some(LinkType::Raw), frame });
}

const V4: [IpAddr; 2] = [IpAddr::V4(core::net::Ipv4Addr::new(10, 0, 0, 2)), IpAddr::V4(core::net::Ipv4Addr::LOCALHOST)];

/// All names, of client and server.
fn names(sent: &[Sent]) -> [Vec<String>; 2] {
    let mut watch = watch(Selection::All);
    sent.iter().for_each(|sent| see(&mut watch, V4, sent));
    let mut names = [Vec::new(), Vec::new()];
    for event in watch.drawings.values().flat_map(|drawing| &drawing.events) {
        let is_server = event.sender == wirenut::tcp::tracker::Side::Server;
        names[usize::from(is_server)].extend(event.messages.iter().map(|name| String::from(&**name)));
    }
    names
}

fn handshake() -> Vec<Sent> {
    vec![
        Sent::new(true, Flags::SYN, u32::MAX, b""),
        Sent::new(false, Flags::SYN | Flags::ACK, u32::MAX, b""),
        Sent::new(true, Flags::ACK, 0, b""),
    ]
}

const REQUESTS: &[u8] =
    b"GET /a HTTP/1.1\r\nHost: a\r\n\r\nPUT /b HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nGET / H\r\n\
                          HEAD /c HTTP/1.1\r\nHost: a\r\n\r\n";
const RESPONSES: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n\
                           HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n\
                           HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n";

proptest! {
    /// The names do not depend on how bytes are cut into segments, in which order these come, or how often.
    #[test]
    fn names_are_the_same_for_any_segments(
        cuts in vec(1..40_usize, 1..40),
        order in vec(any::<prop::sample::Index>(), 0..60),
        again in vec(any::<prop::sample::Index>(), 0..10),
    ) {
        let mut sent = handshake();
        for (is_client, bytes) in [(true, REQUESTS), (false, RESPONSES)] {
            let (mut pieces, mut at) = (Vec::new(), 0);
            for length in cuts.iter().cycle() {
                let end = (at + length).min(bytes.len());
                pieces.push(Sent::new(is_client, Flags::ACK, u32::try_from(at).unwrap(), &bytes[at..end]));
                at = end;
                if at == bytes.len() {
                    break;
                }
            }
            for index in &again {
                pieces.push(index.get(&pieces).clone());
            }
            // Neighbours change places: a stream keeps a few pieces behind gaps, not any number.
            for index in &order {
                let at = index.index(pieces.len());
                let next = (at + 1).min(pieces.len() - 1);
                pieces.swap(at, next);
            }
            let ahead = |at: usize| pieces[..at].iter().filter(|before| before.offset > pieces[at].offset).count();
            let gaps = (0..pieces.len()).map(ahead).max();
            prop_assume!(gaps.is_some_and(|gaps| gaps < 7));
            sent.extend(pieces);
        }
        let [requests, responses] = names(&sent);
        prop_assert_eq!(requests, ["GET /a HTTP/1.1", "PUT /b HTTP/1.1", "HEAD /c HTTP/1.1"]);
        let expected = ["HTTP/1.1 200 OK", "HTTP/1.1 103 Early Hints", "HTTP/1.1 204 No Content", "HTTP/1.1 200 OK"];
        prop_assert_eq!(responses, expected);
    }

    /// Whatever is captured, nothing panics, and what is drawn of it is well-formed.
    #[test]
    fn any_segments_are_drawn(
        sent in vec(
            (any::<bool>(), 0..64_u8, 0..300_u32, 0..400_u32, 0..4_usize, 0..100_usize, 0..60_usize).prop_map(
                |(is_client, flags, offset, acknowledged, kind, start, length)| {
                    let bytes = [REQUESTS, RESPONSES, b"\0\x1b<&>\xff]]>GET / HTTP/1.1\r\n\r\n", b""][kind];
                    let start = start.min(bytes.len());
                    let data = &bytes[start..(start + length).min(bytes.len())];
                    let captured = if offset % 5 == 0 { data.len() / 2 } else { data.len() };
                    let flags = Flags::from_bits(flags);
                    Sent { is_client, flags, offset, acknowledged, data: data.into(), captured }
                },
            ),
            0..80,
        ),
    ) {
        let mut watch = watch(Selection::All);
        sent.iter().for_each(|sent| see(&mut watch, V4, sent));
        let (mut picture, mut rest) = (Vec::new(), Vec::new());
        svg::write(&mut picture, &watch).unwrap();
        timeline::write(&mut rest, &watch).unwrap();
        table::write(&mut rest, &watch, Some(80)).unwrap();
        prop_assert!(roxmltree::Document::parse(str::from_utf8(&picture).unwrap()).is_ok());
        prop_assert!(rest.iter().all(|byte| *byte != 0x1b));
        let mut object = Vec::new();
        json::write(&mut object, &watch, None).unwrap();
        prop_assert!(serde_json::from_slice::<serde_json::Value>(&object).is_ok());
    }
}

#[test]
fn a_table_of_version_6_fits_a_terminal() {
    let mut watch = watch(Selection::None);
    let ends = ["2001:db8:1111:2222:3333:4444:5555:6666", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff"];
    for sent in handshake() {
        see(&mut watch, ends.map(|end| end.parse().unwrap()), &sent);
    }
    let lines = |columns| {
        let mut text = Vec::new();
        table::write(&mut text, &watch, columns).unwrap();
        String::from_utf8(text).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let whole = lines(None);
    assert!(whole[1].contains("[2001:db8:1111:2222:3333:4444:5555:6666]:40000  [2001:db8:aaaa"), "{whole:?}");
    for (columns, client, server) in [
        (161, "[2001:db8:1111:2222:3333:4444:5555:6666]:40000", "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:80"),
        (159, "[2001:db8:1111:2222:3…:4444:5555:6666]:40000", "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:80"),
        (120, "[2001:db8:1…:6666]:40000", "[2001:db8:a…eee:ffff]:80"),
        (80, "[2001:db8:…666]:40000", "[2001:db8:…e:ffff]:80"),
    ] {
        let lines = lines(Some(columns));
        assert!(lines.iter().all(|line| line.chars().count() <= columns), "{columns}: {lines:#?}");
        let cells: Vec<&str> = lines[1].split_whitespace().collect();
        assert_eq!(cells[1..5], [client, server, "ESTABLISHED", "ESTABLISHED"], "{columns}: {lines:#?}");
    }
}

#[test]
fn an_empty_picture_is_whole() {
    let mut picture = Vec::new();
    svg::write(&mut picture, &watch(Selection::All)).unwrap();
    let picture = String::from_utf8(picture).unwrap();
    assert!(roxmltree::Document::parse(&picture).is_ok() && picture.contains("There are no segments to draw."));
}
