//! Which ends of pipes and queues a child has.

use alloc::sync::Arc;

use wirenut::time::Duration;
use wirenut_linux::process::pipe::{duplex, pipe};
use wirenut_linux::process::{self, Process};
use wirenut_linux::socket::Received;
use wirenut_linux::sync::queue::{self, Bounds};

use crate::counts::descriptors;

const LIMIT: Duration = Duration::from_secs(20);

/// The child itself must not keep its stream from ending: what its parent has beside is not captured.
pub(crate) fn end_though_the_parent_had_the_other_end() {
    let ((there, thence), (hither, here)) = (pipe().unwrap(), pipe().unwrap());
    let child = process::spawn(move || {
        while let Some(message) = thence.recv().unwrap() {
            hither.send(&message).unwrap();
        }
    })
    .unwrap();
    there.send(b"to and fro").unwrap();
    assert_eq!(here.recv().unwrap().as_deref(), Some(&b"to and fro"[..]));
    drop(there);
    assert!(child.join_timeout(LIMIT).unwrap().is_some_and(|ended| ended.is_success()));
    assert_eq!(here.recv().unwrap(), None);
}

/// The same of queues; and of children that come later, and live on.
pub(crate) fn end_though_later_children_live() {
    let (sender, receiver) = queue::bounded(Bounds::DEFAULT).unwrap();
    let (one, other) = duplex().unwrap();
    let later = Process::new().daemon(true).spawn(|| {
        loop {
            std::thread::park();
        }
    });
    drop((sender, one));
    assert!(matches!(receiver.recv_timeout(LIMIT).unwrap(), Received::End));
    assert!(matches!(other.recv_timeout(LIMIT).unwrap(), Received::End));
    later.unwrap().kill().unwrap();
}

/// What is captured is there: also a clone of what the parent keeps, and what lies in something else.
pub(crate) fn are_had_by_whom_captures_them() {
    let (sender, receiver) = queue::bounded(Bounds::DEFAULT).unwrap();
    let (one, other) = pipe().unwrap();
    let children = [1_u8, 2].map(|number| {
        let all = Box::new((Some(sender.clone()), vec![one.clone()]));
        process::spawn(move || {
            all.0.unwrap().send(&[number]).unwrap();
            all.1[0].send(&[number]).unwrap();
        })
        .unwrap()
    });
    drop((sender, one));
    let mut sum = 0;
    while let Received::Data(delivery) = receiver.recv().unwrap() {
        sum += delivery.into_inner()[0];
    }
    while let Some(message) = other.recv().unwrap() {
        sum += message[0];
    }
    assert_eq!(sum, 6);
    assert!(children.iter().all(|child| child.join().unwrap().is_success()));
}

/// A child of a child has what its own closure has captured.
pub(crate) fn are_handed_on_to_grandchildren() {
    let (sender, receiver) = pipe().unwrap();
    let child = process::spawn(move || {
        let grandchild = process::spawn({
            let sender = sender.clone();
            move || sender.send(b"from the grandchild").unwrap()
        })
        .unwrap();
        assert!(grandchild.join().unwrap().is_success());
        let idle = process::spawn(|| ()).unwrap();
        assert!(idle.join().unwrap().is_success());
        sender.send(b"from the child").unwrap();
    })
    .unwrap();
    assert_eq!(receiver.recv().unwrap().as_deref(), Some(&b"from the grandchild"[..]));
    assert_eq!(receiver.recv().unwrap().as_deref(), Some(&b"from the child"[..]));
    assert_eq!(receiver.recv().unwrap(), None);
    assert!(child.join().unwrap().is_success());
}

pub(crate) fn leave_no_descriptor() {
    let before = descriptors();
    for _ in 0..50 {
        let (sender, receiver) = queue::bounded(Bounds { messages: 2, ..Bounds::DEFAULT }).unwrap();
        let (one, other) = pipe().unwrap();
        process::spawn(move || drop((sender, other))).unwrap().join().unwrap();
        drop((receiver, one));
    }
    assert_eq!(descriptors(), before);
}

/// What a closure reaches through something shared it has not captured: that is said, and is no stream without an end.
pub(crate) fn are_not_had_through_what_is_shared() {
    let ((sender, receiver), (one, other)) = (queue::bounded(Bounds::DEFAULT).unwrap(), pipe().unwrap());
    let shared = Arc::new((sender, one));
    let child = process::spawn({
        let shared = Arc::clone(&shared);
        move || {
            let error = shared.0.send(b"").unwrap_err();
            assert!(error.to_string().contains("capture a clone of it"), "{error}");
            let error = shared.1.send(b"").unwrap_err();
            assert!(error.to_string().contains("capture a clone of it"), "{error}");
        }
    })
    .unwrap();
    assert!(child.join().unwrap().is_success());
    // A clone of it is enough, wherever it is used.
    let child = process::spawn({
        let (clones, shared) = ((shared.0.clone(), shared.1.clone()), Arc::clone(&shared));
        move || {
            let _ = &clones;
            shared.0.send(b"").unwrap();
            shared.1.send(b"").unwrap();
        }
    })
    .unwrap();
    assert!(child.join().unwrap().is_success());
    drop(shared);
    assert!(matches!(receiver.recv().unwrap(), Received::Data(_)));
    assert!(matches!(receiver.recv().unwrap(), Received::End));
    assert_eq!((other.recv().unwrap().as_deref(), other.recv().unwrap()), (Some(&b""[..]), None));
}
