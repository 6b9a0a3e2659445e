//! A server that does what the path of a request says.

use alloc::sync::Arc;
use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Mutex;
use std::thread::{self, JoinHandle};

/// Nothing that a test waits for takes longer.
const LONG: Duration = Duration::from_secs(20);

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) target: String,
    /// Names in small letters.
    pub(super) fields: Vec<(String, String)>,
    pub(super) content: Vec<u8>,
    /// Of which connection, from 0.
    pub(super) connection: usize,
}

impl Asked {
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

/// What is answered: bytes, and whether the connection goes on after them.
pub(super) struct Reply(pub(super) Vec<u8>, pub(super) bool);

impl Reply {
    /// With a Content-Length.
    pub(super) fn new(status: &str, fields: &str, content: impl AsRef<[u8]>) -> Self {
        let content = content.as_ref();
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{fields}\r\n", content.len());
        Self([head.as_bytes(), content].concat(), true)
    }

    /// As it is; then the connection ends.
    pub(super) fn last(bytes: impl AsRef<[u8]>) -> Self {
        Self(bytes.as_ref().to_vec(), false)
    }
}

/// A server that asks a closure. It ends when it is dropped.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    is_over: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Server {
    pub(super) fn new(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, is_over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let shared = (Arc::clone(&asked), Arc::clone(&is_over));
        let accepting = thread::spawn(move || {
            let (answer, (asked, is_over)) = (&answer, &shared);
            thread::scope(|scope| {
                for (number, stream) in listener.incoming().enumerate() {
                    if is_over.load(Ordering::SeqCst) {
                        break;
                    }
                    let stream = stream.unwrap();
                    stream.set_read_timeout(Some(LONG)).unwrap();
                    stream.set_write_timeout(Some(LONG)).unwrap();
                    // Whoever goes away in the middle is no failure of the server.
                    scope.spawn(move || speak(&stream, number, answer, asked));
                }
            });
        });
        Self { address, asked, is_over, accepting: Some(accepting) }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// All requests that came.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let ended = accepting.join();
            assert!(ended.is_ok() || thread::panicking());
        }
    }
}

fn speak(stream: &TcpStream, number: usize, answer: &impl Fn(&Asked) -> Reply, asked: &Mutex<Vec<Asked>>) {
    let mut input = BufReader::new(stream);
    while let Some(request) = read(&mut input, stream, number) {
        asked.lock().unwrap().push(request.clone());
        let Reply(bytes, goes_on) = answer(&request);
        if { stream }.write_all(&bytes).is_err() || !goes_on {
            break;
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
    // Until the other end has gone, too, so that no reset overtakes what was written.
    let _ = std::io::copy(&mut input, &mut std::io::sink());
}

/// The next request; none if there is no other.
fn read(input: &mut BufReader<&TcpStream>, mut stream: &TcpStream, connection: usize) -> Option<Asked> {
    let mut line = || {
        let mut line = String::new();
        input.read_line(&mut line).ok().filter(|count| *count > 0)?;
        Some(line.trim_end().to_owned())
    };
    let first = line()?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut fields = Vec::new();
    loop {
        let line = line()?;
        let Some((name, value)) = line.split_once(": ") else { break };
        fields.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let mut asked = Asked { method, target, fields, content: Vec::new(), connection };
    if asked.field("expect").is_some() {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
    }
    if asked.field("transfer-encoding").is_some() {
        loop {
            let mut line = String::new();
            input.read_line(&mut line).ok()?;
            let count = usize::from_str_radix(line.trim_end(), 16).ok()?;
            let mut chunk = vec![0; count + 2];
            input.read_exact(&mut chunk).ok()?;
            if count == 0 {
                break;
            }
            asked.content.extend_from_slice(&chunk[..count]);
        }
    } else if let Some(length) = asked.field("content-length") {
        asked.content = vec![0; length.parse().ok()?];
        input.read_exact(&mut asked.content).ok()?;
    }
    Some(asked)
}
