//! Follows the packets of a capture, in bounded memory.

use alloc::collections::BTreeMap;
use core::net::SocketAddr;
use std::collections::HashSet;
use std::hash::RandomState;

use wirenut::ip::{Packet as IpPacket, PacketError, Protocol, UdpDatagram};
use wirenut::tcp::segment::Segment;
use wirenut::tcp::tracker::{ConnectionId, Observed, Policy, Slot, Tracker};

use super::capture::Packet;
use super::conversation::Buffers;
use super::drawing::{Drawing, Selection};
use super::record::Record;

/// Slots to begin with.
const FIRST_SLOTS: usize = 1 << 10;
/// So many connections are followed at a time, even where fewer are listed: one that had to give way would be counted again.
const LEAST_SLOTS: usize = 1 << 16;

/// How many packets were what.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) packets: u64,
    pub(super) tcp: u64,
    pub(super) udp: u64,
    /// Of another protocol, or no IP at all.
    pub(super) others: u64,
    pub(super) fragments: u64,
    /// Of link layers that are unknown here.
    pub(super) unknown_links: u64,
    /// Of other ports than the one that was asked for.
    pub(super) other_ports: u64,
    pub(super) malformed: u64,
    /// Resets of no connection, and segments with flags that no end sends.
    pub(super) strays: u64,
    /// Connections that were followed, and are not listed.
    pub(super) unlisted: u64,
}

/// Packets that break the same rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Malformed {
    /// That of the first one.
    pub(super) error: PacketError,
    /// The number of the first one in the capture, from 1.
    pub(super) first: u64,
    pub(super) count: u64,
}

/// What is to be followed, and drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// So many connections are listed at most, and so many flows of UDP are told apart.
    pub(super) connections: usize,
    /// None: all ports.
    pub(super) port: Option<u16>,
    pub(super) draws: Selection,
    /// So many segments are drawn at most.
    pub(super) segments: usize,
}

pub(super) struct Watch {
    plan: Plan,
    tracker: Tracker<Vec<Slot>, RandomState>,
    /// By slots: which record is of the connection there.
    of_slot: Vec<Option<usize>>,
    /// In the order of their first segments.
    pub(super) records: Vec<Record>,
    pub(super) counts: Counts,
    /// A few at most: rules are few.
    pub(super) malformed: Vec<Malformed>,
    udp: HashSet<[SocketAddr; 2]>,
    /// By the places of their records.
    pub(super) drawings: BTreeMap<usize, Drawing>,
    buffers: Buffers,
    /// Segments that are drawn.
    drawn: usize,
    /// Segments that would be drawn, if there were not too many.
    pub(super) undrawn: u64,
}

impl Watch {
    pub(super) fn new(plan: Plan) -> Self {
        Self {
            plan,
            tracker: Tracker::new(vec![Slot::EMPTY; FIRST_SLOTS], RandomState::default(), Policy::DEFAULT),
            of_slot: vec![None; FIRST_SLOTS],
            records: Vec::new(),
            counts: Counts::default(),
            malformed: Vec::new(),
            udp: HashSet::new(),
            drawings: BTreeMap::new(),
            buffers: Buffers::default(),
            drawn: 0,
            undrawn: 0,
        }
    }

    /// How many pairs of addresses and ports exchanged datagrams; and whether there may be more.
    pub(super) fn udp_flows(&self) -> (usize, bool) {
        (self.udp.len(), self.udp.len() == self.plan.connections)
    }

    /// The number of the connection that was to be drawn, if it is not there.
    pub(super) fn missing(&self) -> Option<usize> {
        match self.plan.draws {
            Selection::One(number) if number > self.records.len() => Some(number),
            Selection::One(_) | Selection::None | Selection::All => None,
        }
    }

    pub(super) fn packet(&mut self, packet: &Packet<'_>) {
        self.counts.packets += 1;
        if let Err(error) = self.frame(packet) {
            self.counts.malformed += 1;
            match self.malformed.iter_mut().find(|known| known.error.rule == error.rule) {
                Some(known) => known.count += 1,
                None => self.malformed.push(Malformed { error, first: self.counts.packets, count: 1 }),
            }
        }
    }

    fn frame(&mut self, packet: &Packet<'_>) -> Result<(), PacketError> {
        let Some(link) = packet.link else {
            self.counts.unknown_links += 1;
            return Ok(());
        };
        let Some(frame) = link.network_packet(packet.frame)? else {
            self.counts.others += 1;
            return Ok(());
        };
        let ip = IpPacket::parse(frame)?;
        if ip.fragment().is_some() {
            self.counts.fragments += 1;
            return Ok(());
        }
        match ip.protocol() {
            Protocol::TCP => self.segment(packet, &ip, &Segment::parse(ip.payload())?),
            Protocol::UDP => self.datagram(&ip, &UdpDatagram::parse(ip.payload())?),
            _ => self.counts.others += 1,
        }
        Ok(())
    }

    /// Is it of the port that was asked for?
    fn is_wanted(&mut self, ports: [u16; 2]) -> bool {
        let is_wanted = self.plan.port.is_none_or(|port| ports.contains(&port));
        self.counts.other_ports += u64::from(!is_wanted);
        is_wanted
    }

    fn datagram(&mut self, ip: &IpPacket<'_>, datagram: &UdpDatagram<'_>) {
        let ports = [datagram.source_port(), datagram.destination_port()];
        if !self.is_wanted(ports) {
            return;
        }
        self.counts.udp += 1;
        let mut ends = [SocketAddr::new(ip.source(), ports[0]), SocketAddr::new(ip.destination(), ports[1])];
        ends.sort_unstable();
        if self.udp.len() < self.plan.connections {
            self.udp.insert(ends);
        }
    }

    fn segment(&mut self, packet: &Packet<'_>, ip: &IpPacket<'_>, segment: &Segment<'_>) {
        if !self.is_wanted([segment.source_port(), segment.destination_port()]) {
            return;
        }
        self.counts.tcp += 1;
        self.make_room();
        let observed = self.tracker.observe(packet.time, [ip.source(), ip.destination()], segment);
        let Some(id) = observed.connection else {
            self.counts.strays += 1;
            return;
        };
        let slot = usize::try_from(id.index()).unwrap_or(usize::MAX);
        if observed.is_new {
            let before = self.of_slot[slot];
            self.end_drawing(before);
            self.of_slot[slot] = self.begin(packet, id);
        }
        let Some(at) = self.of_slot[slot] else { return };
        self.records[at].add(packet.time, &observed, segment.sequence(), segment.payload());
        if self.plan.draws.has(at + 1) {
            self.draw(at, packet, &observed, segment);
        }
    }

    fn begin(&mut self, packet: &Packet<'_>, id: ConnectionId) -> Option<usize> {
        if self.records.len() == self.plan.connections {
            self.counts.unlisted += 1;
            return None;
        }
        let connection = self.tracker.connection(id)?;
        self.records.push(Record::new(connection.addresses(), connection.is_whole(), packet.time));
        Some(self.records.len() - 1)
    }

    fn draw(&mut self, at: usize, packet: &Packet<'_>, observed: &Observed, segment: &Segment<'_>) {
        if self.drawn == self.plan.segments {
            self.undrawn += 1;
            if let Some(drawing) = self.drawings.get_mut(&at) {
                drawing.left_out += 1;
            }
            self.end_drawing(Some(at));
            return;
        }
        let record = &self.records[at];
        let drawing = self.drawings.entry(at).or_insert_with(|| Drawing::new(record.is_whole));
        drawing.add(packet.time, observed, segment, record, &mut self.buffers);
        self.drawn += 1;
    }

    /// No more segments of this record are drawn.
    fn end_drawing(&mut self, at: Option<usize>) {
        if let Some(drawing) = at.and_then(|at| self.drawings.get_mut(&at)) {
            drawing.end(&mut self.buffers);
        }
    }

    /// Twice the slots, while there may be more.
    fn make_room(&mut self) {
        let (count, most) = (self.of_slot.len(), self.plan.connections.max(LEAST_SLOTS));
        if !self.tracker.is_full() || count >= most {
            return;
        }
        let larger = (count * 2).min(most);
        let none = Tracker::new(Vec::new(), RandomState::default(), Policy::DEFAULT);
        let tracker = core::mem::replace(&mut self.tracker, none);
        self.tracker = tracker.move_to(vec![Slot::EMPTY; larger]);
        self.of_slot.resize(larger, None);
    }
}
