//! TLS in the middle, over sockets that block.

use core::ops::{Deref, DerefMut};
use core::time::Duration;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, ConnectionCommon, ServerConnection, SideData, StreamOwned};
use wirenut::http::{Limits, Method, Request, Rule};
use wirenut::time::{self, Pace};
use wirenut_embedded_io::blocking::{Client, Sequential};
use wirenut_embedded_io::{Error, Server, StdStream, SystemClock};
use wirenut_reference::{DEVICE_LIMITS, MemoryDevice, Reference, pattern_byte};

use crate::blocking::over_sockets;
use crate::certificate;
use crate::space::Space;

/// TLS, whose handshake is the first thing that is read or written. Its end is close_notify, and a connection that is
/// cut off has none.
type Tls<C> = Sequential<StdStream<StreamOwned<C, TcpStream>>>;

fn over_tls<C, S>(stream: StreamOwned<C, TcpStream>) -> Tls<C>
where
    C: DerefMut + Deref<Target = ConnectionCommon<S>>,
    S: SideData,
{
    let end = |tls: &mut StreamOwned<C, TcpStream>| {
        tls.conn.send_close_notify();
        tls.flush()
    };
    Sequential(StdStream::over(stream, |tls| &tls.sock, end))
}

fn serve(limits: &Limits, stream: StreamOwned<ServerConnection, TcpStream>) -> Result<(), Error<io::Error>> {
    let mut space = Space::<2048, 1024>::new();
    let clock = SystemClock::new();
    let service = Reference { device: MemoryDevice::new() };
    let connection = Server::new(limits, space.buffers());
    connection.serve_blocking(&mut over_tls(stream), &service, &clock, |stream, wanted| stream.0.wait(wanted, &clock))
}

/// Serves one connection, while `client` uses the other end of it. Neither has begun its handshake.
fn talk<R>(
    serve: impl FnOnce(StreamOwned<ServerConnection, TcpStream>) -> Result<(), Error<io::Error>> + Send,
    client: impl FnOnce(StreamOwned<ClientConnection, TcpStream>) -> R,
) -> (R, Result<(), Error<io::Error>>) {
    let (server_config, client_config) = certificate::configs();
    over_sockets(
        |stream| serve(StreamOwned::new(ServerConnection::new(server_config).expect("a configuration"), stream)),
        |stream| {
            let name = ServerName::try_from("localhost").expect("a name");
            client(StreamOwned::new(ClientConnection::new(client_config, name).expect("a configuration"), stream))
        },
    )
}

#[test]
fn a_client_and_a_server_talk_over_tls_that_blocks() {
    let (fetched, served) = talk(
        |stream| serve(&DEVICE_LIMITS, stream),
        |stream| {
            let mut space = Space::<2048, 256>::new();
            let (mut stream, clock) = (over_tls(stream), SystemClock::new());
            let wait = |stream: &mut Tls<ClientConnection>, wanted| stream.0.wait(wanted, &clock);
            let mut client = Client::new(&mut stream, &clock, wait, &DEVICE_LIMITS, space.buffers());
            let (body, mut piece) = (vec![b'x'; 200_000], [0; 1000]);
            for upload in [
                Request::new(Method::Post, "/upload", "a").with_length(200_000),
                Request::new(Method::Post, "/upload", "a").with_unknown_length().expecting_continue(),
            ] {
                assert_eq!(client.send(&upload, &body[..], |head| head.status.code())?, 200);
                let count = client.read(&mut piece)?;
                assert!(piece[..count].starts_with(b"{\"length\":200000,"));
                assert_eq!(client.read(&mut piece)?, 0);
            }
            let download = Request::new(Method::Get, "/download?bytes=200000", "a").closing();
            assert_eq!(client.send(&download, &[][..], |head| head.status.code())?, 200);
            let mut content = Vec::new();
            loop {
                match client.read(&mut piece)? {
                    0 => break,
                    count => content.extend(&piece[..count]),
                }
            }
            assert!((0..200_000).map(pattern_byte).eq(content));
            client.close()
        },
    );
    fetched.expect("answers");
    served.expect("a good end");
}

#[test]
fn over_tls_that_blocks_a_good_end_is_told_from_one_that_was_cut_off() {
    let limits =
        Limits { body: Pace { grace: time::Duration::from_millis(50), ..DEVICE_LIMITS.body }, ..DEVICE_LIMITS };
    for (request, rule) in [
        ("GET /download?bytes=1000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", None),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\nbegun", Some(Rule::BodyTimeout)),
    ] {
        let (heard, served) = talk(
            |stream| {
                // So deadlines are looked at, although reads block.
                stream.sock.set_read_timeout(Some(Duration::from_millis(10))).expect("a socket");
                serve(&limits, stream)
            },
            |mut stream| {
                stream.write_all(request.as_bytes()).expect("a server");
                stream.read_to_end(&mut Vec::new())
            },
        );
        let broken = match &served {
            Ok(()) => None,
            Err(Error::Protocol(error)) => Some(error.rule),
            Err(other) => panic!("{other}"),
        };
        assert_eq!((broken, heard.is_ok()), (rule, rule.is_none()), "{heard:?}");
    }
}
