//! Taking signals, and what is told of them.

use core::ops::ControlFlow;
use std::os::fd::{AsFd as _, BorrowedFd};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use wirenut::time::Duration;
use wirenut_linux::Error;
use wirenut_linux::poller::{EdgeEpoll, Epoll, Interest, Poll, Poller, Select, Token, Waited};
use wirenut_linux::process::{self, Process};
use wirenut_linux::signal::{
    self, ChildChange, Handler, Info, SendError, Sender, Signal, SignalDescriptor, SignalSet, Value,
};
use wirenut_linux::socket::Attempt;

use crate::lab::{LIMIT, Storm, descriptors, real_time};

fn take(set: &SignalSet) -> Info {
    signal::wait(set, Some(Duration::from_secs(30))).unwrap().done().expect("a signal")
}

fn this() -> Sender {
    Sender { process: std::process::id(), user: rustix::process::getuid().as_raw() }
}

pub(crate) fn tell_who_sent_it() {
    let set = SignalSet::from([Signal::SIGUSR1, Signal::SIGALRM, real_time(0)]);
    let _blocked = signal::block(&set);
    let told = || {
        let info = take(&set);
        (info.signal(), info.sender(), info.value(), info.child())
    };
    signal::send(Signal::SIGUSR1, std::process::id()).unwrap();
    assert_eq!(told(), (Signal::SIGUSR1, Some(this()), None, None));
    signal::raise(Signal::SIGUSR1).unwrap();
    assert_eq!(told(), (Signal::SIGUSR1, Some(this()), None, None));
    signal::alarm(Duration::default()).unwrap();
    assert_eq!(told(), (Signal::SIGALRM, None, None, None));
    for value in [Value::from(-1_i32), Value::from(i32::MIN), Value::from(usize::MAX), Value::default()] {
        signal::queue(real_time(0), std::process::id(), value).unwrap();
        assert_eq!(told(), (real_time(0), Some(this()), Some(value), None));
    }
    let parent = std::process::id();
    let child = process::spawn(move || signal::queue(real_time(0), parent, 7.into()).map_err(Error::from)).unwrap();
    let sender = Sender { process: child.pid(), ..this() };
    assert_eq!(told(), (real_time(0), Some(sender), Some(7.into()), None));
    assert!(child.join().unwrap().is_success());
}

pub(crate) fn tell_what_became_of_a_child() {
    let set = SignalSet::from(Signal::SIGCHLD);
    let _blocked = signal::block(&set);
    let child = process::spawn(|| -> u8 {
        loop {
            signal::pause();
        }
    })
    .unwrap();
    for (sent, expected) in [
        (Signal::SIGSTOP, ChildChange::Stopped(Signal::SIGSTOP)),
        (Signal::SIGCONT, ChildChange::Continued),
        (Signal::SIGTERM, ChildChange::Killed(Signal::SIGTERM)),
    ] {
        child.send(sent).unwrap();
        let info = take(&set);
        assert_eq!((info.child(), info.sender().unwrap().process), (Some(expected), child.pid()));
    }
    child.join().unwrap();
    let child = process::spawn(|| 7).unwrap();
    assert_eq!(take(&set).child(), Some(ChildChange::Exited(7)));
    child.join().unwrap();
    // One that somebody sends is about no child.
    signal::raise(Signal::SIGCHLD).unwrap();
    let info = take(&set);
    assert_eq!((info.child(), info.sender()), (None, Some(this())));
}

pub(crate) fn take_values_in_their_order() {
    let set: SignalSet = [real_time(5), real_time(4), Signal::SIGUSR1].into();
    let _blocked = signal::block(&set);
    let id = std::process::id();
    for number in 0..100 {
        signal::queue(real_time(5), id, number.into()).unwrap();
        signal::queue(real_time(4), id, number.into()).unwrap();
        signal::queue(Signal::SIGUSR1, id, number.into()).unwrap();
    }
    // A standard signal waits once, with what came first.
    let info = take(&set);
    assert_eq!((info.signal(), info.value()), (Signal::SIGUSR1, Some(0.into())));
    for signal in [real_time(4), real_time(5)] {
        for number in 0..100 {
            let info = take(&set);
            assert_eq!((info.signal(), info.value().map(Value::as_i32)), (signal, Some(number)));
        }
    }
    assert_eq!(signal::wait(&set, Some(Duration::default())).unwrap(), Attempt::WouldBlock);
}

pub(crate) fn say_that_the_queue_is_full() {
    let set = SignalSet::from(real_time(3));
    let _blocked = signal::block(&set);
    let limit = getrlimit(Resource::Sigpending);
    setrlimit(Resource::Sigpending, Rlimit { current: Some(5), ..limit }).unwrap();
    for _ in 0..10 {
        let mut sent = 0;
        let mut send = || match signal::queue(real_time(3), std::process::id(), sent.into()) {
            Ok(()) => {
                sent += 1;
                ControlFlow::Continue(())
            }
            Err(error) => ControlFlow::Break(error),
        };
        let error = (0..=5).try_for_each(|_| send());
        assert!(matches!(error, ControlFlow::Break(SendError::Full(_))), "{error:?}");
        // What was sent is there, and nothing else; others of the same user may have had places, too.
        for number in 0..sent {
            assert_eq!(take(&set).value().map(Value::as_i32), Some(number));
        }
        assert!(signal::pending().is_empty());
    }
}

pub(crate) fn keep_their_deadline_under_other_signals() {
    let set = SignalSet::from(Signal::SIGUSR1);
    let _blocked = signal::block(&set);
    let storm = Storm::begin();
    storm.times_out("a wait", || signal::wait(&set, Some(LIMIT)).unwrap() == Attempt::WouldBlock);
    let parent = std::process::id();
    let child = process::spawn(move || {
        crate::lab::rest();
        signal::send(Signal::SIGUSR1, parent).map_err(Error::from)
    });
    let info = signal::wait(&set, None).unwrap().done().unwrap();
    let child = child.unwrap();
    assert_eq!(info.sender().unwrap().process, child.pid());
    child.join().unwrap();
}

pub(crate) fn refuse_what_is_not_blocked() {
    let _blocked = signal::block(&Signal::SIGUSR1.into());
    let set = SignalSet::from([Signal::SIGUSR1, Signal::SIGUSR2]);
    let error = signal::wait(&set, None).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("SIGUSR2"), "{error}");
    assert_eq!(SignalDescriptor::new(&set).unwrap_err().to_string(), error.to_string());
    // No signal at all, and those that cannot be blocked, are only waited for.
    for nothing in [SignalSet::EMPTY, Signal::SIGKILL.into()] {
        assert_eq!(signal::wait(&nothing, Some(Duration::from_millis(1))).unwrap(), Attempt::WouldBlock);
    }
}

pub(crate) fn take_what_is_there_without_waiting() {
    let set = SignalSet::from(Signal::SIGUSR1);
    let _blocked = signal::block(&set);
    for limit in [Some(Duration::default()), Some(Duration::from_micros(u64::MAX)), None] {
        signal::raise(Signal::SIGUSR1).unwrap();
        assert!(signal::wait(&set, limit).unwrap().done().is_some());
    }
    assert_eq!(signal::wait(&set, Some(Duration::default())).unwrap(), Attempt::WouldBlock);
    // It is taken, and no handler gets it.
    signal::handle(Signal::SIGUSR1, Handler::new().write(std::io::stderr(), b"not taken").unwrap()).unwrap();
    signal::raise(Signal::SIGUSR1).unwrap();
    assert!(signal::wait(&set, None).unwrap().done().is_some());
    assert!(signal::pending().is_empty());
}

pub(crate) fn take_signals_from_a_descriptor_in_each_poller() {
    take_from(&mut Select::new());
    take_from(&mut Poll::new());
    take_from(&mut Epoll::new().unwrap());
    take_from(&mut EdgeEpoll::new().unwrap());
}

fn take_from(poller: &mut impl for<'s> Poller<Source<'s> = BorrowedFd<'s>, Error = Error>) {
    let set: SignalSet = [Signal::SIGUSR1, real_time(0)].into();
    let _blocked = signal::block(&set);
    let signals = SignalDescriptor::new(&set).unwrap();
    poller.register(signals.as_fd(), Token(0), Interest::READABLE).unwrap();
    assert_eq!(poller.wait(Some(Duration::default())).unwrap(), Waited::TimedOut);
    let parent = std::process::id();
    let child = Process::new().spawn(move || {
        for value in 0..10 {
            signal::queue(real_time(0), parent, value.into())?;
        }
        signal::send(Signal::SIGUSR1, parent)
    });
    let child = child.unwrap();
    let mut taken = Vec::new();
    while taken.len() < 11 {
        assert_eq!(poller.wait(Some(Duration::from_secs(30))).unwrap(), Waited::Ready);
        while poller.next_event().is_some() {}
        while let Attempt::Done(info) = signals.read().unwrap() {
            assert_eq!(info.sender().unwrap(), Sender { process: child.pid(), ..this() });
            taken.push((info.signal(), info.value().map(Value::as_i32)));
        }
    }
    let mut values: Vec<_> =
        taken.iter().filter(|(signal, _)| *signal == real_time(0)).map(|(_, value)| *value).collect();
    assert_eq!(values.len(), 10);
    assert_eq!(core::mem::take(&mut values), (0..10).map(Some).collect::<Vec<_>>());
    assert!(taken.contains(&(Signal::SIGUSR1, None)));
    child.join().unwrap();
    // What it tells of a child is what a wait tells.
    let set = SignalSet::from(Signal::SIGCHLD);
    let _blocked = signal::block(&set);
    let signals = SignalDescriptor::new(&set).unwrap();
    let child = process::spawn(|| 9).unwrap();
    assert_eq!(child.join().unwrap(), process::Ended::Exited(9));
    assert_eq!(signals.read().unwrap().done().unwrap().child(), Some(ChildChange::Exited(9)));
}

pub(crate) fn by_a_descriptor_leave_nothing() {
    let set = SignalSet::from(Signal::SIGUSR1);
    let _blocked = signal::block(&set);
    let before = descriptors();
    for _ in 0..100 {
        drop(SignalDescriptor::new(&set).unwrap());
    }
    assert_eq!(descriptors(), before);
}
