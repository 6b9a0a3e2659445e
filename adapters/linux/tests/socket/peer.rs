//! A peer that is another program, mostly Python that does what its script says, and this process as the other side.

use core::fmt::Display;
use core::net::SocketAddr;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Instant;

use wirenut_linux::Error;
use wirenut_linux::socket::{Connected, Listening, Protocol, Socket, UnixAddress};

/// Only so that a test that fails ends.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What each script begins with: all its waiting is bounded, and it speaks by lines.
const BEGINNING: &str = "\
import array, os, socket, struct, sys
from socket import *
setdefaulttimeout(30)
def say(*words): print(*words, flush=True)
def hear(): return sys.stdin.readline().rstrip('\\n')
def rest(s):
    data = b''
    while piece := s.recv(1 << 16): data += piece
    return data
arguments = sys.argv[1:]
";

/// The error that an attempt comes to when nobody has a socket any more that was closed here. A child of another test has a copy
/// of it between fork and exec.
#[track_caller]
pub(crate) fn until_refused<T>(mut attempt: impl FnMut() -> Result<T, Error>) -> Error {
    let end = Instant::now() + PATIENCE;
    loop {
        match attempt() {
            Err(error) => return error,
            Ok(_) => assert!(Instant::now() < end, "somebody has it still"),
        }
        thread::sleep(Duration::from_millis(1));
    }
}

pub(crate) struct Peer {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Peer {
    pub(crate) fn start(script: &str, arguments: &[&dyn Display]) -> Self {
        let mut python = Command::new("python3");
        python.args(["-c", &format!("{BEGINNING}{script}")]).args(arguments.iter().map(ToString::to_string));
        Self::run(&mut python)
    }

    /// Any program.
    pub(crate) fn run(program: &mut Command) -> Self {
        let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it is installed");
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { input: child.stdin.take(), child, output }
    }

    /// The next line that it says.
    pub(crate) fn hear(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        assert!(line.ends_with('\n'), "the peer has ended, after {line:?}");
        line.trim_end().to_owned()
    }

    /// An address of this machine, whose port it says.
    pub(crate) fn hear_port(&mut self) -> SocketAddr {
        ([127, 0, 0, 1], self.hear().parse().unwrap()).into()
    }

    pub(crate) fn say(&mut self, line: &str) {
        // In one piece, for what passes each piece on as a message.
        self.input.as_ref().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Its input is over.
    pub(crate) fn say_no_more(&mut self) {
        self.input = None;
    }

    /// All that it still says, until it ends.
    pub(crate) fn hear_out(mut self) -> String {
        let mut text = String::new();
        self.output.read_to_string(&mut text).unwrap();
        self.end();
        text
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until its script is over.
    pub(crate) fn end(mut self) {
        assert!(self.child.wait().unwrap().success());
    }

    /// Kills it, as nothing that it could take care of.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Accepts one connection, on a blocking listener.
pub(crate) fn accept<P: wirenut_linux::socket::Connection>(listener: &Socket<P, Listening>) -> Socket<P, Connected> {
    let (socket, _) = listener.accept(wirenut_linux::socket::Mode::Blocking).unwrap().done().unwrap();
    patient(socket)
}

pub(crate) fn patient<P: Protocol, S: wirenut_linux::socket::State>(socket: Socket<P, S>) -> Socket<P, S> {
    socket.set_recv_timeout(Some(PATIENCE)).unwrap();
    socket.set_send_timeout(Some(PATIENCE)).unwrap();
    socket
}

static COUNT: AtomicU32 = AtomicU32::new(0);

fn unique() -> String {
    format!("wirenut-test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst))
}

/// A name that nobody else has.
pub(crate) fn abstract_name() -> UnixAddress {
    UnixAddress::abstract_name(unique().as_bytes()).unwrap()
}

/// An abstract name as text, without the `@`.
pub(crate) fn text(address: &UnixAddress) -> String {
    String::from_utf8(address.as_abstract_name().unwrap().to_vec()).unwrap()
}

/// A directory that vanishes with the test.
pub(crate) struct Directory(pub(crate) PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        let path = std::env::temp_dir().join(unique());
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
