//! The laws of fuzzing, on segments by the thousand; and the table under load.

use core::hash::BuildHasherDefault;
use core::net::IpAddr;
use std::hash::{DefaultHasher, RandomState};

use proptest::collection::vec;
use proptest::prelude::*;
use wirenut::ip::Captured;
use wirenut::tcp::segment::{Flags, Header, Segment};
use wirenut::tcp::tracker::{Anomaly, Observed, Policy, Slot, Tracker};
use wirenut::time::{Duration, Instant};
use wirenut_tests::fuzz::{tcp_stream, tracker};

prop_compose! {
    /// A segment that is often one that an end would send: with small numbers and usual flags.
    fn step()(
        which in 0_u8..16,
        flags in prop_oneof![Just(16_u8), Just(24), Just(2), Just(18), Just(17), Just(4), Just(20), any::<u8>()],
        sequence in prop_oneof![0_u16..40, 0_u16..2_048],
        acknowledgment in prop_oneof![0_u16..40, 0_u16..2_048],
        length in prop_oneof![Just(0_u8), Just(1), 0_u8..20, any::<u8>()],
        rest in any::<[u8; 3]>(),
    ) -> [u8; 10] {
        let ([s0, s1], [a0, a1]) = (sequence.to_be_bytes(), acknowledgment.to_be_bytes());
        [which, flags, s0, s1, a0, a1, length, rest[0], rest[1], rest[2]]
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn trackers_keep_the_laws(bases in any::<[u8; 2]>(), steps in vec(step(), 0..40)) {
        tracker(&[&bases[..], steps.as_flattened()].concat());
    }

    #[test]
    fn streams_keep_the_laws(start in any::<[u8; 2]>(), steps in vec((0_u8..40, 0_u8..40, any::<u8>()), 0..60)) {
        let steps = steps.iter().flat_map(|(place, length, kind)| [*place, *length, *kind]);
        tcp_stream(&start.into_iter().chain(steps).collect::<Vec<_>>());
    }
}

fn segment<S: AsRef<[Slot]> + AsMut<[Slot]>, H: core::hash::BuildHasher>(
    tracker: &mut Tracker<S, H>,
    millis: u64,
    client: u32,
    flags: Flags,
) -> Observed {
    let addresses = [IpAddr::from(client.to_be_bytes()), [10, 0, 0, 1].into()];
    let mut bytes = [0; 20];
    let header = Header { flags, ..Header::new(1_000, 80) };
    header.emit(addresses[0], addresses[1], b"", &mut bytes).expect("room");
    let segment = Segment::parse(Captured::whole(&bytes)).expect("we wrote it");
    tracker.observe(Instant::START.saturating_add(Duration::from_millis(millis)), addresses, &segment)
}

#[test]
fn who_is_over_gives_way_then_who_is_half_open_then_who_is_silent() {
    let mut tracker = Tracker::new([Slot::EMPTY; 4], RandomState::new(), Policy::DEFAULT);
    let gone = |tracker: &mut Tracker<_, _>| {
        tracker.take_ended().map(|ended| match ended.connection().addresses().client.ip() {
            IpAddr::V4(address) => u32::from(address),
            IpAddr::V6(_) => panic!("of another version"),
        })
    };
    segment(&mut tracker, 1, 101, Flags::ACK);
    segment(&mut tracker, 2, 102, Flags::SYN);
    segment(&mut tracker, 3, 103, Flags::ACK);
    segment(&mut tracker, 3, 103, Flags::RST);
    segment(&mut tracker, 4, 104, Flags::ACK);
    assert!(tracker.is_full() && gone(&mut tracker).is_none());
    for (millis, newcomer, expected) in [(5, 105, 103), (6, 106, 102), (7, 107, 101), (8, 108, 104), (9, 109, 105)] {
        assert!(segment(&mut tracker, millis, newcomer, Flags::ACK).is_new);
        assert_eq!(gone(&mut tracker), Some(expected));
        assert_eq!((tracker.len(), gone(&mut tracker)), (4, None));
    }
}

#[test]
fn slots_are_used_again() {
    let mut tracker = Tracker::new([Slot::EMPTY; 3], RandomState::new(), Policy::DEFAULT);
    let ids = [1, 2, 3].map(|client| segment(&mut tracker, 0, client, Flags::ACK).connection.expect("a slot"));
    tracker.remove(ids[1]);
    tracker.remove(ids[1]);
    assert_eq!((tracker.len(), tracker.connection(ids[1]).is_none()), (2, true));
    assert_eq!(segment(&mut tracker, 0, 4, Flags::ACK).connection, Some(ids[1]));
    assert!(tracker.take_ended().is_none());
    assert!(!segment(&mut tracker, 0, 1, Flags::ACK).is_new && !segment(&mut tracker, 0, 3, Flags::ACK).is_new);
    // And without any slot nothing is known.
    let mut none = Tracker::new([], RandomState::new(), Policy::DEFAULT);
    assert_eq!(segment(&mut none, 0, 1, Flags::SYN).connection, None);
}

#[test]
fn a_flood_of_half_open_connections_is_told_and_bounded() {
    let policy = Policy { max_half_open: 100 };
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    let mut tracker = Tracker::new(vec![Slot::EMPTY; 1_000], hasher, policy);
    for client in 0..800 {
        segment(&mut tracker, 0, client + 100_000, Flags::ACK);
    }
    let marked = (0..5_000)
        .filter(|client| segment(&mut tracker, 1, *client, Flags::SYN).anomalies.contains(Anomaly::HalfOpenFlood));
    assert_eq!(marked.count(), 4_900);
    assert_eq!(tracker.len(), 1_000);
    // A flood takes the place of connections only where none of those that are looked at is half open.
    let kept = (0..800).filter(|client| !segment(&mut tracker, 2, client + 100_000, Flags::ACK).is_new).count();
    assert!(kept > 400, "{kept} of 800 survived");
}
