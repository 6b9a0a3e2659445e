//! A worker of one connection, and one that only refuses: what the models with a thread or process for each need.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream as Client;
use std::sync::mpsc;
use std::thread;

use wirenut::http::service::{Responder, Service, Step, service_fn};
use wirenut::http::{RequestHead, WriteError};
use wirenut::readiness::Standing;
use wirenut::time::Duration;
use wirenut_linux::poller::Bell;
use wirenut_linux::socket::{AnyByteStream, Mode, UnixStream};

use crate::board::{Board, Seat, Stop};
use crate::config::Config;
use crate::http::Http;
use crate::report::Report;
use crate::speaking::Speaking;
use crate::work::Work;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const ANSWER: &str = "HTTP/1.1 200 OK\r\n";

fn pair() -> (Client, AnyByteStream) {
    let (client, server) = UnixStream::pair().unwrap();
    server.set_mode(Mode::NonBlocking).unwrap();
    (client.into(), server.into())
}

/// Serves a connection in a thread, while the test does its part with the client's end and the seat.
fn served(config: Config, part: impl FnOnce(Client, &Seat)) -> Board {
    let board = Board::new(1).unwrap().with_drain_delay(config.drain_delay);
    let seat = board.seat(0, Bell::new().unwrap());
    let (client, server) = pair();
    let hello = service_fn(|_, responder| responder.text("Hello, World!\n"));
    let work = Speaking::new(config, |seat| Http::new(&hello, config.limits, seat));
    thread::scope(|scope| {
        let serving = scope.spawn(|| work.serve_one(server, seat.clone()));
        part(client, &seat);
        serving.join().unwrap().unwrap();
    });
    board
}

fn ask(client: &mut Client) {
    client.write_all(REQUEST).unwrap();
    let mut answer = [0; 512];
    let count = client.read(&mut answer).unwrap();
    assert!(answer[..count].starts_with(ANSWER.as_bytes()));
}

fn end(client: &mut Client) -> Vec<u8> {
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).unwrap();
    rest
}

/// Waits until the connection does that; the count is only a bound for a test that fails.
fn wait_for(seat: &Seat, standing: Standing) {
    for _ in 0..10_000 {
        if seat.standing().0 == standing {
            return;
        }
        thread::sleep(core::time::Duration::from_millis(1));
    }
    panic!("never {standing:?}: {:?}", seat.standing());
}

#[test]
fn it_ends_with_its_connection() {
    let board = served(Config::DEFAULT, |mut client, _| {
        ask(&mut client);
        ask(&mut client);
    });
    assert_eq!((Report::of(&board).accepted, Report::of(&board).evicted), (1, 0));
}

#[test]
fn it_ends_when_it_is_told_to_stop() {
    for stop in [Stop::Drain, Stop::Now] {
        let board = served(Config::DEFAULT, |mut client, seat| {
            ask(&mut client);
            wait_for(seat, Standing::Idle);
            seat.stop(stop);
            assert_eq!(end(&mut client), b"");
        });
        assert_eq!(Report::of(&board).cut, 0, "it was idle");
    }
}

/// How a worker is told to stop.
type Tell = fn(&Seat);

const HAND_OVER: Tell = |seat| seat.stop(Stop::HandOver);
const END: Tell = Seat::ask_to_end;
const STOP_NOW: Tell = |seat| seat.stop(Stop::Now);

/// Where others accept, or before it drains, it closes nothing that its peer may use at this moment.
#[test]
fn it_ends_after_its_next_answer_when_it_has_handed_over() {
    let delayed = Config { drain_delay: Duration::from_secs(60), ..Config::DEFAULT };
    for (tell, config) in [(HAND_OVER, Config::DEFAULT), (END, delayed)] {
        let board = served(config, |mut client, seat| {
            ask(&mut client);
            wait_for(seat, Standing::Idle);
            tell(seat);
            assert_silent(&client);
            client.write_all(REQUEST).unwrap();
            let answer = String::from_utf8(end(&mut client)).unwrap();
            assert!(answer.starts_with(ANSWER) && answer.contains("\r\nConnection: close\r\n"), "{answer}");
        });
        assert_eq!(Report::of(&board).cut, 0);
    }
}

#[test]
fn it_ends_with_its_peer_or_its_time_when_it_has_handed_over() {
    served(Config::DEFAULT, |mut client, seat| {
        ask(&mut client);
        HAND_OVER(seat);
        client.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(end(&mut client), b"");
    });
    let short = Duration::from_millis(50);
    for (tell, config) in [
        (HAND_OVER, Config { drain: short, ..Config::DEFAULT }),
        (HAND_OVER, Config { drain: Duration::default(), ..Config::DEFAULT }),
        (END, Config { drain_delay: short, ..Config::DEFAULT }),
    ] {
        let board = served(config, |mut client, seat| {
            ask(&mut client);
            wait_for(seat, Standing::Idle);
            tell(seat);
            assert_eq!(end(&mut client), b"");
        });
        assert_eq!(Report::of(&board).cut, 0, "it was idle");
    }
}

#[test]
fn a_later_wish_to_stop_ends_what_was_handed_over() {
    let delayed = Config { drain_delay: Duration::from_secs(60), ..Config::DEFAULT };
    for (first, second) in [(HAND_OVER, END), (HAND_OVER, STOP_NOW), (END, END), (END, STOP_NOW)] {
        served(delayed, |mut client, seat| {
            ask(&mut client);
            wait_for(seat, Standing::Idle);
            first(seat);
            assert_silent(&client);
            second(seat);
            assert_eq!(end(&mut client), b"");
        });
    }
}

/// Nothing comes for a moment, and no end.
#[track_caller]
fn assert_silent(client: &Client) {
    client.set_read_timeout(Some(core::time::Duration::from_millis(30))).unwrap();
    let listen = || (&*client).read(&mut [0; 512]);
    let mut heard = listen();
    // A signal to this process interrupts a read that has a time-out: signal(7).
    while heard.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::Interrupted) {
        heard = listen();
    }
    client.set_read_timeout(None).unwrap();
    assert!(heard.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock), "{heard:?}");
}

#[test]
fn a_deadline_ends_it() {
    let limits = wirenut::http::Limits { idle: Duration::from_millis(20), ..Config::DEFAULT.limits };
    // Who asks too late for that is not answered, which does not count.
    let is_answered = || {
        let mut heard = Vec::new();
        served(Config { limits, ..Config::DEFAULT }, |mut client, _| {
            let _ = client.write_all(REQUEST);
            let _ = client.read_to_end(&mut heard);
        });
        heard.starts_with(ANSWER.as_bytes()) && heard.ends_with(b"Hello, World!\n")
    };
    assert!((0..50).any(|_| is_answered()), "this machine was too busy each time");
}

#[test]
fn it_says_what_it_does_and_gives_way_when_it_is_idle() {
    let at_once = Config { min_idle: Duration::default(), ..Config::DEFAULT };
    let board = served(at_once, |mut client, seat| {
        wait_for(seat, Standing::Reading);
        ask(&mut client);
        wait_for(seat, Standing::Idle);
        let (_, since) = seat.standing();
        ask(&mut client);
        wait_for(seat, Standing::Idle);
        assert!(seat.standing().1 >= since);
        seat.ask_to_give_way();
        assert_eq!(end(&mut client), b"");
    });
    assert_eq!(Report::of(&board).evicted, 1);
}

#[test]
fn a_head_that_does_not_come_gives_way_with_an_answer() {
    served(Config::DEFAULT, |mut client, seat| {
        client.write_all(b"GET / HT").unwrap();
        wait_for(seat, Standing::Reading);
        seat.ask_to_give_way();
        // Those bytes may not have been read, and then they are not lost: it is asked again.
        let mut answer = [0; 16];
        client.set_read_timeout(Some(core::time::Duration::from_millis(50))).unwrap();
        while client.read(&mut answer).is_err() {
            seat.ask_to_give_way();
        }
        assert_eq!(&answer, b"HTTP/1.1 408 Req");
    });
}

/// Waits for ever.
struct Never(mpsc::SyncSender<()>);

impl Service for Never {
    type Exchange = ();
    type Source = core::convert::Infallible;

    fn request(&self, _: &RequestHead<'_>, _: &mut Responder<'_>) -> Result<((), Step), WriteError> {
        self.0.send(()).unwrap();
        Ok(((), Step::Wait(None)))
    }

    fn proceed(&self, (): &mut (), _: &mut Responder<'_>) -> Result<Step, WriteError> {
        Ok(Step::Wait(None))
    }
}

#[test]
fn who_is_in_use_does_not_give_way() {
    let (begun, has_begun) = mpsc::sync_channel(1);
    let board = Board::new(1).unwrap();
    let seat = board.seat(0, Bell::new().unwrap());
    let (mut client, server) = pair();
    let never = Never(begun);
    let work = Speaking::new(Config::DEFAULT, |seat| Http::new(&never, Config::DEFAULT.limits, seat));
    thread::scope(|scope| {
        let serving = scope.spawn(|| work.serve_one(server, seat.clone()));
        client.write_all(REQUEST).unwrap();
        has_begun.recv().unwrap();
        seat.ask_to_give_way();
        wait_for(&seat, Standing::Busy);
        seat.stop(Stop::Now);
        serving.join().unwrap().unwrap();
    });
    assert_eq!((Report::of(&board).evicted, Report::of(&board).cut), (0, 1));
}

#[test]
fn those_who_are_refused_are_told_and_let_go() {
    let board = Board::new(1).unwrap();
    let seat = board.seat(0, Bell::new().unwrap());
    let hello = service_fn(|_, responder| responder.text("never asked"));
    let work = Speaking::new(Config::DEFAULT, |seat| Http::new(&hello, Config::DEFAULT.limits, seat));
    let mut refuser = work.refuser(seat).unwrap();
    assert_eq!(refuser.poll_timeout(), None);
    // More than it keeps: the oldest ones are closed.
    let mut clients: Vec<_> = (0..40)
        .map(|_| {
            let (client, server) = pair();
            refuser.refuse(server).unwrap();
            client
        })
        .collect();
    assert!(refuser.poll_timeout().is_some());
    for client in &mut clients {
        let answer = end(client);
        assert!(answer.starts_with(b"HTTP/1.1 503 "), "{}", answer.escape_ascii());
    }
    drop(clients);
    // A process that another test starts has a copy of each socket for a moment.
    for _ in 0..10_000 {
        refuser.run().unwrap();
        if refuser.poll_timeout().is_none() {
            break;
        }
        thread::sleep(core::time::Duration::from_millis(1));
    }
    assert_eq!(refuser.poll_timeout(), None, "all of them are gone");
    assert_eq!(Report::of(&board).refused, 40);
}
