//! What curl and requests really send, over a socket. (What Chromium does is heard by the reference service.)

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

/// The boundary, and the form that a client sends which is given the address as its last argument.
fn sent(client: &mut Command) -> (Boundary, Vec<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let server = thread::spawn(move || one_request(&listener));
    assert!(client.arg(&url).status().expect("a client").success());
    let (content_type, form) = server.join().expect("a request");
    (Boundary::from_content_type(content_type.as_bytes()).expect("a boundary"), form)
}

/// Every cut of a form so long would take minutes: those of its first kilobyte, and byte by byte.
#[track_caller]
fn check((boundary, form): &(Boundary, Vec<u8>), expected: &[Part]) {
    for pieces in cuts(form).take(1000) {
        assert_eq!(parts(read(boundary.as_bytes(), &Limits::DEFAULT, 256, &pieces)), expected);
    }
}

fn file(filename: &str, content_type: Option<&str>, content: &[u8]) -> Part {
    Part {
        filename: Some(filename.as_bytes().to_vec()),
        content_type: content_type.map(|value| value.as_bytes().to_vec()),
        ..text("file", content)
    }
}

#[test]
fn curl_sends_what_we_read() {
    if !tools::has("curl") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let content: Vec<u8> = (0..5000_u32).flat_map(|n| [b'\r', b'\n', b'-', b'-', (n % 251) as u8]).collect();
    std::fs::write(folder.path().join("data.bin"), &content).expect("a file");
    let form = sent(
        Command::new("curl")
            .args(["--silent", "--show-error", "--max-time", "30", "--form", "note=hello", "--form", "empty="])
            .args(["--form", "file=@data.bin;type=application/x-own;filename=\"a \\\"b\\\\c.bin\""])
            .args(["--form", "t=<data.bin"])
            .current_dir(folder.path()),
    );
    let upload = file("a \"b\\c.bin", Some("application/x-own"), &content);
    check(&form, &[text("note", b"hello"), text("empty", b""), upload, text("t", &content)]);
}

/// In `peers`, for the gate brings along what that step needs.
mod peers {
    use super::{Command, check, file, sent, text};

    #[test]
    #[ignore = "needs python3 with requests: `.ci/run peers` brings it along"]
    fn requests_sends_what_we_read() {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/requests_form.py");
        let form = sent(Command::new("python3").arg(script));
        let bytes: Vec<u8> = (0..=u8::MAX).collect();
        let files =
            [file("a \"b\"\\ä%.txt", Some("text/plain"), b"1\r\n2\n"), file("data.bin", None, &bytes.repeat(20))];
        check(&form, &[&[text("note", "héllo".as_bytes()), text("empty", b"")], &files[..]].concat());
    }
}
