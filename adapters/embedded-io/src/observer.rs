//! A connection's place among others.

/// Where a connection meets the rest of a server: it tells when it may be closed for somebody else, and is told when
/// to end. `()` is the place of one that is alone.
///
/// [`Admission`](wirenut::readiness::Admission) decides on several; `set_idle` tells it.
pub trait ConnectionObserver {
    /// The connection has moved something, and come to rest: between two requests, or in the middle of something.
    ///
    /// So the one of which this was said longest ago is the one to close. (Before its first request nothing is said.)
    fn set_idle(&self, is_idle: bool) {
        let _ = is_idle;
    }

    /// Returns when the connection is to end: at once if it is idle, otherwise after the response in flight. The future
    /// is awaited once, and kept until the connection is over. By default it never returns.
    async fn retired(&self) {
        core::future::pending::<()>().await;
    }
}

impl ConnectionObserver for () {}

impl<L: ConnectionObserver + ?Sized> ConnectionObserver for &L {
    fn set_idle(&self, is_idle: bool) {
        (**self).set_idle(is_idle);
    }

    async fn retired(&self) {
        (**self).retired().await;
    }
}
