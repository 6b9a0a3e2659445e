//! The tracker: what it says does not depend on where numbers begin, nor on which end has the lower address; its counts are
//! those of its connections; states follow the arrows of the table of states. And a stream gives what a plain model gives.

use core::hash::{BuildHasher, BuildHasherDefault};
use core::net::IpAddr;
use std::collections::HashMap;
use std::hash::DefaultHasher;

use wirenut::ip::Captured;
use wirenut::tcp::SequenceNumber;
use wirenut::tcp::segment::{Flags, Header, OptionValues, Segment, Timestamps};
use wirenut::tcp::state::{On, Paragraph, ROWS, State};
use wirenut::tcp::tracker::{Observed, Policy, Side, Sides, Slot, Stream, Tracker};
use wirenut::time::{Duration, Instant};

type Table = Tracker<Vec<Slot>, BuildHasherDefault<DefaultHasher>>;

const POLICY: Policy = Policy { max_half_open: 3 };

fn table(slots: usize) -> Table {
    Tracker::new(vec![Slot::EMPTY; slots], BuildHasherDefault::default(), POLICY)
}

/// Segments of ten bytes each, among a few connections.
pub fn tracker(data: &[u8]) {
    let Some((&[base, other_base], data)) = data.split_first_chunk() else { return };
    let bases = [u32::from_be_bytes([base; 4]), u32::from_be_bytes([other_base; 4])];
    let (mut plain, mut shifted, mut small) = (table(32), table(32), table(3));
    let mut states = HashMap::new();
    let mut now = Instant::START;
    for step in data.as_chunks::<10>().0 {
        now = now.saturating_add(Duration::from_millis(step[9].into()));
        let one = observe(&mut plain, now, step, [0, 0], false);
        let two = observe(&mut shifted, now, step, bases, true);
        assert_eq!(one, two, "{step:?}");
        follows(&mut states, &one);
        counts(&plain);
        observe(&mut small, now, step, bases, false);
        let ended = small.take_ended();
        counts(&small);
        if let Some(ended) = ended {
            let addresses = ended.connection().addresses();
            assert_ne!(addresses.client, addresses.server);
        }
    }
    let before: Vec<_> = plain.connections().map(|(id, connection)| (id, connection.addresses())).collect();
    let moved = plain.move_to(vec![Slot::EMPTY; 40]);
    let after: Vec<_> = moved.connections().map(|(id, connection)| (id, connection.addresses())).collect();
    assert_eq!(before, after);
    counts(&moved);
}

/// The segment that ten bytes make, with numbers that begin at `bases`. With `is_mirrored` the ends change addresses, so
/// that the other one comes first.
fn observe(table: &mut Table, now: Instant, step: &[u8; 10], bases: [u32; 2], is_mirrored: bool) -> Observed {
    let [which, flags, s0, s1, a0, a1, length, window, time, _] = *step;
    let is_from_client = which & 1 == 0;
    let (low, high): (IpAddr, IpAddr) = if which & 2 == 0 {
        ([10, 0, 0, 1].into(), [10, 0, 0, 2].into())
    } else {
        ([0, 0, 0, 0, 0, 0, 0, 1].into(), [0, 0, 0, 0, 0, 0, 0, 2].into())
    };
    let (client, server) = if is_mirrored { (high, low) } else { (low, high) };
    let port = 1_000 + u16::from(which >> 2 & 3);
    let numbers = [[s0, s1], [a0, a1]].map(|bytes| u32::from(u16::from_be_bytes(bytes)) % 2_048);
    let [sequence, acknowledgment] = numbers;
    let (from, to, [base, other]) = if is_from_client {
        ((client, port), (server, 80), bases)
    } else {
        ((server, 80), (client, port), [bases[1], bases[0]])
    };
    let mut options = OptionValues::NONE;
    options.window_scale = (window & 3 == 3).then_some(time & 15);
    options.timestamps = (time > 128).then_some(Timestamps { value: time.into(), echo: s1.into() });
    let header = Header {
        sequence: SequenceNumber::new(base).add(sequence),
        acknowledgment: SequenceNumber::new(other).add(acknowledgment),
        flags: Flags::from_bits(flags),
        window: u16::from(window) * 8,
        options,
        ..Header::new(from.1, to.1)
    };
    let mut bytes = [0; 400];
    let length = header.emit(from.0, to.0, &[b'x'; 255][..length.into()], &mut bytes).expect("room");
    let segment = Segment::parse(Captured::whole(&bytes[..length])).expect("we wrote it");
    let observed = table.observe(now, [from.0, to.0], &segment);
    if let Some(id) = observed.connection {
        let connection = table.connection(id).expect("it was seen");
        let [client, server] = match observed.sender {
            Side::Client => [from, to],
            Side::Server => [to, from],
        };
        assert_eq!(connection.addresses(), Sides { client: client.into(), server: server.into() });
        assert_eq!(connection.states(), observed.states);
    }
    observed
}

fn counts<H: BuildHasher>(table: &Tracker<Vec<Slot>, H>) {
    let half_open = |state| matches!(state, State::Listen | State::SynSent | State::SynReceived);
    let states: Vec<_> = table.connections().map(|(_, connection)| connection.states()).collect();
    assert_eq!(table.len(), u32::try_from(states.len()).expect("few"));
    let half = states.iter().filter(|states| half_open(states.client) || half_open(states.server)).count();
    assert_eq!(table.half_open(), u32::try_from(half).expect("few"));
}

/// States go on from where they were, along arrows of the table of states.
fn follows(known: &mut HashMap<u32, Sides<State>>, observed: &Observed) {
    let Some(id) = observed.connection else { return };
    let before = known.insert(id.index(), observed.states);
    if observed.is_new {
        return;
    }
    assert_eq!(before, Some(observed.before));
    for side in [Side::Client, Side::Server] {
        let (from, to) = (observed.before.of(side), observed.states.of(side));
        assert!(from == to || is_arrow(from, to) || is_jump(from, to, 3) || is_crossing(from, to), "{from} → {to}");
    }
}

/// Does a row of the table lead from the one to the other? Without those that begin another connection, which the tracker
/// reports as a new one, and without the time-outs, which no wire shows.
fn is_arrow(from: State, to: State) -> bool {
    ROWS.iter().any(|row| {
        let begins = from == State::Closed || row.paragraph == Paragraph::Reuse;
        let is_shown = !begins && !matches!(row.on, On::TimeOuts(_));
        is_shown && row.refusal.is_none() && row.from.contains(&from) && row.to == Some(to)
    })
}

/// Do so many arrows lead there, of which none ends the connection? The capture has lost the segments of the first ones, or
/// one segment fills a gap and acknowledges.
fn is_jump(from: State, to: State, arrows: usize) -> bool {
    let is_between = |state: &State| !matches!(state, State::Closed | State::Listen | State::TimeWait);
    let mut between = State::ALL.into_iter().filter(is_between).filter(|state| is_arrow(from, *state));
    arrows > 1 && between.any(|state| is_arrow(state, to) || is_jump(state, to, arrows - 1))
}

/// The one correction: a FIN shows that its sender had not got the other's yet, which was taken to have arrived.
fn is_crossing(from: State, to: State) -> bool {
    (from, to) == (State::CloseWait, State::Closing)
}

/// Pieces of a stream, three bytes each: where, how long, and whether their bytes are the true ones.
pub fn tcp_stream(data: &[u8]) {
    let Some((&[base, room], data)) = data.split_first_chunk() else { return };
    let first = SequenceNumber::new(u32::from_be_bytes([base; 4]));
    let truth: Vec<u8> = (0..2_048_u16).map(|at| (at % 251) as u8).collect();
    let room = if room > 200 { 2_048 } else { usize::from(room) };
    let mut stream = Stream::new(vec![0; room], first);
    let mut model: Vec<Option<u8>> = vec![None; 2_048];
    let (mut given, mut has_lost, mut is_true) = (Vec::new(), false, true);
    for &[place, length, kind] in data.as_chunks::<3>().0 {
        let start = usize::from(place) * 4;
        let mut bytes = truth[start..start + usize::from(length)].to_vec();
        if kind & 15 == 15 {
            bytes.iter_mut().skip(usize::from(kind >> 4)).for_each(|byte| *byte ^= 1);
            is_true = false;
        }
        let expected = bytes.iter().enumerate().any(|(at, byte)| model[start + at].is_some_and(|first| first != *byte));
        let received = stream.receive(first.add(u32::try_from(start).expect("small")), &bytes);
        has_lost |= received.lost > 0;
        given.extend_from_slice(received.bytes);
        for (at, byte) in bytes.iter().enumerate() {
            model[start + at].get_or_insert(*byte);
        }
        while !stream.buffered().is_empty() {
            given.extend_from_slice(stream.buffered());
            stream.consume(stream.buffered().len());
        }
        assert_eq!(stream.next(), first.add(u32::try_from(given.len()).expect("small")));
        if room == 2_048 && !has_lost {
            assert_eq!(received.has_conflict, expected, "{data:?}");
            let all: Vec<u8> = model.iter().map_while(|byte| *byte).collect();
            assert_eq!(given, all);
        }
        // Whatever is lost, nothing comes out that did not come in, or that is compared wrongly.
        if is_true {
            assert!(truth.starts_with(&given) && !received.has_conflict);
        }
    }
    if let Some(gap) = stream.gap() {
        let skipped = stream.skip_to(stream.next().add(u32::try_from(gap).expect("small")));
        assert!(skipped == gap && !stream.buffered().is_empty() && stream.gap().is_none());
    }
}
