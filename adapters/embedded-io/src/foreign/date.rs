//! The time of day, for the Date field.

use core::cell::Cell;
use std::thread_local;
use std::time::{SystemTime, UNIX_EPOCH};

use wirenut::http::HttpDate;

thread_local! {
    /// The second for which a date was made, and the date. A connection asks for it at each step.
    static DATE: Cell<Option<(u64, HttpDate)>> = const { Cell::new(None) };
}

/// What the clock of the system shows. `None`: a clock before 1970, which was never set.
pub(super) fn today() -> Option<HttpDate> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    let date = match DATE.get() {
        Some((second, date)) if second == seconds => date,
        _ => HttpDate::from_unix(seconds),
    };
    DATE.set(Some((seconds, date)));
    Some(date)
}
