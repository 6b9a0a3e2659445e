//! What becomes of those who say nothing, something wrong, or nothing in time.

use wirenut::proxy::{Endpoints, Limits};
use wirenut::time::Duration;
use wirenut_server::{Config, ProxyProtocol};

use super::{CLIENT, LOOPBACK, Running, address, assert_dropped, block, line, logged, own, trusting, who};
use crate::client::{Client, get};
use crate::lab::wait_until;
use crate::logging;

#[test]
fn what_is_no_header_ends_the_connection_and_is_logged() {
    let server = Running::start(trusting(LOOPBACK));
    let mut wrong = block(&Endpoints::tcp(address(CLIENT), address("192.0.2.1:443")));
    *wrong.last_mut().unwrap() ^= 1;
    for (bytes, is_end, expected) in [
        (get("/").as_bytes(), false, "WARN PEER: no PROXY header at byte 0 (proxy-protocol 2)"),
        (b"PROXY TCP4 192.0.2.07", false, "WARN PEER: invalid address at byte 20 (proxy-protocol 2.1)"),
        (
            b"PROXY UNKNOWN\nGET / HTTP/1.1\r\n",
            false,
            "WARN PEER: line end other than CR LF at byte 13 (proxy-protocol 2.1)",
        ),
        (&wrong, false, "WARN PEER: wrong CRC32C at byte 38 (proxy-protocol 2.2.3)"),
        (
            b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff",
            false,
            "WARN PEER: header longer than the limit at byte 14 (proxy-protocol 2.2)",
        ),
        (b"PROXY TCP", true, "WARN PEER: header cut off at byte 9 (proxy-protocol 2)"),
        // So it is checked whether the port is open.
        (b"", true, "DEBUG PEER: header cut off at byte 0 (proxy-protocol 2)"),
    ] {
        let mut client = Client::connect_alone(server.address);
        client.send(bytes);
        if is_end {
            client.end_sending();
        }
        assert_dropped(&mut client);
        assert_eq!(logged(own(&client)), expected);
    }
    server.finish();
}

#[test]
fn a_header_that_does_not_come_in_time_ends_the_connection() {
    let limits = Limits { header: Duration::from_secs(1), ..Limits::DEFAULT };
    let settings = ProxyProtocol { networks: LOOPBACK, limits, ..ProxyProtocol::DEFAULT };
    let server = Running::start(Config { proxy_protocol: Some(settings), ..Config::DEFAULT });
    let (mut silent, mut slow) = (Client::connect_alone(server.address), Client::connect_alone(server.address));
    let mut settled = Client::connect_alone(server.address);
    settled.send(block(&Endpoints::Local));
    slow.send("PROXY ");
    assert_dropped(&mut silent);
    assert_dropped(&mut slow);
    assert_eq!(logged(own(&silent)), "WARN PEER: header took too long at byte 0 (proxy-protocol 2)");
    assert_eq!(logged(own(&slow)), "WARN PEER: header took too long at byte 6 (proxy-protocol 2)");
    // The time is the header's, and not that of what follows.
    settled.ask("/");
    assert_eq!(who(&mut settled), own(&settled));
    drop(settled);
    assert_eq!(server.finish().deadlines.head, 2);
}

#[test]
fn the_log_names_the_client() {
    let server = Running::start(trusting(LOOPBACK));
    let named = address("192.0.2.99:9");
    let mut client = Client::connect_alone(server.address);
    client.send(line(&Endpoints::tcp(named, address("192.0.2.1:443"))));
    client.send("GET / HTTP/1.1\n\n");
    assert_eq!(client.response().status, 400);
    wait_until("it is logged", || !logging::of(named).is_empty());
    assert_eq!(
        logging::of(named),
        [format!("WARN {named}: line feed without carriage return at byte 14 (RFC 9112 2.2)")]
    );
    assert_eq!(logging::of(own(&client)), [""; 0]);
    drop(client);
    server.finish();
}

#[test]
fn who_owes_a_header_gives_way_to_others() {
    let config = Config { max_connections: 1, min_head: Duration::from_millis(50), ..trusting(LOOPBACK) };
    let server = Running::start(config);
    let mut slow = Client::connect(server.address);
    slow.send("PROXY ");
    let mut client = Client::connect(server.address);
    client.send([&line(&Endpoints::Unspecified)[..], get("/").as_bytes()].concat());
    assert_eq!(who(&mut client), own(&client));
    assert_dropped(&mut slow);
    drop(client);
    let report = server.finish();
    assert_eq!((report.accepted, report.evicted, report.cut), (2, 1, 0));
}
