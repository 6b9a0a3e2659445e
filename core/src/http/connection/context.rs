//! What a connection is told at each call.

use crate::http::limits::Limits;
use crate::http::value::date::HttpDate;
use crate::time::Instant;

/// What a connection has to be told at each call: the time, the bounds, and the date if there is a clock.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The time now. Never earlier than at the call before.
    pub now: Instant,
    /// The bounds, the same at each call.
    pub limits: &'a Limits,
    /// The date for the Date field. `None`: no clock, so no such field (RFC 9110 §6.6.1).
    pub date: Option<&'a HttpDate>,
}
