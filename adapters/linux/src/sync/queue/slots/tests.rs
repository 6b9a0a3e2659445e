//! The queue against a model, and with a process that dies after each of its steps.

use alloc::collections::VecDeque;
use core::mem;
use std::thread;

use proptest::prelude::*;

use super::*;

const SLOTS: usize = 4;

fn slots(on_death: OnDeath) -> Slots {
    Slots::make(Memory::anonymous().unwrap(), Bounds { messages: SLOTS, message_bytes: 20, on_death }).unwrap()
}

/// Does something with the lock of the producers, and dies with it: a thread that ends is as dead as a process.
fn die_producing(slots: &Slots, steps: impl FnOnce(&mut Producing) + Send) {
    let die = || {
        let mut held = slots.producing().unwrap();
        steps(&mut held);
        mem::forget(held);
    };
    thread::scope(|scope| scope.spawn(die).join().unwrap());
}

/// The same with the lock of the consumers.
fn die_consuming(slots: &Slots, steps: impl FnOnce() + Send) {
    let die = || {
        let held = slots.consuming().unwrap();
        steps();
        mem::forget(held);
    };
    thread::scope(|scope| scope.spawn(die).join().unwrap());
}

fn slot(slots: &Slots, number: usize) -> &[AtomicU64] {
    slots.place.elements().get(slots.words_of(number)).unwrap()
}

/// All that is ready, in its order; and then as many messages go in as there are slots that nobody has.
fn drain(slots: &Slots, taken: usize) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    while let Some(took) = slots.pop().unwrap() {
        assert!(slots.free(took.slot, took.sequence).unwrap().is_some());
        found.push(took.bytes);
    }
    for number in 0..SLOTS - taken {
        assert!(slots.push(&[number as u8]).unwrap().is_some(), "a slot was lost: {number}");
    }
    assert!(slots.push(b"one too many").unwrap().is_none());
    found
}

#[test]
fn a_producer_dies_after_each_step() {
    // What it does after it has written: the state, the head of the free ring, the ring of the ready, its tail, the count.
    for steps in 0..=5 {
        let slots = slots(OnDeath::Report);
        slots.push(b"before").unwrap();
        die_producing(&slots, |producing| {
            let open = slots.open();
            let head = open.by_producers.head.load(Ordering::Relaxed);
            let free = slots.free_ring(head).load(Ordering::Relaxed);
            let [state, _, sequence, length, content @ ..] = slot(&slots, free as usize) else { panic!() };
            open.unused.store(free + 1, Ordering::Relaxed);
            write(content, b"last words");
            length.store(10, Ordering::Relaxed);
            sequence.store(producing.sequence, Ordering::Relaxed);
            let tail = open.by_producers.tail.load(Ordering::Relaxed);
            let steps_done: [&mut dyn FnMut(); 5] = [
                &mut || state.store(READY, Ordering::Release),
                &mut || producing.sequence += 1,
                &mut || open.by_producers.head.store(head + 1, Ordering::Release),
                &mut || slots.ready_ring(tail).store(free, Ordering::Relaxed),
                &mut || open.by_producers.tail.store(tail + 1, Ordering::Release),
            ];
            steps_done.into_iter().take(steps).for_each(|step| step());
        });
        slots.push(b"after").unwrap();
        let found = drain(&slots, 0);
        let expected: &[&[u8]] =
            if steps == 0 { &[b"before", b"after"] } else { &[b"before", b"last words", b"after"] };
        assert_eq!(found, expected, "after {steps} steps");
    }
}

#[test]
fn a_message_of_the_last_producer_is_found_by_those_that_bury() {
    let slots = slots(OnDeath::Report);
    die_producing(&slots, |_| {
        let [state, _, _, length, content @ ..] = slot(&slots, 0) else { panic!() };
        slots.open().unused.store(1, Ordering::Relaxed);
        write(content, b"alone");
        length.store(5, Ordering::Relaxed);
        state.store(READY, Ordering::Release);
    });
    assert!(slots.pop().unwrap().is_none());
    slots.bury().unwrap();
    assert_eq!(drain(&slots, 0), [b"alone"]);
}

#[test]
fn a_consumer_dies_after_each_step_of_taking() {
    for steps in 0..=3 {
        let slots = slots(OnDeath::Report);
        slots.push(b"first").unwrap();
        slots.push(b"second").unwrap();
        die_consuming(&slots, || {
            let open = slots.open();
            let head = open.by_consumers.head.load(Ordering::Relaxed);
            let ready = slots.ready_ring(head).load(Ordering::Relaxed);
            let [state, owner, ..] = slot(&slots, ready as usize) else { panic!() };
            let steps_done: [&dyn Fn(); 3] = [
                // A process that is not: its number is larger than any.
                &|| owner.store((1 << 22) - 1, Ordering::Relaxed),
                &|| state.store(TAKEN, Ordering::Release),
                &|| open.by_consumers.head.store(head + 1, Ordering::Release),
            ];
            steps_done.into_iter().take(steps).for_each(|step| step());
        });
        if steps >= 2 {
            let took = slots.pop().unwrap().unwrap();
            assert_eq!(took.bytes, b"second", "the other is taken");
            assert!(slots.give_back(took.slot, took.sequence).unwrap());
            assert!(slots.bury().unwrap());
        }
        assert_eq!(drain(&slots, 0), [&b"first"[..], b"second"], "after {steps} steps");
    }
}

#[test]
fn a_consumer_dies_after_each_step_of_freeing() {
    for steps in 0..=3 {
        let slots = slots(OnDeath::Report);
        slots.push(b"first").unwrap();
        slots.push(b"second").unwrap();
        let took = slots.pop().unwrap().unwrap();
        die_consuming(&slots, || {
            let open = slots.open();
            let [state, ..] = slot(&slots, took.slot) else { panic!() };
            let tail = open.by_consumers.tail.load(Ordering::Relaxed);
            let steps_done: [&dyn Fn(); 3] = [
                &|| state.store(FREE, Ordering::Release),
                &|| slots.free_ring(tail).store(took.slot as u64, Ordering::Relaxed),
                &|| open.by_consumers.tail.store(tail + 1, Ordering::Release),
            ];
            steps_done.into_iter().take(steps).for_each(|step| step());
        });
        assert_eq!(drain(&slots, usize::from(steps == 0)), [b"second"], "after {steps} steps");
    }
}

#[test]
fn whoever_makes_the_rings_anew_may_die_over_it() {
    let slots = slots(OnDeath::Report);
    slots.push(b"first").unwrap();
    slots.push(b"second").unwrap();
    die_consuming(&slots, || {
        let open = slots.open();
        open.is_stale.store(1, Ordering::Relaxed);
        for count in 0..SLOTS as u64 {
            slots.ready_ring(count).store(3, Ordering::Relaxed);
            slots.free_ring(count).store(0, Ordering::Relaxed);
        }
        open.by_consumers.head.store(1, Ordering::Relaxed);
        open.by_consumers.tail.store(1, Ordering::Relaxed);
    });
    assert_eq!(drain(&slots, 0), [&b"first"[..], b"second"]);
}

#[test]
fn a_message_is_given_again_so_many_times_and_then_reported() {
    let slots = slots(OnDeath::Redeliver { times: 2 });
    slots.push(b"deadly").unwrap();
    slots.push(b"harmless").unwrap();
    for deaths in 0..4 {
        let took = slots.pop().unwrap().unwrap();
        assert_eq!((&took.bytes[..], took.deaths, took.is_lost), (&b"deadly"[..], deaths, deaths > 2));
        assert_eq!(took.former, (deaths > 0).then(std::process::id));
        assert!(slots.give_back(took.slot, took.sequence).unwrap());
    }
}

#[derive(Clone, Debug)]
enum Step {
    Push(Vec<u8>),
    Pop,
    Free(usize),
    GiveBack(usize),
    Bury,
    Stale,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => prop::collection::vec(any::<u8>(), 0..=20).prop_map(Step::Push),
        3 => Just(Step::Pop),
        2 => any::<usize>().prop_map(Step::Free),
        1 => any::<usize>().prop_map(Step::GiveBack),
        1 => Just(Step::Bury),
        1 => Just(Step::Stale),
    ]
}

proptest! {
    #[test]
    fn is_a_queue(steps in prop::collection::vec(step(), 0..60)) {
        let slots = slots(OnDeath::Redeliver { times: u32::MAX });
        let (mut ready, mut taken) = (VecDeque::<(u64, Vec<u8>)>::new(), Vec::<Took>::new());
        let mut sequence = 0;
        for step in steps {
            match step {
                Step::Push(bytes) => {
                    let is_free = ready.len() + taken.len() < SLOTS;
                    prop_assert_eq!(slots.push(&bytes).unwrap().is_some(), is_free);
                    if is_free {
                        ready.push_back((sequence, bytes));
                        sequence += 1;
                    }
                }
                Step::Pop => {
                    let took = slots.pop().unwrap();
                    let found = took.as_ref().map(|took| (took.sequence, took.bytes.clone()));
                    prop_assert_eq!(found, ready.pop_front());
                    taken.extend(took);
                }
                Step::Free(which) if !taken.is_empty() => {
                    let took = taken.swap_remove(which % taken.len());
                    prop_assert!(slots.free(took.slot, took.sequence).unwrap().is_some());
                    prop_assert!(slots.free(took.slot, took.sequence).unwrap().is_none(), "twice");
                }
                Step::GiveBack(which) if !taken.is_empty() => {
                    let took = taken.swap_remove(which % taken.len());
                    prop_assert!(slots.give_back(took.slot, took.sequence).unwrap());
                    let at = ready.partition_point(|(other, _)| *other < took.sequence);
                    ready.insert(at, (took.sequence, took.bytes));
                }
                Step::Free(_) | Step::GiveBack(_) => {}
                Step::Bury => prop_assert!(!slots.bury().unwrap(), "this process lives"),
                Step::Stale => slots.open().is_stale.store(1, Ordering::Relaxed),
            }
            prop_assert_eq!(slots.len(), ready.len());
        }
    }
}
