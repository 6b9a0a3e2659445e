//! What content goes through on its way to the output: decompression, the largest size, the largest rate.

use core::time::Duration;
use std::io::{self, Write};
use std::time::Instant;

use super::coding::Decoder;
use super::failure::{GetFailure, Stop};
use super::interrupt::Interrupt;
use super::output::Output;

/// A writer in front of the output.
pub(super) struct Receiver<'o> {
    pub(super) output: &'o mut Output,
    pub(super) decoder: Decoder,
    /// How many bytes of the version have come.
    pub(super) have: &'o mut u64,
    pub(super) max_bytes: u64,
    pub(super) rate: Option<Rate<'o>>,
    /// What was decompressed.
    pub(super) given: u64,
    /// Why it does not want more.
    pub(super) failure: Option<GetFailure>,
}

impl Receiver<'_> {
    fn receive(&mut self, piece: &[u8]) -> io::Result<()> {
        let Self { output, decoder, have, max_bytes, given, failure, .. } = self;
        let count = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let too_large = || Err(Stop::TooLarge(*max_bytes).error());
        if have.saturating_add(count(piece)) > *max_bytes {
            return too_large();
        }
        let mut put = |bytes: &[u8]| {
            output.write_all(bytes).map_err(|error| {
                *failure = Some(output.failed(error));
                io::ErrorKind::Other.into()
            })
        };
        if decoder.is_empty() {
            put(piece)?;
        } else {
            decoder.decode(piece, &mut |decoded| {
                *given = given.saturating_add(count(decoded));
                if *given > *max_bytes { too_large() } else { put(decoded) }
            })?;
        }
        **have += count(piece);
        match &mut self.rate {
            Some(rate) => rate.pass(count(piece)),
            None => Ok(()),
        }
    }
}

impl Write for Receiver<'_> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.receive(piece).map(|()| piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Holds back what comes faster.
pub(super) struct Rate<'i> {
    /// Bytes a second.
    most: u64,
    since: Instant,
    passed: u64,
    /// When all is over.
    deadline: Option<Instant>,
    interrupt: &'i Interrupt,
}

impl<'i> Rate<'i> {
    pub(super) fn new(most: u64, deadline: Option<Instant>, interrupt: &'i Interrupt) -> Self {
        Self { most, since: Instant::now(), passed: 0, deadline, interrupt }
    }

    fn pass(&mut self, count: u64) -> io::Result<()> {
        self.passed = self.passed.saturating_add(count);
        let micros = u128::from(self.passed) * 1_000_000 / u128::from(self.most.max(1));
        let due = Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX));
        let early = due.saturating_sub(self.since.elapsed());
        if early.is_zero() {
            return Ok(());
        }
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let pause = left.map_or(early, |left| left.min(early));
        self.interrupt.sleep(pause).map_err(|_| Stop::Cancelled.error())?;
        if left.is_some_and(|left| left < early) { Err(Stop::TimedOut.error()) } else { Ok(()) }
    }
}
