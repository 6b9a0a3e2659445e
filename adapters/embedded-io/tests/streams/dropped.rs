//! Futures that are dropped after each number of polls: no exchange stays open, and nothing is sent or read on.

use alloc::collections::BTreeSet;

use embedded_io::ErrorKind;
use embedded_io_async::Write;
use wirenut::http::{self, Method, Request, Rule};
use wirenut_embedded_io::{Client, Error, Server};
use wirenut_reference::DEVICE_LIMITS;

use crate::space::Space;
use crate::watched::Watched;
use crate::world::{World, beside, join, polled_at_most, read_to_end, run, wire};

/// An echo, an upload, an answer that takes its time, and a download.
const CONVERSATION: &[u8] = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n01234567890123456789\
    POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n4\r\n6789\r\n0\r\n\r\n\
    GET /slow?ms=700 HTTP/1.1\r\nHost: a\r\n\r\n\
    GET /download?bytes=300 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

type Outcome = Result<(), Error<ErrorKind>>;
type Closed = Vec<Result<(), http::Error>>;

/// Serves the conversation, but drops the server's future after so many polls. What came of it if it was not dropped,
/// and how the exchanges were closed by then.
fn serve(polls: usize) -> (Option<Outcome>, Closed) {
    let (world, service) = (World::default(), Watched::default());
    let (mut here, mut there) = wire(50);
    here.reader.most = 7;
    let mut space = Space::<2048, 300>::new();
    let connection = Server::new(&DEVICE_LIMITS, space.buffers());
    let served = polled_at_most(polls, connection.serve(&mut here, &service, &world));
    let asked = async {
        // It may end in the middle.
        let _ = join(there.writer.write_all(CONVERSATION), read_to_end(&mut there.reader)).await;
    };
    let outcome = run(&world, beside(served, asked));
    (outcome, service.closed())
}

#[test]
fn a_server_that_is_dropped_at_any_time_closes_its_exchange_once() {
    let mut cut = BTreeSet::new();
    let whole = (0..).find_map(|polls| {
        let (outcome, closed) = serve(polls);
        let in_order = closed.iter().take_while(|closed| closed.is_ok()).count();
        for outcome in closed.iter().skip(in_order) {
            assert!(matches!(outcome, Err(error) if error.rule == Rule::HostClosed), "{polls}: {closed:?}");
        }
        assert!(closed.len() - in_order <= 1, "{polls}: {closed:?}");
        if closed.len() > in_order {
            cut.insert(closed.len());
        }
        outcome.map(|outcome| (outcome, closed))
    });
    assert_eq!(whole, Some((Ok(()), vec![Ok(()); 4])));
    // Each of them was cut somewhere.
    assert_eq!(cut, BTreeSet::from([1, 2, 3, 4]));
}

/// Uploads and fetches; but drops the client's future after so many polls, and goes on with another call. What came of
/// it if it was not dropped, how the server ended, and how its exchanges were closed.
fn ask(polls: usize) -> (Option<Outcome>, Outcome, Closed) {
    let (world, service) = (World::default(), Watched::default());
    let (mut here, mut there) = wire(50);
    here.reader.most = 7;
    let mut space = Space::<2048, 300>::new();
    let connection = Server::new(&DEVICE_LIMITS, space.buffers());
    let served = connection.serve(&mut there, &service, &world);
    let mut space = Space::<2048, 200>::new();
    let mut client = Client::new(&mut here, &world, &DEVICE_LIMITS, space.buffers());
    let asked = async {
        let mut piece = [0; 70];
        let whole = async {
            let upload = Request::new(Method::Post, "/upload", "a").with_unknown_length().expecting_continue();
            client.send(&upload, &[b'x'; 300][..], |_| ()).await?;
            while client.read(&mut piece).await? > 0 {}
            let download = Request::new(Method::Get, "/download?bytes=300", "a");
            client.send(&download, &[][..], |_| ()).await?;
            while client.read(&mut piece).await? > 0 {}
            Ok(())
        };
        let outcome = polled_at_most(polls, whole).await;
        if outcome.is_none() {
            // Nothing is sent behind a part of a request, and nothing read behind what was lost.
            let get = Request::new(Method::Get, "/reading", "a");
            let next = if polls.is_multiple_of(2) {
                client.send(&get, &[][..], |_| ()).await
            } else {
                client.read(&mut piece).await.map(drop)
            };
            assert!(matches!(next, Err(Error::Protocol(error)) if error.rule == Rule::HostClosed), "{polls}: {next:?}");
            assert_eq!(client.read(&mut piece).await.map(drop), next, "{polls}");
        }
        // It was given up, or this is a good end.
        client.close().await.expect("an end");
        outcome
    };
    let (served, outcome) = run(&world, join(served, asked));
    (outcome, served, service.closed())
}

#[test]
fn a_client_of_which_a_call_was_dropped_at_any_time_gives_up() {
    let mut cut = BTreeSet::new();
    let whole = (1..).find_map(|polls| {
        let (outcome, served, closed) = ask(polls);
        if outcome.is_none() {
            assert!(matches!(served, Err(Error::Stream(_, ErrorKind::ConnectionReset))), "{polls}: {served:?}");
            let in_order = closed.iter().take_while(|closed| closed.is_ok()).count();
            for outcome in closed.iter().skip(in_order) {
                assert!(matches!(outcome, Err(error) if error.rule == Rule::Reset), "{polls}: {closed:?}");
            }
            cut.insert((closed.len(), in_order));
        }
        outcome.map(|outcome| (outcome, served, closed))
    });
    assert_eq!(whole, Some((Ok(()), Ok(()), vec![Ok(()); 2])));
    // Before the server knew of it, in each of the exchanges, and behind what it thought was a good end of each.
    assert_eq!(cut, BTreeSet::from([(0, 0), (1, 0), (1, 1), (2, 1), (2, 2)]));
}
