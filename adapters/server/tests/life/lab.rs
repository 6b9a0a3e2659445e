//! A service in a directory of its own, and those who ask it.

use std::fs;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::Instant;

use core::time::Duration;

use crate::service::DIRECTORY;

/// Only so that a test that fails ends.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Directory(pub(crate) PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        let path = std::env::temp_dir().join(format!("wirenut-life-{}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A service, whichever process it is.
pub(crate) struct Service {
    pub(crate) directory: Directory,
    /// Its first process.
    pub(crate) first: Child,
    pub(crate) port: u16,
}

impl Service {
    pub(crate) fn start() -> Self {
        Self::start_as(&std::env::current_exe().unwrap(), |_, command| command)
    }

    /// The program, and what else its environment has.
    pub(crate) fn start_as(program: &Path, prepare: impl FnOnce(&Path, Command) -> Command) -> Self {
        let directory = Directory::new();
        let mut command = Command::new(program);
        command.env(DIRECTORY, &directory.0);
        let first = prepare(&directory.0, command).spawn().unwrap();
        let port = directory.0.join("port");
        let port = until(|| fs::read_to_string(&port).ok()?.parse().ok());
        Self { directory, first, port }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.0.join("socket")
    }

    /// Has the next successor do that in place of becoming ready.
    pub(crate) fn order(&self, what: &str) {
        fs::write(self.directory.0.join("successor"), what).unwrap();
    }

    /// Asks whoever accepts.
    pub(crate) fn ask(&self, line: &str) -> String {
        ask(TcpStream::connect(("127.0.0.1", self.port)).unwrap(), line).unwrap()
    }

    pub(crate) fn ask_unix(&self, line: &str) -> String {
        ask(UnixStream::connect(self.path()).unwrap(), line).unwrap()
    }

    /// Restarts it, and waits until the old process is gone: until then, it still answers some.
    pub(crate) fn restart(&self) {
        let before = self.ask("pid");
        assert_eq!(self.ask("restart"), "ok");
        until(|| is_gone(&before).then_some(()));
    }

    /// Ends it, and waits until its last process is gone.
    pub(crate) fn stop(mut self) {
        let last: u32 = until(|| self.ask("stop").parse().ok());
        until(|| is_gone(&last.to_string()).then_some(()));
        assert!(!self.path().exists(), "the last process has removed it");
        self.first.wait().unwrap();
    }
}

pub(crate) fn ask(mut stream: impl std::io::Read + std::io::Write, line: &str) -> std::io::Result<String> {
    stream.write_all(format!("{line}\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    match answer.strip_suffix('\n') {
        Some(answer) => Ok(answer.to_owned()),
        None => Err(std::io::Error::other(format!("half an answer: {answer:?}"))),
    }
}

/// Ended, and no zombie of ours.
pub(crate) fn is_gone(process: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_none_or(|rest| rest.trim_start().starts_with('Z') || rest.is_empty())
}

/// What is told of once it is so.
pub(crate) fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "it does not come");
        thread::sleep(Duration::from_millis(2));
    }
}
