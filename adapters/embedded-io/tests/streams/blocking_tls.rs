//! TLS in the middle, over sockets that block.

use core::ops::{Deref, DerefMut};
use core::time::Duration;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown as Direction, TcpStream};
use std::thread;

use embedded_io::{ErrorType, Read, Write};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, ConnectionCommon, ServerConnection, SideData, StreamOwned};
use wirenut::http::{Limits, Method, Request, Rule};
use wirenut::time::{self, Pace};
use wirenut_embedded_io::blocking::{Client, Sequential, Shutdown, Wanted};
use wirenut_embedded_io::{Clock, Error, Server, SystemClock};
use wirenut_reference::{DEVICE_LIMITS, MemoryDevice, Reference, pattern_byte};

use crate::blocking::over_sockets;
use crate::certificate;
use crate::space::Space;

/// TLS, whose handshake is the first thing that is read or written. Its end is close_notify, and a connection that is
/// cut off has none.
struct Tls<C>(StreamOwned<C, TcpStream>);

impl<C, S> ErrorType for Tls<C>
where
    C: DerefMut + Deref<Target = ConnectionCommon<S>>,
    S: SideData,
{
    type Error = io::Error;
}

impl<C, S> Read for Tls<C>
where
    C: DerefMut + Deref<Target = ConnectionCommon<S>>,
    S: SideData,
{
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf).map_err(timed_out)
    }
}

impl<C, S> Write for Tls<C>
where
    C: DerefMut + Deref<Target = ConnectionCommon<S>>,
    S: SideData,
{
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<C, S> Shutdown for Tls<C>
where
    C: DerefMut + Deref<Target = ConnectionCommon<S>>,
    S: SideData,
{
    fn shutdown_write(&mut self) -> io::Result<()> {
        self.0.conn.send_close_notify();
        self.0.flush()
    }

    fn abort(&mut self) {
        // Where it fails there is no connection any more.
        let _ = self.0.sock.shutdown(Direction::Both);
    }
}

/// That is how a socket says that its own time-out has come.
fn timed_out(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::WouldBlock { io::ErrorKind::TimedOut.into() } else { error }
}

fn sleep(clock: &SystemClock, wanted: Wanted) {
    if let Some(until) = wanted.until {
        thread::sleep(until.saturating_since(clock.now()).into());
    }
}

fn serve(limits: &Limits, stream: StreamOwned<ServerConnection, TcpStream>) -> Result<(), Error<io::Error>> {
    let mut space = Space::<2048, 1024>::new();
    let clock = SystemClock::new();
    let service = Reference { device: MemoryDevice::new() };
    let connection = Server::new(limits, space.buffers());
    connection.serve_blocking(&mut Sequential(Tls(stream)), &service, &clock, |_, wanted| sleep(&clock, wanted))
}

/// Serves one connection, while `client` uses the other end of it. Neither has begun its handshake.
fn over_tls<R>(
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
    let (fetched, served) = over_tls(
        |stream| serve(&DEVICE_LIMITS, stream),
        |stream| {
            let mut space = Space::<2048, 256>::new();
            let (mut stream, clock) = (Sequential(Tls(stream)), SystemClock::new());
            let wait = |_: &mut Sequential<Tls<ClientConnection>>, wanted| sleep(&clock, wanted);
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
        let (heard, served) = over_tls(
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
