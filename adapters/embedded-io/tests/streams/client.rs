//! The client on a wire in memory, against the server.

use embedded_io::ErrorKind;
use embedded_io_async::{Read, Write};
use wirenut::http::{Limits, Method, Misuse, Request, Rule, WriteError};
use wirenut_embedded_io::{Buffers, Client, Clock, Error, Server, Shutdown, Timer};
use wirenut_reference::{DEVICE_LIMITS, pattern_byte};

use crate::space::Space;
use crate::watched::Watched;
use crate::world::{End, World, join, read_to_end, run, wire};

type Result<T> = core::result::Result<T, Error<ErrorKind>>;

/// Lets `client` talk to the reference service, over a wire that cuts reads and writes. How many exchanges there were.
fn talk(most: usize, client: impl AsyncFnOnce(&mut Client<'_, End, World>)) -> usize {
    let (world, service) = (World::default(), Watched::default());
    let (mut here, mut there) = wire(700);
    [here.reader.most, here.writer.most] = [most; 2];
    let mut space = Space::<2048, 512>::new();
    let connection = Server::new(&DEVICE_LIMITS, space.buffers());
    let served = connection.serve(&mut there, &service, &world);
    let mut space = Space::<2048, 200>::new();
    let asked = async {
        let mut asking = Client::new(&mut here, &world, &DEVICE_LIMITS, space.buffers());
        client(&mut asking).await;
        asking.close().await
    };
    let (served, closed) = run(&world, join(served, asked));
    assert_eq!((served, closed), (Ok(()), Ok(())));
    service.closed().len()
}

async fn read_all(client: &mut Client<'_, End, World>) -> Result<Vec<u8>> {
    let (mut content, mut piece) = (Vec::new(), [0; 70]);
    loop {
        match client.read(&mut piece).await? {
            0 => return Ok(content),
            count => content.extend(&piece[..count]),
        }
    }
}

#[test]
fn requests_with_and_without_content_follow_each_other_in_any_cut() {
    for most in [1, 2, 3, 7, 50, usize::MAX] {
        let exchanges = talk(most, async |client| {
            let download = Request::new(Method::Get, "/download?bytes=5000", "a");
            let code = client.send(&download, &[][..], |head| head.status.code()).await;
            assert_eq!(code, Ok(200));
            let content = read_all(client).await.expect("content");
            assert!((0..5000).map(pattern_byte).eq(content));

            let body = [b'x'; 3000];
            for request in [
                Request::new(Method::Post, "/upload", "a").with_length(3000),
                Request::new(Method::Post, "/upload", "a").with_unknown_length(),
                Request::new(Method::Post, "/upload", "a").with_length(3000).expecting_continue(),
            ] {
                assert_eq!(client.send(&request, &body[..], |head| head.status.code()).await, Ok(200));
                assert!(read_all(client).await.expect("content").starts_with(b"{\"length\":3000,"));
            }
            let head = Request::new(Method::Head, "/reading", "a");
            assert_eq!(client.send(&head, &[][..], |head| head.status.code()).await, Ok(200));
            assert_eq!(read_all(client).await, Ok(vec![]));
            assert!(client.connection().is_idle());
        });
        assert_eq!(exchanges, 5);
    }
}

#[test]
fn content_that_is_refused_is_not_sent() {
    let exchanges = talk(usize::MAX, async |client| {
        let request = Request::new(Method::Post, "/nothing", "a").with_length(1_000_000).expecting_continue();
        let code = client.send(&request, Never, |head| head.status.code()).await;
        assert_eq!(code, Ok(404));
        read_all(client).await.expect("content");
        let again = client.send(&Request::new(Method::Get, "/", "a"), &[][..], |_| ()).await;
        assert_eq!(again, Err(Error::Refused(WriteError::Misuse(Misuse::ConnectionEnding))));
    });
    assert_eq!(exchanges, 1);
}

/// A body that nobody may ask for.
struct Never;

impl embedded_io::ErrorType for Never {
    type Error = ErrorKind;
}

impl Read for Never {
    async fn read(&mut self, _: &mut [u8]) -> core::result::Result<usize, ErrorKind> {
        panic!("the body was read")
    }
}

/// A client, and a server that says something and ends.
fn ask(request: &Request<'_>, said: &[u8]) -> (Result<Vec<u8>>, bool) {
    let world = World::default();
    let (mut here, mut there) = wire(10_000);
    const LIMITS: Limits = Limits { head_bytes: 256, trailer_bytes: 256, ..Limits::DEFAULT };
    let (mut input, mut store, mut output) = ([0; 256], [0; LIMITS.store_bytes()], [0; 200]);
    let mut client =
        Client::new(&mut here, &world, &LIMITS, Buffers { input: &mut input, store: &mut store, output: &mut output });
    let asked = async {
        client.send(request, &[][..], |_| ()).await?;
        read_all(&mut client).await
    };
    let serving = async {
        there.writer.write_all(said).await.expect("room");
        there.writer.shutdown_write().await.expect("open");
    };
    let (content, ()) = run(&world, join(asked, serving));
    (content, client.connection().may_retry(0))
}

#[test]
fn answers_that_fail_say_why_and_whether_to_ask_again() {
    let get = Request::new(Method::Get, "/", "a");
    let rule = |content: Result<_>| match content {
        Err(Error::Protocol(error)) => Some(error.rule),
        _ => None,
    };
    for (said, expected, may_retry) in [
        (&b""[..], Rule::Unanswered, true),
        (b"HTTP/1.1 200", Rule::Truncated, false),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", Rule::Truncated, false),
        (b"HTTP/1.1 2000 OK\r\n\r\n", Rule::InvalidStatusLine, false),
        (&[b'x'; 300], Rule::InvalidVersion, false),
    ] {
        let (content, retry) = ask(&get, said);
        assert_eq!((rule(content), retry), (Some(expected), may_retry), "{}", said.escape_ascii());
    }
    let until_close = ask(&get, b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\nto the end").0;
    assert_eq!(until_close, Ok(b"to the end".to_vec()));
}

#[test]
fn a_body_that_breaks_its_promise_ends_the_connection() {
    let request = Request::new(Method::Post, "/", "a").with_length(5);
    let world = World::default();
    let (mut here, mut there) = wire(10_000);
    let mut space = Space::<256, 200>::new();
    let mut client = Client::new(&mut here, &world, &DEVICE_LIMITS, space.buffers());
    let asked = run(&world, client.send(&request, &b"four"[..], |_| ()));
    assert_eq!(asked, Err(Error::Refused(WriteError::Misuse(Misuse::BodyTooShort))));
    // The server sees that it is not whole.
    assert_eq!(run(&world, read_to_end(&mut there.reader)).1, Err(ErrorKind::ConnectionReset));
}

#[test]
fn a_server_that_does_not_answer_is_given_up() {
    let world = World::default();
    let (mut here, there) = wire(10_000);
    let mut space = Space::<2048, 200>::new();
    let mut client = Client::new(&mut here, &world, &DEVICE_LIMITS, space.buffers());
    let asked = run(&world, client.send(&Request::new(Method::Get, "/", "a"), &[][..], |_| ()));
    assert!(matches!(asked, Err(Error::Protocol(error)) if error.rule == Rule::ResponseTimeout), "{asked:?}");
    assert_eq!(world.now().as_micros(), DEVICE_LIMITS.response.as_micros());
    drop(there);
}

#[test]
fn an_early_refusal_is_heard_while_nobody_reads_the_request() {
    let world = World::default();
    let (mut here, mut there) = wire(500);
    let mut space = Space::<2048, 200>::new();
    let mut client = Client::new(&mut here, &world, &DEVICE_LIMITS, space.buffers());
    let request = Request::new(Method::Post, "/", "a").with_length(10_000);
    let refusal = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nmuch";
    let asked = async {
        let code = client.send(&request, &[b'x'; 10_000][..], |head| head.status.code()).await;
        (code, read_all(&mut client).await)
    };
    let (answer, said) = run(&world, join(asked, there.writer.write_all(refusal)));
    assert_eq!((answer, said), ((Ok(413), Ok(b"much".to_vec())), Ok(())));
    assert_eq!(world.now(), wirenut::time::Instant::START);
}

#[test]
fn the_time_to_answer_begins_when_the_request_is_sent() {
    let world = World::default();
    let (mut here, mut there) = wire(10_000);
    here.writer.flushes = true;
    let mut space = Space::<2048, 200>::new();
    let second = wirenut::time::Duration::from_secs(1);
    let limits = Limits { response: second, ..DEVICE_LIMITS };
    let mut client = Client::new(&mut here, &world, &limits, space.buffers());
    let asked = async {
        let asked = client.send(&Request::new(Method::Get, "/", "a"), &[][..], |_| ()).await;
        (asked, world.now())
    };
    let five = wirenut::time::Instant::START.saturating_add(second.saturating_mul(5));
    let heard = async {
        world.wait_until(five).await;
        read_to_end(&mut there.reader).await.0
    };
    let ((asked, ended_at), _) = run(&world, join(asked, heard));
    assert!(matches!(asked, Err(Error::Protocol(error)) if error.rule == Rule::ResponseTimeout), "{asked:?}");
    assert_eq!(ended_at, five.saturating_add(second));
}
