//! What is logged.

use core::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, Once};

use log::{LevelFilter, Log, Metadata, Record};
use wirenut_server::Config;

use crate::client::{Client, get};
use crate::lab::{Running, wait_until};

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Keeps all lines, of all tests.
struct Keeper;

impl Log for Keeper {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        LINES.lock().unwrap().push(format!("{} {}", record.level(), record.args()));
    }

    fn flush(&self) {}
}

/// From now on all lines are kept.
pub(crate) fn keep() {
    static KEEPER: Once = Once::new();
    KEEPER.call_once(|| {
        log::set_logger(&Keeper).unwrap();
        log::set_max_level(LevelFilter::Trace);
    });
}

/// The lines that name this peer, which no other test has: see [`Client::connect_alone`].
pub(crate) fn of(peer: SocketAddr) -> Vec<String> {
    assert_ne!(peer.ip(), Ipv4Addr::LOCALHOST, "clients of all tests have this address");
    let begin = format!(" {peer}: ");
    LINES.lock().unwrap().iter().filter(|line| line.contains(&begin)).cloned().collect()
}

#[test]
fn an_error_is_one_line_with_peer_rule_and_byte() {
    keep();
    let server = Running::start(Config::DEFAULT);
    let mut client = Client::connect_alone(server.address);
    let peer = client.stream.get_ref().local_addr().unwrap();
    client.send(get("/hello") + "GET / HTTP/1.1\n\n");
    assert_eq!(client.response().status, 200);
    assert_eq!(client.response().status, 400);
    wait_until("it is logged", || !of(peer).is_empty());
    server.finish();
    assert_eq!(of(peer), [format!("WARN {peer}: line feed without carriage return at byte 14 (RFC 9112 2.2)")]);
}

#[test]
fn a_fault_of_the_service_is_logged_with_its_name_and_the_request() {
    keep();
    for (target, status, expected) in [
        ("/silent", Some(500), "the application ended without a response"),
        ("/long", None, "misuse: more body than the declared length"),
        ("/late", None, "misuse: more body than the declared length"),
    ] {
        let server = Running::start(Config::DEFAULT);
        let mut client = Client::connect_alone(server.address);
        let peer = client.stream.get_ref().local_addr().unwrap();
        client.ask(target);
        if let Some(status) = status {
            assert_eq!(client.response().status, status);
        }
        wait_until("it is logged", || !of(peer).is_empty());
        server.finish();
        let line = of(peer).concat();
        assert!(line.starts_with(&format!("ERROR {peer}: {expected} at byte ")), "{line}");
        assert!(line.ends_with(&format!(", in the answer to GET {target}")), "{line}");
    }
}
