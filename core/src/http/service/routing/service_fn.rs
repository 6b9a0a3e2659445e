//! A service that is one function.

use core::convert::Infallible;
use core::fmt;

use super::application::{Application, Dispatch};
use super::routed_request::RoutedRequest;
use crate::http::message::request_head::RequestHead;
use crate::http::service::exchange::Exchange;
use crate::http::service::handler::Result;
use crate::http::service::responder::Responder;

/// What [`service_fn`] asks.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Function<F>(F);

impl<F> fmt::Debug for Function<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Function").finish()
    }
}

impl<E, F, S> Dispatch<(), S> for Function<F>
where
    F: Fn(&RoutedRequest<'_>, &mut Responder<'_>) -> Result<E>,
    E: Exchange<(), S>,
{
    type Exchange = E;

    #[inline]
    fn dispatch(&self, (): (), head: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<E> {
        (self.0)(&RoutedRequest::new(head, ""), responder)
    }
}

/// A [`Service`](crate::http::service::Service) of one function, which answers every request, or begins an [`Exchange`] that does.
///
/// ```
/// # use wirenut::http::service::{Service, Session, service_fn};
/// # use wirenut::http::{Context, Limits};
/// # use wirenut::time::Instant;
/// # use wirenut::transport::Environment;
/// # fn new_session<S: Service>(_: &S, cx: &Context<'_>) -> Session<S> { Session::new(cx) }
/// # let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
/// # let (mut store, mut out) = ([0; Limits::DEFAULT.store_bytes()], [0; 256]);
/// # let environment = Environment::alone(256);
/// let service = service_fn(|_, responder| responder.text("Hello, World!\n"));
///
/// let mut session = new_session(&service, &cx);
/// let input = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
/// let driven = session.drive(&cx, &environment, &service, input, &mut store, &mut out);
/// assert!(out[..driven.written].ends_with(b"\r\n\r\nHello, World!\n"));
/// ```
pub const fn service_fn<E, F>(function: F) -> Application<(), Function<F>, Infallible>
where
    F: Fn(&RoutedRequest<'_>, &mut Responder<'_>) -> Result<E>,
    E: Exchange<(), Infallible>,
{
    Application::new((), Function(function))
}
