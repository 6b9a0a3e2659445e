//! Several sockets of embassy-net on one port: who comes in, and who has to go for that.

use alloc::collections::VecDeque;
use alloc::rc::Rc;
use core::cell::{Cell, RefCell};
use core::future::poll_fn;
use core::net::Ipv4Addr;
use core::pin::{Pin, pin};
use core::task::Poll;

use embassy_net::tcp::TcpSocket;
use embassy_net::{Stack, StackResources};
use embassy_net_driver_channel as channel;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{IpProtocol, Ipv4Packet, Ipv4Repr, TcpControl, TcpPacket, TcpRepr, TcpSeqNumber};
use tokio::time::{self, Duration};
use wirenut::http::{Limits, Rule};
use wirenut::readiness::{Policy, WhenFull};
use wirenut::time as core_time;
use wirenut_embedded_io::{Error, Listener, Memory};
use wirenut_reference::{DEVICE_LIMITS, MemoryDevice, Reference};

use crate::embassy_net::{MTU, SOCKETS, carry, stack};

const PORT: u16 = 80;
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const READING: &[u8] = b"GET /reading HTTP/1.1\r\nHost: a\r\n\r\n";

/// Three sockets, two of which serve.
type Three = Listener<3>;

/// Whoever has been quiet for a moment gives way.
const POLICY: Policy = Policy {
    slots: 2,
    min_idle: core_time::Duration::from_millis(1),
    min_head: core_time::Duration::from_millis(1),
    ..Policy::DEFAULT
};

/// What a test works with.
struct World<'w> {
    listener: &'w Three,
    /// Of the clients.
    stack: Stack<'w>,
    /// What comes to the server from hosts that are not there.
    injected: Rc<RefCell<VecDeque<Vec<u8>>>>,
    /// What the server has told for the log.
    errors: &'w RefCell<Vec<Rule>>,
    /// The server has ended.
    has_ended: &'w Cell<bool>,
}

/// Lets a test talk to a server of three sockets.
fn with_server(policy: Policy, limits: &Limits, test: impl AsyncFnOnce(World<'_>)) {
    crate::tokio::run(async {
        let (mut state, mut resources) = (channel::State::new(), StackResources::<SOCKETS>::new());
        let (wire, server, mut server_runner) = stack(1, &mut state, &mut resources);
        let (mut state, mut resources) = (channel::State::new(), StackResources::<SOCKETS>::new());
        let (other_wire, clients, mut client_runner) = stack(2, &mut state, &mut resources);
        let (_, server_in, mut server_out) = wire.split();
        let (_, mut client_in, client_out) = other_wire.split();
        let (listener, errors, has_ended) = (Three::new(PORT, policy), RefCell::default(), Cell::default());
        let injected = Rc::default();
        let serving = async {
            let tasks = [(); 3].map(|()| serve(&listener, server, limits, &errors));
            let [one, two, three] = tasks;
            tokio::join!(one, two, three);
            has_ended.set(true);
            core::future::pending::<()>().await;
        };
        let world = World {
            listener: &listener,
            stack: clients,
            injected: Rc::clone(&injected),
            errors: &errors,
            has_ended: &has_ended,
        };
        tokio::select! {
            () = test(world) => {}
            () = serving => unreachable!(),
            _ = carry(&mut server_out, &mut client_in) => unreachable!(),
            _ = carry_and_inject(client_out, server_in, injected) => unreachable!(),
            () = async { server_runner.run().await } => unreachable!(),
            () = async { client_runner.run().await } => unreachable!(),
        }
    });
}

async fn serve(listener: &Three, stack: Stack<'_>, limits: &Limits, errors: &RefCell<Vec<Rule>>) {
    let store = vec![0; limits.store_bytes()];
    let mut memory = Memory { received: [0; 512], transmitted: [0; 1024], input: [0; 256], store, output: [0; 512] };
    let service = Reference { device: MemoryDevice::new() };
    // A client that is dropped resets its connection.
    let on_error = |error| {
        if let Error::Protocol(error) = error {
            errors.borrow_mut().push(error.rule);
        } else {
            assert!(matches!(error, Error::Stream(..)), "{error:?}");
        }
    };
    listener.serve(stack, limits, &service, &mut memory, on_error).await;
}

/// Carries packets to the server: those of the clients, and others.
async fn carry_and_inject(
    mut from: channel::TxRunner<'_, MTU>,
    mut to: channel::RxRunner<'_, MTU>,
    injected: Rc<RefCell<VecDeque<Vec<u8>>>>,
) {
    loop {
        let packet = {
            let mut next = pin!(from.tx_buf());
            let mut tick = pin!(time::sleep(Duration::from_millis(1)));
            poll_fn(|cx| match next.as_mut().poll(cx) {
                Poll::Ready(packet) => Poll::Ready(Some(packet.to_vec())),
                Poll::Pending => tick.as_mut().poll(cx).map(|()| None),
            })
            .await
        };
        if packet.is_some() {
            from.tx_done();
        }
        let others = injected.borrow_mut().drain(..).collect::<Vec<_>>();
        for packet in packet.into_iter().chain(others) {
            to.rx_buf().await[..packet.len()].copy_from_slice(&packet);
            to.rx_done(packet.len());
        }
    }
}

/// The first packet of a handshake that nobody goes on with.
fn syn(port: u16) -> Vec<u8> {
    let checksums = ChecksumCapabilities::default();
    let (from, to) = (Ipv4Addr::new(10, 0, 0, 77), SERVER);
    let tcp = TcpRepr {
        src_port: port,
        dst_port: PORT,
        control: TcpControl::Syn,
        seq_number: TcpSeqNumber(1),
        ack_number: None,
        window_len: 1000,
        window_scale: None,
        max_seg_size: Some(1000),
        sack_permitted: false,
        sack_ranges: [None; 3],
        timestamp: None,
        payload: &[],
    };
    let length = tcp.buffer_len();
    let ip =
        Ipv4Repr { src_addr: from, dst_addr: to, next_header: IpProtocol::Tcp, payload_len: length, hop_limit: 64 };
    let mut packet = vec![0; 20 + length];
    ip.emit(&mut Ipv4Packet::new_unchecked(&mut packet[..]), &checksums);
    tcp.emit(&mut TcpPacket::new_unchecked(&mut packet[20..]), &from.into(), &to.into(), &checksums);
    packet
}

/// The rings of a client's socket.
struct Client([u8; 1024], [u8; 1024]);

impl Client {
    const NEW: Self = Self([0; 1024], [0; 1024]);

    /// Connects, again and again while nobody listens.
    async fn connect<'s>(&'s mut self, stack: Stack<'s>) -> TcpSocket<'s> {
        let mut socket = TcpSocket::new(stack, &mut self.0, &mut self.1);
        while socket.connect((SERVER, PORT)).await.is_err() {
            time::sleep(Duration::from_millis(100)).await;
        }
        socket
    }
}

async fn say(socket: &mut TcpSocket<'_>, bytes: &[u8]) {
    assert_eq!(socket.write(bytes).await, Ok(bytes.len()));
}

/// Reads an answer up to its end, or to that of the connection.
async fn hear(socket: &mut TcpSocket<'_>, end: &str) -> String {
    let (mut heard, mut piece) = (String::new(), [0; 300]);
    while !heard.ends_with(end) || end.is_empty() {
        match socket.read(&mut piece).await {
            // Who gives way while it lingers may be reset, behind all that was said.
            Ok(0) | Err(_) => break,
            Ok(count) => heard.push_str(core::str::from_utf8(&piece[..count]).expect("text")),
        }
    }
    heard
}

/// Asks, and hears the answer.
async fn ask(socket: &mut TcpSocket<'_>) {
    say(socket, READING).await;
    let heard = hear(socket, "}").await;
    assert!(heard.starts_with("HTTP/1.1 200 "), "{heard}");
}

/// Waits until so many sockets listen.
async fn listening(world: &World<'_>, count: usize) {
    while world.listener.listening() != count {
        time::sleep(Duration::from_millis(5)).await;
    }
}

#[test]
fn an_idle_connection_gives_way_and_all_sockets_listen_again() {
    with_server(POLICY, &DEVICE_LIMITS, async |world| {
        listening(&world, 3).await;
        let [mut one, mut two, mut three] = [Client::NEW; 3];
        let mut first = one.connect(world.stack).await;
        ask(&mut first).await;
        let mut second = two.connect(world.stack).await;
        ask(&mut second).await;
        time::sleep(Duration::from_millis(20)).await;
        // The second one is in use: so it is the first one that goes.
        ask(&mut second).await;
        let mut third = three.connect(world.stack).await;
        ask(&mut third).await;
        assert_eq!(hear(&mut first, "").await, "");
        ask(&mut second).await;
        assert_eq!(world.listener.connections(), 2);
        for mut socket in [first, second, third] {
            socket.close();
            assert_eq!(hear(&mut socket, "").await, "");
        }
        listening(&world, 3).await;
        assert_eq!((world.listener.connections(), world.errors.borrow().len()), (0, 0));
    });
}

#[test]
fn slow_heads_and_silent_newcomers_give_way_and_are_answered() {
    with_server(POLICY, &DEVICE_LIMITS, async |world| {
        let [mut one, mut two, mut three, mut four] = [Client::NEW; 4];
        let mut slow = one.connect(world.stack).await;
        say(&mut slow, b"GET /reading HTTP/1.1\r\nHo").await;
        let mut silent = two.connect(world.stack).await;
        time::sleep(Duration::from_millis(50)).await;
        let asked = async {
            let mut third = three.connect(world.stack).await;
            ask(&mut third).await;
            third
        };
        let (heard, _third) = tokio::join!(hear(&mut slow, ""), asked);
        assert!(heard.starts_with("HTTP/1.1 408 "), "{heard}");
        let mut fourth = four.connect(world.stack).await;
        ask(&mut fourth).await;
        assert_eq!(hear(&mut silent, "").await, "");
        assert_eq!(world.errors.borrow().first(), Some(&Rule::HeadTimeout));
    });
}

#[test]
fn who_asks_while_it_is_to_give_way_stays_and_a_lingering_connection_goes_at_once() {
    // Nobody may linger for so long that the test would see its end.
    let limits = Limits { linger: core_time::Duration::from_secs(1000), ..DEVICE_LIMITS };
    with_server(POLICY, &limits, async |world| {
        let [mut one, mut two, mut three] = [Client::NEW; 3];
        let mut busy = one.connect(world.stack).await;
        say(&mut busy, b"GET /slow?ms=1000 HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let mut over = two.connect(world.stack).await;
        say(&mut over, b"GET /reading HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
        let heard = hear(&mut over, "").await;
        assert!(heard.ends_with('}'), "{heard}");
        // Its own direction stays open.
        let mut third = three.connect(world.stack).await;
        ask(&mut third).await;
        assert!(hear(&mut busy, "done\n").await.starts_with("HTTP/1.1 200 "));
        assert_eq!(world.errors.borrow().len(), 0);
    });
}

#[test]
fn whoever_has_no_place_is_told_so() {
    let policy = Policy { evict_idle: false, when_full: WhenFull::Refuse, ..POLICY };
    with_server(policy, &DEVICE_LIMITS, async |world| {
        let [mut one, mut two, mut three, mut four] = [Client::NEW; 4];
        let mut first = one.connect(world.stack).await;
        ask(&mut first).await;
        let mut second = two.connect(world.stack).await;
        ask(&mut second).await;
        for other in [&mut three, &mut four] {
            // More than it reads of a request: no reset may destroy the answer.
            let mut third = other.connect(world.stack).await;
            say(&mut third, &[READING; 20].concat()).await;
            assert!(hear(&mut third, "").await.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
            third.close();
        }
        listening(&world, 1).await;
        assert_eq!(world.errors.borrow()[..], [Rule::Overloaded; 2]);
        ask(&mut first).await;
        ask(&mut second).await;
    });
}

#[test]
fn who_is_refused_gives_way_to_the_next_where_nobody_listens() {
    // Nobody may linger for so long that the test would see its end.
    let limits = Limits { linger: core_time::Duration::from_secs(1000), ..DEVICE_LIMITS };
    let policy = Policy { evict_idle: false, when_full: WhenFull::Refuse, ..POLICY };
    with_server(policy, &limits, async |world| {
        let (mut served, mut others) = ([Client::NEW; 2], [Client::NEW; 4]);
        let mut sockets = Vec::new();
        for client in &mut served {
            let mut socket = client.connect(world.stack).await;
            ask(&mut socket).await;
            sockets.push(socket);
        }
        // None of them ends its direction.
        for client in &mut others {
            let refused = async {
                let mut socket = client.connect(world.stack).await;
                say(&mut socket, READING).await;
                assert!(hear(&mut socket, "").await.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
                socket
            };
            sockets.push(time::timeout(Duration::from_secs(10), refused).await.expect("a socket that listens"));
        }
        listening(&world, 1).await;
        for socket in &mut sockets[..2] {
            ask(socket).await;
        }
    });
}

#[test]
fn whoever_queues_is_served_when_there_is_a_place() {
    let policy = Policy { evict_idle: false, ..POLICY };
    with_server(policy, &DEVICE_LIMITS, async |world| {
        let [mut one, mut two, mut three] = [Client::NEW; 3];
        let mut first = one.connect(world.stack).await;
        ask(&mut first).await;
        let mut second = two.connect(world.stack).await;
        ask(&mut second).await;
        let mut third = three.connect(world.stack).await;
        say(&mut third, READING).await;
        let mut piece = [0; 300];
        let early = time::timeout(Duration::from_millis(200), third.read(&mut piece)).await;
        assert!(early.is_err(), "{early:?}");
        first.close();
        assert!(hear(&mut third, "}").await.starts_with("HTTP/1.1 200 "));
    });
}

#[test]
fn handshakes_that_nobody_ends_keep_others_out_for_a_moment_only() {
    with_server(POLICY, &DEVICE_LIMITS, async |world| {
        listening(&world, 3).await;
        world.injected.borrow_mut().extend((1000..1003).map(syn));
        listening(&world, 0).await;
        let mut client = Client::NEW;
        // Without a bound of their own they would last for DEVICE_LIMITS.head.
        let asked = async {
            let mut socket = client.connect(world.stack).await;
            ask(&mut socket).await;
        };
        time::timeout(Duration::from_secs(8), asked).await.expect("somebody who listens");
        listening(&world, 3).await;
    });
}

#[test]
fn a_server_that_is_retired_answers_what_has_come_and_ends() {
    with_server(POLICY, &DEVICE_LIMITS, async |world| {
        let [mut one, mut two] = [Client::NEW; 2];
        let mut busy = one.connect(world.stack).await;
        // Far longer than what is done meanwhile, also where the machine stalls.
        say(&mut busy, b"GET /slow?ms=3000 HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let mut idle = two.connect(world.stack).await;
        ask(&mut idle).await;
        time::sleep(Duration::from_millis(50)).await;
        world.listener.retire();
        assert_eq!(hear(&mut idle, "").await, "");
        idle.close();
        let heard = hear(&mut busy, "").await;
        assert!(heard.contains("Connection: close\r\n") && heard.ends_with("done\n"), "{heard}");
        busy.close();
        while !world.has_ended.get() {
            time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!((world.listener.connections(), world.listener.listening()), (0, 0));
    });
}

#[test]
#[should_panic = "a place for a task"]
fn more_tasks_than_sockets_are_told_at_once() {
    with_server(POLICY, &DEVICE_LIMITS, async |world| {
        listening(&world, 3).await;
        let mut another: Pin<Box<dyn Future<Output = ()>>> =
            Box::pin(serve(world.listener, world.stack, &DEVICE_LIMITS, world.errors));
        poll_fn(|cx| another.as_mut().poll(cx)).await;
    });
}
