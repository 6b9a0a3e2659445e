//! What comes from the peer: content, its end, and the time it takes, whoever reads it.

use super::context::Context;
use super::role::Role;
use super::{Broken, Connection};
use crate::http::body::read::Found;
use crate::http::error::Error;
use crate::http::flags::Flags;
use crate::http::grammar::incoming::Incoming;

impl<R: Role> Connection<R> {
    /// Consumes the first `taken` bytes of the body piece that was given out last. The others will be given out again;
    /// what is not taken, the peer is not hurried for. Nothing may be taken at any time: that changes nothing.
    pub fn take_body(&mut self, cx: &Context<'_>, taken: usize) {
        if taken == 0 {
            return;
        }
        self.machine.take_content(u64::try_from(taken).unwrap_or(u64::MAX));
        self.peer_timer.earn(cx.limits.body, taken);
    }

    /// The peer has ended its direction, and all that it sent was consumed, or is too little to go on with.
    ///
    /// Between two messages that is the end of the connection; while a server makes a response it will be, after it. A client
    /// calls `receive` afterwards: a body without another end is complete with this one.
    ///
    /// # Errors
    /// [`Rule::Truncated`](crate::http::Rule::Truncated) in the middle of a message,
    /// [`Rule::Unanswered`](crate::http::Rule::Unanswered) where a response is due and nothing of it has come.
    pub fn handle_eof(&mut self, cx: &Context<'_>) -> Result<(), Error> {
        self.note_eof(cx).map_err(|Broken| self.failure())
    }

    pub(crate) fn note_eof(&mut self, cx: &Context<'_>) -> Result<(), Broken> {
        self.machine.flags.set(Flags::EOF);
        if !self.peer_timer.is_running() {
            // What came before is not understood yet. When it turns out to be too little, `receive` comes back here.
            return Ok(());
        }
        self.peer_timer.stop(cx.now);
        R::peer_has_ended(self, cx)
    }

    /// Reads on in the content: consumes framing, and says what follows it. It is the peer's turn where more is needed.
    #[inline(never)]
    pub(super) fn read_content(&mut self, cx: &Context<'_>, incoming: &mut Incoming<'_, '_>) -> Result<Found, Broken> {
        let found = self.machine.read_content(cx.limits, incoming).map_err(|rule| self.fail(cx, rule))?;
        if found == Found::NeedMore {
            self.peer_timer.start(cx.now);
        } else {
            self.peer_timer.stop(cx.now);
        }
        Ok(found)
    }
}
