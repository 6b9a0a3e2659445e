//! How it ends: by a signal, and with what was promised.

use std::fs::File;
use std::net::TcpStream;
use std::time::Instant;

use crate::client::{Client, get};
use crate::process::{PATIENCE, Server};
use crate::tree::{Block, Tree};

/// Nothing here waits for so long: what ends does so for another reason.
const LONG_DRAIN: [&str; 2] = ["--drain", "1000"];

#[test]
fn idle_connections_do_not_keep_it() {
    for signal in ["INT", "TERM"] {
        let tree = Tree::with(&[("small", "small")]);
        let mut server = Server::serve_with(&tree.public(), &LONG_DRAIN);
        let mut used = Client::connect(server.address);
        assert_eq!(used.get("/small").status, 200);
        let mut fresh = Client::connect(server.address);
        // An exchange on another connection shows that both were taken in.
        assert_eq!(Client::connect(server.address).get("/small").status, 200);
        server.signal(signal);
        assert_eq!(server.end().code(), Some(0), "{signal}");
        assert_eq!((used.rest(), fresh.rest()), (0, 0));
        assert_eq!(server.output.wait_for(2).len(), 2, "the last lines are written");
        assert!(TcpStream::connect(server.address).is_err());
    }
}

#[test]
fn a_download_is_finished_first() {
    const BLOCKS: u64 = 1000;
    let tree = Tree::new();
    tree.write_blocks("large", BLOCKS);
    let mut server = Server::serve_with(&tree.public(), &LONG_DRAIN);
    let mut client = Client::connect(server.address);
    client.send(get("/large"));
    let length = client.head().length();
    let mut idle = Client::connect(server.address);
    assert_eq!(idle.get("/missing").status, 404);
    server.signal("TERM");
    assert_eq!(idle.rest(), 0);
    // Each thread stops listening when it hears of the signal, and the last one closes the queue.
    let begun = Instant::now();
    while TcpStream::connect(server.address).is_ok() {
        assert!(begun.elapsed() < PATIENCE, "nobody new is taken in");
    }
    let mut expected = Block::new();
    client.take(length, 1 << 16, |at, piece| {
        assert!(piece == expected.number(at / Block::LENGTH), "at byte {at}");
    });
    assert_eq!(client.rest(), 0);
    assert_eq!(server.end().code(), Some(0));
    assert_eq!(server.output.wait_for_requests(2)[1], format!("GET /large 200 {length}"));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    const LENGTH: u64 = 1 << 40;
    let tree = Tree::new();
    File::create(tree.public().join("sparse")).unwrap().set_len(LENGTH).unwrap();
    let mut server = Server::serve_with(&tree.public(), &LONG_DRAIN);
    let mut client = Client::connect(server.address);
    client.send(get("/sparse"));
    assert_eq!(client.head().length(), LENGTH);
    server.signal("INT");
    // Two signals that wait at the same time are one. The first was taken once nobody is let in any more.
    while TcpStream::connect(server.address).is_ok() {
        client.take(1 << 16, 1 << 16, |_, _| ());
    }
    client.take(1 << 20, 1 << 16, |_, _| ());
    assert!(server.child.try_wait().unwrap().is_none());
    server.signal("INT");
    assert_eq!(server.end().code(), Some(0));
    assert!(client.rest() < LENGTH);
}
