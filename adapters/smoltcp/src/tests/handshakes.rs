//! Handshakes that nobody completes, or that take their time: they hold sockets, of which there are few.

use alloc::vec::Vec;

use smoltcp::wire::TcpControl;
use wirenut::readiness::Policy;

use super::stranger::{answer, segment};
use super::world::{LIMITS, POLICY, World};
use super::{READING, statuses};

/// A handshake begins of which no more comes.
fn begin<const N: usize>(world: &mut World<N>, port: u16) {
    world.put_frame(segment(port, TcpControl::Syn, 1, None, &[]));
}

/// Milliseconds until somebody honest, who tries again each 100 ms, is answered; meanwhile `attack` is called each time.
fn outage<const N: usize>(world: &mut World<N>, mut attack: impl FnMut(&mut World<N>, u64)) -> u64 {
    for waited in (0..30_000).step_by(100) {
        attack(world, waited);
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
        begin(&mut world, 1000);
        begin(&mut world, 1001);
        world.run_ms(10);
        assert_eq!(world.listening(), 0);
        let waited = outage(&mut world, |_, _| {});
        assert!((900..=1_100).contains(&waited), "{waited} ms");
    }
}

#[test]
fn somebody_who_begins_them_again_and_again_keeps_others_out_for_no_longer() {
    let mut world = World::<2>::with(LIMITS, POLICY);
    let mut port = 1000;
    let waited = outage(&mut world, |world, waited| {
        if waited % 1_000 == 0 {
            begin(world, port);
            begin(world, port + 1);
            port += 2;
            world.run_ms(1);
        }
    });
    assert!(waited <= 3_000, "{waited} ms");
}

#[test]
fn while_a_socket_listens_a_handshake_has_four_seconds() {
    let mut world = World::<2>::with(LIMITS, POLICY);
    begin(&mut world, 1000);
    world.run_ms(3_900);
    assert_eq!(world.listening(), 1);
    world.run_ms(200);
    assert_eq!(world.listening(), 2);
    // It was sent three times what it did not answer, and nothing more.
    assert_eq!(world.take_frames().len(), 3);
}

#[test]
fn who_completes_a_handshake_that_was_given_up_is_told_by_a_reset() {
    let mut world = World::<2>::with(LIMITS, POLICY);
    begin(&mut world, 1000);
    world.run_ms(5);
    let offered = answer(&world.take_frames()[0]);
    world.run_ms(5_000);
    world.take_frames();
    world.put_frame(segment(1000, TcpControl::None, 2, Some(offered.seq + 1), &[]));
    world.run_ms(5);
    assert!(answer(&world.take_frames()[0]).is_reset);
    assert_eq!(world.listening(), 2);
}

#[test]
fn the_oldest_handshake_gives_way_first() {
    let mut world = World::<2>::with(LIMITS, POLICY);
    // The first socket's handshake is the younger one.
    begin(&mut world, 1000);
    world.run_ms(5);
    begin(&mut world, 1001);
    world.run_ms(5);
    let offered = answer(&world.take_frames()[0]);
    world.put_frame(segment(1000, TcpControl::Rst, 2, Some(offered.seq + 1), &[]));
    world.run_ms(500);
    begin(&mut world, 1002);
    world.run_ms(5);
    let offered = world.take_frames().iter().map(|frame| answer(frame)).find(|answer| answer.port == 1002).unwrap();
    world.run_ms(600);
    assert_eq!(world.listening(), 1);
    world.put_frame(segment(1002, TcpControl::None, 2, Some(offered.seq + 1), READING));
    world.run_ms(5);
    assert!(world.take_frames().iter().any(|frame| answer(frame).payload.starts_with(b"HTTP/1.1 200")));
}

/// Numbers that look random, from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// A slow but honest host: when it completes its handshake, and acknowledges which number of the server's.
struct Slow {
    port: u16,
    at_ms: u64,
    offered: Option<i32>,
    has_asked: bool,
}

/// In every mix: sockets listen again within 3 s, whoever completes a handshake in less than a second is served, and so is
/// every client that found a socket.
#[test]
fn in_any_mix_sockets_listen_again_and_nobody_honest_loses_its_handshake() {
    const TICK: u64 = 20;
    for seed in 0..24 {
        let mut random = Random(seed);
        let policy =
            Policy { slots: 3, evict_idle: seed % 2 == 0, ..Policy { when_full: POLICY.when_full, ..Policy::DEFAULT } };
        let mut world = World::<3>::with(LIMITS, policy);
        // Of a hundred ticks.
        let attacks = [0, 5, 20, 60][seed as usize % 4];
        let (mut slow, mut clients, mut port) = (Vec::<Slow>::new(), Vec::new(), 2_000);
        let (mut deaf_ms, mut served, mut completed) = (0, 0, 0);
        for now_ms in (0..30_000).step_by(TICK as usize) {
            if random.below(100) < attacks {
                port += 1;
                begin(&mut world, port);
            }
            if random.below(100) < 4 {
                port += 1;
                begin(&mut world, port);
                slow.push(Slow { port, at_ms: now_ms + random.below(900), offered: None, has_asked: false });
            }
            if random.below(100) < 4 {
                clients.push((world.connect(), now_ms));
            }
            for honest in slow.iter_mut().filter(|slow| slow.at_ms <= now_ms && !slow.has_asked) {
                let Some(seq) = honest.offered else { continue };
                world.put_frame(segment(honest.port, TcpControl::None, 2, Some(seq + 1), READING));
                honest.has_asked = true;
            }
            world.run_ms(TICK);
            for frame in world.take_frames() {
                let answer = answer(&frame);
                let Some(at) = slow.iter().position(|slow| slow.port == answer.port) else { continue };
                if answer.is_reset {
                    // It found no socket; but once it did, nobody may take that away.
                    assert!(slow[at].offered.is_none(), "seed {seed}: reset in its handshake at {now_ms}");
                    slow.remove(at);
                } else if answer.payload.is_empty() {
                    slow[at].offered = slow[at].offered.or(Some(answer.seq));
                } else {
                    assert!(answer.payload.starts_with(b"HTTP/1.1 200"), "seed {seed}");
                    completed += 1;
                    let next = answer.seq + answer.payload.len() as i32;
                    let end = 2 + READING.len() as i32;
                    world.put_frame(segment(answer.port, TcpControl::Rst, end, Some(next), &[]));
                    slow.remove(at);
                }
            }
            assert!(
                slow.iter().all(|slow| !slow.has_asked || slow.at_ms + 3 * TICK > now_ms),
                "seed {seed}: not answered"
            );
            for (client, begun_ms) in core::mem::take(&mut clients) {
                match now_ms - begun_ms {
                    0 => {}
                    TICK => world.send(client, READING),
                    age if age >= 100 => {
                        let found = world.was_open(client);
                        let answer = statuses(&world.take_received(client));
                        assert_eq!(answer, if found { &[200][..] } else { &[] }, "seed {seed}, {begun_ms} ms");
                        served += usize::from(found);
                        world.close(client);
                        continue;
                    }
                    _ => {}
                }
                clients.push((client, begun_ms));
            }
            deaf_ms = if world.listening() > 0 { 0 } else { deaf_ms + TICK };
            assert!(deaf_ms <= 3_000, "seed {seed}: no socket listens at {now_ms} ms");
        }
        assert!(served > 0 && completed > 0, "seed {seed}: {served} served, {completed} completed");
    }
}
