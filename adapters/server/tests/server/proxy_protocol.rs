//! Who is believed who the client is, and what becomes of those who say nothing, something wrong, or nothing in time.

mod refusals;
mod spoken;

use core::net::SocketAddr;
use std::io::{BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::thread::{self, JoinHandle};

use wirenut::http::Network;
use wirenut::http::service::service_fn;
use wirenut::proxy::{Endpoints, HeaderWriter, Tlv, Transport, UnixAddress, write_v1};
use wirenut_linux::socket::{Family, Socket};
use wirenut_server::{Config, PollerKind, ProxyProtocol, Report, Server, Stopper};

use crate::client::{Client, get};
use crate::lab::{GRACE, in_time, wait_until};
use crate::logging;

const LOOPBACK: &[Network] = &[Network::v4([127, 0, 0, 0], 8)];
const ELSEWHERE: &[Network] = &[Network::v4([10, 0, 0, 0], 8), Network::v6([0xfd00, 0, 0, 0, 0, 0, 0, 0], 8)];
const CLIENT: &str = "192.0.2.7:56324";

const fn trusting(networks: &'static [Network]) -> Config {
    Config { proxy_protocol: Some(ProxyProtocol { networks, ..ProxyProtocol::DEFAULT }), ..Config::DEFAULT }
}

/// A server whose answer is the client's address, on a thread of its own.
struct Running {
    address: SocketAddr,
    stopper: Stopper,
    thread: JoinHandle<Report>,
}

impl Running {
    fn start(config: Config) -> Self {
        logging::keep();
        let server = Server::bind("127.0.0.1:0", config).unwrap();
        let (address, stopper) = (server.local_addr().unwrap(), server.stopper());
        Self { address, stopper, thread: thread::spawn(move || run(server)) }
    }

    fn finish(self) -> Report {
        self.stopper.stop();
        self.thread.join().unwrap()
    }
}

fn run(server: Server) -> Report {
    let who = service_fn(|_, responder| {
        let peer = responder.peer().map_or_else(|| "nobody".to_owned(), |peer| peer.to_string());
        responder.text(&peer)
    });
    server.run(&who).unwrap()
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn line(endpoints: &Endpoints<'_>) -> Vec<u8> {
    write_v1(endpoints, &mut [0; 107]).unwrap().to_vec()
}

fn block(endpoints: &Endpoints<'_>) -> Vec<u8> {
    let mut room = [0; 512];
    let mut writer = HeaderWriter::new(&mut room, endpoints).unwrap();
    writer.tlv(&Tlv::UniqueId(b"some")).unwrap();
    writer.finish_with_checksum().unwrap().to_vec()
}

/// Headers, and the client that they name.
fn headers() -> Vec<(Vec<u8>, Option<SocketAddr>)> {
    let ends = |client: &str, server: &str| Endpoints::tcp(address(client), address(server));
    let (v4, v6) = (ends(CLIENT, "192.0.2.1:443"), ends("[2001:db8::17]:1", "[2001:db8::1]:2"));
    let unix = Endpoints::Unix {
        transport: Transport::Stream,
        source: UnixAddress::UNNAMED,
        destination: UnixAddress::UNNAMED,
    };
    vec![
        (line(&v4), Some(address(CLIENT))),
        (line(&v6), Some(address("[2001:db8::17]:1"))),
        (line(&Endpoints::Unspecified), None),
        (block(&v4), Some(address(CLIENT))),
        (block(&v6), Some(address("[2001:db8::17]:1"))),
        (block(&Endpoints::Local), None),
        (block(&Endpoints::Unspecified), None),
        (block(&unix), None),
    ]
}

fn own(client: &Client) -> SocketAddr {
    client.stream.get_ref().local_addr().unwrap()
}

fn who(client: &mut Client) -> SocketAddr {
    let response = client.response();
    assert_eq!(response.status, 200);
    address(str::from_utf8(&response.body).unwrap())
}

#[test]
fn the_client_is_whom_the_proxy_names() {
    for poller in [PollerKind::Epoll, PollerKind::Poll, PollerKind::Select] {
        let server = Running::start(Config { poller, ..trusting(LOOPBACK) });
        for (header, named) in headers() {
            let mut client = Client::connect(server.address);
            let expected = named.unwrap_or_else(|| own(&client));
            // The first requests are in the header's segment.
            client.send([&header, get("/one").as_bytes(), get("/two").as_bytes()].concat());
            for _ in 0..2 {
                assert_eq!(who(&mut client), expected, "{}", header.escape_ascii());
            }
            client.ask("/three");
            assert_eq!(who(&mut client), expected, "{}", header.escape_ascii());
        }
        assert_eq!(server.finish().accepted, headers().len() as u64);
    }
}

/// Many at a time, so that what one has said is not taken for what another one says.
#[test]
fn headers_may_come_byte_by_byte_and_mixed() {
    let server = Running::start(trusting(LOOPBACK));
    let named = |number: usize| SocketAddr::from(([192, 0, 2, number as u8], 1_000 + number as u16));
    let mut clients: Vec<_> = (0..20)
        .map(|number| {
            let ends = Endpoints::tcp(named(number), address("192.0.2.1:443"));
            let header = if number % 2 == 0 { line(&ends) } else { block(&ends) };
            (Client::connect(server.address), [&header[..], get("/").as_bytes()].concat())
        })
        .collect();
    let longest = clients.iter().map(|(_, bytes)| bytes.len()).max().unwrap();
    for at in 0..longest {
        for (client, bytes) in &mut clients {
            client.send(bytes.get(at..=at).unwrap_or_default());
        }
    }
    for (number, (client, _)) in clients.iter_mut().enumerate() {
        assert_eq!(who(client), named(number));
    }
    // Whoever gets a slot that was used is nobody else's client.
    drop(clients);
    for _ in 0..20 {
        let mut client = Client::connect(server.address);
        client.send([&line(&Endpoints::Unspecified)[..], get("/").as_bytes()].concat());
        assert_eq!(who(&mut client), own(&client));
    }
    server.finish();
}

#[test]
fn nobody_else_is_believed() {
    for config in [Config::DEFAULT, trusting(ELSEWHERE)] {
        let server = Running::start(config);
        let mut client = Client::connect(server.address);
        client.ask("/");
        assert_eq!(who(&mut client), own(&client));
        for (header, _) in headers() {
            let mut client = Client::connect(server.address);
            client.send([&header[..], get("/").as_bytes()].concat());
            assert_eq!(client.response().status, 400, "{}", header.escape_ascii());
            client.assert_closed();
        }
        server.finish();
    }
}

/// Some are proxies and some are not, over the same slot: what one has said is forgotten with it.
#[test]
fn what_a_proxy_has_said_ends_with_its_connection() {
    const ONE: &[Network] = &[Network::v4([127, 0, 0, 1], 32)];
    let server = Running::start(trusting(ONE));
    for _ in 0..3 {
        let mut client = Client::connect(server.address);
        client.send(
            [&line(&Endpoints::tcp(address(CLIENT), address("192.0.2.1:443")))[..], get("/").as_bytes()].concat(),
        );
        assert_eq!(who(&mut client), address(CLIENT));
        client.end_sending();
        client.assert_closed();

        let socket = Socket::tcp(Family::V4).unwrap();
        socket.bind(&address("127.0.0.2:0")).unwrap();
        let stream = TcpStream::from(OwnedFd::from(socket.connect(&server.address).unwrap()));
        let mut other = Client { stream: BufReader::new(stream) };
        other.ask("/");
        assert_eq!(who(&mut other), own(&other));
        other.end_sending();
        other.assert_closed();
    }
    server.finish();
}

/// It has ended, without a byte.
fn assert_dropped(client: &mut Client) {
    match client.stream.read(&mut [0]) {
        Ok(count) => assert_eq!(count, 0, "an answer"),
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
}

/// The one line that is logged of a peer.
fn logged(peer: SocketAddr) -> String {
    wait_until("it is logged", || !logging::of(peer).is_empty());
    let lines = logging::of(peer);
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines.concat().replace(&peer.to_string(), "PEER")
}

#[test]
fn whoever_may_write_to_a_socket_is_a_proxy_where_it_is_told_so() {
    logging::keep();
    for (unix, header, expected) in [
        (true, line(&Endpoints::tcp(address(CLIENT), address("192.0.2.1:443"))), format!("200 OK\n{CLIENT}")),
        (true, block(&Endpoints::Local), "200 OK\nnobody".to_owned()),
        (true, vec![], String::new()),
        (false, vec![], "200 OK\nnobody".to_owned()),
        (false, line(&Endpoints::Unspecified), "400 Bad Request\n".to_owned()),
    ] {
        let settings = ProxyProtocol { unix, ..ProxyProtocol::DEFAULT };
        let path = std::env::temp_dir().join(format!("wirenut-proxy-protocol-{}", std::process::id()));
        let config = Config { proxy_protocol: Some(settings), ..Config::DEFAULT };
        let server = Server::bind_unix(&path, 0o600, config).unwrap();
        let stopper = server.stopper();
        let thread = thread::spawn(move || run(server));
        let mut client = UnixStream::connect(&path).unwrap();
        client.write_all(&[&header[..], get("/").as_bytes()].concat()).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        // A server that throws the request away unread may reset.
        let _ = client.read_to_string(&mut answer);
        let status = answer.lines().next().unwrap_or_default().replace("HTTP/1.1 ", "");
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let got = if answer.is_empty() {
            answer
        } else {
            format!("{status}\n{}", if status.starts_with('2') { body } else { "" })
        };
        assert_eq!(got, expected, "{unix} {}", header.escape_ascii());
        stopper.stop();
        thread.join().unwrap();
    }
}

/// A header is no request: whoever has sent one, and asks a moment later, is answered.
#[test]
fn a_server_that_ends_answers_behind_headers() {
    in_time(asks_behind_headers);
}

fn asks_behind_headers() -> bool {
    let server = Server::bind("127.0.0.1:0", trusting(LOOPBACK)).unwrap();
    let (at, stopper) = (server.local_addr().unwrap(), server.stopper());
    let header = line(&Endpoints::tcp(address(CLIENT), address("192.0.2.1:443")));
    let mut clients: Vec<_> = (0..20).map(|_| Client::connect(at)).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        client.send(&header[..if number % 2 == 0 { header.len() } else { 6 }]);
    }
    let end = std::time::Instant::now();
    stopper.stop();
    let thread = thread::spawn(move || run(server));
    // Then all of them have come in, and what they have sent is being read.
    wait_until("it listens no more", || TcpStream::connect(at).is_err());
    for (number, client) in clients.iter_mut().enumerate() {
        client.send([&header[if number % 2 == 0 { header.len() } else { 6 }..], get("/").as_bytes()].concat());
    }
    if end.elapsed() >= GRACE {
        return false;
    }
    for client in &mut clients {
        assert_eq!(who(client), address(CLIENT));
        client.assert_closed();
    }
    drop(clients);
    assert_eq!(thread.join().unwrap().cut, 0);
    true
}
