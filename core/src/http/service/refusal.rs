//! A request that no service was asked about.

use core::fmt;
use core::net::SocketAddr;

use super::responder::Host;
use crate::http::error::Error;

/// A request that was refused before [`Service::request`](crate::http::service::Service::request) could be asked.
///
/// ```
/// use std::cell::RefCell;
/// # use wirenut::http::{Context, RequestHead, Limits, WriteError};
/// # use wirenut::http::service::{Responder, Host, Refusal, Service, Session, Step};
/// # use wirenut::time::Instant;
/// # struct Nobody;
/// # impl Host for Nobody {
/// #     fn waker(&self) -> core::task::Waker { core::task::Waker::noop().clone() }
/// #     fn peer(&self) -> Option<core::net::SocketAddr> { None }
/// #     fn output_capacity(&self) -> usize { 256 }
/// # }
/// #[derive(Default)]
/// struct Logging(RefCell<String>);
///
/// impl Service for Logging {
///     type Exchange = ();
///     type Source = core::convert::Infallible;
///
///     fn request(&self, _: &RequestHead<'_>, _: &mut Responder<'_>) -> Result<((), Step), WriteError> {
///         Ok(((), Step::Abort))
///     }
///
///     fn refused(&self, refusal: &Refusal<'_>) {
///         let status = refusal.error.rule.status().unwrap();
///         *self.0.borrow_mut() = format!("{}: {status}", refusal.received.escape_ascii());
///     }
/// }
///
/// # let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
/// let service = Logging::default();
/// let _ = Session::<Logging>::new(&cx).drive(&cx, &Nobody, &service, b"GET /a b HTTP/1.1\r\n", &mut [0; 64], &mut [0; 256]);
/// assert_eq!(*service.0.borrow(), "GET /a b HTTP/1.1\\r\\n: 400 Bad Request");
/// ```
#[non_exhaustive]
pub struct Refusal<'r> {
    /// Why: the connection has answered with the status of its rule.
    pub error: Error,
    /// What had come of the request, from its first byte, or from the empty lines before it, and perhaps of what stands
    /// behind it. It need not be a request at all.
    pub received: &'r [u8],
    pub(super) host: &'r dyn Host,
}

impl Refusal<'_> {
    /// Whose request it was; see [`Host::peer`].
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        self.host.peer()
    }
}

impl fmt::Debug for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal").field("error", &self.error).field("received", &self.received).finish_non_exhaustive()
    }
}
