//! Who gives way when no socket listens, or all slots are taken: as everywhere, who lingers, who is idle, whose head does
//! not come; and nobody whose request waits unread.

use smoltcp::socket::tcp::State;
use wirenut::http::Rule;
use wirenut::readiness::{Policy, WhenFull};

use super::world::{LIMITS, POLICY, World};
use super::{READING, statuses};

const EVICTS: Policy = Policy { evict_idle: true, ..POLICY };
const CLOSING: &[u8] = b"GET /reading HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

#[test]
fn a_slow_head_is_answered_408_after_its_time_and_gives_way() {
    for slots in [2, 3] {
        let mut world = World::<3>::with(LIMITS, Policy { slots, ..EVICTS });
        let clients = [world.connect(), world.connect()];
        for client in clients {
            world.send(client, &READING[..20]);
        }
        let third = if slots == 3 { Some(world.connect()) } else { None };
        world.run_ms(1_900);
        assert_eq!(world.server.connections(), if slots == 3 { 3 } else { 2 });
        world.run_ms(200);
        // Where there is a socket to spare, only somebody who comes is a reason.
        let newcomer = third.unwrap_or_else(|| world.connect());
        assert_eq!(statuses(&world.ask(newcomer, READING)), [200], "{slots} slots");
        assert_eq!(statuses(&world.take_received(clients[0])), [408], "{slots} slots");
        assert!(world.take_received(clients[1]).is_empty());
        assert_eq!(world.errors.iter().map(|error| error.rule).collect::<alloc::vec::Vec<_>>(), [Rule::HeadTimeout]);
        assert_eq!(world.state(clients[1]), State::Established);
        // The rest of it saves the other one.
        assert_eq!(statuses(&world.ask(clients[1], &READING[20..])), [200]);
    }
}

#[test]
fn who_says_nothing_gives_way_without_an_answer() {
    let mut world = World::<2>::with(LIMITS, EVICTS);
    let silent = [world.connect(), world.connect()];
    world.run_ms(1_900);
    assert_eq!(world.listening(), 0);
    world.run_ms(200);
    assert_eq!((world.listening(), world.errors.len()), (1, 0));
    assert_eq!([world.state(silent[0]), world.state(silent[1])], [State::Closed, State::Established]);
    let client = world.connect();
    assert_eq!(statuses(&world.ask(client, READING)), [200]);
}

#[test]
fn who_lingers_gives_way_at_once_and_before_the_idle() {
    let mut world = World::<2>::with(LIMITS, EVICTS);
    let idle = world.connect();
    assert_eq!(statuses(&world.ask(idle, READING)), [200]);
    world.run_ms(800);
    let lingering = world.connect();
    world.send(lingering, CLOSING);
    world.run_ms(100);
    assert_eq!(statuses(&world.take_received(lingering)), [200]);
    assert_eq!((world.state(idle), world.state(lingering)), (State::Established, State::Closed));
    assert_eq!((world.listening(), world.errors.len()), (1, 0));
}

#[test]
fn who_lingers_has_its_time_while_a_socket_listens() {
    let mut world = World::<3>::with(LIMITS, Policy { slots: 3, ..EVICTS });
    let lingering = world.connect();
    assert_eq!(statuses(&world.ask(lingering, CLOSING)), [200]);
    world.run_ms(4_000);
    assert_eq!((world.state(lingering), world.listening()), (State::CloseWait, 2));
}

#[test]
fn who_is_refused_lingers_and_gives_way_to_the_next() {
    let mut world = World::<3>::with(LIMITS, EVICTS);
    for _ in 0..2 {
        let client = world.connect();
        assert!(world.ask(client, b"GET /slow?ms=30000 HTTP/1.1\r\nHost: a\r\n\r\n").is_empty());
    }
    // None of them ends its direction.
    for _ in 0..5 {
        let client = world.connect();
        world.send(client, READING);
        world.run_ms(100);
        assert_eq!(statuses(&world.take_received(client)), [503]);
        assert_eq!((world.listening(), world.server.connections()), (1, 2));
    }
    assert_eq!(world.errors.len(), 0, "{:?}", world.errors);
}

#[test]
fn who_is_refused_and_has_ended_already_gives_its_socket_back() {
    for policy in [POLICY, EVICTS] {
        let mut world = World::<3>::with(LIMITS, policy);
        for _ in 0..2 {
            let client = world.connect();
            assert!(world.ask(client, b"GET /slow?ms=30000 HTTP/1.1\r\nHost: a\r\n\r\n").is_empty());
        }
        for _ in 0..5 {
            let client = world.connect();
            world.send(client, READING);
            world.close(client);
            world.run_ms(200);
            assert_eq!(statuses(&world.take_received(client)), [503]);
            assert_eq!((world.listening(), world.server.connections()), (1, 2));
        }
        assert_eq!(world.errors.len(), 0, "{:?}", world.errors);
    }
}

#[test]
fn a_request_that_comes_with_somebody_else_saves_its_connection_wherever_they_lie() {
    let mut world = World::<4>::with(LIMITS, EVICTS);
    let (first, second) = (world.connect(), world.connect());
    assert_eq!(statuses(&world.ask(first, READING)), [200]);
    assert_eq!(statuses(&world.ask(second, READING)), [200]);
    world.run_secs(2);
    let mut idle = [second, world.connect()];
    assert_eq!(statuses(&world.ask(idle[1], READING)), [200]);
    assert_ne!(world.state(first), State::Established);
    // The newcomer's socket is now before, behind, or between those of the others.
    for _ in 0..6 {
        world.run_secs(2);
        let newcomer = world.connect();
        world.send(newcomer, READING);
        world.run_us(350);
        world.send(idle[0], READING);
        world.run_ms(30);
        assert_eq!(statuses(&world.take_received(idle[0])), [200]);
        assert_eq!(statuses(&world.take_received(newcomer)), [200]);
        let is_open = [idle[0], idle[1], newcomer].map(|client| world.state(client) == State::Established);
        assert_eq!(is_open, [true, false, true]);
        idle = [newcomer, idle[0]];
    }
    assert_eq!(world.errors, []);
}

#[test]
fn a_pipelined_request_that_waits_for_room_saves_its_connection() {
    let mut world = World::<2>::with(LIMITS, EVICTS);
    let client = world.connect();
    world.run_ms(5);
    world.set_reading(client, false);
    // More than the client's ring and the server's: the next request waits unread behind the answers.
    world.send(client, &READING.repeat(60));
    let other = world.connect();
    world.run_secs(10);
    assert_eq!(world.state(client), State::Established);
    assert_eq!(world.state(other), State::Closed, "it says nothing");
    world.set_reading(client, true);
    world.run_secs(3);
    assert_eq!(statuses(&world.take_received(client)).len(), 60);
}

#[test]
fn a_response_on_its_way_is_not_cut_off_for_somebody_else() {
    let mut world = World::<2>::with(LIMITS, EVICTS);
    let slow = world.connect();
    world.set_reading(slow, false);
    world.send(slow, b"GET /download?bytes=4300 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let idle = world.connect();
    assert_eq!(statuses(&world.ask(idle, READING)), [200]);
    world.run_secs(20);
    assert_eq!((world.state(slow), world.state(idle)), (State::Established, State::Closed));
    world.set_reading(slow, true);
    world.run_secs(2);
    assert_eq!(super::parts(&world.take_received(slow)).1, super::pattern(4_300));
}

#[test]
fn connections_that_queue_are_asked_about_when_somebody_ripens() {
    let policy = Policy { when_full: WhenFull::Queue, ..EVICTS };
    let mut world = World::<4>::with(LIMITS, policy);
    let clients = [world.connect(), world.connect()];
    for client in clients {
        assert_eq!(statuses(&world.ask(client, READING)), [200]);
    }
    let queued = world.connect();
    assert!(world.ask(queued, READING).is_empty());
    // A socket still listens, so nothing but the time makes the first one give way.
    assert_eq!(world.listening(), 1);
    world.run_ms(1_100);
    assert_eq!(statuses(&world.take_received(queued)), [200]);
    assert_eq!(world.errors, []);
}

#[test]
fn a_crowd_is_served_in_turn() {
    let policy = Policy { slots: 6, ..EVICTS };
    let mut world = World::<7>::with(LIMITS, policy);
    let mut clients: alloc::vec::Vec<_> = (0..6).map(|_| world.connect()).collect();
    for &client in &clients {
        assert_eq!(statuses(&world.ask(client, READING)), [200]);
    }
    world.run_secs(2);
    let newcomer = world.connect();
    assert_eq!(statuses(&world.ask(newcomer, READING)), [200]);
    assert_ne!(world.state(clients.remove(0)), State::Established);
    clients.push(newcomer);
    for &client in &clients {
        world.send(client, b"GET /slow?ms=5000 HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    world.run_ms(200);
    let refused = world.connect();
    assert_eq!(statuses(&world.ask(refused, READING)), [503]);
    world.run_secs(6);
    for &client in &clients {
        assert_eq!(statuses(&world.take_received(client)), [200]);
    }
}
