//! Exchanges that wait: what ends a wait, and that nothing else does; server-sent events by the hundred.

use alloc::sync::Arc;
use core::net::SocketAddr;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::Waker;
use std::sync::Mutex;
use std::thread::{self, JoinHandle};

use wirenut::http::service::{Event, Readiness, Service, Wakeup, later, routes};
use wirenut_linux::socket::TcpStream as OwnStream;
use wirenut_server::{Config, Report, Server, Stopper};

use crate::client::{Client, get};
use crate::lab::{of_many_clients, wait_until};

/// What the service has seen.
#[derive(Default)]
struct Seen {
    wakeups: Mutex<Vec<Wakeup>>,
    asked: AtomicUsize,
    guests: AtomicUsize,
    wakers: Mutex<Vec<Waker>>,
}

/// Is counted while it is there.
struct Guest<'s>(&'s Seen);

impl<'s> Guest<'s> {
    fn new(seen: &'s Seen) -> Self {
        seen.guests.fetch_add(1, Ordering::SeqCst);
        Self(seen)
    }
}

impl Drop for Guest<'_> {
    fn drop(&mut self) {
        self.0.guests.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Seen {
    fn wake(&self) {
        let wakers = core::mem::take(&mut *self.wakers.lock().unwrap());
        wakers.into_iter().for_each(Waker::wake);
    }

    fn guests(&self) -> usize {
        self.guests.load(Ordering::SeqCst)
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn app(seen: &Seen) -> impl Service<Source = core::convert::Infallible> + Sync + use<'_> {
    routes!(
        seen,
        get("/wait", |seen: &'_ Seen, _, _| {
            let guest = Guest::new(seen);
            Ok(later(move |_, responder| {
                let seen = { &guest }.0;
                seen.asked.fetch_add(1, Ordering::SeqCst);
                match responder.wakeup() {
                    None => seen.wakers.lock().unwrap().push(responder.waker()),
                    Some(wakeup) => seen.wakeups.lock().unwrap().push(wakeup),
                }
                if responder.wakeup().is_none_or(|wakeup| wakeup == Wakeup::PeerEnd) {
                    return Ok(Readiness::Wait(None));
                }
                Ok(Readiness::Ready(responder.text("waited")?))
            }))
        }),
        get("/events", |seen: &'_ Seen, _, responder| {
            let (guest, mut number) = (Guest::new(seen), 0);
            responder.events(move |_, events| {
                let seen = { &guest }.0;
                seen.wakers.lock().unwrap().push(events.waker());
                let data = if events.is_last() { "bye" } else { "hello" };
                events.send_event(&Event::new(data).with_id(&number))?;
                number += 1;
                Ok(())
            })
        }),
    )
}

struct Running {
    address: SocketAddr,
    stopper: Stopper,
    seen: Arc<Seen>,
    thread: JoinHandle<Report>,
}

fn start() -> Running {
    let server = Server::bind("127.0.0.1:0", Config::DEFAULT).unwrap();
    let (address, stopper) = (server.local_addr().unwrap(), server.stopper());
    let seen = Arc::<Seen>::default();
    let of_server = Arc::clone(&seen);
    let thread = thread::spawn(move || server.run(&app(&of_server)).unwrap());
    Running { address, stopper, seen, thread }
}

impl Running {
    /// A client whose request is being waited for.
    fn waiting(&self, bytes: impl AsRef<[u8]>) -> Client {
        let before = self.seen.asked();
        let mut client = Client::connect(self.address);
        client.send(bytes);
        wait_until("it waits", || self.seen.asked() == before + 1);
        client
    }

    /// A client that has heard the first event.
    fn waiting_events(&self, bytes: impl AsRef<[u8]>) -> Client {
        let mut client = Client::connect(self.address);
        client.send(bytes);
        client.head();
        assert_eq!(client.chunk().unwrap(), b"id: 0\ndata: hello\n\n");
        client
    }

    fn wakeups(&self) -> Vec<Wakeup> {
        self.seen.wakeups.lock().unwrap().clone()
    }
}

#[test]
fn a_wait_ends_by_a_wake_and_by_nothing_that_comes() {
    let server = start();
    let mut client = server.waiting(get("/wait"));
    // The next request is not read meanwhile, and wakes nobody.
    client.send(get("/nowhere"));
    let mut other = Client::connect(server.address);
    (0..20).for_each(|_| assert_eq!(other.get("/nowhere").status, 404));
    assert_eq!((server.seen.asked(), server.wakeups()), (1, vec![]));
    server.seen.wake();
    assert_eq!(client.response().body, b"waited");
    assert_eq!(client.response().status, 404);
    assert_eq!((server.seen.asked(), server.wakeups()), (2, vec![Wakeup::Waker]));
    server.stopper.stop();
    server.thread.join().unwrap();
}

#[test]
fn a_drain_ends_a_wait() {
    let server = start();
    let mut client = server.waiting(get("/wait"));
    server.stopper.stop();
    assert_eq!(client.response().body, b"waited");
    client.assert_closed();
    assert_eq!(server.seen.wakeups.lock().unwrap()[..], [Wakeup::Drain]);
    server.thread.join().unwrap();
}

#[test]
fn a_drain_ends_a_wait_also_where_more_was_sent_behind_the_request() {
    let server = start();
    let mut poll = server.waiting(get("/wait") + &get("/nowhere"));
    let mut events = server.waiting_events(get("/events") + &get("/nowhere"));
    server.stopper.stop();
    assert_eq!(poll.response().body, b"waited");
    assert_eq!(server.wakeups(), [Wakeup::Drain]);
    assert_eq!(events.chunk().unwrap(), b"id: 1\ndata: bye\n\n");
    assert_eq!(events.chunk(), None);
    // What had come is answered, and then it ends.
    for mut client in [poll, events] {
        assert_eq!(client.response().status, 404);
        client.assert_closed();
    }
    assert_eq!(server.thread.join().unwrap().cut, 0);
}

#[test]
fn the_peers_end_ends_a_wait_also_behind_what_is_not_read_and_the_answer_still_comes() {
    let server = start();
    for behind in ["", "GET /wait HTTP/1.1\r\nHo"] {
        let mut client = server.waiting(get("/wait") + behind);
        server.seen.wakeups.lock().unwrap().clear();
        client.end_sending();
        wait_until("it is told", || server.wakeups() == [Wakeup::PeerEnd]);
        // Once, and not over and over.
        let asked = server.seen.asked();
        let mut other = Client::connect(server.address);
        (0..20).for_each(|_| assert_eq!(other.get("/nowhere").status, 404));
        assert_eq!(server.seen.asked(), asked);
        server.seen.wake();
        assert_eq!(client.response().body, b"waited");
    }
    server.stopper.stop();
    server.thread.join().unwrap();
}

#[test]
fn a_reset_ends_the_exchange_that_waits() {
    let server = start();
    let stream = OwnStream::connect(&server.address).unwrap();
    let _ = stream.send(get("/wait").as_bytes()).unwrap();
    wait_until("it waits", || server.seen.asked() == 1);
    assert_eq!(server.seen.guests(), 1);
    stream.abort().unwrap();
    wait_until("it is over", || server.seen.guests() == 0);
    assert_eq!((server.seen.asked(), server.wakeups()), (1, vec![]));
    server.stopper.stop();
    server.thread.join().unwrap();
}

#[test]
fn three_hundred_clients_hear_events_on_one_thread_and_a_drain_ends_them_at_once() {
    let _alone = of_many_clients();
    let server = start();
    let mut clients: Vec<_> = (0..300).map(|_| Client::connect(server.address)).collect();
    for client in &mut clients {
        client.ask("/events");
        client.head();
        assert_eq!(client.chunk().unwrap(), b"id: 0\ndata: hello\n\n");
    }
    server.seen.wake();
    for client in &mut clients {
        assert_eq!(client.chunk().unwrap(), b"id: 1\ndata: hello\n\n");
    }
    // Who leaves is noticed.
    clients.truncate(200);
    wait_until("a hundred leave", || server.seen.guests() == 200);
    server.stopper.stop();
    for client in &mut clients {
        assert_eq!(client.chunk().unwrap(), b"id: 2\ndata: bye\n\n");
        assert_eq!(client.chunk(), None);
        client.assert_closed();
    }
    let report = server.thread.join().unwrap();
    assert_eq!((report.accepted, report.cut), (300, 0));
}
