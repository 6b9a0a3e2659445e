//! What each of them says to impossible wishes, strangers, and the dead.

use core::mem;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::io::ErrorKind;
use std::os::fd::{AsFd, OwnedFd};
use std::panic;

use rustix::time::{ClockId, clock_gettime};
use wirenut::time::Duration;
use wirenut_linux::process;
use wirenut_linux::socket::{Received, UnixStream};
use wirenut_linux::sync::queue::{self, Bounds, Receiver, Sender};
use wirenut_linux::sync::{
    Barrier, Condition, Event, Lock, Locked, MAX_PERMITS, Memory, Semaphore, Shared, SharedSlice,
};

use crate::storm::{LIMIT, descriptors};

const SOON: Duration = Duration::from_millis(1);

pub(crate) fn a_lock_taken_twice_is_an_error() {
    let lock = Lock::new(0_u8).unwrap();
    let guard = lock.lock().unwrap();
    assert_eq!(lock.lock().unwrap_err().kind(), ErrorKind::Deadlock);
    assert!(lock.try_lock().unwrap().is_none());
    assert_eq!(lock.lock_timeout(SOON).unwrap_err().kind(), ErrorKind::Deadlock);
    drop(guard);
    assert!(lock.try_lock().unwrap().is_some());
}

pub(crate) fn a_panic_leaves_a_lock_to_be_recovered() {
    let lock = Lock::new(0_u8).unwrap();
    let inner = lock.clone();
    let panicked = panic::catch_unwind(panic::AssertUnwindSafe(move || {
        *inner.lock().unwrap().into_inner() = 1;
        let _guard = inner.lock().unwrap();
        panic!("on purpose");
    }));
    assert!(panicked.is_err());
    for _ in 0..2 {
        // Until somebody says that the value is sound.
        assert!(lock.lock().unwrap().is_recovered());
        assert!(lock.lock().unwrap().sound().is_none());
    }
    lock.lock().unwrap().into_inner().declare_sound();
    assert!(matches!(lock.lock().unwrap(), Locked::Sound(guard) if *guard == 1));
}

/// A guard that a child reaches through its thread's own variables is its parent's.
pub(crate) fn a_child_has_no_guard_of_its_parent() {
    thread_local! {
        static GUARD: core::cell::RefCell<Option<wirenut_linux::sync::Guard<'static, u8>>> =
            const { core::cell::RefCell::new(None) };
    }
    let lock: &'static Lock<u8> = Box::leak(Box::new(Lock::new(7).unwrap()));
    GUARD.set(Some(lock.lock().unwrap().into_inner()));
    let writes = process::spawn(|| GUARD.with_borrow_mut(|guard| **guard.as_mut().unwrap() = 8)).unwrap();
    assert!(matches!(writes.join().unwrap(), process::Ended::Panicked(why) if why.contains("parent's")));
    let drops = process::spawn(|| drop(GUARD.take())).unwrap();
    assert!(drops.join().unwrap().is_success());
    let tries = process::spawn(move || u8::from(lock.try_lock().unwrap().is_some())).unwrap();
    assert_eq!(tries.join().unwrap(), process::Ended::Exited(0));
    assert_eq!(GUARD.take().as_deref(), Some(&7));
}

/// The C library's list of held locks leads through the memory: it must stay.
pub(crate) fn a_guard_that_is_forgotten_keeps_the_memory() {
    let (forgotten, other) = (Lock::new(0_u8).unwrap(), Lock::new(0_u8).unwrap());
    mem::forget(forgotten.lock().unwrap());
    drop(forgotten);
    for _ in 0..10 {
        drop(other.lock().unwrap());
    }
}

pub(crate) fn impossible_bounds_are_errors() {
    assert_eq!(Semaphore::new(MAX_PERMITS + 1).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(Semaphore::new_in(Memory::anonymous().unwrap(), 2, 1).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(Barrier::new(0).unwrap_err().kind(), ErrorKind::InvalidInput);
    let bounds = [(0, 1), (queue::MAX_MESSAGES + 1, 1), (1, queue::MAX_MESSAGE_BYTES + 1), (usize::MAX, usize::MAX)];
    for (messages, message_bytes) in bounds {
        let error = queue::bounded(Bounds { messages, message_bytes, ..Bounds::DEFAULT }).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{messages} {message_bytes}");
    }
    let error = SharedSlice::<u64>::new(usize::MAX, |_| 0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfMemory);
    assert!(SharedSlice::<u64>::new(usize::MAX / 16, |_| 0).is_err());
}

pub(crate) fn a_semaphore_is_full_and_says_so() {
    let semaphore = Semaphore::new(1).unwrap();
    let error = semaphore.give().unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot add a permit to a semaphore: Value too large for defined data type (os error 75)"
    );
    assert_eq!(semaphore.value().unwrap(), 1);
    semaphore.take().unwrap();
    assert!(!semaphore.take_timeout(SOON).unwrap());
    semaphore.give().unwrap();
    let none = Semaphore::new(0).unwrap();
    assert!(none.acquire_timeout(SOON).unwrap().is_none());
}

/// A child that is forked with a permit or a message does not have it.
pub(crate) fn what_a_process_has_its_child_has_not() {
    let semaphore = Semaphore::new(2).unwrap();
    let permit = semaphore.acquire().unwrap();
    let (sender, receiver) = queue::bounded(Bounds { messages: 2, ..Bounds::DEFAULT }).unwrap();
    sender.send(b"mine").unwrap();
    let Received::Data(delivery) = receiver.recv().unwrap() else { panic!() };
    let message = delivery.into_inner();
    let copies = process::spawn({
        let (semaphore, receiver) = (semaphore.clone(), receiver.clone());
        move || {
            let both = (permit, message);
            // The parent has given them up, when it dropped what this closure captured.
            let _permit = (semaphore.acquire().unwrap(), semaphore.acquire().unwrap());
            drop(both);
            assert_eq!(semaphore.value().unwrap(), 0);
            assert!(matches!(receiver.try_recv().unwrap(), Received::WouldBlock));
        }
    })
    .unwrap();
    assert!(copies.join().unwrap().is_success());
    assert_eq!(semaphore.value().unwrap(), 2);
    sender.try_send(b"one").unwrap();
    sender.try_send(b"two").unwrap();
}

pub(crate) fn what_is_not_there_is_not_attached_to() {
    let name = format!("wirenut-test-{}", std::process::id());
    assert_eq!(Memory::open(&name).unwrap_err().kind(), ErrorKind::NotFound);
    for name in ["", "a/b", ".", "..", "nul\0", &"x".repeat(255)] {
        assert_eq!(Memory::create(name).unwrap_err().kind(), ErrorKind::InvalidInput, "{name}");
    }
    let empty = Memory::create(&name).unwrap();
    assert_eq!(Memory::create(&name).unwrap_err().kind(), ErrorKind::AlreadyExists);
    let error = Event::attach(Memory::open(&name).unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    assert_eq!(
        error.to_string(),
        format!("cannot attach to an event in shared memory {name}: who creates it has not finished")
    );
    let _lock = Lock::new_in(empty, [0_u64; 4]).unwrap();
    let wrong = [
        Event::attach(Memory::open(&name).unwrap()).map(drop),
        Semaphore::attach(Memory::open(&name).unwrap()).map(drop),
        Lock::<[u64; 5]>::attach(Memory::open(&name).unwrap()).map(drop),
        Shared::<[u64; 4]>::attach(Memory::open(&name).unwrap()).map(drop),
        SharedSlice::<u64>::attach(Memory::open(&name).unwrap()).map(drop),
    ];
    for wrong in wrong {
        assert_eq!(wrong.unwrap_err().kind(), ErrorKind::InvalidData);
    }
    Lock::<[u64; 4]>::attach(Memory::open(&name).unwrap()).unwrap();
    Memory::remove(&name).unwrap();
    assert_eq!(Memory::remove(&name).unwrap_err().kind(), ErrorKind::NotFound);
}

/// Files of any content: none of them is ours.
pub(crate) fn a_file_is_not_shared_memory() {
    for content in [&b""[..], b"short", &[0xff; 64], &[0xff; 10_000], b"wirenut\x01"] {
        let file = Memory::from(memory_with(content));
        assert!(Lock::<u8>::attach(file).is_err());
        let queue = [(); 4].map(|()| memory_with(content));
        assert!(Receiver::from_descriptors(queue).is_err());
    }
}

fn memory_with(content: &[u8]) -> OwnedFd {
    use std::io::Write;
    let memory = Memory::anonymous().unwrap();
    let mut file = std::fs::File::from(memory.as_fd().try_clone_to_owned().unwrap());
    file.write_all(content).unwrap();
    file.into()
}

/// Another program is sent a lock, an event and a queue over a socket, and uses them.
pub(crate) fn strangers_share_by_a_socket() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let stranger = process::spawn(move || {
        let mut bytes = [0; 16];
        let Received::Data(delivery) = theirs.recv_descriptors(&mut bytes).unwrap() else { panic!() };
        let mut descriptors = delivery.descriptors.into_iter();
        let mut next = || descriptors.next().unwrap();
        let lock = Lock::<u64>::attach(Memory::from(next())).unwrap();
        let event = Event::attach(Memory::from(next())).unwrap();
        let sender = Sender::from_descriptors([next(), next(), next(), next()]).unwrap();
        *lock.lock().unwrap().into_inner() += 1;
        sender.send(b"hello").unwrap();
        event.set();
    })
    .unwrap();
    let before = descriptors();
    let (lock, event) = (Lock::new(6_u64).unwrap(), Event::new().unwrap());
    let (sender, receiver) = queue::bounded(Bounds::DEFAULT).unwrap();
    let [memory, tie, items, room] = sender.descriptors();
    let _ = ours.send_descriptors(b"here", &[lock.as_fd(), event.as_fd(), memory, tie, items, room]).unwrap();
    drop(sender);
    assert!(event.wait_timeout(LIMIT));
    assert_eq!(*lock.lock().unwrap().into_inner(), 7);
    let Received::Data(delivery) = receiver.recv().unwrap() else { panic!() };
    assert_eq!(*delivery.into_inner(), *b"hello");
    assert!(matches!(receiver.recv_timeout(LIMIT).unwrap(), Received::End));
    assert!(stranger.join().unwrap().is_success());
    drop((lock, event, receiver));
    assert_eq!(descriptors(), before);
}

/// Whoever waits for one that is dead has an end, and so have all others.
pub(crate) fn a_barrier_is_broken_by_one_that_does_not_come() {
    let barrier = Barrier::new(3).unwrap();
    let waits = process::spawn({
        let barrier = barrier.clone();
        move || u8::from(barrier.wait_timeout(LIMIT).is_err())
    })
    .unwrap();
    assert!(barrier.wait_timeout(Duration::from_millis(50)).is_err());
    assert_eq!(waits.join_timeout(LIMIT).unwrap(), Some(process::Ended::Exited(1)));
    assert!(barrier.wait().is_err(), "it stays broken");
    barrier.reset().unwrap();
    let rounds = |barrier: Barrier| {
        for _ in 0..500 {
            barrier.wait_timeout(LIMIT).unwrap();
        }
    };
    let others = [(); 2].map(|()| {
        let barrier = barrier.clone();
        process::spawn(move || rounds(barrier)).unwrap()
    });
    rounds(barrier);
    assert!(others.iter().all(|child| child.join_timeout(LIMIT).unwrap().is_some_and(|ended| ended.is_success())));
}

/// Set and cleared in one breath: all that waited go on.
pub(crate) fn an_event_wakes_all_that_wait_though_it_is_cleared_at_once() {
    let (event, waiting) = (Event::new().unwrap(), Shared::new(AtomicU32::new(0)).unwrap());
    let children = [(); 4].map(|()| {
        let (event, waiting) = (event.clone(), waiting.clone());
        process::spawn(move || {
            waiting.fetch_add(1, Ordering::SeqCst);
            u8::from(!event.wait_timeout(LIMIT))
        })
        .unwrap()
    });
    crate::storm::wait_for(|| waiting.load(Ordering::SeqCst) == 4, "four that wait");
    // They are in the wait, or about to be: so it is done until all are through.
    crate::storm::wait_for(
        || {
            event.set();
            event.clear();
            children.iter().all(|child| !child.is_alive().unwrap())
        },
        "end of the wait",
    );
    assert!(children.iter().all(|child| child.join().unwrap().is_success()));
}

/// What a signal interrupts goes on, and no time-out becomes longer for it.
pub(crate) fn signals_end_no_wait() {
    let (event, lock) = (Event::new().unwrap(), Lock::new(0_u8).unwrap());
    let condition = Condition::new().unwrap();
    let begun = Shared::new(AtomicU64::new(0)).unwrap();
    let child = process::spawn({
        let (event, begun) = (event.clone(), begun.clone());
        move || {
            let _handled = wirenut_linux::signal::hangups().unwrap();
            begun.store(1, Ordering::SeqCst);
            assert!(!event.wait_timeout(Duration::from_millis(200)));
            let guard = lock.lock().unwrap().into_inner();
            let (_, is_over) = condition.wait_timeout_while(guard, Duration::from_millis(200), |_| true).unwrap();
            assert!(is_over);
            event.wait();
        }
    })
    .unwrap();
    crate::storm::wait_for(|| begun.load(Ordering::SeqCst) == 1, "handler");
    for _ in 0..500 {
        child.send(wirenut_linux::signal::Signal::SIGHUP).unwrap();
        std::thread::sleep(core::time::Duration::from_millis(1));
    }
    event.set();
    let ended = child.join_timeout(LIMIT).unwrap();
    assert!(ended.as_ref().is_some_and(process::Ended::is_success), "{ended:?}");
}

/// Opens descriptors until there are none left.
fn exhaust_descriptors() -> Vec<OwnedFd> {
    core::iter::from_fn(|| std::fs::File::open("/dev/null").ok().map(OwnedFd::from)).collect()
}

/// Whoever cannot look into /proc takes nobody for dead, and is not taken for dead.
pub(crate) fn the_living_are_not_dead_for_want_of_descriptors() {
    let (semaphore, ready) = (Semaphore::new(2).unwrap(), Event::new().unwrap());
    let (sender, receiver) = queue::bounded(Bounds::DEFAULT).unwrap();
    sender.send(b"one").unwrap();
    let _holder = process::Process::new().daemon(true).spawn({
        let (semaphore, receiver, ready) = (semaphore.clone(), receiver.clone(), ready.clone());
        move || {
            // It learns who it is when it has no descriptor.
            let _none_left = exhaust_descriptors();
            let _held = (semaphore.acquire().unwrap(), semaphore.acquire().unwrap(), receiver.recv().unwrap());
            ready.set();
            loop {
                std::thread::park();
            }
        }
    });
    assert!(ready.wait_timeout(LIMIT));
    let nothing_comes_back = || {
        assert!(semaphore.acquire_timeout(Duration::from_millis(120)).unwrap().is_none());
        assert!(matches!(receiver.recv_timeout(Duration::from_millis(120)).unwrap(), Received::WouldBlock));
    };
    nothing_comes_back();
    let _none_left = exhaust_descriptors();
    nothing_comes_back();
}

/// Nothing is made where something is: its users would see it shrink or change.
pub(crate) fn memory_is_made_use_of_once() {
    let name = format!("wirenut-test-once-{}", std::process::id());
    let values = SharedSlice::new_in(Memory::create(&name).unwrap(), 100_000, |_| 7_u8).unwrap();
    let again = Lock::new_in(Memory::open(&name).unwrap(), 0_u8);
    assert_eq!(again.unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert!(values.iter().all(|value| *value == 7));
    Memory::remove(&name).unwrap();
    assert!(Semaphore::new_in(Memory::from(memory_with(&[0xff; 300])), 1, 1).is_err());
}

/// The state of a process, as /proc shows it.
fn state(child: &process::Child) -> char {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.pid())).unwrap();
    stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next()).unwrap()
}

/// Whoever waited when it was broken learns it, though it was reset at once; who waits when it is reset has met nobody; and
/// who has met all others does not hear of what came after.
pub(crate) fn a_barrier_that_is_reset_is_no_meeting() {
    let [meet, abort, reset]: [fn(&Barrier); 3] = [
        |barrier| assert!(barrier.wait().is_ok()),
        |barrier| barrier.abort().unwrap(),
        |barrier| barrier.reset().unwrap(),
    ];
    for (changes, is_met) in [([abort, reset], false), ([reset, reset], false), ([meet, abort], true)] {
        let (barrier, comes) = (Barrier::new(2).unwrap(), Event::new().unwrap());
        let waits = process::spawn({
            let (barrier, comes) = (barrier.clone(), comes.clone());
            move || {
                comes.set();
                u8::from(barrier.wait_timeout(LIMIT).is_ok())
            }
        })
        .unwrap();
        comes.wait();
        // Behind that, it sleeps at the barrier alone.
        crate::storm::wait_for(|| state(&waits) == 'S', "wait at the barrier");
        waits.send(wirenut_linux::signal::Signal::SIGSTOP).unwrap();
        crate::storm::wait_for(|| state(&waits) == 'T', "stop");
        changes.iter().for_each(|change| change(&barrier));
        waits.send(wirenut_linux::signal::Signal::SIGCONT).unwrap();
        assert_eq!(waits.join_timeout(LIMIT).unwrap(), Some(process::Ended::Exited(u8::from(is_met))));
    }
}

/// A type of another size is none of the same lock, however the sizes are rounded up.
pub(crate) fn a_lock_is_attached_to_with_its_type() {
    let lock = Lock::new(0_u8).unwrap();
    let attach = || Memory::from(lock.as_fd().try_clone_to_owned().unwrap());
    assert_eq!(Lock::<u64>::attach(attach()).unwrap_err().kind(), ErrorKind::InvalidData);
    Lock::<i8>::attach(attach()).unwrap();
}

/// To look for the dead takes no look at each permit into /proc.
pub(crate) fn many_permits_of_the_living_do_not_delay_a_time_out() {
    let (semaphore, ready) = (Semaphore::new(MAX_PERMITS).unwrap(), Event::new().unwrap());
    let _holder = process::Process::new().daemon(true).spawn({
        let (semaphore, ready) = (semaphore.clone(), ready.clone());
        move || {
            let _permits: Vec<_> = (0..MAX_PERMITS).map(|_| semaphore.acquire().unwrap()).collect();
            ready.set();
            loop {
                std::thread::park();
            }
        }
    });
    assert!(ready.wait_timeout(LIMIT));
    // Its own time, which does not count what else the machine does.
    let own_time = || core::time::Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap();
    let before = own_time();
    assert!(semaphore.acquire_timeout(SOON).unwrap().is_none());
    let took = own_time() - before;
    assert!(took.as_millis() < 200, "{took:?}");
}
