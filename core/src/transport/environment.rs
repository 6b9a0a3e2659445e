//! The place in which a connection runs.

use core::fmt;
use core::net::SocketAddr;
use core::task::Waker;

/// What a service may ask of the place in which its connection runs. The adapter makes one for each call; nothing is
/// asked before somebody wants to know it.
///
/// ```
/// use core::task::Waker;
/// use wirenut::transport::Environment;
///
/// let environment = Environment { waker: &|| Waker::noop().clone(), peer: &|| None, output_capacity: 512 };
/// assert_eq!((environment.peer)(), None);
/// ```
#[derive(Clone, Copy)]
pub struct Environment<'e> {
    /// Makes a waker for this connection: from wherever it is woken, the adapter wakes the protocol and polls the
    /// conversation.
    pub waker: &'e dyn Fn() -> Waker,
    /// The peer's address, if it has one.
    pub peer: &'e dyn Fn() -> Option<SocketAddr>,
    /// How much room an output slice has, in bytes, once all that was sent before has left; in some calls it may have more. What
    /// does not fit into that may never fit.
    pub output_capacity: usize,
}

impl Environment<'_> {
    /// A place in which nobody is woken and the peer has no address: for connections in memory, and for services that
    /// ask for neither.
    ///
    /// ```
    /// use wirenut::transport::Environment;
    /// assert_eq!(Environment::alone(512).output_capacity, 512);
    /// ```
    #[must_use]
    pub const fn alone(output_capacity: usize) -> Self {
        Self { waker: &nobody_wakes, peer: &no_address, output_capacity }
    }
}

fn nobody_wakes() -> Waker {
    Waker::noop().clone()
}

const fn no_address() -> Option<SocketAddr> {
    None
}

impl fmt::Debug for Environment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").field("output_capacity", &self.output_capacity).finish_non_exhaustive()
    }
}
