//! The end of a connection whose handler has returned: by the loop of every connection, so that nothing of what was
//! written is lost.

use core::time::Duration;
use std::os::fd::AsFd;
use std::time::Instant;

use wirenut::readiness::{Interest, Poller, Standing, Token};
use wirenut::time;
use wirenut::transport::{Disposition, Progress, Protocol};
use wirenut_linux::Error;
use wirenut_linux::connection::{Connection, Memory, Next, no_transfer};
use wirenut_linux::poller::Poll;
use wirenut_linux::socket::{AnyByteStream, AnyListener};

use crate::board::{Seat, Stop};
use crate::clock::Clock;
use crate::layer::Layer;
use crate::vigil::Vigil;

const SOCKET: Token = Token(0);
const QUEUE: Token = Token(1);

/// Says nothing more: throws away what comes until the peer has ended, or its time is over.
struct Farewell {
    disposition: Disposition,
    until: time::Instant,
}

impl Protocol for Farewell {
    fn drive(&mut self, input: &[u8], _: &mut [u8], _: &mut [u8]) -> Progress {
        Progress { taken: input.len(), written: 0 }
    }

    fn handle_eof(&mut self) {
        if self.disposition == Disposition::ShutdownWrite {
            self.disposition = Disposition::Close;
        }
    }

    fn handle_sent(&mut self, _: usize, _: usize) {}

    fn handle_timeout(&mut self) {
        self.disposition = match self.disposition {
            Disposition::Abort | Disposition::Cut => Disposition::Cut,
            Disposition::Open | Disposition::ShutdownWrite | Disposition::Close => Disposition::Close,
        };
    }

    fn handle_reset(&mut self) {
        self.disposition = Disposition::Cut;
    }

    fn poll_timeout(&self) -> Option<time::Instant> {
        Some(self.until)
    }

    fn is_readable(&self) -> bool {
        true
    }

    fn standing(&self) -> Standing {
        Standing::Lingering
    }

    fn disposition(&self) -> Disposition {
        self.disposition
    }
}

/// Ends the connection as that says, and takes so long for it at most; less when somebody else needs its place, or the
/// server stops at once. `queue`: whoever waits there needs it.
pub(super) fn part<L: Layer>(
    socket: AnyByteStream,
    (layer, state): (&L, &mut L::State),
    seat: &Seat,
    (how, limit): (Disposition, Duration),
    queue: Option<&AnyListener>,
) -> Result<(), Error> {
    let mut clock = Clock::new(seat.start());
    let until = clock.now().saturating_add(limit.into());
    let mut farewell = Farewell { disposition: how, until };
    let (mut connection, mut leftover, mut input) = (Connection::new(), None, [0; 4_096]);
    let mut vigil = Vigil::new(Poll::new(), seat.clone())?;
    vigil.poller().register(socket.as_fd(), SOCKET, connection.interest())?;
    if let Some(queue) = queue {
        vigil.poller().register(queue.as_fd(), QUEUE, Interest::READABLE)?;
    }
    let deadline = Instant::now().checked_add(limit);
    seat.set_standing(Standing::Lingering, clock.now());
    let mut event = None;
    loop {
        let before = connection.interest();
        let memory = Memory { input: &mut input, store: &mut [], output: &mut [], leftover: &mut leftover };
        let lent = layer.lend(state, &socket);
        match connection.turn(lent, event, &mut farewell, memory, no_transfer).next {
            Next::Close => return Ok(()),
            Next::Reset => return socket.abort(),
            Next::Again => continue,
            Next::Wait => {}
        }
        if connection.interest() != before {
            vigil.poller().modify(socket.as_fd(), SOCKET, connection.interest())?;
        }
        vigil.wait(deadline)?;
        event = None;
        let mut is_wanted = false;
        while let Some(next) = vigil.next_event()? {
            is_wanted |= next.token == QUEUE;
            event = Some(next).filter(|next| next.token == SOCKET).or(event);
        }
        clock.advance();
        if is_wanted || seat.wanted_stop() == Stop::Now || seat.takes_wish_to_give_way() {
            farewell.handle_timeout();
        } else if farewell.until <= clock.now() {
            connection.handle_timeout(layer.lend(state, &socket), &mut farewell);
        }
    }
}
