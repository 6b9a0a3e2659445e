//! The streams and timers of tokio 1.

use tokio::time;
use wirenut::http::HttpDate;
use wirenut::time::{Duration, Instant};

use crate::foreign::date::today;
use crate::{Clock, Timer};

mod socket;
pub use socket::TokioSocket;

mod stream;
pub use stream::{TokioHalf, TokioStream};

#[cfg(unix)]
mod alarm;
#[cfg(unix)]
mod datagrams;
#[cfg(unix)]
mod panics;
#[cfg(unix)]
mod server;
#[cfg(unix)]
pub use datagrams::{
    TokioDatagramConfig, TokioDatagramFailure, TokioDatagramReport, TokioDatagramSocket, TokioDatagrams,
};
#[cfg(unix)]
pub use server::{
    TokioAccept, TokioConfig, TokioConnection, TokioFailure, TokioListener, TokioReport, TokioStop, TokioUnixPeer,
    serve_on_threads,
};

/// The time of tokio, which tests may pause, and the time of day for the Date field, from the system.
#[derive(Clone, Copy, Debug)]
pub struct TokioTimer {
    start: time::Instant,
}

impl TokioTimer {
    /// A timer that starts now.
    #[must_use]
    pub fn new() -> Self {
        Self { start: time::Instant::now() }
    }

    /// `None`: what is too late for the system is never.
    fn sleep_until(&self, at: Instant) -> Option<time::Sleep> {
        let since_start: Duration = at.saturating_since(Instant::START);
        self.start.checked_add(since_start.into()).map(time::sleep_until)
    }
}

impl Default for TokioTimer {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TokioTimer {
    fn now(&self) -> Instant {
        Instant::START.saturating_add(self.start.elapsed().into())
    }

    fn date(&self) -> Option<HttpDate> {
        today()
    }
}

impl Timer for TokioTimer {
    async fn wait_until(&self, at: Instant) {
        match self.sleep_until(at) {
            Some(sleep) => sleep.await,
            None => core::future::pending().await,
        }
    }
}
