//! The request that is being made.

use alloc::sync::Arc;
use core::fmt;

use wirenut::http::Method;
use wirenut::time::Duration;
use wirenut_linux::poller::Poll;

use crate::asking::Asking;
use crate::body::Body;
use crate::cancel::Cancel;
use crate::error::{Error, Phase};
use crate::exchange::Exchange;
use crate::inner::Inner;
use crate::observer::{Observed, Observer};
use crate::parts::Parts;
use crate::proxies::basic;
use crate::redirect::Redirects;
use crate::response::Response;
use crate::url::Url;
use crate::watcher::{Waiter, wait};

/// A request that is being made, to be [sent](Self::send).
#[must_use = "nothing is sent before `send`"]
pub struct RequestBuilder<'b> {
    inner: Arc<Inner>,
    url: Result<Url, Error>,
    parts: Parts<'b>,
    timeout: Option<Duration>,
    cancel: Option<Cancel>,
    redirects: Option<Redirects>,
    observer: Option<Observer>,
}

impl<'b> RequestBuilder<'b> {
    pub(crate) fn new(inner: Arc<Inner>, method: Method<'_>, url: Result<Url, Error>) -> Self {
        let method = method.as_bytes().to_vec();
        let parts = Parts { method, ..Parts::default() };
        Self { inner, url, parts, timeout: None, cancel: None, redirects: None, observer: None }
    }

    /// Adds a field. None that frames the message, and not Host: the client writes these itself, also the Connection field that
    /// goes with an Upgrade field. Without a User-Agent and an
    /// Accept (`*/*`), it adds its own. A field that is not allowed, or is none, fails [`Self::send`] before anything is sent
    /// ([`Cause::Refused`](crate::Cause::Refused)).
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.parts.fields.push((name.into(), value.into()));
        self
    }

    /// Leaves out a field that the client would add by itself: User-Agent, Accept, or the credentials of the URL.
    pub fn without_header(mut self, name: &str) -> Self {
        self.parts.absent.push(name.into());
        self
    }

    /// What the Host field says in place of the URL's host and port, to ask a server by its address for a site that it has
    /// under another name. It does not follow a redirect to another origin, and is not what TLS asks the server for. A value
    /// that is no host fails [`Self::send`]; so does one that differs from the URL's where an HTTP proxy gets the whole URL.
    pub fn host(mut self, host: &str) -> Self {
        self.parts.host = Some(host.into());
        self
    }

    /// Calls `observe` with what happens on the way, on the thread that [sends](Self::send) or [polls](Exchange::poll).
    ///
    /// ```
    /// # use std::io::{Read, Write};
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let url = format!("http://{}/", listener.local_addr()?);
    /// # let server = std::thread::spawn(move || {
    /// #     let (mut stream, _) = listener.accept().unwrap();
    /// #     stream.read(&mut [0; 1024]).unwrap();
    /// #     stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").unwrap();
    /// # });
    /// use std::sync::{Arc, Mutex};
    /// use wirenut_client::{Client, Observed};
    ///
    /// let lines = Arc::new(Mutex::new(Vec::new()));
    /// let seen = Arc::clone(&lines);
    /// let observer = move |observed: &Observed<'_>| match observed {
    ///     Observed::Request(head) => seen.lock().unwrap().push(head.starts_with(b"GET / HTTP/1.1\r\n")),
    ///     Observed::Response(head) => seen.lock().unwrap().push(head.status.code() == 200),
    ///     _ => {}
    /// };
    /// Client::new().get(url).observe(observer).send()?;
    /// assert_eq!(*lines.lock().unwrap(), [true, true]);
    /// # server.join().unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn observe(mut self, observe: impl Fn(&Observed<'_>) + Send + Sync + 'static) -> Self {
        self.observer = Some(Observer(Arc::new(observe)));
        self
    }

    /// Adds the content.
    pub fn body(mut self, body: impl Into<Body<'b>>) -> Self {
        self.parts.body = body.into();
        self
    }

    /// Adds user and password (RFC 7617), as a URL with `user:password@` does. They do not follow a redirect to another
    /// origin. A colon in the user or a control in either fails [`Self::send`].
    pub fn basic_auth(mut self, user: &str, password: &str) -> Self {
        match basic(&(user.into(), password.into())) {
            Ok(value) => self.header("Authorization", value),
            Err(cause) => {
                self.url = Err(Error::new(Phase::Prepare, "the user and the password", cause));
                self
            }
        }
    }

    /// Adds a token (RFC 6750). It does not follow a redirect to another origin.
    pub fn bearer_auth(self, token: &str) -> Self {
        self.header("Authorization", format!("Bearer {token}"))
    }

    /// How long all of it may take, redirects and the content of the response included. In place of
    /// [`Timeouts::whole`](crate::Timeouts::whole).
    pub fn timeout(mut self, limit: impl Into<Duration>) -> Self {
        self.timeout = Some(limit.into());
        self
    }

    /// Lets another thread stop it.
    pub fn cancel(mut self, cancel: &Cancel) -> Self {
        self.cancel = Some(cancel.clone());
        self
    }

    /// Follows other redirects than the client does.
    pub const fn redirects(mut self, redirects: Redirects) -> Self {
        self.redirects = Some(redirects);
        self
    }

    /// Whether to ask the server for a 100 before the content is sent (RFC 9110 §10.1.1). By default that is done for
    /// content of a mebibyte and more.
    pub const fn expect_continue(mut self, is_expected: bool) -> Self {
        self.parts.expects_continue = Some(is_expected);
        self
    }

    /// Sends it, and waits for the head of the response. All of the content is sent before this returns, unless the server
    /// refuses it: the content of a response that comes meanwhile waits in the buffers of the system. So a server that sends
    /// back what it gets while it gets it, and more than these buffers hold, ends in a time-out.
    ///
    /// On a connection that was kept and that the server has closed meanwhile, a request is sent again, once, if it got no
    /// byte of an answer, its method is idempotent (RFC 9110 §9.2.2), and its content can be sent again.
    ///
    /// # Errors
    /// See [`Cause`](crate::Cause). A status such as 404 is no error: see [`Response::checked`]. The head of a request that is
    /// longer than 64 KiB, and than [`Limits::head_bytes`](wirenut::http::Limits::head_bytes), is
    /// [`Cause::Refused`](crate::Cause::Refused).
    pub fn send(self) -> Result<Response, Error> {
        let mut asking = self.asking()?;
        let mut poller = Poll::new();
        asking.attach(&mut poller)?;
        loop {
            if let Some(answer) = asking.poll(&mut poller)? {
                return Ok(Response::new(answer, Waiter::Poll(poller)));
            }
            wait(&mut poller, asking.poll_timeout()).map_err(|cause| asking.failed(cause))?;
        }
    }

    /// Begins it, for a thread that does not wait: see [`Exchange`]. Nothing is sent before its first
    /// [`poll`](Exchange::poll).
    ///
    /// # Errors
    /// The URL does not parse, there is no proxy for it although there should be one, or the process has no descriptor left.
    pub fn start(self) -> Result<Exchange<'b>, Error> {
        Exchange::new(self.asking()?)
    }

    fn asking(self) -> Result<Asking<'b>, Error> {
        let Self { inner, url, parts, timeout, cancel, redirects, observer } = self;
        Asking::new(inner, url?, parts, (timeout, cancel, observer), redirects)
    }
}

/// Without values of fields, which may be secrets.
impl fmt::Debug for RequestBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = self.parts.method.escape_ascii().to_string();
        f.debug_struct("RequestBuilder").field("method", &method).field("url", &self.url).finish_non_exhaustive()
    }
}
