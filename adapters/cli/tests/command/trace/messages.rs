//! Messages of HTTP in the segments that complete them.

use wirenut::tcp::segment::Flags;

use super::{VLAN, packet, pcap, pcapng, trace};

const PUSH: u8 = 24; // PSH and ACK

/// A connection whose ends send these pieces (true: the client), each at this offset of what they send in all.
fn packets(pieces: &[(bool, u32, &[u8])]) -> Vec<Vec<u8>> {
    let mut packets = vec![
        packet(true, Flags::SYN, 0, 0, b""),
        packet(false, Flags::SYN | Flags::ACK, 0, 1, b""),
        packet(true, Flags::ACK, 1, 1, b""),
    ];
    packets.extend(
        pieces.iter().map(|(is_client, offset, data)| packet(*is_client, Flags::from_bits(PUSH), 1 + offset, 1, data)),
    );
    packets
}

/// The messages that the timeline names, each with the number of the segment that completes it, from 1 on behind the handshake.
fn named(capture: &[u8]) -> Vec<(usize, String)> {
    let (status, output, errors) = trace(&["--timeline"], capture);
    assert_eq!((status, errors.as_str()), (Some(0), ""));
    let mut segments = 0;
    let mut named = Vec::new();
    for line in output.lines().skip(1).take_while(|line| !line.is_empty()) {
        if line.contains(" seq ") {
            segments += 1;
        } else {
            let (_, message) = line.split_once("│ ").unwrap();
            named.push((segments - 3, message.trim_end_matches('│').trim().to_owned()));
        }
    }
    named
}

fn check(pieces: &[(bool, u32, &[u8])], expected: &[(usize, &str)]) {
    let named = named(&pcap(101, &packets(pieces), false, u32::to_le_bytes));
    let named: Vec<(usize, &str)> = named.iter().map(|(at, message)| (*at, message.as_str())).collect();
    assert_eq!(named, expected);
}

#[test]
fn a_head_is_named_where_it_ends() {
    let (request, response) =
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabc");
    for size in 1..60 {
        let mut pieces: Vec<(bool, u32, &[u8])> = Vec::new();
        for (is_client, message) in [(true, &request[..]), (false, response)] {
            pieces.extend(message.chunks(size).zip((0..).step_by(size)).map(|(data, at)| (is_client, at, data)));
        }
        let asked = request.len().div_ceil(size);
        let told = asked + (response.len() - 3).div_ceil(size);
        check(&pieces, &[(asked, "GET / HTTP/1.1"), (told, "HTTP/1.1 404 Not Found")]);
    }
}

#[test]
fn several_messages_in_one_segment_are_all_named() {
    let requests = b"HEAD /a HTTP/1.1\r\nHost: a\r\n\r\nPOST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nGETDELETE /c HTTP/1.1\r\nHost: a\r\n\r\n";
    // The length is that of what GET would have: nothing follows, for it answers HEAD.
    let responses = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nHTTP/1.1\r\n0\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
    check(
        &[(true, 0, requests), (false, 0, responses)],
        &[
            (1, "HEAD /a HTTP/1.1"),
            (1, "POST /b HTTP/1.1"),
            (1, "DELETE /c HTTP/1.1"),
            (2, "HTTP/1.1 200 OK"),
            (2, "HTTP/1.1 100 Continue"),
            (2, "HTTP/1.1 201 Created"),
            (2, "HTTP/1.1 204 No Content"),
        ],
    );
    let many = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(40);
    let named = named(&pcap(101, &packets(&[(true, 0, &many)]), false, u32::to_le_bytes));
    assert_eq!((named.len(), named[16].1.as_str()), (17, "and more"));
}

#[test]
fn segments_may_come_in_any_order_and_twice() {
    let request = b"GET / HTTP/1.1\r\nHost: a\r\nSome: thing\r\n\r\n";
    let (one, two, three) = (&request[..10], &request[10..20], &request[20..]);
    check(&[(true, 20, three), (true, 10, two), (true, 0, one)], &[(3, "GET / HTTP/1.1")]);
    check(&[(true, 0, one), (true, 20, three), (true, 0, one), (true, 10, two)], &[(4, "GET / HTTP/1.1")]);
    check(&[(true, 0, request), (true, 0, request), (true, 10, two)], &[(1, "GET / HTTP/1.1")]);
}

/// Content that was not captured does no harm; a head of which a part is missing is not read, but what follows it is.
#[test]
fn what_was_not_captured_is_skipped() {
    let post = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n";
    let get = b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
    let length = u32::try_from(post.len()).unwrap();
    let mut gap = packets(&[(true, 0, post), (true, length + 100, get)]);
    // The server has them all.
    gap.push(packet(false, Flags::ACK, 1, 1 + length + 100 + 31, b""));
    let expected = [(1, "POST / HTTP/1.1".to_owned()), (3, "GET /next HTTP/1.1".to_owned())];
    assert_eq!(named(&pcap(101, &gap, false, u32::to_le_bytes)), expected);

    let mut gap = packets(&[(true, 0, &post[..20]), (true, 30, &post[30..])]);
    gap.push(packet(false, Flags::ACK, 1, 1 + length, b""));
    gap.push(packet(true, Flags::ACK, 1 + length, 1, get));
    assert_eq!(named(&pcap(101, &gap, false, u32::to_le_bytes)), [(4, "GET /next HTTP/1.1".to_owned())]);
}

/// A capture that is cut to a few bytes of each packet has the first line, and perhaps not the head.
#[test]
fn cut_packets_are_named_by_their_first_line() {
    let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let response = [b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", &[b'x'; 500][..]].concat();
    let packets = packets(&[(true, 0, request), (false, 0, &response), (true, 27, request)]);
    for snap_length in [40 + 18 + 17, 40 + 18 + 20, 40 + 18 + 60] {
        let named = named(&pcapng(&packets, &[(VLAN, snap_length), (101, snap_length - 18)]));
        let lines: Vec<&str> = named.iter().map(|(_, line)| line.as_str()).collect();
        assert_eq!(lines, ["GET / HTTP/1.1", "HTTP/1.1 200 OK", "GET / HTTP/1.1"], "{snap_length}");
    }
}

#[test]
fn what_is_no_http_is_not_named_and_what_is_refused_is() {
    check(&[(true, 0, b"SSH-2.0-x\r\n"), (false, 0, b"\x16\x03\x01"), (true, 11, b"GET the thing\r\n")], &[]);
    check(&[(true, 0, b"GET / HTTP/1.1\r\nHost : a\r\n\r\n")], &[(1, "GET / HTTP/1.1")]);
    // Something else first, and then a message from a segment's beginning on.
    check(&[(true, 0, b"no:ise"), (true, 6, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")], &[(2, "GET / HTTP/1.1")]);
}

#[test]
fn a_tunnel_ends_it() {
    let get = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let upgrade = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
    let switched = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
    let (asked, told) = (u32::try_from(upgrade.len()).unwrap(), u32::try_from(switched.len()).unwrap());
    check(
        &[(true, 0, upgrade), (false, 0, switched), (true, asked, get), (false, told, b"HTTP/1.1 200 OK\r\n\r\n")],
        &[(1, "GET / HTTP/1.1"), (2, "HTTP/1.1 101 Switching Protocols")],
    );
}

/// A capture that begins in the middle of a connection.
#[test]
fn a_connection_is_read_from_the_first_message_on() {
    let packets = vec![
        packet(true, Flags::ACK, 1_000, 1, b"the end of something\r\n"),
        packet(false, Flags::ACK, 1, 1_022, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        packet(true, Flags::ACK, 1_022, 39, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ];
    let (_, output, _) = trace(&["--timeline"], &pcap(101, &packets, false, u32::to_le_bytes));
    let lines: Vec<&str> = output.lines().collect();
    assert!(lines[3].contains("HTTP/1.1 200 OK") && lines[5].contains("GET / HTTP/1.1"), "{output}");
}
