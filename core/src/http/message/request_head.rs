//! Request heads (RFC 9112 §2 to §7), as they are given out: validated lines where they lie, with every decision that
//! framing needs.

use super::fields::Fields;
use super::target::Target;
use crate::bytes::{self, SP};
use crate::http::error::{Error, Rule};
use crate::http::framing::BodyFraming;
use crate::http::grammar::incoming::Incoming;
use crate::http::grammar::machine::Machine;
#[cfg(feature = "quick")]
use crate::http::grammar::quick::{self, QuickRequest};
use crate::http::grammar::state::State;
use crate::http::limits::Limits;
use crate::http::method::Method;
use crate::http::version::Version;

/// A request's head. Borrows from the bytes that were received, or from the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct RequestHead<'b> {
    /// The method.
    pub method: Method<'b>,
    /// What the request is for.
    pub target: Target<'b>,
    /// The version.
    pub version: Version,
    /// The field lines.
    pub fields: Fields<'b>,
    /// What follows the head.
    pub body: BodyFraming,
}

/// How many bytes were consumed, and the head, once it is complete; or the rule that the byte behind them breaks.
pub(crate) type ReadHead<H> = (usize, Result<Option<H>, Rule>);

/// A request's head that the quick front took out of the input, if it did.
#[derive(Default)]
pub(crate) struct Shortcut<'b> {
    #[cfg(feature = "quick")]
    head: Option<RequestHead<'b>>,
    #[cfg(not(feature = "quick"))]
    head: core::marker::PhantomData<&'b ()>,
}

impl<'b> Shortcut<'b> {
    /// The head, if it was taken.
    #[inline]
    #[cfg_attr(not(feature = "quick"), expect(clippy::unused_self, reason = "there is none"))]
    pub(crate) fn take(self) -> Option<RequestHead<'b>> {
        #[cfg(feature = "quick")]
        return self.head;
        #[cfg(not(feature = "quick"))]
        None
    }
}

impl Machine {
    /// Reads on in the head of a request. Is it complete? Then its content follows, and the head is in `shortcut`, or is made
    /// by [`Self::request`].
    #[inline]
    pub(crate) fn read_request<'b>(
        &mut self,
        limits: &Limits,
        incoming: &mut Incoming<'b, '_>,
        shortcut: &mut Shortcut<'b>,
    ) -> Result<bool, Rule> {
        #[cfg(feature = "quick")]
        if self.is_at_start()
            && let Some(quick) = quick::request(self, limits, incoming.rest)
        {
            let QuickRequest { length, method, target, version, lines } = quick;
            let target = Target::origin(target);
            let fields = Fields::validated(lines, limits.field_filter);
            let head = RequestHead { method, target, version, fields, body: self.framing() };
            self.begin_content(limits, head.body);
            shortcut.head = Some(head);
            incoming.consume(length);
            return Ok(true);
        }
        #[cfg(not(feature = "quick"))]
        let _ = shortcut;
        self.read(limits, incoming)?;
        let is_complete = self.state == State::SectionDone;
        if is_complete {
            self.begin_content(limits, self.framing());
        }
        Ok(is_complete)
    }

    /// The request whose lines are kept.
    pub(crate) fn request<'s>(&self, limits: &Limits, store: &'s [u8]) -> RequestHead<'s> {
        let (method, rest) = split_at_space(self.lines(store));
        let (target, rest) = split_at_space(rest);
        let fields = rest.get("HTTP/1.1\r\n".len()..).unwrap_or(&[]);
        let method = Method::from_token(method);
        RequestHead {
            method,
            target: Target::validated(method, target),
            version: self.version(),
            fields: Fields::validated(fields, limits.field_filter),
            body: self.framing(),
        }
    }
}

/// The first line, and what follows its line end.
pub(crate) fn split_line(lines: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes::line_feed(lines).unwrap_or(lines.len());
    let line = lines.get(..end.saturating_sub(1)).unwrap_or(&[]);
    (line, lines.get(end.saturating_add(1)..).unwrap_or(&[]))
}

/// What stands before the first space, and behind it: there is one.
fn split_at_space(line: &[u8]) -> (&[u8], &[u8]) {
    let rest = bytes::behind(line, SP);
    let end = line.len().saturating_sub(rest.len()).saturating_sub(1);
    (line.get(..end).unwrap_or(&[]), rest)
}

impl<'b> RequestHead<'b> {
    /// Reads the request's head that `bytes` begin with, and takes every decision that its framing needs. Returns its
    /// length in bytes, empty lines before it included, and it; `None` where more bytes are needed. `store` holds
    /// [`Limits::store_bytes`]; the head lies there, or in `bytes`.
    ///
    /// For those who only look: a [`ServerConnection`](crate::http::ServerConnection) reads a head that comes in pieces
    /// in linear time, and does what follows from it.
    ///
    /// # Errors
    /// The rule that is broken, and the index of the byte that broke it.
    ///
    /// ```
    /// use wirenut::http::{BodyFraming, Limits, RequestHead, Rule};
    /// let mut store = [0; Limits::DEFAULT.store_bytes()];
    /// let bytes = b"PUT /a HTTP/1.1\r\nHost: b\r\nContent-Length: 3\r\n\r\nabc";
    /// let (length, head) = RequestHead::parse(&Limits::DEFAULT, bytes, &mut store).unwrap().unwrap();
    /// assert_eq!((&bytes[length..], head.body), (&b"abc"[..], BodyFraming::Length(3)));
    /// assert_eq!(RequestHead::parse(&Limits::DEFAULT, b"PUT /a HTTP/1.1\r\nHost", &mut store), Ok(None));
    /// let error = RequestHead::parse(&Limits::DEFAULT, b"PUT /a HTTP/1.1\r\nHost : b\r\n", &mut store).unwrap_err();
    /// assert_eq!((error.rule, error.offset), (Rule::SpaceBeforeColon, 21));
    /// ```
    #[inline]
    pub fn parse(limits: &Limits, bytes: &'b [u8], store: &'b mut [u8]) -> Result<Option<(usize, Self)>, Error> {
        let mut machine = Machine::new(limits, State::RequestStart);
        let mut shortcut = Shortcut::default();
        let mut incoming = Incoming { rest: bytes, store };
        match machine.read_request(limits, &mut incoming, &mut shortcut) {
            Ok(false) => Ok(None),
            Ok(true) => {
                let length = bytes.len().saturating_sub(incoming.rest.len());
                Ok(Some((length, shortcut.take().unwrap_or_else(|| machine.request(limits, incoming.store)))))
            }
            Err(rule) => Err(Error { rule, offset: machine.offset }),
        }
    }
}
