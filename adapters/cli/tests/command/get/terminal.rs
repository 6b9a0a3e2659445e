//! Signals and terminals: an end in good order, progress, passwords.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Instant;
use std::{io, thread};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

use super::names;
use super::server::{Reply, Server};
use crate::process::{PATIENCE, wirenut};

/// Answers half of what it announces, and then waits for the other end to go.
fn stalling() -> Server {
    Server::new(|_| {
        let head = "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: 100000\r\n\r\n";
        Reply(format!("{head}{}", "x".repeat(50_000)).into_bytes(), true)
    })
}

pub(super) fn end(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("it does not end");
        }
        thread::sleep(core::time::Duration::from_millis(5));
    }
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap().success());
}

pub(super) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        thread::sleep(core::time::Duration::from_millis(2));
    }
}

#[test]
fn a_signal_ends_it_in_good_order() {
    for (name, number, options, left) in [
        ("INT", 2, &["-o", "file"][..], &[][..]),
        ("TERM", 15, &["-o", "file"], &[]),
        ("INT", 2, &["-C", "-", "-o", "file"], &["file.part", "file.part.version"]),
        ("TERM", 15, &[], &[]),
        // Waiting for another try, and for standard input.
        (
            "INT",
            2,
            &["--retry", "5", "--retry-delay", "1000", "--max-filesize", "1000000", "-x", "http://127.0.0.1:1"],
            &[],
        ),
        ("TERM", 15, &["-T", "-"], &[]),
    ] {
        let server = stalling();
        let folder = tempfile::tempdir().unwrap();
        let mut command = wirenut();
        command.args(["get", &server.url("/file")]).args(options).current_dir(folder.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (mut output, mut errors) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let is_retry = options.contains(&"--retry");
        if is_retry {
            let mut line = [0; 20];
            errors.read_exact(&mut line).unwrap();
        } else if options.is_empty() {
            output.read_exact(&mut [0; 1000]).unwrap();
        } else if options.contains(&"-C") {
            let part = folder.path().join("file.part");
            wait_until("a part", || fs::metadata(&part).is_ok_and(|part| part.len() >= 50_000));
        } else if options.contains(&"-T") {
            wait_until("a child that waits", || {
                let state = fs::read_to_string(format!("/proc/{}/wchan", child.id())).unwrap_or_default();
                state.contains("poll")
            });
        } else {
            wait_until("a request", || !server.asked().is_empty());
        }
        signal(&child, name);
        assert_eq!(end(&mut child).signal(), Some(number), "{options:?}");
        assert_eq!(names(folder.path()), left, "{options:?}");
        let mut said = String::new();
        errors.read_to_string(&mut said).unwrap();
        assert!(is_retry || said.is_empty(), "{options:?}: {said}");
    }
}

/// What is ignored, as nohup(1) and a shell's `&` have it, stays so.
#[test]
fn a_signal_that_is_ignored_does_nothing() {
    let server = stalling();
    let url = server.url("/");
    let script = format!("trap '' INT; exec {} get -m 5 {url}", env!("CARGO_BIN_EXE_wirenut"));
    let mut child = Command::new("sh").args(["-c", &script]).stdout(Stdio::piped()).spawn().unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 1000]).unwrap();
    signal(&child, "INT");
    signal(&child, "TERM");
    assert_eq!(end(&mut child).signal(), Some(15));
}

/// As curl has it: a script can tell that not all was written.
#[test]
fn a_reader_that_goes_is_said_once() {
    let server = Server::new(|_| Reply::new("200 OK", "", vec![b'x'; 3_000_000]));
    let url = server.url("/");
    let mut child = wirenut().args(["get", &url, &url]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdout.take().unwrap().read_exact(&mut [0; 10]).unwrap();
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!(end(&mut child).code(), Some(23));
    assert_eq!(errors, "wirenut: cannot write to 'standard output': its reader has gone\n");
    // Files are got all the same, and what is said of them has nobody to read it.
    let folder = tempfile::tempdir().unwrap();
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let line = ["get", "-w", "%{http_code}", "-o", "-", "-o", "one", "-o", "two", &url, &url, &url];
    let output = wirenut().args(line).current_dir(folder.path()).stdout(writer).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), errors.lines().count()), (Some(23), 1), "{errors}");
    assert_eq!(names(folder.path()), ["one", "two"]);
    // A device that is full is one.
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = wirenut().args(["get", &url]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(23));
}

/// Whoever shares standard output may have made it one that does not block.
#[test]
fn an_output_that_does_not_block_gets_everything() {
    const LENGTH: usize = 2_000_000;
    let server = Server::new(|_| Reply::new("200 OK", "", vec![b'x'; LENGTH]));
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    theirs.set_nonblocking(true).unwrap();
    let mut child = wirenut().args(["get", &server.url("/")]).stdout(OwnedFd::from(theirs)).spawn().unwrap();
    let (mut all, mut piece) = (0, [0; 1000]);
    loop {
        match ours.read(&mut piece).unwrap() {
            0 => break,
            count => all += count,
        }
    }
    assert_eq!((end(&mut child).code(), all), (Some(0), LENGTH));
}

/// What is written to `/dev/stdout` comes where standard output is, and behind what is there.
#[test]
fn standard_output_by_its_path_is_not_replaced() {
    let server = Server::new(|_| Reply::new("200 OK", "", "content"));
    let (folder, url) = (tempfile::tempdir().unwrap(), server.url("/"));
    for path in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
        for options in [&["-o", path][..], &["-C", "-", "-o", path], &["-D", path], &["-D", path, "-o", path]] {
            let place = folder.path().join("log");
            let mut log = File::create(&place).unwrap();
            log.write_all(b"before ").unwrap();
            let status = wirenut().arg("get").args(options).arg(&url).stdout(log.try_clone().unwrap()).status();
            assert_eq!(status.unwrap().code(), Some(0), "{options:?}");
            log.write_all(b" after").unwrap();
            let head = if options[0] == "-D" { "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n" } else { "" };
            assert_eq!(fs::read_to_string(&place).unwrap(), format!("before {head}content after"), "{options:?}");
            assert_eq!(names(folder.path()), ["log"]);
        }
    }
}

/// A terminal: what is typed, and what is shown.
struct Terminal {
    ours: File,
    theirs: File,
    shown: mpsc::Receiver<Vec<u8>>,
    text: String,
}

impl Terminal {
    fn new() -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let path = ptsname(&ours, Vec::new()).unwrap();
        let theirs = fs::OpenOptions::new().read(true).write(true).open(path.to_str().unwrap()).unwrap();
        let ours = File::from(ours);
        let (sender, shown) = mpsc::channel();
        let mut reader = ours.try_clone().unwrap();
        thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut piece) {
                if sender.send(piece[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { ours, theirs, shown, text: String::new() }
    }

    /// The terminal as the input or output of a child.
    fn stdio(&self) -> Stdio {
        self.theirs.try_clone().unwrap().into()
    }

    fn wait_for(&mut self, text: &str) {
        while !self.text.contains(text) {
            let piece = self.shown.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no {text:?} in {:?}", self.text));
            self.text += &String::from_utf8_lossy(&piece);
        }
    }

    fn has_echo(&self) -> bool {
        tcgetattr(&self.theirs).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    /// The command, whose terminal this is.
    fn start(&self, arguments: &[&str]) -> Child {
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait", env!("CARGO_BIN_EXE_wirenut"), "get"]).args(arguments);
        command.stdin(self.stdio()).stdout(Stdio::piped()).stderr(self.stdio()).spawn().unwrap()
    }
}

#[test]
fn a_password_is_asked_for_without_an_echo() {
    let server = Server::new(|asked| Reply::new("200 OK", "", asked.field("authorization").unwrap_or("none")));
    let mut terminal = Terminal::new();
    let mut child = terminal.start(&["-q", "-u", "me", &server.url("/")]);
    terminal.wait_for("Password of 'me': ");
    assert!(!terminal.has_echo());
    terminal.ours.write_all(b"secret\n").unwrap();
    assert_eq!(end(&mut child).code(), Some(0));
    let mut answer = String::new();
    child.stdout.take().unwrap().read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "Basic bWU6c2VjcmV0");
    assert!(terminal.has_echo());
    // Ctrl-C gives the terminal back.
    let mut child = terminal.start(&["-u", "you", &server.url("/")]);
    terminal.wait_for("Password of 'you': ");
    assert!(!terminal.has_echo());
    terminal.ours.write_all(b"\x03").unwrap();
    assert!(!end(&mut child).success());
    assert!(terminal.has_echo());
    // So does what else ends it.
    let mut child = terminal.start(&["-u", "them", &server.url("/")]);
    terminal.wait_for("Password of 'them': ");
    assert!(!terminal.has_echo());
    signal(&child, "HUP");
    assert_eq!(end(&mut child).signal(), Some(1));
    assert!(terminal.has_echo());
    assert!(!terminal.text.contains("secret"));
    // Without a terminal there is nobody to ask.
    let mut command = Command::new("setsid");
    command.args(["--wait", env!("CARGO_BIN_EXE_wirenut"), "get", "-u", "me", "http://127.0.0.1:1/"]);
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--user USER:PASSWORD"), "{output:?}");
}

/// A terminal drops what is longer than it can hold, and says nothing.
#[test]
fn a_password_is_sent_whole_or_not_at_all() {
    let server = Server::new(|_| Reply::new("200 OK", "", ""));
    let mut terminal = Terminal::new();
    for (length, status) in [(1025, 0), (4094, 0), (4095, 2), (6000, 2)] {
        let mut child = terminal.start(&["-q", "-u", "me", &server.url("/")]);
        terminal.wait_for("Password of 'me': ");
        terminal.text.clear();
        terminal.ours.write_all(&[vec![b'x'; length], b"\n".to_vec()].concat()).unwrap();
        assert_eq!(end(&mut child).code(), Some(status), "{length}");
        if status == 0 {
            let sent = server.asked().pop().unwrap().field("authorization").unwrap().len();
            assert_eq!(sent, "Basic ".len() + (length + "me:".len()).div_ceil(3) * 4);
        } else {
            terminal.wait_for("cannot read the password: a terminal takes no more than 4094 bytes of it");
        }
    }
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn a_bar_is_shown_on_a_terminal_and_vanishes() {
    let server = Server::new(|_| Reply::new("200 OK", "", vec![b'x'; 3_000_000]));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let url = server.url("/");
    for (options, is_shown) in [(&[][..], true), (&["-q"], false), (&["-s"], false)] {
        let mut terminal = Terminal::new();
        let line = ["--limit-rate", "10M", "-o", out.to_str().unwrap(), &url];
        let mut child = terminal.start(&[options, &line].concat());
        if is_shown {
            terminal.wait_for("of 2.86 MiB");
        }
        assert_eq!(end(&mut child).code(), Some(0));
        // So that all that was shown before has come.
        terminal.theirs.write_all(b"the end").unwrap();
        terminal.wait_for("the end");
        assert_eq!(terminal.text.contains("MiB"), is_shown, "{options:?}: {:?}", terminal.text);
    }
    let _ = io::stdout();
}
