//! What a server tells of itself under each model: read by another process, from the memory that they share.

use core::net::SocketAddr;
use std::io::{Read, Write};
use std::net::TcpStream;

use wirenut::http::service::service_fn;
use wirenut::time::Duration;
use wirenut_linux::process::Process;
use wirenut_linux::signal::{self, Signal};
use wirenut_linux::socket::TcpListener;
use wirenut_server::{Config, Model, Server};

use crate::http::ALL;
use crate::lab::{FOUR, Running, Transport, wait_until};

/// A server whose metrics a process beside it serves.
struct Watched {
    running: Running,
    monitor: SocketAddr,
}

fn start(config: Config) -> Watched {
    let listener = TcpListener::bind(&"127.0.0.1:0".parse().unwrap()).unwrap();
    let monitor = listener.local_address().unwrap();
    let running = Running::start(Transport::Tcp, config, |server| {
        let metrics = server.metrics();
        let watcher = Process::new()
            .daemon(true)
            .spawn_scoped(|| Server::on(listener, Config::DEFAULT)?.run_on_this_thread(&metrics.service()).map(drop));
        let watcher = watcher.unwrap();
        let service = service_fn(|_, responder| responder.text(&format!("{}\n", std::process::id())));
        let report = server.run(&service);
        watcher.kill().unwrap();
        watcher.join().unwrap();
        report
    });
    Watched { running, monitor }
}

impl Watched {
    fn get(&self, path: &str) -> (u16, String) {
        let mut client = TcpStream::connect(self.monitor).unwrap();
        client.set_read_timeout(Some(core::time::Duration::from_secs(20))).unwrap();
        write!(client, "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// Waits until these lines are among the metrics.
    fn wait_for(&self, lines: &[&str]) {
        let mut text = String::new();
        wait_until(&format!("{lines:?}"), || {
            text = self.get("/metrics").1;
            lines.iter().all(|line| text.lines().any(|told| told == *line))
        });
    }
}

pub(crate) fn are_told_while_it_runs() {
    for model in ALL {
        println!("{}", model.name());
        let watched = start(Config { model, ..Config::DEFAULT });
        watched.wait_for(&["wirenut_connections_accepted_total 0", "wirenut_connections{state=\"idle\"} 0"]);
        let mut client = watched.running.connect();
        for _ in 0..3 {
            client.ask("/", "keep-alive");
            assert_eq!(client.answer().0, 200);
        }
        watched.wait_for(&[
            "wirenut_connections_accepted_total 1",
            "wirenut_connections{state=\"idle\"} 1",
            "wirenut_connections{state=\"busy\"} 0",
            "wirenut_requests_total{code=\"2xx\"} 3",
        ]);
        drop(client);
        watched.wait_for(&["wirenut_connections{state=\"idle\"} 0", "wirenut_requests_total{code=\"2xx\"} 3"]);
        watched.running.finish();
    }
}

/// A process that is killed takes its connections with it, and nothing that it has counted.
pub(crate) fn are_right_after_a_process_was_killed() {
    for (model, replaced) in [
        (Model::Forking { children: FOUR }, "wirenut_processes_replaced_total 0"),
        (Model::PreForked { workers: FOUR }, "wirenut_processes_replaced_total 1"),
    ] {
        let watched = start(Config { model, ..Config::DEFAULT });
        let mut client = watched.running.connect();
        client.ask("/", "keep-alive");
        let pid: u32 = client.answer().1.trim().parse().unwrap();
        watched.wait_for(&["wirenut_connections{state=\"idle\"} 1"]);
        signal::send(Signal::SIGKILL, pid).unwrap();
        watched.wait_for(&[
            "wirenut_connections{state=\"idle\"} 0",
            "wirenut_connections_accepted_total 1",
            "wirenut_requests_total{code=\"2xx\"} 1",
            replaced,
        ]);
        watched.running.finish();
    }
}

/// The first signal begins the delay, the second one the end.
pub(crate) fn say_that_it_ends_before_it_does() {
    for model in ALL {
        println!("{}", model.name());
        let watched = start(Config { model, drain_delay: Duration::from_secs(3600), ..Config::DEFAULT });
        assert_eq!(watched.get("/health"), (200, "ok\n".to_owned()));
        watched.running.process.terminate().unwrap();
        wait_until("it says so", || watched.get("/health") == (503, "ending\n".to_owned()));
        for _ in 0..3 {
            let mut late = watched.running.connect();
            late.ask("/", "keep-alive");
            let answer = late.rest();
            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
            assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
        }
        let report = watched.running.finish();
        assert_eq!(report, "accepted 3 refused 0 evicted 0 cut 0 panics 0", "{model:?}");
    }
}
