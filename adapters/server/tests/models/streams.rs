//! Handlers that read and write, and wait.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration as StdDuration;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::thread;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use wirenut::http::Limits;
use wirenut::time::Duration;
use wirenut_linux::process::Ended;
use wirenut_linux::signal::{self, Signal};
use wirenut_linux::socket::AnyAddress;
use wirenut_linux::sync::Event;
use wirenut_server::handler::{Handler, Stream};
use wirenut_server::{Config, Model, Server};

use crate::lab::{BLOCKING, Client, Running, Transport, connect, each, forks, in_time, wait_until};

/// Does what the first line says.
fn obey(mut stream: &Stream) -> io::Result<()> {
    let (mut line, mut input) = (String::new(), BufReader::new(stream));
    input.read_line(&mut line)?;
    let (word, number) = line.trim_end().split_once(' ').unwrap_or((line.trim_end(), "0"));
    let number: usize = number.parse().unwrap();
    match word {
        "echo" => io::copy(&mut input, &mut stream).map(drop),
        "big" => stream.write_all(&vec![b'x'; number]),
        "pid" => writeln!(stream, "{}", std::process::id()).and_then(|()| input.read_to_end(&mut Vec::new()).map(drop)),
        "slow" => {
            writeln!(stream, "begun")?;
            thread::sleep(StdDuration::from_millis(number as u64));
            writeln!(stream, "done")
        }
        "panic" => {
            writeln!(stream, "begun")?;
            panic!("no more paper")
        }
        "exit" => std::process::exit(3),
        "fail" => {
            writeln!(stream, "begun")?;
            Err(io::Error::other("no more ink"))
        }
        _ => Ok(()),
    }
}

fn start(model: Model, transport: Transport, config: Config) -> Running {
    let run = |server: Server| server.run_handler(&|stream: &Stream| obey(stream));
    let running = Running::start(transport, Config { model, ..config }, run);
    // Who is late is cut off where the server has little patience.
    let patience = config.read_timeout.map_or(StdDuration::MAX, StdDuration::from);
    running.settle(model, |running| in_time(patience, || serve_all(running, model)))
}

/// All that fit are there at the same time.
fn serve_all(running: &Running, model: Model) -> io::Result<()> {
    let together = if model == Model::Iterative { 1 } else { 4 };
    for _ in 0..4 / together {
        let mut clients: Vec<Client> = (0..together).map(|_| running.connect()).collect();
        clients.iter_mut().try_for_each(|client| client.write_all(b"pid\n"))?;
        clients.iter_mut().try_for_each(|client| client.read_exact(&mut [0]))?;
        clients.iter().try_for_each(Client::shut)?;
        clients.iter_mut().try_for_each(|client| client.read_to_end(&mut Vec::new()).map(drop))?;
    }
    Ok(())
}

fn ask(running: &Running, line: &str) -> Client {
    let mut client = running.connect();
    client.send(format!("{line}\n"));
    client
}

/// A whole conversation.
fn echo(client: &mut Client, text: &str) {
    try_echo(client, text).unwrap();
}

fn try_echo(client: &mut Client, text: &str) -> io::Result<()> {
    client.write_all(format!("echo\n{text}").as_bytes()).and_then(|()| client.shut())?;
    let mut rest = String::new();
    client.read_to_string(&mut rest)?;
    assert_eq!(rest, text);
    Ok(())
}

pub(crate) fn are_echoed_to_many_at_a_time() {
    each(&BLOCKING, |model, transport| {
        let running = start(model, transport, Config::DEFAULT);
        thread::scope(|scope| {
            for number in 0..12 {
                let mut client = running.connect();
                scope.spawn(move || echo(&mut client, &format!("{number}").repeat(1 + number * 10_000)));
            }
        });
        running.assert_clean();
        assert_eq!(running.finish(), "accepted 12 refused 0 evicted 0 cut 0 panics 0", "{model:?}");
    });
}

pub(crate) fn survive_a_reset_in_mid_message() {
    each(&BLOCKING, |model, transport| {
        let running = start(model, transport, Config::DEFAULT);
        for _ in 0..5 {
            let mut client = running.connect();
            client.send("echo\nhalf a mess");
            client.reset();
        }
        echo(&mut running.connect(), "whole");
        running.assert_clean();
        // Who is gone before its process begins was not served.
        assert!(running.finish().ends_with(" refused 0 evicted 0 cut 0 panics 0"));
    });
}

pub(crate) fn wait_for_a_slow_reader() {
    const LENGTH: usize = 4_000_000;
    each(&BLOCKING, |model, transport| {
        let running = start(model, transport, Config::DEFAULT);
        let mut slow = ask(&running, &format!("big {LENGTH}"));
        let mut piece = vec![0; LENGTH / 8];
        for _ in 0..4 {
            slow.read_exact(&mut piece).unwrap();
            // A moment in which the server has to wait.
            thread::sleep(StdDuration::from_millis(10));
        }
        assert_eq!(slow.rest().len(), LENGTH / 2);
        drop(slow);
        running.assert_clean();
        running.finish();
    });
}

pub(crate) fn are_reset_when_their_handler_panics() {
    each(&BLOCKING, |model, transport| {
        let running = start(model, transport, Config::DEFAULT);
        for _ in 0..5 {
            let mut client = ask(&running, "panic");
            assert_eq!(client.line(), "begun");
            client.assert_reset();
        }
        echo(&mut running.connect(), "still there");
        running.assert_clean();
        assert_eq!(running.finish(), "accepted 6 refused 0 evicted 0 cut 0 panics 5", "{model:?}");
    });
}

pub(crate) fn are_reset_when_their_handler_fails() {
    each(&BLOCKING, |model, transport| {
        let running = start(model, transport, Config::DEFAULT);
        let mut client = ask(&running, "fail");
        assert_eq!(client.line(), "begun");
        client.assert_reset();
        echo(&mut running.connect(), "still there");
        assert_eq!(running.finish(), "accepted 2 refused 0 evicted 0 cut 0 panics 0");
    });
}

/// What a process costs that exits or is killed is as the docs of the models say.
pub(crate) fn end_with_their_process() {
    each(&BLOCKING, |model, transport| {
        let mut running = start(model, transport, Config::DEFAULT);
        let mut exits = ask(&running, "exit");
        assert!(!matches!(exits.read(&mut [0]), Ok(1)));
        if !forks(model) {
            assert_eq!(running.process.join().unwrap(), Ended::Exited(3));
            return;
        }
        let mut others: Vec<Client> = (0..2).map(|_| ask(&running, "pid")).collect();
        let pids: Vec<u32> = others.iter_mut().map(|client| client.line().parse().unwrap()).collect();
        assert_ne!(pids[0], pids[1]);
        assert!(running.children().contains(&pids[0]));
        signal::send(Signal::SIGKILL, pids[0]).unwrap();
        assert!(!matches!(others[0].read(&mut [0]), Ok(1)));
        // The other one lives on.
        others[1].end_sending();
        assert_eq!(others[1].rest(), "");
        for _ in 0..8 {
            echo(&mut running.connect(), "still there");
        }
        if let Model::PreForked { workers } = model {
            wait_until("they are replaced", || running.children().len() == workers.get());
        }
        running.assert_clean();
        running.process.terminate().unwrap();
        assert_eq!(running.ended(), "accepted 11 refused 0 evicted 0 cut 0 panics 0");
    });
}

pub(crate) fn time_out() {
    let time = Duration::from_millis(400);
    let (limit, limits) = (Some(time), Limits { linger: time, ..Limits::DEFAULT });
    let config = Config { read_timeout: limit, write_timeout: limit, limits, ..Config::DEFAULT };
    each(&BLOCKING, |model, transport| {
        let running = start(model, transport, config);
        // It says nothing.
        running.connect().assert_reset();
        // It reads nothing.
        let mut deaf = None;
        in_time(time.into(), || deaf.insert(running.connect()).write_all(b"big 100000000\n"));
        in_time(time.into(), || try_echo(&mut running.connect(), "still there"));
        if model == Model::Iterative {
            deaf.unwrap().assert_reset();
        }
        running.assert_clean();
        running.finish();
    });
}

/// Only peers on this machine; and it says when what else is called was.
struct Picky {
    wants: AtomicBool,
    acted: Event,
}

impl Handler for Picky {
    fn verify(&self, _: &AnyAddress) -> bool {
        self.wants.fetch_not(Ordering::SeqCst)
    }

    fn handle(&self, stream: &Stream) -> io::Result<()> {
        obey(stream)
    }

    fn service_interval(&self) -> Option<StdDuration> {
        Some(StdDuration::from_millis(10))
    }

    fn service_actions(&self) {
        self.acted.set();
        panic!("what is done now and then harms nobody");
    }
}

pub(crate) fn are_verified() {
    each(&[BLOCKING[0], BLOCKING[1], BLOCKING[2]], |model, transport| {
        let acted = Event::new().unwrap();
        let picky = Picky { wants: AtomicBool::new(true), acted: acted.clone() };
        let running =
            Running::start(transport, Config { model, ..Config::DEFAULT }, move |server| server.run_handler(&picky));
        for _ in 0..3 {
            echo(&mut running.connect(), "wanted");
            let mut unwanted = running.connect();
            assert!(!matches!(unwanted.read(&mut [0]), Ok(1)));
        }
        assert!(acted.wait_timeout(Duration::from_secs(20)));
        running.assert_clean();
        let report = running.finish();
        assert!(report.starts_with("accepted 3 refused 3 evicted 0 cut 0 panics "), "{report}");
        assert!(!report.ends_with(" 0"), "{report}");
    });
}

/// More clients than descriptors: they wait, and all are served.
pub(crate) fn outlive_descriptors_that_run_out() {
    each(&BLOCKING, |model, transport| {
        let many = core::num::NonZeroUsize::new(100).unwrap();
        let model = match model {
            Model::Forking { .. } => Model::Forking { children: many },
            Model::Threading { .. } => Model::Threading { threads: many },
            Model::Iterative | Model::PreForked { .. } | Model::PreThreaded { .. } | Model::Multiplexed { .. } => model,
        };
        let running = Running::start(transport, Config { model, ..Config::DEFAULT }, |server| {
            let limit = getrlimit(Resource::Nofile);
            setrlimit(Resource::Nofile, Rlimit { current: Some(40), ..limit }).unwrap();
            server.run_handler(&|stream: &Stream| obey(stream))
        });
        let mut clients: Vec<Client> = (0..60).map(|_| running.connect()).collect();
        let mut lost = 0;
        for client in &mut clients {
            // It fails where the client was refused already.
            let _ = client.write_all(b"echo\nhello").and_then(|()| client.shut());
        }
        for client in &mut clients {
            let mut answer = String::new();
            match client.read_to_string(&mut answer) {
                Ok(_) if answer == "hello" => {}
                // It was refused, visibly.
                Ok(0) => lost += 1,
                Err(error) if error.kind() == ErrorKind::ConnectionReset => lost += 1,
                Ok(_) | Err(_) => panic!("{answer}"),
            }
        }
        drop(clients);
        echo(&mut running.connect(), "still there");
        running.assert_clean();
        let report = running.finish();
        assert!(report.starts_with(&format!("accepted {} refused {lost} ", 61 - lost)), "{report} {lost}");
        assert!(lost < 30, "{lost}");
    });
}

/// Whoever was heard is answered, whatever the moment at which the signal comes.
pub(crate) fn are_not_lost_by_a_signal_under_load() {
    each(&BLOCKING, |model, transport| {
        let running = start(model, transport, Config::DEFAULT);
        let place = running.place.clone();
        let mut clients: Vec<Client> = (0..4).map(|_| ask(&running, "slow 100")).collect();
        let is_first_served = clients[0].line() == "begun";
        assert!(is_first_served);
        let clients: Vec<_> = clients.into_iter().map(|mut client| thread::spawn(move || client.rest())).collect();
        let report = running.finish();
        for client in clients {
            let told = client.join().unwrap();
            assert!(told.ends_with("done\n"), "{model:?}: {told}");
        }
        assert_eq!(report, "accepted 4 refused 0 evicted 0 cut 0 panics 0");
        assert!(std::panic::catch_unwind(|| connect(&place)).is_err(), "nobody listens any more");
    });
}

pub(crate) fn are_cut_when_the_drain_is_over() {
    let config = Config { drain: Duration::from_millis(100), ..Config::DEFAULT };
    each(&BLOCKING, |model, transport| {
        let running = start(model, transport, config);
        let mut client = ask(&running, "pid");
        client.line();
        assert_eq!(running.finish(), "accepted 1 refused 0 evicted 0 cut 1 panics 0", "{model:?}");
        client.assert_reset();
    });
}

pub(crate) fn of_handlers_that_block_are_not_multiplexed() {
    let mut running =
        Running::start(Transport::Tcp, Config::DEFAULT, |server| server.run_handler(&|_: &Stream| Ok(())));
    let expected = "error cannot multiplex a handler that blocks: give it a thread or process: use another model";
    assert_eq!(running.ended(), expected);
}
