//! Requests that never block their thread.

use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixListener;
use std::sync::{Barrier, mpsc};
use std::thread;

use wirenut_client::{Body, Cancel, Cause, Error, Exchange, Phase, PoolLimits, Progress, Redirects, Timeouts};
use wirenut_linux::monotonic_time;
use wirenut_linux::poller::{Epoll, Interest, Poller as _, Token, Waited};

use crate::lab::{LONG, Server, builder, client, nobody};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A poller of one thread, and the exchanges that it drives.
struct Many<'b> {
    poller: Epoll,
    exchanges: Vec<(Exchange<'b>, Outcome)>,
}

/// What has come of an exchange.
#[derive(Default, Debug)]
struct Outcome {
    status: u16,
    content: Vec<u8>,
    end: Option<Result<(), Error>>,
}

impl<'b> Many<'b> {
    fn new(exchanges: impl IntoIterator<Item = Exchange<'b>>) -> Self {
        let mut poller = Epoll::new().unwrap();
        let exchanges = exchanges.into_iter().map(|exchange| (exchange, Outcome::default()));
        let exchanges: Vec<_> = exchanges.collect();
        for (number, (exchange, _)) in (0..).zip(&exchanges) {
            poller.register(exchange.as_fd(), Token(number), Interest::READABLE).unwrap();
        }
        Self { poller, exchanges }
    }

    /// Drives them all to their ends.
    fn run(mut self) -> Vec<Outcome> {
        let deadline = monotonic_time().saturating_add(LONG.into());
        let mut due: Vec<usize> = (0..self.exchanges.len()).collect();
        loop {
            for number in due.drain(..) {
                let (exchange, outcome) = &mut self.exchanges[number];
                advance(exchange, outcome);
            }
            let open = || self.exchanges.iter().filter(|(_, outcome)| outcome.end.is_none());
            let Some(next) = open().map(|(exchange, _)| exchange.poll_timeout().unwrap_or(deadline)).min() else {
                return self.exchanges.into_iter().map(|(_, outcome)| outcome).collect();
            };
            self.poller.wait_until(Some(next), monotonic_time).unwrap();
            while let Some(event) = self.poller.next_event() {
                due.push(usize::try_from(event.token.0).unwrap());
            }
            let now = monotonic_time();
            assert!(now < deadline, "lost wake-up");
            let late = |exchange: &Exchange<'_>| exchange.poll_timeout().is_some_and(|at| at <= now);
            due.extend((0..self.exchanges.len()).filter(|number| late(&self.exchanges[*number].0)));
        }
    }
}

/// Polls until nothing more can be done.
fn advance(exchange: &mut Exchange<'_>, outcome: &mut Outcome) {
    while outcome.end.is_none() {
        match exchange.poll() {
            Ok(Progress::Pending) => return,
            Ok(Progress::Head(head)) => outcome.status = head.status().code(),
            Ok(Progress::Content(piece)) => {
                assert!(!piece.is_empty());
                outcome.content.extend_from_slice(piece);
            }
            Ok(Progress::End) => outcome.end = Some(Ok(())),
            Err(error) => outcome.end = Some(Err(error)),
        }
    }
}

fn run(exchange: Exchange<'_>) -> Outcome {
    Many::new([exchange]).run().remove(0)
}

fn whole(outcome: Outcome) -> (u16, String) {
    outcome.end.unwrap().unwrap();
    (outcome.status, String::from_utf8(outcome.content).unwrap())
}

fn failure(outcome: Outcome) -> Error {
    outcome.end.unwrap().unwrap_err()
}

/// The server answers nobody before all have asked: so all were under way at once, on one thread.
#[test]
fn one_thread_has_two_hundred_requests_under_way() {
    const COUNT: usize = 200;
    let all = Barrier::new(COUNT);
    let server = Server::new(move |_, peer| {
        peer.head();
        all.wait();
        peer.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
        peer.say("lo\r\n6\r\n world\r\n0\r\n\r\n");
        peer.wait_for_end();
    });
    let limits = PoolLimits { per_host: COUNT, ..PoolLimits::DEFAULT };
    let client = builder().pool(limits).build();
    let url = format!("http://localhost:{}/", server.address().port());
    let outcomes = Many::new((0..COUNT).map(|_| client.get(&*url).start().unwrap())).run();
    for outcome in outcomes {
        assert_eq!(whole(outcome), (200, "hello world".to_owned()));
    }
    assert_eq!(server.heads().len(), COUNT);
    drop(client);
}

/// More requests than places: those that wait are woken one after the other, whoever gives the place back.
#[test]
fn a_place_in_the_pool_is_waited_for_without_blocking() {
    let server = Server::answering(OK);
    for (kept, limits) in [
        (false, PoolLimits { per_host: 2, idle: Duration::ZERO.into(), ..PoolLimits::DEFAULT }),
        (true, PoolLimits { per_host: 2, ..PoolLimits::DEFAULT }),
        (true, PoolLimits { in_all: 1, ..PoolLimits::DEFAULT }),
    ] {
        let client = builder().pool(limits).build();
        let blocking = thread::scope(|scope| {
            let others = (0..3).map(|_| scope.spawn(|| client.get(server.url("/")).send()?.text(10)));
            let others: Vec<_> = others.collect();
            for outcome in Many::new((0..20).map(|_| client.get(server.url("/")).start().unwrap())).run() {
                assert_eq!(whole(outcome), (200, "ok".to_owned()), "{kept}");
            }
            others.into_iter().map(|other| other.join().unwrap().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(blocking, ["ok"; 3]);
    }
    // Nobody gives it back.
    let client = builder().pool(PoolLimits { per_host: 1, ..PoolLimits::DEFAULT }).build();
    let first = client.get(server.url("/")).send().unwrap();
    let waiting = client.get(server.url("/")).timeout(Duration::from_millis(20)).start().unwrap();
    let abandoned = client.get(server.url("/")).start().unwrap();
    assert_eq!(failure(run(waiting)).phase(), Phase::Pool);
    drop(abandoned);
    assert_eq!(first.text(10).unwrap(), "ok");
    assert_eq!(whole(run(client.get(server.url("/")).start().unwrap())).0, 200);
}

/// Who was woken for a place and is gone wakes the next.
#[test]
fn a_place_that_is_not_taken_goes_to_the_next() {
    let server = Server::answering(OK);
    let client = builder().pool(PoolLimits { per_host: 1, ..PoolLimits::DEFAULT }).build();
    let holder = client.get(server.url("/")).send().unwrap();
    let mut waiting = [(); 2].map(|()| client.get(server.url("/")).start().unwrap());
    for exchange in &mut waiting {
        assert!(matches!(exchange.poll().unwrap(), Progress::Pending));
    }
    assert_eq!(holder.text(10).unwrap(), "ok");
    let [first, second] = waiting;
    drop(first);
    let mut poller = Epoll::new().unwrap();
    poller.register(second.as_fd(), Token(0), Interest::READABLE).unwrap();
    assert_eq!(poller.wait(Some(LONG.into())).unwrap(), Waited::Ready);
    assert_eq!(whole(run(second)).0, 200);
}

/// A thread that waits for a server that does nothing is not woken.
#[test]
fn nothing_spins() {
    // More than the buffers of the system hold, and nothing at all.
    for length in [8 << 20, 0] {
        nothing_spins_with(length);
    }
}

fn nothing_spins_with(length: usize) {
    let (go, told) = mpsc::channel::<()>();
    let told = std::sync::Mutex::new(told);
    let server = Server::new(move |_, peer| {
        let wait = || told.lock().unwrap().recv_timeout(LONG).unwrap();
        wait();
        peer.head();
        wait();
        peer.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
        wait();
        peer.say("o");
        wait();
        peer.say("k");
        peer.wait_for_end();
    });
    let client = client();
    let content = vec![b'x'; length];
    let mut exchange = client.post(server.url("/")).body(&content[..]).expect_continue(false).start().unwrap();
    let mut poller = Epoll::new().unwrap();
    poller.register(exchange.as_fd(), Token(0), Interest::READABLE).unwrap();
    let mut outcome = Outcome::default();
    for step in 0..4 {
        // Until all that goes has gone.
        let (mut quiet, mut rounds) = (0, 0);
        while quiet < 2 {
            rounds += 1;
            assert!(rounds < 2_000, "{step}: it is woken for nothing");
            advance(&mut exchange, &mut outcome);
            let is_due = exchange.poll_timeout().is_some_and(|at| at <= monotonic_time());
            let waited =
                if is_due { Waited::Ready } else { poller.wait(Some(Duration::from_millis(30).into())).unwrap() };
            while poller.next_event().is_some() {}
            quiet = if waited == Waited::Ready { 0 } else { quiet + 1 };
        }
        assert!(outcome.end.is_none(), "{step}: {outcome:?}");
        go.send(()).unwrap();
        if step == 0 {
            // The server reads the head only; the answer that follows says that it wants no more.
            assert_eq!(outcome.status, 0);
        }
    }
    while outcome.end.is_none() {
        assert_eq!(poller.wait(Some(LONG.into())).unwrap(), Waited::Ready);
        while poller.next_event().is_some() {}
        advance(&mut exchange, &mut outcome);
    }
    assert!(exchange.is_over());
}

/// All that the blocking form does.
#[test]
fn redirects_uploads_retries_and_deadlines_are_the_same() {
    let server = Server::new(|_, peer| {
        while let Some(head) = peer.head() {
            let target = head.split(' ').nth(1).unwrap().to_owned();
            let answer = match &*target {
                "/away" => "HTTP/1.1 302 Found\r\nLocation: /to\r\nContent-Length: 5\r\n\r\nthere".into(),
                "/circle" => "HTTP/1.1 302 Found\r\nLocation: /circle\r\nContent-Length: 0\r\n\r\n".into(),
                "/cut" => "HTTP/1.1 302 Found\r\nLocation: /to\r\nContent-Length: 9\r\n\r\ncut".into(),
                "/large" => "HTTP/1.1 302 Found\r\nLocation: /to\r\nContent-Length: 99999999\r\n\r\n".into(),
                "/once" => OK.into(),
                "/up" => {
                    let content = peer.bytes(3_000_000);
                    format!("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{:3}", content[2_999_999])
                }
                "/silent" => return peer.wait_for_end(),
                _ => OK.to_owned(),
            };
            peer.say(answer);
            match &*target {
                "/once" => {
                    // It closes when it gets the next request, which nobody can see before.
                    peer.head();
                    return;
                }
                "/cut" => return,
                _ => {}
            }
        }
    });
    let client = client();
    let start = |target: &str| client.get(server.url(target)).start().unwrap();
    for target in ["/away", "/cut", "/large"] {
        assert_eq!(whole(run(start(target))), (200, "ok".to_owned()), "{target}");
    }
    assert!(matches!(failure(run(start("/circle"))).cause(), Cause::TooManyRedirects(10)));
    let off = client.get(server.url("/away")).redirects(Redirects::OFF).start().unwrap();
    assert_eq!(whole(run(off)), (302, "there".to_owned()));
    let content = vec![7; 3_000_000];
    for body in [Body::from(&content[..]), Body::reader_with_length(&content[..], 3_000_000)] {
        let up = client.put(server.url("/up")).body(body).expect_continue(false).start().unwrap();
        assert_eq!(whole(run(up)), (200, "  7".to_owned()));
    }
    // A connection that turns out to be stale.
    let stale = builder().build();
    for _ in 0..2 {
        assert_eq!(whole(run(stale.get(server.url("/once")).start().unwrap())), (200, "ok".to_owned()));
    }
    let silent = client.get(server.url("/silent")).timeout(Duration::from_millis(30)).start().unwrap();
    let error = failure(run(silent));
    assert!(error.is_timeout() && error.phase() == Phase::Response, "{error}");
    let failed =
        builder().timeouts(Timeouts { response: Duration::from_millis(30).into(), ..Timeouts::DEFAULT }).build();
    assert!(failure(run(failed.get(server.url("/silent")).start().unwrap())).is_timeout());
    let (_socket, nobody) = nobody();
    let refused = client.get(format!("http://localhost:{}/", nobody.port())).start().unwrap();
    assert_eq!(failure(run(refused)).phase(), Phase::Connect);
    let unknown = failure(run(client.get("http://host.invalid/").start().unwrap()));
    assert_eq!(unknown.phase(), Phase::LookUp);
}

#[test]
fn an_error_stays_one() {
    let server = Server::new(|_, peer| {
        peer.head();
        peer.say("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok");
    });
    let client = client();
    let mut exchange = client.get(server.url("/")).start().unwrap();
    let mut poller = Epoll::new().unwrap();
    poller.register(exchange.as_fd(), Token(0), Interest::READABLE).unwrap();
    let mut outcome = Outcome::default();
    advance(&mut exchange, &mut outcome);
    while outcome.end.is_none() {
        poller.wait_until(exchange.poll_timeout(), monotonic_time).unwrap();
        while poller.next_event().is_some() {}
        advance(&mut exchange, &mut outcome);
    }
    assert!(outcome.end.unwrap().is_err() && exchange.is_over());
    assert!(exchange.poll().is_err());
    let (_socket, nobody) = nobody();
    let mut never = client.get(format!("http://{nobody}/")).start().unwrap();
    let mut outcome = Outcome::default();
    while outcome.end.is_none() {
        advance(&mut never, &mut outcome);
        thread::yield_now();
    }
    assert!(never.poll().is_err() && never.is_over());
}

#[test]
fn another_thread_stops_it() {
    let server = Server::new(|_, peer| peer.wait_for_end());
    let (cancel, client) = (Cancel::new().unwrap(), client());
    let exchange = client.get(server.url("/")).cancel(&cancel).start().unwrap();
    let many = Many::new([exchange]);
    let outcome = thread::scope(|scope| {
        scope.spawn(|| cancel.cancel());
        many.run().remove(0)
    });
    assert!(matches!(failure(outcome).cause(), Cause::Cancelled));
}

/// A Unix socket whose listener has no room cannot be watched: it is asked again, and can be given up.
#[test]
fn a_unix_socket_without_room_blocks_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    wirenut_linux::socket::UnixListener::from(listener.try_clone().unwrap()).set_backlog(0).unwrap();
    let client = builder().unix_socket(&path).build();
    let _first = std::os::unix::net::UnixStream::connect(&path).unwrap();
    let cancel = Cancel::new().unwrap();
    cancel.cancel();
    for (exchange, is_expected) in [
        (
            client.get("http://a/").timeout(Duration::from_millis(40)).start().unwrap(),
            Error::is_timeout as fn(&Error) -> bool,
        ),
        (client.get("http://a/").cancel(&cancel).start().unwrap(), |error| matches!(error.cause(), Cause::Cancelled)),
    ] {
        let error = failure(run(exchange));
        assert!(is_expected(&error), "{error}");
    }
    let waiting = client.get("http://a/").start().unwrap();
    let server = thread::spawn(move || {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().unwrap();
            // The first says nothing.
            if stream.read(&mut [0; 1_000]).unwrap() > 0 {
                stream.write_all(OK.as_bytes()).unwrap();
            }
        }
    });
    drop(_first);
    assert_eq!(whole(run(waiting)), (200, "ok".to_owned()));
    drop(client);
    server.join().unwrap();
}
