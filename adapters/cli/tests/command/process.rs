//! The command as a child process, whose output is read as it comes, and which ends with the test.

use alloc::sync::Arc;
use core::net::SocketAddr;
use core::time::Duration;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Instant;

use wirenut_linux::socket::{Family, Socket};

/// Only so that a test that fails ends.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The program, without arguments.
pub(crate) fn wirenut() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wirenut"));
    command.stdin(Stdio::null());
    command
}

/// Runs the command to its end: its status, what it printed, and what it complained about.
pub(crate) fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = wirenut().args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// An address at which nobody listens, and which is nobody else's while the socket is there.
pub(crate) fn nobody() -> (impl Sized, SocketAddr) {
    let socket = Socket::tcp(Family::V4).unwrap();
    socket.bind(&"127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_address().unwrap();
    (socket, address)
}

/// A running server.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    /// What it prints after its address.
    pub(crate) output: Lines,
    pub(crate) errors: Lines,
}

impl Server {
    /// `wirenut serve` over a directory.
    pub(crate) fn serve(directory: &Path) -> Self {
        Self::start(wirenut().arg("serve").arg(directory).args(["--listen", "127.0.0.1:0"]))
    }

    /// The same with options.
    pub(crate) fn serve_with(directory: &Path, options: &[&str]) -> Self {
        Self::start(wirenut().arg("serve").arg(directory).args(["--listen", "127.0.0.1:0"]).args(options))
    }

    /// Any command that prints where it listens.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let errors = Lines::of(child.stderr.take().unwrap());
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let place = line.trim_end().trim_end_matches('/');
        let address =
            ["http://", "https://", "tcp ", "tls ", "udp "].iter().find_map(|protocol| place.strip_prefix(protocol));
        let is_path = ["unix:", "unix ", "unix-datagram "].iter().any(|protocol| place.starts_with(protocol));
        let address = match address {
            Some(address) => address.parse().unwrap(),
            // It has none.
            None if is_path => SocketAddr::from(([0; 4], 0)),
            None => panic!("no address: {line:?}, {:?}", errors.all()),
        };
        Self { child, address, output: Lines::of(output), errors }
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Waits for its end.
    pub(crate) fn end(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "it does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The most memory that it ever had, in KiB.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("output: {:?}\nerrors: {:?}", self.output.all(), self.errors.all());
        }
    }
}

/// Lines that come from the child.
pub(crate) struct Lines(Arc<(Mutex<Vec<String>>, Condvar)>);

impl Lines {
    fn of(source: impl Read + Send + 'static) -> Self {
        let shared = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let copy = Arc::clone(&shared);
        thread::spawn(move || {
            for line in BufReader::new(source).lines() {
                // A line that is not UTF-8 is a fault: the one who waits for it sees that it is missing.
                let Ok(line) = line else { continue };
                copy.0.lock().unwrap().push(line);
                copy.1.notify_all();
            }
        });
        Self(shared)
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Waits until there are so many, and gives them all.
    pub(crate) fn wait_for(&self, count: usize) -> Vec<String> {
        let lines = self.0.0.lock().unwrap();
        let (lines, waited) = self.0.1.wait_timeout_while(lines, PATIENCE, |lines| lines.len() < count).unwrap();
        assert!(!waited.timed_out(), "{} lines of {count}: {lines:?}", lines.len());
        lines.clone()
    }

    /// The same, without the first word (the peer) and the last (the time).
    pub(crate) fn wait_for_requests(&self, count: usize) -> Vec<String> {
        let lines = self.wait_for(count);
        lines.iter().map(|line| line.split(' ').skip(1).take(4).collect::<Vec<_>>().join(" ")).collect()
    }
}
