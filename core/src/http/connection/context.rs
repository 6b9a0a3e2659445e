//! What a connection is told at each call, and what it wants done with the transport.

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

/// What to do with the connection, once all that was written is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Disposition {
    /// Go on.
    Open,
    /// End our direction, and go on reading: what comes is thrown away until the peer ends its own, so that no reset
    /// destroys the last response on its way.
    ShutdownWrite,
    /// Close.
    Close,
    /// Reset: a response that was cut off must not look whole. What was written before is sent first, for it may hold
    /// answers to earlier requests.
    Abort,
    /// Reset at once, without sending what is left: the peer is gone, or does not take it.
    Cut,
}
