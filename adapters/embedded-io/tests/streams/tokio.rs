//! Sockets of tokio, plain and with TLS in the middle.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};
use std::io;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};
use wirenut::http::{Limits, Method, Request};
use wirenut::time::{Duration, Pace};
use wirenut_embedded_io::{Client, Error, Server, Split, TokioStream, TokioTimer};
use wirenut_reference::{DEVICE_LIMITS, Device, MemoryDevice, Reference, pattern_byte};

use crate::certificate;
use crate::space::Space;

/// A device that threads share.
#[derive(Default)]
struct Atomic(AtomicU32);

impl Device for Atomic {
    fn celsius_tenths(&self) -> i32 {
        215
    }

    fn setting(&self) -> u8 {
        20
    }

    fn set(&self, _: u8) {}

    fn requests(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    fn count_request(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A runtime of one thread, with a limit to everything that is done in it.
pub(crate) fn run(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let patience = core::time::Duration::from_secs(30);
    runtime.block_on(async { tokio::time::timeout(patience, future).await }).expect("an end in time");
}

async fn serve<T: Split<Error = io::Error>>(stream: &mut T, limits: &Limits) -> Result<(), Error<io::Error>> {
    let mut space = Space::<2048, 1024>::new();
    let service = Reference { device: MemoryDevice::new() };
    Server::new(limits, space.buffers()).serve(stream, &service, &TokioTimer::new()).await
}

/// Sends content both ways, and ends.
async fn fetch<T: Split<Error = io::Error>>(stream: &mut T) -> Result<(), Error<io::Error>> {
    let mut space = Space::<2048, 256>::new();
    let timer = TokioTimer::new();
    let mut client = Client::new(stream, &timer, &DEVICE_LIMITS, space.buffers());
    let body = vec![b'x'; 200_000];
    let upload = Request::new(Method::Post, "/upload", "a").with_unknown_length();
    assert_eq!(client.send(&upload, &body[..], |head| head.status.code()).await?, 200);
    let mut piece = [0; 1000];
    let count = client.read(&mut piece).await?;
    assert!(piece[..count].starts_with(b"{\"length\":200000,"));
    assert_eq!(client.read(&mut piece).await?, 0);
    let download = Request::new(Method::Get, "/download?bytes=200000", "a").closing();
    assert_eq!(client.send(&download, &[][..], |head| head.status.code()).await?, 200);
    let mut content = Vec::new();
    loop {
        match client.read(&mut piece).await? {
            0 => break,
            count => content.extend(&piece[..count]),
        }
    }
    assert!((0..200_000).map(pattern_byte).eq(content));
    client.close().await
}

#[test]
fn a_client_and_a_server_talk_over_sockets() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let client = async { fetch(&mut TokioStream::new(TcpStream::connect(address).await.expect("a server"))).await };
        let server = async {
            let (stream, _) = listener.accept().await.expect("a connection");
            serve(&mut TokioStream::new(stream), &DEVICE_LIMITS).await
        };
        let (client, server) = tokio::join!(client, server);
        client.expect("answers");
        server.expect("a good end");
    });
}

#[test]
fn connections_can_be_spawned() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let service = Arc::new(Reference { device: Atomic::default() });
        let mut served = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let mut client = TcpStream::connect(address).await.expect("a server");
            let request = b"GET /reading HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
            client.write_all(request).await.expect("a server");
            let (stream, peer) = listener.accept().await.expect("a connection");
            let service = Arc::clone(&service);
            served.spawn(async move {
                let mut space = Space::<2048, 1024>::new();
                let connection = Server::new(&DEVICE_LIMITS, space.buffers()).with_peer(peer);
                connection.serve(&mut TokioStream::new(stream), &*service, &TokioTimer::new()).await
            });
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.expect("an end");
            assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        }
        assert!(served.join_all().await.iter().all(Result::is_ok));
        assert_eq!(service.device.requests(), 8);
    });
}

#[test]
fn an_answer_that_is_cut_off_is_reset() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let mut client = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a server");
        client.write_all(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1234").await.expect("a server");
        let mut stream = TokioStream::new(listener.accept().await.expect("a connection").0);
        // It ends while the echo waits for more.
        let mut answer = Vec::new();
        let (served, end) = tokio::join!(
            async {
                let served = serve(&mut stream, &DEVICE_LIMITS).await;
                drop(stream);
                served
            },
            async {
                let mut piece = [0; 1000];
                while !answer.ends_with(b"1234") {
                    let count = client.read(&mut piece).await.expect("an echo");
                    answer.extend(&piece[..count]);
                }
                client.shutdown().await.expect("a connection");
                client.read(&mut piece).await
            }
        );
        assert!(matches!(served, Err(Error::Protocol(_))), "{served:?}");
        assert_eq!(end.expect_err("no good end").kind(), io::ErrorKind::ConnectionReset);
    });
}

/// A peer that reads late: most of the answer waits with the system when the connection is to be reset.
#[test]
fn an_answer_that_waits_with_the_system_arrives_before_a_reset() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let client = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a server");
        let server = TokioStream::new(listener.accept().await.expect("a connection").0);
        is_read_late(server, client).await;
        let (server, client) = handshake().await;
        is_read_late(server, client.into_inner()).await;
    });
}

async fn is_read_late(mut server: impl Split<Error = io::Error>, mut client: impl AsyncRead + AsyncWrite + Unpin) {
    const LENGTH: usize = 1_000_000;
    let requests = b"GET /download?bytes=1000000 HTTP/1.1\r\nHost: a\r\n\r\n\
            POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n";
    client.write_all(requests).await.expect("a server");
    client.flush().await.expect("a server");
    let served = async {
        let served = serve(&mut server, &DEVICE_LIMITS).await;
        drop(server);
        served
    };
    let heard = async {
        tokio::time::sleep(core::time::Duration::from_millis(300)).await;
        let mut answers = Vec::new();
        (client.read_to_end(&mut answers).await, answers)
    };
    let (served, (end, answers)) = tokio::join!(served, heard);
    assert!(matches!(served, Err(Error::Protocol(_))), "{served:?}");
    assert!(answers.len() > LENGTH && answers.ends_with(b"hello\r\n"), "{} bytes", answers.len());
    assert_eq!(end.expect_err("no good end").kind(), io::ErrorKind::ConnectionReset);
}

type Tls = TokioStream<TlsStream<TcpStream>, TcpStream>;

/// TLS over a socket of tokio. Its end is close_notify, and a connection that is cut off has none.
fn over_tls(stream: impl Into<TlsStream<TcpStream>>) -> Tls {
    TokioStream::over(stream.into(), |tls| tls.get_ref().0)
}

/// Both ends, after a handshake.
async fn handshake() -> (Tls, Tls) {
    let (server, client) = certificate::configs();
    let (acceptor, connector) = (TlsAcceptor::from(server), TlsConnector::from(client));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let server = async {
        let (stream, _) = listener.accept().await.expect("a connection");
        acceptor.accept(stream).await.expect("a handshake")
    };
    let client = async {
        let stream = TcpStream::connect(address).await.expect("a server");
        let name = ServerName::try_from("localhost").expect("a name");
        connector.connect(name, stream).await.expect("a handshake")
    };
    let (server, client) = tokio::join!(server, client);
    (over_tls(server), over_tls(client))
}

#[test]
fn a_client_and_a_server_talk_over_tls() {
    run(async {
        let (mut server, mut client) = handshake().await;
        let (served, fetched) = tokio::join!(serve(&mut server, &DEVICE_LIMITS), fetch(&mut client));
        served.expect("a good end");
        fetched.expect("answers");
    });
}

#[test]
fn over_tls_a_good_end_is_told_from_one_that_was_cut_off() {
    run(async {
        for (request, is_good) in [
            ("GET /download?bytes=1000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", true),
            ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\nConnection: close\r\n\r\nbegun", false),
        ] {
            let (mut server, client) = handshake().await;
            let mut client = client.into_inner();
            let limits =
                Limits { body: Pace { grace: Duration::from_millis(50), ..DEVICE_LIMITS.body }, ..DEVICE_LIMITS };
            let served = async {
                let served = serve(&mut server, &limits).await;
                drop(server);
                served
            };
            let heard = async {
                client.write_all(request.as_bytes()).await.expect("a server");
                client.flush().await.expect("a server");
                client.read_to_end(&mut Vec::new()).await
            };
            let (served, heard) = tokio::join!(served, heard);
            assert_eq!((served.is_ok(), heard.is_ok()), (is_good, is_good), "{served:?} {heard:?}");
        }
    });
}

#[test]
fn a_client_and_a_server_talk_over_streams_without_a_socket() {
    run(async {
        let (server, client) = tokio::io::duplex(1000);
        let (mut server, mut client) = (TokioStream::without_socket(server), TokioStream::without_socket(client));
        let (served, fetched) = tokio::join!(serve(&mut server, &DEVICE_LIMITS), fetch(&mut client));
        served.expect("a good end");
        fetched.expect("answers");
    });
}
