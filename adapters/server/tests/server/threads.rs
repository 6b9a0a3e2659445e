//! Servers of several threads.

use core::convert::Infallible;
use core::num::NonZeroUsize;
use std::sync::Barrier;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{RequestHead, Response, Status, WriteError};
use wirenut_server::{Config, Model, Server};

use crate::client::Client;
use crate::lab::wait_until;

const THREADS: NonZeroUsize = NonZeroUsize::new(3).unwrap();
const CONFIG: Config = Config { model: Model::Multiplexed { workers: THREADS }, ..Config::DEFAULT };

/// Answers once as many requests are in it as there are threads: so nobody is answered if not all of them work.
struct Meeting {
    all_are_there: Barrier,
    arrived: Sender<()>,
}

impl Meeting {
    fn new(of: usize) -> (Self, Receiver<()>) {
        let (arrived, arrivals) = mpsc::channel();
        (Self { all_are_there: Barrier::new(of), arrived }, arrivals)
    }
}

impl Service for Meeting {
    type Exchange = ();
    type Source = Infallible;

    fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
        self.arrived.send(()).unwrap();
        self.all_are_there.wait();
        responder.send(&Response::new(Status::OK), b"")?;
        Ok(((), Step::Done))
    }
}

#[test]
fn every_thread_takes_connections_and_all_stop_together() {
    let server = Server::bind("127.0.0.1:0", CONFIG).unwrap();
    let (address, stopper) = (server.local_addr().unwrap(), server.stopper());
    let (meeting, arrivals) = Meeting::new(THREADS.get());
    let running = thread::spawn(move || server.run(&meeting));
    let mut clients = Vec::new();
    for _ in 0..THREADS.get() {
        let mut client = Client::connect(address);
        client.ask("/");
        // Who took this connection is in the meeting now, and takes no other one.
        arrivals.recv().unwrap();
        clients.push(client);
    }
    for client in &mut clients {
        assert_eq!(client.response().status, 200);
    }
    stopper.stop();
    for client in &mut clients {
        client.assert_closed();
    }
    let report = running.join().unwrap().unwrap();
    assert_eq!((report.accepted, report.cut), (3, 0));
    wait_until("nobody listens", || std::net::TcpStream::connect(address).is_err());
}

#[test]
fn who_is_stopped_before_it_runs_ends_at_once() {
    let server = Server::bind("127.0.0.1:0", CONFIG).unwrap();
    server.stopper().stop();
    let report = server.run(&Meeting::new(1).0).unwrap();
    assert_eq!(report.accepted, 0);
}
