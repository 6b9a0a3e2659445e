//! Peers that have a queue, a name and an end of their own: sockets of Unix.

use core::time::Duration;
use std::os::unix::net::UnixDatagram;

use tokio::time;
use wirenut::time as core_time;
use wirenut_embedded_io::{TokioDatagramConfig, TokioDatagramFailure};

use super::lab::{Client, Kind, Unix, World, report, with_server};

/// More datagrams than the queue of a socket holds that reads nothing.
fn more_than_a_queue() -> usize {
    let length = std::fs::read_to_string("/proc/sys/net/unix/max_dgram_qlen").expect("a bound of queues");
    length.trim().parse::<usize>().expect("a number") + 10
}

/// A client that has sent so many, each of which has been handled; it has read nothing.
async fn unread(world: &World<'_, Unix>, count: usize) -> Client {
    // Not connected: to a peer of its own a socket may send more.
    let socket = UnixDatagram::bind(world.server.0.join("unread")).expect("a socket");
    socket.set_nonblocking(true).expect("a socket");
    for handled in 0..u32::try_from(count).expect("a queue") {
        // One after the other, since the server's queue is no longer.
        socket.send_to(b"hello", world.server.server()).expect("a server");
        while world.lab.handled.get() == handled {
            tokio::task::yield_now().await;
        }
    }
    Client::Unix(socket)
}

#[test]
fn a_unix_peer_that_reads_late_gets_all() {
    let many = more_than_a_queue();
    let patience = core_time::Duration::from_secs(3600);
    let config = TokioDatagramConfig { patience, handlers: many, ..TokioDatagramConfig::DEFAULT };
    let (got, failures) = with_server::<Unix>(config, async |world| {
        let client = unread(&world, many).await;
        for _ in 0..many {
            assert_eq!(client.recv().await, b"hello");
        }
        world.stop();
    });
    let all = many as u64;
    assert_eq!((got, failures.len()), (report(|report| (report.received, report.replied) = (all, all)), 0));
}

#[test]
fn a_unix_peer_that_does_not_read_is_given_up() {
    let many = more_than_a_queue();
    let patience = core_time::Duration::from_millis(50);
    let config = TokioDatagramConfig { patience, handlers: many, ..TokioDatagramConfig::DEFAULT };
    let (got, failures) = with_server::<Unix>(config, async |world| {
        let client = unread(&world, many).await;
        while world.failures.borrow().is_empty() {
            time::sleep(Duration::from_millis(10)).await;
        }
        world.stop();
        drop(client);
    });
    assert_eq!(got.received, many as u64);
    assert!(got.timed_out > 0 && got.replied + got.timed_out + got.unsent == got.received, "{got:?}");
    assert!(matches!(failures[0], TokioDatagramFailure::TimedOut(_)), "{failures:?}");
}

/// Its queue is full of what others have sent: nobody tells the server when it takes that.
#[test]
fn a_unix_peer_whose_queue_others_have_filled_gets_its_reply() {
    let (got, failures) = with_server::<Unix>(TokioDatagramConfig::DEFAULT, async |world| {
        let path = world.server.0.join("busy");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        socket.set_nonblocking(true).expect("a socket");
        let other = UnixDatagram::unbound().expect("a socket");
        other.set_nonblocking(true).expect("a socket");
        let mut filled = 0;
        while other.send_to(b"other", &path).is_ok() {
            filled += 1;
        }
        socket.send_to(b"hello", world.server.server()).expect("a server");
        while world.lab.handled.get() == 0 {
            tokio::task::yield_now().await;
        }
        // What may have been ready when it came is not any more.
        time::sleep(Duration::from_millis(50)).await;
        let client = Client::Unix(socket);
        for _ in 0..filled {
            assert_eq!(client.try_recv().as_deref(), Some(&b"other"[..]));
        }
        assert_eq!(client.recv().await, b"hello");
        world.stop();
    });
    assert_eq!((got, failures.len()), (report(|report| (report.received, report.replied) = (1, 1)), 0));
}

#[test]
fn a_unix_peer_without_a_name_or_that_is_gone_cannot_be_answered() {
    let (got, failures) = with_server::<Unix>(TokioDatagramConfig::DEFAULT, async |world| {
        let nameless = UnixDatagram::unbound().expect("a socket");
        nameless.send_to(b"hello", world.server.server()).expect("a server");
        let gone = world.server.client("gone");
        gone.send(b"hello");
        drop(gone);
        while world.lab.handled.get() < 2 {
            tokio::task::yield_now().await;
        }
        world.stop();
    });
    assert_eq!((got.received, got.replied, got.unsent), (2, 0, 2));
    let [nameless, gone] = &failures[..] else { panic!("{failures:?}") };
    assert_eq!(nameless.to_string(), "(unnamed): cannot send the reply: the socket of the peer has no name");
    let gone = gone.to_string();
    assert!(gone.contains("/gone\" (pathname): cannot send the reply: Connection refused"), "{gone}");
}
