//! The examples, as programs, against Python.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use wirenut_tests::example;
use wirenut_tests::tools::has;

use crate::peer::{Directory, Peer};

struct Example {
    child: Child,
    /// The line that it begins with: where it listens.
    place: String,
}

impl Example {
    fn start(name: &str, arguments: &[&str]) -> Self {
        let mut child = example!(name).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut place = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut place).unwrap();
        Self { child, place: place.trim_end().to_owned() }
    }

    fn port(&self) -> &str {
        self.place.rsplit_once(':').unwrap().1
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const ANY: &str = "127.0.0.1:0";

#[test]
fn tcp_echo() {
    if !has("python3") {
        return;
    }
    let example = Example::start("tcp_echo", &[ANY]);
    let script = "
for _ in range(2):
    s = create_connection(('127.0.0.1', int(arguments[0]))); s.sendall(b'x' * 100_000); s.shutdown(SHUT_WR); say(len(rest(s)))";
    let mut peer = Peer::start(script, &[&example.port()]);
    assert_eq!([peer.hear(), peer.hear()], ["100000", "100000"]);
    peer.end();
}

#[test]
fn udp_echo() {
    if !has("python3") {
        return;
    }
    let example = Example::start("udp_echo", &[ANY]);
    let script = "
s = socket(AF_INET, SOCK_DGRAM); s.connect(('127.0.0.1', int(arguments[0])))
for data in [b'', b'hello']: s.send(data); say(s.recv(100))";
    let mut peer = Peer::start(script, &[&example.port()]);
    assert_eq!([peer.hear(), peer.hear()], ["b''", "b'hello'"]);
    peer.end();
}

#[test]
fn chat() {
    if !has("python3") {
        return;
    }
    for poller in ["select", "poll", "epoll"] {
        chat_by(poller);
    }
}

fn chat_by(poller: &str) {
    let example = Example::start("chat", &[poller, ANY]);
    // Nobody is in before the others have heard them.
    let script = "
first, second, third = (create_connection(('127.0.0.1', int(arguments[0]))) for _ in range(3))
import time
heard = b''
third.setblocking(False)
while not heard:
    first.sendall(b'.'); time.sleep(0.01)
    try: heard = third.recv(100)
    except BlockingIOError: pass
third.setblocking(True); third.sendall(b'hello all'); third.close()
def until(s):
    data = b''
    while not data.endswith(b'hello all'): data += s.recv(100)
    return data.strip(b'.')
say(until(first), until(second))";
    let mut peer = Peer::start(script, &[&example.port()]);
    assert_eq!(peer.hear(), "b'hello all' b'hello all'");
    peer.end();
}

#[test]
fn unix_socket() {
    if !has("python3") {
        return;
    }
    let directory = Directory::new();
    let path = directory.join("who");
    let mut example = Example::start("unix_socket", &[path.to_str().unwrap()]);
    assert_eq!(example.place, path.display().to_string());
    let script = "s = socket(AF_UNIX); s.connect(arguments[0]); say(rest(s).decode().strip())";
    let mut peer = Peer::start(script, &[&example.place]);
    assert!(peer.hear().starts_with(&format!("process {}, user ", peer.id())));
    peer.end();
    let id = example.child.id().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
    assert!(example.child.wait().unwrap().success());
    assert!(!path.exists());
}

#[test]
fn file_transfer() {
    if !has("python3") {
        return;
    }
    let directory = Directory::new();
    let (from, to) = (directory.join("from"), directory.join("to"));
    let data: Vec<u8> = (0..1_000_003_u32).map(|number| (number % 251) as u8).collect();
    fs::write(&from, &data).unwrap();
    let mut sender = Example::start("file_transfer", &["send", from.to_str().unwrap(), ANY]);
    let receive =
        |place: &str| example!("file_transfer").args(["receive", to.to_str().unwrap(), place]).output().unwrap();
    assert!(receive(&sender.place).status.success());
    assert!(sender.child.wait().unwrap().success());
    assert!(fs::read(&to).unwrap() == data);
    // A sender that ends too early is noticed.
    fs::remove_file(&to).unwrap();
    let script = "
listener = create_server(('127.0.0.1', 0)); say(listener.getsockname()[1])
s, _ = listener.accept(); s.sendall(struct.pack('>Q', 5) + b'cut'); s.close()";
    let mut peer = Peer::start(script, &[]);
    let output = receive(&peer.hear_port().to_string());
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "Error: \"cut after 3 of 5 bytes\"\n");
    peer.end();
}
