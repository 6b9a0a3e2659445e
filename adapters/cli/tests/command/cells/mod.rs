//! Each model over each transport, with real clients: several at a time, such as end, reset or dawdle, workers that are killed, no
//! descriptor left, and an end under load. Afterwards nothing is left behind.

mod family;

use core::time::Duration;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use tempfile::TempDir;
use wirenut_tests::tools::has;

use crate::process::{PATIENCE, Server, wirenut};
use family::Family;

/// How many clients there are at a time, and how often they ask.
const CLIENTS: usize = 16;
const REQUESTS: usize = 200;

/// How many processes or threads there are at a time, where each serves one connection.
const WORKERS: usize = 8;

/// The options of a model that make it small.
const MODELS: [(&str, &[&str]); 6] = [
    ("iterative", &[]),
    ("forking", &["--workers", "8"]),
    ("threading", &["--workers", "8"]),
    ("pre-forked", &["--workers", "2"]),
    ("pre-threaded", &["--workers", "4"]),
    ("multiplexed", &["--workers", "2"]),
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Transport {
    Tcp,
    Unix,
    Udp,
    UnixDatagram,
}

/// A server of one model over one transport.
struct Cell {
    server: Server,
    model: &'static str,
    transport: Transport,
    directory: TempDir,
}

impl Cell {
    fn start(command: &str, (model, options): (&'static str, &[&str]), transport: Transport) -> Self {
        Self::start_by(wirenut().arg(command), (model, options), transport)
    }

    fn start_by(command: &mut Command, (model, options): (&'static str, &[&str]), transport: Transport) -> Self {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("socket");
        let place = match transport {
            Transport::Tcp => "127.0.0.1:0".into(),
            Transport::Udp => "udp:127.0.0.1:0".into(),
            Transport::Unix => format!("unix:{}", path.display()),
            Transport::UnixDatagram => format!("unix-datagram:{}", path.display()),
        };
        command.args(["--model", model, "--drain", "20", "--listen", &place]).args(options);
        let server = Server::start(command);
        Self { server, model, transport, directory }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("socket")
    }

    /// As the clients take it.
    fn place(&self) -> String {
        match self.transport {
            Transport::Tcp => format!("tcp:{}", self.server.address),
            Transport::Udp => format!("udp:{}", self.server.address),
            Transport::Unix => format!("unix:{}", self.path().display()),
            Transport::UnixDatagram => format!("unix-datagram:{}", self.path().display()),
        }
    }

    fn name(&self, what: &str) -> String {
        format!("{} {:?}: {what}", self.model, self.transport)
    }

    /// Runs a client of ours to its end, which must be a good one.
    fn client(&self, what: &str) {
        let output = python(what, &self.place()).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {errors} {:?}", self.name(what), self.server.errors.all());
    }

    /// curl with these arguments and a URL of this server.
    fn curl(&self, arguments: &[&str], target: &str) -> String {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--max-time", "20"]).args(arguments);
        match self.transport {
            Transport::Unix => curl.arg("--unix-socket").arg(self.path()).arg(format!("http://localhost{target}")),
            Transport::Tcp => curl.arg(format!("http://{}{target}", self.server.address)),
            Transport::Udp | Transport::UnixDatagram => unreachable!("HTTP has streams"),
        };
        let output = curl.output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {errors} {:?}", self.name("curl"), self.server.errors.all());
        String::from_utf8(output.stdout).unwrap()
    }

    /// What socat gets that says this, ends its direction, and waits for the end.
    fn socat(&self, said: &[u8]) -> Vec<u8> {
        let place = match self.transport {
            Transport::Tcp => format!("TCP:{}", self.server.address),
            Transport::Udp => format!("UDP:{}", self.server.address),
            Transport::Unix => format!("UNIX-CONNECT:{}", self.path().display()),
            Transport::UnixDatagram => unreachable!("socat has no name of its own there"),
        };
        let wait = if self.transport == Transport::Udp { "0.2" } else { "10" };
        let mut socat = Command::new("socat");
        socat.args(["-t", wait, "-", &place]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut socat = socat.spawn().unwrap();
        let mut input = socat.stdin.take().unwrap();
        let said = said.to_vec();
        let writer = thread::spawn(move || input.write_all(&said));
        let output = socat.wait_with_output().unwrap();
        assert!(output.status.success() && writer.join().unwrap().is_ok(), "{}", self.name("socat"));
        output.stdout
    }

    /// How many descriptors may be kept for threads or processes to come: one for each that there may be at a time. Those that
    /// leak would be more, since there are more connections.
    fn kept(&self) -> usize {
        if ["forking", "threading"].contains(&self.model) { WORKERS } else { 0 }
    }

    /// What it is when nobody asks.
    fn family(&self) -> Family {
        Family::at_rest(self.server.child.id())
    }

    /// All that a client has left behind is gone.
    fn is_as_before(&self, before: &Family, what: &str) {
        let mut now = Family::of(self.server.child.id());
        wait_until(|| {
            now = Family::of(self.server.child.id());
            now.is_as(before, self.kept())
        })
        .unwrap_or_else(|()| panic!("{}\nbefore {before:?}\nnow {now:?}", self.name(what)));
    }

    /// Ends in good order, and leaves nothing.
    fn end(mut self) {
        let before = Family::of(self.server.child.id());
        self.server.signal("TERM");
        self.has_ended(&before);
    }

    fn has_ended(&mut self, before: &Family) {
        let name = self.name("the end");
        assert_eq!(self.server.end().code(), Some(0), "{name}: {:?}", self.server.errors.all());
        wait_until(|| before.is_gone()).unwrap_or_else(|()| panic!("{name}: some are left of {before:?}"));
        assert!(!self.path().exists(), "{name}");
    }
}

fn python(what: &str, place: &str) -> Command {
    let mut python = Command::new("python3");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/command/cells/client.py");
    // No folder of compiled code beside the script.
    python.arg("-B").arg(script).args([what, place]);
    python
}

fn wait_until(mut is_so: impl FnMut() -> bool) -> Result<(), ()> {
    let start = Instant::now();
    while !is_so() {
        if start.elapsed() > PATIENCE / 2 {
            return Err(());
        }
        thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

fn has_clients() -> bool {
    has("python3") && has("curl") && has("socat")
}

/// HTTP: the reference service, whose device counts what it was asked, in all processes.
fn http(model: (&'static str, &[&str]), transport: Transport) {
    if !has_clients() {
        return;
    }
    let cell = Cell::start("demo", model, transport);
    let many = format!("/reading?[1-{REQUESTS}]");
    let parallel = ["--parallel", "--parallel-immediate", "--parallel-max", &CLIENTS.to_string()];
    let codes =
        cell.curl(&[&parallel[..], &["--output", "/dev/null", "--write-out", "%{http_code}\n"]].concat(), &many);
    assert_eq!(codes.lines().filter(|code| *code == "200").count(), REQUESTS, "{}: {codes}", cell.name("parallel"));
    let counted = cell.curl(&[], "/reading");
    assert!(counted.contains(&format!("\"requests\":{REQUESTS}}}")), "{}: {counted}", cell.name("counted"));
    let before = cell.family();

    cell.client("half-close");
    let answer = cell.socat(b"GET /reading HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"), "{}", cell.name("socat"));
    cell.is_as_before(&before, "half-close");

    cell.client("reset");
    cell.is_as_before(&before, "reset");

    // Somebody who does not hurry, and others meanwhile.
    thread::scope(|scope| {
        let slow = scope.spawn(|| {
            cell.curl(
                &["--limit-rate", "4M", "--output", "/dev/null", "--write-out", "%{size_download}"],
                "/download?bytes=2000000",
            )
        });
        cell.curl(&[], "/reading");
        assert_eq!(slow.join().unwrap(), "2000000", "{}", cell.name("slow"));
    });
    cell.is_as_before(&before, "slow");

    if !before.workers().is_empty() || model.0 == "forking" {
        killed(&cell, &before);
    }
    under_load(cell);
}

/// A worker is killed that serves somebody: that one's connection ends, and nothing else.
fn killed(cell: &Cell, before: &Family) {
    let mut stream = cell.connect();
    stream.write_all(b"GET /rea").unwrap();
    let id = cell.server.child.id();
    let mut busy = Vec::new();
    wait_until(|| {
        // Who has one more descriptor than at rest, or was not there.
        busy = Family::of(id).busier_than(before);
        !busy.is_empty()
    })
    .unwrap_or_else(|()| panic!("{}: {:?}", cell.name("nobody serves"), Family::of(id)));
    for worker in busy {
        let _ = Command::new("kill").args(["-s", "KILL", &worker.to_string()]).status();
    }
    let mut rest = Vec::new();
    let ended = stream.read_to_end(&mut rest);
    assert!(
        rest.is_empty() && ended.map_or_else(|error| error.kind() == std::io::ErrorKind::ConnectionReset, |_| true)
    );
    drop(stream);
    cell.curl(&[], "/reading");
    wait_until(|| Family::of(id).is_like(before, cell.kept()))
        .unwrap_or_else(|()| panic!("{}: {:?} {before:?}", cell.name("killed"), Family::of(id)));
}

/// What was answered was answered whole.
fn under_load(mut cell: Cell) {
    let mut load = python("load", &cell.place()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut output = BufReader::new(load.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    let before = Family::of(cell.server.child.id());
    cell.server.signal("TERM");
    cell.has_ended(&before);
    let load = load.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&load.stderr);
    assert!(load.status.success() && line == "at work\n", "{}: {errors}", cell.name("load"));
}

trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

impl Cell {
    fn connect(&self) -> Box<dyn Stream> {
        if self.transport == Transport::Unix {
            let stream = UnixStream::connect(self.path()).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            return Box::new(stream);
        }
        let stream = TcpStream::connect(self.server.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Box::new(stream)
    }
}

/// Fewer descriptors than clients.
fn exhausted(model: (&'static str, &[&str]), transport: Transport) {
    if !has_clients() {
        return;
    }
    let mut command = Command::new("prlimit");
    command.args(["--nofile=40:40"]).arg(wirenut().get_program()).arg("demo");
    let cell = Cell::start_by(&mut command, model, transport);
    cell.client("hold");
    let before = cell.family();
    cell.client("hold");
    cell.is_as_before(&before, "hold");
    cell.end();
}

/// Streams and datagrams that come back.
fn echo(model: (&'static str, &[&str]), transport: Transport) {
    if !has_clients() {
        return;
    }
    let is_datagram = matches!(transport, Transport::Udp | Transport::UnixDatagram);
    if is_datagram && model.0 == "multiplexed" {
        // Refused: see the tests of options.
        return;
    }
    let cell = Cell::start("echo", model, transport);
    if is_datagram {
        cell.client("datagrams");
        let before = cell.family();
        if transport == Transport::Udp {
            assert_eq!(cell.socat(b"hello"), b"hello", "{}", cell.name("socat"));
        }
        cell.client("datagrams");
        cell.is_as_before(&before, "datagrams");
        return cell.end();
    }
    cell.client("echo-parallel");
    let before = cell.family();
    let said: Vec<u8> = (0..200_000_u32).map(|number| (number % 251) as u8).collect();
    assert!(cell.socat(&said) == said, "{}", cell.name("socat"));
    cell.client("echo-reset");
    cell.client("echo-parallel");
    cell.is_as_before(&before, "echo");
    cell.end();
}

macro_rules! cells {
    ($($name:ident: $index:literal)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn answers_over_tcp() {
                http(MODELS[$index], Transport::Tcp);
            }

            #[test]
            fn answers_over_unix_sockets() {
                http(MODELS[$index], Transport::Unix);
            }

            #[test]
            fn outlives_a_lack_of_descriptors() {
                exhausted(MODELS[$index], Transport::Tcp);
                exhausted(MODELS[$index], Transport::Unix);
            }

            #[test]
            fn echoes_streams() {
                echo(MODELS[$index], Transport::Tcp);
                echo(MODELS[$index], Transport::Unix);
            }

            #[test]
            fn echoes_datagrams() {
                echo(MODELS[$index], Transport::Udp);
                echo(MODELS[$index], Transport::UnixDatagram);
            }
        }
    )*};
}

cells! {
    iterative: 0
    forking: 1
    threading: 2
    pre_forked: 3
    pre_threaded: 4
    multiplexed: 5
}
