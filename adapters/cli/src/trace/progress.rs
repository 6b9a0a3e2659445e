//! Progress on a terminal: a bar where the size of the capture is known, and a count where it is not.

use core::time::Duration;
use std::io::{IsTerminal, Read};

use indicatif::{ProgressBar, ProgressStyle};

/// A smaller capture is read in a moment.
const LEAST_BYTES: u64 = 32 << 20;

/// Drawn on standard error, if that is a terminal; it leaves nothing behind.
pub(super) struct Progress(Option<ProgressBar>);

impl Progress {
    /// For a capture of this size in bytes, if it is known.
    pub(super) fn of(size: Option<u64>) -> Self {
        let is_shown = std::io::stderr().is_terminal() && size.is_none_or(|size| size >= LEAST_BYTES);
        Self(is_shown.then(|| match size {
            Some(size) => ProgressBar::new(size).with_style(style("{bar:40} {percent}% of {total_bytes}, {eta} left")),
            None => {
                let bar = ProgressBar::new_spinner().with_style(style("{spinner} {bytes} read"));
                bar.enable_steady_tick(Duration::from_millis(200));
                bar
            }
        }))
    }

    /// For a live capture.
    pub(super) fn of_live() -> Self {
        Self(std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner().with_style(style("{spinner} {pos} packets in {elapsed}"));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        }))
    }

    /// Shows this number of packets.
    pub(super) fn count(&self, packets: u64) {
        if let Some(bar) = &self.0 {
            bar.set_position(packets);
        }
    }

    /// The same input; the bar counts the bytes that are read from it.
    pub(super) fn watch<'r>(&self, input: impl Read + Send + 'r) -> Box<dyn Read + Send + 'r> {
        match &self.0 {
            Some(bar) => Box::new(bar.wrap_read(input)),
            None => Box::new(input),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// A template that is wrong shows nothing.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
