//! One task for many arguments, a bounded number of them at a time.

use alloc::collections::VecDeque;
use alloc::vec::IntoIter;
use core::fmt;
use core::iter::Enumerate;

use super::failed::TaskError;
use super::handle::{Pool, append};
use super::task::{Argument, Call};
use super::ticket::{Ticket, results};
use super::wire::message;
use crate::socket::Attempt;

/// How many chunks are on their way for each worker: one that it works at, and some for the way there and back.
const CHUNKS_PER_WORKER: usize = 8;

/// Takes arguments, and sends them in chunks.
struct Source<T, I> {
    pool: Pool,
    task: T,
    arguments: I,
    chunk: usize,
    /// No more arguments are taken.
    is_over: bool,
    /// What an argument could not be written for, after those of the chunk before it.
    refused: Option<TaskError>,
}

/// So many arguments on their way, or why they are not.
struct Chunk {
    ticket: Result<Ticket, TaskError>,
    count: usize,
}

impl<T: Call, I: Iterator<Item: Argument<T>>> Source<T, I> {
    fn new(pool: Pool, task: T, arguments: I) -> Self {
        Self { pool, task, arguments, chunk: 1, is_over: false, refused: None }
    }

    fn window(&self) -> usize {
        self.pool.workers().saturating_mul(CHUNKS_PER_WORKER)
    }

    /// Sends the next chunk. It may wait for room in the pool's queue. `None`: there are no more arguments.
    fn send(&mut self) -> Option<Chunk> {
        if let Some(error) = self.refused.take() {
            return Some(Chunk { ticket: Err(error), count: 1 });
        }
        let (mut message, mut count) = (message(), 0);
        while count < self.chunk && !self.is_over && self.refused.is_none() {
            let Some(argument) = self.arguments.next() else {
                self.is_over = true;
                break;
            };
            match append::<T>(argument.argument(), &mut message) {
                Ok(()) => count += 1,
                Err(error) => self.refused = Some(error),
            }
        }
        if count == 0 {
            return self.refused.take().map(|error| Chunk { ticket: Err(error), count: 1 });
        }
        let items = u32::try_from(count).unwrap_or(u32::MAX);
        let ticket = match self.pool.order(self.task, items, message, true) {
            Ok(Attempt::Done(ticket)) => Ok(ticket),
            Ok(Attempt::WouldBlock) => Err(TaskError::Ended),
            Err(error) => Err(error),
        };
        // All others would fail alike.
        self.is_over |= ticket.as_ref().err().is_some_and(TaskError::is_final);
        Some(Chunk { ticket, count })
    }
}

impl Chunk {
    fn wait<T: Call>(&self) -> Vec<Result<T::Output, TaskError>> {
        let report = match &self.ticket {
            Ok(ticket) => ticket.report(None).and_then(|report| report.ok_or(TaskError::Ended)),
            Err(error) => Err(error.clone()),
        };
        match report {
            Ok(report) => results::<T>(&report, self.count),
            Err(error) => (0..self.count).map(|_| Err(error.clone())).collect(),
        }
    }
}

/// Results in the order of the arguments: see [`Pool::map`].
///
/// After [`TaskError::Closed`] and [`TaskError::Ended`] no more arguments are taken. Dropping it discards the results that
/// are on their way.
#[must_use = "nothing is done before the first result is asked for"]
pub struct Map<T: Call, I> {
    source: Source<T, I>,
    chunks: VecDeque<Chunk>,
    ready: IntoIter<Result<T::Output, TaskError>>,
}

impl<T: Call, I: Iterator<Item: Argument<T>>> Map<T, I> {
    pub(super) fn new(pool: Pool, task: T, arguments: I) -> Self {
        Self { source: Source::new(pool, task, arguments), chunks: VecDeque::new(), ready: Vec::new().into_iter() }
    }

    /// Has so many tasks go to a worker together, which costs less for each where they are small: 1, unless it is said.
    ///
    /// They share one fate: if the worker dies, or is over its [time limit](super::Builder::time_limit) (so many times that of
    /// one task), none of them has a result. Retries repeat all of them.
    ///
    /// ```
    /// use wirenut_linux::process::pool::Pool;
    /// let mut builder = Pool::builder().workers(2);
    /// let increment = builder.task("increment", |bytes| {
    ///     Ok::<_, String>((u32::from_ne_bytes(bytes.try_into().unwrap()) + 1).to_ne_bytes().to_vec())
    /// });
    /// let pool = builder.start()?;
    /// let results = pool.map(increment, (0..10_000_u32).map(u32::to_ne_bytes)).chunk(500);
    /// let sum = results.map(|result| u32::from_ne_bytes(result.unwrap().try_into().unwrap())).sum::<u32>();
    /// assert_eq!(sum, 50_005_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn chunk(mut self, tasks: usize) -> Self {
        self.source.chunk = tasks.max(1);
        self
    }
}

impl<T: Call, I: Iterator<Item: Argument<T>>> Iterator for Map<T, I> {
    type Item = Result<T::Output, TaskError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(result) = self.ready.next() {
                return Some(result);
            }
            while self.chunks.len() < self.source.window() {
                let Some(chunk) = self.source.send() else { break };
                self.chunks.push_back(chunk);
            }
            self.ready = self.chunks.pop_front()?.wait::<T>().into_iter();
        }
    }
}

/// Results as they come, each with the number of its argument: see [`Pool::map_unordered`]. Otherwise as [`Map`].
#[must_use = "nothing is done before the first result is asked for"]
pub struct MapUnordered<T: Call, I> {
    source: Source<T, I>,
    /// Each with the number of its first argument.
    chunks: Vec<(usize, Chunk)>,
    /// The number of the next argument.
    next: usize,
    first: usize,
    ready: Enumerate<IntoIter<Result<T::Output, TaskError>>>,
}

impl<T: Call, I: Iterator<Item: Argument<T>>> MapUnordered<T, I> {
    pub(super) fn new(pool: Pool, task: T, arguments: I) -> Self {
        let ready = Vec::new().into_iter().enumerate();
        Self { source: Source::new(pool, task, arguments), chunks: Vec::new(), next: 0, first: 0, ready }
    }

    /// Has so many tasks go to a worker together: see [`Map::chunk`].
    pub fn chunk(mut self, tasks: usize) -> Self {
        self.source.chunk = tasks.max(1);
        self
    }

    /// The results of the first chunk that is done, waited for. `None`: there is none on its way.
    fn wait(&mut self) -> Option<Vec<Result<T::Output, TaskError>>> {
        let ids = self.chunks.iter().map(|(_, chunk)| chunk.ticket.as_ref().ok().map(|ticket| ticket.id));
        let report = match ids.collect::<Option<Vec<u64>>>() {
            Some(ids) if !ids.is_empty() => self.source.pool.any_report(&ids).ok(),
            _ => None,
        };
        // Where there is no report, one was refused, or the pool is over: then it is so for all, one after the other.
        let is_refused = |(_, chunk): &(usize, Chunk)| chunk.ticket.is_err();
        let first = || self.chunks.iter().position(is_refused).unwrap_or(0);
        let place = report.as_ref().map_or_else(first, |(place, _)| *place);
        if place >= self.chunks.len() {
            return None;
        }
        let (first, chunk) = self.chunks.swap_remove(place);
        self.first = first;
        Some(match report {
            Some((_, report)) => results::<T>(&report, chunk.count),
            None => chunk.wait::<T>(),
        })
    }
}

impl<T: Call, I: Iterator<Item: Argument<T>>> Iterator for MapUnordered<T, I> {
    type Item = (usize, Result<T::Output, TaskError>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((place, result)) = self.ready.next() {
                return Some((self.first + place, result));
            }
            while self.chunks.len() < self.source.window() {
                let Some(chunk) = self.source.send() else { break };
                let first = self.next;
                self.next += chunk.count;
                self.chunks.push((first, chunk));
            }
            self.ready = self.wait()?.into_iter().enumerate();
        }
    }
}

impl<T: Call, I> fmt::Debug for Map<T, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "results of a pool, {} chunks of which are on their way", self.chunks.len())
    }
}

impl<T: Call, I> fmt::Debug for MapUnordered<T, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "results of a pool, {} chunks of which are on their way", self.chunks.len())
    }
}
