//! `service_fn`, which takes each connection over and sends back what comes.
#![no_std]
#![no_main]

use wirenut::http::service::{Exchange, Responder, Result, Step, service_fn};
use wirenut::http::{Field, Fields, Response, Status};
use wirenut_size_probes::service::run;

struct Echo;

impl<A, S> Exchange<A, S> for Echo {
    const UPGRADES: bool = true;

    fn proceed(&mut self, _: A, responder: &mut Responder<'_>) -> Result<Step<S>> {
        Ok(if responder.is_draining() { Step::Done } else { Step::Wait(None) })
    }

    fn body(&mut self, _: A, piece: &[u8], responder: &mut Responder<'_>) -> Result<(usize, Step<S>)> {
        Ok((responder.send_body(piece)?, Step::More))
    }

    fn end(&mut self, _: A, _: Fields<'_>, _: &mut Responder<'_>) -> Result<Step<S>> {
        Ok(Step::Done)
    }
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    run(&service_fn(|_, responder| {
        let fields = [Field::new("Upgrade", "echo")];
        responder.respond(&Response::new(Status::SWITCHING_PROTOCOLS).with_fields(&fields))?;
        Ok(Echo)
    }))
}
