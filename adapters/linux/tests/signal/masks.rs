//! Which signals wait, and in which thread.

use std::sync::mpsc::channel;
use std::thread;

use wirenut_linux::signal::{self, Signal, SignalSet, ThreadHandle};

use crate::lab::{counted, eventually, of};

pub(crate) fn are_of_one_thread() {
    let count = counted(Signal::SIGUSR1);
    let usr1 = SignalSet::from(Signal::SIGUSR1);
    let blocked = signal::block(&usr1);
    signal::raise(Signal::SIGUSR1).unwrap();
    assert_eq!((of(&count), signal::pending()), (0, usr1));
    thread::spawn(move || {
        // What waits for one thread is nothing to another.
        assert!(signal::pending().is_empty());
        let unblocked = signal::unblock(&usr1);
        signal::raise(Signal::SIGUSR1).unwrap();
        unblocked.keep();
        assert!(!signal::mask().contains(Signal::SIGUSR1));
    })
    .join()
    .unwrap();
    assert_eq!((of(&count), signal::mask()), (1, usr1));
    drop(blocked);
    assert_eq!((of(&count), signal::pending()), (2, SignalSet::EMPTY));
}

pub(crate) fn are_handed_down_to_threads() {
    let set = SignalSet::from([Signal::SIGINT, Signal::SIGTERM]);
    let _blocked = signal::block(&set);
    assert_eq!(thread::spawn(signal::mask).join().unwrap(), set);
}

pub(crate) fn decide_which_thread_handles() {
    let count = counted(Signal::SIGUSR2);
    let (asked, answers) = channel::<()>();
    let taker = thread::spawn(move || answers.recv());
    let _blocked = signal::block(&Signal::SIGUSR2.into());
    for number in 1..=1_000 {
        signal::send(Signal::SIGUSR2, std::process::id()).unwrap();
        eventually("the other thread handles it", || of(&count) == number);
    }
    asked.send(()).unwrap();
    taker.join().unwrap().unwrap();
    // Now nobody takes it.
    signal::send(Signal::SIGUSR2, std::process::id()).unwrap();
    assert!(signal::pending().contains(Signal::SIGUSR2));
    assert_eq!(of(&count), 1_000);
}

pub(crate) fn are_restored_in_turn() {
    let [one, two] = [Signal::SIGUSR1, Signal::SIGUSR2].map(SignalSet::from);
    let both = SignalSet::from([Signal::SIGUSR1, Signal::SIGUSR2]);
    let first = signal::block(&one);
    {
        let second = signal::block(&both);
        assert_eq!((first.previous(), second.previous(), signal::mask()), (SignalSet::EMPTY, one, both));
        let third = signal::set_mask(&two);
        let fourth = signal::unblock(&both);
        assert_eq!((third.previous(), fourth.previous(), signal::mask()), (both, two, SignalSet::EMPTY));
    }
    assert_eq!(signal::mask(), one);
    drop(first);
    assert_eq!(signal::mask(), SignalSet::EMPTY);
    // A guard is no bar to a panic.
    let thread = thread::spawn(move || {
        let masks = std::panic::catch_unwind(|| {
            let _blocked = signal::block(&both);
            std::panic::resume_unwind(Box::new(signal::mask()));
        });
        (masks.unwrap_err().downcast_ref::<SignalSet>().copied(), signal::mask())
    });
    assert_eq!(thread.join().unwrap(), (Some(both), SignalSet::EMPTY));
}

pub(crate) fn hold_all_but_what_cannot_be_blocked() {
    let _blocked = signal::set_mask(&SignalSet::full());
    assert_eq!(signal::mask(), Signal::all().filter(|signal| signal.can_be_caught()).collect());
    let thread = ThreadHandle::current();
    let standard = Signal::all().filter(|signal| signal.can_be_caught());
    // SIGCONT would end the wait of a stop signal, and a stop signal that of SIGCONT.
    let sent: SignalSet = standard.filter(|signal| *signal != Signal::SIGCONT).collect();
    sent.iter().for_each(|signal| thread.send(signal).unwrap());
    assert_eq!(signal::pending(), sent);
    for expected in sent.iter() {
        let info = signal::wait(&expected.into(), None).unwrap().done().unwrap();
        assert_eq!(info.signal(), expected);
    }
    assert!(signal::pending().is_empty());
}
