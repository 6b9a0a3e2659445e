//! What one segment changes at both ends: the checks of RFC 9293 §3.10.7, in their order.

use crate::tcp::SequenceNumber;
use crate::tcp::segment::Flags;
use crate::tcp::state::State;
use crate::tcp::tracker::end::{End, EndFlags};
use crate::tcp::tracker::facts::Facts;
use crate::tcp::tracker::{Anomalies, Anomaly, Order, round_trip, states};
use crate::time::Duration;

/// One end while a segment is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Half {
    pub(super) end: End,
    pub(super) state: State,
    /// How many bits its windows are shifted by.
    pub(super) scale: u8,
}

/// The most bits that a window is shifted by (RFC 7323 §2.3). What counts for an end whose SYN was not captured, too: its
/// windows may be as large as windows can be.
pub(super) const MAX_SCALE: u8 = 14;
/// The scale of an end that does not scale: unlike 0, it means that the other one does not, either. Its lower four bits are
/// what its windows are shifted by, as with other scales.
const UNSCALED: u8 = 16;

/// What came of a segment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Effect {
    pub(super) order: Order,
    pub(super) anomalies: Anomalies,
    pub(super) round_trip: Option<Duration>,
}

/// Where a segment lies to the window of its receiver.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Inside,
    /// The receiver has all of it.
    Before,
    Beyond,
}

impl Half {
    fn shift(&self) -> u32 {
        u32::from(self.scale & 15)
    }

    /// Behind the last number that it takes now, if it has said so.
    fn window_end(&self) -> Option<SequenceNumber> {
        let window = u32::from(self.end.window).wrapping_shl(self.shift());
        self.end.has(EndFlags::ACKS).then(|| self.end.received.add(window))
    }

    /// The next number that it expects of `sender`: what it has acknowledged, or what must have come since.
    fn expects(&self, sender: &Self) -> SequenceNumber {
        if self.end.has(EndFlags::ACKS) {
            self.end.received.latest(sender.end.contiguous)
        } else {
            sender.end.contiguous
        }
    }

    /// Is the other's FIN acknowledged, which is its last number?
    fn has_acknowledged_fin(&self, other: &Self) -> bool {
        other.end.has(EndFlags::FIN) && self.end.has(EndFlags::ACKS) && self.end.received == other.end.next
    }
}

/// The sender has sent this segment, and it is taken to have arrived. `now` in microseconds that wrap around.
pub(super) fn follow(sender: &mut Half, receiver: &mut Half, facts: &Facts, now: u32) -> Effect {
    let mut effect = Effect::default();
    effect.anomalies.add_if(facts.has_malformed_options, Anomaly::MalformedOptions);
    if facts.has(Flags::RST) {
        effect.anomalies = reset(sender, receiver, facts, effect.anomalies);
        return effect;
    }
    if facts.has(Flags::SYN) {
        if !opens(sender, receiver, facts) {
            effect.anomalies.add(Anomaly::SynInConnection);
            receiver.end.flags.set(EndFlags::CHALLENGED, receiver.state.is_synchronized());
            return effect;
        }
        effect.anomalies.add_if(facts.length > 0, Anomaly::DataInSyn);
        scale(sender, receiver, facts, &mut effect.anomalies);
    } else if !joins(sender, receiver, facts) {
        effect.anomalies.add(Anomaly::UnacceptableAck);
        return effect;
    }
    if !sender.end.has(EndFlags::KNOWN) {
        sender.end.begin(facts.start);
    }
    effect.anomalies.add_if(sender.end.has(EndFlags::CHALLENGED) && facts.is_bare_ack(), Anomaly::ChallengeAck);
    sender.end.flags.set(EndFlags::CHALLENGED | EndFlags::ASTRAY, false);

    let place = if facts.has(Flags::SYN) { Place::Inside } else { place(sender, receiver, facts) };
    if place == Place::Beyond {
        sender.end.flags.set(EndFlags::ASTRAY, true);
        effect.anomalies.add(Anomaly::OutsideWindow);
        return effect;
    }
    if is_outdated(&sender.end, facts) {
        effect.anomalies.add(Anomaly::OldTimestamp);
        return effect;
    }
    if facts.has(Flags::ACK) && !acknowledge(sender, receiver, facts, now, &mut effect) {
        effect.anomalies.add(Anomaly::UnacceptableAck);
        receiver.end.flags.set(EndFlags::CHALLENGED, receiver.state.is_synchronized());
        return effect;
    }
    let expected = receiver.expects(sender);
    let is_newer = note_time(&mut sender.end, expected, facts);
    // It has what it acknowledges, before it sends this: a FIN behind a gap, too.
    arrive(receiver, sender);
    if facts.has(Flags::ACK) && place == Place::Inside {
        // In SYN-SENT, only a SYN says where the other's numbers begin (RFC 9293 §3.10.7.3).
        if receiver.state != State::SynSent || facts.has(Flags::SYN) {
            receiver.state = states::opened(receiver.state);
        }
        if sender.has_acknowledged_fin(receiver) {
            receiver.state = states::fin_acknowledged(receiver.state);
        }
    }
    send(sender, receiver, facts, now, is_newer, &mut effect);
    arrive(sender, receiver);
    arrive(receiver, sender);
    effect
}

/// A SYN: false, if it belongs to no opening of this connection.
fn opens(sender: &mut Half, receiver: &mut Half, facts: &Facts) -> bool {
    // The same SYN again: its sender has sent nothing since, as far as anybody has seen.
    if sender.end.has(EndFlags::KNOWN) && !sender.end.has(EndFlags::FIN) && facts.end == sender.end.next {
        return true;
    }
    if sender.end.has(EndFlags::KNOWN) {
        // Or one that an acknowledgment of the same end has overtaken, as where both open at once.
        let is_overtaken = sender.state == State::SynReceived && facts.start == sender.end.next;
        if is_overtaken && !facts.has(Flags::ACK) && receiver.state == State::SynSent {
            receiver.state = State::SynReceived;
        }
        return is_overtaken;
    }
    if facts.has(Flags::ACK) {
        // An ACK of another SYN than the one that is known would be refused by the receiver.
        let fits = !receiver.end.has(EndFlags::KNOWN) || facts.acknowledgment == receiver.end.next;
        // It answers the other's SYN. It may have been reset before it has: then it stays closed.
        if fits {
            sender.state = states::gets_syn(sender.state);
        }
        return fits;
    }
    sender.state = states::sends_syn(sender.state);
    if receiver.state == State::SynSent {
        // Both SYNs cross, and each arrives.
        (sender.state, receiver.state) = (states::gets_syn(sender.state), states::gets_syn(receiver.state));
    }
    true
}

/// Windows are scaled only if both SYNs say by how much (RFC 7323 §2.2).
fn scale(sender: &mut Half, receiver: &mut Half, facts: &Facts, anomalies: &mut Anomalies) {
    match facts.scale {
        Some(scale) if receiver.scale != UNSCALED => {
            anomalies.add_if(scale > MAX_SCALE, Anomaly::ExcessiveScale);
            sender.scale = scale.min(MAX_SCALE);
        }
        _ => {
            sender.scale = UNSCALED;
            if receiver.end.has(EndFlags::KNOWN) {
                receiver.scale = UNSCALED;
            }
        }
    }
}

/// No SYN, of an end that has not opened yet: the capture has missed its SYN, if it acknowledges the other's. False: it
/// does not; it knows of another connection.
fn joins(sender: &mut Half, receiver: &Half, facts: &Facts) -> bool {
    match sender.state {
        State::Listen | State::SynSent => {
            let knows = receiver.end.has(EndFlags::KNOWN);
            let is_next = facts.acknowledgment == receiver.end.next;
            let is_answer = facts.has(Flags::ACK) && (is_next || !knows || sender.state == State::SynSent);
            if is_answer {
                // As if its SYN had been captured, and the ACK of it. An end whose SYN is still on its way acknowledges a
                // SYN that comes again without one of its own.
                let may_wait = sender.state == State::Listen && !sender.end.has(EndFlags::KNOWN) && facts.is_bare_ack();
                sender.state = states::gets_syn(sender.state);
                if may_wait {
                    sender.end.begin(facts.start.back(1));
                } else {
                    sender.state = states::opened(sender.state);
                }
            }
            is_answer
        }
        State::Closed
        | State::SynReceived
        | State::Established
        | State::FinWait1
        | State::FinWait2
        | State::CloseWait
        | State::Closing
        | State::LastAck
        | State::TimeWait => true,
    }
}

/// The four cases of RFC 9293 §3.10.7.4. A segment without numbers may lie at the end of the window, and one byte may at a
/// window that is zero: a probe.
fn place(sender: &Half, receiver: &Half, facts: &Facts) -> Place {
    let Some(window_end) = receiver.window_end() else { return Place::Inside };
    let expected = receiver.expects(sender);
    let is_before = if facts.is_long() { !facts.end.is_after(expected) } else { facts.start.is_before(expected) };
    if is_before {
        return Place::Before;
    }
    let is_probe = receiver.end.window == 0 && facts.start == receiver.end.received && facts.length <= 1;
    let may_touch = !facts.is_long() || is_probe || facts.has(Flags::FIN);
    let distance = facts.start.distance(window_end);
    if distance < 0 || (distance == 0 && may_touch) { Place::Inside } else { Place::Beyond }
}

/// What the sender acknowledges. False, if the receiver cannot have sent it.
fn acknowledge(sender: &mut Half, receiver: &mut Half, facts: &Facts, now: u32, effect: &mut Effect) -> bool {
    let number = facts.acknowledgment;
    if !receiver.end.has(EndFlags::KNOWN) {
        receiver.end.begin(number);
    }
    if number.is_after(receiver.end.next) {
        // It may have got what was not captured: as far as it allows the other to send.
        let may_be = sender.window_end().is_none_or(|end| !number.is_after(end)) || receiver.end.has(EndFlags::ASTRAY);
        let may_have_sent = receiver.state.is_synchronized() || receiver.state == State::Listen;
        if !may_be || !may_have_sent || receiver.end.has(EndFlags::FIN) {
            return false;
        }
        receiver.end.begin(number);
        effect.anomalies.add(Anomaly::AckOfUnseen);
    }
    let ahead = if sender.end.has(EndFlags::ACKS) { number.distance(sender.end.received) } else { 1 };
    if ahead < 0 {
        // An older one: its window is old, too. One that is older than any window is long may be forged, and its data does
        // not count (RFC 5961 §5.2).
        return ahead.unsigned_abs() <= u32::from(u16::MAX).wrapping_shl(sender.shift());
    }
    let is_same_window = facts.window == sender.end.window;
    if ahead > 0 {
        sender.end.received = number;
        effect.anomalies.add_if(receiver.end.acknowledged(number), Anomaly::AckOfUnseen);
        effect.round_trip = round_trip::finish(&mut receiver.end, facts, now);
    } else if facts.is_bare_ack() && is_same_window && receiver.end.next.is_after(number) {
        effect.anomalies.add(Anomaly::DuplicateAck);
    }
    let had_room = !sender.end.has(EndFlags::ACKS) || sender.end.window != 0;
    if facts.has(Flags::SYN) {
        // The window of a SYN is not scaled (RFC 7323 §2.2). Rounded up, so that none of it is taken for nothing.
        let unit = 1_u32.wrapping_shl(sender.shift()).wrapping_sub(1);
        let window = u32::from(facts.window).saturating_add(unit).wrapping_shr(sender.shift());
        sender.end.window = u16::try_from(window).unwrap_or(u16::MAX);
    } else {
        sender.end.window = facts.window;
        effect.anomalies.add_if(facts.window == 0 && had_room && !facts.has(Flags::FIN), Anomaly::ZeroWindow);
    }
    sender.end.flags.set(EndFlags::ACKS, true);
    true
}

/// The numbers that the segment takes: SYN, data and FIN.
fn send(sender: &mut Half, receiver: &Half, facts: &Facts, now: u32, is_newer: bool, effect: &mut Effect) {
    let is_acknowledged = |end: &End| receiver.end.has(EndFlags::ACKS) && receiver.end.received == end.next;
    let is_probe_of_life = facts.start == sender.end.next.back(1)
        && facts.length <= 1
        && facts.has(Flags::ACK)
        && !facts.has(Flags::SYN | Flags::FIN)
        && is_acknowledged(&sender.end)
        // What is only late has an older time stamp, or acknowledges less.
        && (is_newer || facts.timestamps.is_none())
        && facts.acknowledgment == sender.end.received;
    if is_probe_of_life && sender.state.is_synchronized() {
        // Linux asks for a window in the same way.
        let is_stalled = receiver.end.window == 0;
        effect.anomalies.add(if is_stalled { Anomaly::WindowProbe } else { Anomaly::KeepAlive });
        return;
    }
    if !facts.is_long() {
        return;
    }
    if sender.end.has(EndFlags::FIN) && facts.end.is_after(sender.end.next) {
        effect.anomalies.add(Anomaly::DataAfterFin);
        return;
    }
    let is_probe = receiver.end.window == 0
        && receiver.end.has(EndFlags::ACKS)
        && facts.length == 1
        && facts.start == receiver.end.received;
    effect.anomalies.add_if(is_probe, Anomaly::WindowProbe);
    effect.order = sender.end.cover(facts.start, facts.end);
    match effect.order {
        Order::None | Order::Next => {}
        Order::Ahead => effect.anomalies.add(Anomaly::Gap),
        Order::Late => effect.anomalies.add(Anomaly::OutOfOrder),
        Order::Again => effect.anomalies.add(Anomaly::Retransmission),
        Order::Overlap => effect.anomalies.add(Anomaly::Overlap),
    }
    round_trip::start(&mut sender.end, facts, effect.order, is_newer, now);
    if facts.has(Flags::FIN) && !sender.end.has(EndFlags::FIN) {
        if facts.end == sender.end.next {
            sender.end.flags.set(EndFlags::FIN, true);
            // By this segment, and no later one that came before it.
            let knows_end = sender.has_acknowledged_fin(receiver) && facts.acknowledgment == receiver.end.next;
            sender.state = states::sends_fin(sender.state, knows_end);
        } else {
            // It had sent more than it ends with.
            effect.anomalies.add(Anomaly::DataAfterFin);
        }
    }
}

/// Its time stamp: whether it is later than all before.
fn note_time(end: &mut End, expected: SequenceNumber, facts: &Facts) -> bool {
    let Some(times) = facts.timestamps else { return false };
    let is_newer = !end.has(EndFlags::TIMED) || times.value.wrapping_sub(end.timestamp).cast_signed() > 0;
    // What lies behind a gap has overtaken others, whose time stamps are older (RFC 7323 §4.3: SEG.SEQ <= Last.ACK.sent); and
    // what lies before the window counts for nothing, nor for Linux what acknowledges less than others did.
    let is_in_order = !facts.start.is_after(end.contiguous) && !facts.end.is_before(expected);
    let is_late = end.has(EndFlags::ACKS) && facts.acknowledgment.is_before(end.received);
    if is_newer && is_in_order && !is_late {
        end.timestamp = times.value;
        end.flags.set(EndFlags::TIMED, true);
    }
    is_newer
}

/// New bytes whose time stamp is so old that their receiver leaves them out (RFC 7323 §5.3, PAWS). Linux lets one tick pass.
fn is_outdated(end: &End, facts: &Facts) -> bool {
    let is_old = |value: u32| end.has(EndFlags::TIMED) && value.wrapping_sub(end.timestamp).cast_signed() < -1;
    let is_new_data = facts.is_long() && !facts.has(Flags::SYN) && facts.end.is_after(end.contiguous);
    is_new_data && facts.timestamps.is_some_and(|times| is_old(times.value))
}

/// The sender's FIN has arrived, if it has sent one and there is no gap before it.
fn arrive(sender: &Half, receiver: &mut Half) {
    if sender.end.has(EndFlags::FIN) && !receiver.end.has(EndFlags::GOT_FIN) && !sender.end.has_gap() {
        receiver.end.flags.set(EndFlags::GOT_FIN, true);
        receiver.state = states::gets_fin(receiver.state);
    }
}

/// A reset, by RFC 9293 §3.10.7.3 and RFC 5961 §3.2: both ends are closed if it counts.
fn reset(sender: &mut Half, receiver: &mut Half, facts: &Facts, mut anomalies: Anomalies) -> Anomalies {
    let is_answer = facts.has(Flags::ACK) && facts.acknowledgment == receiver.end.next;
    match receiver.state {
        State::SynSent if is_answer => anomalies.add(Anomaly::Refused),
        State::SynSent => {
            anomalies.add(Anomaly::ResetOutsideWindow);
            return anomalies;
        }
        State::Closed | State::Listen => {}
        State::SynReceived
        | State::Established
        | State::FinWait1
        | State::FinWait2
        | State::CloseWait
        | State::Closing
        | State::LastAck
        | State::TimeWait => {
            if let Some(anomaly) = reset_flaw(sender, receiver, facts) {
                let is_inexact = anomaly == Anomaly::InexactReset;
                receiver.end.flags.set(EndFlags::CHALLENGED, is_inexact);
                anomalies.add(anomaly);
                return anomalies;
            }
        }
    }
    (sender.state, receiver.state) = (State::Closed, State::Closed);
    anomalies
}

/// Why the receiver does not believe a reset. Its next number may be anything from what it has acknowledged to what was
/// captured without a gap. Behind a gap it also believes one at the end of all that has come, as Linux does, which has said
/// by SACK that it knows that end; one that does not is reset by the answer to its challenge.
fn reset_flaw(sender: &Half, receiver: &Half, facts: &Facts) -> Option<Anomaly> {
    if !sender.end.has(EndFlags::KNOWN) {
        return None;
    }
    let most = receiver.expects(sender);
    let least = if receiver.end.has(EndFlags::ACKS) { receiver.end.received } else { most };
    let is_expected = !facts.start.is_before(least) && !facts.start.is_after(most);
    if is_expected || facts.start == sender.end.next {
        return None;
    }
    let is_inside =
        !facts.start.is_before(least) && receiver.window_end().is_some_and(|end| facts.start.is_before(end));
    Some(if is_inside { Anomaly::InexactReset } else { Anomaly::ResetOutsideWindow })
}
