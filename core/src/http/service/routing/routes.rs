//! The router: a checked table, and handlers of any type.

use core::fmt;
use core::marker::PhantomData;

use super::application::{Application, Dispatch};
use super::methods::{ALLOW_BYTES, Methods};
use super::route::{Route, find};
use super::routed_request::RoutedRequest;
use crate::http::message::fields::Field;
use crate::http::message::request_head::RequestHead;
use crate::http::service::exchange::{Either, Exchange, Never};
use crate::http::service::handler::{HandlerError, PLAIN_TEXT, Result, refuse};
use crate::http::service::responder::Responder;
use crate::http::status::Status;

/// The handlers of a table, the last first.
#[doc(hidden)]
pub trait Handlers<A, S> {
    /// A request in flight on any of them.
    type Exchange: Exchange<A, S>;

    /// Has the handler begin that so many others follow in the table. `wrap` makes its exchange one of all handlers: so it is
    /// moved once, and not from layer to layer.
    ///
    /// # Errors
    /// As the handler.
    fn begin<X>(
        &self,
        followers: usize,
        app: A,
        request: &RoutedRequest<'_>,
        responder: &mut Responder<'_>,
        wrap: impl FnOnce(Self::Exchange) -> X,
    ) -> Result<X>;
}

impl<A: Copy, S> Handlers<A, S> for () {
    type Exchange = Never;

    fn begin<X>(
        &self,
        _: usize,
        _: A,
        _: &RoutedRequest<'_>,
        _: &mut Responder<'_>,
        _: impl FnOnce(Never) -> X,
    ) -> Result<X> {
        Err(HandlerError::Status(Status::NOT_FOUND))
    }
}

impl<A: Copy, S, F, E, T> Handlers<A, S> for (F, T)
where
    F: Fn(A, &RoutedRequest<'_>, &mut Responder<'_>) -> Result<E>,
    E: Exchange<A, S>,
    T: Handlers<A, S>,
{
    type Exchange = Either<E, T::Exchange>;

    #[inline]
    fn begin<X>(
        &self,
        followers: usize,
        app: A,
        request: &RoutedRequest<'_>,
        responder: &mut Responder<'_>,
        wrap: impl FnOnce(Self::Exchange) -> X,
    ) -> Result<X> {
        match followers.checked_sub(1) {
            None => (self.0)(app, request, responder).map(|exchange| wrap(Either::Left(exchange))),
            Some(followers) => self.1.begin(followers, app, request, responder, |rest| wrap(Either::Right(rest))),
        }
    }
}

/// What [`routes!`](crate::routes) asks: the table, and its handlers.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Routes<H> {
    table: &'static [Route],
    handlers: H,
}

impl<H> fmt::Debug for Routes<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes").field("table", &self.table).finish_non_exhaustive()
    }
}

impl<A: Copy, S, H: Handlers<A, S>> Dispatch<A, S> for Routes<H> {
    type Exchange = H::Exchange;

    fn dispatch(&self, app: A, head: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<H::Exchange> {
        match find(self.table, head) {
            Ok((followers, pattern)) => {
                self.handlers.begin(followers, app, &RoutedRequest::new(head, pattern), responder, |exchange| exchange)
            }
            Err(Methods::NONE) => Err(HandlerError::Status(Status::NOT_FOUND)),
            Err(others) => Err(refuse_method(others, responder)),
        }
    }
}

/// Answers a request that no route takes of a path that has these methods, and OPTIONS, if it has asked for them.
#[cold]
#[inline(never)]
fn refuse_method(methods: Methods, responder: &mut Responder<'_>) -> HandlerError {
    let has_asked = methods.has_all(Methods::OPTIONS);
    let status = if has_asked { Status::NO_CONTENT } else { Status::METHOD_NOT_ALLOWED };
    let mut allow = [0; ALLOW_BYTES];
    let fields = [Field::from_bytes("Allow", methods.allow(&mut allow)), PLAIN_TEXT];
    match refuse(status, &fields, responder) {
        Ok(()) => HandlerError::Answered,
        Err(error) => HandlerError::Write(error),
    }
}

/// Handlers that are added one by one, each in front of those before, so that an error stands where its handler does.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Adding<A, H, S> {
    app: A,
    handlers: H,
    source: PhantomData<fn() -> S>,
}

impl<A: Copy, S> Adding<A, (), S> {
    /// No handlers yet.
    pub const fn new(app: A) -> Self {
        Self { app, handlers: (), source: PhantomData }
    }
}

impl<A: Copy, H: Handlers<A, S>, S> Adding<A, H, S> {
    /// The service.
    pub fn finish(self, table: &'static [Route]) -> Application<A, Routes<H>, S> {
        Application::new(self.app, Routes { table, handlers: self.handlers })
    }
}

macro_rules! adders {
    ($($verb:ident)+) => {
        impl<A, H, S> Adding<A, H, S> {
            $(
                /// Adds a handler.
                pub fn $verb<E, F>(self, handler: F) -> Adding<A, (F, H), S>
                where
                    E: Exchange<A, S>,
                    F: Fn(A, &RoutedRequest<'_>, &mut Responder<'_>) -> Result<E>,
                {
                    Adding { app: self.app, handlers: (handler, self.handlers), source: PhantomData }
                }
            )+
        }
    };
}

adders! { get post put delete patch any }

/// A [`Service`](crate::http::service::Service) of routes, tried in this order: `routes!(app, get("/items/:id", handler), …)`.
///
/// `app` is what every handler is given: something cheap to copy, such as `()` or `&App`. A route is a method (`get`,
/// `post`, `put`, `delete`, `patch`, or `any`), a pattern, and a handler: a function or closure
/// `Fn(A, &RoutedRequest, &mut Responder) -> service::Result<E>`, where `E` is the [`Exchange`](crate::http::service::Exchange) that it begins. Handlers
/// may begin exchanges of different kinds; one that begins now this kind and now that returns an
/// [`Either`](crate::http::service::Either), and one that has sometimes answered already an `Option`.
///
/// A pattern begins with `/`. In it `:name` stands for one segment that is not empty, and a last `*name` for all that is
/// left. The path is compared as it came, without decoding it; [`param`](crate::http::service::RoutedRequest::param) decodes. A pattern that is none,
/// and a route that a route before it hides, do not compile.
///
/// GET routes answer HEAD, too. A path without a route is answered 404; a method without one 405, with the others in
/// Allow; OPTIONS 204 with Allow, for `*` with all five methods.
///
/// The type of the service has no name. Nothing needs one: what is generic of a service infers it, and what the handlers share
/// is borrowed. A device keeps its server on the stack of a `main` that never returns, or makes the service anew in each task.
///
/// Where the adapter moves content itself ([`Step::Transfer`](crate::http::service::Step::Transfer)), its source is named first:
/// `routes!(in FileRange; app, …)`.
///
/// ```
/// use wirenut::http::service::routes;
/// use wirenut::http::Status;
///
/// struct App { name: &'static str }
///
/// let app = App { name: "hut" };
/// let service = routes!(
///     &app,
///     get("/", |app, _, responder| responder.text(app.name)),
///     get("/items/:id", |_, request, responder| {
///         let id: u32 = request.param("id")?;
///         responder.text(if id == 0 { "the first" } else { "another" })
///     }),
///     delete("/items/:id", |_, _, responder| responder.status(Status::NO_CONTENT)),
/// );
/// # let _ = service;
/// ```
///
/// ```compile_fail
/// use wirenut::http::service::routes;
/// // Never reached: the route before it takes all.
/// let service = routes!(
///     (),
///     get("/items/:id", |_, _, responder| responder.text("any")),
///     get("/items/new", |_, _, responder| responder.text("new")),
/// );
/// ```
#[macro_export]
macro_rules! routes {
    (in $source:ty; $app:expr, $($verb:ident($pattern:literal, $handler:expr)),+ $(,)?) => {{
        const TABLE: &[$crate::http::service::Route] = &[$($crate::http::service::Route::new(
            $crate::http::service::methods::$verb,
            $pattern,
            concat!(
                "`", $pattern, "` is no pattern: it begins with `/`, and `:name` and a last `*name` are whole segments",
                " with names of their own",
            ),
        )),+];
        const _: () = {
            let mut index = 0;
            $(
                let message = concat!("`", stringify!($verb), " ", $pattern, "` is never reached: a route before it takes all");
                index = $crate::http::service::reached(TABLE, index, message);
            )+
            assert!(index == TABLE.len());
        };
        $crate::http::service::Adding::<_, _, $source>::new($app)$(.$verb($handler))+.finish(TABLE)
    }};
    (get($($route:tt)*) $($others:tt)*) => { $crate::routes!(@nothing_shared) };
    (post($($route:tt)*) $($others:tt)*) => { $crate::routes!(@nothing_shared) };
    (put($($route:tt)*) $($others:tt)*) => { $crate::routes!(@nothing_shared) };
    (delete($($route:tt)*) $($others:tt)*) => { $crate::routes!(@nothing_shared) };
    (patch($($route:tt)*) $($others:tt)*) => { $crate::routes!(@nothing_shared) };
    (any($($route:tt)*) $($others:tt)*) => { $crate::routes!(@nothing_shared) };
    (@nothing_shared) => {
        compile_error!("`routes!` begins with what its handlers share: `()` for nothing, as in `routes!((), get(\"/\", …))`")
    };
    ($app:expr, $($verb:ident($pattern:literal, $handler:expr)),+ $(,)?) => {
        $crate::routes!(in ::core::convert::Infallible; $app, $($verb($pattern, $handler)),+)
    };
}
