//! Messages of HTTP out of a capture: segments, reordered and sent again, through the tracker and its streams into the
//! connections of the core.

use core::net::IpAddr;
use std::hash::RandomState;

use wirenut::http::{Limits, Method, Request};
use wirenut::ip::{Captured, ChecksumVerdict};
use wirenut::tcp::SequenceNumber;
use wirenut::tcp::segment::{Flags, Header, Segment};
use wirenut::tcp::tracker::{Policy, Side, Slot, Stream, Tracker};
use wirenut::time::Instant;
use wirenut_tests::answers::hear;
use wirenut_tests::fuzz::read_head;
use wirenut_tests::oracle::Verdict;

use super::script::{CLIENT, SERVER};

/// The numbers of both first bytes: the server's wraps around within its response.
const FIRST: [u32; 2] = [1_000, u32::MAX - 1_500];

fn segment(is_client: bool, flags: Flags, offset: u32, data: &[u8]) -> (IpAddr, IpAddr, Vec<u8>) {
    let (from, to, ports, first) = if is_client {
        (CLIENT, SERVER, (40_000, 80), FIRST)
    } else {
        (SERVER, CLIENT, (80, 40_000), [FIRST[1], FIRST[0]])
    };
    let header = Header {
        sequence: SequenceNumber::new(first[0]).add(offset),
        acknowledgment: SequenceNumber::new(first[1]),
        flags,
        window: 60_000,
        ..Header::new(ports.0, ports.1)
    };
    let mut bytes = vec![0; 200 + data.len()];
    let length = header.emit(from, to, data, &mut bytes).expect("room");
    bytes.truncate(length);
    (from, to, bytes)
}

/// The pieces of both directions, in order, as a watcher reads them.
fn pieces(packets: &[(IpAddr, IpAddr, Vec<u8>)]) -> [Vec<Vec<u8>>; 2] {
    let mut tracker = Tracker::new([Slot::EMPTY; 4], RandomState::new(), Policy::DEFAULT);
    let mut streams = [FIRST[0], FIRST[1]].map(|first| Stream::new([0; 1_024], SequenceNumber::new(first)));
    let mut pieces = [Vec::new(), Vec::new()];
    for (from, to, bytes) in packets {
        let segment = Segment::parse(Captured::whole(bytes)).expect("a segment");
        assert_eq!(segment.checksum(*from, *to), ChecksumVerdict::Correct);
        let observed = tracker.observe(Instant::START, [*from, *to], &segment);
        let at = usize::from(observed.sender == Side::Server);
        let stream = &mut streams[at];
        let received = stream.receive(segment.sequence(), segment.payload().bytes());
        assert!(!received.has_conflict && received.lost == 0);
        pieces[at].push(received.bytes.to_vec());
        while !stream.buffered().is_empty() {
            pieces[at].push(stream.buffered().to_vec());
            stream.consume(stream.buffered().len());
        }
    }
    pieces.iter_mut().for_each(|pieces| pieces.retain(|piece| !piece.is_empty()));
    pieces
}

#[test]
fn messages_come_out_of_a_capture() {
    let request = b"GET /page HTTP/1.1\r\nHost: example.com\r\nUser-Agent: watched\r\n\r\n";
    let body: Vec<u8> = (0..3_000_u16).map(|at| b'a' + (at % 26) as u8).collect();
    let response = [b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n".as_slice(), &body].concat();
    let mut packets = vec![
        (CLIENT, SERVER, segment(true, Flags::SYN, u32::MAX, b"").2),
        (SERVER, CLIENT, segment(false, Flags::SYN | Flags::ACK, u32::MAX, b"").2),
    ];
    let cut = |is_client, bytes: &[u8], length: usize| -> Vec<_> {
        let offsets = (0_u32..).step_by(length);
        bytes.chunks(length).zip(offsets).map(|(data, at)| segment(is_client, Flags::ACK, at, data)).collect()
    };
    let mut requests = cut(true, request, 7);
    // Each second one comes too late, and some come twice.
    requests.chunks_mut(2).for_each(<[_]>::reverse);
    let mut responses = cut(false, &response, 100);
    responses.chunks_mut(3).for_each(<[_]>::reverse);
    let twice: Vec<_> = responses.iter().skip(2).step_by(4).cloned().collect();
    responses.extend(twice);
    packets.extend(requests);
    packets.extend(responses);

    let [asked, told] = pieces(&packets);
    let [asked, told] = [&asked, &told].map(|pieces| pieces.iter().map(Vec::as_slice).collect::<Vec<_>>());
    assert!(asked.len() > 3 && told.len() > 10, "it came in pieces");
    let (verdict, error) = read_head(&Limits::DEFAULT, &asked);
    let Verdict::Accepted(read, length) = verdict else { panic!("no request: {error:?}") };
    assert_eq!((read.method.as_slice(), read.target.as_slice(), length), (&b"GET"[..], &b"/page"[..], request.len()));
    let requests = [Request::new(Method::Get, "/page", "example.com")];
    let heard = hear(&Limits::DEFAULT, &requests, &told, false);
    assert_eq!(heard, hear(&Limits::DEFAULT, &requests, &[&response], false));
    assert_eq!(heard.len(), 3, "a head, its content, and the end: {heard:?}");
}

/// What a capture has missed is given up, and what follows is read.
#[test]
fn a_gap_is_skipped_when_it_is_said_so() {
    let first = SequenceNumber::new(u32::MAX - 3);
    let mut stream = Stream::new([0; 32], first);
    assert_eq!(stream.receive(first, b"0123").bytes, b"0123");
    assert_eq!(stream.receive(first.add(10), b"abcd").bytes, b"");
    assert_eq!((stream.gap(), stream.next()), (Some(6), SequenceNumber::new(0)));
    assert_eq!(stream.skip_to(first.add(10)), 6);
    assert_eq!(stream.buffered(), b"abcd");
    // What is too far ahead has no room.
    assert_eq!(stream.receive(first.add(60), b"abcd").lost, 4);
    assert_eq!(stream.receive(first.add(40), b"abcd").lost, 2);
}
