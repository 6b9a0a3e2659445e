//! The program of the service: this one, started with a variable. It answers one line for each connection, over TCP and over a
//! Unix socket, and does what the line asks for.

use alloc::sync::Arc;
use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::thread;

use wirenut::time::Duration;
use wirenut_linux::poller::{Bell, Interest, Poll, Poller as _, Token};
use wirenut_linux::process::parent;
use wirenut_linux::signal::{self, Signal};
use wirenut_linux::socket::{Attempt, Mode, Socket, TcpListener, UnixListener};
use wirenut_server::life::{Life, RestartError};

/// The directory of a service, with its Unix socket and files that say what a successor is to do.
pub(crate) const DIRECTORY: &str = "LIFE_DIRECTORY";

const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn is_asked_for() -> bool {
    env::var_os(DIRECTORY).is_some()
}

struct Service {
    life: Life,
    tcp: TcpListener,
    unix: UnixListener,
    over: Bell,
}

pub(crate) fn run() {
    let directory = PathBuf::from(env::var_os(DIRECTORY).unwrap());
    let path = directory.join("socket");
    let (life, mut passed) = Life::begin().unwrap();
    if life.is_successor() {
        assert_eq!(passed.names().collect::<Vec<_>>(), ["127.0.0.1%3A0", "path"]);
        obey(&fs::read_to_string(directory.join("successor")).unwrap_or_default());
    }
    let tcp: TcpListener = match passed.take("127.0.0.1:0") {
        Some(passed) => passed.into_socket().unwrap(),
        None => TcpListener::bind(&"127.0.0.1:0".parse().unwrap()).unwrap(),
    };
    let unix: UnixListener = match passed.take("path") {
        Some(passed) => passed.into_socket().unwrap(),
        None => {
            let (listener, pathname) = Socket::stream().unwrap().listen_at(&path, 0o600, 100).unwrap();
            life.keep(pathname);
            listener
        }
    };
    tcp.set_mode(Mode::NonBlocking).unwrap();
    unix.set_mode(Mode::NonBlocking).unwrap();
    if life.ready().is_err() {
        return;
    }
    fs::write(directory.join("port"), tcp.local_address().unwrap().port().to_string()).unwrap();
    let service = Arc::new(Service { life, tcp, unix, over: Bell::new().unwrap() });
    accept_until_over(&service);
}

/// What a successor does in place of becoming ready.
fn obey(order: &str) {
    match order {
        "die" => std::process::exit(3),
        "hang" => loop {
            thread::park();
        },
        "kill" => signal::send(Signal::SIGKILL, parent()).unwrap(),
        _ => {}
    }
}

fn accept_until_over(service: &Arc<Service>) {
    let mut poller = Poll::new();
    for (number, source) in (0..).zip([service.tcp.as_fd(), service.unix.as_fd(), service.over.as_fd()]) {
        poller.register(source, Token(number), Interest::READABLE).unwrap();
    }
    let mut answers = Vec::new();
    loop {
        let _ = poller.wait(None).unwrap();
        while let Some(event) = poller.next_event() {
            match event.token {
                Token(0) => {
                    while let Attempt::Done((stream, _)) = service.tcp.accept(Mode::Blocking).unwrap() {
                        answers.push(start(service, stream));
                    }
                }
                Token(1) => {
                    while let Attempt::Done((stream, _)) = service.unix.accept(Mode::Blocking).unwrap() {
                        answers.push(start(service, stream));
                    }
                }
                _ => {
                    answers.into_iter().for_each(|answer| answer.join().unwrap());
                    return;
                }
            }
        }
        answers.retain(|answer| !answer.is_finished());
    }
}

fn start(service: &Arc<Service>, stream: impl Read + Write + Send + 'static) -> thread::JoinHandle<()> {
    let service = Arc::clone(service);
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        if stream.read_line(&mut line).is_ok() {
            let answer = service.answer(line.trim());
            // A client that is gone wants nothing.
            let _ = writeln!(stream.get_mut(), "{answer}");
        }
    })
}

impl Service {
    fn answer(&self, line: &str) -> String {
        match line {
            "pid" => std::process::id().to_string(),
            "descriptors" => fs::read_dir("/proc/self/fd").unwrap().count().to_string(),
            "restart" => self.after(self.life.restart(&self.sockets(), PATIENCE)),
            "restart soon" => self.after(self.life.restart(&self.sockets(), Duration::from_millis(300))),
            "poll" => self.after(self.restart_by_poller()),
            "two" => self.two_at_once(),
            "stop" if self.life.is_handed_over() => "ask another process".into(),
            "stop" => {
                self.life.stopping().unwrap();
                self.over.ring();
                std::process::id().to_string()
            }
            _ => "what?".into(),
        }
    }

    fn sockets(&self) -> [(&str, std::os::fd::BorrowedFd<'_>); 2] {
        [("127.0.0.1:0", self.tcp.as_fd()), ("path", self.unix.as_fd())]
    }

    fn after(&self, outcome: Result<(), RestartError>) -> String {
        match outcome {
            Ok(()) => {
                assert!(self.life.is_handed_over());
                // The manager hears nothing of this: the service goes on.
                self.life.stopping().unwrap();
                self.over.ring();
                "ok".into()
            }
            Err(error) => error.to_string(),
        }
    }

    fn restart_by_poller(&self) -> Result<(), RestartError> {
        let mut successor = self.life.start_successor(&self.sockets())?;
        let mut poller = Poll::new();
        poller.register(successor.as_fd(), Token(0), Interest::READABLE)?;
        while !successor.look()? {
            let _ = poller.wait(None)?;
            while poller.next_event().is_some() {}
        }
        Ok(())
    }

    fn two_at_once(&self) -> String {
        let first = self.life.start_successor(&self.sockets()).unwrap();
        let second = self.life.restart(&self.sockets(), PATIENCE).unwrap_err();
        first.wait(PATIENCE).unwrap();
        let third = self.life.restart(&self.sockets(), PATIENCE).unwrap_err();
        self.over.ring();
        format!("{second}; {third}")
    }
}
