//! WebSocket over sockets: the deadlines of a connection that has nothing to do.

use std::io::Read;
use std::thread;

use wirenut::http::service::routes;
use wirenut::time::Duration;
use wirenut::websocket::{Limits, MessageHandler, Upgrade};
use wirenut_server::{Config, Server, Stopper};

use crate::client::Client;

const LIMITS: Limits = Limits { ping: Duration::from_millis(50), pong: Duration::from_millis(50), ..Limits::DEFAULT };

const HANDSHAKE: &str = "GET /socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Never sends anything.
struct Quiet;

impl MessageHandler for Quiet {
    const ROOM: usize = 0;
}

/// Stops the server, also when the test fails.
struct Stop(Stopper);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

#[test]
fn a_silent_peer_is_pinged_and_then_reset_whatever_it_did_before() {
    let upgrade = Upgrade { limits: &LIMITS, ..Upgrade::DEFAULT };
    let service = routes!(
        (),
        get("/hello", |_, _, responder| responder.text("Hello")),
        get("/socket", |_, request, responder| {
            let accepted = upgrade.accept(request, responder)?;
            upgrade.begin(&accepted, responder, Quiet)
        })
    );
    let server = Server::bind("127.0.0.1:0", Config::DEFAULT).unwrap();
    let (address, stop) = (server.local_addr().unwrap(), Stop(server.stopper()));
    thread::scope(|scope| {
        scope.spawn(|| server.run(&service).unwrap());
        let _stop = stop;
        for requests in [0, 1, 2] {
            let mut client = Client::connect(address);
            for _ in 0..requests {
                assert_eq!(client.get("/hello").body, b"Hello");
            }
            client.send(HANDSHAKE);
            assert_eq!(client.head().status, 101);
            let mut ping = [0; 2];
            client.stream.read_exact(&mut ping).unwrap();
            assert_eq!(ping, *b"\x89\x00");
            assert_eq!(client.rest(), (Vec::new(), true), "after {requests} requests");
        }
    });
}
