//! Clients that ask without pause, and count each request that is not answered as it should be.

use alloc::sync::Arc;
use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::io::{self, BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Mutex;
use std::thread::{self, JoinHandle};

use wirenut_tests::waiting::{PATIENCE, until};

/// Clients of each kind: those that keep their connection, and those that make one for each request.
const CLIENTS: u32 = 12;

#[derive(Default)]
struct Counts {
    answered: AtomicU64,
    is_over: AtomicBool,
    failures: Mutex<Vec<String>>,
}

pub(crate) struct Load {
    counts: Arc<Counts>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    pub(crate) fn start(to: SocketAddr) -> Self {
        let counts = Arc::new(Counts::default());
        let client = |number: u32| {
            let counts = Arc::clone(&counts);
            thread::spawn(move || ask_until_over(&counts, to, number))
        };
        let clients = (0..2 * CLIENTS).map(client).collect();
        Self { counts, clients }
    }

    pub(crate) fn answered(&self) -> u64 {
        self.counts.answered.load(Ordering::Relaxed)
    }

    pub(crate) fn failures(&self) -> Vec<String> {
        self.counts.failures.lock().unwrap().clone()
    }

    /// Until so many were answered, or one has failed.
    pub(crate) fn wait_for(&self, count: u64) {
        until("an answer", || (self.answered() >= count || !self.failures().is_empty()).then_some(()));
    }

    /// How many were answered, and what became of the others.
    pub(crate) fn end(self) -> (u64, Vec<String>) {
        self.counts.is_over.store(true, Ordering::Relaxed);
        self.clients.into_iter().for_each(|client| client.join().unwrap());
        let failures = self.counts.failures.lock().unwrap().clone();
        (self.counts.answered.load(Ordering::Relaxed), failures)
    }
}

fn ask_until_over(counts: &Counts, to: SocketAddr, number: u32) {
    let is_kept = number < CLIENTS;
    let mut kept = None;
    let mut turn = number;
    while !counts.is_over.load(Ordering::Relaxed) {
        turn = turn.wrapping_add(1);
        let request = if turn.is_multiple_of(2) { Request::get(turn % 3000) } else { Request::post(turn % 3000) };
        let asked = (|| {
            let mut stream = match kept.take() {
                Some(stream) => stream,
                None => BufReader::new(connect(to)?),
            };
            let may_go_on = request.ask(&mut stream, is_kept)?;
            kept = (is_kept && may_go_on).then_some(stream);
            Ok::<(), io::Error>(())
        })();
        match asked {
            Ok(()) => _ = counts.answered.fetch_add(1, Ordering::Relaxed),
            Err(error) => {
                let how = if is_kept { "kept" } else { "new" };
                counts.failures.lock().unwrap().push(format!("{} over a {how} connection: {error}", request.line));
            }
        }
    }
}

fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(to)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// A request, and what its answer has in it.
struct Request {
    line: &'static str,
    text: String,
    /// In the content.
    expected: Vec<u8>,
    length: Option<usize>,
}

impl Request {
    fn get(length: u32) -> Self {
        let text = format!("GET /download?bytes={length} HTTP/1.1\r\nHost: test\r\n");
        Self {
            line: "GET",
            text: text + "{connection}\r\n",
            expected: Vec::new(),
            length: usize::try_from(length).ok(),
        }
    }

    fn post(length: u32) -> Self {
        let content = "x".repeat(length as usize);
        let text = format!("POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\n");
        let expected = format!("{{\"length\":{length},").into_bytes();
        Self { line: "POST", text: text + "{connection}\r\n" + &content, expected, length: None }
    }

    /// Whether the connection may be used again.
    fn ask(&self, stream: &mut BufReader<TcpStream>, is_kept: bool) -> io::Result<bool> {
        let connection = if is_kept { "" } else { "Connection: close\r\n" };
        stream.get_mut().write_all(self.text.replacen("{connection}", connection, 1).as_bytes())?;
        let (head, content) = response(stream)?;
        let status = head.split(' ').nth(1).unwrap_or_default();
        let is_expected =
            content.starts_with(&self.expected) && self.length.is_none_or(|length| content.len() == length);
        if status != "200" || !is_expected {
            return Err(io::Error::other(format!("{head}{}", String::from_utf8_lossy(&content))));
        }
        Ok(!head.to_ascii_lowercase().contains("connection: close"))
    }
}

/// Head and content of a response with a length.
fn response(stream: &mut BufReader<TcpStream>) -> io::Result<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head)? == 0 {
            return Err(io::Error::other(format!("the end, after {head:?}")));
        }
    }
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let length: usize = length.ok_or_else(|| io::Error::other(format!("no length: {head}")))?;
    let mut content = vec![0; length];
    stream.read_exact(&mut content)?;
    Ok((head, content))
}
