//! The firmwares of which the sizes are published serve what they say: all that a service may do, on both stacks.

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use wirenut_tests::tools::has_board;

use crate::process::Program;

/// What is asked (`↵` is a line end), how the answer begins, and how it ends.
const CASES: &[(&str, &str, &str)] = &[
    ("GET / HTTP/1.1↵Host: a↵X-Value: mine↵↵", "HTTP/1.1 200 OK↵", "X-Value: mine↵Content-Length: 13↵↵Hello, world\n"),
    ("GET /stream HTTP/1.1↵Host: a↵↵", "HTTP/1.1 200 OK↵", "xx↵0↵X-Sum: 1↵↵"),
    ("GET /long HTTP/1.1↵Host: a↵↵", "HTTP/1.1 200 OK↵", "xxxxxxxx"),
    (
        "POST /echo HTTP/1.1↵Host: a↵Expect: 100-continue↵Content-Length: 5↵↵12345",
        "HTTP/1.1 100 Continue↵↵HTTP/1.1 200 OK↵",
        "12345↵0↵↵",
    ),
    (
        "POST /count HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵7↵1234567↵0↵X-Value: last↵↵",
        "HTTP/1.1 200 OK↵",
        "X-Value: last↵Content-Length: 1↵↵7",
    ),
    ("GET /wait HTTP/1.1↵Host: a↵↵", "HTTP/1.1 200 OK↵", "late\n"),
    (
        "GET /upgrade HTTP/1.1↵Host: a↵Connection: upgrade↵Upgrade: echo↵↵any bytes",
        "HTTP/1.1 101 Switching Protocols↵",
        "↵↵any bytes",
    ),
    ("GET /abort HTTP/1.1↵Host: a↵↵", "HTTP/1.1 500 Internal Server Error↵", "↵↵"),
    ("GET /no HTTP/1.1↵Host: a↵↵", "HTTP/1.1 204 No Content↵", "Connection: close↵↵"),
];

#[test]
fn all_that_a_service_may_do_is_done_on_smoltcp() {
    serves_all("adapters/firmware/run full");
}

#[test]
fn all_that_a_service_may_do_is_done_on_embassy() {
    serves_all("adapters/firmware/run full_embassy");
}

fn serves_all(command: &str) {
    if !has_board() {
        return;
    }
    let words: Vec<_> = command.split(' ').collect();
    let board = Program::start(&words);
    for (request, beginning, end) in CASES {
        let [request, beginning, end] = [request, beginning, end].map(|text| text.replace('↵', "\r\n"));
        let answer = ask(board.address, request.as_bytes());
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with(&beginning) && answer.ends_with(&end), "{request}\n{answer}\n{}", board.log());
        if request.starts_with("GET /long") {
            assert_eq!(answer.split("\r\n\r\n").nth(1).map(str::len), Some(2_000));
        }
    }
}

/// All that is answered on a connection of its own, of which our direction ends behind the request.
fn ask(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        match attempt(address, request) {
            Ok(answer) => return answer,
            // A stack without a queue refuses who comes too fast.
            Err(_) if Instant::now() < end => std::thread::sleep(Duration::from_millis(20)),
            Err(error) => panic!("no answer: {error}"),
        }
    }
}

fn attempt(address: SocketAddr, request: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(10))?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(request)?;
    stream.shutdown(std::net::Shutdown::Write)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}
