//! How connections end: with close_notify, and without.

use alloc::sync::Arc;
use core::num::NonZeroUsize;
use core::time::Duration;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::mpsc;
use std::thread;

use wirenut::readiness::WhenFull;
use wirenut_server::handler::Stream;
use wirenut_server::{Config, Model, Server};
use wirenut_tls::rustls::ClientConfig;

use crate::lab::{FOUR, Running, wait_until};
use crate::secure::{ALL, Secure, certificate, echo, serve, start, tls, trusting};

/// What was asked is answered; who is idle is told that it ends.
pub(crate) fn of_a_drain_are_in_order() {
    let made = certificate();
    let config = trusting(&made, &[]);
    for model in ALL {
        println!("{}", model.name());
        let running = start(&made, Config { model, ..Config::DEFAULT }, serve);
        let mut busy = Secure::connect(&running, &config);
        busy.agree().unwrap();
        busy.0.write_all(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        busy.0.flush().unwrap();
        let waiting = thread::spawn(move || {
            let answer = busy.answer();
            (answer, busy.rest())
        });
        if model == (Model::Multiplexed { workers: FOUR }) {
            let mut idle = Secure::connect(&running, &config);
            assert_eq!(idle.ask("GET", "/", b""), b"Hello, World!\n");
            let idle = thread::spawn(move || idle.rest());
            running.finish();
            assert_eq!(idle.join().unwrap(), b"");
        } else {
            running.finish();
        }
        assert_eq!(waiting.join().unwrap(), (b"at last\n".to_vec(), Vec::new()));
    }
}

/// A part of a record is waited for as half a head is: it may be that of a request.
pub(crate) fn of_a_drain_wait_for_the_rest_of_a_record() {
    let made = certificate();
    let config = trusting(&made, &[]);
    let model = Model::Multiplexed { workers: NonZeroUsize::MIN };
    for cut in [3, 20] {
        let server = Server::bind("127.0.0.1:0", Config { model, ..Config::DEFAULT }).unwrap().with_tls(tls(&made));
        let (address, stopper) = (server.local_addr().unwrap(), server.stopper());
        let running = thread::spawn(move || serve(server).unwrap());
        let [mut client, mut idle] = [(); 2].map(|()| {
            let mut client = Secure::over(std::net::TcpStream::connect(address).unwrap(), &config);
            client.0.sock.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            assert_eq!(client.ask("GET", "/", b""), b"Hello, World!\n");
            client
        });
        let mut record = Vec::new();
        client.0.conn.writer().write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        client.0.conn.write_tls(&mut record).unwrap();
        client.0.sock.write_all(&record[..cut]).unwrap();
        // What came before is received before this.
        assert_eq!(idle.ask("GET", "/", b""), b"Hello, World!\n");
        stopper.stop();
        // It has come after the other one, and so the server has looked at both.
        assert_eq!(idle.rest(), b"");
        client.0.sock.write_all(&record[cut..]).unwrap();
        assert_eq!(client.answer(), b"Hello, World!\n");
        assert_eq!(client.rest(), b"");
        assert_eq!(running.join().unwrap().cut, 0);
    }
}

/// A client whose first request was answered, and the record of a second one.
fn between_records(running: &Running, config: &Arc<ClientConfig>) -> (Secure, Vec<u8>) {
    let mut client = Secure::connect(running, config);
    assert_eq!(client.ask("GET", "/", b""), b"Hello, World!\n");
    let mut record = Vec::new();
    client.0.conn.writer().write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    client.0.conn.write_tls(&mut record).unwrap();
    (client, record)
}

/// A part of a record is a part of a head, for who would like to have the place: it is not idle, and has as long as a head.
pub(crate) fn for_somebody_else_are_as_of_heads() {
    use wirenut::time::Duration;
    const AT_ONCE: Duration = Duration::from_millis(1);
    const NEVER: Duration = Duration::from_secs(3600);
    let made = certificate();
    let settings = trusting(&made, &[]);
    let one = NonZeroUsize::MIN;
    for model in [Model::Multiplexed { workers: one }, Model::Threading { threads: one }] {
        println!("{}", model.name());
        let config = Config { model, max_connections: 1, ..Config::DEFAULT };
        let waits = Config { min_idle: AT_ONCE, min_head: NEVER, when_full: WhenFull::Refuse, ..config };
        for cut in [3, 20] {
            let running = start(&made, waits, serve);
            let (mut client, record) = between_records(&running, &settings);
            client.0.sock.write_all(&record[..cut]).unwrap();
            for _ in 0..20 {
                assert!(Secure::connect(&running, &settings).agree().is_err(), "nobody gives way");
            }
            client.0.sock.write_all(&record[cut..]).unwrap();
            assert_eq!(client.answer(), b"Hello, World!\n");
            drop(client);
            assert!(running.finish().contains("evicted 0 "));
        }
        let gives_way = Config { min_idle: NEVER, min_head: Duration::from_millis(50), ..config };
        let running = start(&made, gives_way, serve);
        let (mut client, record) = between_records(&running, &settings);
        let mut other = Secure::connect(&running, &settings);
        let asks = thread::spawn(move || other.ask("GET", "/", b""));
        // Also where some of it lies unread when it is to go.
        for byte in &record[..record.len() - 1] {
            // Once it has gone it has no peer any more.
            let _ = client.0.sock.write_all(&[*byte]);
        }
        assert_eq!(asks.join().unwrap(), b"Hello, World!\n");
        drop(client);
        assert!(running.finish().contains("evicted 1 "));
    }
}

/// The last answer of a connection is not one behind which decrypted requests wait.
pub(crate) fn of_a_hand_over_are_behind_all_that_came() {
    const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let made = certificate();
    let config = trusting(&made, &[]);
    let model = Model::Multiplexed { workers: NonZeroUsize::MIN };
    let server = Server::bind("127.0.0.1:0", Config { model, ..Config::DEFAULT }).unwrap().with_tls(tls(&made));
    let (address, stopper) = (server.local_addr().unwrap(), server.stopper());
    let running = thread::spawn(move || serve(server).unwrap());
    let [mut client, mut other] = [(); 2].map(|()| {
        let mut client = Secure::over(std::net::TcpStream::connect(address).unwrap(), &config);
        client.0.sock.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        assert_eq!(client.ask("GET", "/", b""), b"Hello, World!\n");
        client
    });
    let mut encrypt = |text: &str| {
        let mut record = Vec::new();
        client.0.conn.writer().write_all(text.as_bytes()).unwrap();
        client.0.conn.write_tls(&mut record).unwrap();
        record
    };
    let many = encrypt(&REQUEST.repeat(100));
    // With the last byte of those before it, so many are received that as many bytes of those end with a request.
    let overhead = many.len() - 100 * REQUEST.len();
    let one = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(REQUEST.len() * 2 - overhead - 6));
    let last = [&many[many.len() - 1..], &encrypt(&one)].concat();
    assert_eq!(last.len() % REQUEST.len(), 0, "{} bytes", last.len());
    client.0.sock.write_all(&many[..many.len() - 1]).unwrap();
    // What came before is received before this.
    assert_eq!(other.ask("GET", "/", b""), b"Hello, World!\n");
    stopper.hand_over();
    let is_last = |other: &mut Secure| {
        let mut answer = Vec::new();
        other.0.write_all(REQUEST.as_bytes()).unwrap();
        while !answer.ends_with(b"Hello, World!\n") {
            let mut piece = [0; 1_000];
            let count = other.0.read(&mut piece).unwrap();
            assert_ne!(count, 0);
            answer.extend_from_slice(&piece[..count]);
        }
        String::from_utf8(answer).unwrap().contains("Connection: close")
    };
    while !is_last(&mut other) {}
    drop(other);
    client.0.sock.write_all(&last).unwrap();
    for number in 0..101 {
        assert_eq!(client.answer(), b"Hello, World!\n", "{number}");
    }
    drop(client);
    assert_eq!(running.join().unwrap().cut, 0);
}

pub(crate) fn without_close_notify_are_cuts() {
    let made = certificate();
    let config = trusting(&made, &[]);
    // A handler sees that something may be missing.
    let server = Server::bind("127.0.0.1:0", Config { model: Model::Threading { threads: FOUR }, ..Config::DEFAULT });
    let server = server.unwrap().with_tls(tls(&made));
    let (address, stopper) = (server.local_addr().unwrap(), server.stopper());
    let (sender, ends) = mpsc::channel();
    let running = thread::spawn(move || {
        let sender = std::sync::Mutex::new(sender);
        server.run_handler(&|mut stream: &Stream| {
            let read = stream.read_to_end(&mut Vec::new());
            sender
                .lock()
                .unwrap()
                .send(read.as_ref().map_or_else(|error| Err(error.kind()), |count| Ok(*count)))
                .unwrap();
            stream.write_all(b"bye")
        })
    });
    for is_in_order in [true, false] {
        let mut client = Secure::over(std::net::TcpStream::connect(address).unwrap(), &config);
        client.0.write_all(b"12345").unwrap();
        if is_in_order {
            client.end_sending();
            assert_eq!(client.rest(), b"bye", "half of it has ended");
        } else {
            client.0.sock.shutdown(Shutdown::Write).unwrap();
        }
        let end = ends.recv_timeout(Duration::from_secs(20)).unwrap();
        assert_eq!(end, if is_in_order { Ok(5) } else { Err(ErrorKind::UnexpectedEof) });
    }
    stopper.stop();
    running.join().unwrap().unwrap();

    // HTTP knows what is whole: the request is answered, although nobody says that no other one follows.
    let running = start(&made, Config::DEFAULT, serve);
    let mut client = Secure::connect(&running, &config);
    client.0.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    client.0.sock.shutdown(Shutdown::Write).unwrap();
    assert_eq!(client.answer(), b"Hello, World!\n");
    assert_eq!(client.rest(), b"");
    running.finish();
}

/// Key updates without end are not answered without end.
pub(crate) fn of_floods_are_bounded() {
    let made = certificate();
    let config = trusting(&made, &[]);
    for (model, run) in [(Model::DEFAULT, serve as fn(Server) -> _), (Model::Threading { threads: FOUR }, echo)] {
        let running = start(&made, Config { model, ..Config::DEFAULT }, run);
        let mut client = Secure::connect(&running, &config);
        client.agree().unwrap();
        let mut count = 0;
        wait_until("it has ended", || {
            count += 1;
            let refreshed = client.0.conn.refresh_traffic_keys();
            let failed = refreshed.is_err() || client.0.conn.write_tls(&mut client.0.sock).is_err();
            client.0.sock.set_nonblocking(true).unwrap();
            let read = client.0.conn.read_tls(&mut client.0.sock);
            let is_over = matches!(&read, Ok(0)) || read.is_err_and(|error| error.kind() != ErrorKind::WouldBlock);
            failed || is_over || client.0.conn.process_new_packets().is_err()
        });
        assert!(count > 2);
        running.finish();
    }
}
