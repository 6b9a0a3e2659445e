//! Programs that tests start, and that end with them.

use alloc::sync::Arc;
use core::net::SocketAddr;
use core::time::Duration;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

/// The root of the repository.
pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Building and booting take their time, and installing what is missing takes minutes.
const START_TIME: Duration = Duration::from_secs(600);

/// The time that a program has to end when it is told to.
const STOP_TIME: Duration = Duration::from_secs(10);

/// A server that runs until it is dropped.
pub(crate) struct Program {
    pub(crate) address: SocketAddr,
    child: Child,
    log: Arc<Mutex<String>>,
}

impl Program {
    /// Starts a command in [`ROOT`], and waits until it says on standard output where it listens, as all ours do:
    /// `http://127.0.0.1:8080/`, or `tcp 127.0.0.1:7007` where it speaks no HTTP.
    ///
    /// # Panics
    /// If it does not, with what it said instead.
    pub(crate) fn start(words: &[&str]) -> Self {
        let (mut program, lines) = Self::spawn(words);
        let said = lines.recv_timeout(START_TIME).unwrap_or_default();
        let url = said.strip_prefix("http://").and_then(|url| url.strip_suffix('/'));
        let address = url.or(said.strip_prefix("tcp ")).and_then(|address| address.parse().ok());
        let Some(address) = address else {
            program.terminate();
            panic!("{} did not come up. It said {said:?} and:\n{}", words.join(" "), program.log());
        };
        program.address = address;
        program
    }

    /// Starts a command that says nothing, and waits until somebody listens at the address that it was given.
    ///
    /// # Panics
    /// If nobody does.
    pub(crate) fn start_at(words: &[&str], address: SocketAddr) -> Self {
        let (mut program, _lines) = Self::spawn(words);
        program.address = address;
        let end = Instant::now() + START_TIME;
        while TcpStream::connect(address).is_err() {
            let ended = program.child.try_wait().expect("our child");
            assert!(ended.is_none() && Instant::now() < end, "{words:?} did not come up: {ended:?}\n{}", program.log());
            thread::sleep(Duration::from_millis(10));
        }
        program
    }

    /// Starts a command in [`ROOT`]; and the lines that it says.
    fn spawn(words: &[&str]) -> (Self, Receiver<String>) {
        // If this process is killed, the program is told to end, too.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM"]).args(words).current_dir(ROOT);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("setpriv of util-linux");
        let log = Arc::<Mutex<String>>::default();
        gather(child.stderr.take().expect("a pipe"), Arc::clone(&log));
        let lines = lines(child.stdout.take().expect("a pipe"));
        // From now on dropping it ends the program.
        (Self { address: SocketAddr::from(([127, 0, 0, 1], 0)), child, log }, lines)
    }

    /// What it has said on standard error.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells it to end, and how it did. `None`: it had to be killed.
    pub(crate) fn terminate(&mut self) -> Option<ExitStatus> {
        // Who has ended is not there to be told, and its number may be another's by now.
        if let Ok(None) = self.child.try_wait() {
            let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        }
        let end = Instant::now() + STOP_TIME;
        while Instant::now() < end {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        None
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.terminate();
    }
}

/// Makes a program of a script. By cp: a child of another test could have a copy of our descriptor for a while, and the file would be
/// busy.
pub(crate) fn write_program(path: &Path, script: &str) {
    let draft = path.with_extension("draft");
    fs::write(&draft, script).expect("our folder");
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).expect("our folder");
    assert!(Command::new("cp").arg(&draft).arg(path).status().expect("cp").success());
    fs::remove_file(draft).expect("our folder");
}

/// Reads all that comes, so that nobody waits for room in a pipe.
fn gather(mut source: impl Read + Send + 'static, log: Arc<Mutex<String>>) {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = source.read(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..length]);
            log.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text);
        }
    });
}

/// The lines that come. All are read, also when nobody waits for them.
fn lines(source: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(source).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver
}
