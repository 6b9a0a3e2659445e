//! The end of a connection with whose peer nothing is spoken any more.

use wirenut::readiness::Standing;
use wirenut::time::Instant;
use wirenut::transport::{Disposition, Progress};

/// The last words, and how the connection ends behind them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Farewell {
    pub(crate) words: &'static [u8],
    pub(crate) disposition: Disposition,
    /// When it is over, also if the peer has not ended.
    pub(crate) until: Option<Instant>,
}

impl Farewell {
    /// Without a word.
    pub(crate) const fn silent(disposition: Disposition) -> Self {
        Self { words: &[], disposition, until: None }
    }

    /// Throws away what comes, so that a close does not destroy what was sent.
    pub(crate) fn drive(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        let written = self.words.len().min(output.len());
        output[..written].copy_from_slice(&self.words[..written]);
        self.words = &self.words[written..];
        Progress { taken: if self.is_readable() { input.len() } else { 0 }, written }
    }

    pub(crate) const fn disposition(&self) -> Disposition {
        if self.words.is_empty() { self.disposition } else { Disposition::Open }
    }

    pub(crate) fn is_readable(&self) -> bool {
        self.disposition == Disposition::ShutdownWrite
    }

    pub(crate) fn standing(&self) -> Standing {
        if self.is_readable() { Standing::Lingering } else { Standing::Busy }
    }

    /// The peer has ended, or its time is over.
    pub(crate) fn handle_end(&mut self) {
        if self.disposition == Disposition::ShutdownWrite {
            self.disposition = Disposition::Close;
        }
    }
}
