//! What is done when a signal comes.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::fs::File;
use std::io::{self, Read as _};
use std::thread;

use wirenut::time::Duration;
use wirenut_linux::poller::{Bell, Interest, Poll, Poller as _, Token, Waited};
use wirenut_linux::process;
use wirenut_linux::signal::{self, Disposition, Handler, Interval, SendError, Signal, SignalSet, ThreadHandle};

use crate::lab::{Count, counted, descriptors, eventually, of, real_time, rest};

pub(crate) fn react_in_their_order() {
    use std::os::fd::AsFd as _;
    let (count, place, bell) = (Count::default(), Count::default(), Bell::new().unwrap());
    let (mut reader, writer) = io::pipe().unwrap();
    let handler = Handler::new().count(&count).store(&place, 1).ring(&bell).write(&writer, b"one").unwrap();
    let handler = handler.write(&writer, b"").unwrap().store(&place, 2).write(&writer, b" two").unwrap();
    drop(writer);
    for signal in [Signal::SIGUSR1, Signal::SIGHUP, real_time(0)] {
        signal::handle(signal, handler.clone()).unwrap();
        signal::raise(signal).unwrap();
    }
    assert_eq!((of(&count), of(&place)), (3, 2));
    let mut poller = Poll::new();
    poller.register(bell.as_fd(), Token(0), Interest::READABLE).unwrap();
    assert_eq!(poller.wait(None).unwrap(), Waited::Ready);
    let mut text = [0; 21];
    reader.read_exact(&mut text).unwrap();
    assert_eq!(&text, b"one twoone twoone two");
    // When nothing refers to them any more, the bell and the pipe's ends are closed.
    drop(handler);
    for signal in [Signal::SIGUSR1, Signal::SIGHUP, real_time(0)] {
        drop(signal::set_default(signal).unwrap());
    }
    assert_eq!(reader.read(&mut text).unwrap(), 0);
}

/// What the system saves for one of them takes kilobytes, and the stack for handlers is a small one.
pub(crate) fn of_many_signals_at_once_need_the_stack_of_one() {
    let _termination = signal::termination().unwrap();
    let counts: Vec<Count> = (0..10).map(|number| counted(real_time(number))).collect();
    let others = [Signal::SIGUSR1, Signal::SIGUSR2, Signal::SIGHUP].map(counted);
    let all = || {
        let blocked = signal::block(&SignalSet::full());
        for number in 0..10 {
            signal::raise(real_time(number)).unwrap();
        }
        for signal in [Signal::SIGUSR1, Signal::SIGUSR2, Signal::SIGHUP, Signal::SIGTERM, Signal::SIGINT] {
            signal::raise(signal).unwrap();
        }
        drop(blocked);
    };
    all();
    thread::spawn(all).join().unwrap();
    assert!(counts.iter().chain(&others).all(|count| of(count) == 2));
}

pub(crate) fn keep_the_error_of_what_they_interrupt() {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    signal::handle(Signal::SIGUSR1, Handler::new().write(writer, b"nobody reads").unwrap()).unwrap();
    assert!(File::open("/no/such/file").is_err());
    let before = io::Error::last_os_error();
    signal::raise(Signal::SIGUSR1).unwrap();
    assert_eq!((before.kind(), io::Error::last_os_error().kind()), (io::ErrorKind::NotFound, io::ErrorKind::NotFound));
}

const EACH: usize = 3_000;

/// Sends real-time signals with values to the parent.
fn send_all(to: u32, signal: Signal) {
    for number in 0..EACH {
        while let Err(error) = signal::queue(signal, to, number.into()) {
            assert!(matches!(error, SendError::Full(_)), "{error}");
            thread::yield_now();
        }
    }
}

pub(crate) fn count_each_real_time_signal_of_many_senders() {
    let (queued, merged) = (counted(real_time(1)), counted(Signal::SIGUSR1));
    let this = std::process::id();
    let children: Vec<_> = (0..3)
        .map(|_| {
            let work = move || {
                send_all(this, real_time(1));
                (0..EACH).for_each(|_| signal::send(Signal::SIGUSR1, this).unwrap());
            };
            process::spawn(work).unwrap()
        })
        .collect();
    thread::scope(|scope| {
        scope.spawn(|| send_all(this, real_time(1)));
        for child in &children {
            assert!(child.join().unwrap().is_success());
        }
    });
    eventually("all signals", || of(&queued) == 4 * EACH);
    eventually("some signals", || of(&merged) > 0);
    assert!(of(&merged) <= 3 * EACH);
    assert_eq!(of(&queued), 4 * EACH);
}

/// Each signal is handled by the one handler or by the other, in any thread, while the two are exchanged all the time and
/// freed.
pub(crate) fn lose_nothing_while_they_are_replaced() {
    let (signal, this) = (real_time(2), std::process::id());
    let (one, other) = (Count::default(), Count::default());
    signal::handle(signal, Handler::new().count(&one)).unwrap();
    let sending = AtomicUsize::new(2);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                send_all(this, signal);
                sending.fetch_sub(1, Ordering::SeqCst);
            });
        }
        for count in [&other, &one] {
            scope.spawn(|| {
                while sending.load(Ordering::SeqCst) > 0 {
                    let bell = Bell::new().unwrap();
                    let handler = Handler::new().ring(&bell).count(count).write(io::stderr(), b"").unwrap();
                    signal::handle(signal, handler.ring(&bell)).unwrap();
                }
            });
        }
    });
    eventually("all signals", || of(&one) + of(&other) == 2 * EACH);
}

/// A handler writes to a pipe that is full, and so is at work while it is replaced.
pub(crate) fn keep_what_a_handler_at_work_uses() {
    let signal = Signal::SIGUSR1;
    let (mut reader, writer) = io::pipe().unwrap();
    let (before, after) = (Count::default(), Count::default());
    let message = vec![b'x'; 100_000]; // more than the pipe holds
    let handler = Handler::new().count(&before).write(&writer, &message).unwrap().count(&after);
    drop(writer);
    signal::handle(signal, handler).unwrap();
    thread::scope(|scope| {
        let working = scope.spawn(|| signal::raise(signal).unwrap());
        eventually("the handler is at work", || of(&before) == 1);
        for _ in 0..100 {
            signal::handle(signal, Handler::new()).unwrap();
            signal::set_default(signal).unwrap();
        }
        // The handler has it still, and nobody else but this test.
        assert_eq!((of(&after), Arc::strong_count(&after)), (0, 2));
        // The pipe has no writer but the handler.
        reader.read_exact(&mut message.clone()).unwrap();
        working.join().unwrap();
    });
    assert_eq!(of(&after), 1);
    signal::set_default(signal).unwrap();
    assert_eq!((Arc::strong_count(&after), reader.read(&mut [0]).unwrap()), (1, 0));
}

pub(crate) fn leave_nothing_when_they_are_replaced() {
    let (signal, before) = (Signal::SIGUSR1, descriptors());
    let count = Count::default();
    for _ in 0..1_000 {
        let handler = Handler::new().ring(&Bell::new().unwrap()).write(io::stderr(), b"").unwrap();
        let previous = signal::handle(signal, handler.count(&count)).unwrap();
        signal::raise(signal).unwrap();
        previous.restore().unwrap();
    }
    assert_eq!(of(&count), 1_000);
    assert_eq!((signal::disposition(signal).unwrap(), descriptors()), (Disposition::Default, before));
    assert_eq!(Arc::strong_count(&count), 1);
}

/// A system call of code that knows nothing of signals goes on, unless the handler is to interrupt it.
pub(crate) fn interrupt_only_where_asked() {
    let (mut reader, mut writer) = io::pipe().unwrap();
    let (restarting, interrupting) = (Count::default(), Count::default());
    signal::handle(Signal::SIGALRM, Handler::new().count(&interrupting).interrupting()).unwrap();
    Interval::Real.start(Duration::from_millis(1)).unwrap();
    // Nobody writes.
    assert_eq!(reader.read(&mut [0; 10]).unwrap_err().kind(), io::ErrorKind::Interrupted);
    signal::handle(Signal::SIGALRM, Handler::new().count(&restarting)).unwrap();
    let child = process::spawn(move || {
        rest();
        io::Write::write_all(&mut writer, b"late")
    });
    assert_eq!(reader.read(&mut [0; 10]).unwrap(), 4);
    Interval::Real.stop().unwrap();
    assert!(of(&interrupting) > 0 && of(&restarting) > 0);
    child.unwrap().join().unwrap();
}

pub(crate) fn handle_once() {
    let count = Count::default();
    signal::handle(Signal::SIGCHLD, Handler::new().count(&count).once()).unwrap();
    for _ in 0..3 {
        signal::raise(Signal::SIGCHLD).unwrap(); // which is ignored by default
    }
    assert_eq!((of(&count), signal::disposition(Signal::SIGCHLD).unwrap()), (1, Disposition::Default));
}

pub(crate) fn give_way_to_what_was_before() {
    let signal = Signal::SIGUSR2;
    let (first, second) = (Count::default(), Count::default());
    let default = signal::handle(signal, Handler::new().count(&first)).unwrap();
    let to_first = signal::handle(signal, Handler::new().count(&second)).unwrap();
    let to_second = signal::ignore(signal).unwrap();
    signal::raise(signal).unwrap();
    to_second.restore().unwrap();
    signal::raise(signal).unwrap();
    assert_eq!((of(&first), of(&second)), (0, 1));
    to_first.restore().unwrap();
    signal::raise(signal).unwrap();
    assert_eq!((of(&first), of(&second)), (1, 1));
    default.restore().unwrap();
    assert_eq!(signal::disposition(signal).unwrap(), Disposition::Default);
}

/// A handler of another part of the package comes back, and is asked for anew in vain by nobody.
pub(crate) fn share_a_signal_with_termination() {
    let termination = signal::termination().unwrap();
    let is_told = || {
        use std::os::fd::AsFd as _;
        let mut poller = Poll::new();
        poller.register(termination.as_fd(), Token(0), Interest::READABLE).unwrap();
        poller.wait(Some(Duration::default())).unwrap() == Waited::Ready
    };
    let count = Count::default();
    let previous = signal::handle(Signal::SIGTERM, Handler::new().count(&count)).unwrap();
    signal::raise(Signal::SIGTERM).unwrap();
    assert_eq!((of(&count), is_told()), (1, false));
    previous.restore().unwrap();
    signal::raise(Signal::SIGTERM).unwrap();
    assert_eq!((of(&count), is_told()), (1, true));
    // It takes the signal from another handler where it is asked for again.
    signal::handle(Signal::SIGTERM, Handler::new().count(&count)).unwrap();
    signal::termination().unwrap();
    signal::raise(Signal::SIGTERM).unwrap();
    assert_eq!(of(&count), 1);
}

pub(crate) fn are_refused_where_they_cannot_be() {
    let count = Count::default();
    let handler = || Handler::new().count(&count);
    for signal in Signal::all() {
        let is_fault = ["ILL", "FPE", "SEGV", "BUS"].iter().any(|name| name.parse() == Ok(signal));
        assert_eq!(signal::handle(signal, handler()).is_ok(), signal.can_be_caught() && !is_fault, "{signal}");
        let is_handled = signal::disposition(signal).is_ok_and(|disposition| disposition == Disposition::Handled);
        assert_eq!(Arc::strong_count(&count) > 1, is_handled && !is_fault, "{signal}");
        assert_eq!(signal::set_default(signal).is_ok(), signal.can_be_caught(), "{signal}");
        assert_eq!(signal::ignore(signal).is_ok(), signal.can_be_caught(), "{signal}");
    }
    // Whoever holds a handle reaches the thread in any case.
    ThreadHandle::current().send(Signal::SIGTERM).unwrap();
    assert_eq!(count.load(Ordering::SeqCst), 0);
}
