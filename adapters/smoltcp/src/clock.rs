//! The same microseconds in smoltcp's types and in ours.

use smoltcp::time as theirs;
use wirenut::time::Instant;

/// smoltcp's instants may be negative. Those are before our start, so they are the start.
pub(crate) fn from_smoltcp(instant: theirs::Instant) -> Instant {
    Instant::from_micros(u64::try_from(instant.total_micros()).unwrap_or(0))
}

/// What is too late for smoltcp's type is never.
pub(crate) fn to_smoltcp(instant: Instant) -> Option<theirs::Instant> {
    i64::try_from(instant.as_micros()).ok().map(theirs::Instant::from_micros_const)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_survive_the_way_there_and_back() {
        for micros in [0, 1, i64::MAX] {
            let instant = theirs::Instant::from_micros(micros);
            assert_eq!(to_smoltcp(from_smoltcp(instant)), Some(instant));
        }
        assert_eq!(from_smoltcp(theirs::Instant::from_micros(-1)), Instant::START);
        assert_eq!(to_smoltcp(Instant::from_micros(u64::MAX)), None);
    }
}
