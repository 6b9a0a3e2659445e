//! A protocol of lines.

use wirenut::readiness::Standing;
use wirenut::time::{Duration, Instant};
use wirenut::transport::{Disposition, Progress, Protocol};

/// Sends each line back. `big` has [`BIG`] bytes follow it, `close` and `abort` end the connection, `move` transfers.
#[derive(Debug)]
pub(crate) struct Echo {
    pub(crate) now: Instant,
    /// How long the peer may take nothing.
    pub(crate) patience: Option<Duration>,
    /// How many bytes `move` transfers.
    pub(crate) length: u64,
    /// What it was told.
    pub(crate) told: Vec<&'static str>,
    pub(crate) disposition: Disposition,
    pub(crate) transfer: Option<u64>,
    pub(crate) owed: usize,
    /// The start of a line, which is kept in the store.
    pub(crate) held: usize,
    pub(crate) deadline: Option<Instant>,
}

/// More than the sockets of both sides hold.
pub(crate) const BIG: usize = 12_000_000;

/// The longest line.
pub(crate) const LINE: usize = 100;

impl Echo {
    pub(crate) const NEW: Self = Self {
        now: Instant::START,
        patience: None,
        length: 0,
        told: Vec::new(),
        disposition: Disposition::Open,
        transfer: None,
        owed: 0,
        held: 0,
        deadline: None,
    };
}

impl Protocol for Echo {
    fn drive(&mut self, input: &[u8], store: &mut [u8], output: &mut [u8]) -> Progress {
        match self.disposition {
            Disposition::Open => {}
            Disposition::ShutdownWrite => return Progress { taken: input.len(), written: 0 },
            Disposition::Close | Disposition::Abort | Disposition::Cut => return Progress::default(),
        }
        if self.owed > 0 {
            let written = self.owed.min(output.len());
            output[..written].fill(b'x');
            self.owed -= written;
            return Progress { taken: 0, written };
        }
        let taken = input.iter().position(|&byte| byte == b'\n').map_or(input.len(), |end| end + 1);
        store[self.held..self.held + taken].copy_from_slice(&input[..taken]);
        self.held += taken;
        let line = &store[..self.held];
        if !line.ends_with(b"\n") {
            return Progress { taken, written: 0 };
        }
        match line {
            b"big\n" => self.owed = BIG,
            b"close\n" => self.disposition = Disposition::ShutdownWrite,
            b"abort\n" => self.disposition = Disposition::Abort,
            b"move\n" => self.transfer = Some(self.length),
            _ => {}
        }
        output[..line.len()].copy_from_slice(line);
        Progress { taken, written: core::mem::take(&mut self.held) }
    }

    fn stored(&self) -> usize {
        self.held
    }

    fn handle_eof(&mut self) {
        self.told.push("end");
        if matches!(self.disposition, Disposition::Open | Disposition::ShutdownWrite) {
            self.disposition = Disposition::Close;
        }
    }

    fn handle_sent(&mut self, sent: usize, left: usize) {
        let end = self.patience.map(|patience| self.now.saturating_add(patience));
        self.deadline = if left == 0 { None } else { self.deadline.filter(|_| sent == 0).or(end) };
    }

    fn handle_timeout(&mut self) {
        self.told.push("time-out");
        (self.disposition, self.deadline) = (Disposition::Cut, None);
    }

    fn handle_reset(&mut self) {
        self.told.push("reset");
        self.disposition = Disposition::Cut;
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.deadline
    }

    fn is_readable(&self) -> bool {
        self.owed == 0
            && self.transfer.is_none()
            && matches!(self.disposition, Disposition::Open | Disposition::ShutdownWrite)
    }

    fn standing(&self) -> Standing {
        if self.held == 0 && self.is_readable() { Standing::Idle } else { Standing::Busy }
    }

    fn disposition(&self) -> Disposition {
        self.disposition
    }

    fn transfer(&self) -> Option<u64> {
        self.transfer
    }
}
