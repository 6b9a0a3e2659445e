//! A handler as the work of a server: one connection after the other.

use alloc::sync::Arc;
use core::time::Duration;
use std::io;
use std::os::fd::BorrowedFd;

use wirenut::readiness::Standing;
use wirenut::time;
use wirenut::transport::Disposition;
use wirenut_linux::Error;
use wirenut_linux::socket::{AnyAddress, AnyByteStream, AnyListener};

use super::farewell::part;
use super::introduction::{Unheard, read_header};
#[cfg(feature = "tls")]
use super::security::{Security, agree};
use super::stream::DrainEnd;
use super::{Handler, Stream};
use crate::board::Seat;
use crate::chores::Chores;
use crate::config::Config;
use crate::crew::{Accepted, Job, Listener, Task, one_by_one};
use crate::layer::Plain;
use crate::panics;
use crate::proxy_protocol::refuse;
use crate::throttle::Throttle;
#[cfg(feature = "tls")]
use crate::tls::Tls;
use crate::work::{Queue, Refuser, Work};

/// A handler, and how it is to be run.
pub(crate) struct Handled<'h, H: ?Sized> {
    pub(crate) handler: &'h H,
    pub(crate) config: Config,
    pub(crate) throttle: Throttle,
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<Tls>,
}

impl<H: Handler + Sync + ?Sized> Work for Handled<'_, H> {
    const MULTIPLEXES: bool = false;

    fn serve_all(&self, queue: Queue<'_>, seat: Seat) -> Result<(), Error> {
        let (listener, chores) = (Listener(queue.listener), Chores::of(self, &seat));
        let task = InTurn { work: self, listener: &listener, drain: Arc::default() };
        one_by_one(&listener, &task, (&self.config, &self.throttle), seat, chores)
    }

    fn serve_one(&self, stream: AnyByteStream, seat: Seat) -> Result<(), Error> {
        // Who is gone already has no address, and no use for an answer.
        let Ok(peer) = stream.peer_address() else { return Ok(()) };
        self.serve(Accepted { stream, peer }, seat, &Arc::default(), None)
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
        Accepted { stream, peer }: Accepted,
        seat: Seat,
        drain: &Arc<DrainEnd>,
        queue: Option<&AnyListener>,
    ) -> Result<(), Error> {
        seat.counts().accepted.add(1);
        let time_outs = [self.config.read_timeout, self.config.write_timeout].map(|limit| limit.map(Duration::from));
        let drain = (self.config.drain.into(), Arc::clone(drain));
        seat.counts().begin(Standing::Busy);
        let mut stream = Stream::new((stream, peer), seat, time_outs, drain);
        let outcome = match self.begin(&mut stream) {
            Ok(()) => panics::catch(|| self.handle(&stream)),
            Err(how) => Ok(how),
        };
        let peer = stream.peer().clone();
        let parts = stream.into_parts();
        #[cfg(feature = "tls")]
        let security = parts.security;
        let (socket, seat) = (parts.socket, parts.seat);
        let how = outcome.unwrap_or_else(|panic| {
            panics::log(panic, "the handler panicked", Some(peer), &seat);
            Disposition::Abort
        });
        seat.counts().change(Standing::Busy, Standing::Lingering);
        let how = (how, self.config.limits.linger.into());
        #[cfg(feature = "tls")]
        let parted = match security {
            Some(Security { layer, mut stage }) => part(socket, (&layer, &mut stage), &seat, how, queue),
            None => part(socket, (&Plain, &mut ()), &seat, how, queue),
        };
        #[cfg(not(feature = "tls"))]
        let parted = part(socket, (&Plain, &mut ()), &seat, how, queue);
        seat.counts().end(Standing::Lingering);
        parted
    }

    /// Learns whom a proxy passes on, and agrees on TLS, as far as each is wanted. If that fails, it says how the connection
    /// ends.
    fn begin(&self, stream: &mut Stream) -> Result<(), Disposition> {
        self.introduce(stream)?;
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            agree(stream, tls.clone(), self.config.limits.head)?;
        }
        Ok(())
    }

    /// Learns from a proxy who the client is. If that fails, it says how the connection ends.
    fn introduce(&self, stream: &mut Stream) -> Result<(), Disposition> {
        let Some(settings) = self.config.proxy_protocol.filter(|settings| settings.is_proxy(stream.peer())) else {
            return Ok(());
        };
        match read_header(stream, &settings) {
            Ok(client) => {
                stream.set_read_timeout(self.config.read_timeout.map(Duration::from));
                if let Some(client) = client {
                    stream.set_client(client);
                }
                Ok(())
            }
            Err(Unheard::Refused(error)) => Err(refuse(Some(stream.peer()), error, stream.counts())),
            Err(Unheard::Failed) => Err(Disposition::Cut),
        }
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

/// The same for a thread that accepts by itself, one after the other.
struct InTurn<'w, H: ?Sized> {
    work: &'w Handled<'w, H>,
    listener: &'w Listener,
    drain: Arc<DrainEnd>,
}

impl<H: Handler + Sync + ?Sized> Task<Accepted> for InTurn<'_, H> {
    fn verify(&self, job: &Accepted, seat: &Seat) -> bool {
        self.work.verify(job.peer(), seat)
    }

    fn run(&self, job: Accepted, seat: Seat) -> Result<(), Error> {
        self.work.serve(job, seat, &self.drain, Some(&self.listener.0))
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
