//! Progress on a terminal.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};

/// Drawn on standard error, if that is a terminal; it leaves nothing behind.
#[derive(Default)]
pub(super) struct Progress(Option<ProgressBar>);

impl Progress {
    /// One that is drawn, if it is wanted and somebody can see it.
    pub(super) fn new(is_wanted: bool) -> Self {
        let is_shown = is_wanted && std::io::stderr().is_terminal();
        Self(is_shown.then(|| ProgressBar::no_length().with_style(style("{spinner} {bytes} ({bytes_per_sec})"))))
    }

    /// So many bytes are there, of so many.
    pub(super) fn set(&self, done: u64, all: Option<u64>) {
        let Some(bar) = &self.0 else { return };
        if let Some(all) = all.filter(|all| bar.length() != Some(*all)) {
            bar.set_style(style("{bar:30} {bytes} of {total_bytes} ({bytes_per_sec}, {eta} left)"));
            bar.set_length(all);
            // The speed counts from here: what was there before has not come in this try.
            bar.set_position(done);
            bar.reset_eta();
        }
        bar.set_position(done);
    }

    /// Takes the bar away.
    pub(super) fn clear(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// A template that is wrong shows nothing.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
