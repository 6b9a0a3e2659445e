//! Logs that nobody reads: standard output and standard error are full pipes. Requests and signals wait for neither.

use core::net::SocketAddr;
use std::io::{PipeReader, PipeWriter, Read as _, Write as _, pipe};
use std::process::{Child, ExitStatus};
use std::time::Instant;

use rustix::pipe::fcntl_setpipe_size;

use crate::client::Client;
use crate::life::{Manager, Successor, signal, wait_until};
use crate::lines::ask_much;
use crate::process::{PATIENCE, wirenut};
use crate::tree::Tree;

/// How much the pipes take.
const ROOM: usize = 4096;

/// A server whose output is stuck from its first line on.
struct Stuck {
    child: Child,
    address: SocketAddr,
    _pipes: [PipeReader; 2],
}

impl Stuck {
    fn serve(tree: &Tree, model: &str, manager: &Manager) -> Self {
        let ((mut output, into_output), (errors, into_errors)) = (small_pipe(), small_pipe());
        fill(&into_errors);
        let mut command = wirenut();
        command.arg("serve").arg(tree.public()).args(["--listen", "127.0.0.1:0", "--model", model]);
        command.stdout(into_output.try_clone().unwrap()).stderr(into_errors);
        let child = manager.attend(&mut command).spawn().unwrap();
        let (mut line, mut byte) = (String::new(), [0]);
        while !line.ends_with('\n') {
            output.read_exact(&mut byte).unwrap();
            line.push(char::from(byte[0]));
        }
        fill(&into_output);
        let address = line.trim_end().trim_start_matches("http://").trim_end_matches('/').parse().unwrap();
        Self { child, address, _pipes: [output, errors] }
    }

    fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    fn end(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "it does not end");
            std::thread::yield_now();
        }
    }
}

impl Drop for Stuck {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn small_pipe() -> (PipeReader, PipeWriter) {
    let (reader, writer) = pipe().unwrap();
    assert_eq!(fcntl_setpipe_size(&writer, ROOM).unwrap(), ROOM);
    (reader, writer)
}

fn fill(mut pipe: &PipeWriter) {
    pipe.write_all(&[b'\n'; ROOM]).unwrap();
}

/// Fills both logs: with lines of requests, and one of an error.
fn fill_logs(address: SocketAddr) {
    let mut client = Client::connect(address);
    ask_much(&mut client);
    client.send("nonsense\r\n\r\n");
    assert_eq!(client.response().status, 400);
}

#[test]
fn requests_and_signals_wait_for_no_log() {
    for model in ["multiplexed", "iterative", "forking"] {
        let (tree, manager) = (Tree::with(&[("small", "small")]), Manager::new());
        let mut server = Stuck::serve(&tree, model, &manager);
        fill_logs(server.address);
        server.signal("HUP");
        manager.hear_next(|message| message.starts_with("RELOADING="));
        manager.hear_next(|message| message.starts_with("READY="));
        assert_eq!(Client::connect(server.address).get("/small").text(), "small", "{model}");
        server.signal("TERM");
        assert_eq!(server.end().code(), Some(0), "{model}");
    }
}

/// The one that goes on has the same pipes, and cannot even say where it listens.
#[test]
fn a_process_that_goes_on_hears_signals_too() {
    for model in ["multiplexed", "forking"] {
        let (tree, manager) = (Tree::with(&[("small", "small")]), Manager::new());
        let mut old = Stuck::serve(&tree, model, &manager);
        fill_logs(old.address);
        old.signal("USR2");
        let told = manager.hear_next(|message| message.contains("MAINPID="));
        let new = told.lines().find_map(|line| line.strip_prefix("MAINPID=")).unwrap();
        let new = Successor(new.parse().unwrap());
        assert_eq!(old.end().code(), Some(0), "{model}");
        assert_eq!(Client::connect(old.address).get("/small").text(), "small", "{model}");
        new.signal("TERM");
        wait_until("it ends", || !new.is_alive());
    }
}
