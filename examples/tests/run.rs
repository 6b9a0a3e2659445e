//! Each program does what it says, over real sockets. (`hello` is what the README shows, and is run by the tests of that.)

use core::time::Duration;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use wirenut_tests::reserved::Reserved;

/// How long a program may take to start, or to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A program that runs until it is dropped.
struct Program {
    child: Child,
    address: String,
    _reserved: Reserved,
}

impl Program {
    fn start(program: &str, arguments: &[&str]) -> Self {
        let reserved = Reserved::new();
        let address = reserved.address.to_string();
        let child = Command::new(program).arg(&address).args(arguments).spawn().unwrap();
        let mut started = Self { child, address, _reserved: reserved };
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(&started.address).is_err() {
            let ended = started.child.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < end, "{program} does not listen: {ended:?}");
            thread::sleep(Duration::from_millis(10));
        }
        started
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends a request, and returns all that is answered.
    fn ask(&self, method: &str, target: &str, fields: &str, content: &[u8]) -> String {
        let mut stream = self.connect();
        let length = content.len();
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\nConnection: close\r\n{fields}\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(content).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    #[track_caller]
    fn expect(&self, method: &str, target: &str, content: &str, status: &str, body: &str) {
        let answer = self.ask(method, target, "", content.as_bytes());
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{method} {target}: {answer}");
        assert!(answer.ends_with(&format!("\r\n\r\n{body}")), "{method} {target}: {answer}");
    }

    /// Begins to read events.
    fn listen(&self, target: &str) -> Events {
        let mut stream = self.connect();
        stream.write_all(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).unwrap();
        Events { stream, seen: String::new() }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Events {
    stream: TcpStream,
    seen: String,
}

impl Events {
    /// Reads what must be next.
    #[track_caller]
    fn wait_for_bytes(&mut self, expected: &[u8]) {
        let mut bytes = vec![0; expected.len()];
        self.stream.read_exact(&mut bytes).unwrap();
        assert_eq!(bytes, expected);
    }

    /// Reads until this has come.
    #[track_caller]
    fn wait_for(&mut self, text: &str) {
        let mut piece = [0; 1024];
        while !self.seen.contains(text) {
            let length = self.stream.read(&mut piece).unwrap();
            assert!(length > 0, "no {text:?} in {:?}", self.seen);
            self.seen.push_str(str::from_utf8(&piece[..length]).unwrap());
        }
    }
}

#[test]
fn json() {
    let api = Program::start(env!("CARGO_BIN_EXE_json"), &[]);
    api.expect("GET", "/items", "", "200", "[]");
    api.expect("POST", "/items", r#"{"name":"nut"}"#, "201", r#"{"id":0}"#);
    api.expect("GET", "/items/0", "", "200", r#"{"name":"nut"}"#);
    api.expect("GET", "/items/1", "", "404", "Not Found");
    api.expect("GET", "/items/x", "", "404", "Not Found");
    api.expect("POST", "/items", "{", "400", "Bad Request");
    api.expect("POST", "/items", &" ".repeat(65_537), "413", "Content Too Large");
    api.expect("DELETE", "/items", "", "405", "Method Not Allowed");
}

#[test]
fn files() {
    let folder = tempfile::tempdir().unwrap();
    let files = Program::start(env!("CARGO_BIN_EXE_files"), &[folder.path().to_str().unwrap()]);
    let content = "0123456789".repeat(30_000);
    files.expect("PUT", "/a.txt", &content, "201", "");
    files.expect("GET", "/a.txt", "", "200", &content);
    files.expect("GET", "/b.txt", "", "404", "Not Found");
    files.expect("PUT", "/..", "x", "404", "Not Found");
    assert!(files.ask("GET", "/a.txt", "Range: bytes=1-3\r\n", b"").ends_with("\r\n\r\n123"));
    assert!(files.ask("GET", "/a.txt", "Range: bytes=300000-\r\n", b"").starts_with("HTTP/1.1 416"));
    assert!(files.ask("GET", "/a.txt", "If-None-Match: *\r\n", b"").starts_with("HTTP/1.1 304"));
    // An upload that is not whole leaves nothing.
    let mut stream = files.connect();
    stream.write_all(b"PUT /half HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf").unwrap();
    let end = Instant::now() + PATIENCE;
    let part = folder.path().join("half.part");
    while !part.exists() {
        assert!(Instant::now() < end, "the upload does not begin");
        thread::sleep(Duration::from_millis(10));
    }
    drop(stream);
    while part.exists() {
        assert!(Instant::now() < end, "the part stays");
        thread::sleep(Duration::from_millis(10));
    }
    assert!(!folder.path().join("half").exists());
}

#[test]
fn events() {
    let clock = Program::start(env!("CARGO_BIN_EXE_events"), &[]);
    let mut events = clock.listen("/clock");
    events.wait_for("Content-Type: text/event-stream\r\n");
    // Two of them.
    events.wait_for("data: ");
    events.wait_for("\n\n");
    events.seen.clear();
    events.wait_for("data: ");
    assert!(clock.ask("GET", "/", "", b"").contains("EventSource"));
}

#[test]
fn chat() {
    let room = Program::start(env!("CARGO_BIN_EXE_chat"), &[]);
    let mut guests = [room.listen("/hear"), room.listen("/hear")];
    guests.iter_mut().for_each(|guest| guest.wait_for("\r\n\r\n"));
    room.expect("POST", "/say", "hello", "204", "");
    room.expect("POST", "/say", "two\nlines", "204", "");
    for guest in &mut guests {
        guest.wait_for("event: said\nid: 0\ndata: hello\n\n");
        guest.wait_for("event: said\nid: 1\ndata: two\ndata: lines\n\n");
    }
}

/// Texts over WebSocket, masked by zeros.
#[test]
fn room() {
    let room = Program::start(env!("CARGO_BIN_EXE_room"), &[]);
    let mut guests = [(); 3].map(|()| {
        let mut stream = room.connect();
        let fields = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
        let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        stream.write_all(format!("GET /room HTTP/1.1\r\nHost: a\r\n{fields}{key}\r\n").as_bytes()).unwrap();
        let mut guest = Events { stream, seen: String::new() };
        guest.wait_for("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
        guest.wait_for("\r\n\r\n");
        guest
    });
    let mut say = |index: usize, words: &str| {
        let length = u8::try_from(words.len()).unwrap();
        let frame = [&[0x81, 0x80 | length, 0, 0, 0, 0], words.as_bytes()].concat();
        guests[index].stream.write_all(&frame).unwrap();
        for guest in &mut guests {
            guest.wait_for_bytes(&[&[0x81, length], words.as_bytes()].concat());
        }
    };
    say(0, "hello");
    say(2, "good bye");
}

#[test]
fn tokio() {
    Program::start(env!("CARGO_BIN_EXE_tokio"), &[]).expect("GET", "/", "", "200", "Hello, World!\n");
}

/// curl checks the certificate, and that the connection has an end (close_notify).
#[test]
fn https() {
    if !wirenut_tests::tools::has("curl") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let [certificate, key] = ["certificate", "key"].map(|name| folder.path().join(name).to_str().unwrap().to_owned());
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    for program in [env!("CARGO_BIN_EXE_https_tokio"), env!("CARGO_BIN_EXE_https_blocking")] {
        let server = Program::start(program, &[&certificate, &key]);
        let url = format!("https://{}/", server.address);
        // Two requests over one connection, and a third that ends it.
        let close = ["--next", "--cacert", &certificate, "--header", "Connection: close", &url];
        let mut curl = Command::new("curl");
        curl.args([
            "--silent",
            "--show-error",
            "--fail-early",
            "--max-time",
            "20",
            "--cacert",
            &certificate,
            &url,
            &url,
        ]);
        let heard = curl.args(close).output().unwrap();
        assert!(heard.status.success(), "{program}: {}", String::from_utf8_lossy(&heard.stderr));
        assert_eq!(String::from_utf8_lossy(&heard.stdout), "Hello, World!\n".repeat(3), "{program}");
        // Without the certificate it is nobody's.
        let distrusted = Command::new("curl").args(["--silent", "--max-time", "20", &url]).output().unwrap();
        assert_eq!(distrusted.status.code(), Some(60), "{program}");
    }
}

/// The same handler under each model.
#[test]
fn echo() {
    for model in ["iterative", "forking", "threading", "pre-forked", "pre-threaded"] {
        let program = Program::start(env!("CARGO_BIN_EXE_echo_server"), &[model]);
        let mut stream = program.connect();
        stream.write_all(b"hello").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "hello", "{model}");
    }
    // Who waits for one peer cannot serve others beside it.
    let refused =
        Command::new(env!("CARGO_BIN_EXE_echo_server")).args(["127.0.0.1:0", "multiplexed"]).output().unwrap();
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(error.contains("multiplex a handler that blocks"), "{error}");
}

#[test]
fn clock() {
    let mut child =
        Command::new(env!("CARGO_BIN_EXE_clock")).arg("127.0.0.1:0").stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut reply = [0; 100];
    client.send_to(b"what time is it?", line.trim()).unwrap();
    let length = client.recv(&mut reply).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let seconds: u64 = str::from_utf8(&reply[..length]).unwrap().trim().parse().unwrap();
    assert!(seconds > 1_700_000_000, "{seconds}");
}

#[test]
fn sums() {
    let program = Program::start(env!("CARGO_BIN_EXE_sums"), &[]);
    let mut stream = program.connect();
    stream.write_all(b"1 2 3\n-4 x\n\n9223372036854775807 1\n40 2").unwrap();
    // The last line needs no end: ours is one.
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let refused = "expected numbers whose sum has 64 bits";
    assert_eq!(answer, format!("6\n{refused}\n0\n{refused}\n42\n"));
}

/// A server that is told to stop retires its connections, and a connection of messages ends then.
#[test]
fn sums_end_in_good_order() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_sums"), &[]);
    let mut stream = program.connect();
    stream.write_all(b"1 2\n3").unwrap();
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"3\n");
    let id = program.child.id().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
    // Half a line has no answer: we see the end, and not a reset.
    assert_eq!(stream.read(&mut answer).unwrap(), 0);
    drop(stream);
    assert!(program.child.wait().unwrap().success());
}
