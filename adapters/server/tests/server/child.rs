//! What concerns a whole process, and so needs one of its own: signals, and descriptors that run out.

use core::net::SocketAddr;
use core::sync::atomic::Ordering;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

use log::{LevelFilter, Log, Metadata, Record};
use wirenut_server::{Config, PollerKind, Server};

use crate::client::Client;
use crate::lab::{Lab, wait_until};

const VARIABLE: &str = "WIRENUT_TEST_CHILD";
/// The child evicts who is idle.
const EVICTS: &str = "WIRENUT_TEST_EVICTS";
/// The child raises its limit of descriptors.
const RAISES: &str = "WIRENUT_TEST_RAISES";
/// The child calls the one function that does all.
const IS_READY_MADE: &str = "WIRENUT_TEST_IS_READY_MADE";
/// The poller of the child.
const POLLER: &str = "WIRENUT_TEST_POLLER";
/// How many descriptors the child has opened before it serves.
const OPENS: &str = "WIRENUT_TEST_OPENS";

const POLLERS: [PollerKind; 3] = [PollerKind::Epoll, PollerKind::Poll, PollerKind::Select];

/// Not a test by itself: what the child runs.
#[test]
fn serve_in_the_child() {
    if std::env::var_os(VARIABLE).is_none() {
        return;
    }
    if std::env::var_os(RAISES).is_some() {
        assert_eq!(wirenut_linux::raise_descriptor_limit().unwrap(), Some(300));
    }
    if std::env::var_os(IS_READY_MADE).is_some() {
        return serve_ready_made();
    }
    let evict_idle = std::env::var_os(EVICTS).is_some();
    let asked = std::env::var(POLLER).ok();
    let poller = POLLERS.into_iter().find(|poller| Some(poller.name()) == asked.as_deref()).unwrap_or_default();
    let opened = std::env::var(OPENS).map_or(0, |count| count.parse().unwrap());
    let _opened: Vec<_> = (0..opened).map(|_| std::fs::File::open("/dev/null").unwrap()).collect();
    log_to_standard_output();
    let mut server = Server::bind("127.0.0.1:0", Config { evict_idle, poller, ..Config::DEFAULT }).unwrap();
    server.stop_on_signals().unwrap();
    println!("\naddress {}", server.local_addr().unwrap());
    let (lab, woken) = Lab::new(None);
    let report = server.run(&lab).unwrap();
    drop(woken);
    assert_eq!(lab.begun.load(Ordering::SeqCst), lab.closed.load(Ordering::SeqCst));
    println!("\nreport {} {}", report.accepted, report.cut);
}

/// As a program does that calls one function. Where it listens is known from the log.
fn serve_ready_made() {
    log_to_standard_output();
    let (lab, woken) = Lab::new(None);
    let report = wirenut_server::serve("127.0.0.1:0", &lab).unwrap();
    drop(woken);
    println!("\nreport {} {}", report.accepted, report.cut);
}

fn log_to_standard_output() {
    struct Printer;

    impl Log for Printer {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn log(&self, record: &Record<'_>) {
            let line = record.args().to_string();
            if let Some(url) = line.strip_prefix("listening on http://") {
                println!("\naddress {}", url.trim_end_matches('/'));
            } else {
                println!("\nlog {line}");
            }
        }

        fn flush(&self) {}
    }

    log::set_logger(&Printer).unwrap();
    log::set_max_level(LevelFilter::Info);
}

struct Process {
    child: Child,
    output: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Process {
    fn start(most_descriptors: u32) -> Self {
        Self::with(&format!("ulimit -n {most_descriptors}"), |_| {})
    }

    fn evicting(most_descriptors: u32) -> Self {
        Self::with(&format!("ulimit -n {most_descriptors}"), |command| {
            command.env(EVICTS, "1");
        })
    }

    fn ready_made() -> Self {
        Self::with("true", |command| {
            command.env(IS_READY_MADE, "1");
        })
    }

    fn with(limit: &str, prepare: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new("sh");
        prepare(&mut command);
        let mut child = command
            .arg("-c")
            .arg(format!("{limit} && exec \"$0\" --exact child::serve_in_the_child --nocapture"))
            .arg(std::env::current_exe().unwrap())
            .env(VARIABLE, "1")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let address = line(&mut output, "address ").parse().unwrap();
        Self { child, output, address }
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Waits for its end, and gives what it reports: connections accepted, and cut.
    fn end(&mut self) -> String {
        let report = line(&mut self.output, "report ");
        // What is printed after that must have a reader.
        std::io::copy(&mut self.output, &mut std::io::sink()).unwrap();
        assert!(self.child.wait().unwrap().success());
        report
    }

    /// Ticks (hundredths of a second) of CPU time that it has used.
    fn ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let after_name = stat.rsplit_once(") ").unwrap().1;
        after_name.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn line(output: &mut impl BufRead, prefix: &str) -> String {
    let mut lines = output.lines().map(Result::unwrap);
    lines.find_map(|line| line.strip_prefix(prefix).map(str::to_owned)).expect("the child says it")
}

#[test]
fn the_first_signal_drains_and_the_second_one_ends() {
    for signal in ["TERM", "INT"] {
        let mut process = Process::start(100);
        let mut busy = Client::connect(process.address);
        busy.ask("/never");
        let mut idle = Client::connect(process.address);
        assert_eq!(idle.get("/hello").status, 200);
        process.signal(signal);
        idle.assert_closed();
        assert!(busy.is_silent());
        process.signal(signal);
        assert_eq!(process.end(), "2 1");
        assert_eq!(busy.rest().0, b"");
    }
}

#[test]
fn a_signal_lets_exchanges_finish() {
    for (mut process, signal) in
        [(Process::start(100), "TERM"), (Process::ready_made(), "TERM"), (Process::ready_made(), "INT")]
    {
        let mut busy = Client::connect(process.address);
        busy.ask("/wait/300");
        let mut idle = Client::connect(process.address);
        assert_eq!(idle.get("/hello").status, 200);
        process.signal(signal);
        idle.assert_closed();
        assert_eq!(busy.response().body, b"waited");
        drop(busy);
        assert_eq!(process.end(), "2 0");
    }
}

#[test]
fn an_address_that_is_taken_is_refused_before_anything_else() {
    let taken = Server::bind("127.0.0.1:0", Config::DEFAULT).unwrap();
    let error = wirenut_server::serve(taken.local_addr().unwrap(), &Lab::new(None).0).unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot listen on {}: ", taken.local_addr().unwrap())), "{error}");
}

#[test]
fn descriptors_that_run_out_are_survived() {
    let mut process = Process::start(24);
    let mut clients: Vec<Client> = (0..60).map(|_| Client::connect(process.address)).collect();
    for client in &mut clients {
        client.stream.get_mut().write_all(crate::client::get("/hello").as_bytes()).unwrap();
    }
    assert_eq!(clients[0].response().status, 200);
    assert!(clients[59].is_silent());
    // It neither ends nor turns round and round.
    let before = process.ticks();
    std::thread::sleep(core::time::Duration::from_secs(1));
    assert!(process.ticks() - before < 50);
    for mut client in clients.drain(1..) {
        assert_eq!(client.response().status, 200);
    }
    assert_eq!(clients[0].get("/hello").status, 200);
    drop(clients);
    process.signal("TERM");
    wait_until("it ends", || process.child.try_wait().unwrap().is_some());
    assert_eq!(process.end(), "60 0");
}

/// Readiness is told as long as it lasts: what is not wanted now must not keep the server awake.
#[test]
fn what_waits_costs_no_time() {
    for poller in POLLERS {
        assert_waiting_costs_no_time(Process::with("ulimit -n 100", |command| {
            command.env(POLLER, poller.name());
        }));
    }
}

fn assert_waiting_costs_no_time(mut process: Process) {
    let waiting = crate::client::get("/never");
    let mut clients: Vec<Client> = (0..5).map(|_| Client::connect(process.address)).collect();
    clients[0].send(waiting.clone() + &crate::client::get("/hello"));
    clients[1].send(&waiting);
    clients[1].end_sending();
    clients[2].send(&waiting);
    assert!(clients[2].is_silent());
    clients[2].send(crate::client::get("/hello"));
    // An answer that nobody reads, and more behind it.
    clients[3].ask("/big/1000000000");
    clients[3].ask("/hello");
    clients[4].send("broken\r\n\r\n");
    assert_eq!(clients[4].response().status, 400);
    assert_eq!(Client::connect(process.address).get("/hello").status, 200);
    std::thread::sleep(core::time::Duration::from_millis(300));
    let before = process.ticks();
    std::thread::sleep(core::time::Duration::from_secs(1));
    assert!(process.ticks() - before < 20, "{} ticks", process.ticks() - before);
    process.signal("TERM");
    // Two signals that wait at the same time are one.
    wait_until("the first is taken", || std::net::TcpStream::connect(process.address).is_err());
    process.signal("TERM");
    // Whoever tried in between may have been taken in, too.
    let accepted: u32 = process.end().split(' ').next().unwrap().parse().unwrap();
    assert!(accepted >= 6, "{accepted}");
}

/// A descriptor that select cannot watch is not taken: who would get it waits until somebody goes.
#[test]
fn select_has_as_many_connections_as_it_can_watch() {
    let mut process = Process::with("ulimit -n 2000", |command| {
        command.env(POLLER, PollerKind::Select.name()).env(OPENS, "940");
    });
    let mut clients: Vec<Client> = (0..60).map(|_| Client::connect(process.address)).collect();
    for client in &mut clients {
        client.ask("/hello");
    }
    assert_eq!(clients[0].response().status, 200);
    assert!(clients[59].is_silent());
    let said = line(&mut process.output, "log few descriptors are left");
    assert_eq!(said, ": connections wait to be accepted (select watches those below 1024 only)");
    assert!(idle_ticks(&process) < 20);
    for mut client in clients.drain(1..) {
        assert_eq!(client.response().status, 200);
    }
    assert_eq!(clients[0].get("/hello").status, 200);
    drop(clients);
    process.signal("TERM");
    assert_eq!(process.end(), "60 0");
}

/// Ticks of one second in which nothing is asked.
fn idle_ticks(process: &Process) -> u64 {
    let before = process.ticks();
    std::thread::sleep(core::time::Duration::from_secs(1));
    process.ticks() - before
}

/// More clients than descriptors, all of them busy: whoever is in is answered, and nobody is evicted for another.
#[test]
fn at_the_limit_of_descriptors_those_who_are_in_are_served() {
    let mut process = Process::evicting(32);
    let mut clients: Vec<Client> = (0..100).map(|_| Client::connect(process.address)).collect();
    for client in &mut clients {
        client.ask("/hello");
    }
    assert_eq!(clients[0].response().status, 200);
    assert!(clients[99].is_silent());
    for _ in 0..1_000 {
        assert_eq!(clients[0].get("/hello").status, 200);
    }
    assert!(idle_ticks(&process) < 20);
    // The idle ones have given way to others, who had waited.
    drop(clients.remove(0));
    for mut client in clients {
        assert_eq!(client.response().status, 200);
    }
    process.signal("TERM");
    assert_eq!(process.end(), "100 0");
}

/// A server with few descriptors, and as many clients as fit in: the next one has waited, and is gone. None, if this machine was too
/// busy for that: who is idle for long enough gives way to the next one.
fn full_of_idle_clients() -> Option<(Process, Vec<Client>)> {
    let process = Process::evicting(32);
    let (begun, mut clients) = (Instant::now(), Vec::<Client>::new());
    loop {
        let mut client = Client::connect(process.address);
        client.ask("/hello");
        // The one worker has looked for newcomers between two answers to somebody else.
        if let Some(other) = clients.last_mut() {
            (0..3).for_each(|_| assert_eq!(other.get("/hello").status, 200));
        }
        let is_last = !clients.is_empty() && client.is_silent();
        if begun.elapsed() >= core::time::Duration::from(Config::DEFAULT.min_idle) {
            return None;
        }
        if is_last {
            return Some((process, clients));
        }
        assert_eq!(client.response().status, 200);
        clients.push(client);
    }
}

/// That no descriptor is left does not say that somebody waits: whoever came last must not go for nobody.
#[test]
fn nobody_goes_for_nobody() {
    let full = (0..50).find_map(|_| full_of_idle_clients());
    let (mut process, mut clients) = full.expect("this machine was too busy each time");
    assert!(clients.len() > 10 && clients.len() < 32, "{}", clients.len());
    // Who waited is gone, but still in the queue: one goes for it, and nobody after that.
    std::thread::sleep(core::time::Duration::from_secs(3));
    let evicted = clients.iter_mut().map(Client::is_silent).filter(|is_open| !is_open).count();
    assert!(evicted <= 1, "{evicted}");
    assert!(idle_ticks(&process) < 20);
    process.signal("TERM");
    process.end();
}

#[test]
fn the_limit_of_descriptors_is_raised_on_request() {
    let mut process = Process::with("ulimit -Sn 24 && ulimit -Hn 300", |command| {
        command.env(RAISES, "1");
    });
    let mut clients: Vec<Client> = (0..100).map(|_| Client::connect(process.address)).collect();
    for client in &mut clients {
        assert_eq!(client.get("/hello").status, 200);
    }
    for client in &mut clients {
        assert_eq!(client.get("/hello").status, 200);
    }
    drop(clients);
    process.signal("TERM");
    assert_eq!(process.end(), "100 0");
}
