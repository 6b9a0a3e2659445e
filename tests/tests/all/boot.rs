//! Who waits until a board is up leaves nothing behind that the board would be asked later.

use core::time::Duration;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread;
use std::time::Instant;

use wirenut_tests::tools::has_board;

use crate::process::{Program, write_program};

/// Much longer than a board takes on a machine that has nothing else to do.
const BOOT_TIME: Duration = Duration::from_secs(4);

/// For a test that fails.
const PATIENCE: Duration = Duration::from_secs(300);

/// Stands in for QEMU: says what it was asked for, and runs until it is stopped.
const EMULATOR: &str = "#!/bin/sh\necho \"$@\" >\"$0.new\" && mv \"$0.new\" \"$0.asked\" && exec sleep 600\n";

#[test]
fn one_connection_waits_however_long_a_board_takes_to_boot() {
    if !has_board() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let emulator = folder.path().join("qemu-system-arm");
    write_program(&emulator, EMULATOR);
    let path = format!("PATH={}:{}", folder.path().display(), std::env::var("PATH").expect("a path"));
    thread::scope(|scope| {
        let board = scope.spawn(|| boot_slowly(&folder.path().join("qemu-system-arm.asked")));
        let program = Program::start(&["env", &path, "adapters/firmware/run", "reference_smoltcp", "--no-log"]);
        let (port, was_left) = board.join().expect("a board that answers");
        assert!(!was_left, "whoever asked left before the answer");
        assert_eq!(program.address.port(), port);
    });
}

/// Accepts like QEMU, at once, and answers only when the board would be up. The port, and whether who asked had left.
fn boot_slowly(asked: &Path) -> (u16, bool) {
    let port = port_of(asked);
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("a free port");
    let mut stream = loop {
        let (mut stream, _) = listener.accept().expect("a connection");
        // Whoever asks whether the port is taken says nothing.
        if hears_request(&mut stream) {
            break stream;
        }
    };
    let was_left = leaves_within(&mut stream, BOOT_TIME);
    let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
    if was_left {
        let (mut stream, _) = listener.accept().expect("another connection");
        hears_request(&mut stream);
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").expect("who still waits");
    }
    (port, was_left)
}

fn hears_request(stream: &mut TcpStream) -> bool {
    let (mut heard, mut piece) = (Vec::new(), [0; 1024]);
    while !heard.ends_with(b"\r\n\r\n") {
        match stream.read(&mut piece) {
            Ok(length @ 1..) => heard.extend_from_slice(&piece[..length]),
            _ => return false,
        }
    }
    true
}

fn leaves_within(stream: &mut TcpStream, time: Duration) -> bool {
    stream.set_read_timeout(Some(time)).expect("a live socket");
    match stream.read(&mut [0; 1024]) {
        Ok(length) => length == 0,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

/// The port that the stand-in was asked to forward.
fn port_of(asked: &Path) -> u16 {
    let end = Instant::now() + PATIENCE;
    while !asked.exists() {
        assert!(Instant::now() < end, "the emulator was not started");
        thread::sleep(Duration::from_millis(10));
    }
    let words = fs::read_to_string(asked).expect("a text");
    let port = words.split_once("hostfwd=tcp:127.0.0.1:").and_then(|(_, rest)| rest.split_once('-'));
    port.and_then(|(port, _)| port.parse().ok()).unwrap_or_else(|| panic!("no port in {words}"))
}
