//! What is listed of a connection.

use core::net::SocketAddr;

use wirenut::ip::Captured;
use wirenut::tcp::SequenceNumber;
use wirenut::tcp::state::State;
use wirenut::tcp::tracker::{Anomaly, Observed, Side, Sides};
use wirenut::time::{Duration, Instant};

/// Packets and bytes of one end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Traffic {
    pub(super) packets: u64,
    pub(super) bytes: u64,
    /// The number that others are shown from: that of the first segment.
    pub(super) first: Option<SequenceNumber>,
}

/// A connection, from its first segment to its last one.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) addresses: Sides<SocketAddr>,
    pub(super) states: Sides<State>,
    pub(super) is_whole: bool,
    pub(super) first: Instant,
    pub(super) last: Instant,
    pub(super) traffic: Sides<Traffic>,
    /// The shortest round trip to each end.
    pub(super) round_trip: Sides<Option<Duration>>,
    /// How often each anomaly was seen, in the order in which they were first.
    pub(super) anomalies: Vec<(Anomaly, u64)>,
}

impl Record {
    pub(super) fn new(addresses: Sides<SocketAddr>, is_whole: bool, now: Instant) -> Self {
        Self {
            addresses,
            states: Sides::default(),
            is_whole,
            first: now,
            last: now,
            traffic: Sides::default(),
            round_trip: Sides::default(),
            anomalies: Vec::new(),
        }
    }

    /// A segment of it.
    pub(super) fn add(&mut self, now: Instant, observed: &Observed, sequence: SequenceNumber, payload: Captured<'_>) {
        (self.last, self.states) = (now, observed.states);
        let (traffic, round_trip) = match observed.sender {
            Side::Client => (&mut self.traffic.client, &mut self.round_trip.client),
            Side::Server => (&mut self.traffic.server, &mut self.round_trip.server),
        };
        traffic.packets += 1;
        traffic.bytes += u64::try_from(payload.length()).unwrap_or(u64::MAX);
        traffic.first.get_or_insert(sequence);
        if let Some(time) = observed.round_trip {
            *round_trip = Some(round_trip.map_or(time, |least| if least < time { least } else { time }));
        }
        for anomaly in observed.anomalies.iter() {
            match self.anomalies.iter_mut().find(|(known, _)| *known == anomaly) {
                Some((_, count)) => *count += 1,
                None => self.anomalies.push((anomaly, 1)),
            }
        }
    }

    /// The short names of what was unusual, for a column.
    pub(super) fn unusual(&self) -> String {
        let names = self.anomalies.iter().map(|(anomaly, count)| match count {
            1 => anomaly.to_string(),
            count => format!("{count} × {anomaly}"),
        });
        names.collect::<Vec<_>>().join(", ")
    }

    /// From its first segment to its last one.
    pub(super) fn duration(&self) -> Duration {
        self.last.saturating_since(self.first)
    }

    /// Of both ways, if both were measured.
    pub(super) fn whole_round_trip(&self) -> Option<Duration> {
        let (client, server) = (self.round_trip.client?, self.round_trip.server?);
        Some(Duration::from_micros(client.as_micros() + server.as_micros()))
    }
}
