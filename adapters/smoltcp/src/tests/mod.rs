//! A server and its clients, on a wire in memory.

mod client;
mod handshakes;
mod lines;
mod overload;
mod stranger;
mod waiting;
mod world;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use smoltcp::socket::tcp::State;
use wirenut::http::{FieldFilter, Limits, Rule};
use wirenut::readiness::{Policy, WhenFull};
use wirenut::time::{Duration, Pace};
use wirenut_reference::pattern_byte;

use world::{LIMITS, POLICY, RING, World};

const READING: &[u8] = b"GET /reading HTTP/1.1\r\nHost: a\r\n\r\n";

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// The status lines in a stream whose bodies hold none.
fn statuses(bytes: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(bytes);
    text.split("HTTP/1.1 ").skip(1).map(|rest| rest[..3].parse().unwrap()).collect()
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| pattern_byte(index as u64)).collect()
}

/// The data of a chunked body that is whole.
fn unchunk(mut body: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    loop {
        let line = body.windows(2).position(|two| two == b"\r\n").unwrap();
        let size = usize::from_str_radix(core::str::from_utf8(&body[..line]).unwrap(), 16).unwrap();
        if size == 0 {
            assert_eq!(&body[line..], b"\r\n\r\n");
            return data;
        }
        let start = line + 2;
        data.extend_from_slice(&body[start..start + size]);
        body = &body[start + size + 2..];
    }
}

/// Head and body of a response.
fn parts(response: &[u8]) -> (String, &[u8]) {
    let end = response.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    (text(response[..end].to_vec()), &response[end..])
}

#[test]
fn a_connection_serves_one_request_after_another_and_many_at_once() {
    let mut world = World::new();
    let client = world.connect();
    assert_eq!(statuses(&world.ask(client, READING)), [200]);
    assert_eq!(statuses(&world.ask(client, READING)), [200]);
    assert_eq!(statuses(&world.ask(client, &READING.repeat(5))), [200; 5]);
    assert_eq!(world.counts(), (7, 7, 0));
    assert_eq!((world.server.connections(), world.listening()), (1, 1));
    world.close(client);
    world.run_ms(50);
    assert_eq!((world.server.connections(), world.listening()), (0, 2));
    assert!(world.errors.is_empty());
}

#[test]
fn any_cut_of_the_bytes_gives_the_same_answers() {
    let bytes = b"PUT /setting HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n23\
        POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4;x\r\nabcd\r\n0\r\nt: u\r\n\r\n";
    let mut world = World::new();
    let whole = world.connect();
    let expected = world.ask(whole, bytes);
    assert_eq!(statuses(&expected), [204, 200]);
    for cut in 1..bytes.len() {
        world.send(whole, &bytes[..cut]);
        world.run_ms(5);
        world.send(whole, &bytes[cut..]);
        world.run_ms(10);
        assert_eq!(world.take_received(whole), expected, "cut at {cut}: {:?}", world.errors);
    }
    for byte in bytes {
        world.send(whole, &[*byte]);
        world.run_ms(1);
    }
    world.run_ms(10);
    assert_eq!(world.take_received(whole), expected);
    assert!(world.errors.is_empty());
}

#[test]
fn bodies_may_be_larger_than_the_rings_both_ways_even_over_a_bad_wire() {
    let content = pattern(100_000);
    for loses_each in [0, 13] {
        let mut world = World::new();
        let client = world.connect();
        world.run_ms(10);
        world.lose_each(loses_each);
        world.send(
            client,
            format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", content.len()).as_bytes(),
        );
        world.send(client, &content);
        let mut response = Vec::new();
        while !response.ends_with(&content[99_990..]) && !response.ends_with(b"\r\n0\r\n\r\n") {
            let more = world.await_bytes(client, 1);
            assert!(!more.is_empty(), "stalled at {} of echo", response.len());
            response.extend(more);
        }
        let (head, body) = parts(&response);
        let body = if head.contains("chunked") { unchunk(body) } else { body.to_vec() };
        assert!(body == content);

        world.send(client, b"GET /download?bytes=100000 HTTP/1.1\r\nHost: a\r\n\r\n");
        let response = world.await_bytes(client, 100_000 + 60);
        assert!(parts(&response).1 == content);
        assert_eq!(world.counts(), (2, 2, 0));
        assert!(world.errors.is_empty());
    }
}

#[test]
fn a_head_may_be_larger_than_the_ring_and_not_than_its_limit() {
    const LIMIT: usize = 4 * RING;
    let head = |length: usize| {
        let start = "GET /reading HTTP/1.1\r\nHost: a\r\nX: ";
        format!("{start}{}\r\n\r\n", "x".repeat(length - start.len() - 4))
    };
    let limits = Limits { head_bytes: LIMIT as u32, ..LIMITS };
    for (length, expected) in [(RING - 1, 200), (RING, 200), (RING + 1, 200), (LIMIT, 200), (LIMIT + 1, 431)] {
        let mut world = World::<2>::with(limits, POLICY);
        let client = world.connect();
        // So that the head lies across the end of the ring.
        assert_eq!(statuses(&world.ask(client, READING)), [200]);
        assert_eq!(statuses(&world.ask(client, head(length).as_bytes())), [expected], "{length} bytes");
    }
    let mut world = World::new();
    let client = world.connect();
    let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(2 * RING));
    assert_eq!(statuses(&world.ask(client, long.as_bytes())), [414]);
    assert_eq!(world.errors[0].rule, Rule::RequestLineTooLong);
}

#[test]
fn a_ring_of_one_byte_gives_the_same_answers() {
    let requests = b"PUT /setting HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n23\
        POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4;x\r\nabcd\r\n0\r\nt: u\r\n\r\n\
        GET /reading HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\nGET / HTTP/1.1\r\nHost : a\r\n\r\n";
    let answers = [1, RING].map(|received| {
        let mut world = World::<2>::with_rings([received, RING], LIMITS, POLICY);
        let client = world.connect();
        world.send(client, requests);
        world.run_secs(9);
        (world.take_received(client), world.errors)
    });
    assert_eq!(statuses(&answers[0].0), [204, 200, 200, 400]);
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn an_error_is_answered_told_once_and_ends_the_connection() {
    let mut world = World::new();
    let client = world.connect();
    let response = text(world.ask(client, b"GET / HTTP/1.1\nHost: a\r\n\r\n"));
    assert!(response.starts_with("HTTP/1.1 400 ") && response.contains("Connection: close\r\n"), "{response}");
    assert_eq!(world.errors.len(), 1);
    assert_eq!((world.errors[0].rule, world.errors[0].offset), (Rule::BareLineFeed, 14));
    assert_eq!(world.state(client), State::CloseWait);
    // What still comes is thrown away, and its sender not reset.
    world.send(client, &[b'x'; 5 * RING]);
    world.run_ms(50);
    assert_eq!(world.state(client), State::CloseWait);
    world.close(client);
    world.run_secs(1);
    assert_eq!((world.listening(), world.errors.len()), (2, 1));
}

#[test]
fn a_client_that_does_not_end_is_reset_after_the_time_to_linger() {
    let mut world = World::new();
    let client = world.connect();
    let response = world.ask(client, b"GET /reading HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_eq!((statuses(&response), world.state(client)), (Vec::from([200]), State::CloseWait));
    world.run_secs(4);
    assert_eq!((world.listening(), world.state(client)), (1, State::CloseWait));
    world.run_secs(2);
    assert_eq!((world.listening(), world.state(client)), (2, State::Closed));
}

#[test]
fn a_reset_in_the_middle_of_a_response_closes_its_exchange() {
    let mut world = World::new();
    let client = world.connect();
    world.send(client, b"GET /download?bytes=100000 HTTP/1.1\r\nHost: a\r\n\r\n");
    world.run_ms(5);
    assert_eq!(world.counts(), (1, 0, 0));
    world.reset(client);
    world.run_ms(5);
    assert_eq!(world.counts(), (1, 0, 1));
    assert_eq!(world.errors.len(), 1);
    assert_eq!(world.errors[0].rule, Rule::Reset);
    assert_eq!((world.server.connections(), world.listening()), (0, 2));
}

#[test]
fn a_reset_once_all_is_said_is_no_error() {
    let mut world = World::new();
    let client = world.connect();
    let response = world.ask(client, b"GET /reading HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_eq!(statuses(&response), [200]);
    world.reset(client);
    world.run_ms(5);
    assert_eq!((world.counts(), world.errors.len()), ((1, 1, 0), 0));
    assert_eq!((world.server.connections(), world.listening()), (0, 2));
}

#[test]
fn whoever_ends_its_direction_gets_its_answers_first() {
    for request in [READING, b"GET /slow?ms=3000 HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let mut world = World::new();
        let client = world.connect();
        world.send(client, &READING.repeat(2));
        world.send(client, request);
        world.close(client);
        world.run_secs(4);
        assert_eq!(statuses(&world.take_received(client)), [200; 3]);
        assert_eq!(world.counts(), (3, 3, 0));
        assert_eq!((world.listening(), world.errors.len()), (2, 0));
    }
}

#[test]
fn a_request_that_is_cut_off_is_answered_400() {
    for (request, counts) in
        [(&READING[..20], (0, 0, 0)), (b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1234", (1, 0, 1))]
    {
        let mut world = World::new();
        let client = world.connect();
        world.send(client, request);
        world.close(client);
        world.run_ms(50);
        assert_eq!(statuses(&world.take_received(client)), [400]);
        assert_eq!((world.counts(), world.errors[0].rule), (counts, Rule::Truncated));
        assert_eq!(world.listening(), 2);
    }
}

#[test]
fn a_client_that_does_not_read_hits_the_write_deadline() {
    let mut world = World::new();
    let client = world.connect();
    world.set_reading(client, false);
    world.send(client, b"GET /download?bytes=100000 HTTP/1.1\r\nHost: a\r\n\r\n");
    world.run_secs(29);
    assert_eq!((world.counts(), world.errors.len()), ((1, 0, 0), 0));
    world.run_secs(60);
    assert_eq!((world.counts(), world.errors[0].rule), ((1, 0, 1), Rule::WriteTimeout));
    assert_eq!((world.state(client), world.listening()), (State::Closed, 2));
}

#[test]
fn a_client_that_reads_slowly_but_at_the_pace_is_served() {
    let mut world = World::new();
    let client = world.connect();
    world.send(client, b"GET /download?bytes=60000 HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut received = 0;
    // 4 KiB at most each 5 s, over the pace of 500 bytes per second.
    for _ in 0..40 {
        world.set_reading(client, false);
        world.run_secs(5);
        world.set_reading(client, true);
        world.run_ms(20);
        received += world.take_received(client).len();
    }
    assert!(received > 60_000, "{received}");
    assert_eq!((world.counts(), world.errors.len()), ((1, 1, 0), 0));
}

#[test]
fn silence_is_ended() {
    let mut world = World::<3>::with(LIMITS, POLICY);
    let (never, began, kept) = (world.connect(), world.connect(), READING);
    world.send(began, &kept[..10]);
    world.run_secs(21);
    assert_eq!(statuses(&world.take_received(began)), [408]);
    assert_eq!((world.state(never), world.state(began)), (State::CloseWait, State::CloseWait));
    assert_eq!(world.errors.len(), 1);
    assert_eq!(world.errors[0].rule, Rule::HeadTimeout);
    world.run_secs(6);
    assert_eq!(world.listening(), 3);

    let client = world.connect();
    assert_eq!(statuses(&world.ask(client, READING)), [200]);
    world.run_secs(59);
    assert_eq!(world.state(client), State::Established);
    world.run_secs(2);
    assert_eq!((world.state(client), world.errors.len()), (State::CloseWait, 1));
}

#[test]
fn who_waits_is_asked_again_at_its_time() {
    let mut world = World::new();
    let client = world.connect();
    assert!(world.ask(client, b"GET /slow?ms=2000 HTTP/1.1\r\nHost: a\r\n\r\n").is_empty());
    // The other one is not held up.
    let other = world.connect();
    assert_eq!(statuses(&world.ask(other, READING)), [200]);
    world.run_ms(1_900);
    assert!(world.take_received(client).is_empty());
    world.run_ms(60);
    assert_eq!(statuses(&world.take_received(client)), [200]);
}

#[test]
fn the_last_bytes_have_the_time_to_write_and_not_that_to_linger() {
    let mut world = World::new();
    let client = world.connect();
    world.set_reading(client, false);
    world.send(client, b"GET /download?bytes=4300 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    world.run_secs(25);
    assert_eq!((world.counts(), world.server.connections()), ((1, 1, 0), 1));
    world.set_reading(client, true);
    world.run_secs(1);
    assert_eq!(parts(&world.take_received(client)).1, pattern(4_300));
}

#[test]
fn a_reset_that_cannot_leave_does_not_hold_its_socket() {
    let write = Pace { grace: Duration::from_secs(2), per_byte: Duration::default() };
    let mut world = World::<2>::with(Limits { write, ..LIMITS }, POLICY);
    let client = world.connect();
    world.send(client, b"GET /download?bytes=100000 HTTP/1.1\r\nHost: a\r\n\r\n");
    world.run_ms(2);
    world.stick_server();
    world.run_secs(4);
    assert_eq!((world.counts(), world.errors[0].rule), ((1, 0, 1), Rule::WriteTimeout));
    assert_eq!((world.listening(), world.server.connections()), (2, 0));
}

#[test]
fn the_longest_idle_makes_room_when_no_socket_listens() {
    let mut world = World::<2>::with(LIMITS, Policy { evict_idle: true, ..POLICY });
    let first = world.connect();
    assert_eq!(statuses(&world.ask(first, READING)), [200]);
    assert_eq!(world.state(first), State::Established);
    // One that has not asked anything yet is not idle; the first one is, and goes.
    let second = world.connect();
    world.run_ms(900);
    assert_eq!((world.state(first), world.state(second)), (State::Established, State::Established));
    world.run_ms(100);
    assert_eq!((world.state(first), world.state(second)), (State::Closed, State::Established));
    assert_eq!((world.listening(), world.server.connections()), (1, 1));
    assert_eq!(statuses(&world.ask(second, READING)), [200]);
    assert!(world.errors.is_empty());
}

#[test]
fn connections_in_use_are_not_closed_for_somebody_who_may_come() {
    let mut world = World::<2>::with(LIMITS, Policy { evict_idle: true, ..POLICY });
    let clients = [world.connect(), world.connect()];
    for _ in 0..20 {
        for client in clients {
            assert_eq!(statuses(&world.ask(client, READING)), [200]);
        }
        world.run_ms(500);
    }
    assert_eq!((world.counts(), world.errors.len()), ((40, 40, 0), 0));
}

#[test]
fn with_a_socket_to_spare_the_longest_idle_stays_until_somebody_comes() {
    let mut world = World::<3>::with(LIMITS, Policy { evict_idle: true, ..POLICY });
    let (first, second) = (world.connect(), world.connect());
    assert_eq!(statuses(&world.ask(second, READING)), [200]);
    assert_eq!(statuses(&world.ask(first, READING)), [200]);
    world.run_secs(10);
    assert_eq!((world.state(first), world.state(second)), (State::Established, State::Established));
    let third = world.connect();
    assert_eq!(statuses(&world.ask(third, READING)), [200]);
    assert_eq!((world.state(first), world.state(second)), (State::Established, State::Closed));
}

#[test]
fn a_request_that_has_come_saves_its_connection_from_eviction() {
    let mut world = World::<3>::with(LIMITS, Policy { evict_idle: true, ..POLICY });
    let (first, second) = (world.connect(), world.connect());
    world.ask(first, READING);
    world.ask(second, READING);
    world.run_secs(2);
    let third = world.connect();
    world.send(first, b"GET /slow?ms=1000 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(statuses(&world.ask(third, READING)), [200]);
    assert_eq!((world.state(first), world.state(second)), (State::Established, State::Closed));
}

#[test]
fn who_finds_all_slots_taken_is_refused() {
    let mut world = World::<3>::with(LIMITS, Policy { evict_idle: true, ..POLICY });
    let busy = b"GET /slow?ms=30000 HTTP/1.1\r\nHost: a\r\n\r\n";
    for _ in 0..2 {
        let client = world.connect();
        assert!(world.ask(client, busy).is_empty());
    }
    for _ in 0..5 {
        let client = world.connect();
        let response = text(world.ask(client, READING));
        assert!(response.starts_with("HTTP/1.1 503 ") && response.contains("Connection: close\r\n"), "{response}");
        // What it sends all the same is thrown away, so that its end gets through.
        world.send(client, &[b'x'; 5 * RING]);
        world.close(client);
        world.run_ms(200);
        assert_eq!((world.listening(), world.server.connections()), (1, 2));
    }
    assert_eq!(world.counts(), (2, 0, 0));
}

#[test]
fn who_is_to_queue_waits_in_its_socket() {
    let mut world = World::<3>::with(LIMITS, Policy { when_full: WhenFull::Queue, ..POLICY });
    for _ in 0..2 {
        let client = world.connect();
        assert!(world.ask(client, b"GET /slow?ms=3000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").is_empty());
        world.close(client);
    }
    let queued = world.connect();
    assert!(world.ask(queued, READING).is_empty());
    world.run_secs(4);
    assert_eq!(statuses(&world.take_received(queued)), [200]);
    assert_eq!(world.counts(), (3, 3, 0));
}

#[test]
fn a_retired_server_says_so_and_lets_what_is_in_flight_end() {
    let mut world = World::<3>::with(LIMITS, Policy { slots: 3, ..POLICY });
    let (busy, idle) = (world.connect(), world.connect());
    assert!(world.ask(busy, b"GET /slow?ms=3000 HTTP/1.1\r\nHost: a\r\n\r\n").is_empty());
    world.ask(idle, READING);
    world.server.retire();
    world.run_ms(10);
    assert_eq!((world.state(idle), world.state(busy)), (State::CloseWait, State::Established));
    assert_eq!((world.listening(), world.server.is_drained()), (0, false));
    let late = world.connect();
    world.run_ms(10);
    assert_eq!(world.state(late), State::Closed);
    world.run_secs(4);
    let response = text(world.take_received(busy));
    assert!(response.contains("Connection: close\r\n"), "{response}");
    world.close(idle);
    world.close(busy);
    world.run_secs(1);
    assert_eq!((world.counts(), world.server.is_drained()), ((2, 2, 0), true));
}

#[test]
fn requests_that_have_come_before_a_server_is_retired_are_answered() {
    // The last ones wait for room in a ring of answers.
    for count in [1, 3, 10] {
        let mut world = World::new();
        let client = world.connect();
        assert_eq!(statuses(&world.ask(client, READING)), [200]);
        world.send(client, &READING.repeat(count));
        world.receive_only(2);
        world.server.retire();
        world.run_ms(100);
        assert_eq!(statuses(&world.take_received(client)), [200].repeat(count));
        world.close(client);
        world.run_ms(200);
        assert!(world.server.is_drained());
        assert_eq!(world.errors, []);
    }
}

#[test]
fn an_aborted_server_closes_every_exchange() {
    let mut world = World::new();
    let client = world.connect();
    world.ask(client, b"GET /slow?ms=3000 HTTP/1.1\r\nHost: a\r\n\r\n");
    world.abort_server();
    world.run_ms(10);
    assert_eq!((world.counts(), world.state(client)), ((1, 0, 1), State::Closed));
    assert_eq!((world.listening(), world.server.is_drained()), (0, true));
}

#[test]
fn hundreds_of_connections_one_after_another_lose_no_socket() {
    let mut world = World::new();
    for round in 0..200 {
        let client = world.connect();
        let close = if round % 2 == 0 { "" } else { "Connection: close\r\n" };
        let response = world.ask(client, format!("GET /reading HTTP/1.1\r\nHost: a\r\n{close}\r\n").as_bytes());
        assert_eq!(statuses(&response), [200]);
        world.close(client);
        world.run_ms(150);
        assert_eq!((world.listening(), world.server.connections()), (2, 0), "round {round}");
    }
    assert_eq!((world.counts(), world.errors.len()), ((200, 200, 0), 0));
}

#[test]
fn sockets_in_time_wait_make_room_when_no_other_listens() {
    let mut world = World::new();
    for _ in 0..50 {
        let client = world.connect();
        world.send(client, b"GET /reading HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        world.run_ms(2);
        assert_eq!(statuses(&world.take_received(client)), [200]);
        world.close(client);
        world.run_ms(2);
        assert!(world.listening() > 0);
    }
    world.run_ms(200);
    assert_eq!((world.listening(), world.errors.len()), (2, 0));
}

#[test]
fn a_peer_that_is_gone_for_good_gives_its_socket_back() {
    let mut world = World::new();
    let (idle, busy) = (world.connect(), world.connect());
    world.ask(idle, READING);
    world.send(busy, b"GET /download?bytes=100000 HTTP/1.1\r\nHost: a\r\n\r\n");
    world.run_ms(2);
    world.lose_each(1);
    world.run_secs(100);
    assert_eq!((world.listening(), world.server.connections()), (2, 0));
    assert_eq!(world.counts(), (2, 1, 1));
}

#[test]
fn a_handshake_that_is_never_complete_gives_its_socket_back() {
    let limits = Limits { head: Duration::from_secs(3), ..LIMITS };
    let mut world = World::<2>::with(limits, POLICY);
    world.lose_from_server(1);
    let client = world.connect();
    world.run_ms(10);
    world.lose_each(1);
    world.reset(client);
    assert_eq!(world.listening(), 1);
    world.run_secs(2);
    assert_eq!(world.listening(), 1);
    world.run_secs(5);
    assert_eq!((world.listening(), world.server.connections(), world.errors.len()), (2, 0, 0));
}

const FILTER: FieldFilter = FieldFilter { names: &["Accept"], bytes: 198 };
const STORED: Limits = Limits { field_filter: Some(&FILTER), head_bytes: 8192, ..LIMITS };

/// A request whose head is much larger than ring and store together.
fn with_cookie(request_line: &str, fields: &str, body: &str) -> String {
    format!("{request_line} HTTP/1.1\r\nHost: a\r\nCookie: {}\r\n{fields}\r\n{body}", "crumb=1; ".repeat(450))
}

/// The status lines of what comes within half a minute.
fn answers<const STORE: usize>(world: &mut World<2, STORE>, client: usize, request: &str) -> Vec<u16> {
    world.send(client, request.as_bytes());
    world.run_secs(30);
    statuses(&world.take_received(client))
}

#[test]
fn a_head_much_larger_than_ring_and_store_is_understood_over_a_bad_wire() {
    let mut world = World::<2, { STORED.store_bytes() }>::with_ring(256, STORED, POLICY);
    let client = world.connect();
    let reading = with_cookie("GET /reading", "", "");
    let upload = with_cookie("POST /upload", "Content-Length: 700\r\n", &"x".repeat(700));
    let chunked = with_cookie(
        "POST /upload",
        "Transfer-Encoding: chunked\r\n",
        &format!("5\r\nhello\r\n0\r\nTrail: {}\r\n\r\n", "t".repeat(3000)),
    );
    world.lose_each(31);
    for _ in 0..3 {
        for request in [&reading, &upload, &chunked] {
            assert_eq!(answers(&mut world, client, request), [200]);
        }
        // What follows in the same segment is not lost.
        let three = [&reading[..], &upload, &reading].concat();
        assert_eq!(answers(&mut world, client, &three), [200, 200, 200]);
    }
    assert_eq!(world.errors, []);
}

#[test]
fn what_a_store_cannot_hold_is_refused_by_name() {
    for (request, code, rule) in [
        (with_cookie(&format!("GET /{}", "p".repeat(300)), "", ""), 414, Some(Rule::RequestLineTooLong)),
        (with_cookie("GET /", &format!("Accept: {}\r\n", "c".repeat(300)), ""), 431, Some(Rule::FieldTooLarge)),
        (with_cookie("GET /reading", &format!("Connection: {}\r\n", "c".repeat(300)), ""), 200, None),
        (with_cookie("GET /", &format!("Cookie: {}\r\n", "c".repeat(9000)), ""), 431, Some(Rule::HeadTooLarge)),
        (with_cookie("GET /", "Bad: \0\r\n", ""), 400, Some(Rule::InvalidFieldValue)),
    ] {
        let mut world = World::<2, { STORED.store_bytes() }>::with_ring(256, STORED, POLICY);
        let client = world.connect();
        assert_eq!(answers(&mut world, client, &request), [code]);
        assert_eq!(world.errors.iter().map(|error| error.rule).collect::<Vec<_>>(), rule.as_slice());
    }
}

#[test]
#[should_panic = "STORE is less than Limits::store_bytes"]
fn a_store_that_is_too_small_is_told_at_once() {
    World::<2, { STORED.store_bytes() - 1 }>::with_ring(256, STORED, POLICY);
}

#[test]
fn answers_before_a_broken_request_arrive_and_so_does_its_own() {
    let mut world = World::new();
    let client = world.connect();
    let put = "PUT /setting HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n23".repeat(3);
    let response = world.ask(client, format!("{put}POST /download HTTP/1.1\r\nHost : a\r\n\r\n").as_bytes());
    assert_eq!(statuses(&response), [204, 204, 204, 400]);
}

#[test]
fn what_was_written_before_an_abort_is_sent_first() {
    let mut world = World::new();
    let client = world.connect();
    world.ask(client, READING);
    world.set_reading(client, false);
    // The content of the response stops at its source, behind answers that wait in the ring.
    world.send(client, READING);
    world.send(client, b"GET /broken HTTP/1.1\r\nHost: a\r\n\r\n");
    world.run_ms(30);
    world.set_reading(client, true);
    world.run_secs(1);
    let response = world.take_received(client);
    assert_eq!(statuses(&response), [200, 200], "{}", text(response));
    assert_eq!((world.state(client), world.errors[0].rule), (State::Closed, Rule::Aborted));
    assert_eq!((world.listening(), world.server.connections()), (2, 0));
}
