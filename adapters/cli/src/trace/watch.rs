//! Who follows the packets of a capture, in bounded memory.

use core::net::SocketAddr;
use std::collections::HashSet;
use std::hash::RandomState;

use wirenut::ip::{Packet as IpPacket, PacketError, Protocol, UdpDatagram};
use wirenut::tcp::segment::Segment;
use wirenut::tcp::tracker::{Anomaly, Policy, Slot, Tracker};

use super::capture::Packet;
use super::record::Record;
use super::timeline::Event;

/// Slots to begin with.
const FIRST_SLOTS: usize = 1 << 10;
/// So many segments are kept for timelines.
pub(super) const MAX_EVENTS: usize = 1_000_000;

/// How many packets were what.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) packets: u64,
    pub(super) tcp: u64,
    pub(super) udp: u64,
    /// Of another protocol, or no IP at all.
    pub(super) others: u64,
    pub(super) fragments: u64,
    /// Of link layers that nobody here knows.
    pub(super) unknown_links: u64,
    pub(super) malformed: u64,
    /// Resets of no connection, and segments with flags that nobody sends.
    pub(super) strays: u64,
    /// Connections that were followed, and are not listed.
    pub(super) unlisted: u64,
}

pub(super) struct Watch {
    tracker: Tracker<Vec<Slot>, RandomState>,
    /// By slots: which record is of the connection there.
    of_slot: Vec<Option<usize>>,
    pub(super) records: Vec<Record>,
    limit: usize,
    pub(super) counts: Counts,
    pub(super) first_error: Option<PacketError>,
    udp: HashSet<[SocketAddr; 2]>,
    /// Whose segments are kept: those of one connection, by its number from 1, or of all.
    timeline: Option<Option<usize>>,
    pub(super) events: Vec<(usize, Event)>,
    pub(super) lost_events: u64,
}

impl Watch {
    pub(super) fn new(limit: usize, timeline: Option<Option<usize>>) -> Self {
        let slots = FIRST_SLOTS.min(limit);
        Self {
            tracker: Tracker::new(vec![Slot::EMPTY; slots], RandomState::default(), Policy::DEFAULT),
            of_slot: vec![None; slots],
            records: Vec::new(),
            limit,
            counts: Counts::default(),
            first_error: None,
            udp: HashSet::new(),
            timeline,
            events: Vec::new(),
            lost_events: 0,
        }
    }

    /// How many pairs of addresses and ports exchanged datagrams; and whether there may be more.
    pub(super) fn udp_flows(&self) -> (usize, bool) {
        (self.udp.len(), self.udp.len() == self.limit)
    }

    pub(super) fn packet(&mut self, packet: &Packet<'_>) {
        self.counts.packets += 1;
        if let Err(error) = self.frame(packet) {
            self.counts.malformed += 1;
            self.first_error.get_or_insert(error);
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

    fn datagram(&mut self, ip: &IpPacket<'_>, datagram: &UdpDatagram<'_>) {
        self.counts.udp += 1;
        let mut ends = [
            SocketAddr::new(ip.source(), datagram.source_port()),
            SocketAddr::new(ip.destination(), datagram.destination_port()),
        ];
        ends.sort_unstable();
        if self.udp.len() < self.limit {
            self.udp.insert(ends);
        }
    }

    fn segment(&mut self, packet: &Packet<'_>, ip: &IpPacket<'_>, segment: &Segment<'_>) {
        self.counts.tcp += 1;
        self.make_room();
        let observed = self.tracker.observe(packet.time, [ip.source(), ip.destination()], segment);
        let Some(id) = observed.connection else {
            self.counts.strays += 1;
            return;
        };
        let slot = usize::try_from(id.index()).unwrap_or(usize::MAX);
        if observed.is_new {
            self.of_slot[slot] = self.begin(packet, id);
        }
        let Some(at) = self.of_slot[slot] else { return };
        let record = &mut self.records[at];
        record.add(packet.time, &observed, segment.sequence(), segment.payload());
        let is_shown = self.timeline.is_some_and(|number| number.is_none_or(|number| number == at + 1));
        if is_shown && self.events.len() < MAX_EVENTS {
            self.events.push((at, Event::new(packet.time, &observed, segment, record)));
        } else if is_shown {
            self.lost_events += 1;
        }
    }

    fn begin(&mut self, packet: &Packet<'_>, id: wirenut::tcp::tracker::ConnectionId) -> Option<usize> {
        if self.records.len() == self.limit {
            self.counts.unlisted += 1;
            return None;
        }
        let connection = self.tracker.connection(id)?;
        self.records.push(Record::new(connection.addresses(), connection.is_whole(), packet.time));
        Some(self.records.len() - 1)
    }

    /// Twice the slots, while there may be more.
    fn make_room(&mut self) {
        let count = self.of_slot.len();
        if !self.tracker.is_full() || count >= self.limit {
            return;
        }
        let larger = (count * 2).min(self.limit);
        let none = Tracker::new(Vec::new(), RandomState::default(), Policy::DEFAULT);
        let tracker = core::mem::replace(&mut self.tracker, none);
        self.tracker = tracker.move_to(vec![Slot::EMPTY; larger]);
        self.of_slot.resize(larger, None);
    }
}

/// Short names, for a column.
pub(super) fn summary(anomalies: &[(Anomaly, u64)]) -> String {
    anomalies
        .iter()
        .map(|(anomaly, count)| if *count == 1 { anomaly.to_string() } else { format!("{count} × {anomaly}") })
        .collect::<Vec<_>>()
        .join(", ")
}
