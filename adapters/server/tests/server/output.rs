//! Large answers: slow readers, and files.

use core::sync::atomic::Ordering;
use core::time::Duration;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::thread;

use wirenut_server::Config;

use crate::client::Client;
use crate::lab::{Running, wait_until};

const SIZE: usize = 100 << 20;

#[test]
fn a_slow_reader_gets_all_and_only_what_it_takes_is_made() {
    let server = Running::start(Config::DEFAULT);
    let mut client = Client::connect(server.address);
    client.ask(&format!("/big/{SIZE}"));
    let made = || server.lab.made.load(Ordering::SeqCst);
    let mut before = u64::MAX;
    wait_until("nothing more is made", || {
        thread::sleep(Duration::from_millis(100));
        core::mem::replace(&mut before, made()) == made()
    });
    // What lies in the sockets' own buffers, and one of the server's.
    assert!(made() < SIZE as u64 / 2, "{} bytes were made", made());
    // A second connection is served meanwhile.
    assert_eq!(Client::connect(server.address).get("/hello").status, 200);
    assert_eq!(client.response().body.len(), SIZE);
    assert_eq!(client.get("/hello").status, 200);
    server.finish();
}

/// A file that has no name.
fn file(size: usize) -> File {
    let path = std::env::temp_dir().join(format!("wirenut-{}-{size}-{:?}", std::process::id(), thread::current().id()));
    let mut file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    let bytes: Vec<u8> = (0..=250).cycle().take(size).collect();
    file.write_all(&bytes).unwrap();
    file.rewind().unwrap();
    file
}

#[test]
fn a_file_is_transferred_whole() {
    let size = 10 << 20;
    let server = Running::with_file(Config::DEFAULT, Some(file(size)));
    let mut client = Client::connect(server.address);
    for _ in 0..3 {
        client.ask(&format!("/file/{size}"));
        // Long enough for the sockets' buffers to fill.
        thread::sleep(Duration::from_millis(50));
        let body = client.response().body;
        assert_eq!(body.len(), size);
        assert!(body.chunks(251).all(|chunk| chunk.iter().copied().eq(0..u8::try_from(chunk.len()).unwrap())));
    }
    // Several in a row, of which each waits for the one before.
    for _ in 0..20 {
        client.ask("/file/1000");
    }
    for _ in 0..20 {
        assert_eq!(client.response().body.len(), 1000);
    }
    assert_eq!(client.get("/hello").status, 200);
    server.finish();
}

#[test]
fn a_file_that_is_too_short_is_seen_to_be() {
    let server = Running::with_file(Config::DEFAULT, Some(file(1 << 20)));
    let mut client = Client::connect(server.address);
    client.ask(&format!("/file/{}", 2 << 20));
    assert_eq!(client.head().status, 200);
    let (rest, _) = client.rest();
    assert!(rest.len() <= 1 << 20, "{}", rest.len());
    assert_eq!(server.failed(), 1);
    server.finish();
}

#[test]
fn one_large_download_holds_up_nobody() {
    let server = Running::start(Config::DEFAULT);
    let mut large = Client::connect(server.address);
    large.ask("/big/1000000000000000");
    let mut sink = large.stream.get_ref().try_clone().unwrap();
    let reading = thread::spawn(move || {
        let mut buffer = vec![0; 1 << 20];
        while matches!(sink.read(&mut buffer), Ok(1..)) {}
    });
    let mut small = Client::connect(server.address);
    for _ in 0..1_000 {
        assert_eq!(small.get("/hello").status, 200);
    }
    server.stopper.stop_now();
    reading.join().unwrap();
    assert_eq!(server.join().cut, 1);
}
