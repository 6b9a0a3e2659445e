//! What is logged.

use std::sync::Mutex;

use log::{LevelFilter, Log, Metadata, Record};
use wirenut_linux::Config;

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

#[test]
fn an_error_is_one_line_with_peer_rule_and_byte() {
    log::set_logger(&Keeper).unwrap();
    log::set_max_level(LevelFilter::Trace);
    let server = Running::start(Config::DEFAULT);
    let mut client = Client::connect(server.address);
    let peer = client.stream.get_ref().local_addr().unwrap();
    client.send(get("/hello") + "GET / HTTP/1.1\n\n");
    assert_eq!(client.response().status, 200);
    assert_eq!(client.response().status, 400);
    let of_peer = || -> Vec<String> {
        LINES.lock().unwrap().iter().filter(|line| line.contains(&peer.to_string())).cloned().collect()
    };
    wait_until("it is logged", || !of_peer().is_empty());
    server.finish();
    assert_eq!(of_peer(), [format!("WARN {peer}: line feed without carriage return at byte 14 (RFC 9112 2.2)")]);
}
