//! A request's head, with what its route found in it.

use core::ops::Deref;
use core::str::FromStr;

use super::route::parameter;
use crate::http::message::request_head::RequestHead;
use crate::http::service::handler::{OrStatus, Result};
use crate::http::status::Status;
use crate::http::value::form::FormPairs;
use crate::http::value::percent::PercentEncoded;

/// A request's head, and the parameters of its route. What the head has can be read from it directly:
/// `request.method`, `request.fields`.
#[derive(Clone, Copy, Debug)]
pub struct RoutedRequest<'r> {
    head: &'r RequestHead<'r>,
    pattern: &'static str,
}

impl<'r> RoutedRequest<'r> {
    pub(super) const fn new(head: &'r RequestHead<'r>, pattern: &'static str) -> Self {
        Self { head, pattern }
    }

    /// The pattern of the route, such as `/items/:id`; empty where there are no routes
    /// ([`service_fn`](crate::http::service::service_fn)).
    #[must_use]
    pub const fn pattern(&self) -> &'static str {
        self.pattern
    }

    /// The parameter `name` of the route, percent-decoded and read as `T`.
    ///
    /// # Errors
    /// 404 where it is no `T`, or, if it is encoded, not UTF-8 or longer than 256 bytes. 500 where the pattern has no such
    /// parameter.
    ///
    /// ```
    /// use wirenut::http::service::routes;
    /// let service = routes!((), get("/items/:id", |_, request, responder| {
    ///     let id: u32 = request.param("id")?;
    ///     responder.text(if id == 0 { "the first\n" } else { "another\n" })
    /// }));
    /// # let _ = service;
    /// ```
    pub fn param<T: FromStr>(&self, name: &str) -> Result<T> {
        let value = self.raw_param(name).or_status(Status::INTERNAL_SERVER_ERROR)?;
        PercentEncoded::new(value).parse().or_status(Status::NOT_FOUND)
    }

    /// The parameter `name` of the route, as it came.
    #[must_use]
    pub fn raw_param(&self, name: &str) -> Option<&'r [u8]> {
        parameter(self.pattern, self.head.target.path(), name)
    }

    /// The parameter `name` of the route, if it is safe as the name of a file: at least one of ASCII letters, digits
    /// and `._-`, and no dot first. So it is no path, no hidden file, and needs no decoding.
    ///
    /// # Errors
    /// 404 where it is not. 500 where the pattern has no such parameter.
    pub fn file_name(&self, name: &str) -> Result<&'r str> {
        let value = self.raw_param(name).or_status(Status::INTERNAL_SERVER_ERROR)?;
        let is_safe = value.first().is_some_and(|first| *first != b'.')
            && value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte));
        core::str::from_utf8(value).ok().filter(|_| is_safe).or_status(Status::NOT_FOUND)
    }

    /// The value of `name` in the query, decoded as a form's (`+` is a space) and read as `T`; `None` if the query has none.
    ///
    /// # Errors
    /// 400 where it is no `T`, or, if it is encoded, not UTF-8 or longer than 256 bytes, and where the name is given more
    /// than once.
    ///
    /// ```
    /// use wirenut::http::service::service_fn;
    /// let service = service_fn(|request, responder| {
    ///     let page: u32 = request.query("page")?.unwrap_or(1);
    ///     responder.text(if page == 1 { "the first\n" } else { "another\n" })
    /// });
    /// # let _ = service;
    /// ```
    pub fn query<T: FromStr>(&self, name: &str) -> Result<Option<T>> {
        let query = self.head.target.query().unwrap_or(&[]);
        FormPairs::new(query).parse(name).or_status(Status::BAD_REQUEST)
    }
}

impl<'r> Deref for RoutedRequest<'r> {
    type Target = RequestHead<'r>;

    fn deref(&self) -> &RequestHead<'r> {
        self.head
    }
}
