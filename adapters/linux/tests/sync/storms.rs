//! What holds while processes are killed at random.

use core::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::thread;

use wirenut::time::Duration;
use wirenut_linux::process;
use wirenut_linux::socket::Received;
use wirenut_linux::sync::queue::{self, Bounds, Delivery, OnDeath};
use wirenut_linux::sync::{Barrier, Broken, Condition, Event, Lock, Locked, Semaphore, Shared, SharedSlice};
use wirenut_tests::dice::Dice;

use crate::storm::{LIMIT, Worker, storm, wait_for};

const WORKERS: usize = 4;
const KILLS: u32 = 1_000;

/// Two numbers that are the same, but for the middle of a change.
pub(crate) fn a_lock_recovers() {
    let (pair, recovered) = (Lock::new([0_u64; 2]).unwrap(), Shared::new(AtomicU64::new(0)).unwrap());
    let work = {
        let (pair, recovered) = (pair.clone(), recovered.clone());
        move |worker: &Worker, dice: &mut Dice| {
            let locked = if dice.below(2) == 0 {
                pair.lock().unwrap()
            } else {
                match pair.lock_timeout(Duration::from_micros(dice.below(500))).unwrap() {
                    Some(locked) => locked,
                    None => return,
                }
            };
            let mut pair = match locked {
                Locked::Sound(pair) => pair,
                Locked::Recovered(mut pair) => {
                    recovered.fetch_add(1, Ordering::Relaxed);
                    assert!(pair[0] - pair[1] <= 1, "{pair:?}");
                    pair[1] = pair[0];
                    pair.declare_sound();
                    pair
                }
            };
            assert_eq!(pair[0], pair[1], "torn, and nobody said so");
            pair[0] += 1;
            // Somebody is to die here.
            (0..dice.below(300)).for_each(|_| core::hint::spin_loop());
            pair[1] += 1;
            drop(pair);
            worker.advance();
        }
    };
    storm(WORKERS, KILLS, work);
    let locked = pair.lock_timeout(LIMIT).unwrap().expect("the lock is free");
    let is_recovered = locked.is_recovered();
    let pair = locked.into_inner();
    assert!(pair[0] == pair[1] || is_recovered);
    assert!(recovered.load(Ordering::Relaxed) > 0, "nobody died in the middle");
}

pub(crate) fn permits_come_back() {
    let semaphore = Semaphore::new(2).unwrap();
    let work = {
        let semaphore = semaphore.clone();
        move |worker: &Worker, dice: &mut Dice| {
            let Some(permit) = semaphore.acquire_timeout(Duration::from_millis(dice.below(200))).unwrap() else {
                return;
            };
            (0..dice.below(300)).for_each(|_| core::hint::spin_loop());
            drop(permit);
            worker.advance();
        }
    };
    storm(WORKERS, KILLS, work);
    assert_eq!(semaphore.value().unwrap(), 2);
}

/// A token that goes from one to the next, and is put in again where it was lost with the one that had it.
pub(crate) fn waiters_on_a_condition_go_on() {
    let (tokens, change) = (Lock::new(0_u32).unwrap(), Condition::new().unwrap());
    let work = {
        let (tokens, change) = (tokens.clone(), change.clone());
        move |worker: &Worker, _: &mut Dice| {
            let mut guard = tokens.lock().unwrap().into_inner();
            guard.declare_sound();
            if worker.number.is_multiple_of(2) {
                if *guard < 3 {
                    *guard += 1;
                    drop(guard);
                    change.notify_one();
                }
            } else {
                let wait = change.wait_timeout_while(guard, Duration::from_millis(100), |tokens| *tokens == 0);
                let mut guard = wait.unwrap().0.into_inner();
                guard.declare_sound();
                *guard = guard.saturating_sub(1);
            }
            worker.advance();
        }
    };
    storm(WORKERS, KILLS, work);
    assert!(*tokens.lock().unwrap().into_inner() <= 3);
}

/// Half set and clear it, half wait for it.
pub(crate) fn waiters_on_an_event_go_on() {
    let event = Event::new().unwrap();
    let work = {
        let event = event.clone();
        move |worker: &Worker, _: &mut Dice| {
            if worker.number.is_multiple_of(2) {
                event.set();
                event.clear();
                worker.advance();
                // It is never short of work, and others need the processor.
                thread::yield_now();
            } else if event.wait_timeout(Duration::from_millis(20)) {
                worker.advance();
            }
        }
    };
    storm(WORKERS, KILLS / 4, work);
}

/// Those that meet lose one of them again and again: a time-out breaks the barrier, and whoever finds it broken makes it new.
pub(crate) fn those_that_meet_go_on() {
    let (barrier, met) = (Barrier::new(3).unwrap(), Shared::new(AtomicU64::new(0)).unwrap());
    let work = {
        let (barrier, met) = (barrier.clone(), met.clone());
        move |worker: &Worker, _: &mut Dice| {
            match barrier.wait_timeout(Duration::from_millis(20)) {
                Ok(all) => {
                    met.fetch_add(u64::from(all.is_leader()), Ordering::Relaxed);
                }
                Err(Broken) => barrier.reset().unwrap(),
            }
            worker.advance();
        }
    };
    storm(WORKERS, KILLS / 4, work);
    assert!(met.load(Ordering::Relaxed) > 0, "nobody has met");
}

/// What the storm of a queue knows of each message.
const SENT: u8 = 1;
const SEEN: u8 = 2;
const MESSAGES: usize = 4_000_000;

/// Every message whose `send` has returned is received or reported, whole; whoever was killed.
fn nothing_sent_is_lost(on_death: OnDeath) {
    let bounds = Bounds { messages: 64, message_bytes: 80, on_death };
    let (sender, receiver) = queue::bounded(bounds).unwrap();
    let messages = SharedSlice::new(MESSAGES, |_| AtomicU8::new(0)).unwrap();
    let (next, lost) = (Shared::new(AtomicU64::new(0)).unwrap(), Shared::new(AtomicU64::new(0)).unwrap());
    let work = {
        let (messages, next, lost) = (messages.clone(), next.clone(), lost.clone());
        let (sender, receiver) = (sender.clone(), receiver.clone());
        move |worker: &Worker, dice: &mut Dice| {
            let limit = Duration::from_millis(20);
            if worker.number.is_multiple_of(2) {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number as usize >= MESSAGES {
                    // On a busy machine the deaths come too slowly for so many: that is no hang.
                    worker.advance();
                    thread::sleep(core::time::Duration::from_millis(1));
                    return;
                }
                let message = number.to_le_bytes().repeat(1 + dice.below(10) as usize);
                if sender.send_timeout(&message, limit).is_ok() {
                    messages[number as usize].fetch_or(SENT, Ordering::Relaxed);
                    worker.advance();
                }
            } else if let Received::Data(delivery) = receiver.recv_timeout(limit).unwrap() {
                if matches!(delivery, Delivery::Lost(_)) {
                    lost.fetch_add(1, Ordering::Relaxed);
                }
                let message = delivery.into_inner();
                let (words, rest) = message.as_chunks::<8>();
                assert!(rest.is_empty() && words.iter().all(|word| *word == words[0]), "torn: {message:?}");
                messages[u64::from_le_bytes(words[0]) as usize].fetch_or(SEEN, Ordering::Relaxed);
                worker.advance();
            }
        }
    };
    storm(WORKERS, KILLS, work);
    drop(sender);
    // What is left, of the last consumers that were killed too.
    loop {
        match receiver.recv_timeout(LIMIT).unwrap() {
            Received::Data(delivery) => {
                let message = delivery.into_inner();
                let number = u64::from_le_bytes(message[..8].try_into().unwrap());
                messages[number as usize].fetch_or(SEEN, Ordering::Relaxed);
            }
            Received::End => break,
            Received::WouldBlock => panic!("the stream has no end"),
        }
    }
    let sent = next.load(Ordering::Relaxed).min(MESSAGES as u64) as usize;
    for (number, known) in messages.iter().take(sent).enumerate() {
        let known = known.load(Ordering::Relaxed);
        assert!(known & SENT == 0 || known & SEEN != 0, "message {number} of {sent} was lost");
    }
    assert!(on_death != OnDeath::Report || lost.load(Ordering::Relaxed) > 0, "nobody died over a message");
}

pub(crate) fn a_queue_gives_messages_again() {
    nothing_sent_is_lost(OnDeath::Redeliver { times: 1_000 });
}

pub(crate) fn a_queue_reports_messages() {
    nothing_sent_is_lost(OnDeath::Report);
}

/// A producer ends although nobody has taken anything, and its messages are there.
pub(crate) fn a_producer_is_joined_before_its_messages_are_taken() {
    let (sender, receiver) = queue::bounded(Bounds { messages: 100, message_bytes: 4_096, ..Bounds::DEFAULT }).unwrap();
    let child = process::spawn(move || (0..100_u8).for_each(|number| sender.send(&[number; 4_096]).unwrap())).unwrap();
    assert!(child.join_timeout(LIMIT).unwrap().is_some_and(|ended| ended.is_success()));
    for number in 0..100 {
        let Received::Data(delivery) = receiver.recv().unwrap() else { panic!("{number}") };
        assert_eq!(*delivery.into_inner(), [number; 4_096]);
    }
    assert!(matches!(receiver.recv().unwrap(), Received::End));
}

/// The stream ends with the last producer, however that ends, also where the receiver already waits.
pub(crate) fn a_stream_ends_with_its_last_producer() {
    let (sender, receiver) = queue::bounded(Bounds::DEFAULT).unwrap();
    let waits = Event::new().unwrap();
    let child = process::spawn({
        let waits = waits.clone();
        move || {
            let _sender = sender;
            waits.wait();
            std::process::abort();
        }
    })
    .unwrap();
    waits.set();
    assert!(matches!(receiver.recv_timeout(LIMIT).unwrap(), Received::End));
    child.join().unwrap();
}

/// Whoever waits for room learns that nobody receives any more.
pub(crate) fn a_producer_learns_that_nobody_receives() {
    let (sender, receiver) = queue::bounded(Bounds { messages: 1, ..Bounds::DEFAULT }).unwrap();
    let child = process::spawn({
        let _sender = sender.clone();
        move || drop(receiver)
    })
    .unwrap();
    sender.send(b"nobody takes it").unwrap();
    assert!(matches!(sender.send_timeout(b"", LIMIT), Err(queue::SendError::Disconnected)));
    child.join().unwrap();
}

/// What dies with a process that shares it leaves no name and no memory.
pub(crate) fn nothing_is_left_in_dev_shm() {
    let names = || std::fs::read_dir("/dev/shm").map_or(0, Iterator::count);
    let before = names();
    let made = Event::new().unwrap();
    let child = process::spawn({
        let made = made.clone();
        move || {
            let _all = (Lock::new(0_u8).unwrap(), Semaphore::new(1).unwrap(), queue::bounded(Bounds::DEFAULT).unwrap());
            made.set();
            loop {
                thread::park();
            }
        }
    })
    .unwrap();
    made.wait();
    child.kill().unwrap();
    child.join().unwrap();
    wait_for(|| names() <= before, "end of what a dead process had");
}
