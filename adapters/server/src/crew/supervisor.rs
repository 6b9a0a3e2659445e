//! Processes that are made at the start, and made again when they die.

use core::num::NonZeroUsize;
use core::time::Duration;
use std::os::fd::AsFd;
use std::time::Instant;

use wirenut::readiness::{Interest, Poller, Token};
use wirenut_linux::Error;
use wirenut_linux::poller::{Bell, Poll};
use wirenut_linux::process::{Child, SpawnError};

use super::backoff::Backoff;
use super::{Staff, child};
use crate::board::{Board, Colleague, Seat, Stop};
use crate::chores::Chores;
use crate::throttle::Throttle;
use crate::vigil::Vigil;

/// How long after [`Config::drain`](crate::Config::drain), when they cut what is left, processes have to end before they are
/// killed.
const GRACE: Duration = Duration::from_secs(1);

/// Runs until all of them have ended. Each gets its own descriptor of the socket, and a seat.
pub(crate) fn run<L, F: Fn(L, Seat) -> Result<(), Error>>(
    serve: F,
    socket: L,
    workers: NonZeroUsize,
    staff: Staff<'_>,
    chores: Chores<'_>,
) -> Result<(), Error> {
    child::check_threads()?;
    let workers = (1..=workers.get()).map(Worker::new).collect::<Result<_, _>>()?;
    Supervisor {
        vigil: Vigil::new(Poll::new(), staff.lead_seat())?,
        board: staff.board,
        socket: Some(socket),
        serve,
        workers,
        chores,
        throttle: Throttle::default(),
        drain: staff.config.drain.into(),
        told: Stop::No,
        kill_at: None,
    }
    .run()
}

struct Supervisor<'r, L, F> {
    vigil: Vigil<Poll>,
    board: &'r Board,
    /// None once they have been told to stop: the last of them closes the socket.
    socket: Option<L>,
    serve: F,
    workers: Vec<Worker>,
    chores: Chores<'r>,
    throttle: Throttle,
    drain: Duration,
    /// What they were told.
    told: Stop,
    /// When those are killed who have not ended by then.
    kill_at: Option<Instant>,
}

/// One of the processes, or the place of one.
struct Worker {
    /// Its place on the board.
    number: usize,
    bell: Bell,
    state: State,
    backoff: Backoff,
}

enum State {
    Runs {
        child: Child,
        seat: Seat,
        since: Instant,
    },
    /// It is to be made then.
    Waits {
        until: Instant,
    },
    /// It will not be made again.
    Gone,
}

impl Worker {
    fn new(number: usize) -> Result<Self, Error> {
        let state = State::Waits { until: Instant::now() };
        Ok(Self { number, bell: Bell::new()?, state, backoff: Backoff::default() })
    }

    /// When it is to be made, if it is not there.
    const fn starts_at(&self) -> Option<Instant> {
        match self.state {
            State::Waits { until } => Some(until),
            State::Runs { .. } | State::Gone => None,
        }
    }
}

impl<L, F: Fn(L, Seat) -> Result<(), Error>> Supervisor<'_, L, F> {
    fn run(mut self) -> Result<(), Error> {
        // Who cannot begin says so; whoever could begins again, as long as it takes.
        self.start_due().map_err(|error| Error::new("start the processes of a server", error.into()))?;
        loop {
            if self.workers.iter().all(|worker| matches!(worker.state, State::Gone)) {
                return Ok(());
            }
            let start = self.workers.iter().filter_map(Worker::starts_at).min();
            self.vigil.wait([start, self.kill_at, self.chores.due()].into_iter().flatten().min())?;
            let mut ended = Vec::new();
            while let Some(event) = self.vigil.next_event()? {
                ended.push(event.token);
            }
            for token in ended {
                self.reap(token)?;
            }
            // Before anybody is made again: a signal to the whole group has ended the processes, too.
            self.obey_stop();
            self.chores.do_if_due();
            if let Err(error) = self.start_due() {
                self.throttle.warn(error);
            }
        }
    }

    /// Tells all of them what this process was told, and kills those who do not obey in time.
    fn obey_stop(&mut self) {
        let (wanted, now) = (self.vigil.seat().wanted_stop(), Instant::now());
        if wanted > self.told {
            self.told = wanted;
            self.socket = None;
            let limit = if wanted == Stop::Now { Duration::ZERO } else { self.drain };
            self.kill_at = now.checked_add(limit.saturating_add(GRACE));
        }
        let is_late = self.kill_at.is_some_and(|at| at <= now);
        for worker in self.workers.iter_mut().filter(|_| wanted != Stop::No) {
            match &worker.state {
                State::Waits { .. } => worker.state = State::Gone,
                State::Runs { child, .. } if is_late => drop(child.kill()),
                State::Runs { seat, .. } if seat.wanted_stop() < wanted => seat.stop(wanted),
                State::Runs { .. } | State::Gone => {}
            }
        }
        if is_late {
            // Nothing keeps them from ending now.
            self.kill_at = None;
        }
    }

    /// Makes those that are due. Of those that cannot be made now, each is due again later.
    fn start_due(&mut self) -> Result<(), SpawnError> {
        let now = Instant::now();
        let is_due = |worker: &Worker| worker.starts_at().is_some_and(|at| at <= now);
        let due: Vec<_> = (0..self.workers.len()).filter(|index| is_due(&self.workers[*index])).collect();
        due.into_iter().map(|index| self.start(index)).fold(Ok(()), Result::and)
    }

    fn start(&mut self, index: usize) -> Result<(), SpawnError> {
        let Worker { number, bell, .. } = &self.workers[index];
        let (token, seat) = (Token(*number as u64), self.board.seat(*number, bell.clone()));
        let colleagues = self.workers.iter().map(|worker| Colleague::new(worker.number, worker.bell.clone())).collect();
        let its_seat = seat.clone().with_colleagues(colleagues);
        let (socket, others, serve) = (&mut self.socket, &mut self.workers, &self.serve);
        let spawned = child::process().spawn_scoped(|| -> Result<(), Error> {
            // What the supervisor watches is none of its own. The bells of the others are: it rings them.
            others.clear();
            let seat = its_seat.with_termination(Some(child::take_signals()?));
            socket.take().map_or(Ok(()), |socket| serve(socket, seat))
        });
        let spawned = spawned.and_then(|child| {
            self.vigil.poller().register(child.as_fd(), token, Interest::READABLE)?;
            Ok(child)
        });
        let (worker, since) = (&mut self.workers[index], Instant::now());
        match spawned {
            Ok(child) => worker.state = State::Runs { child, seat, since },
            Err(error) => {
                worker.state = State::Waits { until: since + worker.backoff.failed(Duration::ZERO) };
                return Err(error);
            }
        }
        Ok(())
    }

    /// A process has ended: it is made again, at once if it has lasted.
    fn reap(&mut self, token: Token) -> Result<(), Error> {
        let Some(worker) = self.workers.iter_mut().find(|worker| worker.number as u64 == token.0) else {
            return Ok(());
        };
        let State::Runs { child, since, .. } = &worker.state else { return Ok(()) };
        self.vigil.poller().deregister(child.as_fd(), token)?;
        let (ended, pid, lasted) = (child.join()?, child.pid(), since.elapsed());
        self.board.clear(worker.number);
        let wait = worker.backoff.failed(lasted);
        worker.state = State::Waits { until: Instant::now() + wait };
        if self.told == Stop::No {
            self.vigil.seat().counts().replaced.add(1);
        }
        if self.told == Stop::No || !ended.is_success() {
            self.throttle.warn(format_args!("process {pid} of the server {ended}"));
        }
        Ok(())
    }
}
