//! Each segment in each state of a socket of smoltcp, against the table: where both do not do the same, it is said why.
#![expect(clippy::wildcard_enum_match_arm, reason = "of eleven states, three are not as the others")]

extern crate alloc;

use alloc::collections::{BTreeMap, VecDeque};

use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{ChecksumCapabilities, Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::tcp;
use smoltcp::time::Instant;
use smoltcp::wire::{
    HardwareAddress, IpAddress, IpCidr, IpProtocol, Ipv4Address, Ipv4Packet, Ipv4Repr, TcpControl, TcpPacket, TcpRepr,
    TcpSeqNumber,
};
use wirenut::readiness::Readiness;
use wirenut::tcp::state::{Acknowledgement, Call, Event, Kind, Open, Segment, Sends, Sequence, State, Transition};

const OURS: Ipv4Address = Ipv4Address::new(192, 0, 2, 1);
const THEIRS: Ipv4Address = Ipv4Address::new(192, 0, 2, 2);
const OUR_PORT: u16 = 4_000;
const THEIR_PORT: u16 = 80;
/// The first sequence number of ours.
const IRS: u32 = 1_000;
const WINDOW: u32 = 64;

/// The wire: packets to the stack and from it.
#[derive(Default)]
struct Wire {
    to: VecDeque<Vec<u8>>,
    from: VecDeque<Vec<u8>>,
}

struct Received(Vec<u8>);
struct Sent<'w>(&'w mut VecDeque<Vec<u8>>);

impl RxToken for Received {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(&self.0)
    }
}

impl TxToken for Sent<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, f: F) -> R {
        let mut packet = vec![0; length];
        let result = f(&mut packet);
        self.0.push_back(packet);
        result
    }
}

impl Device for Wire {
    type RxToken<'a> = Received;
    type TxToken<'a> = Sent<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Received, Sent<'_>)> {
        Some((Received(self.to.pop_front()?), Sent(&mut self.from)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Sent<'_>> {
        Some(Sent(&mut self.from))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = 1_500;
        capabilities
    }
}

/// A socket of smoltcp, and the numbers of both ends.
struct Lab {
    interface: Interface,
    wire: Wire,
    sockets: SocketSet<'static>,
    handle: SocketHandle,
    iss: u32,
    send_unacknowledged: u32,
    send_next: u32,
    receive_next: u32,
}

impl Lab {
    fn new() -> Self {
        let mut wire = Wire::default();
        let mut interface = Interface::new(Config::new(HardwareAddress::Ip), &mut wire, Instant::ZERO);
        interface.update_ip_addrs(|addresses| addresses.push(IpCidr::new(IpAddress::Ipv4(THEIRS), 24)).unwrap());
        let buffer = || tcp::SocketBuffer::new(vec![0; 64]);
        let mut socket = tcp::Socket::new(buffer(), buffer());
        socket.set_ack_delay(None);
        socket.set_nagle_enabled(false);
        let mut sockets = SocketSet::new(Vec::new());
        let handle = sockets.add(socket);
        Self { interface, wire, sockets, handle, iss: 0, send_unacknowledged: 0, send_next: 0, receive_next: IRS }
    }

    fn socket(&mut self) -> &mut tcp::Socket<'static> {
        self.sockets.get_mut(self.handle)
    }

    fn state(&mut self) -> State {
        wirenut_smoltcp::state(self.socket())
    }

    /// What the stack sends now, and no later.
    fn sent(&mut self) -> Vec<TcpRepr<'static>> {
        self.interface.poll(Instant::ZERO, &mut self.wire, &mut self.sockets);
        let packets = core::mem::take(&mut self.wire.from);
        let segments: Vec<_> = packets.iter().map(|packet| parsed(packet)).collect();
        for segment in &segments {
            let number = as_u32(segment.seq_number);
            if segment.control == TcpControl::Syn {
                (self.iss, self.send_unacknowledged) = (number, number);
            }
            if segment.control != TcpControl::Rst {
                self.send_next = self.send_next.max(number + segment.control.len() as u32);
            }
        }
        segments
    }

    fn put(&mut self, control: TcpControl, sequence: u32, acknowledgement: Option<u32>, text: &[u8]) {
        let segment = TcpRepr {
            src_port: OUR_PORT,
            dst_port: THEIR_PORT,
            control,
            seq_number: TcpSeqNumber(sequence.cast_signed()),
            ack_number: acknowledgement.map(|number| TcpSeqNumber(number.cast_signed())),
            window_len: 1_000,
            window_scale: None,
            max_seg_size: None,
            sack_permitted: false,
            sack_ranges: [None; 3],
            timestamp: None,
            payload: text,
        };
        let header = Ipv4Repr {
            src_addr: OURS,
            dst_addr: THEIRS,
            next_header: IpProtocol::Tcp,
            payload_len: segment.buffer_len(),
            hop_limit: 64,
        };
        let mut packet = vec![0; header.buffer_len() + segment.buffer_len()];
        header.emit(&mut Ipv4Packet::new_unchecked(&mut packet), &ChecksumCapabilities::default());
        let mut payload = TcpPacket::new_unchecked(&mut packet[header.buffer_len()..]);
        segment.emit(&mut payload, &OURS.into(), &THEIRS.into(), &ChecksumCapabilities::default());
        self.wire.to.push_back(packet);
    }

    /// The next segment of ours, which acknowledges up to there.
    fn says(&mut self, control: TcpControl, acknowledgement: Option<u32>) {
        self.put(control, self.receive_next, acknowledgement, &[]);
        self.receive_next += control.len() as u32;
        self.send_unacknowledged = acknowledgement.unwrap_or(self.send_unacknowledged);
        self.sent();
    }

    /// The user has sent a byte, which is not acknowledged.
    fn sends_a_byte(&mut self) {
        self.socket().send_slice(b"x").unwrap();
        self.sent();
        self.send_next = self.send_next.max(self.send_unacknowledged + 1);
    }

    fn closes(&mut self) {
        self.socket().close();
        self.sent();
    }

    /// A connection in that state. Where that can be, one byte of the user is on its way.
    fn in_state(state: State, open: Open) -> Self {
        let mut lab = Self::new();
        match (state, open) {
            (State::Closed, _) => return lab,
            (State::Listen, _) => {
                lab.socket().listen(THEIR_PORT).unwrap();
                return lab;
            }
            (_, Open::Passive) => {
                lab.socket().listen(THEIR_PORT).unwrap();
                lab.says(TcpControl::Syn, None);
            }
            (_, Open::Active) => {
                let Self { interface, sockets, handle, .. } = &mut lab;
                let socket: &mut tcp::Socket<'_> = sockets.get_mut(*handle);
                socket.connect(interface.context(), (OURS, OUR_PORT), THEIR_PORT).unwrap();
                lab.sent();
                if state == State::SynSent {
                    return lab;
                }
                lab.says(TcpControl::Syn, None);
            }
        }
        if state == State::SynReceived {
            return lab;
        }
        let up_to_syn = Some(lab.iss + 1);
        lab.says(TcpControl::None, up_to_syn);
        match state {
            State::FinWait2 | State::TimeWait => {
                lab.closes();
                let up_to_fin = Some(lab.send_next);
                lab.says(TcpControl::None, up_to_fin);
                if state == State::TimeWait {
                    lab.says(TcpControl::Fin, up_to_fin);
                }
                return lab;
            }
            State::CloseWait | State::LastAck => lab.says(TcpControl::Fin, up_to_syn),
            _ => {}
        }
        lab.sends_a_byte();
        if matches!(state, State::FinWait1 | State::Closing | State::LastAck) {
            lab.closes();
        }
        if state == State::Closing {
            lab.says(TcpControl::Fin, up_to_syn);
        }
        lab
    }

    /// A segment of that kind in numbers; `None`: there is none.
    fn arrives(&mut self, segment: Segment, state: State) -> Option<Vec<TcpRepr<'static>>> {
        let is_finished = matches!(state, State::FinWait1 | State::Closing | State::LastAck | State::FinWait2)
            || state == State::TimeWait;
        let acknowledgement = match segment.acknowledgement {
            Acknowledgement::Absent => None,
            Acknowledgement::Old if is_finished && self.send_unacknowledged == self.send_next => {
                Some(self.send_next - 1)
            }
            Acknowledgement::Old => Some(self.send_unacknowledged),
            Acknowledgement::New if matches!(state, State::FinWait2 | State::TimeWait) => return None,
            Acknowledgement::New => Some(self.send_unacknowledged + 1),
            Acknowledgement::Fin if is_finished => Some(self.send_next),
            Acknowledgement::Fin => return None,
            Acknowledgement::Unacceptable => Some(self.send_next + 100),
        };
        let (control, text): (_, &[u8]) = match segment.kind {
            Kind::Rst => (TcpControl::Rst, &[]),
            Kind::Syn => (TcpControl::Syn, &[]),
            Kind::NewSyn => return None,
            Kind::Fin => (TcpControl::Fin, &[]),
            Kind::Text => (TcpControl::None, b"t"),
            Kind::Empty => (TcpControl::None, &[]),
        };
        let sequence = match segment.sequence {
            Sequence::Old => self.receive_next - 1,
            Sequence::InOrder => self.receive_next,
            Sequence::Ahead => self.receive_next + 2,
            Sequence::Beyond => self.receive_next + 10 * WINDOW,
        };
        self.put(control, sequence, acknowledgement, text);
        Some(self.sent())
    }
}

fn as_u32(number: TcpSeqNumber) -> u32 {
    number.0.cast_unsigned()
}

fn parsed(packet: &[u8]) -> TcpRepr<'static> {
    let packet = Ipv4Packet::new_checked(packet).expect("a packet");
    let segment = TcpPacket::new_checked(packet.payload()).expect("a segment");
    let (from, to) = (packet.src_addr().into(), packet.dst_addr().into());
    let segment = TcpRepr::parse(&segment, &from, &to, &ChecksumCapabilities::default()).expect("checksums");
    TcpRepr { payload: &[], ..segment }
}

/// What was sent in answer.
fn words(sent: &[TcpRepr<'_>]) -> String {
    let word = |segment: &TcpRepr<'_>| match (segment.control, segment.ack_number) {
        (TcpControl::Syn, None) => "SYN",
        (TcpControl::Syn, Some(_)) => "SYN,ACK",
        (TcpControl::Rst, _) => "RST",
        (TcpControl::Fin, _) => "FIN",
        (TcpControl::None | TcpControl::Psh, _) => "ACK",
    };
    sent.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// The same of the table.
fn expected(sends: Sends) -> &'static str {
    match sends {
        Sends::Nothing => "",
        Sends::SynAck => "SYN,ACK",
        Sends::Ack | Sends::ChallengeAck => "ACK",
        Sends::Rst => "RST",
        Sends::Syn | Sends::Data | Sends::Fin | Sends::Retransmission => panic!("no segment makes it send {sends:?}"),
    }
}

/// What smoltcp does instead of what the table says, and why.
fn instead(
    state: State,
    open: Open,
    segment: Segment,
    ours: Transition,
) -> Option<(&'static str, State, &'static str)> {
    use Acknowledgement as Ack;
    let Segment { kind, sequence, acknowledgement } = segment;
    let is_inside = matches!(sequence, Sequence::InOrder | Sequence::Ahead);
    let is_ahead = sequence == Sequence::Ahead;
    let has_peer_ended = state.has_peer_ended() && state != State::TimeWait;
    let is_bad = matches!(acknowledgement, Ack::Old | Ack::Unacceptable);
    match (state, kind) {
        (State::Closed | State::Listen, _) => None,
        (State::SynSent, Kind::Fin) => Some(("does not reset a FIN with a bad acknowledgement", state, "")),
        (State::SynSent, _) => None,
        (State::SynReceived, Kind::Rst) if is_ahead && open == Open::Passive => {
            Some(("resets by any RST in the window", State::Listen, ""))
        }
        (_, Kind::Rst) if is_ahead => Some(("resets by any RST in the window", State::Closed, "")),
        (_, Kind::Rst) => None,
        _ if acknowledgement == Ack::Absent => Some(("drops what has no ACK without a look at its place", state, "")),
        (State::SynReceived, _) if is_bad => Some(("looks at the acknowledgement before the place", state, "RST")),
        (State::SynReceived, Kind::Syn) if is_inside => Some(("drops a SYN in the window", state, "")),
        (State::SynReceived, Kind::Syn) => Some(("opens simultaneously by the acknowledgements only", state, "ACK")),
        (_, Kind::Syn) if is_inside => Some(("drops a SYN in the window", state, "")),
        (State::FinWait2 | State::TimeWait, _) if acknowledgement == Ack::Old => {
            Some(("drops what acknowledges less than before", state, ""))
        }
        (State::LastAck, Kind::Fin) if is_ahead && acknowledgement == Ack::Old => None,
        (_, Kind::Fin) if is_ahead => Some(("does not acknowledge a FIN that is ahead", ours.to, "")),
        (_, Kind::Fin) if state.has_peer_ended() => Some(("drops a second FIN", state, "")),
        (_, Kind::Text) if has_peer_ended => Some(("acknowledges text behind the FIN", ours.to, "ACK")),
        (State::LastAck, Kind::Empty) => Some(("challenges what acknowledges nothing new", state, "ACK")),
        _ => None,
    }
}

/// A state by each way that leads to it, where that matters.
fn opened(state: State) -> Vec<(State, Open)> {
    match state {
        State::SynReceived => vec![(state, Open::Passive), (state, Open::Active)],
        State::SynSent => vec![(state, Open::Active)],
        _ => vec![(state, Open::Passive)],
    }
}

#[test]
fn smoltcp_does_the_same_but_where_it_is_said() {
    let mut reasons = BTreeMap::new();
    for (state, open) in State::ALL.into_iter().flat_map(opened) {
        for segment in Segment::all() {
            let mut lab = Lab::in_state(state, open);
            assert_eq!(lab.state(), state);
            let Some(sent) = lab.arrives(segment, state) else { continue };
            let ours = state.handle(open, Event::Segment(segment)).expect("no segment is refused");
            let got = (lab.state(), words(&sent));
            let reason = if got == (ours.to, expected(ours.sends).into()) {
                "the same"
            } else {
                let (reason, to, sends) = instead(state, open, segment, ours)
                    .unwrap_or_else(|| panic!("{segment:?} in {state}: {got:?}, and not {ours:?}"));
                assert_eq!(got, (to, sends.into()), "{segment:?} in {state}: {reason}");
                reason
            };
            *reasons.entry(reason).or_insert(0) += 1;
        }
    }
    let same = reasons.remove("the same").unwrap_or(0);
    assert_eq!((same, reasons.values().sum::<usize>(), reasons.len()), (745, 275, 11), "{reasons:?}");
}

/// Calls of the user; `None`: smoltcp refuses.
fn calls(lab: &mut Lab, call: Call) -> Option<String> {
    let Lab { interface, sockets, handle, .. } = lab;
    let socket: &mut tcp::Socket<'_> = sockets.get_mut(*handle);
    let is_taken = match call {
        Call::OpenPassive => socket.listen(THEIR_PORT).is_ok(),
        Call::OpenActive => socket.connect(interface.context(), (OURS, OUR_PORT), THEIR_PORT).is_ok(),
        Call::Send => socket.send_slice(b"x").is_ok(),
        Call::Close => {
            socket.close();
            true
        }
        Call::Abort => {
            socket.abort();
            true
        }
        Call::SendTo | Call::Receive | Call::CloseBehindData | Call::Status => panic!("smoltcp has no {call:?}"),
    };
    let sent = lab.sent();
    is_taken.then(|| words(&sent))
}

#[test]
fn calls_do_the_same_but_where_it_is_said() {
    for (state, open) in State::ALL.into_iter().flat_map(opened) {
        for call in [Call::OpenPassive, Call::OpenActive, Call::Send, Call::Close, Call::Abort] {
            let mut lab = Lab::in_state(state, open);
            let said = calls(&mut lab, call);
            let got = (said.as_deref(), lab.state());
            let ours = state.handle(open, Event::Call(call));
            let sent = ours.map(|ours| match ours.sends {
                Sends::Syn => "SYN",
                Sends::Fin => "FIN",
                Sends::Rst => "RST",
                // Text, with the acknowledgement of what has come.
                Sends::Data => "ACK",
                Sends::Nothing => "",
                other => panic!("no call sends {other:?}"),
            });
            let expected = match (state, call) {
                // It forgets no connection without a RST, and says nothing of what is closed already.
                (State::SynSent, Call::Close) => (Some("RST"), State::Closed),
                // The FIN waits for the acknowledgement of the SYN.
                (State::SynReceived, Call::Close) => (Some(""), State::FinWait1),
                (State::SynSent | State::Closing | State::LastAck | State::TimeWait, Call::Abort) => {
                    (Some("RST"), State::Closed)
                }
                (_, Call::Close | Call::Abort) => (sent.ok().or(Some("")), ours.map_or(state, |ours| ours.to)),
                // Who listens there listens, and TIME-WAIT is given up for a new connection.
                (State::Listen | State::TimeWait, Call::OpenPassive) => (Some(""), State::Listen),
                (State::TimeWait, Call::OpenActive) => (Some("SYN"), State::SynSent),
                // Who listens, or waits to be connected, is not asked.
                (State::Listen, Call::OpenActive) => (None, state),
                (State::SynSent | State::SynReceived, Call::Send) => (None, state),
                _ => (sent.ok(), ours.map_or(state, |ours| ours.to)),
            };
            assert_eq!(got, expected, "{call:?} in {state}");
        }
    }
}

/// What poll says of a socket of smoltcp is what can be done with it.
#[test]
fn readiness_is_what_the_socket_does() {
    for state in State::ALL {
        let mut lab = Lab::in_state(state, if state == State::SynSent { Open::Active } else { Open::Passive });
        let ready = wirenut_smoltcp::readiness(lab.socket());
        let can_send = lab.socket().can_send();
        let would_send = ready.contains(Readiness::WRITABLE) && state.can_send();
        assert_eq!(would_send, can_send, "{state}");
        assert_eq!(ready.contains(Readiness::READ_CLOSED), !lab.socket().may_recv() && !is_opening(state), "{state}");
    }
}

fn is_opening(state: State) -> bool {
    matches!(state, State::Listen | State::SynSent | State::SynReceived)
}
