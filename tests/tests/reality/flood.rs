//! Connections that nobody completes: the tracker counts as many half-open ones as the kernel, and says when they are a flood.

use core::net::SocketAddr;

use wirenut::tcp::SequenceNumber;
use wirenut::tcp::segment::{Flags, Header};
use wirenut::tcp::state::State;
use wirenut::tcp::tracker::Anomaly;

use crate::end::End;
use crate::kernel;
use crate::network::{Host, addresses};
use crate::script::{Stage, packet};
use crate::watch::Watch;

const COUNT: u16 = 40;
const BOUND: u32 = 8;

pub(crate) fn half_open(stage: &mut Stage, is_v6: bool) {
    let [client, server] = Host::BOTH.map(|host| addresses(host).address(is_v6));
    let port = stage.next_port;
    let target = SocketAddr::new(server, port);
    let mut end = End::new(target, SocketAddr::new(client, 0), false);
    end.listen(stage.network.of(Host::Other), None);
    let mut watch = Watch::new(BOUND);
    let sources = (1..=COUNT).map(|number| SocketAddr::new(client, port + number));
    let send = |stage: &mut Stage, watch: &mut Watch, source: SocketAddr, flags, sequence| {
        let mut header = Header { flags, window: 1_000, ..Header::new(source.port(), port) };
        header.sequence = SequenceNumber::new(sequence);
        let bytes = packet(&header, source, target, b"");
        let (observed, ..) = watch.observe(&bytes);
        stage.network.put(Host::Other, &bytes);
        // The answers are seen, and nobody gets them.
        for answer in stage.network.take(Host::Other) {
            watch.observe(&answer);
        }
        observed.anomalies.contains(Anomaly::HalfOpenFlood)
    };
    let count = |stage: &Stage| {
        let rows = kernel::table(stage.network.of(Host::Other));
        rows.iter().filter(|row| row.0 == port && row.2 == State::SynReceived).count()
    };
    for (source, number) in sources.clone().zip(1..) {
        let is_flood = send(stage, &mut watch, source, Flags::SYN, 1_000);
        assert_eq!(is_flood, number > BOUND, "the SYN with number {number}");
        assert_eq!((watch.half_open() as usize, count(stage)), (number as usize, number as usize));
    }
    for source in sources {
        send(stage, &mut watch, source, Flags::RST, 1_001);
        assert_eq!(watch.half_open() as usize, count(stage));
    }
    assert_eq!(watch.half_open(), 0);
}
