//! More connections than places.

use wirenut::readiness::WhenFull;
use wirenut_linux::Config;

use crate::client::Client;
use crate::lab::Running;

const TWO: Config = Config { max_connections: 2, evict_idle: false, when_full: WhenFull::Queue, ..Config::DEFAULT };

fn used(server: &Running) -> Client {
    let mut client = Client::connect(server.address);
    assert_eq!(client.get("/hello").status, 200);
    client
}

#[test]
fn the_longest_idle_one_makes_room() {
    let server = Running::start(Config { evict_idle: true, ..TWO });
    let (mut first, mut second) = (used(&server), used(&server));
    assert_eq!(first.get("/hello").status, 200);
    let mut third = used(&server);
    second.assert_closed();
    assert_eq!(first.get("/hello").status, 200);
    assert_eq!(third.get("/hello").status, 200);
    assert_eq!(server.finish().evicted, 1);
}

#[test]
fn the_next_one_waits_for_a_place() {
    let server = Running::start(TWO);
    let (first, mut second) = (used(&server), used(&server));
    let mut third = Client::connect(server.address);
    third.ask("/hello");
    assert!(third.is_silent());
    assert_eq!(second.get("/hello").status, 200);
    drop(first);
    assert_eq!(third.response().status, 200);
    server.finish();
}

#[test]
fn the_next_one_waits_until_another_is_idle() {
    let server = Running::start(Config { evict_idle: true, ..TWO });
    let (mut first, mut second) = (used(&server), used(&server));
    first.ask("/wake");
    second.ask("/never");
    let waker = server.woken.recv().unwrap();
    let mut third = Client::connect(server.address);
    third.ask("/hello");
    assert!(third.is_silent());
    waker.wake();
    assert_eq!(first.response().body, b"woken");
    assert_eq!(third.response().status, 200);
    first.assert_closed();
    server.stopper.stop_now();
    server.join();
}

#[test]
fn the_next_one_is_refused() {
    let server = Running::start(Config { when_full: WhenFull::Refuse, ..TWO });
    let (first, mut second) = (used(&server), used(&server));
    for _ in 0..100 {
        let mut third = Client::connect(server.address);
        // It comes before, after or while it is refused.
        let _ = std::io::Write::write_all(third.stream.get_mut(), crate::client::get("/hello").as_bytes());
        let response = third.response();
        assert_eq!((response.status, response.head.contains("connection: close")), (503, true));
    }
    drop(first);
    assert_eq!(second.get("/hello").status, 200);
    let mut fourth = Client::connect(server.address);
    // The place may not be free yet.
    while fourth.get("/hello").status != 200 {
        fourth = Client::connect(server.address);
    }
    assert!(server.finish().refused >= 100);
}

#[test]
fn hundreds_come_and_go() {
    let server = Running::start(Config::DEFAULT);
    for _ in 0..3 {
        let mut clients: Vec<Client> = (0..300).map(|_| Client::connect(server.address)).collect();
        for client in &mut clients {
            client.ask("/hello");
        }
        for client in &mut clients {
            assert_eq!(client.response().status, 200);
        }
    }
    assert_eq!(server.finish().accepted, 900);
}
