//! Queues: what becomes of a message whose consumer dies, and what pollers hear of.

use std::os::fd::BorrowedFd;
use std::panic;

use wirenut::time::Duration;
use wirenut_linux::poller::{Epoll, Interest, Poll, Poller, Select, Token, Waited};
use wirenut_linux::process::{self, Child};
use wirenut_linux::socket::Received;
use wirenut_linux::sync::Event;
use wirenut_linux::sync::queue::{self, Bounds, Delivery, OnDeath, Receiver, SendError};

use crate::storm::LIMIT;

/// All that is sent is heard of, by each poller; and the end.
pub(crate) fn pollers_hear_of_messages_and_of_room() {
    heard_by(Epoll::new().unwrap());
    heard_by(Poll::new());
    heard_by(Select::new());
}

fn heard_by(mut poller: impl for<'d> Poller<Error = wirenut_linux::Error, Source<'d> = BorrowedFd<'d>>) {
    const COUNT: u32 = 2_000;
    let (sender, receiver) = queue::bounded(Bounds { messages: 3, ..Bounds::DEFAULT }).unwrap();
    let child = process::spawn(move || {
        let mut poller = Epoll::new().unwrap();
        poller.register(sender.readiness().unwrap(), Token(0), Interest::READABLE).unwrap();
        let mut number = 0_u32;
        while number < COUNT {
            match sender.try_send(&number.to_le_bytes()) {
                Ok(()) => number += 1,
                Err(SendError::Full) => assert_eq!(poller.wait(Some(LIMIT)).unwrap(), Waited::Ready, "at {number}"),
                Err(error) => panic!("{error}"),
            }
            while poller.next_event().is_some() {}
        }
    })
    .unwrap();
    poller.register(receiver.readiness().unwrap(), Token(0), Interest::READABLE).unwrap();
    let mut expected = 0_u32;
    loop {
        match receiver.try_recv().unwrap() {
            Received::Data(delivery) => {
                assert_eq!(*delivery.into_inner(), expected.to_le_bytes());
                expected += 1;
            }
            Received::WouldBlock => assert_eq!(poller.wait(Some(LIMIT)).unwrap(), Waited::Ready, "at {expected}"),
            Received::End => break,
        }
        while poller.next_event().is_some() {}
    }
    assert_eq!(expected, COUNT);
    assert!(child.join().unwrap().is_success());
}

/// Whoever was told that there is nothing, or no room, is not called again before there is.
pub(crate) fn a_poller_sleeps_once_nothing_is_found() {
    let (sender, receiver) = queue::bounded(Bounds { messages: 1, ..Bounds::DEFAULT }).unwrap();
    let [mut messages, mut room] = [(); 2].map(|()| Epoll::new().unwrap());
    messages.register(receiver.readiness().unwrap(), Token(0), Interest::READABLE).unwrap();
    room.register(sender.readiness().unwrap(), Token(0), Interest::READABLE).unwrap();
    let look = |poller: &mut Epoll| {
        let waited = poller.wait(Some(Duration::default())).unwrap();
        while poller.next_event().is_some() {}
        waited
    };
    for _ in 0..3 {
        sender.try_send(b"one").unwrap();
        assert!(matches!(sender.try_send(b"two"), Err(SendError::Full)));
        assert_eq!((look(&mut messages), look(&mut room)), (Waited::Ready, Waited::TimedOut));
        assert!(matches!(receiver.try_recv().unwrap(), Received::Data(_)));
        assert!(matches!(receiver.try_recv().unwrap(), Received::WouldBlock));
        assert_eq!((look(&mut messages), look(&mut room)), (Waited::TimedOut, Waited::Ready));
    }
}

/// Who waits, for messages or for room, learns at once that the queue is closed; what is in it comes first.
pub(crate) fn closing_a_queue_ends_all_waits() {
    let (sender, receiver) = queue::bounded(Bounds { messages: 1, ..Bounds::DEFAULT }).unwrap();
    let started = Event::new().unwrap();
    let waits = process::spawn({
        let (sender, started) = (sender.clone(), started.clone());
        move || {
            sender.send(b"last").unwrap();
            started.set();
            assert!(matches!(sender.send(b"no room"), Err(SendError::Closed)));
        }
    })
    .unwrap();
    started.wait();
    sender.close();
    assert!(waits.join_timeout(LIMIT).unwrap().is_some_and(|ended| ended.is_success()));
    assert!(matches!(sender.try_send(b""), Err(SendError::Closed)));
    let Received::Data(delivery) = receiver.recv().unwrap() else { panic!() };
    assert_eq!(*delivery.into_inner(), *b"last");
    assert!(matches!(receiver.recv().unwrap(), Received::End));
    assert!(matches!(receiver.try_recv().unwrap(), Received::End));
}

/// The end waits for what another process has: it may come back.
pub(crate) fn a_stream_does_not_end_before_its_messages() {
    let (sender, receiver) = queue::bounded(Bounds { on_death: OnDeath::Report, ..Bounds::DEFAULT }).unwrap();
    sender.send(b"heavy").unwrap();
    drop(sender);
    let child = take_for_ever(&receiver);
    assert!(matches!(receiver.recv_timeout(Duration::from_millis(120)).unwrap(), Received::WouldBlock));
    child.kill().unwrap();
    let Received::Data(Delivery::Lost(message)) = receiver.recv_timeout(LIMIT).unwrap() else { panic!("not reported") };
    assert_eq!((&*message, message.deaths(), message.former_owner()), (&b"heavy"[..], 1, Some(child.pid())));
    drop(message);
    assert!(matches!(receiver.recv().unwrap(), Received::End));
    child.join().unwrap();
}

/// Nor does it keep a poller busy until then; and the end is heard of, by all clones and for good.
pub(crate) fn a_poller_sleeps_while_another_has_the_last_message() {
    let (sender, receiver) = queue::bounded(Bounds::DEFAULT).unwrap();
    let (taken, done) = (Event::new().unwrap(), Event::new().unwrap());
    let child = process::spawn({
        let (taken, done, receiver) = (taken.clone(), done.clone(), receiver.clone());
        move || {
            let _message = receiver.recv().unwrap();
            taken.set();
            done.wait();
        }
    })
    .unwrap();
    sender.send(b"last").unwrap();
    taken.wait();
    drop(sender);
    let mut poller = Epoll::new().unwrap();
    poller.register(receiver.readiness().unwrap(), Token(0), Interest::READABLE).unwrap();
    let looks = |poller: &mut Epoll, limit| {
        let waited = poller.wait(Some(limit)).unwrap();
        while poller.next_event().is_some() {}
        (waited, receiver.try_recv().unwrap())
    };
    // Twice at most: for the end of the senders, and for what it looks at first.
    let asleep = (0..3).any(|_| {
        let (waited, received) = looks(&mut poller, Duration::from_millis(100));
        assert!(matches!(received, Received::WouldBlock));
        waited == Waited::TimedOut
    });
    assert!(asleep, "it is called again and again");
    done.set();
    let (waited, received) = looks(&mut poller, LIMIT);
    assert!(waited == Waited::Ready && matches!(received, Received::End), "{waited:?} {received:?}");
    let (waited, received) = looks(&mut poller, LIMIT);
    assert!(waited == Waited::Ready && matches!(received, Received::End), "{waited:?} {received:?}");
    child.join().unwrap();
}

pub(crate) fn a_panic_gives_a_message_back() {
    let (sender, receiver) = queue::bounded(Bounds::DEFAULT).unwrap();
    sender.send(b"again").unwrap();
    let panicked = panic::catch_unwind(panic::AssertUnwindSafe(|| {
        let _message = receiver.recv().unwrap();
        panic!("on purpose");
    }));
    assert!(panicked.is_err());
    let Received::Data(Delivery::Message(message)) = receiver.recv().unwrap() else { panic!() };
    assert_eq!((&*message, message.deaths()), (&b"again"[..], 1));
}

/// What is received and done with while a panic unwinds is done with.
pub(crate) fn a_panic_before_a_message_gives_nothing_back() {
    struct Cleans(Receiver);
    impl Drop for Cleans {
        fn drop(&mut self) {
            assert!(matches!(self.0.try_recv().unwrap(), Received::Data(_)));
        }
    }
    let (sender, receiver) = queue::bounded(Bounds::DEFAULT).unwrap();
    sender.send(b"once").unwrap();
    let cleans = Cleans(receiver.clone());
    let panicked = panic::catch_unwind(panic::AssertUnwindSafe(move || {
        let _cleans = cleans;
        panic!("on purpose");
    }));
    assert!(panicked.is_err());
    assert!(matches!(receiver.try_recv().unwrap(), Received::WouldBlock));
}

/// A consumer that looks into a poller hears of what a dead one has left, when another process has found it.
pub(crate) fn pollers_hear_of_what_the_dead_have_left() {
    let (sender, receiver) = queue::bounded(Bounds { messages: 1, ..Bounds::DEFAULT }).unwrap();
    let mut poller = Epoll::new().unwrap();
    poller.register(receiver.readiness().unwrap(), Token(0), Interest::READABLE).unwrap();
    sender.send(b"first").unwrap();
    let consumer = take_for_ever(&receiver);
    assert!(matches!(receiver.try_recv().unwrap(), Received::WouldBlock));
    consumer.kill().unwrap();
    consumer.join().unwrap();
    let producer = process::spawn(move || sender.send(b"second").unwrap()).unwrap();
    for expected in [&b"first"[..], b"second"] {
        let message = loop {
            assert_eq!(poller.wait(Some(LIMIT)).unwrap(), Waited::Ready);
            while poller.next_event().is_some() {}
            if let Received::Data(delivery) = receiver.try_recv().unwrap() {
                break delivery.into_inner();
            }
        };
        assert_eq!(*message, *expected);
    }
    assert!(producer.join().unwrap().is_success());
}

fn die_with_a_message(receiver: &Receiver) {
    let dies = process::spawn({
        let receiver = receiver.clone();
        move || {
            let _message = receiver.recv().unwrap();
            std::process::abort();
        }
    });
    dies.unwrap().join().unwrap();
}

/// Who never waits gets what the dead have left, too.
pub(crate) fn trying_finds_what_the_dead_have_left() {
    let (sender, receiver) = queue::bounded(Bounds { messages: 1, ..Bounds::DEFAULT }).unwrap();
    for _ in 0..2 {
        // The first message of a queue is looked at more closely.
        sender.send(b"left").unwrap();
        die_with_a_message(&receiver);
        let found = core::cell::Cell::new(false);
        crate::storm::wait_for(
            || {
                if let Received::Data(delivery) = receiver.try_recv().unwrap() {
                    found.set(*delivery.into_inner() == *b"left");
                }
                found.get()
            },
            "message that a dead consumer had",
        );
    }
}

/// The last message is settled by another consumer after the queue was closed: then the stream ends, for pollers too.
pub(crate) fn pollers_hear_of_the_end_after_the_last_message() {
    let (sender, receiver) = queue::bounded(Bounds::DEFAULT).unwrap();
    let (taken, done) = (Event::new().unwrap(), Event::new().unwrap());
    sender.send(b"last").unwrap();
    let other = process::spawn({
        let (receiver, taken, done) = (receiver.clone(), taken.clone(), done.clone());
        move || {
            let _message = receiver.recv().unwrap();
            taken.set();
            done.wait();
        }
    })
    .unwrap();
    taken.wait();
    sender.close();
    let mut poller = Epoll::new().unwrap();
    poller.register(receiver.readiness().unwrap(), Token(0), Interest::READABLE).unwrap();
    assert!(matches!(receiver.try_recv().unwrap(), Received::WouldBlock));
    done.set();
    assert_eq!(poller.wait(Some(LIMIT)).unwrap(), Waited::Ready);
    assert!(other.join().unwrap().is_success());
    assert!(matches!(receiver.try_recv().unwrap(), Received::End));
}

/// A long wait looks at each slot for the dead, but not at those that nobody has used: they have no memory yet.
pub(crate) fn an_idle_queue_takes_no_memory() {
    let bounds = Bounds { messages: 1 << 14, message_bytes: 4_096, ..Bounds::DEFAULT };
    let (sender, receiver) = queue::bounded(bounds).unwrap();
    sender.send(b"one").unwrap();
    drop(receiver.recv().unwrap());
    assert!(matches!(receiver.recv_timeout(Duration::from_millis(120)).unwrap(), Received::WouldBlock));
    let [memory, ..] = receiver.descriptors();
    let file = std::fs::File::from(memory.try_clone_to_owned().unwrap());
    let taken = std::os::unix::fs::MetadataExt::blocks(&file.metadata().unwrap()) * 512;
    assert!(taken < 1 << 20, "{taken} bytes for one message");
}

/// A process that has taken a message, and keeps it until it is killed.
fn take_for_ever(receiver: &Receiver) -> Child {
    let taken = Event::new().unwrap();
    let child = process::spawn({
        let (taken, receiver) = (taken.clone(), receiver.clone());
        move || {
            let _message = receiver.recv().unwrap();
            taken.set();
            loop {
                std::thread::park();
            }
        }
    })
    .unwrap();
    taken.wait();
    child
}
