//! Files of any size, slow readers, and bounded memory.

use core::time::Duration;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::thread;

use rustix::fs::{Advice, fadvise};

use crate::client::{Client, get};
use crate::process::Server;
use crate::tree::{Block, Tree};

/// In KiB: what a debug build needs anyway, and room for buffers, but for no large file.
const MAX_MEMORY: u64 = 40 * 1024;

#[test]
fn two_hundred_megabytes_arrive_as_they_are() {
    const BLOCKS: u64 = 3200;
    let tree = Tree::new();
    tree.write_blocks("large.zip", BLOCKS);
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    client.send(get("/large.zip"));
    let head = client.head();
    assert_eq!((head.status, head.length()), (200, BLOCKS * Block::LENGTH));
    let mut expected = Block::new();
    client.take(head.length(), 1 << 16, |at, piece| {
        assert!(piece == expected.number(at / Block::LENGTH), "at byte {at}");
    });
    // Nothing is too much or too little: the next response begins where this one ends.
    assert_eq!(client.get("/missing").status, 404);
    assert_eq!(server.output.wait_for_requests(1)[0], format!("GET /large.zip 200 {}", BLOCKS * Block::LENGTH));
    assert!(server.peak_memory() < MAX_MEMORY, "{} KiB", server.peak_memory());
}

/// Where the file system keeps files in memory only, this is as good as any other download.
#[test]
fn what_is_not_in_memory_comes_from_the_disk() {
    const BLOCKS: u64 = 500;
    let tree = Tree::with(&[("small", "small")]);
    tree.write_blocks("cold", BLOCKS);
    let file = File::open(tree.public().join("cold")).unwrap();
    file.sync_all().unwrap();
    fadvise(&file, 0, None, Advice::DontNeed).unwrap();
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    client.send(get("/cold") + &get("/small"));
    let length = client.head().length();
    let mut expected = Block::new();
    client.take(length, 1 << 16, |at, piece| {
        assert!(piece == expected.number(at / Block::LENGTH), "at byte {at}");
    });
    assert_eq!(client.response().text(), "small");
}

#[test]
fn five_gigabytes_are_announced_and_may_be_left() {
    const LENGTH: u64 = 5 << 30;
    let tree = Tree::with(&[("small", "small")]);
    let file = File::create(tree.public().join("sparse")).unwrap();
    file.write_all_at(b"first", 0).unwrap();
    file.write_all_at(b"last", LENGTH - 4).unwrap();
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    assert_eq!(client.head_of("/sparse").length(), LENGTH);
    client.send(get("/sparse"));
    assert_eq!(client.head().length(), LENGTH);
    client.take(1 << 20, 1 << 16, |at, piece| {
        assert!(at > 0 || piece.starts_with(b"first\0\0"));
    });
    // With bytes unread, so this resets.
    drop(client);
    let line = server.output.wait_for(2)[1].clone();
    let sent: u64 = line.split(' ').nth(4).unwrap().parse().unwrap();
    assert!(line.contains(" GET /sparse 200 ") && ((1 << 20)..LENGTH).contains(&sent), "{line}");
    assert_eq!(Client::connect(server.address).get("/small").text(), "small");
}

#[test]
fn many_downloads_at_once_need_little_memory() {
    const CLIENTS: usize = 40;
    let tree = Tree::new();
    File::create(tree.public().join("sparse")).unwrap().set_len(1 << 40).unwrap();
    let server = Server::serve(&tree.public());
    let mut clients: Vec<Client> = (0..CLIENTS).map(|_| Client::connect(server.address)).collect();
    for client in &mut clients {
        client.send(get("/sparse"));
    }
    thread::scope(|scope| {
        for client in &mut clients {
            scope.spawn(|| {
                client.head();
                client.take(8 << 20, 1 << 16, |_, _| ());
            });
        }
    });
    assert!(server.peak_memory() < MAX_MEMORY, "{} KiB", server.peak_memory());
}

#[test]
fn slow_readers_get_all_and_hold_up_nobody() {
    const BLOCKS: u64 = 160;
    let tree = Tree::with(&[("small", "small")]);
    tree.write_blocks("large", BLOCKS);
    let server = Server::serve(&tree.public());
    let mut slow: Vec<Client> = (0..10).map(|_| Client::connect(server.address)).collect();
    for client in &mut slow {
        client.send(get("/large"));
    }
    let mut fast = Client::connect(server.address);
    // Nobody reads what the others have asked for, so they would be waited for without end.
    for _ in 0..100 {
        assert_eq!(fast.get("/small").text(), "small");
    }
    let client = &mut slow[0];
    let length = client.head().length();
    let mut expected = Block::new();
    client.take(length, 1 << 16, |at, piece| {
        if at % (1 << 20) == 0 {
            thread::sleep(Duration::from_millis(20));
        }
        assert!(piece == expected.number(at / Block::LENGTH), "at byte {at}");
    });
    assert_eq!(client.get("/small").text(), "small");
}

#[test]
fn a_file_that_is_cut_short_cuts_the_connection() {
    const LENGTH: u64 = 100 << 20;
    let tree = Tree::with(&[("small", "small")]);
    let file = File::create(tree.public().join("shrinking")).unwrap();
    file.set_len(LENGTH).unwrap();
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    client.send(get("/shrinking"));
    assert_eq!(client.head().length(), LENGTH);
    file.set_len(0).unwrap();
    let came = client.rest();
    assert!(came < LENGTH, "{came}");
    let errors = server.errors.wait_for(1);
    assert!(errors[0].ends_with(": shrinking: the file became shorter while it was read"), "{errors:?}");
    assert!(server.output.wait_for(1)[0].contains(" GET /shrinking 200 "));
    assert_eq!(Client::connect(server.address).get("/small").text(), "small");
}

#[test]
fn a_file_that_grows_is_sent_as_long_as_it_was() {
    const LENGTH: u64 = 30 << 20;
    let tree = Tree::with(&[("small", "small")]);
    let mut file = File::create(tree.public().join("growing")).unwrap();
    file.set_len(LENGTH).unwrap();
    let server = Server::serve(&tree.public());
    let mut client = Client::connect(server.address);
    client.send(get("/growing"));
    assert_eq!(client.head().length(), LENGTH);
    file.set_len(2 * LENGTH).unwrap();
    file.write_all(b"also at its start").unwrap();
    client.take(LENGTH, 1 << 16, |_, _| ());
    assert_eq!(client.get("/small").text(), "small");
    assert_eq!(client.head_of("/growing").length(), 2 * LENGTH);
}
