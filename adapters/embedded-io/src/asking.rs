//! A client's connection as an endpoint, for one call.

use core::ops::Range;

use wirenut::http::{self, ClientConnection, ClientEvent, Context, Limits, Rule, WriteError};
use wirenut::readiness::Standing;
use wirenut::time::Instant;
use wirenut::transport::{Disposition, Environment, Progress, Protocol};

use crate::Endpoint;
use crate::endpoint::Caller;

/// Why a call has failed, if it was not the stream.
#[derive(Clone, Copy)]
pub(crate) enum Failure {
    Protocol(http::Error),
    Refused(WriteError),
}

/// Hears what comes. `Some`: that was what the call is for, and so many bytes of the content are taken.
pub(crate) type Hearing<'c> = &'c mut dyn FnMut(ClientEvent<'_>) -> Option<usize>;

/// Sends a request, while it listens: the head that is written already, then its content, unless that is held back or
/// no longer wanted. It is over once the listener has what it is for, and all is sent or vain.
pub(crate) struct Asking<'c> {
    pub(crate) connection: &'c mut ClientConnection,
    pub(crate) limits: &'c Limits,
    pub(crate) listener: Hearing<'c>,
    /// Bytes of the head that lie in the output buffer.
    pub(crate) head: usize,
    /// Content is still to be read from its source.
    pub(crate) has_content: bool,
    /// Where content lies in the output buffer that is not sent.
    pub(crate) content: Range<usize>,
    pub(crate) is_heard: bool,
    pub(crate) failure: Option<Failure>,
}

impl Asking<'_> {
    #[cold]
    #[inline(never)]
    fn fail(&mut self, failure: Failure) {
        self.failure = self.failure.or(Some(failure));
    }

    fn note(&mut self, result: Result<(), http::Error>) {
        if let Err(error) = result {
            self.fail(Failure::Protocol(error));
        }
    }

    /// All content was sent.
    fn finish(&mut self, cx: &Context<'_>) {
        self.has_content = false;
        if let Err(error) = self.connection.finish(cx) {
            self.fail(Failure::Refused(error));
        }
    }

    /// Writes what is to be sent now. Returns how much that is.
    fn write(&mut self, cx: &Context<'_>, output: &mut [u8]) -> Result<usize, WriteError> {
        if self.head > 0 && !output.is_empty() {
            return Ok(core::mem::take(&mut self.head));
        }
        let Range { start, end } = self.content;
        if start == end {
            return Ok(self.connection.poll_transmit(cx, output));
        }
        if self.connection.is_stopped() {
            (self.content, self.has_content) = (0..0, false);
            return Ok(0);
        }
        // What is sent is made in front of where it was read to.
        let Some((room, rest)) = output.split_at_mut_checked(half(output.len())) else { return Ok(0) };
        let base = room.len();
        let piece = rest.get(start.saturating_sub(base)..end.saturating_sub(base)).unwrap_or(&[]);
        if piece.is_empty() {
            return Ok(0);
        }
        let (taken, written) = self.connection.send_body(cx, piece, room)?;
        if taken == 0 && !self.connection.is_held() {
            return Err(WriteError::Full);
        }
        self.content.start = start.saturating_add(taken);
        Ok(written)
    }

    /// Reads what has come. Returns how much was taken.
    fn read(&mut self, cx: &Context<'_>, input: &[u8], store: &mut [u8]) -> Result<usize, http::Error> {
        if self.is_heard {
            return Ok(0);
        }
        let (used, event) = self.connection.receive(cx, input, store)?;
        let Some(taken) = (self.listener)(event) else { return Ok(used) };
        self.is_heard = true;
        self.connection.take_body(cx, taken);
        Ok(used.saturating_add(taken))
    }
}

/// Content is read to the second half of the output, and sent from the first.
const fn half(length: usize) -> usize {
    length.div_ceil(2)
}

/// With the time of a call.
struct At<'a, 'c> {
    asking: &'a mut Asking<'c>,
    cx: Context<'c>,
}

impl Protocol for At<'_, '_> {
    fn drive(&mut self, input: &[u8], store: &mut [u8], output: &mut [u8]) -> Progress {
        let Self { asking, cx } = self;
        if asking.failure.is_some() {
            return Progress::default();
        }
        let written = asking.write(cx, output).unwrap_or_else(|error| {
            asking.fail(Failure::Refused(error));
            0
        });
        // What is to be sent goes first: a stream may block in a read for ever while nothing was asked.
        if written > 0 {
            return Progress { taken: 0, written };
        }
        let taken = asking.read(cx, input, store).unwrap_or_else(|error| {
            asking.fail(Failure::Protocol(error));
            0
        });
        Progress { taken, written }
    }

    fn handle_eof(&mut self) {
        let handled = self.asking.connection.handle_eof(&self.cx);
        self.asking.note(handled);
    }

    fn handle_sent(&mut self, sent: usize, left: usize) {
        self.asking.connection.handle_sent(&self.cx, sent, left);
    }

    fn handle_timeout(&mut self) {
        let handled = self.asking.connection.handle_timeout(&self.cx);
        self.asking.note(handled);
    }

    fn handle_reset(&mut self) {
        self.asking.connection.handle_reset(&self.cx);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.asking.connection.poll_timeout(self.cx.now)
    }

    fn is_readable(&self) -> bool {
        self.asking.connection.is_readable() && !self.asking.is_heard
    }

    fn standing(&self) -> Standing {
        Standing::Busy
    }

    fn disposition(&self) -> Disposition {
        self.asking.connection.disposition()
    }
}

impl Endpoint for Asking<'_> {
    fn with<R>(&mut self, now: Instant, _: &Environment<'_>, call: impl FnOnce(&mut dyn Protocol) -> R) -> R {
        let cx = Context { now, limits: self.limits, date: None };
        call(&mut At { asking: self, cx })
    }
}

impl Caller for Asking<'_> {
    const IS_DUPLEX: bool = true;

    fn is_done(&self, is_sent: bool) -> bool {
        let is_sent = is_sent && !self.has_content && self.content.is_empty();
        self.failure.is_some() || (self.is_heard && (is_sent || self.connection.is_stopped()))
    }

    fn content(&mut self, now: Instant, output: usize) -> Option<Range<usize>> {
        if !self.has_content || !self.content.is_empty() || self.connection.is_held() || self.connection.is_stopped() {
            return None;
        }
        let start = half(output);
        let unsent = self.connection.unsent().and_then(|unsent| usize::try_from(unsent).ok()).unwrap_or(usize::MAX);
        let length = output.saturating_sub(start).min(unsent);
        if length == 0 {
            let cx = Context { now, limits: self.limits, date: None };
            self.finish(&cx);
            return None;
        }
        self.content = start..start;
        Some(start..start.saturating_add(length))
    }

    fn handle_content(&mut self, now: Instant, count: usize, most: usize) {
        let cx = Context { now, limits: self.limits, date: None };
        if count > most {
            let error = self.connection.abort(&cx, Rule::SourceFailed);
            self.fail(Failure::Protocol(error));
        } else if count == 0 {
            self.finish(&cx);
        }
        self.content.end = self.content.start.saturating_add(count.min(most));
    }
}
