//! A service, asked over HTTP.

mod guard;
mod names;
mod spoken;

use wirenut::http::service::{Service, Serving, Session};
use wirenut::http::{Context, Limits};

use crate::board::Seat;
use crate::slots::Token;
use crate::speaker::{Call, Speaker};
use crate::transfer::Transfer;
use guard::Guard;
use spoken::Spoken;

/// HTTP, with a service whose panics are caught.
pub(crate) struct Http<'s, S: ?Sized> {
    guard: Guard<'s, S>,
    limits: Limits,
}

impl<'s, S: Service + ?Sized> Http<'s, S> {
    pub(crate) fn new(service: &'s S, limits: Limits, seat: Seat) -> Self {
        Self { guard: Guard::new(service, seat), limits }
    }

    /// What the core is told with every call.
    const fn context<'c>(&'c self, call: &Call<'c>) -> Context<'c> {
        Context { now: call.clock.now(), limits: &self.limits, date: Some(call.clock.date()) }
    }
}

impl<'s, S: Service<Source: Transfer> + ?Sized> Speaker for Http<'s, S> {
    #[cfg(feature = "tls")]
    const IS_HTTP: bool = true;

    type State = Session<Guard<'s, S>>;
    type Spoken<'c>
        = Spoken<'c, 's, S>
    where
        Self: 'c;

    fn begin(&self, call: &Call<'_>) -> Self::State {
        Session::new(&self.context(call))
    }

    fn refuse(&self, call: &Call<'_>) -> Option<Self::State> {
        Some(Session::refusing(&self.context(call)))
    }

    #[inline]
    fn spoken<'c>(&'c self, session: &'c mut Self::State, call: &Call<'c>) -> Spoken<'c, 's, S> {
        let Call { environment, socket, counts, .. } = *call;
        let serving = Serving { session, service: &self.guard, cx: self.context(call), environment };
        Spoken { serving, socket, counts }
    }

    fn set_ends_soon(&self, ends_soon: bool) {
        self.guard.set_ends_soon(ends_soon);
    }

    #[inline]
    fn set_current(&self, token: Token) {
        self.guard.names().set_current(token.slot);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::slots::slot_bytes;
    use core::convert::Infallible;
    use wirenut::http::service::{Responder, Step};
    use wirenut::http::{RequestHead, WriteError};
    use wirenut::readiness::Link;

    /// A service that keeps nothing of an exchange.
    pub(crate) struct Stateless;

    impl Service for Stateless {
        type Exchange = ();
        type Source = Infallible;

        fn request(&self, _: &RequestHead<'_>, _: &mut Responder<'_>) -> Result<((), Step), WriteError> {
            Ok(((), Step::Abort))
        }
    }

    /// All that an idle connection costs: session, descriptor, name, and links of the timer and of the idle list.
    #[test]
    fn a_connection_fits_in_116_bytes() {
        let slot = slot_bytes::<<Http<'_, Stateless> as Speaker>::State>();
        assert!(slot + size_of::<Link>() <= 116, "{slot} + {}", size_of::<Link>());
    }
}
