//! One service under every server model gives the same answers to the same bytes as in memory, also where each connection has
//! a process of its own.
//!
//! What is compared, and how, is said in [`wirenut_tests::parity`]. What outlives a connection lies with the host: in memory
//! that all processes of a server share, and this one with them, which sets it for each case.

extern crate alloc;

#[path = "../all/parity/client.rs"]
#[expect(dead_code, reason = "the wires of the other tests need more of it")]
mod client;
mod device;
#[path = "../all/parity/report.rs"]
mod report;

use core::net::SocketAddr;
use core::num::NonZeroUsize;
use std::process::ExitCode;

use client::Failure;
use device::SharedDevice;
use report::{Report, cuts};
use wirenut::time::Duration;
use wirenut_linux::process::pipe::pipe;
use wirenut_linux::process::{Child, Ended, Process};
use wirenut_reference::{DEVICE_LIMITS, Reference};
use wirenut_server::{Config, Model, Server};
use wirenut_tests::parity::{State, cases, memory};

const COUNT: NonZeroUsize = NonZeroUsize::new(3).unwrap();

/// Every so manyeth cut is tried: all of them are on the multiplexed model, by the tests of the wires.
const STRIDE: usize = 12;

fn main() -> ExitCode {
    wirenut_tests::isolated::run(&[
        ("iterative", || agrees_with_memory(Model::Iterative)),
        ("forking", || agrees_with_memory(Model::Forking { children: COUNT })),
        ("threading", || agrees_with_memory(Model::Threading { threads: COUNT })),
        ("pre_forked", || agrees_with_memory(Model::PreForked { workers: COUNT })),
        ("pre_threaded", || agrees_with_memory(Model::PreThreaded { workers: COUNT })),
        ("multiplexed", || agrees_with_memory(Model::Multiplexed { workers: COUNT })),
    ])
}

fn agrees_with_memory(model: Model) {
    let device = SharedDevice::new();
    let (server, address) = start(model, device.clone());
    let mut report = Report::default();
    for case in cases::all().iter().chain(&cases::of_the_tables()).chain(&cuts(STRIDE)) {
        let expected = memory::converse(case, State::FRESH);
        report.note(&expected);
        device.reset(State::FRESH);
        let got = client::converse(address, case, !expected.is_empty()).map_err(|failure| match failure {
            Failure::Refused => "no answer".to_owned(),
            Failure::Wrong(why) => why,
        });
        report.compare(case, model.name(), &expected, got);
    }
    server.terminate().expect("a server that runs");
    assert_eq!(server.join().expect("a child"), Ended::Exited(0));
    assert!(report.has_reset && report.codes.len() > 10, "the cases show what they must");
    report.finish(&format!("memory and {}", model.name()));
}

/// A server in a process of its own, which has one thread to begin with.
fn start(model: Model, device: SharedDevice) -> (Child, SocketAddr) {
    let config = Config {
        model,
        limits: DEVICE_LIMITS,
        max_connections: 16,
        drain: Duration::from_millis(200),
        ..Config::DEFAULT
    };
    let (tell, told) = pipe().expect("a pipe");
    let server = Process::new().daemon(true).spawn(move || {
        let mut server = Server::bind("127.0.0.1:0", config)?;
        server.stop_on_signals()?;
        let address = server.address().to_string();
        tell.send(address.as_bytes()).expect("somebody who listens");
        server.run(&Reference { device }).map(drop)
    });
    let address = told.recv().expect("a pipe").expect("a server that listens");
    let address = String::from_utf8(address).expect("text").parse().expect("an address");
    (server.expect("a child"), address)
}
