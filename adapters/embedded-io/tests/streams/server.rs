//! The server on a wire in memory.

use core::cell::RefCell;
use core::future::poll_fn;
use core::task::Poll;

use embedded_io::ErrorKind;
use embedded_io_async::{Read, Write};
use wirenut::http::{self, FieldFilter, Limits, Rule};
use wirenut::time::Duration;
use wirenut_embedded_io::{Buffers, Clock, ConnectionObserver, Error, NoShutdown, Server, Shutdown, Timer};
use wirenut_reference::DEVICE_LIMITS;

use crate::space::Space;
use crate::watched::Watched;
use crate::world::{End, World, join, read_to_end, run, wire};

/// Three requests, bodies both ways, and an end.
const CONVERSATION: &[u8] = b"GET /reading HTTP/1.1\r\nHost: a\r\n\r\n\
    POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello\
    POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n4\r\n6789\r\n0\r\n\r\n\
    GET /download?bytes=300 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

type Outcome = Result<(), Error<ErrorKind>>;

/// What came of a connection: its outcome, how exchanges were closed, what the peer got and how that ended.
struct Ended {
    outcome: Outcome,
    closed: Vec<Result<(), http::Error>>,
    output: Vec<u8>,
    end: Result<(), ErrorKind>,
}

/// Serves one end, while `peer` does what it does with the other and then reads to the end.
fn serve(limits: &Limits, buffers: [usize; 2], cut: [usize; 2], peer: impl AsyncFnOnce(&World, &mut End)) -> Ended {
    let (world, service) = (World::default(), Watched::default());
    let (mut here, mut there) = wire(10_000);
    [here.reader.most, here.writer.most] = cut;
    let [mut input, mut store, mut output] =
        [buffers[0], limits.store_bytes(), buffers[1]].map(|length| vec![0; length]);
    let connection = Server::new(limits, Buffers { input: &mut input, store: &mut store, output: &mut output });
    let served = connection.serve(&mut here, &service, &world);
    let asked = async {
        peer(&world, &mut there).await;
        read_to_end(&mut there.reader).await
    };
    let (outcome, (output, end)) = run(&world, join(served, asked));
    Ended { outcome, closed: service.closed(), output, end }
}

fn protocol(rule: Rule, offset: u64) -> Outcome {
    Err(Error::Protocol(http::Error { rule, offset }))
}

#[test]
fn every_split_of_reads_and_writes_gives_the_same_answers() {
    let converse = |buffers, cut| {
        let ended = serve(&DEVICE_LIMITS, buffers, cut, async |_, peer| {
            peer.writer.write_all(CONVERSATION).await.expect("room");
        });
        assert_eq!((ended.outcome, ended.end, ended.closed.len()), (Ok(()), Ok(()), 4), "{buffers:?} {cut:?}");
        ended.output
    };
    let whole = converse([2048, 4096], [usize::MAX; 2]);
    assert_eq!(whole.windows(4).filter(|end| end == b"\r\n\r\n").count(), 4);
    for most in 1..=CONVERSATION.len() {
        assert_eq!(converse([2048, 4096], [most, usize::MAX]), whole, "reads of {most}");
    }
    for most in 1..=whole.len() {
        assert_eq!(converse([2048, 4096], [usize::MAX, most]), whole, "writes of {most}");
    }
    // A buffer of any size will do for what comes.
    for input in 1..=100 {
        assert_eq!(converse([input, 4096], [usize::MAX; 2]), whole, "an input buffer of {input}");
    }
    for output in 200..300 {
        assert_eq!(converse([2048, output], [3, 2]), whole, "an output buffer of {output}");
    }
}

#[test]
fn a_large_echo_flows_through_small_buffers() {
    let body: Vec<u8> = (0..100_000_u32).map(|index| (index % 251) as u8).collect();
    let (world, service) = (World::default(), Watched::default());
    let (mut here, mut there) = wire(700);
    let mut space = Space::<2048, 512>::new();
    let connection = Server::new(&DEVICE_LIMITS, space.buffers());
    let served = connection.serve(&mut here, &service, &world);
    let asking = async {
        let head = b"POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n";
        there.writer.write_all(head).await.expect("room");
        there.writer.write_all(&body).await.expect("room");
    };
    let (outcome, ((), (output, _))) = run(&world, join(served, join(asking, read_to_end(&mut there.reader))));
    assert_eq!(outcome, Ok(()));
    assert!(output.ends_with(&body));
}

#[test]
fn a_slow_answer_waits_for_its_time_and_an_idle_peer_is_left() {
    let ended = serve(&DEVICE_LIMITS, [2048, 2048], [usize::MAX; 2], async |world, peer| {
        peer.writer.write_all(b"GET /slow?ms=700 HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("room");
        let mut first = [0];
        peer.reader.read(&mut first).await.expect("an answer");
        assert_eq!(world.now().as_micros(), 700_000);
    });
    assert_eq!((ended.outcome, ended.end, ended.closed), (Ok(()), Ok(()), vec![Ok(())]));
    assert!(ended.output.ends_with(b"done\n"));
}

#[test]
fn a_peer_without_a_word_is_told_that_it_took_too_long() {
    let ended = serve(&DEVICE_LIMITS, [2048, 2048], [usize::MAX; 2], async |_, peer| {
        peer.writer.write_all(b"GET / HT").await.expect("room");
    });
    assert_eq!((ended.outcome, ended.end, ended.closed), (protocol(Rule::HeadTimeout, 8), Ok(()), vec![]));
    assert!(ended.output.starts_with(b"HTTP/1.1 408 "));
}

#[test]
fn a_peer_that_takes_nothing_is_cut_off() {
    let (world, service) = (World::default(), Watched::default());
    let (mut here, mut there) = wire(100);
    let mut space = Space::<2048, 512>::new();
    let connection = Server::new(&DEVICE_LIMITS, space.buffers());
    let served = connection.serve(&mut here, &service, &world);
    let asking = there.writer.write_all(b"GET /download HTTP/1.1\r\nHost: a\r\n\r\n");
    let (outcome, _) = run(&world, join(served, asking));
    assert!(matches!(outcome, Err(Error::Protocol(http::Error { rule: Rule::WriteTimeout, .. }))), "{outcome:?}");
    assert_eq!(run(&world, read_to_end(&mut there.reader)).1, Err(ErrorKind::ConnectionReset));
    assert_eq!(service.closed().len(), 1);
}

#[test]
fn a_flush_belongs_to_the_response() {
    let seconds = |secs| wirenut::time::Instant::START.saturating_add(Duration::from_secs(secs));
    for (reads_after, is_good) in [(15, true), (100, false)] {
        let (world, service) = (World::default(), Watched::default());
        let (mut here, mut there) = wire(10_000);
        here.writer.flushes = true;
        let mut space = Space::<2048, 512>::new();
        let connection = Server::new(&DEVICE_LIMITS, space.buffers());
        let served = async {
            let served = connection.serve(&mut here, &service, &world).await;
            (served, world.now())
        };
        let asked = async {
            there.writer.write_all(b"GET /reading HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("room");
            world.wait_until(seconds(reads_after)).await;
            read_to_end(&mut there.reader).await.1
        };
        let ((served, ended_at), end) = run(&world, join(served, asked));
        assert_eq!((served.is_ok(), end.is_ok()), (is_good, is_good), "{served:?}");
        // It is idle from then on; or it was held to its pace.
        let idle = Duration::from_secs(15).as_micros() + DEVICE_LIMITS.idle.as_micros();
        let expected = if is_good { idle } else { DEVICE_LIMITS.write.grace.as_micros() };
        assert_eq!(ended_at.as_micros(), expected);
    }
}

#[test]
fn what_is_cut_off_is_an_error_and_the_answer_still_arrives() {
    let ended = serve(&DEVICE_LIMITS, [2048, 2048], [usize::MAX; 2], async |_, peer| {
        let head = b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1234";
        peer.writer.write_all(head).await.expect("room");
        peer.writer.shutdown_write().await.expect("open");
    });
    let truncated = http::Error { rule: Rule::Truncated, offset: 57 };
    assert_eq!(ended.outcome, Err(Error::Protocol(truncated)));
    assert_eq!((ended.closed, ended.end), (vec![Err(truncated)], Ok(())));
    assert!(ended.output.starts_with(b"HTTP/1.1 400 "));
}

#[test]
fn what_was_written_before_an_abort_is_sent_first() {
    let (world, service) = (World::default(), Watched::default());
    let (mut here, mut there) = wire(10_000);
    here.writer.flushes = true;
    let mut space = Space::<2048, 512>::new();
    let buffers = space.buffers();
    let connection = Server::new(&DEVICE_LIMITS, buffers);
    let asked = async {
        // All in one read. The second response is cut off, for its request breaks a rule.
        let requests = b"GET /reading HTTP/1.1\r\nHost: a\r\n\r\n\
            POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nno size";
        there.writer.write_all(requests).await.expect("room");
        read_to_end(&mut there.reader).await
    };
    let (outcome, (output, end)) = run(&world, join(connection.serve(&mut here, &service, &world), asked));
    let rule = Rule::InvalidChunkSize;
    assert!(matches!(outcome, Err(Error::Protocol(error)) if error.rule == rule), "{outcome:?}");
    assert_eq!((service.closed().len(), end), (2, Err(ErrorKind::ConnectionReset)));
    let answers = String::from_utf8_lossy(&output);
    assert_eq!(answers.matches("HTTP/1.1 200 ").count(), 2, "{answers}");
    assert!(answers.ends_with("05\r\nhello\r\n"), "{answers}");
}

#[test]
fn a_refused_upload_lingers_until_the_peer_ends() {
    let ended = serve(&DEVICE_LIMITS, [2048, 2048], [usize::MAX; 2], async |_, peer| {
        let head = b"POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n";
        peer.writer.write_all(head).await.expect("room");
        // All of it is taken, though the answer is out.
        peer.writer.write_all(&[b'x'; 100_000]).await.expect("room");
        peer.writer.shutdown_write().await.expect("open");
    });
    assert_eq!((ended.outcome, ended.end, ended.closed), (Ok(()), Ok(()), vec![Ok(())]));
    assert!(ended.output.starts_with(b"HTTP/1.1 404 "));
}

#[test]
fn a_head_of_any_size_passes_through_a_buffer_of_one_byte() {
    const FILTER: FieldFilter = FieldFilter { names: &[], bytes: 100 };
    const LIMITS: Limits = Limits { field_filter: Some(&FILTER), ..Limits::DEFAULT };
    for (cookie, status) in [(9_000, "HTTP/1.1 200 "), (17_000, "HTTP/1.1 431 ")] {
        let answers = [1, 32_000].map(|input| {
            let ended = serve(&LIMITS, [input, 512], [usize::MAX; 2], async |_, peer| {
                let head = format!(
                    "GET /reading HTTP/1.1\r\nHost: a\r\nConnection: close\r\nCookie: {}\r\n\r\n",
                    "c".repeat(cookie)
                );
                // It may end in the middle.
                let _ = peer.writer.write_all(head.as_bytes()).await;
            });
            (ended.outcome, ended.output, ended.end)
        });
        assert!(answers[0].1.starts_with(status.as_bytes()), "{:?}", answers[0]);
        assert_eq!(answers[0], answers[1]);
    }
}

#[test]
#[should_panic = "a store smaller than Limits::store_bytes"]
fn a_store_that_is_too_small_is_told_at_once() {
    let (mut input, mut store, mut output) = ([0; 1], [0; DEVICE_LIMITS.store_bytes() - 1], [0; 512]);
    let _ = Server::new(&DEVICE_LIMITS, Buffers { input: &mut input, store: &mut store, output: &mut output });
}

#[test]
fn a_dropped_connection_closes_its_exchange() {
    let (world, service) = (World::default(), Watched::default());
    let (mut here, mut there) = wire(10_000);
    let mut space = Space::<2048, 512>::new();
    let connection = Server::new(&DEVICE_LIMITS, space.buffers());
    run(&world, async {
        there.writer.write_all(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("room");
        let mut served = core::pin::pin!(connection.serve(&mut here, &service, &world));
        for _ in 0..10 {
            assert!(poll_fn(|cx| Poll::Ready(served.as_mut().poll(cx))).await.is_pending());
        }
    });
    assert_eq!(service.closed(), [Err(http::Error { rule: Rule::HostClosed, offset: 31 })]);
}

/// Retires at a time, and notes what it is told.
struct Place<'w> {
    world: &'w World,
    retire_after: Duration,
    told: RefCell<Vec<bool>>,
}

impl ConnectionObserver for Place<'_> {
    fn set_idle(&self, is_idle: bool) {
        self.told.borrow_mut().push(is_idle);
    }

    async fn retired(&self) {
        self.world.wait_until(wirenut::time::Instant::START.saturating_add(self.retire_after)).await;
    }
}

#[test]
fn a_retired_connection_ends_at_once_if_idle_and_otherwise_after_the_response() {
    for (request, retire_after, told) in [
        (&b"GET /reading HTTP/1.1\r\nHost: a\r\n\r\n"[..], 300, &[true][..]),
        (b"GET /slow?ms=700 HTTP/1.1\r\nHost: a\r\n\r\n", 300, &[false]),
        (b"", 300, &[]),
    ] {
        let (world, service) = (World::default(), Watched::default());
        let place =
            Place { world: &world, retire_after: Duration::from_millis(retire_after), told: RefCell::default() };
        let (mut here, mut there) = wire(10_000);
        let mut space = Space::<2048, 512>::new();
        let connection = Server::new(&DEVICE_LIMITS, space.buffers()).with_observer(&place);
        let served = connection.serve(&mut here, &service, &world);
        let asked = async {
            there.writer.write_all(request).await.expect("room");
            let got = read_to_end(&mut there.reader).await;
            there.writer.shutdown_write().await.expect("open");
            got
        };
        let (outcome, (output, end)) = run(&world, join(served, asked));
        assert_eq!((outcome, end), (Ok(()), Ok(())));
        assert_eq!(output.is_empty(), request.is_empty());
        assert!(service.closed().iter().all(Result::is_ok));
        let mut heard = place.told.into_inner();
        heard.dedup();
        assert_eq!(heard, told, "{}", request.escape_ascii());
    }
}

#[test]
fn on_a_silent_line_there_is_an_answer_and_then_nothing() {
    let (world, service) = (World::default(), Watched::default());
    let (here, mut there) = wire(10_000);
    let mut line = wirenut_embedded_io::Halves { reader: here.reader, writer: NoShutdown(here.writer) };
    let mut space = Space::<2048, 512>::new();
    let connection = Server::new(&DEVICE_LIMITS, space.buffers());
    let asked = async {
        there.writer.write_all(b"GET nothing HTTP/1.1\r\n\r\n").await.expect("room");
    };
    let (outcome, ()) = run(&world, join(connection.serve(&mut line, &service, &world), asked));
    assert!(matches!(outcome, Err(Error::Protocol(http::Error { rule: Rule::InvalidTarget, .. }))), "{outcome:?}");
    assert!(service.closed().is_empty());
    // It cannot end its direction either, so it is heard for as long as it may linger.
    assert_eq!(world.now().as_micros(), DEVICE_LIMITS.linger.as_micros());
    let mut answer = [0; 100];
    let count = run(&world, there.reader.read(&mut answer)).expect("an answer");
    assert!(answer[..count].starts_with(b"HTTP/1.1 400 "));
}
