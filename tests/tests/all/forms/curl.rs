//! What curl really sends, over a socket.

use core::time::Duration;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;

use super::{parts, text};
use wirenut::http::multipart::{Boundary, Limits};
use wirenut_tests::every_split::cuts;
use wirenut_tests::forms::{Part, read};
use wirenut_tests::tools;

/// The value of the Content-Type field, and the content, of the one request that comes; it is answered 204.
fn one_request(listener: &TcpListener) -> (String, Vec<u8>) {
    let (mut stream, _) = listener.accept().expect("curl");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time-out");
    let head =
        String::from_utf8(read_until(&mut stream, |bytes| bytes.ends_with(b"\r\n\r\n"))).expect("a head of text");
    let field = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    };
    let length: usize = field("Content-Length").expect("a length").parse().expect("a number");
    if field("Expect").is_some() {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").expect("an open connection");
    }
    let content = read_until(&mut stream, |bytes| bytes.len() == length);
    stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").expect("an open connection");
    (field("Content-Type").expect("a media type"), content)
}

fn read_until(stream: &mut TcpStream, is_all: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let (mut bytes, mut byte) = (Vec::new(), [0]);
    while !is_all(&bytes) {
        stream.read_exact(&mut byte).expect("more bytes");
        bytes.extend(byte);
    }
    bytes
}

#[test]
fn curl_sends_what_we_read() {
    if !tools::has("curl") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let content: Vec<u8> = (0..5000_u32).flat_map(|n| [b'\r', b'\n', b'-', b'-', (n % 251) as u8]).collect();
    std::fs::write(folder.path().join("data.bin"), &content).expect("a file");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let server = thread::spawn(move || one_request(&listener));
    let status = Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "30", "--form", "note=hello", "--form", "empty="])
        .args([
            "--form",
            "file=@data.bin;type=application/x-own;filename=\"a \\\"b\\\\c.bin\"",
            "--form",
            "t=<data.bin",
        ])
        .arg(&url)
        .current_dir(folder.path())
        .status();
    assert!(status.expect("curl").success());
    let (content_type, form) = server.join().expect("a request");

    let boundary = Boundary::from_content_type(content_type.as_bytes()).expect("a boundary");
    let file = Part {
        filename: Some(b"a \"b\\c.bin".to_vec()),
        content_type: Some(b"application/x-own".to_vec()),
        ..text("file", &content)
    };
    let expected = [text("note", b"hello"), text("empty", b""), file, text("t", &content)];
    // Every cut of a form so long would take minutes: those of its first kilobyte, and byte by byte.
    for pieces in cuts(&form).take(1000) {
        let read = read(boundary.as_bytes(), &Limits::DEFAULT, 256, &pieces);
        assert_eq!(parts(read), expected, "{content_type}");
    }
}
