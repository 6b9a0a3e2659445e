//! A connection's place among others.

use wirenut::readiness::Standing;

use crate::Retirement;

/// Where a connection meets the rest of a server: it tells what it is doing, as far as that decides who gives way, and is
/// told when to end. `()` is the place of one that is alone.
///
/// [`Admission`](wirenut::readiness::Admission) decides on several.
pub trait ConnectionObserver {
    /// What the connection is doing now: for [`Admission::set_standing`](wirenut::readiness::Admission::set_standing).
    /// Told when it has changed, and when it is idle again after something has come or gone.
    fn set_standing(&self, standing: Standing) {
        let _ = standing;
    }

    /// The connection was wished to give way ([`Retirement::Now`]), but is in use, and goes on.
    fn handle_stay(&self) {}

    /// Returns when the connection is to end, and how. The future is kept until the connection is over, and a new one is
    /// awaited after each. By default it never returns.
    async fn retired(&self) -> Retirement {
        core::future::pending().await
    }
}

impl ConnectionObserver for () {}

impl<L: ConnectionObserver + ?Sized> ConnectionObserver for &L {
    fn set_standing(&self, standing: Standing) {
        (**self).set_standing(standing);
    }

    fn handle_stay(&self) {
        (**self).handle_stay();
    }

    async fn retired(&self) -> Retirement {
        (**self).retired().await
    }
}
