//! More connections than places.

use core::num::NonZeroUsize;
use core::sync::atomic::Ordering;
use std::io::Write;
use std::thread;
use std::time::Instant;

use wirenut::readiness::WhenFull;
use wirenut::time::Duration;
use wirenut_server::Config;

use crate::client::Client;
use crate::lab::{Running, of_many_clients, wait_until};

const TWO: Config = Config { max_connections: 2, evict_idle: false, when_full: WhenFull::Queue, ..Config::DEFAULT };

/// As [`TWO`], where whoever is idle gives way soon.
const EVICTING: Config = Config { evict_idle: true, min_idle: Duration::from_millis(50), ..TWO };

fn used(server: &Running) -> Client {
    let mut client = Client::connect(server.address);
    assert_eq!(client.get("/hello").status, 200);
    client
}

#[test]
fn the_longest_idle_one_makes_room() {
    let server = Running::start(EVICTING);
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
    let server = Running::start(EVICTING);
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
        let _ = third.stream.get_mut().write_all(crate::client::get("/hello").as_bytes());
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

/// Whoever is refused lingers like everybody else: what still comes of it destroys no answer.
#[test]
fn a_refusal_arrives_though_much_more_was_sent() {
    let server = Running::start(Config { max_connections: 1, when_full: WhenFull::Refuse, ..TWO });
    let _only = used(&server);
    for _ in 0..10 {
        let mut client = Client::connect(server.address);
        let mut sender = client.stream.get_ref().try_clone().unwrap();
        thread::scope(|scope| {
            scope.spawn(move || sender.write_all(&[b'x'; 4 << 20]).unwrap());
            assert_eq!(client.response().status, 503);
            client.assert_closed();
        });
        client.send("and more");
        assert_eq!(client.rest(), (vec![], false));
    }
    assert_eq!(server.finish().refused, 10);
}

/// Those that were refused take no places; there are 32 of them at most, and the oldest goes first.
#[test]
fn the_oldest_of_those_that_were_refused_goes_first() {
    let server = Running::start(Config { max_connections: 1, when_full: WhenFull::Refuse, ..TWO });
    let mut only = used(&server);
    let mut refused: Vec<Client> = (0..40).map(|_| Client::connect(server.address)).collect();
    for client in &mut refused {
        assert_eq!(client.response().status, 503);
        client.assert_closed();
    }
    assert_eq!(only.get("/hello").status, 200);
    for (number, client) in refused.iter_mut().enumerate() {
        let mut is_gone = || client.stream.get_mut().write_all(b"more").is_err();
        if number < 8 {
            // The reset comes as an answer to what was sent before.
            wait_until("it is gone", is_gone);
        } else {
            assert!(!is_gone() && !is_gone(), "{number}");
        }
    }
    drop(only);
    assert_eq!(server.finish().refused, 40);
}

/// Who connects and says nothing has no longer than who begins a head and does not go on.
#[test]
fn a_silent_newcomer_gives_way_in_the_end() {
    let config = Config { min_idle: Duration::from_secs(60), min_head: Duration::from_millis(300), ..EVICTING };
    let server = Running::start(config);
    // Before the time of any of them begins.
    let begun = Instant::now();
    let mut silent: Vec<Client> = (0..2).map(|_| Client::connect(server.address)).collect();
    let mut third = Client::connect(server.address);
    assert_eq!(third.get("/hello").status, 200);
    assert!(begun.elapsed() >= core::time::Duration::from_millis(250), "{:?}", begun.elapsed());
    silent[0].assert_closed();
    assert_eq!(silent[1].get("/hello").status, 200);
    assert_eq!(server.finish().evicted, 1);
}

#[test]
fn hundreds_come_and_go() {
    let _alone = of_many_clients();
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

/// For as long as those who are in use their connections, nobody else has them: a request costs no handshake.
#[test]
fn who_is_in_use_keeps_the_place() {
    let server = Running::start(Config { evict_idle: true, min_idle: Duration::from_secs(10), ..TWO });
    let (mut first, mut second) = (used(&server), used(&server));
    let mut others: Vec<Client> = (0..20).map(|_| Client::connect(server.address)).collect();
    for client in &mut others {
        client.ask("/hello");
    }
    for _ in 0..500 {
        assert_eq!(first.get("/hello").status, 200);
        assert_eq!(second.get("/hello").status, 200);
    }
    assert!(others.iter_mut().all(Client::is_silent));
    // Those who wait have their turn when somebody goes.
    drop((first, second));
    for client in others {
        let mut client = client;
        assert_eq!(client.response().status, 200);
    }
    let report = server.finish();
    assert_eq!((report.accepted, report.evicted), (22, 0));
}

/// All are idle for long enough, and their next requests come together with the newcomers'.
#[test]
fn nobody_is_evicted_whose_request_has_come() {
    let server = Running::start(Config { max_connections: 10, min_idle: Duration::from_millis(20), ..Config::DEFAULT });
    for round in 1..=5 {
        let mut sleeper = used(&server);
        let mut idle: Vec<Client> = (0..9).map(|_| used(&server)).collect();
        thread::sleep(core::time::Duration::from_millis(50));
        // The one worker sees nothing of what comes until it is let go.
        let hold = server.lab.hold.lock().unwrap();
        sleeper.ask("/hold");
        wait_until("the worker is held", || server.lab.held.load(Ordering::SeqCst) == round);
        let mut others: Vec<Client> = (0..20).map(|_| Client::connect(server.address)).collect();
        for client in idle.iter_mut().chain(&mut others) {
            client.ask("/hello");
        }
        drop(hold);
        for mut client in idle {
            assert_eq!(client.response().status, 200);
        }
        assert_eq!(sleeper.response().status, 200);
        for client in &mut others {
            assert_eq!(client.response().status, 200);
        }
    }
    server.finish();
}

#[test]
fn a_head_that_does_not_come_gives_way_in_the_end() {
    let server = Running::start(Config { min_head: Duration::from_millis(300), ..EVICTING });
    // Before the time of any of them begins.
    let begun = Instant::now();
    let mut halves: Vec<Client> = (0..2).map(|_| Client::connect(server.address)).collect();
    for client in &mut halves {
        client.send("GET /hello HTTP/1.1\r\nHost");
    }
    let mut third = Client::connect(server.address);
    assert_eq!(third.get("/hello").status, 200);
    assert!(begun.elapsed() >= core::time::Duration::from_millis(250), "{:?}", begun.elapsed());
    assert_eq!(halves[0].response().status, 408);
    halves[0].assert_closed();
    // The other one still has its place, and time to send the rest.
    halves[1].send(": a\r\n\r\n");
    assert_eq!(halves[1].response().status, 200);
    assert_eq!(server.finish().evicted, 1);
}

#[test]
fn who_lingers_gives_way_first() {
    let server = Running::start(Config { min_idle: Duration::from_secs(10), ..EVICTING });
    let mut idle = used(&server);
    for _ in 0..20 {
        let mut closing = Client::connect(server.address);
        closing.send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        // Its peer does not close, and still sends.
        assert_eq!(closing.response().status, 200);
        closing.send("more");
        let mut next = Client::connect(server.address);
        assert_eq!(next.get("/hello").status, 200);
        closing.assert_closed();
    }
    assert_eq!(idle.get("/hello").status, 200);
    assert_eq!(server.finish().evicted, 0);
}

/// On several threads there are as many places as on one.
#[test]
fn the_places_are_those_of_all_threads() {
    const THREADS: NonZeroUsize = NonZeroUsize::new(3).unwrap();
    let config = Config { max_connections: 4, evict_idle: false, when_full: WhenFull::Queue, ..Config::DEFAULT };
    let server = Running::on_threads(config, THREADS);
    for _ in 0..5 {
        let mut clients: Vec<Client> = (0..30).map(|_| Client::connect(server.address)).collect();
        for client in &mut clients {
            client.ask("/hello");
        }
        // As many as there are places are answered, and the others when these go.
        while !clients.is_empty() {
            let mut answered: Vec<Client> = Vec::new();
            wait_until("somebody is answered", || {
                let (here, waiting) = core::mem::take(&mut clients).into_iter().partition(|client| {
                    client.stream.get_ref().set_nonblocking(true).unwrap();
                    let is_here = client.stream.get_ref().peek(&mut [0]).is_ok();
                    client.stream.get_ref().set_nonblocking(false).unwrap();
                    is_here
                });
                answered.extend::<Vec<Client>>(here);
                clients = waiting;
                assert!(answered.len() <= 4, "{}", answered.len());
                answered.len() == 4 || clients.is_empty()
            });
            assert!(clients.iter_mut().take(1).all(Client::is_silent));
        }
    }
    assert_eq!(server.finish().accepted, 150);
}
