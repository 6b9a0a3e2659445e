//! Connections that an exchange has taken over.

extern crate alloc;

mod spoken;

use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

use super::*;
use crate::http::error::Misuse;
use crate::http::limits::Limits;
use crate::http::message::fields::{Field, Fields};
use crate::http::message::response::Response;
use crate::http::service::exchange::Exchange;
use crate::http::service::handler::Result;
use crate::http::service::responder::Responder;
use crate::http::service::serving::Serving;
use crate::http::service::{Step, service_fn};
use crate::http::status::Status;
use crate::readiness::Standing;
use crate::time::{Duration, Instant};
use crate::transport::{Environment, Protocol};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n";
const ACCEPTED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n";

fn switch(responder: &mut Responder<'_>) -> Result<()> {
    let fields = [Field::new("Upgrade", "x")];
    Ok(responder.respond(&Response::new(Status::SWITCHING_PROTOCOLS).with_fields(&fields))?)
}

fn at(seconds: u64) -> Context<'static> {
    let now = Instant::START.saturating_add(Duration::from_secs(seconds));
    Context { now, limits: &Limits::DEFAULT, date: None }
}

/// A session with its service, driven as Linux does it: of a store, only what must stay is there again.
struct Ends<'s, S: Service> {
    session: Session<S>,
    service: &'s S,
    stored: Vec<u8>,
    unread: Vec<u8>,
}

impl<'s, S: Service> Ends<'s, S> {
    fn new(service: &'s S) -> Self {
        Self { session: Session::new(&at(0)), service, stored: Vec::new(), unread: Vec::new() }
    }

    /// More bytes come at this second: what is written.
    fn drive(&mut self, seconds: u64, bytes: &[u8]) -> Vec<u8> {
        let mut store = [0xa5; Limits::DEFAULT.store_bytes()];
        store[..self.stored.len()].copy_from_slice(&self.stored);
        self.unread.extend_from_slice(bytes);
        let mut out = [0; 32 * 1024];
        let environment = Environment::alone(out.len());
        let driven = self.session.drive(&at(seconds), &environment, self.service, &self.unread, &mut store, &mut out);
        self.unread.drain(..driven.taken);
        self.stored = store[..self.session.stored()].to_vec();
        out[..driven.written].to_vec()
    }

    fn serving<R>(&mut self, seconds: u64, call: impl FnOnce(&mut Serving<'_, S>) -> R) -> R {
        let environment = Environment::alone(32 * 1024);
        let (session, service) = (&mut self.session, self.service);
        call(&mut Serving { session, service, cx: at(seconds), environment: &environment })
    }
}

/// What happened, for the test to see.
#[derive(Default)]
struct Notes {
    ends: Cell<u32>,
    closed: RefCell<Vec<core::result::Result<(), Rule>>>,
    wakeups: RefCell<Vec<Option<Wakeup>>>,
    /// What the exchange does when it is asked without bytes.
    wait: Cell<Option<Instant>>,
    takes: Cell<usize>,
    half_closes: Cell<bool>,
}

/// Sends back what comes, as much as it may take.
struct Echo<'n>(&'n Notes);

impl<S> Exchange<(), S> for Echo<'_> {
    const UPGRADES: bool = true;

    fn proceed(&mut self, (): (), responder: &mut Responder<'_>) -> Result<Step<S>> {
        self.0.wakeups.borrow_mut().push(responder.wakeup());
        if responder.is_draining() {
            return Ok(Step::Done);
        }
        if let Some(mut tunnel) = responder.tunnel() {
            tunnel.set_idle(true);
            if self.0.half_closes.get() {
                tunnel.shutdown_write();
            }
        }
        Ok(Step::Wait(self.0.wait.get()))
    }

    fn body(&mut self, (): (), piece: &[u8], responder: &mut Responder<'_>) -> Result<(usize, Step<S>)> {
        let piece = &piece[..piece.len().min(self.0.takes.get())];
        let taken = if self.0.half_closes.get() { piece.len() } else { responder.send_body(piece)? };
        Ok((taken, Step::Wait(self.0.wait.get())))
    }

    fn end(&mut self, (): (), _: Fields<'_>, responder: &mut Responder<'_>) -> Result<Step<S>> {
        self.0.ends.set(self.0.ends.get() + 1);
        if !self.0.half_closes.get() {
            responder.send_body(b"bye")?;
        }
        Ok(Step::Done)
    }

    fn closed(self, (): (), outcome: core::result::Result<(), Error>) {
        self.0.closed.borrow_mut().push(outcome.map_err(|error| error.rule));
    }
}

fn echo(notes: &Notes) -> impl Service<Source = core::convert::Infallible> {
    notes.takes.set(usize::MAX);
    service_fn(move |_, responder| {
        switch(responder)?;
        Ok(Echo(notes))
    })
}

#[test]
fn what_stands_behind_the_request_is_the_tunnels_and_is_answered_behind_the_101() {
    let notes = Notes::default();
    let service = echo(&notes);
    let mut ends = Ends::new(&service);
    let written = ends.drive(0, &[REQUEST, b"GET / HTTP/1.1\r\n"].concat());
    assert_eq!(written, [ACCEPTED, b"GET / HTTP/1.1\r\n"].concat());
    assert_eq!(ends.session.connection().states(), (State::Tunnel, State::Tunnel));
}

#[test]
fn bytes_end_a_wait_and_so_does_its_time() {
    let notes = Notes::default();
    let service = echo(&notes);
    let mut ends = Ends::new(&service);
    notes.wait.set(Some(at(9).now));
    assert_eq!(ends.drive(0, REQUEST), ACCEPTED);
    assert!(ends.session.is_readable());
    assert_eq!(ends.session.poll_timeout(at(0).now), Some(at(9).now));
    assert_eq!(ends.drive(1, b"one"), b"one");
    assert!(ends.session.is_readable());
    notes.wakeups.borrow_mut().clear();
    notes.wait.set(None);
    ends.session.handle_timeout(&at(9), &service);
    assert_eq!(ends.session.standing(), Standing::Busy, "it is to be driven");
    assert_eq!(ends.drive(9, b""), b"");
    assert_eq!(*notes.wakeups.borrow(), [Some(Wakeup::Time)]);
    assert_eq!(ends.session.poll_timeout(at(9).now), None);
}

#[test]
fn bytes_that_are_left_stay_with_the_transport_until_the_exchange_takes_some() {
    let notes = Notes::default();
    let service = echo(&notes);
    let mut ends = Ends::new(&service);
    notes.takes.set(2);
    assert_eq!(ends.drive(0, REQUEST), ACCEPTED);
    assert_eq!(ends.drive(0, b"abcde"), b"ab");
    assert!(!ends.session.is_readable());
    notes.takes.set(0);
    assert_eq!((ends.drive(0, b""), ends.session.is_readable()), (Vec::new(), false));
    notes.takes.set(9);
    assert_eq!((ends.drive(0, b""), ends.session.is_readable()), (b"cde".to_vec(), true));
}

#[test]
fn the_peers_end_is_told_once_also_where_it_was_known_before_all_was_taken() {
    for is_known_before in [false, true] {
        let notes = Notes::default();
        let service = echo(&notes);
        let mut ends = Ends::new(&service);
        assert_eq!(ends.drive(0, REQUEST), ACCEPTED);
        if is_known_before {
            assert!(ends.session.is_waiting());
            ends.session.handle_read_closed();
            assert_eq!(ends.drive(0, b""), b"");
        }
        assert_eq!(ends.drive(0, b"last"), b"last");
        ends.session.handle_eof(&at(0), &service);
        assert_eq!(ends.drive(0, b""), b"bye");
        assert_eq!((notes.ends.get(), &**notes.closed.borrow()), (1, &[Ok(())][..]));
        assert_eq!(ends.session.disposition(), Disposition::Close);
    }
}

#[test]
fn our_direction_may_end_before_the_peers() {
    let notes = Notes::default();
    let service = echo(&notes);
    let mut ends = Ends::new(&service);
    notes.half_closes.set(true);
    assert_eq!(ends.drive(0, REQUEST), ACCEPTED);
    assert_eq!((ends.session.disposition(), ends.session.standing()), (Disposition::ShutdownWrite, Standing::Idle));
    assert!(ends.session.is_readable());
    assert_eq!((ends.drive(60, b"more"), ends.unread.len()), (Vec::new(), 0));
    assert_eq!((ends.session.disposition(), ends.session.standing()), (Disposition::ShutdownWrite, Standing::Busy));
    ends.session.handle_eof(&at(60), &service);
    ends.drive(60, b"");
    assert_eq!((notes.ends.get(), &**notes.closed.borrow()), (1, &[Ok(())][..]));
    assert_eq!(ends.session.disposition(), Disposition::Close);
}

#[test]
fn a_tunnel_that_is_done_lingers() {
    let notes = Notes::default();
    let service = echo(&notes);
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST);
    ends.session.retire();
    assert_eq!(ends.drive(0, b""), b"");
    assert_eq!(notes.wakeups.borrow().last(), Some(&Some(Wakeup::Drain)));
    assert_eq!(*notes.closed.borrow(), [Ok(())]);
    assert_eq!(
        (ends.session.disposition(), ends.session.standing()),
        (Disposition::ShutdownWrite, Standing::Lingering)
    );
    assert_eq!((ends.drive(1, b"too late"), ends.unread.len()), (Vec::new(), 0));
    ends.session.handle_timeout(&at(9), &service);
    assert_eq!(ends.session.disposition(), Disposition::Close);
}

#[test]
fn an_idle_tunnel_gives_way_by_its_exchange() {
    let notes = Notes::default();
    let service = echo(&notes);
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST);
    assert_eq!(ends.session.standing(), Standing::Idle);
    assert!(!ends.serving(0, |serving| serving.give_way(true)));
    assert!(ends.serving(0, |serving| serving.give_way(false)));
    ends.drive(0, b"");
    assert_eq!(*notes.closed.borrow(), [Ok(())]);
    assert_eq!(ends.session.disposition(), Disposition::ShutdownWrite);
}

#[test]
fn a_tunnel_that_is_lost_closes_its_exchange_once() {
    for rule in [Rule::Reset, Rule::HostClosed] {
        let notes = Notes::default();
        let service = echo(&notes);
        let mut ends = Ends::new(&service);
        ends.drive(0, REQUEST);
        ends.session.handle_lost(&at(0), &service, rule);
        ends.session.handle_lost(&at(0), &service, rule);
        assert_eq!(*notes.closed.borrow(), [Err(rule)]);
        assert_eq!(ends.session.disposition(), Disposition::Cut);
    }
}

#[test]
fn a_service_that_does_not_say_that_it_upgrades_does_not() {
    struct Undeclared;

    impl<S> Exchange<(), S> for Undeclared {
        fn proceed(&mut self, (): (), _: &mut Responder<'_>) -> Result<Step<S>> {
            Ok(Step::More)
        }
    }

    let service = service_fn(|_, responder| {
        switch(responder)?;
        Ok(Undeclared)
    });
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST);
    assert_eq!(ends.session.take_error().map(|error| error.rule), Some(Rule::Misused(Misuse::UndeclaredUpgrade)));
    assert_eq!(ends.session.disposition(), Disposition::Abort);
}
