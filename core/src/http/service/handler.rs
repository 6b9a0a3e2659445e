//! What handlers return, and how they end early.

use core::fmt;

use super::Step;
use super::responder::Responder;
use crate::http::error::{Misuse, WriteError};
use crate::http::message::fields::Field;
use crate::http::message::response::Response;
use crate::http::status::Status;

/// Why a handler or an exchange does not go on.
///
/// ```
/// use wirenut::http::service::{HandlerError, OrStatus, Result};
/// use wirenut::http::Status;
///
/// fn element(list: &[u32], index: usize) -> Result<u32> {
///     list.get(index).copied().or_status(Status::NOT_FOUND)
/// }
/// assert_eq!(element(&[7], 0), Ok(7));
/// assert_eq!(element(&[7], 1), Err(HandlerError::Status(Status::NOT_FOUND)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum HandlerError {
    /// The peer gets this status, with its reason phrase as text. If a response was begun the connection is cut, so that
    /// the peer sees that the response is not whole.
    Status(Status),
    /// The handler has written the whole response itself: what a guard returns that has refused a request.
    Answered,
    /// The response could not be written. If none was begun the peer gets a 500; otherwise the connection is cut.
    Write(WriteError),
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "answered with {} {}", status.code(), status.reason()),
            Self::Answered => f.write_str("answered already"),
            Self::Write(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for HandlerError {}

impl From<Status> for HandlerError {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

impl From<WriteError> for HandlerError {
    fn from(error: WriteError) -> Self {
        Self::Write(error)
    }
}

impl From<Misuse> for HandlerError {
    fn from(misuse: Misuse) -> Self {
        Self::Write(misuse.into())
    }
}

impl HandlerError {
    /// What a [`Service`](super::Service) returns for it that calls handlers, or drives a
    /// [`WebSocket`](crate::websocket::WebSocket), itself. Services of routes and of functions do this on their own.
    ///
    /// [`Answered`](Self::Answered) is [`Step::Done`]. A [`Status`](Self::Status) that was not answered is [`Step::Abort`]: it is
    /// not sent, and where no response was begun the peer gets a 500.
    ///
    /// # Errors
    /// That of [`Write`](Self::Write).
    ///
    /// ```
    /// # use wirenut::http::{Context, Limits};
    /// # use wirenut::http::service::Session;
    /// # use wirenut::time::Instant;
    /// # use wirenut::transport::Environment;
    /// use core::convert::Infallible;
    /// use wirenut::http::service::{HandlerError, Responder, Service, Step};
    /// use wirenut::http::{RequestHead, Status, WriteError};
    ///
    /// /// Refuses whoever has no credentials.
    /// fn guard(head: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<(), HandlerError> {
    ///     if head.fields.get("Authorization").is_some() {
    ///         return Ok(());
    ///     }
    ///     responder.status(Status::UNAUTHORIZED)?;
    ///     Err(HandlerError::Answered)
    /// }
    ///
    /// struct Guarded;
    ///
    /// impl Service for Guarded {
    ///     type Exchange = ();
    ///     type Source = Infallible;
    ///
    ///     fn request(&self, head: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
    ///         let step = match guard(head, responder).and_then(|()| responder.text("come in")) {
    ///             Ok(_) => Step::Done,
    ///             Err(error) => error.into_step()?,
    ///         };
    ///         Ok(((), step))
    ///     }
    /// }
    /// # let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
    /// # let (mut store, mut out) = ([0; Limits::DEFAULT.store_bytes()], [0; 256]);
    /// # for (credentials, status) in [("Authorization: Basic YTpi\r\n", "200"), ("", "401")] {
    /// #     let request = format!("GET / HTTP/1.1\r\nHost: a\r\n{credentials}\r\n");
    /// #     let driven = Session::<Guarded>::new(&cx).drive(&cx, &Environment::alone(256), &Guarded, request.as_bytes(), &mut store, &mut out);
    /// #     assert_eq!(&out[9..12], status.as_bytes());
    /// # }
    /// ```
    pub fn into_step<S>(self) -> core::result::Result<Step<S>, WriteError> {
        match self {
            Self::Status(_) => Ok(Step::Abort),
            Self::Answered => Ok(Step::Done),
            Self::Write(error) => Err(error),
        }
    }

    /// Answers with it.
    #[cold]
    #[inline(never)]
    pub(super) fn answer<S>(self, responder: &mut Responder<'_>) -> core::result::Result<Step<S>, WriteError> {
        match self {
            Self::Status(status) if !responder.is_responding() => {
                refuse(status, &[PLAIN_TEXT], responder).map(|()| Step::Done)
            }
            Self::Status(_) | Self::Answered | Self::Write(_) => self.into_step(),
        }
    }
}

/// The text of refusals.
pub(super) const PLAIN_TEXT: Field<'static> = Field::new("Content-Type", "text/plain; charset=utf-8");

/// Answers with a status, and with its reason phrase as text, described by the last of these fields, where there may be text.
#[cold]
#[inline(never)]
pub(super) fn refuse(
    status: Status,
    fields: &[Field<'_>],
    responder: &mut Responder<'_>,
) -> core::result::Result<(), WriteError> {
    let (text, fields) = match fields.split_last() {
        Some((_, others)) if status.forbids_body() => ("", others),
        _ => (status.reason(), fields),
    };
    responder.send(&Response::new(status).with_fields(fields), text.as_bytes())
}

/// The response is complete already: an exchange that has nothing to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Done;

/// What handlers return: the exchange that they begin.
pub type Result<T = Done> = core::result::Result<T, HandlerError>;

/// Makes a missing or failed value the status to answer with. See [`HandlerError`].
pub trait OrStatus<T> {
    /// The value, or this status as an error, for `?`.
    ///
    /// # Errors
    /// [`HandlerError::Status`] where there is no value.
    fn or_status(self, status: Status) -> Result<T>;
}

impl<T> OrStatus<T> for Option<T> {
    fn or_status(self, status: Status) -> Result<T> {
        self.ok_or(HandlerError::Status(status))
    }
}

impl<T, E> OrStatus<T> for core::result::Result<T, E> {
    fn or_status(self, status: Status) -> Result<T> {
        self.map_err(|_| HandlerError::Status(status))
    }
}
