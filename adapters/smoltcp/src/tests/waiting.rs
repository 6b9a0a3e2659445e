//! Exchanges that wait: what ends a wait, and that nothing else does.

use alloc::vec;

use wirenut::http::service::Wakeup;

use super::world::World;
use super::{READING, statuses};

const LATCH: &[u8] = b"GET /latch HTTP/1.1\r\nHost: a\r\n\r\n";

/// A client at the latch.
fn at_the_latch(world: &mut World<2>) -> usize {
    let client = world.connect();
    assert!(world.ask(client, LATCH).is_empty());
    assert_eq!(world.service.tries.get(), 1);
    client
}

fn wake(world: &World<2>) {
    world.service.wakers.take().into_iter().for_each(core::task::Waker::wake);
}

#[test]
fn who_waits_is_asked_when_woken_and_by_no_poll() {
    let mut world = World::new();
    let client = at_the_latch(&mut world);
    world.run_secs(100);
    // The other one is served meanwhile.
    let other = world.connect();
    assert_eq!(statuses(&world.ask(other, READING)), [200]);
    assert_eq!(world.service.tries.get(), 1);
    wake(&world);
    world.run_ms(10);
    assert_eq!((world.service.tries.get(), world.service.wakeups.take()), (2, vec![Wakeup::Waker]));
    world.service.is_latch_open.set(true);
    world.run_secs(10);
    assert!(world.take_received(client).is_empty());
    wake(&world);
    world.run_ms(10);
    assert_eq!(statuses(&world.take_received(client)), [200]);
    assert_eq!((world.counts(), world.errors.len()), ((2, 2, 0), 0));
}

#[test]
fn a_drain_ends_a_wait() {
    let mut world = World::new();
    let client = at_the_latch(&mut world);
    world.server.retire();
    world.run_ms(10);
    assert_eq!(statuses(&world.take_received(client)), [200]);
    assert_eq!(world.service.wakeups.take(), [Wakeup::Drain]);
}

#[test]
fn the_peers_end_ends_a_wait_once_also_behind_what_is_not_read() {
    for behind in [&b""[..], b"GET /latch HTTP/1.1\r\nHo"] {
        let mut world = World::new();
        let client = at_the_latch(&mut world);
        world.send(client, behind);
        world.run_ms(10);
        assert_eq!(world.service.tries.get(), 1);
        world.close(client);
        world.run_secs(10);
        assert_eq!((world.service.tries.get(), world.service.wakeups.take()), (2, vec![Wakeup::PeerEnd]));
        // It may still want its answer.
        world.service.is_latch_open.set(true);
        wake(&world);
        world.run_ms(10);
        assert_eq!(statuses(&world.take_received(client))[0], 200);
    }
}

#[test]
fn a_reset_ends_an_exchange_that_waits() {
    let mut world = World::new();
    let client = at_the_latch(&mut world);
    world.reset(client);
    world.run_ms(100);
    assert_eq!((world.counts(), world.service.wakeups.take()), ((1, 0, 1), vec![]));
}
