//! A request that no service was asked about.

use core::fmt;
use core::net::SocketAddr;

use crate::http::error::Error;
use crate::transport::Environment;

/// A request that was refused before [`Service::request`](crate::http::service::Service::request) could be asked.
///
/// ```
/// use std::cell::RefCell;
/// # use wirenut::http::{Context, Limits, RequestHead, WriteError};
/// # use wirenut::http::service::{Refusal, Responder, Service, Session, Step};
/// # use wirenut::time::Instant;
/// # use wirenut::transport::Environment;
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
/// let _ = Session::<Logging>::new(&cx).drive(&cx, &Environment::alone(256), &service, b"GET /a b HTTP/1.1\r\n", &mut [0; 64], &mut [0; 256]);
/// assert_eq!(*service.0.borrow(), "GET /a b HTTP/1.1\\r\\n: 400 Bad Request");
/// ```
#[non_exhaustive]
pub struct Refusal<'r> {
    /// Why: the connection has answered with the status of its rule.
    pub error: Error,
    /// What had come of the request, from its first byte, or from the empty lines before it, and perhaps of what stands
    /// behind it. It need not be a request at all.
    pub received: &'r [u8],
    pub(super) environment: &'r Environment<'r>,
}

impl Refusal<'_> {
    /// Whose request it was; see [`Environment::peer`].
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        (self.environment.peer)()
    }
}

impl fmt::Debug for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal").field("error", &self.error).field("received", &self.received).finish_non_exhaustive()
    }
}
