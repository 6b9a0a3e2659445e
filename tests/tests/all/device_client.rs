//! The board as a client: it fetches more than it could hold, through a kilobyte, over both of its stacks.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::thread;

use wirenut_reference::{Crc32, pattern_byte};
use wirenut_tests::parity::State;
use wirenut_tests::tools::has_board;

use crate::parity::linux::Linux;
use crate::process::ROOT;

const STACKS: [&str; 2] = ["smoltcp", "embassy"];

/// Twice the board's memory.
const CONTENT_BYTES: u64 = 8 << 20;

/// Of a build and a fetch. Each of them is bounded by itself, too.
const SECONDS: &str = "600";

/// Has the board fetch something from a port of this machine.
fn fetch(stack: &str, port: u16, target: &str) -> Output {
    let url = format!("http://10.0.2.2:{port}{target}");
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "timeout", SECONDS, "adapters/firmware/fetch", stack, &url]);
    command.current_dir(ROOT).stdin(Stdio::null()).output().expect("setpriv of util-linux")
}

fn succeeded_with(output: &Output, content: impl Iterator<Item = u8>) {
    let (mut length, mut crc) = (0, Crc32::EMPTY);
    for byte in content {
        length += 1;
        crc.update(&[byte]);
    }
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said, format!("{length} bytes, CRC-32 {:08x}\n", crc.value()), "{output:?}");
    assert!(output.status.success());
}

/// Lets the board fetch from a server of one connection, which sends that, whatever it is asked.
fn fetch_from(stack: &str, answer: &[u8]) -> Output {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    thread::scope(|scope| {
        let fetching = scope.spawn(|| {
            let output = fetch(stack, port, "/");
            // Should the board not have come, nobody else will.
            let _ = TcpStream::connect(("127.0.0.1", port)).and_then(|stream| stream.shutdown(Shutdown::Both));
            output
        });
        let (mut stream, _) = listener.accept().expect("a connection");
        // A request of this size comes in one piece. Unread bytes would make a reset of our end.
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(answer);
        let _ = stream.shutdown(Shutdown::Write);
        fetching.join().expect("a thread that does not panic")
    })
}

#[test]
fn the_board_fetches_what_is_larger_than_its_memory() {
    if !has_board() {
        return;
    }
    let server = Linux::start(State::FRESH);
    for stack in STACKS {
        let output = fetch(stack, server.address.port(), &format!("/download?bytes={CONTENT_BYTES}"));
        succeeded_with(&output, (0..CONTENT_BYTES).map(pattern_byte));
    }
}

#[test]
fn the_board_reads_heads_larger_than_its_buffer() {
    if !has_board() {
        return;
    }
    let cookies = "Set-Cookie: crumb=0123456789012345678901234567890123456789\r\n".repeat(90);
    let answer = format!("HTTP/1.1 200 OK\r\n{cookies}Transfer-Encoding: chunked\r\n\r\n4\r\nmany\r\n0\r\n\r\n");
    for stack in STACKS {
        succeeded_with(&fetch_from(stack, answer.as_bytes()), b"many".iter().copied());
    }
}

#[test]
fn the_board_tells_what_is_wrong_with_an_answer() {
    if !has_board() {
        return;
    }
    for stack in STACKS {
        for (answer, complaint) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut", "fetch: message cut off at byte 41 (RFC 9112 8)\n"),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Length: 8\r\n\r\n",
                "fetch: more than one Content-Length field at byte 50 (RFC 9112 6.3)\n",
            ),
            ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "fetch: 404\n"),
        ] {
            let output = fetch_from(stack, answer.as_bytes());
            assert!(!output.status.success() && output.stdout.is_empty(), "{answer:?}: {output:?}");
            assert_eq!(String::from_utf8_lossy(&output.stderr), complaint, "{answer:?}");
        }
    }
}
