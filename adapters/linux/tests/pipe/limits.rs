//! How long a message can be, and what becomes of one that is longer.

use std::fs::read_dir;
use std::os::fd::{AsFd, AsRawFd};

use rustix::io::{FdFlags, fcntl_getfd};
use wirenut::time::Duration;
use wirenut_linux::process::pipe::{RecvError, SendError, duplex, duplex_with, pipe, pipe_with};
use wirenut_linux::socket::{Attempt, Received};

#[test]
fn every_length_around_the_limits_arrives_whole() {
    let (sender, receiver) = pipe().unwrap();
    let limit = sender.max_message();
    let mut buffer = vec![0; limit];
    for length in [0, 1, 2, 4095, 4096, 4097, 65_536, limit - 1, limit] {
        let message: Vec<u8> = (0..length).map(|place| (place % 251) as u8).collect();
        sender.send(&message).unwrap();
        assert_eq!(receiver.recv().unwrap().unwrap(), message);
        sender.send(&message).unwrap();
        assert_eq!(receiver.recv_into(&mut buffer).unwrap(), Some(length));
        assert_eq!(&buffer[..length], message);
        sender.send(&message).unwrap();
        let delivery = receiver.recv_descriptors().unwrap().unwrap();
        assert!(delivery.bytes == message && delivery.descriptors.is_empty() && !delivery.is_incomplete);
    }
    let error = sender.send(&vec![0; limit + 1]).unwrap_err();
    assert!(matches!(error, SendError::TooLarge { length, limit: said } if (length, said) == (limit + 1, limit)));
    assert_eq!(receiver.try_recv().unwrap(), Received::WouldBlock);
}

#[test]
fn a_small_buffer_loses_nothing() {
    let (sender, receiver) = pipe().unwrap();
    let message: Vec<u8> = (0..100_000_u32).map(|place| (place % 251) as u8).collect();
    for room in [0, 1, 99_999] {
        sender.send(&message).unwrap();
        sender.send(b"next").unwrap();
        let error = receiver.recv_into(&mut vec![0; room]).unwrap_err();
        assert!(matches!(error, RecvError::TooLarge(whole) if whole == message));
        assert_eq!(receiver.recv().unwrap().as_deref(), Some(&b"next"[..]));
    }
}

#[test]
fn the_limit_can_be_raised() {
    for limit in [1, 212_960, 212_961, 300_000, 425_952] {
        let (sender, receiver) = pipe_with(limit).unwrap();
        assert!(sender.max_message() >= limit && receiver.max_message() == sender.max_message());
        let message = vec![7; limit];
        sender.send(&message).unwrap();
        assert!(receiver.recv().unwrap().unwrap() == message);
    }
    // Not everybody may, and not at any time is so much memory free in one piece.
    if let Ok((sender, receiver)) = pipe_with(4 << 20) {
        match sender.send(&vec![7; sender.max_message()]) {
            Ok(()) => assert_eq!(receiver.recv().unwrap().unwrap().len(), sender.max_message()),
            Err(SendError::System(error)) => assert!(error.is_out_of_resources(), "{error}"),
            Err(error) => panic!("{error}"),
        }
    }
    let (one, other) = duplex_with(400_000).unwrap();
    for (from, to) in [(&one, &other), (&other, &one)] {
        from.send(&[7; 400_000]).unwrap();
        assert_eq!(to.recv().unwrap().unwrap().len(), 400_000);
    }
    for impossible in [(4 << 20) + 1, 1 << 30, (1 << 31) - 1, 1 << 31, 1 << 32, usize::MAX - 31, usize::MAX] {
        assert_eq!(pipe_with(impossible).unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
    }
}

#[test]
fn descriptors_are_closed_on_exec_wherever_they_come_from() {
    let (one, other) = duplex().unwrap();
    one.send_descriptors(b"", &[one.as_fd(), other.as_fd()]).unwrap();
    let delivery = other.recv_descriptors().unwrap().unwrap();
    let came = delivery.descriptors.iter().map(AsFd::as_fd);
    for descriptor in came.chain([one.as_fd(), other.as_fd()]) {
        assert!(fcntl_getfd(descriptor).unwrap().contains(FdFlags::CLOEXEC));
    }
}

#[test]
fn descriptors_that_nobody_takes_are_closed() {
    let (sender, receiver) = pipe().unwrap();
    let (watched, watching) = pipe().unwrap();
    sender.send_descriptors(b"!", &[watched.as_fd()]).unwrap();
    drop(watched);
    assert_eq!(watching.try_recv().unwrap(), Received::WouldBlock);
    assert_eq!(receiver.recv().unwrap().as_deref(), Some(&b"!"[..]));
    assert_eq!(watching.try_recv().unwrap(), Received::End);
}

#[test]
fn as_many_descriptors_go_as_can() {
    let (sender, receiver) = pipe().unwrap();
    let many = vec![sender.as_fd(); 253];
    assert_eq!(sender.send_descriptors_timeout(b"", &many, Duration::default()).unwrap(), Attempt::Done(()));
    assert_eq!(receiver.recv_descriptors().unwrap().unwrap().descriptors.len(), 253);
    assert!(matches!(sender.send_descriptors(b"", &[sender.as_fd(); 254]), Err(SendError::System(_))));
    assert!(matches!(receiver.recv_descriptors_timeout(Duration::default()).unwrap(), Received::WouldBlock));
}

#[test]
fn a_descriptor_that_is_no_end_is_refused() {
    use wirenut_linux::process::pipe::Sender;
    let file = std::fs::File::open("/dev/null").unwrap();
    assert!(Sender::try_from(std::os::fd::OwnedFd::from(file)).is_err());
    let stream = std::os::unix::net::UnixStream::pair().unwrap().0;
    assert!(Sender::try_from(std::os::fd::OwnedFd::from(stream)).is_err());
}

/// Other tests of this program open descriptors meanwhile, so only these numbers are looked at.
#[test]
fn ends_close_with_their_last_clone() {
    let (sender, receiver) = pipe().unwrap();
    let link = format!("/proc/self/fd/{}", sender.as_raw_fd());
    let socket = std::fs::read_link(&link).unwrap();
    let is_open = || {
        let open = read_dir("/proc/self/fd").unwrap().flatten();
        open.filter_map(|entry| std::fs::read_link(entry.path()).ok()).any(|target| target == socket)
    };
    let clone = sender.clone();
    drop(sender);
    assert!(is_open());
    assert_eq!(receiver.try_recv().unwrap(), Received::WouldBlock);
    drop(clone);
    assert!(!is_open());
    assert_eq!(receiver.try_recv().unwrap(), Received::End);
}
