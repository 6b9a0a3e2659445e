//! The two ends of a connection, and what they do each in its own way.

use super::context::Context;
use super::state::Side;
use super::{Broken, Connection};
use crate::http::error::Rule;

/// The end of a connection that answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Server;

/// The end of a connection that asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Client;

/// An end of a connection: [`Server`] or [`Client`].
pub trait Role: Ways {}

impl Role for Server {}
impl Role for Client {}

/// What each end does in its own way, in the middle of what both do.
pub trait Ways: Sized {
    /// Which side we are.
    const SIDE: Side;
    /// Whose fault it is that the peer's time is over, or how the connection ends without one.
    fn peer_is_late(connection: &mut Connection<Self>, cx: &Context<'_>) -> Result<(), Broken>;
    /// The peer has ended its direction, and it was its turn.
    fn peer_has_ended(connection: &mut Connection<Self>, cx: &Context<'_>) -> Result<(), Broken>;
    /// Does the peer's time to send count, given that it is the peer's turn?
    fn hurries_peer(connection: &Connection<Self>) -> bool;
    /// Nothing that was written waits any more.
    fn all_is_sent(connection: &mut Connection<Self>, cx: &Context<'_>);
    /// Our message is complete.
    fn has_finished(connection: &mut Connection<Self>, cx: &Context<'_>);
    /// How a connection ends on which this rule was broken.
    fn end_broken(connection: &mut Connection<Self>, cx: &Context<'_>, rule: Rule);
}
