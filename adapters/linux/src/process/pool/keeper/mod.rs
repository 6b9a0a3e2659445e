//! The keeper: the process that has the workers for its children, gives them orders, and tells the parent what comes of
//! them. It has one thread for ever, so it can fork when the parent no longer may.

mod crew;
mod held;
mod job;
mod worker;

use alloc::collections::VecDeque;
use std::time::Instant;

use rustix::io::Errno;
use wirenut::time::Duration;

use self::crew::Crew;
use self::held::Source;
use self::job::Job;
use super::builder::Settings;
use super::parcel::Parcel;
use super::table::Table;
use super::wire::{FINISH, Head, NO_WORKER, STARTED};
use crate::error::Error;
use crate::process::pipe::{Duplex, SendError};
use crate::socket::{Attempt, Received};

/// How many orders are taken before the workers are looked after again.
const MAX_ORDERS_AT_A_TIME: usize = 64;

/// While so many large reports wait for the parent, no order is given: each holds a descriptor.
const MAX_LARGE_REPORTS: usize = 64;

/// Runs the pool until the parent lets it finish, or is gone.
pub(super) fn keep(parent: Duplex, settings: Settings, table: Table) -> Result<(), Error> {
    let retries = settings.retries;
    let (crew, errno) = match Crew::new(parent.clone(), settings, table) {
        Ok(crew) => (Some(crew), 0),
        Err(error) => (None, error.raw_os_error().unwrap_or(Errno::IO.raw_os_error())),
    };
    let started = Parcel::bare(Head { id: 0, what: STARTED, detail: errno.unsigned_abs() }).send(&parent);
    drop(parent);
    let Some(mut crew) = crew else { return Ok(()) };
    if started.is_err() {
        return crew.end();
    }
    Keeper { crew, retries, orders: VecDeque::new(), reports: VecDeque::new(), is_finishing: false }.run()
}

struct Keeper {
    crew: Crew,
    retries: u32,
    /// What no worker has yet.
    orders: VecDeque<Job>,
    /// What the parent has not taken yet. It reads when somebody there waits for something.
    reports: VecDeque<Parcel>,
    is_finishing: bool,
}

/// The parent is gone, or wants an end at once.
struct Over;

impl Keeper {
    fn run(mut self) -> Result<(), Error> {
        loop {
            if self.is_finishing && self.orders.is_empty() && self.reports.is_empty() && self.crew.is_idle() {
                return self.crew.dismiss();
            }
            if self.turn()?.is_err() {
                return self.crew.end();
            }
        }
    }

    /// Waits for something, and does what it asks for.
    fn turn(&mut self) -> Result<Result<(), Over>, Error> {
        self.crew.wait(!self.reports.is_empty())?;
        while let Some(source) = self.crew.next_event() {
            match source {
                Source::Parent => {
                    if self.take_orders().is_err() {
                        return Ok(Err(Over));
                    }
                }
                Source::Pipe(place) => self.crew.hear(place, &mut self.reports)?,
                Source::Child(place) => self.crew.handle_end(place, &mut self.orders, &mut self.reports)?,
            }
        }
        self.crew.handle_time(Instant::now(), &mut self.reports)?;
        self.give()?;
        Ok(self.flush())
    }

    fn take_orders(&mut self) -> Result<(), Over> {
        for _ in 0..MAX_ORDERS_AT_A_TIME {
            match Parcel::try_recv(self.crew.parent()) {
                Ok(Received::Data(order)) => match order.head() {
                    Some(Head { what: FINISH, .. }) => self.is_finishing = true,
                    Some(head) if order.is_torn() => self.reports.push_back(Parcel::bare(head.lost(Errno::MFILE))),
                    Some(head) => self.orders.push_back(Job::new(order, head, self.retries)),
                    None => {}
                },
                Ok(Received::WouldBlock) => return Ok(()),
                Ok(Received::End) | Err(_) => return Err(Over),
            }
        }
        Ok(())
    }

    /// Gives orders to whoever has none.
    fn give(&mut self) -> Result<(), Error> {
        while !self.orders.is_empty() {
            if let Some(errno) = self.crew.why_nobody() {
                // Nothing waits for ever. The next order tries it anew.
                let number = errno.raw_os_error().unsigned_abs();
                let refused = self.orders.drain(..).map(|job| Head { id: job.id, what: NO_WORKER, detail: number });
                self.reports.extend(refused.map(Parcel::bare));
                return Ok(());
            }
            let large = self.reports.iter().filter(|report| report.is_large()).count();
            if large >= MAX_LARGE_REPORTS || !self.crew.give(&mut self.orders, &mut self.reports)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Sends the parent what it takes.
    fn flush(&mut self) -> Result<(), Over> {
        while let Some(report) = self.reports.front() {
            match report.try_send(self.crew.parent()) {
                Ok(Attempt::Done(())) => drop(self.reports.pop_front()),
                Ok(Attempt::WouldBlock) => return Ok(()),
                Err(SendError::System(error)) if error.is_out_of_resources() => {
                    // Memory comes back, also with what the parent takes. Nothing tells when.
                    std::thread::sleep(Duration::from_millis(10).into());
                    return Ok(());
                }
                Err(_) => return Err(Over),
            }
        }
        Ok(())
    }
}
