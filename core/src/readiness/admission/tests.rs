//! The law, call by call.

extern crate alloc;
use super::*;
use alloc::vec::Vec;

const POLICY: Policy = Policy { slots: 3, ..Policy::DEFAULT };

fn at(millis: u64) -> Instant {
    Instant::START.saturating_add(Duration::from_millis(millis))
}

/// As old as it takes for everybody to give way.
const LATE: u64 = 60_000;

fn full() -> Admission<[Since; 3]> {
    full_of([Since::BUSY; 3])
}

fn full_of<S: Standings>(slots: S) -> Admission<S> {
    let mut admission = Admission::new(POLICY, slots);
    for _ in 0..3 {
        assert_eq!(admission.arrive(at(0)), Verdict::Admit);
    }
    admission
}

#[test]
fn the_longest_idle_goes_first_and_use_makes_young() {
    let mut admission = full();
    assert_eq!(admission.arrive(at(LATE)), Verdict::Queue);
    for (slot, since) in [(2, 0), (0, 2), (1, 4)] {
        admission.set_standing(slot, Standing::Idle, at(since));
    }
    assert_eq!(admission.arrive(at(LATE)), Verdict::Evict(2));
    admission.set_standing(2, Standing::Idle, at(6));
    assert_eq!(admission.arrive(at(LATE)), Verdict::Evict(0));
    admission.set_standing(0, Standing::Busy, at(0));
    assert_eq!(admission.arrive(at(LATE)), Verdict::Evict(1));
    assert!(admission.release(1));
    assert_eq!(admission.arrive(at(LATE)), Verdict::Admit);
    assert_eq!(admission.arrive(at(LATE)), Verdict::Evict(2));
}

#[test]
fn who_is_in_use_does_not_give_way() {
    let mut admission = full();
    for now in (0..10_000).step_by(100) {
        for slot in 0..3 {
            admission.set_standing(slot, Standing::Busy, at(0));
            admission.set_standing(slot, Standing::Idle, at(now));
        }
        assert_eq!(admission.verdict(at(now + 99)), Verdict::Queue);
    }
    let due = admission.poll_timeout(at(10_000)).unwrap();
    assert!(due >= at(10_900) && due <= at(10_910), "{due:?}");
    assert_eq!(admission.verdict(due), Verdict::Evict(0));
    assert_eq!(admission.verdict(at(10_890)), Verdict::Queue);
}

#[test]
fn who_lingers_goes_before_the_idle_and_heads_go_last() {
    let mut admission = full();
    admission.set_standing(0, Standing::Reading, at(0));
    admission.set_standing(1, Standing::Idle, at(0));
    admission.set_standing(2, Standing::Lingering, at(LATE));
    // Neither counts anew.
    admission.set_standing(0, Standing::Reading, at(LATE));
    for (expected, rest) in [(2, 2), (1, 1), (0, 0)] {
        assert_eq!(admission.verdict(at(LATE)), Verdict::Evict(expected));
        admission.release(expected);
        assert_eq!(admission.taken(), rest);
        admission.set_slots(rest);
    }
    assert_eq!(admission.verdict(at(LATE)), Verdict::Queue);
}

#[test]
fn a_head_has_two_seconds_also_where_more_of_it_comes() {
    let mut admission = full();
    for now in (0..=1_900).step_by(100) {
        admission.set_standing(1, Standing::Reading, at(now));
        assert_eq!(admission.verdict(at(now)), Verdict::Queue);
    }
    let due = admission.poll_timeout(at(1_900)).unwrap();
    assert_eq!(admission.verdict(due), Verdict::Evict(1));
}

#[test]
fn who_may_not_be_evicted_is_not_but_if_it_lingers() {
    let policy = Policy { evict_idle: false, when_full: WhenFull::Refuse, ..POLICY };
    let mut admission = Admission::new(policy, [Since::BUSY; 3]);
    admission.set_slots(0);
    admission.set_standing(0, Standing::Idle, at(0));
    admission.set_standing(1, Standing::Reading, at(0));
    assert_eq!((admission.verdict(at(LATE)), admission.poll_timeout(at(LATE))), (Verdict::Refuse, None));
    admission.set_standing(2, Standing::Lingering, at(0));
    assert_eq!(admission.verdict(at(0)), Verdict::Evict(2));
}

#[test]
fn a_host_that_ran_out_rests_until_a_release_or_for_a_while() {
    let mut admission = Admission::new(Policy::DEFAULT, [Since::BUSY; 3]);
    assert_eq!(admission.arrive(at(0)), Verdict::Admit);
    assert_eq!(admission.exhausted(at(0)), None);
    assert_eq!((admission.verdict(at(99)), admission.poll_timeout(at(99))), (Verdict::Queue, Some(at(100))));
    assert_eq!(admission.poll_timeout(at(101)), Some(at(100)));
    assert_eq!(admission.verdict(at(100)), Verdict::Admit);
    assert_eq!(admission.exhausted(at(100)), None);
    assert!(admission.release(0));
    assert_eq!(admission.verdict(at(101)), Verdict::Admit);
    // Somebody gives way: no rest.
    admission.set_standing(1, Standing::Idle, at(0));
    assert_eq!((admission.exhausted(at(LATE)), admission.verdict(at(LATE))), (Some(1), Verdict::Admit));
}

#[test]
fn a_drained_server_admits_nobody() {
    let mut admission = full();
    admission.drain();
    assert_eq!(admission.arrive(at(0)), Verdict::Close);
    assert!(!admission.release(0));
    assert_eq!((admission.taken(), admission.arrive(at(0))), (2, Verdict::Close));
}

#[test]
fn slots_that_are_not_there_do_no_harm() {
    no_harm(full());
    no_harm(full_of(Lists::new([Link::NEW; 3])));
}

fn no_harm(mut admission: Admission<impl Standings>) {
    for standing in [Standing::Idle, Standing::Reading, Standing::Lingering, Standing::Busy] {
        for slot in [7, u32::MAX] {
            admission.set_standing(slot, standing, at(0));
            assert_eq!((admission.next_to_give_way(at(LATE)), admission.verdict(at(LATE))), (None, Verdict::Queue));
        }
    }
}

#[test]
fn whoever_waits_without_end_does_not_give_way() {
    let policy = Policy { min_idle: Duration::from_micros(u64::MAX), ..POLICY };
    let mut admission = Admission::new(policy, [Since::BUSY; 3]);
    admission.set_standing(0, Standing::Idle, at(0));
    assert_eq!(admission.next_to_give_way(at(LATE)), None);
    admission.set_standing(1, Standing::Reading, at(0));
    assert_eq!(admission.next_to_give_way(at(LATE)), Some((1, at(LATE))));
}

#[test]
fn ages_hold_where_the_ticks_wrap_around() {
    let mut admission = full();
    let wrap = Instant::from_micros(1 << 40);
    for slack in [0, 500_000, 999_000] {
        let begun = Instant::from_micros(wrap.as_micros() - slack);
        admission.set_standing(0, Standing::Idle, begun);
        assert_eq!(admission.verdict(begun.saturating_add(Duration::from_millis(998))), Verdict::Queue);
        assert_eq!(admission.verdict(begun.saturating_add(Duration::from_millis(1_003))), Verdict::Evict(0));
    }
}

/// Every sequence of four operations on three slots agrees with plain lists.
#[test]
fn standings_agree_with_naive_lists() {
    for sequence in 0..12_u32.pow(4) {
        agrees(sequence, full());
        agrees(sequence, full_of(Lists::new([Link::NEW; 3])));
    }
}

fn agrees(mut sequence: u32, mut admission: Admission<impl Standings>) {
    let mut naive: [Vec<u32>; 3] = Default::default();
    for time in 0..4 {
        let (slot, becomes) = (sequence % 3, sequence / 3 % 4);
        sequence /= 12;
        let was = naive.iter().position(|list| list.contains(&slot));
        if was != usize::try_from(becomes).ok() || becomes == 1 {
            naive.iter_mut().for_each(|list| list.retain(|&other| other != slot));
            naive.get_mut(becomes as usize).into_iter().for_each(|list| list.push(slot));
        }
        // At different ticks, for among those of one tick it does not matter who is first.
        let now = at(time * 2);
        match becomes {
            0 => admission.set_standing(slot, Standing::Lingering, now),
            1 => admission.set_standing(slot, Standing::Idle, now),
            2 => admission.set_standing(slot, Standing::Reading, now),
            _ => admission.set_standing(slot, Standing::Busy, now),
        }
        let first = naive.iter().flatten().next();
        assert_eq!(admission.gives_way(at(LATE)), first.copied());
        assert_eq!(admission.next_to_give_way(at(LATE)).map(|(slot, _)| slot), first.copied());
    }
}
