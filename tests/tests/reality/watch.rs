//! Who watches the link: the tracker, two streams for each connection, and what is true of each segment by another reader.

use core::net::{IpAddr, SocketAddr};
use std::collections::HashMap;
use std::hash::RandomState;
use std::time::Instant as Clock;

use etherparse::{IpSlice, TcpOptionElement, TcpSlice};
use wirenut::ip::{Captured, ChecksumVerdict, Packet};
use wirenut::tcp::SequenceNumber;
use wirenut::tcp::segment::{Header, Segment};
use wirenut::tcp::state::State;
use wirenut::tcp::tracker::{Anomaly, Observed, Policy, Side, Slot, Stream, Tracker};
use wirenut::time::Instant;
use wirenut_tests::fuzz;

use crate::truth::{Seen, Truth};

/// What somebody else reads in a packet (etherparse).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Read {
    pub(crate) source: SocketAddr,
    pub(crate) destination: SocketAddr,
    pub(crate) sequence: u32,
    pub(crate) acknowledgment: Option<u32>,
    pub(crate) window: u16,
    pub(crate) is_syn: bool,
    pub(crate) is_fin: bool,
    pub(crate) is_rst: bool,
    pub(crate) length: usize,
    /// When it was sent, by its sender's clock.
    pub(crate) timestamp: Option<u32>,
}

impl Read {
    pub(crate) fn new(packet: &[u8]) -> Self {
        let ip = IpSlice::from_slice(packet).expect("a packet of IP");
        let segment = TcpSlice::from_slice(ip.payload().payload).expect("a segment");
        let sum = match &ip {
            IpSlice::Ipv4(ip) => segment.calc_checksum_ipv4(ip.header().source(), ip.header().destination()),
            IpSlice::Ipv6(ip) => segment.calc_checksum_ipv6(ip.header().source(), ip.header().destination()),
        };
        // Ones' complement has two zeros.
        let plain = |sum: u16| if sum == u16::MAX { 0 } else { sum };
        let (sum, written) = (sum.expect("it is not too long"), segment.checksum());
        assert_eq!(plain(sum), plain(written), "etherparse says that the checksum is wrong");
        let timestamp = segment.options_iterator().find_map(|option| match option {
            Ok(TcpOptionElement::Timestamp(value, _)) => Some(value),
            Ok(_) | Err(_) => None,
        });
        let end = |address: IpAddr, port| SocketAddr::new(address, port);
        Self {
            source: end(ip.source_addr(), segment.source_port()),
            destination: end(ip.destination_addr(), segment.destination_port()),
            sequence: segment.sequence_number(),
            acknowledgment: segment.ack().then(|| segment.acknowledgment_number()),
            window: segment.window_size(),
            is_syn: segment.syn(),
            is_fin: segment.fin(),
            is_rst: segment.rst(),
            length: segment.payload().len(),
            timestamp,
        }
    }

    pub(crate) fn takes(&self) -> u32 {
        u32::try_from(self.length).expect("a packet") + u32::from(self.is_syn) + u32::from(self.is_fin)
    }
}

/// The bytes of one direction, as the core puts them in order.
struct Reassembly {
    first: u32,
    stream: Stream<Vec<u8>>,
    bytes: Vec<u8>,
}

pub(crate) struct Watch {
    tracker: Tracker<Vec<Slot>, RandomState>,
    begun: Clock,
    reassemblies: HashMap<[SocketAddr; 2], Reassembly>,
    truths: HashMap<[SocketAddr; 2], Truth>,
    visited: HashMap<[SocketAddr; 2], Vec<State>>,
}

impl Watch {
    pub(crate) fn new(max_half_open: u32) -> Self {
        Self {
            tracker: Tracker::new(vec![Slot::EMPTY; 4_096], RandomState::new(), Policy { max_half_open }),
            begun: Clock::now(),
            reassemblies: HashMap::new(),
            truths: HashMap::new(),
            visited: HashMap::new(),
        }
    }

    /// A packet passes: what the tracker says of it, what was read in it, and how its bytes lie to those before.
    pub(crate) fn observe(&mut self, bytes: &[u8]) -> (Observed, Read, Seen) {
        // All laws of packets and segments, among them that etherparse reads the same and that what is written is the same.
        fuzz::segments(bytes);
        let read = Read::new(bytes);
        let packet = Packet::parse(Captured::whole(bytes)).expect("a packet");
        if let Packet::V4(packet) = &packet {
            assert_eq!(packet.checksum(), ChecksumVerdict::Correct);
        }
        let segment = Segment::parse(packet.payload()).expect("a segment");
        let ends = [packet.source(), packet.destination()];
        assert_eq!(segment.checksum(ends[0], ends[1]), ChecksumVerdict::Correct, "{segment:?}");
        Self::write_again(&segment, ends);
        let now = Instant::from_micros(u64::try_from(self.begun.elapsed().as_micros()).expect("a short test"));
        let observed = self.tracker.observe(now, ends, &segment);
        self.put_in_order(&read, segment.payload().bytes());
        let seen = self.truths.entry([read.source, read.destination]).or_default();
        let seen = seen.note(&read, observed.anomalies.contains(Anomaly::OldTimestamp));
        self.note_states(&observed, &read);
        (observed, read, seen)
    }

    /// What the kernel has sent is written as the same by the core, and with the same checksum. The order of the options is
    /// its own.
    fn write_again(segment: &Segment<'_>, [source, destination]: [IpAddr; 2]) {
        let header = Header::parse(segment).expect("options that are well-formed");
        let mut buffer = vec![0; header.len() + segment.payload().length()];
        let length = header.emit(source, destination, segment.payload().bytes(), &mut buffer).expect("room");
        let again = Segment::parse(Captured::whole(&buffer[..length])).expect("we wrote it");
        assert_eq!(Header::parse(&again), Ok(header));
        assert_eq!(again.checksum(source, destination), ChecksumVerdict::Correct);
    }

    fn put_in_order(&mut self, read: &Read, payload: &[u8]) {
        let key = [read.source, read.destination];
        if read.is_syn && self.reassemblies.get(&key).is_none_or(|known| known.first != read.sequence) {
            let stream = Stream::new(vec![0; 1 << 18], SequenceNumber::new(read.sequence.wrapping_add(1)));
            self.reassemblies.insert(key, Reassembly { first: read.sequence, stream, bytes: Vec::new() });
        }
        let Some(Reassembly { stream, bytes, .. }) = self.reassemblies.get_mut(&key) else { return };
        let received = stream.receive(SequenceNumber::new(read.sequence), payload);
        bytes.extend_from_slice(received.bytes);
        while !stream.buffered().is_empty() {
            bytes.extend_from_slice(stream.buffered());
            stream.consume(stream.buffered().len());
        }
    }

    fn note_states(&mut self, observed: &Observed, read: &Read) {
        if observed.connection.is_none() {
            return;
        }
        let (sender, receiver) = (observed.sender, observed.sender.other());
        for (side, key) in [(sender, [read.source, read.destination]), (receiver, [read.destination, read.source])] {
            let visited = self.visited.entry(key).or_default();
            let state = observed.states.of(side);
            if visited.last() != Some(&state) {
                visited.push(state);
            }
        }
    }

    /// The state of an end, as the tracker says it. None: it knows no such connection.
    pub(crate) fn state(&self, local: SocketAddr, remote: SocketAddr) -> Option<State> {
        self.tracker.connections().find_map(|(_, connection)| {
            let ends = connection.addresses();
            [Side::Client, Side::Server]
                .into_iter()
                .find(|side| (ends.of(*side), ends.of(side.other())) == (local, remote))
                .map(|side| connection.states().of(side))
        })
    }

    /// Has nothing else than this passed between its ends?
    pub(crate) fn is_first(&self, read: &Read) -> bool {
        self.visited(read.source, read.destination).len() <= 1
    }

    /// All states of an end that the tracker has said, in their order.
    pub(crate) fn visited(&self, local: SocketAddr, remote: SocketAddr) -> &[State] {
        self.visited.get(&[local, remote]).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn bytes(&self, from: SocketAddr, to: SocketAddr) -> &[u8] {
        self.reassemblies.get(&[from, to]).map_or(&[], |reassembly| &reassembly.bytes)
    }

    pub(crate) fn half_open(&self) -> u32 {
        self.tracker.half_open()
    }
}
