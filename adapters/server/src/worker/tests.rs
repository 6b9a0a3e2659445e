//! Two workers that take connections from one queue, of which the system wakes the one that cannot take them.

use core::net::SocketAddr;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::BorrowedFd;

use wirenut::http::service::{Service, service_fn};
use wirenut::readiness::{self, Event, Interest, LevelTriggered, Poller, Standing, Waited, WhenFull};
use wirenut::time::Duration;
use wirenut_linux::poller::{Bell, Epoll};
use wirenut_linux::socket::{AnyListener, Mode};

use super::*;
use crate::board::Board;
use crate::buffers::SHARED_BYTES;
use crate::http::Http;
use crate::layer::Plain;
use crate::listen::listen;
use crate::proxied::Proxied;
use crate::report::Report;
use crate::transfer::Transfer;

const LONG: Duration = Duration::from_secs(3600);

/// An epoll that does not report the queue before it watches it for the second time: as if the system had woken another
/// worker for what comes.
struct Overlooked {
    epoll: Epoll,
    watches: u32,
}

impl Poller for Overlooked {
    type Source<'s> = BorrowedFd<'s>;
    type Error = Error;

    fn register(&mut self, source: BorrowedFd<'_>, token: readiness::Token, interest: Interest) -> Result<(), Error> {
        self.epoll.register(source, token, interest)
    }

    fn modify(&mut self, source: BorrowedFd<'_>, token: readiness::Token, interest: Interest) -> Result<(), Error> {
        self.epoll.modify(source, token, interest)
    }

    fn deregister(&mut self, source: BorrowedFd<'_>, token: readiness::Token) -> Result<(), Error> {
        if token == LISTENER && self.watches == 1 { Ok(()) } else { self.epoll.deregister(source, token) }
    }

    fn wait(&mut self, limit: Option<Duration>) -> Result<Waited, Error> {
        self.epoll.wait(limit)
    }

    fn next_event(&mut self) -> Option<Event> {
        self.epoll.next_event()
    }
}

impl LevelTriggered for Overlooked {}

impl Watcher for Overlooked {
    fn watch_listener(&mut self, listener: BorrowedFd<'_>, token: readiness::Token) -> Result<(), Error> {
        self.watches += 1;
        if self.watches == 1 { Ok(()) } else { self.epoll.register_shared(listener, token) }
    }
}

fn worker<'w, S: Service<Source: Transfer>, P: Watcher>(
    service: &'w S,
    poller: P,
    (config, throttle): (Config, &'w Throttle),
    queue: Queue<'w>,
    seat: Seat,
) -> Worker<'w, Proxied<Http<'w, S>, Plain>, P> {
    let speaker = Proxied::new(Http::new(service, config.limits, seat.clone()), Plain, None, &config.limits);
    let mut worker = Worker::new(speaker, poller, (config, throttle), (queue.places, SHARED_BYTES), seat);
    worker.begin_accepting(queue).unwrap();
    worker
}

fn connect(address: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(bytes).unwrap();
    client
}

/// Two workers without a free place: one of them, whom the system does not wake, has two connections with half a head. Whoever
/// comes to the other one is told this.
fn come_to_who_cannot_evict(when_full: WhenFull, min_head: Duration) -> (&'static str, Report) {
    let config = Config { max_connections: 2, min_head, when_full, ..Config::DEFAULT };
    let listener = listen(&"127.0.0.1:0", config.backlog).unwrap();
    let address = listener.local_address().unwrap();
    let listener = AnyListener::from(listener);
    listener.set_mode(Mode::NonBlocking).unwrap();
    let (board, places, throttle) = (Board::new(2).unwrap(), Places::new(2), Throttle::default());
    let seats = [0, 1].map(|number| board.seat(number, Bell::new().unwrap()));
    let colleagues: Arc<[_]> = seats.iter().map(Seat::as_colleague).collect();
    let [one, other] = seats.map(|seat| seat.with_colleagues(Arc::clone(&colleagues)));
    let queue = || Queue { listener: listener.try_clone().unwrap(), places: &places, others: Others::OfTheSamePlaces };
    let hello = service_fn(|_, responder| responder.text("Hello, World!\n"));
    let overlooked = Overlooked { epoll: Epoll::new().unwrap(), watches: 0 };
    let mut able = worker(&hello, overlooked, (config, &throttle), queue(), one);
    let mut unable = worker(&hello, Epoll::new().unwrap(), (config, &throttle), queue(), other);

    let _halves = [(); 2].map(|()| {
        let half = connect(address, b"GET /");
        assert_eq!(able.accept_one().unwrap(), admit::AcceptOutcome::Accepted);
        half
    });
    // It has read the halves, and waits.
    while able.admission.next_to_give_way(able.context.clock.now()).is_none() {
        able.round(Some(Duration::from_millis(1))).unwrap();
    }
    able.round(Some(Duration::from_millis(1))).unwrap();
    let (_, from) = able.admission.next_to_give_way(able.context.clock.now()).unwrap();
    while min_head < LONG && unable.context.clock.now() < from {
        unable.context.clock.advance();
    }
    let mut newcomer = connect(address, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    unable.accept().unwrap();
    newcomer.set_nonblocking(true).unwrap();
    let (mut answer, mut came) = ([0; 12], 0);
    for _ in 0..100 {
        if unable.acceptor.as_ref().is_some_and(Acceptor::is_paused) {
            able.round(Some(Duration::from_millis(100))).unwrap();
        } else {
            unable.round(Some(Duration::from_millis(100))).unwrap();
        }
        came += newcomer.read(&mut answer[came..]).unwrap_or(0);
        if came == answer.len() {
            break;
        }
    }
    let answer = if &answer == b"HTTP/1.1 200" { "served" } else { "refused" };
    (answer, Report::of(&board))
}

#[test]
fn whoever_can_evict_is_told_by_whoever_cannot() {
    for when_full in [WhenFull::Queue, WhenFull::Refuse] {
        let (answer, report) = come_to_who_cannot_evict(when_full, Duration::from_millis(1));
        assert_eq!(answer, "served", "{when_full:?}");
        assert_eq!((report.accepted, report.evicted, report.refused), (3, 1, 0), "{when_full:?}");
    }
}

#[test]
fn who_comes_is_refused_at_once_where_nobody_can_evict() {
    let (answer, report) = come_to_who_cannot_evict(WhenFull::Refuse, LONG);
    assert_eq!((answer, report.accepted, report.evicted, report.refused), ("refused", 2, 0, 1));
}

/// Each of two workers has a place of its own, and the system wakes the one whose place is taken.
#[test]
fn nobody_is_refused_while_another_worker_has_a_place_of_its_own() {
    for is_taken in [false, true] {
        let config = Config { min_head: LONG, when_full: WhenFull::Refuse, ..Config::DEFAULT };
        let listener = listen(&"127.0.0.1:0", config.backlog).unwrap();
        let address = listener.local_address().unwrap();
        let listener = AnyListener::from(listener);
        listener.set_mode(Mode::NonBlocking).unwrap();
        let (board, throttle) = (Board::new(2).unwrap(), Throttle::default());
        let seats = [0, 1].map(|number| board.seat(number, Bell::new().unwrap()));
        let colleagues: Arc<[_]> = seats.iter().map(Seat::as_colleague).collect();
        let [one, other] = seats.map(|seat| seat.with_colleagues(Arc::clone(&colleagues)));
        let places = [(); 2].map(|()| Places::new(1));
        let others = Others::WithPlacesOfTheirOwn(0..2);
        let queue = |number: usize| Queue {
            listener: listener.try_clone().unwrap(),
            places: &places[number],
            others: others.clone(),
        };
        let hello = service_fn(|_, responder| responder.text("Hello, World!\n"));
        let overlooked = Overlooked { epoll: Epoll::new().unwrap(), watches: 0 };
        let mut able = worker(&hello, overlooked, (config, &throttle), queue(0), one);
        let mut full = worker(&hello, Epoll::new().unwrap(), (config, &throttle), queue(1), other);
        able.round(Some(Duration::from_millis(1))).unwrap();

        let _half = connect(address, b"GET /");
        assert_eq!(full.accept_one().unwrap(), admit::AcceptOutcome::Accepted);
        let _other_half = is_taken.then(|| {
            let half = connect(address, b"GET /");
            assert_eq!(able.accept_one().unwrap(), admit::AcceptOutcome::Accepted);
            half
        });
        let _newcomer = connect(address, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        full.context.clock.advance();
        let _ = full.accept_one().unwrap();
        assert_eq!(Report::of(&board).refused, u64::from(is_taken));
        able.round(Some(Duration::from_millis(1))).unwrap();
        assert_eq!(Report::of(&board).accepted, 2);
    }
}

/// Who asks has looked a moment before: meanwhile a connection that was idle may have begun a request.
#[test]
fn a_wish_to_give_way_is_for_who_may_still_go() {
    for (more, is_kept) in [(&b""[..], false), (b"GET /", true), (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", false)] {
        let config = Config { min_idle: Duration::from_millis(1), min_head: LONG, ..Config::DEFAULT };
        let listener = listen(&"127.0.0.1:0", config.backlog).unwrap();
        let (board, places, throttle) = (Board::new(1).unwrap(), Places::new(1), Throttle::default());
        let seat = board.seat(0, Bell::new().unwrap());
        let hello = service_fn(|_, responder| responder.text("Hello, World!\n"));
        let http = Http::new(&hello, config.limits, seat.clone());
        let speaker = Proxied::new(http, Plain, None, &config.limits);
        let (poller, room) = (Epoll::new().unwrap(), (&places, SHARED_BYTES));
        let mut worker = Worker::new(speaker, poller, (config, &throttle), room, seat.clone());
        worker.is_sole = true;
        let mut client = connect(listener.local_address().unwrap(), b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        let (stream, _) = listener.accept(Mode::NonBlocking).unwrap().done().unwrap();
        worker.places.take();
        let _ = worker.admission.arrive(worker.context.clock.now());
        worker.begin(stream.into()).unwrap();
        // Until it is answered.
        while seat.standing().0 != Standing::Idle {
            worker.round(Some(Duration::from_millis(1))).unwrap();
        }
        client.write_all(more).unwrap();
        for _ in 0..3 {
            worker.round(Some(Duration::from_millis(5))).unwrap();
        }
        seat.ask_to_give_way();
        worker.obey_wish_to_give_way().unwrap();
        assert_eq!((worker.slots.is_empty(), Report::of(&board).evicted), (!is_kept, u64::from(!is_kept)), "{more:?}");
    }
}
