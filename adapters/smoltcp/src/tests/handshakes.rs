//! Handshakes that nobody completes: they hold sockets, of which there are few.

use wirenut::readiness::Policy;

use super::world::{LIMITS, POLICY, World};
use super::{READING, statuses};

/// Milliseconds until somebody honest, who tries again each 100 ms, is answered; meanwhile `attack` is called each time.
fn outage<const N: usize>(world: &mut World<N>, mut attack: impl FnMut(&mut World<N>)) -> u64 {
    for waited in (0..30_000).step_by(100) {
        attack(world);
        let client = world.connect();
        world.run_ms(5);
        world.send(client, READING);
        world.run_ms(95);
        if statuses(&world.take_received(client)) == [200] {
            return waited;
        }
        world.reset(client);
    }
    panic!("an outage of half a minute");
}

#[test]
fn as_many_half_open_handshakes_as_sockets_are_an_outage_of_a_second() {
    for evict_idle in [false, true] {
        let mut world = World::<2>::with(LIMITS, Policy { evict_idle, ..POLICY });
        world.inject_syn(1000);
        world.inject_syn(1001);
        world.run_ms(10);
        assert_eq!(world.listening(), 0);
        let waited = outage(&mut world, |_| {});
        assert!((900..=1_100).contains(&waited), "{waited} ms");
    }
}
