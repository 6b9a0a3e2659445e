//! A turn of a session: the service is asked about one thing that came, and what it says is done.

use super::{Failure, Pause, Refused, Session, Turn};
use crate::http::body::read::Found;
use crate::http::connection::Broken;
use crate::http::connection::context::Context;
use crate::http::error::{Misuse, Rule, WriteError};
use crate::http::grammar::incoming::Incoming;
use crate::http::message::request_head::Shortcut;
use crate::http::service::refusal::Refusal;
use crate::http::service::responder::Responder;
use crate::http::service::{Service, Step};
use crate::time::Instant;
use crate::transport::Environment;

impl<S: Service + ?Sized> Session<S> {
    /// Tells the service of a refused request, once its answer is written.
    #[cold]
    pub(super) fn tell_refusal(&mut self, environment: &Environment<'_>, service: &S, incoming: &Incoming<'_, '_>) {
        if self.connection.owes_error_answer() {
            return;
        }
        let received = match self.refused {
            Refused::InStore => incoming.store.get(..self.stored()).unwrap_or(&[]),
            Refused::None | Refused::InInput => incoming.rest,
        };
        self.refused = Refused::None;
        if let Some(error) = self.connection.error() {
            service.refused(&Refusal { error, received, environment });
        }
    }

    pub(super) fn turn(
        &mut self,
        cx: &Context<'_>,
        environment: &Environment<'_>,
        service: &S,
        incoming: &mut Incoming<'_, '_>,
        out: &mut [u8],
        written: &mut usize,
    ) -> Turn {
        if self.pause != Pause::None {
            return Turn::Rest;
        }
        let before = incoming.rest;
        let reserve = reserve(cx, environment);
        let may_ask = self.exchange.is_some() || (!before.is_empty() && self.connection.awaits_request());
        if may_ask && out.len().wrapping_sub(*written) < reserve {
            return self.wait_for_room(cx, service);
        }
        let refused = if self.connection.is_in_head() { Refused::InStore } else { Refused::InInput };
        let mut shortcut = Shortcut::default();
        let found = match self.connection.advance(cx, incoming, &mut shortcut) {
            Ok(found) => found,
            Err(Broken) if self.failure != Failure::None => return Turn::Rest,
            Err(Broken) => {
                incoming.rest = before;
                self.settle(service, refused);
                return Turn::Progress;
            }
        };
        let was_read = incoming.rest.len() < before.len();
        let out = out.get_mut(*written..).unwrap_or(&mut []);
        let is_tunnel = self.is_tunnel();
        let (store, lent) = match is_tunnel {
            true => (&[][..], Some(&mut *incoming.store)),
            false => (&*incoming.store, None),
        };
        if is_tunnel {
            self.connection.set_tunnel_idle(false);
        }
        let mut responder = Responder {
            connection: &mut self.connection,
            cx,
            environment,
            out,
            written: 0,
            reserve,
            status: 0,
            content: 0,
            behind: incoming.rest.len(),
            wakeup: self.wakeup,
            notices: &self.notices,
            store: lent,
        };
        let mut body_taken = 0;
        let asked = match (found, &mut self.exchange) {
            (Found::Head, exchange) => {
                let head = responder.connection.head(cx.limits, store, shortcut);
                service.request(&head, &mut responder).map(|(begun, step)| {
                    *exchange = Some(begun);
                    step
                })
            }
            (Found::Content, Some(exchange)) => {
                let piece = responder.connection.content(incoming.rest);
                service.body(exchange, piece, &mut responder).map(|(taken, step)| {
                    body_taken = taken.min(piece.len());
                    step
                })
            }
            (Found::End, Some(exchange)) => {
                let trailers = responder.connection.trailers(cx.limits, store);
                service.end(exchange, trailers, &mut responder)
            }
            (Found::NeedMore | Found::Paused, Some(exchange)) => service.proceed(exchange, &mut responder),
            (Found::Content | Found::End | Found::NeedMore | Found::Paused | Found::Closed, _) => {
                return if was_read { Turn::Progress } else { Turn::Rest };
            }
        };
        self.wakeup = None;
        let has_written = responder.written > 0;
        *written = written.wrapping_add(responder.written);
        let has_moved = was_read || body_taken > 0 || has_written;
        let rule = match asked {
            Err(WriteError::Full) => Rule::ResponseTooLarge,
            Err(WriteError::Misuse(misuse)) => Rule::Misused(misuse),
            // It has nothing to wait for, for there is room.
            Ok(Step::More) if found == Found::Paused && !has_written && !self.connection.is_responding() => {
                Rule::NoResponse
            }
            Ok(step) => {
                if body_taken > 0 {
                    self.connection.take_body(cx, body_taken);
                }
                incoming.consume(body_taken);
                let has_left_some = !incoming.rest.is_empty();
                let ended = self.obey(cx, service, step, has_left_some);
                if !is_tunnel && self.is_tunnel() {
                    self.begin_tunnel();
                }
                // A service that neither moved nor changed anything is asked again when something has changed.
                let is_once = matches!(found, Found::Head | Found::End);
                return if has_moved || ended || is_once { Turn::Progress } else { Turn::Rest };
            }
        };
        incoming.rest = before;
        self.connection.fail(cx, rule);
        self.settle(service, refused);
        Turn::Progress
    }

    /// The exchange has taken the connection over.
    fn begin_tunnel(&mut self) {
        self.connection.keep(0);
        if self.pause == Pause::Waiting {
            // What there is of the tunnel was not seen yet.
            self.pause = Pause::None;
        }
    }

    /// Takes nothing until there is room: then it is the peer's turn only to take what was written.
    fn wait_for_room(&mut self, cx: &Context<'_>, service: &S) -> Turn {
        if self.connection.note_time(cx).is_err() {
            self.settle(service, Refused::InInput);
            return Turn::Progress;
        }
        self.pause = Pause::Room;
        self.connection.pause(cx);
        Turn::Rest
    }

    /// Does what the service wants, which may have left some of what came. Whether that ended the exchange.
    fn obey(&mut self, cx: &Context<'_>, service: &S, step: Step<S::Source>, has_left_some: bool) -> bool {
        let rule = match step {
            // The service may have thrown away what it was told of a misuse.
            _ if self.connection.error().is_some() => Rule::Aborted,
            _ if !S::UPGRADES && self.connection.is_tunnel() => Rule::Misused(Misuse::UndeclaredUpgrade),
            Step::Abort => Rule::Aborted,
            Step::Done if !self.connection.is_responding() => Rule::NoResponse,
            // Nothing of a response to HEAD is sent but its head.
            Step::Done if S::UPGRADES && self.connection.has_ended_tunnel_output() => {
                self.connection.linger_or_close(cx);
                self.close_exchange(service, Ok(()));
                return true;
            }
            _ if matches!(step, Step::Done) || self.connection.discards_body() => match self.connection.finish(cx) {
                Ok(()) => {
                    self.close_exchange(service, Ok(()));
                    return true;
                }
                Err(_) => Rule::Aborted,
            },
            Step::More | Step::Done => return false,
            Step::Wait(until) => {
                self.pause = Pause::Waiting;
                self.pause_bound = until.map_or(u64::MAX, Instant::as_micros);
                if self.is_tunnel() {
                    self.connection.wait_in_tunnel(cx, has_left_some);
                } else {
                    self.connection.pause(cx);
                }
                return false;
            }
            Step::Transfer { length: 0, .. } => Rule::Misused(Misuse::EmptyTransfer),
            Step::Transfer { source, length } => match self.connection.unsent() {
                None => Rule::Misused(Misuse::NoBody),
                // The adapter would have sent too much before anybody noticed.
                Some(unsent) if length > unsent => Rule::Misused(Misuse::BodyTooLong),
                Some(_) => {
                    self.source = Some(source);
                    self.pause = Pause::Transferring;
                    self.pause_bound = length;
                    self.connection.pause(cx);
                    return false;
                }
            },
        };
        // What broke the connection before is what is told.
        self.connection.fail(cx, rule);
        self.settle(service, Refused::None);
        true
    }
}

/// The room that there is whenever the service is asked.
fn reserve(cx: &Context<'_>, environment: &Environment<'_>) -> usize {
    usize::try_from(cx.limits.output_reserve).unwrap_or(usize::MAX).min(environment.output_capacity)
}
