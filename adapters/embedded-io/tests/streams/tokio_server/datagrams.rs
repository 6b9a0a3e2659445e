//! Handlers of datagrams.

use core::cell::{Cell, RefCell};
use core::future::pending;
use core::net::SocketAddr;
use core::time::Duration;
use std::os::unix::net::UnixDatagram;
use std::{io, net};

use tempfile::TempDir;
use tokio::net::UdpSocket;
use tokio::sync::{Notify, oneshot};
use tokio::time;
use wirenut::time as core_time;
use wirenut_embedded_io::{
    TokioDatagramConfig, TokioDatagramFailure, TokioDatagramReport, TokioDatagramSocket, TokioDatagrams,
};

use super::run;

/// A kind of datagram sockets, and where a server of it is.
trait Kind: Sized {
    type Socket: TokioDatagramSocket<Peer: 'static>;

    fn bind(folder: &TempDir) -> (Self::Socket, Self);
    /// A client with an address of its own, connected to the server.
    fn client(&self, name: &str) -> Client;
}

/// It does not block.
enum Client {
    Udp(net::UdpSocket),
    Unix(UnixDatagram),
}

impl Client {
    fn send(&self, datagram: &[u8]) {
        match self {
            Self::Udp(socket) => socket.send(datagram),
            Self::Unix(socket) => socket.send(datagram),
        }
        .expect("a server");
    }

    /// The next reply, if there is one.
    fn try_recv(&self) -> Option<Vec<u8>> {
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

    async fn recv(&self) -> Vec<u8> {
        loop {
            if let Some(reply) = self.try_recv() {
                return reply;
            }
            time::sleep(Duration::from_millis(1)).await;
        }
    }

    async fn is_silent(&self) -> bool {
        time::timeout(Duration::from_millis(100), self.recv()).await.is_err()
    }
}

struct Udp(SocketAddr);

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

struct Unix(std::path::PathBuf);

impl Unix {
    fn server(&self) -> std::path::PathBuf {
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

macro_rules! over_both {
    ($test:ident) => {
        mod $test {
            #[test]
            fn udp() {
                super::$test::<super::Udp>();
            }

            #[test]
            fn unix() {
                super::$test::<super::Unix>();
            }
        }
    };
}

type Failures<K> = Vec<TokioDatagramFailure<<<K as Kind>::Socket as TokioDatagramSocket>::Peer>>;

/// What the handler of all tests works with.
#[derive(Default)]
struct Lab {
    released: Notify,
    handled: Cell<u32>,
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
struct World<'w, K: Kind> {
    server: K,
    lab: &'w Lab,
    failures: &'w RefCell<Failures<K>>,
    stop: oneshot::Sender<Box<dyn FnOnce()>>,
}

impl<K: Kind> World<'_, K> {
    fn stop(self) {
        assert!(self.stop.send(Box::new(|| ())).is_ok(), "no server");
    }
}

fn with_server<K: Kind>(
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

fn report(fields: impl FnOnce(&mut TokioDatagramReport)) -> TokioDatagramReport {
    let mut report = TokioDatagramReport::default();
    fields(&mut report);
    report
}

over_both!(each_datagram_is_handled_by_itself);

fn each_datagram_is_handled_by_itself<K: Kind>() {
    let (got, failures) = with_server::<K>(TokioDatagramConfig::DEFAULT, async |world| {
        let [one, two] = [world.server.client("one"), world.server.client("two")];
        one.send(b"wait");
        for index in 0..20 {
            let said = format!("hello {index}");
            two.send(said.as_bytes());
            assert_eq!(two.recv().await, said.as_bytes());
        }
        // Empty ones are datagrams, too.
        two.send(b"");
        assert_eq!(two.recv().await, b"");
        two.send(b"none");
        assert!(one.is_silent().await && two.is_silent().await);
        world.lab.released.notify_one();
        assert_eq!(one.recv().await, b"wait");
        world.stop();
    });
    let expected = report(|report| (report.received, report.replied) = (23, 22));
    assert_eq!((got, failures.len()), (expected, 0));
}

over_both!(a_datagram_that_is_too_long_is_never_handed_out_cut_off);

fn a_datagram_that_is_too_long_is_never_handed_out_cut_off<K: Kind>() {
    const MANY: u64 = 60;
    let config = TokioDatagramConfig { datagram_bytes: 100, ..TokioDatagramConfig::DEFAULT };
    let (got, failures) = with_server::<K>(config, async |world| {
        let client = world.server.client("one");
        for _ in 0..MANY {
            client.send(&[b'x'; 101]);
            client.send(&[b'x'; 100]);
            assert_eq!(client.recv().await, [b'x'; 100]);
        }
        world.stop();
    });
    let expected = report(|report| (report.received, report.replied, report.too_long) = (MANY, MANY, MANY));
    assert_eq!(got, expected);
    // Not all of them are told, for anybody can send them.
    assert!((10..MANY).contains(&(failures.len() as u64)), "{}", failures.len());
    for failure in failures {
        assert!(matches!(failure, TokioDatagramFailure::TooLong(_, 100)), "{failure}");
        assert!(failure.to_string().ends_with(": dropped a datagram of more than 100 bytes"), "{failure}");
    }
}

over_both!(as_many_are_handled_as_may_be_and_others_wait);

fn as_many_are_handled_as_may_be_and_others_wait<K: Kind>() {
    let config = TokioDatagramConfig { handlers: 2, ..TokioDatagramConfig::DEFAULT };
    let (got, failures) = with_server::<K>(config, async |world| {
        let client = world.server.client("one");
        for _ in 0..2 {
            client.send(b"wait");
        }
        for _ in 0..3 {
            client.send(b"hello");
        }
        assert!(client.is_silent().await);
        assert_eq!(world.lab.handled.get(), 2);
        world.lab.released.notify_one();
        assert_eq!(client.recv().await, b"wait");
        for _ in 0..3 {
            assert_eq!(client.recv().await, b"hello");
        }
        world.lab.released.notify_one();
        assert_eq!(client.recv().await, b"wait");
        world.stop();
    });
    assert_eq!((got, failures.len()), (report(|report| (report.received, report.replied) = (5, 5)), 0));
}

over_both!(a_handler_that_panics_or_is_late_costs_its_reply_and_nothing_else);

fn a_handler_that_panics_or_is_late_costs_its_reply_and_nothing_else<K: Kind>() {
    let patience = core_time::Duration::from_millis(50);
    let config = TokioDatagramConfig { handlers: 1, patience, ..TokioDatagramConfig::DEFAULT };
    let (got, failures) = with_server::<K>(config, async |world| {
        let client = world.server.client("one");
        for said in ["panic", "never", "huge", "hello"] {
            client.send(said.as_bytes());
        }
        // A Unix socket takes what UDP does not.
        while client.recv().await != b"hello" {}
        world.stop();
    });
    assert_eq!((got.received, got.panics, got.timed_out), (4, 1, 1));
    let is_udp = got.unsent == 1;
    assert_eq!(got.replied, if is_udp { 1 } else { 2 });
    assert!(
        matches!(failures[..2], [TokioDatagramFailure::Panic(_), TokioDatagramFailure::TimedOut(_)]),
        "{failures:?}"
    );
    assert_eq!(failures.len(), if is_udp { 3 } else { 2 }, "{failures:?}");
}

over_both!(a_server_that_ends_handles_what_has_come);

fn a_server_that_ends_handles_what_has_come<K: Kind>() {
    let (got, _) = with_server::<K>(TokioDatagramConfig::DEFAULT, async |world| {
        let client = world.server.client("one");
        client.send(b"wait");
        assert!(client.is_silent().await);
        let lab = world.lab;
        let last = world.server.client("two");
        let (sender, receiver) = std::sync::mpsc::channel();
        let stop = move || {
            for _ in 0..3 {
                last.send(b"last");
            }
            sender.send(last).expect("a test");
        };
        assert!(world.stop.send(Box::new(stop)).is_ok(), "no server");
        assert!(client.is_silent().await);
        let last = receiver.recv().expect("the end");
        for _ in 0..3 {
            assert_eq!(last.recv().await, b"last");
        }
        lab.released.notify_one();
        assert_eq!(client.recv().await, b"wait");
    });
    assert_eq!(got, report(|report| (report.received, report.replied) = (4, 4)));
}

over_both!(a_handler_that_does_not_end_in_time_is_cut);

fn a_handler_that_does_not_end_in_time_is_cut<K: Kind>() {
    let drain = core_time::Duration::from_millis(50);
    let (got, failures) =
        with_server::<K>(TokioDatagramConfig { drain, ..TokioDatagramConfig::DEFAULT }, async |world| {
            let client = world.server.client("one");
            client.send(b"never");
            assert!(client.is_silent().await);
            world.stop();
        });
    assert_eq!((got, failures.len()), (report(|report| (report.received, report.cut) = (1, 1)), 0));
}

/// More datagrams than the queue of a socket holds that reads nothing.
fn more_than_a_queue() -> usize {
    let length = std::fs::read_to_string("/proc/sys/net/unix/max_dgram_qlen").expect("a bound of queues");
    length.trim().parse::<usize>().expect("a number") + 10
}

/// A client that has sent so many, each of which has been handled; it has read nothing.
async fn unread(world: &World<'_, Unix>, count: usize) -> Client {
    // Not connected: to a peer of its own a socket may send more.
    let socket = UnixDatagram::bind(world.server.0.join("unread")).expect("a socket");
    socket.set_nonblocking(true).expect("a socket");
    for handled in 0..u32::try_from(count).expect("a queue") {
        // One after the other, since the server's queue is no longer.
        socket.send_to(b"hello", world.server.server()).expect("a server");
        while world.lab.handled.get() == handled {
            tokio::task::yield_now().await;
        }
    }
    Client::Unix(socket)
}

#[test]
fn a_unix_peer_that_reads_late_gets_all() {
    let many = more_than_a_queue();
    let patience = core_time::Duration::from_secs(3600);
    let config = TokioDatagramConfig { patience, handlers: many, ..TokioDatagramConfig::DEFAULT };
    let (got, failures) = with_server::<Unix>(config, async |world| {
        let client = unread(&world, many).await;
        for _ in 0..many {
            assert_eq!(client.recv().await, b"hello");
        }
        world.stop();
    });
    let all = many as u64;
    assert_eq!((got, failures.len()), (report(|report| (report.received, report.replied) = (all, all)), 0));
}

#[test]
fn a_unix_peer_that_does_not_read_is_given_up() {
    let many = more_than_a_queue();
    let patience = core_time::Duration::from_millis(50);
    let config = TokioDatagramConfig { patience, handlers: many, ..TokioDatagramConfig::DEFAULT };
    let (got, failures) = with_server::<Unix>(config, async |world| {
        let client = unread(&world, many).await;
        while world.failures.borrow().is_empty() {
            time::sleep(Duration::from_millis(10)).await;
        }
        world.stop();
        drop(client);
    });
    assert_eq!(got.received, many as u64);
    assert!(got.timed_out > 0 && got.replied + got.timed_out + got.unsent == got.received, "{got:?}");
    assert!(matches!(failures[0], TokioDatagramFailure::TimedOut(_)), "{failures:?}");
}

/// Its queue is full of what others have sent: nobody tells the server when it takes that.
#[test]
fn a_unix_peer_whose_queue_others_have_filled_gets_its_reply() {
    let (got, failures) = with_server::<Unix>(TokioDatagramConfig::DEFAULT, async |world| {
        let path = world.server.0.join("busy");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        socket.set_nonblocking(true).expect("a socket");
        let other = UnixDatagram::unbound().expect("a socket");
        other.set_nonblocking(true).expect("a socket");
        let mut filled = 0;
        while other.send_to(b"other", &path).is_ok() {
            filled += 1;
        }
        socket.send_to(b"hello", world.server.server()).expect("a server");
        while world.lab.handled.get() == 0 {
            tokio::task::yield_now().await;
        }
        // What may have been ready when it came is not any more.
        time::sleep(Duration::from_millis(50)).await;
        let client = Client::Unix(socket);
        for _ in 0..filled {
            assert_eq!(client.try_recv().as_deref(), Some(&b"other"[..]));
        }
        assert_eq!(client.recv().await, b"hello");
        world.stop();
    });
    assert_eq!((got, failures.len()), (report(|report| (report.received, report.replied) = (1, 1)), 0));
}

#[test]
fn a_unix_peer_without_a_name_or_that_is_gone_cannot_be_answered() {
    let (got, failures) = with_server::<Unix>(TokioDatagramConfig::DEFAULT, async |world| {
        let nameless = UnixDatagram::unbound().expect("a socket");
        nameless.send_to(b"hello", world.server.server()).expect("a server");
        let gone = world.server.client("gone");
        gone.send(b"hello");
        drop(gone);
        while world.lab.handled.get() < 2 {
            tokio::task::yield_now().await;
        }
        world.stop();
    });
    assert_eq!((got.received, got.replied, got.unsent), (2, 0, 2));
    let [nameless, gone] = &failures[..] else { panic!("{failures:?}") };
    assert_eq!(nameless.to_string(), "(unnamed): cannot send the reply: the socket of the peer has no name");
    let gone = gone.to_string();
    assert!(gone.contains("/gone\" (pathname): cannot send the reply: Connection refused"), "{gone}");
}
