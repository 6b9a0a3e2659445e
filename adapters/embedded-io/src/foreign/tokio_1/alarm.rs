//! The one time at which a server looks again, whatever happens.

use alloc::boxed::Box;
use core::pin::Pin;
use core::task::Context;

use tokio::time::Sleep;
use wirenut::time::Instant;

use super::TokioTimer;

/// A timer, set anew only where the time is another one.
#[derive(Debug, Default)]
pub(super) struct Alarm(Option<(Instant, Pin<Box<Sleep>>)>);

impl Alarm {
    /// Is it that time? If not, the task is woken then. `None`: never.
    pub(super) fn is_due(&mut self, cx: &mut Context<'_>, timer: &TokioTimer, at: Option<Instant>) -> bool {
        let Some(at) = at else {
            self.0 = None;
            return false;
        };
        if self.0.as_ref().is_none_or(|(set, _)| *set != at) {
            self.0 = timer.sleep_until(at).map(|sleep| (at, Box::pin(sleep)));
        }
        let is_due = self.0.as_mut().is_some_and(|(_, sleep)| sleep.as_mut().poll(cx).is_ready());
        if is_due {
            self.0 = None;
        }
        is_due
    }
}
