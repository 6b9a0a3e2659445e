//! Round trips: one at a time for each direction.
//!
//! Where segments carry time stamps, an acknowledgment says which segment it answers, even if its bytes were sent twice.
//! Otherwise no segment is measured whose bytes were sent twice (Karn's algorithm, RFC 6298 §3).

use crate::tcp::SequenceNumber;
use crate::tcp::tracker::Order;
use crate::tcp::tracker::end::{End, EndFlags};
use crate::tcp::tracker::facts::Facts;
use crate::time::Duration;

/// A segment was sent that takes numbers. `is_newer`: no segment before it had its time stamp.
pub(super) fn start(end: &mut End, facts: &Facts, order: Order, is_newer: bool, now: u32) {
    // What fills a gap has been sent again, too, or brings on an acknowledgment that others were waiting for.
    let is_again = matches!(order, Order::Again | Order::Overlap | Order::Late);
    if is_again {
        end.flags.set(EndFlags::SAMPLE, false);
    }
    let key = match facts.timestamps {
        Some(times) if is_newer => times.value,
        // Its acknowledgment could be that of an earlier segment.
        Some(_) => return,
        None if is_again => return,
        None => facts.end.value(),
    };
    if !end.has(EndFlags::SAMPLE) {
        (end.sample, end.sampled_at) = (key, now);
        end.flags.set(EndFlags::SAMPLE, true);
        end.flags.set(EndFlags::BY_TIME, facts.timestamps.is_some());
    }
}

/// New numbers of this end are acknowledged: the time since the segment that is measured, if it is among them.
pub(super) fn finish(end: &mut End, facts: &Facts, now: u32) -> Option<Duration> {
    if !end.has(EndFlags::SAMPLE) {
        return None;
    }
    let is_over;
    let is_answer;
    if end.has(EndFlags::BY_TIME) {
        let ahead = facts.timestamps.map_or(1, |times| times.echo.wrapping_sub(end.sample).cast_signed());
        (is_answer, is_over) = (ahead == 0, ahead >= 0);
    } else {
        is_over = !facts.acknowledgment.is_before(SequenceNumber::new(end.sample));
        is_answer = is_over;
    }
    if is_over {
        end.flags.set(EndFlags::SAMPLE, false);
    }
    let passed = now.wrapping_sub(end.sampled_at);
    // A capture's clock may have been set back.
    (is_answer && passed.cast_signed() >= 0).then(|| Duration::from_micros(passed.into()))
}
