//! What waits, for how long, and what it is woken up by.

use std::os::fd::AsFd;
use std::thread;
use std::time::Instant;

use wirenut::time::Duration;
use wirenut_linux::poller::{Epoll, Interest, Poll, Poller, Select, Token, Waited};
use wirenut_linux::process::pipe::{Duplex, Receiver, SendError, Sender, duplex, pipe};
use wirenut_linux::socket::{Attempt, Received};

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(60);

fn fill(sender: &Sender) -> usize {
    (0..).take_while(|_| sender.try_send(&[0; 1000]).unwrap() == Attempt::Done(())).count()
}

#[test]
fn a_full_pipe_says_so_and_has_room_again() {
    let (sender, receiver) = pipe().unwrap();
    let count = fill(&sender);
    assert!(count > 50, "{count}");
    let start = Instant::now();
    assert_eq!(sender.send_timeout(b"!", SHORT).unwrap(), Attempt::WouldBlock);
    assert!(start.elapsed() >= SHORT.into());
    let sending = thread::spawn(move || {
        assert_eq!(sender.send_timeout(b"one", LONG).unwrap(), Attempt::Done(()));
        sender.send(b"two").unwrap();
    });
    let received: Vec<_> = core::iter::from_fn(|| receiver.recv().unwrap()).collect();
    assert_eq!(received.len(), count + 2);
    assert_eq!(&received[count..], [b"one", b"two"]);
    sending.join().unwrap();
}

#[test]
fn an_empty_pipe_says_so_until_something_comes() {
    let (sender, receiver) = pipe().unwrap();
    let start = Instant::now();
    assert_eq!(receiver.recv_timeout(SHORT).unwrap(), Received::WouldBlock);
    assert_eq!(receiver.recv_into_timeout(&mut [0; 9], SHORT).unwrap(), Received::WouldBlock);
    assert!(start.elapsed() >= Duration::from_millis(40).into());
    assert_eq!(receiver.try_recv_into(&mut [0; 9]).unwrap(), Received::WouldBlock);
    let receiving = thread::spawn(move || {
        assert_eq!(receiver.recv_timeout(LONG).unwrap(), Received::Data(b"one".to_vec()));
        assert_eq!(receiver.recv_timeout(LONG).unwrap(), Received::End);
        assert_eq!(receiver.recv().unwrap(), None);
    });
    sender.send(b"one").unwrap();
    drop(sender);
    receiving.join().unwrap();
}

#[test]
fn times_that_cannot_be_counted_are_for_ever() {
    let (sender, receiver) = pipe().unwrap();
    sender.send_timeout(b"!", Duration::from_micros(u64::MAX)).unwrap().done().unwrap();
    let longest = Duration::from_micros(u64::MAX);
    assert_eq!(receiver.recv_timeout(longest).unwrap(), Received::Data(b"!".to_vec()));
    drop(sender);
    assert_eq!(receiver.recv_timeout(longest).unwrap(), Received::End);
}

#[test]
fn a_sender_that_waits_is_told_that_the_last_receiver_goes() {
    let (sender, receiver) = pipe().unwrap();
    fill(&sender);
    let sending = thread::spawn(move || {
        assert!(matches!(sender.send(b"!"), Err(SendError::Closed)));
        assert!(matches!(sender.send_timeout(b"!", LONG), Err(SendError::Closed)));
        assert!(matches!(sender.try_send(b"!"), Err(SendError::Closed)));
    });
    drop(receiver);
    sending.join().unwrap();
}

/// The mode belongs to the socket, so another process may have changed it.
#[test]
fn a_descriptor_that_does_not_block_waits_nevertheless() {
    let (sender, receiver) = pipe().unwrap();
    rustix::io::ioctl_fionbio(&sender, true).unwrap();
    rustix::io::ioctl_fionbio(&receiver, true).unwrap();
    let receiving = thread::spawn(move || core::iter::from_fn(|| receiver.recv().unwrap()).count());
    for _ in 0..1000 {
        sender.send(&[0; 10_000]).unwrap();
    }
    drop(sender);
    assert_eq!(receiving.join().unwrap(), 1000);
}

fn any_poller(mut poller: impl for<'s> Poller<Source<'s> = std::os::fd::BorrowedFd<'s>, Error = wirenut_linux::Error>) {
    let (one, other): (Duplex, Duplex) = duplex().unwrap();
    poller.register(one.as_fd(), Token(1), Interest::READABLE).unwrap();
    assert_eq!(poller.wait(Some(Duration::default())).unwrap(), Waited::TimedOut);
    other.send(b"").unwrap();
    assert_eq!(poller.wait(Some(LONG)).unwrap(), Waited::Ready);
    assert!(poller.next_event().unwrap().is_readable());
    assert!(poller.next_event().is_none());
    assert_eq!(one.recv().unwrap().as_deref(), Some(&b""[..]));
    assert_eq!(poller.wait(Some(Duration::default())).unwrap(), Waited::TimedOut);
    drop(other);
    assert_eq!(poller.wait(Some(LONG)).unwrap(), Waited::Ready);
    assert!(poller.next_event().unwrap().is_readable());
    assert_eq!(one.recv().unwrap(), None);
}

#[test]
fn pollers_see_messages_and_the_end() {
    any_poller(Epoll::new().unwrap());
    any_poller(Poll::new());
    any_poller(Select::new());
}

#[test]
fn the_end_comes_after_the_last_of_many_senders() {
    let (sender, receiver) = pipe().unwrap();
    let senders: Vec<_> = (0..10).map(|_| sender.clone()).collect();
    drop(sender);
    for (number, sender) in senders.into_iter().enumerate() {
        assert_eq!(receiver.try_recv().unwrap(), Received::WouldBlock);
        sender.send(&[u8::try_from(number).unwrap()]).unwrap();
        assert_eq!(receiver.recv().unwrap().unwrap().len(), 1);
    }
    assert_eq!(receiver.recv().unwrap(), None);
}

/// A peer that leaves messages of ours behind resets the connection: what it sent can be received nevertheless.
#[test]
fn what_was_sent_outlives_a_sender_that_left_messages_behind() {
    let (one, other) = duplex().unwrap();
    one.send(b"never received").unwrap();
    other.send(b"one").unwrap();
    other.send(b"two").unwrap();
    drop(other);
    assert_eq!(one.recv().unwrap().as_deref(), Some(&b"one"[..]));
    assert_eq!(one.try_recv().unwrap(), Received::Data(b"two".to_vec()));
    assert_eq!(one.recv_into(&mut [0; 3]).unwrap(), None);
    assert!(matches!(one.send(b"!"), Err(SendError::Closed)));

    let (one, other) = duplex().unwrap();
    one.send(b"never received").unwrap();
    drop(other);
    assert!(matches!(one.send(b"!"), Err(SendError::Closed)));
    assert!(matches!(one.send(b"!"), Err(SendError::Closed)));
    assert_eq!(one.recv().unwrap(), None);
}

#[test]
fn shutting_down_ends_one_direction_for_all_copies() {
    let (one, other) = duplex().unwrap();
    let copy = one.clone();
    one.send(b"last").unwrap();
    copy.shutdown_send().unwrap();
    assert!(matches!(one.send(b"!"), Err(SendError::Closed)));
    other.send(b"still").unwrap();
    let heard: Vec<_> = core::iter::from_fn(|| other.recv().unwrap()).collect();
    assert_eq!(heard, [b"last"]);
    assert_eq!(one.recv().unwrap().as_deref(), Some(&b"still"[..]));
}

#[test]
fn ends_go_to_threads() {
    fn is_for_threads<T: Send + Sync + 'static>() {}
    is_for_threads::<Sender>();
    is_for_threads::<Receiver>();
    is_for_threads::<Duplex>();
}

#[test]
fn closing_is_for_all_clones() {
    let (one, other) = duplex().unwrap();
    let clone = one.clone();
    one.send(b"last").unwrap();
    one.close().unwrap();
    assert_eq!(other.recv().unwrap().as_deref(), Some(&b"last"[..]));
    assert_eq!(other.recv().unwrap(), None);
    assert!(matches!(other.send(b"!"), Err(SendError::Closed)));
    assert_eq!(clone.recv().unwrap(), None);
    assert!(matches!(clone.send(b"!"), Err(SendError::Closed)));
}
