//! Bodies that go out as there is room.

use crate::http::service::Step;
use crate::http::service::exchange::Exchange;
use crate::http::service::handler::Result;
use crate::http::service::responder::Responder;

/// A body that a function makes, piece by piece. Made by [`Responder::stream`].
#[derive(Clone, Debug)]
pub struct Stream<F> {
    pub(in crate::http::service) fill: F,
}

impl<A, S, F: FnMut(&mut [u8]) -> Result<usize>> Exchange<A, S> for Stream<F> {
    fn proceed(&mut self, _: A, responder: &mut Responder<'_>) -> Result<Step<S>> {
        if responder.unsent() == Some(0) {
            return Ok(Step::Done);
        }
        let mut filled = Ok(0);
        let had_room = responder.fill_body(|place| {
            filled = (self.fill)(place);
            filled.unwrap_or(0)
        })?;
        Ok(if had_room && filled? == 0 { Step::Done } else { Step::More })
    }
}

/// A body that is there already. It holds nothing else: how far it is sent the connection knows. Made by
/// [`Responder::send_all`].
#[derive(Clone, Debug)]
pub struct SendAll<B> {
    pub(in crate::http::service) body: B,
}

impl<A, S, B: AsRef<[u8]>> Exchange<A, S> for SendAll<B> {
    fn proceed(&mut self, _: A, responder: &mut Responder<'_>) -> Result<Step<S>> {
        let body = self.body.as_ref();
        let unsent = responder.unsent().and_then(|unsent| usize::try_from(unsent).ok()).unwrap_or(0);
        let rest = body.get(body.len().saturating_sub(unsent)..).unwrap_or(&[]);
        Ok(if responder.send_body(rest)? == rest.len() { Step::Done } else { Step::More })
    }
}
