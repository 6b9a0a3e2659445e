//! A header of a connection, whose bytes come in pieces.

use super::error::{Error, Rule};
use super::header::{Header, Parsed};
use super::limits::Limits;
use super::parse::parse;
use crate::time::Instant;

/// Receives the header of one connection, which must come within a time. It keeps no bytes: the caller offers all that came
/// so far, again with each piece.
///
/// ```text
///              ┌───────── NeedMore ─────────┐
///              ▼                            │
/// new ──► receiving ──► receive ────────────┴──► Header: the rest of the bytes is the client's
///              │
///              └──► handle_eof, handle_timeout ──► Error, which stays
/// ```
///
/// ```
/// use wirenut::proxy::{Limits, Parsed, Receiver};
/// use wirenut::time::Instant;
/// let limits = Limits::DEFAULT;
/// let mut receiver = Receiver::new(&limits, Instant::START);
/// assert_eq!(receiver.receive(&limits, b"PROXY TCP4 192.0.2"), Ok(Parsed::NeedMore(32)));
/// let all = b"PROXY TCP4 192.0.2.7 192.0.2.1 56324 443\r\nGET /";
/// let Ok(Parsed::Header(header)) = receiver.receive(&limits, all) else { unreachable!("it is whole") };
/// assert_eq!((&all[header.length..], receiver.poll_timeout()), (&b"GET /"[..], None));
/// ```
#[derive(Clone, Debug)]
pub struct Receiver {
    deadline: Instant,
    state: State,
}

/// Short numbers, for a connection is measured in bytes: an error lies within a header, of 65,535 bytes at most.
#[derive(Clone, Copy, Debug)]
enum State {
    Receiving { came: u16 },
    Failed { rule: Rule, offset: u16 },
}

impl State {
    fn failed(error: Error) -> Self {
        Self::Failed { rule: error.rule, offset: short(error.offset) }
    }
}

fn short(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

impl Receiver {
    /// The connection begins now.
    #[must_use]
    pub const fn new(limits: &Limits, now: Instant) -> Self {
        Self { deadline: now.saturating_add(limits.header), state: State::Receiving { came: 0 } }
    }

    /// More bytes have come: `input` is all that came since the connection began. With a header the receiver is finished;
    /// what stands behind it in `input`, from [`Header::length`] on, belongs to what is spoken next.
    ///
    /// # Errors
    /// As [`parse`]; the error of the call before, if there was one; [`Rule::Finished`] after a header.
    pub fn receive<'b>(&mut self, limits: &Limits, input: &'b [u8]) -> Result<Parsed<'b>, Error> {
        self.check()?;
        let parsed = parse(limits, input);
        self.state = match parsed {
            Ok(Parsed::NeedMore(_)) => State::Receiving { came: short(input.len()) },
            Ok(Parsed::Header(Header { length, .. })) => State::failed(Error::new(Rule::Finished, length)),
            Err(error) => State::failed(error),
        };
        parsed
    }

    /// The peer has ended the connection.
    ///
    /// # Errors
    /// [`Rule::Truncated`], or the error of a call before. After a header there is none: what follows is not looked at.
    pub fn handle_eof(&mut self) -> Result<(), Error> {
        self.fail(Rule::Truncated)
    }

    /// [`Self::poll_timeout`] is due. Looks again whether it is.
    ///
    /// # Errors
    /// [`Rule::Timeout`], or the error of a call before. After a header there is none.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        if now < self.deadline && matches!(self.state, State::Receiving { .. }) {
            return Ok(());
        }
        self.fail(Rule::Timeout)
    }

    /// Has a part of the header come, and nothing that breaks a rule?
    #[must_use]
    pub const fn has_begun(&self) -> bool {
        matches!(self.state, State::Receiving { came: 1.. })
    }

    /// When [`Self::handle_timeout`] is to be called: `None` after a header and after an error. Ask again after each
    /// [`Self::receive`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Receiving { .. } => self.deadline.unless_never(),
            State::Failed { .. } => None,
        }
    }

    fn fail(&mut self, rule: Rule) -> Result<(), Error> {
        if let State::Receiving { came } = self.state {
            self.state = State::Failed { rule, offset: came };
        }
        self.check().or_else(|error| if error.rule == Rule::Finished { Ok(()) } else { Err(error) })
    }

    fn check(&self) -> Result<(), Error> {
        match self.state {
            State::Receiving { .. } => Ok(()),
            State::Failed { rule, offset } => Err(Error::new(rule, offset.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Duration;

    const LIMITS: Limits = Limits { header: Duration::from_secs(3), ..Limits::DEFAULT };

    fn at(millis: u64) -> Instant {
        Instant::START.saturating_add(Duration::from_millis(millis))
    }

    #[test]
    fn a_connection_is_measured_in_bytes() {
        assert_eq!(size_of::<Receiver>(), 16);
    }

    #[test]
    fn a_header_must_come_in_time_however_slowly() {
        let mut receiver = Receiver::new(&LIMITS, at(1_000));
        for (length, _) in b"PROXY TCP".iter().enumerate() {
            assert_eq!(receiver.handle_timeout(at(3_999)), Ok(()));
            assert!(receiver.receive(&LIMITS, &b"PROXY TCP"[..length]).is_ok());
            assert_eq!((receiver.poll_timeout(), receiver.has_begun()), (Some(at(4_000)), length > 0));
        }
        let error = Err(Error { rule: Rule::Timeout, offset: 8 });
        assert_eq!(receiver.handle_timeout(at(4_000)), error);
        assert_eq!((receiver.poll_timeout(), receiver.has_begun()), (None, false));
        // It stays, whatever comes.
        assert_eq!(receiver.receive(&LIMITS, b"PROXY UNKNOWN\r\n").map(drop), error);
        assert_eq!((receiver.handle_eof(), receiver.handle_timeout(at(0))), (error, error));
    }

    #[test]
    fn an_end_before_the_header_is_an_error_and_behind_it_none() {
        let mut receiver = Receiver::new(&LIMITS, at(0));
        assert_eq!(receiver.handle_eof(), Err(Error { rule: Rule::Truncated, offset: 0 }));
        let mut receiver = Receiver::new(&LIMITS, at(0));
        assert!(matches!(receiver.receive(&LIMITS, b"PROXY UNKNOWN\r\n"), Ok(Parsed::Header(_))));
        assert_eq!((receiver.handle_eof(), receiver.handle_timeout(at(9_000))), (Ok(()), Ok(())));
        assert_eq!(receiver.receive(&LIMITS, b"PROXY"), Err(Error { rule: Rule::Finished, offset: 15 }));
    }

    #[test]
    fn who_waits_for_ever_has_no_deadline() {
        let limits = Limits { header: Duration::from_micros(u64::MAX), ..LIMITS };
        assert_eq!(Receiver::new(&limits, at(1)).poll_timeout(), None);
    }
}
