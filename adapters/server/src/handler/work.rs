//! A handler as the work of a server: one connection after the other.

use core::time::Duration;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use wirenut::readiness::{Poller, Standing, Token};
use wirenut::time;
use wirenut::transport::Disposition;
use wirenut_linux::Error;
use wirenut_linux::poller::Epoll;
use wirenut_linux::socket::{AnyAddress, AnyByteStream, AnyListener, Attempt, Mode};

use super::farewell::part;
use super::{Handler, Stream};
use crate::board::{Seat, Stop};
use crate::chores::Chores;
use crate::config::Config;
use crate::panics;
use crate::throttle::Throttle;
use crate::vigil::Vigil;
use crate::work::{Queue, Refuser, Work};

const LISTENER: Token = Token(0);

/// How long nobody is accepted after the system has run out of something.
const RECOVERY: Duration = Duration::from_millis(100);

/// A handler, and how it is to be run.
pub(crate) struct Handled<'h, H: ?Sized> {
    pub(crate) handler: &'h H,
    pub(crate) config: Config,
    pub(crate) throttle: Throttle,
}

impl<H: Handler + ?Sized> Work for Handled<'_, H> {
    const MULTIPLEXES: bool = false;

    fn serve_all(&self, queue: Queue<'_>, seat: Seat) -> Result<(), Error> {
        let chores = Chores::of(self, &seat);
        let mut vigil = Vigil::new(Epoll::new()?, seat)?;
        vigil.poller().register_shared(queue.listener.as_fd(), LISTENER)?;
        Serving { work: self, vigil, listener: queue.listener, chores, ends_at: None }.run()
    }

    fn serve_one(&self, socket: AnyByteStream, seat: Seat) -> Result<(), Error> {
        // Who is gone already has no address, and no use for an answer.
        match socket.peer_address() {
            Ok(peer) => {
                seat.counts().accepted.add(1);
                self.serve((socket, peer), seat, self.config.drain.into(), None)
            }
            Err(_) => Ok(()),
        }
    }

    fn refuser(&self, seat: Seat) -> Result<Box<dyn Refuser + '_>, Error> {
        Ok(Box::new(Closes(seat)))
    }

    fn verify(&self, peer: &AnyAddress, seat: &Seat) -> bool {
        panics::catch(|| self.handler.verify(peer)).unwrap_or_else(|panic| {
            panics::log(panic, "the handler panicked", Some(peer), seat);
            false
        })
    }

    fn chore_interval(&self) -> Option<Duration> {
        self.handler.service_interval()
    }

    fn do_chores(&self, seat: &Seat) {
        if let Err(panic) = panics::catch(|| self.handler.service_actions()) {
            panics::log(panic, "the handler's service actions panicked", None::<AnyAddress>, seat);
        }
    }
}

impl<H: Handler + ?Sized> Handled<'_, H> {
    /// Handles a connection, and ends it.
    fn serve(
        &self,
        connection: (AnyByteStream, AnyAddress),
        seat: Seat,
        drain: Duration,
        queue: Option<&AnyListener>,
    ) -> Result<(), Error> {
        let time_outs = [self.config.read_timeout, self.config.write_timeout].map(|limit| limit.map(Duration::from));
        seat.counts().begin(Standing::Busy);
        let stream = Stream::new(connection, seat, time_outs, drain);
        let outcome = panics::catch(|| self.handle(&stream));
        let peer = stream.peer().clone();
        let (socket, seat) = stream.into_parts();
        let how = outcome.unwrap_or_else(|panic| {
            panics::log(panic, "the handler panicked", Some(peer), &seat);
            Disposition::Abort
        });
        seat.counts().change(Standing::Busy, Standing::Lingering);
        let parted = part(socket, &seat, how, self.config.limits.linger.into(), queue);
        seat.counts().end(Standing::Lingering);
        parted
    }

    /// Has it handled, and says how it ends.
    fn handle(&self, stream: &Stream) -> Disposition {
        let outcome = self.handler.handle(stream);
        if stream.is_cut() {
            stream.counts().cut.add(1);
        }
        match outcome {
            Ok(()) if stream.is_cut() => Disposition::Cut,
            // There is nothing to wait for.
            Ok(()) if stream.has_ended() => Disposition::Close,
            Ok(()) => Disposition::ShutdownWrite,
            Err(error) => {
                if stream.has_timed_out() && error.kind() == io::ErrorKind::TimedOut {
                    self.handler.timed_out(stream.peer());
                } else {
                    self.handler.failed(stream.peer(), &error);
                }
                if stream.is_cut() { Disposition::Cut } else { Disposition::Abort }
            }
        }
    }
}

/// A thread that accepts and serves by itself.
struct Serving<'w, H: ?Sized> {
    work: &'w Handled<'w, H>,
    vigil: Vigil<Epoll>,
    listener: AnyListener,
    chores: Chores<'w>,
    /// When the drain is over, since it has begun.
    ends_at: Option<Instant>,
}

/// What became of a look into the queue.
enum Looked {
    Served,
    NoneWaiting,
    OutOfResources,
}

impl<H: Handler + ?Sized> Serving<'_, H> {
    fn run(mut self) -> Result<(), Error> {
        loop {
            if self.vigil.seat().wanted_stop() != Stop::No {
                return self.serve_rest();
            }
            self.vigil.wait(self.chores.due())?;
            let mut knocks = false;
            while self.vigil.next_event()?.is_some() {
                knocks = true;
            }
            self.chores.do_if_due();
            if knocks && matches!(self.serve_next()?, Looked::OutOfResources) {
                self.recover()?;
            }
        }
    }

    /// Serves those who wait, as many as the queue holds, until the drain is over. Others may come for as long as one looks.
    fn serve_rest(&mut self) -> Result<(), Error> {
        let drain = Duration::from(self.work.config.drain);
        let ends_at = Instant::now().checked_add(drain);
        self.ends_at = ends_at;
        for _ in 0..self.work.config.backlog.max(1) {
            let is_over = ends_at.is_some_and(|at| at <= Instant::now());
            if is_over || self.vigil.seat().wanted_stop() == Stop::Now {
                break;
            }
            if !matches!(self.serve_next()?, Looked::Served) {
                break;
            }
        }
        Ok(())
    }

    fn serve_next(&mut self) -> Result<Looked, Error> {
        match self.listener.accept(Mode::NonBlocking) {
            Ok(Attempt::Done((socket, peer))) => {
                let seat = self.vigil.seat().clone();
                if self.work.verify(&peer, &seat) {
                    seat.counts().accepted.add(1);
                    let left = self.ends_at.map(|at| at.saturating_duration_since(Instant::now()));
                    let drain = left.unwrap_or(self.work.config.drain.into());
                    self.work.serve((socket, peer), seat, drain, Some(&self.listener))?;
                } else {
                    seat.counts().refused.add(1);
                }
                Ok(Looked::Served)
            }
            Ok(Attempt::WouldBlock) => Ok(Looked::NoneWaiting),
            Err(error) => {
                let is_short = error.is_out_of_resources();
                self.work.throttle.warn(error);
                Ok(if is_short { Looked::OutOfResources } else { Looked::Served })
            }
        }
    }

    /// Waits for a moment without looking into the queue.
    fn recover(&mut self) -> Result<(), Error> {
        self.vigil.poller().deregister(self.listener.as_fd(), LISTENER)?;
        self.vigil.wait(Instant::now().checked_add(RECOVERY))?;
        while self.vigil.next_event()?.is_some() {}
        self.vigil.poller().register_shared(self.listener.as_fd(), LISTENER)
    }
}

/// Closes those who are refused: what a handler would say is its own affair.
struct Closes(Seat);

impl Refuser for Closes {
    fn refuse(&mut self, stream: AnyByteStream) -> Result<(), Error> {
        self.0.counts().refused.add(1);
        drop(stream);
        Ok(())
    }

    fn run(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn poll_timeout(&self) -> Option<time::Instant> {
        None
    }

    fn readable(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn abandon(&mut self) {}
}
