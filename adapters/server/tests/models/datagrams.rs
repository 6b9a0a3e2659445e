//! Handlers of datagrams under each model.

use core::net::Ipv4Addr;
use core::time::Duration as StdDuration;
use std::io::{self, ErrorKind};
use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::thread;

use wirenut_linux::process::Ended;
use wirenut_linux::socket::AnyAddress;
use wirenut_server::datagram::{DatagramHandler, DatagramServer};
use wirenut_server::{Config, Model};

use crate::lab::{BLOCKING, FOUR, Place, Running, Transport, each, forks, spare_path, wait_until};

/// Does what the datagram says.
fn obey(datagram: &[u8], _: &AnyAddress) -> Option<Vec<u8>> {
    match datagram {
        b"panic" => panic!("no more stamps"),
        b"exit" => std::process::exit(3),
        b"silence" => None,
        b"slow" => {
            thread::sleep(StdDuration::from_millis(200));
            Some(b"done".to_vec())
        }
        _ => Some(datagram.to_ascii_uppercase()),
    }
}

fn start(model: Model, transport: Transport) -> Running {
    let config = Config { model, ..Config::DEFAULT };
    let running = Running::start_datagrams(transport, config, |server| server.run(&obey));
    running.settle(model, |running| {
        let clients: Vec<Client> = (0..4).map(|_| Client::new(running)).collect();
        clients.iter().for_each(|client| client.send(b"slow"));
        clients.iter().for_each(|client| assert_eq!(client.reply().unwrap(), b"done"));
    })
}

enum Client {
    Udp(UdpSocket),
    Unix(UnixDatagram, PathBuf),
}

impl Client {
    /// One with an address, to which replies can be sent.
    fn new(running: &Running) -> Self {
        let limit = Some(StdDuration::from_secs(20));
        match &running.place {
            Place::Port(port) => {
                let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
                socket.connect((Ipv4Addr::LOCALHOST, *port)).unwrap();
                socket.set_read_timeout(limit).unwrap();
                Self::Udp(socket)
            }
            Place::Path(path) => {
                let own = spare_path();
                let socket = UnixDatagram::bind(&own).unwrap();
                socket.connect(path).unwrap();
                socket.set_read_timeout(limit).unwrap();
                Self::Unix(socket, own)
            }
        }
    }

    fn send(&self, bytes: &[u8]) {
        let sent = match self {
            Self::Udp(socket) => socket.send(bytes),
            Self::Unix(socket, _) => socket.send(bytes),
        };
        assert_eq!(sent.unwrap(), bytes.len());
    }

    /// The next datagram. None: none has come.
    fn reply(&self) -> Option<Vec<u8>> {
        let mut bytes = vec![0; 100_000];
        let received = match self {
            Self::Udp(socket) => socket.recv(&mut bytes),
            Self::Unix(socket, _) => socket.recv(&mut bytes),
        };
        match received {
            Ok(length) => Some(bytes[..length].to_vec()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) => panic!("{error}"),
        }
    }

    fn assert_answered(&self) {
        self.send(b"hello");
        assert_eq!(self.reply().unwrap(), b"HELLO");
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Self::Unix(_, path) = self {
            let _ = std::fs::remove_file(path);
        }
    }
}

pub(crate) fn are_answered() {
    each(&BLOCKING, |model, transport| {
        let running = start(model, transport);
        thread::scope(|scope| {
            for number in 0..8_u8 {
                let client = Client::new(&running);
                scope.spawn(move || {
                    for length in [0, 1, 1_000, 4_000] {
                        client.send(&vec![b'a' + number; length]);
                        assert_eq!(client.reply().unwrap(), vec![b'A' + number; length]);
                    }
                });
            }
        });
        running.assert_clean();
        assert_eq!(running.finish(), "accepted 32 refused 0 evicted 0 cut 0 panics 0", "{model:?}");
    });
}

pub(crate) fn have_no_reply_when_their_handler_panics() {
    each(&BLOCKING, |model, transport| {
        let running = start(model, transport);
        let client = Client::new(&running);
        for _ in 0..3 {
            client.send(b"panic");
            client.send(b"silence");
            client.assert_answered();
        }
        running.assert_clean();
        assert_eq!(running.finish(), "accepted 9 refused 0 evicted 0 cut 0 panics 3", "{model:?}");
    });
}

/// What a process costs that exits is as the docs of the models say.
pub(crate) fn end_with_their_process() {
    each(&BLOCKING, |model, transport| {
        let running = start(model, transport);
        let client = Client::new(&running);
        client.send(b"exit");
        if !forks(model) {
            assert_eq!(running.process.join().unwrap(), Ended::Exited(3));
            return;
        }
        (0..8).for_each(|_| client.assert_answered());
        if let Model::PreForked { workers } = model {
            wait_until("it is replaced", || running.children().len() == workers.get());
        }
        running.assert_clean();
        assert_eq!(running.finish(), "accepted 9 refused 0 evicted 0 cut 0 panics 0");
    });
}

struct Picky;

impl DatagramHandler for Picky {
    fn verify(&self, datagram: &[u8], _: &AnyAddress) -> bool {
        datagram != b"unwanted"
    }

    fn handle(&self, datagram: &[u8], peer: &AnyAddress) -> io::Result<Option<Vec<u8>>> {
        if datagram == b"fail" { Err(io::Error::other("no more ink")) } else { Ok(obey(datagram, peer)) }
    }
}

/// One that does not fit is not handled as if it were whole.
pub(crate) fn are_wanted_and_whole_or_thrown_away() {
    each(&BLOCKING, |model, transport| {
        let config = Config { model, max_datagram: 1_000, ..Config::DEFAULT };
        let running = Running::start_datagrams(transport, config, |server| server.run(&Picky));
        let client = Client::new(&running);
        for unwanted in [&b"unwanted"[..], &[b'x'; 1_001], b"fail"] {
            client.send(unwanted);
            client.assert_answered();
        }
        client.send(&[b'x'; 1_000]);
        assert_eq!(client.reply().unwrap(), [b'X'; 1_000]);
        running.assert_clean();
        assert_eq!(running.finish(), "accepted 5 refused 2 evicted 0 cut 0 panics 0", "{model:?}");
    });
}

/// While all are busy they wait, and a signal loses none of them.
pub(crate) fn are_not_lost_by_a_signal() {
    each(&BLOCKING, |model, transport| {
        let running = start(model, transport);
        let clients: Vec<Client> = (0..6).map(|_| Client::new(&running)).collect();
        clients.iter().for_each(|client| client.send(b"slow"));
        assert_eq!(running.finish(), "accepted 6 refused 0 evicted 0 cut 0 panics 0", "{model:?}");
        clients.iter().for_each(|client| assert_eq!(client.reply().unwrap(), b"done"));
    });
}

pub(crate) fn are_not_multiplexed() {
    let config = Config { model: Model::Multiplexed { workers: FOUR }, ..Config::DEFAULT };
    let mut running = Running::start_datagrams(Transport::Tcp, config, |server: DatagramServer| server.run(&obey));
    let expected = "error cannot multiplex datagrams: each is done at once: use the model iterative or pre-threaded";
    assert_eq!(running.ended(), expected);
}
