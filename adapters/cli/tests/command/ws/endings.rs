//! How it ends, and what it says then.

use std::process::Stdio;

use super::{Served, answering, ws};
use crate::process::wirenut;

#[test]
fn how_the_server_ends_decides_the_status() {
    let served = Served::start();
    // Standard input stays open: the server closes first.
    for (path, status, complaint) in
        [("/about", Some(0), ""), ("/fail", Some(1), "wirenut: the server closed with 1011: out of order\\x1b\n")]
    {
        let url = format!("{}{path}", served.url);
        let mut command = wirenut();
        command.args(["ws", &url]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let _open = child.stdin.take();
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), str::from_utf8(&output.stderr).unwrap()), (status, complaint));
    }
}

#[test]
fn a_message_longer_than_the_limit_ends_it() {
    let served = Served::start();
    let (status, _, errors) = served.ws("/about", &["--limit", "10"], b"");
    assert_eq!(status, Some(1));
    assert_eq!(errors, "wirenut: closed the connection: the server sent a message that is longer than --limit\n");
}

#[test]
fn failures_name_the_phase() {
    let (_socket, closed) = crate::process::nobody();
    for (url, complaint) in [
        (format!("ws://{closed}/"), format!("cannot connect to {closed}: Connection refused (os error 111); is the server running?")),
        (answering(b""), "cannot open a WebSocket: the server does not answer".into()),
        (answering(b"HTTP/1.1 302 Found\r\nLocation: /a\r\n\r\n"), "cannot open a WebSocket: the server answered 302".into()),
        (answering(b"HTTP/1.1 404 Not"), "cannot open a WebSocket: the server hung up before it had answered".into()),
        (
            answering(b"HTTP/1.1 101 A\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: a\r\n\r\n"),
            "cannot open a WebSocket: the server sent a Sec-WebSocket-Accept that does not answer the key (RFC 6455 4.1)".into(),
        ),
    ] {
        // Only who never answers is waited for until the time is over.
        let limit = if complaint.ends_with("does not answer") { "1" } else { "30" };
        let (status, output, errors) = ws(&[&url, "--timeout", limit], b"");
        assert_eq!((status, output.as_slice()), (Some(1), &b""[..]), "{errors}");
        assert_eq!(errors, format!("wirenut: {complaint}\n"));
    }
    let (status, _, errors) = ws(&[&answering(b"SSH-2.0-a\r\n")], b"");
    assert_eq!(status, Some(1));
    assert!(errors.starts_with("wirenut: cannot open a WebSocket: the answer is not HTTP/1.1: "), "{errors}");
}
