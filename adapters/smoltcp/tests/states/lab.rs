//! A socket of smoltcp and its peer, in numbers.

use alloc::collections::VecDeque;

use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{ChecksumCapabilities, Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::tcp;
use smoltcp::time::Instant;
use smoltcp::wire::{
    HardwareAddress, IpAddress, IpCidr, IpProtocol, Ipv4Address, Ipv4Packet, Ipv4Repr, TcpControl, TcpPacket, TcpRepr,
    TcpSeqNumber,
};
use wirenut::tcp::state::{Acknowledgement, Kind, Open, Segment, Sequence, State};

pub(crate) const OURS: Ipv4Address = Ipv4Address::new(192, 0, 2, 1);
const THEIRS: Ipv4Address = Ipv4Address::new(192, 0, 2, 2);
pub(crate) const OUR_PORT: u16 = 4_000;
pub(crate) const THEIR_PORT: u16 = 80;
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
pub(crate) struct Lab {
    pub(crate) interface: Interface,
    wire: Wire,
    pub(crate) sockets: SocketSet<'static>,
    pub(crate) handle: SocketHandle,
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

    pub(crate) fn socket(&mut self) -> &mut tcp::Socket<'static> {
        self.sockets.get_mut(self.handle)
    }

    pub(crate) fn state(&mut self) -> State {
        wirenut_smoltcp::state(self.socket())
    }

    /// What the stack sends now, and no later.
    pub(crate) fn sent(&mut self) -> Vec<TcpRepr<'static>> {
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
    pub(crate) fn in_state(state: State, open: Open) -> Self {
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
    pub(crate) fn arrives(&mut self, segment: Segment, state: State) -> Option<Vec<TcpRepr<'static>>> {
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
