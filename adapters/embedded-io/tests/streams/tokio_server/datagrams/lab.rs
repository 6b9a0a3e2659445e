//! Servers and clients of datagrams, over both kinds of sockets.

use core::cell::{Cell, RefCell};
use core::future::pending;
use core::net::SocketAddr;
use core::time::Duration;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::{io, net};

use tempfile::TempDir;
use tokio::net::UdpSocket;
use tokio::sync::{Notify, oneshot};
use tokio::time;
use wirenut_embedded_io::{
    TokioDatagramConfig, TokioDatagramFailure, TokioDatagramReport, TokioDatagramSocket, TokioDatagrams,
};

use super::super::run;

/// A kind of datagram sockets, and where a server of it is.
pub(super) trait Kind: Sized {
    type Socket: TokioDatagramSocket<Peer: 'static>;

    fn bind(folder: &TempDir) -> (Self::Socket, Self);
    /// A client with an address of its own, connected to the server.
    fn client(&self, name: &str) -> Client;
}

/// It does not block.
pub(super) enum Client {
    Udp(net::UdpSocket),
    Unix(UnixDatagram),
}

impl Client {
    pub(super) fn send(&self, datagram: &[u8]) {
        match self {
            Self::Udp(socket) => socket.send(datagram),
            Self::Unix(socket) => socket.send(datagram),
        }
        .expect("a server");
    }

    /// The next reply, if there is one.
    pub(super) fn try_recv(&self) -> Option<Vec<u8>> {
        let mut reply = vec![0; 70_000];
        let received = match self {
            Self::Udp(socket) => socket.recv(&mut reply),
            Self::Unix(socket) => socket.recv(&mut reply),
        };
        match received {
            Ok(count) => {
                reply.truncate(count);
                Some(reply)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            Err(error) => panic!("{error}"),
        }
    }

    pub(super) async fn recv(&self) -> Vec<u8> {
        loop {
            if let Some(reply) = self.try_recv() {
                return reply;
            }
            time::sleep(Duration::from_millis(1)).await;
        }
    }

    pub(super) async fn is_silent(&self) -> bool {
        time::timeout(Duration::from_millis(100), self.recv()).await.is_err()
    }
}

pub(super) struct Udp(SocketAddr);

impl Kind for Udp {
    type Socket = UdpSocket;

    fn bind(_: &TempDir) -> (UdpSocket, Self) {
        let socket = net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let address = socket.local_addr().expect("an address");
        socket.set_nonblocking(true).expect("a socket");
        (UdpSocket::from_std(socket).expect("a runtime"), Self(address))
    }

    fn client(&self, _: &str) -> Client {
        let socket = net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
        socket.connect(self.0).expect("a server");
        socket.set_nonblocking(true).expect("a socket");
        Client::Udp(socket)
    }
}

pub(super) struct Unix(pub(super) PathBuf);

impl Unix {
    pub(super) fn server(&self) -> PathBuf {
        self.0.join("server")
    }
}

impl Kind for Unix {
    type Socket = UnixDatagram;

    fn bind(folder: &TempDir) -> (UnixDatagram, Self) {
        let kind = Self(folder.path().to_owned());
        (UnixDatagram::bind(kind.server()).expect("a socket"), kind)
    }

    fn client(&self, name: &str) -> Client {
        let socket = UnixDatagram::bind(self.0.join(name)).expect("a socket");
        socket.connect(self.server()).expect("a server");
        socket.set_nonblocking(true).expect("a socket");
        Client::Unix(socket)
    }
}

type Failures<K> = Vec<TokioDatagramFailure<<<K as Kind>::Socket as TokioDatagramSocket>::Peer>>;

/// What the handler of all tests works with.
#[derive(Default)]
pub(super) struct Lab {
    pub(super) released: Notify,
    pub(super) handled: Cell<u32>,
}

impl Lab {
    /// Most come back; `none` is not answered, `wait` when it is released, `never` never.
    async fn handle(&self, datagram: Vec<u8>) -> Option<Vec<u8>> {
        self.handled.set(self.handled.get() + 1);
        match &datagram[..] {
            b"none" => return None,
            b"panic" => panic!("on purpose"),
            b"wait" => self.released.notified().await,
            b"never" => pending().await,
            b"huge" => return Some(vec![0; 70_000]),
            _ => {}
        }
        Some(datagram)
    }
}

/// What a test works with.
pub(super) struct World<'w, K: Kind> {
    pub(super) server: K,
    pub(super) lab: &'w Lab,
    pub(super) failures: &'w RefCell<Failures<K>>,
    pub(super) stop: oneshot::Sender<Box<dyn FnOnce()>>,
}

impl<K: Kind> World<'_, K> {
    pub(super) fn stop(self) {
        assert!(self.stop.send(Box::new(|| ())).is_ok(), "no server");
    }
}

pub(super) fn with_server<K: Kind>(
    config: TokioDatagramConfig,
    test: impl AsyncFnOnce(World<'_, K>),
) -> (TokioDatagramReport, Failures<K>) {
    run(async {
        let folder = tempfile::tempdir().expect("a folder");
        let (socket, server) = K::bind(&folder);
        let (lab, failures) = (Lab::default(), RefCell::<Failures<K>>::default());
        let (stop, stopped) = oneshot::channel::<Box<dyn FnOnce()>>();
        let stopped = async { stopped.await.expect("a test that stops it")() };
        let datagrams = TokioDatagrams::new(socket, config).expect("a server");
        let handler = async |datagram: Vec<u8>, _: &_| lab.handle(datagram).await;
        let serving = datagrams.serve(handler, stopped, |failure| failures.borrow_mut().push(failure));
        let (report, ()) = tokio::join!(serving, test(World { server, lab: &lab, failures: &failures, stop }));
        (report, failures.take())
    })
}

pub(super) fn report(fields: impl FnOnce(&mut TokioDatagramReport)) -> TokioDatagramReport {
    let mut report = TokioDatagramReport::default();
    fields(&mut report);
    report
}
