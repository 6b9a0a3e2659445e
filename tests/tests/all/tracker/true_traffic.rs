//! Two sockets of smoltcp over a link that loses, duplicates and reorders: the tracker, who sees what arrives, says the
//! states that they are in; and the streams say what they have sent.

use alloc::collections::VecDeque;
use std::hash::RandomState;

use smoltcp::iface::{Config, Interface, SocketSet};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State as Theirs};
use smoltcp::time::Instant as Time;
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr};
use wirenut::ip::{Captured, ChecksumVerdict, Packet};
use wirenut::tcp::SequenceNumber;
use wirenut::tcp::segment::{Flags, Segment};
use wirenut::tcp::state::State;
use wirenut::tcp::tracker::{ConnectionId, Order, Policy, Side, Slot, Stream, Tracker};
use wirenut::time::Instant;
use wirenut_tests::dice::Dice;

/// A network card: what it is to receive, and what it has sent.
#[derive(Default)]
struct Card {
    received: VecDeque<Vec<u8>>,
    sent: Vec<Vec<u8>>,
}

struct Received(Vec<u8>);
struct Sent<'c>(&'c mut Vec<Vec<u8>>);

impl RxToken for Received {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(&self.0)
    }
}

impl TxToken for Sent<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, write: F) -> R {
        let mut bytes = vec![0; length];
        let result = write(&mut bytes);
        self.0.push(bytes);
        result
    }
}

impl Device for Card {
    type RxToken<'c> = Received;
    type TxToken<'c> = Sent<'c>;

    fn receive(&mut self, _: Time) -> Option<(Received, Sent<'_>)> {
        self.received.pop_front().map(|bytes| (Received(bytes), Sent(&mut self.sent)))
    }

    fn transmit(&mut self, _: Time) -> Option<Sent<'_>> {
        Some(Sent(&mut self.sent))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        (capabilities.medium, capabilities.max_transmission_unit) = (Medium::Ip, 300);
        capabilities
    }
}

struct Host {
    card: Card,
    interface: Interface,
    sockets: SocketSet<'static>,
    handle: smoltcp::iface::SocketHandle,
    unsent: Vec<u8>,
    read: Vec<u8>,
    closes_at: Option<u64>,
    aborts: bool,
}

impl Host {
    fn new(number: u8, dice: &mut Dice) -> Self {
        let mut card = Card::default();
        let mut config = Config::new(HardwareAddress::Ip);
        config.random_seed = dice.below(u64::MAX);
        let mut interface = Interface::new(config, &mut card, Time::ZERO);
        interface.update_ip_addrs(|addresses| {
            addresses.push(IpCidr::new(IpAddress::v4(10, 0, 0, number), 24)).expect("room");
        });
        let buffer = |size| SocketBuffer::new(vec![0; size]);
        let size = 200 + usize::try_from(dice.below(70_000)).expect("small");
        let mut sockets = SocketSet::new(vec![]);
        let handle = sockets.add(Socket::new(buffer(size), buffer(2_000)));
        let count = dice.below(4_000);
        let unsent = (0..count).map(|at| (at * u64::from(number) % 251) as u8).collect();
        let closes_at = (dice.below(8) > 0).then(|| dice.below(3_000));
        Self { card, interface, sockets, handle, unsent, read: Vec::new(), closes_at, aborts: dice.below(6) == 0 }
    }

    fn socket(&mut self) -> &mut Socket<'static> {
        self.sockets.get_mut(self.handle)
    }

    fn state(&mut self) -> Theirs {
        self.socket().state()
    }

    fn poll(&mut self, now: u64) {
        let time = Time::from_millis(i64::try_from(now).expect("small"));
        self.interface.poll(time, &mut self.card, &mut self.sockets);
    }

    /// What its application does: it reads and writes, and ends when its time has come and all is written.
    fn act(&mut self, now: u64, dice: &mut Dice) {
        let (closes_at, aborts) = (self.closes_at, self.aborts);
        let mut unsent = core::mem::take(&mut self.unsent);
        let socket = self.sockets.get_mut::<Socket<'_>>(self.handle);
        if socket.can_send() && !unsent.is_empty() {
            let length = usize::try_from(1 + dice.below(700)).expect("small").min(unsent.len());
            let count = socket.send_slice(&unsent[..length]).expect("it can send");
            unsent.drain(..count);
        }
        if socket.can_recv() && dice.below(3) > 0 {
            let mut bytes = [0; 500];
            let count = socket.recv_slice(&mut bytes).expect("it can receive");
            self.read.extend_from_slice(&bytes[..count]);
        }
        if closes_at.is_some_and(|at| now >= at) {
            if aborts {
                socket.abort();
                self.closes_at = None;
            } else if unsent.is_empty() {
                socket.close();
                self.closes_at = None;
            }
        }
        self.unsent = unsent;
    }
}

/// May a socket be in this state where the tracker says that one? It may have sent what has not arrived yet: its answer to
/// a SYN, or a FIN; a connection that it has aborted, or waited for, may be gone.
fn agree(ours: State, theirs: Theirs) -> bool {
    match ours {
        State::Listen => matches!(theirs, Theirs::Listen | Theirs::SynReceived | Theirs::Closed),
        State::SynSent => matches!(theirs, Theirs::SynSent | Theirs::Closed),
        State::SynReceived => matches!(theirs, Theirs::SynReceived | Theirs::FinWait1 | Theirs::Closed),
        // Where both open, a SYN with an ACK opens (RFC 9293 figure 7); smoltcp waits for an ACK without.
        State::Established => {
            matches!(theirs, Theirs::Established | Theirs::FinWait1 | Theirs::SynReceived | Theirs::Closed)
        }
        State::CloseWait => matches!(theirs, Theirs::CloseWait | Theirs::LastAck | Theirs::Closing | Theirs::Closed),
        State::FinWait1 => matches!(theirs, Theirs::FinWait1 | Theirs::Closed),
        State::FinWait2 => matches!(theirs, Theirs::FinWait2 | Theirs::Closed),
        State::Closing => matches!(theirs, Theirs::Closing | Theirs::Closed),
        // A FIN that was lost is first seen with the acknowledgment of one that came after it: nobody can tell that they
        // crossed.
        State::LastAck => matches!(theirs, Theirs::LastAck | Theirs::Closing | Theirs::Closed),
        State::TimeWait => matches!(theirs, Theirs::TimeWait | Theirs::Closed),
        State::Closed => matches!(theirs, Theirs::Closed | Theirs::TimeWait | Theirs::Listen),
    }
}

/// The same, where a FIN has come behind a gap, or with bytes that had come before: smoltcp leaves it out, and takes it when
/// it is sent again, with whatever that segment acknowledges then.
fn agree_without_fin(ours: State, theirs: Theirs) -> bool {
    match ours {
        State::CloseWait => agree(State::Established, theirs),
        State::Closing => agree(State::FinWait1, theirs) || agree(State::TimeWait, theirs),
        State::LastAck => agree(State::FinWait1, theirs),
        State::TimeWait => agree(State::FinWait2, theirs),
        State::Closed
        | State::Listen
        | State::SynSent
        | State::SynReceived
        | State::Established
        | State::FinWait1
        | State::FinWait2 => false,
    }
}

/// The same, where there were two gaps at once, of which the tracker keeps one: it learns that a FIN has arrived when it is
/// acknowledged.
fn agree_with_fin(ours: State, theirs: Theirs) -> bool {
    match ours {
        State::Established => agree(State::CloseWait, theirs),
        State::FinWait1 => agree(State::Closing, theirs) || agree(State::TimeWait, theirs),
        State::FinWait2 => agree(State::TimeWait, theirs),
        State::Closed
        | State::Listen
        | State::SynSent
        | State::SynReceived
        | State::CloseWait
        | State::Closing
        | State::LastAck
        | State::TimeWait => false,
    }
}

/// How bad a link is: out of 100 packets, so many are lost, doubled, and late.
#[derive(Clone, Copy, Debug)]
struct Link {
    lost: u64,
    doubled: u64,
    late: u64,
}

struct Watched {
    tracker: Tracker<[Slot; 4], RandomState>,
    id: Option<ConnectionId>,
    /// What the client sent, and what the server did: in order, as captured.
    streams: [Option<Stream<Vec<u8>>>; 2],
    bytes: [Vec<u8>; 2],
    /// Has a FIN of the client, or of the server, come behind a gap, or with bytes that had come before?
    has_odd_fin: [bool; 2],
    /// Have bytes of one direction been behind two gaps at once?
    has_gaps: [bool; 2],
    /// What the client, or the server, has acknowledged.
    acknowledged: [Option<SequenceNumber>; 2],
}

impl Watched {
    /// Would smoltcp leave it out for an ACK that is older than others before, though its bytes are new?
    fn is_outdated(&mut self, bytes: &[u8]) -> bool {
        let packet = Packet::parse(Captured::whole(bytes)).expect("a packet");
        let segment = Segment::parse(packet.payload()).expect("a segment");
        let latest = &mut self.acknowledged[usize::from(segment.source_port() == 80)];
        let is_old = latest.is_some_and(|latest| segment.acknowledgment().is_before(latest));
        if segment.flags().intersects(Flags::ACK) && !is_old {
            *latest = Some(segment.acknowledgment());
        }
        segment.flags().intersects(Flags::ACK) && is_old && segment.sequence_length() > 0
    }

    /// A packet arrives, of host 2, the client, or 1.
    fn observe(&mut self, now: u64, bytes: &[u8]) {
        let packet = Packet::parse(Captured::whole(bytes)).expect("a packet");
        let segment = Segment::parse(packet.payload()).expect("a segment");
        let (from, to) = (packet.source(), packet.destination());
        assert_eq!(segment.checksum(from, to), ChecksumVerdict::Correct);
        let observed = self.tracker.observe(Instant::from_micros(now * 1_000), [from, to], &segment);
        // A late SYN begins a second one, if the first is over: nobody can tell that it is none.
        self.id = self.id.or(observed.connection);
        assert!(observed.connection.is_none_or(|id| self.id == Some(id)), "in another slot");
        let at = usize::from(observed.sender == Side::Server);
        let has_gap = self.streams[at].as_ref().is_some_and(|stream| stream.gap().is_some());
        self.has_gaps[at] |= has_gap && matches!(observed.order, Order::Ahead | Order::Late);
        let is_fin = segment.flags().intersects(Flags::FIN);
        let is_plain = observed.order == Order::Next && observed.states.of(observed.sender.other()).has_peer_ended();
        self.has_odd_fin[at] |= is_fin && !is_plain;
        let is_syn = segment.flags().intersects(Flags::SYN);
        if is_syn && self.streams[at].is_none() {
            self.streams[at] = Some(Stream::new(vec![0; 1 << 17], segment.sequence().add(1)));
        }
        if let Some(stream) = &mut self.streams[at] {
            let received = stream.receive(segment.sequence(), if is_syn { &[] } else { segment.payload().bytes() });
            assert!(!received.has_conflict);
            self.bytes[at].extend_from_slice(received.bytes);
            while !stream.buffered().is_empty() {
                self.bytes[at].extend_from_slice(stream.buffered());
                stream.consume(stream.buffered().len());
            }
        }
    }
}

/// One connection, to its end. Returns the states that the tracker has seen of both ends.
fn run(seed: u64, link: Link) -> Vec<State> {
    let mut dice = Dice::new(seed);
    let (mut server, mut client) = (Host::new(1, &mut dice), Host::new(2, &mut dice));
    let sent = [client.unsent.clone(), server.unsent.clone()];
    let is_simultaneous = dice.below(8) == 0;
    if is_simultaneous {
        let context = server.interface.context();
        let socket = server.sockets.get_mut::<Socket<'_>>(server.handle);
        socket.connect(context, (IpAddress::v4(10, 0, 0, 2), 1_000), 80).expect("it is closed");
    } else {
        server.socket().listen(80).expect("it is closed");
    }
    let context = client.interface.context();
    let socket = client.sockets.get_mut::<Socket<'_>>(client.handle);
    socket.connect(context, (IpAddress::v4(10, 0, 0, 1), 80), 1_000).expect("it is closed");
    let mut watched = Watched {
        tracker: Tracker::new([Slot::EMPTY; 4], RandomState::new(), Policy::DEFAULT),
        id: None,
        streams: [None, None],
        bytes: [Vec::new(), Vec::new()],
        has_odd_fin: [false; 2],
        has_gaps: [false; 2],
        acknowledged: [None; 2],
    };
    // When each packet arrives, and whether it is for the server.
    let mut under_way: Vec<(u64, u64, bool, Vec<u8>)> = Vec::new();
    let (mut now, mut count, mut seen) = (0, 0, Vec::new());
    while now < 120_000 {
        for (is_server, host) in [(true, &mut server), (false, &mut client)] {
            host.act(now, &mut dice);
            host.poll(now);
            for bytes in host.card.sent.drain(..) {
                let copies =
                    if dice.below(100) < link.lost { 0 } else { 1 + u64::from(dice.below(100) < link.doubled) };
                for _ in 0..copies {
                    let delay = if dice.below(100) < link.late { dice.below(300) } else { 10 };
                    count += 1;
                    under_way.push((now + delay, count, !is_server, bytes.clone()));
                }
            }
        }
        under_way.sort_unstable_by_key(|(at, number, ..)| (*at, *number));
        let due = under_way.iter().take_while(|(at, ..)| *at <= now).count();
        for (_, _, is_for_server, bytes) in under_way.drain(..due).collect::<Vec<_>>() {
            // Such a link loses it.
            if watched.is_outdated(&bytes) {
                continue;
            }
            watched.observe(now, &bytes);
            let host = if is_for_server { &mut server } else { &mut client };
            host.card.received.push_back(bytes);
            host.poll(now);
            // A reset may come before what it resets.
            let Some(connection) = watched.id.and_then(|id| watched.tracker.connection(id)) else { continue };
            let (states, addresses) = (connection.states(), connection.addresses());
            seen.extend([states.client, states.server]);
            // Who opens first is the client, also where both do.
            for (is_server, host) in [(true, &mut server), (false, &mut client)] {
                let is_client = (addresses.client.port() == 80) == is_server;
                let ours = if is_client { states.client } else { states.server };
                let theirs = host.state();
                let from = usize::from(is_client);
                let is_known = agree(ours, theirs)
                    || (watched.has_odd_fin[from] && agree_without_fin(ours, theirs))
                    || (watched.has_gaps[from] && agree_with_fin(ours, theirs));
                assert!(is_known, "seed {seed}, {link:?}, {now} ms: we say {ours}, smoltcp {theirs}");
            }
        }
        now += 1 + dice.below(9);
        if under_way.is_empty() && server.state() == Theirs::Closed && client.state() == Theirs::Closed {
            break;
        }
    }
    for (sent, seen) in sent.iter().zip(&watched.bytes) {
        assert!(sent.starts_with(seen) || is_simultaneous, "seed {seed}: other bytes");
    }
    seen
}

#[test]
fn states_are_those_of_the_sockets() {
    let links = [
        Link { lost: 0, doubled: 0, late: 0 },
        Link { lost: 10, doubled: 0, late: 0 },
        Link { lost: 0, doubled: 20, late: 30 },
        Link { lost: 15, doubled: 15, late: 15 },
    ];
    let mut seen = Vec::new();
    for link in links {
        for seed in 1..60 {
            seen.extend(run(seed, link));
        }
    }
    for state in State::ALL {
        assert!(seen.contains(&state), "no connection came through {state}");
    }
}
