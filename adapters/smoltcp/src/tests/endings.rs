//! Ends: of the time for something, by a reset, by an error, and of the server itself.

use alloc::format;
use alloc::vec::Vec;

use smoltcp::socket::tcp::State;
use wirenut::http::{Limits, Rule};
use wirenut::readiness::Policy;
use wirenut::time::{Duration, Pace};

use super::world::{LIMITS, POLICY, RING, World};
use super::{READING, parts, pattern, statuses, text};

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
