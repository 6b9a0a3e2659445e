//! A process that runs out of descriptors.

use core::cell::Cell;
use core::net::SocketAddr;
use std::io::{BufRead, BufReader};
use std::process::{self, Command, Stdio};
use std::time::Instant;

use tokio::net::TcpListener;
use wirenut::readiness::Policy;
use wirenut_embedded_io::{TokioFailure, TokioListener};

use super::lab::Lab;
use super::{Kind as _, POLICY, Tcp, config, hear, say};

const VARIABLE: &str = "WIRENUT_TEST_CHILD";

/// Not a test by itself: what a process does that has few descriptors.
#[test]
fn serve_in_the_child() {
    if std::env::var_os(VARIABLE).is_none() {
        return;
    }
    crate::tokio::run(async {
        let descriptors = || std::fs::read_dir("/proc/self/fd").expect("descriptors").count();
        let before = descriptors();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        println!("\naddress {}", listener.local_addr().expect("an address"));
        let server = TokioListener::new(listener, config(Policy { slots: 1_000, ..POLICY })).expect("a server");
        let stop = async { _ = tokio::signal::ctrl_c().await };
        let (start, failures) = (Instant::now(), Cell::new(0));
        let on_failure = |failure| {
            assert!(matches!(failure, TokioFailure::Accept(_)), "{failure}");
            failures.set(failures.get() + 1);
        };
        let report = server.serve(&Lab::default(), stop, on_failure).await;
        // It tries again when a connection ends, and ten times a second.
        let most = report.accepted + 11 + 10 * start.elapsed().as_secs();
        println!("\nreport {} {}", report.accepted, (1..=most).contains(&failures.get()));
        println!("\nleft {}", descriptors() - before);
    });
}

/// Where the system gives no more descriptors, whoever is idle gives way, and everybody is served.
#[test]
fn descriptors_that_run_out_are_survived() {
    const CLIENTS: usize = 40;
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -n 20 && exec \"$0\" --exact tokio_server::descriptors::serve_in_the_child --nocapture"]);
    command.arg(std::env::current_exe().expect("a path")).env(VARIABLE, "1").stdout(Stdio::piped());
    let mut child = Child(command.spawn().expect("a shell"));
    let mut lines = BufReader::new(child.0.stdout.take().expect("a pipe")).lines().map(Result::unwrap);
    let mut line = |prefix: &str| lines.find_map(|line| line.strip_prefix(prefix).map(str::to_owned)).expect("a line");
    let address: SocketAddr = line("address ").parse().expect("an address");
    crate::tokio::run(async {
        let mut streams = Vec::new();
        for _ in 0..CLIENTS {
            let mut stream = Tcp(address).try_connect().await.expect("a server");
            say(&mut stream, "/hello").await;
            streams.push(stream);
        }
        for stream in &mut streams {
            assert!(hear(stream, "hello").await.starts_with("HTTP/1.1 200 OK\r\n"));
        }
    });
    let id = child.0.id().to_string();
    assert!(Command::new("kill").args(["-s", "INT", &id]).status().expect("kill").success());
    assert_eq!(line("report "), format!("{CLIENTS} true"));
    assert_eq!(line("left "), "0");
    assert!(child.0.wait().expect("our child").success());
}

/// Ended, whatever happens.
struct Child(process::Child);

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
