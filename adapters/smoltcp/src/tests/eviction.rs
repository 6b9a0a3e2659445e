//! Places: who is closed for somebody else, who is refused, and who waits.

use smoltcp::socket::tcp::State;
use wirenut::readiness::{Policy, WhenFull};

use super::world::{LIMITS, POLICY, RING, World};
use super::{READING, statuses, text};

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
