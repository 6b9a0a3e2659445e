//! Exchanges that wait: what ends a wait. (That a drain does is in `watched`.)

use alloc::rc::Rc;
use core::cell::{Cell, RefCell};
use core::convert::Infallible;
use core::task::Waker;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wirenut::http::service::{Readiness, Service, Wakeup, later, routes};
use wirenut::time::Duration;
use wirenut_embedded_io::{Server, TokioStream, TokioTimer};
use wirenut_reference::DEVICE_LIMITS;

use crate::space::Space;
use crate::tokio::run;

#[derive(Default)]
struct Seen {
    wakeups: RefCell<Vec<Option<Wakeup>>>,
    waker: RefCell<Option<Waker>>,
    is_open: Cell<bool>,
    left: Cell<bool>,
}

struct Guest<'s>(&'s Seen);

impl Drop for Guest<'_> {
    fn drop(&mut self) {
        self.0.left.set(true);
    }
}

fn app(seen: &Seen) -> impl Service<Source = Infallible> + use<'_> {
    routes!(
        seen,
        get("/timed", |seen: &'_ Seen, _, _| Ok(later(move |_, responder| {
            seen.wakeups.borrow_mut().push(responder.wakeup());
            match responder.wakeup() {
                Some(Wakeup::Time) => Ok(Readiness::Ready(responder.text("timed")?)),
                _ => Ok(Readiness::Wait(Some(responder.now().saturating_add(Duration::from_millis(50))))),
            }
        }))),
        get("/wait", |seen: &'_ Seen, _, _| {
            let guest = Guest(seen);
            Ok(later(move |_, responder| {
                let seen = { &guest }.0;
                seen.wakeups.borrow_mut().push(responder.wakeup());
                if seen.is_open.get() {
                    return Ok(Readiness::Ready(responder.text("open")?));
                }
                *seen.waker.borrow_mut() = Some(responder.waker());
                Ok(Readiness::Wait(None))
            }))
        }),
    )
}

/// A client, and a server that serves it until the connection is over.
async fn talk<C: Future<Output = ()>>(seen: Rc<Seen>, client: impl FnOnce(TcpStream, Rc<Seen>) -> C) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let client = client(stream, Rc::clone(&seen));
    let server = async {
        let mut space = Space::<512, 512>::new();
        let mut stream = TokioStream::new(listener.accept().await.unwrap().0);
        let server = Server::new(&DEVICE_LIMITS, space.buffers());
        // A client that leaves at once is an error for the log.
        let _ = server.serve(&mut stream, &app(&seen), &TokioTimer::new()).await;
    };
    tokio::join!(client, server);
}

async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        tokio::time::sleep(core::time::Duration::from_millis(1)).await;
    }
}

const REST: &[u8] = b"GET /wait HTTP/1.1\r\nHo";

#[test]
fn by_time_and_by_nothing_that_comes() {
    run(talk(Rc::default(), async |mut stream, seen| {
        stream.write_all(b"GET /timed HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        // Which polls the server's task, and is read, since there is room.
        stream.write_all(REST).await.unwrap();
        let mut answer = [0; 200];
        let length = stream.read(&mut answer).await.unwrap();
        assert!(answer[..length].ends_with(b"timed"));
        assert_eq!(*seen.wakeups.borrow(), [None, Some(Wakeup::Time)]);
    }));
}

#[test]
fn what_was_read_meanwhile_is_answered_then() {
    run(talk(Rc::default(), async |mut stream, _| {
        let requests = "GET /timed HTTP/1.1\r\nHost: a\r\n\r\n".repeat(3);
        stream.write_all(requests.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answers = Vec::new();
        stream.read_to_end(&mut answers).await.unwrap();
        assert_eq!(String::from_utf8(answers).unwrap().matches("timed").count(), 3);
    }));
}

#[test]
fn by_a_wake() {
    run(talk(Rc::default(), async |mut stream, seen| {
        stream.write_all(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        until(|| seen.waker.borrow().is_some()).await;
        seen.is_open.set(true);
        let waker = seen.waker.borrow_mut().take().unwrap();
        waker.wake();
        let mut answer = [0; 200];
        let length = stream.read(&mut answer).await.unwrap();
        assert!(answer[..length].ends_with(b"open"));
        assert_eq!(seen.wakeups.borrow().last(), Some(&Some(Wakeup::Waker)));
    }));
}

#[test]
fn by_the_end_of_the_peer() {
    run(talk(Rc::default(), async move |mut stream, seen| {
        stream.write_all(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        until(|| seen.waker.borrow().is_some()).await;
        stream.shutdown().await.unwrap();
        until(|| seen.wakeups.borrow().contains(&Some(Wakeup::PeerEnd))).await;
        // It may still want its answer.
        seen.is_open.set(true);
        seen.waker.borrow_mut().take().unwrap().wake();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert!(answer.ends_with(b"open"));
    }));
}

#[test]
fn a_reset_ends_the_exchange() {
    run(talk(Rc::default(), async |mut stream, seen| {
        stream.write_all(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        until(|| seen.waker.borrow().is_some()).await;
        stream.set_zero_linger().unwrap();
        drop(stream);
        until(|| seen.left.get()).await;
    }));
}
